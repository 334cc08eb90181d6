"""ARCHITECTURE.md's links into the code: a symbol, its file, and the line where it is defined.

A reader clicks `path#Lnn`, so lines are what the page holds; a symbol is what stays true when lines
move, so it is what the line is made from. `python -m tests.architecture` (in `make format`) writes
the lines again, and the test lets code move a little before it asks for that.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "ARCHITECTURE.md"
_LINK = re.compile(r"\[`(?P<symbol>[\w.]+)`\]\((?P<path>[\w/]+\.py)#L(?P<line>\d+)\)")
_PATH = re.compile(
    r"`((?:evidence|collectors|verifiers|storage|auditor|service|bench|supply|tests)/[\w/.*<>-]*)`"
)


class Link(NamedTuple):
    symbol: str
    path: str
    line: int


def links() -> list[Link]:
    found = _LINK.finditer(PAGE.read_text("utf-8"))
    return [Link(each["symbol"], each["path"], int(each["line"])) for each in found]


def paths() -> set[str]:
    """Every file and folder that the page names from the root on."""
    return set(_PATH.findall(PAGE.read_text("utf-8"))) | {link.path for link in links()}


def line_of(path: str, symbol: str) -> int | None:
    """Where `symbol` ("function" or "Class.method") is defined in `path`, from 1 on."""
    return dict(_defined(ast.parse((ROOT / path).read_text("utf-8")))).get(symbol)


def _defined(within: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, int]]:
    for node in within.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node.lineno
        if isinstance(node, ast.ClassDef):
            yield from _defined(node, f"{prefix}{node.name}.")


def _now(link: re.Match[str]) -> str:
    line = line_of(link["path"], link["symbol"]) or link["line"]
    return f"[`{link['symbol']}`]({link['path']}#L{line})"


if __name__ == "__main__":
    PAGE.write_text(_LINK.sub(_now, PAGE.read_text("utf-8")), "utf-8")
