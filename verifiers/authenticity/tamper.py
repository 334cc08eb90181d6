"""One item's traces and contradictions, weighed together.

Each finding has a weight, measured on honest files (docs/verifiers.md): how far it speaks for an
edit on its own. Weights are combined as chances that are independent, those of one kind only once:
1 - product(1 - w). From FAIL on the answer is `fail`, from OPEN on `inconclusive`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.facts import Fact, Facts
from evidence.verdicts import Finding, Severity, Verdict
from verifiers.authenticity import (
    events,
    histories,
    made_before,
    numbers,
    retellings,
    sequence,
    stamps,
    totals,
    weekdays,
)
from verifiers.authenticity.contradiction import Contradiction
from verifiers.authenticity.findings import CONTRADICTIONS, TRACES, Trait
from verifiers.authenticity.lines import is_of_a_stamp, is_stated, lines_of, states_nothing
from verifiers.marks.kind import FileKind, kind_of

FAIL = 0.8
OPEN = 0.45
# An edit changes a line or two. More boxes than this are the same finding again.
MAX_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Tamper:
    """What one item shows.

    verdict     `pass`: the checks that could be made found nothing, which promises nothing
    confidence  0 to 1, of the verdict
    boxes       locators of what speaks for an edit, the strongest first
    """

    verdict: Verdict
    confidence: float
    boxes: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Weighed:
    kind: str
    weight: float
    finding: Finding


def tamper_of(facts: Facts) -> Tamper:
    """Judge the facts of one item. Never raises for bad evidence."""
    weighed = sorted(_weighed(facts), key=lambda one: -one.weight)
    against = [one for one in weighed if one.weight > 0]
    strongest: dict[str, float] = {}
    for one in against:
        strongest[one.kind] = max(strongest.get(one.kind, 0.0), one.weight)
    if len(strongest) > 1 and set(strongest) <= {"editor", *_OF_SAVING}:
        # Who crops a picture in an editor saves it once more, over an earlier compression.
        strongest["editor"] = _BESIDE_PIXELS * strongest.get("editor", 0.0)
    left = 1.0
    for weight in strongest.values():
        left *= 1 - weight
    score = 1 - left
    unchecked = facts.named("trace.unchecked") or not _looked_at(facts)
    if score >= FAIL:
        verdict, confidence = Verdict.FAIL, score
    elif score >= OPEN or unchecked:
        verdict, confidence = Verdict.INCONCLUSIVE, 1 - abs(2 * score - 1) if score else 0.5
    else:
        verdict, confidence = Verdict.PASS, 1 - score
    held = any(one.finding.severity is Severity.GOOD for one in weighed)
    if verdict is Verdict.PASS and not held:
        # Nothing vouches for it: that no trace was found is all there is to say.
        confidence = min(confidence, 0.7)
    boxes = [place for one in against for _, place in one.finding.rests[-2:]]
    findings = tuple(_toned(one, verdict) for one in weighed[: 4 * MAX_SHOWN])
    return Tamper(verdict, round(confidence, 2), tuple(dict.fromkeys(boxes))[:MAX_SHOWN], findings)


def _toned(one: _Weighed, verdict: Verdict) -> Finding:
    """A grave finding stays grave only where the answer is `fail`; alone it was too little."""
    finding = one.finding
    if finding.severity is Severity.GRAVE and verdict is not Verdict.FAIL:
        return Finding(finding.code, Severity.NOTE, finding.do, finding.sentence, finding.rests)
    return finding


def _looked_at(facts: Facts) -> bool:
    """Whether anything of the item could be read at all."""
    return any(
        fact.name.startswith(("trace.", "picture.", "document.", "message.")) for fact in facts
    )


def _weighed(facts: Facts) -> Iterator[_Weighed]:
    marked = facts.first("trace.picture.marked") is not None
    kind = kind_of(facts).kind
    composed, seen = _composed(facts), kind in _SEEN
    for fact in facts:
        trait = TRACES.get(fact.name)
        if trait is None or (fact.name == _ODD and not is_stated(fact, facts)):
            continue
        # What was drawn on the picture is what the editor was for.
        share = 0.5 if marked and trait.together == "editor" else 1.0
        share = _OF_MANY if composed and fact.name in _ONE_MAKING else share
        if fact.name in _OF_WRITING:
            off = fact.name == "trace.picture.off_line"
            stamp = kind is FileKind.PHOTO and is_of_a_stamp(fact, facts)
            none = stamp or states_nothing(fact, facts)
            share = _OF_SEEN if (seen and off) or none else share
        weight = share * trait.weight * fact.confidence
        yield _one(trait, fact.name, weight, _sentence(fact), (fact,))
    for found in contradictions_of(facts):
        trait = CONTRADICTIONS[found.kind]
        share = _OF_MANY if composed and found.kind in _ONE_STORY else 1.0
        weight = share * trait.weight * found.weight
        yield _one(trait, found.kind, weight, _cap(found.said), found.facts)


# What a picture of several makings shows, and a chat's screen honestly is one.
_ONE_MAKING = frozenset(
    {"trace.picture.strange_part", "trace.picture.strange_paper", "trace.picture.off_line",
     "trace.picture.typed_upon", "trace.picture.typeface"}
)  # fmt: skip
# Those that saving once more leaves where something was compressed before.
_OF_SAVING = frozenset({"trace.picture.strange_part", "trace.picture.strange_paper"})
# Told of files from editors alone. Names, clocks and stamps are often set otherwise.
_ODD = "trace.picture.odd_figures"
# Paper before a camera or in a scanner is never quite level or flat; and pages set words of another
# size or script off the line: in a line without figures too little is stated to be worth an edit.
# Nor is what looks like a word's box on a photograph and was read as none, nor what a camera's app
# printed over it.
_OF_WRITING = frozenset(
    {
        "trace.picture.off_line",
        "trace.picture.typed_upon",
        "trace.picture.strange_paper",
        "trace.picture.typeface",
    }
)
_SEEN, _OF_SEEN = frozenset({FileKind.PHOTO, FileKind.SCAN}), 0.5
# What a page that tells one story cannot say; messages between pictures tell several.
_ONE_STORY = frozenset({"order", "twice"})
_OF_MANY = 0.6
# How much of an editor's name counts where nothing but a trace of saving stands beside it.
_BESIDE_PIXELS = 0.5


def _composed(facts: Facts) -> bool:
    """Whether it is a chat's own screen, rather than a picture that was sent in one."""
    kind = kind_of(facts)
    seen = any(fact.name == "picture.trait" for fact in kind.facts)
    return kind.kind is FileKind.CHAT_SCREENSHOT and seen


