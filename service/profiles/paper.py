"""A file for a platform: sheets of what sources say, then pictures of items, as PDF/A or pictures.

Deterministic: the same parts, fonts and version of typst give the same bytes. Pictures were decoded
and written anew by the reading process; texts come as data and are never run.
"""

from __future__ import annotations

import importlib.util
import io
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image
from pypdf import PdfReader

from evidence.errors import ConfigError
from service.typeset import typeset
from service.typeset.breaks import breakable
from service.typeset.fonts import Fonts, find_fonts

STANDARD = "a-1a"
WHAT = "The file"
# Sixty pictures to a file are usual, and each takes a tenth of a second.
BOUNDS = typeset.Bounds(cpu_s=240.0)
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Told:
    """A table: `shares` are the widths of its columns, one for each word of `head`.

    note   said small below the title, or ""
    """

    title: str
    head: tuple[str, ...]
    shares: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Paragraphs; `together` ones stay on one page."""

    lines: tuple[str, ...]
    together: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture, JPEG, with what is said under it and to whoever cannot see it."""

    data: bytes
    caption: str
    alt: str


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures, `up` of them on a page: 1, 2 or 4."""

    pictures: tuple[Shown, ...]
    up: int = 1


Part = Told | Lines | Pictures


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """`at` is the document's date, UTC; `foot` stands on every page."""

    title: str
    lines: tuple[str, ...]
    parts: tuple[Part, ...]
    foot: str
    at: datetime


def available(folder: Path | None = None) -> bool:
    """Whether the extra `report` is installed, and fonts are there that it needs.

    folder   where the configuration says that they are, or None
    """
    try:
        return importlib.util.find_spec("typst") is not None and bool(find_fonts(folder).files)
    except ConfigError:
        return False


def as_pdf(paper: Paper, fonts: Fonts) -> bytes:
    """PDF/A-1a. Raises as `typeset.pdf_of`: RequestError where it cannot be made so."""
    return _set(
        paper,
        fonts,
        lambda folder: typeset.pdf_of(folder, standard=STANDARD, what=WHAT, bounds=BOUNDS),
    )


def as_pictures(paper: Paper, fonts: Fonts, *, longest: int, quality: int) -> list[bytes]:
    """A JPEG for each page, its longer side `longest` pixels."""
    ppi = longest / 11.6929  # the longer side of A4, in inches
    pages = _set(
        paper, fonts, lambda folder: typeset.pictures_of(folder, ppi=ppi, what=WHAT, bounds=BOUNDS)
    )
    return [_jpeg(page, quality) for page in pages]


def pages_in(pdf: bytes) -> int:
    """How many pages a PDF of ours has."""
    return len(PdfReader(io.BytesIO(pdf)).pages)


def texts_in(pdf: bytes) -> list[str]:
    """The text of each page of a PDF of ours."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def _jpeg(page: bytes, quality: int) -> bytes:
    out = io.BytesIO()
    with Image.open(io.BytesIO(page)) as shown:
        shown.convert("RGB").save(out, format="jpeg", quality=quality, optimize=True)
    return out.getvalue()


def _set(paper: Paper, fonts: Fonts, made: Callable[[Path], Made]) -> Made:
    """What `made` has of the paper's folder."""
    with tempfile.TemporaryDirectory(prefix="orderproof-paper-") as name:
        folder = Path(name)
        data, pictures = _data(paper, fonts)
        template = files("service.profiles") / "paper.typ"
        typeset.write_folder(folder, template, data, fonts, pictures)
        return made(folder)


def _data(paper: Paper, fonts: Fonts) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the template shows, and the pictures by the names that it has for them."""
    at = paper.at
    pictures: dict[str, bytes] = {}

    def soft(text: str) -> str:
        return breakable(fonts.showable(text))

    data = {
        "title": soft(paper.title),
        "lines": [soft(line) for line in paper.lines],
        "foot": soft(paper.foot),
        "date": [at.year, at.month, at.day, at.hour, at.minute, at.second],
        "fonts": list(fonts.families),
        "blocks": _blocks(paper.parts, pictures, soft),
    }
    return data, pictures


def _blocks(
    parts: Sequence[Part], pictures: dict[str, bytes], soft: Callable[[str], str]
) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    for part in parts:
        match part:
            case Told(title, head, shares, rows, note):
                block: dict[str, Any] = {"kind": "told", "title": soft(title), "note": soft(note)}
                block |= {"head": list(head), "shares": list(shares)}
                blocks.append(block | {"rows": [[soft(cell) for cell in row] for row in rows]})
            case Lines(lines, together):
                said = [soft(line) for line in lines]
                blocks.append({"kind": "lines", "lines": said, "together": together})
            case Pictures(shown, up):
                told = []
                for each in shown:
                    file = f"{len(pictures):05d}.jpg"
                    pictures[file] = each.data
                    told.append({"file": file, "alt": each.alt, "caption": soft(each.caption)})
                # The first ones begin a page, unless nothing stands before them.
                blocks.append(
                    {"kind": "pictures", "pictures": told, "up": up, "fresh": bool(blocks)}
                )
    return blocks
