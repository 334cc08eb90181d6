"""Altered PDF files: their structure or their signature tells of it."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bench.eval import pdfs
from bench.eval.browser import Box
from bench.eval.studio import Paper

_EDITORS = (
    ("iLovePDF", "iLovePDF"), ("Adobe Acrobat Pro 23.8", "Adobe Acrobat Pro 23.8"),
    ("PDF-XChange Editor 10.1", "PDF-XChange Editor"),
)  # fmt: skip
_UNSEEN_EDITORS = (
    ("Foxit PhantomPDF 12.1", "Foxit PDF Editor"), ("Sejda 5.3", "Sejda"),
    ("WPS PDF", "WPS"), ("PDFescape Online - https://www.pdfescape.com", "PDFescape"),
    ("macOS Version 14.4 Quartz PDFContext", "LibreOffice Draw"),
)  # fmt: skip


def altered(
    way: str, paper: Paper, text: str, when: datetime, dice: random.Random, *, holdout: bool
) -> Paper:
    """The file with its delivery date replaced by `text`, in the way that is named."""
    target = paper.mark("delivered")
    if target is None:
        raise ValueError("the page prints no delivery that could be altered")
    editor = dice.choice(_UNSEEN_EDITORS if holdout else _EDITORS)
    size = target.size if target.size > 4 else 11
    over = pdfs.draw_over(target.box, text, high=paper.high, size=size)
    later = when + timedelta(days=dice.randint(0, 4), minutes=dice.randint(3, 600))
    makers: dict[str, Callable[[], bytes]] = {
        "cover": lambda: _rewritten(paper.data, over, editor, later),
        "incremental": lambda: _appended(paper.data, over, later),
        "annotation": lambda: _annotated(paper.data, target.box, text, paper.high, later),
        "replaced": lambda: _replaced(paper, target.text, text, editor, later),
        "retouched": lambda: _pasted(paper.data, target.box, text, paper.high, editor, later),
        "after-signature": lambda: _appended(
            pdfs.signed(paper.data, dice, when, field="Carrier"), over, later
        ),
        "signed-bytes": lambda: _bytes_changed(paper, target.text, text, when, dice),
    }
    box = target.box
    return replace(paper, data=makers[way](), boxes=(box,))


def _rewritten(data: bytes, content: str, editor: tuple[str, str], when: datetime) -> bytes:
    """The whole file written anew by an editor, with a patch upon the old text."""
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=io.BytesIO(data))
    pdfs.drawn_upon(writer, content)
    _named(writer, editor, when)
    return pdfs.written(writer)


def _appended(data: bytes, content: str, when: datetime) -> bytes:
    """A revision after the first end of the file, with a patch upon the old text."""
    from pypdf import PdfWriter

    writer = PdfWriter(io.BytesIO(data), incremental=True)
    pdfs.drawn_upon(writer, content)
    writer.add_metadata({"/ModDate": pdfs.pdf_time(when)})
    return pdfs.written(writer)


def _annotated(data: bytes, box: Box, text: str, high: float, when: datetime) -> bytes:
    """A white free-text note that lies upon the old date."""
    from pypdf import PdfWriter
    from pypdf.annotations import FreeText

    writer = PdfWriter(io.BytesIO(data), incremental=True)
    left, top, right, bottom = box
    note = FreeText(
        text=text,
        rect=(left - 2, high - bottom - 2, max(right, left + 7 * len(text)), high - top + 2),
        font_size="11pt", font_color="000000", border_color="ffffff", background_color="ffffff",
    )  # fmt: skip
    writer.add_annotation(page_number=0, annotation=note)
    writer.add_metadata({"/ModDate": pdfs.pdf_time(when)})
    return pdfs.written(writer)


def _replaced(paper: Paper, old: str, new: str, editor: tuple[str, str], when: datetime) -> bytes:
    """The text itself replaced, in a font that the page did not have; saved whole by an editor.

    Where the page's text is not plain in the file (Chromium's glyph numbers), a patch is laid on.
    """
    from pypdf import PdfWriter

    before = f"({pdfs.escaped(old)}) Tj".encode("cp1252", "replace")
    if before not in paper.data:
        target = paper.mark("delivered")
        box = target.box if target else (0.0, 0.0, 0.0, 0.0)
        return _rewritten(
            paper.data, pdfs.draw_over(box, new, high=paper.high, size=11), editor, when
        )
    writer = PdfWriter(clone_from=io.BytesIO(paper.data))
    page = writer.pages[0]
    stream: Any = page["/Contents"].get_object()
    size = next(line.size for line in paper.lines if line.text == old)
    after = f"/FEd {size:g} Tf ({pdfs.escaped(new)}) Tj".encode("cp1252", "replace")
    stream.set_data(stream.get_data().replace(before, after))
    pdfs.drawn_upon(writer, "")
    _named(writer, editor, when)
    return pdfs.written(writer)


def _pasted(
    data: bytes, box: Box, text: str, high: float, editor: tuple[str, str], when: datetime
) -> bytes:
    """A small picture of the new date pasted upon the old one."""
    from PIL import Image, ImageDraw, ImageFont
    from pypdf import PdfReader, PdfWriter, Transformation

    from bench.eval.fonts import font_file

    font = ImageFont.truetype(font_file("Liberation Sans"), 44)
    image = Image.new("RGB", (round(font.getlength(text)) + 8, 56), "white")
    ImageDraw.Draw(image).text((4, 28), text, font=font, fill="black", anchor="lm")
    out = io.BytesIO()
    image.save(out, "PDF", creationDate=when.timetuple(), modDate=when.timetuple())
    patch = PdfReader(io.BytesIO(out.getvalue())).pages[0]
    writer = PdfWriter(clone_from=io.BytesIO(data))
    left, top, _, bottom = box
    factor = (bottom - top + 2) / float(patch.mediabox.height)
    place = Transformation().scale(factor).translate(left - 1, high - bottom - 1)
    writer.pages[0].merge_transformed_page(patch, place)
    _named(writer, editor, when)
    return pdfs.written(writer)


def _bytes_changed(paper: Paper, old: str, new: str, when: datetime, dice: random.Random) -> bytes:
    """Bytes under a signature changed: the date where it is plain, else when it was made."""
    data = pdfs.signed(paper.data, dice, when, field="Carrier")
    before = f"({pdfs.escaped(old)})".encode("cp1252", "replace")
    after = f"({pdfs.escaped(new)})".encode("cp1252", "replace")
    if before in data and len(before) == len(after):
        return data.replace(before, after, 1)
    place = data.index(b"/CreationDate") + 24  # the tens of minutes, in a file of Chromium's
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _named(writer: Any, editor: tuple[str, str], when: datetime) -> None:
    writer.add_metadata(
        {"/Producer": editor[0], "/Creator": editor[1], "/ModDate": pdfs.pdf_time(when)}
    )
