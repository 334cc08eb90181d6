"""Can all stated times be true together? Through the verifier's own face."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.times import LocalTime, declared, with_zones
from evidence.verdicts import Finding, Verdict
from tests.counting import lines_run
from tests.verifiers.evidence_of import (
    NOW,
    NUMBER,
    ORDER,
    OTHER_NUMBER,
    facts_of,
    item,
    said,
    sha_of,
)
from tests.verifiers.many import EXPORTS, many_times
from verifiers.timestamps.clockchanges import may_change
from verifiers.timestamps.events import Timeline
from verifiers.timestamps.order import verify
from verifiers.timestamps.solver import Claim

TRACKING = item("tracking", Role.TRACKING_HISTORY)
ERP = item("erp", Role.SHIPMENT_RECORD, origin="seller", provenance=Provenance.UPLOAD)
POD = item("pod", Role.POD_DOCUMENT, provenance=Provenance.CARRIER_DOCUMENT)


def judge(*facts: Fact, items: tuple[SealedItem, ...] = ()) -> tuple[Verdict, list[Finding]]:
    everything = (TRACKING, ERP, POD, *items)
    verdict, findings = verify(order=ORDER, items=everything, facts=facts_of(*facts), at=NOW)
    return verdict, list(findings)


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}


def scan(name: str, at: str, *, group: str = "") -> Fact:
    return said(name, at, by="ups", item="tracking", group=group, place=f"/{name}/{at}")


def erp(name: str, at: str, *, group: str = "row/1") -> Fact:
    return said(name, at, by="seller", item="erp", group=group)


def test_a_plain_history_holds() -> None:
    verdict, findings = judge(
        erp("order.placed.at", "2026-11-01T02:00:00Z"),
        erp("order.packed.at", "2026-11-02T02:00:00Z"),
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T22:32:00Z"),
        erp("delivery.recorded.at", "2026-11-05T22:32Z"),
    )
    assert verdict is Verdict.PASS
    assert codes(findings) == {"times-hold"}


def test_two_delivery_times_eight_hours_apart_are_a_probable_zone_mistake() -> None:
    """S3-20. Forgery: the seller's export is in Beijing time but says it is UTC."""
    verdict, findings = judge(
        scan("scan.delivered.at", "2026-11-05T14:32:00Z"),
        erp("delivery.recorded.at", "2026-11-05T22:32:00Z"),
    )
    assert verdict is Verdict.FAIL
    assert codes(findings) == {"probable-zone-mistake"}
    assert "8 hours" in findings[0].sentence
    assert {place[0] for place in findings[0].rests} == {sha_of("tracking"), sha_of("erp")}


@pytest.mark.parametrize(
    ("scanned", "recorded", "hours"),
    [
        ("2026-11-05T14:32:00Z", "2026-11-05T15:02:00Z", "0.5 hours"),
        ("2026-11-05T14:32:00Z", "2026-11-05T15:01:59Z", "0.5 hours"),
        ("2026-11-05T14:32:00Z", "2026-11-05T15:01:58Z", ""),
        ("2026-11-05T14:32:00Z", "2026-11-05T15:32:00Z", "1 hour"),
        ("2026-11-05T14:32:00Z", "2026-11-05T15:32:01Z", "1 hour"),
        ("2026-11-05T14:32:00Z", "2026-11-05T15:32:02Z", ""),
        ("2026-11-05T14:32Z", "2026-11-05T16:02:45Z", "1.5 hours"),
        ("2026-11-05T14:32:00Z", "2026-11-05T15:17:00Z", ""),
        ("2026-11-04T14:32:00Z", "2026-11-05T16:31:59Z", "26 hours"),
        ("2026-11-04T14:32:00Z", "2026-11-05T16:32:00Z", ""),
        ("2026-11-05T14:32:00.000Z", "2026-11-05T15:02:00.500Z", "0.5 hours"),
    ],
)
def test_a_zone_explains_whole_and_half_hours_up_to_a_day_and_two(
    scanned: str, recorded: str, hours: str
) -> None:
    _, findings = judge(scan("scan.delivered.at", scanned), erp("delivery.recorded.at", recorded))
    code = "probable-zone-mistake" if hours else "same-event-differs"
    assert codes(findings) == {code}
    assert not hours or f"They are {hours} apart, as zones are." in findings[0].sentence


