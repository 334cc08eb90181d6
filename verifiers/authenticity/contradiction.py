"""The shape of a contradiction: what an item says that cannot be."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.facts import Fact


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that cannot be, with the facts that say it.

    kind    "weekday", "day", "check-digit", "barcode", "order", "twice", "made-before", "stamp",
            "sum"
    weight  0 to 1: how much it speaks for an edit; less where a picture may have been misread
    """

    kind: str
    said: str
    facts: tuple[Fact, ...]
    weight: float
