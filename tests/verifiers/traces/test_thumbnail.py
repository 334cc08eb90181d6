"""A thumbnail that shows what its picture no longer does, and what cameras do to an honest one."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

from evidence.facts import Fact
from tests.verifiers.traces.test_pixels import HONEST, ROWS, inside, jpeg, retyped, screen, traces
from verifiers.readers.traces import thumbnail

np = pytest.importorskip("numpy")
pytest.importorskip("cv2")


def with_thumbnail(image: Image.Image, of: Image.Image) -> bytes:
    small = of.copy()
    small.thumbnail((320, 320))
    block = small_exif(jpeg(small, 80))
    return jpeg(image, 90, exif=block)


def small_exif(thumbnail: bytes) -> bytes:
    """An Exif block whose second directory holds a thumbnail (Exif 2.32, 4.5.8)."""
    head = b"MM\x00*\x00\x00\x00\x08" + b"\x00\x00" + b"\x00\x00\x00\x0e"
    offset = 14 + 2 + 24 + 4
    entries = b"".join(
        tag.to_bytes(2, "big") + b"\x00\x04" + b"\x00\x00\x00\x01" + value.to_bytes(4, "big")
        for tag, value in ((0x0201, offset), (0x0202, len(thumbnail)))
    )
    return b"Exif\x00\x00" + head + b"\x00\x02" + entries + b"\x00\x00\x00\x00" + thumbnail


def test_a_thumbnail_that_shows_another_line_is_told_with_its_place() -> None:
    before = screen()
    assert inside(traces(with_thumbnail(retyped(before), before))["trace.picture.thumbnail"])


@pytest.mark.parametrize("handling", HONEST.values(), ids=list(HONEST))
def test_a_thumbnail_of_an_honest_picture_is_not_told(
    handling: Callable[[Image.Image], Image.Image],
) -> None:
    before = screen()
    assert "trace.picture.thumbnail" not in traces(with_thumbnail(handling(before.copy()), before))


def small_print(date: str) -> Image.Image:
    """A photograph of a letter: five of its pixels are one of its thumbnail."""
    rng = np.random.default_rng(5)
    sheet = Image.new("L", (1600, 1200), 225)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(26)
    for row, text in enumerate(ROWS):
        draw.text((220, 150 + 90 * row), text, font=font, fill=50)
    draw.text((900, 330), date, font=font, fill=50)
    light = np.linspace(0.75, 1.05, 1600, dtype=np.float32)[None, :]
    pixels = np.asarray(sheet, dtype=np.float32) * light + rng.normal(0, 4, (1200, 1600))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).convert("RGB")


def made_small(image: Image.Image, how: Image.Resampling, sharp: int, light: float) -> bytes:
    size = (320, round(320 * image.height / image.width))
    small = image.resize(size, how)
    small = small.filter(ImageFilter.UnsharpMask(1, sharp, 2)) if sharp else small
    return jpeg(ImageEnhance.Brightness(small).enhance(light), 70)


@pytest.mark.parametrize("how", [Image.Resampling.BOX, Image.Resampling.BICUBIC])
def test_a_line_of_small_print_that_the_thumbnail_does_not_show_is_told(
    how: Image.Resampling,
) -> None:
    block = small_exif(made_small(small_print("2026-11-17 14:32"), how, 0, 1.0))
    edited = jpeg(small_print("2026-11-03 09:58"), 90, exif=block)
    assert "trace.picture.thumbnail" in traces(edited)


@pytest.mark.parametrize("sharp", [0, 60, 120])
@pytest.mark.parametrize("how", list(Image.Resampling))
def test_a_thumbnail_by_any_camera_is_not_told(how: Image.Resampling, sharp: int) -> None:
    photo = small_print("2026-11-17 14:32")
    block = small_exif(made_small(photo, how, sharp, 1.04))
    assert thumbnail.disagreements(
        Image.open(io.BytesIO(jpeg(photo, 90, exif=block))), np.asarray(photo)
    ) == []  # fmt: skip


def test_a_fence_that_a_coarse_thumbnail_shows_otherwise_is_the_same_fence() -> None:
    """A telephone that leaves out pixels is off a little everywhere, and finds other bars."""
    photo = small_print("2026-11-17 14:32")
    kept = np.asarray(photo.convert("L").resize((320, 240), Image.Resampling.BOX), np.float32)
    kept = kept + np.random.default_rng(3).normal(0, 6, kept.shape)
    across, down = np.meshgrid(np.arange(54), np.arange(16))
    kept[60:76, 178:232] += np.where((across + down) % 2, 40, -40)
    block = small_exif(jpeg(Image.fromarray(np.clip(kept, 0, 255).astype(np.uint8)), 95))
    assert thumbnail.disagreements(
        Image.open(io.BytesIO(jpeg(photo, 90, exif=block))), np.asarray(photo)
    ) == []  # fmt: skip


@pytest.mark.parametrize("contrast", [1.2, 1.5])
@pytest.mark.parametrize("sharp", [0, 80])
def test_more_contrast_than_the_thumbnail_has_is_not_told(contrast: float, sharp: int) -> None:
    def shown(date: str) -> dict[str, Fact]:
        brighter = ImageEnhance.Contrast(small_print(date)).enhance(contrast)
        return traces(jpeg(brighter, 90, exif=block))

    before = small_print("2026-11-17 14:32")
    block = small_exif(made_small(before, Image.Resampling.BICUBIC, sharp, 1.0))
    assert "trace.picture.thumbnail" not in shown("2026-11-17 14:32")
    assert "trace.picture.thumbnail" in shown("2026-11-03 09:58")


@pytest.mark.parametrize(("ringing", "told"), [(14, False), (90, True)])
def test_a_line_that_is_drawn_alike_is_the_same_line(ringing: int, told: bool) -> None:
    """Moiré and sharpening disturb the same writing; other writing has nothing to do with it."""
    photo = small_print("2026-11-17 14:32")
    kept = np.asarray(photo.convert("L").resize((320, 240), Image.Resampling.BOX), np.float32)
    rng = np.random.default_rng(3)
    kept[60:76, 178:232] += rng.choice([-ringing, ringing], size=(16, 54))
    small = Image.fromarray(np.clip(kept, 0, 255).astype(np.uint8))
    block = small_exif(jpeg(small, 95))
    traced = thumbnail.disagreements(
        Image.open(io.BytesIO(jpeg(photo, 90, exif=block))), np.asarray(photo)
    )
    assert bool(traced) is told


def test_a_thumbnail_that_points_outside_the_file_costs_nothing() -> None:
    broken = small_exif(b"\xff\xd8nothing")
    assert set(traces(jpeg(screen(), 90, exif=broken))) <= {"trace.unchecked"}


def scene(seed: int) -> Image.Image:
    """A photograph of things of many sizes, in grey, upon a table."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (1600, 1200), (120, 110, 100))
    draw = ImageDraw.Draw(picture)
    for size in (500, 320, 200, 130, 90, 60) * 4:
        x, y, grey = (int(each) for each in rng.integers((0, 0, 20), (1500, 1100, 250)))
        draw.rectangle((x, y, x + size, y + int(0.7 * size)), fill=(grey, grey, grey))
    return picture


