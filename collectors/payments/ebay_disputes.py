"""eBay payment disputes: what a buyer's bank or payment service disputes of an order.

Source   Sell Fulfillment API v1, payment_dispute (eBay's OpenAPI of May 2026), on a host of its
         own, apiz.ebay.com.
Tried    documented and sandbox. Never live: nobody gave us a seller.
Times    UTC, to the millisecond.
Limits   searches bring up to 200 disputes of one order. eBay has no scope that only reads them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.collector import Context, Http
from collectors.orders.ebay import NUMBER
from collectors.orders.ebay_auth import EbayAuth, ebay_auth
from collectors.orders.ebay_reading import money
from collectors.orders.record import label, moment, numbers, numbers_in, said
from collectors.secrets import Secret
from collectors.troubles import Troubles
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.pages import Node, page_of

MOST_FILES = 20
_PATH = "/sell/fulfillment/v1/payment_dispute"
_ID = re.compile(r"[0-9A-Za-z_.-]{1,60}")


class EbayDisputes:
    name = "ebay_disputes"
    version = 1
    roles = frozenset({Role.PAYMENT_RECORD, Role.DOCUMENT})
    needs: frozenset[str] = frozenset()
    origin = "ebay"
    wants = frozenset({"order.alias"})
    platforms = frozenset({Platform.EBAY})

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> EbayAuth:
        """`client_id`; the secrets `client_secret` and `refresh_token`."""
        return ebay_auth(options, secrets, source=self.name, scopes="sell.payment.dispute")

    def recognises(self, order: OrderRef, facts: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether one of the order's names is a number of the platform's shape."""
        return bool(numbers_in(order, facts, platform=Platform.EBAY, shape=NUMBER))

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring the order's disputes, each in full with its history and the files sent for it."""
        http = context.need_http()
        troubles = Troubles()
        for number in numbers(order, context, platform=Platform.EBAY, shape=NUMBER):
            about = {"order.id": number}
            reply = await http.get(
                "/sell/fulfillment/v1/payment_dispute_summary",
                params={"order_id": number, "limit": "200"},
            )
            item = reply.item(Role.PAYMENT_RECORD, key=f"order/{number}/disputes", about=about)
            ids = _ids(item)
            yield item
            for one in ids:
                with troubles.held():
                    async for part in _in_full(http, one, about, troubles):
                        yield part
        troubles.raise_first()

    def read(self, item: Item) -> list[Fact]:
        """Read a list of disputes, one of them, or its history; a file says nothing here."""
        if item.role is Role.DOCUMENT:
            return []
        page = page_of(item)
        group = f"dispute/{item.hints['dispute']}" if "dispute" in item.hints else "dispute/#0"
        if "activity" in page:
            return list(_read_history(page, group))
        if "paymentDisputeSummaries" in page:
            listed = enumerate(page["paymentDisputeSummaries"].each())
            return [fact for place, one in listed for fact in _read_dispute(one, place)]
        if page["total"].text_or_none() == "0":
            return []
        return list(_read_dispute(page, 0))


async def _in_full(
    http: Http, one: str, about: Mapping[str, str], troubles: Troubles
) -> AsyncIterator[Item]:
    hints = {"dispute": one}
    reply = await http.get(f"{_PATH}/{one}")
    item = reply.item(Role.PAYMENT_RECORD, key=f"dispute/{one}", about=about, hints=hints)
    files = _files(item)
    yield item
    with troubles.held():
        history = await http.get(f"{_PATH}/{one}/activity")
        key = f"dispute/{one}/activity"
        yield history.item(Role.PAYMENT_RECORD, key=key, about=about, hints=hints)
    for evidence, file, name in files:
        with troubles.held():
            params = {"evidence_id": evidence, "file_id": file}
            sent = await http.get(f"{_PATH}/{one}/fetch_evidence_content", params=params)
            key = f"dispute/{one}/file/{evidence}/{file}"
            yield sent.item(Role.DOCUMENT, key=key, about=about, hints=hints, name=name or None)


def _ids(item: Item) -> list[str]:
    try:
        listed = page_of(item)["paymentDisputeSummaries"].each()
        said_of = [one["paymentDisputeId"].text_or_none() or "" for one in listed]
        return [one for one in dict.fromkeys(said_of) if _ID.fullmatch(one)]
    except EvidenceError:
        return []  # read() will say what is wrong with it


def _files(item: Item) -> list[tuple[str, str, str]]:
    """Evidence id, file id and name of each file that was sent for the dispute."""
    try:
        found: list[tuple[str, str, str]] = []
        for evidence in page_of(item)["evidence"].each():
            for file in evidence["files"].each():
                fields = (evidence["evidenceId"], file["fileId"], file["name"])
                ids = [field.text_or_none() or "" for field in fields]
                if all(_ID.fullmatch(one) for one in ids[:2]):
                    found.append((ids[0], ids[1], ids[2]))
        return found[:MOST_FILES]
    except EvidenceError:
        return []


def _read_dispute(one: Node, place: int) -> Iterator[Fact]:
    group = label("dispute", one["paymentDisputeId"], place)
    yield one["paymentDisputeId"].fact("dispute.id", group=group)
    yield from one["orderId"].facts("order.id", group=group)
    yield from one["reason"].facts("dispute.reason", group=group)
    yield from one["paymentDisputeStatus"].facts("dispute.status", group=group)
    yield from money("dispute.amount", one["amount"], group=group)
    yield from moment("dispute.opened.at", one["openDate"], group=group)
    yield from moment("dispute.due.at", one["respondByDate"], group=group)
    yield from moment("dispute.closed.at", one["closedDate"], group=group)
    notes = (one["note"], one["buyerProvided"]["note"])
    yield from said("dispute.evidence", notes, group=group)
    outcome = one["resolution"]
    told = (outcome["reasonForClosure"], outcome["protectionStatus"])
    yield from said("dispute.outcome", told, group=group)
    yield from money("dispute.fee", outcome["fees"], group=group)
    for index, sent in enumerate(one["evidence"].each()):
        its = f"{group}/evidence/{index}"
        yield from sent["evidenceType"].facts("dispute.evidence", group=its)
        yield from moment("dispute.sent.at", sent["providedDate"], group=its)
        for number, parcel in enumerate(sent["shipmentTracking"].each()):
            inside = f"{its}/parcel/{number}"
            tracking = parcel["shipmentTrackingNumber"]
            yield from tracking.facts("shipment.tracking_number", group=inside)
            yield from parcel["shippingCarrierCode"].facts("shipment.carrier", group=inside)
    for index, asked in enumerate(one["evidenceRequests"].each()):
        its = f"{group}/request/{index}"
        yield from asked["evidenceType"].facts("dispute.event", group=its)
        yield from moment("dispute.event.at", asked["requestDate"], group=its)
        yield from moment("dispute.due.at", asked["respondByDate"], group=its)


def _read_history(page: Node, group: str) -> Iterator[Fact]:
    for index, entry in enumerate(page["activity"].each()):
        its = f"{group}/event/{index}"
        yield from said("dispute.event", (entry["activityType"], entry["actor"]), group=its)
        yield from moment("dispute.event.at", entry["activityDate"], group=its)