@pytest.mark.parametrize("apart", ["22:10:00Z", "14:33:01Z"])
def test_two_delivery_times_that_no_zone_explains_differ(apart: str) -> None:
    verdict, findings = judge(
        scan("scan.delivered.at", "2026-11-05T14:32:00Z"),
        erp("delivery.recorded.at", f"2026-11-05T{apart}"),
    )
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"same-event-differs"})


def test_a_delivery_time_to_the_minute_agrees_with_one_to_the_second() -> None:
    verdict, _ = judge(
        scan("scan.delivered.at", "2026-11-05T14:32:59Z"),
        erp("delivery.recorded.at", "2026-11-05T14:32Z"),
    )
    assert verdict is Verdict.PASS


def test_a_scan_before_the_order_breaks_the_order_of_events() -> None:
    """Forgery: the tracking of an older parcel is shown for this order."""
    verdict, findings = judge(
        erp("order.placed.at", "2026-11-03T00:00:00Z"),
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
    )
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"order-of-events-broken"})


def test_an_earlier_parcel_with_the_number_is_named_and_contradicts_nothing() -> None:
    """The carrier used the number again, and its history has both parcels."""
    old = [
        scan("scan.accepted.at", "2025-03-02T09:00:00Z", group="scan/0"),
        scan("scan.delivered.at", "2025-03-05T14:00:00Z", group="scan/1"),
    ]
    own = [
        erp("order.placed.at", "2026-11-01T02:00:00Z"),
        scan("shipment.label.at", "2026-11-01T20:00:00Z", group="scan/2"),
        scan("scan.accepted.at", "2026-11-02T09:00:00Z", group="scan/3"),
        scan("scan.delivered.at", "2026-11-05T22:32:00Z", group="scan/4"),
        said("shipment.tracking_number", NUMBER, by="ups", item="tracking"),
    ]
    assert judge(*own)[0] is Verdict.PASS
    verdict, findings = judge(*own, *old)
    assert (verdict, codes(findings)) == (Verdict.PASS, {"times-hold", "earlier-use-left-out"})
    (named,) = [f for f in findings if f.code == "earlier-use-left-out"]
    assert "2025-03-02" in named.sentence and NUMBER in named.sentence
    assert named.sentence.startswith("2 times of parcel")


def test_without_an_order_date_the_label_says_since_when_the_parcel_is_this_one() -> None:
    verdict, findings = judge(
        erp("shipment.label.at", "2026-11-01T20:00:00Z"),
        said("shipment.tracking_number", NUMBER, by="ups", item="tracking"),
        scan("scan.delivered.at", "2024-11-05T22:32:00Z", group="scan/0"),
        scan("scan.accepted.at", "2026-11-02T09:00:00Z", group="scan/1"),
        scan("scan.delivered.at", "2026-11-05T22:32:00Z", group="scan/2"),
    )
    assert (verdict, "earlier-use-left-out" in codes(findings)) == (Verdict.PASS, True)


def test_an_older_parcel_alone_is_left_out_of_nothing() -> None:
    """Forgery: the tracking of a parcel of last year; nothing was told of the number since."""
    verdict, findings = judge(
        erp("order.placed.at", "2026-11-03T00:00:00Z"),
        said("shipment.tracking_number", NUMBER, by="ups", item="tracking"),
        scan("scan.delivered.at", "2025-11-02T09:00:00Z"),
    )
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"order-of-events-broken"})


def test_a_true_contradiction_among_the_later_parcels_times_is_still_found() -> None:
    """Forgery: scans of an earlier use are put before it so that a late label goes unseen."""
    verdict, findings = judge(
        erp("order.placed.at", "2026-11-03T00:00:00Z"),
        said("shipment.tracking_number", NUMBER, by="ups", item="tracking"),
        scan("scan.delivered.at", "2025-11-02T09:00:00Z", group="scan/0"),
        scan("scan.accepted.at", "2026-10-20T09:00:00Z", group="scan/1"),
        scan("scan.delivered.at", "2026-11-05T09:00:00Z", group="scan/2"),
    )
    assert (verdict, "order-of-events-broken" in codes(findings)) == (Verdict.FAIL, True)


