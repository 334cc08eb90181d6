"""Was our own clock right when the evidence was collected?

Each answer over HTTP carries the vendor's clock; we wrote down ours when the answer was whole. An
answer may be slow, or come out of a cache, so of each vendor only the answer that fits best counts.

Reads     `exchange.date.at`, and `collected_at` of the exchange it stands in.
Assumes   that vendors' clocks are independent of each other, and of ours.
Leaves    to the auditor what time authorities say: their tokens come after the judgement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.facts import Fact, Facts
from evidence.manifest import SealedItem
from evidence.trusted_time import CLOCK_SKEW_S
from evidence.verdicts import Answer, Finding, Verdict

_AGREES = Finding.good("clock-agrees")
_UNMEASURED = Finding.note(
    "clock-unmeasured", do="Configure a time authority, or a source that answers over HTTP."
)
_VENDOR = Finding.note(
    "clock-of-vendor-differs", do="Nothing is wrong here; allow for it in this vendor's times."
)
_DIFFERS = Finding.note(
    "clock-differs", do="Check this machine's clock (NTP), and configure a time authority."
)
_WRONG = Finding.grave(
    "clock-wrong", do="Set this machine's clock (NTP), and collect again: our times are off."
)


@dataclass(frozen=True, slots=True)
class _Measured:
    """Seconds that our clock was ahead (+) or behind (-) of `fact`'s."""

    skew_s: float
    fact: Fact

    @property
    def off(self) -> bool:
        return abs(self.skew_s) > CLOCK_SKEW_S


def verify(*, items: Sequence[SealedItem], facts: Facts, **_: object) -> Answer:
    """Hold our clock against every vendor's that answered.

    pass            a vendor's clock agrees with ours within a minute
    fail            two or more agree with each other, and not with ours
    inconclusive    only one differs, or they all do, each its own way; or nobody told the time

    Never raises for bad evidence: bad evidence is an answer.
    """
    best = _best_of_each(items, facts)
    if not best:
        return Verdict.INCONCLUSIVE, [_UNMEASURED.saying("No answer carries its vendor's clock.")]
    off = [measured for measured in best if measured.off]
    if len(off) < len(best):
        good = len(best) - len(off)
        said = f"Our clock agrees with {good} of {len(best)} vendors' within {CLOCK_SKEW_S:g} s."
        held = [_AGREES.saying(said, *(m.fact for m in best if not m.off))]
        return Verdict.PASS, [*held, *(_VENDOR.saying(_told(m), m.fact) for m in off)]
    skews = [measured.skew_s for measured in off]
    if len(off) > 1 and max(skews) - min(skews) <= CLOCK_SKEW_S:
        said = f"{len(off)} vendors agree with each other: ours was {_in_words(off[0].skew_s)}."
        return Verdict.FAIL, [_WRONG.saying(said, *(measured.fact for measured in off))]
    return Verdict.INCONCLUSIVE, [_DIFFERS.saying(_told(m), m.fact) for m in off]


def _best_of_each(items: Sequence[SealedItem], facts: Facts) -> list[_Measured]:
    ours = {item.sha256: item.collected_at for item in items}
    best: dict[str, _Measured] = {}
    for fact in facts.named("exchange.date.at"):
        at = ours.get(fact.item)
        if at is None:
            continue
        span = fact.time.span
        if at > span.latest:
            skew_s = (at - span.latest).total_seconds()
        else:
            skew_s = min(0.0, (at - span.earliest).total_seconds())
        known = best.get(fact.origin)
        if known is None or abs(skew_s) < abs(known.skew_s):
            best[fact.origin] = _Measured(skew_s, fact)
    return [best[origin] for origin in sorted(best)]


def _told(measured: _Measured) -> str:
    return f"Our clock was {_in_words(measured.skew_s)} of that of {measured.fact.origin}."


def _in_words(skew_s: float) -> str:
    minutes, seconds = divmod(round(abs(skew_s)), 60)
    return f"{minutes} min {seconds} s {'ahead' if skew_s > 0 else 'behind'}"
