"""A stand-in of Odoo's JSON-2 API: search_read of four models."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from service.sandbox.scenario import Scenario
from service.sandbox.standin import Clock, utc

_FORM = "%Y-%m-%d %H:%M:%S"


class OdooSandbox:
    name = "odoo"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        self._scenario = scenario
        self._key = scenario.account(self.name).client_secret

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/json/2/{model}/search_read", self.search_read)]

    async def search_read(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"bearer {self._key}":
            refused = {"name": "werkzeug.exceptions.Unauthorized", "message": "Invalid apikey"}
            return web.json_response(refused, status=401)
        records = self._records().get(request.match_info["model"])
        if records is None:
            return web.json_response({"name": "builtins.KeyError", "message": "model"}, status=404)
        asked: Any = await request.json()
        terms = [term for term in asked["domain"] if isinstance(term, list)]
        either = "|" in asked["domain"]
        fits = any if either else all
        found = [
            {name: record.get(name, False) for name in ("id", *asked["fields"])}
            for record in records
            if fits(_fits(record.get(field), op, value) for field, op, value in terms)
        ]
        return web.json_response(found[: asked.get("limit")])

    def _records(self) -> dict[str, list[dict[str, Any]]]:
        order = self._scenario.order
        if order is None:
            return {
                "sale.order": [],
                "sale.order.line": [],
                "stock.picking": [],
                "mail.message": [],
            }
        placed = utc(order.placed_at, form=_FORM) if order.placed_at else False
        return {
            "sale.order": [
                {
                    "id": 7,
                    "name": "S00007",
                    "client_order_ref": order.id,
                    "origin": order.platform.title(),
                    "state": "sale",
                    "date_order": placed,
                    "write_date": placed,
                    "amount_total": float(order.total or 0),
                    "currency_id": [1, order.currency],
                    "partner_id": [2, order.buyer],
                }
            ],
            "sale.order.line": [
                {
                    "id": 70 + place,
                    "order_id": 7,
                    "name": f"[{line.sku}] {line.title}",
                    "product_id": [place, line.sku],
                    "product_uom_qty": float(line.quantity),
                    "qty_delivered": float(line.quantity),
                }
                for place, line in enumerate(order.lines)
            ],
            "stock.picking": [
                {
                    "id": 11 + place,
                    "name": f"WH/OUT/{11 + place:05d}",
                    "origin": "S00007",
                    "state": "done",
                    "date_done": utc(min(event.at for event in parcel.events), form=_FORM),
                    "carrier_id": [place, parcel.carrier.upper()],
                    "carrier_tracking_ref": parcel.tracking_number,
                }
                for place, parcel in enumerate(self._scenario.parcels)
                if parcel.events
            ],
            "mail.message": [
                {
                    "id": 90,
                    "model": "sale.order",
                    "res_id": 7,
                    "date": placed,
                    "message_type": "notification",
                    "body": "Quotation confirmed",
                }
            ],
        }


def _fits(value: Any, operator: str, asked: Any) -> bool:
    return value in asked if operator == "in" else bool(value == asked)
