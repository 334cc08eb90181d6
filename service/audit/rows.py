"""What an audit asks of this service's ledger and keys, by the protocols of `auditor.ledger`.

The auditor is plain code, the ledger is asynchronous: each question waits for the event loop's
thread, so none may be asked from there.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from auditor.ledger import Opened, Row
from evidence.errors import CorruptionError
from evidence.receipts import commit_order
from service.places import content_of
from storage.ledger.audit import AuditRows
from storage.ledger.ledger import Ledger
from storage.objects.objects import Objects

# Runs a coroutine in the event loop's thread and waits for what it answers.
Wait: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """`auditor.ledger.LedgerReader` over one tenant's rows."""

    rows: AuditRows
    tenant: str
    wait: Wait

    def heads(self) -> Iterator[tuple[int, bytes, bool]]:
        after = -1
        while page := self.wait(self.rows.heads(self.tenant, after=after)):
            yield from page
            after = page[-1][0]

    def entries(self, start: int, stop: int) -> Sequence[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = self.wait(self.rows.entries(self.tenant, start, stop))
        return found

    def count_after(self, size: int) -> int:
        return int(self.wait(self.rows.count_after(self.tenant, size)))

    def chains(self, after: tuple[str, int]) -> Sequence[Row]:
        return [Row._make(row) for row in self.wait(self.rows.chains(self.tenant, *after))]

    def loose_ends(self) -> tuple[int, int, int]:
        waiting, lost, unnamed = self.wait(self.rows.loose_ends(self.tenant))
        return waiting, lost, unnamed

    def objects(self, after: int) -> Sequence[tuple[int, str, int]]:
        found: list[tuple[int, str, int]] = self.wait(self.rows.objects(self.tenant, after=after))
        return found

    def lost_objects(self) -> Iterator[str]:
        after = -1
        while page := self.wait(self.rows.lost_objects(self.tenant, after=after)):
            for after, stored in page:  # noqa: B007 - the last is asked for next
                yield stored

    def named_by_others(self) -> Iterator[str]:
        after = 0
        while page := self.wait(self.rows.objects_of_others(self.tenant, after=after)):
            for after, stored in page:  # noqa: B007 - the last is asked for next
                yield stored

    def places_of(self, stored: str) -> Sequence[int]:
        found: list[int] = self.wait(self.rows.places_of(self.tenant, stored))
        return found

    def orders(self, after: str) -> Sequence[str]:
        found: list[str] = self.wait(self.rows.order_handles(self.tenant, after=after))
        return found


@dataclass(frozen=True, slots=True)
class ByKeys:
    """`auditor.ledger.Opener`: has the vault, by way of the ledger."""

    ledger: Ledger
    objects: Objects
    tenant: str
    wait: Wait

    def items(self, handle: str) -> Sequence[Opened] | None:
        order = self.wait(self.ledger.order_by_handle(self.tenant, handle))
        if order is None:
            return None
        if commit_order(order.salt, order.ref) != order.commitment:
            why = "its commitment is to another order than its row opens to"
            raise CorruptionError(what="The order", why=why)
        return [
            Opened(
                place=f"Receipt {line.receipt.seq}" if line.receipt else "A stamp that waits",
                stored=line.stored,
                # A stamp that waits has no commitment that anything was built on yet.
                commitment=line.receipt.commitment if line.receipt else "",
                size=line.size,
                salt=line.salt,
                sha256=line.sha256,
                content=content_of(line, order, self.objects),
            )
            for line in self.wait(self.ledger.items(order))
            if line.receipt is not None
        ]
