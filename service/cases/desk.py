"""Cases as they are kept: opened, moved by one event after another, read back, sealed.

An event and what came with it are kept in one transaction, then put into the log. The row of the
ledger only finds the case: it is written after the event, and mended from the events whenever the
case is read. Of two writers at once the key of the event decides; the other is told to look again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from evidence.cases import Case, Enclosed, Event, Step, opened, replay
from evidence.custody import Act
from evidence.errors import CorruptionError, HeldError, NotFoundError
from evidence.items import InMemory, Item, Provenance, Role
from evidence.orders import OrderRef
from service import custody
from service.access.callers import DeniedError, Whose
from service.cases.agenda import agenda
from service.cases.errands import errands_of
from service.cases.ref import POLICY, ref_of_case
from service.custody import By
from storage.ledger.cases import CaseRow
from storage.ledger.records import KeptItem, OrderRecord

if TYPE_CHECKING:
    from service.runtime import Runtime

SOURCE = "case"
COLLECTOR = "orderproof.case/1"
_MOST_EVENT = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """Something that comes with a step: a notice, a letter, what was sent, what was answered.

    hints   sealed with it: language, issuer, translator, date, as whoever brought it says
    """

    role: Role
    data: bytes
    media_type: str
    name: str
    hints: Mapping[str, str]

    def item(self, *, at: datetime) -> Item:
        content = InMemory(self.data)
        return Item(
            role=self.role,
            key=f"{self.role}/{content.sha256}",
            content=content,
            media_type=self.media_type,
            collector=COLLECTOR,
            origin="seller",
            provenance=Provenance.UPLOAD,
            collected_at=at,
            name=self.name or None,
            hints=self.hints,
        )

    @property
    def enclosed(self) -> Enclosed:
        return Enclosed(str(self.role), InMemory(self.data).sha256, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A case with what it is kept by. `lines` are its items, in the order of its chain."""

    row: CaseRow
    order: OrderRecord
    case: Case
    lines: Sequence[KeptItem]

    def line(self, sha256: str) -> KeptItem | None:
        return next((line for line in self.lines if line.sha256 == sha256), None)


