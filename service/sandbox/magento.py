"""A stand-in of a Magento shop: orders, shipments, credit memos; UTC without saying so."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from aiohttp import web

from service.sandbox.scenario import Order, Parcel, Refund, Scenario
from service.sandbox.standin import Clock, utc

_FILTER = re.compile(r"searchCriteria\[filter_groups\]\[0\]\[filters\]\[(\d+)\]\[(field|value)\]")
ENTITY = 42


class MagentoSandbox:
    name = "magento"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        self._account = scenario.account(self.name)
        self._order = scenario.order
        self._number = scenario.order.number_on(self.name) if scenario.order else ""
        self._parcels = scenario.parcels
        self._payments = [one for one in scenario.payments if one.processor == "paypal"]
        self._refunds = [one for one in scenario.refunds if one.processor == self.name]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/rest/V1/orders", self.orders),
            web.get("/rest/V1/shipments", self.shipments),
            web.get("/rest/V1/creditmemos", self.refunds),
        ]

    async def orders(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        told = []
        if self._order is not None and self._number:
            foreign = self._order.id if self._order.id != self._number else None
            record = _order(self._order, self._number, foreign, self._parcels)
            record["payment"] = {
                "method": "paypal_express",
                "last_trans_id": self._payments[0].id if self._payments else None,
                "amount_paid": float(self._order.total or 0),
            }
            if any(record.get(field) == value for field, value in _filters(request)):
                told.append(record)
        return _listed(told)

    async def shipments(self, request: web.Request) -> web.Response:
        told = [_shipment(one, place) for place, one in enumerate(self._parcels)]
        return self._refused(request) or _listed(told if _of_order(request) else [])

    async def refunds(self, request: web.Request) -> web.Response:
        told = [_refund(one) for one in self._refunds]
        return self._refused(request) or _listed(told if _of_order(request) else [])

    def _refused(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {self._account.client_secret}":
            return None
        said = {"message": "The consumer isn't authorized to access %resources."}
        return web.json_response(said, status=401)


def _filters(request: web.Request) -> list[tuple[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, value in request.query.items():
        if (parts := _FILTER.fullmatch(name)) is not None:
            found.setdefault(parts[1], {})[parts[2]] = value
    return [(one.get("field", ""), one.get("value", "")) for one in found.values()]


def _of_order(request: web.Request) -> bool:
    return ("order_id", str(ENTITY)) in _filters(request)


def _listed(items: list[dict[str, Any]]) -> web.Response:
    return web.json_response({"items": items, "total_count": len(items)})


def _time(at: datetime | None) -> str | None:
    return utc(at, form="%Y-%m-%d %H:%M:%S") if at else None


def _order(
    order: Order, number: str, foreign: str | None, parcels: tuple[Parcel, ...]
) -> dict[str, Any]:
    to = parcels[0] if parcels else Parcel(tracking_number="")
    first, _, last = order.buyer.rpartition(" ")
    address = {
        "firstname": first,
        "lastname": last,
        "street": [to.recipient_street] if to.recipient_street else [],
        "city": to.recipient_city,
        "region_code": to.recipient_state,
        "postcode": to.recipient_postal_code,
        "country_id": to.recipient_country,
    }
    return {
        "entity_id": ENTITY,
        "increment_id": number,
        "ext_order_id": foreign,
        "state": "complete" if parcels else "new",
        "status": "complete" if parcels else "pending",
        "created_at": _time(order.placed_at),
        "updated_at": _time(order.placed_at),
        "order_currency_code": order.currency,
        "grand_total": float(order.total or 0),
        "customer_firstname": first,
        "customer_lastname": last,
        "customer_email": order.buyer_email,
        "items": [
            {
                "item_id": 100 + place,
                "sku": line.sku,
                "name": line.title,
                "qty_ordered": line.quantity,
                "price": float(line.price or 0),
            }
            for place, line in enumerate(order.lines)
        ],
        "status_histories": [
            {"comment": "Order was placed", "created_at": _time(order.placed_at), "status": "new"}
        ],
        "extension_attributes": {"shipping_assignments": [{"shipping": {"address": address}}]},
    }


def _shipment(parcel: Parcel, place: int) -> dict[str, Any]:
    newest = parcel.newest_first
    at = _time(newest[-1].at if newest else None)
    track = {
        "track_number": parcel.tracking_number,
        "carrier_code": parcel.carrier,
        "title": parcel.carrier.upper(),
        "created_at": at,
    }
    return {"increment_id": f"0000000{place + 1:02}", "created_at": at, "tracks": [track]}


def _refund(one: Refund) -> dict[str, Any]:
    return {
        "increment_id": one.id,
        "created_at": _time(one.at),
        "order_currency_code": one.currency,
        "grand_total": float(one.amount),
        "state": 2,
        "comments": [],
    }
