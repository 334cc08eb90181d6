"""Lines of custody written by PostgreSQL in one message, for who knows the end of the chain.

Whoever wrote last knows where the chain ends, so a group of lines can be put together beforehand.
One function of the database does the rest, in a transaction of its own: it takes the tenant's turn,
looks whether the chain still ends there and whether every order may still be handed out as it was
read, and writes all of the lines; or none, and who asked goes the longer way (`custody.py`). That
nothing follows the line before them the unique (tenant, seq) refuses by itself.

A session keeps the plans of a function. One made while the table was young would go through all of
it for the last line, and did: a line took 2 ms among 20,000. So it may not choose to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

# Another body has to have another name: by its name a function is known to be there.
_NAME = "orderproof_note_2"
_KNOWN = text(
    "SELECT 1 FROM pg_catalog.pg_proc WHERE proname = :name"
    " AND pronamespace = current_schema()::regnamespace"
)
_MADE = f"""
CREATE FUNCTION {_NAME}(
  whose text, start bigint, head text, handles text[], newest bigint[], stores text[],
  bodies bytea[], details bytea[]
) RETURNS boolean LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  IF starts_with(whose, '*') THEN
    RETURN false;
  END IF;
  PERFORM set_config('orderproof.whose', whose, true);
  PERFORM 1 FROM tenants WHERE tenant = whose FOR UPDATE;
  IF NOT EXISTS (
    SELECT 1 FROM custody
    WHERE tenant = whose AND seq = start - 1 AND encode(sha256(body), 'hex') = head
  ) OR EXISTS (
    SELECT 1 FROM subscriptions WHERE tenant = whose AND disabled_at IS NULL
  ) OR EXISTS (
    SELECT 1 FROM (SELECT DISTINCT * FROM unnest(handles, newest)) AS asked (handle, sealing)
    WHERE NOT EXISTS (
      SELECT 1 FROM orders
      WHERE orders.handle = asked.handle AND orders.tenant = whose AND key_wrapped IS NOT NULL
    ) OR asked.sealing <> (
      SELECT coalesce(max(number), 0) FROM collections
      WHERE order_handle = asked.handle AND state = 'sealed'
    )
  ) THEN
    RETURN false;
  END IF;
  INSERT INTO custody (tenant, store, order_handle, seq, body, details_sealed, denial)
  SELECT whose, line.store, line.handle, start + line.place - 1, line.body, line.sealed, false
  FROM unnest(stores, handles, bodies, details)
    WITH ORDINALITY AS line (store, handle, body, sealed, place);
  RETURN true;
END $$
"""  # noqa: S608 - our name
CALL = (
    f"SELECT {_NAME}($1::text, $2::bigint, $3::text, $4::text[], $5::bigint[], $6::text[],"
    " $7::bytea[], $8::bytea[])"
)


@dataclass(frozen=True, slots=True)
class Noting:
    """Lines as `custody.py` put them together, in their order; none of a denial.

    first, head   the number of the first, and the hash of the line before it
    handles       of each line its order, and in `stores`, `bodies` and `sealed` its columns
    newest        of each line's order the sealing that must be the newest; None for any
    """

    tenant: str
    first: int
    head: str
    handles: Sequence[str]
    newest: Sequence[int | None]
    stores: Sequence[str]
    bodies: Sequence[bytes]
    sealed: Sequence[bytes]

    @property
    def asked(self) -> tuple[object, ...]:
        """What `CALL` takes."""
        where = (self.tenant, self.first, self.head)
        return (*where, self.handles, self.newest, self.stores, self.bodies, self.sealed)


def add_function(connection: Connection) -> None:
    """Make the function, in the transaction that is open, if it is not there."""
    if connection.execute(_KNOWN, {"name": _NAME}).first() is None:
        connection.exec_driver_sql(_MADE)
