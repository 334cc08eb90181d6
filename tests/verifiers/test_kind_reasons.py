"""What kind of file it is, by the measures alone: how sure, why, and by which facts."""

from __future__ import annotations

import pytest

from evidence.facts import Fact, Facts
from evidence.locators import WHOLE, Locator
from tests.verifiers.evidence_of import sha_of
from verifiers.marks.kind import FileKind, Kind, kind_of

PHOTO, SCAN, CHAT = FileKind.PHOTO, FileKind.SCAN, FileKind.CHAT_SCREENSHOT
PORTAL, EXPORT, UNKNOWN = (
    FileKind.PORTAL_SCREENSHOT, FileKind.ORIGINAL_EXPORT, FileKind.UNKNOWN,
)  # fmt: skip


Measured = dict[str, float]


def fact(name: str, value: str, place: str = "", confidence: float = 1.0) -> Fact:
    at = Locator("page", place) if place else WHOLE
    return Fact(
        name=name, value=value, locator=at, item=sha_of("a"), origin="x", confidence=confidence
    )


def traits(measured: Measured) -> list[Fact]:
    return [fact("picture.trait", f"{value} {name}") for name, value in measured.items()]


def picture(measured: Measured, *more: Fact, size: str = "900 x 1200") -> Kind:
    return kind_of(Facts([fact("picture.size", size), *traits(measured), *more]))


def document(measured: Measured, *more: Fact) -> Kind:
    return kind_of(Facts([fact("document.pages", "1"), *traits(measured), *more]))


CAMERA, SCANNER = fact("picture.camera", "Acme One"), fact("picture.software", "NAPS2")
DRAWN = {"even": 0.7, "tones": 0.8, "tint": 0, "colour": 90}
SEEN = {"even": 0.1, "tones": 0.3, "tint": 2.5, "colour": 90}


