"""Defects: what platforms hold against orders, from when until when, and how often."""

import json
import secrets
from collections.abc import Collection as Several
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, func, insert, select, update

from evidence.canonical import canonical
from evidence.orders import OrderRef, Platform
from storage.ledger.database import Reach, Transaction
from storage.ledger.models import (
    collections,
    defects,
    order_days,
    orders,
    rate_levels,
    standings,
)
from storage.ledger.orders import Orders
from storage.ledger.outbox import Told, tell
from storage.ledger.part import from_text, in_pieces, open_json, seal_json, to_text
from storage.ledger.records import State
from storage.objects.stream import RowCipher

# Sorts after every time there is: what has no deadline comes last.
_NEVER = "9999-12-31T23:59:59.999999Z"
_AT_ONCE = 200
_ANOTHER_STORE = "another-store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """What a platform holds against one order.

    ref         None: the number is none of the platform's, or another store has the order
    number      as it was told; None once the order was erased, like `said`, `case` and `notice`
    kind, said  what it counts as; in the words it was told in
    noticed     a day, or an RFC 3339 time; "" where nobody says
    due_at      the strictest reading of its next deadline, `due_rule` says by which rule
    doubts      codes: why it may not belong into a rate
    """

    id: str = ""
    tenant: str
    store: str
    platform: str
    site: str
    ref: OrderRef | None
    order: str | None = None
    number: str | None = field(repr=False)
    kind: str
    said: str = field(repr=False)
    case: str = field(default="", repr=False)
    notice: str = field(default="", repr=False)
    ordered_on: date | None
    noticed: str
    due_at: datetime | None
    due_rule: str
    policy: str
    denied: bool = False
    stars: int | None = None
    doubts: tuple[str, ...] = ()
    origin: str
    collect: str = "wanted"
    collection: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A measure of a seller as the platform's own report has it: `said` by the report's names."""

    store: str
    platform: str
    site: str
    measure: str
    said: Mapping[str, str]
    report: str


class Whose(NamedTuple):
    tenant: str
    store: str


