"""The desk where defects come in: timed by their policy, kept; a collection is started for each.

What is kept is durable before it is answered. That a collection is wanted stands in the same row:
one that a crash came between is started at the next look, and each defect starts one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import structlog

from evidence.errors import ConfigError, EvidenceError, OutageError, RequestError
from evidence.orders import OrderRef, order_ref
from evidence.policy import Policy
from evidence.times import rfc3339
from service.agenda.plan import deadlines
from service.background import beside
from service.defects.deadlines import Due, dues
from service.defects.export import NOT_OF_PLATFORM, Export, Row
from service.defects.figures import Figures
from service.defects.kinds import Kind, kind_of, policy_of
from service.defects.standing import standings_in
from service.defects.window import Rated, rated
from storage.ledger.defects import Defect, Standing, Whose
from storage.ledger.figures import KeptAlarm, Measured

if TYPE_CHECKING:
    from service.runtime import Runtime
    from storage.ledger.deliveries import WaitingDelivery

LOOK_S = 10.0
RATES_S = 3600.0
AT_ONCE = 100
MAX_NOTICE = 100_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One defect as somebody told it. `noticed` and `due` are as wide as they were told."""

    platform: str
    number: str
    site: str
    said: str
    case: str = ""
    notice: str = ""
    ordered: date | None = None
    noticed: date | datetime | None = None
    due: datetime | None = None
    denied: bool = False
    stars: int | None = None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """Of an appeal: what each order that it names has, and which defective ones it leaves out.

    named     each order as it was named, with complete, incomplete, under way, failed or missing
    strange   those of them that no defect is known of
    left_out  orders with a defect, none doubted, that it does not name
    """

    named: Sequence[tuple[str, str]] = field(repr=False)
    strange: Sequence[str] = field(repr=False)
    left_out: Sequence[str] = field(repr=False)


