"""The order of events of each parcel: which times are its own, the order's, or of nobody's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evidence.facts import Fact
from evidence.items import Role
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import NOW, NUMBER, OTHER_NUMBER, item, said
from tests.verifiers.timed import codes, erp, judge, scan

BOTH = (
    said("shipment.tracking_number", NUMBER, by="ups", item="tracking", group="a"),
    said("shipment.tracking_number", OTHER_NUMBER, by="ups", item="tracking", group="b"),
)


def test_each_parcel_has_its_own_order_of_events() -> None:
    """The second parcel is accepted after the first is delivered, as split shipments are."""
    first, second = "parcel/a", "parcel/b"
    verdict, _ = judge(
        said("shipment.tracking_number", NUMBER, by="ups", item="tracking", group=first),
        said("shipment.tracking_number", OTHER_NUMBER, by="ups", item="tracking", group=second),
        scan("scan.delivered.at", "2026-11-05T14:32:00Z", group=f"{first}/scan/0"),
        scan("scan.accepted.at", "2026-11-07T14:32:00Z", group=f"{second}/scan/0"),
        scan("scan.delivered.at", "2026-11-09T14:32:00Z", group=f"{second}/scan/1"),
    )
    assert verdict is Verdict.PASS


@pytest.mark.parametrize("name", ["order.placed.at", "order.paid.at"])
def test_an_order_of_two_parcels_was_placed_and_paid_before_either_came(name: str) -> None:
    """Forgery: the screen of a later order's payment."""
    first = said("shipment.tracking_number", NUMBER, by="ups", item="tracking", group="a")
    second = said("shipment.tracking_number", OTHER_NUMBER, by="ups", item="tracking", group="b")
    scans = (
        first, second,
        scan("scan.delivered.at", "2026-11-05T14:00:00Z", group="a"),
        scan("scan.delivered.at", "2026-11-06T14:00:00Z", group="b"),
    )  # fmt: skip
    paid = said(name, "2026-11-05T12:00:00Z", by="amazon", item="platform")
    assert judge(*scans, paid)[0] is Verdict.PASS
    late = said(name, "2026-11-05T15:00:00Z", by="amazon", item="platform")
    verdict, findings = judge(*scans, late)
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"order-of-events-broken"})


def test_a_second_attempt_at_delivery_is_an_honest_history() -> None:
    verdict, _ = judge(
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.out_for_delivery.at", "2026-11-04T09:00:00Z"),
        scan("scan.transit.at", "2026-11-04T20:00:00Z"),
        scan("scan.out_for_delivery.at", "2026-11-05T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:32:00Z"),
    )
    assert verdict is Verdict.PASS


def test_times_that_hold_are_counted_once_each_with_who_told_them() -> None:
    scans = (
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T22:32:00Z"),
    )
    _, (held,) = judge(*scans)
    assert held.sentence == "2 times from 1 origin can be true together."
    recorded = erp("delivery.recorded.at", "2026-11-05T22:32Z")
    mail = said("message.sent.at", "2026-11-06T08:00:00Z", by="buyer", item="mail")  # of no step
    _, (held,) = judge(*scans, recorded, mail)
    assert held.sentence == "3 times from 2 origins can be true together."


def test_one_time_is_compared_with_nothing_however_often_it_is_told() -> None:
    once = scan("scan.delivered.at", "2026-11-05T22:32:00Z")
    for told in ((once,), (once, once)):
        verdict, (absent,) = judge(*told)
        assert (verdict, absent.code) == (Verdict.INCONCLUSIVE, "times-absent")
        assert absent.sentence == "Fewer than two times of this order can be compared."


def test_each_of_two_parcels_is_accepted_before_it_is_delivered() -> None:
    """Forgery: the second parcel's history is cut from another one's."""
    delivered = scan("scan.delivered.at", "2026-11-05T14:32:00Z", group="b")
    accepted = scan("scan.accepted.at", "2026-11-07T14:32:00Z", group="b")
    verdict, findings = judge(*BOTH, delivered, accepted)
    assert (verdict, [one.code for one in findings]) == (Verdict.FAIL, ["order-of-events-broken"])
    assert findings[0].sentence == (
        "the carrier first had the parcel 2026-11-07T14:32:00Z (2026-11-07T14:32:00Z) [ups], but it"
        " was delivered 2026-11-05T14:32:00Z (2026-11-05T14:32:00Z) [ups], which must be later."
    )


def test_a_delivery_told_otherwise_is_found_behind_one_that_is_told_once() -> None:
    verdict, findings = judge(
        *BOTH,
        said("shipment.tracking_number", OTHER_NUMBER, by="seller", item="erp", group="row/2"),
        scan("scan.delivered.at", "2026-11-04T14:32:00Z", group="a"),
        scan("scan.delivered.at", "2026-11-05T14:32:00Z", group="b"),
        erp("delivery.recorded.at", "2026-11-05T22:10:00Z", group="row/2"),
    )
    assert (verdict, [one.code for one in findings]) == (Verdict.FAIL, ["same-event-differs"])
    assert findings[0].sentence == (
        "One event is told at two times: it was delivered 2026-11-05T14:32:00Z"
        " (2026-11-05T14:32:00Z) [ups]; delivery time that a record of the seller states"
        " 2026-11-05T22:10:00Z (2026-11-05T22:10:00Z) [seller]."
    )


