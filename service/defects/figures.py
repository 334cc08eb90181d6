"""Figures of a store that somebody brings, held to the triggers of the platform's playbook.

Figures come from a person or a system of theirs (`told`), out of Amazon's account health report
(`report: NAME`), and from our own count (`own: READING`). They stand side by side, each judged by
itself: two that contradict each other are both shown.

A jump starts a collection for each order whose defect came in with it.
Source: scenarios S0-11, S2-10, S4-05, S4-16.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from evidence.cases import State
from evidence.errors import RequestError
from evidence.playbook import Trigger
from evidence.policy import Confidence
from service.defects.alarms import Alarm, alarms, count, watched
from service.defects.kinds import Kind
from service.defects.rates import readings
from service.defects.window import Rated, reading_name
from storage.ledger.defects import Defect, Standing
from storage.ledger.figures import Judged, KeptAlarm, Measured

if TYPE_CHECKING:
    from service.runtime import Runtime

MOST_DAYS = 400
# What was over longer ago than this when its figures came in is kept, and tells nobody.
_NEWS = timedelta(days=7)
_MOST_CASES = 200
_REPORTED = {
    "orderDefectRate": "odr",
    "lateShipmentRate": "late_shipment",
    "validTrackingRate": "valid_tracking",
    "preFulfillmentCancellationRate": "cancellation",
    "orderCancellationRate": "cancellation",
}
_KINDS = {
    "late_shipment": frozenset({Kind.LATE_SHIPMENT}),
    "valid_tracking": frozenset({Kind.INVALID_TRACKING}),
    "cancellation": frozenset({Kind.CANCELLATION}),
    "return_requests": frozenset({Kind.RETURN}),
}
_USUAL = frozenset({Kind.A_TO_Z, Kind.CHARGEBACK, Kind.FEEDBACK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A series with its days that nobody knows, and where each of its rules stands."""

    of: Measured
    days: Mapping[date, str]
    gaps: Sequence[date]
    rules: Sequence[Mapping[str, Any]]


def days_of(said: Mapping[str, object]) -> dict[date, str]:
    """Percent by day, as somebody wrote it. RequestError for what is none."""
    if not 1 <= len(said) <= MOST_DAYS:
        raise RequestError(what="`series`", why=f"it has not 1 to {MOST_DAYS} days")
    found = {}
    for day, value in said.items():
        try:
            found[date.fromisoformat(day)] = _percent(value)
        except (ValueError, InvalidOperation):
            why = "a day is not written as 2026-11-22, or its value is no percentage"
            raise RequestError(what="`series`", why=why) from None
    return found


def _percent(value: object) -> str:
    """A decimal from 0 to 1000, to a millionth, as it is kept."""
    number = Decimal(str(value))
    if not number.is_finite() or not 0 <= number <= 1000:
        raise ValueError
    return format(round(number, 6).normalize(), "f")


def reported(standings: Sequence[Standing]) -> Iterator[tuple[str, str, dict[date, str], str]]:
    """Metric, measure, its day and site, of each measure of a report that says its last day."""
    for one in standings:
        metric = _REPORTED.get(one.measure.split(".")[0])
        day, value = one.said.get("to.at", "")[:10], one.said.get("value", "")
        if metric is None:
            continue
        try:
            days = {date.fromisoformat(day): _percent(Decimal(value) * 100)}
        except (ValueError, InvalidOperation):
            continue
        yield metric, one.measure, days, one.site


