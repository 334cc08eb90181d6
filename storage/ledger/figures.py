"""Figures of a store, day by day, and the alarms that they gave."""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Collection as Several
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, insert, select, update

from storage.ledger.database import Reach, Transaction
from storage.ledger.models import alarms, figures
from storage.ledger.outbox import Told, tell
from storage.ledger.part import Part, from_text

# More than a year, so that a rule sees all that it measures against.
MOST_DAYS = 400


class Measured(NamedTuple):
    """Whose figure, and who says it: `told`, `report: NAME`, or `own: READING`."""

    tenant: str
    store: str
    platform: str
    site: str
    metric: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An alarm as a rule finds it in a series. `said` is told as it stands, with nothing personal.

    tells     somebody is told of it; not of what was over long before the figures came in
    collects  evidence is collected for the orders behind it
    """

    rule: str
    since: date
    fired: date
    ended: date | None
    said: Mapping[str, Any]
    tells: bool
    collects: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAlarm:
    """An alarm as it is kept. `collect` is wanted, done or no."""

    number: int
    id: str
    of: Measured
    rule: str
    since: date
    fired: date
    ended: date | None
    said: Mapping[str, Any]
    collect: str
    created_at: datetime


Judge = Callable[[Mapping[date, str]], Iterable[Judged]]


class Figures(Part):
    async def put_figures(
        self, of: Measured, days: Mapping[date, str], judge: Judge
    ) -> list[KeptAlarm]:
        """Keep the days, replacing those that were there, and every alarm that they now give.

        The alarms that are new. Each was told in the same transaction, and is told once however
        often its days are brought.
        """

        async def work(connection: Transaction) -> list[KeptAlarm]:
            now = self._now()
            for day, value in days.items():
                key = {**of._asdict(), "day": str(day)}
                this = [figures.c[name] == each for name, each in key.items()]
                values = {"value": value, "updated_at": now}
                changed = await connection.execute(update(figures).where(*this).values(values))
                if changed.rowcount == 0:
                    await connection.execute(insert(figures).values(**key, **values))
            series = await _series(connection, of)
            there = (await connection.execute(select(alarms).where(*_is(alarms, of)))).all()
            known = [_alarm(row) for row in there]
            new: list[KeptAlarm] = []
            for judged in judge(series):
                same = next((each for each in known if _is_same(each, judged)), None)
                if same is None:
                    new.append(await self._add_alarm(connection, of, judged, now))
                    continue
                known.remove(same)
                await _end(connection, same, judged.ended)
            for gone in known:  # what is known now of those days gives it no more
                await _end(connection, gone, gone.ended or gone.fired)
            return new

        return await self._database.write(of.tenant, work)

    async def _add_alarm(
        self, connection: Transaction, of: Measured, judged: Judged, now: str
    ) -> KeptAlarm:
        id = secrets.token_hex(16)
        values = {
            **of._asdict(),
            "id": id,
            "rule": judged.rule,
            "since": str(judged.since),
            "fired": str(judged.fired),
            "ended": None if judged.ended is None else str(judged.ended),
            "said": json.dumps(dict(judged.said), ensure_ascii=False),
            "collect": "wanted" if judged.collects else "no",
            "created_at": now,
        }
        await connection.execute(insert(alarms).values(values))
        if judged.tells:
            details = json.dumps({"platform": of.platform, "alarm": id, **judged.said})
            await tell(connection, of, {Told.ALARM}, order="", now=now, details=details)
        made = await connection.execute(select(alarms).where(alarms.c.id == id))
        return _alarm(made.one())

    async def figures(
        self,
        tenant: str,
        *,
        stores: Several[str] | None,
        platform: str,
        metric: str | None = None,
    ) -> dict[Measured, dict[date, str]]:
        """Every series, its days in order."""
        asked = select(figures).where(figures.c.tenant == tenant, figures.c.platform == platform)
        if stores is not None:
            asked = asked.where(figures.c.store.in_(stores))
        if metric is not None:
            asked = asked.where(figures.c.metric == metric)

        async def work(connection: Transaction) -> Sequence[Any]:
            return (await connection.execute(asked.order_by(figures.c.day))).all()

        found: dict[Measured, dict[date, str]] = {}
        for row in await self._database.read(tenant, work):
            found.setdefault(_measured(row), {})[date.fromisoformat(row.day)] = row.value
        return {of: found[of] for of in sorted(found)}

    async def alarms(
        self,
        tenant: str,
        *,
        stores: Several[str] | None,
        platform: str | None = None,
        limit: int = 500,
    ) -> list[KeptAlarm]:
        """The newest first."""
        asked = select(alarms).where(alarms.c.tenant == tenant)
        if stores is not None:
            asked = asked.where(alarms.c.store.in_(stores))
        if platform is not None:
            asked = asked.where(alarms.c.platform == platform)
        order = (alarms.c.fired.desc(), alarms.c.number.desc())
        return await self._alarms(tenant, asked.order_by(*order).limit(limit))

    async def wanted_alarms(self, *, limit: int) -> list[KeptAlarm]:
        """Of every tenant, those behind which nothing was collected yet, oldest first."""
        asked = select(alarms).where(alarms.c.collect == "wanted").order_by(alarms.c.number)
        return await self._alarms(Reach.WORKER, asked.limit(limit))

    async def alarm_collected(self, alarm: KeptAlarm) -> None:
        this = update(alarms).where(alarms.c.id == alarm.id).values(collect="done")

        async def work(connection: Transaction) -> None:
            await connection.execute(this)

        await self._database.write(alarm.of.tenant, work)

    async def _alarms(self, whose: str, asked: Any) -> list[KeptAlarm]:
        async def work(connection: Transaction) -> list[KeptAlarm]:
            return [_alarm(row) for row in (await connection.execute(asked)).all()]

        return await self._database.read(whose, work)


async def _series(connection: Transaction, of: Measured) -> dict[date, str]:
    """The newest days of a series, in their order."""
    asked = select(figures.c.day, figures.c.value).where(*_is(figures, of))
    rows = await connection.execute(asked.order_by(figures.c.day.desc()).limit(MOST_DAYS))
    return {date.fromisoformat(row.day): row.value for row in reversed(rows.all())}


async def _end(connection: Transaction, alarm: KeptAlarm, ended: date | None) -> None:
    if alarm.ended != ended:
        said = None if ended is None else str(ended)
        this = update(alarms).where(alarms.c.id == alarm.id)
        await connection.execute(this.values(ended=said))


def _is(table: Any, of: Measured) -> list[Any]:
    return [table.c[name] == value for name, value in of._asdict().items()]


def _is_same(kept: KeptAlarm, judged: Judged) -> bool:
    """The same crossing begins on the same day, or overlaps itself where days came later."""
    if kept.rule != judged.rule:
        return False
    begun = kept.ended is None or judged.since < kept.ended
    lasts = judged.ended is None or kept.since < judged.ended
    return kept.since == judged.since or (begun and lasts)


def _measured(row: Row[Any]) -> Measured:
    return Measured(row.tenant, row.store, row.platform, row.site, row.metric, row.origin)


def _alarm(row: Row[Any]) -> KeptAlarm:
    return KeptAlarm(
        number=row.number,
        id=row.id,
        of=_measured(row),
        rule=row.rule,
        since=date.fromisoformat(row.since),
        fired=date.fromisoformat(row.fired),
        ended=date.fromisoformat(row.ended) if row.ended else None,
        said=json.loads(row.said),
        collect=row.collect,
        created_at=from_text(row.created_at),
    )
