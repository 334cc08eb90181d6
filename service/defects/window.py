"""The rates of a store as the ledger has them: what counts, what leaves when, how high it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from evidence.policy import Policy
from service.defects.export import Row
from service.defects.kinds import Kind
from service.defects.rates import Rate, limit_is_over, limit_of, rate, readings, warning_of
from storage.ledger.defects import LEVELS, Defect, Standing

if TYPE_CHECKING:
    from storage.ledger.ledger import Ledger

# The newest days may not be listed yet; a rate that lacks older ones is too high, and tells nobody.
_LATE_LISTS = timedelta(days=3)
_FORECAST = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """How high a reading of a rate stands: below, near (above what is warned of), over."""

    reading: str
    level: str
    said: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """`gaps` are days of the longest window that no list of orders has; `undated` are defects whose
    order's day nobody told, which count in no window."""

    policy: Policy | None
    at: date
    rates: tuple[Rate, ...] = ()
    gaps: tuple[date, ...] = ()
    undated: tuple[Row, ...] = field(default=(), repr=False)
    standings: tuple[Standing, ...] = ()
    warning: Fraction | None = None

    def levels(self) -> Iterator[Level]:
        """Only of readings whose orders are known, all but of the newest days."""
        late = self.at - _LATE_LISTS
        for each in self.rates:
            first = self.at - timedelta(days=each.reading.days - 1)
            if each.value is None or any(first <= day <= late for day in self.gaps):
                continue
            level = LEVELS[0]
            if self.warning is not None and each.value > self.warning:
                level = "near"
            if each.over:
                level = "over"
            yield Level(
                reading=reading_name(each),
                level=level,
                said={
                    "days": each.reading.days,
                    "denied_claims_count": each.reading.denied,
                    "defects": len(each.counted),
                    "orders": each.orders,
                    "rate": float(each.value),
                    "limit": float(each.limit) if each.limit is not None else None,
                    "below_limit_on": str(each.below_on) if each.below_on else None,
                },
            )


def reading_name(each: Rate) -> str:
    return f"{each.reading.days} days, {'with' if each.reading.denied else 'without'} denied claims"


def forecast(each: Rate, at: date, days: int = _FORECAST) -> list[tuple[date, int]]:
    """How many count on each day on which one leaves, if no new one comes."""
    found: list[tuple[date, int]] = []
    left = len(each.counted)
    for leaving in each.counted:
        left -= 1
        if leaving.on > at + timedelta(days=days):
            break
        if found and found[-1][0] == leaving.on:
            found[-1] = (leaving.on, left)
        else:
            found.append((leaving.on, left))
    return found


async def rated(
    ledger: Ledger,
    policies: Mapping[str, Policy],
    tenant: str,
    platform: str,
    *,
    stores: Collection[str] | None,
    at: date,
    orders: int | None,
) -> Rated:
    rules = [p for p in policies.values() if p.platform == platform and readings(p)]
    standings = tuple(await ledger.standings(tenant, platform, stores=stores))
    if not rules:
        return Rated(policy=None, at=at, standings=standings)
    policy = min(rules, key=lambda p: (not p.default, p.id))
    rows = [row_of(one) for one in await ledger.defects(tenant, stores=stores, platform=platform)]
    longest = max(reading.days for reading in readings(policy))
    first = at - timedelta(days=longest - 1)
    days = await ledger.order_days(tenant, platform, stores=stores, since=first)
    found = []
    for reading in readings(policy):
        begins = at - timedelta(days=reading.days - 1)
        listed = [count for day, count in days.items() if begins <= day <= at]
        total = orders if orders is not None else sum(n for n, _ in listed) or None
        doubted = None if orders is not None else sum(doubtful for _, doubtful in listed)
        found.append(
            rate(
                reading,
                rows,
                at=at,
                limit=limit_of(policy),
                orders=total,
                doubted=doubted,
                limit_is_over=limit_is_over(policy),
            )
        )
    every: Sequence[date] = [first + timedelta(days=n) for n in range(longest)]
    return Rated(
        policy=policy,
        at=at,
        rates=tuple(found),
        gaps=() if orders is not None else tuple(day for day in every if day not in days),
        undated=tuple(row for row in rows if row.ordered is None),
        standings=standings,
        warning=warning_of(policy),
    )


def row_of(defect: Defect) -> Row:
    """As the rates count it; one whose order was erased goes by its own id."""
    return Row(
        line=0,
        number=defect.number or f"erased:{defect.order or defect.id}",
        platform=defect.platform,
        ref=defect.ref,
        ordered=defect.ordered_on,
        kind=Kind(defect.kind),
        said=defect.said,
        denied=defect.denied,
        stars=defect.stars,
        doubts=defect.doubts,
    )
