"""`orderproof inspect`: one answer a file, whatever the other files are."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evidence.facts import Fact
from evidence.items import Item
from service.cli import main
from service.cli.inspect import _progress
from service.inspect import inspect
from service.reading import child as reading_child
from service.settings import Limits
from tests.verifiers.documents import pdf, picture
from tests.verifiers.evidence_of import NUMBER, ORDER
from verifiers.readers import ocr

LETTER = (
    "United Parcel Service",
    f"Tracking number: {NUMBER}",
    f"Order number: {ORDER.id}",
    "Delivered on: 2026-11-05 14:32 UTC-8",
    "Printed on: 2026-11-06 09:00 UTC-8",
)
AT = ("--at", "2026-11-08T12:00:00Z")
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "inspect.md"


class Here:
    """Reads in this process, so that a test can see and change what reads."""

    def __init__(self, limits: Limits, *, size: int) -> None:
        self.size = size

    async def facts_of(self, item: Item) -> list[Fact]:
        return reading_child.facts_of(item)

    async def close(self) -> None:
        pass


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspect, "Reading", Here)


@pytest.fixture
def letter(tmp_path: Path) -> str:
    return written(tmp_path / "letter.pdf", pdf(LETTER))


def written(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def name(judged: dict[str, Any]) -> str:
    """A verifier's name without its version."""
    return str(judged["verifier"]).partition("/")[0]


def test_a_letter_is_told_in_one_line(letter: str, capsys: pytest.CaptureFixture[str]) -> None:
    about = ("--order", ORDER.id, "--tracking", NUMBER)
    assert main(["inspect", letter, *AT, *about, "--json"]) == 0
    (answer,) = told(capsys)
    assert (answer["file"], answer["media_type"]) == (letter, "application/pdf")
    assert answer["size"] == Path(letter).stat().st_size
    assert (answer["kind"], answer["carrier"]) == ("original_export", "ups")
    assert answer["tracking_numbers"] == [NUMBER] and answer["order_numbers"] == [ORDER.id]
    assert answer["delivery"]["earliest"] == "2026-11-05T22:32:00.000000Z"
    assert (answer["capture"]["day"], answer["freshness"]) == ("2026-11-06", "fresh")
    roles = {date["role"]: date for date in answer["dates"]}
    assert roles["delivered"]["zone_known"] and roles["delivered"]["time"] == "14:32"
    assert roles["delivered"]["locator"].startswith("page:1/box:")
    judged = {name(judged): judged["verdict"] for judged in answer["verdicts"]}
    assert judged["matching.asked"] == judged["marks.freshness"] == "pass"
    assert answer["tamper"]["verdict"] != "fail" and answer["unread"] == []


def test_each_member_is_documented(letter: str, capsys: pytest.CaptureFixture[str]) -> None:
    main(["inspect", letter, *AT, "--json"])
    (answer,) = told(capsys)
    page = DOCUMENTATION.read_text("utf-8")
    members = {*answer, *answer["dates"][0], *answer["tamper"]}
    assert {member for member in members if f"`{member}`" not in page} == set()
    assert {name(one) for one in answer["verdicts"]} <= set(re.findall(r"`([\w.]+)`", page))


def test_a_file_that_speaks_against_itself_is_a_1(
    letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", letter, "--at", "2026-12-08T12:00:00Z"]) == 1
    assert "capture-stale" in capsys.readouterr().out
    assert main(["inspect", letter, *AT, "--order", "123-7654321-7654321"]) == 1


@pytest.mark.parametrize(
    "wrong", [["--at", "2026-11-08"], ["--at", "soon"], ["--site", "USA"], ["--site", "1"]]
)
def test_what_cannot_be_asked_is_a_2(
    letter: str, wrong: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", letter, *wrong]) == 2
    assert wrong[0] in capsys.readouterr().err


def test_a_bad_file_costs_its_own_answer_only(
    letter: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In real reading processes: a child that dies takes nothing with it."""
    os.mkfifo(tmp_path / "pipe")
    files = [
        written(tmp_path / "cut.pdf", pdf(LETTER)[:300]),
        str(tmp_path / "absent.pdf"),
        written(tmp_path / "empty", b""),
        str(tmp_path),
        str(tmp_path / "pipe"),
        written(tmp_path / "deep.pdf", b"%PDF-1.7\n1 0 obj\n" + b"[" * 100_000),
        written(tmp_path / "name\x1b[2J.txt", f"Tracking number: {NUMBER}".encode()),
        letter,
    ]
    assert main(["inspect", *files, *AT, "--json"]) == 2
    captured = capsys.readouterr()
    answers = [json.loads(line) for line in captured.out.splitlines()]
    read = [files[0], files[2], files[5], files[6], letter]
    assert [answer["file"] for answer in answers] == read  # in the order they were named
    assert all(answer["unread"] for answer in answers[:3])
    assert [answer["kind"] for answer in answers[:3]] == ["unknown"] * 3
    assert answers[-2]["tracking_numbers"] == answers[-1]["tracking_numbers"] == [NUMBER]
    assert captured.err.count("orderproof: ") == 3 and "it is no file" in captured.err
    assert "\x1b" not in captured.out + captured.err


def test_a_file_over_the_limit_is_named_with_its_digest(
    letter: str,
) -> None:
    limits = Limits(read_bytes=100)
    item = inspect._item(Path(letter), inspect.Asked(at=_now()), limits)
    assert (item.sha256, item.content.size) == (_sha(letter), Path(letter).stat().st_size)


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 11, 8, tzinfo=UTC)


def _sha(path: str) -> str:
    from hashlib import sha256

    return sha256(Path(path).read_bytes()).hexdigest()


async def test_as_many_files_are_read_at_once_as_there_are_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = asyncio.Barrier(2)

    class Meeting(Here):
        async def facts_of(self, item: Item) -> list[Fact]:
            assert self.size == 2
            await together.wait()  # one alone would wait for ever
            return []

    monkeypatch.setattr(inspect, "Reading", Meeting)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    files = [Path(written(tmp_path / f"{n}.txt", b"x")) for n in range(4)]
    async with asyncio.timeout(60):
        answers = [one async for one in inspect.inspect_files(files, inspect.Asked(at=_now()))]
    assert [path for path, _ in answers] == files


def test_without_the_extra_it_says_what_was_not_read(
    here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ocr, "available", lambda: False)
    shot = written(tmp_path / "shot.png", picture("PNG", size=(600, 400)))
    main(["inspect", shot, *AT, "--json"])
    (answer,) = told(capsys)
    assert answer["unread"] == [ocr.NEEDS_OCR]
    assert answer["kind"] == "unknown" and "measured" in answer["kind_reason"]
    # What was not read is not said to be absent.
    assert answer["freshness"] == "unknown"
    fresh = next(one for one in answer["verdicts"] if name(one) == "marks.freshness")
    assert fresh["verdict"] == "inconclusive"


def test_progress_is_shown_of_several_files_and_told_to_a_log(
    here: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _progress(1).disable and not _progress(2).disable
    files = [written(tmp_path / f"{n}.txt", b"Delivered") for n in range(20)]
    main(["inspect", *files, *AT, "--json"])
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 20
    assert [line for line in captured.err.splitlines() if "of 20 files" in line][-1].endswith(
        "20 of 20 files"
    )
    assert captured.err.count("of 20 files") == 10


def test_a_person_is_told_kind_and_reasons(letter: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", letter, *AT]) == 0
    said = capsys.readouterr().out
    assert "original_export, carrier ups" in said
    assert "kind-original-export" in said and "as a program wrote it" in said
