"""A fact: a claim read out of an item, with the place it stood.

A fact says what a source said, not what happened. Facts that tell of one thing (one scan, one mail,
one row) share a `group`; facts with the same `origin` are one witness, however many items repeat
them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.canonical import writable
from evidence.errors import FormatError
from evidence.fields import Fields
from evidence.lines import HASH, TEXT, Cut, cut, line_pattern
from evidence.locators import Locator
from evidence.times import Instant, LocalDate, LocalTime, Time, time_from_json, time_to_json
from evidence.vocabulary import Kind, name_of

Value = str | Time

# Longer texts stay in the item; a fact points at them.
MAX_TEXT = 20_000

_CONFIDENCE = re.compile(r"0\.[0-9]{2}|1\.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One claim.

    name        listed in evidence/vocabulary.py; a time for kind TIME, text for the others
    item        SHA-256 of the item it was read from
    origin      who independently says so; a record copied from the carrier has the carrier's
    group       what it is about within the item: "parcel/1Z.../scan/0", "row/3"; "" for the whole
    confidence  1.0 for structured data; less for what was recognised, such as OCR; cut to
                hundredths, so that it is sealed as it is used and 0.996 never becomes 1
    """

    name: str
    value: Value
    locator: Locator
    item: str
    origin: str
    group: str = ""
    confidence: float = 1.0

    def __post_init__(self) -> None:
        is_time = isinstance(self.value, Instant | LocalTime | LocalDate)
        wants_time = name_of(self.name).kind is Kind.TIME
        if not (is_time if wants_time else isinstance(self.value, str)):
            raise FormatError(
                what=f"the fact {self.name}", why=f"its value is a {type(self.value).__name__}"
            )
        if not 0.0 <= self.confidence <= 1.0:  # NaN is not
            raise FormatError(
                what=f"the fact {self.name}", why="its confidence is not between 0 and 1"
            )
        # round() first: 0.57 * 100 is 56.99999999999999.
        hundredths = math.floor(round(self.confidence * 100, 6))
        object.__setattr__(self, "confidence", hundredths / 100)
        object.__setattr__(self, "group", writable(self.group))
        if isinstance(self.value, str):
            object.__setattr__(self, "value", writable(self.value[:MAX_TEXT]))

    @property
    def time(self) -> Time:
        """The value of a fact of kind TIME; FormatError for another."""
        if isinstance(self.value, str):
            raise FormatError(what=f"the fact {self.name}", why="it is not a time")
        return self.value

    @property
    def text(self) -> str:
        """The value as text: a time as its source wrote it."""
        return self.value if isinstance(self.value, str) else self.value.text

    def to_json(self) -> dict[str, Any]:
        value = self.value if isinstance(self.value, str) else time_to_json(self.value)
        return {
            "name": self.name,
            "value": value,
            "locator": str(self.locator),
            "item": self.item,
            "origin": self.origin,
            "group": self.group,
            "confidence": f"{self.confidence:.2f}",
        }

    @classmethod
    def from_json(cls, value: object) -> Fact:
        """The inverse of `to_json`; FormatError on any other shape."""
        what = "a sealed fact"
        names = ("name", "value", "locator", "item", "origin", "group", "confidence")
        read = Fields(value, names, what=what)
        said = read.any("value")
        confidence = read.text("confidence")
        if not _CONFIDENCE.fullmatch(confidence):
            raise read.wrong("confidence", "between 0.00 and 1.00")
        if isinstance(said, str) and len(said) > MAX_TEXT:
            raise read.wrong("value", f"at most {MAX_TEXT} characters long")
        if isinstance(said, str) and not _is_unicode(said):
            raise read.wrong("value", "text that UTF-8 can hold")
        return cls(
            name=read.text("name"),
            value=said if isinstance(said, str) else time_from_json(said),
            locator=Locator.parse(read.text("locator")),
            item=read.hex("item"),
            origin=read.text("origin"),
            group=read.text("group"),
            confidence=float(confidence),
        )


def _is_unicode(text: str) -> bool:
    """Whether no half of a surrogate pair stands alone, as an escape in JSON can make it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_LINE = line_pattern(
    {
        "name": TEXT, "value": TEXT, "locator": TEXT, "item": HASH, "origin": TEXT,
        "group": TEXT, "confidence": r'"(0\.[0-9]{2}|1\.00)"',
    }
)  # fmt: skip


def cut_facts(text: str) -> Cut[Fact] | None:
    """The first list called `facts` of a manifest's text, if it is written canonically."""
    return cut(text, "facts", Fact, _LINE, _quick)


def _quick(groups: tuple[Any, ...]) -> Fact | None:
    confidence, group, item, locator, name, origin, value = groups
    if len(value) > MAX_TEXT:
        return None
    try:
        place = Locator.parse(locator)
        if str(place) != locator:
            return None
        return Fact(
            name=name,
            value=value,
            locator=place,
            item=item,
            origin=origin,
            group=group,
            confidence=float(confidence),
        )
    except FormatError:
        return None


class Facts(Sequence[Fact]):
    """All facts of an order, in the order of their items, with the questions verifiers ask."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._facts = tuple(facts)
        self._by_name: dict[str, list[Fact]] = {}
        for fact in self._facts:
            self._by_name.setdefault(fact.name, []).append(fact)

    def __len__(self) -> int:
        return len(self._facts)

    def __getitem__(self, index: Any) -> Any:
        return self._facts[index]

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts)

    def named(self, *names: str) -> list[Fact]:
        """Every fact with one of these names, which must be in the vocabulary; name by name."""
        for name in names:
            name_of(name)
        return [fact for name in dict.fromkeys(names) for fact in self._by_name.get(name, ())]

    def first(self, name: str) -> Fact | None:
        found = self.named(name)
        return found[0] if found else None

    def values(self, *names: str) -> list[str]:
        """The distinct texts said under these names, in the order they were first said."""
        return list(dict.fromkeys(fact.text for fact in self.named(*names)))

    def earliest(self, name: str) -> Fact | None:
        """The fact whose time can begin first; None if there is none of this name."""
        return min(
            self.named(name), key=lambda fact: (fact.time.span.earliest, fact.item), default=None
        )

    def latest(self, name: str) -> Fact | None:
        return max(
            self.named(name), key=lambda fact: (fact.time.span.latest, fact.item), default=None
        )

    def of_item(self, sha256: str) -> Facts:
        return Facts(fact for fact in self._facts if fact.item == sha256)

    def in_group(self, item: str, group: str) -> Facts:
        return Facts(fact for fact in self._facts if fact.item == item and fact.group == group)

    def groups(self) -> dict[tuple[str, str], Facts]:
        """Facts by (item, group), in order."""
        sorted_out: dict[tuple[str, str], list[Fact]] = {}
        for fact in self._facts:
            sorted_out.setdefault((fact.item, fact.group), []).append(fact)
        return {key: Facts(found) for key, found in sorted_out.items()}

    def tables(self, prefix: str) -> dict[tuple[str, str], dict[str, Fact]]:
        """By (item, group): the first fact of each name that begins with `prefix`."""
        found: dict[tuple[str, str], dict[str, Fact]] = {}
        for fact in self._facts:
            if fact.name.startswith(prefix):
                found.setdefault((fact.item, fact.group), {}).setdefault(fact.name, fact)
        return found
