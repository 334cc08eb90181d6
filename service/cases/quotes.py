"""Does a quotation stand in the transcript as it is quoted: message, time, wording, neighbours?

What is quoted is compared with the facts of the sealed account, each of which rests on bytes whose
digest the receipt holds; one changed character fails. Source: scenario S3-18.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from evidence.facts import Fact, Facts
from evidence.manifest import Manifest
from evidence.times import Instant, parse_iso

_TIMES = ("message.sent.at", "message.recorded.at", "message.received.at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as its facts tell it. `place` counts within all that the order's account has."""

    id: str
    body: Fact
    time: Fact | None
    place: int


def messages_of(manifest: Manifest) -> list[Message]:
    """Every message of the order's account: by time where all say theirs with its zone, in the
    order of the transcripts where not. Two of one second stay as the platform had them."""
    seqs = {item.sha256: item.seq for item in manifest.items}
    groups = Facts(manifest.facts).tables("message.")
    found = [
        Message(
            id=facts["message.id"].text if "message.id" in facts else group,
            body=facts["message.body"],
            time=next((facts[name] for name in _TIMES if name in facts), None),
            place=0,
        )
        for (_, group), facts in groups.items()
        if "message.body" in facts
    ]
    found.sort(key=lambda each: seqs.get(each.body.item, 0))
    if moments := _moments(found):
        found = [found[n] for n in sorted(range(len(found)), key=lambda n: moments[n])]
    return [replace(each, place=place) for place, each in enumerate(found)]


def _moments(found: Sequence[Message]) -> list[datetime]:
    """The time of each; empty if one has none, or one without a zone."""
    moments = []
    for each in found:
        if each.time is None or not isinstance(moment := each.time.time, Instant):
            return []
        moments.append(moment.at)
    return moments


def checked(quote: Mapping[str, Any], manifest: Manifest | None) -> dict[str, Any]:
    """The verdict of one quotation: `pass`, `fail`, or `inconclusive` where nothing is sealed.

    quote  `message_id`, `text`; `at` where a time is quoted, `transcript` where its digest is
    """
    if manifest is None:
        return _answer(quote, "inconclusive", "Nothing is sealed for its order.")
    messages = messages_of(manifest)
    for message in messages:
        if message.id == quote["message_id"]:
            return _compared(quote, message, messages)
    return _answer(quote, "fail", "No sealed message has this id.")


def _compared(
    quote: Mapping[str, Any], message: Message, transcript: Sequence[Message]
) -> dict[str, Any]:
    near = [*transcript[max(0, message.place - 1) : message.place],
            *transcript[message.place + 1 : message.place + 2]]  # fmt: skip
    more = {
        "transcript": message.body.item,
        "message": message.body.text,
        "locator": str(message.body.locator),
        "whole": quote["text"] == message.body.text,
        "at": None if message.time is None else str(message.time.text),
        "neighbours": [
            {"message_id": each.id, "text": each.body.text, "transcript": each.body.item}
            for each in near
        ],
    }
    if (named := quote.get("transcript")) and named != message.body.item:
        return _answer(quote, "fail", "The message stands in another transcript.") | more
    if quote["text"] not in message.body.text:
        return _answer(quote, "fail", "The message does not hold these very words.") | more
    if (at := quote.get("at")) and (why := _other_time(str(at), message)):
        return _answer(quote, "fail", why) | more
    return _answer(quote, "pass", "The words stand there as they are quoted.") | more


def _other_time(at: str, message: Message) -> str:
    """Why the quoted time is not the message's; "" if it is."""
    if message.time is None:
        return "The transcript gives no time for the message."
    mine, theirs = parse_iso(at), message.time.time
    if isinstance(mine, Instant) and isinstance(theirs, Instant):
        return "" if mine.span == theirs.span else "The message is of another time."
    return "" if at == message.time.text else "The time is not written as the transcript has it."


def _answer(quote: Mapping[str, Any], verdict: str, why: str) -> dict[str, Any]:
    return {"message_id": quote["message_id"], "verdict": verdict, "why": why}