def test_the_same_moment_for_two_steps_is_not_a_contradiction() -> None:
    verdict, _ = judge(
        erp("order.placed.at", "2026-11-02T09:00:00Z"),
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
    )
    assert verdict is Verdict.PASS


def test_a_second_attempt_at_delivery_is_an_honest_history() -> None:
    verdict, _ = judge(
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.out_for_delivery.at", "2026-11-04T09:00:00Z"),
        scan("scan.transit.at", "2026-11-04T20:00:00Z"),
        scan("scan.out_for_delivery.at", "2026-11-05T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:32:00Z"),
    )
    assert verdict is Verdict.PASS


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


def test_a_neighbours_row_of_the_same_export_says_nothing_of_this_order() -> None:
    verdict, _ = judge(
        erp("order.placed.at", "2026-11-01T02:00:00Z"),
        said("order.id", "123-7654321-7654321", by="seller", item="erp", group="row/2"),
        erp("order.placed.at", "2026-12-24T02:00:00Z", group="row/2"),
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
    )
    assert verdict is Verdict.PASS


def test_one_missing_zone_is_named_with_the_offsets_that_make_it_possible() -> None:
    verdict, findings = judge(
        erp("order.packed.at", "2026-11-02T14:00:00"),
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
    )
    assert (verdict, codes(findings)) == (Verdict.INCONCLUSIVE, {"zone-missing"})
    assert "from UTC+05:00 to UTC+14:00" in findings[0].sentence.replace("04:59", "05:00")
    _, findings = judge(
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        erp("delivery.recorded.at", "2026-11-02T06:30:00"),
    )
    assert "from UTC-12:00 to UTC-02:30" in findings[0].sentence


def test_a_missing_zone_that_decides_nothing_does_not_matter() -> None:
    verdict, _ = judge(
        erp("order.packed.at", "2026-11-02T14:00:00"),
        scan("scan.accepted.at", "2026-11-04T09:00:00Z"),
    )
    assert verdict is Verdict.PASS


def test_an_export_without_a_zone_cannot_mean_two_zones_at_once() -> None:
    """Forgery: two rows were edited to fit two carrier scans, each fitting another zone."""
    facts = [
        said("shipment.tracking_number", NUMBER, by="seller", item="erp", group="row/1"),
        said("shipment.tracking_number", OTHER_NUMBER, by="seller", item="erp", group="row/2"),
        erp("delivery.recorded.at", "2026-07-05T22:32:00"),
        erp("delivery.recorded.at", "2026-07-07T10:00:00", group="row/2"),
        said("shipment.tracking_number", NUMBER, by="ups", item="tracking", group="p/1"),
        said("shipment.tracking_number", OTHER_NUMBER, by="ups", item="tracking", group="p/2"),
        scan("scan.delivered.at", "2026-07-05T14:32:00Z", group="p/1"),
        scan("scan.delivered.at", "2026-07-07T10:00:00Z", group="p/2"),
    ]
    verdict, findings = judge(*facts)
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"times-contradict"})
    assert len(findings[0].rests) == 4
    assert "collected" not in findings[0].sentence
    assert judge(*facts[:-1])[0] is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("places", "verdict"),
    [(("Ghent", "GHENT"), Verdict.FAIL), (("Ghent", "Liège"), Verdict.INCONCLUSIVE)],
)
def test_the_scans_of_one_place_share_its_zone(places: tuple[str, str], verdict: Verdict) -> None:
    scans = [
        scan("scan.accepted.at", "2026-07-02T14:30:00", group="scan/1"),
        scan("scan.transit.at", "2026-07-02T14:00:00", group="scan/2"),
    ]
    where = [
        said("scan.place", place, by="ups", item="tracking", group=f"scan/{number}")
        for number, place in enumerate(places, 1)
    ]
    assert judge(*scans, *where)[0] is verdict


def test_a_clock_that_may_have_been_changed_widens_its_own_times_and_no_others() -> None:
    line = Timeline()
    claims = [line.problem.claim(10, 20, line.problem.clock(0, 5)), line.problem.claim(7, 9)]
    line.slack[claims[0]] = 3
    assert line.unchanged().claims == [Claim(13, 20, 1), Claim(7, 9)]
    assert line.problem.claims[0] == Claim(10, 20, 1)


