"""A stand-in of USPS: token and tracking, as Package Tracking 3.2.6 has them."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from aiohttp import web

from service.sandbox.scenario import Event, Parcel
from service.sandbox.standin import CarrierStandIn

_CODES = {
    "label": "GX",
    "accepted": "03",
    "transit": "10",
    "out_for_delivery": "OF",
    "delivered": "01",
    "exception": "02",
    "other": "ZZ",
}


class UspsSandbox(CarrierStandIn):
    """Of a number that it has nothing of it says 400, as USPS does."""

    name = "usps"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/oauth2/v3/token", self.token),
            web.get("/tracking/v3/tracking/{number}", self.tracking),
        ]

    async def token(self, request: web.Request) -> web.Response:
        said = await request.json()
        said = said if isinstance(said, dict) else {}
        client = str(said.get("client_id")), str(said.get("client_secret"))
        if said.get("grant_type") != "client_credentials" or not self._tokens.knows(client):
            refused = {"error": "invalid_client", "error_description": "The client is not known."}
            return web.json_response(refused, status=401)
        return web.json_response(
            {
                "access_token": self._tokens.give(),
                "token_type": "Bearer",
                "expires_in": self._account.token_lasts_s,
                "scope": "tracking",
                "status": "approved",
            }
        )

    async def tracking(self, request: web.Request) -> web.Response:
        if not self._tokens.accepts(request.headers.get("Authorization", "")):
            return _refusal(401, "401", "Unauthorized")
        parcel = self._parcels.get(request.match_info["number"])
        if parcel is None:
            words = "A status update is not yet available for your package."
            return _refusal(400, "150009", words)
        return web.json_response(_piece(parcel))


def _piece(parcel: Parcel) -> dict[str, Any]:
    said: dict[str, Any] = {
        "trackingNumber": parcel.tracking_number,
        "mailClass": parcel.service,
        "destinationCity": parcel.recipient_city,
        "destinationState": parcel.recipient_state,
        "destinationZIP": parcel.recipient_postal_code,
        "proofOfDeliveryEnabled": False,
        "trackingEvents": [_event(event, parcel) for event in parcel.newest_first],
    }
    if parcel.newest_first:
        newest = parcel.newest_first[0]
        said["status"] = newest.description
        said["statusSummary"] = f"{newest.description} in {newest.city}, {newest.state}."
    return said


def _event(event: Event, parcel: Parcel) -> dict[str, Any]:
    """The wall clock is cut to the minute. Without `gmt` it ends in a Z that is not true."""
    wall, offset = f"{event.at:%Y-%m-%dT%H:%M}:00", f"{event.at:%z}"
    said: dict[str, Any] = {
        "eventType": event.description,
        "eventTimestamp": wall if event.gmt else f"{wall}Z",
        "eventCity": event.city,
        "eventState": event.state,
        "eventZIP": event.postal_code,
        "firm": None,
        "name": parcel.received_by if event.kind == "delivered" else None,
        "authorizedAgent": False,
        "eventCode": event.code or _CODES[event.kind],
    }
    if event.gmt:
        said["GMTTimestamp"] = f"{event.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
        said["GMTOffset"] = f"{offset[:3]}:{offset[3:5]}"
    return said


def _refusal(status: int, code: str, message: str) -> web.Response:
    inner = {"status": str(status), "code": code, "title": message, "detail": message}
    error = {"code": code, "message": message, "errors": [inner]}
    return web.json_response({"apiVersion": "/tracking/v3", "error": error}, status=status)
