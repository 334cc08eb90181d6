"""What kind of file the measures of its pixels make an item: each threshold from both sides."""

from __future__ import annotations

import pytest

from evidence.facts import Fact, Facts
from evidence.locators import WHOLE, Locator, page_line
from tests.verifiers.evidence_of import sha_of
from verifiers.marks.kind import FileKind, Kind, kind_of

EXPORT, PORTAL, PHOTO, CHAT, SCAN, UNKNOWN = FileKind

# A page as a program draws it; a sheet as a camera sees it; one as a scanner does.
DRAWN = {"even": 0.7, "tones": 0.8, "colour": 90, "tint": 0, "paper": 255, "between": 0.2}
SEEN = {"even": 0.1, "tones": 0.3, "colour": 40, "tint": 5, "paper": 200, "between": 0.3}


def fact(name: str, value: str, at: Locator = WHOLE, confidence: float = 1.0) -> Fact:
    return Fact(
        name=name, value=value, locator=at, item=sha_of("a"), origin="x", confidence=confidence
    )


def measured(traits: dict[str, float]) -> list[Fact]:
    return [fact("picture.trait", f"{value:g} {name}") for name, value in traits.items()]


def picture(traits: dict[str, float], size: str = "1000 x 700", **named: str) -> Kind:
    names = {"camera": "picture.camera", "software": "picture.software"}
    more = [fact(names[key], value) for key, value in named.items()]
    return kind_of(Facts([fact("picture.size", size), *measured(traits), *more]))


def pages(traits: dict[str, float], *lines: str, confidence: float = 1.0, **named: str) -> Kind:
    names = {"producer": "document.producer", "creator": "document.creator"}
    facts = [fact("document.pages", "1"), *measured(traits)]
    facts += [fact(names[key], value) for key, value in named.items()]
    facts += [
        fact("document.text", line, page_line(1, n), confidence) for n, line in enumerate(lines, 1)
    ]
    return kind_of(Facts(facts))


