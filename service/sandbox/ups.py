"""A stand-in of UPS: token and tracking details, as UPS's OpenAPI files have them.

The shapes are UPS's, the contents are the scenario's. Scans come newest first. Letter, signature
and photo come only where they were asked for, and the letter is HTML, as UPS sends it.
"""

from __future__ import annotations

import html
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from service.sandbox.scenario import Event, Parcel
from service.sandbox.standin import (
    CarrierStandIn,
    base64_of,
    basic_of,
    photo_picture,
    signature_picture,
)

_EASTERN = ZoneInfo("America/New_York")
# For a kind of scan: UPS's statusCode and type.
_CODES = {
    "label": ("003", "M"),
    "accepted": ("005", "P"),
    "transit": ("005", "I"),
    "out_for_delivery": ("006", "I"),
    "delivered": ("011", "D"),
    "exception": ("048", "X"),
    "other": ("777", "I"),
}


class UpsSandbox(CarrierStandIn):
    """Answers for one scenario."""

    name = "ups"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/security/v1/oauth/token", self.token),
            web.get("/api/track/v1/details/{number}", self.details),
        ]

    async def token(self, request: web.Request) -> web.Response:
        """Every field is text, seconds and milliseconds too."""
        form = await request.post()
        if form.get("grant_type") != "client_credentials":
            return _refusal(400, "10400", "The grant type is not supported.")
        if not self._tokens.knows(basic_of(request)):
            return _refusal(401, "10401", "The client is not known.")
        return web.json_response(
            {
                "token_type": "Bearer",
                "issued_at": str(int(self._clock().timestamp() * 1000)),
                "client_id": self._account.client_id,
                "access_token": self._tokens.give(),
                "scope": "",
                "expires_in": str(self._account.token_lasts_s),
                "refresh_count": "0",
                "status": "approved",
            }
        )

    async def details(self, request: web.Request) -> web.Response:
        if not self._tokens.accepts(request.headers.get("Authorization", "")):
            return _refusal(401, "250002", "Invalid Authentication Information.")
        for name in ("transId", "transactionSrc"):
            if not request.headers.get(name):
                return _refusal(400, "VSS000", f"The header {name} is missing.")
        number = request.match_info["number"]
        if not 7 <= len(number) <= 34:
            return _refusal(400, "TV1002", "Invalid inquiry number")
        parcel = self._parcels.get(number)
        if parcel is None:
            return self._unknown()
        shipment = {"inquiryNumber": number, "package": [self._package(parcel, request)]}
        return web.json_response({"trackResponse": {"shipment": [shipment]}})

    def _unknown(self) -> web.Response:
        if self._account.unknown == "empty":
            warning = {"code": "TW0001", "message": "Tracking Information Not Found"}
            return web.json_response({"trackResponse": {"shipment": [{"warnings": [warning]}]}})
        return _refusal(404, "TW0001", "Tracking Information Not Found")

    def _package(self, parcel: Parcel, request: web.Request) -> dict[str, Any]:
        newest_first = parcel.newest_first
        package: dict[str, Any] = {
            "trackingNumber": parcel.tracking_number,
            "activity": [_activity(event) for event in newest_first],
            "packageAddress": [_recipient(parcel)],
            "referenceNumber": [
                {"type": "SHIPMENT", "number": number} for number in parcel.references
            ],
            "service": {"code": "518", "description": parcel.service},
            "packageCount": 1,
        }
        if newest_first:
            newest = newest_first[0]
            package["currentStatus"] = {
                **_status(newest),
            }
        if parcel.weight:
            package["weight"] = {"unitOfMeasurement": parcel.weight_unit, "weight": parcel.weight}
        delivered = parcel.delivered
        if delivered is not None:
            package["deliveryDate"] = [{"type": "DEL", "date": f"{delivered.at:%Y%m%d}"}]
            package["deliveryTime"] = {"type": "DEL", "endTime": f"{delivered.at:%H%M%S}"}
            package["deliveryInformation"] = self._delivery(parcel, request)
        return package

    def _delivery(self, parcel: Parcel, request: web.Request) -> dict[str, Any]:
        told: dict[str, Any] = {"location": parcel.left_at, "receivedBy": parcel.received_by}
        if parcel.signature and request.query.get("returnSignature") == "true":
            name = parcel.signature if isinstance(parcel.signature, str) else parcel.received_by
            told["signature"] = {"image": base64_of(signature_picture(name))}
        if parcel.pod_letter and request.query.get("returnPOD") == "true":
            text = parcel.pod_letter
            letter = text if isinstance(text, str) else letter_of(parcel, asked_at=self._clock())
            told["pod"] = {"content": base64_of(letter.encode())}
        if parcel.photo:
            told["deliveryPhoto"] = {
                "photo": base64_of(photo_picture()),
                "photoCaptureInd": "Y",
                "photoDispositionCode": "V",
                "isNonPostalCodeCountry": False,
            }
        return told


