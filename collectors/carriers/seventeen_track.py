"""17TRACK: what it knows of a parcel from thousands of carriers, for those without a source here.

Source   17TRACK's tracking API v2.2, `gettrackinfo` and `register`.
Tried    documented and sandbox; on examples that others wrote. Never live: nobody gave us a key.
Times    `time_raw` is what the carrier wrote: with its zone an instant, without one local. Where an
         answer has only `time_iso`, its offset is 17TRACK's own and is read as stated.
Limits   3 requests a second. A number must be registered before anything is known of it; that
         costs quota, takes minutes, and is done only with `register = true`. No proof of delivery.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import ApiKey, secret_of
from collectors.carriers.asking import Refusals, each_of, history
from collectors.carriers.parcel import (
    Groups,
    address,
    country,
    first_of,
    moment,
    place,
    time_of,
    unknown,
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
from evidence.errors import AccessError
from evidence.facts import Fact
from evidence.items import Item, Provenance, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of

# 17TRACK's stages and sub-statuses, by the word before the underscore, and two that say more.
_NAME = {
    "InTransit": "scan.transit",
    "Departure": "scan.transit",
    "Arrival": "scan.transit",
    "PickedUp": "scan.accepted",
    "OutForDelivery": "scan.out_for_delivery",
    "Delivered": "scan.delivered",
    "DeliveryFailure": "scan.exception",
    "Exception": "scan.exception",
    "Returning": "scan.exception",
    "Returned": "scan.exception",
}
_NOT_REGISTERED = "-18019902"
# "No tracking info", "carrier can not be detected", "the format is invalid".
_UNKNOWN = frozenset({"-18019909", "-18019903", "-18010012"})
# Of the whole call: address not allowed, key not valid, account closed, access not given.
_NO_ACCESS = frozenset({"-18010001", "-18010002", "-18010004", "-18010005"})


class SeventeenTrack:
    name = "17track"
    version = 1
    rate = (3.0, 3)
    roles = frozenset({Role.TRACKING_HISTORY})
    needs = frozenset({"shipment.tracking_number"})
    wants: frozenset[str] = frozenset()

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ApiKey:
        """The account's key, the secret `api_key`."""
        return ApiKey("17token", secret_of(secrets, "api_key", source=self.name))

    def check(self, settings: Mapping[str, Any]) -> None:
        """ConfigError where `carriers` cannot be used."""
        carriers_in(settings)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each number's answer. What 17TRACK was never told of is told it, if that is wanted.

        Refusals of the whole call come as answers of 200: they are brought, then raised.
        """
        http, refusals = context.need_http(), Refusals()

        async def ask(number: str) -> Reply:
            path, body = "/track/v2.2/gettrackinfo", [{"number": number}]
            return await http.post(path, json=body, safe=True)

        async for number, reply in each_of(numbers_for(context), ask, refusals):
            item = history(reply, number, provenance=Provenance.RELAYED)
            code = next(iter(out_of(item, _codes)), "")
            yield item
            if code == _NOT_REGISTERED:
                told = [{"number": number}]
                await register(context, refusals, number, "/track/v2.2/register", told)
            elif code in _NO_ACCESS:
                raise AccessError(source=self.name, why=f"it answered with code {code}")

    def read(self, item: Item) -> list[Fact]:
        """Read an answer, provider by provider. ShapeError for another shape, or a refusal."""
        page = page_of(item)
        if page["code"].text_or_none() != "0":
            raise page["code"].misshapen("the code 0")
        facts = [_rejection(one) for one in page["data"]["rejected"].each()]
        groups = Groups()
        for parcel in page["data"]["accepted"].each():
            facts += _read_parcel(parcel, groups.of(parcel["number"]))
        return facts


def _codes(page: Node) -> Iterator[str]:
    """The code of what went wrong with the call, and of what did with its one number."""
    if (code := page["code"].text_or_none() or "") != "0":
        yield code
    for one in page["data"]["rejected"].each():
        yield one["error"]["code"].text_or_none() or ""


def _rejection(rejected: Node) -> Fact:
    error = rejected["error"]
    if error["code"].text_or_none() in _UNKNOWN:
        return unknown((error["message"], error["code"]))
    if error["code"].text_or_none() == _NOT_REGISTERED:
        return unregistered(error["code"])
    return error["message"].fact("field.unread")


def _read_parcel(parcel: Node, group: str) -> Iterator[Fact]:
    """A parcel. `tag` and `order_no` are what we wrote there ourselves: nobody's evidence."""
    info = parcel["track_info"]
    yield from parcel["number"].facts("shipment.tracking_number", group=group)
    extra = info["misc_info"]
    if extra["local_number"].value != parcel["number"].value:
        yield from extra["local_number"].facts("shipment.tracking_number", group=group)
    yield from extra["service_type"].facts("shipment.service", group=group)
    yield from weight(extra["weight_kg"], "kg", group)
    shipping = info["shipping_info"]
    yield from country("shipment.origin.country", group, shipping["shipper_address"]["country"])
    yield from address("shipment.recipient", *_place(shipping["recipient_address"]), group=group)
    status = info["latest_status"]["status"]
    name = "parcel.unknown" if status.text_or_none() == "NotFound" else "parcel.status"
    yield from status.facts(name, group=group)
    for number, told in enumerate(info["tracking"]["providers"].each()):
        provider = told["provider"]["name"]
        origin = origin_of(provider.text_or_none(), otherwise=parcel.item.origin)
        yield from provider.facts("shipment.carrier", group=group)
        for index, event in enumerate(told["events"].each()):
            yield from said_by(origin, _read_event(event, f"{group}/scan/{number}.{index}"))


def _read_event(event: Node, group: str) -> Iterator[Fact]:
    stages = [event[part].text_or_none() or "" for part in ("sub_status", "stage")]
    name = unless_back(_scan(stages), (event["description"],))
    yield from first_of(name, (event["description"], event["sub_status"]), group=group)
    at = time_of(name, label="InfoReceived" in stages)
    raw = event["time_raw"]
    parts = [raw[part].text_or_none() for part in ("date", "time", "timezone")]
    if parts[0]:
        yield from moment(at, raw, group=group, text=" ".join(filter(None, parts)))
    else:
        iso = event["time_iso"] if event["time_iso"].present else event["time_utc"]
        yield from moment(at, iso, group=group)
    where = event["address"]
    if event["location"].text_or_none():
        yield from event["location"].facts("scan.place", group=group)
    else:
        yield from place(where, (node for _, node in _place(where)), group)
    if name == "scan.delivered":
        yield from address("delivery", *_place(where), group=group)


def _scan(stages: list[str]) -> str:
    if any(stage.endswith("_PickedUp") for stage in stages):
        return "scan.accepted"
    named = (_NAME.get(stage.partition("_")[0]) for stage in stages)
    return next((name for name in named if name), "scan.other")


def _place(where: Node) -> tuple[tuple[str, Node], ...]:
    return (
        ("city", where["city"]),
        ("region", where["state"]),
        ("postal_code", where["postal_code"]),
        ("country", where["country"]),
    )
