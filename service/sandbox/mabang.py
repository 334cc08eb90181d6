"""A stand-in of Mabang's gateway: a signed envelope, and the order in the ERP's fields."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from service.sandbox.scenario import Order, Scenario
from service.sandbox.standin import Clock

_CHINA = ZoneInfo("Asia/Shanghai")


class MabangSandbox:
    name = "mabang"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        self._account = scenario.account(self.name)
        self._order = scenario.order
        self._parcels = scenario.parcels

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/api/v2", self.gateway)]

    async def gateway(self, request: web.Request) -> web.Response:
        body = await request.read()
        key = self._account.client_secret.encode()
        code = hmac.new(key, body, hashlib.sha256).hexdigest()
        if request.headers.get("Authorization") != code:
            return web.json_response({"code": "40001", "message": "签名错误", "data": {}})
        asked: Any = await request.json()
        data = asked.get("data", {})
        numbers = str(data.get("platformOrderIds", "")).split(",")
        found = self._order is not None and self._order.id in numbers
        records = [_record(self._order, parcel) for parcel in self._parcels] if found else []
        # A page holds two, so that whoever asks has to go on.
        start = int(data.get("cursor") or 0)
        more = start + 2 < len(records)
        return web.json_response(
            {
                "code": "200",
                "message": "",
                "data": {
                    "total": len(records),
                    "hasNext": "true" if more else "false",
                    "nextCursor": str(start + 2) if more else "",
                    "data": records[start : start + 2],
                },
            }
        )


def _record(order: Order | None, parcel: Any) -> dict[str, Any]:
    assert order is not None  # noqa: S101  # asked for only where there is one
    left = min((event.at for event in parcel.events), default=None)
    return {
        "platformOrderId": order.id,
        "salesRecordNumber": "",
        "platformId": order.platform.title(),
        "shopName": order.store,
        "orderStatus": "3",
        "paidTime": _china(order.paid_at),
        "expressTime": _china(left),
        "trackNumber": parcel.tracking_number,
        "myLogisticsChannelName": parcel.service,
        "orderItem": [{"platformSku": line.sku, "quantity": line.quantity} for line in order.lines],
    }


def _china(at: Any) -> str:
    return f"{at.astimezone(_CHINA):%Y-%m-%d %H:%M:%S}" if at is not None else ""
