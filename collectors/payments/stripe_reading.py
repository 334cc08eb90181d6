"""What Stripe's objects say: charges, refunds, disputes, warnings, and lists of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.orders.record import epoch, label, recipient, said, unread
from collectors.payments.money import minor
from evidence.facts import Fact
from evidence.pages import Node

_TO = {
    "street": ("line1", "line2"),
    "city": ("city",),
    "region": ("state",),
    "postal_code": ("postal_code",),
    "country": ("country",),
}
_ORDER_NUMBER = re.compile(r"order[\s_.-]*(id|no|nr|number)?", re.IGNORECASE)
_TEXTS = (
    "product_description",
    "access_activity_log",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "duplicate_charge_explanation",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "uncategorized_text",
)


def read_stripe(page: Node) -> Iterator[Fact]:
    """The facts of an object, or of each object of a list; ShapeError for an unknown one."""
    match page["object"].text_or_none():
        case "list" | "search_result":
            for place, one in enumerate(page["data"].each()):
                yield from _read_object(one, place)
        case "event":
            yield from _read_object(page["data"]["object"], 0)
        case _:
            yield from _read_object(page, 0)


def _read_object(one: Node, place: int) -> Iterator[Fact]:
    match one["object"].text_or_none():
        case "charge":
            yield from _read_charge(one, label("payment", one["id"], place))
        case "refund":
            yield from _read_refund(one, label("refund", one["id"], place))
        case "dispute":
            yield from _read_dispute(one, label("dispute", one["id"], place))
        case "radar.early_fraud_warning":
            group = label("payment", one["charge"], place)
            yield from one["charge"].facts("payment.id", group=group)
            yield from one["fraud_type"].facts("payment.fraud_warning", group=group)
            yield from epoch("payment.fraud_warning.at", one["created"], group=group)
        case _:
            raise one["object"].misshapen("charge, refund, dispute or a list of them")


def _read_charge(charge: Node, group: str) -> Iterator[Fact]:
    yield charge["id"].fact("payment.id", group=group)
    yield from _names(charge["metadata"], group)
    yield from minor("payment.amount", charge["amount"], charge["currency"], group=group)
    yield from charge["status"].facts("payment.status", group=group)
    if charge["status"].text_or_none() == "succeeded":
        yield from epoch("payment.at", charge["created"], group=group)
    yield from _flag("payment.disputed", charge["disputed"], group)
    yield from _read_card(charge["payment_method_details"], group)
    yield from charge["customer"].facts("payment.customer", group=group)
    emails = (charge["billing_details"]["email"], charge["receipt_email"])
    yield from said("payment.email", emails, group=group)
    yield from charge["calculated_statement_descriptor"].facts("payment.descriptor", group=group)
    receipts = (charge["receipt_number"], charge["receipt_url"])
    yield from said("payment.receipt", receipts, group=group)
    outcome = charge["outcome"]
    told = (outcome["risk_level"], outcome["risk_score"], outcome["seller_message"])
    yield from said("payment.risk", told, group=group)
    shipped = charge["shipping"]
    yield from shipped["name"].facts("shipment.recipient.name", group=group)
    yield from recipient(shipped["address"], _TO, group=group)
    yield from shipped["carrier"].facts("shipment.carrier", group=group)
    yield from shipped["tracking_number"].facts("shipment.tracking_number", group=group)
    for place, refund in enumerate(charge["refunds"]["data"].each()):
        yield from _read_refund(refund, label("refund", refund["id"], place))


def _names(metadata: Node, group: str) -> Iterator[Fact]:
    """The order's number, where the shop wrote one and called it so."""
    keys = metadata.value if isinstance(metadata.value, dict) else ()
    for key in keys:
        if _ORDER_NUMBER.fullmatch(key):
            yield from metadata[key].facts("order.alias", group=group)


def _read_card(details: Node, group: str) -> Iterator[Fact]:
    """How it was paid: Stripe's words for the checks are pass, fail, unavailable, unchecked."""
    card = details["card"]
    yield from said("payment.method", (details["type"], card["brand"]), group=group)
    yield from card["last4"].facts("payment.card", group=group)
    yield from card["fingerprint"].facts("payment.fingerprint", group=group)
    checks = card["checks"]
    lines = (checks["address_line1_check"], checks["address_postal_code_check"])
    yield from said("payment.avs", lines, group=group)
    yield from checks["cvc_check"].facts("payment.cvv", group=group)
    secure = card["three_d_secure"]
    told = (secure["result"], secure["result_reason"], secure["electronic_commerce_indicator"])
    yield from said("payment.three_d_secure", told, group=group)
    yield from card["authorization_code"].facts("payment.authorization", group=group)


def _read_refund(refund: Node, group: str) -> Iterator[Fact]:
    yield from refund["id"].facts("refund.id", group=group)
    yield from refund["charge"].facts("payment.id", group=group)
    yield from refund["status"].facts("refund.status", group=group)
    yield from refund["reason"].facts("refund.reason", group=group)
    yield from minor("refund.amount", refund["amount"], refund["currency"], group=group)
    if refund["status"].text_or_none() == "succeeded":
        yield from epoch("refund.at", refund["created"], group=group)


