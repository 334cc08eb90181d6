"""A stand-in of Royal Mail: events and signature of its Tracking API v2."""

from __future__ import annotations

import html
from typing import Any

from aiohttp import web

from service.sandbox.scenario import Event, Parcel
from service.sandbox.standin import CarrierStandIn

_CODES = {
    "label": "EVAIE",
    "accepted": "EVDAC",
    "transit": "EVODO",
    "out_for_delivery": "EVGPD",
    "delivered": "EVKSP",
    "exception": "EVKNA",
    "other": "EVZZZ",
}
_UNKNOWN = ("E1142", "Barcode reference is not recognised")
_NO_PROOF = ("E1144", "Proof of delivery is not available")


class RoyalMailSandbox(CarrierStandIn):
    name = "royal_mail"

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/mailpieces/v2/{number}/{what}", self.piece)]

    async def piece(self, request: web.Request) -> web.Response:
        told = tuple(request.headers.get(f"X-IBM-Client-{half}") for half in ("Id", "Secret"))
        if told != (self._account.client_id, self._account.client_secret):
            return _refusal(401, ("E0000", "The client is not registered"))
        if request.headers.get("X-Accept-RMG-Terms") != "yes":
            return _refusal(400, ("E0004", "Failed header validation for X-Accept-RMG-Terms"))
        parcel = self._parcels.get(request.match_info["number"])
        if parcel is None:
            return _refusal(404, _UNKNOWN)
        said: dict[str, Any] = {"mailPieceId": "090367574000000FE1E1B", "carrierShortName": "RM"}
        if request.match_info["what"] == "events":
            return web.json_response({"mailPieces": said | _events(parcel)})
        if not parcel.signature or parcel.delivered is None:
            return _refusal(404, _NO_PROOF)
        return web.json_response({"mailPieces": said | {"signature": _signature(parcel)}})


def _events(parcel: Parcel) -> dict[str, Any]:
    said: dict[str, Any] = {
        "summary": {"oneDBarcode": parcel.tracking_number, "productName": parcel.service},
        "events": [_event(event) for event in parcel.newest_first],
    }
    if parcel.newest_first:
        said["summary"]["statusDescription"] = parcel.newest_first[0].description
    if parcel.delivered is not None and parcel.signature:
        at = parcel.delivered.at.isoformat()
        said["signature"] = {"recipientName": parcel.received_by, "signatureDateTime": at}
    return said


def _event(event: Event) -> dict[str, str]:
    return {
        "eventCode": event.code or _CODES[event.kind],
        "eventName": event.description,
        "eventDateTime": event.at.isoformat() if event.gmt else f"{event.at:%Y-%m-%dT%H:%M:%S}",
        "locationName": f"{event.city} DO",
    }


def _signature(parcel: Parcel) -> dict[str, Any]:
    assert parcel.delivered is not None  # asked for only where there is one  # noqa: S101
    name = html.escape(parcel.received_by)
    drawing = f'<text x="20" y="60">{name}</text><path d="M10 70 L290 66" stroke="#000"/>'
    return {
        "oneDBarcode": parcel.tracking_number,
        "recipientName": parcel.received_by,
        "signatureDateTime": parcel.delivered.at.isoformat(),
        "imageFormat": "image/svg+xml",
        "imageId": "001234",
        "height": 90,
        "width": 320,
        "image": f'<svg xmlns="http://www.w3.org/2000/svg">{drawing}</svg>',
    }


def _refusal(status: int, said: tuple[str, str]) -> web.Response:
    code, words = said
    error = {"errorCode": code, "errorDescription": words}
    body = {"httpCode": str(status), "httpMessage": "?", "errors": [error]}
    return web.json_response(body, status=status)
