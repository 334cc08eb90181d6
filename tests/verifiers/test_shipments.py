"""Which lines of the order are proven delivered, parcel by parcel; what replaced which parcel."""

from __future__ import annotations

import pytest

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.verdicts import Finding, Verdict
from tests.verifiers.evidence_of import NUMBER, ORDER, OTHER_NUMBER, facts_of, item, said
from verifiers.matching.shipments import verify

RECORD = item("record", Role.ORDER_RECORD, origin="amazon")
ERP = item("erp", Role.SHIPMENT_RECORD, origin="seller", provenance=Provenance.UPLOAD)
FIRST = item("first", Role.TRACKING_HISTORY)
SECOND = item("second", Role.TRACKING_HISTORY)
THREAD = item("thread", Role.MESSAGE_THREAD, origin="ebay", about={"order.id": ORDER.id})
ALL = (RECORD, ERP, FIRST, SECOND)


def record(name: str, value: str, group: str = "") -> Fact:
    return said(name, value, by="amazon", item="record", group=group)


def row(number: int, **cells: str) -> list[Fact]:
    names = {"order": "order.id", "sku": "order.item.sku", "pieces": "order.item.quantity",
             "parcel": "shipment.tracking_number"}  # fmt: skip
    return [
        said(names[cell], value, by="seller", item="erp", group=f"row/{number}")
        for cell, value in cells.items()
    ]


def history(name: str, number: str, *scans: tuple[str, str]) -> list[Fact]:
    facts = [said("shipment.tracking_number", number, by="ups", item=name, group="parcel")]
    for place, (what, at) in enumerate(scans):
        facts.append(said(f"scan.{what}.at", at, by="ups", item=name, group=f"parcel/scan/{place}"))
    return facts


def line(id_: str, sku: str, pieces: str) -> list[Fact]:
    group = f"item/{id_}"
    return [
        record("order.item.id", id_, group), record("order.item.sku", sku, group),
        record("order.item.quantity", pieces, group),
    ]  # fmt: skip


def package(number: str, **inside: str) -> list[Fact]:
    group = f"parcel/{number}"
    facts = [record("shipment.tracking_number", number, group)]
    for place, (id_, pieces) in enumerate(inside.items()):
        facts.append(record("shipment.item.id", id_, f"{group}/item/{place}"))
        facts.append(record("shipment.item.quantity", pieces, f"{group}/item/{place}"))
    return facts


ORDERED = [
    record("order.id", ORDER.id), record("order.placed.at", "2026-11-01T08:00:00Z"),
    *line("L1", "A-1", "2"), *line("L2", "B-2", "1"),
]  # fmt: skip
PACKED = [*package(NUMBER, L1="2"), *package(OTHER_NUMBER, L2="1")]
DELIVERED = history(
    "first", NUMBER,
    ("accepted", "2026-11-02T09:00:00Z"), ("delivered", "2026-11-05T14:32:00Z"),
)  # fmt: skip
DELIVERED_TOO = history("second", OTHER_NUMBER, ("delivered", "2026-11-07T10:00:00Z"))
ON_ITS_WAY = history("second", OTHER_NUMBER, ("accepted", "2026-11-03T10:00:00Z"))


def judge(
    *facts: Fact, items: tuple[SealedItem, ...] = ALL
) -> tuple[Verdict, dict[str, list[str]]]:
    verdict, findings = verify(order=ORDER, items=items, facts=facts_of(*facts))
    return verdict, told(findings)


def told(findings: object) -> dict[str, list[str]]:
    by_code: dict[str, list[str]] = {}
    assert isinstance(findings, list | tuple)
    for finding in findings:
        assert isinstance(finding, Finding)
        by_code.setdefault(finding.code, []).append(finding.sentence)
    return by_code


def test_each_parcels_proof_is_for_its_own_lines() -> None:
    verdict, found = judge(*ORDERED, *PACKED, *DELIVERED, *DELIVERED_TOO)
    assert (verdict, set(found)) == (Verdict.PASS, {"parcel-delivers-lines"})
    first, second = found["parcel-delivers-lines"]
    assert NUMBER in first and "2 × A-1" in first and "B-2" not in first
    assert OTHER_NUMBER in second and "1 × B-2" in second


def test_a_partly_delivered_order_is_open_and_says_for_which_lines() -> None:
    """Forgery: the first parcel's true proof, for a claim about what was in the second."""
    verdict, found = judge(*ORDERED, *PACKED, *DELIVERED, *ON_ITS_WAY)
    assert verdict is Verdict.INCONCLUSIVE
    (open_,) = found["lines-undelivered"]
    assert OTHER_NUMBER in open_ and "B-2" in open_ and "A-1" not in open_


