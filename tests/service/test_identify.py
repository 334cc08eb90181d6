"""`orderproof identify`: its answers and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evidence.tracking_numbers.listing import as_markdown, within
from service.cli import main

ROOT = Path(__file__).parents[2]

GOOD, WRONG = "1Z023E2X0214323462", "1Z023E2X0214323463"


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ([GOOD], 0),
        ([GOOD, "RR 473 124 829 GB"], 0),
        (["986578788856"], 0),  # wrong for FedEx, but others write twelve digits too
        ([WRONG], 1),
        ([GOOD, WRONG], 1),
        (["no number"], 1),
        ([""], 2),
        ([], 2),
        (["9" * 500], 2),
    ],
)
def test_the_exit_code_is_the_answer(
    numbers: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["identify", *numbers]) == code
    told = capsys.readouterr()
    assert (told.out == "") is (code == 2)
    assert (told.err != "") is (code == 2)


def test_json_is_one_object_a_number_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    main(["identify", "--json", f" {GOOD.lower()}", WRONG, "1Z"])
    good, wrong, nobodys = map(json.loads, capsys.readouterr().out.splitlines())
    assert (good["number"], good["normalized"]) == (f" {GOOD.lower()}", GOOD)
    assert good["candidates"] == [
        {
            "carrier": "ups",
            "name": "UPS",
            "kind": "1z",
            "title": "UPS, 1Z",
            "number": GOOD,
            "check_digit": True,
            "likeness": "certain",
            "published": True,
            "service": "2nd Day Air",
            "parts": {"shipper": "023E2X", "service": "02", "serial": "1432346"},
        }
    ]
    assert [one["check_digit"] for one in wrong["candidates"]] == [False]
    assert [one["likeness"] for one in wrong["candidates"]] == ["no"]
    assert nobodys["candidates"] == []


def test_the_kinds_are_listed_as_the_page_shows_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", "--kinds"]) == 0
    assert capsys.readouterr().out.strip() == as_markdown()
    page = (ROOT / "docs" / "tracking-numbers.md").read_text("utf-8")
    assert within(page) == page, "put `orderproof identify --kinds` between the markers"


def test_people_are_told_what_a_number_says(capsys: pytest.CaptureFixture[str]) -> None:
    main(["identify", "运单号：RR473124829GB"])
    told = capsys.readouterr().out
    assert "read as RR473124829GB" in told
    assert "certain    royal_mail" in told
    assert "check digit fits, letter post, registered, GB" in told
