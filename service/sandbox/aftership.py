"""A stand-in of AfterShip: `GET` and `POST /trackings` of its Tracking API 2026-07, a picture."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from service.sandbox.scenario import Event, Parcel, Scenario
from service.sandbox.standin import CarrierStandIn, Clock, photo_picture

_TAGS = {
    "label": ("InfoReceived", "InfoReceived_001"),
    "accepted": ("InTransit", "InTransit_002"),
    "transit": ("InTransit", "InTransit_001"),
    "out_for_delivery": ("OutForDelivery", "OutForDelivery_001"),
    "delivered": ("Delivered", "Delivered_001"),
    "exception": ("AttemptFail", "AttemptFail_001"),
    "other": ("AvailableForPickup", "AvailableForPickup_001"),
}


class AftershipSandbox(CarrierStandIn):
    """Knows the story's parcels, and those that it is told of, which it has nothing of."""

    name = "aftership"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        super().__init__(scenario, clock=clock)
        self._told: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/trackings", self.trackings),
            web.post("/trackings", self.register),
            web.get("/pictures/{number}", self.picture),
        ]

    async def trackings(self, request: web.Request) -> web.Response:
        if (refused := self._refusal(request)) is not None:
            return refused
        number = request.query.get("tracking_numbers", "")
        base = f"{request.url.origin()}{request.path.removesuffix('/trackings')}/pictures"
        found: list[dict[str, Any]] = []
        if (parcel := self._parcels.get(number)) is not None:
            found = [_tracking(parcel, base)]
        elif number in self._told:
            found = [{"tracking_number": number, "tag": "Pending", "checkpoints": []}]
        pages = {"total": len(found), "next_cursor": None, "has_next_page": False}
        return _answer(200, {"pagination": pages, "trackings": found})

    async def register(self, request: web.Request) -> web.Response:
        if (refused := self._refusal(request)) is not None:
            return refused
        number = (await request.json())["tracking_number"]
        self._told.add(number)
        return _answer(201, {"tracking_number": number, "tag": "Pending", "checkpoints": []})

    async def picture(self, request: web.Request) -> web.Response:
        parcel = self._parcels.get(request.match_info["number"])
        if parcel is None or not parcel.photo:
            return _answer(404, {})
        return web.Response(body=photo_picture(), content_type="image/jpeg")

    def _refusal(self, request: web.Request) -> web.Response | None:
        fits = request.headers.get("as-api-key") == self._account.client_secret
        return None if fits else _answer(401, {}, code=40101, message="Invalid API key.")


def _tracking(parcel: Parcel, pictures: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": "b0a1b2c3d4e5f60718293a4b5c6d7e8f",
        "tracking_number": parcel.tracking_number,
        "slug": parcel.hauled_by or "yunexpress",
        "shipment_type": parcel.service,
        "return_to_sender": False,
        "checkpoints": [_checkpoint(event, parcel) for event in reversed(parcel.newest_first)],
        "first_mile": None,
        "last_mile": None,
    }
    if parcel.newest_first:
        said["tag"], said["subtag"] = _TAGS[parcel.newest_first[0].kind]
    if parcel.weight:
        said["shipment_weight"] = {"value": float(parcel.weight), "unit": parcel.weight_unit}
    if (delivered := parcel.delivered) is not None:
        said["shipment_delivery_date"] = f"{delivered.at:%Y-%m-%dT%H:%M:%S}"
        said["signed_by"] = parcel.received_by or None
    if parcel.photo:
        url = f"{pictures}/{parcel.tracking_number}"
        said["proof_of_delivery"] = [{"type": "image", "url": url}]
    return said


def _checkpoint(event: Event, parcel: Parcel) -> dict[str, Any]:
    tag, subtag = _TAGS[event.kind]
    return {
        "slug": parcel.hauled_by or "yunexpress",
        "checkpoint_time": event.at.isoformat() if event.gmt else f"{event.at:%Y-%m-%dT%H:%M:%S}",
        "location": ", ".join(filter(None, (event.city, event.state, event.country))),
        "city": event.city,
        "state": event.state,
        "postal_code": event.postal_code,
        "message": event.description,
        "tag": tag,
        "subtag": event.code or subtag,
        "raw_tag": None,
    }


def _answer(status: int, data: dict[str, Any], **meta: Any) -> web.Response:
    return web.json_response({"meta": {"code": status, **meta}, "data": data}, status=status)
