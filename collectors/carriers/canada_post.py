"""Canada Post: scan history, signature and delivery confirmation certificate of a parcel.

Source   Tracking web service (REST, XML), `GET /vis/track/pin/{pin}/detail`; schema track.xsd.
Tried    documented and sandbox; on Canada Post's own examples and schema. Never live: nobody gave
         us a contract. The paths of signature and certificate come from no description at hand.
Times    Date, time and an abbreviation such as EST: the zone is not taken from that, so a time is
         local, and its text keeps the abbreviation.
Limits   Not published. A signatory in an event and a stored signature are two things: only what
         `signature-image-exists` says is asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any

from collectors.auth import Basic, secret_of, setting_of
from collectors.carriers.asking import Refusals, each_number, history
from collectors.carriers.parcel import address, first_of, flag, moment, place, unknown, unless_back
from collectors.carriers.parts import document_in, out_of, parts_at, picture_in, with_parts
from collectors.collector import Context, Reply
from collectors.secrets import Secret
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.xmlpages import XmlNode, xml_page_of

_ACCEPT = {"Accept": "application/vnd.cpc.track-v2+xml", "Accept-language": "en-CA"}
# What is asked for beside the history: the path, and the role of what its answer holds.
_PAPERS = {
    "signatureimage": Role.POD_SIGNATURE,
    "certificate": Role.POD_DOCUMENT,
}
# Event identifiers, without their leading noughts, whose own text says what the scan was.
_NAME = {
    "100": "scan.transit",
    "172": "scan.exception",
    "173": "scan.exception",
    "174": "scan.out_for_delivery",
    "500": "scan.out_for_delivery",
}
# Of these the text must say "delivered" too: the list is not Canada Post's own.
_DELIVERED = frozenset(
    "1408 1409 1421 1422 1423 1424 1425 1426 1427 1428 1429 1430 1431 1432 1433 1434 1441 1442 1496"
    " 1497 1498 1499".split()
)
# "No Pin History".
_UNKNOWN = frozenset({"004"})


class CanadaPost:
    name = "canada_post"
    version = 1
    roles = frozenset({Role.TRACKING_HISTORY, Role.POD_SIGNATURE, Role.POD_DOCUMENT})
    needs = frozenset({"shipment.tracking_number"})
    wants: frozenset[str] = frozenset()

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> Basic:
        """HTTP Basic: the API key's `username`, and the secret `password`."""
        return Basic(
            user=setting_of(options, secrets, "username", source=self.name),
            password=secret_of(secrets, "password", source=self.name),
        )

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each parcel's detail; then signature and certificate, where there are such."""
        http, refusals = context.need_http(), Refusals()

        async def ask(number: str, path: str = "") -> Reply:
            where = f"/vis/{path}/{number}" if path else f"/vis/track/pin/{number}/detail"
            return await http.get(where, headers=_ACCEPT, answers={200, 404})

        async for number, reply in each_number(context, self.name, ask, refusals):
            item = history(reply, number)
            wanted = out_of(item, _wanted, xml_page_of)
            yield item
            for path in wanted:
                with refusals.put_off(part=True):
                    answer = history(await ask(number, path), number, asked=path)
                    for each in with_parts(answer, _papers, xml_page_of):
                        yield each

    def read(self, item: Item) -> list[Fact]:
        """Read an answer in Canada Post's order, newest event first. ShapeError for another shape.

        A certificate is read as any document is.
        """
        if item.role is not Role.TRACKING_HISTORY:
            return []
        page = xml_page_of(item)
        if (asked := item.hints.get("asked", "")) in _PAPERS:
            return [_held(page, asked)]
        if "messages" in page:
            return [_refusal(message) for message in page["messages"].every("message")]
        if "significant-events" not in page["tracking-detail"]:
            raise page["tracking-detail"]["significant-events"].misshapen("events")
        return list(_read_parcel(page["tracking-detail"], item))


def _wanted(page: XmlNode) -> Iterator[str]:
    detail = page["tracking-detail"]
    exists, hidden = detail["signature-image-exists"], detail["suppress-signature"]
    if exists.text_or_none() == "true" and hidden.text_or_none() != "true":
        yield "signatureimage"
    if any(_scan(one) == "scan.delivered" for one in detail["significant-events"].each()):
        yield "certificate"


def _papers(page: XmlNode) -> Iterator[Item]:
    yield from parts_at(Role.POD_SIGNATURE, page["signature-image"]["image"])
    yield from parts_at(Role.POD_DOCUMENT, page["delivery-confirmation-certificate"]["image"])


def _held(page: XmlNode, asked: str) -> Fact:
    """Whether an answer about signature or certificate holds one."""
    if _PAPERS[asked] is Role.POD_SIGNATURE:
        image = page["signature-image"]["image"]
        holds = picture_in(image.as_written) is not None
        return flag("delivery.signature", image if holds else None, next(page.each()))
    image = page["delivery-confirmation-certificate"]["image"]
    holds = document_in(image.as_written) is not None
    return flag("delivery.document", image if holds else None, next(page.each()))


def _refusal(message: XmlNode) -> Fact:
    if message["code"].text_or_none() not in _UNKNOWN:
        raise message["code"].misshapen("a code that says a number is not known")
    return unknown((message["description"], message["code"]))


def _read_parcel(detail: XmlNode, item: Item) -> Iterator[Fact]:
    pin = detail["pin"].text_or_none() or item.about.get("shipment.tracking_number", "")
    group = f"parcel/{pin if pin.isalnum() else '-'}"
    yield from detail["pin"].facts("shipment.tracking_number", group=group)
    for reference in ("customer-ref-1", "customer-ref-2"):
        yield from detail[reference].facts("shipment.reference", group=group)
    yield from detail["service-name"].facts("shipment.service", group=group)
    postal_code = detail["destination-postal-id"]
    yield from address("shipment.recipient", ("postal_code", postal_code), group=group)
    events = list(detail["significant-events"].every("occurrence"))
    for event in events[:1]:
        yield from event["event-description"].facts("parcel.status", group=group)
    for index, event in enumerate(events):
        yield from _read_event(event, f"{group}/scan/{index}")


def _read_event(event: XmlNode, group: str) -> Iterator[Fact]:
    name = _scan(event)
    yield from first_of(name, (event["event-description"], event["event-identifier"]), group=group)
    day, clock = event["event-date"].text_or_none(), event["event-time"].text_or_none()
    if day:
        zone = event["event-time-zone"].text_or_none() or ""
        yield from moment(
            f"{name}.at",
            event["event-date"],
            group=group,
            text=f"{day} {clock}" if clock else day,
            read=lambda said: replace(said, text=f"{said.text} {zone}".strip()),
        )
    where = event["event-retail-name"], event["event-site"], event["event-province"]
    yield from place(event, where, group)
    yield from event["signatory-name"].facts("delivery.received_by", group=group)
    if name == "scan.delivered":
        fields = (("city", event["event-site"]), ("region", event["event-province"]))
        yield from address("delivery", *fields, group=group)


def _scan(event: XmlNode) -> str:
    """The fact name for an event; to be delivered it also takes Canada Post's plain word."""
    code = (event["event-identifier"].text_or_none() or "").lstrip("0")
    said = (event["event-description"].text_or_none() or "").lower()
    if code in _DELIVERED and "delivered" in said:
        return unless_back("scan.delivered", (event["event-description"],))
    return _NAME.get(code, "scan.other")