def told(kind: Kind) -> tuple[FileKind, float]:
    return kind.kind, kind.confidence


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (PORTAL, 0.9)),
        ({"even": 0.61}, (PORTAL, 0.9)),
        ({"even": 0.6}, (PORTAL, 0.7)),
        ({"even": 0.3}, (PORTAL, 0.7)),
        ({"even": 0.29}, (SCAN, 0.75)),  # no light falls off and it is white to the edges
        ({"tones": 0.45}, (PORTAL, 0.9)),
        ({"tones": 0.44}, (SCAN, 0.75)),
        ({"drift": 0.14}, (PORTAL, 0.9)),
        ({"drift": 0.15}, (SCAN, 0.75)),
        # Bubbles at both sides, or many over a line to type in.
        ({"left": 1, "right": 1}, (CHAT, 0.75)),
        ({"left": 1, "right": 2}, (CHAT, 0.95)),
        ({"left": 2, "right": 1}, (CHAT, 0.95)),
        ({"left": 1, "right": 1, "entry": 1}, (CHAT, 0.95)),
        ({"left": 3, "entry": 1}, (CHAT, 0.75)),
        ({"right": 3, "entry": 1}, (CHAT, 0.75)),
        ({"left": 2, "entry": 1}, (PORTAL, 0.9)),
        ({"left": 9}, (PORTAL, 0.9)),
        # Paper whose grain was smoothed away: not quite white, and askew.
        ({"paper": 250, "slant": 0.3}, (SCAN, 0.75)),
        ({"paper": 250, "slant": -0.3}, (SCAN, 0.75)),
        ({"paper": 250, "slant": 0.29}, (PORTAL, 0.9)),
        ({"paper": 254.5, "slant": 0.3}, (PORTAL, 0.9)),
        ({"paper": 254.4, "slant": 0.3}, (SCAN, 0.75)),
        ({"paper": 225, "slant": 0.3}, (PORTAL, 0.9)),
        ({"paper": 250, "slant": 0.3, "tint": 3}, (PHOTO, 0.65)),
        ({"paper": 250, "slant": 0.3, "tint": 3.1}, (PORTAL, 0.9)),
        # Softness counts on a page of a PDF alone.
        ({"paper": 250, "colour": 6, "sharp": 0.5}, (PORTAL, 0.9)),
    ],
)
def test_what_is_drawn_has_surfaces_of_few_tones(
    changes: dict[str, float], expected: tuple[FileKind, float]
) -> None:
    shade = {"shade": 5.5} if expected[0] in {SCAN, PHOTO} else {}
    assert told(picture({**DRAWN, "rim": 0.1, **shade, **changes})) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        # What a camera sees: light that falls off, a tint, something around it, the dark.
        ({}, (UNKNOWN, 0.5)),  # its white has a tint, its light is even: one each
        ({"shade": 4.9}, (UNKNOWN, 0.5)),
        ({"shade": 5}, (PHOTO, 0.7)),
        ({"shade": 5.9}, (PHOTO, 0.7)),
        ({"shade": 6}, (PHOTO, 0.8)),
        ({"shade": 7.9}, (PHOTO, 0.8)),
        ({"shade": 8}, (PHOTO, 0.9)),
        ({"shade": 8, "rim": 0.49}, (PHOTO, 0.9)),
        ({"shade": 8, "rim": 0.5}, (PHOTO, 0.95)),
        ({"rim": 0.5}, (PHOTO, 0.7)),
        ({"paper": 149}, (PHOTO, 0.7)),
        ({"paper": 150}, (UNKNOWN, 0.5)),
        ({"tint": 2.9}, (SCAN, 0.7)),
        ({"tint": 3}, (UNKNOWN, 0.5)),
        # What a scanner sees: even light, no colour, white to the edges.
        ({"colour": 6}, (SCAN, 0.8)),
        ({"colour": 7}, (UNKNOWN, 0.5)),
        ({"tint": 2.1}, (SCAN, 0.7)),
        ({"tint": 2}, (SCAN, 0.8)),
        ({"tint": 2, "colour": 6}, (SCAN, 0.9)),
        ({"tint": 2, "paper": 226, "rim": 0.1}, (SCAN, 0.85)),
        ({"tint": 2, "paper": 225, "rim": 0.1}, (SCAN, 0.8)),
        ({"tint": 2, "paper": 226, "rim": 0.2}, (SCAN, 0.8)),
        ({"paper": 226, "rim": 0.1}, (SCAN, 0.65)),
        ({"tint": 2, "colour": 6, "paper": 226, "rim": 0.1}, (SCAN, 0.95)),
    ],
)
def test_what_was_seen_was_seen_by_whom_more_speaks_for(
    changes: dict[str, float], expected: tuple[FileKind, float]
) -> None:
    assert told(picture({**SEEN, "shade": 3, **changes})) == pytest.approx(expected)


def test_measures_that_are_absent_speak_for_nobody() -> None:
    """Without shade, rim and paper: a tint alone, or no colour alone."""
    bare = {"even": 0.1, "tones": 0.3, "colour": 40.0, "tint": 5.0}
    assert told(picture(bare)) == pytest.approx((PHOTO, 0.7))
    assert told(picture({**bare, "colour": 6.0, "tint": 2.5})) == pytest.approx((SCAN, 0.8))
    assert told(picture({**bare, "tint": 2.5})) == (UNKNOWN, 0.5)
    assert told(picture({"even": 0.7, "tones": 0.8, "colour": 90.0, "tint": 0.0})) == (PORTAL, 0.9)


def test_metadata_count_beside_what_was_seen_and_not_against_it() -> None:
    seen = {**SEEN, "shade": 3}
    camera = picture(seen, camera="Phone 9")
    assert told(camera) == pytest.approx((PHOTO, 0.9))
    assert camera.why == "its metadata name the camera Phone 9 and its white has a tint"
    scanner = picture(seen, software="Some Scanner", camera="Phone 9")
    assert told(scanner) == pytest.approx((SCAN, 0.9))
    assert scanner.why == "its metadata name Some Scanner and its light is even"
    assert [each.text for each in scanner.facts] == ["Some Scanner"]
    photo = picture({**seen, "shade": 9, "rim": 0.6, "paper": 100}, software="NAPS2")
    assert told(photo) == pytest.approx((PHOTO, 0.8))
    assert told(picture(DRAWN, camera="Phone 9")) == (PORTAL, 0.9)
    unclear = picture(seen)
    assert unclear.why == "it was seen by a camera or a scanner, and nothing tells by which"
    assert [each.name for each in unclear.facts] == ["picture.trait"]


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("CanoScan LiDE", True), ("TWAIN driver", True), ("naps2 7", True), ("bizhub C258", True),
        ("Brother MFC-L2710", True), ("imageRUNNER ADVANCE", True), ("WorkForce ES-50", True),
        ("OfficeJet Pro", True), ("Image Capture", True), ("iR-ADV C5535", True),
        ("Scandinavian Photo", False), ("Photoshop", False), ("MFPX", False),
    ],
)  # fmt: skip
def test_a_scanner_is_known_by_its_name(name: str, *, is_one: bool) -> None:
    kind = told(picture({"colour": 40}, software=name))
    assert kind == ((SCAN, 0.6) if is_one else (UNKNOWN, 0.5))