@pytest.mark.parametrize(
    ("measured", "more", "kind", "sure", "why"),
    [
        # Black and white, and only where the paper is bright and nothing has a colour.
        ({"between": 0.05, "colour": 8, "paper": 201}, (), SCAN, 0.85, "all is black or white"),
        ({"between": 0.06, "colour": 8, "paper": 201}, (), UNKNOWN, 0.5, "not be measured"),
        ({"between": 0.05, "colour": 9, "paper": 201}, (), UNKNOWN, 0.5, "not be measured"),
        ({"between": 0.05, "colour": 8, "paper": 200}, (), UNKNOWN, 0.5, "not be measured"),
        # Nothing measured: a device that is named says a little.
        ({}, (SCANNER,), SCAN, 0.6, "its metadata name NAPS2"),
        ({}, (CAMERA,), PHOTO, 0.6, "its metadata name the camera Acme One"),
        ({}, (CAMERA, SCANNER), SCAN, 0.6, "NAPS2"),
        ({"even": 0.7}, (), UNKNOWN, 0.5, "not be measured"),
        # Drawn by a program.
        (DRAWN, (), PORTAL, 0.9, "each surface has one tone"),
        (DRAWN | {"even": 0.6}, (), PORTAL, 0.7, "each surface has one tone"),
        (DRAWN | {"even": 0.3, "tones": 0.45, "drift": 0.14}, (), PORTAL, 0.7, "one tone"),
        (DRAWN | {"left": 1, "right": 1}, (), CHAT, 0.75, "of one column (1 and 1)"),
        (DRAWN | {"left": 2, "right": 1}, (), CHAT, 0.95, "of one column (2 and 1)"),
        (DRAWN | {"left": 1, "right": 1, "entry": 1}, (), CHAT, 0.95, "over a line to type in"),
        (DRAWN | {"left": 3, "entry": 1}, (), CHAT, 0.75, "3 bubbles stand over a line"),
        (DRAWN | {"right": 3, "entry": 1}, (), CHAT, 0.75, "3 bubbles stand over a line"),
        (DRAWN | {"left": 2, "entry": 1}, (), PORTAL, 0.9, "one tone"),
        (DRAWN | {"left": 3}, (), PORTAL, 0.9, "one tone"),
        # A sheet that was too bright for the camera has one tone as well.
        (DRAWN | {"rim": 0.9, "shade": 5, "sharp": 0.1, "tint": 3}, (), PHOTO, 0.95, "around"),
        (DRAWN | {"rim": 0.9, "shade": 5, "sharp": 0.2, "tint": 3}, (), PORTAL, 0.9, "one tone"),
        (DRAWN | {"rim": 0.8, "shade": 5, "sharp": 0.1, "tint": 3}, (), PORTAL, 0.9, "one tone"),
        (DRAWN | {"rim": 0.9, "shade": 4, "sharp": 0.1, "tint": 3}, (), PORTAL, 0.9, "one tone"),
        # Paper that was cleaned is not drawn: askew, a little grey, without colour.
        (DRAWN | {"paper": 240, "slant": 0.3, "tint": 3, "colour": 6}, (), SCAN, 0.7, "colour"),
        (DRAWN | {"paper": 240, "slant": 0.29}, (), PORTAL, 0.9, "one tone"),
        (DRAWN | {"paper": 254.5, "slant": 0.3}, (), PORTAL, 0.9, "one tone"),
        (DRAWN | {"paper": 225, "slant": 0.3}, (), PORTAL, 0.9, "one tone"),
        (DRAWN | {"paper": 240, "slant": 0.3, "tint": 3.1}, (), PORTAL, 0.9, "one tone"),
        # Seen by a camera or a scanner: the heavier side, and how much heavier.
        (SEEN | {"shade": 8}, (), PHOTO, 0.8, "its light falls off by 8 hundredths"),
        (SEEN | {"shade": 7}, (), PHOTO, 0.7, "its light falls off by 7 hundredths"),
        (SEEN | {"shade": 8, "tint": 3}, (), PHOTO, 0.9, "its white has a tint"),
        (SEEN | {"shade": 7, "rim": 0.5}, (), PHOTO, 0.8, "something else lies around"),
        # All around a paper lies something else, though its light is even and its white grey.
        (SEEN | {"shade": 2, "tint": 2, "rim": 0.9}, (), PHOTO, 0.65, "something else lies around"),
        (SEEN | {"shade": 2, "tint": 2, "rim": 0.9, "colour": 6}, (), SCAN, 0.65, "colour"),
        (SEEN | {"shade": 7, "paper": 149}, (), PHOTO, 0.8, "most of it is dark"),
        (SEEN | {"shade": 12, "tint": 9, "rim": 0.7, "paper": 90}, (), PHOTO, 0.95, "falls off"),
        (SEEN | {"shade": 5}, (), UNKNOWN, 0.5, "nothing tells by which"),
        (SEEN | {"shade": 4}, (), SCAN, 0.7, "its light is even"),
        (SEEN | {"shade": 4, "tint": 2}, (), SCAN, 0.8, "its paper is without colour"),
        (SEEN | {"shade": 4, "colour": 6}, (), SCAN, 0.9, "it is without colour"),
        (SEEN | {"shade": 6, "paper": 226, "rim": 0.1}, (), PHOTO, 0.65, "falls off"),
        (SEEN | {"shade": 6, "paper": 225, "rim": 0.1}, (), PHOTO, 0.7, "falls off"),
        (SEEN | {"shade": 6, "paper": 226, "rim": 0.2}, (), PHOTO, 0.7, "falls off"),
        (SEEN | {"shade": 5}, (CAMERA,), PHOTO, 0.9, "the camera Acme One"),
        (SEEN | {"shade": 5}, (SCANNER,), SCAN, 0.9, "NAPS2"),
        (SEEN | {"shade": 5}, (SCANNER, CAMERA), SCAN, 0.9, "NAPS2"),
    ],
)
def test_a_picture_is_judged_by_its_measures(
    measured: Measured, more: tuple[Fact, ...], kind: FileKind, sure: float, why: str
) -> None:
    found = picture(measured, *more)
    assert (found.kind, found.confidence) == (kind, sure)
    assert why in found.why
    devices = [one for one in (SCANNER, CAMERA) if one in more]
    assert found.facts == tuple(devices[:1] or traits(measured)[:1])


@pytest.mark.parametrize(
    ("size", "more", "kind"),
    [
        ("1654 x 2339", {}, SCAN), ("2550 x 3300", {}, SCAN), ("2339 x 1654", {}, SCAN),
        ("1654 x 2339", {"colour": 3}, PORTAL), ("1654 x 2339", {"paper": 255}, PORTAL),
        ("1654 x 2300", {}, PORTAL), ("595 x 842", {}, PORTAL), ("large", {}, PORTAL),
    ],
)  # fmt: skip
def test_a_sheet_that_is_not_quite_white_and_without_colour_was_scanned(
    size: str, more: Measured, kind: FileKind
) -> None:
    grey = DRAWN | {"paper": 243, "colour": 0} | more
    assert picture(grey, size=size).kind == kind


