"""A stand-in of EasyPost: `GET` and `POST /v2/trackers` of its API v2."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from aiohttp import web

from service.sandbox.scenario import Event, Parcel, Scenario
from service.sandbox.standin import CarrierStandIn, Clock, basic_of

_STATUS = {
    "label": "pre_transit",
    "accepted": "in_transit",
    "transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "delivered": "delivered",
    "exception": "failure",
    "other": "available_for_pickup",
}


class EasypostSandbox(CarrierStandIn):
    """Knows the story's parcels, and those that it is told of, which it has nothing of."""

    name = "easypost"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        super().__init__(scenario, clock=clock)
        self._told: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v2/trackers", self.trackers),
            web.post("/v2/trackers", self.register),
        ]

    async def trackers(self, request: web.Request) -> web.Response:
        if basic_of(request) != (self._account.client_secret, ""):
            return _refusal()
        number = request.query.get("tracking_code", "")
        found = [_tracker(parcel)] if (parcel := self._parcels.get(number)) else []
        if number in self._told:
            found.append({"tracking_code": number, "status": "unknown", "tracking_details": []})
        said = {"trackers": found, "has_more": False}
        return web.json_response(said, headers={"x-ep-request-uuid": "sandbox-1"})

    async def register(self, request: web.Request) -> web.Response:
        if basic_of(request) != (self._account.client_secret, ""):
            return _refusal()
        number = (await request.json())["tracker"]["tracking_code"]
        self._told.add(number)
        said = {"tracking_code": number, "status": "unknown", "tracking_details": []}
        return web.json_response(said, status=201)


def _tracker(parcel: Parcel) -> dict[str, Any]:
    newest_first = parcel.newest_first
    return {
        "id": "trk_0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "object": "Tracker",
        "tracking_code": parcel.tracking_number,
        "status": _STATUS[newest_first[0].kind] if newest_first else "unknown",
        "signed_by": parcel.received_by or None,
        "weight": float(parcel.weight) * 16 if parcel.weight else None,
        "carrier": parcel.hauled_by or "YunExpress",
        "tracking_details": [
            _detail(event, parcel.hauled_by or "YunExpress") for event in reversed(newest_first)
        ],
        "carrier_detail": {"service": parcel.service, "alternate_identifier": None},
        "is_return": False,
    }


def _detail(event: Event, carrier: str) -> dict[str, Any]:
    return {
        "object": "TrackingDetail",
        "message": event.description,
        "status": event.code or _STATUS[event.kind],
        "status_detail": "status_update",
        "datetime": f"{event.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "source": carrier,
        "tracking_location": {
            "object": "TrackingLocation",
            "city": event.city,
            "state": event.state,
            "country": event.country,
            "zip": event.postal_code,
        },
    }


def _refusal() -> web.Response:
    error = {"code": "APIKEY.INACTIVE", "message": "This api key is not known.", "errors": []}
    return web.json_response({"error": error}, status=401)
