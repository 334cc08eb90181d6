"""What Shopify's answers say: orders, events of fulfilments, transactions, timelines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.carriers.parcel import Groups, place
from collectors.orders.record import amount, count, label, moment, recipient, said
from evidence.facts import Fact
from evidence.orders import platform_of
from evidence.pages import Node

# The states that an event of a fulfilment can have. `picked_up` is the buyer's doing in a store.
_SCANS = {
    "carrier_picked_up": "scan.accepted",
    "in_transit": "scan.transit",
    "out_for_delivery": "scan.out_for_delivery",
    "delivered": "scan.delivered",
    "attempted_delivery": "scan.exception",
    "delayed": "scan.exception",
    "failure": "scan.exception",
}
_LABELS = frozenset({"label_purchased", "label_printed"})
_TO = {
    "name": ("name", "company"),
    "street": ("address1", "address2"),
    "city": ("city",),
    "region": ("province_code",),
    "postal_code": ("zip",),
    "country": ("country_code",),
}
# What importers call the other platform's number. Buyers write notes too: those are not believed.
_ORDER_NUMBER = re.compile(r"order[\s_.-]*(id|no|nr|number)\b", re.IGNORECASE)
# Where a source_identifier is a till's receipt at most; importers have an app's number here.
_OWN_CHANNELS = frozenset({"web", "pos", "iphone", "android", "shopify_draft_order"})
_TAKEN = frozenset({"sale", "capture", "authorization"})


def read_answer(page: Node) -> Iterator[Fact]:
    """The facts of an answer, whichever it is; ShapeError for one that is none of them."""
    if "order" in page:
        yield from _read_order(page["order"])
    elif "fulfillment_events" in page:
        for index, event in enumerate(page["fulfillment_events"].each()):
            yield from _read_event(event, index)
    elif "transactions" in page:
        for index, one in enumerate(page["transactions"].each()):
            yield from _read_transaction(one, label("payment", one["id"], index))
    elif "events" in page:
        for index, event in enumerate(page["events"].each()):
            yield from event["message"].facts("order.event", group=f"event/{index}")
            yield from moment("order.event.at", event["created_at"], group=f"event/{index}")
    elif "errors" in page:
        yield page["errors"].fact("order.unknown")
    elif "data" in page:
        nodes = page["data"]["orders"]["nodes"]
        if nodes.value != []:
            raise nodes.misshapen("an empty list")
        yield nodes.fact("order.unknown", "The search found no order.")
    else:
        raise page.misshapen("one of the answers of Shopify")


def _read_order(order: Node) -> Iterator[Fact]:
    if not isinstance(order.value, dict):
        raise order.misshapen("an object")
    currency = order["currency"].text_or_none()
    yield from order["id"].facts("order.id")
    yield from order["id"].facts("order.shop_id")
    yield from said("order.alias", (order["id"], order["name"]))
    yield from order["source_name"].facts("order.channel")
    foreign = list(_foreign(order))
    yield from foreign
    if foreign and order["source_name"].text_or_none() not in _OWN_CHANNELS:
        for when in ("created_at", "processed_at"):
            yield from moment("order.recorded.at", order[when])
    else:
        yield from moment("order.placed.at", order["created_at"])
    yield from moment("order.updated.at", order["updated_at"])
    yield from moment("order.cancelled.at", order["cancelled_at"])
    yield from order["cancel_reason"].facts("order.cancel_reason")
    yield from said("order.status", (order["financial_status"], order["fulfillment_status"]))
    yield from amount("order.total", order["total_price"], currency)
    yield from _read_buyer(order)
    yield from order["note"].facts("order.note")
    yield from recipient(order["shipping_address"], _TO)
    for index, line in enumerate(order["line_items"].each()):
        group = label("item", line["id"], index)
        yield from line["id"].facts("order.item.id", group=group)
        yield from line["sku"].facts("order.item.sku", group=group)
        yield from line["name" if "name" in line else "title"].facts(
            "order.item.title", group=group
        )
        yield from count("order.item.quantity", line["quantity"], group=group)
        yield from amount("order.item.price", line["price"], currency, group=group)
    groups = Groups()
    for fulfilment in order["fulfillments"].each():
        yield from _read_fulfilment(fulfilment, groups.of(fulfilment["tracking_number"]))
    for index, refund in enumerate(order["refunds"].each()):
        yield from _read_refund(refund, label("refund", refund["id"], index))


def _foreign(order: Node) -> Iterator[Fact]:
    """The numbers that other platforms know the order by."""
    yield from order["source_identifier"].facts("order.alias")
    for attribute in order["note_attributes"].each():
        value = attribute["value"].text_or_none() or ""
        if _ORDER_NUMBER.search(attribute["name"].text_or_none() or "") or platform_of(value):
            yield from attribute["value"].facts("order.alias")
    for tag in (order["tags"].text_or_none() or "").split(","):
        if platform_of(tag):
            yield order["tags"].fact("order.alias", tag.strip())


def _read_buyer(order: Node) -> Iterator[Fact]:
    customer = order["customer"]
    words = (customer[part].text_or_none() for part in ("first_name", "last_name"))
    if name := " ".join(filter(None, words)):
        yield customer.fact("order.buyer", name)
    yield from customer["id"].facts("order.buyer.id")
    yield from order["email"].facts("order.buyer.email")
    yield from order["browser_ip"].facts("order.buyer.ip")


def _read_fulfilment(one: Node, group: str) -> Iterator[Fact]:
    yield from one["id"].facts("shipment.id", group=group)
    numbers = list(one["tracking_numbers"].each()) or [one["tracking_number"]]
    yield from said("shipment.tracking_number", numbers, group=group)
    yield from one["tracking_company"].facts("shipment.carrier", group=group)
    yield from said("shipment.status", (one["shipment_status"], one["status"]), group=group)
    # Made when somebody marked it as fulfilled, which may be before the parcel left.
    yield from moment("shipment.recorded.at", one["created_at"], group=group)
    for index, line in enumerate(one["line_items"].each()):
        its = f"{group}/item/{index}"
        yield from line["id"].facts("shipment.item.id", group=its)
        yield from count("shipment.item.quantity", line["quantity"], group=its)


def _read_refund(refund: Node, group: str) -> Iterator[Fact]:
    yield from refund["id"].facts("refund.id", group=group)
    yield from refund["note"].facts("refund.reason", group=group)
    for index, one in enumerate(refund["transactions"].each()):
        if one["kind"].text_or_none() == "refund":
            yield from _read_back(one, f"{group}/{index}")


def _read_transaction(one: Node, group: str) -> Iterator[Fact]:
    """A transaction: money taken, or given back. Its time is one of the payment only if it was."""
    kind, status = one["kind"].text_or_none(), one["status"].text_or_none()
    if kind == "refund":
        yield from one["id"].facts("refund.id", group=group)
        yield from _read_back(one, group)
        return
    yield from one["authorization"].facts("payment.id", group=group)
    yield from said("payment.status", (one["kind"], one["status"]), group=group)
    yield from one["gateway"].facts("payment.processor", group=group)
    yield from amount("payment.amount", one["amount"], one["currency"].text_or_none(), group=group)
    if kind in _TAKEN and status == "success":
        done = "processed_at" if "processed_at" in one else "created_at"
        yield from moment("payment.at", one[done], group=group)
    details = one["payment_details"]
    yield from details["avs_result_code"].facts("payment.avs", group=group)
    yield from details["cvv_result_code"].facts("payment.cvv", group=group)
    yield from details["credit_card_company"].facts("payment.method", group=group)
    yield from details["credit_card_number"].facts("payment.card", group=group)


def _read_back(one: Node, group: str) -> Iterator[Fact]:
    yield from one["status"].facts("refund.status", group=group)
    if one["status"].text_or_none() == "success":
        yield from amount(
            "refund.amount", one["amount"], one["currency"].text_or_none(), group=group
        )
        done = "processed_at" if "processed_at" in one else "created_at"
        yield from moment("refund.at", one[done], group=group)


def _read_event(event: Node, index: int) -> Iterator[Fact]:
    """An event of a fulfilment, as the carrier or an app told it to Shopify."""
    group = f"scan/{index}"
    status = event["status"].text_or_none() or ""
    name = _SCANS.get(status, "scan.other")
    words = "message" if event["message"].text_or_none() else "status"
    yield from event[words].facts(name, group=group)
    when = "shipment.label.at" if status in _LABELS else f"{name}.at"
    yield from moment(when, event["happened_at"], group=group)
    fields = ("address1", "city", "province", "zip", "country")
    yield from place(event, (event[field] for field in fields), group)
