"""How likely are two written people at two written addresses one and the same?

In bits, as Fellegi and Sunter weigh it (1969): what agrees counts for as much as it is rare that
two strangers share it, what differs counts against by how rarely an honest copy differs, and what
is missing says nothing. The weights are set by what names, streets and codes are like in general
and were fitted to no data. Writing is allowed for: case, accents, order, abbreviations, typing
errors, words run together or apart, masks, initials, and names in another script.

`docs/verifiers.md` has what it was measured at; `bench/matching.py` measures it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from jellyfish import damerau_levenshtein_distance

from verifiers.matching.scripts import latin

# A tie between one order and one among a thousand of its neighbours needs about ten bits.
NEIGHBOURS_BITS = 10.0

# Longer ones are no address, and every word is compared with every other.
MAX_TEXT, MAX_WORDS = 300, 24

_WORD = re.compile(r"[^\W_]+")  # of a masked name, what is to be seen
# Words that any address may have: they say little where they agree, and nothing where they differ.
_COMMON = {
    "street": "st", "str": "st", "strasse": "st", "straße": "st", "road": "rd", "avenue": "av",
    "ave": "av", "drive": "dr", "place": "pl", "court": "ct", "crescent": "cr", "cres": "cr",
    "circuit": "cct", "close": "cl", "lane": "ln", "boulevard": "bd", "blvd": "bd",
    "parade": "pde", "terrace": "tce", "highway": "hwy", "square": "sq", "way": "way",
    "unit": "unit", "flat": "unit", "apartment": "unit", "apt": "unit", "suite": "unit",
    "ste": "unit", "floor": "fl", "no": "no", "room": "rm", "building": "bldg", "house": "house",
    "rue": "rue", "via": "via", "calle": "calle", "north": "n", "south": "s", "east": "e",
    "west": "w", "saint": "st", "mount": "mt",
}  # fmt: skip
_SHORT = frozenset(_COMMON.values())

# Bits for an agreement, and against for a difference.
_NAME = (6.0, 3.0)
_STREET_WORD = (5.0, 1.5)
_STREET_NUMBER = (4.0, 2.0)
_COMMON_WORD = (0.5, 0.0)
_CITY = (6.0, 2.5)
_CODE = (7.0, 2.5)
_REGION = (2.0, 1.5)
_COUNTRY = (1.0, 6.0)
_INITIAL_BITS = 2.0
# Spellings this alike are one word with an error in it; below the second, they are two words.
_SAME, _OTHER = 0.85, 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Whom something goes to, as one source writes it; "" where it says nothing."""

    name: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One attribute: the bits it adds or takes, and what stood on both sides."""

    attribute: str
    bits: float
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Likeness:
    bits: float
    reasons: tuple[Reason, ...]

    def share(self, prior: float = NEIGHBOURS_BITS) -> float:
        """From 0 to 1: how far the bits outweigh a prior of 1 in 2 ** prior."""
        odds = max(-60.0, min(60.0, self.bits - prior))
        return 1 / (1 + math.pow(2, -odds))


def likeness(first: Party, second: Party) -> Likeness:
    """Weigh each attribute that both state. The same from both sides."""
    reasons = []
    for attribute, weigh in _ATTRIBUTES.items():
        a, b = getattr(first, attribute), getattr(second, attribute)
        if a.strip() and b.strip():
            reasons.append(Reason(attribute, round(weigh(a, b), 2), a, b))
    return Likeness(round(sum(reason.bits for reason in reasons), 2), tuple(reasons))


@lru_cache(maxsize=50_000)
def words(text: str) -> tuple[str, ...]:
    """Plain Latin words in lower case, with common ones in their short form."""
    found = _WORD.findall(latin(text[:MAX_TEXT]))[:MAX_WORDS]
    return tuple(_COMMON.get(word, word) for word in found)


def _name(a: str, b: str) -> float:
    return _weigh(words(a), words(b), _NAME, initials=True)


def _street(a: str, b: str) -> float:
    first, second = words(a), words(b)
    numbers = [tuple(w for w in side if any(c.isdigit() for c in w)) for side in (first, second)]
    bits = _numbers(*numbers) if all(numbers) else 0.0
    a_words, b_words = (
        tuple(w for w in side if w not in _SHORT and not any(c.isdigit() for c in w))
        for side in (first, second)
    )
    common = set(first) & set(second) & _SHORT
    return bits + _weigh(a_words, b_words, _STREET_WORD) + _COMMON_WORD[0] * min(len(common), 2)


def _numbers(a: tuple[str, ...], b: tuple[str, ...]) -> float:
    if set(a) & set(b):
        return _STREET_NUMBER[0]
    near = max((_alike(x, y) for x in a for y in b), default=0.0)
    return 0.0 if near >= _OTHER else -_STREET_NUMBER[1]


def _place(weights: tuple[float, float]) -> Callable[[str, str], float]:
    def weigh(a: str, b: str) -> float:
        return _graded(_alike("".join(words(a)), "".join(words(b))), weights)

    return weigh


def _code(a: str, b: str) -> float:
    first, second = ("".join(words(side)) for side in (a, b))
    shorter, longer = sorted((first, second), key=len)
    if len(shorter) >= 3 and longer.startswith(shorter):
        return _CODE[0]
    if len(first) == len(second) and damerau_levenshtein_distance(first, second) == 1:
        return _CODE[0] / 3  # one slip, or two digits swapped; or the next post office
    return -_CODE[1]


def _exactly(weights: tuple[float, float]) -> Callable[[str, str], float]:
    def weigh(a: str, b: str) -> float:
        return weights[0] if words(a) == words(b) else -weights[1]

    return weigh


def _weigh(
    a: tuple[str, ...], b: tuple[str, ...], weights: tuple[float, float], *, initials: bool = False
) -> float:
    """Words of one side, each against the best that is left of the other side."""
    if not a or not b:
        return 0.0
    if _alike("".join(a), "".join(b)) >= _SAME:  # run together, or apart
        return weights[0] * min(len(a), len(b), 2)
    # The best pairs first; those alike in an order that both sides share.
    pairs = sorted(
        ((_alike(x, y), sorted((x, y)), i, j) for i, x in enumerate(a) for j, y in enumerate(b)),
        reverse=True,
    )
    bits, taken, gone = 0.0, set[int](), set[int]()
    for like, _, i, j in pairs:
        initial = initials and _initial(a[i], b[j])
        if i in taken or j in gone or (like < _OTHER and not initial):
            continue
        taken.add(i)
        gone.add(j)
        bits += _INITIAL_BITS if initial else _graded(like, weights)
    both = min(len(a), len(b))
    return bits - weights[1] * (both - len(taken))


def _initial(a: str, b: str) -> bool:
    shorter, longer = sorted((a, b), key=len)
    return len(shorter) == 1 < len(longer) and longer.startswith(shorter)


def _alike(a: str, b: str) -> float:
    """1 for equal words, 0 for wholly other ones; two letters swapped are one slip."""
    return 1.0 if a == b else 1 - damerau_levenshtein_distance(a, b) / max(len(a), len(b))


def _graded(like: float, weights: tuple[float, float]) -> float:
    """Full bits from _SAME up, full against below _OTHER, and a straight line between."""
    if like >= _SAME:
        return weights[0] * (1.0 if like == 1.0 else 0.85)
    if like < _OTHER:
        return -weights[1]
    part = (like - _OTHER) / (_SAME - _OTHER)
    return -weights[1] + part * (weights[0] * 0.85 + weights[1])


_ATTRIBUTES: dict[str, Callable[[str, str], float]] = {
    "name": _name, "street": _street, "city": _place(_CITY), "region": _exactly(_REGION),
    "postal_code": _code, "country": _exactly(_COUNTRY),
}  # fmt: skip
