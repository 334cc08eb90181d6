"""Ten scenarios of a seller's trouble with a platform, as sealed accounts and what is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.sealed import SealedItem
from service.profiles.asked import Link
from tests.service.report.accounts import scan, story
from tests.verifiers.evidence_of import NUMBER, ORDER, item, said

LINK = Link("https://drive.google.com/file/d/x", datetime(2026, 12, 24, tzinfo=UTC))
TIKTOK = {"defect_type": "Service Rating", "root_cause": "Carrier Delay"}

TRACKING = item("tracking", Role.TRACKING_HISTORY, about={"shipment.tracking_number": NUMBER})
ERP = item("record", Role.ORDER_RECORD, origin="erp", provenance=Provenance.UPLOAD)
WMS = item("slip", Role.SHIPMENT_RECORD, origin="wms", provenance=Provenance.UPLOAD)
INBOX = item("inbox", Role.MESSAGE_THREAD, origin="buyer")
PAID = item("paid", Role.PAYMENT_RECORD, origin="stripe")
REFUND = item("refund", Role.REFUND_RECORD, origin="stripe")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`row` is the scenario's in the mission; `profile` what is asked for."""

    row: str
    profile: str
    items: Sequence[SealedItem]
    facts: Sequence[Fact]
    texts: Mapping[str, str] = field(default_factory=dict)
    link: Link | None = None


def _delivered(*more: Fact) -> list[Fact]:
    return [
        *story(),
        said("delivery.received_by", "J DOE", by="ups", item="tracking", group="parcel"),
        said("delivery.city", "PORTLAND", by="ups", item="tracking", group="parcel"),
        said("delivery.postal_code", "97214", by="ups", item="tracking", group="parcel"),
        *more,
    ]


def _talk() -> list[Fact]:
    return [
        said("message.sent.at", "2026-11-05T18:12:09Z", by="buyer", item="inbox", group="m/0"),
        said("message.body", "It never came.", by="buyer", item="inbox", group="m/0"),
        said("message.sent.at", "2026-11-05T20:40:00Z", by="seller", item="inbox", group="m/1"),
        said("message.body", "Signed by J DOE.", by="seller", item="inbox", group="m/1"),
    ]


def _prior(number: int, at: str, ip: str) -> list[Fact]:
    group = f"prior/{number}"
    told = {
        "prior.payment.id": f"ch_{number}",
        "prior.payment.at": at,
        "prior.payment.ip": ip,
        "prior.payment.device": "dev-7",
        "prior.payment.disputed": "no",
        "prior.payment.product": "Oak lamp",
    }
    return [
        said(name, value, by="stripe", item="paid", group=group) for name, value in told.items()
    ]


def _payment() -> list[Fact]:
    told = {
        "payment.id": "ch_100",
        "payment.amount": "48.90 USD",
        "payment.at": "2026-10-28T03:13:02Z",
        "payment.avs": "Y",
        "payment.cvv": "M",
        "payment.ip": "203.0.113.9",
        "payment.device": "dev-7",
    }
    return [said(name, value, by="stripe", item="paid", group="p") for name, value in told.items()]


SCENARIOS = (
    Scenario(row="S0-01", profile="amazon", items=(ERP, TRACKING), facts=_delivered()),
    Scenario(
        row="S0-02",
        profile="amazon",
        items=(ERP, TRACKING, WMS),
        facts=_delivered(
            said("order.id", ORDER.id, by="wms", item="slip", group="slip"),
            said("order.alias", "SO-7781", by="wms", item="slip", group="slip"),
            said("shipment.tracking_number", NUMBER, by="wms", item="slip", group="slip"),
        ),
    ),
    Scenario(
        row="S0-03", profile="amazon", items=(ERP, TRACKING, INBOX), facts=_delivered(*_talk())
    ),
    Scenario(
        row="S0-05",
        profile="stripe",
        items=(ERP, TRACKING, PAID, INBOX),
        facts=_delivered(*_payment(), *_talk()),
    ),
    Scenario(
        row="S1-02",
        profile="paypal",
        items=(TRACKING,),
        facts=[
            said("shipment.tracking_number", NUMBER, by="ups", item="tracking", group="parcel"),
            scan("accepted", "2026-10-28T19:02:10-07:00", "parcel/0"),
        ],
    ),
    Scenario(
        row="S1-04",
        profile="shopify",
        items=(ERP, TRACKING, REFUND),
        facts=_delivered(
            said("refund.id", "re_5", by="stripe", item="refund", group="r"),
            said("refund.amount", "48.90 USD", by="stripe", item="refund", group="r"),
            said("refund.at", "2026-11-09T10:00:00Z", by="stripe", item="refund", group="r"),
        ),
    ),
    Scenario(
        row="S1-14",
        profile="ebay",
        items=(ERP, TRACKING, INBOX),
        facts=_delivered(
            *_talk(),
            said("review.posted.at", "2026-11-02T09:00:00Z", by="buyer", item="inbox", group="r"),
        ),
    ),
    Scenario(
        row="S3-01",
        profile="tiktok",
        items=(ERP, TRACKING, INBOX),
        facts=_delivered(
            *_talk(),
            said("scan.exception", "Held by customs", by="ups", item="tracking", group="parcel/9"),
            scan("exception", "2026-10-30T09:00:00-07:00", "parcel/9"),
        ),
        texts=TIKTOK,
        link=LINK,
    ),
    Scenario(
        row="S3-20",
        profile="tiktok",
        items=(TRACKING, ERP, INBOX),
        facts=[
            *_talk(),
            said("order.id", ORDER.id, by="erp", item="record", group="row/1"),
            said("shipment.tracking_number", NUMBER, by="ups", item="tracking", group="parcel"),
            scan("accepted", "2026-10-29T10:02:10+08:00", "parcel/0"),
            scan("delivered", "2026-11-03T14:31:07", "parcel/1"),
        ],
        texts=TIKTOK,
        link=LINK,
    ),
    Scenario(
        row="VIS-CE3",
        profile="bank",
        items=(ERP, TRACKING, PAID),
        facts=_delivered(
            *_payment(),
            said("dispute.opened.at", "2026-11-10T00:00:00Z", by="stripe", item="paid", group="d"),
            *_prior(1, "2026-03-01T08:00:00Z", "203.0.113.9"),
            *_prior(2, "2026-05-10T08:00:00Z", "203.0.113.9"),
        ),
    ),
)
