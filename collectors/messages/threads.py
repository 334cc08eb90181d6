"""Which mails belong to an order: those that name it, and the conversation around them.

A mail belongs if it names the order anywhere that can be read, or if a chain of Message-ID,
In-Reply-To and References leads to one that does, in either direction. A buyer's relay address also
leads on, but only from a mail that names the order in its headers, and only to mails that name no
order: Amazon's replies often name none. The chain never crosses a mail whose subject names another
order: that conversation, and perhaps that customer, is someone else's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from collectors.collector import FileEntry
from collectors.mentions import Mentions
from collectors.messages.relay import relay_addresses
from evidence.errors import EvidenceError
from evidence.mail import Mail, Part, parse_mail
from evidence.mail_times import mail_time

_MESSAGE_ID = re.compile(r"<([^<>\s]{1,300})>")
_MAX_IDS = 200
_NESTED = 3


class Named(IntEnum):
    """Where a mail names the order."""

    NOWHERE = 0
    IN_BODY = 1
    IN_HEADERS = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail's bytes lie; `framed` if it is one of many in an mbox."""

    entry: FileEntry
    offset: int
    size: int
    framed: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """What is remembered of each mail of a mailbox, and no more: there may be a million.

    ids      hashes of its own Message-ID and of those it answers
    aliases  hashes of the relay addresses in it
    elsewhere  its subject names another order and not this one
    orderless  it has aliases and names no order at all
    sent     for putting mails in order; 0 if unknown
    """

    place: Place
    sha256: bytes
    named: Named
    ids: tuple[int, ...] = ()
    aliases: tuple[int, ...] = ()
    elsewhere: bool = False
    orderless: bool = False
    sent: float = 0.0


def trace_of(data: bytes, place: Place, sha256: bytes, mentions: Mentions) -> Trace:
    """Search one mail. A mail that cannot be parsed is searched as the bytes it is."""
    raw = mentions.in_bytes(data)
    try:
        mail = parse_mail(data)
        subject = mail.head.header("Subject")
        named = _named(mail, mentions, raw=raw)
        others = mentions.others_in(subject)
        aliases = tuple(hash(address) for address in relay_addresses(mail.head))
        return Trace(
            place=place,
            sha256=sha256,
            named=named,
            ids=_ids(mail.head),
            aliases=aliases,
            elsewhere=bool(others) and not mentions.found_in(subject),
            orderless=bool(aliases) and not named and not _names_another(mail, mentions),
            sent=_sent(mail.head),
        )
    except (EvidenceError, LookupError, ValueError, RecursionError):
        return Trace(place=place, sha256=sha256, named=Named.IN_BODY if raw else Named.NOWHERE)


def belonging(traces: Sequence[Trace]) -> list[Trace]:
    """The traces of the order's mails, oldest first, each content once."""
    by_id: dict[int, list[int]] = defaultdict(list)
    by_alias: dict[int, list[int]] = defaultdict(list)
    for index, trace in enumerate(traces):
        for key in trace.ids:
            by_id[key].append(index)
        for key in trace.aliases:
            by_alias[key].append(index)
    reached = {index for index, trace in enumerate(traces) if trace.named}
    waiting = sorted(reached)
    while waiting:
        trace = traces[waiting.pop()]
        near = [other for key in trace.ids for other in by_id.pop(key, ())]
        near = [other for other in near if not traces[other].elsewhere]
        # A mention in a body alone may be about the same buyer's other order.
        if trace.named is Named.IN_HEADERS:
            found = [other for key in trace.aliases for other in by_alias.pop(key, ())]
            near += [other for other in found if traces[other].orderless]
        fresh = set(near) - reached
        reached |= fresh
        waiting += sorted(fresh)
    once: dict[bytes, Trace] = {}
    for index in sorted(reached):
        once.setdefault(traces[index].sha256, traces[index])
    return sorted(once.values(), key=lambda t: (t.sent, t.place.entry.path, t.place.offset))


def _named(mail: Mail, mentions: Mentions, *, raw: bool, depth: int = 0) -> Named:
    head = mail.head
    if raw and mentions.in_bytes(mail.data[: head.start]):
        return Named.IN_HEADERS
    if any(mentions.found_in(value) for _, value in head.decoded_items()):
        return Named.IN_HEADERS
    if raw:
        return Named.IN_BODY
    for part in mail.parts:
        if mentions.found_in(part.file_name or ""):
            return Named.IN_BODY
        if part.media_type == "message/rfc822" and depth < _NESTED:
            try:
                inside = parse_mail(mail.body_of(part)[0])
                if _named(inside, mentions, raw=mentions.in_bytes(inside.data), depth=depth + 1):
                    return Named.IN_BODY
            except EvidenceError:
                continue
    return Named.IN_BODY if any(mentions.found_in(text) for text in _texts(mail)) else Named.NOWHERE


def _names_another(mail: Mail, mentions: Mentions) -> bool:
    if mentions.others_in(mail.head.header("Subject")):
        return True
    return any(mentions.others_in(text) for text in _texts(mail))


def _texts(mail: Mail) -> Iterator[str]:
    for part in mail.texts():
        try:
            yield mail.text_of(part)
        except EvidenceError:
            # Its charset is broken; digits and hyphens are the same in nearly every one.
            yield mail.body_of(part)[0].decode("latin-1")


def _ids(head: Part) -> tuple[int, ...]:
    names = ("Message-ID", "In-Reply-To", "References")
    said = " ".join(value for name in names for value in head.raw_headers(name)[:5])
    # hash() is keyed anew in each process, so nobody can make two ids meet.
    return tuple(dict.fromkeys(hash(found) for found in _MESSAGE_ID.findall(said)[:_MAX_IDS]))


def _sent(head: Part) -> float:
    try:
        return mail_time(next(iter(head.raw_headers("Date")), "")).span.earliest.timestamp()
    except EvidenceError:
        return 0.0
