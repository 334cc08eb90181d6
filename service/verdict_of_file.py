"""One file's facts, judged, as the JSON object that `orderproof inspect` prints."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from evidence.facts import Fact, Facts
from evidence.items import Item
from evidence.manifest import SealedItem
from evidence.orders import OrderRef, Platform
from evidence.times import Instant, LocalDate, LocalTime, Time, rfc3339
from evidence.tracking_numbers import identify
from verifiers.authenticity import items as authenticity
from verifiers.authenticity.tamper import tamper_of
from verifiers.marks.kind import kind_of
from verifiers.rulebook import policy_for
from verifiers.timestamps import order as timestamps
from verifiers.verifier import Verifier

# Fact names of times that are shown, and the role each is shown under.
ROLES = {
    "delivery.at": "delivered",
    "document.captured.at": "captured",
    "document.printed.at": "printed",
    "picture.taken.at": "exif",
    "document.created.at": "created",
    "document.modified.at": "modified",
    "shipment.shipped.at": "shipped",
    "message.sent.at": "message",
}
VERIFIERS = (
    Verifier("timestamps.order", 1, "Can all stated times be true together?", timestamps.verify),
    Verifier(
        "authenticity.items", 1, "Does any item show that it was altered?", authenticity.verify
    ),
)


def answer_of(name: str, item: Item, facts: Facts, at: datetime) -> dict[str, Any]:
    """The whole answer about one file; docs/inspect.md tells of each member."""
    kind = kind_of(facts)
    tamper = tamper_of(facts)
    return {
        "file": name,
        "sha256": item.sha256,
        "size": item.content.size,
        "media_type": item.media_type,
        "kind": str(kind.kind),
        "kind_confidence": kind.confidence,
        "carrier": _carrier(facts),
        "tracking_numbers": facts.values("shipment.tracking_number"),
        "order_numbers": facts.values("order.id", "order.alias"),
        "dates": list(_dates(facts)),
        "verdicts": [judged.to_json() for judged in _judged(item, facts, at)],
        "tamper": {
            "verdict": str(tamper.verdict),
            "confidence": tamper.confidence,
            "boxes": [_box(place) for place in tamper.boxes],
        },
        "unread": facts.values("reading.failed"),
    }


def _judged(item: Item, facts: Facts, at: datetime) -> Iterator[Any]:
    """Each question that can be asked of a file by itself."""
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
    policy = policy_for(Platform.TIKTOK)
    for verifier in VERIFIERS:
        yield verifier.judge(order=ref, items=[sealed], facts=facts, policy=policy, at=at)


def _carrier(facts: Facts) -> str | None:
    for fact in facts.named("shipment.tracking_number"):
        if found := identify(fact.text).possible:
            return found[0].carrier
    return None


def _dates(facts: Facts) -> Iterator[dict[str, Any]]:
    for fact in facts:
        if not isinstance(fact.value, str):
            yield _date(fact, fact.value)


def _date(fact: Fact, value: Time) -> dict[str, Any]:
    span = value.span
    zone, day, clock = None, None, None
    match value:
        case Instant():
            zone = value.zone
        case LocalTime():
            zone = value.zones[0] if len(value.zones) == 1 else None
            day, clock = value.wall.date().isoformat(), value.wall.strftime("%H:%M")
        case LocalDate():
            zone = value.zones[0] if len(value.zones) == 1 else None
            day = value.day.isoformat()
    return {
        "role": ROLES.get(fact.name, fact.name),
        "text": value.text,
        "day": day,
        "time": clock,
        "earliest": rfc3339(span.earliest),
        "latest": rfc3339(span.latest),
        "zone": zone,
        "zone_known": zone is not None,
        "locator": str(fact.locator),
        "confidence": fact.confidence,
    }


def _box(place: str) -> dict[str, Any]:
    return {"locator": place}
