"""Which end of which deadline is the next one, and where a weekend or a stated end moves it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from evidence.facts import Fact
from evidence.policy import Confidence, Deadline, Policy, Unit, parse_policy
from tests.verifiers.evidence_of import NOW, facts_of, said
from verifiers.terms.due import Due, due_of, dues, later, next_due, steps

EMPTY = parse_policy(
    b'id = "x.y"\nversion = "1"\nplatform = "other"\ndefect_kinds = ["x"]\ntitle = "t"\n'
    b'[[requirement]]\nid = "pod"\ntext = "Proof"\nany_of = ["pod.document"]\nlevel = "required"\n'
    b'where = "the carrier"\nsource = "a page"\nsource_date = "n.d."\nconfidence = "seed"\n'
)


def rule(
    name: str, amount: int, unit: Unit = Unit.HOURS, *, step: str, starts: str = "defect.noticed.at"
) -> Deadline:
    return Deadline(
        id=name, starts=starts, amount=amount, unit=unit, clock="UTC", step=step,
        source="s", source_date="n.d.", confidence=Confidence.SEED,
    )  # fmt: skip


def policy(*rules: Deadline) -> Policy:
    return replace(EMPTY, deadlines=rules)


def at(name: str, when: datetime) -> Fact:
    return said(name, when.isoformat(), by="amazon", item="notice")


def names(found: list[Due]) -> list[str]:
    return [due.rule.id for due in found]


@pytest.mark.parametrize(
    ("begun", "days", "ends"), [(4, 1, 7), (5, 1, 7), (6, 1, 7), (3, 2, 7), (4, 0, 4), (5, 0, 5)]
)
def test_a_business_day_ends_on_a_working_day_at_the_same_hour(
    begun: int, days: int, ends: int
) -> None:
    """4 December 2026 is a Friday."""
    start = datetime(2026, 12, begun, 9, 30, tzinfo=UTC)
    counted = rule("d", days, Unit.BUSINESS_DAYS, step="reply")
    assert later(start, counted) == datetime(2026, 12, ends, 9, 30, tzinfo=UTC)


def test_an_end_beyond_the_calendar_is_no_end_and_an_unknown_clock_is_read_as_utc() -> None:
    start = at("defect.noticed.at", datetime(2026, 10, 31, 16, tzinfo=UTC))
    far = rule("far", 9_000_000, Unit.CALENDAR_DAYS, step="reply")
    assert due_of(far, facts_of(start)) is None
    elsewhere = replace(rule("d", 2, Unit.CALENDAR_DAYS, step="reply"), clock="Moon/Base")
    due = due_of(elsewhere, facts_of(start))
    assert due is not None and due.start == start
    assert due.earliest == datetime(2026, 11, 2, 16, tzinfo=UTC)


def test_a_bare_day_leaves_its_end_as_wide_as_it_is() -> None:
    day = said("defect.noticed.at", "2026-12-04", by="amazon", item="notice")
    due = due_of(rule("d", 24, step="reply"), facts_of(day))
    assert due is not None
    assert due.earliest == day.time.span.earliest + timedelta(hours=24)
    assert due.latest == day.time.span.latest + timedelta(hours=24)
    assert due.latest - due.earliest > timedelta(hours=24)


def test_a_stated_end_takes_the_place_of_counted_ones_of_its_step_alone() -> None:
    rules = policy(
        rule("stated", 0, step="reply", starts="dispute.due.at"),
        rule("counted", 48, step="reply"),
        rule("other", 72, step="appeal"),
        rule("letter", 1, step="answer", starts="message.sent.at"),
    )
    noticed = at("defect.noticed.at", NOW)
    stated = at("dispute.due.at", NOW + timedelta(hours=5))
    letter = at("message.sent.at", NOW)
    assert names(dues(rules, facts_of(noticed, letter), NOW)) == ["counted", "other"]
    assert names(dues(rules, facts_of(noticed, stated), NOW)) == ["stated", "other"]


def test_steps_stand_apart_each_with_its_strictest_reading_first() -> None:
    rules = policy(
        rule("week", 168, step="reply"),
        rule("month", 720, step="appeal"),
        rule("two days", 48, step="reply"),
    )
    found = steps(dues(rules, facts_of(at("defect.noticed.at", NOW)), NOW))
    assert [names(one) for one in found] == [["month"], ["two days", "week"]]


def test_the_next_end_is_the_nearest_that_has_not_passed_and_the_moment_itself_has_not() -> None:
    rules = policy(
        rule("week", 168, step="reply"), rule("b", 48, step="reply"), rule("a", 48, step="appeal")
    )
    facts = facts_of(at("defect.noticed.at", NOW))

    def following(hours: float) -> str | None:
        due = next_due(rules, facts, NOW + timedelta(hours=hours))
        return due.rule.id if due is not None else None

    assert following(0) == following(48) == "a"
    assert following(48.01) == following(168) == "week"
    assert following(168.01) is None


def test_an_unknown_clock_is_not_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Saturday night in Greenwich is a Friday evening in New York, where the machine stands."""
    elsewhere = replace(rule("d", 1, Unit.BUSINESS_DAYS, step="reply"), clock="Moon/Base")
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        ends = later(datetime(2026, 10, 31, 2, tzinfo=UTC), elsewhere)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert ends == datetime(2026, 11, 2, 2, tzinfo=UTC)
