"""A few values out of a JSON answer, without building the others.

A collector wants one cursor of a page before it asks for the next, and a reading process reads the
page whole later. SQLite's JSON finds a value in a tenth of the time that building all takes.
Whatever could be read in two ways is left to `page_of`: so is what SQLite will not have.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Sequence
from typing import Any

from evidence.items import Content
from evidence.pages import AS_WRITTEN

# SQLite takes some 30 bytes of memory a byte of JSON at worst; `page_of` has its own bounds.
MOST_BYTES = 1 << 20
MOST_PLACES = 8
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .-]{0,63}")

Place = Sequence[str | int]

_here = threading.local()


def glanced(content: Content, places: Sequence[Place]) -> list[list[Any]] | None:
    """The value at each place, numbers as `page_of` has them; [] where there is none.

    None if it takes the whole page to say: it is large or not UTF-8, a name is written with escapes
    or stands there more than once, or it is no JSON.
    """
    if content.size > MOST_BYTES or not 1 <= len(places) <= MOST_PLACES:
        return None
    data = content.read(MOST_BYTES)
    names = {step for place in places for step in place if isinstance(step, str)}
    if b"\0" in data or any(_is_twice(f'"{name}"'.encode(), data) for name in names):
        return None
    paths = [_path(place) for place in places]
    if None in paths:
        return None
    columns = ", ".join(["?1 -> ?"] * len(paths))
    try:
        asked = (data.decode(), *paths)
        (said,) = _connection().execute(f"SELECT {columns}", asked)
        if None in said and b"\\" in data:
            return None
        return [[] if text is None else [json.loads(text, **AS_WRITTEN)] for text in said]
    except (sqlite3.Error, ValueError, RecursionError):
        return None


def _is_twice(name: bytes, data: bytes) -> bool:
    """From the end: Python looks for a few bytes four times as fast that way."""
    last = data.rfind(name)
    return last >= 0 and data.rfind(name, 0, last) >= 0


def _path(place: Place) -> str | None:
    """As SQLite writes it; None for a name that it may take for something else."""
    steps = ["$"]
    for step in place:
        if isinstance(step, int):
            steps.append(f"[{step}]")
        elif _PLAIN_NAME.fullmatch(step):
            steps.append(f'."{step}"')
        else:
            return None
    return "".join(steps)


def _connection() -> sqlite3.Connection:
    """One of this thread's own, to no file."""
    made: sqlite3.Connection | None = getattr(_here, "connection", None)
    if made is None:
        made = _here.connection = sqlite3.connect(":memory:", isolation_level=None)
    return made
