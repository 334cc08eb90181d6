"""From TOML's tables to the scenario's dataclasses, by their types.

A tuple of dataclasses `events` is written as tables `[[parcel.event]]`; a time needs its
offset. What nobody reads is refused.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from evidence.errors import RequestError

T = TypeVar("T")


def built(kind: type[T], table: Mapping[str, Any], where: str) -> T:
    """A `kind` of what the table says. RequestError naming the table and what is wrong with it."""
    hints = get_type_hints(kind)
    named = {_written(one.name, hints[one.name]): one.name for one in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(table) - set(named)):
        raise refused(where or "it", f"nobody reads {', '.join(unknown)[:200]}")
    said = {
        named[key]: _value(hints[named[key]], value, f"{where}.{key}".lstrip("."))
        for key, value in table.items()
    }
    try:
        return kind(**said)
    except TypeError as problem:
        raise refused(where or "it", str(problem)) from problem


def table_of(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise refused(where, "it is not a table")
    return value


def tables_of(value: Any, where: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list):
        raise refused(where, f"it is not written [[{where}]]")
    return [table_of(one, where) for one in value]


def refused(what: str, why: str) -> RequestError:
    return RequestError(what=f"the sandbox's scenario ({what})", why=why)


def _written(name: str, hint: Any) -> str:
    """The key in TOML: one table a row, so in the singular."""
    return name.removesuffix("s") if _rows_of(hint) is not None else name


def _rows_of(hint: Any) -> type[Any] | None:
    if get_origin(hint) is tuple and is_dataclass(row := get_args(hint)[0]):
        assert isinstance(row, type)  # is_dataclass takes instances too  # noqa: S101
        return row
    return None


def _value(hint: Any, value: Any, where: str) -> Any:
    if (row := _rows_of(hint)) is not None:
        return tuple(built(row, one, where) for one in tables_of(value, where))
    kinds = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if datetime in kinds:
        return _moment(value, where)
    for kind in kinds:
        if is_dataclass(kind) and isinstance(kind, type):
            return built(kind, table_of(value, where), where)
        if get_origin(kind) is tuple:
            return (value,) if isinstance(value, str) else tuple(map(str, value))
    plain = tuple(kind for kind in kinds if isinstance(kind, type))
    if not isinstance(value, plain) or (isinstance(value, bool) and bool not in plain):
        raise refused(where, f"it is not {' or '.join(kind.__name__ for kind in plain)}")
    return value


def _moment(value: Any, where: str) -> datetime:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise refused(where, "it is not a time with an offset")
    return moment
