"""A stand-in of TikTok Shop's Open API: tokens, signatures, orders and what hangs on them.

The account's `client_id` is the app key; its secret is app secret and refresh token. The shop's
cipher is "sandbox-cipher". Every answer is 200 with a `code`, but for a token that has ended.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

from aiohttp import web

from service.sandbox.scenario import Event, Line, Order, Parcel, Return, Scenario
from service.sandbox.standin import Clock, Tokens, photo_picture

CIPHER = "sandbox-cipher"
_PACKAGE = "11529215046068700"
_ORDER_STATUS = {
    "label": "AWAITING_COLLECTION",
    "delivered": "DELIVERED",
}
_PACKAGE_STATUS = {"label": "PROCESSING", "delivered": "COMPLETED"}


class TikTokSandbox:
    """Answers for one scenario."""

    name = "tiktok"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        self._account = scenario.account(self.name)
        self._clock = clock
        self._tokens = Tokens(self._account, clock=clock)
        self._order = scenario.order
        self._number = scenario.order.number_on(self.name) if scenario.order else ""
        self._parcels = scenario.parcels
        self._returns = [one for one in scenario.returns if one.platform == self.name]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v2/token/refresh", self.token),
            web.get("/order/202507/orders", self.orders),
            web.post("/order/202406/orders/external_order_search", self.external_search),
            web.get("/order/202406/orders/{number}/external_orders", self.external),
            web.get("/fulfillment/202309/packages/{id}", self.package),
            web.get("/fulfillment/202309/orders/{number}/tracking", self.tracking),
            web.post("/return_refund/202602/returns/search", self.returns),
            web.post("/return_refund/202602/cancellations/search", self.cancellations),
            web.get("/return_refund/202309/returns/{id}/records", self.records),
            web.get("/media/{name}", self.media),
        ]

    async def token(self, request: web.Request) -> web.Response:
        asked = request.query
        client = (asked.get("app_key", ""), asked.get("app_secret", ""))
        if not self._tokens.knows(client) or asked.get("refresh_token") != client[1]:
            return _said(36004001, "The refresh token is not valid.")
        ends = int(self._clock().timestamp()) + self._account.token_lasts_s
        return _said(
            0,
            "success",
            {
                "access_token": self._tokens.give(),
                "access_token_expire_in": ends,
                "refresh_token": self._account.client_secret,
                "refresh_token_expire_in": ends + 10_000_000,
            },
        )

    async def orders(self, request: web.Request) -> web.Response:
        if (refused := await self._refused(request)) is not None:
            return refused
        asked = request.query.get("ids", "").split(",")
        known = self._order is not None and bool(self._number) and self._number in asked
        told = [_order(self._order, self._number, self._parcels)] if known and self._order else []
        return _said(0, "Success", {"orders": told})

    async def external_search(self, request: web.Request) -> web.Response:
        if (refused := await self._refused(request)) is not None:
            return refused
        order = self._order
        asked = request.query.get("external_order_id"), request.query.get("platform")
        known = order is not None and asked == (order.id, order.platform.upper())
        orders = {"orders": [{"id": self._number}]} if known and self._number else {}
        return _said(0, "Success", orders)

    async def external(self, request: web.Request) -> web.Response:
        if (refused := await self._refused(request)) is not None:
            return refused
        order = self._order
        foreign = order is not None and order.platform != self.name
        told = [{"id": order.id, "platform": order.platform.upper()}] if order and foreign else []
        return _said(0, "Success", {"external_orders": told})

    async def package(self, request: web.Request) -> web.Response:
        if (refused := await self._refused(request)) is not None:
            return refused
        place = request.match_info["id"].removeprefix(_PACKAGE)
        if not place.isdigit() or int(place) >= len(self._parcels):
            return _said(21011007, "Package not found.")
        parcel = self._parcels[int(place)]
        return _said(0, "Success", _package(parcel, request.match_info["id"], self._number))

    async def tracking(self, request: web.Request) -> web.Response:
        if (refused := await self._refused(request)) is not None:
            return refused
        events = [event for parcel in self._parcels for event in parcel.newest_first]
        return _said(0, "Success", {"tracking": [_event(event) for event in events]})

    async def returns(self, request: web.Request) -> web.Response:
        if (refused := await self._refused(request)) is not None:
            return refused
        if self._number not in (await request.json()).get("order_ids", []):
            return _said(0, "Success", {"total_count": 0, "next_page_token": ""})
        told = [_return(one, self._number) for one in self._returns]
        page = {"return_orders": told} if told else {}
        return _said(0, "Success", page | {"total_count": len(told), "next_page_token": ""})

    async def cancellations(self, request: web.Request) -> web.Response:
        if (refused := await self._refused(request)) is not None:
            return refused
        return _said(0, "Success", {"total_count": 0, "next_page_token": ""})

    async def records(self, request: web.Request) -> web.Response:
        if (refused := await self._refused(request)) is not None:
            return refused
        picture = f"{request.url.origin()}{request.path.partition('/return_refund')[0]}/media/a.jpg"
        told = [
            {
                "event": "ORDER_RETURN",
                "role": "BUYER",
                "reason_text": one.reason,
                "note": one.note,
                "images": [{"url": picture, "width": 640, "height": 480}],
                "create_time": _seconds(one.at),
            }
            for one in self._returns
            if one.id == request.match_info["id"]
        ]
        return _said(0, "Success", {"records": told})

    async def media(self, request: web.Request) -> web.Response:
        return web.Response(body=photo_picture(), content_type="image/jpeg")

    async def _refused(self, request: web.Request) -> web.Response | None:
        """Why the request is not answered, if it is not: its token, its age, its signature."""
        if not self._tokens.accepts(request.headers.get("x-tts-access-token", ""), scheme=""):
            return _said(105002, "Access token is expired.", status=401)
        asked = dict(request.query)
        sign = asked.pop("sign", "")
        moment = asked.get("timestamp", "0")
        if not moment.isdigit() or abs(int(moment) - self._clock().timestamp()) > 300:
            return _said(36009012, "Invalid timestamp.")
        if asked.get("shop_cipher") != CIPHER or asked.get("app_key") != self._account.client_id:
            return _said(36009003, "Invalid shop or app.")
        path = request.path.partition(f"/{self.name}")[2] or request.path
        secret = self._account.client_secret
        pairs = "".join(key + asked[key] for key in sorted(asked))
        text = f"{secret}{path}{pairs}".encode() + await request.read() + secret.encode()
        if sign != hmac.new(secret.encode(), text, hashlib.sha256).hexdigest():
            return _said(106001, "Signature is invalid.")
        return None


def _said(code: int, message: str, data: Any = None, *, status: int = 200) -> web.Response:
    said = {"code": code, "message": message, "request_id": "202607250000000000000000000000"}
    return web.json_response(said | ({} if data is None else {"data": data}), status=status)


def _seconds(at: datetime | None) -> int:
    return int(at.timestamp()) if at else 0


def _when(parcel: Parcel, kind: str) -> int:
    return next((_seconds(event.at) for event in parcel.events if event.kind == kind), 0)


def _order(order: Order, number: str, parcels: tuple[Parcel, ...]) -> dict[str, Any]:
    to = parcels[0] if parcels else Parcel(tracking_number="")
    newest = to.newest_first[0].kind if to.events else "label"
    return {
        "id": number,
        "user_id": "7021436810468230477",
        "status": _ORDER_STATUS.get(newest, "IN_TRANSIT"),
        "create_time": _seconds(order.placed_at),
        "paid_time": _seconds(order.paid_at),
        "rts_time": _when(to, "label"),
        "collection_time": _when(to, "accepted"),
        "delivery_time": _when(to, "delivered"),
        "buyer_email": order.buyer_email,
        "shipping_type": "SELLER",
        "has_updated_recipient_address": False,
        "recipient_address": {
            "name": to.recipient_name or order.buyer,
            "address_line1": to.recipient_street,
            "postal_code": to.recipient_postal_code,
            "region_code": to.recipient_country,
            "district_info": [
                {"address_level_name": "State", "address_name": to.recipient_state},
                {"address_level_name": "City", "address_name": to.recipient_city},
            ],
        },
        "payment": {"currency": order.currency, "total_amount": order.total},
        "packages": [{"id": f"{_PACKAGE}{place}"} for place in range(len(parcels))],
        "line_items": [
            _line(line, place, order, parcels) for place, line in enumerate(order.lines)
        ],
    }


def _line(line: Line, place: int, order: Order, parcels: tuple[Parcel, ...]) -> dict[str, Any]:
    told = {
        "id": f"57668401960337690{place}",
        "seller_sku": line.sku,
        "product_name": line.title,
        "sale_price": line.price,
        "currency": order.currency,
    }
    if not parcels:
        return told
    return told | {
        "package_id": f"{_PACKAGE}0",
        "tracking_number": parcels[0].tracking_number,
        "shipping_provider_name": parcels[0].carrier.upper(),
    }


def _package(parcel: Parcel, package: str, number: str) -> dict[str, Any]:
    newest = parcel.newest_first[0].kind if parcel.events else "label"
    return {
        "package_id": package,
        "orders": [{"id": number}],
        "package_status": _PACKAGE_STATUS.get(newest, "FULFILLING"),
        "shipping_provider_name": parcel.carrier.upper(),
        "shipping_type": "SELLER",
        "tracking_number": parcel.tracking_number,
        "create_time": _seconds(parcel.newest_first[-1].at if parcel.events else None),
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "description": event.description or event.kind,
        "update_time_millis": _seconds(event.at) * 1000,
        "action_code": 1,
    }


def _return(one: Return, number: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "order_id": number,
        "return_id": one.id,
        "return_type": "RETURN_AND_REFUND" if one.tracking_number else "REFUND",
        "return_status": one.status or "RETURN_OR_REFUND_REQUEST_PENDING",
        "role": "BUYER",
        "return_reason_text": one.reason,
        "create_time": _seconds(one.at),
        "return_tracking_number": one.tracking_number,
        "return_provider_name": one.carrier,
        "refund_amount": {"currency": one.currency, "refund_total": one.amount},
    }
    if one.due_at is not None:
        action = {"action": "SELLER_RESPOND_REFUND", "deadline": _seconds(one.due_at)}
        told["seller_next_action_response"] = [action]
    return told
