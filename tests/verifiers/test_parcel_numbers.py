"""A number that the carrier used before, a parcel that replaced another, one of two orders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import NEIGHBOUR, NUMBER, ORDER, OTHER_NUMBER, item, said
from tests.verifiers.matched import (
    BASE,
    HONEST,
    POD,
    codes,
    erp,
    judge,
    platform,
    pod,
    ups,
)


def test_a_number_is_the_same_with_spaces_and_dashes_and_in_small_letters() -> None:
    spaced = erp("shipment.tracking_number", f"{NUMBER[:2]} {NUMBER[2:9]}-{NUMBER[9:]}".lower())
    others = [fact for fact in HONEST if fact.name != "shipment.tracking_number"]
    carriers = ups("shipment.tracking_number", NUMBER)
    verdict, findings = judge(*HONEST)
    assert judge(*others, spaced, carriers)[0] is verdict is Verdict.PASS
    assert codes(judge(*others, spaced, carriers)[1]) == codes(findings)


@pytest.mark.parametrize(
    ("deliveries", "code", "verdict"),
    [
        (("2026-05-05T14:32:00Z",), "delivery-of-earlier-use", Verdict.FAIL),
        (("2026-05-05T14:32:00Z", "2026-11-05T14:32:00Z"), "number-used-twice", Verdict.PASS),
        (("2026-11-05T14:32:00Z",), None, Verdict.PASS),
    ],
    ids=["only the earlier parcel", "both", "only ours"],
)
def test_a_number_that_the_carrier_used_twice(
    deliveries: tuple[str, ...], code: str | None, verdict: Verdict
) -> None:
    """Forgery: a true proof of an earlier parcel with the same number."""
    placed = platform("order.placed.at", "2026-11-01T08:00:00Z")
    scans = [ups("scan.delivered.at", at, f"scan/{n}") for n, at in enumerate(deliveries)]
    answer, findings = judge(*HONEST, placed, *scans)
    told = codes(findings) & {"delivery-of-earlier-use", "number-used-twice"}
    assert (answer, told) == (verdict, {code} if code else set())


def test_a_number_that_was_only_scanned_before_is_told_with_the_scan() -> None:
    placed = platform("order.placed.at", "2026-11-01T08:00:00Z")
    old, new = "2026-05-05T14:32:00Z", "2026-11-05T14:32:00Z"
    scans = ups("scan.transit.at", old, "scan/1"), ups("scan.delivered.at", new, "scan/2")
    _, findings = judge(*HONEST, placed, *scans)
    (told,) = [finding for finding in findings if finding.code == "number-used-twice"]
    assert f"{NUMBER} was scanned once before, and again since: {old}" in told.sentence


def test_a_proof_of_the_numbers_earlier_use_is_named_though_the_history_is_right() -> None:
    """Forgery: a true letter of May, beside a history that has the delivery of November as well."""
    placed = platform("order.placed.at", "2026-11-01T08:00:00Z")
    scans = [ups("scan.delivered.at", at, f"scan/{at}")
             for at in ("2026-05-05T14:32:00Z", "2026-11-05T14:32:00Z")]  # fmt: skip
    letter = [pod("shipment.tracking_number", NUMBER), pod("delivery.at", "2026-05-05T14:32:00Z")]
    verdict, findings = judge(*HONEST, placed, *scans, *letter, items=(*BASE, POD))
    (grave,) = [f for f in findings if f.code == "proof-of-earlier-use"]
    assert verdict is Verdict.FAIL
    assert POD.sha256 in {sha for sha, _ in grave.rests}
    later = [pod("shipment.tracking_number", NUMBER), pod("delivery.at", "2026-11-05T14:32:00Z")]
    assert judge(*HONEST, placed, *scans, *later, items=(*BASE, POD))[0] is Verdict.PASS


def test_a_number_in_use_again_and_not_delivered_yet_is_open() -> None:
    placed = platform("order.placed.at", "2026-11-01T08:00:00Z")
    verdict, findings = judge(
        *HONEST, placed,
        ups("scan.delivered.at", "2026-05-05T14:32:00Z", "scan/0"),
        ups("scan.accepted.at", "2026-11-03T09:00:00Z", "scan/1"),
    )  # fmt: skip
    assert verdict is Verdict.INCONCLUSIVE
    assert "own-delivery-open" in codes(findings)
    assert "delivery-of-earlier-use" not in codes(findings)


@pytest.mark.parametrize(
    ("days", "told"), [(30, False), (31, True)], ids=["thirty days", "one more"]
)
def test_an_earlier_use_begins_after_thirty_days(days: int, *, told: bool) -> None:
    at = datetime(2026, 11, 1, 8, tzinfo=UTC) - timedelta(days=days)
    _, findings = judge(
        *HONEST, platform("order.placed.at", "2026-11-01T08:00:00Z"),
        ups("scan.delivered.at", at.isoformat(), "scan/0"),
    )  # fmt: skip
    assert ("delivery-of-earlier-use" in codes(findings)) is told


THREAD = item("thread", Role.MESSAGE_THREAD, origin="ebay", about={"order.id": ORDER.id})
MAILED = item("mail", Role.MESSAGE_MAIL, origin="seller", provenance=Provenance.UPLOAD)


def resent(
    by: str, to: str = OTHER_NUMBER, at: str = "2026-11-04T10:00:00Z", *, item: str
) -> list[Fact]:
    body = f"About your order {ORDER.id}: {NUMBER} was lost, the replacement is {to}."
    return [
        said("message.body", body, by=by, item=item, group="message/1"),
        said("message.recorded.at", at, by=by, item=item, group="message/1"),
    ]


DELIVERED_NEW = (
    pod("shipment.tracking_number", OTHER_NUMBER), pod("delivery.at", "2026-11-06T14:32:00Z"),
)  # fmt: skip


def test_a_parcel_that_a_message_says_replaced_the_first_is_no_stranger() -> None:
    verdict, findings = judge(
        *HONEST, *DELIVERED_NEW, *resent("ebay", item="thread"), items=(*BASE, POD, THREAD)
    )
    assert (verdict, "parcel-replaces" in codes(findings)) == (Verdict.PASS, True)
    assert "parcel-not-of-order" not in codes(findings)


@pytest.mark.parametrize(
    "message",
    [
        (MAILED, resent("seller", item="mail")),
        (THREAD, resent("ebay", at="2026-11-08T10:00:00Z", item="thread")),
        (THREAD, resent("ebay", item="thread")[:1]),
    ],
    ids=["handed in", "written after the delivery", "without a time"],
)
def test_a_message_that_anybody_may_have_written_settles_nothing(
    message: tuple[SealedItem, list[Fact]],
) -> None:
    """Forgery: the seller writes that a stranger's parcel was the replacement."""
    sent, facts = message
    verdict, findings = judge(*HONEST, *DELIVERED_NEW, *facts, items=(*BASE, POD, sent))
    assert (verdict, "replacement-open" in codes(findings)) == (Verdict.INCONCLUSIVE, True)


