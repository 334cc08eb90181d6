"""Writes docs/benchmarks.md and its pictures: what was measured, how, on which machine."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from html import escape
from pathlib import Path

from bench.runs import Drawn, Run

WIDTH, LABEL, VALUE, ROW = 720, 230, 90, 22
INK, BAR, OVER, LINE = "#1f2933", "#3e7cb1", "#c05621", "#8a8f98"


@dataclass(frozen=True, slots=True)
class Measured:
    run: Run
    command: str
    output: str
    wall_s: float
    cpu_s: float
    status: int
    day: str

    def keep(self, folder: Path) -> None:
        """So that the page can be written again once some of it was measured anew."""
        folder.mkdir(parents=True, exist_ok=True)
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        told["run"] = self.run.name
        _kept(folder, self.run).write_text(json.dumps(told), "utf-8")

    @classmethod
    def kept(cls, folder: Path, run: Run) -> Measured | None:
        """The last one of this run, if there is one here."""
        try:
            told = json.loads(_kept(folder, run).read_text("utf-8"))
        except FileNotFoundError:
            return None
        return cls(**told | {"run": run})


def _kept(folder: Path, run: Run) -> Path:
    return folder / f"{run.name.replace(' ', '-')}.json"


def machine() -> str:
    """Processor, cores, memory, system and Python, as far as the system tells."""
    model = "an unnamed processor"
    try:
        told = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        model = told[1] if told else model
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return (
        f"{os.cpu_count()} cores of {model}, {memory:.0f} GB of memory, "
        f"{platform.system()} {platform.release()} on {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


def write(measured: Sequence[Measured], page: Path) -> None:
    """The page, and beside it a folder of the same name with a picture for each `Drawn`."""
    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    parts = [_HEAD.format(machine=machine())]
    for one in measured:
        parts.append("".join(_section(one, folder)))
    page.write_text("\n".join(parts), "utf-8")


_HEAD = """\
# Benchmarks

Written by `make bench`: {machine}.

Seconds are of that machine and of whoever else used it. What holds elsewhere are ratios to another
tool that did the same in the same run, processor time, and counts of operations; the last are held
in every change by `tests/test_costs.py`.
"""


def _section(one: Measured, folder: Path) -> Iterator[str]:
    yield f"\n## {one.run.name}\n\n"
    yield f"`{one.command}` on {one.day} took {one.wall_s:.0f} s"
    yield f", of which {one.cpu_s:.0f} s were computed"
    yield ".\n" if one.status == 0 else f", and ended with {one.status}: it missed a goal.\n"
    for number, drawn in enumerate(one.run.drawn):
        found = drawn.found(one.output)
        if not found:
            yield f"\n{drawn.title}: not measured in this run.\n"
            continue
        name = f"{one.run.name.replace(' ', '-')}-{number}.svg"
        (folder / name).write_text(svg(drawn, found), "utf-8")
        told = "; ".join(f"{label} {_said(value, drawn)}".strip() for label, value in found)
        yield f"\n![{drawn.title}: {told}]({folder.name}/{name})\n"
    yield f"\n```\n{one.output.strip()}\n```\n"


def missing(measured: Sequence[Measured]) -> list[str]:
    """What should have been drawn and was not printed."""
    return [
        f"{one.run.name}: {drawn.title}"
        for one in measured
        for drawn in one.run.drawn
        if not drawn.found(one.output)
    ]


def svg(drawn: Drawn, found: Sequence[tuple[str, float]]) -> str:
    """Bars from nought; what misses the goal in another colour. Text that a reader can copy."""
    top = max([value for _, value in found] + [drawn.goal or 0.0]) or 1.0
    room = WIDTH - LABEL - VALUE
    height = 34 + ROW * len(found) + (18 if drawn.goal is not None else 4)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="13" fill="{INK}">',
        f"<title>{escape(drawn.title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="8" y="20" font-weight="bold">{escape(drawn.title)}</text>',
    ]
    for row, (label, value) in enumerate(found):
        y = 34 + ROW * row
        wide = max(1.0, room * value / top)
        lines += [
            f'<text x="{LABEL - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>',
            f'<rect x="{LABEL}" y="{y + 2}" width="{wide:.1f}" height="{ROW - 6}" '
            f'fill="{BAR if drawn.fits(value) else OVER}"/>',
            f'<text x="{LABEL + wide + 6:.1f}" y="{y + 13}">{escape(_said(value, drawn))}</text>',
        ]
    if drawn.goal is not None:
        x = LABEL + room * drawn.goal / top
        word = "at least" if drawn.least else "at most"
        lines += [
            f'<path d="M{x:.1f} 28V{height - 18}" stroke="{LINE}" stroke-dasharray="4 3"/>',
            f'<text x="{x:.1f}" y="{height - 5}" text-anchor="end" font-size="11">'
            f"{word} {escape(_said(drawn.goal, drawn))}</text>",
        ]
    return "\n".join([*lines, "</svg>", ""])


def _said(value: float, drawn: Drawn) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {drawn.unit}".strip()
