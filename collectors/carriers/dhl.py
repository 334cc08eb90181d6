"""DHL: status history of a shipment, whichever division carries it (Shipment Tracking - Unified).

Source   Shipment Tracking API 1.4.1, `/shipments`.
Tried    documented and sandbox; on answers of each division that others recorded. Never live.
Times    One field, and what it means depends on the division: with an offset, with `Z`, or without
         either. It is read as it is written; a midnight is a day, as Global Forwarding writes it.
Limits   250 calls a day to begin with, one a second. About 90 days of history. One number can be
         several divisions': each shipment in an answer is a parcel of its own. Names come for
         parcels in Germany and the Netherlands only with the recipient's postal code.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import ApiKey, secret_of
from collectors.carriers.asking import Refusals, each_number, history, linked
from collectors.carriers.numbers import is_a
from collectors.carriers.parcel import (
    Groups,
    address,
    country,
    day_at_midnight,
    first_of,
    moment,
    place,
    time_of,
    unknown,
    unless_back,
    weight,
)
from collectors.carriers.parts import out_of
from collectors.collector import Context, Reply
from collectors.secrets import Secret
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of

_PAGE = 5
_MOST_PAGES = 10

# DHL's own five classes, the same for every division.
_NAME = {
    "pre-transit": "scan.other",
    "transit": "scan.transit",
    "delivered": "scan.delivered",
    "failure": "scan.exception",
}
# What is on its way in more words: DHL has no class of its own for these.
_ON_ITS_WAY = {
    "OUT FOR DELIVERY": "scan.out_for_delivery",
    "PICKED UP": "scan.accepted",
    "SHIPMENT PICKED UP": "scan.accepted",
    "SHIPMENT PICK UP": "scan.accepted",
    "PICKED UP FROM SENDER": "scan.accepted",
}
_PROOFS = {"signatureUrl": Role.POD_SIGNATURE, "documentUrl": Role.POD_DOCUMENT}
# Kinds of number that are one division's alone; of others DHL is left to find out whose they are.
_SERVICES = {"parcel-de-20": "parcel-de", "ecommerce-gm": "ecommerce"}


class Dhl:
    name = "dhl"
    version = 1
    rate = (1.0, 1)
    roles = frozenset({Role.TRACKING_HISTORY, Role.POD_DOCUMENT, Role.POD_SIGNATURE})
    needs = frozenset({"shipment.tracking_number"})
    wants = frozenset({"shipment.recipient.postal_code"})

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ApiKey:
        """The application's key, the secret `api_key`."""
        return ApiKey("DHL-API-Key", secret_of(secrets, "api_key", source=self.name))

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each number's answer, all its pages, and what its proof of delivery links to.

        A 404 is brought like any answer: "not known" is evidence too.
        """
        http, refusals = context.need_http(), Refusals()
        postal_codes = context.known_all("shipment.recipient.postal_code")

        def params(number: str, offset: int) -> dict[str, str]:
            said = {"trackingNumber": number, "language": "en", "limit": str(_PAGE)}
            if offset:
                said["offset"] = str(offset)
            if len(set(postal_codes)) == 1:
                said["recipientPostalCode"] = postal_codes[0]
            for kind, service in _SERVICES.items():
                if is_a(number, self.name, kind):
                    said["service"] = service
            return said

        async def ask(number: str, offset: int = 0) -> Reply:
            return await http.get("/shipments", params=params(number, offset), answers={200, 404})

        async for number, first in each_number(context, self.name, ask, refusals):
            reply = first
            for page in range(1, _MOST_PAGES + 1):
                item = history(reply, number)
                links = out_of(item, _links)
                more = any(out_of(item, lambda page: ["nextUrl" in page]))
                yield item
                for nth, (role, url) in enumerate(links, start=page * 100):
                    async for proof in linked(http, url, role, number, refusals, nth=nth):
                        yield proof
                if not more:
                    break
                reply = await ask(number, page * _PAGE)

    def read(self, item: Item) -> list[Fact]:
        """Read an answer in DHL's order, newest event first. ShapeError for another shape."""
        if item.role is not Role.TRACKING_HISTORY:
            return []
        page = page_of(item)
        if item.hints.get("http.status") == "404":
            return [unknown((page["detail"], page["title"]))]
        if "shipments" not in page:
            raise page["shipments"].misshapen("a list of shipments")
        groups = Groups()
        return [
            fact
            for shipment in page["shipments"].each()
            for fact in _read_shipment(shipment, groups)
        ]


