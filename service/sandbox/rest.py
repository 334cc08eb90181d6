"""A stand-in for a small ERP of nobody's, with an API key and pages: for trying a description out.

GET /api/orders?number=N&after=CURSOR    one order a page: {"data": [...], "next": cursor or null}
GET /api/orders/ID/parcels               the order's parcels, times in seconds since 1970
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from service.sandbox.scenario import Scenario
from service.sandbox.standin import Clock


class RestSandbox:
    name = "rest"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        self._order = scenario.order
        self._parcels = scenario.parcels
        self._key = scenario.account(self.name).client_secret

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/orders", self.orders),
            web.get("/api/orders/{id}/parcels", self.parcels),
        ]

    async def orders(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return web.json_response({"error": "no key"}, status=401)
        asked = request.query.get("number", "")
        found = self._order is not None and asked and self._order.id.startswith(asked)
        if not found:
            return web.json_response({"data": [], "next": None})
        if not request.query.get("after"):
            # A search that finds what only begins alike, as some do.
            other = {"id": 7001, "number": f"{asked}-2", "placed": "2026-10-01 09:00:00"}
            return web.json_response({"data": [other], "next": "c1"})
        return web.json_response({"data": [self._record()], "next": None})

    async def parcels(self, request: web.Request) -> web.Response:
        if not self._knows(request):
            return web.json_response({"error": "no key"}, status=401)
        if request.match_info["id"] != "7002":
            return web.json_response({"error": "no such order"}, status=404)
        parcels = [
            {
                "number": parcel.tracking_number,
                "carrier": parcel.carrier,
                "left": int(min(event.at for event in parcel.events).timestamp()),
            }
            for parcel in self._parcels
            if parcel.events
        ]
        return web.json_response({"parcels": parcels})

    def _knows(self, request: web.Request) -> bool:
        return request.headers.get("X-Api-Key") == self._key

    def _record(self) -> dict[str, Any]:
        order = self._order
        assert order is not None  # noqa: S101  # asked for only where there is one
        return {
            "id": 7002,
            "number": order.id,
            "placed": f"{order.placed_at:%Y-%m-%d %H:%M:%S}" if order.placed_at else None,
            "total": order.total,
            "lines": [{"sku": line.sku, "pieces": line.quantity} for line in order.lines],
        }
