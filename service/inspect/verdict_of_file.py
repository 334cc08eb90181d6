"""One file's facts, judged, as the JSON object that `orderproof inspect` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from evidence.facts import Fact, Facts
from evidence.items import Item, Role
from evidence.manifest import SealedItem
from evidence.orders import OrderRef, Platform
from evidence.times import Instant, LocalDate, LocalTime, Time, rfc3339, zone_of
from evidence.verdicts import Judgement
from verifiers.authenticity.tamper import tamper_of
from verifiers.marks.carrier import carrier_of, portal_of
from verifiers.marks.freshness import age_of, limit_of, stamp_of
from verifiers.marks.kind import kind_of
from verifiers.matching.asked import rows_of_asked
from verifiers.registry import VERIFIERS
from verifiers.rulebook import policy_for

# Fact names of times, and the role each is shown under; "mentioned" is a date without a label.
ROLES = {
    "delivery.at": "delivered",
    "delivery.promised.at": "promised",
    "document.captured.at": "captured",
    "document.updated.at": "updated",
    "document.printed.at": "mentioned",
    "document.created.at": "file_created",
    "document.modified.at": "file_modified",
    "picture.taken.at": "exif",
    "shipment.shipped.at": "shipped",
    "shipment.label.at": "label",
    "scan.accepted.at": "accepted",
    "scan.transit.at": "in_transit",
    "scan.out_for_delivery.at": "out_for_delivery",
    "scan.exception.at": "exception",
    "order.placed.at": "ordered",
    "order.paid.at": "paid",
    "message.sent.at": "message",
    "message.received.at": "message_received",
}
# The questions that can be asked of a file without the other items of its order.
ASKED = frozenset(
    {"matching.asked", "marks.carrier", "marks.freshness", "marks.origin", "timestamps.order",
     "authenticity.items"}
)  # fmt: skip
# Without a policy that says otherwise: TikTok Shop's limit for a capture.
FRESH = timedelta(days=7)


def answer_of(name: str, item: Item, facts: Facts, at: datetime) -> dict[str, Any]:
    """The whole answer about one file; docs/inspect.md tells of each member."""
    policy = policy_for(Platform.TIKTOK)
    limit = limit_of(policy, str(Role.CAPTURE_PAGE)) or FRESH
    kind, carrier, portal = kind_of(facts), carrier_of(facts), portal_of(facts)
    tamper = tamper_of(facts)
    own = rows_of_asked(facts, item.about)
    dates = [_date(fact, fact.value) for fact in facts if not isinstance(fact.value, str)]
    stamp = stamp_of(facts)
    return {
        "file": name,
        "sha256": item.sha256,
        "size": item.content.size,
        "media_type": item.media_type,
        "kind": str(kind.kind),
        "kind_confidence": kind.confidence,
        "kind_reason": kind.why,
        "carrier": carrier.name,
        "portal": portal.name,
        "tracking_numbers": _surest(facts, "shipment.tracking_number"),
        "order_numbers": _surest(facts, "order.id", "order.alias"),
        "delivery": _delivery(own),
        "capture": _date(stamp, stamp.time) if stamp else None,
        "freshness": str(age_of(facts, at, limit).age),
        "dates": [*dates, *_open_dates(facts)],
        "verdicts": [judged.to_json() for judged in _judged(item, facts, at)],
        "tamper": {
            "verdict": str(tamper.verdict),
            "confidence": tamper.confidence,
            "boxes": [box for place in tamper.boxes if (box := _box(place))],
        },
        "unread": facts.values("reading.failed"),
    }


def _judged(item: Item, facts: Facts, at: datetime) -> Iterator[Judgement]:
    """Each question that can be asked of a file by itself. It is held to the rule for captures."""
    order = facts.first("order.id")
    ref = OrderRef(Platform.OTHER, order.text if order else "", item.about.get("order.site", ""))
    sealed = SealedItem(
        sha256=item.sha256,
        role=item.role,
        key=item.key,
        media_type=item.media_type,
        size=item.content.size,
        collector=item.collector,
        origin=item.origin,
        provenance=str(item.provenance),
        collected_at=at,
        seq=0,
        receipt="",
        salt=b"",
        about=item.about,
    )
    capture = replace(sealed, role=Role.CAPTURE_PAGE)
    policy = policy_for(Platform.TIKTOK)
    for verifier in VERIFIERS:
        if verifier.name in ASKED:
            lines = [capture if verifier.name == "marks.freshness" else sealed]
            yield verifier.judge(order=ref, items=lines, facts=facts, policy=policy, at=at)


def _surest(facts: Facts, *names: str) -> list[str]:
    """The distinct texts under these names, the surest first."""
    said = sorted(facts.named(*names), key=lambda fact: -fact.confidence)
    return list(dict.fromkeys(fact.text for fact in said))


def _delivery(facts: Facts) -> dict[str, Any] | None:
    """The delivery that counts: told with the most of day, minute and zone, then the surest, then
    the last, since nothing happens to a parcel after it."""

    def fullness(fact: Fact) -> tuple[int, float, datetime]:
        value = fact.time
        parts = 0 if isinstance(value, LocalDate) else 1
        parts += isinstance(value, Instant) or len(value.zones) == 1
        return parts, round(fact.confidence, 1), value.span.latest

    told = max(facts.named("delivery.at"), key=fullness, default=None)
    return _date(told, told.time) if told else None


def _date(fact: Fact, value: Time) -> dict[str, Any]:
    """A time as it is shown: its wall clock, what it can be in UTC, its zone if that is known."""
    span = value.span
    zones = [value.zone] if isinstance(value, Instant) else list(value.zones)
    time: str | None = None
    match value:
        case Instant():
            wall = value.at.astimezone(zone_of(value.zone)).replace(tzinfo=None)
            day, time = wall.date(), _clock(wall, value.unit_s)
        case LocalTime():
            day, time = value.wall.date(), _clock(value.wall, value.unit_s)
        case _:
            day = value.day
    return {
        "role": ROLES.get(fact.name, fact.name),
        "text": value.text,
        "day": day.isoformat(),
        "time": time,
        "earliest": rfc3339(span.earliest),
        "latest": rfc3339(span.latest),
        "zone": zones[0] if len(zones) == 1 else None,
        "zone_known": len(zones) == 1,
        "zones": zones,
        "locator": str(fact.locator),
        "confidence": fact.confidence,
    }


def _clock(wall: datetime, unit_s: float) -> str:
    return wall.strftime("%H:%M:%S" if unit_s < 60 else "%H:%M")


def _open_dates(facts: Facts) -> Iterator[dict[str, Any]]:
    """Dates that can be two days: 03/04/2026 where nothing decides."""
    for fact in facts.named("document.date.open"):
        name, _, rest = fact.text.partition(": ")
        text, _, days = rest.rpartition(": ")
        yield {
            "role": ROLES.get(name, name),
            "text": text,
            "day": None,
            "days": days.split(" or "),
            "time": None,
            "earliest": None,
            "latest": None,
            "zone": None,
            "zone_known": False,
            "zones": [],
            "locator": str(fact.locator),
            "confidence": fact.confidence,
        }


_PLACE = re.compile(r"(?:page:(\d+)/box|pixel):(-?\d+),(-?\d+),(\d+),(\d+)")


def _box(place: str) -> dict[str, Any] | None:
    """A locator as edges; None for one that is no box."""
    found = _PLACE.fullmatch(place)
    if found is None:
        return None
    x, y, width, height = (int(found[group]) for group in (2, 3, 4, 5))
    return {
        "page": int(found[1]) if found[1] else None,
        "left": x, "top": y, "right": x + width, "bottom": y + height,
        "locator": place,
    }  # fmt: skip
