"""Do all items speak of the same order? What each finding says, rests on and asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.verdicts import Finding, Severity, Verdict
from tests.verifiers.evidence_of import NEIGHBOUR, NUMBER, ORDER, OTHER_NUMBER, item, said, sha_of
from tests.verifiers.matched import (
    BASE,
    ERP,
    HONEST,
    PLATFORM,
    POD,
    TRACKING,
    erp,
    judge,
    platform,
    ups,
)

ROW2 = (erp("order.id", NEIGHBOUR, "row/2"), erp("shipment.tracking_number", OTHER_NUMBER, "row/2"))


def found(code: str, *facts: Fact, items: tuple[SealedItem, ...] = BASE) -> Finding:
    _, findings = judge(*facts, items=items)
    (one,) = [finding for finding in findings if finding.code == code]
    return one


def sentences(code: str, *facts: Fact, items: tuple[SealedItem, ...] = BASE) -> list[str]:
    _, findings = judge(*facts, items=items)
    return [finding.sentence for finding in findings if finding.code == code]


@pytest.mark.parametrize("role", [Role.MESSAGE_MAIL, Role.POD_PHOTO, Role.ORDER_RECORD])
def test_an_item_that_names_nothing_is_pointed_at_as_a_whole(role: Role) -> None:
    silent = item("silent", role, origin="buyer")
    one = _loose(silent)
    assert one.rests == ((silent.sha256, "item:"),)
    assert one.sentence == (f"An item of buyer ({role}) names neither the order nor its parcel.")
    assert one.do and one.severity is Severity.NOTE


def _loose(silent: SealedItem) -> Finding:
    _, findings = judge(*HONEST, items=(*BASE, silent))
    (one,) = [finding for finding in findings if "names neither" in finding.sentence]
    return one


def test_what_need_name_nothing_is_left_alone() -> None:
    for role in (Role.EXCHANGE, Role.DEFECT_NOTICE, Role.CAPTURE_PAGE, Role.PAYMENT_RECORD):
        _, findings = judge(*HONEST, items=(*BASE, item("silent", role)))
        assert not [finding for finding in findings if "names neither" in finding.sentence]


def test_a_tie_says_by_how_many_origins() -> None:
    tied = found("parcel-tied", *HONEST)
    assert tied.sentence == f"Parcel {NUMBER} and the order are named together by 1 origin: seller."
    only = found("tie-rests-on-one-origin", *HONEST)
    assert only.sentence == f"Only seller ties parcel {NUMBER} to the order."
    both = found("parcel-tied", *HONEST, platform("shipment.tracking_number", NUMBER))
    assert both.sentence == (
        f"Parcel {NUMBER} and the order are named together by 2 origins: amazon, seller."
    )
    assert (sha_of("erp"), "json:/row/1/shipment.tracking_number") in both.rests


def test_a_stranger_and_a_neighbour_are_told_apart() -> None:
    proof = said("shipment.tracking_number", OTHER_NUMBER, by="ups", item="pod")
    stranger = found("parcel-not-of-order", *HONEST, proof, items=(*BASE, POD))
    assert stranger.sentence == (
        f"An item of ups speaks of parcel {OTHER_NUMBER}; the records tie the order to {NUMBER}."
    )
    facts = (*HONEST, *ROW2, proof)
    neighbour = found("parcel-of-other-order", *facts, items=(*BASE, POD))
    assert neighbour.sentence == f"Parcel {OTHER_NUMBER} belongs to another order by the records."
    assert judge(*facts, items=(*BASE, POD))[0] is Verdict.FAIL


def test_without_a_carrier_no_parcel_is_named() -> None:
    facts = [fact for fact in HONEST if fact.origin != "ups"]
    none = found("no-parcel", *facts, items=(PLATFORM, ERP))
    assert none.sentence == "No item of a carrier names a parcel."
    untied = found(
        "parcel-not-tied", platform("order.id", ORDER.id), ups("shipment.tracking_number", NUMBER)
    )
    assert untied.sentence == f"Nothing names parcel {NUMBER} and the order together."


SHARED = (erp("order.id", NEIGHBOUR, "row/2"), erp("shipment.tracking_number", NUMBER, "row/2"))


def test_a_parcel_of_two_orders_is_told_with_the_other() -> None:
    shared = found("parcel-shared", *HONEST, *SHARED)
    assert shared.sentence == f"Parcel {NUMBER} is named for this order and for {NEIGHBOUR}."
    more = tuple(
        fact
        for number in range(4)
        for fact in (
            erp("order.id", f"111-000000{number}-0000000", f"row/{number + 3}"),
            erp("shipment.tracking_number", NUMBER, f"row/{number + 3}"),
        )
    )
    named = found("parcel-shared", *HONEST, *more).sentence.partition("and for ")[2]
    assert named == "111-0000000-0000000, 111-0000001-0000000, 111-0000002-0000000."


@pytest.mark.parametrize(
    ("name", "mine", "theirs", "two"),
    [
        ("shipment.recipient.name", "Jane Doe", "Robert Miller", True),
        ("shipment.recipient.name", "Jane Doe", "DOE JANE", False),
        ("shipment.recipient.postal_code", "63101", "75201", True),
        ("shipment.recipient.postal_code", "63101", "63101-1234", False),
    ],
)
def test_one_parcel_cannot_have_gone_to_two(
    name: str, mine: str, theirs: str, *, two: bool
) -> None:
    facts = (*HONEST, *SHARED, erp(name, mine, "row/1"), erp(name, theirs, "row/2"))
    expected = [
        f"Parcel {NUMBER} is named for this order and for {NEIGHBOUR}:"
        f" sent to “{mine}” and to “{theirs}”."
    ]
    assert sentences("parcel-of-two-recipients", *facts) == expected * two
    assert len(sentences("parcel-shared", *facts)) == (not two)


def test_a_foreign_item_is_told_with_what_it_names() -> None:
    other = item("other", Role.DOCUMENT, origin="shop")
    names = said("order.id", NEIGHBOUR, by="shop", item="other")
    foreign = found("foreign-order", *HONEST, names, items=(*BASE, other))
    assert foreign.sentence == (f"An item of shop (document) names {NEIGHBOUR}, not {ORDER.id}.")
    assert foreign.rests == ((other.sha256, str(names.locator)),)


@pytest.mark.parametrize(
    ("number", "code", "sentence"),
    [
        ("1Z12345E0291980793", "test-number",
         "1Z12345E0291980793 is one of UPS's published test numbers."),
        (NUMBER[:-1] + "8", "check-digit-wrong", f"{NUMBER[:-1]}8 fails UPS's check digit."),
    ],
)  # fmt: skip
def test_a_number_that_no_parcel_has_is_told(number: str, code: str, sentence: str) -> None:
    facts = [replace(f, value=number) if f.value == NUMBER else f for f in HONEST]
    assert sentences(code, *facts) == [sentence]
    assert sentences(code, *HONEST) == []


@pytest.mark.parametrize(
    ("fact", "code", "sentence"),
    [
        (ups("delivery.country", "DE"), "other-site",
         "The order is of the site US; the parcel went to DE."),
        (ups("shipment.recipient.country", "Germany"), "other-site",
         "The order is of the site US; the parcel went to DE."),
        (platform("shipment.recipient.country", "DE"), "other-site", ""),
        (platform("delivery.country", "DE"), "other-site",
         "The order is of the site US; the parcel went to DE."),
        (ups("delivery.country", "PR"), "other-site", ""),
        (ups("delivery.country", "Atlantis"), "other-site", ""),
    ],
)  # fmt: skip
def test_where_the_parcel_went_is_held_against_the_site(
    fact: Fact, code: str, sentence: str
) -> None:
    honest = [f for f in HONEST if not f.name.endswith("country")]
    _, findings = judge(*honest, fact)
    told = [f.sentence for f in findings if f.sentence.startswith("The order is of the site")]
    assert told == [sentence] * bool(sentence)
    _, again = judge(
        *honest, fact, replace(fact, locator=said("order.id", "1", by="x", item="y").locator)
    )
    told = [f.sentence for f in again if f.sentence.startswith("The order is of the site")]
    assert told == [sentence] * bool(sentence)  # a country is told once


def test_parcels_that_a_carrier_lists_together_are_told_with_the_one_that_is_tied() -> None:
    beside = ups("shipment.tracking_number", OTHER_NUMBER, "second")
    one = found("parcel-shipped-together", *HONEST, beside)
    assert one.sentence == f"ups lists parcel {OTHER_NUMBER} in one shipment with {NUMBER}."
    uploaded = replace(TRACKING, provenance=str(Provenance.UPLOAD))
    assert (
        sentences("parcel-shipped-together", *HONEST, beside, items=(PLATFORM, ERP, uploaded)) == []
    )


def test_an_answer_to_a_mail_about_the_order_is_about_it_and_to_another_is_not() -> None:
    asked = item("asked", Role.MESSAGE_MAIL, origin="buyer")
    answer = item("answer", Role.MESSAGE_MAIL, origin="seller")
    mail = (
        said("message.subject", f"Where is {ORDER.id}?", by="buyer", item="asked"),
        said("message.id", "<1@a.test>", by="buyer", item="asked"),
        said("message.id", "<9@a.test>", by="seller", item="answer"),
    )

    def loose(reply_to: str) -> set[str]:
        reply = said("message.reply_to", reply_to, by="seller", item="answer")
        _, findings = judge(*HONEST, *mail, reply, items=(*BASE, asked, answer))
        told = [one for one in findings if one.code == "item-names-no-order"]
        return {sha for one in told for sha, _ in one.rests}

    assert loose("<1@a.test>") == set()
    assert loose("<2@a.test>") == {answer.sha256}
    assert loose("<9@a.test>") == {answer.sha256}  # to itself


def test_a_tie_shows_the_reference_that_it_rests_on() -> None:
    alone = [fact for fact in HONEST if fact.item != ERP.sha256]
    reference = ups("shipment.reference", ORDER.id)
    _, findings = judge(*alone, reference)
    (tied,) = [one for one in findings if one.code == "parcel-tied"]
    assert (TRACKING.sha256, str(reference.locator)) in tied.rests


def test_what_a_scan_tells_of_the_place_completes_the_recipient_of_its_parcel() -> None:
    bare = [fact for fact in HONEST if fact.item != TRACKING.sha256]
    answer = (
        ups("shipment.tracking_number", NUMBER, "parcel/1"),
        ups("shipment.recipient.name", "JANE DOE", "parcel/1"),
        ups("delivery.city", "St. Louis", "parcel/1/scan/3"),
        ups("delivery.postal_code", "63101", "parcel/1/scan/3"),
        ups("delivery.city", "Dallas", "parcel/1/scan/4"),  # the first is the newest
    )
    _, findings = judge(*bare, *answer)
    (weighed,) = [one for one in findings if one.code == "recipient-weighed"]
    assert "name +12.0, city +6.0, postal code +7.0" in weighed.sentence
    assert weighed.sentence.startswith("ups's recipient and that of amazon agree by 25.0 bits")
    assert len(weighed.rests) == 3 + 5
