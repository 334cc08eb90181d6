"""What a believed notice says: which kind, which event, about which order, and what it starts.

A notice starts a collection if it tells of a defect, or of a delivery (whose proof is best fetched
while the carrier still shows it). Kinds that are known and start nothing are counted; a kind that
nobody knows is kept. Nothing is guessed: a notice without an order's number starts nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from evidence.canonical import digest, parse_json
from evidence.orders import Alias
from evidence.times import rfc3339
from verifiers.risk.words import Words, risks_in

MAX_BODY = 1 << 20
_KIND = re.compile(r"[^A-Za-z0-9._/-]+")


class Effect(StrEnum):
    COLLECT = "collect"
    COUNT = "count"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A buyer's message. `at` is when it came, as far as the notice says."""

    id: str
    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`order` is the platform's number; `aliases` are other names the order may go by.

    platform, site   None: what the hook is configured for
    case             the vendor's id of the dispute or claim: one case starts one collection
    """

    id: str
    kind: str
    effect: Effect
    order: str | None = None
    platform: str | None = None
    site: str | None = None
    aliases: tuple[Alias, ...] = ()
    defect: Mapping[str, str] | None = field(default=None, repr=False)
    case: str = ""
    message: Message | None = field(default=None, repr=False)


def read(
    vendor: str, headers: Mapping[str, str], body: bytes, words: Sequence[Words] | None = None
) -> Event:
    """FormatError for a body that is no JSON object of bounded depth.

    words   what makes a buyer's message a risk; ours by default
    """
    said = parse_json(body, limit=MAX_BODY, what="the notice")
    if not isinstance(said, dict):
        said = {}
    event = _READERS[vendor](headers, said)
    if event.message is not None and not risks_in(event.message.text, words):
        event = Event(**{**_fields(event), "effect": Effect.COUNT, "message": None})
    kind = _KIND.sub("-", event.kind)[:100] or "unnamed"
    return Event(**{**_fields(event), "kind": kind, "id": event.id[:300] or digest(body)})


def _fields(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in Event.__slots__}


def _standard(headers: Mapping[str, str], said: Mapping[str, Any]) -> Event:
    """Ours for everybody's own systems: `defect.created`, `order.delivered`, `message.received`."""
    kind, data = _text(said, "type"), _object(said, "data")
    common: dict[str, Any] = {
        "id": headers.get("webhook-id", ""),
        "kind": kind,
        "order": _text(data, "order_id") or None,
        "platform": _text(data, "platform") or None,
        "site": _text(data, "site") or None,
    }
    if kind == "defect.created":
        case = _text(data, "case_id")
        defect = _defect(_text(data, "kind"), data.get("noticed_at"), data.get("due_at"), case=case)
        return Event(**common, effect=Effect.COLLECT, defect=defect, case=case)
    if kind == "message.received":
        return _message(common, data)
    effect = Effect.COLLECT if kind == "order.delivered" else Effect.KEEP
    return Event(**common, effect=effect)


def _message(common: Mapping[str, Any], data: Mapping[str, Any]) -> Event:
    """What a buyer wrote is watched for words after which a claim is likely; else it is counted."""
    text = _text(data, "text")
    is_buyers = _text(data, "from") in ("", "buyer")
    if not text or not is_buyers:
        return Event(**common, effect=Effect.COUNT)
    said = Message(
        id=_text(data, "message_id")[:200] or common["id"],
        text=text,
        at=_instant(data.get("sent_at")),
    )
    return Event(**common, effect=Effect.COLLECT, message=said)


def _stripe(headers: Mapping[str, str], said: Mapping[str, Any]) -> Event:
    kind, about = _text(said, "type"), _object(_object(said, "data"), "object")
    if kind not in ("charge.dispute.created", "radar.early_fraud_warning.created"):
        known = kind.startswith(("charge.", "payment_intent.", "refund.", "radar."))
        return Event(id=_text(said, "id"), kind=kind, effect=Effect.COUNT if known else Effect.KEEP)
    due = _object(about, "evidence_details").get("due_by")
    payments = (_text(about, name) for name in ("payment_intent", "charge"))
    return Event(
        id=_text(said, "id"),
        kind=kind,
        effect=Effect.COLLECT,
        order=_text(_object(about, "metadata"), "order_id") or None,
        aliases=tuple(Alias("payment.id", value) for value in payments if value),
        defect=_defect(_reason(about, _STRIPE), about.get("created"), due, case=_text(about, "id")),
        case=_text(about, "id"),
    )


def _shopify(headers: Mapping[str, str], said: Mapping[str, Any]) -> Event:
    """No header is signed: what a body is, its own fields say, and its digest is the event's id."""
    topic = headers.get("x-shopify-topic", "")
    order = said.get("order_id")
    number = str(order) if isinstance(order, int) and not isinstance(order, bool) else None
    if "evidence_due_by" in said and "initiated_at" in said:
        case = str(said.get("id", ""))
        kind, due = _reason(said, _SHOPIFY), said.get("evidence_due_by")
        defect = _defect(kind, said.get("initiated_at"), due, case=case)
        return Event(
            id="",
            kind="disputes",
            effect=Effect.COLLECT,
            order=number,
            defect=defect,
            case=case,
        )
    if "fulfillment_id" in said and "happened_at" in said:
        delivered = said.get("status") == "delivered"
        effect = Effect.COLLECT if delivered else Effect.COUNT
        return Event(id="", kind="fulfillment_events", effect=effect, order=number)
    known = topic.startswith(("orders/", "fulfillments/", "refunds/", "disputes/"))
    return Event(id="", kind=topic, effect=Effect.COUNT if known else Effect.KEEP)


