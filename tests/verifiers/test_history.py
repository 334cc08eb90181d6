"""Did the carrier's history stay what it was? Two captures, and what may change between them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.facts import Fact
from evidence.items import Role
from evidence.manifest import SealedItem
from evidence.times import parse_iso
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import NOW, NUMBER, ORDER, OTHER_NUMBER, facts_of, item, said
from verifiers.timestamps.history import verify

Events = dict[str, str]
FIRST: Events = {
    "2026-11-03T09:00:00Z": "scan.accepted.at",
    "2026-11-04T09:00:00Z": "scan.transit.at",
    "2026-11-05T14:31:00Z": "scan.delivered.at",
}


def capture(
    name: str, events: Events, *, days: int, number: str = NUMBER, by: str = "ups"
) -> tuple[SealedItem, list[Fact]]:
    about = {"shipment.tracking_number": number}
    at = NOW + timedelta(days=days)
    line = item(name, Role.TRACKING_HISTORY, origin=by, collected_at=at, about=about)
    facts = [said("shipment.tracking_number", number, by=by, item=name, group=f"parcel/{number}")]
    for place, (time, kind) in enumerate(events.items()):
        group = f"parcel/{number}/scan/{place}"
        facts.append(said(kind, time, by=by, item=name, group=group))
    return line, facts


def judged(*captures: tuple[SealedItem, list[Fact]]) -> tuple[Verdict, list[str]]:
    facts = [fact for _, each in captures for fact in each]
    items = [line for line, _ in captures]
    verdict, findings = verify(order=ORDER, items=items, facts=facts_of(*facts))
    known = {(fact.item, str(fact.locator)) for fact in facts}
    assert all(set(finding.rests) <= known and finding.rests for finding in findings)
    return verdict, [finding.code for finding in findings]


def without(events: Events, time: str) -> Events:
    return {at: kind for at, kind in events.items() if at != time}


@pytest.mark.parametrize(
    ("later", "verdict", "codes"),
    [
        (FIRST, Verdict.PASS, ["history-unchanged"]),
        (
            FIRST | {"2026-11-07T09:00:00Z": "scan.other.at"},
            Verdict.PASS,
            ["history-unchanged"],
        ),
        (without(FIRST, "2026-11-04T09:00:00Z"), Verdict.FAIL, ["history-event-gone"]),
        (without(FIRST, "2026-11-05T14:31:00Z"), Verdict.FAIL, ["history-event-gone"]),
        (
            without(FIRST, "2026-11-05T14:31:00Z") | {"2026-11-06T10:00:00Z": "scan.delivered.at"},
            Verdict.FAIL,
            ["history-delivery-changed"],
        ),
        (
            FIRST | {"2026-11-04T20:00:00Z": "scan.transit.at"},
            Verdict.PASS,
            ["history-unchanged", "history-event-added-later"],
        ),
        ({}, Verdict.INCONCLUSIVE, ["history-empty-now"]),
    ],
    ids=["the same", "grown", "one gone", "delivery gone", "delivery moved", "filled in", "empty"],
)
def test_a_second_capture(later: Events, verdict: Verdict, codes: list[str]) -> None:
    assert judged(capture("a", FIRST, days=0), capture("b", later, days=2)) == (verdict, codes)


def test_what_changed_is_told_with_both_moments() -> None:
    moved = without(FIRST, "2026-11-05T14:31:00Z") | {
        "2026-11-06T10:00:00Z": "scan.delivered.at",
        "2026-11-04T20:00:00Z": "scan.out_for_delivery.at",
    }
    captures = capture("a", FIRST, days=0), capture("b", moved, days=2)
    items = [line for line, _ in captures]
    facts = facts_of(*(fact for _, each in captures for fact in each))
    _, (changed, added) = verify(order=ORDER, items=items, facts=facts)
    first, again = "2026-11-20 12:00Z", "2026-11-22 12:00Z"
    old, new, late = (parse_iso(text) for text in (
        "2026-11-05T14:31:00Z", "2026-11-06T10:00:00Z", "2026-11-04T20:00:00Z",
    ))  # fmt: skip
    assert changed.sentence == (
        f"ups told the delivery of {NUMBER} as {old} at {first}, and as {new} at {again}."
    )
    assert added.sentence == (
        f"ups tells an event of {NUMBER} (out for delivery, {late}) that it had not told at"
        f" {first}, when it told later ones."
    )


def test_what_is_gone_and_what_holds_is_told_with_whose_it_is() -> None:
    first, again = "2026-11-20 12:00Z", "2026-11-22 12:00Z"

    def told(later: Events) -> list[str]:
        captures = capture("a", FIRST, days=0), capture("b", later, days=2)
        facts = facts_of(*(fact for _, each in captures for fact in each))
        _, findings = verify(order=ORDER, items=[line for line, _ in captures], facts=facts)
        return [finding.sentence for finding in findings]

    at = parse_iso("2026-11-04T09:00:00Z")
    assert told(without(FIRST, "2026-11-04T09:00:00Z")) == [
        f"ups told an event of {NUMBER} (transit, {at}) at {first}, and not any more at {again}."
    ]
    assert told({}) == [f"ups told 3 events of {NUMBER} at {first}, and none at {again}."]
    assert told(FIRST) == [
        "Each time it was asked again, the carrier told all that it had told before."
    ]


def test_what_one_capture_lost_stays_told_whatever_the_next_ones_say() -> None:
    """Forgery: the carrier is asked a third time, so that the last two agree."""
    fewer = without(FIRST, "2026-11-04T09:00:00Z")
    thrice = [capture("a", FIRST, days=0)]
    thrice += [capture(name, fewer, days=days) for name, days in (("b", 2), ("c", 3))]
    assert judged(*thrice) == (Verdict.FAIL, ["history-event-gone"])


def test_a_parcel_that_is_never_scanned_does_not_hide_the_other() -> None:
    silent = [capture(name, {}, days=days, number="ZZ9") for name, days in (("y", 0), ("z", 2))]
    assert judged(capture("a", FIRST, days=0), capture("b", FIRST, days=2), *silent) == (
        Verdict.PASS,
        ["history-unchanged"],
    )
    assert judged(*silent) == (Verdict.NOT_APPLICABLE, [])


def test_a_scan_that_another_paper_tells_is_no_part_of_a_history() -> None:
    letter = item("letter", Role.POD_DOCUMENT)
    scanned = said("scan.accepted.at", "2026-11-02T20:00:00Z", by="ups", item="letter")
    both = capture("a", FIRST, days=0), capture("b", FIRST, days=2)
    assert judged((letter, [scanned]), *both) == (Verdict.PASS, ["history-unchanged"])


def test_the_same_bytes_captured_twice_are_a_history_that_did_not_change() -> None:
    (first, facts), (again, _) = capture("a", FIRST, days=0), capture("a", FIRST, days=2)
    assert judged((first, facts), (again, [])) == (Verdict.PASS, ["history-unchanged"])


def test_the_order_of_the_items_does_not_matter_but_their_time() -> None:
    grown = FIRST | {"2026-11-07T09:00:00Z": "scan.other.at"}
    both = capture("b", grown, days=2), capture("a", FIRST, days=0)
    assert judged(*both)[0] is Verdict.PASS
    assert judged(capture("b", grown, days=0), capture("a", FIRST, days=2))[0] is Verdict.FAIL


def test_one_capture_or_another_carrier_or_parcel_is_no_second_time() -> None:
    one = capture("a", FIRST, days=0)
    assert judged(one) == (Verdict.NOT_APPLICABLE, [])
    assert judged(one, capture("b", {}, days=2, by="17track"))[0] is Verdict.NOT_APPLICABLE
    assert judged(one, capture("b", {}, days=2, number=OTHER_NUMBER))[0] is Verdict.NOT_APPLICABLE


def test_what_a_carrier_does_not_keep_is_not_missed() -> None:
    kept = {"2026-11-05T14:31:00Z": "scan.delivered.at"}
    late = capture("b", kept, days=77)  # the scans of 3 and 4 November are older than 90 days
    assert judged(capture("a", FIRST, days=0), late)[0] is Verdict.PASS


@given(
    st.lists(
        st.dictionaries(
            st.datetimes(
                min_value=NOW.replace(tzinfo=None) - timedelta(days=40),
                max_value=NOW.replace(tzinfo=None),
            ).map(lambda at: at.isoformat() + "Z"),
            st.sampled_from(["scan.accepted.at", "scan.transit.at", "scan.delivered.at"]),
            max_size=6,
        ),
        min_size=2,
        max_size=4,
    )
)
def test_a_history_that_only_grows_never_fails_and_one_that_shrinks_never_passes(
    growth: list[Events],
) -> None:
    told: Events = {}
    captures = []
    for number, more in enumerate(growth):
        told = told | {at: kind for at, kind in more.items() if at not in told}
        captures.append(capture(f"c{number}", told, days=number))
    verdict, codes = judged(*captures)
    assert verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE)
    assert not {"history-event-gone", "history-delivery-changed"} & set(codes)
    if len(told) > 1:
        lost = capture("lost", without(told, min(told)), days=len(growth))
        assert judged(*captures, lost)[0] is Verdict.FAIL
