"""Amazon: an order with its lines, buyer, address and packages, from the Selling Partner API.

Source   Orders API 2026-01-01, `getOrder` (amzn/selling-partner-api-models, August 2026).
Tried    documented and sandbox; on Amazon's own sandbox cases. Never live: nobody gave us a seller.
Times    RFC 3339 with `Z`. A package's `shipTime` is what the seller, or the label's carrier, told
         Amazon; `createdTime` is Amazon's record of the package and not the packing of it.
Limits   0.5 requests a second, 30 at once. Two years back. Packages only of orders that the seller
         ships. Buyer and address come by the application's restricted roles; where those are
         lacking, the order comes without them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import ClientCredentials
from collectors.carriers.parcel import Groups
from collectors.collector import Context, Http, Reply
from collectors.orders.amazon_auth import login_with_amazon
from collectors.orders.record import (
    amount,
    count,
    country,
    label,
    moment,
    numbers,
    numbers_in,
    recipient,
    said,
)
from collectors.secrets import Secret
from evidence.errors import RequestError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.pages import Node, page_of

NUMBER = re.compile(r"[0-9]{3}-[0-9]{7}-[0-9]{7}")
# What says who bought it and where they live needs a restricted role each.
_RESTRICTED = ("BUYER", "RECIPIENT", "PAYMENT")
_OPEN = ("PROCEEDS", "CANCELLATION", "FULFILLMENT", "PACKAGES")
_TO = {
    "name": ("name", "companyName"),
    "street": ("addressLine1", "addressLine2", "addressLine3"),
    "city": ("city",),
    "region": ("stateOrRegion",),
    "postal_code": ("postalCode",),
    "country": ("countryCode",),
}


class Amazon:
    name = "amazon"
    version = 1
    roles = frozenset({Role.ORDER_RECORD})
    needs: frozenset[str] = frozenset()
    wants = frozenset({"order.alias"})
    platforms = frozenset({Platform.AMAZON})
    rate = (0.5, 30)

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ClientCredentials:
        """Login with Amazon: `client_id`, and the secrets `client_secret` and `refresh_token`."""
        return login_with_amazon(options, secrets, source=self.name)

    def recognises(self, order: OrderRef, facts: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether one of the order's names is a number of the platform's shape."""
        return bool(numbers_in(order, facts, platform=Platform.AMAZON, shape=NUMBER))

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring the order, and those of its aliases that are Amazon's.

        A 404 is brought like any answer: this store does not know the order.
        """
        http = context.need_http()
        refused: RequestError | None = None
        for number in numbers(order, context, platform=Platform.AMAZON, shape=NUMBER):
            try:
                reply = await _order(http, number, with_people=_with_people(context))
            except RequestError as problem:
                refused = problem
                continue
            yield reply.item(
                Role.ORDER_RECORD,
                key=f"order/{number}",
                about={"order.id": number},
                hints={"http.status": str(reply.status)},
            )
        if refused is not None:
            raise refused

    def read(self, item: Item) -> list[Fact]:
        """Read an order, or the refusal of one. ShapeError for an undocumented shape."""
        page = page_of(item)
        if item.hints.get("http.status") == "404":
            return read_refusal(page, "order.unknown")
        if not isinstance(page["order"].value, dict):
            raise page["order"].misshapen("an object")
        return list(_read_order(page["order"]))


def read_refusal(page: Node, name: str) -> list[Fact]:
    """`name` in the words of each of the API's errors; ShapeError if there are none."""
    errors = list(page["errors"].each())
    if not errors:
        raise page["errors"].misshapen("a list of errors")
    return [
        error["message" if error["message"].text_or_none() else "code"].fact(name)
        for error in errors
    ]


async def _order(http: Http, number: str, *, with_people: bool) -> Reply:
    """The order, without its people where the application's roles do not allow them."""
    path = f"/orders/2026-01-01/orders/{number}"
    if with_people:
        everything = ",".join((*_RESTRICTED, *_OPEN))
        reply = await http.get(path, params={"includedData": everything}, answers={200, 403, 404})
        if reply.status != 403:
            return reply
    return await http.get(path, params={"includedData": ",".join(_OPEN)}, answers={200, 404})


