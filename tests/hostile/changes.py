"""Files that were damaged or put together: the same ones for a seed, on every machine."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from tests.hostile.samples import samples

Change = Callable[[bytearray, random.Random], bytes]


def _cut(data: bytearray, dice: random.Random) -> bytes:
    return bytes(data[: dice.randrange(len(data))])


def _flip(data: bytearray, dice: random.Random) -> bytes:
    for _ in range(dice.choice((1, 2, 8, 40))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return bytes(data)


def _number(data: bytearray, dice: random.Random) -> bytes:
    """A length, count or offset that is as large, or as negative, as it can be."""
    place = dice.randrange(len(data))
    data[place : place + 4] = dice.choice(
        (b"\xff" * 4, b"\x7f\xff\xff\xff", bytes(4), b"\0\0\0\x80")
    )
    return bytes(data)


def _digits(data: bytearray, dice: random.Random) -> bytes:
    """The same for a number that is written out."""
    places = [at for at, byte in enumerate(data) if 48 <= byte <= 57]
    if not places:
        return _number(data, dice)
    place = dice.choice(places)
    data[place : place + 1] = dice.choice((b"99999999999", b"-1", b"0", b"1e99", b"4294967296"))
    return bytes(data)


def _left_out(data: bytearray, dice: random.Random) -> bytes:
    start = dice.randrange(len(data))
    del data[start : start + dice.choice((1, 4, 64, 512))]
    return bytes(data)


def _again(data: bytearray, dice: random.Random) -> bytes:
    start = dice.randrange(len(data))
    piece = bytes(data[start : start + dice.choice((4, 64, 1024))])
    return bytes(data[:start]) + piece * dice.choice((2, 50)) + bytes(data[start:])


def _swapped(data: bytearray, dice: random.Random) -> bytes:
    at, other = dice.randrange(len(data)), dice.randrange(len(data))
    size = dice.choice((1, 8, 128))
    data[at : at + size], data[other : other + size] = (
        data[other : other + size],
        data[at : at + size],
    )
    return bytes(data)


def _two_faces(data: bytearray, dice: random.Random) -> bytes:
    other = dice.choice(list(samples().values()))
    at = dice.choice((len(data), min(len(data), 600), dice.randrange(len(data))))
    return bytes(data[:at]) + other + bytes(data[at:])


_CHANGES: tuple[Change, ...] = (
    _cut, _flip, _flip, _number, _digits, _left_out, _again, _swapped, _two_faces,
)  # fmt: skip


def changed(count: int, *, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` files, each type in turn, with one to three changes; a name tells which."""
    dice = random.Random(seed)
    kinds = list(samples().items())
    for number in range(count):
        kind, data = kinds[number % len(kinds)]
        names = []
        for _ in range(dice.choice((1, 1, 2, 3))):
            change = dice.choice(_CHANGES)
            names.append(change.__name__.strip("_"))
            data = change(bytearray(data), dice) or b"\0"
        yield f"{number}: {kind}, {', '.join(names)}", data
