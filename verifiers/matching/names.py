"""Can two written names be one person's? True, False, or None where writing does not decide.

Carriers and platforms mask names ("J*** D."), cut them to initials, change case and order. A name
in Latin letters and one in Chinese characters may be the same person's: that is True where one is
read as the other is spelled, else None, never False.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher

from verifiers.matching.scripts import latin, same_reading, script_of

# Spellings this alike are one name with a typing error in it.
_ALIKE = 0.84
_HIDDEN = re.compile(r"[*•●＊×]+|\bx{2,}\b", re.IGNORECASE)
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr", "herr", "frau", "mme", "m"})


def same_name(first: str, second: str) -> bool | None:
    """Whether both can name one person; None if the scripts or too few letters leave it open."""
    a, b = _tokens(first), _tokens(second)
    if not "".join(a).strip("*") or not "".join(b).strip("*"):
        return None
    if _script(a) != _script(b):
        return _across(first, second)
    if _script(a) == "other":
        return _same_without_spaces("".join(a), "".join(b))
    if all(_fits(x, y) for x, y in zip(a, b, strict=False)) and len(a) == len(b):
        return _enough(a, b)
    if len(a) == len(b) and _assign(a, b):
        return _enough(a, b)
    if len(a) != len(b) and min(len(a), len(b)) >= 2:
        shorter, longer = sorted((a, b), key=len)
        if _assign(shorter, longer):
            return _enough(shorter, longer)
    one, other = (" ".join(sorted(words)) for words in (a, b))
    # What is hidden is alike in any two names.
    if "*" not in one + other and SequenceMatcher(None, one, other).ratio() >= _ALIKE:
        return True
    # A family that shares a surname, or one name of two: it could be either.
    if any(_fits(x, y) and min(len(x), len(y)) > 1 for x in a for y in b):
        return None
    return False


def _across(first: str, second: str) -> bool | None:
    """A Chinese name beside a Latin one: True if it is read so; a different reading says nothing.

    Cantonese, older spellings and names of a person's own choice are not Mandarin's pinyin.
    """
    scripts = {script_of(first): first, script_of(second): second}
    if "han" in scripts and "latin" in scripts:
        return same_reading(scripts["han"], scripts["latin"]) or None
    a, b = (latin(text).split() for text in (first, second))
    return True if len(a) >= 2 and sorted(a) == sorted(b) else None


def _tokens(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text)).casefold()
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = _HIDDEN.sub("*", plain)
    words = re.findall(r"[\w*]+", plain)
    named = [word for word in words if word.strip("*") not in _TITLES or len(words) == 1]
    return [word for word in named if word.strip("_")]


def _script(tokens: list[str]) -> str:
    letters = [char for token in tokens for char in token if char.isalpha()]
    return "latin" if not letters or max(map(ord, letters)) < 0x250 else "other"


def _fits(a: str, b: str) -> bool:
    """One word against another: equal, an initial of it, or equal as far as it is not hidden."""
    if "*" in a or "*" in b:
        return _fits_masked(a, b) and _fits_masked(b, a)
    if len(a) == 1 or len(b) == 1:
        return a[0] == b[0]
    return a == b


def _fits_masked(a: str, b: str) -> bool:
    if "*" not in a:
        return True
    head, tail = a.split("*", 1)[0], a.rsplit("*", 1)[1]
    if "*" in b:
        other = b.split("*", 1)[0]
        return head.startswith(other) or other.startswith(head)
    return b.startswith(head) and b.endswith(tail) and len(b) >= len(head) + len(tail)


def _assign(shorter: list[str], longer: list[str]) -> bool:
    """Whether each word of the shorter name fits a word of its own in the longer one."""
    left = list(longer)
    for word in sorted(shorter, key=len, reverse=True):
        fitting = next((other for other in left if _fits(word, other)), None)
        if fitting is None:
            return False
        left.remove(fitting)
    return True


def _enough(a: list[str], b: list[str]) -> bool | None:
    """Two letters that agree are no more than chance: initials and masks need something visible."""
    visible = min(sum(len(word.strip("*")) for word in a), sum(len(word.strip("*")) for word in b))
    return True if visible >= 2 else None


def _same_without_spaces(a: str, b: str) -> bool | None:
    if "*" in a or "*" in b:
        pairs = zip(a, b, strict=False)
        seen = [(x, y) for x, y in pairs if "*" not in (x, y)]
        if any(x != y for x, y in seen[:1]):
            return False
        return None if len(seen) < 2 else all(x == y for x, y in seen)
    if a == b:
        return True
    # Simplified and traditional characters write one name in two ways: only two names that are both
    # in the simplified set are known to differ.
    return False if _simplified(a) and _simplified(b) else None


def _simplified(text: str) -> bool:
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
