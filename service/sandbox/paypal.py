"""A stand-in of PayPal: tokens, captures, trackers, disputes with a message and a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from service.sandbox.scenario import Dispute, Payment, Scenario
from service.sandbox.standin import Clock, Tokens, basic_of, photo_picture, utc

_DISPUTES = "/v1/customer/disputes"


class PayPalSandbox:
    """Answers for one scenario."""

    name = "paypal"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        self._account = scenario.account(self.name)
        self._tokens = Tokens(self._account, clock=clock)
        self._order = scenario.order
        self._parcels = scenario.parcels
        self._payments = [one for one in scenario.payments if one.processor == self.name]
        self._disputes = [one for one in scenario.disputes if one.processor == self.name]
        self._messages = [one for one in scenario.messages if one.sender == "buyer"]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/oauth2/token", self.token),
            web.get("/v2/payments/captures/{id}", self.capture),
            web.get("/v1/shipping/trackers", self.trackers),
            web.get(_DISPUTES, self.disputes),
            web.get(f"{_DISPUTES}/{{id}}", self.dispute),
            web.get("/documents/{name}", self.document),
        ]

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        fine = form.get("grant_type") == "client_credentials"
        if not fine or not self._tokens.knows(basic_of(request)):
            return web.json_response({"error": "invalid_client"}, status=401)
        said = {"access_token": self._tokens.give(), "token_type": "Bearer"}
        return web.json_response(said | {"expires_in": self._account.token_lasts_s})

    async def capture(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        for one in self._payments:
            if one.id == request.match_info["id"]:
                return web.json_response(self._capture(one))
        return _refusal(404, "RESOURCE_NOT_FOUND")

    async def trackers(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        number = request.query.get("transaction_id", "")
        if not any(one.id == number for one in self._payments) or not self._parcels:
            return _refusal(404, "RESOURCE_NOT_FOUND")
        parcel = self._parcels[0]
        told = {
            "transaction_id": number,
            "tracking_number": parcel.tracking_number,
            "status": "SHIPPED",
            "carrier": parcel.carrier.upper(),
            "shipment_direction": "FORWARD",
        }
        if parcel.events:
            told["shipment_date"] = f"{parcel.newest_first[-1].at:%Y-%m-%d}"
        return web.json_response(told)

    async def disputes(self, request: web.Request) -> web.Response:
        """By the payment's number, or all of them; two a page where they are gone through."""
        if (refused := self._refused(request)) is not None:
            return refused
        asked = request.query.get("disputed_transaction_id")
        listed = [one for one in self._disputes if asked is None or one.payment == asked]
        start = int(request.query.get("next_page_token") or 0) if asked is None else 0
        page: dict[str, Any] = {}
        shown = listed[start : start + 2] if asked is None else listed
        if shown:
            page["items"] = [_short(one) for one in shown]
        base = f"{request.url.origin()}{request.path}"
        if asked is None and start + 2 < len(listed):
            href = f"{base}?page_size=50&next_page_token={start + 2}"
            page["links"] = [{"href": href, "rel": "next", "method": "GET"}]
        return web.json_response(page)

    async def dispute(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        for one in self._disputes:
            if one.id == request.match_info["id"]:
                base = f"{request.url.origin()}{request.path.partition('/v1/')[0]}"
                return web.json_response(self._full(one, f"{base}/documents/door.jpg"))
        return _refusal(404, "RESOURCE_NOT_FOUND")

    async def document(self, request: web.Request) -> web.Response:
        return web.Response(body=photo_picture(), content_type="image/jpeg")

    def _refused(self, request: web.Request) -> web.Response | None:
        if self._tokens.accepts(request.headers.get("Authorization", "")):
            return None
        return _refusal(401, "AUTHENTICATION_FAILURE")

    def _capture(self, one: Payment) -> dict[str, Any]:
        return {
            "id": one.id,
            "status": "COMPLETED",
            "amount": _money(one.amount, one.currency),
            "invoice_id": self._order.id if self._order else "",
            "create_time": utc(one.at),
            "seller_protection": {
                "status": "ELIGIBLE",
                "dispute_categories": ["ITEM_NOT_RECEIVED"],
            },
            "processor_response": {"avs_code": one.avs, "cvv_code": one.cvv},
        }

    def _full(self, one: Dispute, document: str) -> dict[str, Any]:
        return _short(one) | {
            "disputed_transactions": [
                {
                    "seller_transaction_id": one.payment,
                    "invoice_number": self._order.id if self._order else "",
                    "create_time": _ms(one.at),
                }
            ],
            "dispute_life_cycle_stage": "INQUIRY",
            "dispute_channel": "INTERNAL",
            "messages": [
                {
                    "posted_by": "BUYER",
                    "time_posted": _ms(message.at),
                    "content": message.text,
                }
                for message in self._messages
            ],
            "evidences": [
                {
                    "evidence_type": "PROOF_OF_FULFILLMENT",
                    "source": "SUBMITTED_BY_SELLER",
                    "date": _ms(one.at),
                    "documents": [{"name": "door.jpg", "url": document}],
                }
            ],
        }


def _short(one: Dispute) -> dict[str, Any]:
    return {
        "dispute_id": one.id,
        "create_time": _ms(one.at),
        "update_time": _ms(one.at),
        "reason": one.reason,
        "status": one.status,
        "dispute_amount": _money(one.amount, one.currency),
        "seller_response_due_date": _ms(one.due_at) if one.due_at else None,
    }


def _ms(at: datetime) -> str:
    return utc(at, form="%Y-%m-%dT%H:%M:%S.000Z")


def _money(amount: str, currency: str) -> dict[str, str]:
    return {"currency_code": currency, "value": amount}


def _refusal(status: int, name: str) -> web.Response:
    return web.json_response({"name": name, "debug_id": "sandbox"}, status=status)
