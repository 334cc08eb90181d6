"""Why there is no bundle: every reason at once, so that one round mends them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from evidence.errors import RequestError

# Reasons that a sentence can hold; the others are counted.
MOST_SAID = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One reason: what, which limit, what to do. `order` is its place in what was asked for."""

    order: int | None
    says: str


@dataclass(kw_only=True, eq=False)
class NotTakenError(RequestError):
    """The platform would not take it. `whys` has every reason."""

    says = "{what} was not made: {why}."
    remedy = "Mend that, then ask again."

    why: str = field(init=False)
    what: str = "The bundle"
    whys: Sequence[Why]

    def __post_init__(self) -> None:
        said = [each.says.rstrip(".") for each in self.whys[:MOST_SAID]]
        more = len(self.whys) - len(said)
        self.why = "; ".join(said) + (f"; and {more} reasons more" if more else "")