class Desk:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._there_is_work = asyncio.Event()
        self.figures = Figures(runtime)

    # -- what comes in ----------------------------------------------------------------------

    async def enter(
        self, tenant: str, store: str, told: Sequence[Told], *, origin: str, collect: bool = True
    ) -> list[tuple[Defect, bool]]:
        """Keep them, and have a collection started for each that is new."""
        made = [self._defect(tenant, store, one, origin, collect=collect) for one in told]
        kept = await self._runtime.ledger.add_defects(made)
        self._there_is_work.set()
        return kept

    async def enter_export(
        self, tenant: str, store: str, export: Export, *, collect: bool = True
    ) -> list[tuple[Defect, bool]]:
        told = [told_by(row) for row in export.rows]
        return await self.enter(tenant, store, told, origin="export", collect=collect)

    async def note(
        self, ref: OrderRef, whose: Whose | WaitingDelivery, said: Mapping[str, str], id: str
    ) -> None:
        """A defect that a webhook told of, and for which this collection was started."""
        told = Told(
            platform=str(ref.platform),
            number=ref.id,
            site=ref.site,
            said=said["kind"],
            case=said.get("case_id", ""),
            noticed=read_at(said.get("noticed_at", "")),
            due=_time(said.get("due_at", "")),
        )
        made = self._defect(whose.tenant, whose.store, told, "webhook", collect=False)
        told_of = replace(made, collect="done", collection=id)
        ((kept, new),) = await self._runtime.ledger.add_defects([told_of])
        if new:
            await self._plan_deadlines(kept, id)

    async def enter_orders(
        self, tenant: str, store: str, platform: str, export: Export
    ) -> tuple[int, int]:
        """A list of all orders: how many a day, and which may not belong. Days, and orders."""
        days: dict[date, tuple[int, int]] = {}
        doubted: dict[OrderRef, Sequence[str]] = {}
        seen: set[str] = set()
        for row in export.rows:
            if row.number in seen or row.ordered is None or row.platform != platform:
                continue
            seen.add(row.number)
            count, doubtful = days.get(row.ordered, (0, 0))
            days[row.ordered] = (count + 1, doubtful + bool(row.doubts))
            if row.doubts and row.ref is not None:
                doubted[row.ref] = row.doubts
        ledger = self._runtime.ledger
        await ledger.put_order_days(Whose(tenant, store), platform, days)
        await ledger.doubt_defects(tenant, store, doubted)
        await self.look_at_rates([(Whose(tenant, store), platform)])
        return len(days), len(seen)

    async def enter_report(
        self, tenant: str, store: str, data: bytes, *, site: str
    ) -> list[Standing]:
        """Amazon's account health report: what the platform says of the seller's measures."""
        found = standings_in(data, store=store, site=site, at=self._runtime.clock())
        await self._runtime.ledger.put_standings(tenant, found)
        await self.figures.enter_reported(tenant, found)
        self._there_is_work.set()
        return found

    async def enter_figures(self, of: Measured, days: Mapping[date, str]) -> list[KeptAlarm]:
        """What a measure was on these days, in percent; the alarms that this gives newly."""
        new = await self.figures.enter(of, days)
        self._there_is_work.set()
        return new

    def _defect(self, tenant: str, store: str, told: Told, origin: str, *, collect: bool) -> Defect:
        doubts = told.doubts
        try:
            ref: OrderRef | None = order_ref(told.platform, told.number, told.site)
        except RequestError:
            ref = None
            doubts = tuple(dict.fromkeys([*doubts, NOT_OF_PLATFORM]))
        today = self._runtime.clock().date()
        policy = policy_of(told.platform, told.said, on=today, among=self._runtime.policies)
        found = dues(told.noticed, policy, ordered=told.ordered, stated=told.due)
        return Defect(
            tenant=tenant,
            store=store,
            platform=told.platform,
            site=ref.site if ref else told.site.upper(),
            ref=ref,
            number=ref.id if ref else told.number,
            kind=str(kind_of(told.said)),
            said=told.said,
            case=told.case,
            notice=told.notice[:MAX_NOTICE],
            ordered_on=told.ordered,
            noticed=said_at(told.noticed),
            due_at=found[0].at if found else None,
            due_rule=found[0].rule.id if found else "",
            policy=policy.id,
            denied=told.denied,
            stars=told.stars,
            doubts=doubts,
            origin=origin,
            collect="wanted" if collect else "no",
        )

    # -- what comes of it -------------------------------------------------------------------

    async def run(self) -> None:
        """Start what is wanted, look at the rates every hour; until cancelled."""
        since_rates = RATES_S
        while True:
            try:
                await self.act()
                if since_rates >= RATES_S:
                    await self.look_at_rates()
                    since_rates = 0.0
            except Exception as error:
                log.error("defects wait", kind=type(error).__name__)
            self._there_is_work.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._there_is_work.wait()
            since_rates += LOOK_S

    async def act(self) -> int:
        """Start a collection for each defect that wants one, and what alarms ask for; how many."""
        started = 0
        while wanted := await self._runtime.ledger.wanted_defects(limit=AT_ONCE):
            for defect in wanted:
                await self.start(defect)
                started += 1
        return started + await self.figures.act()

    async def start(self, defect: Defect) -> str | None:
        """The id of its collection; None where none can be started. OutageError: later, perhaps."""
        id = None
        try:
            if defect.ref is not None:
                collection, _ = await self._runtime.request_collection(
                    defect.ref,
                    tenant=defect.tenant,
                    store=defect.store,
                    policy=defect.policy if defect.policy in self._runtime.policies else None,
                    defect=as_collected(defect),
                    idempotency_key=f"defect:{defect.id}",
                    urgent=defect.origin == "manual",  # an export is of many, and not of now
                )
                id = collection.id
                await self._plan_deadlines(defect, id)
        except OutageError:
            raise
        except (ConfigError, RequestError) as error:
            log.warning("a defect starts nothing", kind=type(error).__name__)
        await self._runtime.ledger.defect_collected(defect.tenant, defect.id, id)
        return id

    async def _plan_deadlines(self, defect: Defect, collection: str) -> None:
        """Each step's strictest deadline is told of a day before."""
        order = await self._runtime.ledger.order_by_handle(defect.tenant, defect.order or "")
        found = deadlines(self.dues(defect), collection=collection)
        if order is not None and found:
            await self._runtime.ledger.plan_errands(order, found)

    # -- what is told of them ---------------------------------------------------------------

    async def evidence(self, found: Iterable[Defect]) -> Mapping[str, str]:
        """Of each one's id, all of one tenant: complete, incomplete, under way, failed, missing."""
        listed = list(found)
        orders = [one.order for one in listed if one.order is not None]
        by_order = (
            await self._runtime.ledger.evidence_for(listed[0].tenant, orders) if listed else {}
        )
        return {one.id: by_order.get(one.order or "", "missing") for one in listed}

    def policy(self, defect: Defect) -> Policy | None:
        return self._runtime.policies.get(defect.policy)

    def dues(self, defect: Defect) -> list[Due]:
        policy = self.policy(defect)
        stated = defect.due_at if defect.due_rule == "stated" else None
        if policy is None:
            return []
        return dues(read_at(defect.noticed), policy, ordered=defect.ordered_on, stated=stated)

    async def rates(
        self,
        tenant: str,
        platform: str,
        *,
        stores: Collection[str] | None,
        at: date,
        orders: int | None = None,
    ) -> Rated:
        """Every reading of the platform's rate on a day. `orders` is how many there were."""
        return await rated(
            self._runtime.ledger,
            self._runtime.policies,
            tenant,
            platform,
            stores=stores,
            at=at,
            orders=orders,
        )

    async def coverage(
        self,
        tenant: str,
        platform: str,
        site: str,
        *,
        stores: Collection[str] | None,
        orders: Sequence[str],
    ) -> Covered:
        """Whether each order of an appeal has evidence, and whether it names every defective one.

        RequestError for a number that is none of the platform's.
        """
        ledger = self._runtime.ledger
        refs = {order: order_ref(platform, order, site) for order in dict.fromkeys(orders)}
        found = await ledger.defects(tenant, stores=stores, platform=platform)
        open = [one.ref for one in found if not one.doubts and one.ref is not None]
        defective = {one.ref for one in found if one.ref is not None}
        handles: dict[str, str] = {}
        for said, ref in refs.items():
            order = await ledger.find_order(tenant, ref)
            if order is not None and (stores is None or order.store in stores):
                handles[said] = order.handle
        states = await ledger.evidence_for(tenant, list(handles.values()))
        named = set(refs.values())
        return Covered(
            named=[(said, states.get(handles.get(said, ""), "missing")) for said in refs],
            strange=[said for said, ref in refs.items() if ref not in defective],
            left_out=list(dict.fromkeys(ref.id for ref in open if ref not in named)),
        )

    async def look_at_rates(self, where: Iterable[tuple[Whose, str]] | None = None) -> int:
        """Tell of each rate that rose over a threshold since the last look; how many did."""
        ledger, rose = self._runtime.ledger, 0
        at = self._runtime.clock().date()
        for whose, platform in where if where is not None else await ledger.rated_stores():
            try:
                found = await self.rates(whose.tenant, platform, stores=[whose.store], at=at)
                await self.figures.enter_own(whose.tenant, whose.store, platform, found)
            except EvidenceError as error:
                log.error("a rate cannot be told", kind=type(error).__name__)
                continue
            for level in found.levels():
                rose += await ledger.rate_level(
                    whose, platform, level.reading, level.level, said=level.said
                )
        return rose


