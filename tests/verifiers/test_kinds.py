"""What kind of file it is, told by its pixels and its structure, never by its name."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest
from PIL import Image, ImageDraw, ImageFilter

from evidence.facts import Facts
from tests.verifiers.documents import pdf, picture, received
from verifiers.marks.kind import FileKind, Kind, kind_of
from verifiers.readers import ocr
from verifiers.readers import pdf as pdf_reader
from verifiers.readers import picture as picture_reader

np = pytest.importorskip("numpy")
pytest.importorskip("cv2", reason="KINDS OF PICTURES ARE NOT TESTED: the extra `ocr` is missing")

pytestmark = pytest.mark.usefixtures("unread")


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """No kind needs the text: recognising it would cost a second a picture."""
    monkeypatch.setattr(ocr, "read_lines", lambda pixels: [])


def of_picture(image: Image.Image, kind: str = "PNG", **how: object) -> Kind:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return kind_of(Facts(picture_reader.read(received(out.getvalue()))))


def page(width: int = 1280, height: int = 900, *, ground: str = "white") -> Image.Image:
    """A tracking page as a browser draws it: a bar, a heading, a table with its rules."""
    image = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, 60), fill="#ffcc00")
    draw.text((30, 20), "Carrier", fill="#d40511", font_size=26)
    draw.rectangle((60, 110, width - 60, 112), fill="#cccccc")
    for row in range(12):
        top = 130 + row * 56
        draw.rectangle((60, top, 360, top + 44), fill="#f2f2f2")
        draw.text((80, top + 10), f"Line {row}: delivered to the door", fill="#222", font_size=18)
        draw.text((420, top + 10), f"Nov {row + 3}, 2026 14:{row + 10}", fill="#222", font_size=18)
        draw.rectangle((60, top + 50, width - 60, top + 50), fill="#dddddd")
    return image


def chat(
    width: int = 750,
    height: int = 1334,
    *,
    wall: str = "#e5ddd5",
    mine: str = "#dcf8c6",
    theirs: str = "#ffffff",
    ink: str = "#111111",
    faces: bool = False,
) -> Image.Image:
    """A chat on a phone: two to the left, three to the right, a picture among them."""
    image = Image.new("RGB", (width, height), wall)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, 120), fill="#075e54")
    draw.text((140, 50), "Warehouse", fill="white", font_size=32)
    beside = width // 9 if faces else 0
    left, right = 20 + beside, width - 20 - beside
    top = 160
    for own, wide, high in (
        (False, 0.5, 70), (True, 0.45, 70), (True, 0.7, 420), (False, 0.3, 70), (True, 0.25, 70),
    ):  # fmt: skip
        span = int(wide * width)
        box = (
            (right - span, top, right, top + high) if own else (left, top, left + span, top + high)
        )
        draw.rounded_rectangle(box, 18, fill=mine if own else theirs)
        if high > 100:
            image.paste(page().resize((span - 24, high - 60)), (box[0] + 12, top + 12))
        draw.text((box[0] + 18, top + 18), "Here it is" if own else "Did it arrive?", fill=ink,
                  font_size=26)  # fmt: skip
        if faces:
            x = right + 12 if own else 10
            draw.rounded_rectangle((x, top, x + beside - 8, top + beside - 8), 8, fill="#3377aa")
        top += high + 24
    draw.rectangle((0, height - 110, width, height), fill="#f0f0f0")
    draw.rounded_rectangle((90, height - 90, width - 110, height - 25), 30, fill="white")
    return image


def photographed(image: Image.Image, *, fall: float = 0.25, grain: float = 3.0) -> Image.Image:
    """As a camera sees it: askew on a table, lit from one side, with a sensor's grain."""
    width, height = 1200, 900
    seen = image.resize((1000, 700)).transform(
        (width, height), Image.Transform.PERSPECTIVE,
        (1.02, 0.05, -110, -0.02, 1.0, -90, 0.00005, 0.00003), Image.Resampling.BICUBIC,
    )  # fmt: skip
    inside = Image.new("L", (1000, 700), 255).transform(
        (width, height), Image.Transform.PERSPECTIVE,
        (1.02, 0.05, -110, -0.02, 1.0, -90, 0.00005, 0.00003),
    )  # fmt: skip
    seen = Image.composite(seen, Image.new("RGB", (width, height), "#6b5844"), inside)
    pixels = np.asarray(seen.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float32)
    light = 1 - fall * np.linspace(0, 1, width, dtype=np.float32)[None, :, None]
    noise = np.random.default_rng(7).normal(0, grain, pixels.shape)
    warm = np.array([1.0, 0.97, 0.9], dtype=np.float32)
    return Image.fromarray(np.clip(pixels * light * warm * 0.93 + noise, 0, 255).astype(np.uint8))


