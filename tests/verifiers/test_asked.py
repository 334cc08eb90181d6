"""Does each item speak of what it was asked for? What it names, nearly names, and does not name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.facts import Fact
from evidence.items import Role
from evidence.verdicts import Finding, Verdict
from tests.verifiers.evidence_of import NEIGHBOUR, NUMBER, ORDER, OTHER_NUMBER, facts_of, item, said
from verifiers.matching.asked import verify

ABOUT = {"order": "order.id", "number": "shipment.tracking_number", "site": "order.site"}
V = Verdict


def of(name: str, value: str, confidence: float = 1.0) -> Fact:
    return replace(said(name, value, by="ups", item="page"), confidence=confidence)


def order(value: str, confidence: float = 1.0) -> Fact:
    return of("order.id", value, confidence)


def parcel(value: str, confidence: float = 1.0) -> Fact:
    return of("shipment.tracking_number", value, confidence)


ENGINE = of("reading.engine", "an OCR")


def judged(*facts: Fact, **about: str) -> tuple[Verdict, list[Finding]]:
    page = item("page", Role.DOCUMENT, about={ABOUT[key]: value for key, value in about.items()})
    verdict, findings = verify(items=[page], facts=facts_of(*facts), order=ORDER)
    return verdict, list(findings)


def answer(*facts: Fact, **about: str) -> tuple[Verdict, list[str]]:
    verdict, findings = judged(*facts, **about)
    return verdict, [finding.code.removeprefix("asked-") for finding in findings]


NAMED, DIFFERS, ABSENT = (
    (V.PASS, ["order-named"]), (V.FAIL, ["order-differs"]), (V.INCONCLUSIVE, ["order-absent"])
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "facts", "expected"),
    [
        (ORDER.id, [order(ORDER.id)], NAMED),
        (ORDER.id, [order(f"  {ORDER.id.replace('-', ' ')} ")], NAMED),
        (ORDER.id, [of("order.alias", ORDER.id)], NAMED),
        (ORDER.id, [of("shipment.reference", ORDER.id)], NAMED),
        (ORDER.id, [order(NEIGHBOUR), order(ORDER.id)], NAMED),
        (ORDER.id, [order(NEIGHBOUR)], DIFFERS),
        (ORDER.id, [of("shipment.reference", NEIGHBOUR)], ABSENT),  # it may be another name
        (ORDER.id, [order("#1001")], ABSENT),  # a number of another shape
        ("#1001", [order("1001")], NAMED),
        ("#1001", [order("1002")], DIFFERS),
        ("#1001", [of("order.alias", "1002")], DIFFERS),
        ("#1001", [of("shipment.reference", "1002")], DIFFERS),
        ("#1001", [order(ORDER.id)], ABSENT),
        ("ABC-1", [order("abc1")], NAMED),
        (ORDER.id, [], ABSENT),
        # What was recognised may be one sign off, or cut short.
        (ORDER.id, [order(ORDER.id[:-1] + "9", 0.74)], ABSENT),
        (ORDER.id, [order(ORDER.id[:-1] + "9", 0.75)], DIFFERS),
        (ORDER.id, [order(ORDER.id[:-2] + "99", 0.5)], DIFFERS),
        ("AB12345678", [order("AB1234567890", 0.5)], DIFFERS),
        ("AB12345678", [order("AB123456789", 0.5)], ABSENT),
        ("AB12345678", [order("AB123456")], ABSENT),
        ("AB12345678", [order("AB12345")], DIFFERS),
        ("AB12345678", [order("B12345678")], DIFFERS),
        # A letter that looks like a figure, where the text was recognised.
        ("OQILSBZ1", [order("001158Z1")], DIFFERS),
        ("OQILSBZ1", [ENGINE, order("0011582I")], NAMED),
        ("OQILSBZ1", [ENGINE, order("0011583I")], DIFFERS),
    ],
)
def test_an_order_is_named_differs_or_is_absent(
    asked: str, facts: list[Fact], expected: tuple[Verdict, list[str]]
) -> None:
    assert answer(*facts, order=asked) == expected


@pytest.mark.parametrize(
    ("asked", "facts", "expected"),
    [
        (NUMBER, [parcel(NUMBER)], (V.PASS, ["number-named"])),
        (NUMBER, [parcel("1z5r8 9390-3575 67127")], (V.PASS, ["number-named"])),
        (NUMBER, [parcel(OTHER_NUMBER), parcel(NUMBER)], (V.PASS, ["number-named"])),
        # The same parcel of USPS, with and without its ZIP code.
        (
            "9205590164917312751089",
            [parcel("420200029205590164917312751089")],
            (V.PASS, ["number-named"]),
        ),
        (NUMBER, [parcel(OTHER_NUMBER)], (V.FAIL, ["number-differs"])),
        (NUMBER, [parcel(NUMBER[:12])], (V.INCONCLUSIVE, ["number-absent"])),
        (NUMBER, [parcel(NUMBER[:-1] + "8", 0.7)], (V.INCONCLUSIVE, ["number-absent"])),
        (NUMBER, [parcel(NUMBER[:-1] + "8")], (V.FAIL, ["number-differs"])),
        (NUMBER, [order(NUMBER)], (V.INCONCLUSIVE, ["number-absent"])),
        (NUMBER, [], (V.INCONCLUSIVE, ["number-absent"])),
    ],
)
def test_a_parcels_number_is_named_differs_or_is_absent(
    asked: str, facts: list[Fact], expected: tuple[Verdict, list[str]]
) -> None:
    assert answer(*facts, number=asked) == expected


def toward(country: str) -> Fact:
    return of("delivery.country", country)


def sent_to(country: str) -> Fact:
    return of("shipment.recipient.country", country)


def page_of(country: str) -> Fact:
    return of("order.site", country)


def shows(country: str) -> Fact:
    return of("document.country", country)


AGREES, OTHER, OPEN = (
    (V.PASS, ["site-agrees"]), (V.FAIL, ["site-differs"]), (V.INCONCLUSIVE, ["site-open"])
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "facts", "expected"),
    [
        ("US", [toward("US")], AGREES),
        ("US", [sent_to("United States")], AGREES),
        ("US", [toward("PR")], AGREES),
        ("GB", [toward("UK")], AGREES),
        ("US", [toward("CA")], OTHER),
        ("US", [toward("CA"), sent_to("US")], AGREES),
        # Where it went says more than whose page it is.
        ("US", [page_of("CA"), toward("US")], AGREES),
        ("US", [page_of("US"), toward("CA")], OTHER),
        ("US", [page_of("US")], AGREES),
        ("US", [page_of("CA")], OTHER),
        ("US", [shows("US")], AGREES),
        ("US", [shows("DE")], OTHER),
        # Of several countries on a page nobody knows which; nor of one where goods come from.
        ("US", [shows("DE"), shows("US")], OPEN),
        ("US", [shows("CN")], OPEN),
        ("US", [shows("HK"), shows("US")], AGREES),
        ("US", [shows("CN"), shows("DE")], OTHER),
        ("CN", [toward("CN")], AGREES),
        ("US", [shows("US"), toward("Atlantis")], OPEN),
        ("US", [], OPEN),
        # The single market, and members that have a site of their own.
        ("DE", [toward("AT")], OPEN),
        ("DE", [toward("FR")], OTHER),
        ("DE", [toward("AT"), toward("FR")], OPEN),
        ("DE", [toward("CH")], OTHER),
        ("FR", [toward("MC")], AGREES),
    ],
)
def test_a_site_agrees_differs_or_stays_open(
    asked: str, facts: list[Fact], expected: tuple[Verdict, list[str]]
) -> None:
    assert answer(*facts, site=asked) == expected


@pytest.mark.parametrize(
    ("facts", "code", "verdict"),
    [
        ([order(ORDER.id), parcel(NUMBER), toward("FR")], "site-abroad", V.INCONCLUSIVE),
        ([order(ORDER.id), parcel(NUMBER), toward("US")], "site-differs", V.FAIL),
        ([order(ORDER.id), toward("FR")], "site-differs", V.FAIL),
        ([parcel(NUMBER), toward("FR")], "site-differs", V.FAIL),
        ([order(ORDER.id), parcel(NUMBER), toward("DE")], "site-agrees", V.PASS),
    ],
)
def test_who_is_tied_by_both_numbers_may_have_bought_across_a_border(
    facts: list[Fact], code: str, verdict: Verdict
) -> None:
    got, codes = answer(*facts, order=ORDER.id, number=NUMBER, site="DE")
    assert (got, codes[-1]) == (verdict, code)


def test_only_one_number_that_was_asked_for_does_not_tie() -> None:
    facts = [order(ORDER.id), parcel(NUMBER), toward("FR")]
    assert answer(*facts, order=ORDER.id, site="DE")[1] == ["order-named", "site-differs"]
    assert answer(*facts, number=NUMBER, site="DE")[1] == ["number-named", "site-differs"]


def test_each_finding_says_what_was_asked_and_what_stands_there() -> None:
    cases = [
        (judged(order(ORDER.id), order=ORDER.id), f"It names the order {ORDER.id}."),
        (
            judged(order(NEIGHBOUR), order=ORDER.id),
            f"It names the order {NEIGHBOUR}, not {ORDER.id}.",
        ),
        (judged(order=ORDER.id), f"It names no order, so not {ORDER.id} either."),
        (judged(parcel(NUMBER), number=NUMBER), f"It shows the number {NUMBER}."),
        (judged(parcel(OTHER_NUMBER), number=NUMBER), f"It shows {OTHER_NUMBER}, not {NUMBER}."),
        (judged(number=NUMBER), f"No number that can be {NUMBER} could be read on it."),
        (judged(toward("US"), site="US"), "It went to US, as the order."),
        (judged(page_of("CA"), site="US"), "It is of the site CA; the order is of the site US."),
        (judged(shows("us"), site="US"), "It shows US, as the order."),
        (judged(site="US"), "Nothing on it says whether it belongs to the site US."),
    ]
    for (_, (finding,)), sentence in cases:
        assert finding.sentence == sentence
        absent = "no order" in sentence or "Nothing" in sentence or "No number" in sentence
        assert len(finding.rests) == (0 if absent else 1)
    near = judged(parcel(NUMBER[:12]), number=NUMBER)[1][0]
    assert len(near.rests) == 1


def test_nothing_asked_is_not_applicable_and_each_item_answers_for_itself() -> None:
    assert judged(order(NEIGHBOUR)) == (V.NOT_APPLICABLE, [])
    one = item("page", Role.DOCUMENT, about={"order.id": ORDER.id})
    other = item("other", Role.DOCUMENT, about={"order.id": ORDER.id})
    facts = facts_of(order(ORDER.id), said("order.id", NEIGHBOUR, by="x", item="other"))
    verdict, findings = verify(items=[one, one, other], facts=facts, order=ORDER)
    assert verdict is V.FAIL
    assert [finding.code for finding in findings] == ["asked-order-named", "asked-order-differs"]
    verdict, findings = verify(items=[one, other], facts=facts_of(order(ORDER.id)), order=ORDER)
    assert verdict is V.INCONCLUSIVE


def row(number: int, *facts: Fact) -> list[Fact]:
    return [replace(fact, group=f"row/{number}") for fact in facts]


OURS = row(2, order(ORDER.id), parcel(NUMBER), of("delivery.country", "US"))
THEIRS = row(3, order(NEIGHBOUR), parcel(OTHER_NUMBER), of("delivery.country", "GB"))


def test_a_row_of_another_order_says_nothing_of_this_one() -> None:
    both = [*THEIRS, *OURS]
    assert answer(*both, order=ORDER.id, number=NUMBER, site="US") == (
        V.PASS, ["order-named", "number-named", "site-agrees"]
    )  # fmt: skip
    # The neighbour's number is on the page, but in the neighbour's row.
    assert answer(*both, order=ORDER.id, number=OTHER_NUMBER) == (
        V.FAIL, ["order-named", "number-differs"]
    )  # fmt: skip
    assert answer(*both, order=ORDER.id, site="GB") == (V.FAIL, ["order-named", "site-differs"])
    assert answer(*both, number=OTHER_NUMBER, site="GB") == (
        V.PASS, ["number-named", "site-agrees"]
    )  # fmt: skip


def test_where_nothing_that_was_asked_for_is_named_all_rows_are_shown() -> None:
    assert answer(*THEIRS, order=ORDER.id) == DIFFERS
    assert answer(*THEIRS, order=ORDER.id, number=OTHER_NUMBER) == (
        V.FAIL, ["order-differs", "number-named"]
    )  # fmt: skip
    # What stands in no row is of all of them.
    page = [order(ORDER.id), *row(2, parcel(NUMBER)), *row(3, parcel(OTHER_NUMBER))]
    assert answer(*page, order=ORDER.id, number=NUMBER)[0] is V.PASS
