"""What honest people do to a PDF file before they hand it in. Nothing of it is an alteration."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PIL import Image

from bench.eval import pdfs
from bench.eval.browser import Box, Mark

WAYS = frozenset(
    {
        "highlighted",
        "stamped",
        "redacted",
        "merged",
        "squeezed",
        "trimmed",
        "remarked",
        "initialled",
    }
)
_TOOLS = ("iLovePDF", "Smallpdf", "PDFium")
_UNSEEN_TOOLS = (
    "PDF24 Creator",
    "macOS Version 14.4 (Build 23E214) Quartz PDFContext",
    "Sejda 5.3",
)


def handled(
    way: str, data: bytes, marks: Sequence[Mark], when: datetime, dice: random.Random, *,
    holdout: bool,
) -> bytes:  # fmt: skip
    """The file after one of WAYS; marks are in points from the top left of the first page."""
    tool = dice.choice(_UNSEEN_TOOLS if holdout else _TOOLS)
    named = {mark.name: mark.box for mark in marks}
    match way:
        case "highlighted":
            return _highlighted(data, named.get("delivered") or named["tracking"], when)
        case "stamped":
            return _stamped(data, when, dice)
        case "redacted":
            box = named.get("signed") or named.get("place") or named["tracking"]
            return _barred(data, box, tool, when)
        case "merged":
            return _merged(data, tool, when, dice)
        case "squeezed":
            return _squeezed(data, tool, when)
        case "trimmed":
            return _trimmed(data, tool, when)
        case "remarked":
            return _remarked(data, when, dice)
        case "initialled":
            return _initialled(data, when, dice)
        case _:
            raise ValueError(f"no PDF file is handled by {way!r}")


def _opened(data: bytes) -> Any:
    from pypdf import PdfWriter

    return PdfWriter(clone_from=io.BytesIO(data))


def _annotated(writer: Any, note: Any, when: datetime) -> bytes:
    """The first page with this note upon it, in a revision of its own."""
    writer.add_annotation(page_number=0, annotation=note)
    writer.add_metadata({"/ModDate": pdfs.pdf_time(when)})
    return pdfs.written(writer)


def _highlighted(data: bytes, box: Box, when: datetime) -> bytes:
    """A marker's yellow over a fact, as readers add it: in a revision of its own."""
    from pypdf import PdfWriter
    from pypdf.annotations import Highlight
    from pypdf.generic import ArrayObject, FloatObject

    writer = PdfWriter(io.BytesIO(data), incremental=True)
    high = float(writer.pages[0].mediabox.height)
    left, top, right, bottom = box[0] - 1, high - box[1], box[2] + 1, high - box[3]
    corners = (left, top, right, top, left, bottom, right, bottom)
    quad = ArrayObject(FloatObject(edge) for edge in corners)
    note = Highlight(rect=(left, bottom, right, top), quad_points=quad, highlight_color="ffff66")
    return _annotated(writer, note, when)


def _stamped(data: bytes, when: datetime, dice: random.Random) -> bytes:
    """ "RECEIVED", in a red frame where the sheet is empty."""
    from pypdf import PdfWriter
    from pypdf.annotations import FreeText

    writer = PdfWriter(io.BytesIO(data), incremental=True)
    left, low = dice.randint(330, 400), dice.randint(60, 110)
    note = FreeText(
        text=dice.choice(("RECEIVED", "APPROVED", "FILED", "COPY")),
        rect=(left, low, left + 130, low + 30), font_size="18pt", font_color="cc0000",
        border_color="cc0000", background_color="ffffff",
    )  # fmt: skip
    return _annotated(writer, note, when)


def _remarked(data: bytes, when: datetime, dice: random.Random) -> bytes:
    """A line of one's own typed into the upper margin, with the day on which it was typed."""
    from pypdf import PdfWriter
    from pypdf.annotations import FreeText

    writer = PdfWriter(io.BytesIO(data), incremental=True)
    high = float(writer.pages[0].mediabox.height)
    said = dice.choice(("Sent to support", "Checked", "For case 4471,", "Printed for the appeal"))
    note = FreeText(
        text=f"{said} {when:{dice.choice(('%Y-%m-%d', '%d/%m/%Y', '%d.%m.%Y'))}}",
        rect=(30, high - 24, 260, high - 8), font_size="10pt",
        font_color=dice.choice(("0000cc", "cc0000", "000000")), border_color=None,
        background_color=None,
    )  # fmt: skip
    return _annotated(writer, note, when)


