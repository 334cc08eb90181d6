"""What readers of traces share: the shape of a trace, and the error of a missing library."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import WHOLE, Locator

MAX_TRACES = 60  # of one name and item; a verdict needs a few
MAX_SAID = 400


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace, before it belongs to an item.

    name      a `trace.*` name of evidence/vocabulary.py
    said      what was found, as a part of a sentence
    strength  0 to 1: how sure it is that what the name says is there
    """

    name: str
    said: str
    at: Locator = WHOLE
    strength: float = 1.0


def facts_of(item: Item, traces: list[Trace]) -> list[Fact]:
    """The traces as facts, each once, at most MAX_TRACES of a name."""
    told: dict[str, int] = {}
    facts = []
    for trace in dict.fromkeys(traces):
        told[trace.name] = told.get(trace.name, 0) + 1
        if told[trace.name] > MAX_TRACES:
            continue
        facts.append(
            Fact(
                name=trace.name,
                value=trace.said[:MAX_SAID],
                locator=trace.at,
                item=item.sha256,
                origin=item.origin,
                confidence=max(0.0, min(1.0, trace.strength)),
            )
        )
    return facts


def shortened(text: str, limit: int = 60) -> str:
    """Text from a file as it may be quoted: one line, bounded."""
    said = " ".join(text.split())
    return said if len(said) <= limit else f"{said[: limit - 1]}…"
