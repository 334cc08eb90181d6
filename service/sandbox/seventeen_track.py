"""A stand-in of 17TRACK: `gettrackinfo` and `register` of its API v2.2."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from aiohttp import web

from service.sandbox.scenario import Event, Parcel, Scenario
from service.sandbox.standin import CarrierStandIn, Clock

_STAGES = {
    "label": ("InfoReceived", "InfoReceived"),
    "accepted": ("PickedUp", "InTransit_PickedUp"),
    "transit": (None, "InTransit_Other"),
    "out_for_delivery": ("OutForDelivery", "OutForDelivery_Other"),
    "delivered": ("Delivered", "Delivered_Other"),
    "exception": (None, "Exception_Other"),
    "other": (None, "AvailableForPickup_Other"),
}


class SeventeenTrackSandbox(CarrierStandIn):
    """With `unknown = "empty"` no number is registered yet."""

    name = "17track"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        super().__init__(scenario, clock=clock)
        self._registered = set(self._parcels) if self._account.unknown != "empty" else set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/track/v2.2/gettrackinfo", self.info),
            web.post("/track/v2.2/register", self.register),
        ]

    async def info(self, request: web.Request) -> web.Response:
        return await self._answer(request, self._info)

    async def register(self, request: web.Request) -> web.Response:
        return await self._answer(request, self._register)

    async def _answer(self, request: web.Request, about: Any) -> web.Response:
        if request.headers.get("17token") != self._account.client_secret:
            error = {"code": -18010002, "message": "Invalid security key."}
            return web.json_response({"code": -18010002, "data": {"errors": [error]}})
        said = [about(one["number"]) for one in await request.json()]
        return web.json_response(
            {
                "code": 0,
                "data": {
                    "accepted": [one for one in said if "error" not in one],
                    "rejected": [one for one in said if "error" in one],
                },
            }
        )

    def _info(self, number: str) -> dict[str, Any]:
        parcel = self._parcels.get(number)
        if parcel is not None and number not in self._registered:
            return _rejected(number, -18019902, "The tracking number is not registered.")
        if parcel is None:
            return _rejected(number, -18019909, "No tracking information at this time.")
        return _parcel(parcel)

    def _register(self, number: str) -> dict[str, Any]:
        self._registered.add(number)
        return {"number": number, "carrier": 190008, "origin": 1}


def _rejected(number: str, code: int, message: str) -> dict[str, Any]:
    return {"number": number, "error": {"code": code, "message": message}}


def _parcel(parcel: Parcel) -> dict[str, Any]:
    newest_first = parcel.newest_first
    status = _STAGES[newest_first[0].kind][1].partition("_")[0] if newest_first else "NotFound"
    info: dict[str, Any] = {
        "shipping_info": {
            "shipper_address": {"country": parcel.origin_country},
            "recipient_address": {
                "country": parcel.recipient_country,
                "state": parcel.recipient_state,
                "city": parcel.recipient_city,
                "postal_code": parcel.recipient_postal_code,
            },
        },
        "latest_status": {"status": status, "sub_status": None},
        "misc_info": {"service_type": parcel.service},
        "tracking": {
            "providers": [
                {
                    "provider": {"key": 190008, "name": parcel.hauled_by or "YunExpress"},
                    "events": [_event(event) for event in newest_first],
                }
            ]
        },
    }
    if parcel.weight:
        info["misc_info"]["weight_kg"] = parcel.weight
    return {"number": parcel.tracking_number, "carrier": 190008, "tag": "", "track_info": info}


def _event(event: Event) -> dict[str, Any]:
    """Without `gmt` the carrier told no zone, and 17TRACK made one up."""
    offset = f"{event.at:%z}"
    stage, sub_status = _STAGES[event.kind]
    return {
        "time_iso": event.at.isoformat(),
        "time_utc": f"{event.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "time_raw": {
            "date": f"{event.at:%Y-%m-%d}",
            "time": f"{event.at:%H:%M:%S}",
            "timezone": f"{offset[:3]}:{offset[3:5]}" if event.gmt else None,
        },
        "description": event.description,
        "location": ", ".join(filter(None, (event.city, event.state, event.country))),
        "stage": stage,
        "sub_status": event.code or sub_status,
        "address": {
            "country": event.country,
            "state": event.state,
            "city": event.city,
            "postal_code": event.postal_code,
        },
    }