def scanned(image: Image.Image, *, grain: float = 2.0, colour: bool = False) -> Image.Image:
    """As a flat-bed scanner sees it: even light, grain, hardly askew, grey unless `colour`."""
    turned = image.resize((1240, 1754)).rotate(0.7, Image.Resampling.BICUBIC, fillcolor="white")
    pixels = np.asarray(turned, dtype=np.float32)
    if not colour:
        pixels = np.repeat(pixels.mean(2, keepdims=True), 3, axis=2)
    noise = np.random.default_rng(8).normal(0, grain, pixels.shape[:2])[:, :, None]
    return Image.fromarray(np.clip(10 + pixels * 0.92 + noise, 0, 255).astype(np.uint8))


def on_page(image: Image.Image, *, hidden: str = "", producer: str = "x") -> bytes:
    """A PDF whose page is the picture, as scanners and phones write it; `hidden`: text under it."""
    out = io.BytesIO()
    image.save(out, "PDF", resolution=150, producer=producer)
    if not hidden:
        return out.getvalue()
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(out.getvalue())))
    sheet = writer.pages[0]
    font = DictionaryObject({
        NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1"),
        NameObject("/BaseFont"): NameObject("/Helvetica"),
    })  # fmt: skip
    resources = sheet["/Resources"].get_object()
    assert isinstance(resources, DictionaryObject)
    resources[NameObject("/Font")] = DictionaryObject({NameObject("/F1"): font})
    drawn = sheet.get_contents()
    assert drawn is not None
    stream = DecodedStreamObject()
    stream.set_data(drawn.get_data() + f"\nBT 3 Tr /F1 9 Tf 40 400 Td ({hidden}) Tj ET".encode())
    sheet[NameObject("/Contents")] = writer._add_object(stream)
    again = io.BytesIO()
    writer.write(again)
    return again.getvalue()


def of_pdf(data: bytes) -> Kind:
    return kind_of(Facts(pdf_reader.read(received(data))))


@pytest.mark.parametrize("ground", ["white", "#202124"])
@pytest.mark.parametrize(
    "saved", [{"kind": "PNG"}, {"kind": "JPEG", "quality": 75}, {"kind": "WEBP", "lossless": True}]
)
def test_what_a_program_drew_is_a_capture_however_it_was_saved(
    ground: str, saved: Mapping[str, object]
) -> None:
    assert of_picture(page(ground=ground), **saved).kind is FileKind.PORTAL_SCREENSHOT  # type: ignore[arg-type]


def test_a_page_with_a_delivery_photo_in_it_is_still_a_capture() -> None:
    image = page()
    image.paste(photographed(page(), fall=0.5).resize((480, 360)), (700, 200))
    assert of_picture(image).kind is FileKind.PORTAL_SCREENSHOT


@pytest.mark.parametrize("quality", [60, 90])
def test_a_photo_is_one_without_its_metadata(quality: int) -> None:
    found = of_picture(photographed(page()), "JPEG", quality=quality)
    assert found.kind is FileKind.PHOTO
    assert "light falls off" in found.why


