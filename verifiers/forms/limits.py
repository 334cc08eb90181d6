"""The limits that a profile can set: what each value looks like, and which reading is obeyed.

Where readings differ, all are told and the stricter one is obeyed: the smaller number, the types
that every reading allows, the words that any reading asks for. A key that begins with `advised.` is
told of and never refused for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.policy import Limit
from evidence.profile import Profile

_COUNT = r"\d{1,12}"
_TYPES = r"[a-z0-9+.-]+/[a-z0-9+.-]+(, [a-z0-9+.-]+/[a-z0-9+.-]+)*"
_WORDS = r"[A-Za-z0-9][A-Za-z0-9 ._/-]*(, [A-Za-z0-9][A-Za-z0-9 ._/-]*)*"
_ANY = r".{1,500}"
_ALLOWS = r"[ -~]{1,60}"

ADVISED = "advised."


@dataclass(frozen=True, slots=True)
class Key:
    """`strictest`: "least", "all" (what every reading has), "any" (what one has), "" if told."""

    value: str
    expected: str
    strictest: str = ""


_BYTES = "a whole number of bytes"
_NUMBER = "a whole number"
_MEDIA = "media types, such as image/jpeg, image/png"
KEYS: Mapping[str, Key] = {
    "archive.bytes": Key(_COUNT, _BYTES, "least"),
    "archive.name_has": Key(_WORDS, "words among store, date", "any"),
    "files.count": Key(_COUNT, _NUMBER, "least"),
    "files.each_bytes": Key(_COUNT, _BYTES, "least"),
    "files.each_pdf_bytes": Key(_COUNT, _BYTES, "least"),
    "files.total_bytes": Key(_COUNT, _BYTES, "least"),
    "files.types": Key(_TYPES, _MEDIA, "all"),
    "files.name_allows": Key(_ALLOWS, "characters and ranges, such as A-Za-z0-9._-"),
    "files.name_characters": Key(_COUNT, "a whole number, the extension included", "least"),
    "files.name_dots": Key(_COUNT, _NUMBER, "least"),
    "files.name_has": Key(_WORDS, "words among seller", "any"),
    "files.per_field": Key(_COUNT, _NUMBER, "least"),
    "pdf.pages": Key(_COUNT, "a whole number: the most that is accepted", "least"),
    "pdf.standard": Key(_WORDS, "PDF/A, or PDF/A with its level", "any"),
    "pictures.pixels": Key(_COUNT, "a whole number: the most that is accepted", "least"),
    "pictures.dpi": Key(_COUNT, _NUMBER, "least"),
    "text.characters": Key(_COUNT, "a whole number: of one field", "least"),
    "text.total_characters": Key(_COUNT, "a whole number: of all fields", "least"),
    "text.language": Key(_WORDS, "language codes", "all"),
    "links.expire": Key(_WORDS, "yes", "any"),
    "links.hosts": Key(_WORDS, "host names", "all"),
    "links.refused": Key(_WORDS, "host names", "any"),
    "orders.listed": Key(_WORDS, "yes", "any"),
    "tracking.entries": Key(_COUNT, _NUMBER, "least"),
    # Told to whoever reads the profile; nothing in a bundle can break them.
    "channel": Key(_ANY, "how it goes in"),
    "clock": Key(_ANY, "whose clock times are told by"),
    "attempts": Key(_ANY, "how often one may try"),
    "captures.age": Key(_ANY, "how old a capture may be"),
    "text.pages": Key(_ANY, "how long a text is taken"),
    "signature": Key(_ANY, "when a signature is asked for"),
    "networks": Key(_ANY, "what one network alone takes"),
}


@dataclass(frozen=True, slots=True)
class Obeyed:
    """The reading that is obeyed, and those that it stands against.

    words    of a list: what is allowed or asked for; () for a number
    advised  whether it is only advice
    """

    limit: Limit
    others: tuple[Limit, ...] = ()
    words: tuple[str, ...] = ()
    advised: bool = False

    @property
    def number(self) -> int:
        return int(self.limit.value)

    def __str__(self) -> str:
        """Where it comes from, for a sentence."""
        said = f"{self.limit.source}, {self.limit.confidence}"
        if self.others:
            values = "; ".join(f"{each.value} by {each.source}" for each in self.others)
            said += f"; another reading: {values}"
        return said


def key_of(name: str) -> Key | None:
    return KEYS.get(name.removeprefix(ADVISED))


def compared(name: str) -> bool:
    """Whether one of several readings is obeyed, rather than all of them told."""
    key = key_of(name)
    return key is not None and bool(key.strictest)


def fits(limit: Limit) -> bool:
    """Whether its key is known and its value is of the form that the key asks for."""
    key = key_of(limit.key)
    return key is not None and re.fullmatch(key.value, limit.value) is not None


class Limits:
    """The limits of a profile, each as it is obeyed."""

    def __init__(self, profile: Profile) -> None:
        self._obeyed: dict[str, Obeyed] = {}
        for name in dict.fromkeys(limit.key for limit in profile.limits):
            self._obeyed[name] = _obeyed(name, profile.limited(name))

    def get(self, name: str) -> Obeyed | None:
        """What is obeyed under this name; its advice if there is nothing firmer."""
        return self._obeyed.get(name) or self._obeyed.get(ADVISED + name)

    def firm(self, name: str) -> Obeyed | None:
        return self._obeyed.get(name)

    def number(self, name: str) -> int | None:
        """The most that is taken, or None where nothing is said."""
        found = self._obeyed.get(name)
        return None if found is None else found.number

    def words(self, name: str) -> tuple[str, ...]:
        found = self._obeyed.get(name)
        return () if found is None else found.words


def _obeyed(name: str, readings: Sequence[Limit]) -> Obeyed:
    key = key_of(name)
    strictest = key.strictest if key else ""
    first = readings[0]
    words: tuple[str, ...] = ()
    if strictest == "least":
        first = min(readings, key=lambda limit: int(limit.value))
    elif strictest:
        lists = [limit.value.split(", ") for limit in readings]
        joined = dict.fromkeys(word for each in lists for word in each)
        if strictest == "all":
            joined = {word: None for word in joined if all(word in each for each in lists)}
        words = tuple(joined)
        first = min(readings, key=lambda limit: len(limit.value))
    others = tuple(limit for limit in readings if limit is not first and limit.value != first.value)
    return Obeyed(first, others, words, name.startswith(ADVISED))
