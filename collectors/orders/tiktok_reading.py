"""What TikTok Shop's answers say: orders, packages, tracking, returns, cancellations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectors.carriers.parcel import weight
from collectors.orders.record import amount, country, epoch, label, recipient, said, unread
from evidence.facts import Fact
from evidence.pages import Node

_TO = {
    "name": ("name",),
    "street": ("address_line1", "address_line2", "address_line3", "address_line4"),
    "city": ("post_town",),
    "postal_code": ("postal_code",),
    "country": ("region_code",),
}
_DISTRICTS = {"city": "city", "town": "city", "state": "region", "province": "region"}
_TIMES = {
    "create_time": "order.placed.at",
    "paid_time": "order.paid.at",
    "update_time": "order.updated.at",
    "rts_time": "shipment.label.at",
    "collection_time": "order.in_transit.at",
    "delivery_time": "order.delivered.at",
    "cancel_time": "order.cancelled.at",
    "rts_sla_time": "order.ship_by.at",
    "delivery_sla_time": "order.deliver_by.at",
}
# A number of Amazon's or eBay's in a note of the seller, who alone can write it.
_FOREIGN = re.compile(
    r"(?<![0-9A-Za-z-])(?:\d{3}-\d{7}-\d{7}|\d{2}-\d{5}-\d{5})(?![0-9A-Za-z-])", re.ASCII
)


def read_answer(page: Node, *, order_asked: bool) -> Iterator[Fact]:
    """The facts of an answer, whichever it is; ShapeError for one that is none of them.

    order_asked   an order was asked for by its number, so an answer without it says something
    """
    if page["code"].text_or_none() != "0":
        raise page["code"].misshapen("0")
    yield from page["request_id"].facts("exchange.request_id")
    data = page["data"]
    if "tracking" in data:
        for place, event in enumerate(data["tracking"].each()):
            yield from event["description"].facts("scan.other", group=f"scan/{place}")
            when = event["update_time_millis"]
            yield from epoch("scan.other.at", when, group=f"scan/{place}", unit_s=0.001)
    elif "package_id" in data:
        yield from _read_package(data)
    elif "return_orders" in data:
        for place, one in enumerate(data["return_orders"].each()):
            yield from _read_return(one, label("return", one["return_id"], place))
    elif "cancellations" in data:
        for place, one in enumerate(data["cancellations"].each()):
            yield from _read_return(one, label("return", one["cancel_id"], place))
    elif "records" in data:
        for place, record in enumerate(data["records"].each()):
            yield from _read_record(record, f"record/{place}")
    elif "external_orders" in data:
        yield from said("order.alias", (one["id"] for one in data["external_orders"].each()))
    elif "orders" in data:
        orders = list(data["orders"].each())
        if not orders:
            yield page.fact("order.unknown", "The answer lists no such order.")
        for place, order in enumerate(orders):
            yield from _read_order(order, "" if len(orders) == 1 else f"order/{place}")
    elif order_asked and data.value in ({}, None):
        yield page.fact("order.unknown", "The answer lists no such order.")
    elif "next_page_token" in data or "total_count" in data or data.value in ({}, None):
        return  # a search that found nothing leaves its list out
    else:
        raise data.misshapen("one of the answers of TikTok Shop")


def _read_order(order: Node, group: str) -> Iterator[Fact]:
    if not isinstance(order.value, dict):
        raise order.misshapen("an object")
    yield from order["id"].facts("order.id", group=group)
    for field in ("replaced_order_id", "exchange_source_order_id"):
        yield from order[field].facts("order.related", group=group)
    yield from order["commerce_platform"].facts("order.platform", group=group)
    yield from order["status"].facts("order.status", group=group)
    for field, name in _TIMES.items():
        yield from epoch(name, order[field], group=group)
    yield from order["user_id"].facts("order.buyer.id", group=group)
    yield from order["buyer_nickname"].facts("order.buyer", group=group)
    yield from order["buyer_email"].facts("order.buyer.email", group=group)
    yield from order["cancel_reason"].facts("order.cancel_reason", group=group)
    yield from order["fulfillment_type"].facts("order.fulfilled_by", group=group)
    yield from said("order.note", (order["buyer_message"], order["seller_note"]), group=group)
    note = order["seller_note"].text_or_none() or ""
    for number in dict.fromkeys(_FOREIGN.findall(note)):
        yield order["seller_note"].fact("order.alias", number, group=group)
    changed = order["has_updated_recipient_address"]
    if isinstance(changed.value, bool):
        yield changed.fact("order.address_changed", "yes" if changed.value else "no", group=group)
    elif changed.present:
        yield unread(changed, group=group)
    paid = order["payment"]
    currency = paid["currency"].text_or_none()
    yield from amount("order.total", paid["total_amount"], currency, group=group)
    yield from order["payment_method_name"].facts("payment.method", group=group)
    yield from order["payment_auth_code"].facts("payment.authorization", group=group)
    yield from _read_address(order["recipient_address"], group)
    yield from _read_lines(order, group)


def _read_address(address: Node, group: str) -> Iterator[Fact]:
    yield from recipient(address, _TO, group=group)
    if not any(address[line].text_or_none() for line in _TO["street"]):
        yield from address["full_address"].facts("shipment.recipient.street", group=group)
    for district in address["district_info"].each():
        level = (district["address_level_name"].text_or_none() or "").lower()
        if level in _DISTRICTS:
            name = f"shipment.recipient.{_DISTRICTS[level]}"
            yield from district["address_name"].facts(name, group=group)


def _read_lines(order: Node, group: str) -> Iterator[Fact]:
    """The lines, each one piece, and the packages that they are in."""
    above = f"{group}/" if group else ""
    packages: set[str] = set()
    for place, line in enumerate(order["line_items"].each()):
        its = above + label("item", line["id"], place)
        yield from line["id"].facts("order.item.id", group=its)
        yield from line["seller_sku"].facts("order.item.sku", group=its)
        yield from line["product_name"].facts("order.item.title", group=its)
        currency = line["currency"].text_or_none()
        yield from amount("order.item.price", line["sale_price"], currency, group=its)
        package = line["package_id"].text_or_none() or ""
        parcel = above + label("parcel", line["tracking_number"], place)
        if package and package not in packages:
            packages.add(package)
            yield from line["package_id"].facts("shipment.id", group=parcel)
            yield from line["tracking_number"].facts("shipment.tracking_number", group=parcel)
            yield from line["shipping_provider_name"].facts("shipment.carrier", group=parcel)
            yield from line["package_status"].facts("shipment.status", group=parcel)
        if package:
            yield from line["id"].facts("shipment.item.id", group=parcel)
    if not packages and order["tracking_number"].text_or_none():
        parcel = above + label("parcel", order["tracking_number"], 0)
        yield from order["tracking_number"].facts("shipment.tracking_number", group=parcel)
        yield from order["shipping_provider"].facts("shipment.carrier", group=parcel)


def _read_package(package: Node) -> Iterator[Fact]:
    group = label("parcel", package["tracking_number"], 0)
    yield from package["package_id"].facts("shipment.id", group=group)
    yield from said("order.id", (one["id"] for one in package["orders"].each()), group=group)
    tracking = (package["tracking_number"], package["last_mile_tracking_number"])
    yield from said("shipment.tracking_number", tracking, group=group)
    yield from package["shipping_provider_name"].facts("shipment.carrier", group=group)
    yield from package["delivery_option_name"].facts("shipment.service", group=group)
    for field in ("package_status", "package_sub_status", "ship_exception_reason"):
        yield from package[field].facts("shipment.status", group=group)
    yield from epoch("shipment.recorded.at", package["create_time"], group=group)
    scale = package["weight"]
    yield from weight(scale["value"], scale["unit"].text_or_none(), group)
    yield from _read_address(package["recipient_address"], group)
    origin = package["sender_address"]["region_code"]
    yield from country("shipment.origin.country", origin, group=group)
    lines = package["order_line_item_ids"].each()
    yield from said("shipment.item.id", lines, group=group)


def _read_return(one: Node, group: str) -> Iterator[Fact]:
    """A return or a cancellation: TikTok tells both in the same words."""
    yield from one["order_id"].facts("order.id", group=group)
    yield from said("return.id", (one["return_id"], one["cancel_id"]), group=group)
    yield from said("return.kind", (one["return_type"], one["cancel_type"]), group=group)
    states = ("return_status", "cancel_status", "arbitration_status")
    yield from said("return.status", (one[field] for field in states), group=group)
    reasons = ("return_reason", "return_reason_text", "cancel_reason", "cancel_reason_text")
    yield from said("return.reason", (one[field] for field in reasons), group=group)
    yield from one["role"].facts("return.by", group=group)
    back = one["refund_amount"]
    currency = back["currency"].text_or_none()
    yield from amount("return.amount", back["refund_total"], currency, group=group)
    yield from epoch("return.opened.at", one["create_time"], group=group)
    for action in one["seller_next_action_response"].each():
        yield from epoch("return.due.at", action["deadline"], group=group)
    yield from one["return_tracking_number"].facts("return.tracking_number", group=group)
    yield from one["return_provider_name"].facts("return.carrier", group=group)


def _read_record(record: Node, group: str) -> Iterator[Fact]:
    told = (record["event"], record["description"], record["reason_text"], record["note"])
    yield from said("return.event", told, group=group)
    yield from record["role"].facts("return.by", group=group)
    yield from epoch("return.event.at", record["create_time"], group=group)
