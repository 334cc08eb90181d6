"""Coverage is judged by branches, and says where fewest were gone through."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from supply.branches import files_of, known, piece_of, tell


def _found(**files: tuple[int, int]) -> dict[str, Any]:
    return {
        "files": {
            name.replace("_", "/") + ".py": {
                "summary": {"covered_branches": gone, "num_branches": there}
            }
            for name, (gone, there) in files.items()
        },
        "totals": {
            "covered_branches": sum(gone for gone, _ in files.values()),
            "num_branches": sum(there for _, there in files.values()),
        },
    }


@pytest.mark.parametrize(("gone", "status"), [(80, 0), (79, 1)])
def test_nine_branches_in_ten_are_enough_and_fewer_are_not(
    gone: int, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found = _found(evidence_a=(gone, 90), evidence_b=(10, 10), auditor_c=(0, 0))
    assert tell(found) == status
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["auditor", "0", "0", "100.0%"]
    assert lines[2][:3] == ["evidence", str(gone + 10), "100"]
    assert lines[3][0] == "evidence/a.py" and len(lines) == 5


def test_what_some_pieces_found_is_told_as_the_least_and_is_no_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tell(_found(evidence_a=(1, 90)), 2, 3) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == "all: at least 1.1%, by 2 of 3 pieces; the floor is 90%"


@pytest.mark.parametrize("of", [1, 2, 7, 12])
def test_each_file_of_tests_is_in_one_piece(of: int) -> None:
    pieces = [files_of(number, of) for number in range(1, of + 1)]
    every = sorted(each for one in pieces for each in one)
    assert every == files_of(1, 1) and "tests/supply/test_branches.py" in every
    assert max(map(len, pieces)) - min(map(len, pieces)) <= 1


def test_a_piece_is_one_of_so_many() -> None:
    assert (piece_of("1/1"), piece_of("3/8"), piece_of("12/12")) == ((1, 1), (3, 8), (12, 12))
    for wrong in ("", "0/8", "9/8", "1", "1/100", "a/b", "1/2/3"):
        with pytest.raises(argparse.ArgumentTypeError, match="is no piece, such as 3/8"):
            piece_of(wrong)


def test_what_was_measured_is_known_by_its_files(tmp_path: Path) -> None:
    assert known(tmp_path) == ([], 0)
    for name in ("2-of-3", "3-of-3", "all", "coverage.json"):
        (tmp_path / name).touch()
    assert known(tmp_path) == ([tmp_path / "2-of-3", tmp_path / "3-of-3"], 3)
