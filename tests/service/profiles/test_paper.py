"""Papers for platforms: PDF/A as veraPDF judges it, whatever a source wrote; the same each time."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from service.profiles import paper
from service.profiles.paper import Lines, Paper, Pictures, Shown, Told, as_pdf, as_pictures
from service.typeset.fonts import find_fonts
from tests.service.report.vera import judged
from verifiers.forms.uploads import told

if not paper.available():
    pytest.skip("the extra `report` or its fonts are not installed", allow_module_level=True)
FONTS = find_fonts()

# Chinese, a bracket of typst's, a word without a break, a character that hardly a font has.
ODD = "签收 #set page() $x$ <b> " + "1Z84A7V9" * 12 + " \U000131f0 é \u202e"


def jpeg(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (190, 180, 160)).save(out, format="jpeg")
    return out.getvalue()


def a_paper(up: int = 1, pictures: int = 3) -> Paper:
    shown = tuple(Shown(jpeg((400, 300 + n)), ODD, f"picture {n}") for n in range(pictures))
    return Paper(
        title=ODD,
        lines=(ODD,),
        parts=(
            Told(ODD, ("What", "Words", "Where"), (1.0, 2.0, 1.0), ((ODD, ODD, ODD),) * 3),
            Lines((ODD,)),
            Pictures(shown, up),
        ),
        foot=ODD,
        at=datetime(2026, 11, 20, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize(("up", "pages"), [(1, 4), (2, 3), (4, 2)])
def test_a_paper_is_pdf_a_with_so_many_pictures_on_a_page(up: int, pages: int) -> None:
    made = as_pdf(a_paper(up), FONTS)
    assert made == as_pdf(a_paper(up), FONTS)
    seen = told(made)
    assert (seen.standard, seen.pages, seen.broken) == ("PDF/A-1a", pages, "")


def test_the_same_paper_as_pictures_has_that_size() -> None:
    made = as_pictures(a_paper(), FONTS, longest=900, quality=60)
    sizes = [(told(page).width, told(page).height) for page in made]
    assert len(made) == 4 and all(max(size) in range(895, 906) for size in sizes)


@pytest.mark.extras
def test_verapdf_finds_papers_compliant(tmp_path: Path) -> None:
    files = {f"{up}.pdf": as_pdf(a_paper(up), FONTS) for up in (1, 2, 4)}
    assert judged(tmp_path, files, standard="PDFA-1A") == dict.fromkeys(files, "true")
