"""Whose document is it? Marks against numbers: who agrees, who contradicts, and what stays open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.facts import Fact
from evidence.items import Role
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import NUMBER, facts_of, item, said
from tests.verifiers.read_lines import said as lines_said
from verifiers.marks.carrier import Borne, carrier_of, portal_of, verify

POD = item("pod", Role.POD_DOCUMENT)
TEXT = said("document.text", "delivered", by="seller", item="pod")
SWEDISH, EMS, SHARED = "RR473124829SE", "EE123456785CN", "123456789012"


def mark(name: str, confidence: float, *, of: str = "pod") -> Fact:
    return replace(said("document.mark", name, by="seller", item=of), confidence=confidence)


def number(text: str, *, of: str = "pod") -> Fact:
    return said("shipment.tracking_number", text, by="seller", item=of)


def judged(*facts: Fact) -> tuple[Verdict, list[str]]:
    verdict, findings = verify(items=(POD, POD), facts=facts_of(*facts))
    return verdict, [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("facts", "verdict", "codes"),
    [
        ([mark("ups", 0.9), number(NUMBER)], Verdict.PASS, ["carrier-mark-agrees"]),
        ([mark("ups", 0.9), number(SWEDISH)], Verdict.FAIL, ["carrier-mark-differs"]),
        ([mark("ups", 0.6), number(SWEDISH)], Verdict.INCONCLUSIVE, ["carrier-mark-open"]),
        ([mark("ups", 0.9), number(SHARED)], Verdict.PASS, ["carrier-mark-agrees"]),
        ([mark("ups", 0.9), number("AB12")], Verdict.INCONCLUSIVE, ["carrier-mark-open"]),
        ([mark("ups", 0.9)], Verdict.INCONCLUSIVE, ["carrier-mark-open"]),
        ([number(NUMBER)], Verdict.INCONCLUSIVE, ["carrier-mark-absent"]),
        ([number(SHARED)], Verdict.INCONCLUSIVE, ["carrier-mark-absent"]),
        ([mark("ups", 0.8), mark("fedex", 0.75)], Verdict.INCONCLUSIVE, ["carrier-mark-open"]),
        ([], Verdict.NOT_APPLICABLE, []),
    ],
    ids=[
        "its own number", "another carrier's number", "a faint mark, another's number",
        "a number that several could have written", "a number of nobody's", "no number",
        "a number alone", "a shared number alone", "two marks, no number", "neither",
    ],
)  # fmt: skip
def test_a_mark_is_held_against_the_numbers(
    facts: list[Fact], verdict: Verdict, codes: list[str]
) -> None:
    assert judged(TEXT, *facts) == (verdict, codes)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ([mark("ups", 0.9), number(NUMBER)],
         f"It bears the mark of UPS, whose number {NUMBER} can be."),
        ([mark("ups", 0.9), number(SWEDISH)],
         f"It bears the mark of UPS; its number {SWEDISH} is one of PostNord Sverige."),
        ([mark("ups", 0.7), number(SWEDISH)],
         f"It bears the mark of UPS; its number {SWEDISH} is one of PostNord Sverige."),
        ([mark("postnord_denmark", 0.9), number("AB12")],
         "It bears the mark of PostNord Danmark; nothing says whose AB12 is."),
        ([mark("sda", 0.9)], "It bears the mark of sda, and shows no number."),
        ([mark("sda", 0.9), number("AB12")],
         "It bears the mark of sda, whose number AB12 can be."),  # we know none of its numbers
        ([number(NUMBER)], "It bears no carrier's mark; its number is one of UPS."),
        ([mark("ups", 0.8), mark("fedex", 0.75)],
         "It bears marks of ups, fedex, and none stands out."),
    ],
)  # fmt: skip
def test_it_is_said_whose_mark_and_whose_number_it_is(facts: list[Fact], sentence: str) -> None:
    _, findings = verify(items=(POD,), facts=facts_of(TEXT, *facts))
    assert [finding.sentence for finding in findings] == [sentence]


def test_the_number_of_a_brand_of_the_same_house_is_no_strangers() -> None:
    """A door tag is FedEx's alone, and TNT is its brand."""
    tag = number("DT123456789012")
    assert judged(TEXT, mark("tnt", 0.9), tag) == (Verdict.INCONCLUSIVE, ["carrier-mark-open"])
    assert judged(TEXT, mark("ups", 0.9), tag) == (Verdict.FAIL, ["carrier-mark-differs"])


