"""FedEx: scan history and signature proof-of-delivery letter of a parcel.

Source   Track API v1, "Basic Integrated Visibility" 1.0.0; token as in FedEx's OAuth guide.
Tried    documented and sandbox; on FedEx's own examples and on answers that others recorded. Never
         live: nobody gave us a contract.
Times    ISO 8601, mostly with the scan place's offset; without one it stays a LocalTime. Where only
         the day is known FedEx writes midnight, with the offset of Memphis or with none: such a
         time is read as the day that it is.
Limits   1,400 requests in 10 seconds a project, and a quota a day. FedEx uses numbers again: an
         answer may tell of two shipments, each is a group of its own. Names and streets come only
         to accounts with a relation to the parcel. A letter may say "Signature not required".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import ClientCredentials, secret_of, setting_of
from collectors.carriers.asking import Refusals, each_number, history, request_id
from collectors.carriers.parcel import (
    Groups,
    address,
    country,
    day_at_midnight,
    first_of,
    flag,
    moment,
    place,
    time_of,
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

_LETTER = "SIGNATURE_PROOF_OF_DELIVERY"

# FedEx's table "Tracking status codes", where a code's own text says what the scan was. Others, and
# forecasts such as "arriving on time", stay scan.other in FedEx's words.
_SCANS = {
    "scan.accepted": "PU PX",
    "scan.transit": "AA AC AF AR AX CC CP DP EA EO FD IT IX LO OF OX PF PL SF TR",
    "scan.out_for_delivery": "OD",
    "scan.delivered": "DL",
    "scan.exception": "CA CD DD DE DY PD RS SE",
}
_NAME = {code: name for name, codes in _SCANS.items() for code in codes.split()}
# The carrier was told of the parcel, and has it not yet.
_LABEL = "OC"
_UNKNOWN = frozenset({"TRACKING.TRACKINGNUMBER.NOTFOUND", "TRACKING.DATA.NOTFOUND"})


class Fedex:
    name = "fedex"
    version = 1
    roles = frozenset({Role.TRACKING_HISTORY, Role.POD_DOCUMENT})
    needs = frozenset({"shipment.tracking_number"})
    wants: frozenset[str] = frozenset()

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ClientCredentials:
        """OAuth client credentials in the form: `client_id`, and the secret `client_secret`."""
        return ClientCredentials(
            source=self.name,
            token_url="/oauth/token",
            client_id=setting_of(options, secrets, "client_id", source=self.name),
            client_secret=secret_of(secrets, "client_secret", source=self.name),
            in_form=True,
        )

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each number's answer; then the letter of each shipment that FedEx has one of.

        "Not found" stands in an answer like any other. A letter's answer is brought as it came, and
        the letter out of it as an item of its own.
        """
        http, refusals = context.need_http(), Refusals()

        async def ask(path: str, number: str, body: dict[str, Any]) -> Reply:
            headers = {"x-customer-transaction-id": request_id(order, number, context)}
            return await http.post(f"/track/v1/{path}", json=body, headers=headers, safe=True)

        async def track(number: str) -> Reply:
            info = [{"trackingNumberInfo": {"trackingNumber": number}}]
            body = {"includeDetailedScans": True, "trackingInfo": info}
            return await ask("trackingnumbers", number, body)

        async for number, reply in each_number(context, self.name, track, refusals):
            item = history(reply, number)
            shipments = out_of(item, _with_a_letter)
            yield item
            for shipment in shipments:
                wanted: dict[str, Any] = {"trackingNumberInfo": shipment}
                if account := context.settings.get("account_number"):
                    wanted["accountNumber"] = str(account)
                body = {
                    "trackDocumentDetail": {"documentType": _LETTER, "documentFormat": "PDF"},
                    "trackDocumentSpecification": [wanted],
                }
                with refusals.put_off(part=True):
                    answer = history(await ask("trackingdocuments", number, body), number)
                    for each in with_parts(answer, _letters):
                        yield each

    def read(self, item: Item) -> list[Fact]:
        """Read an answer in FedEx's order, newest scan first; a letter is read as a document is.

        Pure. ShapeError, naming the field, for an undocumented shape.
        """
        if item.role is Role.TRACKING_HISTORY:
            return list(_read_answer(page_of(item)))
        return []


def _with_a_letter(page: Node) -> Iterator[dict[str, str]]:
    """FedEx's names of each shipment that it has a letter of."""
    for shipment in _shipments(page["output"]):
        images = [image["type"].text_or_none() for image in shipment["availableImages"].each()]
        info = shipment["trackingNumberInfo"]
        fields = ("trackingNumber", "carrierCode", "trackingNumberUniqueId")
        said = {field: text for field in fields if (text := info[field].text_or_none())}
        if _LETTER in images and "trackingNumber" in said:
            yield said


