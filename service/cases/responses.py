"""How soon the buyer was answered: by anything, and by somebody who had something to say.

Every message of the buyer to which an answer came, or none yet, by the limits of the playbook;
reviews and chargebacks by theirs. Where something has no time with a zone, nothing is counted and
it says so. What followed what is told as that; no cause is claimed.
Source: scenarios S1-24, S2-04, S2-05, S2-07, S2-08; CG-16.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from evidence.facts import Fact
from evidence.playbook import Response
from evidence.times import Instant, Time, before, rfc3339
from service.cases.said import Said


def responses(
    said: Sequence[Said],
    limits: Iterable[Response],
    now: datetime,
    reviews: Sequence[Fact] = (),
) -> dict[str, Any]:
    """One line for each message of the buyer that begins a wait, with both times of answering."""
    every = list(limits)
    of_messages = [limit for limit in every if limit.after == "message"]
    lines: list[dict[str, Any]] = []
    waiting = False
    for place, message in enumerate(said):
        if message.by != "buyer":
            waiting = waiting and message.kind != "substantive"
            continue
        if waiting:
            continue  # the wait began with the buyer's message before
        waiting = True
        later = [each for each in said[place + 1 :] if each.by != "buyer"]
        lines.append(_line(message, later, of_messages, now))
    return {
        "messages": lines,
        "reviews": [
            _review(review, said, [limit for limit in every if limit.after == "review"], now)
            for review in reviews
        ],
        "sequence": _sequence(said, reviews),
    }


def filed_within(
    begun: datetime | None, filed: datetime | None, limits: Iterable[Response], now: datetime
) -> list[dict[str, Any]]:
    """How soon after the notice of a chargeback something was handed in."""
    return [
        _held(limit, begun, filed, now, was_answered=filed is not None)
        for limit in limits
        if limit.after == "chargeback"
    ]


def _line(
    message: Said, later: Sequence[Said], limits: Sequence[Response], now: datetime
) -> dict[str, Any]:
    by_kind: dict[str, Said] = {}
    for each in later:
        by_kind.setdefault(each.kind, each)
    first = later[0] if later else None
    person = by_kind.get("substantive")
    return {
        "message_id": message.id,
        "item": message.item,
        "file": message.file,
        "at": None if message.at is None else rfc3339(message.at),
        "automatic_minutes": _until(message, by_kind.get("automatic"), unless=person),
        "template_minutes": _until(message, by_kind.get("template"), unless=person),
        "substantive_minutes": _until(message, person),
        "limits": [
            _of_message(limit, message, first if limit.counts == "any" else person, now)
            for limit in limits
        ],
    }


def _until(message: Said, answer: Said | None, *, unless: Said | None = None) -> float | None:
    """Minutes; None too where somebody had answered before that."""
    if answer is None or (
        unless is not None and unless.at and answer.at and unless.at <= answer.at
    ):
        return None
    return _minutes(message.at, answer.at)


def _minutes(begun: datetime | None, answered: datetime | None) -> float | None:
    if begun is None or answered is None:
        return None
    return round((answered - begun).total_seconds() / 60, 2)


def _of_message(
    limit: Response, message: Said, answer: Said | None, now: datetime
) -> dict[str, Any]:
    at = answer.at if answer is not None else None
    return _held(limit, message.at, at, now, was_answered=answer is not None)


def _held(
    limit: Response,
    begun: datetime | None,
    answered: datetime | None,
    now: datetime,
    *,
    was_answered: bool,
) -> dict[str, Any]:
    """`met` up to and with the limit itself; `open` while there is still time.

    was_answered  also where the answer has no time that could be counted
    """
    taken = _minutes(begun, answered)
    margin: float | None
    if begun is None or (was_answered and answered is None):
        verdict, margin = "inconclusive", None
    elif taken is not None:
        verdict, margin = ("met" if taken <= limit.minutes else "missed"), limit.minutes - taken
    else:
        margin = limit.minutes - (now - begun).total_seconds() / 60
        verdict = "open" if margin >= 0 else "missed"
    return {
        "limit": limit.id,
        "minutes": limit.minutes,
        "counts": limit.counts,
        "verdict": verdict,
        "margin_minutes": None if margin is None else round(margin, 2),
        "source": limit.source,
    }


def _review(
    review: Fact, said: Sequence[Said], limits: Sequence[Response], now: datetime
) -> dict[str, Any]:
    """The first answer of a person after it, in whichever conversation of the order."""
    at = review.time.at if isinstance(review.time, Instant) else None
    answer = next(
        (
            each
            for each in said
            if each.by == "seller"
            and each.kind == "substantive"
            and each.time is not None
            and before(review.time, each.time)
        ),
        None,
    )
    answered = answer.at if answer is not None else None
    return {
        "posted": review.text,
        "item": review.item,
        "answered_by": None if answer is None else answer.id,
        "limits": [
            _held(limit, at, answered, now, was_answered=answer is not None) for limit in limits
        ],
    }


def _sequence(said: Sequence[Said], reviews: Sequence[Fact]) -> list[str]:
    """What followed what, as sentences that claim no more; what stands between is a gap in hours.

    Two whose times overlap in what their sources allow stand in no order, and it says so.
    """
    timed: list[tuple[str, Time, bool]] = [
        (f"{each.by} ({each.file or each.origin})", each.time, each.by == "buyer")
        for each in said
        if each.time is not None
    ]
    timed += [(f"review ({review.origin})", review.time, False) for review in reviews]
    timed.sort(key=lambda each: each[1].span.earliest)
    found = []
    for (first, at, asked), (second, then, _) in pairwise(timed):
        if before(at, then) is None and at.span != then.span:
            found.append(f"{first} at {_told(at)} and {second} at {_told(then)}, in either order")
            continue
        gap = _gap(at, then)
        silent = (
            f", {gap} without an answer" if gap and asked and second.startswith("review") else ""
        )
        found.append(f"{first} at {_told(at)}, followed by {second} at {_told(then)}{silent}")
    return found


def _told(time: Time) -> str:
    return rfc3339(time.at) if isinstance(time, Instant) else time.text


def _gap(first: Time, second: Time) -> str:
    if not isinstance(first, Instant) or not isinstance(second, Instant):
        return ""
    return f"{(second.at - first.at).total_seconds() / 3600:.1f} hours"
