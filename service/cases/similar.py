"""How much of a draft stands in an earlier one: runs of words, with what names an order masked.

Platforms compare appeals with each other; a text in which only numbers and days changed is a
template to them. Source: scenarios S1-09, S4-10.
"""

from __future__ import annotations

import re

_RUN = 5
_MASKED = re.compile(
    r"\b\d{3}-\d{7}-\d{7}\b|\b\d{2}-\d{5}-\d{5}\b|\bB0[0-9A-Z]{8}\b|\b1Z[0-9A-Z]{16}\b"
    r"|\d+(?:[-/.:,]\d+)*"
)
_UNIT = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]|[^\W_]+")
_MONTH = re.compile(
    r"january|february|march|april|may|june|july|august|september|october|november|december"
)


def runs_of(text: str) -> frozenset[tuple[str, ...]]:
    """Every run of five words, or of five characters where a script puts no spaces."""
    plain = _MONTH.sub(" 0 ", _MASKED.sub(" 0 ", text[:200_000]).casefold())
    units = _UNIT.findall(plain)
    if len(units) < _RUN:
        return frozenset({tuple(units)} if units else ())
    return frozenset(tuple(units[i : i + _RUN]) for i in range(len(units) - _RUN + 1))


def shared_percent(draft: str, earlier: str) -> int:
    """The share of the draft's runs that the earlier text has too, in whole percent."""
    mine = runs_of(draft)
    return round(100 * len(mine & runs_of(earlier)) / len(mine)) if mine else 0
