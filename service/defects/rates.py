"""A rolling defect rate, by each reading of the platform's rule, and what leaves it when.

Window, limit and what counts are the policy's (`odr.window`, `odr.rate`, `odr.counts`), never ours;
readings that contradict each other stand side by side. An order counts by the day it was placed, in
whole days, both ends included: 60 days up to 4 November begin on 6 September (Amazon's account
health report). What may not belong into the rate is told apart, and both rates are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from evidence.policy import Limit, Policy
from service.defects.export import Row
from service.defects.kinds import Kind

_DAYS = re.compile(r"(\d{1,3}) days")
_PERCENT = re.compile(r"(\d{1,2}(?:\.\d{1,3})?)\s?%")
# What `odr.counts` says in words, by kind. A rating of three stars and more is no negative one.
_COUNTED = {
    Kind.A_TO_Z: "claim",
    Kind.CHARGEBACK: "chargeback",
    Kind.FEEDBACK: "feedback",
    Kind.RETURN: "return",
    Kind.SERVICE_RATING: "service-rating",
    Kind.CANCELLATION: "cancellation",
    Kind.UNRESOLVED: "closed without seller resolution",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of the rule. `denied` claims count by some sources, and not by others.

    source      of the window; `counted_by` says by which rule a defect counts, and of whom it is
    """

    days: int
    kinds: frozenset[Kind]
    denied: bool
    source: str
    confidence: str
    counted_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A defect of the window, and the first day on which it counts no more."""

    row: Row
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """`counted` in order of leaving.

    limit_is_over whether exactly the limit is over it: "under 1%", and not "at most 2%"
    orders        how many stand below the line; None if nobody said
    without       numerator and orders without those that may not belong
    below_on      the first day on which it is under the limit, if as many orders come as leave, and
                  no new defect; None if it is so now, or the orders are not known
    """

    reading: Reading
    limit: Fraction | None
    orders: int | None
    counted: tuple[Leaving, ...]
    doubtful: tuple[Row, ...]
    without: tuple[int, int | None]
    below_on: date | None
    limit_is_over: bool = True

    @property
    def value(self) -> Fraction | None:
        return Fraction(len(self.counted), self.orders) if self.orders else None

    @property
    def over(self) -> bool | None:
        if self.value is None or self.limit is None:
            return None
        return self.value > self.limit or (self.limit_is_over and self.value == self.limit)


def readings(policy: Policy) -> list[Reading]:
    """Every reading that the policy holds, shortest window first; none if it has no rate."""
    rules = policy.limited("odr.counts")
    counts = [limit.value.lower() for limit in rules]
    kinds = frozenset(k for k, word in _COUNTED.items() if any(word in text for text in counts))
    denied = {False} if any("not denied" in text for text in counts) else {True}
    if any("whoever wins" in text for text in counts):
        denied |= {True}
    found = {
        (int(match[1]), count_denied): Reading(
            days=int(match[1]),
            kinds=kinds,
            denied=count_denied,
            source=limit.source,
            confidence=str(limit.confidence),
            counted_by=_counted_by(rules, denied=count_denied),
        )
        for limit in reversed(policy.limited("odr.window"))
        if (match := _DAYS.fullmatch(limit.value)) is not None
        for count_denied in denied
    }
    return [found[key] for key in sorted(found)]


def _counted_by(rules: Sequence[Limit], *, denied: bool) -> str:
    """The rule that says whether denied claims count; the first where none says."""
    words = "whoever wins" if denied else "not denied"
    said = [rule for rule in rules if words in rule.value.lower()] or list(rules[:1])
    return f"{said[0].value} ({said[0].source})" if said else ""


def limit_of(policy: Policy) -> Fraction | None:
    """The share from which on the platform acts, as the policy's first reading says."""
    return next(_limits(policy.limited("odr.rate")), None)


def limit_is_over(policy: Policy) -> bool:
    """Whether exactly the limit is too much already, as the policy's first reading says it."""
    return not any("at most" in limit.value for limit in policy.limited("odr.rate")[:1])


def warning_of(policy: Policy) -> Fraction | None:
    """The share above which a platform warns (`odr.warning`); None if nobody says."""
    return next(_limits(policy.limited("odr.warning")), None)


def _limits(said: Iterable[Limit]) -> Iterator[Fraction]:
    for limit in said:
        if (match := _PERCENT.search(limit.value)) is not None:
            yield Fraction(match[1]) / 100


def rate(
    reading: Reading,
    defects: Sequence[Row],
    *,
    at: date,
    limit: Fraction | None,
    orders: Sequence[Row] | int | None,
    doubted: int | None = None,
    limit_is_over: bool = True,
) -> Rate:
    """The rate on the day `at`. An order counts once, however many defects it has.

    orders    those of the window, or how many they were, or None if nobody knows
    doubted   how many of so many may not belong, where somebody counted
    """
    first = at - timedelta(days=reading.days - 1)

    def within(row: Row) -> bool:
        return row.ordered is not None and first <= row.ordered <= at

    by_order = {(row.platform, row.number): row for row in defects if within(row)}
    counting = {(r.platform, r.number) for r in defects if within(r) and _counts(r, reading)}
    leaving = sorted(
        (
            Leaving(row=by_order[key], on=day + timedelta(days=reading.days))
            for key in counting
            if (day := by_order[key].ordered) is not None
        ),
        key=lambda each: (each.on, each.row.number),
    )
    listed = [row for row in orders if within(row)] if not isinstance(orders, int | None) else []
    total = orders if isinstance(orders, int | None) else len({r.number for r in listed})
    # What the list of orders says of an order (cancelled, a test) holds for its defect as well.
    doubts = {row.number: row for row in listed if row.doubts}
    doubtful = {each.row.number: each.row for each in leaving if each.row.doubts} | doubts
    left = sum(each.row.number not in doubtful for each in leaving)
    named = {row.number for row in listed}
    gone = doubtful if isinstance(orders, int) else doubtful.keys() & named
    cleaned = None if total is None else max(0, total - (doubted or len(gone)))
    return Rate(
        reading=reading,
        limit=limit,
        orders=total,
        counted=tuple(leaving),
        doubtful=tuple(doubtful[number] for number in sorted(doubtful)),
        without=(left, cleaned),
        below_on=_below_on(leaving, total, limit, limit_is_over=limit_is_over),
        limit_is_over=limit_is_over,
    )


def _counts(row: Row, reading: Reading) -> bool:
    if row.kind not in reading.kinds:
        return False
    if row.kind is Kind.A_TO_Z and row.denied and not reading.denied:
        return False
    return not (row.kind is Kind.FEEDBACK and row.stars is not None and row.stars > 2)


def _below_on(
    leaving: Sequence[Leaving],
    orders: int | None,
    limit: Fraction | None,
    *,
    limit_is_over: bool,
) -> date | None:
    if not orders or limit is None:
        return None

    def is_over(count: int) -> bool:
        share = Fraction(count, orders)
        return share > limit or (limit_is_over and share == limit)

    if not is_over(len(leaving)):
        return None
    for gone, each in enumerate(leaving, start=1):
        if not is_over(len(leaving) - gone):
            return each.on
    return None