def test_a_carriers_wall_clock_that_is_its_own_scans_is_not_open() -> None:
    """UPS states the delivery twice: a scan with its offset, and a bare date and time."""
    scanned = scan("scan.delivered.at", "2026-11-05T14:32:00-08:00")
    verdict, _ = judge(scanned, said("delivery.at", "2026-11-05T14:32", by="ups", item="pod"))
    assert verdict is Verdict.PASS
    verdict, _ = judge(scanned, said("delivery.at", "2026-11-05T15:32", by="ups", item="pod"))
    assert verdict is Verdict.INCONCLUSIVE
    verdict, _ = judge(scanned, said("delivery.at", "2026-11-08T14:32", by="ups", item="pod"))
    assert verdict is Verdict.FAIL


def test_rows_of_one_clock_conflict_to_the_second_where_no_clocks_change() -> None:
    facts = (
        erp("order.packed.at", "2026-07-02T14:30:00"),
        erp("shipment.shipped.at", "2026-07-02T14:00:00"),
    )
    assert judge(*facts)[0] is Verdict.FAIL


def test_rows_of_one_clock_may_swap_in_the_hour_that_a_clock_change_repeats() -> None:
    facts = (
        erp("order.packed.at", "2026-11-01T01:30:00"),
        erp("shipment.shipped.at", "2026-11-01T01:10:00"),
    )
    assert judge(*facts)[0] is not Verdict.FAIL


@pytest.mark.parametrize(
    ("first", "last", "restless"),
    [
        ("2026-07-01", "2026-07-08", False),
        ("2026-10-31", "2026-11-02", True),  # New York, 1 November
        ("2026-03-28", "2026-03-30", True),  # Berlin, 29 March
        ("2026-01-01", "2026-12-01", True),
    ],
)
def test_weeks_with_a_clock_change_are_known(first: str, last: str, *, restless: bool) -> None:
    begin, end = (datetime.fromisoformat(day).date() for day in (first, last))
    assert may_change(begin, end) is restless


def test_the_repeated_hour_is_wide_enough_for_both_readings() -> None:
    """2026-11-01 01:30 in New York is 05:30Z and 06:30Z; the carrier says the second."""
    twice = declared(datetime(2026, 11, 1, 1, 30), "01:30", zone="America/New_York")
    verdict, _ = judge(
        said("delivery.recorded.at", twice, by="seller", item="erp"),
        scan("scan.delivered.at", "2026-11-01T06:30:00Z"),
    )
    assert verdict is Verdict.PASS


def test_a_place_with_two_zones_leaves_the_order_open() -> None:
    wall = LocalTime(datetime(2026, 7, 2, 9), "09:00")
    place = with_zones(wall, ["America/New_York", "America/Chicago"])
    verdict, findings = judge(
        said("scan.accepted.at", place, by="ups", item="tracking"),
        erp("shipment.shipped.at", "2026-07-02T13:30:00Z"),
    )
    assert (verdict, codes(findings)) == (Verdict.INCONCLUSIVE, {"zone-missing"})


def test_a_time_later_than_its_own_item_is_impossible() -> None:
    """Forgery: a tracking page was edited to show a delivery that is still to come."""
    later = (NOW + timedelta(hours=1)).isoformat()
    verdict, findings = judge(
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"), scan("scan.delivered.at", later)
    )
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"time-after-collection"})


def test_a_deadline_may_lie_ahead() -> None:
    verdict, _ = judge(
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T09:00:00Z"),
        said("defect.due.at", "2026-12-24T00:00:00Z", by="amazon", item="notice"),
    )
    assert verdict is Verdict.PASS


def test_a_review_before_the_delivery_needs_a_statement_of_the_carrier() -> None:
    """S1-14."""
    facts = (
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        said("review.posted.at", "2026-11-05T12:00:00Z", by="amazon", item="review"),
    )
    verdict, findings = judge(*facts)
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"delivered-after-complaint"})
    letter = item("letter", Role.DOCUMENT, provenance=Provenance.CARRIER_DOCUMENT)
    verdict, findings = judge(*facts, items=(letter,))
    assert verdict is Verdict.PASS
    assert "delivered-after-complaint-explained" in codes(findings)


