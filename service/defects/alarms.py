"""When a store's figure calls for somebody: over a limit for so many days, or risen all at once.

A figure is percent on a day. A day that nobody knows is not made up: a run of days goes on over a
gap of up to a week and says how many of its days are unknown; a longer gap breaks it. A jump is
measured against the median of the days before it, and that baseline stays until the jump is over,
so that one jump is one alarm however long the figure stays up there. An alarm begins once for each
crossing, and can begin again after it has ended.

Source: scenarios S0-11, S4-05; policy facts AMZ-ODR-11, AMZ-VTR-01, AMZ-LSR-01, TTS-MET-01.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from statistics import median

from evidence.playbook import Trigger

LONGEST_GAP = 7
# One earlier value is no baseline: it may be the odd one itself.
_LEAST_BEFORE = 2

Series = Mapping[date, Fraction]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One crossing of one rule.

    since      the first day of what made it so: of the run, or the day after the last day before
               the jump
    fired      the day on which the rule was met
    ended      the first known day on which it was so no more; None while it lasts
    value      the figure of the day on which it fired; `baseline` what a jump is measured against
    unknown    days between `since` and `fired` that have no figure
    """

    rule: Trigger
    since: date
    fired: date
    ended: date | None
    value: Fraction
    baseline: Fraction | None
    unknown: int

    def lasts_on(self, day: date) -> bool:
        return self.since <= day and (self.ended is None or day < self.ended)

    def days_left(self, today: date) -> tuple[int, int]:
        """Until somebody should have acted, by the shortest reading and by the longest."""
        gone = (today - self.fired).days
        return max(0, self.rule.act_from - gone), max(0, self.rule.act_to - gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How far a rule of several days is: `days` running now, and in how many more it is met."""

    days: int
    left: int


def alarms(series: Series, rule: Trigger) -> list[Alarm]:
    """Every alarm of the series, oldest first."""
    return list(_jumps(series, rule) if rule.is_jump else _runs(series, rule))


def count(series: Series, rule: Trigger) -> Count | None:
    """Where the newest run stands; None for a jump, and where there is no run."""
    if rule.is_jump or not series:
        return None
    *_, (run, ended) = _stretches(series, rule)
    if not run or ended is not None:
        return None
    days = (run[-1] - run[0]).days + 1
    return Count(days=days, left=max(0, rule.days - days))


def watched(rule: Trigger, percent: int) -> Trigger:
    """The rule as it holds while a won case is watched: a limit counts as reached earlier.

    percent  of the limit, or of what is left to 100 where the figure must not fall
    """
    share = Fraction(percent, 100)
    return replace(
        rule,
        id=f"{rule.id}.watched",
        over=None if rule.over is None else rule.over * share,
        under=None if rule.under is None else 100 - (100 - rule.under) * share,
        rises_by=None if rule.rises_by is None else rule.rises_by * share,
    )


# -- so many days running -----------------------------------------------------------------------


def _runs(series: Series, rule: Trigger) -> Iterator[Alarm]:
    for run, ended in _stretches(series, rule):
        met = [day for day in run if (day - run[0]).days + 1 >= rule.days]
        if met:
            known = sum(day <= met[0] for day in run)
            yield Alarm(
                rule=rule,
                since=run[0],
                fired=met[0],
                ended=ended,
                value=series[met[0]],
                baseline=None,
                unknown=(met[0] - run[0]).days + 1 - known,
            )


def _stretches(series: Series, rule: Trigger) -> Iterator[tuple[list[date], date | None]]:
    """Days beyond the limit that hang together, each with the day that ended them; at least one."""
    run: list[date] = []
    for day in sorted(series):
        beyond = _beyond(series[day], rule)
        if run and (not beyond or (day - run[-1]).days > LONGEST_GAP + 1):
            yield run, day
            run = []
        if beyond:
            run.append(day)
    yield run, None


def _beyond(value: Fraction, rule: Trigger) -> bool:
    if rule.over is not None:
        return value > rule.over
    return rule.under is not None and value < rule.under


# -- all at once ------------------------------------------------------------------------------


def _jumps(series: Series, rule: Trigger) -> Iterator[Alarm]:
    days = sorted(series)
    there: Alarm | None = None
    for place, day in enumerate(days):
        value = series[day]
        if there is not None and there.baseline is not None:
            if _risen(value, there.baseline, rule) and _fresh(there, day):
                continue
            yield replace(there, ended=day)
            there = None
        baseline = _baseline(series, days[:place], day, rule)
        if baseline is not None and _risen(value, baseline, rule):
            since = days[place - 1] + timedelta(days=1)
            there = Alarm(
                rule=rule, since=since, fired=day, ended=None, value=value, baseline=baseline,
                unknown=(day - since).days,
            )  # fmt: skip
    if there is not None:
        yield there


def _fresh(alarm: Alarm, day: date) -> bool:
    """After so long it is no jump any more, but how things are."""
    return (day - alarm.fired).days < alarm.rule.baseline_days


def _baseline(series: Series, before: Sequence[date], day: date, rule: Trigger) -> Fraction | None:
    near = [series[d] for d in before if (day - d).days <= rule.baseline_days]
    return Fraction(median(near)) if len(near) >= _LEAST_BEFORE else None


def _risen(value: Fraction, baseline: Fraction, rule: Trigger) -> bool:
    by = rule.rises_by or Fraction(0)
    return value - baseline >= by and value >= baseline * rule.rises_times
