"""The wording of a page, picked from words.toml, or strange.toml for pages of other families."""

from __future__ import annotations

import functools
import random
import tomllib
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent
# Languages of which every page is strange.
ELSEWHERE = frozenset({"nl", "pl", "sv"})


@dataclass(frozen=True)
class Words:
    """What a page says, by the name of its place."""

    language: str
    chosen: dict[str, str]

    def __getitem__(self, key: str) -> str:
        return self.chosen[key]


def words_for(language: str, dice: random.Random, *, holdout: bool, strange: bool = False) -> Words:
    """A wording of each place; hold-out sets prefer those that development never sees.

    strange  as other people word it, where they are known to
    """
    offers = dict(_all("words").get(language, {}))
    if strange or language in ELSEWHERE:
        offers |= _all("strange").get(language, {})
    chosen = {}
    for key, offered in offers.items():
        seen = [one for one in offered if not one.startswith("!")]
        unseen = [one[1:] for one in offered if one.startswith("!")]
        chosen[key] = dice.choice(seen + 2 * unseen if holdout else seen)
    return Words(language, chosen)


@functools.cache
def _all(name: str) -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