@pytest.mark.parametrize(
    ("size", "measured", "kind", "sure", "why"),
    [
        ("739 x 1600", {"sharp": 0.44}, CHAT, 0.8, "its edges are softened"),
        ("739 x 1600", {"sharp": 0.45}, CHAT, 0.65, "no phone is 739 pixels wide"),
        ("720 x 1600", {"sharp": 0.44}, CHAT, 0.65, "a messenger's 1600"),
        ("720 x 1600", {"sharp": 0.45}, PORTAL, 0.9, "one tone"),
        ("739 x 1600", {"quality": 92}, CHAT, 0.65, "no phone"),
        ("739 x 1600", {"quality": 93}, PORTAL, 0.9, "one tone"),
        ("739 x 1600", {"bare": 0.9}, PORTAL, 0.9, "one tone"),
        ("739 x 1601", {"sharp": 0.2}, PORTAL, 0.9, "one tone"),
        ("1600 x 900", {"sharp": 0.29}, CHAT, 0.65, "its edges are softened"),
        ("1600 x 900", {"sharp": 0.3}, PORTAL, 0.9, "one tone"),
        ("1440 x 900", {"sharp": 0.2}, PORTAL, 0.9, "one tone"),  # a desktop's own width
        ("700 x 1440", {"sharp": 0.2}, CHAT, 0.8, "a messenger's 1440"),
        ("1280 x 1280", {"sharp": 0.29}, CHAT, 0.65, "softened"),
        ("large", {"sharp": 0.2}, PORTAL, 0.9, "one tone"),
    ],
)
def test_a_capture_of_a_messengers_size_that_kept_only_its_pixels_was_sent(
    size: str, measured: Measured, kind: FileKind, sure: float, why: str
) -> None:
    found = picture({"bare": 1, "sharp": 0.9} | DRAWN | measured, size=size)
    assert (found.kind, found.confidence) == (kind, sure)
    assert why in found.why
    assert (found.facts[0].name == "picture.size") == (kind is CHAT)


TEXT = fact("document.text", "Delivered", "1/box:10,10,90,12")
WHOLE_PAGE = {"covered": 0.7, "written": 39}
# As much of a photo as a scanner's name and a filled page are of a scan.
UNDECIDED = SEEN | {"shade": 8, "tint": 3, "rim": 0.5}


@pytest.mark.parametrize(
    ("more", "measured", "kind", "sure", "why"),
    [
        ((TEXT,), {}, EXPORT, 0.75, "it is text, as a program wrote it"),
        ((TEXT, fact("document.producer", "iText 5")), {}, EXPORT, 0.85, "as iText 5 wrote them"),
        ((), {}, UNKNOWN, 0.5, "no text that says whose"),
        ((fact("document.text", "OCR", confidence=0.9),), {}, UNKNOWN, 0.5, "no text"),
        ((TEXT,), {"covered": 0.69, "written": 39}, EXPORT, 0.75, "it is text"),
        ((TEXT,), {"covered": 0.7, "written": 40}, EXPORT, 0.75, "it is text"),
        ((TEXT,), WHOLE_PAGE, UNKNOWN, 0.5, "its page is one picture, in which its pixels"),
        ((SCANNER,), WHOLE_PAGE, SCAN, 0.6, "its page is one picture, in which its metadata"),
        ((SCANNER,), WHOLE_PAGE | UNDECIDED, SCAN, 0.7, "NAPS2 wrote it, a page in a picture"),
        # What fills a page exactly is a little more of a scan.
        ((), WHOLE_PAGE | SEEN | {"shade": 5}, SCAN, 0.7, "it fills a page exactly"),
        ((), WHOLE_PAGE | DRAWN, PORTAL, 0.9, "its page is one picture, in which each surface"),
        ((), WHOLE_PAGE | DRAWN | {"paper": 240, "colour": 6, "sharp": 0.5}, SCAN, 0.9, "colour"),
        ((), WHOLE_PAGE | DRAWN | {"paper": 240, "colour": 6, "sharp": 0.6}, PORTAL, 0.9, "tone"),
        ((), WHOLE_PAGE | DRAWN | {"paper": 240, "colour": 7, "sharp": 0.5}, PORTAL, 0.9, "tone"),
    ],
)
def test_a_page_is_judged_by_its_text_or_by_the_picture_that_fills_it(
    more: tuple[Fact, ...], measured: Measured, kind: FileKind, sure: float, why: str
) -> None:
    found = document(measured, *more)
    assert (found.kind, found.confidence) == (kind, sure)
    assert why in found.why


