"""Whose tracking number a text can be, by its shape and check digit.

A check digit that fits makes a number unmistakable; a run of digits can be many carriers', and is
called ambiguous, never assigned.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Likeness(StrEnum):
    """How much a number looks like one of a carrier."""

    CERTAIN = "certain"
    AMBIGUOUS = "ambiguous"
    NO = "no"


_SPACES = re.compile(r"[\s\u00a0-]+")
_ONE_Z = re.compile(r"1Z[0-9A-Z]{15}[0-9]")
# Freight, waybill, InfoNotice and Mail Innovations numbers have no shape of their own. UPS takes 7
# to 34 characters (Track API, parameter inquiryNumber).
_OTHER_UPS = re.compile(
    r"T[0-9]{10}|[HJKVW][0-9]{10}|[0-9]{9}|[0-9]{12}|[0-9]{18}|[0-9]{20,34}|M[IA]?[0-9]{9,31}"
)
_S10 = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def plain(number: str) -> str:
    """Upper case, without the spaces and hyphens that people put in."""
    return _SPACES.sub("", number).upper()


def ups_check_digit(body: str) -> int:
    """The check digit of the 15 characters between `1Z` and it.

    A letter counts (code - 63) mod 10; every second character, from the second on, counts twice.
    """
    total = 0
    for place, character in enumerate(body):
        value = int(character) if character.isdigit() else (ord(character) - 63) % 10
        total += value * (1 + place % 2)
    return -total % 10


def ups_likeness(number: str) -> Likeness:
    """CERTAIN for `1Z...` with its check digit; AMBIGUOUS for UPS's other shapes."""
    text = plain(number)
    if not text.isascii() or not text.isalnum():
        return Likeness.NO
    if text.startswith("1Z"):
        fits = _ONE_Z.fullmatch(text) and ups_check_digit(text[2:17]) == int(text[17])
        return Likeness.CERTAIN if fits else Likeness.NO
    return Likeness.AMBIGUOUS if _OTHER_UPS.fullmatch(text) else Likeness.NO


def is_s10(number: str) -> bool:
    """A postal item number with its check digit (UPU S10): RR473124829GB."""
    text = plain(number)
    if not text.isascii() or not _S10.fullmatch(text):
        return False
    digits = [int(character) for character in text[2:11]]
    pairs = zip(_S10_WEIGHTS, digits[:8], strict=True)
    check = 11 - sum(weight * digit for weight, digit in pairs) % 11
    return digits[8] == {10: 0, 11: 5}.get(check, check)
