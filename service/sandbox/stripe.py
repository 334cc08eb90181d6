"""A stand-in of Stripe: charges, searches, refunds, disputes, receipts; the secret is the key."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from aiohttp import web

from service.sandbox.scenario import Dispute, Payment, Refund, Scenario
from service.sandbox.standin import Clock

_FINGERPRINT = re.compile(r'fingerprint:"([^"]+)" AND created>(\d+) AND created<(\d+)')


class StripeSandbox:
    """Answers for one scenario."""

    name = "stripe"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        self._account = scenario.account(self.name)
        self._order = scenario.order
        self._payments = [one for one in scenario.payments if one.processor == self.name]
        self._refunds = [one for one in scenario.refunds if one.processor == self.name]
        self._disputes = [one for one in scenario.disputes if one.processor == self.name]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/charges/search", self.search),
            web.get("/v1/charges/{id}", self.charge),
            web.get("/v1/charges", self.charges),
            web.get("/v1/refunds", self.refunds),
            web.get("/v1/disputes", self.disputes),
            web.get("/v1/radar/early_fraud_warnings", self.warnings),
            web.get("/receipts/{id}", self.receipt),
        ]

    async def search(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        query = request.query.get("query", "")
        if found := _FINGERPRINT.search(query):
            mark, after, before = found[1], int(found[2]), int(found[3])
            listed = [
                one
                for one in self._payments
                if one.fingerprint == mark and after < one.at.timestamp() < before
            ]
        else:
            known = self._order is not None and f'"{self._order.id}"' in query
            listed = [one for one in self._payments if known and not one.prior]
        told = [self._charge(one, request) for one in listed]
        return web.json_response(
            {"object": "search_result", "url": request.path, "has_more": False, "data": told}
        )

    async def charges(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        mine = [self._charge(one, request) for one in self._payments if not one.prior]
        return _list(mine if request.query.get("payment_intent") == "pi_sandbox0001" else [])

    async def charge(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        for one in self._payments:
            if one.id == request.match_info["id"]:
                return web.json_response(self._charge(one, request))
        return _refusal(404, "resource_missing", "No such charge")

    async def refunds(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        charge = request.query.get("charge", "")
        return _list([_refund(one, charge) for one in self._refunds if one.payment == charge])

    async def disputes(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        charge = request.query.get("charge")
        return _list([_dispute(one) for one in self._disputes if one.payment == charge])

    async def warnings(self, request: web.Request) -> web.Response:
        return self._refused(request) or _list([])

    async def receipt(self, request: web.Request) -> web.Response:
        text = "<!DOCTYPE html><title>Receipt</title><p>Made by the orderproof sandbox.</p>"
        return web.Response(text=text, content_type="text/html")

    def _refused(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {self._account.client_secret}":
            return None
        return _refusal(401, "api_key_invalid", "Invalid API Key provided")

    def _charge(self, one: Payment, request: web.Request) -> dict[str, Any]:
        order = {} if one.prior or self._order is None else {"order_id": self._order.id}
        base = f"{request.url.origin()}{request.path.partition('/v1/')[0]}"
        return {
            "object": "charge",
            "id": one.id,
            "amount": _minor(one.amount),
            "currency": one.currency.lower(),
            "created": _seconds(one.at),
            "status": one.status,
            "paid": one.status == "succeeded",
            "disputed": any(dispute.payment == one.id for dispute in self._disputes),
            "customer": None,
            "metadata": order,
            "billing_details": {"email": one.email or None, "name": None},
            "receipt_url": f"{base}/receipts/{one.id}",
            "outcome": {"risk_level": "normal", "type": "authorized"},
            "payment_method_details": {
                "type": "card",
                "card": {
                    "brand": "visa",
                    "last4": one.card_last4 or None,
                    "fingerprint": one.fingerprint or None,
                    "checks": {
                        "address_line1_check": one.avs or None,
                        "address_postal_code_check": one.avs or None,
                        "cvc_check": one.cvv or None,
                    },
                },
            },
        }


def _minor(amount: str) -> int:
    return int(Decimal(amount) * 100)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _list(data: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"object": "list", "has_more": False, "data": data})


def _refusal(status: int, code: str, message: str) -> web.Response:
    error = {"type": "invalid_request_error", "code": code, "message": message}
    return web.json_response({"error": error}, status=status)


def _refund(one: Refund, charge: str) -> dict[str, Any]:
    return {
        "object": "refund",
        "id": one.id,
        "charge": charge,
        "amount": _minor(one.amount),
        "currency": one.currency.lower(),
        "created": _seconds(one.at),
        "status": "succeeded",
        "reason": None,
    }


def _dispute(one: Dispute) -> dict[str, Any]:
    return {
        "object": "dispute",
        "id": one.id,
        "charge": one.payment,
        "amount": _minor(one.amount),
        "currency": one.currency.lower(),
        "created": _seconds(one.at),
        "reason": one.reason,
        "status": one.status,
        "balance_transactions": [],
        "evidence": {},
        "evidence_details": {
            "due_by": _seconds(one.due_at) if one.due_at else None,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "payment_method_details": {
            "type": "card",
            "card": {"brand": "visa", "case_type": "chargeback", "network_reason_code": "13.1"},
        },
    }
