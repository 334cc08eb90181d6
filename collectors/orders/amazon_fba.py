"""Amazon's fulfilment: tracking, signature's name and delivery photos of parcels that Amazon sends.

Source   Fulfillment Outbound API 2020-07-01 (amzn/selling-partner-api-models, August 2026), for
         Multi-Channel Fulfillment: orders of other channels out of Amazon's warehouses.
Tried    documented and sandbox; on the examples in Amazon's description. Never live.
Times    RFC 3339 with `Z`.
Limits   2 requests a second, 30 at once. A link to a delivery photo is good for an hour: photos are
         fetched before anything else is asked. Orders that were placed on Amazon itself are not
         here: Amazon shows no tracking of those.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import ClientCredentials
from collectors.carriers.parcel import Groups, country, place
from collectors.collector import Context, Http
from collectors.orders.amazon import NUMBER, money, read_refusal
from collectors.orders.amazon_auth import login_with_amazon
from collectors.orders.record import count, label, moment, recipient, said
from collectors.secrets import Secret
from collectors.troubles import Troubles
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.pages import Node, page_of

_PATH = "/fba/outbound/2020-07-01"
_NAME = re.compile(r"[#0-9A-Za-z._-]{1,40}")
MOST_PACKAGES = 50
# What each code of a delivery event is, by the description's own words. A locker is not the
# recipient, and a parcel that waits to be picked up was not handed over: both stay scan.other.
_SCANS = {
    "scan.accepted": "102",
    "scan.transit": "201 202 203 204 205 206 415",
    "scan.out_for_delivery": "302",
    "scan.delivered": "301",
    "scan.exception": (
        "304 309 401 402 403 404 405 406 407 408 409 411 412 413 414 416 417 418 419"
    ),
}
_EVENT = {f"EVENT_{code}": name for name, codes in _SCANS.items() for code in codes.split()}
_TO = {
    "name": ("name",),
    "street": ("addressLine1", "addressLine2", "addressLine3"),
    "city": ("city",),
    "region": ("stateOrRegion",),
    "postal_code": ("postalCode",),
    "country": ("countryCode",),
}


class AmazonFba:
    name = "amazon_fba"
    version = 1
    roles = frozenset({Role.SHIPMENT_RECORD, Role.TRACKING_HISTORY, Role.POD_PHOTO})
    needs: frozenset[str] = frozenset()
    wants = frozenset({"order.alias"})
    origin = "amazon"
    rate = (2.0, 30)

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ClientCredentials:
        """Login with Amazon: `client_id`, and the secrets `client_secret` and `refresh_token`."""
        return login_with_amazon(options, secrets, source=self.name)

    def recognises(self, order: OrderRef, facts: Mapping[str, tuple[str, ...]]) -> bool:
        """Never: any of the order's names may be the one, so it waits until all are known."""
        return False

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring the fulfilment order, the photos in it, then each package's tracking.

        A name that Amazon does not know it refuses with 400 or 404; both mean that nothing was
        sent under it.
        """
        http = context.need_http()
        troubles = Troubles()
        for name in _names(order, context.facts):
            with troubles.held():
                reply = await http.get(f"{_PATH}/fulfillmentOrders/{name}", answers={200, 400, 404})
                if reply.status != 200:
                    continue
                item = reply.item(Role.SHIPMENT_RECORD, key=f"fulfillment/{name}")
                packages = _packages(item)
                yield item
                async for photo in _photos(http, packages, troubles):
                    yield photo
                for package in packages:
                    async for tracking in _tracked(http, package, troubles):
                        yield tracking
        troubles.raise_first()

    def read(self, item: Item) -> list[Fact]:
        """Read a fulfilment order or a package's tracking; a photo is for a person to look at."""
        if item.role is Role.POD_PHOTO:
            return []
        page = page_of(item)
        payload = page["payload"]
        if "fulfillmentOrder" in payload:
            return list(_read_order(payload))
        if "packageNumber" in payload:
            return list(_read_tracking(payload))
        return read_refusal(page, "parcel.unknown")


def _names(order: OrderRef, facts: Mapping[str, tuple[str, ...]]) -> list[str]:
    """What the seller may have called the order; never a number that Amazon itself gave."""
    names = [*facts.get("order.alias", ()), *facts.get("order.shop_id", ())]
    if order.platform is not Platform.AMAZON:
        names.insert(0, order.id)
    fits = (name for name in names if _NAME.fullmatch(name) and not NUMBER.fullmatch(name))
    return list(dict.fromkeys(fits))[:20]


class _Package:
    """What is asked for a package: its number, its tracking number, the links to its photos."""

    def __init__(self, node: Node) -> None:
        number = node["packageNumber"].text_or_none() or ""
        self.number = number if number.isascii() and number.isdigit() else ""
        self.about: dict[str, str] = {}
        for field in ("trackingNumber", "amazonFulfillmentTrackingNumber"):
            if tracking := node[field].text_or_none():
                self.about.setdefault("shipment.tracking_number", tracking)
        documents = node["deliveryInformation"]["deliveryDocumentList"].each()
        links = (one["url"].text_or_none() for one in documents)
        self.links = [link for link in links if link is not None]