def _letters(page: Node) -> Iterator[Item]:
    for document in _documents(page["output"]):
        yield from parts_at(Role.POD_DOCUMENT, document)


def _documents(output: Node) -> Iterator[Node]:
    """FedEx's description calls the list `document`, its answers `documents`."""
    yield from output["documents"].each()
    yield from output["document"].each()


def _shipments(output: Node) -> Iterator[Node]:
    for asked in output["completeTrackResults"].each():
        yield from asked["trackResults"].each()


def _read_answer(page: Node) -> Iterator[Fact]:
    output = page["output"]
    if output["documentType"].text_or_none() == _LETTER:
        held = [one for one in _documents(output) if document_in(one.value)]
        yield flag("delivery.document", held[0] if held else None, output)
        return
    if "completeTrackResults" not in output:
        raise output["completeTrackResults"].misshapen("a list of results")
    groups = Groups()
    for shipment in _shipments(output):
        number = shipment["trackingNumberInfo"]["trackingNumber"]
        group = groups.of(number)
        yield from number.facts("shipment.tracking_number", group=group)
        error = shipment["error"]
        if error["code"].text_or_none() in _UNKNOWN:
            yield unknown((error["message"], error["code"]), group=group)
        elif error["code"].present and "scanEvents" not in shipment:
            raise error["code"].misshapen("a code that says a number is not known")
        yield from _read_shipment(shipment, group)


def _read_shipment(shipment: Node, group: str) -> Iterator[Fact]:
    for other in shipment["additionalTrackingInfo"]["packageIdentifiers"].each():
        tracked = (other["type"].text_or_none() or "").startswith("TRACKING_NUMBER")
        name = "shipment.tracking_number" if tracked else "shipment.reference"
        # FedEx's description has a list `value`, its example a text; its answers a list `values`.
        for said in (other["value"], other["values"]):
            for value in said.each() if isinstance(said.value, list) else (said,):
                yield from value.facts(name, group=group)
    yield from shipment["serviceDetail"]["description"].facts("shipment.service", group=group)
    for scale in list(shipment["packageDetails"]["weightAndDimensions"]["weight"].each())[:1]:
        yield from weight(scale["value"], scale["unit"].text_or_none(), group)
    sender = shipment["shipperInformation"]["address"]["countryCode"]
    yield from country("shipment.origin.country", group, sender)
    to, who = (
        shipment["recipientInformation"]["address"],
        shipment["recipientInformation"]["contact"],
    )
    names = (("name", who["personName"]), ("name", who["companyName"]))
    streets = (("street", line) for line in to["streetLines"].each())
    yield from address("shipment.recipient", *names, *streets, *_place(to), group=group)
    status = shipment["latestStatusDetail"]
    yield from first_of("parcel.status", (status["description"], status["code"]), group=group)
    yield from _read_delivery(shipment, group)
    for index, event in enumerate(shipment["scanEvents"].each()):
        yield from _read_event(event, f"{group}/scan/{index}")


def _read_delivery(shipment: Node, group: str) -> Iterator[Fact]:
    """What stands outside the scans. Only a code of FedEx's says that it was delivered."""
    told = shipment["deliveryDetails"]
    for who in ("receivedByName", "signedByName"):
        yield from told[who].facts("delivery.received_by", group=group)
    yield from told["locationDescription"].facts("delivery.place", group=group)
    if shipment["latestStatusDetail"]["code"].text_or_none() == "DL":
        yield from address("delivery", *_place(told["actualDeliveryAddress"]), group=group)
    for one in shipment["dateAndTimes"].each():
        if one["type"].text_or_none() == "ACTUAL_DELIVERY":
            yield from moment("delivery.at", one["dateTime"], group=group, read=day_at_midnight)


def _read_event(event: Node, group: str) -> Iterator[Fact]:
    code = event["eventType"].text_or_none() or ""
    words = event["eventDescription"], event["eventType"]
    why = event["exceptionDescription"]
    name = unless_back(_NAME.get(code, "scan.other"), (event["eventDescription"], why))
    yield from first_of(name, words, group=group)
    yield from why.facts(name, group=group)
    at = time_of(name, label=code == _LABEL)
    yield from moment(at, event["date"], group=group, read=day_at_midnight)
    where = event["scanLocation"]
    fields = ("city", "stateOrProvinceCode", "postalCode", "countryCode")
    yield from place(where, (where[field] for field in fields), group)
    if name == "scan.delivered":
        yield from address("delivery", *_place(where), group=group)


def _place(where: Node) -> tuple[tuple[str, Node], ...]:
    return (
        ("city", where["city"]),
        ("region", where["stateOrProvinceCode"]),
        ("postal_code", where["postalCode"]),
        ("country", where["countryCode"]),
    )
