"""All rows are there, each is played, and the page tells of them as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.scenarios.table import IDS, ROOT, players, rows

PAGE = ROOT / "docs" / "scenarios.md"


def test_each_of_the_120_rows_is_there_in_order() -> None:
    assert tuple(rows()) == IDS and len(IDS) == 120
    assert all(row.asks and row.where for row in rows().values())


def test_each_row_is_played_by_a_test_or_says_why_not() -> None:
    played = {id for id, _ in players()}
    assert played | {id for id, row in rows().items() if row.lacks} == set(IDS)


def test_the_page_tells_of_each_row_in_its_present_words() -> None:
    page = PAGE.read_text("utf-8")
    for row in rows().values():
        (line,) = re.findall(rf"^\| {row.id} \| (.*)$", page, re.MULTILINE)
        assert line.startswith(row.asks) and row.person in line and row.lacks in line, row.id
    tests = {(id, test.removeprefix("tests/")) for id, test in players()}
    for id, named in re.findall(r"^- (S\d-\d\d): (.*)$", page, re.MULTILINE):
        gone = {name for name in re.findall(r"`([^`]+)`", named) if (id, name) not in tests}
        assert not gone, f"run `make scenarios`: {gone} do not play {id}"


@pytest.mark.needs_shared
def test_the_rows_are_those_of_the_documents(shared: Path) -> None:
    file = shared / "mission" / "SCENARIOS.md"
    if not file.is_file():
        pytest.skip("the mission's scenarios are absent")
    assert tuple(re.findall(r"^\| (S\d-\d\d) \|", file.read_text("utf-8"), re.MULTILINE)) == IDS
