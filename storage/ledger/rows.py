"""Row-level security on PostgreSQL: a session sees the rows of the tenant that it works for.

Every table with a column `tenant` has one policy, made after migrating from the tables themselves,
so that a new table cannot be forgotten. It is forced on the tables' owner too; only a superuser and
a role with BYPASSRLS stand above it, and the ledger refuses to work as either.

The tenant is a setting that ends with its transaction. Nobody is meant where none is set. What has
to look across tenants says so by its own name (`Reach`), which is no tenant's name.
"""

from sqlalchemy import Connection, text

from evidence.errors import ConfigError
from storage.ledger.engines import Reach, Turn
from storage.ledger.models import metadata

SETTING = "orderproof.whose"
# Another rule has to have another name: by its name a policy is known to be there.
POLICY = "whose_1"

# The inner SELECTs are evaluated once a statement, and not once a row.
_WHOSE = f"(SELECT current_setting('{SETTING}', true))"
_RULE = f"tenant = {_WHOSE} OR starts_with({_WHOSE}, '*')"

_ROLE = text(
    "SELECT rolname, rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user"
)
_SECURED = text(
    "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relrowsecurity"
    " AND c.relforcerowsecurity AND p.polname = :policy"
)


def secure(connection: Connection) -> None:
    """Put the policy on each table that lacks it, in the transaction that is open.

    Raises ConfigError if the role that we work as would not be held by it.
    """
    role, is_above = connection.execute(_ROLE).one()
    if is_above:
        why = (
            f"the role {role!r} is a superuser or has BYPASSRLS, so one tenant's rows would be "
            "open to another's session; give the ledger a role of its own that owns its database "
            "(CREATE ROLE orderproof LOGIN; ALTER DATABASE … OWNER TO orderproof)"
        )
        raise ConfigError(what="The ledger's database", why=why)
    secured = set(connection.execute(_SECURED, {"policy": POLICY}).scalars())
    for name in tables_of_tenants():
        if name not in secured:
            for statement in _statements(name):
                connection.exec_driver_sql(statement)


def tables_of_tenants() -> list[str]:
    """The tables whose rows belong to somebody."""
    return [table.name for table in metadata.sorted_tables if "tenant" in table.c]


def beginning(whose: str, *, reading: bool, turn: Turn = Turn.ROWS) -> str:
    """What opens a transaction, in one message to the server.

    whose   a tenant, or a Reach; another text that begins as a Reach does means nobody
    turn    of custody: whoever else writes into the tenant's chain is waited for first, so that
            what is read after this is the end of it
    """
    if not isinstance(whose, Reach) and whose.startswith("*"):
        whose = ""
    how = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if reading else "BEGIN"
    quoted = str(whose).replace("'", "''").replace("\0", "")
    begin = f"{how}; SET LOCAL {SETTING} = '{quoted}'"
    if turn is Turn.CUSTODY:
        begin += f"; SELECT tenant FROM tenants WHERE tenant = '{quoted}' FOR UPDATE"  # noqa: S608
    return begin


def _statements(table: str) -> list[str]:
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {POLICY} ON {table}",
        f"CREATE POLICY {POLICY} ON {table} USING ({_RULE})",
    ]