@pytest.mark.parametrize(
    ("domain", "verdict"),
    [("ups.com", Verdict.PASS), ("mail.ups.com", Verdict.PASS), ("ups.com.example", Verdict.FAIL),
     ("notups.com", Verdict.FAIL), ("fedex.com", Verdict.FAIL)],
)  # fmt: skip
def test_a_mail_that_the_carriers_own_domain_signed_is_its_statement(
    domain: str, verdict: Verdict
) -> None:
    mail = item("mail", Role.MESSAGE_MAIL, origin="mail", provenance=Provenance.DKIM_MAIL)
    found, _ = judge(
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        said("review.posted.at", "2026-11-05T12:00:00Z", by="amazon", item="review"),
        said("message.dkim.domain", domain, by="mail_server", item="mail"),
        items=(mail,),
    )
    assert found is verdict


def test_a_mail_of_another_countrys_post_is_no_statement_of_this_one() -> None:
    mail = item("mail", Role.MESSAGE_MAIL, origin="mail", provenance=Provenance.DKIM_MAIL)
    for carrier, told in (("correos", Verdict.PASS), ("correos_de_cuba", Verdict.FAIL)):
        found, _ = judge(
            said("scan.accepted.at", "2026-11-02T09:00:00Z", by=carrier, item="tracking"),
            said("scan.delivered.at", "2026-11-05T14:00:00Z", by=carrier, item="tracking"),
            said("review.posted.at", "2026-11-05T12:00:00Z", by="amazon", item="review"),
            said("message.dkim.domain", "correos.es", by="mail_server", item="mail"),
            items=(item("history", Role.TRACKING_HISTORY, origin=carrier), mail),
        )
        assert found is told


@pytest.mark.parametrize(
    ("received", "codes_"),
    [
        ("2026-11-02T12:00:00Z", {"receipt-before-delivery"}),
        ("2026-11-05T13:00:00", {"times-hold"}),  # no zone: it can have been later
        ("2026-11-06T12:00:00Z", {"times-hold"}),  # the platform learnt of it late
    ],
)
def test_a_platforms_receipt_before_the_carriers_delivery_is_told(
    received: str, codes_: set[str]
) -> None:
    _, findings = judge(
        scan("scan.accepted.at", "2026-11-01T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        said("order.delivered.at", received, by="tiktok", item="platform"),
    )
    assert codes(findings) == codes_


@pytest.mark.parametrize(
    ("role", "grade"),
    [(Role.MESSAGE_MAIL, Provenance.UPLOAD), (Role.MESSAGE_THREAD, Provenance.DKIM_MAIL)],
)
def test_a_mail_that_only_says_whose_domain_signed_it_is_no_statement(
    role: Role, grade: Provenance
) -> None:
    """Forgery: a mail typed in, with the carrier's signature pasted into its head."""
    mail = item("mail", role, origin="mail", provenance=grade)
    found, findings = judge(
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        said("review.posted.at", "2026-11-05T12:00:00Z", by="amazon", item="review"),
        said("message.dkim.domain", "ups.com", by="mail_server", item="mail"),
        items=(mail,),
    )
    assert (found, codes(findings)) == (Verdict.FAIL, {"delivered-after-complaint"})


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


def test_a_letter_the_seller_uploaded_is_not_the_carriers_statement() -> None:
    """Forgery: the seller writes the carrier's letter."""
    letter = item("letter", Role.DOCUMENT, provenance=Provenance.UPLOAD)
    verdict, _ = judge(
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        said("review.posted.at", "2026-11-05T12:00:00Z", by="amazon", item="review"),
        items=(letter,),
    )
    assert verdict is Verdict.FAIL


def test_a_proof_printed_before_the_delivery_it_proves_is_caught() -> None:
    """Forgery: an older letter with another parcel's delivery day."""
    verdict, findings = judge(
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        said("document.printed.at", "2026-10-20", by="ups", item="pod"),
    )
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"printed-before-delivery"})


