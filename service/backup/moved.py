"""The sign that evidence has moved: whoever opens it to write is told where to look.

It lies in the old data folder and names the ledger that it is about, because the new settings may
go on using the same folder for what is on its way.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from evidence.canonical import canonical, digest
from evidence.errors import ConfigError
from storage.files import replace

if TYPE_CHECKING:
    from service.settings import Settings

_NAME = "moved.json"


def mark(settings: Settings, *, to: Path, done: bool) -> None:
    """From now on nobody writes here: a copy is under way, or done."""
    said = {"ledger": _of(settings), "to": str(to), "done": done}
    replace(settings.data / _NAME, canonical(said))


def check_not_moved(settings: Settings) -> None:
    """ConfigError if these settings' evidence has moved, or is moving."""
    try:
        said = json.loads((settings.data / _NAME).read_bytes())
    except FileNotFoundError:
        return
    except (OSError, ValueError) as problem:
        raise ConfigError(what=str(settings.data / _NAME), why="it cannot be read") from problem
    if said.get("ledger") != _of(settings):
        return
    why = (
        f"its evidence was moved; use {said['to']}"
        if said["done"]
        else f"its evidence is being moved; run `orderproof migrate --to {said['to']}` again"
    )
    raise ConfigError(what=str(settings.data), why=f"{why}, or remove {_NAME} to stay here")


def is_moved(settings: Settings) -> bool:
    """Whether all of it was moved once."""
    try:
        said = json.loads((settings.data / _NAME).read_bytes())
    except (OSError, ValueError):
        return False
    return bool(said.get("done")) and said.get("ledger") == _of(settings)


def _of(settings: Settings) -> str:
    return digest(settings.database_url.encode())