def _links(page: Node) -> Iterator[tuple[Role, str]]:
    for shipment in page["shipments"].each():
        proof = shipment["details"]["proofOfDelivery"]
        for key, role in _PROOFS.items():
            url = proof[key].text_or_none() or ""
            if url.startswith(("https://", "http://")):
                yield role, url


def _read_shipment(shipment: Node, groups: Groups) -> Iterator[Fact]:
    group = groups.of(shipment["id"])
    details = shipment["details"]
    yield from shipment["id"].facts("shipment.tracking_number", group=group)
    pieces = list(details["pieceIds"].each())
    for piece in pieces:
        its = group if len(pieces) == 1 else groups.of(piece)
        yield from piece.facts("shipment.tracking_number", group=its)
    references = details["references"]
    for one in [references] if isinstance(references.value, dict) else references.each():
        local = one["type"].text_or_none() == "local-tracking-number"
        name = "shipment.tracking_number" if local else "shipment.reference"
        yield from one["number"].facts(name, group=group)
    yield from details["product"]["productName"].facts("shipment.service", group=group)
    scale = details["weight"]
    yield from weight(scale["value"], scale["unitText"].text_or_none(), group)
    sender = shipment["origin"]["address"]["countryCode"]
    yield from country("shipment.origin.country", group, sender)
    # `addressLocality` is a city, a street with its city, or a country: it is no city to compare.
    to = shipment["destination"]["address"]
    yield from address(
        "shipment.recipient",
        ("name", details["receiver"]["name"]),
        ("postal_code", to["postalCode"]),
        ("country", to["countryCode"]),
        group=group,
    )
    status = shipment["status"]
    yield from first_of("parcel.status", (status["status"], status["description"]), group=group)
    events = list(shipment["events"].each())
    for index, event in enumerate(events):
        yield from _read_event(event, f"{group}/scan/{index}")
    if any(_scan(event) == "scan.delivered" for event in (status, *events)):
        proof = details["proofOfDelivery"]
        yield from proof["signed"]["name"].facts("delivery.received_by", group=group)
        at = proof["timestamp"]
        yield from moment("delivery.at", at, group=group, read=day_at_midnight)


def _read_event(event: Node, group: str) -> Iterator[Fact]:
    name = _scan(event)
    yield from first_of(name, (event["status"], event["description"]), group=group)
    if event["description"].value != event["status"].value and event["status"].text_or_none():
        yield from event["description"].facts(name, group=group)
    at = time_of(name, label=event["statusCode"].text_or_none() == "pre-transit")
    yield from moment(at, event["timestamp"], group=group, read=day_at_midnight)
    where = event["location"]["address"]
    parts = ("streetAddress", "addressLocality", "postalCode", "countryCode")
    yield from place(where, (where[part] for part in parts), group)
    if name == "scan.delivered":
        fields = (("postal_code", where["postalCode"]), ("country", where["countryCode"]))
        yield from address("delivery", *fields, group=group)


def _scan(event: Node) -> str:
    """The fact name for an event: DHL's class, and for what is on its way DHL's plain words."""
    name = _NAME.get(event["statusCode"].text_or_none() or "", "scan.other")
    if name != "scan.transit":
        return unless_back(name, (event["status"], event["description"]))
    said = (event[words].text_or_none() or "" for words in ("status", "description"))
    plain = (text.replace("_", " ").replace("-", " ").upper() for text in said)
    return next((_ON_ITS_WAY[text] for text in plain if text in _ON_ITS_WAY), name)
