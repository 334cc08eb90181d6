"""Can all stated times be true together? Through the verifier's own face."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evidence.verdicts import Finding, Verdict
from tests.counting import lines_run
from tests.verifiers.evidence_of import NOW, NUMBER, ORDER, facts_of, said, sha_of
from tests.verifiers.many import EXPORTS, many_times
from tests.verifiers.timed import codes, erp, judge, scan
from verifiers.timestamps.order import verify


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
        ("2026-11-05T14:32:45Z", "2026-11-05T16:02Z", "1.5 hours"),
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


def test_a_neighbours_row_of_the_same_export_says_nothing_of_this_order() -> None:
    verdict, _ = judge(
        erp("order.placed.at", "2026-11-01T02:00:00Z"),
        said("order.id", "123-7654321-7654321", by="seller", item="erp", group="row/2"),
        erp("order.placed.at", "2026-12-24T02:00:00Z", group="row/2"),
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
    )
    assert verdict is Verdict.PASS


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
