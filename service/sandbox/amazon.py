"""A stand-in of Amazon's Selling Partner API: tokens, and orders in the shape of 2026-01-01."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from service.sandbox.scenario import Line, Order, Parcel, Scenario
from service.sandbox.standin import Clock, Tokens, utc

# For a kind of scan: the package's status and detailed status.
_STATUS = {
    "label": ("PENDING", "PENDING_PICK_UP"),
    "accepted": ("SHIPPED", "PICKED_UP"),
    "transit": ("IN_TRANSIT", "AT_ORIGIN_FC"),
    "out_for_delivery": ("IN_TRANSIT", "OUT_FOR_DELIVERY"),
    "delivered": ("DELIVERED", "DELIVERED"),
    "exception": ("UNDELIVERABLE", "UNDELIVERABLE"),
    "other": ("IN_TRANSIT", "AT_DESTINATION_FC"),
}


class AmazonSandbox:
    """Answers for one scenario. Its account's `unknown = "empty"`: no restricted role was given."""

    name = "amazon"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        self._account = scenario.account(self.name)
        self._order = scenario.order
        self._parcels = scenario.parcels
        self._tokens = Tokens(self._account, clock=clock)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/auth/o2/token", self.token),
            web.get("/orders/2026-01-01/orders/{number}", self.order),
        ]

    async def token(self, request: web.Request) -> web.Response:
        token = self._tokens.refreshed(await request.post())
        if token is None:
            return web.json_response({"error": "invalid_client"}, status=401)
        lasts = self._account.token_lasts_s
        said = {"access_token": token, "token_type": "bearer", "expires_in": lasts}
        return web.json_response(said | {"refresh_token": self._account.client_secret})

    async def order(self, request: web.Request) -> web.Response:
        if not self._tokens.accepts(request.headers.get("x-amz-access-token", ""), scheme=""):
            return refusal(403, "Unauthorized", "Access to requested resource is denied.")
        asked = set(filter(None, request.query.get("includedData", "").split(",")))
        if asked & {"BUYER", "RECIPIENT", "PAYMENT"} and self._account.unknown == "empty":
            return refusal(403, "Unauthorized", "Access to requested resource is denied.")
        number = request.match_info["number"]
        if self._order is None or number != self._order.number_on(self.name):
            return refusal(404, "NotFound", "The requested resource does not exist.")
        told = _order(self._order, self._parcels, number, asked)
        return web.json_response({"order": told}, headers={"x-amzn-RequestId": "sandbox-1"})


def refusal(status: int, code: str, message: str) -> web.Response:
    """The error list of every operation."""
    said = {"errors": [{"code": code, "message": message, "details": ""}]}
    return web.json_response(said, status=status)


def _order(
    order: Order, parcels: tuple[Parcel, ...], number: str, asked: set[str]
) -> dict[str, Any]:
    to = parcels[0] if parcels else Parcel(tracking_number="")
    placed = utc(order.placed_at) if order.placed_at else ""
    told: dict[str, Any] = {
        "orderId": number,
        "orderAliases": [
            {"aliasId": alias, "aliasType": "SELLER_ORDER_ID"} for alias in order.aliases
        ],
        "createdTime": placed,
        "lastUpdatedTime": placed,
        "salesChannel": {"channelName": "AMAZON", "marketplaceName": "Amazon.com"},
        "orderItems": [
            _line(line, place, order.currency) for place, line in enumerate(order.lines)
        ],
    }
    parts: dict[str, tuple[str, Any]] = {
        "BUYER": ("buyer", {"buyerName": order.buyer, "buyerEmail": order.buyer_email}),
        "RECIPIENT": ("recipient", {"deliveryAddress": _address(to, order.buyer)}),
        "PROCEEDS": ("proceeds", {"grandTotal": money(order.total, order.currency)}),
        "FULFILLMENT": (
            "fulfillment",
            {"fulfillmentStatus": order.status.upper(), "fulfilledBy": "MERCHANT"},
        ),
        "PACKAGES": ("packages", [_package(parcel) for parcel in parcels]),
    }
    return told | dict(parts[name] for name in parts if name in asked)


def money(amount: str, currency: str) -> dict[str, str]:
    return {"amount": amount or "0", "currencyCode": currency}


def _line(line: Line, place: int, currency: str) -> dict[str, Any]:
    return {
        "orderItemId": f"6000000000{place:04}",
        "quantityOrdered": line.quantity,
        "product": {
            "title": line.title,
            "sellerSku": line.sku,
            "price": {"unitPrice": money(line.price, currency)},
        },
        "fulfillment": {"quantityFulfilled": line.quantity, "quantityUnfulfilled": 0},
    }


def _address(parcel: Parcel, buyer: str) -> dict[str, str]:
    return {
        "name": parcel.recipient_name or buyer,
        "addressLine1": parcel.recipient_street,
        "city": parcel.recipient_city,
        "stateOrRegion": parcel.recipient_state,
        "postalCode": parcel.recipient_postal_code,
        "countryCode": parcel.recipient_country,
    }


def _package(parcel: Parcel) -> dict[str, Any]:
    newest = parcel.newest_first
    status, detail = _STATUS[newest[0].kind if newest else "label"]
    told: dict[str, Any] = {
        "packageReferenceId": f"PKG-{parcel.tracking_number[-6:]}",
        "packageStatus": {"status": status, "detailedStatus": detail},
        "carrier": parcel.carrier.upper(),
        "shippingService": parcel.service,
        "trackingNumber": parcel.tracking_number,
        "packageItems": [],
    }
    if newest:
        told["shipTime"] = utc(newest[-1].at)
    return told
