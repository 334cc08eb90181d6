"""Times without a zone: which share one, what each makes possible, and what stays open."""

from __future__ import annotations

from datetime import datetime

import pytest

from evidence.facts import Fact
from evidence.times import LocalDate, LocalTime, declared, parse_iso, with_zones
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import NUMBER, OTHER_NUMBER, said
from tests.verifiers.timed import codes, erp, judge, scan
from verifiers.timestamps.clockchanges import may_change
from verifiers.timestamps.events import Timeline
from verifiers.timestamps.solver import Claim


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


def test_a_zone_that_other_times_fix_puts_a_time_behind_its_own_collection() -> None:
    """Forgery: a row typed in by hand, later than the export that it is in."""
    verdict, findings = judge(
        scan("scan.delivered.at", "2026-11-20T08:00:00Z"),
        erp("delivery.recorded.at", "2026-11-20T16:00:00"),
        erp("order.updated.at", "2026-11-20T21:00:00"),
    )
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"times-contradict"})
    assert findings[0].sentence == (
        "No zone makes these true together: it was delivered 2026-11-20T08:00:00Z"
        " (2026-11-20T08:00:00Z) [ups]; delivery time that a record of the seller states"
        " 2026-11-20T16:00:00 (local, zone unknown) [seller]; the platform last changed its record"
        " of it 2026-11-20T21:00:00 (local, zone unknown) [seller]; and the moment the item was"
        " collected."
    )
    assert len(findings[0].rests) == 3


@pytest.mark.parametrize(
    ("first", "last", "restless"),
    [
        # Weeks begin on Thursdays: Europe's ends on 29 October, America's on 5 November.
        ("2026-11-05", "2026-11-06", True),
        ("2026-11-06", "2026-11-07", False),
        ("2026-10-20", "2026-10-21", True),
        ("2026-10-19", "2026-10-20", False),
        ("2026-05-10", "2026-07-09", False),
        ("2026-05-10", "2026-07-10", True),  # more than sixty days are not looked through
        ("2036-07-01", "2036-07-05", False),
        ("2037-07-01", "2037-07-05", True),
        ("1970-07-01", "1970-07-05", True),
    ],
)
def test_a_day_beside_a_week_with_a_change_may_be_in_it(
    first: str, last: str, *, restless: bool
) -> None:
    begin, end = (datetime.fromisoformat(day).date() for day in (first, last))
    assert may_change(begin, end) is restless


def test_what_only_a_changed_clock_makes_true_is_open_and_quoted() -> None:
    """New York set its clocks back on 1 November 2026, at two in the morning."""
    rows = (
        erp("order.packed.at", "2026-11-01T01:30:00"),
        erp("shipment.shipped.at", "2026-11-01T01:10:00"),
    )
    verdict, (found,) = judge(*rows)
    assert (verdict, found.code) == (Verdict.INCONCLUSIVE, "zone-missing")
    assert found.sentence == (
        "True only if a clock was changed between them: the merchant packed it 2026-11-01T01:30:00"
        " (local, zone unknown) [seller]; the merchant says it left 2026-11-01T01:10:00 (local,"
        " zone unknown) [seller]."
    )
    # What was told already is not told again in its place.
    broken = (
        scan("scan.accepted.at", "2026-11-09T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-04T09:00:00Z"),
    )
    verdict, findings = judge(*rows, *broken)
    assert [one.code for one in findings] == ["order-of-events-broken", "zone-missing"]
    assert findings[1].sentence == found.sentence
    assert verdict is Verdict.FAIL
    assert judge(rows[0], erp("shipment.shipped.at", "2026-11-01T00:29:00"))[0] is Verdict.FAIL


DELIVERED = scan("scan.delivered.at", "2026-11-05T14:32:30-08:00")


@pytest.mark.parametrize(
    ("name", "at", "verdict"),
    [
        ("delivery.at", "2026-11-05T14:32", Verdict.PASS),  # the minute in which it was scanned
        ("delivery.at", "2026-11-05T14:31", Verdict.INCONCLUSIVE),
        ("delivery.at", "2026-11-05T22:32:30Z", Verdict.PASS),
        ("delivery.at", "2026-11-05T22:32:32Z", Verdict.FAIL),
        ("delivery.at", "2026-11-05", Verdict.INCONCLUSIVE),
        # Another event on the carrier's clock, at a place that nobody names.
        ("scan.transit.at", "2026-11-05T14:32", Verdict.INCONCLUSIVE),
    ],
)
def test_only_a_deliverys_own_wall_clock_is_the_scans(name: str, at: str, verdict: Verdict) -> None:
    assert judge(DELIVERED, said(name, at, by="ups", item="pod"))[0] is verdict


