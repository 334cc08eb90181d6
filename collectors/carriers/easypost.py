"""EasyPost: what it knows of a parcel from its carriers.

Source   EasyPost's API v2, `GET /v2/trackers`.
Tried    documented and sandbox; on answers that EasyPost's own client library recorded. Never live.
Times    With `Z`, as EasyPost writes all of its times; they are read so.
Limits   Not published; 429 exists. A number must be registered before anything is known of it; that
         costs a fee, and is done only with `register = true`. No picture, no document.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import ApiKey, secret_of
from collectors.carriers.asking import Refusals, each_of, history
from collectors.carriers.parcel import (
    Groups,
    address,
    first_of,
    moment,
    place,
    time_of,
    unless_back,
    weight,
)
from collectors.carriers.parts import out_of
from collectors.carriers.relayed import (
    carriers_in,
    numbers_for,
    origin_of,
    register,
    said_by,
    unregistered,
)
from collectors.collector import Context, Reply
from collectors.secrets import Secret
from evidence.facts import Fact
from evidence.items import Item, Provenance, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of

# EasyPost's own classes. It has none for a carrier's first scan.
_NAME = {
    "in_transit": "scan.transit",
    "out_for_delivery": "scan.out_for_delivery",
    "delivered": "scan.delivered",
    "return_to_sender": "scan.exception",
    "failure": "scan.exception",
    "cancelled": "scan.exception",
    "error": "scan.exception",
}


class Easypost:
    name = "easypost"
    version = 1
    roles = frozenset({Role.TRACKING_HISTORY})
    needs = frozenset({"shipment.tracking_number"})
    wants: frozenset[str] = frozenset()

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ApiKey:
        """The secret `api_key`, which EasyPost takes as a user without a password."""
        key = secret_of(secrets, "api_key", source=self.name).reveal()
        token = base64.b64encode(f"{key}:".encode()).decode()
        return ApiKey("Authorization", Secret("api_key_basic", token), prefix="Basic ")

    def check(self, settings: Mapping[str, Any]) -> None:
        """ConfigError where `carriers` cannot be used."""
        carriers_in(settings)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each number's trackers. What it was never told of is told it, if that is wanted."""
        http, refusals = context.need_http(), Refusals()

        async def ask(number: str) -> Reply:
            params = {"tracking_code": number, "page_size": "100"}
            return await http.get("/v2/trackers", params=params)

        async for number, reply in each_of(numbers_for(context), ask, refusals):
            item = history(reply, number, provenance=Provenance.RELAYED)
            none = out_of(item, lambda page: [page["trackers"].value == []])
            yield item
            if none == [True]:
                told = {"tracker": {"tracking_code": number}}
                await register(context, refusals, number, "/v2/trackers", told)

    def read(self, item: Item) -> list[Fact]:
        """Read trackers, scan by scan. ShapeError for another shape."""
        page = page_of(item)
        if "tracking_code" not in page and "trackers" not in page:
            raise page["trackers"].misshapen("a list of trackers")
        if page["trackers"].value == []:
            return [unregistered(page["trackers"])]
        groups = Groups()
        trackers = [page] if "tracking_code" in page else page["trackers"].each()
        return [
            fact for one in trackers for fact in _read_tracker(one, groups.of(one["tracking_code"]))
        ]


def _read_tracker(one: Node, group: str) -> Iterator[Fact]:
    carrier = origin_of(one["carrier"].text_or_none(), otherwise=one.item.origin)
    details = one["carrier_detail"]
    yield from one["tracking_code"].facts("shipment.tracking_number", group=group)
    yield from details["alternate_identifier"].facts("shipment.tracking_number", group=group)
    yield from one["carrier"].facts("shipment.carrier", group=group)
    yield from details["service"].facts("shipment.service", group=group)
    yield from weight(one["weight"], "oz", group)
    yield from one["status"].facts("parcel.status", group=group)
    back = one["is_return"].value is True
    if one["status"].text_or_none() == "delivered" and not back:
        yield from said_by(carrier, one["signed_by"].facts("delivery.received_by", group=group))
    for index, scan in enumerate(one["tracking_details"].each()):
        origin = origin_of(scan["source"].text_or_none(), otherwise=carrier)
        yield from said_by(origin, _read_scan(scan, f"{group}/scan/{index}", back=back))


def _read_scan(scan: Node, group: str, *, back: bool) -> Iterator[Fact]:
    status, words = scan["status"].text_or_none() or "", (scan["message"], scan["description"])
    name = unless_back(_NAME.get(status, "scan.other"), words, back=back)
    yield from first_of(name, words, group=group)
    at = time_of(name, label=status == "pre_transit")
    yield from moment(at, scan["datetime"], group=group)
    fields = tuple(scan["tracking_location"][part] for part in ("city", "state", "zip", "country"))
    yield from place(scan["tracking_location"], fields, group)
    if name == "scan.delivered":
        names = ("city", "region", "postal_code", "country")
        yield from address("delivery", *zip(names, fields, strict=True), group=group)
