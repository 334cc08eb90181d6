"""How soon the buyer was answered: by anything, and by somebody who had something to say.

Every message of the buyer to which an answer came, or none yet, by the limits of the playbook.
Where a message has no time with a zone, nothing is counted and it says so. What followed what is
told as that; no cause is claimed. Source: scenarios S1-24, S2-04, S2-05, S2-07, S2-08; CG-16.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from evidence.facts import Fact, Facts
from evidence.manifest import Manifest
from evidence.playbook import Response
from evidence.times import Instant, rfc3339

_TIMES = ("message.recorded.at", "message.sent.at", "message.received.at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message that the buyer can see. `at` is None where its time has no zone."""

    id: str
    by: str
    automatic: bool
    at: datetime | None
    item: str
    origin: str


def said_in(manifest: Manifest) -> list[Said]:
    """Every message of every transcript, in the order of their times; each source stays named."""
    groups = Facts(manifest.facts).tables("message.")
    found = [
        Said(
            id=facts["message.id"].text if "message.id" in facts else group,
            by=facts["message.role"].text,
            automatic=facts["message.role"].text == "system"
            or ("message.automatic" in facts and facts["message.automatic"].text == "yes"),
            at=_at(facts),
            item=item,
            origin=next(iter(facts.values())).origin,
        )
        for (item, group), facts in groups.items()
        if "message.role" in facts
        and not ("message.private" in facts and facts["message.private"].text == "yes")
    ]
    far = datetime.max.replace(tzinfo=None)
    return sorted(found, key=lambda each: each.at.replace(tzinfo=None) if each.at else far)


def _at(facts: dict[str, Fact]) -> datetime | None:
    for name in _TIMES:
        if name in facts and isinstance(moment := facts[name].time, Instant):
            return moment.at
    return None


def responses(said: Sequence[Said], limits: Iterable[Response], now: datetime) -> dict[str, Any]:
    """One line for each message of the buyer that begins a wait, with both times of answering."""
    lines: list[dict[str, Any]] = []
    waiting = False
    for place, message in enumerate(said):
        if message.by != "buyer":
            waiting = waiting and message.automatic
            continue
        if waiting:
            continue  # the wait began with the buyer's message before
        waiting = True
        later = [each for each in said[place + 1 :] if each.by != "buyer"]
        lines.append(_line(message, later, list(limits), now))
    return {"messages": lines, "sequence": _sequence(said)}


def _line(
    message: Said, later: Sequence[Said], limits: Sequence[Response], now: datetime
) -> dict[str, Any]:
    first = later[0] if later else None
    person = next((each for each in later if not each.automatic), None)
    return {
        "message_id": message.id,
        "item": message.item,
        "at": None if message.at is None else rfc3339(message.at),
        "automatic_minutes": _minutes(message, first) if first and first.automatic else None,
        "substantive_minutes": _minutes(message, person),
        "limits": [
            _held(limit, message, first if limit.counts == "any" else person, now)
            for limit in limits
        ],
    }


def _minutes(begun: Said, answer: Said | None) -> float | None:
    if answer is None or begun.at is None or answer.at is None:
        return None
    return round((answer.at - begun.at).total_seconds() / 60, 2)


def _held(limit: Response, message: Said, answer: Said | None, now: datetime) -> dict[str, Any]:
    """`met` up to and with the limit itself; `open` while there is still time."""
    taken = _minutes(message, answer)
    if message.at is None or (answer is not None and answer.at is None):
        verdict, margin = "inconclusive", None
    elif taken is not None:
        verdict, margin = ("met" if taken <= limit.minutes else "missed"), limit.minutes - taken
    else:
        left = limit.minutes - (now - message.at).total_seconds() / 60
        verdict, margin = ("open" if left >= 0 else "missed"), left
    return {
        "limit": limit.id,
        "minutes": limit.minutes,
        "counts": limit.counts,
        "verdict": verdict,
        "margin_minutes": None if margin is None else round(margin, 2),
        "source": limit.source,
    }


def _sequence(said: Sequence[Said]) -> list[str]:
    """What followed what, as sentences that claim no more."""
    timed = [(f"{each.by} ({each.origin})", each.at) for each in said if each.at is not None]
    return [
        f"{a} at {rfc3339(at)}, followed by {b} at {rfc3339(then)}"
        for (a, at), (b, then) in pairwise(timed)
    ]