def test_a_kind_points_at_the_facts_that_it_rests_on() -> None:
    producer = fact("document.producer", "iText 5")
    assert document({}, TEXT).facts == (TEXT,)
    assert document({}, TEXT, producer).facts == (producer,)
    assert document(WHOLE_PAGE, SCANNER).facts == (SCANNER,)
    assert document(WHOLE_PAGE | UNDECIDED, SCANNER).facts == (SCANNER,)
    first = traits(WHOLE_PAGE)[:1]
    black = {"between": 0.01, "colour": 0, "paper": 250}
    assert document(WHOLE_PAGE | black).facts == tuple(first)
    assert picture(SEEN | {"shade": 9}).facts == tuple(traits(SEEN)[:1])
    assert picture(SEEN | {"shade": 9}, CAMERA).facts == (CAMERA,)
    assert picture({}, CAMERA).facts == (CAMERA,) and picture({}, SCANNER).facts == (SCANNER,)
    assert picture(DRAWN).facts == tuple(traits(DRAWN)[:1])
    mail = fact("document.text", "Hello")
    assert kind_of(Facts([mail])) == Kind(EXPORT, 0.8, "it is text, as a program wrote it", (mail,))
    assert kind_of(Facts()) == Kind(UNKNOWN, 0.5, "nothing of it could be read")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (picture({"between": 0, "colour": 0, "paper": 250}),
         "all is black or white, as scanners and fax machines make it"),
        (picture(DRAWN | {"left": 2, "right": 2}),
         "bubbles stand at both sides of one column (2 and 2)"),
        (picture(DRAWN | {"left": 1, "right": 2, "entry": 1}),
         "bubbles stand at both sides of one column (1 and 2) over a line to type in"),
        (picture(SEEN | {"shade": 4, "colour": 6}), "it is without colour and its light is even"),
        (document(WHOLE_PAGE | SEEN | {"shade": 5}),
         "its page is one picture, in which its light is even and it fills a page exactly"),
        (document({}), "it has pages, and no text that says whose"),
        (document({}, TEXT), "it is text, as a program wrote it"),
        (document({}, TEXT, fact("document.producer", "x" * 99)),
         f"its pages are text, as {'x' * 60} wrote them"),
        (picture({}, fact("picture.software", "scan" * 25)), f"its metadata name {'scan' * 15}"),
        (picture({}, fact("picture.camera", "y" * 99)), f"its metadata name the camera {'y' * 60}"),
        (picture({"bare": 1, "sharp": 0.2} | DRAWN, size="700 x 1440"),
         "its longest side is a messenger's 1440, its edges are softened, and it holds only"
         " pixels"),
    ],
)  # fmt: skip
def test_why_is_a_phrase_for_people(found: Kind, why: str) -> None:
    assert found.why == why


def test_what_was_not_measured_speaks_for_nothing() -> None:
    sent = {"bare": 1.0} | DRAWN
    assert picture(sent, size="739 x 1600").confidence == 0.65  # not soft, as far as is known
    assert picture(DRAWN, size="739 x 1600").kind is PORTAL  # nor bare
    assert document({"covered": 0.7} | DRAWN).kind is PORTAL  # nor written


def test_a_measure_of_another_version_of_the_reader_is_left_out() -> None:
    assert picture(DRAWN, fact("picture.trait", "bright even")).kind is PORTAL


def foot(number: str, address: str, *, at: str = "1/box:500,800,30,10") -> Kind:
    return document(
        {}, TEXT, fact("document.text", address, "1/box:10,806,300,10"),
        fact("document.text", number, at),
    )  # fmt: skip


def test_a_page_is_printed_by_a_browser_only_where_address_and_number_stand_side_by_side() -> None:
    address = "https://www.example.com/track"
    printed = foot("1/2", address)
    assert (printed.kind, printed.confidence) == (PORTAL, 0.7)
    assert [one.text for one in printed.facts] == [address]
    assert foot("12/345", "file:///tmp/a.html").kind is PORTAL
    for other in (
        foot("1/2", address, at="1/box:500,799,30,10"),
        foot("1/2", address, at="2/box:500,806,30,10"),
        foot("1 of 2", address), foot("1/2", "http://a"), foot("1/2", f"see {address}"),
        foot("1/2", address, at="somewhere"),
    ):  # fmt: skip
        assert other.kind is EXPORT