def test_times_of_which_nothing_says_the_parcel_are_not_taken_for_one() -> None:
    """Two parcels, and records that name neither: one may be of the first, one of the second."""
    wms = item("wms", Role.SHIPMENT_RECORD, origin="wms")

    def unnamed(name: str, at: str) -> Fact:
        return said(name, at, by="wms", item="wms")

    delivered = erp("delivery.recorded.at", "2026-11-05T14:32:00Z")
    for other in (
        unnamed("delivery.recorded.at", "2026-11-09T10:10:00Z"),
        unnamed("scan.accepted.at", "2026-11-07T10:10:00Z"),
    ):
        assert codes(judge(*BOTH, delivered, other, items=(wms,))[1]) == {"times-hold"}
        # Of one parcel they are.
        assert judge(BOTH[0], delivered, other, items=(wms,))[0] is Verdict.FAIL
    # But the order was placed and paid before any parcel left.
    for name in ("order.placed.at", "order.paid.at"):
        paid = said(name, "2026-11-06T10:00:00Z", by="amazon", item="platform")
        verdict, findings = judge(*BOTH, delivered, paid)
        assert (verdict, codes(findings)) == (Verdict.FAIL, {"order-of-events-broken"})


def test_an_order_of_two_parcels_was_placed_once() -> None:
    verdict, findings = judge(
        *BOTH,
        said("order.placed.at", "2026-11-01T02:00:00Z", by="amazon", item="platform"),
        erp("order.placed.at", "2026-11-01T02:10:00Z"),
    )
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"same-event-differs"})


def test_an_order_is_paid_when_it_was_placed() -> None:
    verdict, findings = judge(
        erp("order.placed.at", "2026-11-01T02:00:00Z"), erp("order.paid.at", "2026-11-01T01:00:00Z")
    )
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"order-of-events-broken"})


@pytest.mark.parametrize("last_first", [False, True])
def test_later_acceptances_and_earlier_deliveries_of_one_item_bind_nothing(
    *, last_first: bool
) -> None:
    """A parcel that came back to its depot, and one that was left at a wrong door first."""
    scans = [
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.transit.at", "2026-11-02T10:00:00Z"),
        scan("scan.accepted.at", "2026-11-02T12:00:00Z"),
        scan("scan.delivered.at", "2026-11-04T09:00:00Z"),
        scan("scan.out_for_delivery.at", "2026-11-05T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-06T09:00:00Z"),
    ]
    verdict, (held,) = judge(*(scans[::-1] if last_first else scans))
    assert (verdict, held.sentence[:8]) == (Verdict.PASS, "4 times ")
    lost = scan("scan.transit.at", "2026-11-07T10:00:00Z")
    assert judge(*scans, lost)[0] is Verdict.FAIL
    early = scan("scan.transit.at", "2026-11-02T08:00:00Z")
    assert judge(*scans, early)[0] is Verdict.FAIL


def test_an_item_that_tells_an_event_at_several_times_contradicts_nobody_else() -> None:
    verdict, _ = judge(
        scan("scan.delivered.at", "2026-11-05T14:32:00Z"),
        scan("scan.delivered.at", "2026-11-06T14:32:00Z"),
        erp("delivery.recorded.at", "2026-11-06T14:32:00Z"),
    )
    assert verdict is Verdict.PASS


def test_a_contradiction_is_told_once_beside_another() -> None:
    _, findings = judge(
        scan("scan.delivered.at", "2026-11-05T14:32:00Z"),
        erp("delivery.recorded.at", "2026-11-05T22:10:00Z"),
        erp("order.placed.at", "2026-11-03T00:00:00Z"),
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
    )
    told = [one.code for one in findings]
    assert told == ["same-event-differs", "order-of-events-broken"]


def test_times_of_which_one_has_no_zone_are_no_zones_mistake() -> None:
    _, findings = judge(
        scan("scan.delivered.at", "2026-11-05T14:32:00Z"),
        erp("delivery.recorded.at", "2026-11-08T14:32:00"),
    )
    assert codes(findings) == {"same-event-differs"}


@pytest.mark.parametrize(("minutes", "ahead"), [(4, False), (6, True)])
def test_a_vendors_clock_may_be_five_minutes_ahead_of_ours(minutes: int, *, ahead: bool) -> None:
    collected = NOW - timedelta(days=2)
    early = item("early", Role.TRACKING_HISTORY, collected_at=collected)
    at = (collected + timedelta(minutes=minutes)).isoformat()
    _, findings = judge(
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        said("scan.delivered.at", at, by="ups", item="early"),
        items=(early,),
    )
    assert ("time-after-collection" in codes(findings)) is ahead
