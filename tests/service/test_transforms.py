"""What we do to pictures ourselves: exactly that, and nothing of the original comes along."""

import io
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from pypdf import PdfReader

from evidence.derivatives import OF_ITEMS, Change
from evidence.errors import RequestError
from service.derivatives.transforms import KINDS, Made, apply, boxes_of

PICTURES = [name for name in KINDS if name.startswith("picture.")]
SECRET = b"Erika Mustermann, Lindenallee 4"


def picture(
    mode: str = "RGB", size: tuple[int, int] = (120, 80), form: str = "png", **more: object
) -> bytes:
    """A picture with a gradient, so that no two columns are alike."""
    made = Image.new("RGB", size)
    draw = ImageDraw.Draw(made)
    for x in range(size[0]):
        draw.line((x, 0, x, size[1]), fill=(255 - x % 200, x % 251, 90))
    out = io.BytesIO()
    made.convert(mode).save(out, format=form, **more)
    return out.getvalue()


def opened(made: Made) -> Image.Image:
    return Image.open(io.BytesIO(made.data))


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 119), st.integers(0, 79), st.integers(1, 200), st.integers(1, 200)
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_box_is_black_and_no_other_pixel_has_changed(boxes: list[tuple[int, ...]]) -> None:
    data = picture()
    text = ";".join(",".join(map(str, box)) for box in boxes)
    made = apply("picture.redact", {"boxes": text}, data)
    before, after = Image.open(io.BytesIO(data)), opened(made)
    assert (made.media_type, after.size) == ("image/png", before.size)
    for x in range(0, 120, 3):
        for y in range(0, 80, 3):
            under = any(bx <= x < bx + w and by <= y < by + h for bx, by, w, h in boxes)
            right = (0, 0, 0) if under else before.getpixel((x, y))
            assert after.getpixel((x, y)) == right


@pytest.mark.parametrize("name", PICTURES)
def test_metadata_thumbnails_and_comments_stay_behind(name: str) -> None:
    """A thumbnail shows what a box hides, and Exif may name the place and the person."""
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x9286] = SECRET.decode()
    data = picture(form="jpeg", exif=exif, comment=SECRET, icc_profile=SECRET * 4)
    assert data.count(SECRET) >= 3
    parameters = {"boxes": "0,0,9,9", "longest": "60", "quality": "70", "to": "jpeg"}
    assert SECRET not in apply(name, parameters, data).data


def test_boxes_are_counted_in_the_picture_as_a_viewer_shows_it() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter: its left edge is up
    made = apply(
        "picture.redact", {"boxes": "0,0,10,20"}, picture(form="png", size=(120, 80), exif=exif)
    )
    after = opened(made)
    assert after.size == (80, 120)
    assert after.getpixel((5, 19)) == (0, 0, 0)
    assert after.getpixel((5, 20)) != (0, 0, 0)
    assert after.getpixel((10, 5)) != (0, 0, 0)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_a_palette_keeps_nothing_of_what_is_under_a_box(mode: str) -> None:
    made = apply("picture.redact", {"boxes": "0,0,120,80"}, picture(mode))
    after = opened(made)
    assert after.mode in {"RGB", "RGBA"}
    assert after.convert("RGB").getextrema() == ((0, 0), (0, 0), (0, 0))
    if after.mode == "RGBA":
        assert after.getchannel("A").getextrema() == (255, 255)


def test_a_shrunk_copy_keeps_its_shape_and_is_never_larger() -> None:
    made = apply("picture.shrink", {"longest": "60", "quality": "70"}, picture())
    assert (opened(made).size, made.media_type) == ((60, 40), "image/jpeg")
    made = apply("picture.shrink", {"longest": "600", "quality": "70"}, picture())
    assert opened(made).size == (120, 80)


def test_what_was_transparent_becomes_white_where_the_format_has_none() -> None:
    clear = Image.new("RGBA", (40, 40), (9, 9, 9, 0))
    out = io.BytesIO()
    clear.save(out, format="png")
    for to in ("jpeg", "pdf"):
        made = apply("picture.convert", {"to": to}, out.getvalue())
        if to == "jpeg":
            assert opened(made).getpixel((20, 20)) == (255, 255, 255)
    kept = opened(apply("picture.convert", {"to": "png"}, out.getvalue()))
    assert kept.getpixel((20, 20))[3] == 0  # type: ignore[index]


def test_a_pdf_of_a_picture_is_one_page_and_tells_no_time() -> None:
    made = apply("picture.convert", {"to": "pdf"}, picture())
    read = PdfReader(io.BytesIO(made.data))
    assert (len(read.pages), made.media_type) == (1, "application/pdf")
    assert str(read.metadata.creation_date if read.metadata else "").startswith("1980-01-01")


@pytest.mark.parametrize("name", PICTURES)
def test_the_same_picture_gives_the_same_bytes(name: str) -> None:
    parameters = {"boxes": "1,2,3,4", "longest": "50", "quality": "60", "to": "pdf"}
    assert apply(name, parameters, picture()) == apply(name, parameters, picture())


def test_each_transform_is_one_change() -> None:
    assert {kind.change for kind in KINDS.values()} == set(OF_ITEMS) - {Change.TRANSLATED}


def _animated() -> bytes:
    frames = [Image.new("RGB", (20, 20), (90 * n, 0, 0)) for n in range(3)]
    out = io.BytesIO()
    frames[0].save(out, format="gif", save_all=True, append_images=frames[1:])
    return out.getvalue()


def _bomb() -> bytes:
    """A PNG that says it is 60,000 pixels wide and high."""
    data = bytearray(picture())
    data[16:24] = (60_000).to_bytes(4) * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4)
    return bytes(data)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: b"", "opened"),
        (lambda: b"%PDF-1.7 not a picture", "opened"),
        (lambda: picture()[:200], "damaged"),
        (_animated, "3 frames"),
        (_bomb, "pixels|Bomb"),
    ],
)
def test_what_is_no_picture_of_one_frame_is_refused(make: Callable[[], bytes], told: str) -> None:
    with pytest.raises(RequestError, match=told):
        apply("picture.redact", {"boxes": "0,0,1,1"}, make())


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("picture.redact", {}),
        ("picture.redact", {"boxes": "1,2,3"}),
        ("picture.redact", {"boxes": "1,2,0,3"}),
        ("picture.redact", {"boxes": "-1,2,3,4"}),
        ("picture.redact", {"boxes": "500,2,3,4"}),
        ("picture.shrink", {"longest": "8", "quality": "80"}),
        ("picture.shrink", {"longest": "800", "quality": "100"}),
        ("picture.shrink", {"longest": "8 00", "quality": "90"}),
        ("picture.convert", {"to": "exe"}),
        ("picture.improve", {}),
    ],
)
def test_parameters_that_mean_nothing_are_refused(name: str, parameters: dict[str, str]) -> None:
    with pytest.raises(RequestError):
        apply(name, parameters, picture())


def test_boxes_are_read_in_their_order() -> None:
    assert boxes_of("1,2,3,4; 5,6,7,8") == [(1, 2, 3, 4), (5, 6, 7, 8)]