def _initialled(data: bytes, when: datetime, dice: random.Random) -> bytes:
    """Signed with a pen on a tablet: a stroke of ink near the foot."""
    from pypdf import PdfWriter
    from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject

    writer = PdfWriter(io.BytesIO(data), incremental=True)
    x, y = dice.randint(320, 420), dice.randint(50, 90)
    stroke = [
        FloatObject(v)
        for step in range(24)
        for v in (x + 5 * step, y + 14 * dice.uniform(-1, 1) * (1 - step / 30))
    ]
    note = DictionaryObject({
        NameObject("/Type"): NameObject("/Annot"),
        NameObject("/Subtype"): NameObject("/Ink"),
        NameObject("/Rect"): ArrayObject(
            FloatObject(side) for side in (x - 4, y - 18, x + 124, y + 18)
        ),
        NameObject("/InkList"): ArrayObject([ArrayObject(stroke)]),
        NameObject("/C"): ArrayObject([FloatObject(0), FloatObject(0), FloatObject(0.6)]),
    })  # fmt: skip
    return _annotated(writer, note, when)


def _barred(data: bytes, box: Box, tool: str, when: datetime) -> bytes:
    """A black bar over a name, burnt in by a tool that leaves what is beneath."""
    writer = _opened(data)
    page = writer.pages[0]
    high = float(page.mediabox.height)
    left, top, right, bottom = box
    bar = (
        f"q 0 0 0 rg {left - 2:g} {high - bottom - 1:g} {right - left + 4:g} "
        f"{bottom - top + 2:g} re f Q"
    )
    pdfs.drawn_upon(writer, bar)
    _named(writer, tool, when)
    return pdfs.written(writer)


def _merged(data: bytes, tool: str, when: datetime, dice: random.Random) -> bytes:
    """A sheet of one's own behind it, in one file."""
    from pypdf import PdfReader

    lines = [
        pdfs.Line(70, 120, "Evidence for the appeal", 18, bold=True),
        pdfs.Line(
            70, 160, dice.choice(("The proof is on the other page.", "See the page before."))
        ),
    ]
    sheet = pdfs.plain_pdf(lines, font="Helvetica", producer=tool, creator=tool, made=when)
    writer = _opened(data)
    for page in PdfReader(io.BytesIO(sheet)).pages:
        writer.add_page(page)
    _named(writer, tool, when)
    return pdfs.written(writer)


def _squeezed(data: bytes, tool: str, when: datetime) -> bytes:
    """Made smaller: streams packed again, equal parts kept once."""
    writer = _opened(data)
    for page in writer.pages:
        page.compress_content_streams()
    writer.compress_identical_objects()
    _named(writer, tool, when)
    return pdfs.written(writer)


def _trimmed(data: bytes, tool: str, when: datetime) -> bytes:
    """Shown without its margins; all is still there."""
    from pypdf.generic import RectangleObject

    writer = _opened(data)
    page = writer.pages[0]
    wide, high = float(page.mediabox.width), float(page.mediabox.height)
    page.cropbox = RectangleObject((18, 18, wide - 18, high - 18))
    _named(writer, tool, when)
    return pdfs.written(writer)


def _named(writer: Any, tool: str, when: datetime) -> None:
    writer.add_metadata({"/Producer": tool, "/ModDate": pdfs.pdf_time(when)})


# What programs that recognise text take for each other.
_SLIPS = {
    "0": "O8", "1": "l7", "2": "Z7", "3": "8", "4": "9", "5": "S6", "6": "8b", "7": "1", "8": "3B",
    "9": "4g", "O": "0", "l": "1", "S": "5", "B": "8", "i": "l", "e": "c", "a": "o", "n": "u",
    ":": ".", "/": "1", "-": "~",
}  # fmt: skip


def misread(words: Sequence[tuple[Box, str]], dice: random.Random) -> list[tuple[Box, str]]:
    """The words as a scanner's own program reads them: mostly well, at times with many slips."""
    rate = dice.choice((0.0, 0.004, 0.01, 0.03))

    def slipped(text: str) -> str:
        return "".join(
            dice.choice(_SLIPS[sign]) if sign in _SLIPS and dice.random() < rate else sign
            for sign in text
        )

    return [(box, slipped(text)) for box, text in words]


def with_layer(
    image: Image.Image, words: Sequence[tuple[Box, str]], *, dpi: int, made: datetime,
    producer: str,
) -> bytes:  # fmt: skip
    """A scanned page with the recognised words beneath it, unseen (text mode 3), as scanners add.

    words  boxes in pixels of the picture, and what they say (in WinAnsi)
    """
    writer = _opened(pdfs.picture_pdf(image, dpi=dpi, made=made, producer=producer))
    factor, high = 72 / dpi, float(writer.pages[0].mediabox.height)
    content = "BT 3 Tr\n"
    for (left, _, _, bottom), text in words:
        size = 10
        content += (
            f"/FEd {size} Tf 1 0 0 1 {left * factor:.2f} {high - bottom * factor + 2:.2f} Tm "
            f"({pdfs.escaped(text)}) Tj\n"
        )
    pdfs.drawn_upon(writer, content + "ET")
    writer.add_metadata({"/Producer": producer, "/ModDate": pdfs.pdf_time(made)})
    return pdfs.written(writer)