def _one(
    trait: Trait, kind: str, weight: float, sentence: str, facts: tuple[Fact, ...]
) -> _Weighed:
    return _Weighed(trait.together or kind, weight, trait.finding.saying(sentence, *facts))


def contradictions_of(facts: Facts) -> Iterator[Contradiction]:
    """What the item says that cannot be, by whatever readers read of it."""
    lines = lines_of(facts)
    yield from weekdays.weekdays(lines)
    yield from numbers.check_digits(facts, lines)
    yield from numbers.barcodes(facts, lines)
    told = events.events_of(facts, lines)
    parcels = max(len(set(facts.values("shipment.tracking_number"))), _orders(facts, told))
    cells = histories.cells_of(facts)
    disordered = list(sequence.out_of_order(told, parcels=parcels))
    if not disordered and parcels <= 1:
        disordered = list(histories.out_of_column(cells, told))
    yield from disordered
    shown = [*told, *histories.deliveries(cells, told)]
    yield from retellings.told_twice(shown, parcels=parcels, dated=retellings.dated_places(facts))
    yield from made_before.made_before(facts, told)
    yield from made_before.sent_before(facts, told)
    yield from stamps.stamps(facts, lines)
    yield from totals.totals(lines)


def _orders(facts: Facts, told: Sequence[events.Event]) -> int:
    """How many orders a list tells of: as many as it has numbers, each placed on a day of its own.

    One order may have two numbers, a shop's and a platform's.
    """
    placed = {min(one.days) for one in told if one.step == events.ORDERED}
    numbers = {*facts.values("order.id"), *facts.values("order.alias")}
    return min(len(numbers), len(placed))


def _sentence(fact: Fact) -> str:
    return _cap(fact.text)


def _cap(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else text