def _read_dispute(dispute: Node, group: str) -> Iterator[Fact]:
    yield dispute["id"].fact("dispute.id", group=group)
    yield from dispute["charge"].facts("payment.id", group=group)
    yield from _names(dispute["metadata"], group)
    card = dispute["payment_method_details"]["card"]
    yield from card["case_type"].facts("dispute.kind", group=group)
    yield from dispute["reason"].facts("dispute.reason", group=group)
    yield from card["network_reason_code"].facts("dispute.network_reason", group=group)
    yield from dispute["status"].facts("dispute.status", group=group)
    yield from minor("dispute.amount", dispute["amount"], dispute["currency"], group=group)
    yield from epoch("dispute.opened.at", dispute["created"], group=group)
    details = dispute["evidence_details"]
    yield from epoch("dispute.due.at", details["due_by"], group=group)
    yield from said("dispute.eligible", dispute["enhanced_eligibility_types"].each(), group=group)
    ce3 = details["enhanced_eligibility"]["visa_compelling_evidence_3"]
    yield from ce3["status"].facts("dispute.eligible", group=group)
    yield from said("dispute.eligible", ce3["required_actions"].each(), group=group)
    for place, moved in enumerate(dispute["balance_transactions"].each()):
        its = f"{group}/moved/{place}"
        yield from minor("dispute.fee", moved["fee"], moved["currency"], group=its)
    yield from _read_evidence(dispute["evidence"], group)


def _read_evidence(evidence: Node, group: str) -> Iterator[Fact]:
    """What the seller has told Stripe so far: the seller's word."""
    yield from said("dispute.evidence", (evidence[field] for field in _TEXTS), group=group)
    yield from evidence["customer_email_address"].facts("payment.email", group=group)
    yield from evidence["customer_purchase_ip"].facts("payment.ip", group=group)
    sent = f"{group}/parcel"
    yield from evidence["shipping_carrier"].facts("shipment.carrier", group=sent)
    yield from evidence["shipping_tracking_number"].facts("shipment.tracking_number", group=sent)
    ce3 = evidence["enhanced_evidence"]["visa_compelling_evidence_3"]
    yield from _read_payer(ce3["disputed_transaction"], "payment", group)
    for place, one in enumerate(ce3["prior_undisputed_transactions"].each()):
        its = f"{group}/prior/{place}"
        yield from one["charge"].facts("prior.payment.id", group=its)
        yield from _read_payer(one, "prior.payment", its)
        where = one["shipping_address"]
        lines = (where[field] for field in ("line1", "line2", "city", "postal_code", "country"))
        yield from said("prior.payment.address", lines, group=its)
        yield from one["product_description"].facts("prior.payment.product", group=its)


def _read_payer(one: Node, kind: str, group: str) -> Iterator[Fact]:
    yield from one["customer_account_id"].facts(f"{kind}.account", group=group)
    devices = (one["customer_device_id"], one["customer_device_fingerprint"])
    yield from said(f"{kind}.device", devices, group=group)
    yield from one["customer_email_address"].facts(f"{kind}.email", group=group)
    yield from one["customer_purchase_ip"].facts(f"{kind}.ip", group=group)


def read_prior(page: Node) -> Iterator[Fact]:
    """Charges of other orders, earlier: facts with names of their own, so that nobody takes them
    for this order's.
    """
    if page["object"].text_or_none() not in ("list", "search_result"):
        raise page["object"].misshapen("a list")
    for place, charge in enumerate(page["data"].each()):
        group = label("prior", charge["id"], place)
        yield charge["id"].fact("prior.payment.id", group=group)
        amount = charge["amount"]
        yield from minor("prior.payment.amount", amount, charge["currency"], group=group)
        yield from charge["status"].facts("prior.payment.status", group=group)
        yield from epoch("prior.payment.at", charge["created"], group=group)
        yield from _flag("prior.payment.disputed", charge["disputed"], group)
        card = charge["payment_method_details"]["card"]
        yield from card["fingerprint"].facts("prior.payment.fingerprint", group=group)
        yield from charge["customer"].facts("prior.payment.customer", group=group)
        emails = (charge["billing_details"]["email"], charge["receipt_email"])
        yield from said("prior.payment.email", emails, group=group)
        where = charge["shipping"]["address"]
        lines = (where[field] for field in ("line1", "line2", "city", "postal_code", "country"))
        yield from said("prior.payment.address", lines, group=group)
        yield from charge["description"].facts("prior.payment.product", group=group)


def _flag(name: str, node: Node, group: str) -> Iterator[Fact]:
    if isinstance(node.value, bool):
        yield node.fact(name, "yes" if node.value else "no", group=group)
    elif node.present:
        yield unread(node, group=group)
