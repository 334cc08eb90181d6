"""Does each item bear the mark of the carrier whose number it shows?

Reads     `document.mark`, `document.portal`, tracking numbers and barcodes.
Assumes   that a name in running text can be somebody else's: only all mentions together decide.
          Logos are not looked at; a name drawn as a picture is read like any text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.facts import Fact, Facts
from evidence.manifest import SealedItem
from evidence.tracking_numbers import CARRIERS, Likeness, identify, likeness
from evidence.verdicts import Answer, Finding, Severity, Verdict

_AGREES = Finding.good("carrier-mark-agrees")
_DIFFERS = Finding.grave(
    "carrier-mark-differs", do="Get the proof from the carrier that the number belongs to."
)
_ABSENT = Finding.note(
    "carrier-mark-absent", do="Send the carrier's own export: reviewers ask for its mark."
)
_UNSURE = Finding.note(
    "carrier-mark-open", do="Look at the item yourself; say whose document it is."
)

# The least that all mentions of a carrier must come to, and its lead over the next.
_ENOUGH, _LEAD = 0.55, 0.12
# What a brand's name in a heading comes to, beside its house's, and in a sentence does not.
_BRAND = 0.42
# Posts and their brands: the mark of one on a number of the other is no contradiction.
_FAMILIES = (
    frozenset({"dhl", "deutsche_post"}), frozenset({"la_poste", "colissimo", "chronopost"}),
    frozenset({"china_post", "china_ems"}), frozenset({"royal_mail", "parcelforce"}),
    frozenset({"hermes", "evri"}), frozenset({"fedex", "tnt"}), frozenset({"ontrac", "lasership"}),
    frozenset({"postnord_sweden", "postnord_denmark"}), frozenset({"australia_post", "startrack"}),
    frozenset({"poste_italiane", "sda"}),
)  # fmt: skip
# Of these, the posts that give their name to all of them.
_HOUSES = frozenset({"la_poste", "deutsche_post", "china_post"})


@dataclass(frozen=True, slots=True)
class Borne:
    """The carrier or portal that an item shows; `name` is None where nothing decides."""

    name: str | None
    confidence: float = 0.0
    facts: tuple[Fact, ...] = ()


def carrier_of(facts: Facts) -> Borne:
    """Whose document one item is by its marks; by its numbers where it bears none."""
    numbers = facts.named("shipment.tracking_number")
    sure = _carriers_of(numbers)
    marks = [mark for mark in facts.named("document.mark") if _can_be(mark.text, numbers)]
    scores, by = _scores(marks)
    for carrier in sure:
        if carrier in scores:
            scores[carrier] = 1 - (1 - scores[carrier]) * 0.5
    ranked = sorted(scores, key=lambda name: -scores[name])
    if ranked and scores[ranked[0]] >= _ENOUGH:
        lead = scores[ranked[0]] - (scores[ranked[1]] if len(ranked) > 1 else 0.0)
        name = ranked[0]
        akin = len(ranked) > 1 and _akin(*ranked[:2])
        if akin and name in _HOUSES and scores[ranked[1]] >= _BRAND:
            name = ranked[1]  # "La Poste Colissimo" names a house and its brand
        if not akin and lead < _LEAD:
            # A parcel that several carry: the one who numbers it, not the one it was handed to.
            near = [one for one in ranked if scores[ranked[0]] - scores[one] < _LEAD]
            numbered = [one for one in near if one in sure]
            if len(numbered) != 1:
                return Borne(None)
            (name,) = numbered
        return Borne(name, round(scores[name], 2), tuple(by[name][:3]))
    if len(sure) == 1:
        (carrier,) = sure
        return Borne(carrier, 0.6, tuple(sure[carrier][:1]))
    of_one = all(_akin(ranked[0], other) for other in ranked[1:])
    if ranked and of_one and scores[ranked[0]] >= 0.28:
        return Borne(ranked[0], round(scores[ranked[0]], 2), tuple(by[ranked[0]][:3]))
    return Borne(None)


def _can_be(carrier: str, numbers: Sequence[Fact]) -> bool:
    """EMS is a name that many posts share: only a number says whose it is."""
    return carrier != "china_ems" or any(
        one.carrier == carrier for fact in numbers for one in identify(fact.text).possible
    )


def portal_of(facts: Facts) -> Borne:
    """The platform or portal that one item shows."""
    scores, by = _scores(facts.named("document.portal"))
    ranked = sorted(scores, key=lambda name: -scores[name])
    if not ranked or scores[ranked[0]] < 0.45:
        return Borne(None)
    return Borne(ranked[0], round(scores[ranked[0]], 2), tuple(by[ranked[0]][:3]))


def _scores(marks: Sequence[Fact]) -> tuple[dict[str, float], dict[str, list[Fact]]]:
    scores: dict[str, float] = {}
    by: dict[str, list[Fact]] = {}
    for mark in marks:
        by.setdefault(mark.text, []).append(mark)
    for name, mentions in by.items():
        left = 1.0
        # The tenth mention of a name tells no more than the third.
        for fact in sorted(mentions, key=lambda one: -one.confidence)[:3]:
            left *= 1 - fact.confidence
        scores[name] = 1 - left
        by[name] = sorted(mentions, key=lambda one: -one.confidence)
    return scores, by


def _carriers_of(numbers: Sequence[Fact]) -> dict[str, list[Fact]]:
    """Carriers whose alone the numbers can be."""
    found: dict[str, list[Fact]] = {}
    for fact in numbers:
        certain = {
            one.carrier for one in identify(fact.text).possible if one.likeness is Likeness.CERTAIN
        }
        if len(certain) == 1:
            found.setdefault(certain.pop(), []).append(fact)
    return found


def _akin(first: str, second: str) -> bool:
    return any({first, second} <= family for family in _FAMILIES)


def verify(*, items: Sequence[SealedItem], facts: Facts, **_: object) -> Answer:
    """Hold each item's mark against its numbers.

    pass            every item that shows a number bears its carrier's mark
    fail            one bears a carrier's mark, and its number can only be another's
    inconclusive    a mark or its owner is not clear
    not_applicable  no item shows a tracking number or a mark
    """
    findings = [
        finding
        for sha256 in dict.fromkeys(item.sha256 for item in items)
        for finding in _of_item(facts.of_item(sha256))
    ]
    if any(finding.severity is Severity.GRAVE for finding in findings):
        return Verdict.FAIL, findings
    if not findings:
        return Verdict.NOT_APPLICABLE, []
    if all(finding.severity is Severity.GOOD for finding in findings):
        return Verdict.PASS, findings
    return Verdict.INCONCLUSIVE, findings


def _of_item(facts: Facts) -> Iterator[Finding]:
    if not facts.named("document.text"):
        return
    numbers = facts.named("shipment.tracking_number")
    marks = facts.named("document.mark")
    borne = carrier_of(facts)
    marked = borne.name is not None and any(f.name == "document.mark" for f in borne.facts)
    if not numbers and not marked and (borne.name is not None or not marks):
        return
    if borne.name is None:
        if marks:
            names = ", ".join(facts.values("document.mark")[:4])
            said = f"It bears marks of {names}, and none stands out."
            yield _UNSURE.saying(said, *(numbers[:1] or marks[:4]))
        else:
            yield _ABSENT.saying("It bears no carrier's mark that could be read.", *numbers[:1])
        return
    called = CARRIERS.get(borne.name, borne.name)
    if not marked:
        said = f"It bears no carrier's mark; its number is one of {called}."
        yield _ABSENT.saying(said, *borne.facts, *numbers[:1])
        return
    if not numbers:
        yield _UNSURE.saying(f"It bears the mark of {called}, and shows no number.", *borne.facts)
        return
    fitting = [fact for fact in numbers if _fits(fact.text, borne.name)]
    if fitting:
        said = f"It bears the mark of {called}, whose number {fitting[0].text} can be."
        yield _AGREES.saying(said, *borne.facts, fitting[0])
        return
    others = _carriers_of(numbers)
    foreign = [name for name in others if not _akin(name, borne.name)]
    if foreign and borne.confidence >= 0.7:
        whose = CARRIERS[foreign[0]]
        number = others[foreign[0]][0]
        said = f"It bears the mark of {called}; its number {number.text} is one of {whose}."
        yield _DIFFERS.saying(said, *borne.facts, number)
        return
    said = f"It bears the mark of {called}; nothing says whose {numbers[0].text} is."
    yield _UNSURE.saying(said, *borne.facts, numbers[0])


def _fits(number: str, carrier: str) -> bool:
    return carrier not in CARRIERS or likeness(number, carrier) is not Likeness.NO