def test_a_message_makes_no_neighbours_parcel_ones_own() -> None:
    """Forgery: the platform's own thread says so, and the records know whose parcel it is."""
    verdict, findings = judge(
        *HONEST, *DELIVERED_NEW, *resent("ebay", item="thread"),
        erp("order.id", NEIGHBOUR, "row/2"),
        erp("shipment.tracking_number", OTHER_NUMBER, "row/2"),
        items=(*BASE, POD, THREAD),
    )  # fmt: skip
    assert (verdict, "parcel-of-other-order" in codes(findings)) == (Verdict.FAIL, True)


def test_a_message_without_a_word_of_sending_again_replaces_nothing() -> None:
    told = said(
        "message.body", f"{NUMBER} and {OTHER_NUMBER}, {ORDER.id}", by="ebay", item="thread"
    )
    verdict, findings = judge(*HONEST, *DELIVERED_NEW, told, items=(*BASE, POD, THREAD))
    assert (verdict, "parcel-not-of-order" in codes(findings)) == (Verdict.FAIL, True)


SHARED = (erp("order.id", NEIGHBOUR, "row/2"), erp("shipment.tracking_number", NUMBER, "row/2"))
MINE = erp("shipment.recipient.name", "Jane Q. Doe")


@pytest.mark.parametrize(
    ("other", "code", "verdict"),
    [
        ("Jane Doe", "parcel-shared", Verdict.PASS),
        (None, "parcel-shared", Verdict.PASS),
        ("Robert Miller", "parcel-of-two-recipients", Verdict.INCONCLUSIVE),
    ],
    ids=["sent together", "nobody says to whom", "one proof for two orders"],
)
def test_a_parcel_of_two_orders(other: str | None, code: str, verdict: Verdict) -> None:
    theirs = [erp("shipment.recipient.name", other, "row/2")] if other else []
    answer, findings = judge(*HONEST, *SHARED, MINE, *theirs)
    told = codes(findings) & {"parcel-shared", "parcel-of-two-recipients"}
    assert (answer, told) == (verdict, {code})
    (shared,) = [f for f in findings if f.code == code]
    assert NEIGHBOUR in shared.sentence
