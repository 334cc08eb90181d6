"""Did the carrier's history stay what it was each time it was asked for?

A carrier that told an event once and later tells another time for it, or nothing, has rewritten its
history. What was captured first shows it; so an order is worth asking about more than once.

Reads     scans (`scan.*`, with `.at`) of `tracking.history` items, by carrier and parcel.
Assumes   that events are told apart by kind and time: words change with the language asked for.
Leaves    events older than carriers keep them: they are dropped, not denied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from evidence.facts import Fact, Facts
from evidence.items import Role
from evidence.manifest import SealedItem
from evidence.orders import OrderRef
from evidence.verdicts import Answer, Finding, Verdict
from verifiers.subjects import Subjects

SCANS = (
    "scan.accepted.at",
    "scan.transit.at",
    "scan.out_for_delivery.at",
    "scan.delivered.at",
    "scan.exception.at",
    "scan.other.at",
)
# DHL keeps about 90 days, UPS, USPS and AfterShip 120 (the carriers' own pages): what is older than
# the shortest when a carrier is asked again is not missed.
KEPT = timedelta(days=90)

_SAME = Finding.good("history-unchanged")
_GONE = Finding.grave(
    "history-event-gone",
    do="Submit both captures: the first shows what the carrier said then. Ask the carrier why.",
)
_CHANGED = Finding.grave(
    "history-delivery-changed",
    do="Submit both captures, and ask the carrier for a statement on which time is right.",
)
_ADDED = Finding.note(
    "history-event-added-later",
    do="Carriers' partners report late; ask the carrier if the event decides the case.",
)
_EMPTY = Finding.note(
    "history-empty-now", do="Rely on the first capture; carriers drop old parcels."
)


@dataclass(slots=True)
class _Capture:
    """What a carrier told of a parcel at one time; events by kind and the span of their time."""

    at: datetime
    events: dict[tuple[str, datetime, datetime], Fact] = field(default_factory=dict)

    @property
    def newest(self) -> datetime | None:
        return max((earliest for _, earliest, _ in self.events), default=None)


def verify(*, order: OrderRef, items: Sequence[SealedItem], facts: Facts, **_: object) -> Answer:
    """Hold each capture of a parcel's history against the one before it.

    pass              every later capture tells all that the earlier one told
    fail              an event is gone, or the delivery is told at another time
    inconclusive      the later answer is empty
    not_applicable    no carrier was asked twice about one parcel

    Never raises for bad evidence: bad evidence is an answer.
    """
    found: list[Finding] = []
    compared: list[Fact] = []
    for (origin, parcel), captures in _captures(order, items, facts).items():
        for before, after in pairwise(captures):
            compared += [*before.events.values(), *after.events.values()]
            found += _differences(origin, parcel, before, after)
    if not compared:
        return Verdict.NOT_APPLICABLE, []
    if any(finding.code in (_GONE.code, _CHANGED.code) for finding in found):
        return Verdict.FAIL, found
    if any(finding.code == _EMPTY.code for finding in found):
        return Verdict.INCONCLUSIVE, found
    said = "Each time it was asked again, the carrier told all that it had told before."
    return Verdict.PASS, [_SAME.saying(said, *compared[:2]), *found]


def _captures(
    order: OrderRef, items: Sequence[SealedItem], facts: Facts
) -> dict[tuple[str, str], list[_Capture]]:
    """Of each carrier and parcel the captures, oldest first."""
    subjects = Subjects(order, items, facts)
    # The same bytes may have been captured twice: then they are two captures, and told the same.
    histories: dict[str, list[SealedItem]] = {}
    for item in items:
        if item.role is Role.TRACKING_HISTORY:
            histories.setdefault(item.sha256, []).append(item)
    found: dict[tuple[str, str], dict[tuple[str, datetime], _Capture]] = {}

    def captures_of(item: str, origin: str, parcel: str) -> list[_Capture]:
        captures = found.setdefault((origin, parcel), {})
        return [
            captures.setdefault((item, line.collected_at), _Capture(line.collected_at))
            for line in histories[item]
        ]

    for line in (line for lines in histories.values() for line in lines):
        if number := line.about.get("shipment.tracking_number"):
            captures_of(line.sha256, line.origin, subjects.key(number))
    for fact in facts.named(*SCANS):
        parcel = subjects.parcel_of(fact) if fact.item in histories else None
        if parcel is None:
            continue
        span = fact.time.span
        for capture in captures_of(fact.item, fact.origin, parcel):
            capture.events.setdefault((fact.name, span.earliest, span.latest), fact)
    return {
        key: sorted(captures.values(), key=lambda capture: capture.at)
        for key, captures in sorted(found.items())
    }


def _differences(origin: str, parcel: str, before: _Capture, after: _Capture) -> list[Finding]:
    if before.events and not after.events:
        said = f"{origin} told {len(before.events)} events of {parcel} at {_when(before)}, and"
        said += f" none at {_when(after)}."
        return [_EMPTY.saying(said, *list(before.events.values())[:3])]
    found: list[Finding] = []
    told_again = {name for name, _, _ in after.events}
    for key, fact in before.events.items():
        name, _, latest = key
        if key in after.events or latest < after.at - KEPT:
            continue
        if name == "scan.delivered.at" and name in told_again:
            later = [one for (kind, _, _), one in after.events.items() if kind == name]
            said = f"{origin} told the delivery of {parcel} as {fact.value} at {_when(before)},"
            said += f" and as {later[0].value} at {_when(after)}."
            found.append(_CHANGED.saying(said, fact, *later))
        else:
            said = f"{origin} told an event of {parcel} ({_kind(name)}, {fact.value}) at"
            said += f" {_when(before)}, and not any more at {_when(after)}."
            found.append(_GONE.saying(said, fact))
    newest = before.newest
    for key, fact in after.events.items():
        name, _, latest = key
        # Between events that were there already: an event that follows them is merely new.
        if key not in before.events and newest is not None and latest < newest:
            said = f"{origin} tells an event of {parcel} ({_kind(name)}, {fact.value}) that it had"
            said += f" not told at {_when(before)}, when it told later ones."
            found.append(_ADDED.saying(said, fact))
    return found


def _kind(name: str) -> str:
    return name.removeprefix("scan.").removesuffix(".at").replace("_", " ")


def _when(capture: _Capture) -> str:
    return f"{capture.at:%Y-%m-%d %H:%MZ}"
