"""How much weight does the evidence bear? Counted, and never promised."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.policy import Policy
from evidence.verdicts import Finding, Verdict
from tests.verifiers.evidence_of import NUMBER, ORDER, facts_of, item, said
from verifiers.rulebook import policies
from verifiers.strength import verify

A2Z = policies()["amazon.a2z.delivery"]
RECORD = item("record", Role.ORDER_RECORD, origin="amazon")
ERP = item("erp", Role.SHIPMENT_RECORD, origin="seller", provenance=Provenance.UPLOAD)
TRACKING = item("tracking", Role.TRACKING_HISTORY)
WHEN = "2026-11-05T14:32:00Z"
NUMBERS = (
    said("shipment.tracking_number", NUMBER, by="ups", item="tracking"),
    said("shipment.tracking_number", NUMBER, by="amazon", item="record"),
)
DELIVERED = said("scan.delivered.at", WHEN, by="ups", item="tracking")


def judge(
    *facts: Fact, items: tuple[SealedItem, ...] = (RECORD, ERP, TRACKING), policy: Policy = A2Z
) -> tuple[Verdict, dict[str, list[Finding]]]:
    verdict, findings = verify(order=ORDER, items=items, facts=facts_of(*facts), policy=policy)
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    return verdict, by_code


def test_two_independent_origins_stand_firm() -> None:
    theirs = said("scan.delivered.at", WHEN, by="amazon", item="record")
    verdict, codes = judge(*NUMBERS, DELIVERED, theirs)
    assert verdict is Verdict.PASS
    assert len(codes["fact-witnessed"]) == 2


def test_a_row_that_was_copied_from_the_carrier_is_no_second_witness() -> None:
    """Forgery: the same delivery in the carrier's answer, the ERP and a capture of the page."""
    copied = said("scan.delivered.at", WHEN, by="ups", item="erp")
    verdict, codes = judge(*NUMBERS, DELIVERED, copied)
    assert verdict is Verdict.INCONCLUSIVE
    (alone,) = codes["fact-on-one-word"]
    assert "2 items of 1 independent origin: ups" in alone.sentence


def test_the_sellers_own_word_is_named_as_such() -> None:
    own = said("scan.delivered.at", WHEN, by="seller", item="erp")
    verdict, codes = judge(*NUMBERS, own)
    assert (verdict, "fact-on-sellers-word" in codes) == (Verdict.INCONCLUSIVE, True)


def test_what_the_policy_requires_and_nobody_states_is_told() -> None:
    _, codes = judge(*NUMBERS)
    assert any("scan.delivered.at" in f.sentence for f in codes["fact-unstated"])


def test_what_speaks_against_the_seller_is_listed_with_its_words() -> None:
    damaged = said("scan.exception", "damaged in transit", by="ups", item="tracking")
    claimed = said("claim.reason", "never arrived", by="amazon", item="record")
    _, codes = judge(*NUMBERS, DELIVERED, damaged, claimed)
    told = " ".join(finding.sentence for finding in codes["evidence-against"])
    assert "damaged in transit" in told and "never arrived" in told
    assert all(finding.rests for finding in codes["evidence-against"])


@pytest.mark.parametrize(
    ("status", "told"),
    [("UNDELIVERABLE", True), ("Not delivered", True), ("Lost", True), ("未妥投", True),
     ("Delivered", False), ("closed", False)],
)  # fmt: skip
def test_a_status_that_says_undelivered_speaks_against_whoever_says_it(
    status: str, told: bool
) -> None:
    _, codes = judge(*NUMBERS, DELIVERED, said("order.status", status, by="amazon", item="record"))
    against = " ".join(finding.sentence for finding in codes.get("evidence-against", ()))
    assert (status in against) is told


def test_what_was_asked_and_not_found_is_listed() -> None:
    absent = replace(
        TRACKING, hints={"http.status": "404"}, about={"shipment.tracking_number": NUMBER}
    )
    _, codes = judge(*NUMBERS, items=(RECORD, absent))
    (told,) = codes["asked-and-not-found"]
    assert NUMBER in told.sentence and "was not there" in told.sentence
    assert told.do and told.rests == ((TRACKING.sha256, "item:"),)


