"""A stand-in of eBay: tokens, orders, Post-Order's claims, payment disputes.

Post-Order wants `IAF` before the token, the others `Bearer`, as eBay does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from service.sandbox.scenario import Dispute, Order, Parcel, Return, Scenario
from service.sandbox.standin import Clock, Tokens, basic_of, photo_picture, utc

_ORDER = "/sell/fulfillment/v1/order/{number}"
_DISPUTE = "/sell/fulfillment/v1/payment_dispute"
# How Post-Order lists each kind: path, key of the list, key of the id.
_LISTS = {
    "inquiry": ("inquiry", "members", "inquiryId"),
    "case": ("casemanagement", "members", "caseId"),
    "return": ("return", "members", "returnId"),
    "cancellation": ("cancellation", "cancellations", "cancelId"),
}
_KINDS = {path: kind for kind, (path, _, _) in _LISTS.items()}


class EbaySandbox:
    """Answers for one scenario."""

    name = "ebay"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        self._account = scenario.account(self.name)
        self._tokens = Tokens(self._account, clock=clock)
        self._order = scenario.order
        self._number = scenario.order.number_on("ebay") if scenario.order else ""
        self._parcels = scenario.parcels
        self._claims = [one for one in scenario.returns if one.platform == "ebay"]
        self._disputes = [one for one in scenario.disputes if one.processor == "ebay"]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/identity/v1/oauth2/token", self.token),
            web.get(_ORDER, self.order),
            web.get(f"{_ORDER}/shipping_fulfillment", self.shipments),
            web.get("/post-order/v2/{path}/search", self.claims),
            web.get("/post-order/v2/{path}/{id}", self.claim),
            web.get("/sell/fulfillment/v1/payment_dispute_summary", self.disputes),
            web.get(f"{_DISPUTE}/{{id}}", self.dispute),
            web.get(f"{_DISPUTE}/{{id}}/activity", self.activity),
            web.get(f"{_DISPUTE}/{{id}}/fetch_evidence_content", self.evidence),
        ]

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = form.get("grant_type"), form.get("refresh_token")
        fine = asked == ("refresh_token", self._account.client_secret) and form.get("scope")
        if not fine or not self._tokens.knows(basic_of(request)):
            return web.json_response({"error": "invalid_grant"}, status=400)
        said = {"access_token": self._tokens.give(), "token_type": "User Access Token"}
        return web.json_response(said | {"expires_in": self._account.token_lasts_s})

    async def order(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None or self._order is None:
            return refused or _refusal(404, 32100, "Invalid order ID")
        return web.json_response(_order(self._order, self._number, self._parcels))

    async def shipments(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        told = [_shipment(parcel) for parcel in self._parcels]
        return web.json_response({"fulfillments": told, "total": len(told)})

    async def claims(self, request: web.Request) -> web.Response:
        kind = _KINDS.get(request.match_info["path"], "")
        if not self._knows(request, "IAF "):
            return _refusal(401, 1001, "Invalid access token")
        if not kind:
            return _refusal(404, 1404, "No such resource")
        _, listed, key = _LISTS[kind]
        number = request.query.get("order_id") or request.query.get("legacy_order_id")
        found = [one for one in self._claims if one.kind == kind and number == self._number]
        return web.json_response(
            {
                listed: [{key: one.id} | _short(one, self._number) for one in found],
                "total": len(found),
                "paginationOutput": {"limit": 200, "offset": 0, "totalEntries": len(found)},
            }
        )

    async def claim(self, request: web.Request) -> web.Response:
        kind = _KINDS.get(request.match_info["path"], "")
        if not self._knows(request, "IAF "):
            return _refusal(401, 1001, "Invalid access token")
        for one in self._claims:
            if (one.kind, one.id) == (kind, request.match_info["id"]):
                return web.json_response({_LISTS[kind][2]: one.id} | _full(one, self._parcels))
        return _refusal(404, 1404, "No such resource")

    async def disputes(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return _refusal(401, 1001, "Invalid access token")
        mine = request.query.get("order_id") == self._number
        told = [_dispute(one, self._number) for one in self._disputes] if mine else []
        return web.json_response(
            {"paymentDisputeSummaries": told, "total": len(told), "limit": 200, "offset": 0}
        )

    async def dispute(self, request: web.Request) -> web.Response:
        one = self._found(request)
        if one is None:
            return _refusal(404, 33001, "Dispute not found")
        file = {
            "fileId": "F1",
            "fileType": "JPEG",
            "name": "label.jpg",
            "uploadedDate": _ms(one.at),
        }
        evidence = {
            "evidenceId": "E1",
            "evidenceType": "PROOF_OF_DELIVERY",
            "files": [file],
            "providedDate": _ms(one.at),
            "shipmentTracking": [
                {
                    "shipmentTrackingNumber": parcel.tracking_number,
                    "shippingCarrierCode": parcel.carrier.upper(),
                }
                for parcel in self._parcels[:1]
            ],
        }
        told = _dispute(one, self._number) | {"evidence": [evidence], "revision": 1}
        return web.json_response(told)

    async def activity(self, request: web.Request) -> web.Response:
        one = self._found(request)
        if one is None:
            return _refusal(404, 33001, "Dispute not found")
        opened = {"activityDate": _ms(one.at), "activityType": "DISPUTE_OPENED", "actor": "BUYER"}
        return web.json_response({"activity": [opened]})

    async def evidence(self, request: web.Request) -> web.Response:
        if self._found(request) is None:
            return _refusal(404, 33001, "Dispute not found")
        return web.Response(body=photo_picture(), content_type="image/jpeg")

    def _found(self, request: web.Request) -> Dispute | None:
        if not self._knows(request):
            return None
        asked = request.match_info["id"]
        return next((one for one in self._disputes if one.id == asked), None)

    def _knows(self, request: web.Request, scheme: str = "Bearer ") -> bool:
        return self._tokens.accepts(request.headers.get("Authorization", ""), scheme=scheme)

    def _refused(self, request: web.Request) -> web.Response | None:
        if not self._knows(request):
            return _refusal(401, 1001, "Invalid access token")
        if not self._number or request.match_info["number"] != self._number:
            return _refusal(404, 32100, "Invalid order ID")
        return None


class EbayDisputesSandbox(EbaySandbox):
    """The same seller, for the source that asks for payment disputes."""

    name = "ebay_disputes"


def _refusal(status: int, code: int, message: str) -> web.Response:
    error = {
        "errorId": code,
        "domain": "API_FULFILLMENT",
        "category": "REQUEST",
        "message": message,
    }
    return web.json_response({"errors": [error]}, status=status)


def _ms(at: datetime | None) -> str:
    return utc(at, form="%Y-%m-%dT%H:%M:%S.000Z") if at else ""


def _amount(value: str, currency: str) -> dict[str, str]:
    return {"value": value or "0", "currency": currency}


def _order(order: Order, number: str, parcels: tuple[Parcel, ...]) -> dict[str, Any]:
    to = parcels[0] if parcels else Parcel(tracking_number="")
    paid = {
        "amount": _amount(order.total, order.currency),
        "paymentDate": _ms(order.paid_at),
        "paymentMethod": "CREDIT_CARD",
        "paymentStatus": "PAID",
    }
    return {
        "orderId": number,
        "creationDate": _ms(order.placed_at),
        "lastModifiedDate": _ms(order.placed_at),
        "orderFulfillmentStatus": "FULFILLED" if parcels else "NOT_STARTED",
        "orderPaymentStatus": "PAID" if order.paid_at else "PENDING",
        "buyer": {
            "username": "jane-doe-buyer",
            "buyerRegistrationAddress": {"fullName": order.buyer, "email": order.buyer_email},
        },
        "pricingSummary": {"total": _amount(order.total, order.currency)},
        "paymentSummary": {"payments": [paid] if order.paid_at else [], "refunds": []},
        "cancelStatus": {"cancelState": "NONE_REQUESTED", "cancelRequests": []},
        "fulfillmentStartInstructions": [
            {
                "fulfillmentInstructionsType": "SHIP_TO",
                "shippingStep": {
                    "shipTo": {
                        "fullName": to.recipient_name or order.buyer,
                        "contactAddress": {
                            "addressLine1": to.recipient_street,
                            "city": to.recipient_city,
                            "stateOrProvince": to.recipient_state,
                            "postalCode": to.recipient_postal_code,
                            "countryCode": to.recipient_country,
                        },
                    }
                },
            }
        ],
        "lineItems": [
            {
                "lineItemId": f"1002{place}",
                "sku": line.sku,
                "title": line.title,
                "quantity": line.quantity,
                "lineItemCost": _amount(line.price, order.currency),
            }
            for place, line in enumerate(order.lines)
        ],
    }


def _shipment(parcel: Parcel) -> dict[str, Any]:
    newest = parcel.newest_first
    return {
        "fulfillmentId": parcel.tracking_number,
        "shipmentTrackingNumber": parcel.tracking_number,
        "shippingCarrierCode": parcel.carrier.upper(),
        "shippedDate": _ms(newest[-1].at if newest else None),
        "lineItems": [],
    }


def _short(one: Return, number: str) -> dict[str, Any]:
    claimed = {"value": float(one.amount or 0), "currency": one.currency}
    opened, due = {"value": _ms(one.at)}, {"value": _ms(one.due_at)}
    if one.kind == "return":
        return {
            "orderId": number,
            "state": one.status,
            "currentType": "MONEY_BACK",
            "creationInfo": {
                "reason": one.reason,
                "comments": {"content": one.note},
                "creationDate": opened,
            },
            "sellerTotalRefund": {"estimatedRefundAmount": claimed},
            "sellerResponseDue": {"respondByDate": due},
        }
    status = "inquiryStatusEnum" if one.kind == "inquiry" else "caseStatusEnum"
    return {
        status: one.status,
        "claimAmount": claimed,
        "creationDate": opened,
        "respondByDate": due,
    }


def _full(one: Return, parcels: tuple[Parcel, ...]) -> dict[str, Any]:
    opened = {"value": _ms(one.at)}
    if one.kind == "return":
        entry = {"activity": "BUYER_OPENED", "author": "BUYER", "creationDate": opened}
        back = {"trackingNumber": one.tracking_number, "carrierName": one.carrier}
        detail = {
            "responseHistory": [entry],
            "returnShipmentInfo": {"shipmentTracking": back},
        }
        return {"detail": detail}
    history = {
        "history": [
            {
                "actor": "BUYER",
                "action": "BUYER_CREATE",
                "description": one.note,
                "date": opened,
            }
        ],
        "shipmentTrackingDetails": [
            {"trackingNumber": parcel.tracking_number, "carrier": parcel.carrier.upper()}
            for parcel in parcels[:1]
        ],
    }
    name = "inquiryHistoryDetails" if one.kind == "inquiry" else "caseHistoryDetails"
    return {
        "claimAmount": {"value": float(one.amount or 0), "currency": one.currency},
        "creationReason": one.reason,
        "status": one.status,
        name: history,
    }


def _dispute(one: Dispute, number: str) -> dict[str, Any]:
    return {
        "paymentDisputeId": one.id,
        "orderId": number,
        "reason": one.reason,
        "paymentDisputeStatus": one.status,
        "amount": _amount(one.amount, one.currency),
        "openDate": _ms(one.at),
        "respondByDate": _ms(one.due_at),
        "buyerUsername": "jane-doe-buyer",
    }
