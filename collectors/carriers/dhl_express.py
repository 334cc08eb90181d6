"""DHL Express: scan history and electronic proof of delivery (ePOD) of a shipment.

Source   MyDHL API 3.1.1, `/tracking` and `/shipments/{number}/proof-of-delivery`.
Tried    documented and sandbox; on DHL's description and on examples that others wrote. Never live:
         nobody gave us a contract.
Times    An event's `date` and `time` are the scan place's wall clock; `GMTOffset` makes an instant
         of it. Without it the time stays local. `shipmentTimestamp` is not read: it has no zone.
Limits   Not published; 429 exists. Names and places come only to the account that shipped it, and
         DHL may leave them empty for data protection.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import Basic, secret_of, setting_of
from collectors.carriers.asking import Refusals, each_number, history, request_id
from collectors.carriers.numbers import is_a
from collectors.carriers.parcel import (
    Groups,
    address,
    country,
    first_of,
    flag,
    moment,
    unknown,
    unless_back,
    weight,
)
from collectors.carriers.parts import document_in, out_of, parts_at, with_parts
from collectors.collector import Context, Reply
from collectors.secrets import Secret
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of

# The description's own: "do not change this field value".
_VERSION = {"x-version": "3.1.0"}

# DHL Express's checkpoint codes, where their own text says what the scan was. "Delivered damaged"
# and "Partial delivery" are not taken for a delivery; the words say what they are.
_SCANS = {
    "scan.accepted": "PU SA",
    "scan.transit": "AF AR BR CR DF FD IC PL TR",
    "scan.out_for_delivery": "WC",
    "scan.delivered": "OK",
    "scan.exception": "BA CA CD CM DD DS HP MC MD MS ND NH OH PD RD RT SS UD",
}
_NAME = {code: name for name, codes in _SCANS.items() for code in codes.split()}
_UNITS = {"metric": "kg", "imperial": "lb"}


class DhlExpress:
    name = "dhl_express"
    origin = "dhl"  # whichever of its systems tells it
    version = 1
    roles = frozenset({Role.TRACKING_HISTORY, Role.POD_DOCUMENT})
    needs = frozenset({"shipment.tracking_number"})
    wants: frozenset[str] = frozenset()

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> Basic:
        """HTTP Basic: the API's `username`, and the secret `password`."""
        return Basic(
            user=setting_of(options, secrets, "username", source=self.name),
            password=secret_of(secrets, "password", source=self.name),
        )

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each waybill's or piece's answer; then the ePOD of what DHL calls delivered.

        A 404 is brought like any answer, for an ePOD too: that there is none is evidence.
        """
        http, refusals = context.need_http(), Refusals()

        async def ask(path: str, number: str, params: dict[str, str]) -> Reply:
            headers = {**_VERSION, "Message-Reference": request_id(order, number, context)}
            return await http.get(path, params=params, headers=headers, answers={200, 404})

        async def track(number: str) -> Reply:
            whose = "pieceTrackingNumber" if is_a(number, "dhl", "piece") else _SHIPMENT
            every = {"trackingView": "all-checkpoints", "levelOfDetail": "all"}
            return await ask("/tracking", number, {whose: number, **every})

        async for number, reply in each_number(
            context, "dhl", track, refusals, kinds=("express", "piece")
        ):
            item = history(reply, number)
            delivered = out_of(item, _delivered)
            yield item
            for waybill in delivered:
                params = {"content": str(context.settings.get("epod", "epod-summary"))}
                if account := context.settings.get("account_number"):
                    params["shipperAccountNumber"] = str(account)
                path = f"/shipments/{waybill}/proof-of-delivery"
                with refusals.put_off(part=True):
                    answer = history(await ask(path, waybill, params), number, asked="epod")
                    for each in with_parts(answer, _papers):
                        yield each

    def read(self, item: Item) -> list[Fact]:
        """Read an answer in DHL's order, newest event first; an ePOD is read as a document is.

        Pure. ShapeError, naming the field, for an undocumented shape.
        """
        if item.role is not Role.TRACKING_HISTORY:
            return []
        page = page_of(item)
        if item.hints.get("asked") == "epod":
            held = [one for one in page["documents"].each() if document_in(one["content"].value)]
            return [flag("delivery.document", held[0]["content"] if held else None, page)]
        if item.hints.get("http.status") == "404":
            return [unknown((page["detail"], page["title"], page["message"]))]
        if "shipments" not in page:
            raise page["shipments"].misshapen("a list of shipments")
        groups = Groups()
        return [
            fact
            for shipment in page["shipments"].each()
            for fact in _read_shipment(shipment, groups)
        ]


_SHIPMENT = "shipmentTrackingNumber"


def _delivered(page: Node) -> Iterator[str]:
    """The waybill of each shipment that has a delivery among its events."""
    for shipment in page["shipments"].each():
        codes = [event["typeCode"].text_or_none() for event in shipment["events"].each()]
        number = shipment[_SHIPMENT].text_or_none() or ""
        if "OK" in codes and number.isascii() and number.isalnum():
            yield number


def _papers(page: Node) -> Iterator[Item]:
    for paper in page["documents"].each():
        yield from parts_at(Role.POD_DOCUMENT, paper["content"])


def _read_shipment(shipment: Node, groups: Groups) -> Iterator[Fact]:
    group = groups.of(shipment[_SHIPMENT])
    yield from shipment[_SHIPMENT].facts("shipment.tracking_number", group=group)
    for reference in shipment["shipperReferences"].each():
        yield from reference["value"].facts("shipment.reference", group=group)
    yield from shipment["productCode"].facts("shipment.service", group=group)
    unit = _UNITS.get(shipment["unitOfMeasurements"].text_or_none() or "")
    yield from weight(shipment["totalWeight"], unit, group)
    sender = shipment["shipperDetails"]["postalAddress"]["countryCode"]
    yield from country("shipment.origin.country", group, sender)
    receiver = shipment["receiverDetails"]
    where = receiver["postalAddress"]
    yield from address(
        "shipment.recipient",
        ("name", receiver["name"]),
        ("city", where["cityName"]),
        ("region", where["provinceCode"]),
        ("postal_code", where["postalCode"]),
        ("country", where["countryCode"]),
        group=group,
    )
    yield from _read_events(shipment, group)
    pieces = list(shipment["pieces"].each())
    for piece in pieces:
        # One piece is the shipment under another number; of several, each is a parcel.
        its = group if len(pieces) == 1 else groups.of(piece["trackingNumber"])
        yield from piece["trackingNumber"].facts("shipment.tracking_number", group=its)
        if len(pieces) > 1:
            unit = _UNITS.get(piece["unitOfMeasurements"].text_or_none() or "")
            yield from weight(piece["actualWeight"], unit, its)
            yield from _read_events(piece, its)


def _read_events(of: Node, group: str) -> Iterator[Fact]:
    for index, event in enumerate(of["events"].each()):
        yield from _read_event(event, f"{group}/scan/{index}")


def _read_event(event: Node, group: str) -> Iterator[Fact]:
    name = _NAME.get(event["typeCode"].text_or_none() or "", "scan.other")
    name = unless_back(name, (event["description"],))
    yield from first_of(name, (event["description"], event["typeCode"]), group=group)
    day, clock, offset = (event[part].text_or_none() for part in ("date", "time", "GMTOffset"))
    if day:
        text = f"{day} {clock} {offset or ''}".strip() if clock else day
        yield from moment(f"{name}.at", event, group=group, text=text)
    for area in event["serviceArea"].each():
        yield from first_of("scan.place", (area["description"], area["code"]), group=group)
    if name == "scan.delivered":
        yield from event["signedBy"].facts("delivery.received_by", group=group)
