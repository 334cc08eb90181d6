"""The machine itself: which steps lead where, and what a chain of events must be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.cases import (
    RECORDS,
    TRANSITIONS,
    Case,
    Enclosed,
    Event,
    State,
    Step,
    after,
    allowed,
    opened,
    replay,
)
from evidence.errors import FormatError, HeldError

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def begun() -> Case:
    first = opened(
        "ab" * 16,
        platform="amazon",
        site="US",
        kind="a-to-z",
        account=False,
        orders=["amazon:1 (US)"],
        asins=[],
        rules="amazon.a2z.delivery",
        links=[],
        at=AT,
        by="tests",
    )
    return replay([first])


def walked(*steps: Step) -> Case:
    case = begun()
    for number, step in enumerate(steps, 1):
        event = case.next(step, at=AT + timedelta(hours=number), by="tests")
        case = replay([*case.events, event])
    return case


def test_the_whole_way_with_a_second_attempt() -> None:
    first = (Step.COLLECT, Step.READY, Step.SUBMIT, Step.REVIEW, Step.DENY)
    second = (Step.COLLECT, Step.READY, Step.SUBMIT, Step.WIN, Step.WATCH, Step.CLOSE)
    case = walked(*first, *second)
    assert (case.state, case.version) == (State.CLOSED, 12)


def test_no_state_but_the_last_is_a_trap_and_every_state_can_be_reached() -> None:
    reached = {State.NOTICED, *TRANSITIONS.values()}
    assert reached == set(State)
    assert {state for state in State if not any(a is state for a, _ in TRANSITIONS)} == {
        State.CLOSED
    }


def test_a_step_is_in_the_table_or_changes_nothing() -> None:
    for state in State:
        for step in allowed(state):
            to = after(state, step)
            assert to == state if step in RECORDS else to == TRANSITIONS[state, step]


@given(st.lists(st.sampled_from(list(Step)), max_size=30))
def test_whatever_is_tried_what_stands_replays_and_nothing_is_filed_twice(
    steps: list[Step],
) -> None:
    case = begun()
    filed = False
    for step in steps:
        try:
            event = case.next(step, at=AT, by="tests")
        except HeldError:
            continue
        assert not (step is Step.SUBMIT and filed)
        filed = event.state.is_filed
        case = replay([*case.events, Event.from_bytes(event.to_bytes())])
        assert case.state is event.state


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param({"seq": 3}, id="one is missing"),
        pytest.param({"prev": "0" * 64}, id="it follows another"),
        pytest.param({"case": "cd" * 16}, id="it is of another case"),
        pytest.param({"at": AT - timedelta(days=1)}, id="it is before the one before"),
        pytest.param({"state": State.WON}, id="it leads elsewhere"),
        pytest.param({"before": State.READY}, id="it begins elsewhere"),
        pytest.param({"step": Step.WIN}, id="it may not be"),
    ],
)
def test_a_chain_that_does_not_hold_is_refused(spoilt: dict[str, object]) -> None:
    case = walked(Step.COLLECT)
    event = case.next(Step.READY, at=AT + timedelta(hours=2), by="tests")
    replay([*case.events, event])
    with pytest.raises(FormatError):
        replay([*case.events, replace(event, **spoilt)])  # type: ignore[arg-type]


def test_a_case_is_what_its_first_event_says_it_is_about() -> None:
    said = {
        "platform": "tiktok", "site": "GB", "kind": "odr", "account": True,
        "orders": ["tiktok:1 (GB)", "tiktok:2 (GB)"], "asins": ["B0"], "rules": "tiktok.odr",
        "links": ["https://a.test/1"],
    }  # fmt: skip
    first = opened("cd" * 16, **said, at=AT, by="tests")  # type: ignore[arg-type]
    case = replay([first])
    assert (case.id, case.platform, case.site, case.kind) == ("cd" * 16, "tiktok", "GB", "odr")
    assert (case.account, begun().account) == (True, False)
    assert (case.orders, case.asins) == (("tiktok:1 (GB)", "tiktok:2 (GB)"), ("B0",))
    assert (case.rules, case.links) == ("tiktok.odr", ("https://a.test/1",))
    assert (case.state, case.opened_at, case.events) == (State.NOTICED, AT, (first,))
    for name in said:
        lacking = replace(first, said={key: one for key, one in said.items() if key != name})
        with pytest.raises(FormatError, match="does not say what the case is about"):
            replay([lacking])


def test_a_case_is_asked_for_its_events_by_step_and_for_what_came_with_them() -> None:
    case = begun()
    due = "2026-11-23T12:00:00.000000Z"
    notices = (Enclosed("defect.notice", "a" * 64, "n"), Enclosed("document", "b" * 64, "d"))
    for said in ({"due_at": "2026-11-21T12:00:00.000000Z"}, {"due_at": due}, {}):
        event = case.next(Step.NOTICE, at=AT, by="tests", items=notices, said=said)
        case = replay([*case.events, event])
    assert [one.seq for one in case.of(Step.NOTICE)] == [1, 2, 3]
    assert [one.seq for one in case.of(Step.OPEN, Step.NOTICE)] == [0, 1, 2, 3]
    assert case.last(Step.NOTICE) == case.events[3] and case.last(Step.WIN) is None
    assert case.enclosed("defect.notice") == [(one, notices[0]) for one in case.events[1:]]
    assert case.time(Step.NOTICE, "due_at") is case.time(Step.WIN, "due_at") is None
    known = replay(case.events[:3])
    assert known.time(Step.NOTICE, "due_at") == AT + timedelta(days=3)
    assert known.time(Step.NOTICE, "kind") is None
    assert (case.version, case.updated_at) == (4, AT)


@pytest.mark.parametrize(
    "spoilt",
    [{"seq": 1}, {"prev": "1" * 64}, {"step": Step.COLLECT}, {"before": State.NOTICED},
     {"state": State.WON}],
    ids=lambda spoilt: next(iter(spoilt)),
)  # fmt: skip
def test_an_event_that_opens_nothing_begins_no_case(spoilt: dict[str, object]) -> None:
    first = begun().events[0]
    with pytest.raises(FormatError, match=r"Event 0 of the case .*it does not open one"):
        replay([replace(first, **spoilt)])  # type: ignore[arg-type]


def test_what_begins_a_chain_opens_a_case() -> None:
    case = walked(Step.COLLECT)
    with pytest.raises(FormatError):
        replay(case.events[1:])
    with pytest.raises(FormatError):
        replay([])
    with pytest.raises(FormatError):
        replay([replace(case.events[0], said={})])