class Figures:
    """The figures of one service's stores."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def enter(self, of: Measured, days: Mapping[date, str]) -> list[KeptAlarm]:
        """Keep them; the alarms that are new. `act` starts what these ask for."""
        runtime = self._runtime
        await runtime.ledger.tenant(of.tenant, origin=runtime.settings.origin_of(of.tenant))
        rules, today = await self._rules(of), runtime.clock().date()
        return await runtime.ledger.put_figures(
            of, days, lambda series: _judged(_fractions(series), rules, today)
        )

    async def enter_own(self, tenant: str, store: str, platform: str, found: Rated) -> None:
        """Our own count of the day, by the platform's own reading of its rule where it has one."""
        known = {level.reading: level.said["rate"] for level in found.levels()}
        counted = [each for each in found.rates if reading_name(each) in known]
        if not counted:
            return
        best = min(
            counted, key=lambda e: (e.reading.confidence != Confidence.DOCUMENTED, e.reading.denied)
        )
        name = reading_name(best)
        of = Measured(tenant, store, platform, "", "odr", f"own: {name}")
        await self.enter(of, {found.at: _percent(Decimal(str(known[name])) * 100)})

    async def enter_reported(self, tenant: str, found: Sequence[Standing]) -> None:
        """The measures of a platform's own report, each on its last day."""
        by_series: dict[Measured, dict[date, str]] = {}
        for metric, measure, days, site in reported(found):
            store, platform = found[0].store, found[0].platform
            of = Measured(tenant, store, platform, site, metric, f"report: {measure}"[:100])
            by_series.setdefault(of, {}).update(days)
        for of, days in by_series.items():
            await self.enter(of, days)

    async def act(self) -> int:
        """Start what alarms ask for; how many alarms that were."""
        ledger, acted = self._runtime.ledger, 0
        while wanted := await ledger.wanted_alarms(limit=50):
            for alarm in wanted:
                for defect in await self.behind(alarm):
                    await self._collect(alarm, defect)
                await ledger.alarm_collected(alarm)
                acted += 1
        return acted

    async def behind(self, alarm: KeptAlarm) -> list[Defect]:
        """The defects that came in from the day on which the jump began to that on which it fired,
        one an order. One without a notice counts by the day on which we were told of it."""
        kinds = self._kinds(alarm.of)
        found: dict[str, Defect] = {}
        for one in await self._runtime.ledger.defects(
            alarm.of.tenant, stores=[alarm.of.store], platform=alarm.of.platform
        ):
            elsewhere = alarm.of.site and one.site != alarm.of.site
            if one.order is None or one.ref is None or elsewhere:
                continue
            if Kind(one.kind) in kinds and alarm.since <= _came(one) <= alarm.fired:
                found.setdefault(one.order, one)
        return list(found.values())

    async def series(
        self, tenant: str, platform: str, *, stores: frozenset[str] | None, metric: str | None
    ) -> list[Watched]:
        found = []
        for of, days in (
            await self._runtime.ledger.figures(
                tenant, stores=stores, platform=platform, metric=metric
            )
        ).items():
            first, last = min(days), max(days)
            every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
            series = _fractions(days)
            found.append(
                Watched(
                    of=of,
                    days=days,
                    gaps=[day for day in every if day not in days],
                    rules=[_standing(series, rule, last) for rule in await self._rules(of)],
                )
            )
        return found

    def _kinds(self, of: Measured) -> frozenset[Kind]:
        if of.metric != "odr":
            return _KINDS.get(of.metric, frozenset(Kind))
        rules = [p for p in self._runtime.policies.values() if p.platform == of.platform]
        counted = {kind for policy in rules for each in readings(policy) for kind in each.kinds}
        return frozenset(counted) or _USUAL

    async def _rules(self, of: Measured) -> list[Trigger]:
        """Those of the metric; stricter ones beside them while a case of the store is watched."""
        book = self._runtime.playbook(of.platform)
        rules = [rule for rule in book.triggers if rule.metric == of.metric]
        cases = await self._runtime.ledger.cases(
            of.tenant, stores=frozenset({of.store}), before=None, limit=_MOST_CASES
        )
        if any(
            case.state == State.WATCHED and case.summary.get("platform") == of.platform
            for case in cases
        ):
            rules += [watched(rule, book.term("watch.percent")) for rule in rules]
        return rules

    async def _collect(self, alarm: KeptAlarm, defect: Defect) -> None:
        """A collection of its own, unless one for the order is under way."""
        runtime = self._runtime
        if defect.order is None or defect.ref is None:
            return
        states = await runtime.ledger.evidence_for(alarm.of.tenant, [defect.order])
        if states.get(defect.order) == "under way":
            return
        await runtime.request_collection(
            defect.ref,
            tenant=alarm.of.tenant,
            store=defect.store,
            policy=defect.policy if defect.policy in runtime.policies else None,
            defect={"kind": defect.kind.replace(" ", "-"), "case_id": defect.case},
            idempotency_key=f"alarm:{alarm.id}:{defect.id}",
        )


def _came(defect: Defect) -> date:
    """The day on which a defect came in: by its notice, else by when we were told."""
    if defect.noticed:
        return date.fromisoformat(defect.noticed[:10])
    return defect.created_at.date() if defect.created_at else date.min


def _fractions(days: Mapping[date, str]) -> dict[date, Fraction]:
    return {day: Fraction(value) for day, value in days.items()}


def _judged(
    series: Mapping[date, Fraction], rules: Sequence[Trigger], today: date
) -> Iterator[Judged]:
    newest = max(series)
    for rule in rules:
        for alarm in alarms(series, rule):
            yield Judged(
                rule=rule.id,
                since=alarm.since,
                fired=alarm.fired,
                ended=alarm.ended,
                said=_said(alarm, today),
                tells=alarm.ended is None or newest - alarm.fired < _NEWS,
                collects=rule.is_jump,
            )


def _said(alarm: Alarm, today: date) -> dict[str, Any]:
    """What is told of it, and kept: figures and days, and no order."""
    rule = alarm.rule
    least, most = alarm.days_left(today)
    return {
        "metric": rule.metric,
        "rule": rule.id,
        "level": rule.level,
        "text": rule.text,
        "value": float(alarm.value),
        "baseline": None if alarm.baseline is None else float(alarm.baseline),
        "limit": _limit(rule),
        "since": str(alarm.since),
        "fired": str(alarm.fired),
        "unknown_days": alarm.unknown,
        "days_left": {"least": least, "most": most},
        "act_by": {
            "first": str(alarm.fired + timedelta(days=rule.act_from)),
            "last": str(alarm.fired + timedelta(days=rule.act_to)),
        },
        "source": f"{rule.source}; {rule.source_date}; {rule.confidence}",
    }


def _limit(rule: Trigger) -> float | None:
    found = rule.over if rule.over is not None else rule.under
    return None if found is None else float(found)


def _standing(series: Mapping[date, Fraction], rule: Trigger, newest: date) -> dict[str, Any]:
    """Where a rule stands on the newest day: `quiet`, `counting` towards its days, or `alarm`."""
    lasting = [each for each in alarms(series, rule) if each.lasts_on(newest)]
    counted = count(series, rule)
    state = "alarm" if lasting else "counting" if counted else "quiet"
    return {
        "rule": rule.id,
        "level": rule.level,
        "text": rule.text,
        "state": state,
        "days": 0 if counted is None else counted.days,
        "days_until_alarm": counted.left if counted and state == "counting" else None,
    }
