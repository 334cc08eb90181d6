"""A stand-in of Shopify's Admin API 2026-07: finding an order, its records, its disputes.

The order's id is its number on Shopify; its name is "#1001". The account's secret is the token.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from service.sandbox.scenario import Dispute, Event, Order, Parcel, Payment, Refund, Scenario
from service.sandbox.standin import Clock, Tokens

_ADMIN = "/admin/api/2026-07"
NAME = "#1001"
# A shop takes money by its own processor, and by others that it records.
_GATEWAYS = {"shopify": "shopify_payments", "paypal": "paypal"}
_STATUS = {
    "label": "label_printed",
    "accepted": "carrier_picked_up",
    "transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "delivered": "delivered",
    "exception": "failure",
    "other": "confirmed",
}


class ShopifySandbox:
    """Answers for one scenario."""

    name = "shopify"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        self._account = scenario.account(self.name)
        self._tokens = Tokens(self._account, clock=clock)
        self._order = scenario.order
        self._number = scenario.order.number_on("shopify") if scenario.order else ""
        self._parcels = scenario.parcels
        self._payments = [one for one in scenario.payments if one.processor in _GATEWAYS]
        self._refunds = [one for one in scenario.refunds if one.processor == "shopify"]
        self._disputes = [one for one in scenario.disputes if one.processor == "shopify"]

    def routes(self) -> list[web.RouteDef]:
        order = f"{_ADMIN}/orders/{{number}}"
        dispute = f"{_ADMIN}/shopify_payments/disputes/{{id}}"
        return [
            web.post("/admin/oauth/access_token", self.token),
            web.get("/admin/oauth/access_scopes.json", self.scopes),
            web.post(f"{_ADMIN}/graphql.json", self.search),
            web.get(f"{order}.json", self.order),
            web.get(f"{order}/fulfillments/{{id}}/events.json", self.fulfilment_events),
            web.get(f"{order}/transactions.json", self.transactions),
            web.get(f"{order}/events.json", self.events),
            web.get(f"{dispute}.json", self.dispute),
            web.get(f"{dispute}/dispute_evidences.json", self.evidence),
        ]

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        client = (str(form.get("client_id")), str(form.get("client_secret")))
        if form.get("grant_type") != "client_credentials" or not self._tokens.knows(client):
            return web.json_response({"error": "invalid_client"}, status=401)
        said = {"access_token": self._tokens.give(), "scope": "read_orders"}
        return web.json_response(said | {"expires_in": self._account.token_lasts_s})

    async def scopes(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return _refusal(401, "[API] Invalid API key or access token")
        scopes = ["read_orders", "read_all_orders", "read_shopify_payments_disputes"]
        if self._account.unknown == "empty":
            scopes.append("write_orders")
        return web.json_response({"access_scopes": [{"handle": scope} for scope in scopes]})

    async def search(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return _refusal(401, "[API] Invalid API key or access token")
        asked = str((await request.json())["variables"]["query"])
        order, nodes = self._order, []
        names = [self._number, NAME, order.id if order else ""]
        if order is not None and any(f'"{name}"' in asked or f":{name}" in asked for name in names):
            ids = [f"gid://shopify/ShopifyPaymentsDispute/{one.id}" for one in self._disputes]
            nodes.append(
                {
                    "legacyResourceId": self._number,
                    "name": NAME,
                    "disputes": [{"id": one} for one in ids],
                }
            )
        return web.json_response({"data": {"orders": {"nodes": nodes}}})

    async def order(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None or self._order is None:
            return refused or _refusal(404, "Not Found")
        return web.json_response(
            {"order": _order(self._order, self._number, self._parcels, self._refunds)}
        )

    async def fulfilment_events(self, request: web.Request) -> web.Response:
        place = request.match_info["id"].removeprefix("9000")
        if (refused := self._refused(request)) is not None:
            return refused
        if not place.isdigit() or int(place) >= len(self._parcels):
            return _refusal(404, "Not Found")
        events = self._parcels[int(place)].events
        return web.json_response({"fulfillment_events": [_event(one) for one in events]})

    async def transactions(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        told = [_transaction(one, place) for place, one in enumerate(self._payments)]
        return web.json_response({"transactions": told})

    async def events(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        placed = self._order.placed_at if self._order else None
        event = {"id": 1, "verb": "placed", "message": "Order was placed", "subject_type": "Order"}
        return web.json_response(
            {"events": [event | {"created_at": placed.isoformat() if placed else None}]}
        )

    async def dispute(self, request: web.Request) -> web.Response:
        one = self._dispute(request)
        if not self._knows(request) or one is None:
            return _refusal(404, "Not Found")
        return web.json_response({"dispute": _dispute(one, self._number)})

    async def evidence(self, request: web.Request) -> web.Response:
        one = self._dispute(request)
        if not self._knows(request) or one is None:
            return _refusal(404, "Not Found")
        evidence: dict[str, Any] = {
            "id": 1,
            "payments_dispute_id": int(one.id),
            "customer_email_address": self._order.buyer_email if self._order else None,
            "submitted_by_merchant_on": None,
            "fulfillments": [
                {
                    "shipping_carrier": parcel.carrier.upper(),
                    "shipping_tracking_number": parcel.tracking_number,
                    "shipping_date": f"{parcel.newest_first[-1].at:%Y-%m-%d}",
                }
                for parcel in self._parcels
                if parcel.events
            ],
            "dispute_evidence_files": {},
        }
        return web.json_response({"dispute_evidence": evidence})

    def _dispute(self, request: web.Request) -> Dispute | None:
        asked = request.match_info["id"]
        return next((one for one in self._disputes if one.id == asked), None)

    def _knows(self, request: web.Request) -> bool:
        token = request.headers.get("X-Shopify-Access-Token", "")
        return token == self._account.client_secret or self._tokens.accepts(token, scheme="")

    def _refused(self, request: web.Request) -> web.Response | None:
        if not self._knows(request):
            return _refusal(401, "[API] Invalid API key or access token")
        if not self._number or request.match_info["number"] != self._number:
            return _refusal(404, "Not Found")
        return None


class ShopifyPaymentsSandbox(ShopifySandbox):
    """The same shop, for the source that asks for its disputes."""

    name = "shopify_payments"


def _refusal(status: int, why: str) -> web.Response:
    return web.json_response({"errors": why}, status=status)


def _order(
    order: Order, number: str, parcels: tuple[Parcel, ...], refunds: list[Refund]
) -> dict[str, Any]:
    foreign = order.id if order.platform != "shopify" else None
    to = parcels[0] if parcels else Parcel(tracking_number="")
    placed = order.placed_at.isoformat() if order.placed_at else None
    first, _, last = order.buyer.rpartition(" ")
    return {
        "id": int(number),
        "name": NAME,
        "order_number": 1001,
        "source_identifier": foreign,
        "source_name": "1354745" if foreign else "web",
        "note_attributes": [
            {"name": f"{platform} order id", "value": other}
            for platform in ("eBay", "TikTok")
            if (other := order.number_on(platform.lower()))
        ],
        "tags": "",
        "created_at": placed,
        "processed_at": placed,
        "currency": order.currency,
        "total_price": order.total,
        "financial_status": "paid" if order.paid_at else "pending",
        "fulfillment_status": "fulfilled" if parcels else None,
        "email": order.buyer_email,
        "customer": {"id": 207119551, "first_name": first, "last_name": last},
        "shipping_address": {
            "name": to.recipient_name or order.buyer,
            "address1": to.recipient_street,
            "city": to.recipient_city,
            "province_code": to.recipient_state,
            "zip": to.recipient_postal_code,
            "country_code": to.recipient_country,
        },
        "line_items": [
            {
                "id": 4661570 + place,
                "sku": line.sku,
                "name": line.title,
                "quantity": line.quantity,
                "price": line.price,
            }
            for place, line in enumerate(order.lines)
        ],
        "fulfillments": [_fulfilment(parcel, place) for place, parcel in enumerate(parcels)],
        "refunds": [_refund(one, place) for place, one in enumerate(refunds)],
    }


def _fulfilment(parcel: Parcel, place: int) -> dict[str, Any]:
    newest = parcel.newest_first
    return {
        "id": int(f"9000{place}"),
        "status": "success",
        "shipment_status": _STATUS[newest[0].kind] if newest else None,
        "created_at": newest[-1].at.isoformat() if newest else None,
        "tracking_company": parcel.carrier.upper(),
        "tracking_number": parcel.tracking_number,
        "tracking_numbers": [parcel.tracking_number],
        "line_items": [],
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "status": _STATUS[event.kind],
        "message": event.description or None,
        "happened_at": event.at.isoformat(),
        "city": event.city or None,
        "province": event.state or None,
        "zip": event.postal_code or None,
        "country": event.country or None,
    }


def _transaction(one: Payment, place: int) -> dict[str, Any]:
    return {
        "id": 389404469 + place,
        "kind": "sale",
        "status": "success" if one.status == "succeeded" else "failure",
        "amount": one.amount,
        "currency": one.currency,
        "gateway": _GATEWAYS[one.processor],
        "authorization": one.id,
        "processed_at": one.at.isoformat(),
        "payment_details": {
            "avs_result_code": one.avs or None,
            "cvv_result_code": one.cvv or None,
            "credit_card_company": "Visa",
            "credit_card_number": f"•••• •••• •••• {one.card_last4}",
        },
    }


def _refund(one: Refund, place: int) -> dict[str, Any]:
    money = {"amount": one.amount, "currency": one.currency, "kind": "refund", "status": "success"}
    back = {"id": 179259969 + place, **money, "processed_at": one.at.isoformat()}
    return {"id": 509562969 + place, "created_at": one.at.isoformat(), "transactions": [back]}


def _dispute(one: Dispute, number: str) -> dict[str, Any]:
    return {
        "id": int(one.id),
        "order_id": int(number),
        "type": "chargeback",
        "amount": one.amount,
        "currency": one.currency,
        "reason": one.reason,
        "network_reason_code": "4855",
        "status": one.status,
        "evidence_due_by": one.due_at.isoformat() if one.due_at else None,
        "evidence_sent_on": None,
        "finalized_on": None,
        "initiated_at": one.at.isoformat(),
    }
