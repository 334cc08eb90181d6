"""Known faults: what the index told is sorted, and what it did not tell is no all-clear."""

from __future__ import annotations

from typing import Any

import pytest

from supply import faults

FAULT = {"id": "PYSEC-2026-1", "fix_versions": ["9.9"]}


def _told(answers: list[list[dict[str, Any]] | None], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(faults, "ask", lambda _: answers.pop(0))
    return faults.main()


@pytest.mark.parametrize("first", [None, [{"name": "idna", "skip_reason": "not found"}]])
def test_an_index_that_tells_nothing_is_said_and_no_more_is_asked(
    first: list[dict[str, Any]] | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _told([first], monkeypatch) == 3
    assert capsys.readouterr().out.startswith("NOT LOOKED AT")


@pytest.mark.parametrize(
    ("name", "status", "word"), [("aiohttp", 1, "INSTALLED"), ("moto", 0, "tests only")]
)
def test_a_fault_counts_where_users_install_the_library(
    name: str,
    status: int,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    told: list[dict[str, Any]] = [
        {"name": name, "version": "1", "vulns": [FAULT]},
        {"name": "idna", "version": "1", "vulns": []},
        {"name": "atheris", "skip_reason": "not found"},
    ]
    first: list[dict[str, Any]] = [{"name": "idna", "vulns": []}]
    assert _told([first, told], monkeypatch) == status
    out = capsys.readouterr().out
    assert f"{word} {name}: PYSEC-2026-1, mended in 9.9" in out
    assert "not told of: atheris" in out and "2 libraries looked at" in out