def test_grades_are_counted_best_first() -> None:
    _, codes = judge(*NUMBERS)
    (told,) = codes["grades-counted"]
    assert "3 items of 3 origins (amazon, seller, ups): 2 api, 1 upload" in told.sentence


def test_each_fact_that_matters_is_told_with_who_states_it() -> None:
    papers = item("pod", Role.POD_DOCUMENT, provenance=Provenance.CARRIER_DOCUMENT)
    city = [said("delivery.city", "Leeds", by=by, item=by) for by in ("ups", "amazon")]
    _, codes = judge(*NUMBERS, DELIVERED, *city, items=(RECORD, papers))
    assert [one.sentence for one in codes["fact-witnessed"]] == [
        "Which parcel it was (shipment.tracking_number): 2 items of 2 independent origins:"
        " amazon, ups.",
        "Where it was delivered (delivery.city): 2 items of 2 independent origins: amazon, ups.",
    ]
    assert [one.sentence for one in codes["fact-on-one-word"]] == [
        "When it was delivered (scan.delivered.at): 1 item of 1 independent origin: ups."
    ]
    assert "fact-unstated" not in codes  # what nobody asks for is not missed
    (grades,) = codes["grades-counted"]
    assert grades.sentence.endswith(": 1 api, 1 carrier document.")


def test_all_that_is_the_sellers_is_one_word() -> None:
    every = [said("scan.delivered.at", WHEN, by=by, item=by) for by in ("seller", "erp", "shop")]
    _, codes = judge(*NUMBERS, *every)
    (own,) = codes["fact-on-sellers-word"]
    assert own.sentence.endswith("3 items of 3 independent origins: erp, seller, shop.")


@pytest.mark.parametrize(("flag", "told"), [("No", False), ("yes", True)])
def test_an_address_that_was_not_changed_speaks_against_nobody(flag: str, *, told: bool) -> None:
    changed = said("order.address_changed", flag, by="amazon", item="record")
    _, codes = judge(*NUMBERS, DELIVERED, changed)
    assert ("evidence-against" in codes) is told


def test_what_was_asked_for_is_named_and_else_the_order() -> None:
    def asked(**about: str) -> str:
        absent = replace(TRACKING, hints={"http.status": "404"}, about=about)
        _, codes = judge(*NUMBERS, items=(RECORD, absent))
        return codes["asked-and-not-found"][0].sentence

    assert asked() == "ups (tracking.history) was asked for this order: it was not there."
    assert asked(b="2", a="1") == (
        "ups (tracking.history) was asked for a 1, b 2: it was not there."
    )


def test_no_items_have_no_weight() -> None:
    assert judge(items=())[0] is Verdict.NOT_APPLICABLE


def test_a_delivery_of_the_numbers_earlier_use_is_no_witness() -> None:
    """Forgery: one delivery of this parcel, one of the parcel that had its number last year."""
    placed = said("order.placed.at", "2026-11-01T00:00:00Z", by="amazon", item="record")
    letter = item("letter", Role.POD_DOCUMENT, origin="broker")
    facts = (
        *NUMBERS, DELIVERED, placed,
        said("shipment.tracking_number", NUMBER, by="broker", item="letter"),
        said("scan.delivered.at", "2025-11-05T14:32:00Z", by="broker", item="letter"),
    )  # fmt: skip
    verdict, found = judge(*facts, items=(RECORD, ERP, TRACKING, letter))
    assert verdict is Verdict.INCONCLUSIVE
    assert any("scan.delivered.at" in f.sentence for f in found["fact-on-one-word"])


def test_a_grade_that_this_version_does_not_know_counts_as_unknown() -> None:
    newer = replace(TRACKING, provenance="from a later version")
    _, codes = judge(*NUMBERS, items=(RECORD, newer))
    assert any("1 unknown" in finding.sentence for found in codes.values() for finding in found)
