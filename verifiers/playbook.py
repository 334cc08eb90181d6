"""The playbooks that come with the program, those of an operator, and which one a platform's cases
follow."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from evidence.playbook import Playbook, parse_playbook
from verifiers.folder import read_folder

HOUSE = "house"


def read_playbooks(folder: Traversable | Path) -> dict[str, Playbook]:
    """A folder's playbooks by their ids. FormatError names the file and the field that is wrong."""
    return read_folder(folder, lambda raw, name: parse_playbook(raw, name=name), called="playbook")


@lru_cache(maxsize=1)
def _read() -> dict[str, Playbook]:
    return read_playbooks(files("verifiers") / "playbooks")


def playbooks(own: Path | None = None) -> dict[str, Playbook]:
    """Each by its id: a platform's name, or `house`. Those of `own` replace ours."""
    return _read() | (read_playbooks(own) if own else {})


def playbook_for(platform: str, among: Mapping[str, Playbook] | None = None) -> Playbook:
    """The platform's playbook above the house's, or the house's alone."""
    known = playbooks() if among is None else among
    house = known[HOUSE]
    own = known.get(platform)
    return house if own is None or own is house else own.above(house)
