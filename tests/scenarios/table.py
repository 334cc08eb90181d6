"""The rows of rows.toml, and which test plays which: by its name, or by `mark.row`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
# test_S0_01_… is a test of S0-01.
_NAME = re.compile(r"test_(S[0-4])_(\d{2})_")
_DEF = re.compile(r"^\s*(?:async )?def (test_\w+)\(")
_MARK = re.compile(r"mark\.row\(([^)]*)\)")
_ID = re.compile(r"S[0-4]-\d{2}")
# How many rows each document asks for.
SEEDS = {"S0": 35, "S1": 26, "S2": 10, "S3": 29, "S4": 20}
IDS = tuple(f"{seed}-{n:02}" for seed, count in SEEDS.items() for n in range(1, count + 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is asked, in our words, and where it is answered.

    person  what a person must do, and what is done instead
    lacks   what is not done, and why
    """

    id: str
    asks: str
    where: str
    person: str = ""
    lacks: str = ""


def rows() -> dict[str, Row]:
    said = tomllib.loads((HERE / "rows.toml").read_text("utf-8"))
    return {id: Row(id=id, **table) for id, table in said.items()}


def row_of(name: str) -> str | None:
    """The row that a test's name begins with."""
    found = _NAME.match(name)
    return f"{found[1]}-{found[2]}" if found else None


def players() -> Iterator[tuple[str, str]]:
    """(row, test) of each test that says which row it plays, without importing one."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        marked: set[str] = set()
        for line in file.read_text("utf-8").splitlines():
            if found := _MARK.search(line):
                marked |= set(_ID.findall(found[1]))
            if (found := _DEF.match(line)) is None:
                continue
            by_name = {row} if (row := row_of(found[1])) else set()
            for id in sorted(marked | by_name):
                yield id, f"{file.relative_to(ROOT)}::{found[1]}"
            marked.clear()
