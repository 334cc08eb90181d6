"""What kind of file an item is: an original, a capture of a page, a photo, a chat's copy, a scan.

Judged by what it is made of: its program and structure, and the measures of its pixels that the
readers take (`picture.trait`, verifiers/readers/traits.py). A file's name is not asked, and what
its metadata say only where the pixels agree. `unknown` is an answer.

Thresholds lie in the gaps between what programs draw, cameras see and scanners see, as measured on
made-up files of bench/eval/ (docs/evaluation.md). Which sizes messengers save in is told by their
users, not by them, and changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from evidence.facts import Fact, Facts


class FileKind(StrEnum):
    ORIGINAL_EXPORT = "original_export"
    PORTAL_SCREENSHOT = "portal_screenshot"
    PHOTO = "photo"
    CHAT_SCREENSHOT = "chat_screenshot"
    SCAN = "scan"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind, how sure it is (0 to 1), why in a phrase, and the facts it rests on."""

    kind: FileKind
    confidence: float
    why: str
    facts: tuple[Fact, ...] = ()


_SCANNERS = re.compile(
    r"scan(?!dinav)|twain|\bnaps2\b|\bbizhub\b|\bir-?adv|imagerunner|\bmfc-|\bworkforce\b|\bworkcentre\b"
    r"|\baficio\b|\btaskalfa\b|\becosys\b|\bdocucentre\b|\bversalink\b|\baltalink\b|\bofficejet\b"
    r"|\blaserjet\b|\bmfp\b|paperport|readiris|\bkofax\b|\bimage capture\b",
    re.IGNORECASE,
)
# The longest side that messengers make pictures: WhatsApp, Telegram, Signal, Messenger, WeChat.
# Some are widths of desktops as well, so that they count for upright pictures alone.
_SENT_SIDES = frozenset({1280, 1600, 2048, 2560})
_SENT_UPRIGHT = _SENT_SIDES | {960, 1440, 1920}
# Widths that phones' screens have; a picture of another width in upright form was made smaller.
_PHONE_WIDTHS = frozenset(
    {320, 360, 375, 390, 393, 412, 414, 430, 480, 540, 640, 720, 750, 768, 780, 786, 800, 824, 828,
     860, 1024, 1080, 1125, 1170, 1179, 1200, 1206, 1220, 1224, 1236, 1242, 1260, 1284, 1290, 1320,
     1344, 1440, 1536, 1600, 1620, 1640, 1668, 2048}
)  # fmt: skip
# Text that a page must show to be a written one beside a picture that fills it.
_WRITTEN = 40
_WHOLE_PAGE = 0.7


def kind_of(facts: Facts) -> Kind:
    """The kind of one item by its own facts."""
    if facts.first("picture.size") is not None:
        return _of_picture(facts)
    if facts.first("document.pages") is not None:
        return _of_pages(facts)
    if (text := facts.first("document.text")) is not None:
        return Kind(FileKind.ORIGINAL_EXPORT, 0.8, "it is text, as a program wrote it", (text,))
    return Kind(FileKind.UNKNOWN, 0.5, "nothing of it could be read")


def _traits(facts: Facts) -> Mapping[str, float]:
    found = {}
    for said in facts.values("picture.trait"):
        number, _, name = said.partition(" ")
        try:
            found[name] = float(number)
        except ValueError:  # of another version of the reader
            continue
    return found


def _of_pages(facts: Facts) -> Kind:
    """A PDF: written, printed by a browser, or a picture that fills the page."""
    traits = _traits(facts)
    program = _scanner(facts)
    text = next((f for f in facts.named("document.text") if f.confidence == 1.0), None)
    whole = traits.get("covered", 0.0) >= _WHOLE_PAGE and traits.get("written", 0.0) < _WRITTEN
    if whole:
        kind = _by_pixels(facts, traits, paper=True)
        if kind.kind is FileKind.UNKNOWN and program is not None:
            return Kind(
                FileKind.SCAN, 0.7, f"{program.text} wrote it, a page in a picture", (program,)
            )
        why = f"its page is one picture, in which {kind.why}"
        return Kind(kind.kind, kind.confidence, why, kind.facts)
    if text is None:
        return Kind(FileKind.UNKNOWN, 0.5, "it has pages, and no text that says whose")
    if address := _printed_from(facts):
        why = "a browser printed it, with the page's address"
        return Kind(FileKind.PORTAL_SCREENSHOT, 0.7, why, (address,))
    producer = facts.first("document.producer")
    if producer is None:
        return Kind(FileKind.ORIGINAL_EXPORT, 0.75, "it is text, as a program wrote it", (text,))
    said = f"its pages are text, as {producer.text[:60]} wrote them"
    return Kind(FileKind.ORIGINAL_EXPORT, 0.85, said, (producer,))


