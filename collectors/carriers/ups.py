"""UPS: scan history, proof-of-delivery letter, signature and delivery photo of a parcel.

Source   Track API v1, "Tracking" (UPS-API/api-documentation, Tracking.yaml of July 2026).
Tried    documented and sandbox; on UPS's own samples. Never live: nobody gave us a contract.
Times    `date` and `time` are the scan place's wall clock. `gmtDate`, `gmtTime`, `gmtOffset` make
         an instant of it where UPS sends them; without them it stays a LocalTime. `gmtTime` comes
         as "154434", "15:44:34" or, without its leading nought, as "74700".
Limits   120 days of history; 429 without published numbers. Signature, photo and letter come only
         to accounts with a relation to the parcel. `deliveryInformation` is there for parcels under
         way too: only a scan of UPS says that a parcel was delivered.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any

from collectors.auth import ClientCredentials, secret_of, setting_of
from collectors.carriers.asking import NUMBER, each_number, history, request_id
from collectors.carriers.parcel import (
    Groups,
    address,
    country,
    first_of,
    flag,
    named,
    place,
    time_of,
    unknown,
    weight,
)
from collectors.carriers.parts import parts_at, picture_in, with_parts
from collectors.carriers.ups_letter import read_letter
from collectors.carriers.ups_times import delivery_time, scan_time
from collectors.collector import Context, Reply
from collectors.secrets import Secret
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of

# Asked for explicitly: the letter's dates and labels are in this language.
LOCALE = "en_US"
TOKEN_PATH = "/security/v1/oauth/token"

# Status codes of UPS's appendix whose own text says what the scan was. One that is not here becomes
# scan.other, in UPS's words: calling it "in transit" would be us testifying instead of the carrier.
_SCANS = {
    "scan.accepted": "038 160 167 168 169",
    "scan.transit": "005 010 025 039 047 087 158 159 164 165",
    "scan.out_for_delivery": "006 021 037 089 091 146 162",
    "scan.delivered": "011 026",
    "scan.exception": (
        "013 022 023 024 029 030 032 046 048 049 051 052 053 059 060 061 062 064 066 068 069 076"
        " 086 090 145"
    ),
}
_NAME = {code: name for name, codes in _SCANS.items() for code in codes.split()}
# Handed to somebody who is not the recipient, whatever the activity's type says: the sender, an
# agent, an access point.
_ELSEWHERE = frozenset({"034", "067", "081", "143", "144", "161"})
# "Tracking Information Not Found", "Invalid inquiry number".
_UNKNOWN = frozenset({"TW0001", "TV1002"})


class Ups:
    name = "ups"
    version = 1
    roles = frozenset(
        {Role.TRACKING_HISTORY, Role.POD_DOCUMENT, Role.POD_SIGNATURE, Role.POD_PHOTO}
    )
    needs = frozenset({"shipment.tracking_number"})
    wants: frozenset[str] = frozenset()

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ClientCredentials:
        """OAuth client credentials by HTTP Basic; `client_id` in options, `client_secret` secret.

        RequestError naming the setting that is missing.
        """
        account = options.get("merchant_id")
        return ClientCredentials(
            source=self.name,
            token_url=TOKEN_PATH,
            client_id=setting_of(options, secrets, "client_id", source=self.name),
            client_secret=secret_of(secrets, "client_secret", source=self.name),
            extra_headers={"x-merchant-id": str(account)} if account else {},
        )

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each parcel's answer, then the letter and the pictures that it holds.

        Numbers that cannot be UPS's are not asked for. A 404 is brought like any answer: "not
        known" is evidence too. A number that UPS refuses does not keep the others from being asked.
        """
        http = context.need_http()
        source = str(context.settings.get("transaction_source", "orderproof"))

        async def ask(number: str) -> Reply:
            return await http.get(
                f"/api/track/v1/details/{number}",
                params={
                    "locale": LOCALE,
                    "returnSignature": "true",
                    "returnMilestones": "true",
                    "returnPOD": "true",
                },
                headers={
                    "transId": request_id(order, number, context),
                    "transactionSrc": source,
                },
                answers={200, 404},
            )

        async for number, reply in each_number(context, self.name, ask):
            for item in with_parts(history(reply, number, locale=LOCALE), _parts):
                yield item

    def read(self, item: Item) -> list[Fact]:
        """Read an answer in UPS's order, newest scan first, or a letter line by line.

        Pure. Signatures and photos hold no claim of UPS beyond the picture itself. ShapeError,
        naming the field, for an undocumented shape.
        """
        match item.role:
            case Role.TRACKING_HISTORY:
                return list(_read_answer(page_of(item), status=item.hints.get("http.status", "")))
            case Role.POD_DOCUMENT if item.media_type == "text/html":
                return read_letter(item)
        return []


def _parts(page: Node) -> Iterator[Item]:
    """Letter, signature and photo of each package."""
    for shipment in page["trackResponse"]["shipment"].each():
        for package in shipment["package"].each():
            told = package["deliveryInformation"]
            number = named(package["trackingNumber"])
            for part in (
                *parts_at(Role.POD_DOCUMENT, told["pod"]["content"]),
                *parts_at(Role.POD_SIGNATURE, told["signature"]["image"]),
                *parts_at(Role.POD_PHOTO, told["deliveryPhoto"]["photo"]),
            ):
                yield part if number == "-" else replace(part, about={NUMBER: number})


