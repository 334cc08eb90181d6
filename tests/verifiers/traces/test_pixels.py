"""Parts of a picture that were put in, and what honest people do to pictures."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFont

from evidence.facts import Fact
from tests.verifiers.documents import received
from verifiers.readers.traces import lattice, strange
from verifiers.readers.traces.blocks import cut, over_blocks
from verifiers.readers.traces.registry import traces_of

np = pytest.importorskip("numpy")
pytest.importorskip("cv2")

ROWS = (
    "Delivered November 5, 2026 14:32", "Tracking 1Z5R89390357567127", "Received by M. CARTER",
    "Left at front door", "Service Ground, 2.4 lbs", "Departed facility Memphis TN",
    "Arrived at hub Austin TX", "Out for delivery Austin TX", "Order 123-1234567-1234567",
)  # fmt: skip
BOX = (60, 96, 460, 124)  # the second row


def screen(seed: int = 1) -> Image.Image:
    """A page of text with the grain that a camera or a scanner leaves."""
    image = Image.new("RGB", (760, 480), (236, 238, 240))
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(22)
    for row, text in enumerate(ROWS):
        draw.text((60, 50 + 46 * row), text, font=font, fill=(40, 44, 48))
    grain = np.random.default_rng(seed).normal(0, 3, (480, 760, 1))
    pixels = np.clip(np.asarray(image, dtype=np.float32) + grain, 1, 254)
    return Image.fromarray(pixels.astype(np.uint8))


def dense() -> Image.Image:
    """A page of text on white, as a browser draws it: JPEG cuts its ringing off at white."""
    image = Image.new("RGB", (900, 1000), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(22)
    for row in range(20):
        for column in range(2):
            text = f"{ROWS[(row + 4 * column) % len(ROWS)]} {row * 17 + column}"
            draw.text((60 + 430 * column, 50 + 46 * row), text, font=font, fill=(40, 44, 48))
    return image


def jpeg(image: Image.Image, quality: int, **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, **more)
    return out.getvalue()


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def retyped(image: Image.Image) -> Image.Image:
    changed = image.copy()
    draw = ImageDraw.Draw(changed)
    draw.rectangle(BOX, fill=image.getpixel((4, 4)))
    draw.text((60, 96), "Tracking 1Z5R89390351167184", font=ImageFont.load_default(22),
              fill=(40, 44, 48))  # fmt: skip
    return changed


def traces(data: bytes) -> dict[str, Fact]:
    return {fact.name: fact for fact in traces_of(received(data, media_type="image/jpeg"))}


def inside(fact: Fact) -> bool:
    x, y, w, h = (int(n) for n in fact.locator.place.split(","))
    left, top, right, bottom = BOX
    return x < right and y < bottom and x + w > left and y + h > top


@pytest.mark.parametrize("quality", [60, 75, 85])
@pytest.mark.parametrize(
    "saved", [png, lambda image: jpeg(image, 97)], ids=["without loss", "at a high quality"]
)
def test_what_was_put_in_after_a_compression_is_told_with_its_place(
    quality: int, saved: Callable[[Image.Image], bytes]
) -> None:
    before = opened(jpeg(screen(), quality))
    found = traces(saved(retyped(before)))["trace.picture.strange_part"]
    assert inside(found)
    assert f"quality {quality}" in found.text or f"quality {quality - 1}" in found.text


@pytest.mark.parametrize(("older", "newer"), [(75, 85), (75, 90), (85, 93)])
def test_what_was_put_in_is_told_after_a_second_compression(older: int, newer: int) -> None:
    before = opened(jpeg(dense(), older))
    assert inside(traces(jpeg(retyped(before), newer))["trace.picture.strange_part"])
    assert "trace.picture.strange_part" not in traces(jpeg(before, newer))
    assert "trace.picture.strange_part" not in traces(jpeg(retyped(dense()), newer))


@pytest.mark.parametrize(("older", "newer"), [(84, 85), (90, 85), (93, 85), (86, 86)])
def test_an_older_compression_as_fine_as_the_files_own_never_decides(
    older: int, newer: int
) -> None:
    found = traces(jpeg(retyped(opened(jpeg(dense(), older))), newer))
    part = found.get("trace.picture.strange_part")
    assert part is None or part.confidence <= 0.6


@pytest.mark.parametrize(("bars", "told"), [(True, 0), (False, 1)], ids=["a barcode", "a line"])
def test_the_ends_of_a_barcodes_bars_are_no_part_that_was_put_in(
    bars: bool, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ink = np.random.default_rng(4).integers(0, 2, (640, 800)).astype(np.uint8)
    page = np.full((640, 800), 255, dtype=np.uint8)
    for top in range(64, 512, 32):
        page[top : top + 8, 80:600][ink[top : top + 8, 80:600] > 0] = 40
    if bars:
        page[256:320, 80:600] = 255
        page[259:320, 80:600] = np.where(np.repeat(ink[0, :130], 4) > 0, 40, 255)
    blocks = cut(page)
    written = over_blocks(np.maximum, blocks) - over_blocks(np.minimum, blocks) > 0
    share = np.where(written, -1, 0).astype(np.float32)
    share[32][written[32]] = 3  # the row of blocks in which the bars begin, or a line stands
    fit = lattice.Fit(82, 0, 0, share, written)
    monkeypatch.setattr(strange, "older_fit", lambda *_: fit)
    grey, rgb = page.astype(np.float32), np.repeat(page[..., None], 3, axis=2)
    assert len(strange.strange_parts(rgb, grey, None)) == told


def watermarked(image: Image.Image) -> Image.Image:
    """One faint word across a few lines, as people lay over what they hand in."""
    layer = Image.new("L", (420, 120), 0)
    ImageDraw.Draw(layer).text((8, 8), "CLAIM", font=ImageFont.load_default(100), fill=70)
    layer = layer.rotate(25, expand=True, resample=Image.Resampling.BICUBIC)
    changed = image.copy()
    changed.paste((120, 120, 120), (180, 60), layer)
    return changed


def test_what_a_watermark_crosses_does_not_decide() -> None:
    before = opened(jpeg(dense(), 75))
    part = traces(png(watermarked(before))).get("trace.picture.strange_part")
    assert part is None or part.confidence <= 0.6
    assert inside(traces(png(retyped(before)))["trace.picture.strange_part"])


def test_a_digit_that_was_moved_within_the_picture_is_told() -> None:
    before = opened(jpeg(screen(), 75))
    before.paste(before.crop((101, 190, 201, 220)), (183, 97))
    assert inside(traces(png(before))["trace.picture.strange_part"])


def framed(image: Image.Image) -> Image.Image:
    ImageDraw.Draw(image).rectangle(BOX, outline=(255, 0, 0), width=4)
    return image


def pointed_at(image: Image.Image) -> Image.Image:
    draw = ImageDraw.Draw(image)
    draw.line((600, 180, 480, 110), fill=(230, 30, 30), width=5)
    draw.polygon(((470, 104), (496, 106), (484, 128)), fill=(230, 30, 30))
    return image


def blacked(image: Image.Image) -> Image.Image:
    ImageDraw.Draw(image).rectangle(BOX, fill=(0, 0, 0))
    return image


def marked(image: Image.Image) -> Image.Image:
    over = Image.new("RGB", image.size, "white")
    ImageDraw.Draw(over).rectangle(BOX, fill=(255, 240, 80))
    return ImageChops.multiply(image, over)


HONEST: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as it was": lambda image: image,
    "cropped": lambda image: image.crop((13, 21, 720, 460)),
    "resized": lambda image: image.resize((610, 385)),
    "more contrast": lambda image: ImageEnhance.Contrast(image).enhance(1.3),
    "turned": lambda image: image.rotate(90, expand=True),
    "a red frame": framed,
    "a red arrow": pointed_at,
    "a bar": blacked,
    "a highlight": marked,
    "sent by chat": lambda image: opened(jpeg(image.resize((700, 442)), 70)),
}


@pytest.mark.parametrize("saved", [png, lambda image: jpeg(image, 85)], ids=["png", "jpeg"])
@pytest.mark.parametrize("handling", HONEST.values(), ids=list(HONEST))
def test_honest_handling_puts_nothing_in(
    handling: Callable[[Image.Image], Image.Image], saved: Callable[[Image.Image], bytes]
) -> None:
    for quality in (70, 90):
        found = traces(saved(handling(opened(jpeg(screen(quality), quality)))))
        assert set(found) <= {"trace.picture.marked"}


# Grain and lines

PAPER = (236, 238, 240)


def clean() -> Image.Image:
    """A page as a browser draws it: label and value of a row on one baseline, no grain."""
    image = Image.new("RGB", (760, 480), PAPER)
    draw = ImageDraw.Draw(image)
    for row, text in enumerate(ROWS):
        label, _, value = text.partition(" ")
        draw.text(
            (60, 50 + 46 * row), label.upper(), font=ImageFont.load_default(22), fill=(40, 44, 48)
        )
        draw.text((240, 50 + 46 * row), value, font=ImageFont.load_default(22), fill=(40, 44, 48))
    return image


def test_a_patch_from_a_photo_in_a_clean_screen_is_told() -> None:
    image = clean()
    image.paste(opened(jpeg(screen(), 80)).crop((56, 97, 340, 119)), (240, 97))
    assert inside(traces(png(image))["trace.picture.strange_paper"])


@pytest.mark.parametrize(("levels", "told"), [(1, False), (6, True)])
def test_what_making_smaller_leaves_around_letters_is_no_grain(levels: int, told: bool) -> None:
    """Two captures beside each other, one of them fitted to the other's height."""
    pixels = np.array(clean())
    part = pixels[92:124, 236:480]
    rough = np.random.default_rng(2).random(part.shape[:2]) < 0.2
    part[rough] -= np.uint8(levels)
    found = traces(png(Image.fromarray(pixels)))
    assert ("trace.picture.strange_paper" in found) is told


