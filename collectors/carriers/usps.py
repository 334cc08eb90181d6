"""USPS: scan history of a mail piece.

Source   Package Tracking 3.2.6, `GET /tracking/v3/tracking/{number}`; USPS's error inventory.
Tried    documented and sandbox; on USPS's description and examples, and on an answer that others
         recorded. Never live: nobody gave us a contract.
Times    `eventTimestamp` is the scan place's wall clock, cut to the minute; `GMTTimestamp` and
         `GMTOffset` make an instant of it. Older answers have neither, and end the wall clock in a
         `Z` that is not true: it is not believed.
Limits   About 60 requests an hour an application, token calls counted. Barcodes are used again.
         A proof of delivery is only sent by e-mail, on demand, so it is not asked for.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

from collectors.auth import ClientCredentials, secret_of, setting_of
from collectors.carriers.asking import each_number, history
from collectors.carriers.parcel import address, country, first_of, place, time_of, unless_back
from collectors.collector import Context, Reply
from collectors.secrets import Secret
from evidence.errors import FormatError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of
from evidence.times import Instant, LocalTime, Time, ZoneBasis, parse_iso, zone_of

# Scan event codes of USPS Publication 199, appendix G-4, whose own text says what the scan was.
_SCANS = {
    "scan.accepted": "03 OA UA",
    "scan.transit": "07 10 A1 AD EF NT PC SF T1 TL",
    "scan.out_for_delivery": "OF",
    "scan.delivered": "01",
    "scan.exception": (
        "02 04 05 06 08 09 11 15 21 22 23 24 25 26 27 28 29 30 31 44 51 52 53 54 55 56 71 DX"
    ),
}
_NAME = {code: name for name, codes in _SCANS.items() for code in codes.split()}
_LABELS = frozenset({"GX", "MA"})
# Error codes that say no more than that there is nothing yet, or nothing at all, of the number.
_UNKNOWN = frozenset({"150001", "150002", "150003", "150009", "150010"})
_OFFSET = re.compile(r"([+-])(\d{1,2}):(\d{2})")
_A_MINUTE = timedelta(seconds=60)


class Usps:
    name = "usps"
    version = 1
    rate = (1 / 60, 50)
    roles = frozenset({Role.TRACKING_HISTORY})
    needs = frozenset({"shipment.tracking_number"})
    wants: frozenset[str] = frozenset()

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ClientCredentials:
        """OAuth client credentials as JSON: `client_id`, and the secret `client_secret`."""
        return ClientCredentials(
            source=self.name,
            token_url="/oauth2/v3/token",
            client_id=setting_of(options, secrets, "client_id", source=self.name),
            client_secret=secret_of(secrets, "client_secret", source=self.name),
            in_form=True,
            as_json=True,
        )

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each number's answer; a 400 too, for that is how USPS says "nothing yet"."""
        http = context.need_http()

        async def ask(number: str) -> Reply:
            path = f"/tracking/v3/tracking/{number}"
            return await http.get(path, params={"expand": "DETAIL"}, answers={200, 400, 404})

        async for number, reply in each_number(context, self.name, ask):
            yield history(reply, number)

    def read(self, item: Item) -> list[Fact]:
        """Read an answer in USPS's order, newest scan first. ShapeError for another shape."""
        page = page_of(item)
        if "error" in page:
            return [_refusal(page["error"])]
        if "trackingEvents" not in page:
            raise page["trackingEvents"].misshapen("a list of events")
        asked = item.about.get("shipment.tracking_number", "")
        number = page["trackingNumber"].text_or_none() or asked
        return list(_read_piece(page, f"parcel/{number if number.isalnum() else '-'}"))


def _refusal(error: Node) -> Fact:
    """What USPS says instead of scans, if it is about the number."""
    said = [error, *error["errors"].each()]
    for one in said:
        code = one["code"].text_or_none() or ""
        words = one["message"] if one["message"].text_or_none() else one["detail"]
        if code.startswith("1500") and words.text_or_none():
            return words.fact("parcel.unknown" if code in _UNKNOWN else "parcel.status")
    raise error["code"].misshapen("a code that is about the number")


def _read_piece(page: Node, group: str) -> Iterator[Fact]:
    yield from page["trackingNumber"].facts("shipment.tracking_number", group=group)
    yield from page["mailClass"].facts("shipment.service", group=group)
    yield from address(
        "shipment.recipient",
        ("city", page["destinationCity"]),
        ("region", page["destinationState"]),
        ("postal_code", page["destinationZIP"]),
        ("country", page["destinationCountryCode"]),
        group=group,
    )
    yield from country("shipment.origin.country", group, page["originCountry"])
    yield from first_of("parcel.status", (page["status"], page["statusCategory"]), group=group)
    for index, event in enumerate(page["trackingEvents"].each()):
        yield from _read_event(event, f"{group}/scan/{index}")


def _read_event(event: Node, group: str) -> Iterator[Fact]:
    name = _scan(event)
    yield from first_of(name, (event["eventType"], event["eventCode"]), group=group)
    at = time_of(name, label=event["eventCode"].text_or_none() in _LABELS)
    try:
        if event["eventTimestamp"].text_or_none() or event["GMTTimestamp"].text_or_none():
            yield event.fact(at, _time(event), group=group)
    except FormatError:
        yield event["eventTimestamp"].fact("field.unread", group=group)
    where = tuple(event[part] for part in ("eventCity", "eventState", "eventZIP", "eventCountry"))
    yield from place(event, where, group)
    if name == "scan.delivered":
        for who in ("name", "firm"):
            yield from event[who].facts("delivery.received_by", group=group)
        # "Delivered, Front Door/Porch": what stands behind the comma says where.
        _, _, spot = (event["eventType"].text_or_none() or "").partition(", ")
        if spot.strip():
            yield event["eventType"].fact("delivery.place", spot.strip(), group=group)
        fields = ("city", "region", "postal_code", "country")
        yield from address("delivery", *zip(fields, where, strict=True), group=group)


def _scan(event: Node) -> str:
    """The fact name for an event: its code decides. "Delivered, To Original Sender" came back."""
    name = _NAME.get(event["eventCode"].text_or_none() or "", "scan.other")
    return unless_back(name, (event["eventType"],))


def _time(event: Node) -> Time:
    """When an event was. Where its two clocks contradict each other, the wall clock stays."""
    said, gmt = event["eventTimestamp"].text_or_none(), event["GMTTimestamp"].text_or_none()
    offset = _OFFSET.fullmatch(event["GMTOffset"].text_or_none() or "")
    if said is None:
        return parse_iso(gmt or "")
    utc = parse_iso(gmt) if gmt else None
    wall = parse_iso(said.removesuffix("Z"))
    if not isinstance(wall, LocalTime):
        return wall
    wall = LocalTime(wall.wall, said, 60.0 if wall.wall.second == 0 else 1.0)
    if not isinstance(utc, Instant) or offset is None:
        return wall
    zone = f"{offset[1]}{offset[2]:0>2}:{offset[3]}"
    stated = wall.wall.replace(tzinfo=zone_of(zone)).astimezone(UTC)
    if timedelta(0) <= utc.at - stated < _A_MINUTE:
        return replace(utc, text=f"{said} {offset[0]}", zone=zone, basis=ZoneBasis.STATED)
    return wall
