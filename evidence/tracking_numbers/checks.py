"""Check digits: each function gives the character that belongs after `body`.

`body` has the characters that the check covers, upper case; digits unless the function says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def gs1(body: str) -> str:
    """Weights 3, 1, 3, … from the right, up to the next ten (GS1 General Specifications, 7.9)."""
    return _up_to_ten(body[::-1], (3, 1))


def luhn(body: str) -> str:
    """Every second digit from the right twice, crosswise; up to the next ten (ISO/IEC 7812-1)."""
    twice = str.maketrans("0123456789", "0246813579")
    return _up_to_ten(body[-2::-2] + body[::-1][::2].translate(twice), (1,))


def mod7(body: str) -> str:
    """The remainder of the whole number by 7."""
    return str(int(body) % 7)


def ups(body: str) -> str:
    """Weights 1, 2, 1, … from the left, up to the next ten; digits and letters.

    A letter counts (code - 63) mod 10: A is 2, B is 3, … H is 9, I is 0.
    """
    values = (int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in body)
    return str(-sum(v * w for v, w in zip(values, cycle((1, 2)), strict=False)) % 10)


def fedex(body: str) -> str:
    """Weights 1, 3, 7, 1, … from the right; the remainder by 11, of which 10 is written 0."""
    return str(_weighed(body[::-1], (1, 3, 7)) % 11 % 10)


def s10(body: str) -> str:
    """Weights 8 6 4 2 3 5 9 7, then 11 less the remainder by 11 (UPU S10-12, annex A)."""
    rest = 11 - _weighed(body, (8, 6, 4, 2, 3, 5, 9, 7)) % 11
    return {10: "0", 11: "5"}.get(rest, str(rest))


def identcode(body: str) -> str:
    """Weights 4, 9, 4, … from the left, up to the next ten (Deutsche Post, Identcode)."""
    return _up_to_ten(body, (4, 9))


def mod37(body: str) -> str:
    """ISO/IEC 7064, MOD 37,36, over digits and letters."""
    product = 36
    for character in body:
        product = (product + _ALPHABET.index(character)) % 36 or 36
        product = product * 2 % 37
    return _ALPHABET[(37 - product) % 36]


def _weighed(digits: str, weights: Iterable[int]) -> int:
    return sum(int(d) * w for d, w in zip(digits, cycle(weights), strict=False))


def _up_to_ten(digits: str, weights: Iterable[int]) -> str:
    return str(-_weighed(digits, weights) % 10)