def test_a_value_that_was_painted_over_in_a_grained_picture_is_told() -> None:
    assert inside(traces(png(retyped(screen())))["trace.picture.strange_paper"])


@pytest.mark.parametrize("off", [-3, 2, 3])
@pytest.mark.parametrize("saved", [png, lambda image: jpeg(image, 85)], ids=["png", "jpeg"])
def test_a_value_off_its_labels_line_is_told(
    off: int, saved: Callable[[Image.Image], bytes]
) -> None:
    image = clean()
    draw = ImageDraw.Draw(image)
    draw.rectangle((236, 90, 500, 130), fill=PAPER)
    draw.text((240, 96 + off), "1Z5R89390351167184", font=ImageFont.load_default(22),
              fill=(40, 44, 48))  # fmt: skip
    assert inside(traces(saved(image))["trace.picture.off_line"])


def off_its_line() -> Image.Image:
    image = clean()
    draw = ImageDraw.Draw(image)
    draw.rectangle((236, 90, 500, 130), fill=PAPER)
    draw.text((240, 99), "1Z5R89390351167184", font=ImageFont.load_default(22), fill=(40, 44, 48))
    return image


def typed_behind(off: int, *, at: int = 2, high: int = 300) -> Image.Image:
    """A sentence on a page of five, its second half typed again so far lower."""
    image = Image.new("RGB", (620, high), PAPER)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(22)
    for row in range(5):
        draw.text((40, 30 + 50 * row), "Handed over on", font=font, fill=(40, 44, 48))
        lower = off if row == at else 0
        x = 40 + font.getlength("Handed over on ")
        draw.text((x, 30 + 50 * row + lower), f"{row + 3} May 2026 at 14:07", font=font,
                  fill=(40, 44, 48))  # fmt: skip
    return image


