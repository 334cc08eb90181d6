"""The wording of a page, picked from words.toml."""

from __future__ import annotations

import functools
import random
import tomllib
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("words.toml")


@dataclass(frozen=True)
class Words:
    """What a page says, by the name of its place."""

    language: str
    chosen: dict[str, str]

    def __getitem__(self, key: str) -> str:
        return self.chosen[key]


def words_for(language: str, dice: random.Random, *, holdout: bool) -> Words:
    """A wording of each place; hold-out sets prefer those that development never sees."""
    chosen = {}
    for key, offered in _all()[language].items():
        seen = [one for one in offered if not one.startswith("!")]
        unseen = [one[1:] for one in offered if one.startswith("!")]
        chosen[key] = dice.choice(seen + 2 * unseen if holdout else seen)
    return Words(language, chosen)


@functools.cache
def _all() -> dict[str, dict[str, list[str]]]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))
