"""Counting right and wrong answers, and how sure a share of them is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

Interval = tuple[float, float]

_Z = 1.959963984540054  # 95 %, both sides


def wilson(hits: int, trials: int) -> Interval:
    """The 95 % interval of a share; (0, 1) where nothing was tried.

    Source: E. B. Wilson, JASA 22 (1927), 209; it holds near 0 and 1 and for few trials.
    """
    if trials == 0:
        return 0.0, 1.0
    share, z2 = hits / trials, _Z * _Z
    middle = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    reach = _Z / (1 + z2 / trials) * math.sqrt(
        share * (1 - share) / trials + z2 / (4 * trials * trials)
    )  # fmt: skip
    return max(0.0, middle - reach), min(1.0, middle + reach)


@dataclass(frozen=True)
class Share:
    """A share with its interval; None of `value` where there was nothing to count."""

    hits: int
    trials: int

    @property
    def value(self) -> float | None:
        return self.hits / self.trials if self.trials else None

    @property
    def interval(self) -> Interval:
        return wilson(self.hits, self.trials)

    def __str__(self) -> str:
        if self.value is None:
            return "   -              "
        low, high = self.interval
        return f"{self.value:.3f} [{low:.3f} {high:.3f}]"


@dataclass
class Tally:
    """Answers to one question.

    right      said and true
    wrong      said and not true
    missed     true and not said
    quiet      nothing to say, nothing said
    failures   (kind of failure, where) of each wrong or missed answer
    """

    right: int = 0
    wrong: int = 0
    missed: int = 0
    quiet: int = 0
    alarms: int = 0  # files with nothing to say of which something was said
    failures: list[tuple[str, str]] = field(default_factory=list)

    def note(self, *, said: bool, true: bool, where: str, what: str = "") -> None:
        """A yes-or-no answer."""
        if said and true:
            self.right += 1
        elif said:
            self.wrong += 1
            self.alarms += 1
            self.failures.append((f"false alarm {what}".rstrip(), where))
        elif true:
            self.missed += 1
            self.failures.append((f"missed {what}".rstrip(), where))
        else:
            self.quiet += 1

    def compare(self, said: set[str], true: set[str], *, where: str) -> None:
        """A set of answers, each right or wrong by itself."""
        self.right += len(said & true)
        self.wrong += len(said - true)
        self.missed += len(true - said)
        if not true:
            self.alarms += bool(said)
            self.quiet += not said
        if said != true:
            shown = f"said {_some(said - true)}, true {_some(true - said)}"
            self.failures.append((shown, where))

    @property
    def precision(self) -> Share:
        return Share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> Share:
        return Share(self.right, self.right + self.missed)

    @property
    def false_alarms(self) -> Share:
        """Of the files with nothing to say, those of which something was said."""
        return Share(self.alarms, self.alarms + self.quiet)

    @property
    def f1(self) -> tuple[float, Interval] | None:
        """F1 with its interval: it is a function of right / (right + wrong + missed)."""
        among = self.right + self.wrong + self.missed
        if not among:
            return None
        low, high = (_f1_of(share) for share in wilson(self.right, among))
        return _f1_of(self.right / among), (low, high)


def _f1_of(share: float) -> float:
    return 2 * share / (1 + share)


def _some(values: set[str]) -> str:
    return " ".join(sorted(values)) or "nothing"