def _packages(item: Item) -> list[_Package]:
    try:
        shipments = page_of(item)["payload"]["fulfillmentShipments"].each()
        found = [
            _Package(package)
            for shipment in shipments
            for package in shipment["fulfillmentShipmentPackage"].each()
        ]
        return found[:MOST_PACKAGES]
    except EvidenceError:
        return []  # read() will say what is wrong with it


async def _photos(http: Http, packages: list[_Package], troubles: Troubles) -> AsyncIterator[Item]:
    for package in packages:
        for number, link in enumerate(package.links):
            with troubles.held():
                photo = await http.fetch(link)
                key = f"package/{package.number}/photo/{number}"
                yield photo.item(Role.POD_PHOTO, key=key, about=package.about)


async def _tracked(http: Http, package: _Package, troubles: Troubles) -> AsyncIterator[Item]:
    if not package.number:
        return
    with troubles.held():
        params = {"packageNumber": package.number}
        reply = await http.get(f"{_PATH}/tracking", params=params, answers={200, 404})
        key = f"package/{package.number}/tracking"
        yield reply.item(Role.TRACKING_HISTORY, key=key, about=package.about)


def _read_order(payload: Node) -> Iterator[Fact]:
    order = payload["fulfillmentOrder"]
    if not isinstance(order.value, dict):
        raise order.misshapen("an object")
    yield from order["sellerFulfillmentOrderId"].facts("order.alias")
    yield from order["displayableOrderId"].facts("order.alias")
    yield from moment("order.recorded.at", order["receivedDate"])
    yield from moment("order.updated.at", order["statusUpdatedDate"])
    yield from order["fulfillmentOrderStatus"].facts("order.status")
    yield from recipient(order["destinationAddress"], _TO)
    for index, line in enumerate(payload["fulfillmentOrderItems"].each()):
        group = label("item", line["sellerFulfillmentOrderItemId"], index)
        yield from line["sellerFulfillmentOrderItemId"].facts("order.item.id", group=group)
        yield from line["sellerSku"].facts("order.item.sku", group=group)
        yield from count("order.item.quantity", line["quantity"], group=group)
        price = line["perUnitDeclaredValue"]
        yield from money("order.item.price", price, group=group, value="value")
    groups = Groups()
    for shipment in payload["fulfillmentShipments"].each():
        yield from _read_shipment(shipment, groups)


def _read_shipment(shipment: Node, groups: Groups) -> Iterator[Fact]:
    """A shipment and its packages. Its date is a plan until Amazon says SHIPPED."""
    sent = shipment["fulfillmentShipmentStatus"].text_or_none() == "SHIPPED"
    for package in shipment["fulfillmentShipmentPackage"].each():
        own = "trackingNumber" if package["trackingNumber"].text_or_none() else None
        group = groups.of(package[own or "amazonFulfillmentTrackingNumber"])
        yield from shipment["amazonShipmentId"].facts("shipment.id", group=group)
        yield from shipment["fulfillmentShipmentStatus"].facts("shipment.status", group=group)
        numbers = (package["trackingNumber"], package["amazonFulfillmentTrackingNumber"])
        yield from said("shipment.tracking_number", numbers, group=group)
        yield from package["carrierCode"].facts("shipment.carrier", group=group)
        if sent:
            yield from moment("shipment.shipped.at", shipment["shippingDate"], group=group)
        told = package["deliveryInformation"]
        if told.present:
            photos = [one["url"].text_or_none() for one in told["deliveryDocumentList"].each()]
            yield told.fact("delivery.photo", "yes" if any(photos) else "no", group=group)
            yield from told["dropOffLocation"]["type"].facts("delivery.place", group=group)


def _read_tracking(payload: Node) -> Iterator[Fact]:
    group = Groups().of(payload["trackingNumber"])
    yield from payload["trackingNumber"].facts("shipment.tracking_number", group=group)
    yield from payload["carrierCode"].facts("shipment.carrier", group=group)
    yield from moment("shipment.shipped.at", payload["shipDate"], group=group)
    states = (payload["currentStatus"], payload["currentStatusDescription"])
    yield from said("parcel.status", states, group=group)
    yield from payload["signedForBy"].facts("delivery.received_by", group=group)
    yield from payload["additionalLocationInfo"].facts("delivery.place", group=group)
    # Described with city, state and country; Amazon's own example has a whole address.
    to = payload["shipToAddress"]
    yield from recipient(to, _TO, group=group)
    yield from to["state"].facts("shipment.recipient.region", group=group)
    yield from country("shipment.recipient.country", group, to["country"])
    for index, event in enumerate(payload["trackingEvents"].each()):
        yield from _read_event(event, f"{group}/scan/{index}")


def _read_event(event: Node, group: str) -> Iterator[Fact]:
    code = event["eventCode"].text_or_none() or ""
    name = _EVENT.get(code, "scan.other")
    words = "eventDescription" if event["eventDescription"].text_or_none() else "eventCode"
    yield from event[words].facts(name, group=group)
    # EVENT_101 is the carrier being told of the parcel.
    when = "shipment.label.at" if code == "EVENT_101" else f"{name}.at"
    yield from moment(when, event["eventDate"], group=group)
    address = event["eventAddress"]
    yield from place(address, (address[part] for part in ("city", "state", "country")), group)
    if name == "scan.delivered":
        yield from address["city"].facts("delivery.city", group=group)
        yield from address["state"].facts("delivery.region", group=group)
        yield from country("delivery.country", group, address["country"])
