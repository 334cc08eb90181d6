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
    Name("order.shop_id", Kind.TEXT, "a web shop's own number of the order, beside its name"),
    Name("order.platform", Kind.TEXT, "the platform the source names"),
    Name("order.site", Kind.COUNTRY, "the marketplace's country"),
    Name("order.store", Kind.TEXT, "the store the source names"),
    Name("order.status", Kind.TEXT, "the order's status in the source's words"),
    Name("order.buyer", Kind.TEXT, "the buyer's name"),
    Name("order.total", Kind.AMOUNT, "what the buyer paid in all"),
    Name("order.proceeds", Kind.AMOUNT, "what the seller gets for it in all"),
    Name("order.placed.at", Kind.TIME, "the buyer ordered", 10),
    Name("order.paid.at", Kind.TIME, "the payment was taken", 20),
    Name("order.packed.at", Kind.TIME, "the merchant packed it", 30),
    Name("order.item.sku", Kind.TEXT, "the seller's SKU"),
    Name("order.item.quantity", Kind.NUMBER, "pieces of it"),
    Name("order.item.title", Kind.TEXT, "what was sold"),
    Name("order.item.id", Kind.TEXT, "the platform's number of the order's line"),
    Name("order.item.price", Kind.AMOUNT, "price of one piece, as the platform states it"),
    Name("order.item.serial", Kind.TEXT, "serial number of a piece that was sold"),
    Name("order.item.shipped", Kind.NUMBER, "pieces of it that were shipped"),
    Name("order.unknown", Kind.TEXT, "the source says it does not know the order"),
    Name("order.related", Kind.TEXT, "another order that hangs together with it: an exchange"),
    Name("order.buyer.id", Kind.TEXT, "the platform's number of the buyer"),
    Name("order.buyer.email", Kind.TEXT, "the buyer's address, often a relay of the platform"),
    Name("order.buyer.ip", Kind.TEXT, "internet address the buyer ordered from"),
    Name("order.fulfilled_by", Kind.TEXT, "who ships it, in the platform's words"),
    Name("order.note", Kind.TEXT, "what buyer or shop noted on it"),
    Name("order.risk", Kind.TEXT, "what the platform thinks of its risk"),
    Name("order.cancel_reason", Kind.TEXT, "why it was cancelled"),
    Name("order.address_changed", Kind.FLAG, "whether the address was changed, as told"),
    Name("order.in_transit.at", Kind.TIME, "the platform set it to: on the way"),
    Name("order.delivered.at", Kind.TIME, "the platform set it to: delivered"),
    Name("order.cancelled.at", Kind.TIME, "it was cancelled"),
    Name("order.updated.at", Kind.TIME, "the platform last changed its record of it"),
    Name("order.recorded.at", Kind.TIME, "a record of it was made, later than the order perhaps"),
    Name("order.ship_by.at", Kind.TIME, "the last moment to ship it"),
    Name("order.deliver_by.at", Kind.TIME, "the last moment of the promised delivery"),
    Name("order.event", Kind.TEXT, "an entry of the order's timeline, in the source's words"),
    Name("order.event.at", Kind.TIME, "when that happened"),
    # The shipment
    Name("shipment.tracking_number", Kind.TEXT, "the carrier's number of a parcel"),
    Name("shipment.carrier", Kind.TEXT, "the carrier the source names"),
    Name("shipment.service", Kind.TEXT, "the carrier's product"),
    Name("shipment.reference", Kind.TEXT, "a reference that the shipper put on the parcel"),
    Name("shipment.weight", Kind.NUMBER, "weight with its unit"),
    Name("shipment.id", Kind.TEXT, "the platform's number of the package"),
    Name("shipment.status", Kind.TEXT, "what the platform says of the package, in its words"),
    Name("shipment.item.id", Kind.TEXT, "the order's line that is in the package"),
    Name("shipment.item.quantity", Kind.NUMBER, "pieces of it in the package"),
    Name("shipment.recorded.at", Kind.TIME, "a record of the package was made"),
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
    Name(
        "parcel.unregistered", Kind.FLAG, "an aggregator was never told of it, so it asked nobody"
    ),
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
    Name("delivery.document", Kind.FLAG, "whether the answer holds a proof of delivery"),
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
    Name("message.stored.at", Kind.TIME, "the mail server's clock when it stored it"),
    Name("message.automatic", Kind.FLAG, "whether it says that nobody wrote it"),
    # Who vouches for a mail: its signatures, and what servers on the way wrote of them
    Name("message.proven", Kind.FLAG, "whether the sender's domain signed sender and body"),
    Name("message.dkim", Kind.TEXT, "what came of checking a signature: pass, fail, unchecked"),
    Name("message.dkim.domain", Kind.TEXT, "whose signature it is"),
    Name("message.dkim.covers", Kind.TEXT, "headers and body that it signs"),
    Name("message.arc", Kind.TEXT, "what came of checking the seals of those that passed it on"),
    Name("message.results", Kind.TEXT, "what a server on the way wrote of its own checks"),
    Name("dns.name", Kind.TEXT, "the name that the DNS was asked about"),
    Name("dns.said", Kind.TEXT, "its response code"),
    Name("dns.text", Kind.TEXT, "a TXT record of the name"),
    Name("dns.checked", Kind.FLAG, "whether the resolver says that it checked DNSSEC"),
    # What the platform holds against the order
    Name("defect.kind", Kind.TEXT, "what the platform counts"),
    Name("defect.noticed.at", Kind.TIME, "the platform told the seller"),
    Name("defect.due.at", Kind.TIME, "the last moment to answer"),
    Name("claim.opened.at", Kind.TIME, "the buyer opened the claim"),
    Name("review.posted.at", Kind.TIME, "the buyer wrote the review"),
    # What the buyer asks back through the platform
    Name("claim.id", Kind.TEXT, "the platform's number of the claim, inquiry or case"),
    Name("claim.kind", Kind.TEXT, "what sort of claim, in the platform's words"),
    Name("claim.reason", Kind.TEXT, "why, in the platform's words"),
    Name("claim.status", Kind.TEXT, "its status in the platform's words"),
    Name("claim.amount", Kind.AMOUNT, "what is claimed"),
    Name("claim.due.at", Kind.TIME, "the last moment to answer it"),
    Name("claim.closed.at", Kind.TIME, "it was closed"),
    Name("claim.event", Kind.TEXT, "an entry of its history, in the platform's words"),
    Name("claim.event.at", Kind.TIME, "when that happened"),
    Name("return.id", Kind.TEXT, "the platform's number of the return or cancellation"),
    Name("return.kind", Kind.TEXT, "return, refund only, cancellation, in the platform's words"),
    Name("return.reason", Kind.TEXT, "why, in the platform's words"),
    Name("return.status", Kind.TEXT, "its status in the platform's words"),
    Name("return.amount", Kind.AMOUNT, "what is to be given back"),
    Name("return.opened.at", Kind.TIME, "it was asked for"),
    Name("return.due.at", Kind.TIME, "the last moment to answer it"),
    Name("return.closed.at", Kind.TIME, "it was closed"),
    Name("return.tracking_number", Kind.TEXT, "the carrier's number of the parcel back"),
    Name("return.carrier", Kind.TEXT, "who carries it back"),
    Name("return.by", Kind.TEXT, "who asked for it or did a step of it: buyer, seller, platform"),
    Name("return.event", Kind.TEXT, "an entry of its history, in the platform's words"),
    Name("return.event.at", Kind.TIME, "when that happened"),
    # Money
    Name("payment.id", Kind.TEXT, "the processor's number of the payment"),
    Name("payment.amount", Kind.AMOUNT, "amount taken"),
    Name("payment.at", Kind.TIME, "the processor took it"),
    Name("payment.status", Kind.TEXT, "its status in the processor's words"),
    Name("payment.processor", Kind.TEXT, "who took it"),
    Name("payment.method", Kind.TEXT, "card, wallet or account, as the source names it"),
    Name("payment.card", Kind.TEXT, "last digits of the card"),
    Name("payment.fingerprint", Kind.TEXT, "the processor's mark of the same card or account"),
    Name("payment.avs", Kind.TEXT, "whether street or postal code match the card's, as told"),
    Name("payment.cvv", Kind.TEXT, "whether the card's check code matched, as told"),
    Name("payment.three_d_secure", Kind.TEXT, "what the cardholder's authentication gave"),
    Name("payment.authorization", Kind.TEXT, "the issuer's code for it"),
    Name("payment.customer", Kind.TEXT, "the processor's number of the customer"),
    Name("payment.email", Kind.TEXT, "address the payer gave"),
    Name("payment.ip", Kind.TEXT, "internet address it was made from"),
    Name("payment.device", Kind.TEXT, "the device it was made from, as the seller told it"),
    Name("payment.account", Kind.TEXT, "the customer's account with the seller"),
    Name("payment.fraud_warning", Kind.TEXT, "an issuer's early warning of fraud, its kind"),
    Name("payment.fraud_warning.at", Kind.TIME, "when that came"),
    Name("payment.descriptor", Kind.TEXT, "what stands on the card's statement"),
    Name("payment.receipt", Kind.TEXT, "number or address of its receipt"),
    Name("payment.risk", Kind.TEXT, "what the processor thinks of its risk"),
    Name("payment.disputed", Kind.FLAG, "whether the processor has a dispute over it"),
    Name("invoice.id", Kind.TEXT, "number of the seller's invoice"),
    Name("invoice.status", Kind.TEXT, "its status in the source's words"),
    Name("invoice.at", Kind.TIME, "its date"),
    Name("invoice.amount", Kind.AMOUNT, "what it asks for"),
    Name("refund.id", Kind.TEXT, "number of the refund"),
    Name("refund.amount", Kind.AMOUNT, "amount given back"),
    Name("refund.at", Kind.TIME, "money was given back"),
    Name("refund.status", Kind.TEXT, "its status in the source's words"),
    Name("refund.reason", Kind.TEXT, "why, in the source's words"),
    # Earlier payments of the same customer (Visa Compelling Evidence 3.0): of other orders
    Name("prior.payment.id", Kind.TEXT, "the processor's number of an earlier payment"),
    Name("prior.payment.at", Kind.TIME, "when that was taken"),
    Name("prior.payment.amount", Kind.AMOUNT, "its amount"),
    Name("prior.payment.status", Kind.TEXT, "its status in the processor's words"),
    Name("prior.payment.disputed", Kind.FLAG, "whether the processor has a dispute over it"),
    Name("prior.payment.fingerprint", Kind.TEXT, "the processor's mark of its card or account"),
    Name("prior.payment.customer", Kind.TEXT, "the processor's number of its customer"),
    Name("prior.payment.email", Kind.TEXT, "address its payer gave"),
    Name("prior.payment.ip", Kind.TEXT, "internet address it was made from"),
    Name("prior.payment.device", Kind.TEXT, "the device it was made from, as the seller told it"),
    Name("prior.payment.account", Kind.TEXT, "the customer's account with the seller"),
    Name("prior.payment.address", Kind.TEXT, "where it was shipped to"),
    Name("prior.payment.product", Kind.TEXT, "what was bought with it"),
    # Disputes that a bank or a payment service holds
    Name("dispute.id", Kind.TEXT, "the processor's number of the dispute"),
    Name("dispute.kind", Kind.TEXT, "inquiry, chargeback and so on, in the processor's words"),
    Name("dispute.reason", Kind.TEXT, "why, in the processor's words"),
    Name("dispute.network_reason", Kind.TEXT, "the card network's code for why"),
    Name("dispute.status", Kind.TEXT, "its status in the processor's words"),
    Name("dispute.outcome", Kind.TEXT, "how it ended, in the processor's words"),
    Name("dispute.amount", Kind.AMOUNT, "amount disputed"),
    Name("dispute.fee", Kind.AMOUNT, "what the dispute itself costs"),
    Name("dispute.opened.at", Kind.TIME, "the processor opened it"),
    Name("dispute.due.at", Kind.TIME, "the last moment to send evidence"),
    Name("dispute.sent.at", Kind.TIME, "evidence was sent"),
    Name("dispute.closed.at", Kind.TIME, "it was closed"),
    Name("dispute.evidence", Kind.TEXT, "evidence that the processor holds for it: which, or what"),
    Name("dispute.eligible", Kind.TEXT, "whether it qualifies for a programme, and which"),
    Name("dispute.event", Kind.TEXT, "an entry of its history, in the processor's words"),
    Name("dispute.event.at", Kind.TIME, "when that happened"),
    # What a platform thinks of the seller
    Name("seller.status", Kind.TEXT, "the seller's standing, in the platform's words"),
    Name("seller.id", Kind.TEXT, "the platform's number of the seller"),
    Name("seller.metric", Kind.TEXT, "a measure of the seller, its name"),
    Name("seller.metric.value", Kind.NUMBER, "what it is"),
    Name("seller.metric.target", Kind.NUMBER, "what it should be"),
    Name("seller.metric.status", Kind.TEXT, "what the platform thinks of it"),
    Name("seller.metric.count", Kind.NUMBER, "how many orders count against it"),
    Name("seller.metric.orders", Kind.NUMBER, "of how many orders"),
    Name("seller.metric.from.at", Kind.TIME, "first day it is measured over"),
    Name("seller.metric.to.at", Kind.TIME, "last day it is measured over"),
    # Documents, pictures and transport
    Name("document.text", Kind.TEXT, "a line of its text: its text layer's, or recognised"),
    Name("document.pages", Kind.NUMBER, "pages it has"),
    Name("document.producer", Kind.TEXT, "program that wrote the file"),
    Name("document.created.at", Kind.TIME, "creation time that the file states of itself"),
    Name("document.modified.at", Kind.TIME, "change time that the file states of itself"),
    Name("document.printed.at", Kind.TIME, "a time printed on the document"),
    Name("document.captured.at", Kind.TIME, "when a capture was made, as printed on it"),
    Name("document.barcode", Kind.TEXT, "what a barcode or QR code on it says"),
    Name("document.mark", Kind.TEXT, "carrier whose name, page or form it bears, as we call it"),
    Name("picture.size", Kind.TEXT, "width x height in pixels"),
    Name("picture.trait", Kind.NUMBER, "a measure of its pixels and where its text stands"),
    Name("picture.camera", Kind.TEXT, "make and model of the camera that its metadata names"),
    Name("picture.taken.at", Kind.TIME, "capture time in the picture's metadata"),
    Name("picture.software", Kind.TEXT, "program that wrote the picture"),
    # Traces of editing in the bytes of a file (verifiers/readers/traces/); the value says what was
    # found, the confidence how sure that is
    Name("trace.unchecked", Kind.TEXT, "a check for traces that could not be made, and why"),
    Name("trace.signature.holds", Kind.TEXT, "a signature fits the bytes, whoever signed"),
    Name("trace.signature.broken", Kind.TEXT, "signed bytes are not those that are there"),
    Name("trace.signature.changed_after", Kind.TEXT, "what was changed after it was signed"),
    Name("trace.signature.unchecked", Kind.TEXT, "a signature that cannot be checked, and why"),
    Name("trace.revision.replaced", Kind.TEXT, "a later revision replaced text on a page"),
    Name("trace.revision.added", Kind.TEXT, "a later revision added text to a page"),
    Name("trace.revision.removed", Kind.TEXT, "a later revision took text from a page"),
    Name("trace.revision.redacted", Kind.TEXT, "a later revision took text out and blacked it"),
    Name("trace.revision.field", Kind.TEXT, "a later revision replaced what a form's field said"),
    Name("trace.revision.pages", Kind.TEXT, "a later revision has other pages"),
    Name("trace.cover.replaced", Kind.TEXT, "text that is painted over, and what stands there now"),
    Name("trace.cover.hidden", Kind.TEXT, "text that is painted over, and nothing in its place"),
    Name("trace.cover.redaction", Kind.TEXT, "text under a redaction that can still be read"),
    Name("trace.text.odd_run", Kind.TEXT, "a run of text unlike those around it, and how"),
    Name("trace.credential.holds", Kind.TEXT, "content credentials fit the bytes"),
    Name("trace.credential.broken", Kind.TEXT, "content credentials are of another content"),
    Name("trace.picture.text_layer", Kind.TEXT, "text that an editor set into the picture"),
    Name("trace.picture.strange_part", Kind.TEXT, "a part that was not compressed with the rest"),
    Name("trace.picture.thumbnail", Kind.TEXT, "a part that the file's thumbnail shows otherwise"),
    Name("trace.picture.marked", Kind.TEXT, "what people drew on it to show something"),
    Name("trace.picture.history", Kind.TEXT, "changes that an editor wrote down"),
    Name("trace.mail.body_holds", Kind.TEXT, "the body has the hash that its sender signed"),
    Name("trace.mail.body_changed", Kind.TEXT, "the body is not the one its sender signed"),
    Name("trace.mail.clocks", Kind.TEXT, "a mail's clocks contradict each other"),
    Name("trace.file.editor", Kind.TEXT, "a program that is made for changing such files"),
    Name("trace.file.times", Kind.TEXT, "the file's own times contradict each other"),
    Name("trace.file.stated_twice", Kind.TEXT, "the file says one thing of itself in two ways"),
    Name("file.media_type", Kind.TEXT, "what the bytes are, by signature and decoding"),
    Name("file.name", Kind.TEXT, "the name it came under"),
    Name("reading.engine", Kind.TEXT, "what recognised its text, with version"),
    Name("reading.failed", Kind.TEXT, "why the item could not be read"),
    Name("field.unread", Kind.TEXT, "a field in another form than the documented, as it stands"),
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