def _paypal(headers: Mapping[str, str], said: Mapping[str, Any]) -> Event:
    kind, about = _text(said, "event_type"), _object(said, "resource")
    if kind != "CUSTOMER.DISPUTE.CREATED":
        known = kind.startswith(("CUSTOMER.DISPUTE.", "PAYMENT."))
        return Event(id=_text(said, "id"), kind=kind, effect=Effect.COUNT if known else Effect.KEEP)
    sold = [each for each in about.get("disputed_transactions") or () if isinstance(each, dict)]
    numbers = [_text(each, "invoice_number") for each in sold]
    case = _text(about, "dispute_id")
    defect = _defect(
        _reason(about, _PAYPAL),
        about.get("create_time"),
        about.get("seller_response_due_date"),
        case=case,
    )
    return Event(
        id=_text(said, "id"),
        kind=kind,
        effect=Effect.COLLECT,
        order=next((number for number in numbers if number), None),
        aliases=tuple(
            Alias("payment.id", value)
            for each in sold
            if (value := _text(each, "seller_transaction_id"))
        ),
        defect=defect,
        case=case,
    )


def _tiktok(headers: Mapping[str, str], said: Mapping[str, Any]) -> Event:
    """A return is a defect here (its rate counts returns); other changes of an order are not."""
    data, id = _object(said, "data"), _text(said, "tts_notification_id")
    kind = f"type-{said.get('type')}"
    order = _text(data, "order_id") or None
    if "return_id" in data:
        case = _text(data, "return_id")
        defect = _defect("return", data.get("update_time", said.get("timestamp")), None, case=case)
        return Event(id=id, kind=kind, effect=Effect.COLLECT, order=order, defect=defect, case=case)
    if data.get("order_status") in ("DELIVERED", "COMPLETED"):
        return Event(id=id, kind=kind, effect=Effect.COLLECT, order=order)
    known = said.get("type") in (1, 3, 4, 5, 11, 12, 13, 14)
    return Event(id=id, kind=kind, effect=Effect.COUNT if known else Effect.KEEP, order=order)


def _ebay(headers: Mapping[str, str], said: Mapping[str, Any]) -> Event:
    topic = _text(_object(said, "metadata"), "topic")
    notice = _object(said, "notification")
    data = _object(notice, "data")
    id = _text(notice, "notificationId")
    order = _text(data, "orderId") or None
    if any(word in topic for word in _EBAY) and order:
        case = next(
            (
                _text(data, name)
                for name in data
                if name.lower().endswith("id") and name != "orderId"
            ),
            "",
        )
        kind = next(kind for word, kind in _EBAY.items() if word in topic)
        if "NOT_AS_DESCRIBED" in json.dumps(data):
            kind = "inad"
        defect = _defect(kind, notice.get("eventDate"), None, case=case)
        return Event(
            id=id, kind=topic, effect=Effect.COLLECT, order=order, defect=defect, case=case
        )
    return Event(id=id, kind=topic, effect=Effect.KEEP, order=order)


def _ups(headers: Mapping[str, str], said: Mapping[str, Any]) -> Event:
    status = _object(said, "activityStatus")
    code = _text(status, "type")
    return _scan("", f"activity-{code}", _text(said, "trackingNumber"), delivered=code == "D")


def _seventeen_track(headers: Mapping[str, str], said: Mapping[str, Any]) -> Event:
    data = _object(said, "data")
    latest = _object(_object(data, "track_info"), "latest_status")
    delivered = _text(latest, "status") == "Delivered"
    return _scan("", _text(said, "event"), _text(data, "number"), delivered=delivered)


def _aftership(headers: Mapping[str, str], said: Mapping[str, Any]) -> Event:
    about = _object(said, "msg") or _object(said, "data")
    number, tag = _text(about, "tracking_number"), _text(about, "tag")
    return _scan(
        _text(said, "event_id"), _text(said, "event"), number, delivered=tag == "Delivered"
    )


def _easypost(headers: Mapping[str, str], said: Mapping[str, Any]) -> Event:
    about = _object(said, "result")
    number, status = _text(about, "tracking_code"), _text(about, "status")
    kind = _text(said, "description")
    return _scan(_text(said, "id"), kind, number, delivered=status == "delivered")