class Desk:
    """The cases of one service."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def open(
        self,
        whose: Whose,
        *,
        store: str,
        about: str,
        number: str,
        named: Sequence[OrderRef],
        said: Mapping[str, Any],
        papers: Sequence[Paper],
        by: By,
    ) -> tuple[Held, bool]:
        """A case about something, or the one about it that is open; True if it is new.

        about   one text for what it is about; `number` what the platform calls it, or ""
        said    what `evidence.cases.opened` takes, and `more`
        """
        runtime, tenant = self._runtime, whose.tenant
        if not whose.covers(store):
            raise DeniedError("store")
        await runtime.ledger.tenant(tenant, origin=runtime.settings.origin_of(tenant))
        there = await runtime.ledger.open_case_about(tenant, about, number=number)
        if there is None:
            id = secrets.token_hex(16)
            order = await runtime.ledger.order(tenant, ref_of_case(id), store=store)
            rules = str(said["rules"]) or POLICY.id
            there, _ = await runtime.ledger.open_case(
                order, id=id, about=about, named=named, number=number, policy=rules, state="noticed"
            )
        if there.version:
            if not whose.covers(there.store):
                raise DeniedError("store")
            return await self.find(whose, there.id), False
        found = await runtime.ledger.order_by_handle(tenant, there.order)
        if found is None:
            raise NotFoundError(what="The case", why="it was erased")
        at = runtime.clock()
        first = opened(
            there.id, at=at, by=by.who, items=[paper.enclosed for paper in papers], **said
        )
        await self._keep(found, there, first, papers, by)
        return await self.find(whose, there.id), True

    async def find(self, whose: Whose, id: str) -> Held:
        """NotFoundError if there is none; DeniedError if it is of another store."""
        row = await self._runtime.ledger.case(whose.tenant, id)
        if row is None:
            raise NotFoundError(what="The case", why="there is none of this id")
        if not whose.covers(row.store):
            raise DeniedError("case")
        order = await self._runtime.ledger.order_by_handle(whose.tenant, row.order)
        if order is None:
            raise NotFoundError(what="The case", why="it was erased")
        return await self._read(row, order)

    async def listed(
        self, whose: Whose, *, before: int | None, limit: int, due: datetime | None = None
    ) -> tuple[list[CaseRow], int | None]:
        """A page, newest first, of the stores that may be seen, and where the next one begins.

        Those that were erased are not in it, though they count towards its length.
        """
        rows = await self._runtime.ledger.cases(
            whose.tenant, stores=whose.stores, before=before, limit=limit, due=due
        )
        after = rows[-1].number if len(rows) == limit else None
        return [row for row in rows if row.summary], after

    async def step(
        self,
        whose: Whose,
        held: Held,
        step: Step,
        *,
        said: Mapping[str, Any],
        papers: Sequence[Paper],
        by: By,
    ) -> Held:
        """Take one step. HeldError if the case does not allow it, or was moved meanwhile."""
        event = held.case.next(
            step,
            at=self._runtime.clock(),
            by=by.who,
            items=[paper.enclosed for paper in papers],
            said=said,
        )
        await self._keep(held.order, held.row, event, papers, by)
        return await self.find(whose, held.case.id)

    async def content(self, held: Held, line: KeptItem, *, limit: int) -> bytes:
        return await asyncio.to_thread(self._runtime.stored(held.order, line).read, limit)

    async def note(self, held: Held, act: Act, by: By, **what: object) -> None:
        await custody.note(self._runtime, held.order, act, by, **what)

    async def seal(self, whose: Whose, held: Held) -> Held:
        """A manifest and a statement over all that the case has; then it can be bundled."""
        runtime = self._runtime
        collection, _ = await runtime.ledger.start_collection(
            held.order,
            policy=POLICY.id,
            sources=[],
            idempotency_key=f"{ref_of_case(held.case.id).id}/seal/{held.case.version}",
        )
        if await runtime.walk(whose.tenant, collection.id) != "sealed":
            why = "its seal failed; the collection says why"
            raise HeldError(what="The case", why=why)
        return await self.find(whose, held.case.id)

    async def _keep(
        self, order: OrderRecord, row: CaseRow, event: Event, papers: Sequence[Paper], by: By
    ) -> None:
        """Event and papers are in the log once this returns, and custody says who brought them."""
        runtime = self._runtime
        await runtime.timestamps.check_clock(order.tenant)
        await custody.note(runtime, order, Act.CASE, by, sha256=event.sha256)
        item = Item(
            role=Role.CASE_EVENT,
            key=_key(event.seq),
            content=InMemory(event.to_bytes()),
            media_type="application/json",
            collector=COLLECTOR,
            origin="orderproof",
            provenance=Provenance.UNKNOWN,
            collected_at=event.at,
        )
        brought = [paper.item(at=event.at) for paper in papers]
        await runtime.shelf(order, row.collection).keep(SOURCE, [*brought, item], alone=True)
        await runtime.sequencer.sequence(order.tenant)
        kept = {line.key: line for line in await runtime.ledger.items(order)}
        if kept[item.key].sha256 != item.sha256:
            why = "somebody else has moved the case; look at it again"
            raise HeldError(what="The step", why=why)

    async def _read(self, row: CaseRow, order: OrderRecord) -> Held:
        """The case out of its events; its row is mended if it says something else."""
        runtime = self._runtime
        lines = await runtime.ledger.items(order)
        events = sorted(
            (line for line in lines if line.role is Role.CASE_EVENT), key=lambda line: line.key
        )
        if not events:
            raise NotFoundError(
                what="The case", why="its opening was never finished; open it again"
            )
        case = replay(await asyncio.to_thread(self._events, order, events))
        if case.id != row.id:
            raise CorruptionError(what="The case", why="its events are those of another")
        if row.version != case.version:
            await runtime.ledger.move_case(
                order,
                row.id,
                state=str(case.state),
                version=case.version,
                summary=summary_of(case),
                next_at=next_of(case),
                closed=case.state == "closed",
            )
            await runtime.ledger.plan_errands(order, list(errands_of(case)))
        return Held(row=row, order=order, case=case, lines=lines)

    def _events(self, order: OrderRecord, lines: Sequence[KeptItem]) -> list[Event]:
        return [
            Event.from_bytes(self._runtime.stored(order, line).read(_MOST_EVENT)) for line in lines
        ]


def summary_of(case: Case) -> dict[str, Any]:
    """What a list shows of a case, and what finds the case again without its events."""
    return {
        "platform": case.platform,
        "site": case.site,
        "kind": case.kind,
        "account": case.account,
        "orders": len(case.orders),
        "order": case.orders[0] if len(case.orders) == 1 else None,
        "rules": case.rules,
    }


def next_of(case: Case) -> datetime | None:
    """When somebody should look at it: the first entry of its agenda, even if that is over."""
    return min((entry.at for entry in agenda(case)), default=None)


def _key(seq: int) -> str:
    return f"event/{seq:06}"
