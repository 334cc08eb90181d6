"""What was erased, in a file of its own, so that a restored backup cannot bring it back.

One canonical JSON object a line, only ever added to, each on stable storage before an erasure is
called done. Nothing personal stands in it: an order is its random handle and its commitment. Keep
it apart from the backups of ledger and keys, and never restore an older copy of it.

    erased     everything that makes the ledger's rows of an erasure again
    scrubbed   the database's files were looked through, and hold nothing of it any more
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.canonical import canonical, from_base64, parse_canonical, to_base64
from evidence.erasure import ErasureReason
from evidence.errors import CorruptionError, FormatError
from evidence.fields import Fields
from evidence.times import parse_rfc3339, rfc3339
from storage.files import append_line
from storage.ledger.erasures import Erasure

_MAX_LINE = 64 << 10
_FIELDS = "v event tenant store order handle collection at reason envelope salt stored size".split()


@dataclass(frozen=True, slots=True)
class Journaled:
    """What the journal says: erasures by handle, and the handles that are scrubbed as well."""

    erased: Mapping[str, Erasure]
    scrubbed: frozenset[str]


class ErasureJournal:
    """The journal at `path`, which need not be there yet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def erased(self, erasure: Erasure) -> None:
        append_line(
            self._path,
            canonical(
                {
                    "v": 1,
                    "event": "erased",
                    "tenant": erasure.tenant,
                    "store": erasure.store,
                    "order": erasure.order,
                    "handle": erasure.handle,
                    "collection": erasure.collection,
                    "at": rfc3339(erasure.at),
                    "reason": str(erasure.reason),
                    "envelope": to_base64(erasure.envelope),
                    "salt": erasure.salt.hex(),
                    "stored": erasure.stored,
                    "size": erasure.size,
                }
            ),
        )

    def scrubbed(self, handle: str) -> None:
        append_line(self._path, canonical({"v": 1, "event": "scrubbed", "handle": handle}))

    def read(self) -> Journaled:
        """Raises CorruptionError for a line that is not one of ours: then nothing may go on."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return Journaled({}, frozenset())
        erased: dict[str, Erasure] = {}
        scrubbed: set[str] = set()
        lines = data.split(b"\n")[:-1]  # what follows the last break was cut off by a crash
        for number, line in enumerate(lines, start=1):
            what = f"Line {number} of the erasure journal"
            try:
                value: Any = parse_canonical(line, limit=_MAX_LINE, what=what)
                match value:
                    case {"v": 1, "event": "scrubbed", "handle": str(handle)}:
                        scrubbed.add(handle)
                    case _:
                        erasure = _erasure(value, what)
                        erased[erasure.handle] = erasure
            except FormatError as error:
                raise CorruptionError(what=what, why=error.why) from error
        return Journaled(erased, frozenset(scrubbed))


def _erasure(value: object, what: str) -> Erasure:
    read = Fields(value, _FIELDS, what=what)
    if read.number("v") != 1 or read.text("event") != "erased":
        raise FormatError(what=what, why="it is not of version 1")
    return Erasure(
        tenant=read.text("tenant"),
        store=read.text("store"),
        order=read.hex("order"),
        handle=read.hex("handle", size=16),
        collection=read.hex("collection", size=16),
        at=read.parsed("at", parse_rfc3339, expected="a UTC time"),
        reason=read.choice("reason", ErasureReason),
        envelope=from_base64(read.text("envelope"), what=what),
        salt=bytes.fromhex(read.hex("salt")),
        stored=read.hex("stored"),
        size=read.number("size"),
    )
