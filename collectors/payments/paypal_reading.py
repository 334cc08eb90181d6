"""What PayPal's answers say: disputes in short and in full, captures, trackers."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.carriers.parcel import Groups
from collectors.orders.record import amount, label, moment, said
from evidence.facts import Fact
from evidence.orders import platform_of
from evidence.pages import Node

_FEES = frozenset({"DISPUTE_FEE", "CHARGEBACK_FEE", "DISPUTE_SETTLEMENT_FEE"})


def money(name: str, node: Node, *, group: str = "") -> Iterator[Fact]:
    """PayPal's Money: a value beside its currency."""
    currency = node["currency_code"].text_or_none()
    yield from amount(name, node["value"], currency, at=node, group=group)


def read_paypal(page: Node) -> Iterator[Fact]:
    """The facts of an answer, whichever it is; ShapeError for one that is none of them."""
    if "dispute_id" in page:
        yield from _read_dispute(page, 0)
    elif "trackers" in page or "transaction_id" in page:
        # Described as one tracker where a list is asked for; both are read.
        groups = Groups()
        for one in page["trackers"].each() if "trackers" in page else (page,):
            yield from _read_tracker(one, groups.of(one["tracking_number"]))
    elif "resource" in page and "dispute_id" in page["resource"]:
        yield from _read_dispute(page["resource"], 0)
    elif "id" in page and "amount" in page:
        yield from _read_capture(page)
    elif "items" in page or "links" in page or page.value == {}:
        for place, one in enumerate(page["items"].each()):
            yield from _read_dispute(one, place)
    else:
        raise page.misshapen("one of the answers of PayPal")


def _read_dispute(one: Node, place: int) -> Iterator[Fact]:
    group = label("dispute", one["dispute_id"], place)
    yield one["dispute_id"].fact("dispute.id", group=group)
    stages = (one["dispute_life_cycle_stage"], one["dispute_channel"])
    yield from said("dispute.kind", stages, group=group)
    yield from one["reason"].facts("dispute.reason", group=group)
    yield from one["external_reason_code"].facts("dispute.network_reason", group=group)
    yield from said("dispute.status", (one["status"], one["dispute_state"]), group=group)
    yield from money("dispute.amount", one["dispute_amount"], group=group)
    yield from moment("dispute.opened.at", one["create_time"], group=group)
    yield from moment("dispute.due.at", one["seller_response_due_date"], group=group)
    outcome = one["dispute_outcome"]
    yield from outcome["outcome_code"].facts("dispute.outcome", group=group)
    yield from money("refund.amount", outcome["amount_refunded"], group=f"{group}/outcome")
    for index, paid in enumerate(one["disputed_transactions"].each()):
        its = label(f"{group}/payment", paid["seller_transaction_id"], index)
        yield from _read_transaction(paid, its)
    for index, evidence in enumerate(one["evidences"].each()):
        yield from _read_evidence(evidence, f"{group}/evidence/{index}")
    for index, told in enumerate(one["messages"].each()):
        its = f"{group}/message/{index}"
        yield from told["posted_by"].facts("message.from", group=its)
        yield from told["content"].facts("message.body", group=its)
        yield from moment("message.sent.at", told["time_posted"], group=its)
    for index, judged in enumerate(one["adjudications"].each()):
        its = f"{group}/event/{index}"
        yield from said("dispute.event", (judged["type"], judged["reason"]), group=its)
        yield from moment("dispute.event.at", judged["adjudication_time"], group=its)
    for index, moved in enumerate(one["money_movements"].each()):
        if moved["reason"].text_or_none() in _FEES:
            yield from money("dispute.fee", moved["amount"], group=f"{group}/moved/{index}")


def _read_transaction(paid: Node, group: str) -> Iterator[Fact]:
    yield from paid["seller_transaction_id"].facts("payment.id", group=group)
    yield from moment("payment.at", paid["create_time"], group=group)
    yield from paid["transaction_status"].facts("payment.status", group=group)
    yield from money("payment.amount", paid["gross_amount"], group=group)
    yield from _read_names(paid["invoice_number"], paid["custom"], group)
    yield from paid["buyer"]["name"].facts("order.buyer", group=group)
    for index, thing in enumerate(paid["items"].each()):
        its = f"{group}/item/{index}"
        yield from thing["item_id"].facts("order.item.id", group=its)
        yield from thing["item_name"].facts("order.item.title", group=its)
        yield from thing["notes"].facts("dispute.evidence", group=its)


def _read_names(invoice: Node, custom: Node, group: str) -> Iterator[Fact]:
    """An invoice's number is a shop's name of the order; free text only if shaped like one."""
    yield from invoice.facts("order.alias", group=group)
    if platform_of(custom.text_or_none() or ""):
        yield from custom.facts("order.alias", group=group)


def _read_evidence(evidence: Node, group: str) -> Iterator[Fact]:
    """What was sent or is asked for; `source` tells by whom. Tracking here is a party's word."""
    told = (evidence["evidence_type"], evidence["source"], evidence["notes"])
    yield from said("dispute.evidence", told, group=group)
    submitted = (evidence["source"].text_or_none() or "").startswith("SUBMITTED_BY_SELLER")
    name = "dispute.sent.at" if submitted else "dispute.event.at"
    yield from moment(name, evidence["date"], group=group)
    info = evidence["evidence_info"]
    for index, sent in enumerate(info["tracking_info"].each()):
        its = f"{group}/parcel/{index}"
        yield from sent["tracking_number"].facts("shipment.tracking_number", group=its)
        carriers = (sent["carrier_name"], sent["carrier_name_other"])
        yield from said("shipment.carrier", carriers, group=its)
    yield from said("refund.id", info["refund_ids"].each(), group=group)


def _read_tracker(one: Node, group: str) -> Iterator[Fact]:
    """A parcel as it was told to PayPal; DELIVERED without a scan is a status and no delivery."""
    yield from one["transaction_id"].facts("payment.id", group=group)
    back = one["shipment_direction"].text_or_none() == "RETURN"
    kind = "return" if back else "shipment"
    yield from one["tracking_number"].facts(f"{kind}.tracking_number", group=group)
    carriers = (one["carrier"], one["carrier_name_other"])
    yield from said(f"{kind}.carrier", carriers, group=group)
    yield from one["status"].facts(f"{kind}.status", group=group)
    if not back:
        yield from moment("shipment.shipped.at", one["shipment_date"], group=group)
        yield from moment("shipment.recorded.at", one["last_updated_time"], group=group)


def _read_capture(paid: Node) -> Iterator[Fact]:
    group = label("payment", paid["id"], 0)
    yield paid["id"].fact("payment.id", group=group)
    yield from paid["status"].facts("payment.status", group=group)
    yield from money("payment.amount", paid["amount"], group=group)
    if paid["status"].text_or_none() in ("COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"):
        yield from moment("payment.at", paid["create_time"], group=group)
    yield from _read_names(paid["invoice_id"], paid["custom_id"], group)
    checked = paid["processor_response"]
    yield from checked["avs_code"].facts("payment.avs", group=group)
    yield from checked["cvv_code"].facts("payment.cvv", group=group)
    protected = paid["seller_protection"]
    yield from protected["status"].facts("dispute.eligible", group=group)
    yield from said("dispute.eligible", protected["dispute_categories"].each(), group=group)