def _activity(event: Event) -> dict[str, Any]:
    address = {
        "city": event.city,
        "stateProvince": event.state,
        "postalCode": event.postal_code,
        "countryCode": event.country,
        "country": event.country,
    }
    said: dict[str, Any] = {
        "date": f"{event.at:%Y%m%d}",
        "time": f"{event.at:%H%M%S}",
        "location": {"address": {key: value for key, value in address.items() if value}},
        "status": _status(event),
    }
    if event.gmt:
        utc = event.at.astimezone(UTC)
        offset = f"{event.at:%z}"
        said |= {
            "gmtDate": f"{utc:%Y%m%d}",
            "gmtTime": f"{utc:%H:%M:%S}",
            "gmtOffset": f"{offset[:3]}:{offset[3:5]}",
        }
    return said


def _status(event: Event) -> dict[str, str]:
    code, kind = _CODES[event.kind]
    code, kind = event.code or code, event.type or kind
    return {"type": kind, "description": event.description, "code": code, "statusCode": code}


def _recipient(parcel: Parcel) -> dict[str, Any]:
    address = {
        "addressLine1": parcel.recipient_street,
        "city": parcel.recipient_city,
        "stateProvince": parcel.recipient_state,
        "postalCode": parcel.recipient_postal_code,
        "countryCode": parcel.recipient_country,
        "country": parcel.recipient_country,
    }
    said: dict[str, Any] = {
        "type": "DESTINATION",
        "address": {key: value for key, value in address.items() if value},
    }
    return said | ({"name": parcel.recipient_name} if parcel.recipient_name else {})


def letter_of(parcel: Parcel, *, asked_at: datetime) -> str:
    """A delivery letter with UPS's labels, in our words; asked_at is printed in Eastern Time."""
    rows = [("Tracking Number", parcel.tracking_number)]
    if parcel.references:
        rows.append(("Reference Number(s)", ", ".join(parcel.references)))
    rows.append(("Service Type", parcel.service))
    if parcel.weight:
        rows.append(("Package Weight", f"{parcel.weight} {parcel.weight_unit}"))
    if (delivered := parcel.delivered) is not None:
        rows.append(("Delivered on", f"{delivered.at:%m/%d/%Y %I:%M %p}"))
        where = ", ".join(filter(None, (delivered.city, delivered.state, delivered.country)))
        rows.append(("Delivered to", where))
    if parcel.received_by:
        rows.append(("Received by", parcel.received_by))
    if parcel.left_at:
        rows.append(("Left at", parcel.left_at))
    lines = "\n".join(f"<div>{label} : {html.escape(value)}</div>" for label, value in rows)
    printed = f"{asked_at.astimezone(_EASTERN):%b %d, %Y %I:%M %p} Eastern Time (USA)"
    return (
        "<!DOCTYPE html>\n<html>\n<head><title>Delivery Notification</title></head>\n<body>\n"
        "<h1>Delivery Notification</h1>\n<p>Made by the orderproof sandbox, not by UPS.</p>\n"
        f"{lines}\n<div>Tracking results provided by UPS: {printed}</span></div>\n"
        "</body>\n</html>\n"
    )


def _refusal(status: int, code: str, message: str) -> web.Response:
    error = {"code": code, "message": message}
    return web.json_response({"response": {"errors": [error]}}, status=status)
