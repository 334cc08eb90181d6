"""A case's chain in a bundle is replayed by the page as by the auditor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from evidence.cases import Case, Enclosed, Event, State, Step, opened, replay
from evidence.items import InMemory, Item, Provenance, Role
from tests.auditor.bundles import NOON, make
from tests.auditor.page.browser import Tab
from tests.auditor.page.judging import disagreement, judged, ours, sentences

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAPER = b"Your appeal was not accepted."
LETTER = Enclosed(str(Role.CASE_REPLY), InMemory(PAPER).sha256, "denial.txt")
STEPS = (
    Step.COLLECT, Step.READY, Step.SUBMIT, Step.REVIEW, Step.DENY, Step.COLLECT, Step.READY,
    Step.SUBMIT, Step.WIN, Step.WATCH, Step.CLOSE, Step.PROVE,
)  # fmt: skip


def chain() -> list[Event]:
    first = opened(
        "0f" * 16, platform="amazon", site="US", kind="a-to-z", account=False,
        orders=["amazon:112-4872913-5531402 (US)"], asins=[], rules="", links=[], at=NOON, by="t",
        more={"note": "通知 \u2028"},
    )  # fmt: skip
    case: Case = replay([first])
    for n, step in enumerate(STEPS, start=1):
        at = NOON + timedelta(minutes=n)
        items = [LETTER] if step is Step.DENY else []
        case = replay([*case.events, case.next(step, at=at, by="t", items=items)])
    return list(case.events)


def kept(events: Sequence[Event]) -> list[Item]:
    papers = [(Role.CASE_REPLY, PAPER, NOON, "text/plain", "denial.txt")]
    lines = [
        (Role.CASE_EVENT, event.to_bytes(), event.at, "application/json", None) for event in events
    ]
    return [
        Item(
            role=role, key=f"case/{n}", content=InMemory(data), media_type=media_type,
            collector="orderproof.case/1", origin="seller", provenance=Provenance.UPLOAD,
            collected_at=at, name=name,
        )
        for n, (role, data, at, media_type, name) in enumerate([*papers, *lines])
    ]  # fmt: skip


Spoil = Callable[[list[Event]], list[Event]]


def changed(place: int, **changes: Any) -> Spoil:
    return lambda events: [
        replace(event, **changes) if n == place else event for n, event in enumerate(events)
    ]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda events: events, id="whole"),
        pytest.param(lambda events: events[1:], id="without its opening"),
        pytest.param(lambda events: [*events[:3], *events[4:]], id="one is missing"),
        pytest.param(lambda events: [*events[:2], events[3], events[2]], id="out of order"),
        pytest.param(changed(4, by="somebody else"), id="altered"),
        pytest.param(changed(12, case="1e" * 16), id="of another case"),
        pytest.param(changed(12, step=Step.SUBMIT, state=State.SUBMITTED), id="not allowed"),
        pytest.param(changed(12, state=State.WON), id="leads elsewhere"),
        pytest.param(changed(12, at=NOON), id="too early"),
        pytest.param(
            changed(12, items=(replace(LETTER, sha256="ab" * 32),)), id="a paper is not there"
        ),
        pytest.param(changed(0, said={}), id="about nothing"),
    ],
)
async def test_a_cases_chain_is_judged_as_the_auditor_judges_it(
    tab: Tab, tmp_path: Path, spoil: Spoil
) -> None:
    events = spoil(chain())
    data = make(2, more=kept(events)).zip()
    file = tmp_path / "bundle.zip"
    file.write_bytes(data)
    said, right = await judged(tab, data), ours(file)
    assert disagreement(said, right) == ""
    assert sentences(said) == sentences(right)
    (line,) = [each for each in right["checks"] if each["name"] == "case"]
    assert line["state"] == ("pass" if events == chain() else "fail")


async def test_a_bundle_without_a_case_says_nothing_of_one(tab: Tab) -> None:
    said = await judged(tab, make(2).zip())
    assert [each for each in said["checks"] if each["name"] == "case"] == []
