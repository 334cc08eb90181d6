"""Lists that are asked for again and again where a platform pushes nothing: `[polls.NAME]`.

`order`, `kind`, `case`, `noticed`, `due`, `id` and `text` are JSONPaths into an entry where they
begin with `$`, and else are meant as they stand. `next` is a JSONPath into the whole answer, to
what leads to the next page: a link to the same host, or, with `next_param`, the value of that
parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.errors import ConfigError
from evidence.orders import Platform

LEAST_S, USUAL_S = 60, 900
USUAL_PAGES, MOST_PAGES = 5, 50
WHATS = ("defect", "delivered", "message")
_PATHS = frozenset({"order", "kind", "case", "noticed", "due", "id", "text"})
_TEXTS = frozenset(
    {"source", "path", "items", "what", "platform", "site", "store", "tenant", "next", "next_param"}
)
_OTHERS = frozenset({"every_s", "pages", "params"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    """One list. `source` is asked as it is configured: its credentials, its pace, its bounds."""

    name: str
    source: str
    path: str
    items: str
    what: str
    every_s: int = USUAL_S
    next: str = ""
    next_param: str = ""
    pages: int = USUAL_PAGES
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
        if unknown := sorted(set(table) - _PATHS - _TEXTS - _OTHERS):
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
        every_s, pages = table.get("every_s", USUAL_S), table.get("pages", USUAL_PAGES)
        params = table.get("params", {})
        if type(every_s) is not int or every_s < LEAST_S:
            raise wrong(f"{where}.every_s is not a whole number from {LEAST_S}")
        if type(pages) is not int or not 1 <= pages <= MOST_PAGES:
            raise wrong(f"{where}.pages is not a whole number from 1 to {MOST_PAGES}")
        if "next" in said and not said["next"].startswith("$"):
            raise wrong(f"{where}.next is no JSONPath: it begins with $")
        if "next_param" in said and "next" not in said:
            raise wrong(f"{where}.next is missing: next_param takes its value")
        if not isinstance(params, dict) or not all(isinstance(v, str) for v in params.values()):
            raise wrong(f"{where}.params is not a table of texts")
        paths = {key: said.pop(key) for key in list(said) if key in _PATHS}
        whole = {key: said[key] for key in ("items", "next") if key in said}
        for key, value in {**whole, **paths}.items():
            if key in whole or value.startswith("$"):
                import jsonpath  # most have no polls, and each command reads the settings

                try:
                    jsonpath.compile(value)
                except jsonpath.JSONPathError as error:
                    raise wrong(f"{where}.{key} is no JSONPath") from error
        found.append(
            PollSettings(
                name=name, every_s=every_s, pages=pages, params=params, fields=paths, **said
            )
        )
    return tuple(found)