def _with_people(context: Context) -> bool:
    return context.settings.get("personal_data", True) is not False


def _read_order(order: Node) -> Iterator[Fact]:
    yield from order["orderId"].facts("order.id")
    yield from said("order.alias", (alias["aliasId"] for alias in order["orderAliases"].each()))
    others = order["associatedOrders"].each()
    yield from said("order.related", (other["orderId"] for other in others))
    yield from order["salesChannel"]["channelName"].facts("order.platform")
    yield from order["salesChannel"]["marketplaceName"].facts("order.store")
    yield from moment("order.placed.at", order["createdTime"])
    yield from moment("order.updated.at", order["lastUpdatedTime"])
    yield from order["buyer"]["buyerName"].facts("order.buyer")
    yield from order["buyer"]["buyerEmail"].facts("order.buyer.email")
    yield from recipient(order["recipient"]["deliveryAddress"], _TO)
    yield from money("order.proceeds", order["proceeds"]["grandTotal"])
    shipping = order["fulfillment"]
    yield from shipping["fulfillmentStatus"].facts("order.status")
    yield from shipping["fulfilledBy"].facts("order.fulfilled_by")
    yield from moment("order.ship_by.at", shipping["shipByWindow"]["latestDateTime"])
    yield from moment("order.deliver_by.at", shipping["deliverByWindow"]["latestDateTime"])
    for place, payment in enumerate(order["payment"]["paymentExecutions"].each()):
        group = f"payment/#{place}"
        yield from payment["paymentMethod"].facts("payment.method", group=group)
        yield from money("payment.amount", payment["paymentAmount"], group=group)
        yield from payment["authorizationCode"].facts("payment.authorization", group=group)
    for place, line in enumerate(order["orderItems"].each()):
        yield from _read_line(line, label("item", line["orderItemId"], place))
    groups = Groups()
    for package in order["packages"].each():
        yield from _read_package(package, groups.of(package["trackingNumber"]))


def money(name: str, node: Node, *, group: str = "", value: str = "amount") -> Iterator[Fact]:
    """Amazon's Money: an amount beside its currency."""
    yield from amount(name, node[value], node["currencyCode"].text_or_none(), at=node, group=group)


def _read_line(line: Node, group: str) -> Iterator[Fact]:
    product = line["product"]
    yield from line["orderItemId"].facts("order.item.id", group=group)
    yield from product["sellerSku"].facts("order.item.sku", group=group)
    yield from product["title"].facts("order.item.title", group=group)
    yield from said("order.item.serial", product["serialNumbers"].each(), group=group)
    yield from count("order.item.quantity", line["quantityOrdered"], group=group)
    yield from money("order.item.price", product["price"]["unitPrice"], group=group)
    shipped = line["fulfillment"]["quantityFulfilled"]
    yield from count("order.item.shipped", shipped, group=group)
    for asked in ("cancellationRequest", "cancellationExecution"):
        reason = line["cancellation"][asked]["cancelReason"]
        yield from reason.facts("order.cancel_reason", group=group)


def _read_package(package: Node, group: str) -> Iterator[Fact]:
    """A package. DELIVERED is Amazon's status of it, without a time: it is no scan."""
    yield from package["packageReferenceId"].facts("shipment.id", group=group)
    yield from package["trackingNumber"].facts("shipment.tracking_number", group=group)
    yield from package["carrier"].facts("shipment.carrier", group=group)
    yield from package["shippingService"].facts("shipment.service", group=group)
    status = package["packageStatus"]
    for word in ("detailedStatus", "status"):
        yield from status[word].facts("shipment.status", group=group)
    yield from moment("shipment.recorded.at", package["createdTime"], group=group)
    yield from moment("shipment.shipped.at", package["shipTime"], group=group)
    origin = package["shipFromAddress"]["countryCode"]
    yield from country("shipment.origin.country", origin, group=group)
    for place, inside in enumerate(package["packageItems"].each()):
        its = f"{group}/item/{place}"
        yield from inside["orderItemId"].facts("shipment.item.id", group=its)
        yield from count("shipment.item.quantity", inside["quantity"], group=its)
