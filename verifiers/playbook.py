"""The playbooks that come with the program, and which one a platform's cases follow."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from evidence.errors import FormatError
from evidence.playbook import Playbook, parse_playbook

HOUSE = "house"


@lru_cache(maxsize=1)
def playbooks() -> dict[str, Playbook]:
    """Each by its id: a platform's name, or `house`."""
    found = {}
    for file in (files("verifiers") / "playbooks").iterdir():
        if file.name.endswith(".toml"):
            book = parse_playbook(file.read_bytes(), name=file.name)
            if f"{book.id}.toml" != file.name:
                raise FormatError(what=file.name, why=f"it holds the playbook {book.id}")
            found[book.id] = book
    return found


def playbook_for(platform: str) -> Playbook:
    """The platform's playbook above the house's, or the house's alone."""
    known = playbooks()
    house = known[HOUSE]
    own = known.get(platform)
    return house if own is None or own is house else own.above(house)