def test_the_thumbnail_of_another_picture_is_told() -> None:
    told = traces(with_thumbnail(scene(1), scene(2)))["trace.picture.thumbnail"]
    assert told.text == "the thumbnail in the file shows another picture"
    assert told.locator.place == "0,0,1600,1200"


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda whole: whole.rotate(180), id="turned by a half"),
        pytest.param(ImageOps.mirror, id="mirrored"),
        pytest.param(lambda whole: whole.crop((300, 150, 1100, 750)), id="cut to its shape"),
        pytest.param(lambda whole: whole.crop((90, 500, 650, 920)), id="cut to a third"),
        pytest.param(lambda whole: ImageOps.autocontrast(whole, cutoff=10), id="contrast"),
    ],
)
def test_a_picture_that_was_cut_or_turned_is_still_its_thumbnails(
    made: Callable[[Image.Image], Image.Image],
) -> None:
    for seed in range(3):
        kept = with_thumbnail(made(scene(seed)), scene(seed))
        found = traces(kept).get("trace.picture.thumbnail")
        assert found is None or "another picture" not in found.text


def test_an_empty_thumbnail_is_of_no_other_picture() -> None:
    assert "trace.picture.thumbnail" not in traces(
        with_thumbnail(scene(1), Image.new("RGB", (1600, 1200), "black"))
    )
