"""A secret that cannot be printed by accident."""

from __future__ import annotations

from typing import Self

from evidence.errors import ConfigError


class Secret:
    """A value known by its name; `repr` and `str` are the name.

    Only session.py and auth.py reveal it. It neither pickles nor compares by value, so that it
    reaches neither a queue nor a test's failure message.

    problem   what is wrong, if it is configured and is not there
    """

    __slots__ = ("_value", "name", "problem")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value
        self.problem: ConfigError | None = None

    @classmethod
    def absent(cls, name: str, *, what: str, why: str) -> Self:
        """One that is configured and not there: to reveal it raises ConfigError, saying so."""
        secret = cls(name, "")
        secret.problem = ConfigError(what=what, why=why)
        return secret

    def reveal(self) -> str:
        """ConfigError if it is not there."""
        if self.problem is not None:
            raise ConfigError(what=self.problem.what, why=self.problem.why)
        return self._value

    def __repr__(self) -> str:
        return f"[secret:{self.name}]"

    __str__ = __repr__

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError(f"the secret {self.name} does not leave this process")