@pytest.mark.parametrize("off", [-2, 2])
def test_half_a_sentence_off_the_line_of_the_other_half_is_told(off: int) -> None:
    found = traces(png(typed_behind(off)))["trace.picture.off_line"]
    assert found.confidence > 0.8 and 125 <= int(found.locator.place.split(",")[1]) <= 140
    assert not traces(png(typed_behind(0)))


def test_what_is_off_its_line_in_a_systems_bar_does_not_decide() -> None:
    found = traces(png(typed_behind(2, at=0, high=1900)))["trace.picture.off_line"]
    assert found.confidence == 0.5
    assert traces(png(typed_behind(2, at=1, high=1900)))["trace.picture.off_line"].confidence > 0.8


@pytest.mark.parametrize("degrees", [-0.4, 0.3])
def test_lines_of_a_page_that_a_scanner_tilted_are_not_measured(degrees: float) -> None:
    assert "trace.picture.off_line" in traces(jpeg(off_its_line(), 85))
    tilted = off_its_line().rotate(degrees, Image.Resampling.BICUBIC, fillcolor=PAPER)
    assert "trace.picture.off_line" not in traces(jpeg(tilted, 85))


@pytest.mark.parametrize("handling", HONEST.values(), ids=list(HONEST))
def test_a_clean_screen_that_was_handled_honestly_has_no_trace(
    handling: Callable[[Image.Image], Image.Image],
) -> None:
    assert set(traces(png(handling(clean())))) <= {"trace.picture.marked"}