def test_a_delivery_that_the_seller_alone_tells_proves_no_line() -> None:
    """Forgery: the warehouse's own table says that it came."""
    own = [
        *row(1, order=ORDER.id, parcel=OTHER_NUMBER),
        said("delivery.at", "2026-11-07T10:00:00Z", by="seller", item="erp", group="row/1"),
    ]
    verdict, told = judge(*ORDERED, *PACKED, *DELIVERED, *ON_ITS_WAY, *own)
    assert verdict is Verdict.INCONCLUSIVE
    assert OTHER_NUMBER in told["lines-undelivered"][0]


def test_pieces_that_no_parcel_has_are_named_with_their_number() -> None:
    verdict, found = judge(
        *ORDERED, *package(NUMBER, L1="1"), *package(OTHER_NUMBER, L2="1"), *DELIVERED,
        *DELIVERED_TOO,
    )  # fmt: skip
    assert verdict is Verdict.INCONCLUSIVE
    assert found["lines-in-no-parcel"] == ["No parcel has 1 of 2 × A-1."]
    assert any("1 of 2 × A-1" in sentence for sentence in found["parcel-delivers-lines"])


def test_one_line_in_two_parcels_is_proven_by_both_together() -> None:
    both = [*package(NUMBER, L1="1", L2="1"), *package(OTHER_NUMBER, L1="1")]
    assert judge(*ORDERED, *both, *DELIVERED, *DELIVERED_TOO)[0] is Verdict.PASS
    assert judge(*ORDERED, *both, *DELIVERED, *ON_ITS_WAY)[0] is Verdict.INCONCLUSIVE


def test_a_line_whose_pieces_nobody_counts_is_proven_by_all_parcels_that_have_it() -> None:
    """Forgery: a proof of one parcel, for a line that is in two."""
    rows = [
        *row(1, order=ORDER.id, sku="A-1", parcel=NUMBER),
        *row(2, order=ORDER.id, sku="A-1", parcel=OTHER_NUMBER),
    ]
    assert judge(*rows, *DELIVERED, *DELIVERED_TOO)[0] is Verdict.PASS
    assert judge(*rows, *DELIVERED, *ON_ITS_WAY)[0] is Verdict.INCONCLUSIVE
    # The order counts them, and the parcel does not.
    packed = [fact for fact in package(NUMBER, L1="2", L2="1") if "quantity" not in fact.name]
    verdict, found = judge(*ORDERED, *packed, *DELIVERED)
    assert (verdict, set(found)) == (Verdict.PASS, {"parcel-delivers-lines"})
    assert "has A-1, B-2." in found["parcel-delivers-lines"][0]


def test_what_a_parcel_has_beside_the_orders_lines_is_none_of_them() -> None:
    packed = package(NUMBER, L1="2", L2="1", L9="4")
    verdict, found = judge(*ORDERED, *packed, *DELIVERED)
    assert (verdict, set(found)) == (Verdict.PASS, {"parcel-delivers-lines"})
    assert "has 2 × A-1, 1 × B-2." in found["parcel-delivers-lines"][0]


def test_a_record_that_was_collected_twice_counts_once() -> None:
    again = item("again", Role.ORDER_RECORD, origin="amazon")
    repeated = [
        said(f.name, f.value, by="amazon", item="again", group=f.group)
        for f in [*ORDERED, *package(NUMBER, L1="1"), *package(OTHER_NUMBER, L2="1")]
        if f.name != "order.placed.at"
    ]
    verdict, found = judge(
        *ORDERED, *package(NUMBER, L1="1"), *package(OTHER_NUMBER, L2="1"), *repeated, *DELIVERED,
        *DELIVERED_TOO, items=(*ALL, again),
    )  # fmt: skip
    assert (verdict, found["lines-in-no-parcel"]) == (
        Verdict.INCONCLUSIVE, ["No parcel has 1 of 2 × A-1."]
    )  # fmt: skip


def test_rows_that_name_line_and_parcel_together_say_what_is_in_which() -> None:
    rows = [
        *row(1, order=ORDER.id, sku="A-1", pieces="2", parcel=NUMBER),
        *row(2, order=ORDER.id, sku="B-2", pieces="1", parcel=OTHER_NUMBER),
        *row(3, order="123-7654321-7654321", sku="C-3", pieces="9", parcel="1Z999AA10123456785"),
    ]
    assert judge(*rows, *DELIVERED, *DELIVERED_TOO)[0] is Verdict.PASS
    verdict, found = judge(*rows, *DELIVERED, *ON_ITS_WAY)
    assert (verdict, "B-2" in found["lines-undelivered"][0]) == (Verdict.INCONCLUSIVE, True)
    assert "C-3" not in str(found)


def test_two_parcels_whose_contents_nobody_states_are_open() -> None:
    rows = [*row(1, order=ORDER.id, parcel=NUMBER), *row(2, order=ORDER.id, parcel=OTHER_NUMBER)]
    verdict, found = judge(*ORDERED, *rows, *DELIVERED, *DELIVERED_TOO)
    assert (verdict, set(found)) == (Verdict.INCONCLUSIVE, {"lines-of-parcels-unknown"})


