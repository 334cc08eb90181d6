"""What eBay's Sell Fulfillment answers say: orders and shipments."""

from __future__ import annotations

from collections.abc import Iterator

from collectors.carriers.parcel import Groups
from collectors.orders.record import amount, count, label, moment, recipient, said
from evidence.facts import Fact
from evidence.pages import Node

_TO = {
    "street": ("addressLine1", "addressLine2"),
    "city": ("city",),
    "region": ("stateOrProvince",),
    "postal_code": ("postalCode",),
    "country": ("countryCode",),
}


def money(name: str, node: Node, *, group: str = "") -> Iterator[Fact]:
    """eBay's Amount: a value beside its currency."""
    yield from amount(name, node["value"], node["currency"].text_or_none(), at=node, group=group)


def read_order(order: Node, *, status: str) -> Iterator[Fact]:
    if status == "404":
        errors = list(order["errors"].each())
        if not errors:
            raise order["errors"].misshapen("a list of errors")
        for error in errors:
            words = "longMessage" if error["longMessage"].text_or_none() else "message"
            yield error[words].fact("order.unknown")
        return
    yield order["orderId"].fact("order.id")
    yield from said("order.alias", (order["legacyOrderId"], order["salesRecordReference"]))
    yield from moment("order.placed.at", order["creationDate"])
    yield from moment("order.updated.at", order["lastModifiedDate"])
    states = (order["orderFulfillmentStatus"], order["orderPaymentStatus"])
    yield from said("order.status", states)
    yield from order["buyer"]["username"].facts("order.buyer.id")
    registered = order["buyer"]["buyerRegistrationAddress"]
    yield from registered["fullName"].facts("order.buyer")
    yield from registered["email"].facts("order.buyer.email")
    yield from order["buyerCheckoutNotes"].facts("order.note")
    yield from order["program"]["fulfillmentProgram"]["fulfilledBy"].facts("order.fulfilled_by")
    yield from money("order.total", order["pricingSummary"]["total"])
    yield from money("order.proceeds", order["paymentSummary"]["totalDueSeller"])
    yield from _read_cancel(order["cancelStatus"])
    for step in order["fulfillmentStartInstructions"].each():
        to = step["shippingStep"]["shipTo"]
        yield from to["fullName"].facts("shipment.recipient.name")
        yield from recipient(to["contactAddress"], _TO)
        yield from moment("order.deliver_by.at", step["maxEstimatedDeliveryDate"])
    for place, line in enumerate(order["lineItems"].each()):
        yield from _read_line(line, label("item", line["lineItemId"], place))
    yield from _read_money(order["paymentSummary"])


def _read_cancel(told: Node) -> Iterator[Fact]:
    yield from moment("order.cancelled.at", told["cancelledDate"])
    for asked in told["cancelRequests"].each():
        yield from asked["cancelReason"].facts("order.cancel_reason")


def _read_line(line: Node, group: str) -> Iterator[Fact]:
    yield from line["lineItemId"].facts("order.item.id", group=group)
    yield from line["sku"].facts("order.item.sku", group=group)
    yield from line["title"].facts("order.item.title", group=group)
    yield from count("order.item.quantity", line["quantity"], group=group)
    due = line["lineItemFulfillmentInstructions"]["shipByDate"]
    yield from moment("order.ship_by.at", due, group=group)
    for place, linked in enumerate(line["linkedOrderLineItems"].each()):
        yield from linked["orderId"].facts("order.related", group=f"{group}/linked/{place}")
    for place, refund in enumerate(line["refunds"].each()):
        yield from _read_refund(refund, f"{group}/refund/{place}")


def _read_money(told: Node) -> Iterator[Fact]:
    for place, paid in enumerate(told["payments"].each()):
        group = label("payment", paid["paymentReferenceId"], place)
        yield from paid["paymentReferenceId"].facts("payment.id", group=group)
        yield from paid["paymentMethod"].facts("payment.method", group=group)
        yield from paid["paymentStatus"].facts("payment.status", group=group)
        yield from money("payment.amount", paid["amount"], group=group)
        yield from moment("payment.at", paid["paymentDate"], group=group)
    for place, refund in enumerate(told["refunds"].each()):
        yield from _read_refund(refund, f"refund/{place}")


def _read_refund(refund: Node, group: str) -> Iterator[Fact]:
    ids = (refund["refundId"], refund["refundReferenceId"])
    yield from said("refund.id", ids, group=group)
    yield from refund["refundStatus"].facts("refund.status", group=group)
    yield from money("refund.amount", refund["amount"], group=group)
    yield from moment("refund.at", refund["refundDate"], group=group)


def read_shipments(page: Node) -> Iterator[Fact]:
    """The packages as the seller told of them; an order that was not shipped has none."""
    if not isinstance(page["fulfillments"].value, list):
        raise page["fulfillments"].misshapen("a list")
    groups = Groups()
    for one in page["fulfillments"].each():
        group = groups.of(one["shipmentTrackingNumber"])
        yield from one["fulfillmentId"].facts("shipment.id", group=group)
        yield from one["shipmentTrackingNumber"].facts("shipment.tracking_number", group=group)
        yield from one["shippingCarrierCode"].facts("shipment.carrier", group=group)
        yield from moment("shipment.shipped.at", one["shippedDate"], group=group)
        for place, line in enumerate(one["lineItems"].each()):
            its = f"{group}/item/{place}"
            yield from line["lineItemId"].facts("shipment.item.id", group=its)
            yield from count("shipment.item.quantity", line["quantity"], group=its)
