"""A PDF's text layer with the place of each line (pypdfium2, extra `ocr`).

Text that stands together is a line; a gap wider than two characters begins another, so that the
cells of a table are lines of their own. Boxes are points from the page's upper left corner.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evidence.locators import page_box
from verifiers.readers.lines import Line
from verifiers.readers.said.layout import Size

MAX_CHARS = 60_000
# What a program recognised in a scan and laid under it, sight unseen: sure, and not certain.
_LAID_UNDER = 0.85
# A space as wide as this part of the line's height parts two cells; so does a narrower one in which
# no blank is written.
_GAP, _UNWRITTEN = 1.1, 0.75
# PDFium ends a line between two signs where fonts change, though they touch, or though no more than
# a blank is between them.
_TOUCHING, _ONE_BLANK = 0.12, 0.4


@dataclass(frozen=True, slots=True)
class _Shown:
    """How a page is shown of the space its content is drawn in: turned clockwise, and cut out.

    turns   quarters; the edges are those of what is shown, in the content's space
    """

    turns: int
    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def of(cls, page: Any) -> _Shown:
        return cls(page.get_rotation() // 90 % 4, *page.get_bbox())

    def box(
        self, left: float, bottom: float, right: float, top: float
    ) -> tuple[float, float, float, float]:
        """Left, top, right and bottom edge from the upper left corner of the page as shown."""
        match self.turns:
            case 1:
                return bottom - self.bottom, left - self.left, top - self.bottom, right - self.left
            case 2:
                return (self.right - right, bottom - self.bottom,
                        self.right - left, top - self.bottom)  # fmt: skip
            case 3:
                return self.top - top, self.right - right, self.top - bottom, self.right - left
        return left - self.left, self.top - top, right - self.left, self.top - bottom


@dataclass(slots=True)
class _Run:
    text: str
    left: float
    top: float
    right: float
    bottom: float
    hidden: bool

    @property
    def height(self) -> float:
        return max(self.bottom - self.top, 1.0)


def lines_of_page(document: Any, number: int) -> tuple[list[Line], Size]:
    """The lines of page `number`, counted from 1, in the order of its content, and its size."""
    page = document[number - 1]
    try:
        width, height = page.get_size()
        text = page.get_textpage()
        try:
            lines = []
            for run in _runs(text, _Shown.of(page)):
                said = " ".join(run.text.split())
                if not said:
                    continue
                x, y = run.left, run.top
                w, h = run.right - run.left, run.bottom - run.top
                place = page_box(number, round(x), round(y), round(w), round(h))
                sure = _LAID_UNDER if run.hidden else 1.0
                lines.append(Line(said, place, (x, y, w, h), number, sure))
            return lines, Size(width, height)
        finally:
            text.close()
    finally:
        page.close()


def _runs(text: Any, shown: _Shown) -> Iterator[_Run]:
    """Characters in their order, joined to runs."""
    import pypdfium2.raw as raw

    box = raw.FS_RECTF()
    pointer = ctypes.byref(box)
    run: _Run | None = None
    spaces = ""
    written = broken = False
    high: int | None = None
    for index in range(min(raw.FPDFText_CountChars(text), MAX_CHARS)):
        code = raw.FPDFText_GetUnicode(text, index)
        if 0xD800 <= code < 0xDC00:  # the first half of a character outside the basic plane
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + (((high or 0xD800) - 0xD800) << 10) + code - 0xDC00
            high = None
        character = chr(code) if code < 0x110000 else "\ufffd"
        if character in "\r\n":
            broken = True
            continue
        if character.isspace() or character == "\x00" or not character.isprintable():
            spaces = " " if run else ""
            written |= raw.FPDFText_IsGenerated(text, index) == 0
            continue
        if not raw.FPDFText_GetLooseCharBox(text, index, pointer):
            continue
        left, top, right, bottom = shown.box(box.left, box.bottom, box.right, box.top)
        widest = _GAP if written else _UNWRITTEN
        if broken:
            widest = _ONE_BLANK
            if run and left - run.right > _TOUCHING * run.height:
                spaces = " "
        written = broken = False
        if run and not _follows(run, left, top, bottom, widest):
            yield run
            run, spaces = None, ""
        if run is None:
            run = _Run(character, left, top, right, bottom, _is_hidden(text, index))
            continue
        run.text += spaces + character
        run.left, run.right = min(run.left, left), max(run.right, right)
        run.top, run.bottom = min(run.top, top), max(run.bottom, bottom)
        spaces = ""
    if run:
        yield run


def _is_hidden(text: Any, index: int) -> bool:
    """Whether a character is there to be searched for, and not to be seen."""
    import pypdfium2.raw as raw

    mode = raw.FPDFTextObj_GetTextRenderMode(raw.FPDFText_GetTextObject(text, index))
    return bool(mode == raw.FPDF_TEXTRENDERMODE_INVISIBLE)


def _follows(run: _Run, left: float, top: float, bottom: float, widest: float) -> bool:
    """Whether a character stands in the run's line, at most `widest` heights behind its end."""
    middle = (top + bottom) / 2
    if not run.top - 0.3 * run.height <= middle <= run.bottom + 0.3 * run.height:
        return False
    # The second letter of a ligature stands where its first one does.
    return -run.height <= left - run.right <= widest * run.height