def test_one_parcel_and_no_list_is_no_question() -> None:
    rows = row(1, order=ORDER.id, parcel=NUMBER)
    assert judge(*ORDERED, *rows, *DELIVERED) == (Verdict.NOT_APPLICABLE, {})
    assert judge(*rows, *DELIVERED) == (Verdict.NOT_APPLICABLE, {})


def test_a_cancelled_line_needs_no_parcel() -> None:
    cancelled = record("order.cancel_reason", "BUYER_CANCELED", "item/L2")
    facts = [*ORDERED, *package(NUMBER, L1="2"), *DELIVERED]
    assert judge(*facts)[0] is Verdict.INCONCLUSIVE
    assert judge(*facts, cancelled)[0] is Verdict.PASS


def test_two_records_that_put_a_line_elsewhere_leave_it_open() -> None:
    """Forgery: the seller's table moves the missing line into the delivered parcel."""
    moved = row(1, order=ORDER.id, sku="B-2", pieces="1", parcel=NUMBER)
    verdict, found = judge(*ORDERED, *PACKED, *moved, *DELIVERED, *ON_ITS_WAY)
    assert verdict is Verdict.INCONCLUSIVE
    assert "B-2" in found["contents-differ"][0] and "lines-undelivered" in found


def test_a_record_that_does_not_say_where_a_line_is_contradicts_none_that_does() -> None:
    seller = row(1, order=ORDER.id, sku="B-2", pieces="1", parcel=OTHER_NUMBER)
    half = package(NUMBER, L1="2")
    verdict, found = judge(*ORDERED, *half, *seller, *DELIVERED, *DELIVERED_TOO)
    assert (verdict, "contents-differ" in found) == (Verdict.INCONCLUSIVE, False)
    assert found["lines-in-no-parcel"] == ["No parcel has B-2."]


def test_a_delivery_of_the_numbers_earlier_use_proves_no_line() -> None:
    """Forgery: the number was delivered in May, before the order."""
    old = history("second", OTHER_NUMBER, ("delivered", "2026-05-05T14:32:00Z"),
                  ("accepted", "2026-11-03T10:00:00Z"))  # fmt: skip
    verdict, found = judge(*ORDERED, *PACKED, *DELIVERED, *old)
    assert (verdict, "lines-undelivered" in found) == (Verdict.INCONCLUSIVE, True)


THIRD = "1Z5R89390399999996"


def test_a_voided_shipment_is_superseded_by_the_one_beside_it() -> None:
    status = record("shipment.status", "Label voided", f"parcel/{OTHER_NUMBER}")
    facts = [*ORDERED, *package(OTHER_NUMBER, L1="2", L2="1"), *package(NUMBER), status]
    verdict, found = judge(*facts, *DELIVERED)
    assert verdict is Verdict.PASS
    assert f"{OTHER_NUMBER} was replaced by {NUMBER}" in found["parcel-superseded"][0]
    assert NUMBER in found["parcel-delivers-lines"][0]


def message(body: str, at: str = "2026-11-06T10:00:00Z") -> list[Fact]:
    return [
        said("message.body", body, by="ebay", item="thread", group="message/1"),
        said("message.recorded.at", at, by="ebay", item="thread", group="message/1"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        f"Parcel {NUMBER} got lost. We sent a replacement today: {OTHER_NUMBER}.",
        f"{NUMBER} 丢失,今天已补发,新单号 {OTHER_NUMBER}",
        f"Statt {NUMBER} kommt eine Ersatzlieferung: {OTHER_NUMBER[:2]} {OTHER_NUMBER[2:]}",
    ],
    ids=["English", "Chinese", "German, the number in groups"],
)
def test_a_message_says_which_parcel_replaced_which(body: str) -> None:
    facts = [*ORDERED, *package(NUMBER, L1="2", L2="1"), *DELIVERED_TOO]
    lost = history("first", NUMBER, ("accepted", "2026-11-02T09:00:00Z"))
    verdict, found = judge(*facts, *lost, *message(body), items=(*ALL, THREAD))
    assert verdict is Verdict.PASS
    assert OTHER_NUMBER in found["parcel-superseded"][0]
    # Forgery: whoever hands the message in may have written it.
    handed = item("thread", Role.MESSAGE_THREAD, origin="ebay", about={"order.id": ORDER.id},
                  provenance=Provenance.UPLOAD)  # fmt: skip
    verdict, found = judge(*facts, *lost, *message(body), items=(*ALL, handed))
    assert (verdict, "parcel-superseded" in found) == (Verdict.INCONCLUSIVE, False)
    verdict, found = judge(*facts, *lost, *message("Where is it?"), items=(*ALL, THREAD))
    assert (verdict, "parcel-superseded" in found) == (Verdict.INCONCLUSIVE, False)
