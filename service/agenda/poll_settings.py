"""Lists that are asked for again and again where a platform pushes nothing: `[polls.NAME]`.

`order`, `kind`, `case`, `noticed`, `due`, `id` and `text` are JSONPaths into an entry where they
begin with `$`, and else are meant as they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonpath

from evidence.errors import ConfigError
from evidence.orders import Platform

LEAST_S, USUAL_S = 60, 900
WHATS = ("defect", "delivered", "message")
_PATHS = frozenset({"order", "kind", "case", "noticed", "due", "id", "text"})
_TEXTS = frozenset({"source", "path", "items", "what", "platform", "site", "store", "tenant"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """One list. `source` is asked as it is configured: its credentials, its pace, its bounds."""

    name: str
    source: str
    path: str
    items: str
    what: str
    every_s: int = USUAL_S
    params: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    platform: str = "other"
    site: str = "US"
    store: str = "default"
    tenant: str = ""


def read_polls(tables: Any, *, sources: frozenset[str], path: Path) -> tuple[PollSettings, ...]:
    """ConfigError naming the field that is wrong."""

    def wrong(why: str) -> ConfigError:
        return ConfigError(what=f"the configuration {path}", why=why)

    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise wrong("polls is not a table of tables: write [polls.NAME]")
    found = []
    for name, table in tables.items():
        where = f"polls.{name}"
        if unknown := sorted(set(table) - _PATHS - _TEXTS - {"every_s", "params"}):
            raise wrong(f"{where}: nobody reads {', '.join(unknown)}")
        said = {key: table[key] for key in table if key in _PATHS | _TEXTS}
        if not all(isinstance(value, str) and value for value in said.values()):
            raise wrong(f"{where}: {', '.join(sorted(said))} are text")
        for needed in ("source", "path", "items", "what", "order"):
            if needed not in said:
                raise wrong(f"{where}.{needed} is missing")
        if said["source"] not in sources:
            raise wrong(f"{where}.source is no [sources.NAME]")
        if said["what"] not in WHATS:
            raise wrong(f"{where}.what is none of {', '.join(WHATS)}")
        if said.get("platform", "other") not in set(Platform):
            raise wrong(f"{where}.platform is none of {', '.join(Platform)}")
        every_s, params = table.get("every_s", USUAL_S), table.get("params", {})
        if isinstance(every_s, bool) or not isinstance(every_s, int) or every_s < LEAST_S:
            raise wrong(f"{where}.every_s is not a whole number from {LEAST_S}")
        if not isinstance(params, dict) or not all(isinstance(v, str) for v in params.values()):
            raise wrong(f"{where}.params is not a table of texts")
        paths = {key: said.pop(key) for key in list(said) if key in _PATHS}
        for key, value in {"items": said["items"], **paths}.items():
            if key == "items" or value.startswith("$"):
                try:
                    jsonpath.compile(value)
                except jsonpath.JSONPathError as error:
                    raise wrong(f"{where}.{key} is no JSONPath") from error
        found.append(PollSettings(name=name, every_s=every_s, params=params, fields=paths, **said))
    return tuple(found)
