"""Tracking numbers that could exist: shapes and check digits as the carriers publish them."""

from __future__ import annotations

import random
import string
from collections.abc import Sequence

_ALNUM = string.digits + string.ascii_uppercase


def digits(dice: random.Random, count: int) -> str:
    return "".join(dice.choices(string.digits, k=count))


def _weighted(text: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weights[place % len(weights)] for place, digit in enumerate(text))


def mod10(body: str) -> str:
    """GS1: from the right, digits count three times and once in turn."""
    return str(-_weighted(body[::-1], (3, 1)) % 10)


def _ups(dice: random.Random) -> str:
    body = "".join(dice.choices(_ALNUM, k=6)) + dice.choice(("01", "02", "03", "66", "90", "YW"))
    body += digits(dice, 7)
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in body]
    total = sum(value * (2 if place % 2 else 1) for place, value in enumerate(values))
    return f"1Z{body}{-total % 10}"


def _fedex(dice: random.Random) -> str:
    body = dice.choice("23457") + digits(dice, 10)
    return body + str(_weighted(body, (3, 1, 7)) % 11 % 10)


def _fedex_ground(dice: random.Random) -> str:
    body = dice.choice("012345678") + digits(dice, 13)
    return body + mod10(body)


def _usps(dice: random.Random) -> str:
    body = dice.choice(("94001", "92055", "94055", "93001")) + digits(dice, 16)
    return body + mod10(body)


def s10(prefix: str, country: str, dice: random.Random) -> str:
    """UPU S10: thirteen characters, weights 8 6 4 2 3 5 9 7 modulo 11."""
    body = digits(dice, 8)
    check = {10: 0, 11: 5}.get(rest := 11 - _weighted(body, (8, 6, 4, 2, 3, 5, 9, 7)) % 11, rest)
    return f"{prefix}{body}{check}{country}"


def _mod7(length: int, dice: random.Random) -> str:
    body = dice.choice("123456789") + digits(dice, length - 2)
    return body + str(int(body) % 7)


def _dhl_parcel(dice: random.Random) -> str:
    body = "00340434" + digits(dice, 11)
    return body + mod10(body)


def _canada_post(dice: random.Random) -> str:
    body = dice.choice("12347") + digits(dice, 14)
    return body + mod10(body)


def _evri(dice: random.Random) -> str:
    return dice.choice(("T00", "H00")) + dice.choice("ABC") + digits(dice, 12)


def made(rule: str, dice: random.Random) -> str:
    """A number by the name of its rule; "s10:LX:CN" and "text:YT:16:" carry their parts."""
    match rule.split(":"):
        case ["ups"]:
            return _ups(dice)
        case ["fedex"]:
            return _fedex(dice)
        case ["fedex-ground"]:
            return _fedex_ground(dice)
        case ["usps"]:
            return _usps(dice)
        case ["dhl-parcel"]:
            return _dhl_parcel(dice)
        case ["canada-post"]:
            return _canada_post(dice)
        case ["evri"]:
            return _evri(dice)
        case ["mod7", length]:
            return _mod7(int(length), dice)
        case ["s10", prefix, country]:
            return s10(prefix, country, dice)
        case ["text", before, count, after]:
            return before + digits(dice, int(count)) + after
        case _:
            raise ValueError(f"no number is made by {rule!r}")


def broken(number: str, dice: random.Random) -> str:
    """The number with one digit changed, so that its check digit cannot hold any more.

    Any single change of a digit breaks GS1 and S10; where a rule is weaker (modulo 11, then 10),
    the caller chose a carrier whose rule is not.
    """
    places = [place for place, char in enumerate(number) if char.isdigit()][2:-1]
    place = dice.choice(places)
    other = dice.choice([digit for digit in string.digits if digit != number[place]])
    return number[:place] + other + number[place + 1 :]


def spaced(number: str, dice: random.Random) -> str:
    """The number as it is sometimes printed: in groups of four, or as it is."""
    if number[:1].isdigit() and len(number) >= 12 and dice.random() < 0.35:
        return " ".join(number[place : place + 4] for place in range(0, len(number), 4))
    if number.startswith("1Z") and dice.random() < 0.25:
        parts = (number[:2], number[2:5], number[5:8], number[8:10], number[10:14], number[14:])
        return " ".join(parts)
    return number


def order_number(platform: str, dice: random.Random) -> str:
    """An order number in the platform's shape."""
    match platform:
        case "amazon":
            first = dice.choice(("111", "112", "113", "114", "203", "026", "302", "404", "171"))
            return f"{first}-{digits(dice, 7)}-{digits(dice, 7)}"
        case "ebay":
            return f"{dice.randint(1, 27):02}-{digits(dice, 5)}-{digits(dice, 5)}"
        case "tiktok":
            return dice.choice(("5764", "5765", "5771")) + digits(dice, 14)
        case "shopify":
            return f"#{dice.choice(('', '', 'SO', 'EU'))}{dice.randint(1001, 98999)}"
        case _:
            raise ValueError(f"no platform is called {platform!r}")
