"""The fonts of a report: found on the machine, embedded, and asked what they can show.

One family has Latin and Chinese letters alike (Noto Sans CJK, or Source Han Sans, which is the same
design). A second one, if there, shows what the first cannot. What no font has is written out as
⟨U+1F600⟩: nothing that a source said is dropped, and nothing stops a report.
"""

from __future__ import annotations

import hashlib
import os
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from evidence.errors import ConfigError
from service.wording.visible import written_out

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
)
# (regular, bold, family, mono family): the first that is whole is taken.
MAIN = (
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "Noto Sans CJK SC",
     "Noto Sans Mono CJK SC"),
    ("NotoSansCJKsc-Regular.otf", "NotoSansCJKsc-Bold.otf", "Noto Sans CJK SC", "Noto Sans CJK SC"),
    ("NotoSansSC-Regular.otf", "NotoSansSC-Bold.otf", "Noto Sans SC", "Noto Sans SC"),
    ("SourceHanSansSC-Regular.otf", "SourceHanSansSC-Bold.otf", "Source Han Sans SC",
     "Source Han Sans SC"),
)  # fmt: skip
_SECOND = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVu Sans"),
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "Noto Sans"),
)
# Folders of fonts are not deep; one that is a whole disk is not walked.
_MOST_FILES = 50_000
_MOST_TABLE = 8 << 20


@dataclass(frozen=True, slots=True)
class Fonts:
    """files: to be embedded from; families: in the order in which a letter is looked for."""

    files: tuple[Path, ...]
    families: tuple[str, ...]
    mono: str
    sha256: str
    covered: tuple[tuple[int, int], ...] = field(repr=False)

    def shows(self, character: str) -> bool:
        at = bisect_right(self.covered, (ord(character), 0x110000)) - 1
        return at >= 0 and self.covered[at][0] <= ord(character) <= self.covered[at][1]

    def showable(self, text: str) -> str:
        """The text with each character that no font has written out."""
        if text.isascii():
            return text
        return "".join(c if c.isascii() or self.shows(c) else written_out(c) for c in text)


def find_fonts(folder: Path | None = None) -> Fonts:
    """Look in `folder`, or where systems keep fonts. ConfigError says what to install."""
    places = [folder] if folder else [Path(each).expanduser() for each in FOLDERS]
    return _found(tuple(str(each) for each in places))


@lru_cache(maxsize=8)
def _found(places: tuple[str, ...]) -> Fonts:
    wanted = {name for row in MAIN for name in row[:2]} | {n for row in _SECOND for n in row[:2]}
    here = _look(places, wanted)
    main = next((row for row in MAIN if row[0] in here and row[1] in here), None)
    if main is None:
        where = ", ".join(places)
        raise ConfigError(
            what="The report",
            why=(
                f"no font with Latin and Chinese letters was found in {where}: install the Debian "
                "package fonts-noto-cjk (NotoSansCJK-Regular.ttc and -Bold.ttc), or name a folder "
                "that has them as `fonts` in [report]"
            ),
        )
    regular, bold, family, mono = main
    files, families = [here[regular], here[bold]], [family]
    for regular, bold, second in _SECOND:
        if regular in here and bold in here:
            files += [here[regular], here[bold]]
            families.append(second)
            break
    covered = _merged(span for file in files[::2] for span in coverage_of(file, families[0]))
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as data:
            digest.update(hashlib.file_digest(data, "sha256").digest())
    return Fonts(tuple(files), tuple(families), mono, digest.hexdigest(), tuple(covered))


def _look(places: Sequence[str], wanted: set[str]) -> dict[str, Path]:
    here: dict[str, Path] = {}
    seen = 0
    for place in places:
        for folder, folders, files in os.walk(place):
            folders.sort()
            seen += len(files)
            for name in wanted.intersection(files):
                here.setdefault(name, Path(folder) / name)
            if seen > _MOST_FILES:
                return here
    return here


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    begin = end = -2
    for first, last in sorted(spans):
        if first > end + 1:
            if end >= 0:
                yield begin, end
            begin, end = first, last
        else:
            end = max(end, last)
    if end >= 0:
        yield begin, end


def coverage_of(file: Path, family: str) -> list[tuple[int, int]]:
    """What characters the font has, as first and last of each run.

    Reads the `cmap` table, formats 4 and 12 (OpenType 1.9, section "cmap"), of the face called
    `family` in a collection, else of the first. Raises ConfigError for a file that is no font.
    """
    try:
        with file.open("rb") as data:
            return _coverage(data.read(), family)
    except (OSError, struct.error, IndexError) as problem:
        why = f"{file.name} is no font that can be read ({type(problem).__name__})"
        raise ConfigError(what="The report", why=why) from problem


def _coverage(data: bytes, family: str) -> list[tuple[int, int]]:
    offsets = [0]
    if data[:4] == b"ttcf":
        (count,) = struct.unpack_from(">I", data, 8)
        offsets = list(struct.unpack_from(f">{min(count, 64)}I", data, 12))
    name = family.encode("utf-16-be")
    faces = [_tables(data, offset) for offset in offsets]
    tables = next(
        (face for face in faces if name in _table(data, face, b"name")),
        faces[0],
    )
    return _runs(_table(data, tables, b"cmap"))


def _tables(data: bytes, offset: int) -> dict[bytes, tuple[int, int]]:
    (count,) = struct.unpack_from(">H", data, offset + 4)
    found = {}
    for number in range(count):
        tag, _, begin, length = struct.unpack_from(">4sIII", data, offset + 12 + 16 * number)
        found[tag] = (begin, min(length, _MOST_TABLE))
    return found


def _table(data: bytes, tables: dict[bytes, tuple[int, int]], tag: bytes) -> bytes:
    begin, length = tables.get(tag, (0, 0))
    return data[begin : begin + length]


def _runs(cmap: bytes) -> list[tuple[int, int]]:
    (count,) = struct.unpack_from(">H", cmap, 2)
    best: dict[int, int] = {}
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", cmap, 4 + 8 * number)
        if (platform, encoding) in {(0, 3), (0, 4), (0, 6), (3, 1), (3, 10)}:
            (form,) = struct.unpack_from(">H", cmap, offset)
            best.setdefault(form, offset)
    if 12 in best:
        at = best[12]
        (groups,) = struct.unpack_from(">I", cmap, at + 12)
        return [
            struct.unpack_from(">II", cmap, at + 16 + 12 * number)
            for number in range(min(groups, 100_000))
        ]
    if 4 in best:
        at = best[4]
        (twice,) = struct.unpack_from(">H", cmap, at + 6)
        ends = struct.unpack_from(f">{twice // 2}H", cmap, at + 14)
        starts = struct.unpack_from(f">{twice // 2}H", cmap, at + 16 + twice)
        return [(first, last) for first, last in zip(starts, ends, strict=True) if first != 0xFFFF]
    return []
