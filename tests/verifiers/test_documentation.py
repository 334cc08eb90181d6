"""Every finding code is documented, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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
