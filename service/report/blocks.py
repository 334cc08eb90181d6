"""What a report is made of: blocks that a template lays out, and claims that point at their proof.

A `Place` is where a claim stands: an item by its SHA-256, a locator in it, and the number of the
item's receipt in the order's chain. What the account itself says (a verdict, a missing item, a
source's outcome) stands in the sealed manifest, which is an item with a receipt like the others;
its locators are JSON Pointers into the signed payload.

`Row`, `Note` and `Picture` are claims and cannot be made without a place. `Heading`, `Text` and
`Command` are the report's own words, and claim nothing of the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.errors import FormatError
from service.wording.visible import visible
from service.wording.words import ORIGINS, Said

# A value from outside is shown as far as a reader of paper needs; the item has the rest.
MOST_TEXT = 600
# Places that are printed with a claim; the others stand in the model, and in the manifest.
MOST_PLACES = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where a claim stands. `seq` is the item's receipt in the order's chain.

    of   in a report of several orders, which of them it is, from 1; else 0
    """

    item: str
    locator: str
    seq: int
    of: int = 0

    def to_json(self) -> dict[str, Any]:
        told = {"item": self.item, "locator": self.locator, "receipt": self.seq}
        return told | ({"order": self.of} if self.of else {})

    @property
    def receipt(self) -> str:
        return f"{self.of or ''}#{self.seq}"

    def __str__(self) -> str:
        return f"{self.receipt} {self.locator}"


def _placed(places: Sequence[Place], what: str) -> None:
    if not places:
        raise FormatError(what=f"{what} of a report", why="it is a claim without a place")


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    said: Said


@dataclass(frozen=True, slots=True)
class Text:
    """Our own words, which claim nothing of the order."""

    said: Said


@dataclass(frozen=True, slots=True)
class Command:
    """Something to type, word for word."""

    line: str


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about the order; `grave` ones are set apart in red."""

    said: Said
    places: tuple[Place, ...]
    grave: bool = False

    def __post_init__(self) -> None:
        _placed(self.places, "a sentence")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table, a cell for each of its columns."""

    cells: tuple[Said, ...]
    places: tuple[Place, ...]
    grave: bool = False

    def __post_init__(self) -> None:
        _placed(self.places, "a row")


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are a heading and a share of the width each; a last one for the places is added."""

    columns: tuple[tuple[Said, float], ...]
    rows: tuple[Row, ...]
    places_share: float = 1.6

    def __post_init__(self) -> None:
        if any(len(row.cells) != len(self.columns) for row in self.rows):
            raise FormatError(what="a table of a report", why="a row has another number of cells")


@dataclass(frozen=True, slots=True)
class Picture:
    """`data` is an SVG, a JPEG or a PNG, by `kind`; `alt` says it to whoever cannot see it."""

    data: bytes
    kind: str
    alt: Said
    caption: Said
    places: tuple[Place, ...]

    def __post_init__(self) -> None:
        _placed(self.places, "a picture")


@dataclass(frozen=True, slots=True)
class Card:
    """An item: its receipt, what it is and is called; its picture beside what is known of it."""

    number: str
    title: Said
    called: str
    rows: tuple[Row, ...]
    picture: Picture | None = None


Block = Heading | Text | Command | Note | Table | Picture | Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim of a report and all of its places."""

    said: Said
    places: tuple[Place, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "en": self.said.en,
            "zh": self.said.zh,
            "places": [place.to_json() for place in self.places],
        }


def claims_of(blocks: Sequence[Block]) -> Iterator[Claim]:
    """Every claim in these blocks, in the order in which they are read."""
    for block in blocks:
        match block:
            case Note(said, places):
                yield Claim(said=said, places=places)
            case Picture(alt=said, places=places):
                yield Claim(said=said, places=places)
            case Table(rows=rows):
                yield from map(_of_row, rows)
            case Card(rows=rows, picture=picture):
                yield from map(_of_row, rows)
                if picture is not None:
                    yield Claim(said=picture.alt, places=picture.places)
            case Heading() | Text() | Command():
                pass


def _of_row(row: Row) -> Claim:
    return Claim(
        said=Said(
            " · ".join(cell.en for cell in row.cells if cell.en),
            " · ".join(cell.zh for cell in row.cells if cell.zh),
        ),
        places=row.places,
    )


def origins(names: Iterable[str]) -> Said:
    """Who says something; names of companies and programs stay as they are."""
    said = [ORIGINS.get(name) or quoted(name, most=60) for name in names]
    return Said(", ".join(each.en for each in said), ", ".join(each.zh for each in said))


def quoted(text: str, *, most: int = MOST_TEXT) -> Said:
    """What a source said, as it stands; alike in both languages, and never longer than `most`."""
    return Said.same(visible(" ".join(text.split()) if "\n" in text else text, most=most))
