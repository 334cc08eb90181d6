"""Where an order is mentioned: its number and its aliases, looked for in text that is not a field.

A number counts only where no letter and no digit touches it, so 114-1234567-1234567 is not found in
a longer number. Typesetting is undone first: mail programs put non-breaking hyphens, full-width
digits and zero-width marks into numbers. A number shorter than six characters ("1001") is looked
for with its `#` only; anything else would find every price and every house number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from collectors.collector import Context
from evidence.canonical import canonical, parse_json
from evidence.errors import EvidenceError
from evidence.orders import OrderRef, Platform, platform_of

SHORTEST = 6
# An order that goes by more names than this is a mistake of a source; the first ones are used.
MOST = 50

ALIASES = ("order.alias", "shipment.tracking_number", "shipment.reference")

_UNSET = {ord(c): "-" for c in "‐‑‒–—―−﹣－"} | {
    ord(c): None for c in "\u200b\u200c\u200d\u2060\ufeff\u00ad"
}
_AMAZON = re.compile(r"(?<![0-9A-Za-z])\d{3}-\d{7}-\d{7}(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class Mentions:
    """The names of one order, by fact name, longest number first."""

    names: tuple[tuple[str, str], ...]
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _needles: tuple[bytes, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        needles = [_needle(number) for _, number in self.names]
        choice = "|".join(re.escape(needle) for needle in needles)
        pattern = rf"(?<![0-9A-Za-z])(?:{choice})(?![0-9A-Za-z])" if needles else r"(?!)"
        object.__setattr__(self, "_pattern", re.compile(pattern, re.IGNORECASE))
        object.__setattr__(self, "_needles", tuple(needle.encode() for needle in needles))

    @classmethod
    def of(cls, order: OrderRef, context: Context) -> Mentions:
        """The order's number and what other sources brought as its aliases."""
        known = [(name, value) for name in ALIASES for value in context.known_all(name)]
        return cls._from([("order.id", order.id), *known])

    @classmethod
    def from_hints(cls, about: Mapping[str, str], hints: Mapping[str, str]) -> Mentions:
        """What `hints` wrote, so that an item is read again under the names of its own day."""
        known = [(name, value) for name, value in about.items() if name in {"order.id", *ALIASES}]
        try:
            told = parse_json(hints.get("aliases", "[]").encode(), limit=1 << 20)
            known += [(str(name), str(value)) for name, value in told]
        except (EvidenceError, TypeError, ValueError):
            pass  # hints of another collector: the order's own number is still known
        return cls._from(known)

    @classmethod
    def _from(cls, known: Iterable[tuple[str, str]]) -> Mentions:
        plain = dict.fromkeys(
            (name, _plain(value).strip())
            for name, value in known
            if name == "order.id" or len(value.strip()) >= SHORTEST
        )
        kept = [(name, value) for name, value in plain if value][:MOST]
        return cls(tuple(sorted(kept, key=lambda pair: (-len(pair[1]), pair))))

    def hints(self) -> dict[str, str]:
        """For Item.hints: the names that were known when the item was brought."""
        told = [list(pair) for pair in self.names if pair[0] != "order.id"]
        return {"aliases": canonical(told).decode()} if told else {}

    def found_in(self, text: str) -> list[tuple[str, str]]:
        """The names that `text` mentions, as (fact name, number), each once."""
        seen = {match[0].casefold() for match in self._pattern.finditer(_plain(text))}
        return [pair for pair in self.names if _needle(pair[1]).casefold() in seen]

    def in_bytes(self, data: bytes) -> bool:
        """Whether ASCII bytes mention the order; quick, and blind to every encoding."""
        return any(
            needle in data and self._pattern.search(_around(data, needle)) is not None
            for needle in self._needles
        )

    def is_one(self, number: str) -> bool:
        """Whether a field that holds nothing but a number holds one of these."""
        bare = _plain(number).strip().lstrip("#").casefold()
        return any(bare == value.lstrip("#").casefold() for _, value in self.names)

    def others_in(self, text: str) -> list[str]:
        """Numbers of other orders in `text`, where a platform's shape is unmistakable."""
        found = dict.fromkeys(match[0] for match in _AMAZON.finditer(_plain(text)))
        own = {number for _, number in self.names}
        return [
            number
            for number in found
            if number not in own and platform_of(number) is Platform.AMAZON
        ]


def _needle(number: str) -> str:
    bare = number.lstrip("#")
    return bare if len(bare) >= SHORTEST else f"#{bare}"


def _around(data: bytes, needle: bytes) -> str:
    """Every occurrence of `needle` with its neighbours, apart from each other."""
    pieces: list[str] = []
    at = data.find(needle)
    while at >= 0 and len(pieces) < 1000:
        pieces.append(data[max(at - 1, 0) : at + len(needle) + 1].decode("latin-1"))
        at = data.find(needle, at + 1)
    return "\n".join(pieces)


def _plain(text: str) -> str:
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(_UNSET))