def _printed_from(facts: Facts) -> Fact | None:
    """The address that a browser prints at the foot of a page, beside the page's number."""
    feet = {}
    for fact in facts.named("document.text"):
        if re.fullmatch(r"\d{1,3}/\d{1,3}", fact.text.strip()):
            feet[_level(fact)] = fact
    for fact in facts.named("document.text"):
        if feet and re.fullmatch(r"(?:https?|file)://\S{4,}", fact.text.strip()):
            level = _level(fact)
            if level and any(_beside(level, other) for other in feet if other):
                return fact
    return None


def _level(fact: Fact) -> tuple[int, int] | None:
    """(page, distance from its top) of a line of a PDF."""
    found = re.fullmatch(r"page:(\d+)/box:-?\d+,(-?\d+),\d+,\d+", str(fact.locator))
    return (int(found[1]), int(found[2])) if found else None


def _beside(first: tuple[int, int], second: tuple[int, int]) -> bool:
    return first[0] == second[0] and abs(first[1] - second[1]) <= 6


def _of_picture(facts: Facts) -> Kind:
    traits = _traits(facts)
    kind = _by_pixels(facts, traits, paper=False)
    if kind.kind is FileKind.PORTAL_SCREENSHOT and (sent := _sent(facts, traits)):
        return sent
    return kind


def _by_pixels(facts: Facts, traits: Mapping[str, float], *, paper: bool) -> Kind:
    """By the measures of its pixels; `paper`: it fills a PDF's page, as scanners make it."""
    told = tuple(facts.named("picture.trait")[:1])
    camera = facts.first("picture.camera")
    scanner = _scanner(facts)
    if _black_and_white(traits):
        return Kind(
            FileKind.SCAN, 0.85, "all is black or white, as scanners and fax machines make it", told
        )
    if "even" not in traits or "tones" not in traits:
        if scanner is not None:
            return Kind(FileKind.SCAN, 0.6, f"its metadata name {scanner.text[:60]}", (scanner,))
        if camera is not None:
            said = f"its metadata name the camera {camera.text[:60]}"
            return Kind(FileKind.PHOTO, 0.6, said, (camera,))
        return Kind(FileKind.UNKNOWN, 0.5, "its pixels could not be measured", told)
    sheet = _is_sheet(facts) and traits["colour"] <= 2
    if _drawn(traits) and not _cleaned_paper(traits, paper=paper, sheet=sheet):
        return _of_drawing(traits, told)
    return _of_sight(traits, camera, scanner, told, paper=paper)


def _black_and_white(traits: Mapping[str, float]) -> bool:
    """Bright paper without any tone between it and the ink, and no colour: no program draws so."""
    return (
        traits.get("between", 1.0) < 0.06 and traits["colour"] <= 8
        and traits.get("paper", 255.0) > 200
    )  # fmt: skip


def _is_sheet(facts: Facts) -> bool:
    """Whether a picture has the sides of a sheet, A4 or Letter, at 100 dots an inch or more."""
    size = facts.first("picture.size")
    found = re.fullmatch(r"(\d+) x (\d+)", size.text) if size else None
    if found is None:
        return False
    short, long = sorted((int(found[1]), int(found[2])))
    return short >= 800 and any(abs(long / short - sides) < 0.008 for sides in (1.4142, 1.2941))


def _cleaned_paper(traits: Mapping[str, float], *, paper: bool, sheet: bool) -> bool:
    """Paper whose grain a scanner or JPEG has smoothed away: not quite white, and askew or soft, or
    a whole sheet without any colour."""
    if not 225 < traits.get("paper", 0.0) < 254.5 or traits["tint"] > 3:
        return False
    soft = paper and traits["colour"] <= 6 and traits.get("sharp", 1.0) < 0.6
    return soft or sheet or abs(traits.get("slant", 0.0)) >= 0.3


def _drawn(traits: Mapping[str, float]) -> bool:
    """Surfaces of one tone each, and of few tones: light never falls so on a sheet or a screen, but
    where a sheet was so bright that the camera saw nothing but white on half of it."""
    if traits.get("rim", 0.0) >= 0.9 and traits.get("shade", 0.0) >= 5:
        if traits.get("sharp", 1.0) < 0.2:
            return False
    return traits["even"] >= 0.3 and traits["tones"] >= 0.45 and traits.get("drift", 0.0) < 0.15


