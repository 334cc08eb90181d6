"""Every finding code is documented, and nothing else is."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path

import pytest

import verifiers
from evidence.verdicts import Finding

ROOT = Path(__file__).resolve().parents[2]
_CODE = re.compile(r"Finding\.(grave|note|good)\(\s*\"([a-z-]+)\"")


def in_the_source() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted((ROOT / "verifiers").rglob("*.py")):
        for severity, code in _CODE.findall(file.read_text(encoding="utf-8")):
            assert code not in found, f"{code} is defined twice"
            found[code] = severity
    return found


def documented() -> dict[str, str]:
    text = (ROOT / "docs" / "verifiers.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^### `([a-z-]+)` \((grave|note|good)\)$", text, re.MULTILINE))


def test_the_pages_codes_are_those_of_the_source() -> None:
    assert documented() == in_the_source()


@pytest.mark.parametrize("code", documented().keys())
def test_each_code_is_explained_with_an_example(code: str) -> None:
    text = (ROOT / "docs" / "verifiers.md").read_text(encoding="utf-8")
    section = text.partition(f"### `{code}`")[2].partition("\n### ")[0]
    assert "Example:" in section
    assert len(section) > 120


def _findings(value: object) -> Iterator[Finding]:
    """Those that a module's constant is or holds."""
    if isinstance(value, Finding):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _findings(inner)
    elif is_dataclass(value) and type(value).__module__.startswith("verifiers."):
        for each in fields(value):
            yield from _findings(getattr(value, each.name))
    elif isinstance(value, tuple | list | frozenset | set):
        for inner in value:
            yield from _findings(inner)


@cache
def remedies() -> dict[str, str]:
    """What to do about each code, as the verifiers say it."""
    found: dict[str, str] = {}
    for module in pkgutil.walk_packages(verifiers.__path__, "verifiers."):
        if not module.name.startswith("verifiers.readers."):
            for value in list(vars(importlib.import_module(module.name)).values()):
                found |= {finding.code: finding.do for finding in _findings(value)}
    return found


@pytest.mark.parametrize("code", [c for c, kind in documented().items() if kind != "good"])
def test_what_to_do_is_what_the_verifier_says(code: str) -> None:
    text = (ROOT / "docs" / "verifiers.md").read_text(encoding="utf-8")
    section = text.partition(f"### `{code}`")[2].partition("\n#")[0]
    assert f"To do: {remedies()[code]}" in " ".join(section.split())