class Defects(Orders):
    async def add_defects(self, told: Sequence[Defect]) -> list[tuple[Defect, bool]]:
        """Keep each, with its order, all of one tenant; True where it is new.

        One that is there already (same order, kind, case and notice as far as both say) takes over
        what is told now of its outcome. An order of another store stays that store's.
        """
        found: list[tuple[Defect, bool]] = []
        if told:
            await self.origin(told[0].tenant)
        for start in range(0, len(told), _AT_ONCE):
            piece = told[start : start + _AT_ONCE]

            async def work(
                connection: Transaction, piece: Sequence[Defect] = piece
            ) -> list[tuple[Defect, bool]]:
                return [await self._add_defect(connection, one) for one in piece]

            found += await self._database.write(told[0].tenant, work)
        return found

    async def _add_defect(self, connection: Transaction, told: Defect) -> tuple[Defect, bool]:
        cipher, lookup = None, None
        if told.ref is not None:
            order = await self._order_within(connection, told.tenant, told.ref, told.store)
            if order.store != told.store:
                doubts = (*told.doubts, _ANOTHER_STORE)
                told = replace(told, ref=None, doubts=doubts, collect="no")
            else:
                cipher = RowCipher(order.key)
                told = replace(told, order=order.handle)
                # Two that tell of one order at once are told apart one after the other.
                this = select(orders.c.handle).where(orders.c.handle == order.handle)
                await connection.execute(this.with_for_update())
        if told.ref is None:
            whose = f"defect:{told.store}:{told.platform}"
            lookup = self._vault.lookup(told.tenant, whose, told.number or "")
            told = replace(told, collect="no")
            mine = (defects.c.tenant == told.tenant, defects.c.number_lookup == lookup)
            same = select(defects).where(*mine)
        else:
            same = select(defects).where(defects.c.order_handle == told.order)
        for row in (await connection.execute(same)).all():
            there = self._defect_of(row, cipher)
            if _is_same(there, told):
                return await self._renewed(connection, there, told, cipher), False
        new = replace(told, id=secrets.token_hex(16), created_at=self._clock())
        now = self._now()
        await connection.execute(
            insert(defects).values(
                id=new.id,
                tenant=new.tenant,
                store=new.store,
                order_handle=new.order,
                number_lookup=lookup,
                collection=new.collection,
                created_at=now,
                **self._columns(new, cipher, now),
            )
        )
        return new, True

    async def _renewed(
        self, connection: Transaction, there: Defect, told: Defect, cipher: RowCipher | None
    ) -> Defect:
        known = ("case", "noticed", "ordered_on", "due_at", "due_rule", "stars", "notice")
        kept = {name: getattr(there, name) for name in known if getattr(there, name)}
        new = replace(
            there,
            **{name: kept.get(name, getattr(told, name)) for name in known},
            denied=told.denied,
            doubts=told.doubts,
        )
        mine = defects.c.id == there.id
        values = self._columns(new, cipher, self._now())
        await connection.execute(update(defects).where(mine).values(values))
        return new

    def _columns(self, one: Defect, cipher: RowCipher | None, now: str) -> dict[str, object]:
        details = {"number": one.number, "said": one.said, "case": one.case, "notice": one.notice}
        place = f"defects.details:{one.id}"
        if cipher is not None:
            sealed = seal_json(cipher, details, place=place)
        else:
            sealed = self._vault.wrap(one.tenant, canonical(details), context=place.encode())
        return {
            "platform": one.platform,
            "site": one.site,
            "kind": one.kind,
            "ordered_on": str(one.ordered_on) if one.ordered_on else None,
            "noticed": one.noticed or None,
            "due_at": to_text(one.due_at) if one.due_at else None,
            "due_rule": one.due_rule or None,
            "policy": one.policy,
            "denied": one.denied,
            "stars": one.stars,
            "doubts": json.dumps(one.doubts),
            "origin": one.origin,
            "collect": one.collect,
            "details_sealed": sealed,
            "updated_at": now,
        }

    async def defect(self, tenant: str, id: str) -> Defect | None:
        async def work(connection: Transaction) -> Defect | None:
            asked = select(defects).where(defects.c.tenant == tenant, defects.c.id == id)
            found = await self._opened_defects(connection, (await connection.execute(asked)).all())
            return found[0] if found else None

        return await self._database.read(tenant, work)

    async def defects(
        self,
        tenant: str,
        *,
        stores: Several[str] | None = None,
        platform: str | None = None,
        kind: str | None = None,
        due_before: datetime | None = None,
        order: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> list[Defect]:
        """By deadline, the nearest first, those without one last.

        after   id of the last one of the page before
        """
        due, row_number = func.coalesce(defects.c.due_at, _NEVER), defects.c.number
        asked = select(defects).where(defects.c.tenant == tenant)
        for column, value in (
            (defects.c.platform, platform),
            (defects.c.kind, kind),
            (defects.c.order_handle, order),
        ):
            if value is not None:
                asked = asked.where(column == value)
        if stores is not None:
            asked = asked.where(defects.c.store.in_(stores))
        if due_before is not None:
            asked = asked.where(defects.c.due_at < to_text(due_before))

        async def work(connection: Transaction) -> list[Defect]:
            page = asked
            if after is not None:
                at = select(due, row_number).where(
                    defects.c.tenant == tenant, defects.c.id == after
                )
                last = (await connection.execute(at)).one_or_none()
                if last is None:
                    return []
                moment, before = tuple(last)
                same_moment = (due == moment) & (row_number > before)
                page = page.where((due > moment) | same_moment)
            page = page.order_by(due, row_number).limit(limit)
            rows = (await connection.execute(page)).all()
            return await self._opened_defects(connection, rows)

        return await self._database.read(tenant, work)

    async def wanted_defects(self, *, limit: int) -> list[Defect]:
        """Of every tenant, those that no collection was started for yet, oldest first."""

        async def work(connection: Transaction) -> list[Defect]:
            asked = select(defects).where(defects.c.collect == "wanted")
            asked = asked.order_by(defects.c.number).limit(limit)
            return await self._opened_defects(connection, (await connection.execute(asked)).all())

        return await self._database.read(Reach.WORKER, work)

    async def defect_collected(self, tenant: str, id: str, collection: str | None) -> None:
        """This collection was started for it; None: none can be, so nobody looks at it again."""
        values = {"collect": "done" if collection else "no", "collection": collection}

        async def work(connection: Transaction) -> None:
            mine = (defects.c.tenant == tenant) & (defects.c.id == id)
            await connection.execute(update(defects).where(mine).values(values))

        await self._database.write(tenant, work)

    async def doubt_defects(
        self, tenant: str, store: str, doubted: Mapping[OrderRef, Sequence[str]]
    ) -> int:
        """Add doubts to the defects of these orders; how many defects that were."""

        async def work(connection: Transaction) -> int:
            count = 0
            for ref, doubts in doubted.items():
                order = await self._find(connection, tenant, self._ref_lookup(tenant, ref))
                if order is None or order.store != store:
                    continue
                mine = defects.c.order_handle == order.handle
                for row in (await connection.execute(select(defects).where(mine))).all():
                    said = json.dumps(list(dict.fromkeys([*json.loads(row.doubts), *doubts])))
                    this = defects.c.number == row.number
                    await connection.execute(update(defects).where(this).values(doubts=said))
                    count += 1
            return count

        return await self._database.write(tenant, work)

    async def evidence_for(self, tenant: str, handles: Several[str]) -> dict[str, str]:
        """Of each order: complete, incomplete, under way or failed. Without a line: missing."""

        async def work(connection: Transaction) -> dict[str, str]:
            found: dict[str, str] = {}
            for piece in in_pieces(sorted(set(handles))):
                asked = select(
                    collections.c.order_handle, collections.c.state, collections.c.complete
                ).where(collections.c.order_handle.in_(piece))
                rows = (await connection.execute(asked.order_by(collections.c.number))).all()
                for row in rows:
                    found[row.order_handle] = _evidence(row, found.get(row.order_handle))
            return found

        return await self._database.read(tenant, work)

    async def put_order_days(
        self, whose: Whose, platform: str, days: Mapping[date, tuple[int, int]]
    ) -> None:
        """How many orders each day had, and how many of these may not belong; replaces these."""

        async def work(connection: Transaction) -> None:
            for day, (count, doubtful) in days.items():
                key = {**whose._asdict(), "platform": platform, "day": str(day)}
                values = {"orders": count, "doubtful": doubtful, "updated_at": self._now()}
                await _put(connection, order_days, key, values)

        await self._database.write(whose.tenant, work)

    async def order_days(
        self, tenant: str, platform: str, *, stores: Several[str] | None, since: date
    ) -> dict[date, tuple[int, int]]:
        async def work(connection: Transaction) -> Sequence[Any]:
            asked = select(
                order_days.c.day, func.sum(order_days.c.orders), func.sum(order_days.c.doubtful)
            ).where(
                order_days.c.tenant == tenant,
                order_days.c.platform == platform,
                order_days.c.day >= str(since),
            )
            if stores is not None:
                asked = asked.where(order_days.c.store.in_(stores))
            return (await connection.execute(asked.group_by(order_days.c.day))).all()

        rows = await self._database.read(tenant, work)
        return {date.fromisoformat(row[0]): (int(row[1]), int(row[2])) for row in rows}

    async def put_standings(self, tenant: str, found: Sequence[Standing]) -> None:
        async def work(connection: Transaction) -> None:
            for one in found:
                key = {
                    "tenant": tenant,
                    "store": one.store,
                    "platform": one.platform,
                    "site": one.site,
                    "measure": one.measure,
                }
                said = json.dumps(dict(one.said), ensure_ascii=False)
                values = {"said": said, "report": one.report, "updated_at": self._now()}
                await _put(connection, standings, key, values)

        await self._database.write(tenant, work)

    async def standings(
        self, tenant: str, platform: str, *, stores: Several[str] | None
    ) -> list[Standing]:
        async def work(connection: Transaction) -> Sequence[Any]:
            asked = select(standings).where(
                standings.c.tenant == tenant, standings.c.platform == platform
            )
            if stores is not None:
                asked = asked.where(standings.c.store.in_(stores))
            by = (standings.c.store, standings.c.site, standings.c.measure)
            return (await connection.execute(asked.order_by(*by))).all()

        return [
            Standing(
                store=row.store,
                platform=row.platform,
                site=row.site,
                measure=row.measure,
                said=json.loads(row.said),
                report=row.report,
            )
            for row in await self._database.read(tenant, work)
        ]

    async def rated_stores(self) -> list[tuple[Whose, str]]:
        """Every store that has a defect, with the platform."""

        async def work(connection: Transaction) -> Sequence[Any]:
            what = (defects.c.tenant, defects.c.store, defects.c.platform)
            return (await connection.execute(select(*what).distinct().order_by(*what))).all()

        return [
            (Whose(row[0], row[1]), row[2]) for row in await self._database.read(Reach.WORKER, work)
        ]

    async def rate_level(
        self, whose: Whose, platform: str, reading: str, level: str, *, said: Mapping[str, object]
    ) -> bool:
        """How high the rate stands now. True, and told, if it rose; each crossing is told once."""
        key = {**whose._asdict(), "platform": platform, "reading": reading}

        async def work(connection: Transaction) -> bool:
            asked = select(rate_levels.c.level).where(*_is(rate_levels, key))
            before = (await connection.execute(asked)).scalar_one_or_none() or LEVELS[0]
            if before == level:
                return False
            now = self._now()
            await _put(connection, rate_levels, key, {"level": level, "since": now})
            rose = LEVELS.index(level) > LEVELS.index(before)
            if rose:
                details = json.dumps(
                    {"platform": platform, **said, "level": level, "before": before}
                )
                await tell(connection, whose, {Told.RATE}, order="", now=now, details=details)
            return rose

        return await self._database.write(whose.tenant, work)

    async def _opened_defects(
        self, connection: Transaction, rows: Sequence[Row[Any]]
    ) -> list[Defect]:
        handles = sorted({row.order_handle for row in rows if row.order_handle})
        ciphers: dict[str, RowCipher] = {}
        for piece in in_pieces(handles):
            asked = select(orders.c.tenant, orders.c.handle, orders.c.key_wrapped)
            for row in (await connection.execute(asked.where(orders.c.handle.in_(piece)))).all():
                if row.key_wrapped is not None:
                    key = self._order_key(row.tenant, row.handle, row.key_wrapped)
                    ciphers[row.handle] = RowCipher(key)
        return [self._defect_of(row, ciphers.get(row.order_handle)) for row in rows]

    def _defect_of(self, row: Row[Any], cipher: RowCipher | None) -> Defect:
        details: Mapping[str, Any] = {"number": None, "said": "", "case": "", "notice": ""}
        place = f"defects.details:{row.id}"
        ref = None
        if row.order_handle is None:
            sealed = row.details_sealed
            details = json.loads(self._vault.unwrap(row.tenant, sealed, context=place.encode()))
        elif cipher is not None and row.details_sealed is not None:
            details = open_json(cipher, row.details_sealed, place=place)
            ref = OrderRef(Platform(row.platform), details["number"], row.site)
        return Defect(
            id=row.id,
            tenant=row.tenant,
            store=row.store,
            platform=row.platform,
            site=row.site,
            ref=ref,
            order=row.order_handle,
            number=details["number"],
            kind=row.kind,
            said=details["said"],
            case=details["case"],
            notice=details["notice"],
            ordered_on=date.fromisoformat(row.ordered_on) if row.ordered_on else None,
            noticed=row.noticed or "",
            due_at=from_text(row.due_at) if row.due_at else None,
            due_rule=row.due_rule or "",
            policy=row.policy,
            denied=row.denied,
            stars=row.stars,
            doubts=tuple(json.loads(row.doubts)),
            origin=row.origin,
            collect=row.collect,
            collection=row.collection,
            created_at=from_text(row.created_at),
        )


# How high a rate can stand, the best first.
LEVELS = ("below", "near", "over")


def _is_same(there: Defect, told: Defect) -> bool:
    """Whether nothing that both say tells them apart."""
    days = (there.noticed[:10], told.noticed[:10])
    return (
        there.kind == told.kind
        and (not there.case or not told.case or there.case == told.case)
        and (not all(days) or days[0] == days[1] or bool(there.case and there.case == told.case))
    )


def _evidence(row: Row[Any], before: str | None) -> str:
    """What an order has once this collection is added to what was there before it."""
    if row.state == State.SEALED:
        return "complete" if row.complete else "incomplete"
    if before in ("complete", "incomplete"):
        return before
    return "failed" if row.state == State.FAILED else "under way"


async def _put(
    connection: Transaction, table: Any, key: Mapping[str, object], values: Mapping[str, object]
) -> None:
    changed = await connection.execute(update(table).where(*_is(table, key)).values(values))
    if changed.rowcount == 0:
        await connection.execute(insert(table).values(**key, **values))


def _is(table: Any, key: Mapping[str, object]) -> list[Any]:
    return [table.c[name] == value for name, value in key.items()]