@pytest.mark.parametrize("fraction", ["00.000000", "59.999999"])
def test_a_wall_clock_fits_a_scan_at_either_end_of_its_minute(fraction: str) -> None:
    scanned = scan("scan.delivered.at", f"2026-11-05T14:32:{fraction}-08:00")
    pod = said("delivery.at", "2026-11-05T14:32", by="ups", item="pod")
    assert judge(scanned, pod)[0] is Verdict.PASS


def test_a_wall_clock_of_a_delivery_without_a_scan_is_in_some_zone_of_its_own() -> None:
    delivered = said("delivery.at", "2026-07-02T14:00", by="ups", item="pod")
    label = said("shipment.label.at", "2026-07-02T14:30", by="ups", item="pod")
    assert judge(label, delivered)[0] is Verdict.INCONCLUSIVE


def _at(place: tuple[str, ...], wall: str) -> Fact:
    value = parse_iso(wall)
    return said("scan.accepted.at", with_zones(value, place), by="ups", item="tracking")


TWO = ("America/Chicago", "America/New_York")


@pytest.mark.parametrize(
    ("place", "wall", "shipped", "verdict"),
    [
        (TWO, "2026-07-02T09:00", "2026-07-02T13:00:30Z", Verdict.PASS),  # in either zone
        (TWO, "2026-07-02T09:00", "2026-07-02T13:01:00Z", Verdict.INCONCLUSIVE),
        (TWO, "2026-07-02T09:00", "2026-07-02T14:00:30Z", Verdict.INCONCLUSIVE),  # in one of them
        (TWO, "2026-07-02T09:00", "2026-07-02T14:01:00Z", Verdict.FAIL),
        (TWO, "2026-07-02", "2026-07-03T03:59:00Z", Verdict.PASS),
        (TWO, "2026-07-02", "2026-07-03T04:30:00Z", Verdict.INCONCLUSIVE),
        (TWO, "2026-07-02", "2026-07-03T05:00:00Z", Verdict.FAIL),
        # One zone, in the hour that is repeated: it may be either.
        (TWO[1:], "2026-11-01T01:30", "2026-11-01T06:30:30Z", Verdict.PASS),
        (TWO[1:], "2026-11-01T01:30", "2026-11-01T06:31:00Z", Verdict.FAIL),
    ],
)
def test_a_place_makes_a_time_as_wide_as_its_zones_and_its_minute(
    place: tuple[str, ...], wall: str, shipped: str, verdict: Verdict
) -> None:
    found, findings = judge(_at(place, wall), erp("shipment.shipped.at", shipped))
    assert found is verdict
    if verdict is Verdict.INCONCLUSIVE:
        (told,) = findings
        assert isinstance(parse_iso(wall), LocalTime | LocalDate)
        assert ": it lies in one of several zones, compared with the merchant" in told.sentence


def test_an_open_zone_is_told_with_how_many_times_it_moves_and_what_it_is_compared_with() -> None:
    accepted = scan("scan.accepted.at", "2026-07-02T09:00:00Z")
    packed = erp("order.packed.at", "2026-07-02T14:00:00")
    _, (one,) = judge(packed, accepted)
    assert one.sentence.startswith("seller states no zone for 1 time, such as the merchant packed")
    assert one.sentence.endswith(
        ", compared with the carrier first had the parcel 2026-07-02T09:00:00Z"
        " (2026-07-02T09:00:00Z) [ups]."
    )
    _, (two,) = judge(packed, erp("order.updated.at", "2026-07-02T15:00:00"), accepted)
    assert two.sentence.startswith("seller states no zone for 2 times, such as the merchant packed")
    _, (even,) = judge(accepted, erp("delivery.recorded.at", "2026-07-02T09:00:00"))
    assert "for an offset from UTC-12:00 to UTC+00:00, compared" in even.sentence


def test_a_zone_that_only_our_own_clock_bounds_is_open_against_nothing_else() -> None:
    """The moment of the judgement is noon; in the east of it this row was written before."""
    _, findings = judge(erp("order.updated.at", "2026-11-20T21:00:00"))
    (told,) = [one for one in findings if one.code == "zone-missing"]
    assert told.sentence.endswith("from UTC+08:55 to UTC+14:00.")
