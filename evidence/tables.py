"""A table of a rule file (TOML), read field by field; an error names the rule and the field."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from evidence.errors import FormatError
from evidence.vocabulary import Name, name_of

# Far above any rule file; the parser's time grows faster than its input.
MAX_BYTES = 256 << 10

_Choice = TypeVar("_Choice", bound=StrEnum)


def read_table(raw: bytes, *, name: str) -> Table:
    """The whole file as a table; FormatError if it is too large or no TOML in UTF-8."""
    if len(raw) > MAX_BYTES:
        raise FormatError(what=name, why=f"it has more than {MAX_BYTES} bytes")
    try:
        return Table(tomllib.loads(raw.decode("utf-8")), name)
    except RecursionError:
        raise FormatError(what=name, why="it is nested too deeply") from None
    except ValueError as problem:  # not UTF-8, not TOML, an endless number
        why = f"it is not TOML in UTF-8: {str(problem)[:200]}"
        raise FormatError(what=name, why=why) from problem


class Table:
    """A table of the file; `name` says which, for errors."""

    def __init__(self, table: Mapping[str, Any], name: str) -> None:
        self._table = table
        self._name = name

    def __contains__(self, field: str) -> bool:
        return field in self._table

    def any(self, field: str, default: Any = None) -> Any:
        return self._table.get(field, default)

    def has(self, needed: Iterable[str], *, optional: Iterable[str]) -> None:
        """Refuse the table unless it has what is needed, and nothing that nobody reads."""
        if lacking := sorted(set(needed) - set(self._table)):
            raise self.error(f"it lacks {', '.join(lacking)}")
        if unknown := sorted(set(self._table) - set(needed) - set(optional)):
            shown = ", ".join(each[:40] for each in unknown[:3])
            raise self.error(f"it has fields nobody reads: {shown}")

    def text(self, field: str, default: str | None = None) -> str:
        value = self._table.get(field, default)
        if not isinstance(value, str):
            raise self.wrong(field, "text in quotes")
        return value

    def texts(self, field: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._table.get(field, default)
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise self.wrong(field, "a list of texts")
        return tuple(value)

    def amount(self, field: str, default: int | None = None, *, least: int = 1) -> int:
        value = self._table.get(field, default)
        if type(value) is not int or not least <= value <= 100_000:
            raise self.wrong(field, f"a whole number from {least} to 100000, without quotes")
        return value

    def flag(self, field: str, *, default: bool = False) -> bool:
        value = self._table.get(field, default)
        if not isinstance(value, bool):
            raise self.wrong(field, "true or false, without quotes")
        return value

    def day(self, field: str) -> date | None:
        value = self._table.get(field)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        raise self.wrong(field, "a TOML date, without quotes and without a time")

    def moment(self, field: str) -> datetime | None:
        """A time with a zone; None if it is not there."""
        value = self._table.get(field)
        if value is None or (isinstance(value, datetime) and value.tzinfo is not None):
            return value
        raise self.wrong(field, "a TOML time with its zone, such as 2026-11-20T12:00:00Z")

    def choice(self, field: str, kind: type[_Choice], default: str | None = None) -> _Choice:
        return self.chosen(field, self.text(field, default), kind)

    def chosen(self, field: str, value: str, kind: type[_Choice]) -> _Choice:
        try:
            return kind(value)
        except ValueError:
            expected = f"one of {', '.join(kind)}: {value[:40]!r} is not"
            raise self.wrong(field, expected) from None

    def named(self, field: str, fact_name: str) -> Name:
        try:
            return name_of(fact_name)
        except FormatError as problem:
            expected = f"a fact name of evidence/vocabulary.py: {fact_name[:40]!r} is not"
            raise self.wrong(field, expected) from problem

    def table(self, field: str) -> Table | None:
        """The table called `field`, or None."""
        value = self._table.get(field)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(field, "a table")
        return Table(value, f"{self._name}, {field}")

    def tables(self, field: str) -> Iterator[Table]:
        """The tables under [[field]]."""
        tables = self._table.get(field, [])
        if not isinstance(tables, list):
            raise self.wrong(field, f"written as [[{field}]]")
        for number, table in enumerate(tables, start=1):
            if not isinstance(table, dict):
                raise self.wrong(field, f"written as [[{field}]]")
            # By its own name where it has one, else by its place in the file.
            called = table.get("id", table.get("key", table.get("name")))
            shown = repr(called[:40]) if isinstance(called, str) else str(number)
            yield Table(table, f"{self._name}, {field} {shown}")

    def rules(self, field: str, kind: type[Any]) -> Iterator[Table]:
        """The tables under [[field]], each with the fields of the dataclass `kind`."""
        needed = {f.name for f in fields(kind) if f.default is MISSING}
        for rule in self.tables(field):
            rule.has(needed, optional={f.name for f in fields(kind)})
            yield rule

    def wrong(self, field: str, expected: str) -> FormatError:
        return self.error(f"{field} is not {expected}")

    def error(self, why: str) -> FormatError:
        return FormatError(what=self._name, why=why)
