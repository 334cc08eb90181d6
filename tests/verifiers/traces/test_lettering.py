"""Figures in another lettering than the page's, where an editor wrote the file."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw, ImageFont

from evidence.facts import Fact
from tests.verifiers.documents import received
from verifiers.readers import ocr
from verifiers.readers.traces.registry import traces_of

np = pytest.importorskip("numpy")
pytest.importorskip("cv2")
pytest.importorskip("rapidocr")

LINES = (
    "Your parcel is in transit and arrives soon",
    "Order 71-3341-2860 was sent from Rotterdam",
    "Left the hub in Dortmund on 8 May 2026 at 17:25",
    "Arrived in Lyon on 9 May 2026 at 06:38",
    "Delivered on 11 May 2026 at 14:03, front door",
    "Weight 2.4 kg, service Standard 1050",
)
DELIVERED, PLACE = 4, (40, 40 + 44 * 4)
ROOM = (700, 40)


def page(*, width: float = 1.0, row: int = DELIVERED, of: int = 1, size: float = 22) -> Image.Image:
    """A page of one face; a row of it in another width, as another face has one, or size.

    of  how many times as wide it is drawn
    """
    image = Image.new("L", (760 * of, 340), 255)
    for at, line in enumerate(LINES):
        drawn = Image.new("L", (ROOM[0] * of, ROOM[1]), 255)
        large = Image.new("L", (ROOM[0] * of, ROOM[1] * of), 255)
        font = ImageFont.load_default((size if at == row else 22) * of)
        ImageDraw.Draw(large).text((2 * of, 4 * of), line, font=font, fill=30)
        factor = width if at == row else 1.0
        wide = round(ROOM[0] * of * factor)
        part = large.resize((wide, ROOM[1]), Image.Resampling.BILINEAR)
        drawn.paste(part.crop((0, 0, min(wide, drawn.width), ROOM[1])))
        image.paste(drawn, (40 * of, 40 + 44 * at))
    return image


def striped(*, but: int | None = None) -> Image.Image:
    """The page as a screen of coloured stripes smooths it, all but one row of it."""
    wide = np.asarray(page(of=3), dtype=np.float32)
    soft = sum(np.roll(wide, step, axis=1) for step in (-1, 0, 1)) / 3
    pixels = soft.reshape(340, 760, 3)
    if but is not None:
        top = 40 + 44 * but
        pixels[top : top + 40] = pixels[top : top + 40].mean(axis=2, keepdims=True)
    return Image.fromarray(pixels.astype(np.uint8))


def told(image: Image.Image, editor: str = "Adobe Photoshop 26.0", quality: int = 95) -> list[Fact]:
    exif, out = Image.Exif(), io.BytesIO()
    if editor:
        exif[0x0131] = editor
    image.convert("RGB").save(out, "JPEG", quality=quality, subsampling=0, exif=exif)
    found = traces_of(received(out.getvalue(), media_type="image/jpeg"))
    return [fact for fact in found if fact.name == "trace.picture.odd_figures"]


def is_delivery(fact: Fact) -> bool:
    _, y, _, height = (int(side) for side in fact.locator.place.split(","))
    return PLACE[1] < y + height / 2 < PLACE[1] + ROOM[1]


@pytest.mark.parametrize("width", [0.8, 1.25])
@pytest.mark.parametrize("quality", [85, 95])
def test_a_line_in_another_face_is_told_with_its_place(width: float, quality: int) -> None:
    (found,) = told(page(width=width), quality=quality)
    assert is_delivery(found)


def test_a_line_without_an_editors_name_or_of_words_alone_is_not_told() -> None:
    assert told(page(width=0.8), editor="") == []
    assert told(page(width=0.8, row=0)) == []


@pytest.mark.parametrize(
    "image", [page(), striped(), page().resize((608, 272))], ids=["a page", "striped", "smaller"]
)
def test_a_page_in_its_own_lettering_is_not_told(image: Image.Image) -> None:
    assert told(image) == []


@pytest.mark.parametrize("size", [18, 27])
def test_a_heading_in_another_size_of_the_pages_face_is_not_told(size: float) -> None:
    assert told(page(size=size)) == []


def test_figures_without_the_pages_stripes_of_colour_are_told() -> None:
    (found,) = told(striped(but=DELIVERED))
    assert is_delivery(found)


def test_without_a_recogniser_nothing_is_held_against_its_own_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ocr, "available", lambda: False)
    assert told(page(width=0.8)) == []
