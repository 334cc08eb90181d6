"""Reads runs.toml, which says what it holds."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    title: str
    pattern: str
    unit: str = ""
    goal: float | None = None
    least: bool = False

    def found(self, output: str) -> list[tuple[str, float]]:
        """Label and value of each figure in the lines; a label may be empty."""
        return [
            (match.groupdict().get("label") or "", float(match["value"].replace(",", "")))
            for match in re.finditer(self.pattern, output, re.MULTILINE)
        ]

    def fits(self, value: float) -> bool:
        """Is it on the right side of the goal, or is there none?"""
        return self.goal is None or (value >= self.goal if self.least else value <= self.goal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    name: str
    arguments: tuple[str, ...] = ()
    quick: tuple[str, ...] | None = None
    drawn: tuple[Drawn, ...] = ()

    @property
    def module(self) -> str:
        return self.name.partition(" ")[0]


def runs() -> list[Run]:
    table = tomllib.loads(Path(__file__).with_name("runs.toml").read_text("utf-8"))
    return [
        Run(
            name=run["name"],
            arguments=tuple(run.get("arguments", ())),
            quick=tuple(run["quick"]) if "quick" in run else None,
            drawn=tuple(Drawn(**drawn) for drawn in run.get("drawn", ())),
        )
        for run in table["run"]
    ]
