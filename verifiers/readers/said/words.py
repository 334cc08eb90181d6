"""The words of labels.toml and marks.toml, compiled once a process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any

# A label begins a word; but recognised text loses the space behind a number: "555-8216As of".
_FRONT = r"(?:(?<![a-z0-9])|(?<=\d)(?=[^\x00-\x7f])|(?<=\d{3})(?=[a-z]))"


@cache
def table(name: str) -> Mapping[str, Any]:
    """A table of words that lies beside this file."""
    return loads((files("verifiers.readers.said") / name).read_text("utf-8"))


@cache
def moment_words() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """What a moment is of, and the words that say so, in the order of precedence."""
    return tuple(
        (
            entry.get("is", told),
            re.compile(rf"{_FRONT}(?:{_loose(entry['words'])})(?![a-z])", re.VERBOSE),
        )
        for told, entry in table("labels.toml")["moment"].items()
    )


@cache
def field_words(name: str) -> re.Pattern[str]:
    """The words in front of a value, such as an order number."""
    return re.compile(_loose(table("labels.toml")["field"][name]["words"]), re.VERBOSE)


def _loose(words: str) -> str:
    """Recognised text loses spaces now and then, so that none is asked for: "DeliveredOn"."""
    return re.sub(r"\\s(?![?*+{])", r"\\s?", words)