def test_without_measures_metadata_alone_say_little() -> None:
    assert told(picture({"colour": 40}, camera="Phone 9")) == (PHOTO, 0.6)
    assert told(picture({"even": 0.7, "colour": 40})) == (UNKNOWN, 0.5)
    assert told(picture({"tones": 0.7, "colour": 40})) == (UNKNOWN, 0.5)
    nothing = kind_of(Facts())
    assert (told(nothing), nothing.why) == ((UNKNOWN, 0.5), "nothing of it could be read")
    other = [fact("picture.trait", "much even"), fact("picture.trait", "")]
    assert told(kind_of(Facts([fact("picture.size", "1 x 1"), *other]))) == (UNKNOWN, 0.5)


@pytest.mark.parametrize(
    ("changes", "is_scan"),
    [
        ({"between": 0.05}, True), ({"between": 0.06}, False), ({"colour": 8}, True),
        ({"colour": 9}, False), ({"paper": 201}, True), ({"paper": 200}, False),
    ],
)  # fmt: skip
def test_ink_and_paper_without_a_tone_between_are_a_fax(
    changes: dict[str, float], *, is_scan: bool
) -> None:
    fax = {**DRAWN, "between": 0.0, "colour": 0, "paper": 255, **changes}
    assert told(picture(fax)) == ((SCAN, 0.85) if is_scan else (PORTAL, 0.9))


# A capture that a messenger made smaller.

SENT = {**DRAWN, "bare": 1, "quality": 75, "sharp": 0.4}


@pytest.mark.parametrize(
    ("size", "changes", "expected"),
    [
        ("739 x 1600", {}, (CHAT, 0.8)),
        ("739 x 1600", {"sharp": 0.45}, (CHAT, 0.65)),  # no phone is so wide
        ("720 x 1600", {}, (CHAT, 0.65)),
        ("720 x 1600", {"sharp": 0.45}, (PORTAL, 0.9)),
        ("739 x 1601", {}, (PORTAL, 0.9)),
        ("500 x 960", {}, (CHAT, 0.8)),
        ("960 x 500", {}, (PORTAL, 0.9)),  # a desktop's width as well
        ("1600 x 739", {"sharp": 0.29}, (CHAT, 0.65)),
        ("1600 x 739", {"sharp": 0.3}, (PORTAL, 0.9)),
        ("1600 x 1600", {"sharp": 0.29}, (CHAT, 0.65)),
        ("1280 x 700", {"sharp": 0.2}, (CHAT, 0.65)),
        ("2048 x 700", {"sharp": 0.2}, (CHAT, 0.65)),
        ("2560 x 700", {"sharp": 0.2}, (CHAT, 0.65)),
        ("1440 x 700", {"sharp": 0.2}, (PORTAL, 0.9)),
        ("1100 x 1440", {}, (CHAT, 0.8)),
        ("1100 x 1920", {}, (CHAT, 0.8)),
        ("739 x 1600", {"bare": 0.9}, (PORTAL, 0.9)),
        ("739 x 1600", {"quality": 92}, (CHAT, 0.8)),
        ("739 x 1600", {"quality": 93}, (PORTAL, 0.9)),
        ("739x1600", {}, (PORTAL, 0.9)),
    ],
)
def test_a_messengers_copy_is_known_by_its_size_and_edges(
    size: str, changes: dict[str, float], expected: tuple[FileKind, float]
) -> None:
    assert told(picture({**SENT, **changes}, size)) == expected


