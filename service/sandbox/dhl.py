"""A stand-in of DHL's unified tracking: answers as the Shipment Tracking API 1.4.1 has them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from service.sandbox.papers import delivery_letter
from service.sandbox.scenario import Event, Parcel
from service.sandbox.standin import CarrierStandIn, signature_picture

_CLASSES = {
    "label": ("pre-transit", "INSTRUCTION DATA PROVIDED"),
    "accepted": ("transit", "PICKED UP"),
    "transit": ("transit", "PROCESSED"),
    "out_for_delivery": ("transit", "OUT FOR DELIVERY"),
    "delivered": ("delivered", "DELIVERED"),
    "exception": ("failure", "NOT_HOME"),
    "other": ("unknown", "ESTIMATED TIME OF ARRIVAL"),
}


class DhlSandbox(CarrierStandIn):
    """Its proof of delivery links to a signature and a paper; elsewhere one is asked to sign in."""

    name = "dhl"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/shipments", self.shipments),
            web.get("/proof/{number}/{what}", self.proof),
        ]

    async def shipments(self, request: web.Request) -> web.Response:
        if request.headers.get("DHL-API-Key") != self._account.client_secret:
            return _problem(401, "Unauthorized", "Unauthorized for given resource.")
        parcel = self._parcels.get(request.query.get("trackingNumber", ""))
        if parcel is None:
            return _problem(404, "No result found", "No shipment with given tracking number found.")
        base = f"{request.url.origin()}{request.path.removesuffix('/shipments')}"
        return web.json_response({"shipments": [_shipment(parcel, f"{base}/proof")]})

    async def proof(self, request: web.Request) -> web.Response:
        parcel = self._parcels.get(request.match_info["number"])
        match request.match_info["what"]:
            case "signature" if parcel is not None and parcel.signature:
                body = signature_picture(parcel.received_by, "PNG")
                return web.Response(body=body, content_type="image/png")
            case "document" if parcel is not None and parcel.pod_letter:
                paper = delivery_letter(parcel, carrier="DHL", printed=f"{self._clock():%Y-%m-%d}")
                return web.Response(body=paper, content_type="application/pdf")
        return web.Response(text="<html>Please sign in.</html>", content_type="text/html")


def _shipment(parcel: Parcel, proof: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": parcel.tracking_number,
        "service": "ecommerce",
        "origin": {"address": {"countryCode": parcel.origin_country}},
        "destination": {
            "address": {
                "countryCode": parcel.recipient_country,
                "postalCode": parcel.recipient_postal_code,
                "addressLocality": f"{parcel.recipient_city}, {parcel.recipient_state}",
            }
        },
        "details": {
            "product": {"productName": parcel.service},
            "receiver": {"name": parcel.recipient_name},
            "references": [
                {"number": reference, "type": "customer-reference"}
                for reference in parcel.references
            ],
        },
        "events": [_event(event) for event in parcel.newest_first],
    }
    if parcel.newest_first:
        said["status"] = _event(parcel.newest_first[0])
    if parcel.weight:
        said["details"]["weight"] = {"value": float(parcel.weight), "unitText": parcel.weight_unit}
    if (delivered := parcel.delivered) is not None:
        told = {"timestamp": delivered.at.isoformat(), "signed": {"name": parcel.received_by}}
        if parcel.signature:
            told["signatureUrl"] = f"{proof}/{parcel.tracking_number}/signature"
        if parcel.pod_letter:
            told["documentUrl"] = f"{proof}/{parcel.tracking_number}/document"
        said["details"]["proofOfDelivery"] = told
    return said


def _event(event: Event) -> dict[str, Any]:
    kind, words = _CLASSES[event.kind]
    return {
        "timestamp": event.at.isoformat() if event.gmt else f"{event.at:%Y-%m-%dT%H:%M:%S}",
        "statusCode": event.code or kind,
        "status": words,
        "description": event.description,
        "location": {
            "address": {
                "countryCode": event.country,
                "postalCode": event.postal_code,
                "addressLocality": ", ".join(filter(None, (event.city, event.state))),
            }
        },
    }


def _problem(status: int, title: str, detail: str) -> web.Response:
    said = {"title": title, "status": status, "detail": detail}
    return web.json_response(said, status=status, content_type="application/problem+json")
