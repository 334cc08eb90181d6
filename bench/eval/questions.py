"""The questions that are scored, and how an answer is held against the truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from bench.eval.answers import HOUSES, Answer, When, bare, plain
from bench.eval.dates import Printed
from bench.eval.tally import Share, Tally
from bench.eval.truth import CONTRADICTION, GIVEN_AWAY, PIXELS, UNKNOWABLE, Truth

GOALS = {
    "carrier": 0.97, "day": 0.95, "minute": 0.92, "zone": 0.95, "capture": 0.92, "tracking": 0.97,
    "order": 0.95, "kind": 0.92, "copied": 0.88, "stale": 0.92, "foreign": 0.95,
}  # fmt: skip


class Scores:
    """All tallies of a set."""

    def __init__(self) -> None:
        self.questions: dict[str, Tally] = {name: Tally() for name in GOALS}
        self.edits: dict[str, Tally] = defaultdict(Tally)
        self.ways: dict[str, Tally] = defaultdict(Tally)
        self.handled: dict[str, Tally] = defaultdict(Tally)
        self.placed = Tally()
        # Files of each sort that a reason was told of, whether or not it was enough to claim.
        self.told: dict[str, Counter[str]] = {"honest": Counter(), "edited": Counter()}
        self.unread: Counter[str] = Counter()

    def add(self, truth: Truth, answer: Answer, where: str) -> None:
        """Hold one file's answers against its truth."""
        self.unread.update([answer.failed] if answer.failed else answer.unread)
        self._kind(truth, answer, where)
        self._carrier(truth, answer, where)
        self._numbers(truth, answer, where)
        self._dates(truth, answer, where)
        for name, said, true in (
            ("copied", answer.copied, truth.copied),
            ("stale", answer.stale, truth.stale),
            ("foreign", answer.foreign, truth.foreign),
        ):
            if name not in truth.unasked:
                self.questions[name].note(said=said, true=true, where=where)
        self._edit(truth, answer, where)

    def _kind(self, truth: Truth, answer: Answer, where: str) -> None:
        tally = self.questions["kind"]
        said = {answer.kind} - {"unknown", ""}
        # Where two answers are right, the one that was given is the one it is held against.
        true = said & set(truth.kinds) or set(truth.kinds[:1])
        if "kind" not in truth.unasked:
            tally.compare(said, true, where=where)

    def _carrier(self, truth: Truth, answer: Answer, where: str) -> None:
        if "carrier" in truth.unasked:
            return
        said = {answer.carrier} - {""}
        right = {plain(name) for name in truth.carriers}
        for house in HOUSES:
            right |= house if right & house else set()
        true = said & right or set(sorted(plain(name) for name in truth.carriers)[:1])
        self.questions["carrier"].compare(said, true, where=where)

    def _numbers(self, truth: Truth, answer: Answer, where: str) -> None:
        if "tracking" not in truth.unasked:
            true = {bare(number) for number in truth.tracking}
            self.questions["tracking"].compare(answer.tracking, true, where=where)
        if "order" not in truth.unasked:
            true = {bare(number) for number in truth.orders}
            self.questions["order"].compare(answer.orders, true, where=where)

    def _dates(self, truth: Truth, answer: Answer, where: str) -> None:
        said, true = answer.delivered, truth.delivered
        if "day" not in truth.unasked:
            days = {when.local[:10] for when in said} - {""}
            self.questions["day"].compare(days, {true.local[:10]} if true else set(), where=where)
        if "minute" not in truth.unasked:
            minutes = {when.local for when in said if "T" in when.local}
            exact = {true.local} if true and true.to_the_minute else set()
            self.questions["minute"].compare(minutes, exact, where=where)
        if "zone" not in truth.unasked and true is not None:
            known = true.offset_min is not None
            claimed = any(when.zone_known for when in said)
            right = not known or any(when.zone_known and _same_instant(when, true) for when in said)
            if claimed and known and not right:
                self.questions["zone"].note(said=True, true=False, where=where, what="offset")
            else:
                self.questions["zone"].note(said=claimed, true=known, where=where)
        if "capture" not in truth.unasked:
            days = {when.local[:10] for when in answer.captured} - {""}
            true_days = {truth.captured.local[:10]} if truth.captured else set()
            self.questions["capture"].compare(days, true_days, where=where)

    def _edit(self, truth: Truth, answer: Answer, where: str) -> None:
        claimed = answer.tamper == "fail"
        sort = "honest" if truth.edit is None else "edited"
        if truth.edit is None or truth.edit.kind != UNKNOWABLE:
            self.told[sort].update(set(answer.codes))
        if truth.edit is None:
            self.edits["honest"].note(said=claimed, true=False, where=where, what=_codes(answer))
            for how in truth.handling or [truth.medium]:
                self.handled[how].note(said=claimed, true=False, where=where)
            return
        kind = truth.edit.kind
        true = kind != UNKNOWABLE
        self.edits[kind].note(said=claimed, true=true, where=where, what=truth.edit.way)
        self.ways[f"{kind}/{truth.edit.way}"].note(said=claimed, true=true, where=where)
        if claimed and answer.boxes and truth.edit.boxes and kind != CONTRADICTION:
            hit = any(_meet(said, box) for said in answer.boxes for box in truth.edit.boxes)
            self.placed.note(said=hit, true=True, where=where, what=truth.edit.way)

    def signals(self) -> dict[str, tuple[Share, Share]]:
        """Of each reason: the honest files that it was told of, and the altered ones."""
        honest = self.edits["honest"].alarms + self.edits["honest"].quiet
        edited = sum(
            tally.right + tally.missed
            for kind, tally in self.edits.items()
            if kind not in ("honest", UNKNOWABLE)
        )
        codes = sorted({*self.told["honest"], *self.told["edited"]})
        return {
            code: (
                Share(self.told["honest"][code], honest),
                Share(self.told["edited"][code], edited),
            )
            for code in codes
        }

    def given_away(self) -> Tally:
        return _sum(self.edits[kind] for kind in sorted(GIVEN_AWAY))

    def all_edits(self) -> Tally:
        """Edits that can be known, with the honest files' alarms: precision is over both."""
        return _sum([self.given_away(), self.edits[PIXELS], self.edits["honest"]])


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for one in tallies:
        total.right += one.right
        total.wrong += one.wrong
        total.missed += one.missed
        total.quiet += one.quiet
        total.alarms += one.alarms
        total.failures += one.failures
    return total


def _same_instant(when: When, true: Printed) -> bool:
    if when.earliest is None:
        return False
    first = datetime.fromisoformat(true.utc[0].rstrip("Z"))
    return abs(when.earliest - first) < timedelta(minutes=1)


def _meet(said: tuple[float, ...], true: tuple[float, ...]) -> bool:
    """Two boxes share some area."""
    return said[0] < true[2] and true[0] < said[2] and said[1] < true[3] and true[1] < said[3]


def _codes(answer: Answer) -> str:
    return " ".join(dict.fromkeys(answer.codes))
