"""AfterShip: what it knows of a parcel from its couriers, with the picture of its delivery.

Source   AfterShip's Tracking API 2026-07, `GET /trackings`.
Tried    documented and sandbox; on the example in AfterShip's own description. Never live.
Times    ISO 8601, mostly with the offset that the courier gave; without one they stay local.
         `created_at` is when AfterShip saw a scan and not when it was: it is not read.
Limits   6 requests a second; 120 days. A number must be registered before anything is known of it;
         that costs quota, and is done only with `register = true`. What the shop wrote to AfterShip
         (order number, destination) is nobody's evidence, and is not read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import ApiKey, secret_of
from collectors.carriers.asking import Refusals, each_of, history, linked
from collectors.carriers.parcel import (
    Groups,
    address,
    first_of,
    moment,
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

_MOST_PAGES = 10
# AfterShip's own classes. "InTransit_002" is its only word for a carrier's first scan.
_NAME = {
    "InTransit": "scan.transit",
    "InTransit_002": "scan.accepted",
    "OutForDelivery": "scan.out_for_delivery",
    "Delivered": "scan.delivered",
    "AttemptFail": "scan.exception",
    "Exception": "scan.exception",
}


class Aftership:
    name = "aftership"
    version = 1
    rate = (6.0, 6)
    roles = frozenset({Role.TRACKING_HISTORY, Role.POD_PHOTO})
    needs = frozenset({"shipment.tracking_number"})
    wants: frozenset[str] = frozenset()

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ApiKey:
        """The key, the secret `api_key`; one that may read trackings is enough."""
        return ApiKey("as-api-key", secret_of(secrets, "api_key", source=self.name))

    def check(self, settings: Mapping[str, Any]) -> None:
        """ConfigError where `carriers` cannot be used."""
        carriers_in(settings)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each number's answer, all its pages, and the pictures it links to, at once."""
        http, refusals = context.need_http(), Refusals()

        async def ask(number: str, cursor: str = "") -> Reply:
            params = {"tracking_numbers": number, "limit": "100"}
            return await http.get(
                "/trackings", params=params | ({"cursor": cursor} if cursor else {})
            )

        async for number, first in each_of(numbers_for(context), ask, refusals):
            reply, found = first, False
            for page in range(1, _MOST_PAGES + 1):
                item = history(reply, number, provenance=Provenance.RELAYED)
                none = out_of(item, lambda page: [page["data"]["trackings"].value == []])
                found = found or none != [True]
                cursor, links = "".join(out_of(item, _cursor)), out_of(item, _pictures)
                yield item
                for nth, url in enumerate(links, start=page * 100):
                    async for photo in linked(
                        http,
                        url,
                        Role.POD_PHOTO,
                        number,
                        refusals,
                        nth=nth,
                        provenance=Provenance.RELAYED,
                    ):
                        yield photo
                if not cursor:
                    break
                reply = await ask(number, cursor)
            if not found:
                told = {"tracking_number": number}
                await register(context, refusals, number, "/trackings", told)

    def read(self, item: Item) -> list[Fact]:
        """Read an answer, checkpoint by checkpoint. ShapeError for another shape."""
        if item.role is not Role.TRACKING_HISTORY:
            return []
        page = page_of(item)
        if "trackings" not in page["data"]:
            raise page["data"]["trackings"].misshapen("a list of trackings")
        if page["data"]["trackings"].value == []:
            return [unregistered(page["data"]["trackings"])]
        groups = Groups()
        return [
            fact
            for one in page["data"]["trackings"].each()
            for fact in _read_tracking(one, groups.of(one["tracking_number"]))
        ]


def _cursor(page: Node) -> Iterator[str]:
    """Where the next page begins, if there is one."""
    pages = page["data"]["pagination"]
    if pages["has_next_page"].value is True:
        yield pages["next_cursor"].text()


def _pictures(page: Node) -> Iterator[str]:
    for one in page["data"]["trackings"].each():
        for proof in one["proof_of_delivery"].each():
            if url := proof["url"].text_or_none():
                yield url


def _read_tracking(one: Node, group: str) -> Iterator[Fact]:
    origin = origin_of(one["slug"].text_or_none(), otherwise=one.item.origin)
    yield from one["tracking_number"].facts("shipment.tracking_number", group=group)
    for mile in ("first_mile", "last_mile"):
        number = one[mile]["tracking_number"]
        if number.value != one["tracking_number"].value:
            yield from number.facts("shipment.tracking_number", group=group)
    yield from one["slug"].facts("shipment.carrier", group=group)
    yield from one["shipment_type"].facts("shipment.service", group=group)
    scale = one["shipment_weight"]
    yield from weight(scale["value"], scale["unit"].text_or_none(), group)
    yield from first_of("parcel.status", (one["subtag_message"], one["tag"]), group=group)
    came_back = one["return_to_sender"].value is True
    if one["tag"].text_or_none() == "Delivered" and not came_back:
        at = moment("delivery.at", one["shipment_delivery_date"], group=group)
        who = one["signed_by"].facts("delivery.received_by", group=group)
        yield from said_by(origin, [*at, *who])
    for index, scan in enumerate(one["checkpoints"].each()):
        courier = origin_of(scan["slug"].text_or_none(), otherwise=origin)
        read = _read_checkpoint(scan, f"{group}/scan/{index}", came_back=came_back)
        yield from said_by(courier, read)


def _read_checkpoint(scan: Node, group: str, *, came_back: bool) -> Iterator[Fact]:
    tag = scan["tag"].text_or_none() or ""
    name = _NAME.get(scan["subtag"].text_or_none() or "") or _NAME.get(tag, "scan.other")
    name = unless_back(name, (scan["message"],), back=came_back)
    yield from first_of(name, (scan["message"], scan["subtag_message"], scan["tag"]), group=group)
    at = time_of(name, label=tag == "InfoReceived")
    yield from moment(at, scan["checkpoint_time"], group=group)
    yield from scan["location"].facts("scan.place", group=group)
    if name == "scan.delivered":
        fields = (("city", scan["city"]), ("region", scan["state"]))
        where = (("postal_code", scan["postal_code"]), ("country", scan["country_region"]))
        yield from address("delivery", *fields, *where, group=group)
