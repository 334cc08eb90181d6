"""A secret that cannot be printed by accident."""

from __future__ import annotations


class Secret:
    """A value known by its name; `repr` and `str` are the name.

    Only session.py and auth.py reveal it. It neither pickles nor compares by value, so that it
    reaches neither a queue nor a test's failure message.
    """

    __slots__ = ("_value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"[secret:{self.name}]"

    __str__ = __repr__

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(f"the secret {self.name} does not leave this process")
