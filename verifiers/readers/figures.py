"""Figures that recognitions of pictures take for each other."""

from __future__ import annotations

_PAIRS = "17 27 38 56 68 08 06 58 49 89 35 14 09 59 39 69 90"
ALIKE = frozenset(frozenset(pair) for pair in _PAIRS.split())


def slips_of(figures: str) -> list[str]:
    """Each reading that differs in one figure that may have been taken for another."""
    return [
        figures[:place] + other + figures[place + 1 :]
        for place, figure in enumerate(figures)
        for other in "0123456789"
        if frozenset((figure, other)) in ALIKE
    ]