def test_a_messengers_copy_says_why() -> None:
    soft = picture(SENT, "739 x 1600")
    assert "messenger's 1600, its edges are softened, and" in soft.why
    odd = picture({**SENT, "sharp": 0.9}, "739 x 1600")
    assert "messenger's 1600, no phone is 739 pixels wide, and" in odd.why
    unsaid = {name: value for name, value in SENT.items() if name not in {"quality", "sharp"}}
    assert told(picture(unsaid, "739 x 1600")) == (CHAT, 0.65)
    assert told(picture({**SEEN, **SENT, "even": 0.1}, "739 x 1600")) != (CHAT, 0.8)


# Pages.


def test_a_page_is_written_printed_or_one_picture() -> None:
    assert told(pages({}, "Delivered")) == (EXPORT, 0.75)
    made = pages({}, "Delivered", producer="iText")
    assert (told(made), made.why) == ((EXPORT, 0.85), "its pages are text, as iText wrote them")
    assert told(pages({}, "Delivered", confidence=0.9)) == (UNKNOWN, 0.5)
    assert told(pages({})) == (UNKNOWN, 0.5)
    assert told(pages({**SEEN, "covered": 0.69})) == (UNKNOWN, 0.5)
    assert told(pages({**DRAWN, "covered": 0.7})) == (PORTAL, 0.9)
    assert told(pages({**DRAWN, "covered": 0.7, "written": 39}, "Delivered")) == (PORTAL, 0.9)
    assert told(pages({**DRAWN, "covered": 0.7, "written": 40}, "Delivered")) == (EXPORT, 0.75)
    assert pages({**DRAWN, "covered": 1}).why.startswith("its page is one picture, in which each")


def test_a_page_that_is_a_picture_leans_towards_a_scan() -> None:
    seen = {**SEEN, "shade": 3, "covered": 1}
    assert told(pages(seen)) == pytest.approx((SCAN, 0.7))
    smooth = {**DRAWN, "paper": 250, "colour": 6, "covered": 1, "shade": 9, "tint": 2}
    assert told(pages({**smooth, "sharp": 0.59})) == pytest.approx((SCAN, 0.7))
    assert told(pages({**smooth, "sharp": 0.6})) == (PORTAL, 0.9)
    assert told(pages({**smooth, "sharp": 0.5, "colour": 7})) == (PORTAL, 0.9)
    assert told(pages(smooth)) == (PORTAL, 0.9)
    unmeasured = pages({"covered": 1, "colour": 9}, creator="Scan to PDF")
    assert told(unmeasured) == (SCAN, 0.6)
    # Nothing decides by the pixels: what wrote the file does.
    even = {**SEEN, "shade": 5.5, "covered": 1}
    assert told(pages({**even, "shade": 4, "rim": 0.6})) == (UNKNOWN, 0.5)


def test_text_alone_is_an_export() -> None:
    assert told(kind_of(Facts([fact("document.text", "Delivered")]))) == (EXPORT, 0.8)


def at_box(text: str, x: int, y: int, height: int = 8) -> Fact:
    return fact("document.text", text, Locator("page", f"1/box:{x},{y},90,{height}"))


@pytest.mark.parametrize(
    ("foot", "y", "printed"),
    [
        ("1/2", 800, True), ("12/345", 800, True), ("1/2", 806, True), ("1/2", 807, False),
        ("1/2", 794, True), ("1/2", 793, False), ("1 of 2", 800, False), ("1/2345", 800, False),
    ],
)  # fmt: skip
def test_a_browser_prints_the_address_beside_the_pages_number(
    foot: str, y: int, *, printed: bool
) -> None:
    for address in ("https://x.example/track", "http://x.example", "file:///tmp/page.html"):
        facts = [fact("document.pages", "1"), at_box(address, 20, 800), at_box(foot, 500, y)]
        assert told(kind_of(Facts(facts))) == ((PORTAL, 0.7) if printed else (EXPORT, 0.75))
    plain = [fact("document.pages", "1"), at_box("x.example", 20, 800), at_box(foot, 500, 800)]
    assert told(kind_of(Facts(plain))) == (EXPORT, 0.75)