def test_a_camera_that_a_drawing_names_is_not_believed() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker", "Phone 9"
    assert of_picture(page(), "JPEG", quality=90, exif=exif).kind is FileKind.PORTAL_SCREENSHOT
    assert of_picture(photographed(page()), "JPEG", exif=exif).why.startswith("its metadata name")


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("saved", [{"kind": "JPEG", "quality": 90}, {"kind": "TIFF"}])
def test_paper_that_was_scanned_is_a_scan(colour: bool, saved: Mapping[str, object]) -> None:
    assert of_picture(scanned(page(), colour=colour), **saved).kind is FileKind.SCAN  # type: ignore[arg-type]


def test_a_scan_whose_grain_is_smoothed_away_is_told_by_its_slant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    smooth = scanned(page(), grain=0.4)
    smooth = smooth.crop((0, 0, smooth.width, smooth.height - 120))  # no whole sheet
    assert of_picture(smooth, "JPEG", quality=70).kind is FileKind.PORTAL_SCREENSHOT
    askew = ((100.0, 100.0), (500.0, 105.0), (500.0, 125.0), (100.0, 120.0))
    line = ocr.Seen("Delivered to the front door", (100, 100, 400, 25), askew, 0.9)
    monkeypatch.setattr(ocr, "read_lines", lambda pixels: [line])
    assert of_picture(smooth, "JPEG", quality=70).kind is FileKind.SCAN


def test_a_fax_is_a_scan() -> None:
    assert of_picture(scanned(page()).convert("1"), "TIFF").kind is FileKind.SCAN


LOOKS: Mapping[str, Mapping[str, str]] = {
    "green": {},
    "white wall": {"wall": "#ffffff", "mine": "#0a84ff", "theirs": "#e9e9eb"},
    "dark": {"wall": "#0b141a", "mine": "#005c4b", "theirs": "#202c33", "ink": "#eeeeee"},
    "grey": {"wall": "#ededed", "mine": "#95ec69"},
}


@pytest.mark.parametrize("faces", [False, True])
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_a_chat_is_known_by_its_bubbles(look: Mapping[str, str], faces: bool) -> None:
    found = of_picture(chat(faces=faces, **look), "JPEG", quality=80)  # type: ignore[arg-type]
    assert found.kind is FileKind.CHAT_SCREENSHOT
    assert "bubbles" in found.why


def test_a_chat_beside_a_list_of_chats_is_one() -> None:
    window = Image.new("RGB", (1280, 900), "#f7f7f7")
    draw = ImageDraw.Draw(window)
    for row in range(10):
        draw.rounded_rectangle((20, 30 + row * 80, 80, 90 + row * 80), 30, fill="#88aacc")
        draw.text((100, 45 + row * 80), f"Agent {row}", fill="#222", font_size=20)
    window.paste(chat(768, 900), (512, 0))
    assert of_picture(window).kind is FileKind.CHAT_SCREENSHOT


def test_a_chat_in_which_one_side_has_spoken_is_one() -> None:
    screen = Image.new("RGB", (750, 1334), "#ededed")
    draw = ImageDraw.Draw(screen)
    draw.text((320, 60), "Support", fill="#000", font_size=34)
    draw.rounded_rectangle((120, 200, 560, 270), 12, fill="white")
    draw.text((140, 212), "Here is the proof", fill="#000", font_size=32)
    screen.paste(page(460, 330), (120, 300))
    found = of_picture(screen, "JPEG", quality=75)
    assert found.kind is FileKind.CHAT_SCREENSHOT
    assert "one side" in found.why


def test_cards_down_one_side_of_a_desktops_page_are_no_bubbles() -> None:
    screen = Image.new("RGB", (1180, 1192), "white")
    draw = ImageDraw.Draw(screen)
    for top in range(180, 1080, 90):
        draw.rounded_rectangle((28, top, 970, top + 78), 8, fill="#f1f3f5")
        draw.text((50, top + 22), "2026-11-05", fill="#222", font_size=22)
        draw.text((300, top + 22), "Processed at sorting centre", fill="#222", font_size=22)
    assert of_picture(screen).kind is FileKind.PORTAL_SCREENSHOT


