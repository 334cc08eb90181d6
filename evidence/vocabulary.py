"""Every fact name: its type, its meaning, and its place in the order of events.

A name that is not listed here is an error: readers, verifiers and policies share one vocabulary.
`step` puts times in the order in which the things they tell of must have happened; two names with
the same step are not ordered against each other, and None takes part in no order.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.errors import FormatError


class Kind(StrEnum):
    """Types of value. A NUMBER is carried as decimal text: binary floats lose digits."""

    TEXT = "text"
    TIME = "time"
    AMOUNT = "amount"  # "19.99 USD"
    NUMBER = "number"  # decimal text, with a unit after a space where there is one: "1.2 kg"
    COUNTRY = "country"  # ISO 3166-1 alpha-2
    FLAG = "flag"  # "yes" or "no"


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    kind: Kind
    meaning: str
    step: int | None = None


_NAMES = (
    # The order
    Name("order.id", Kind.TEXT, "the platform's order number"),
    Name("order.alias", Kind.TEXT, "another number of the same order: ERP, shop, reference"),
    Name("order.platform", Kind.TEXT, "the platform the source names"),
    Name("order.site", Kind.COUNTRY, "the marketplace's country"),
    Name("order.store", Kind.TEXT, "the store the source names"),
    Name("order.status", Kind.TEXT, "the order's status in the source's words"),
    Name("order.buyer", Kind.TEXT, "the buyer's name"),
    Name("order.total", Kind.AMOUNT, "what the buyer paid in all"),
    Name("order.placed.at", Kind.TIME, "the buyer ordered", 10),
    Name("order.paid.at", Kind.TIME, "the payment was taken", 20),
    Name("order.packed.at", Kind.TIME, "the merchant packed it", 30),
    Name("order.item.sku", Kind.TEXT, "the seller's SKU"),
    Name("order.item.quantity", Kind.NUMBER, "pieces of it"),
    Name("order.item.title", Kind.TEXT, "what was sold"),
    # The shipment
    Name("shipment.tracking_number", Kind.TEXT, "the carrier's number of a parcel"),
    Name("shipment.carrier", Kind.TEXT, "the carrier the source names"),
    Name("shipment.service", Kind.TEXT, "the carrier's product"),
    Name("shipment.reference", Kind.TEXT, "a reference that the shipper put on the parcel"),
    Name("shipment.weight", Kind.NUMBER, "weight with its unit"),
    Name("shipment.label.at", Kind.TIME, "the label was made or the carrier was told", 40),
    Name("shipment.shipped.at", Kind.TIME, "the merchant says it left", 45),
    Name("shipment.recipient.name", Kind.TEXT, "to whom it was sent"),
    Name("shipment.recipient.street", Kind.TEXT, "street lines it was sent to"),
    Name("shipment.recipient.city", Kind.TEXT, "city it was sent to"),
    Name("shipment.recipient.region", Kind.TEXT, "state or province it was sent to"),
    Name("shipment.recipient.postal_code", Kind.TEXT, "postal code it was sent to"),
    Name("shipment.recipient.country", Kind.COUNTRY, "country it was sent to"),
    Name("shipment.origin.country", Kind.COUNTRY, "country it was sent from"),
    # The carrier's scans
    Name("parcel.unknown", Kind.TEXT, "the carrier says it does not know the number"),
    Name("parcel.status", Kind.TEXT, "the carrier's current status, in its words"),
    Name("scan.accepted", Kind.TEXT, "first carrier scan, in the carrier's words"),
    Name("scan.accepted.at", Kind.TIME, "the carrier first had the parcel", 50),
    Name("scan.transit", Kind.TEXT, "a scan on the way, in the carrier's words"),
    Name("scan.transit.at", Kind.TIME, "a scan on the way", 60),
    Name("scan.exception", Kind.TEXT, "something went wrong on the way, in the carrier's words"),
    Name("scan.exception.at", Kind.TIME, "when something went wrong on the way"),
    Name("scan.out_for_delivery", Kind.TEXT, "out for delivery, in the carrier's words"),
    Name("scan.out_for_delivery.at", Kind.TIME, "it went out for delivery", 70),
    Name("scan.delivered", Kind.TEXT, "delivered, in the carrier's words"),
    Name("scan.delivered.at", Kind.TIME, "it was delivered", 80),
    Name("scan.other", Kind.TEXT, "a scan we have no word for, in the carrier's words"),
    Name("scan.other.at", Kind.TIME, "when a scan happened that we have no word for"),
    Name("scan.place", Kind.TEXT, "where a scan happened"),
    Name("delivery.received_by", Kind.TEXT, "who took it, as the carrier wrote it"),
    Name("delivery.place", Kind.TEXT, "where it was left, in the carrier's words"),
    Name("delivery.city", Kind.TEXT, "city of the delivery"),
    Name("delivery.region", Kind.TEXT, "state or province of the delivery"),
    Name("delivery.postal_code", Kind.TEXT, "postal code of the delivery"),
    Name("delivery.country", Kind.COUNTRY, "country of the delivery"),
    Name("delivery.at", Kind.TIME, "delivery time stated outside the scan history", 80),
    Name("delivery.recorded.at", Kind.TIME, "delivery time that a record of the seller states", 80),
    Name("delivery.signature", Kind.FLAG, "whether the answer holds a signature image"),
    Name("delivery.photo", Kind.FLAG, "whether the answer holds a delivery photo"),
    # Messages
    Name("message.id", Kind.TEXT, "the message's own id"),
    Name("message.reply_to", Kind.TEXT, "id of the message it answers"),
    Name("message.from", Kind.TEXT, "sender as written"),
    Name("message.to", Kind.TEXT, "recipient as written"),
    Name("message.subject", Kind.TEXT, "subject line, decoded"),
    Name("message.body", Kind.TEXT, "plain text of the message"),
    Name("message.sent.at", Kind.TIME, "the sender's clock when it was sent"),
    Name("message.received.at", Kind.TIME, "our mail server's clock when it came"),
    Name("message.attachment", Kind.TEXT, "name of a file attached"),
    # What the platform holds against the order
    Name("defect.kind", Kind.TEXT, "what the platform counts"),
    Name("defect.noticed.at", Kind.TIME, "the platform told the seller"),
    Name("defect.due.at", Kind.TIME, "the last moment to answer"),
    Name("claim.opened.at", Kind.TIME, "the buyer opened the claim"),
    Name("review.posted.at", Kind.TIME, "the buyer wrote the review"),
    # Money
    Name("payment.id", Kind.TEXT, "the processor's number of the payment"),
    Name("payment.amount", Kind.AMOUNT, "amount taken"),
    Name("refund.id", Kind.TEXT, "number of the refund"),
    Name("refund.amount", Kind.AMOUNT, "amount given back"),
    Name("refund.at", Kind.TIME, "money was given back"),
    # Documents, pictures and transport
    Name("document.text", Kind.TEXT, "a line of the document's text layer"),
    Name("document.pages", Kind.NUMBER, "pages it has"),
    Name("document.producer", Kind.TEXT, "program that wrote the file"),
    Name("document.created.at", Kind.TIME, "creation time that the file states of itself"),
    Name("document.modified.at", Kind.TIME, "change time that the file states of itself"),
    Name("document.printed.at", Kind.TIME, "a time printed on the document"),
    Name("document.captured.at", Kind.TIME, "when a capture was made, as printed on it"),
    Name("picture.size", Kind.TEXT, "width x height in pixels"),
    Name("picture.taken.at", Kind.TIME, "capture time in the picture's metadata"),
    Name("picture.software", Kind.TEXT, "program that wrote the picture"),
    Name("file.media_type", Kind.TEXT, "what the bytes are, by signature and decoding"),
    Name("file.name", Kind.TEXT, "the name it came under"),
    Name("reading.failed", Kind.TEXT, "why the item could not be read"),
    Name("row.broken", Kind.TEXT, "why a row of a table could not be read"),
    Name("exchange.request_id", Kind.TEXT, "the vendor's id of the request"),
    Name("exchange.date.at", Kind.TIME, "the vendor's clock when it answered"),
    Name("exchange.status", Kind.NUMBER, "HTTP status"),
)

VOCABULARY = {name.name: name for name in _NAMES}


def name_of(fact_name: str) -> Name:
    """The entry for `fact_name`; FormatError if there is none."""
    try:
        return VOCABULARY[fact_name]
    except KeyError:
        raise FormatError(
            what=f"the fact name {fact_name[:60]!r}", why="evidence/vocabulary.py does not list it"
        ) from None
