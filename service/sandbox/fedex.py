"""A stand-in of FedEx: token, tracking and the signature letter, as FedEx's description has them.

The shapes are FedEx's, the contents are the scenario's. Scans come newest first; a number that is
not known is an error inside an answer of 200.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from service.sandbox.papers import delivery_letter
from service.sandbox.scenario import Event, Parcel
from service.sandbox.standin import CarrierStandIn, base64_of

_LETTER = "SIGNATURE_PROOF_OF_DELIVERY"
# For a kind of scan: FedEx's event type, and what is derived from it.
_CODES = {
    "label": ("OC", "IN"),
    "accepted": ("PU", "PU"),
    "transit": ("AR", "IT"),
    "out_for_delivery": ("OD", "IT"),
    "delivered": ("DL", "DL"),
    "exception": ("DE", "DE"),
    "other": ("ZZ", "IT"),
}


class FedexSandbox(CarrierStandIn):
    name = "fedex"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/oauth/token", self.token),
            web.post("/track/v1/trackingnumbers", self.numbers),
            web.post("/track/v1/trackingdocuments", self.documents),
        ]

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        client = str(form.get("client_id")), str(form.get("client_secret"))
        if form.get("grant_type") != "client_credentials" or not self._tokens.knows(client):
            return _refusal(401, "NOT.AUTHORIZED.ERROR", "The credentials are not known.")
        return web.json_response(
            {
                "access_token": self._tokens.give(),
                "token_type": "bearer",
                "expires_in": self._account.token_lasts_s,
                "scope": "CXS-TP",
            }
        )

    async def numbers(self, request: web.Request) -> web.Response:
        if not self._allowed(request):
            return _refusal(401, "NOT.AUTHORIZED.ERROR", "Access token expired.")
        asked = [
            one["trackingNumberInfo"]["trackingNumber"]
            for one in (await request.json())["trackingInfo"]
        ]
        results = [
            {"trackingNumber": number, "trackResults": [self._result(number)]} for number in asked
        ]
        return self._answer(request, {"completeTrackResults": results})

    async def documents(self, request: web.Request) -> web.Response:
        if not self._allowed(request):
            return _refusal(401, "NOT.AUTHORIZED.ERROR", "Access token expired.")
        (asked,) = (await request.json())["trackDocumentSpecification"]
        parcel = self._parcels.get(asked["trackingNumberInfo"]["trackingNumber"])
        if parcel is None or not parcel.pod_letter:
            return _refusal(400, "TRACKING.DOCUMENT.UNAVAILABLE", "There is no such document.")
        printed = f"{self._clock():%b %d, %Y}"
        letter = delivery_letter(parcel, carrier="FedEx", printed=printed)
        said = {
            "documentType": _LETTER,
            "documentFormat": "PDF",
            "documents": [base64_of(letter)],
        }
        return self._answer(request, said)

    def _allowed(self, request: web.Request) -> bool:
        return self._tokens.accepts(request.headers.get("Authorization", ""))

    def _answer(self, request: web.Request, output: dict[str, Any]) -> web.Response:
        said: dict[str, Any] = {"transactionId": "sandbox-1", "output": output}
        if mine := request.headers.get("x-customer-transaction-id"):
            said["customerTransactionId"] = mine
        return web.json_response(said)

    def _result(self, number: str) -> dict[str, Any]:
        parcel = self._parcels.get(number)
        if parcel is None:
            message = "Tracking number cannot be found."
            return {
                "trackingNumberInfo": {"trackingNumber": number, "trackingNumberUniqueId": ""},
                "error": {"code": "TRACKING.TRACKINGNUMBER.NOTFOUND", "message": message},
            }
        said: dict[str, Any] = {
            "trackingNumberInfo": {
                "trackingNumber": number,
                "trackingNumberUniqueId": f"2461000000~{number}~FX",
                "carrierCode": "FDXE",
            },
            "additionalTrackingInfo": {
                "packageIdentifiers": [
                    {"type": "CUSTOMER_REFERENCE", "values": [reference]}
                    for reference in parcel.references
                ]
            },
            "serviceDetail": {"description": parcel.service},
            "recipientInformation": {"address": _recipient(parcel)},
            "shipperInformation": {"address": {"countryCode": parcel.origin_country}},
            "availableImages": [{"type": _LETTER}] if parcel.pod_letter else [],
            "scanEvents": [_event(event) for event in parcel.newest_first],
        }
        if parcel.newest_first:
            code, _ = _codes(newest := parcel.newest_first[0])
            said["latestStatusDetail"] = {"code": code, "description": newest.description}
        if parcel.weight:
            scale = {"value": parcel.weight, "unit": parcel.weight_unit.removesuffix("S")}
            said["packageDetails"] = {"weightAndDimensions": {"weight": [scale]}}
        if (delivered := parcel.delivered) is not None:
            at = delivered.at.isoformat()
            said["dateAndTimes"] = [{"type": "ACTUAL_DELIVERY", "dateTime": at}]
            said["deliveryDetails"] = {
                "receivedByName": parcel.received_by,
                "locationDescription": parcel.left_at,
                "actualDeliveryAddress": _place(delivered),
            }
        return said


def _codes(event: Event) -> tuple[str, str]:
    code, derived = _CODES[event.kind]
    return event.code or code, derived


def _event(event: Event) -> dict[str, Any]:
    code, derived = _codes(event)
    return {
        "date": event.at.isoformat() if event.gmt else f"{event.at:%Y-%m-%dT%H:%M:%S}",
        "eventType": code,
        "eventDescription": event.description,
        "exceptionCode": "",
        "exceptionDescription": "",
        "scanLocation": _place(event),
        "derivedStatusCode": derived,
    }


def _place(event: Event) -> dict[str, str]:
    return {
        "city": event.city,
        "stateOrProvinceCode": event.state,
        "postalCode": event.postal_code,
        "countryCode": event.country,
    }


def _recipient(parcel: Parcel) -> dict[str, str]:
    return {
        "city": parcel.recipient_city,
        "stateOrProvinceCode": parcel.recipient_state,
        "postalCode": parcel.recipient_postal_code,
        "countryCode": parcel.recipient_country,
    }


def _refusal(status: int, code: str, message: str) -> web.Response:
    error = {"code": code, "message": message}
    return web.json_response({"transactionId": "sandbox-1", "errors": [error]}, status=status)
