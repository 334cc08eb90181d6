"""Stand-ins of two more parts of Amazon's Selling Partner API: fulfilment, and account health."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

from aiohttp import web

from service.sandbox.amazon import AmazonSandbox, refusal
from service.sandbox.scenario import Event, Parcel, Scenario
from service.sandbox.standin import Clock, photo_picture, utc

_FBA = "/fba/outbound/2020-07-01"
_REPORTS = "/reports/2021-06-30"
_EVENTS = {
    "label": "EVENT_101",
    "accepted": "EVENT_102",
    "transit": "EVENT_202",
    "out_for_delivery": "EVENT_302",
    "delivered": "EVENT_301",
    "exception": "EVENT_416",
    "other": "EVENT_308",
}
# Until a report that was asked for is made, in questions for it.
_MADE_AFTER = 2


class AmazonFbaSandbox(AmazonSandbox):
    """Knows the order under the name that the shop gave it."""

    name = "amazon_fba"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        super().__init__(scenario, clock=clock)
        order = scenario.order
        self._names = {order.number_on("shopify"), *order.aliases} if order else set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/auth/o2/token", self.token),
            web.get(f"{_FBA}/fulfillmentOrders/{{name}}", self.fulfilment),
            web.get(f"{_FBA}/tracking", self.tracking),
            web.get("/photos/{number}", self.photo),
        ]

    async def fulfilment(self, request: web.Request) -> web.Response:
        if (refused := self.refused(request)) is not None:
            return refused
        name = request.match_info["name"]
        if self._order is None or name not in self._names:
            return refusal(400, "InvalidInput", "The fulfillment order does not exist.")
        base = f"{request.url.origin()}{request.path.partition('/fba/')[0]}/photos"
        to = self._parcels[0] if self._parcels else Parcel(tracking_number="")
        told = {
            "fulfillmentOrder": {
                "sellerFulfillmentOrderId": name,
                "marketplaceId": "ATVPDKIKX0DER",
                "displayableOrderId": name,
                "displayableOrderDate": _at(self._order.placed_at),
                "displayableOrderComment": "Thank you",
                "shippingSpeedCategory": "Standard",
                "destinationAddress": {
                    "name": to.recipient_name or self._order.buyer,
                    "addressLine1": to.recipient_street,
                    "city": to.recipient_city,
                    "stateOrRegion": to.recipient_state,
                    "postalCode": to.recipient_postal_code,
                    "countryCode": to.recipient_country,
                },
                "receivedDate": _at(self._order.placed_at),
                "fulfillmentOrderStatus": "Complete",
                "statusUpdatedDate": _at(self._order.placed_at),
            },
            "fulfillmentOrderItems": [],
            "fulfillmentShipments": [
                _shipment(parcel, place, base) for place, parcel in enumerate(self._parcels)
            ],
            "returnItems": [],
            "returnAuthorizations": [],
        }
        return web.json_response({"payload": told})

    async def tracking(self, request: web.Request) -> web.Response:
        if (refused := self.refused(request)) is not None:
            return refused
        number = request.query.get("packageNumber", "")
        place = int(number) - 1 if number.isdigit() else -1
        if not 0 <= place < len(self._parcels):
            return refusal(404, "NotFound", "The package does not exist.")
        parcel = self._parcels[place]
        told: dict[str, Any] = {
            "packageNumber": place + 1,
            "trackingNumber": parcel.tracking_number,
            "carrierCode": parcel.carrier.upper(),
            "currentStatus": "DELIVERED" if parcel.delivered else "IN_TRANSIT",
            "trackingEvents": [_event(event) for event in parcel.newest_first],
        }
        if parcel.received_by:
            told["signedForBy"] = parcel.received_by
        return web.json_response({"payload": told})

    async def photo(self, request: web.Request) -> web.Response:
        return web.Response(body=photo_picture(), content_type="image/jpeg")

    def refused(self, request: web.Request) -> web.Response | None:
        if self._tokens.accepts(request.headers.get("x-amz-access-token", ""), scheme=""):
            return None
        return refusal(403, "Unauthorized", "Access to requested resource is denied.")


class AmazonHealthSandbox(AmazonFbaSandbox):
    """One report, made a while ago; with `unknown = "empty"` none, until one is asked for."""

    name = "amazon_health"

    def __init__(self, scenario: Scenario, *, clock: Clock) -> None:
        super().__init__(scenario, clock=clock)
        self._clock = clock
        self._waiting = -1 if self._account.unknown == "empty" else 0

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/auth/o2/token", self.token),
            web.get(f"{_REPORTS}/reports", self.reports),
            web.post(f"{_REPORTS}/reports", self.make),
            web.get(f"{_REPORTS}/reports/{{id}}", self.report),
            web.get(f"{_REPORTS}/documents/{{id}}", self.document),
            web.get("/documents/{name}", self.content),
        ]

    async def reports(self, request: web.Request) -> web.Response:
        listed = [self._report()] if self._waiting >= 0 else []
        return self.refused(request) or web.json_response({"reports": listed})

    async def make(self, request: web.Request) -> web.Response:
        if (refused := self.refused(request)) is not None:
            return refused
        asked = await request.json()
        if asked.get("reportType") != "GET_V2_SELLER_PERFORMANCE_REPORT":
            return refusal(400, "InvalidInput", "Report type is not supported.")
        self._waiting = _MADE_AFTER
        return web.json_response({"reportId": "50013018"}, status=202)

    async def report(self, request: web.Request) -> web.Response:
        if (refused := self.refused(request)) is not None:
            return refused
        told = self._report()
        self._waiting = max(self._waiting - 1, 0)
        return web.json_response(told)

    async def document(self, request: web.Request) -> web.Response:
        base = f"{request.url.origin()}{request.path.partition('/reports/')[0]}/documents"
        number = request.match_info["id"]
        told = {"reportDocumentId": number, "url": f"{base}/report.json"}
        told["compressionAlgorithm"] = "GZIP"
        return self.refused(request) or web.json_response(told)

    async def content(self, request: web.Request) -> web.Response:
        """Packed as a file, whatever was asked: not every store sets the header."""
        data = gzip.compress(json.dumps(_health()).encode(), mtime=0)
        return web.Response(body=data, content_type="text/plain")

    def _report(self) -> dict[str, Any]:
        told = {
            "reportId": "50013018",
            "reportType": "GET_V2_SELLER_PERFORMANCE_REPORT",
            "createdTime": utc(self._clock() - timedelta(hours=1)),
            "processingStatus": "IN_PROGRESS" if self._waiting else "DONE",
        }
        return told | ({} if self._waiting else {"reportDocumentId": "amzn1.tortuga.3.sandbox"})


def _at(at: Any) -> str:
    return utc(at) if at else ""


def _shipment(parcel: Parcel, place: int, photos: str) -> dict[str, Any]:
    newest = parcel.newest_first
    package: dict[str, Any] = {
        "packageNumber": place + 1,
        "carrierCode": parcel.carrier.upper(),
        "trackingNumber": parcel.tracking_number,
    }
    if parcel.photo:
        document = {"documentType": "DELIVERY_IMAGE", "url": f"{photos}/{place + 1}.jpg"}
        package["deliveryInformation"] = {
            "deliveryDocumentList": [document],
            "dropOffLocation": {"type": "FRONT_DOOR"},
        }
    return {
        "amazonShipmentId": f"Dsandbox{place}",
        "fulfillmentCenterId": "RNO1",
        "fulfillmentShipmentStatus": "SHIPPED",
        "shippingDate": _at(newest[-1].at if newest else None),
        "fulfillmentShipmentItem": [],
        "fulfillmentShipmentPackage": [package],
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "eventDate": utc(event.at),
        "eventAddress": {"city": event.city, "state": event.state, "country": event.country},
        "eventCode": _EVENTS[event.kind],
        "eventDescription": event.description or event.kind,
    }


def _health() -> dict[str, Any]:
    over = {"reportingDateFrom": "2026-09-01T00:00Z", "reportingDateTo": "2026-10-30T23:59Z"}
    none = {"count": 0, "status": "NONE"}
    rate = {
        "reportingDateRange": over,
        "orderCount": 1000,
        "orderWithDefects": {"count": 4, "status": "GOOD"},
        "claims": {"count": 3, "status": "NONE"},
        "chargebacks": none,
        "negativeFeedback": {"count": 1, "status": "NONE"},
        "fulfillmentType": "mfn",
        "status": "GOOD",
        "rate": 0.004,
        "targetValue": 0.01,
        "targetCondition": "LESS_THAN",
    }
    return {
        "accountStatuses": [{"marketplaceId": "ATVPDKIKX0DER", "status": "NORMAL"}],
        "performanceMetrics": [
            {"marketplaceId": "ATVPDKIKX0DER", "orderDefectRate": {"mfn": rate}}
        ],
    }
