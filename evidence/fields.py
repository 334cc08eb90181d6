"""A JSON object from outside, taken apart strictly.

It must have exactly the fields it is asked for, each of its type: a field that nobody reads could
say anything under our signature, and `true` is not the number 1. Every refusal is a FormatError
that names the thing and the field and never repeats a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from evidence.canonical import writable
from evidence.errors import FormatError

_Choice = TypeVar("_Choice", bound=StrEnum)
_Read = TypeVar("_Read")

# The integers that every JSON parser agrees on (RFC 7493, 2.2).
_SAFE_INTEGER = 2**53 - 1
_HEX = re.compile(r"[0-9a-f]*")


class Fields:
    """The fields of `value`, which has `names` and no others; `what` names it in errors."""

    def __init__(self, value: object, names: Iterable[str], *, what: str) -> None:
        if type(value) is not dict and not isinstance(value, Mapping):
            raise FormatError(what=what, why="it is not an object")
        self._value: Mapping[str, Any] = value
        self._what = what
        wanted = names if isinstance(names, frozenset) else set(names)
        if len(value) == len(wanted) and wanted.issuperset(value):
            return
        if lacking := sorted(wanted - value.keys()):
            raise FormatError(what=what, why=f"it lacks {', '.join(lacking)}")
        if unknown := value.keys() - wanted:
            shown = ", ".join(sorted(repr(str(name)[:40]) for name in unknown)[:3])
            raise FormatError(what=what, why=f"it has fields nobody reads: {shown}")

    def __contains__(self, name: str) -> bool:
        return name in self._value

    def any(self, name: str) -> Any:
        return self._value[name]

    def text(self, name: str) -> str:
        return self._text(self._value[name], name)

    def text_or_none(self, name: str) -> str | None:
        return None if self._value[name] is None else self.text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self._text(each, f"{name} entry") for each in self.list(name))

    def table(self, name: str) -> dict[str, str]:
        """An object whose keys are free and whose values are text."""
        value = self._value[name]
        if not isinstance(value, Mapping):
            raise self.wrong(name, "an object")
        return {self._text(k, name): self._text(v, f"{name} entry") for k, v in value.items()}

    def list(self, name: str) -> list[Any]:
        value = self._value[name]
        if not isinstance(value, list):
            raise self.wrong(name, "a list")
        return value

    def number(self, name: str, *, most: int = _SAFE_INTEGER) -> int:
        """A whole number from 0 to `most`."""
        value = self._value[name]
        if type(value) is not int:  # True is an int to isinstance
            raise self.wrong(name, "a whole number")
        if not 0 <= value <= most:
            raise self.wrong(name, f"between 0 and {most}")
        return value

    def numbers(self, name: str) -> tuple[int, ...]:
        """A list of whole numbers."""
        return tuple(
            Fields({name: each}, (name,), what=self._what).number(name) for each in self.list(name)
        )

    def flag(self, name: str) -> bool:
        value = self._value[name]
        if not isinstance(value, bool):
            raise self.wrong(name, "true or false")
        return value

    def choice(self, name: str, kind: type[_Choice]) -> _Choice:
        try:
            return kind(self.text(name))
        except ValueError:
            raise self.wrong(name, f"one of {', '.join(kind)}") from None

    def hex(self, name: str, *, size: int = 32) -> str:
        """`size` bytes in lower-case hex, digits only: `bytes.fromhex` would skip spaces."""
        value = self.text(name)
        if len(value) != 2 * size or not _HEX.fullmatch(value):
            raise self.wrong(name, f"{size} bytes in lower-case hex")
        return value

    def parsed(self, name: str, parse: Callable[[str], _Read], *, expected: str) -> _Read:
        """The text as `parse` reads it; its FormatError becomes one that names this field."""
        try:
            return parse(self.text(name))
        except FormatError as problem:
            raise self.wrong(name, expected) from problem

    def wrong(self, name: str, expected: str) -> FormatError:
        return FormatError(what=self._what, why=f"its {name} is not {expected}")

    def _text(self, value: object, name: str) -> str:
        if type(value) is str and value.isascii():
            return value
        if not isinstance(value, str) or writable(value) != value:
            raise self.wrong(name, "text")
        return value