# Figures

LINES = (
    "2025-08-31 14:27", "9405 1118 9956 2730", "Ref 2026-71384-0529", "Zone 8, 3.46 lbs",
    "5190-2748-63",
)  # fmt: skip


def figures() -> Image.Image:
    """A page of figures, each line's baseline on a whole row."""
    image = Image.new("L", (620, 300), 255)
    draw = ImageDraw.Draw(image)
    for row, text in enumerate(LINES):
        draw.text((40, 30 + 50 * row), text, font=ImageFont.load_default(24), fill=40)
    return image.convert("RGB")


def figure_box(row: int, place: int) -> tuple[int, int, int, int]:
    """Around one character of a line, whole pixels."""
    font = ImageFont.load_default(24)
    left = 40 + font.getlength(LINES[row][:place])
    right = 40 + font.getlength(LINES[row][: place + 1])
    return round(left), 30 + 50 * row, round(right), 62 + 50 * row


def moved(image: Image.Image, *, lower: int) -> Image.Image:
    """The first line's 7 put over its 1, some pixels lower than it stood."""
    changed = image.copy()
    source, target = figure_box(0, 15), figure_box(0, 9)
    patch = image.crop(source)
    draw = ImageDraw.Draw(changed)
    draw.rectangle((target[0], target[1], target[2] - 1, target[3]), fill=(255, 255, 255))
    changed.paste(patch, (target[0], target[1] + lower))
    return changed


@pytest.mark.parametrize("lower", [-2, -1, 1, 2])
@pytest.mark.parametrize("saved", [png, lambda image: jpeg(image, 90)], ids=["png", "jpeg"])
def test_a_copied_figure_off_its_line_is_told(
    lower: int, saved: Callable[[Image.Image], bytes]
) -> None:
    found = traces(saved(moved(figures(), lower=lower)))["trace.picture.off_line"]
    assert "its own line" in found.text
    x, y, width, height = (int(part) for part in found.locator.place.split(","))
    left, top, right, bottom = figure_box(0, 9)
    assert x < right and x + width > left and y < bottom and y + height > top


def test_a_copied_figure_on_the_line_is_not_told_as_off_it() -> None:
    assert "trace.picture.off_line" not in traces(png(moved(figures(), lower=0)))


def test_a_stroke_of_a_letter_that_stands_apart_is_no_figure() -> None:
    page = figures()
    draw = ImageDraw.Draw(page)
    for row, lower in enumerate((2, 0, 0)):
        left, top, right, low = figure_box(row, len(LINES[row]) - 1)
        ink = ImageChops.invert(page.crop((left, top, right, low)).convert("L")).getbbox()
        assert ink is not None
        above, below = top + ink[1] + lower, top + ink[3] + lower - 1
        draw.rectangle((right + 6, above, right + 7, below), fill=(40, 40, 40))
        draw.point([(right + 6, above), (right + 7, below)], fill=(130, 130, 130))
    assert "trace.picture.off_line" not in traces(png(page))


@pytest.mark.parametrize("handling", HONEST.values(), ids=list(HONEST))
def test_figures_that_were_handled_honestly_have_no_trace(
    handling: Callable[[Image.Image], Image.Image],
) -> None:
    assert set(traces(png(handling(figures())))) <= {"trace.picture.marked"}


NUMBERS = (
    "2025-08-31 14:27", "9405 6638 9956 2730", "2026-71384-0529", "51902 74863", "302-7684588-346",
)  # fmt: skip


