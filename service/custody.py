"""Chain of custody: note who is about to get what, before it is handed out; and the report of it.

Every face that hands out evidence calls `note` first and sends the bytes after: what is not in the
custody log was not handed out by this service. What our own worker reads to collect and judge
stays inside, and is not noted.
"""

from __future__ import annotations

import asyncio
import getpass
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from evidence.canonical import digest
from evidence.custody import Act, CustodyChain, CustodyLine
from evidence.dsse import Envelope
from evidence.erasure import ErasureRecord
from evidence.errors import CorruptionError, NotFoundError
from evidence.orders import OrderRef
from evidence.sealed import SealedItem
from evidence.times import rfc3339
from service.steps.publish import BAGIT
from storage.ledger.custody import CustodyRow, open_details
from storage.ledger.erasures import Erasure

if TYPE_CHECKING:
    from service.runtime import Runtime
    from storage.ledger.records import OrderRecord

_COMMITMENT = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class By:
    """Who asks, and by which way: "token api" through a route, or "local user jane" by a command.

    request   id of the HTTP request, or ""
    """

    who: str
    way: str
    request: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that concerns one order. `details` is empty once they were destroyed.

    head   of the tenant's whole chain, up to this line
    """

    line: CustodyLine
    details: Mapping[str, Any]
    head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The custody of one order, with the tenant's whole chain judged.

    lines, head   of the chain; keep them to notice if its end is ever cut off
    wrong         what does not hold, in sentences
    """

    commitment: str
    erased_at: datetime | None
    entries: Sequence[Entry] = field(repr=False)
    lines: int
    head: str
    wrong: Sequence[str]

    @property
    def holds(self) -> bool:
        return not self.wrong

    def to_json(self) -> dict[str, Any]:
        return {
            "order": self.commitment,
            "erased_at": rfc3339(self.erased_at) if self.erased_at else None,
            "chain": {
                "holds": self.holds,
                "lines": self.lines,
                "head": self.head,
                "wrong": list(self.wrong),
            },
            "entries": [
                {
                    "seq": entry.line.seq,
                    "at": rfc3339(entry.line.at),
                    "act": str(entry.line.act),
                    "who": entry.details.get("who"),
                    "way": entry.details.get("way"),
                    "request": entry.details.get("request"),
                    "sha256": entry.details.get("sha256"),
                    "items": entry.details.get("items"),
                    "list_sha256": entry.details.get("list_sha256"),
                    "shown": entry.details.get("shown"),
                    "range": entry.details.get("range"),
                }
                for entry in self.entries
            ],
        }


def local_user(command: str) -> By:
    """Whoever runs a command here."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # no such user, as in some containers
        name = "unknown"
    return By(f"local user {name}", f"orderproof {command}")


def list_digest(sha256s: Sequence[str]) -> str:
    """One digest for many: SHA-256 over the hex digests in their order, a line each."""
    return digest("".join(f"{each}\n" for each in sha256s).encode())


def listed(sha256s: Sequence[str]) -> dict[str, object]:
    """How many they are, and one digest for all of them, for `note`."""
    return {"items": len(sha256s), "list_sha256": list_digest(sha256s)}


def bundled(
    shown: Sequence[SealedItem], *, profile: str, copies: Sequence[int] = ()
) -> dict[str, object]:
    """What a bundle hands out, for `note`: of a reviewer's copy also which receipts it opens."""
    what = listed([item.sha256 for item in shown])
    receipts = sorted({*(item.seq for item in shown), *copies})
    return what if profile == BAGIT else what | {"shown": receipts}


def note(
    runtime: Runtime, order: OrderRecord, act: Act, by: By, **what: object
) -> asyncio.Future[None]:
    """The line is on stable storage once this is done; only then may bytes go out.

    what   sha256 of what is handed out; or how many `items`, and their `list_sha256`; of a
           reviewer's copy the receipts of the items `shown`
    """
    return runtime.ledger.note(order, act, _details(by, what))


def note_newest(
    runtime: Runtime, order: OrderRecord, act: Act, by: By, *, newest: int, sha256: str
) -> asyncio.Future[None]:
    """As `note`; StaleError if the order was sealed again since its sealing `newest`."""
    details = _details(by, {"sha256": sha256})
    return runtime.ledger.note(order, act, details, newest=newest)


def _details(by: By, what: Mapping[str, object]) -> dict[str, object]:
    return {"who": by.who, "way": by.way, "request": by.request, **what}


async def report(runtime: Runtime, tenant: str, order: OrderRef | str) -> Report:
    """The custody report of an order.

    order   its name; or its commitment, which is all that is left of one that was erased
    Raises NotFoundError if the tenant never had it.
    """
    if isinstance(order, str):
        if not _COMMITMENT.fullmatch(order):
            raise NotFoundError(what="The order", why="this is not the commitment of one")
        handle = await runtime.ledger.handle_of(tenant, order)
        if handle is None:
            raise NotFoundError(what="The order", why="no order has this commitment")
        record = await runtime.ledger.order_by_handle(tenant, handle)
        commitment = order
    else:
        record = await runtime.find(tenant, order)
        handle, commitment = record.handle, record.commitment
    erasures = [each for each in await runtime.ledger.erasures() if each.tenant == tenant]
    chain, entries = CustodyChain(), list[Entry]()
    judging = _Judging(chain, handle, record, _anchors(erasures))
    after = -1
    while rows := await runtime.ledger.custody_page(tenant, start=after + 1):
        entries += await asyncio.to_thread(judging.judge, rows)
        after = rows[-1].seq
    erased = [each.at for each in erasures if each.handle == handle]
    return Report(
        commitment=commitment,
        erased_at=erased[0] if erased else None,
        entries=entries,
        lines=chain.size,
        head=chain.head,
        wrong=(*chain.wrong, *judging.wrong, *judging.cut_off()),
    )


def _anchors(erasures: Sequence[Erasure]) -> dict[int, str]:
    """What signed and logged records say the chain's head was, by how many lines it had."""
    found = {}
    for each in erasures:
        record = ErasureRecord.from_payload(Envelope.from_json(each.envelope).payload)
        found[record.custody_size] = record.custody_head
    return found


@dataclass(slots=True)
class _Judging:
    chain: CustodyChain
    handle: str
    record: OrderRecord | None
    anchors: Mapping[int, str]
    wrong: list[str] = field(default_factory=list)

    def judge(self, rows: Sequence[CustodyRow]) -> list[Entry]:
        """The next rows; those of them that concern the order."""
        found = []
        for row in rows:
            line = self.chain.add(row.body, sealed=row.sealed, erased=row.erased)
            anchor = self.anchors.get(self.chain.size, self.chain.head)
            if anchor != self.chain.head:
                self.wrong.append(
                    f"Line {row.seq} is not the one whose hash an erasure record holds."
                )
            if line is not None and line.order == self.handle:
                found.append(Entry(line, self._details(row), self.chain.head))
        return found

    def cut_off(self) -> list[str]:
        """What records tell of lines that are not there."""
        most = max(self.anchors, default=0)
        if most <= self.chain.size:
            return []
        return [f"There were {most} lines once; {self.chain.size} are left: the end was cut off."]

    def _details(self, row: CustodyRow) -> Mapping[str, Any]:
        if self.record is None or row.sealed is None:
            return {}
        try:
            return open_details(self.record, row)
        except CorruptionError as error:
            self.wrong.append(f"The details of line {row.seq} do not open: {error.why}.")
            return {}
