"""A stand-in of DHL Express: tracking and the ePOD of the MyDHL API 3.1.1."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from service.sandbox.papers import delivery_letter
from service.sandbox.scenario import Event, Parcel
from service.sandbox.standin import CarrierStandIn, base64_of, basic_of

_CODES = {
    "label": "SC",
    "accepted": "PU",
    "transit": "AF",
    "out_for_delivery": "WC",
    "delivered": "OK",
    "exception": "NH",
    "other": "ZZ",
}


class DhlExpressSandbox(CarrierStandIn):
    name = "dhl_express"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/tracking", self.tracking),
            web.get("/shipments/{number}/proof-of-delivery", self.epod),
        ]

    async def tracking(self, request: web.Request) -> web.Response:
        if (refused := self._refusal(request)) is not None:
            return refused
        asked = request.query.get("shipmentTrackingNumber") or request.query.get(
            "pieceTrackingNumber", ""
        )
        parcel = self._parcels.get(asked)
        if parcel is None:
            return _problem(request, 404, "No data found", "No shipment was found.")
        return self._answer({"shipments": [_shipment(parcel)]})

    async def epod(self, request: web.Request) -> web.Response:
        if (refused := self._refusal(request)) is not None:
            return refused
        parcel = self._parcels.get(request.match_info["number"])
        if parcel is None or not parcel.pod_letter or parcel.delivered is None:
            return _problem(request, 404, "Not Found", "No proof of delivery was found.")
        printed = f"{self._clock():%Y-%m-%d}"
        paper = delivery_letter(parcel, carrier="DHL Express", printed=printed)
        document = {"encodingFormat": "PDF", "content": base64_of(paper), "typeCode": "POD"}
        return self._answer({"documents": [document]})

    def _refusal(self, request: web.Request) -> web.Response | None:
        if basic_of(request) != (self._account.client_id, self._account.client_secret):
            return _problem(request, 401, "Unauthorized", "The credentials are not known.")
        if not request.headers.get("x-version"):
            return _problem(request, 400, "Bad request", "The header x-version is missing.")
        return None

    def _answer(self, said: dict[str, Any]) -> web.Response:
        return web.json_response(said, headers={"Invocation-Id": "20261103143107_sandbox"})


def _shipment(parcel: Parcel) -> dict[str, Any]:
    said: dict[str, Any] = {
        "shipmentTrackingNumber": parcel.tracking_number,
        "status": "Success",
        "productCode": parcel.service[:1],
        "description": "Goods",
        "shipperDetails": {"postalAddress": {"countryCode": parcel.origin_country}},
        "receiverDetails": {
            "name": parcel.recipient_name,
            "postalAddress": {
                "cityName": parcel.recipient_city,
                "provinceCode": parcel.recipient_state,
                "postalCode": parcel.recipient_postal_code,
                "countryCode": parcel.recipient_country,
            },
        },
        "shipperReferences": [
            {"value": reference, "typeCode": "CU"} for reference in parcel.references
        ],
        "numberOfPieces": 1,
        "events": [_event(event, parcel) for event in parcel.newest_first],
    }
    if parcel.weight:
        imperial = parcel.weight_unit.upper() in ("LB", "LBS")
        said["totalWeight"] = float(parcel.weight)
        said["unitOfMeasurements"] = "imperial" if imperial else "metric"
    return said


def _event(event: Event, parcel: Parcel) -> dict[str, Any]:
    offset = f"{event.at:%z}"
    said: dict[str, Any] = {
        "date": f"{event.at:%Y-%m-%d}",
        "time": f"{event.at:%H:%M:%S}",
        "typeCode": event.code or _CODES[event.kind],
        "description": event.description,
        "serviceArea": [{"code": event.city[:3], "description": f"{event.city}-{event.country}"}],
    }
    if event.gmt:
        said["GMTOffset"] = f"{offset[:3]}:{offset[3:5]}"
    if event.kind == "delivered":
        said["signedBy"] = parcel.received_by
    return said


def _problem(request: web.Request, status: int, title: str, detail: str) -> web.Response:
    said = {"instance": request.path, "title": title, "detail": detail, "status": str(status)}
    return web.json_response(said, status=status, content_type="application/problem+json")