def _of_drawing(traits: Mapping[str, float], told: tuple[Fact, ...]) -> Kind:
    left, right, entry = (traits.get(name, 0.0) for name in ("left", "right", "entry"))
    if left >= 1 and right >= 1:
        many, under = left + right, " over a line to type in" if entry else ""
        why = f"bubbles stand at both sides of one column ({left:.0f} and {right:.0f}){under}"
        return Kind(FileKind.CHAT_SCREENSHOT, 0.95 if many > 2 or entry else 0.75, why, told)
    if entry and left + right >= 3:
        why = f"{left + right:.0f} bubbles stand over a line to type in"
        return Kind(FileKind.CHAT_SCREENSHOT, 0.75, why, told)
    if (lone := traits.get("lone", 0.0)) >= 2:
        why = f"{lone:.0f} bubbles of one side stand one under the other, with nothing beside them"
        return Kind(FileKind.CHAT_SCREENSHOT, 0.6, why, told)
    why = "each surface has one tone, as a program draws it"
    return Kind(FileKind.PORTAL_SCREENSHOT, 0.9 if traits["even"] > 0.6 else 0.7, why, told)


def _of_sight(
    traits: Mapping[str, float],
    camera: Fact | None,
    scanner: Fact | None,
    told: tuple[Fact, ...],
    *,
    paper: bool,
) -> Kind:
    """A camera's picture or a scanner's: each reason has a weight, and the heavier side it is."""
    photo, scan = list(_camera_saw(traits)), list(_scanner_saw(traits))
    if scanner is not None:
        scan.append((3.0, f"its metadata name {scanner.text[:60]}"))
    elif camera is not None:
        photo.append((3.0, f"its metadata name the camera {camera.text[:60]}"))
    if paper:
        scan.append((1.0, "it fills a page exactly"))
    for_photo, for_scan = (sum(weight for weight, _ in side) for side in (photo, scan))
    facts = tuple(fact for fact in (scanner or camera,) if fact is not None) or told
    if abs(for_photo - for_scan) < 0.5:
        why = "it was seen by a camera or a scanner, and nothing tells by which"
        return Kind(FileKind.UNKNOWN, 0.5, why, facts)
    kind, side = (FileKind.PHOTO, photo) if for_photo > for_scan else (FileKind.SCAN, scan)
    sure = min(0.95, 0.6 + 0.1 * abs(for_photo - for_scan))
    why = " and ".join(reason for _, reason in sorted(side, reverse=True)[:2])
    return Kind(kind, round(sure, 2), why, facts)


def _camera_saw(traits: Mapping[str, float]) -> Iterator[tuple[float, str]]:
    shade = traits.get("shade", 0.0)
    if shade >= 5:
        yield (2.0 if shade >= 8 else 1.0), f"its light falls off by {shade:.0f} hundredths"
    if traits["tint"] >= 3:
        yield 1.0, "its white has a tint"
    rim = traits.get("rim", 0.0)
    if rim >= 0.5:
        yield (2.5 if rim >= 0.9 else 1.0), "something else lies around the subject"
    if traits.get("paper", 255.0) < 150:
        yield 1.0, "most of it is dark"


def _scanner_saw(traits: Mapping[str, float]) -> Iterator[tuple[float, str]]:
    if traits.get("shade", 100.0) < 6:
        yield 1.0, "its light is even"
    if traits["colour"] <= 6:
        yield 2.0, "it is without colour"
    elif traits["tint"] <= 2:
        yield 1.0, "its paper is without colour"
    if traits.get("paper", 0.0) > 225 and traits.get("rim", 1.0) < 0.2:
        yield 0.5, "its paper is white to the edges"


def _scanner(facts: Facts) -> Fact | None:
    """Whatever names a scanner: the program that wrote it, or the device."""
    names = ("document.producer", "document.creator", "picture.software", "picture.camera")
    return next((fact for fact in facts.named(*names) if _SCANNERS.search(fact.text)), None)


def _sent(facts: Facts, traits: Mapping[str, float]) -> Kind | None:
    """A capture that a messenger saved again: made smaller, and nothing but its pixels kept.

    A capture that was smaller than the messenger's size cannot be told from one that was saved so.
    """
    size = facts.first("picture.size")
    found = re.fullmatch(r"(\d+) x (\d+)", size.text) if size else None
    if size is None or found is None or traits.get("bare", 0.0) < 1:
        return None
    width, height = int(found[1]), int(found[2])
    upright = height > width
    sides = _SENT_UPRIGHT if upright else _SENT_SIDES
    if max(width, height) not in sides or traits.get("quality", 75.0) > 92:
        return None
    # A desktop that draws at one and a quarter has soft edges as well.
    soft = traits.get("sharp", 1.0) < (0.45 if upright else 0.3)
    odd = upright and width not in _PHONE_WIDTHS
    if not (soft or odd):
        return None
    shrunk = "its edges are softened" if soft else f"no phone is {width} pixels wide"
    longest = max(width, height)
    why = f"its longest side is a messenger's {longest}, {shrunk}, and it holds only pixels"
    return Kind(FileKind.CHAT_SCREENSHOT, 0.8 if soft and odd else 0.65, why, (size,))
