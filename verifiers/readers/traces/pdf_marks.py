"""What a page of a PDF paints, in the order in which it paints: text, boxes, pictures.

Read with pdfium, since that resolves fonts, encodings and nested forms as a viewer does. All boxes
are in points from the page's upper left corner, y downwards.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from evidence.locators import Locator, page_box

# Objects of one page that are looked at, and how deeply forms may be nested; a page of a carrier's
# document has hundreds.
MAX_OBJECTS = 6_000
MAX_DEPTH = 6
MAX_LETTERS = 20_000
_TEXT, _PATH, _IMAGE, _FORM = 1, 2, 3, 5
_FREE_TEXT, WIDGET = 3, 20  # subtypes of annotations
# Of an annotation's area, what is painted behind all it says; parts of it that are looked at.
_GROUND, _MOST_DRAWN = 0.7, 40


@dataclass(frozen=True, slots=True)
class Box:
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        return max(0.0, self.x1 - self.x0)

    @property
    def height(self) -> float:
        return max(0.0, self.y1 - self.y0)

    @property
    def area(self) -> float:
        return self.width * self.height

    def common(self, other: Box) -> float:
        """The area that both cover."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return width * height if width > 0 and height > 0 else 0.0

    def around(self, other: Box) -> Box:
        return Box(
            min(self.x0, other.x0), min(self.y0, other.y0),
            max(self.x1, other.x1), max(self.y1, other.y1),
        )  # fmt: skip

    def on(self, page: int) -> Locator:
        """Its locator on a page that is counted from 1."""
        return page_box(
            page, round(self.x0), round(self.y0), max(1, round(self.width)),
            max(1, round(self.height)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """One painted thing; `order` counts from 0 in paint order.

    kind      "text", "fill", "line" (stroked only), "picture"
    fill      red, green, blue, alpha, 0 to 255; of text, its colour
    baseline  y of the text's baseline, points from the top
    shown     False for text in render mode 3 (the layer that OCR lays under or over a scan)
    font_id   tells the file's font objects apart, also those of one name
    handle    its number among the page's objects; -1 for one inside a form
    letters   each sign with its box, of a text that something painted later hides in part
    """

    order: int
    kind: str
    box: Box
    text: str = ""
    font: str = ""
    font_id: int = 0
    embedded: bool = True
    size: float = 0.0
    baseline: float = 0.0
    fill: tuple[int, int, int, int] = (0, 0, 0, 255)
    shown: bool = True
    rectangle: bool = False
    blended: bool = False
    handle: int = -1
    letters: tuple[tuple[Box, str], ...] = ()

    @property
    def nested(self) -> bool:
        return self.handle < 0


@dataclass(frozen=True, slots=True)
class Note:
    """An annotation: its subtype in pdfium's numbers, its box, its text, whether it has a fill.

    value    of a form's field, which has a fill if one is drawn for it; "" if a parent holds it
    written  its own drawing has text
    """

    subtype: int
    box: Box
    text: str
    opaque: bool
    value: str = ""
    field_name: str = ""
    written: bool = False

    @property
    def shows(self) -> str:
        return (self.value if self.subtype == WIDGET else self.text).strip()


@dataclass(slots=True)
class Page:
    number: int
    width: float
    height: float
    marks: list[Mark] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def texts(self) -> list[Mark]:
        return [mark for mark in self.marks if mark.kind == "text" and mark.text.strip()]


def page_of(document: Any, index: int) -> Page:
    """What page `index` (from 0) paints, and its annotations."""
    import pypdfium2.raw as pdfium

    page = document[index]
    try:
        # The visible part, also where the page inherits it; pypdfium2's get_mediabox() guesses.
        sides = pdfium.FS_RECTF()
        pdfium.FPDF_GetPageBoundingBox(page.raw, sides)
        left, top = sides.left, sides.top
        width, height = abs(sides.right - left), abs(top - sides.bottom)
        seen = Page(index + 1, width, height)
        text_page = page.get_textpage()
        try:
            frame = _Frame(left, top)
            for order, mark in enumerate(_marks(pdfium, page.raw, text_page.raw, frame)):
                if order >= MAX_OBJECTS:
                    break
                seen.marks.append(mark)
            _spell(pdfium, page.raw, text_page.raw, frame, seen.marks)
        finally:
            text_page.close()
        seen.notes.extend(_notes(pdfium, page.raw, frame))
        return seen
    finally:
        page.close()


@dataclass(frozen=True, slots=True)
class _Frame:
    left: float
    top: float

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        return Box(x0 - self.left, self.top - y1, x1 - self.left, self.top - y0)


# pdfium's matrix: a b c d e f, as in ISO 32000-1, 8.3.3.
_Matrix = tuple[float, float, float, float, float, float]
_SAME: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def _times(inner: _Matrix, outer: _Matrix) -> _Matrix:
    a, b, c, d, e, f = inner
    g, h, i, j, k, m = outer
    return (a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j,
            e * g + f * i + k, e * h + f * j + m)  # fmt: skip


def _moved(matrix: _Matrix, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _marks(pdfium: Any, page: Any, text_page: Any, frame: _Frame) -> Iterator[Mark]:
    order = 0
    stack: list[tuple[Any, int, _Matrix, int]] = []
    for index in range(min(pdfium.FPDFPage_CountObjects(page), MAX_OBJECTS) - 1, -1, -1):
        stack.append((pdfium.FPDFPage_GetObject(page, index), 0, _SAME, index))
    looked = 0
    while stack and looked < 2 * MAX_OBJECTS:
        looked += 1
        thing, depth, matrix, handle = stack.pop()
        kind = pdfium.FPDFPageObj_GetType(thing)
        if kind == _FORM:
            if depth < MAX_DEPTH:
                inner = _times(_matrix_of(pdfium, thing), matrix)
                count = min(pdfium.FPDFFormObj_CountObjects(thing), MAX_OBJECTS)
                for index in range(count - 1, -1, -1):
                    part = pdfium.FPDFFormObj_GetObject(thing, index)
                    stack.append((part, depth + 1, inner, -1))
            continue
        mark = _mark(pdfium, thing, kind, text_page, frame, order, handle, matrix)
        if mark is not None:
            order += 1
            yield mark


def _matrix_of(pdfium: Any, thing: Any) -> _Matrix:
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(thing, matrix):
        return _SAME
    return (matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f)


def _mark(
    pdfium: Any, thing: Any, kind: int, text_page: Any, frame: _Frame, order: int, handle: int,
    matrix: _Matrix,
) -> Mark | None:  # fmt: skip
    sides = [ctypes.c_float() for _ in range(4)]
    if not pdfium.FPDFPageObj_GetBounds(thing, *sides):
        return None
    x0, y0, x1, y1 = (side.value for side in sides)
    if matrix is not _SAME:
        corners = [_moved(matrix, x, y) for x in (x0, x1) for y in (y0, y1)]
        x0, x1 = min(x for x, _ in corners), max(x for x, _ in corners)
        y0, y1 = min(y for _, y in corners), max(y for _, y in corners)
    box = frame.box(x0, y0, x1, y1)
    colour = [ctypes.c_uint() for _ in range(4)]
    pdfium.FPDFPageObj_GetFillColor(thing, *colour)
    red, green, blue, alpha = (part.value for part in colour)
    fill = (red, green, blue, alpha)
    if kind == _IMAGE:
        blended = bool(pdfium.FPDFPageObj_HasTransparency(thing))
        return Mark(order, "picture", box, fill=fill, blended=blended, handle=handle)
    if kind == _PATH:
        mode, stroke = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDFPath_GetDrawMode(thing, mode, stroke)
        filled = mode.value != 0 and alpha > 0
        return Mark(
            order, "fill" if filled else "line", box, fill=fill,
            rectangle=pdfium.FPDFPath_CountSegments(thing) <= 6,
            blended=bool(pdfium.FPDFPageObj_HasTransparency(thing)), handle=handle,
        )  # fmt: skip
    if kind != _TEXT:
        return None
    placed = _times(_matrix_of(pdfium, thing), matrix)
    size = ctypes.c_float()
    pdfium.FPDFTextObj_GetFontSize(thing, size)
    scale = (abs(placed[0] * placed[3] - placed[1] * placed[2])) ** 0.5
    font = pdfium.FPDFTextObj_GetFont(thing)
    mode_of = pdfium.FPDFTextObj_GetTextRenderMode(thing)
    return Mark(
        order, "text", box,
        text=_text(pdfium.FPDFTextObj_GetText, thing, text_page),
        font=_name(pdfium.FPDFFont_GetBaseFontName, font),
        font_id=ctypes.cast(font, ctypes.c_void_p).value or 0,
        embedded=bool(pdfium.FPDFFont_GetIsEmbedded(font)),
        size=round(size.value * scale, 2), baseline=frame.top - placed[5],
        fill=fill, shown=mode_of != 3, handle=handle,
    )  # fmt: skip


def _spell(pdfium: Any, page: Any, text_page: Any, frame: _Frame, marks: list[Mark]) -> None:
    """Give the letters of those texts that a box or picture painted later lies over in part."""
    over = [mark for mark in marks if mark.kind in {"fill", "picture"} and not mark.blended]
    wanted: dict[int, int] = {}
    for place, mark in enumerate(marks):
        if mark.kind == "text" and not mark.nested and any(
            mark.order < cover.order and 0 < cover.box.common(mark.box) < mark.box.area
            for cover in over
        ):  # fmt: skip
            thing = pdfium.FPDFPage_GetObject(page, mark.handle)
            wanted[ctypes.cast(thing, ctypes.c_void_p).value or 0] = place
    if not wanted:
        return
    spelt: dict[int, list[tuple[Box, str]]] = {place: [] for place in wanted.values()}
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    for index in range(min(pdfium.FPDFText_CountChars(text_page), MAX_LETTERS)):
        thing = pdfium.FPDFText_GetTextObject(text_page, index)
        at = wanted.get(ctypes.cast(thing, ctypes.c_void_p).value or 0)
        if at is None:
            continue
        if pdfium.FPDFText_GetCharBox(text_page, index, left, right, bottom, top):
            box = frame.box(left.value, bottom.value, right.value, top.value)
            code = pdfium.FPDFText_GetUnicode(text_page, index)
            spelt[at].append((box, chr(code) if 32 <= code < 0xD800 else " "))
    for place, letters in spelt.items():
        marks[place] = replace(marks[place], letters=tuple(letters))


def _text(call: Any, thing: Any, text_page: Any) -> str:
    """What pdfium gives as UTF-16, its terminating zero left out; at most 4,000 characters."""
    length = min(call(thing, text_page, None, 0), 8_000)
    if length <= 2:
        return ""
    buffer = (ctypes.c_ushort * (length // 2 + 1))()
    call(thing, text_page, buffer, length)
    return bytes(buffer)[: length - 2].decode("utf-16-le", errors="replace").replace("\x00", "")


def _name(call: Any, font: Any) -> str:
    length = min(call(font, None, 0), 300)
    if length <= 1:
        return ""
    buffer = ctypes.create_string_buffer(length)
    call(font, buffer, length)
    return buffer.value.decode("utf-8", errors="replace")


def _notes(pdfium: Any, page: Any, frame: _Frame) -> Iterator[Note]:
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), 500)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            sides = pdfium.FS_RECTF()
            pdfium.FPDFAnnot_GetRect(annotation, sides)
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            # FreeText keeps the colour of its ground under C, figures under IC (12.5.6.6, .8).
            key = b"C" if kind == _FREE_TEXT else b"IC"
            filled = kind != WIDGET and pdfium.FPDFAnnot_HasKey(annotation, key)
            box = frame.box(min(sides.left, sides.right), min(sides.bottom, sides.top),
                            max(sides.left, sides.right), max(sides.bottom, sides.top))  # fmt: skip
            ground, written = _drawing(pdfium, annotation, box)
            yield Note(
                kind, box,
                _string(pdfium, annotation, b"Contents"),
                bool(filled) or ground,
                _string(pdfium, annotation, b"V"),
                _string(pdfium, annotation, b"T"),
                written,
            )  # fmt: skip
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _drawing(pdfium: Any, annotation: Any, box: Box) -> tuple[bool, bool]:
    """Of an annotation's own drawing (12.5.5): whether an area of it lets nothing through, and
    whether it has text.

    Bounds are those of its drawing, which is nearly always as large as its place on the page.
    """
    ground = written = False
    for index in range(min(pdfium.FPDFAnnot_GetObjectCount(annotation), _MOST_DRAWN)):
        thing = pdfium.FPDFAnnot_GetObject(annotation, index)
        kind = pdfium.FPDFPageObj_GetType(thing)
        written = written or kind == _TEXT
        if kind in {_PATH, _IMAGE} and _lets_nothing_through(pdfium, thing, kind):
            sides = [ctypes.c_float() for _ in range(4)]
            if pdfium.FPDFPageObj_GetBounds(thing, *sides):
                x0, y0, x1, y1 = (side.value for side in sides)
                ground = ground or (x1 - x0) * (y1 - y0) >= _GROUND * box.area > 0
    return ground, written


def _lets_nothing_through(pdfium: Any, thing: Any, kind: int) -> bool:
    if pdfium.FPDFPageObj_HasTransparency(thing):
        return False
    if kind == _IMAGE:
        return True
    colour = [ctypes.c_uint() for _ in range(4)]
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPageObj_GetFillColor(thing, *colour)
    pdfium.FPDFPath_GetDrawMode(thing, mode, stroke)
    return bool(mode.value) and colour[3].value >= 230


def _string(pdfium: Any, annotation: Any, key: bytes) -> str:
    length = min(pdfium.FPDFAnnot_GetStringValue(annotation, key, None, 0), 4_000)
    if length <= 2:
        return ""
    buffer = (ctypes.c_ushort * (length // 2 + 1))()
    pdfium.FPDFAnnot_GetStringValue(annotation, key, buffer, length)
    return bytes(buffer)[: length - 2].decode("utf-16-le", errors="replace").replace("\x00", "")