def test_an_item_that_was_not_read_says_nothing() -> None:
    assert judged(mark("ups", 0.9), number(SWEDISH)) == (Verdict.NOT_APPLICABLE, [])


def test_two_marks_that_are_alike_strong_decide_nothing_but_brands_of_one_post_do() -> None:
    two = mark("ups", 0.8), mark("fedex", 0.75)
    assert carrier_of(facts_of(*two)) == Borne(None)
    shown = judged(TEXT, *two, number(SWEDISH))
    assert shown == (Verdict.INCONCLUSIVE, ["carrier-mark-open"])
    assert carrier_of(facts_of(mark("dhl", 0.8), mark("deutsche_post", 0.75))).name == "dhl"


def test_a_number_that_only_one_can_have_written_lifts_its_mark_over_a_stronger_one() -> None:
    marks = mark("fedex", 0.7), mark("ups", 0.65)
    assert carrier_of(facts_of(*marks)).name is None
    lifted = carrier_of(facts_of(*marks, number(NUMBER)))
    assert (lifted.name, lifted.confidence) == ("ups", 0.82)


def test_faint_mentions_add_up_and_the_fourth_tells_no_more() -> None:
    faint = [replace(mark("ups", 0.3), locator=TEXT.locator) for _ in range(10)]
    assert carrier_of(facts_of(*faint[:1])) == Borne("ups", 0.3, (faint[0],))
    three, ten = carrier_of(facts_of(*faint[:3])), carrier_of(facts_of(*faint))
    assert three.confidence == ten.confidence == 0.66
    assert len(three.facts) == len(ten.facts) == 3
    assert carrier_of(facts_of(mark("ups", 0.2))) == Borne(None)


def test_of_many_mentions_the_clearest_count() -> None:
    mentions = [
        replace(mark("ups", confidence), locator=TEXT.locator)
        for confidence in (0.1, 0.2, 0.3, 0.8)
    ]
    borne = carrier_of(facts_of(*mentions))
    assert (borne.confidence, borne.facts) == (0.89, tuple(mentions[:0:-1]))


def test_a_number_alone_that_only_one_can_have_written_says_whose_it_is() -> None:
    assert carrier_of(facts_of(number(NUMBER))) == Borne("ups", 0.6, (number(NUMBER),))


def test_ems_is_a_name_of_many_posts_until_a_number_says_whose() -> None:
    ems = mark("china_ems", 0.9)
    assert carrier_of(facts_of(ems)).name is None
    assert carrier_of(facts_of(ems, number(EMS))).name == "china_ems"
    assert carrier_of(facts_of(ems, number(SWEDISH))).name == "postnord_sweden"


def test_a_portal_needs_as_much_as_a_passing_mention_does_not_give() -> None:
    def shown(confidence: float) -> Fact:
        fact = said("document.portal", "amazon", by="seller", item="pod")
        return replace(fact, confidence=confidence)

    assert portal_of(facts_of()) == Borne(None)
    assert portal_of(facts_of(shown(0.44))) == Borne(None)
    assert portal_of(facts_of(shown(0.46))).name == "amazon"
    other = replace(shown(0.9), value="ebay")
    assert portal_of(facts_of(shown(0.5), other)) == Borne("ebay", 0.9, (other,))
    assert portal_of(facts_of(other, shown(0.5))) == Borne("ebay", 0.9, (other,))
    four = [shown(0.5)] * 4
    borne = portal_of(facts_of(*four))
    assert (borne.confidence, len(borne.facts)) == (0.88, 3)


@pytest.mark.parametrize(
    "line", ["Carrier: DHL Leeds", "Transporteur : DHL", "物流公司 DHL", "Versanddienst: DHL"]
)
def test_the_carrier_that_a_label_announces_is_the_carrier(line: str) -> None:
    assert carrier_of(lines_said("Somebody's page", line)).name == "dhl"


def test_a_brand_that_is_an_everyday_word_counts_where_it_is_meant_as_a_name() -> None:
    assert carrier_of(lines_said("Bring")).name == "posten_norge"
    assert carrier_of(lines_said("Collect your parcel", "Carrier: Bring")).name == "posten_norge"
    assert carrier_of(lines_said("Bring your passport to collect it")).name is None


def test_a_name_behind_a_hyphen_is_the_end_of_another_word() -> None:
    assert carrier_of(lines_said("UPS-Sendung", "UPS")).name == "ups"
    assert carrier_of(lines_said("Start-ups and check-ups", "Fix-ups")).name is None