def told_by(row: Row) -> Told:
    """A line of an export, as something that was told. RequestError for one without a kind."""
    if row.kind is None:
        raise RequestError(what=f"line {row.line}", why="it names no kind of defect")
    known = kind_of(row.said) is row.kind and row.kind is not Kind.OTHER
    return Told(
        platform=row.platform,
        number=row.number,
        site=row.ref.site if row.ref else row.site,
        said=row.said if known else str(row.kind),
        case=row.case,
        notice=row.text,
        ordered=row.ordered,
        noticed=row.noticed,
        denied=row.denied,
        stars=row.stars,
        doubts=row.doubts,
    )


def as_collected(defect: Defect) -> dict[str, str]:
    """What a collection is told of its defect; the manifest seals it."""
    found = {"kind": defect.kind.replace(" ", "-"), "notice": defect.notice}
    found["case_id"] = defect.case
    if "T" in defect.noticed:
        found["noticed_at"] = defect.noticed
    elif defect.noticed:
        found["noticed_on"] = defect.noticed
    if defect.due_at is not None:
        found |= {"due_at": rfc3339(defect.due_at), "due_rule": defect.due_rule}
    return {name: value for name, value in found.items() if value}


def said_at(noticed: date | datetime | None) -> str:
    if isinstance(noticed, datetime):
        return rfc3339(noticed)
    return str(noticed) if noticed is not None else ""


def _time(said: str) -> datetime | None:
    at = read_at(said)
    return at if isinstance(at, datetime) else None


def read_at(noticed: str) -> date | datetime | None:
    """The inverse of `said_at`."""
    if not noticed:
        return None
    if "T" in noticed:
        return datetime.fromisoformat(noticed).astimezone(UTC)
    return date.fromisoformat(noticed)


@contextlib.asynccontextmanager
async def watching(runtime: Runtime) -> AsyncIterator[Desk]:
    """A desk that starts what is wanted for the time of the block."""
    desk = Desk(runtime)
    async with beside(desk.run(), name="orderproof-desk"):
        yield desk
