"""The fonts of the configuration are those of platforms' papers, too."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from evidence.errors import ConfigError
from service.custody import By
from service.profiles import paper
from service.profiles.asked import Asked
from service.profiles.make import make
from service.profiles.refusal import NotTakenError
from service.report.settings import ReportSettings
from service.typeset.fonts import find_fonts
from tests.service.profiles.scenarios import ERP, TRACKING
from tests.service.profiles.shop import shop
from tests.service.report.accounts import account, story
from tests.verifiers.evidence_of import ORDER, said
from verifiers.profilebook import profile_named

if not paper.available():
    pytest.skip("the extra `report` or its fonts are not installed", allow_module_level=True)
FONTS = find_fonts()
# A letter that the second family has, and the first has not.
ALEF = "\u0627"


async def told_with(fonts: Path | None, to: Path) -> str:
    """The text of the papers of an order whose buyer is in Arabic."""
    buyer = said("order.alias", ALEF * 3, by="erp", item="record", group="row/1")
    manifest = account([*story(), buyer], (ERP, TRACKING))
    profile = replace(profile_named("amazon"), platforms=())
    asked = Asked(profile=profile, orders=[ORDER], report=None)
    async with shop(lambda ref: manifest, report=ReportSettings(fonts=fonts)) as runtime:
        await make(runtime, "default", asked, to=to, by=By("test", "test"))
    text = ""
    with zipfile.ZipFile(to) as bundle:
        (name,) = [each for each in bundle.namelist() if each.startswith("files/")]
        with zipfile.ZipFile(io.BytesIO(bundle.read(name))) as archive:
            for each in archive.namelist():
                pages = PdfReader(io.BytesIO(archive.read(each))).pages
                text += " ".join(page.extract_text() for page in pages)
    return text


async def test_a_folder_of_fonts_is_obeyed_and_nothing_else_is_looked_for(tmp_path: Path) -> None:
    if not FONTS.shows(ALEF):
        pytest.skip("no second family of fonts is installed")
    folder = tmp_path / "fonts"
    folder.mkdir()
    for file in FONTS.files[:2]:
        (folder / file.name).symlink_to(file)
    assert "U+0627" not in await told_with(None, tmp_path / "a.zip")
    assert "⟨U+0627⟩" in await told_with(folder, tmp_path / "b.zip")


async def test_a_folder_without_fonts_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises((ConfigError, NotTakenError), match="empty"):
        await told_with(empty, tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()