def numbers(
    *widths: float, size: int = 24, stroke: int = 0, lines: tuple[str, ...] = NUMBERS
) -> Image.Image:
    """A page of figures, each line in its width of one face: a face of another width is another.

    size, stroke  of the second line's print
    """
    image = Image.new("L", (760, 300), 255)
    for row, (text, width) in enumerate(zip(lines, widths, strict=True)):
        line = Image.new("L", (600, 40), 255)
        odd = row == 1
        ImageDraw.Draw(line).text(
            (4, 4), text, font=ImageFont.load_default(size if odd else 24), fill=40,
            stroke_width=stroke if odd else 0,
        )  # fmt: skip
        line = line.resize((round(600 * width), 40), Image.Resampling.BILINEAR)
        image.paste(line, (40, 30 + 50 * row))
    return image.convert("RGB")


@pytest.mark.parametrize("saved", [png, lambda image: jpeg(image, 85)], ids=["png", "jpeg"])
def test_a_number_in_another_typeface_is_told(saved: Callable[[Image.Image], bytes]) -> None:
    found = traces(saved(numbers(1.0, 0.84, 1.0, 1.0, 1.0)))["trace.picture.typeface"]
    assert "typeface" in found.text
    assert int(found.locator.place.split(",")[1]) in range(76, 110)


def test_a_date_is_in_the_typeface_of_others_whose_slashes_stand_closer() -> None:
    """Such a line is no measure of what is like it, for letters stand so as well."""
    dates = (NUMBERS[0], "09/06/2025 09:36", *NUMBERS[2:4], "06/09/2025 03:36")
    for last, told in ((0.84, False), (1.0, True)):
        page = numbers(1.0, 0.84, 1.0, 1.0, last, lines=dates)
        assert ("trace.picture.typeface" in traces(png(page))) is told


def with_a_clock() -> Image.Image:
    """The second line as a system's bar shows it: light on dark, in the system's typeface."""
    page = numbers(1.0, 0.84, 1.0, 1.0, 1.0)
    bar = (0, 76, 760, 116)
    page.paste(ImageChops.invert(page.crop(bar)), bar[:2])
    return page


HONEST_NUMBERS = {
    "a clock in a bar": with_a_clock(),
    "at the edge": numbers(1.0, 0.84, 1.0, 1.0, 1.0).crop((0, 90, 760, 300)),
    "one typeface": numbers(0.85, 0.85, 0.85, 0.85, 0.85),
    "bold": numbers(1.0, 0.84, 1.0, 1.0, 1.0, stroke=1),
    "larger": numbers(1.0, 0.71, 1.0, 1.0, 1.0, size=27),
    "a typewriter's": numbers(0.85, 1.05, 0.85, 0.85, 0.85),
    "each in its own": numbers(0.8, 0.86, 0.92, 0.8, 0.92),
}


@pytest.mark.parametrize("page", HONEST_NUMBERS.values(), ids=list(HONEST_NUMBERS))
def test_numbers_of_an_honest_page_are_not_told(page: Image.Image) -> None:
    assert set(traces(png(page))) <= {"trace.picture.marked"}


def by_editor(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0131] = "Adobe Photoshop 26.0"
    return jpeg(image, 92, exif=exif)


def test_figures_that_are_drawn_otherwise_are_told_beside_an_editors_name_alone() -> None:
    page = numbers(1.0, 0.84, 1.0, 1.0, 1.0, size=23)
    found = traces(by_editor(page))["trace.picture.odd_figures"]
    assert int(found.locator.place.split(",")[1]) in range(76, 110)
    assert "trace.picture.odd_figures" not in traces(jpeg(page, 92))


@pytest.mark.parametrize(
    "widths", [(0.85, 0.85, 0.85, 0.85, 0.85), (0.85, 1.05, 0.85, 0.85, 0.85)],
    ids=["one typeface", "a typewriter's"],
)  # fmt: skip
def test_an_editors_name_on_an_honest_page_of_numbers_is_all_there_is(
    widths: tuple[float, ...],
) -> None:
    assert set(traces(by_editor(numbers(*widths)))) == {"trace.file.editor"}
