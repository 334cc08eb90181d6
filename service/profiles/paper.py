"""A file for a platform: sheets of what sources say, then pictures of items, as PDF/A or pictures.

Deterministic: the same parts, fonts and version of typst give the same bytes. Pictures were decoded
and written anew by the reading process; texts come as data and are never run.
"""

from __future__ import annotations

import importlib.util
import io
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from PIL import Image
from pypdf import PdfReader

from evidence.errors import ConfigError, RequestError
from service.report.fonts import Fonts, find_fonts

STANDARD = "a-1a"
BREAK = "\u200b"
_LONG = re.compile(r"[^\s]{24,}")


@dataclass(frozen=True, slots=True)
class Told:
    """A table: `shares` are the widths of its columns, one for each word of `head`."""

    title: str
    head: tuple[str, ...]
    shares: tuple[float, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Paragraphs."""

    lines: tuple[str, ...]


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


def available() -> bool:
    """Whether the extra `report` is installed, and fonts are there that it needs."""
    try:
        return importlib.util.find_spec("typst") is not None and bool(find_fonts().files)
    except ConfigError:
        return False


def as_pdf(paper: Paper) -> bytes:
    """PDF/A-1a. RequestError if it cannot be made so, as with a character that no font has."""
    made = _compiled(paper, format="pdf", pdf_standards=[STANDARD])
    return bytes(made if isinstance(made, bytes) else made[0])


def as_pictures(paper: Paper, *, longest: int, quality: int) -> list[bytes]:
    """A JPEG for each page, its longer side `longest` pixels."""
    ppi = longest / 11.6929  # the longer side of A4, in inches
    made = _compiled(paper, format="png", ppi=ppi)
    return [_jpeg(page, quality) for page in (made if isinstance(made, list) else [made])]


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


def _compiled(paper: Paper, **how: Any) -> Any:
    if importlib.util.find_spec("typst") is None:
        raise ConfigError(what="This profile", why="it needs the extra `report`: install it")
    import typst

    fonts = find_fonts()
    with tempfile.TemporaryDirectory(prefix="orderproof-paper-") as name:
        folder = Path(name)
        data = _data(paper, folder, fonts)
        (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        template = folder / "paper.typ"
        template.write_bytes((files("service.profiles") / "paper.typ").read_bytes())
        try:
            return typst.compile(
                str(template),
                root=str(folder),
                font_paths=[str(folder / "fonts")],
                ignore_system_fonts=True,
                **how,
            )
        except Exception as problem:  # typst raises one kind, and RuntimeError beside it
            why = " ".join(str(problem).split())[:200].replace(name, "")
            raise RequestError(what="The file", why=f"it cannot be laid out: {why}") from problem


def _data(paper: Paper, folder: Path, fonts: Fonts) -> dict[str, Any]:
    (folder / "fonts").mkdir()
    for number, font in enumerate(fonts.files):
        (folder / "fonts" / f"{number}-{font.name}").symlink_to(font)
    at = paper.at

    def soft(text: str) -> str:
        return breakable(fonts.showable(text))

    return {
        "title": soft(paper.title),
        "lines": [soft(line) for line in paper.lines],
        "foot": soft(paper.foot),
        "date": [at.year, at.month, at.day, at.hour, at.minute, at.second],
        "fonts": list(fonts.families),
        "blocks": _blocks(paper.parts, folder, soft),
    }


def _blocks(
    parts: Sequence[Part], folder: Path, soft: Callable[[str], str]
) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    pictures = 0
    for part in parts:
        match part:
            case Told(title, head, shares, rows):
                block: dict[str, Any] = {"kind": "told", "title": soft(title)}
                block |= {"head": list(head), "shares": list(shares)}
                blocks.append(block | {"rows": [[soft(cell) for cell in row] for row in rows]})
            case Lines(lines):
                blocks.append({"kind": "lines", "lines": [soft(line) for line in lines]})
            case Pictures(shown, up):
                told = []
                for each in shown:
                    file = f"{pictures:05d}.jpg"
                    (folder / file).write_bytes(each.data)
                    pictures += 1
                    told.append({"file": file, "alt": each.alt, "caption": soft(each.caption)})
                # The first ones begin a page, unless nothing stands before them.
                blocks.append(
                    {"kind": "pictures", "pictures": told, "up": up, "fresh": bool(blocks)}
                )
    return blocks


def breakable(text: str) -> str:
    """Marks where words that are too long for a line may be broken."""
    return _LONG.sub(
        lambda found: BREAK.join(found[0][at : at + 16] for at in range(0, len(found[0]), 16)), text
    )
