"""Folders of rules as data: one TOML file each, named after the id that it holds."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Protocol, TypeVar

from evidence.errors import FormatError


class Book(Protocol):
    @property
    def id(self) -> str: ...


_Book = TypeVar("_Book", bound=Book)


def read_folder(
    folder: Traversable | Path, read: Callable[[bytes, str], _Book], *, called: str
) -> dict[str, _Book]:
    """Every book of a folder, by its id.

    read    a book from a file's bytes and name
    called  what such a book is, for errors

    FormatError names the file and what is wrong in it.
    """
    found: dict[str, _Book] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        book = read(file.read_bytes(), file.name)
        if f"{book.id}.toml" != file.name:
            raise FormatError(what=file.name, why=f"it holds the {called} {book.id}")
        found[book.id] = book
    return found
