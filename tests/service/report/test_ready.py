"""Whether reports can be made here, and what is lacking."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from service.report.ready import MODULES, ready
from service.report.settings import ReportSettings
from service.typeset.fonts import FOLDERS, MAIN

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_library_that_is_not_there_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    found = ready(ReportSettings())
    assert not found.ok
    assert name in found.detail and MODULES[name] in found.detail
    assert found.do == "pip install 'orderproof[report]'"


def test_a_folder_without_fonts_is_named_with_what_to_install(tmp_path: Path) -> None:
    for name in MODULES:
        pytest.importorskip(name)
    found = ready(ReportSettings(fonts=tmp_path))
    assert not found.ok
    assert str(tmp_path) in found.detail and "fonts-noto-cjk" in found.do


def test_where_all_is_there_a_page_was_made() -> None:
    for name in MODULES:
        pytest.importorskip(name)
    found = ready(ReportSettings())
    if not found.ok:
        pytest.skip(found.detail)
    assert "PDF/A-1a" in found.detail and "typst 0." in found.detail
    assert not found.do


def test_the_image_has_the_extra_and_the_fonts_where_they_are_looked_for() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    locked = (ROOT / "requirements" / "image.txt").read_text("utf-8")
    assert all(f"\n{name}==" in locked for name in MODULES)
    (copied,) = [line for line in text.splitlines() if line.startswith("COPY --from=build /fonts ")]
    to = copied.split()[-1]
    assert any(to.startswith(folder) for folder in FOLDERS)
    assert any(row[0] in text and row[1] in text for row in MAIN)