def _read_answer(page: Node, *, status: str) -> Iterator[Fact]:
    if "response" in page and "trackResponse" not in page:
        yield from _read_refusal(page["response"], status=status)
        return
    if not isinstance(page["trackResponse"].value, dict):
        raise page["trackResponse"].misshapen("an object")
    groups = Groups()
    for shipment in page["trackResponse"]["shipment"].each():
        asked = shipment["inquiryNumber"]
        packages = list(shipment["package"].each())
        alone = groups.of(asked) if not packages else f"parcel/{named(asked)}"
        yield from asked.facts("shipment.tracking_number", group=alone)
        for warning in shipment["warnings"].each():
            if warning["code"].text_or_none() in _UNKNOWN:
                yield unknown((warning["message"], warning["code"]), group=alone)
        for package in packages:
            own = package["trackingNumber"]
            yield from _read_package(package, groups.of(own if own.text_or_none() else asked))


def _read_refusal(response: Node, *, status: str) -> Iterator[Fact]:
    errors = list(response["errors"].each())
    if not errors:
        raise response["errors"].misshapen("a list of errors")
    for error in errors:
        if status != "404" and error["code"].text_or_none() not in _UNKNOWN:
            raise error["code"].misshapen("a code that says a number is not known")
        yield unknown((error["message"], error["code"]))


def _read_package(package: Node, group: str) -> Iterator[Fact]:
    yield from package["trackingNumber"].facts("shipment.tracking_number", group=group)
    for other in package["alternateTrackingNumber"].each():
        yield from other["number"].facts("shipment.tracking_number", group=group)
    for reference in package["referenceNumber"].each():
        yield from reference["number"].facts("shipment.reference", group=group)
    yield from package["service"]["description"].facts("shipment.service", group=group)
    scale = package["weight"]
    yield from weight(scale["weight"], scale["unitOfMeasurement"].text_or_none(), group)
    for party in package["packageAddress"].each():
        yield from _read_party(party, group)
    yield from package["currentStatus"]["description"].facts("parcel.status", group=group)
    yield from _read_delivery(package, group)
    for index, activity in enumerate(package["activity"].each()):
        yield from _read_activity(activity, f"{group}/scan/{index}")


def _read_party(party: Node, group: str) -> Iterator[Fact]:
    where = party["address"]
    match party["type"].text_or_none():
        case "ORIGIN":
            countries = where["countryCode"], where["country"]
            yield from country("shipment.origin.country", group, *countries)
        case "DESTINATION":
            yield from address(
                "shipment.recipient",
                ("name", party["name"]),
                ("name", party["attentionName"]),
                ("street", where["addressLine1"]),
                ("street", where["addressLine2"]),
                ("street", where["addressLine3"]),
                *_place(where),
                group=group,
            )


def _place(address: Node) -> tuple[tuple[str, Node], ...]:
    return (
        ("city", address["city"]),
        ("region", address["stateProvince"]),
        ("postal_code", address["postalCode"]),
        ("country", address["countryCode"]),
        ("country", address["country"]),
    )


def _read_delivery(package: Node, group: str) -> Iterator[Fact]:
    """What stands outside the scans. None of it says that the parcel was delivered, but DEL."""
    told = package["deliveryInformation"]
    if told.present:
        yield from told["receivedBy"].facts("delivery.received_by", group=group)
        yield from told["location"].facts("delivery.place", group=group)
        for name, node in (
            ("delivery.signature", told["signature"]["image"]),
            ("delivery.photo", told["deliveryPhoto"]["photo"]),
        ):
            yield flag(name, node if picture_in(node.value) else None, told, group=group)
    for date in package["deliveryDate"].each():
        moment = delivery_time(date, package["deliveryTime"])
        if moment is not None:
            yield date["date"].fact("delivery.at", moment, group=group)


def _read_activity(activity: Node, group: str) -> Iterator[Fact]:
    status = activity["status"]
    name = _scan(status)
    words = ("description", "simplifiedTextDescription", "statusCode", "code", "type")
    yield from first_of(name, (status[word] for word in words), group=group)
    moment = scan_time(activity)
    if moment is not None:
        told = status["type"].text_or_none() == "M" and name == "scan.other"
        yield activity.fact(time_of(name, label=told), moment, group=group)
    where = activity["location"]["address"]
    fields = ("city", "stateProvince", "postalCode", "countryCode")
    yield from place(where, (where[field] for field in fields), group)
    if name == "scan.delivered":
        yield from address("delivery", *_place(where), group=group)


def _scan(status: Node) -> str:
    """The fact name for an activity's status: `statusCode` decides, where the table has it.

    `type` D alone is no delivery: UPS uses it for "out for delivery" too (Track Alert, "Status
    types"), so without a code it also takes UPS's plain word. P is "pickup" in UPS's older tracking
    guides: not in the documents of this API, but sent with its origin scans.
    """
    code = status["statusCode"].text_or_none() or ""
    kind = status["type"].text_or_none()
    name = _NAME.get(code, "scan.other")
    if kind == "P" and name in ("scan.transit", "scan.other"):
        return "scan.accepted"
    if kind == "D" and name == "scan.other" and code not in _ELSEWHERE:
        said = (status["description"].text_or_none() or "").rstrip(".").upper()
        return "scan.delivered" if said == "DELIVERED" else name
    return name