def test_a_proof_is_as_new_as_its_latest_date() -> None:
    dates = [
        said("document.printed.at", day, by="ups", item="pod")
        for day in ("2026-11-06", "2026-10-20")
    ]
    delivered = scan("scan.delivered.at", "2026-11-05T14:00:00Z")
    for both in (dates, dates[::-1]):
        assert "printed-before-delivery" not in codes(judge(delivered, *both)[1])


def test_a_mail_dated_after_it_arrived_has_a_wrong_clock() -> None:
    mail = item("mail", Role.MESSAGE_MAIL, origin="buyer")
    sent = said("message.sent.at", "2026-11-05T20:00:00+00:00", by="buyer", item="mail")
    came = said("message.received.at", "2026-11-05T12:00:03Z", by="seller", item="mail")
    verdict, findings = judge(sent, came, items=(mail,))
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"mail-clock-differs"})


@pytest.mark.parametrize(
    ("sent", "wrong"), [("2026-11-05T12:15:03Z", False), ("2026-11-05T12:15:04Z", True)]
)
def test_a_mails_clock_may_be_a_quarter_of_an_hour_off(sent: str, wrong: bool) -> None:
    mail = item("mail", Role.MESSAGE_MAIL, origin="buyer")
    came = said("message.received.at", "2026-11-05T12:00:03.000000Z", by="seller", item="mail")
    other = said("message.sent.at", "2027-01-01T00:00:00Z", by="buyer", item="lost")
    _, findings = judge(said("message.sent.at", sent, by="buyer", item="mail"), came, items=(mail,))
    assert ("mail-clock-differs" in codes(findings)) == wrong
    assert "mail-clock-differs" not in codes(judge(other, items=(mail,))[1])  # nobody had it


def test_a_zone_that_other_times_fix_puts_a_time_behind_its_own_collection() -> None:
    """Forgery: a row typed in by hand, later than the export that it is in."""
    verdict, findings = judge(
        scan("scan.delivered.at", "2026-11-20T08:00:00Z"),
        erp("delivery.recorded.at", "2026-11-20T16:00:00"),
        erp("order.updated.at", "2026-11-20T21:00:00"),
    )
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"times-contradict"})
    assert findings[0].sentence.endswith("; and the moment the item was collected.")
    assert len(findings[0].rests) == 3


def test_of_many_contradictions_eight_are_told() -> None:
    ahead = [
        said("order.updated.at", f"2026-12-{day:02}T12:00:00Z", by="erp", item=f"export {day}")
        for day in range(1, 13)
    ]
    verdict, findings = judge(*ahead)
    assert verdict is Verdict.FAIL
    assert [one.code for one in findings] == ["time-after-collection"] * 8


def test_more_relations_than_can_be_tried_are_said_and_decide_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = (
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        erp("delivery.recorded.at", "2026-11-05T14:00Z"),
    )
    assert judge(*honest)[0] is Verdict.PASS
    monkeypatch.setattr("verifiers.timestamps.graph.WORK", 3)
    verdict, findings = judge(*honest)
    assert (verdict, codes(findings)) == (Verdict.INCONCLUSIVE, {"times-too-many"})


def test_an_order_without_times_is_inconclusive() -> None:
    assert judge()[0] is Verdict.INCONCLUSIVE


def _lines_to_judge(count: int, *, broken: bool) -> tuple[set[str], int]:
    facts = facts_of(*many_times(count, broken=broken))

    def answer() -> tuple[Verdict, list[Finding]]:
        verdict, findings = verify(order=ORDER, items=EXPORTS, facts=facts, at=NOW)
        return verdict, list(findings)

    answer()  # loads the zones once
    (_, findings), lines = lines_run(answer)
    return codes(findings), lines


@pytest.mark.parametrize("broken", [False, True], ids=["consistent", "one broken row"])
def test_four_times_the_facts_take_about_four_times_the_work(*, broken: bool) -> None:
    """How many seconds 10,000 take, `python -m bench.verifiers` says."""
    _, few = _lines_to_judge(500, broken=broken)
    found, many = _lines_to_judge(2_000, broken=broken)
    assert ("same-event-differs" in found) is broken
    assert "times-too-many" not in found
    assert many < 5 * few
    assert many < 1_000 * 2_000
