"""Royal Mail: scan history and signature of a mail piece.

Source   Tracking API v2, `/mailpieces/v2/{id}/events` and `/signature`.
Tried    documented and sandbox; on examples that others took from Royal Mail's documentation.
         Never live: nobody gave us a contract.
Times    ISO 8601 with an offset.
Limits   Not published; 429 exists. The signature is an SVG drawing, where the product has one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import ApiKey, secret_of, setting_of
from collectors.carriers.asking import Refusals, each_number, history
from collectors.carriers.parcel import first_of, flag, moment, unknown, unless_back
from collectors.carriers.parts import drawing_at, is_drawing, out_of, with_parts
from collectors.collector import Context, Reply
from collectors.secrets import Secret
from evidence.errors import OutageError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of

# Codes whose name in Royal Mail's own answers says what the scan was.
_NAME = {
    "EVGPD": "scan.out_for_delivery",
    "EVKNA": "scan.exception",
    "EVNMI": "scan.exception",
    "EVNSR": "scan.exception",
    "EVODO": "scan.transit",
    "EVORI": "scan.transit",
}
# "Barcode not recognised", "update not available" twice; others say something else of the piece.
_UNKNOWN = frozenset({"E1142", "E1284", "E1308"})


class RoyalMail:
    name = "royal_mail"
    version = 1
    roles = frozenset({Role.TRACKING_HISTORY, Role.POD_SIGNATURE})
    needs = frozenset({"shipment.tracking_number"})
    wants: frozenset[str] = frozenset()

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ApiKey:
        """The application's `client_id`, and the secret `client_secret`."""
        client = setting_of(options, secrets, "client_id", source=self.name)
        secret = secret_of(secrets, "client_secret", source=self.name)
        others = {"X-IBM-Client-Id": client, "X-Accept-RMG-Terms": "yes"}
        return ApiKey("X-IBM-Client-Secret", secret, others=others)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each piece's events, and its signature where they tell of one."""
        http, refusals = context.need_http(), Refusals()

        async def ask(number: str, what: str = "events") -> Reply:
            return await http.get(f"/mailpieces/v2/{number}/{what}", answers={200, 404})

        async for number, reply in each_number(context, self.name, ask, refusals):
            item = history(reply, number)
            signed = any(out_of(item, lambda page: ["signature" in page["mailPieces"]]))
            closed = reply.status == 200 and any(out_of(item, lambda page: ["httpCode" in page]))
            yield item
            if closed:
                why = "it says inside an answer of 200 that it is not available"
                refusals.add(OutageError(source=self.name, why=why))
            if signed:
                with refusals.put_off(part=True):
                    answer = history(await ask(number, "signature"), number, asked="signature")
                    for one in with_parts(answer, _drawing):
                        yield one

    def read(self, item: Item) -> list[Fact]:
        """Read events or a signature. ShapeError, naming the field, for another shape."""
        if item.role is not Role.TRACKING_HISTORY:
            return []
        page = page_of(item)
        if item.hints.get("asked") == "signature":
            return list(_read_signature(page))
        if "errors" in page:
            return [_refusal(error) for error in page["errors"].each()]
        if "events" not in (piece := page["mailPieces"]):
            raise piece["events"].misshapen("a list of events")
        return list(_read_piece(piece, item.about.get("shipment.tracking_number", "-")))


def _drawing(page: Node) -> Iterator[Item]:
    return drawing_at(Role.POD_SIGNATURE, page["mailPieces"]["signature"]["image"])


def _refusal(error: Node) -> Fact:
    if error["errorCode"].text_or_none() in _UNKNOWN:
        return unknown((error["errorDescription"], error["errorCode"]))
    return error["errorDescription"].fact("parcel.status")


def _read_signature(page: Node) -> Iterator[Fact]:
    told = page["mailPieces"]["signature"]
    image = told["image"] if is_drawing(told["image"].value) else None
    yield flag("delivery.signature", image, page)
    yield from told["oneDBarcode"].facts("shipment.tracking_number")
    yield from told["recipientName"].facts("delivery.received_by")
    yield from moment("delivery.at", told["signatureDateTime"], group="")


def _read_piece(piece: Node, asked: str) -> Iterator[Fact]:
    group = f"parcel/{asked}"
    summary = piece["summary"]
    yield from summary["oneDBarcode"].facts("shipment.tracking_number", group=group)
    yield from summary["productName"].facts("shipment.service", group=group)
    words = summary["statusDescription"], summary["statusCategory"]
    yield from first_of("parcel.status", words, group=group)
    for index, event in enumerate(piece["events"].each()):
        its, name = f"{group}/scan/{index}", _scan(event)
        yield from first_of(name, (event["eventName"], event["eventCode"]), group=its)
        yield from moment(f"{name}.at", event["eventDateTime"], group=its)
        yield from event["locationName"].facts("scan.place", group=its)


def _scan(event: Node) -> str:
    """The fact name for an event. EVK is what Royal Mail calls a call at the door: to be delivered
    it also takes its plain word, and to somebody who is not the sender.
    """
    code = event["eventCode"].text_or_none() or ""
    said = (event["eventName"].text_or_none() or "").upper()
    if code.startswith("EVK") and said.startswith("DELIVERED"):
        return unless_back("scan.delivered", (event["eventName"],))
    return _NAME.get(code, "scan.other")
