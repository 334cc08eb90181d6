"""Marks of carriers and portals in text: a name in the letterhead, an address, a phrase of theirs.

A name in running text may be somebody else's ("handed to USPS"), so each mention has a strength: by
what it is (a web address, a phrase that only they print, a bare name) and by where it stands and
how large it is. Who the item is from is decided later, by all mentions together
(verifiers/marks/carrier.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from statistics import median

from verifiers.readers.lines import Line
from verifiers.readers.said.fields import fields_of
from verifiers.readers.said.fold import fold
from verifiers.readers.said.layout import Row
from verifiers.readers.said.moments import MAX_LINE
from verifiers.readers.said.words import field_words, table

# Signs of a word that must stand in a line before the word is looked for.
_START = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """One mention: whose (a carrier of evidence/tracking_numbers, or a portal), and how strong.

    strength  0 to 1: 0.2 for a name in running text, 0.9 for a letterhead or an own address
    """

    whose: str
    portal: bool
    strength: float
    line: Line
    text: str


@dataclass(frozen=True, slots=True)
class _Known:
    whose: str
    portal: bool
    names: re.Pattern[str] | None
    sites: re.Pattern[str] | None
    phrases: re.Pattern[str] | None
    common: re.Pattern[str] | None
    words: tuple[str, ...]


def marks_in(rows: Sequence[Row]) -> list[Mark]:
    """Every mention, in reading order."""
    heights = [cell.box[3] for row in rows for cell in row.cells if cell.box]
    usual = median(heights) if heights else 0.0
    announced = {
        (id(field.line), fold(field.text[:40])) for field in fields_of(field_words("carrier"), rows)
    }
    found: list[Mark] = []
    for number, row in enumerate(rows):
        for cell in row.cells:
            folded = fold(cell.text[:MAX_LINE])
            parted = _parted(cell)
            for known in _possible(folded):
                mark = _mark(known, cell, folded, number, usual)
                if mark is None and parted != cell.text:
                    mark = _mark(known, cell, fold(parted[:MAX_LINE]), number, usual)
                if mark is not None:
                    named = any(
                        line == id(cell) and _begins(text, known.names) for line, text in announced
                    )
                    if named:
                        found.append(replace(mark, strength=0.9))
                    elif not _is_common(mark, known):
                        found.append(mark)
    return found


def _parted(cell: Line) -> str:
    """Its text with the blanks that a recognition may have lost: "AramexShipment Tracking"."""
    if cell.confidence >= 1:
        return cell.text
    return re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", cell.text)


def _possible(folded: str) -> list[_Known]:
    """Those of whom a word may stand in the text: its first three signs do, blanks left out.

    Few lines have any, and to try everyone on each line took most of a long table's reading.
    """
    plain = "".join(folded.split())
    begun = _by_start()
    found = set(begun.get("", ()))
    for at in range(len(plain) - _START + 1):
        found.update(begun.get(plain[at : at + _START], ()))
    table_of = _table()
    return [table_of[number] for number in sorted(found)]


@cache
def _by_start() -> dict[str, tuple[int, ...]]:
    """Places in `_table` by how a word of theirs begins; "" for words that are too short."""
    starts: dict[str, set[int]] = {}
    for number, known in enumerate(_table()):
        for word in known.words:
            plain = "".join(word.split())
            starts.setdefault(plain[:_START] if len(plain) >= _START else "", set()).add(number)
    return {start: tuple(numbers) for start, numbers in starts.items()}


def of_address(address: str) -> tuple[str, bool] | None:
    """Who sends from a mail address, by its domain, and whether that is a portal; else None."""
    domain = fold(address.rpartition("@")[2].strip("<> "))
    for known in _table():
        if known.sites and (match := known.sites.search(domain)) and match.end() == len(domain):
            return known.whose, known.portal
    return None


def home_of(carrier: str) -> str | None:
    """The country for whose readers a carrier writes; None for those that write for many."""
    home: str | None = table("marks.toml")["carrier"].get(carrier, {}).get("home")
    return home


def writes_from(carrier: str) -> str | None:
    """The country that a carrier writes from, though for the readers of many."""
    writes: str | None = table("marks.toml")["carrier"].get(carrier, {}).get("from")
    return writes


def _mark(known: _Known, cell: Line, folded: str, number: int, usual: float) -> Mark | None:
    for shape, strength in ((known.phrases, 0.9), (known.sites, 0.85), (known.names, 0.3)):
        match = shape.search(folded) if shape else None
        if match is None:
            continue
        if shape is known.names:
            strength = _of_name(match, cell, folded, number, usual)
        text = cell.text[match.start() : match.end()]
        return Mark(known.whose, known.portal, strength, cell, text)
    return None


def _of_name(match: re.Match[str], cell: Line, folded: str, number: int, usual: float) -> float:
    """A bare name: strong as a line of its own, near the top, or larger than the text."""
    rest = len(re.sub(r"[\W_]", "", folded)) - len(re.sub(r"[\W_]", "", match[0]))
    strength = 0.3
    if rest <= 2:
        strength = 0.6
    elif match.start() <= 2 and rest <= 22:
        strength = 0.45
    if usual and cell.box and cell.box[3] > 1.35 * usual and rest <= 22:
        strength += 0.15
    if number < 4 and rest <= 30:
        strength += 0.15
    return min(strength, 0.9)


def _is_common(mark: Mark, known: _Known) -> bool:
    """Whether it is an everyday word in a line of others: "bring your passport"."""
    word = known.common is not None and known.common.fullmatch(fold(mark.text)) is not None
    return word and len(mark.line.text.split()) > len(mark.text.split())


def _begins(text: str, names: re.Pattern[str] | None) -> bool:
    """Whether a value begins with the name: "Carrier: DHL Leeds"."""
    return names is not None and names.match(text) is not None


@cache
def _table() -> tuple[_Known, ...]:
    raw = table("marks.toml")
    known = []
    for kind in ("carrier", "portal"):
        for whose, entry in raw[kind].items():
            known.append(
                _Known(
                    whose,
                    kind == "portal",
                    _words(entry.get("names", ())),
                    _sites(entry.get("sites", ())),
                    _words(entry.get("phrases", ())),
                    _words(entry.get("common", ())),
                    (
                        *map(fold, (*entry.get("names", ()), *entry.get("phrases", ()))),
                        *entry.get("sites", ()),
                    ),
                )
            )
    return tuple(known)


def _words(words: Sequence[str]) -> re.Pattern[str] | None:
    """Whole words, with spaces that recognition may have lost; signs of East Asia anywhere."""
    if not words:
        return None
    folded = [fold(word) for word in words]
    parts = [
        re.escape(word).replace(r"\ ", r"\s?") + (r"(?![a-z0-9])" if word[-1].isascii() else "")
        for word in folded
    ]
    return re.compile(r"(?<![a-z0-9])(?<![a-z]-)(?:" + "|".join(parts) + ")")


def _sites(sites: Sequence[str]) -> re.Pattern[str] | None:
    if not sites:
        return None
    parts = "|".join(re.escape(site) for site in sites)
    return re.compile(rf"(?:(?<=www\.)|(?<=//)|(?<=@)|(?<=\.)|(?<![\w.-]))(?:{parts})(?![\w-])")