def _amazon(headers: Mapping[str, str], said: Mapping[str, Any]) -> Event:
    """SP-API notifications; older ones begin their names with capitals, newer ones do not."""
    kind = _text(said, "NotificationType") or _text(said, "notificationType")
    about = _object(said, "Payload") or _object(said, "payload")
    meta = _object(said, "NotificationMetadata") or _object(said, "notificationMetadata")
    id = _text(meta, "NotificationId") or _text(meta, "notificationId")
    if kind == "ORDER_CHANGE":
        change = _object(about, "OrderChangeNotification")
        arrived = _text(_object(change, "Summary"), "EasyShipShipmentStatus") == "Delivered"
        order = _text(change, "AmazonOrderId") or None
    elif kind == "FBA_OUTBOUND_SHIPMENT_STATUS":
        change = _object(about, "FBAOutboundShipmentStatusNotification")
        arrived = _text(change, "ShipmentStatus").lower() == "delivered"
        order = _text(change, "AmazonOrderId") or None
    elif kind == "SHIPMENT_TRACKING_MILESTONE_CHANGED":
        change = _object(about, "shipmentTrackingMilestoneChangedNotification")
        detail = _object(change, "trackingDetail")
        status = _object(_object(detail, "latestMilestone"), "status")
        named = _object(detail, "identifier")
        number = next((_text(named, name) for name in sorted(named) if _text(named, name)), "")
        return _scan(id, kind, number, delivered=_text(status, "code") == "DELIVERED")
    else:
        known = kind.endswith("_PROCESSING_FINISHED")
        return Event(id=id, kind=kind, effect=Effect.COUNT if known else Effect.KEEP)
    effect = Effect.COLLECT if arrived and order else Effect.COUNT
    return Event(id=id, kind=kind, effect=effect, order=order)


def _scan(id: str, kind: str, number: str, *, delivered: bool) -> Event:
    if not number:
        return Event(id=id, kind=kind, effect=Effect.KEEP)
    return Event(
        id=id,
        kind=kind,
        effect=Effect.COLLECT if delivered else Effect.COUNT,
        aliases=(Alias("shipment.tracking_number", number),),
    )


# What a platform gives as its reason, as a kind of defect that a policy answers; a test holds both
# together. Reasons that are not here are a chargeback in general.
_STRIPE = {
    "credit_not_processed": "stripe credit not processed",
    "duplicate": "stripe duplicate",
    "fraudulent": "stripe fraudulent",
    "unrecognized": "stripe fraudulent",
    "product_not_received": "stripe product not received",
    "product_unacceptable": "stripe product unacceptable",
}
_SHOPIFY = {reason: kind.replace("stripe", "shopify") for reason, kind in _STRIPE.items()}
_PAYPAL = {
    "MERCHANDISE_OR_SERVICE_NOT_RECEIVED": "paypal not received",
    "MERCHANDISE_OR_SERVICE_NOT_AS_DESCRIBED": "paypal not as described",
    "UNAUTHORISED": "paypal unauthorised",
}
# By what stands in a topic's name, the first that does. An inquiry is about what did not come; a
# case may be about that or about what came, and says which or does not.
_EBAY = {"DISPUTE": "payment dispute", "INQUIRY": "inr", "RETURN": "ebay return", "CASE": "case"}
KINDS: Mapping[str, frozenset[str]] = {
    "stripe": frozenset(_STRIPE.values()),
    "shopify": frozenset(_SHOPIFY.values()),
    "paypal": frozenset(_PAYPAL.values()),
    "tiktok": frozenset({"return"}),
    "ebay": frozenset({*_EBAY.values(), "inad"} - {"case"}),
}


def _reason(about: Mapping[str, Any], kinds: Mapping[str, str]) -> str:
    return kinds.get(_text(about, "reason"), "chargeback")


Reader = Callable[[Mapping[str, str], Mapping[str, Any]], Event]
_READERS: Mapping[str, Reader] = {
    "standard": _standard,
    "stripe": _stripe,
    "shopify": _shopify,
    "paypal": _paypal,
    "tiktok": _tiktok,
    "ebay": _ebay,
    "ups": _ups,
    "17track": _seventeen_track,
    "aftership": _aftership,
    "easypost": _easypost,
    "amazon": _amazon,
}
# Those of queues cannot be posted: nothing in them is signed.
QUEUE_VENDORS = frozenset({"amazon"})
VENDORS = frozenset(_READERS) - QUEUE_VENDORS


def _defect(kind: str, noticed: Any, due: Any, *, case: str) -> dict[str, str]:
    found = {"kind": kind or "unnamed", "case_id": case[:100]}
    for name, said in (("noticed_at", noticed), ("due_at", due)):
        if (at := _instant(said)) is not None:
            found[name] = rfc3339(at)
    return {name: value for name, value in found.items() if value}


def _instant(said: Any) -> datetime | None:
    """Seconds since 1970, or a time with an offset; a time without one stays unsaid."""
    if isinstance(said, int) and not isinstance(said, bool) and 0 < said < 1 << 33:
        return datetime.fromtimestamp(said, UTC)
    if isinstance(said, str):
        try:
            at = datetime.fromisoformat(said)
        except ValueError:
            return None
        return None if at.tzinfo is None else at.astimezone(UTC)
    return None


def _object(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = said.get(name)
    return found if isinstance(found, dict) else {}


def _text(said: Mapping[str, Any], name: str) -> str:
    found = said.get(name)
    return found if isinstance(found, str) else ""
