"""Scans and photos that were typed upon afterwards, and the same without."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from evidence.facts import Fact, Facts
from evidence.verdicts import Verdict
from tests.verifiers.documents import received
from verifiers.authenticity.tamper import tamper_of
from verifiers.readers.traces.registry import traces_of

np = pytest.importorskip("numpy")
pytest.importorskip("cv2")

ROWS = (
    "Delivery confirmation", "Delivered November 5, 2026 14:32", "Tracking 1Z5R89390357567127",
    "Received by M. CARTER", "Left at front door", "Service Ground, 2.4 lbs",
    "Departed facility Memphis TN", "Arrived at hub Austin TX", "Order 123-1234567-1234567",
)  # fmt: skip
BOX = (118, 174, 560, 206)  # the second row
FONT = ImageFont.load_default(24)


def sheet() -> Image.Image:
    page = Image.new("L", (1000, 900), 246)
    draw = ImageDraw.Draw(page)
    for row, text in enumerate(ROWS):
        draw.text((120, 100 + 78 * row), text, font=FONT, fill=20)
    draw.rectangle((90, 80, 900, 790), outline=60, width=2)  # a frame around all of it
    return page


def scanned(*, turn: float, grain: float = 2.0) -> Image.Image:
    """The sheet as a scanner sees it: a little askew, softened, with its sensor's grain."""
    page = sheet().rotate(turn, Image.Resampling.BICUBIC, fillcolor=246)
    page = page.filter(ImageFilter.GaussianBlur(0.6))
    noise = np.random.default_rng(7).normal(0, grain, (900, 1000))
    return Image.fromarray(np.clip(np.asarray(page, dtype=np.float32) + noise, 0, 255).astype("u1"))


def typed(scan: Image.Image) -> Image.Image:
    """With another date typed over the second row, level and sharp."""
    changed = scan.copy()
    draw = ImageDraw.Draw(changed)
    draw.rectangle(BOX, fill=scan.getpixel((600, 300)))
    draw.text((120, 178), "Delivered November 2, 2026 14:32", font=FONT, fill=20)
    return changed


def saved(picture: Image.Image, form: str = "JPEG") -> bytes:
    out = io.BytesIO()
    picture.save(out, form, quality=88, resolution=150)
    return out.getvalue()


def told(data: bytes) -> list[Fact]:
    item = received(data, media_type="application/octet-stream")
    return [fact for fact in traces_of(item) if fact.name == "trace.picture.typed_upon"]


def verdict(data: bytes) -> Verdict:
    return tamper_of(Facts(traces_of(received(data, media_type="image/jpeg")))).verdict


@pytest.mark.parametrize("turn", [0.0, 0.6, -1.2])
def test_what_is_typed_upon_a_scan_is_told_and_the_scan_alone_is_not(turn: float) -> None:
    scan = scanned(turn=turn)
    found, *_ = told(saved(typed(scan)))
    x, y, width, height = (int(side) for side in found.locator.place.split(","))
    left, top, right, low = BOX
    assert x < right and x + width > left and y < low and y + height > top
    assert verdict(saved(typed(scan))) is Verdict.FAIL
    assert not told(saved(scan))


def test_a_line_that_lies_level_where_all_others_rise_is_said_to() -> None:
    found = told(saved(typed(scanned(turn=1.2))))
    assert any("level where the lines around it rise by" in fact.text for fact in found)


def test_what_was_typed_before_the_scan_does_not_decide() -> None:
    page = typed(sheet()).rotate(0.8, Image.Resampling.BICUBIC, fillcolor=246)
    assert verdict(saved(page.filter(ImageFilter.GaussianBlur(0.6)))) is not Verdict.FAIL


def test_grey_edges_are_told_in_a_scan_of_bare_black_and_white() -> None:
    bare = scanned(turn=0.8).point(lambda value: 255 if value > 140 else 0)
    found, *_ = told(saved(typed(bare)))
    assert "bare black and white" in found.text
    assert not told(saved(bare))


def test_a_cameras_stamp_in_the_corner_is_not_told() -> None:
    photo = scanned(turn=1.0)
    ImageDraw.Draw(photo).text((760, 862), "2026-11-05 14:40", font=FONT, fill=10)
    assert not told(saved(photo))


def test_a_page_in_which_much_is_sharp_and_level_is_of_several_makings() -> None:
    page = scanned(turn=1.2)
    draw = ImageDraw.Draw(page)
    for row in range(1, 6):
        draw.rectangle((118, 96 + 78 * row, 560, 128 + 78 * row), fill=240)
        draw.text((120, 100 + 78 * row), ROWS[row], font=FONT, fill=20)
    assert not told(saved(page))


def test_a_scan_inside_a_pdf_is_looked_at_and_the_place_is_in_points_of_its_page() -> None:
    pytest.importorskip("pypdfium2")
    scan = scanned(turn=0.8)
    found, *_ = told(saved(typed(scan), "PDF"))
    assert found.locator.kind == "page"
    page, _, place = found.locator.place.partition("/box:")
    x, y, width, height = (float(side) * 150 / 72 for side in place.split(","))
    left, top, right, low = BOX
    assert page == "1"
    assert x < right and x + width > left and y < low and y + height > top
    assert not told(saved(scan, "PDF"))
