"""What is kept of mutants: files that only grow, a line of JSON each."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Told:
    """What came of a mutant: of which code, by which test if one failed, of which tests."""

    name: str
    code: str
    outcome: str
    by: str
    tests: str


def told(kept: Path) -> dict[str, Told]:
    """By mutant; of one that is there twice the later line counts."""
    return {line[0]: Told(*line) for line in lines(kept)}


def lines(kept: Path) -> Iterator[list[Any]]:
    """Without one that was cut off when its writer ended."""
    for line in kept.read_text("utf-8").splitlines() if kept.exists() else ():
        with contextlib.suppress(ValueError):
            yield json.loads(line)
