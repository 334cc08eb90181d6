"""Saying things: answers on stdout, everything else on stderr.

What came from outside is escaped: a file name must not move somebody's cursor.
"""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO


def say_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def say(line: str = "") -> None:
    print(plain(line))


def note(line: str) -> None:
    """What is going on, for whoever watches."""
    print(plain(line), file=sys.stderr, flush=True)


def plain(text: str) -> str:
    """The text with control characters and text-direction tricks written out."""
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)


def watched(stream: TextIO) -> bool:
    """Whether a person looks at it as it happens."""
    return stream.isatty()


def size_of(size: int) -> str:
    """A number of bytes, for people."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