def test_cards_down_a_phone_s_page_are_no_bubbles() -> None:
    screen = page(750, 1334, ground="#eeeeee")
    draw = ImageDraw.Draw(screen)
    for top in (300, 520, 740):
        draw.rounded_rectangle((24, top, 726, top + 190), 16, fill="white")
    for top in (960, 1080, 1200):  # pictures of goods with their names beside them
        draw.rectangle((24, top, 124, top + 100), fill="#889988")
        draw.text((150, top + 30), "Adhesive hooks, 10 pieces", fill="#222", font_size=30)
    assert of_picture(screen).kind is FileKind.PORTAL_SCREENSHOT


def test_cards_and_buttons_of_a_page_are_no_bubbles() -> None:
    image = page(1000, 900, ground="#eeeeee")
    draw = ImageDraw.Draw(image)
    for row in range(3):  # a card at each side of one row, and a button under each
        top = 150 + row * 220
        draw.rounded_rectangle((30, top, 480, top + 180), 12, fill="white")
        draw.rounded_rectangle((520, top, 970, top + 180), 12, fill="white")
    assert of_picture(image).kind is FileKind.PORTAL_SCREENSHOT


def test_a_capture_that_a_messenger_made_smaller_is_a_chats_copy() -> None:
    small = page(1170, 2532).resize((739, 1600), Image.Resampling.LANCZOS)
    sent = of_picture(small, "JPEG", quality=80)
    assert sent.kind is FileKind.CHAT_SCREENSHOT and "1600" in sent.why
    # The same as it was taken, with a colour profile, or of a size that nobody makes.
    native = of_picture(page(720, 1600), "JPEG", quality=80)
    odd = page(1170, 2532).resize((725, 1571), Image.Resampling.LANCZOS)
    assert native.kind is of_picture(odd, "JPEG", quality=80).kind is FileKind.PORTAL_SCREENSHOT
    named = of_picture(small, "JPEG", quality=80, comment=b"kept by an editor")
    assert named.kind is FileKind.PORTAL_SCREENSHOT


def test_a_documents_text_makes_it_an_export_and_its_program_is_named() -> None:
    found = of_pdf(pdf(["Proof of delivery"] * 9, info={"Producer": "iText 5.5"}))
    assert found.kind is FileKind.ORIGINAL_EXPORT and "iText 5.5" in found.why


def test_a_page_that_a_browser_printed_is_a_capture_of_a_page() -> None:
    lines = ["Delivered on: 2026-11-05"] * 9
    address = "https://www.example.com/track?n=1"
    assert of_pdf(pdf([*lines, address])).kind is FileKind.ORIGINAL_EXPORT  # anybody's
    assert of_pdf(pdf([*lines, address, "1/1"])).kind is FileKind.ORIGINAL_EXPORT  # not beside it
    foot = of_pdf(pdf([*lines, address], beside="1/1"))
    assert foot.kind is FileKind.PORTAL_SCREENSHOT and "browser" in foot.why


@pytest.mark.parametrize(
    "hidden", ["", "Delivered on 2026-11-05 at 14:32, signed by M. Carter, order"]
)
def test_a_page_that_is_one_picture_is_what_the_picture_is(hidden: str) -> None:
    scan = of_pdf(on_page(scanned(page()), hidden=hidden))
    assert scan.kind is FileKind.SCAN and "its page is one picture" in scan.why
    assert of_pdf(on_page(page(1240, 1754), hidden=hidden)).kind is FileKind.PORTAL_SCREENSHOT
    assert of_pdf(on_page(photographed(page()), hidden=hidden)).kind is FileKind.PHOTO


def test_what_could_not_be_measured_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = kind_of(Facts(picture_reader.read(received(picture("PNG", size=(20, 20))))))
    assert tiny.kind is FileKind.UNKNOWN and "measured" in tiny.why
    assert kind_of(Facts([])).kind is FileKind.UNKNOWN
    monkeypatch.setattr(ocr, "available", lambda: False)
    assert of_picture(page()).kind is FileKind.UNKNOWN
