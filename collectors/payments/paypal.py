"""PayPal: disputes over an order's payments, the payments themselves, the tracking PayPal was told.

Source   Customer Disputes v1 and Shipment Tracking v1 (paypal-rest-api-specifications, 2024);
         Captures v2 by its reference page.
Tried    documented and sandbox. Never live: nobody gave us an account.
Times    RFC 3339; PayPal writes UTC with `Z`.
Limits   a dispute is found by the payment's number. Only where `scan_days` is set are the account's
         disputes gone through for one that names the order, 200 at most.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from collectors.auth import ClientCredentials, secret_of, setting_of
from collectors.collector import Context, Http
from collectors.mentions import Mentions
from collectors.payments.paypal_reading import read_paypal
from collectors.secrets import Secret
from collectors.troubles import Troubles
from evidence.errors import ConfigError, EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of
from evidence.times import rfc3339

TRANSACTION = re.compile(r"[0-9A-Z]{17}")
_DISPUTE = re.compile(r"[0-9A-Za-z-]{4,60}")
_TOKEN = re.compile(r"[0-9A-Za-z+/=]{1,255}")
_DISPUTES = "/v1/customer/disputes"
MOST_SCANNED = 200
MOST_DOCUMENTS = 40


class PayPal:
    name = "paypal"
    version = 1
    roles = frozenset({Role.PAYMENT_RECORD, Role.SHIPMENT_RECORD, Role.DOCUMENT})
    needs: frozenset[str] = frozenset()
    wants = frozenset({"payment.id"})

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ClientCredentials:
        """OAuth client credentials by HTTP Basic: `client_id`, and the secret `client_secret`."""
        return ClientCredentials(
            source=self.name,
            token_url="/v1/oauth2/token",
            client_id=setting_of(options, secrets, "client_id", source=self.name),
            client_secret=secret_of(secrets, "client_secret", source=self.name),
        )

    def recognises(self, order: OrderRef, facts: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether a payment is known that can be PayPal's."""
        return any(TRANSACTION.fullmatch(one) for one in facts.get("payment.id", ()))

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each payment, its tracking, the disputes over it, and the files in these."""
        http = context.need_http()
        troubles = Troubles()
        seen: set[str] = set()
        for number in context.known_all("payment.id"):
            if TRANSACTION.fullmatch(number):
                async for item in _payment(http, number, seen, troubles):
                    yield item
        days = _scan_days(context)
        if days:
            with troubles.held():
                async for item in _scanned(http, order, context, days, seen, troubles):
                    yield item
        troubles.raise_first()

    def read(self, item: Item) -> list[Fact]:
        """Read a dispute, a list of them, a payment, its tracking; a file says nothing here."""
        if item.role is Role.DOCUMENT:
            return []
        return list(read_paypal(page_of(item)))


def _scan_days(context: Context) -> int:
    days = context.settings.get("scan_days", 0)
    if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= 180:
        raise ConfigError(what="the setting scan_days", why="it is not a number from 0 to 180")
    return days


async def _payment(
    http: Http, number: str, seen: set[str], troubles: Troubles
) -> AsyncIterator[Item]:
    with troubles.held():
        capture = await http.get(f"/v2/payments/captures/{number}", answers={200, 404})
        if capture.status == 200:
            yield capture.item(Role.PAYMENT_RECORD, key=f"capture/{number}")
    with troubles.held():
        sent = await http.get(
            "/v1/shipping/trackers", params={"transaction_id": number}, answers={200, 404}
        )
        if sent.status == 200:
            yield sent.item(Role.SHIPMENT_RECORD, key=f"capture/{number}/trackers")
    with troubles.held():
        params = {"disputed_transaction_id": number, "page_size": "50"}
        listed = await http.get(_DISPUTES, params=params)
        item = listed.item(Role.PAYMENT_RECORD, key=f"capture/{number}/disputes")
        ids = _ids(item)
        yield item
        for one in ids:
            if one not in seen:
                seen.add(one)
                with troubles.held():
                    full = await http.get(f"{_DISPUTES}/{one}")
                    dispute = full.item(Role.PAYMENT_RECORD, key=f"dispute/{one}")
                    links = _documents(dispute)
                    yield dispute
                    async for file in _fetched(http, one, links, troubles):
                        yield file


async def _scanned(
    http: Http,
    order: OrderRef,
    context: Context,
    days: int,
    seen: set[str],
    troubles: Troubles,
) -> AsyncIterator[Item]:
    """Disputes of the last days that name the order as their invoice, or in what the shop wrote."""
    mentions = Mentions.of(order, context)
    since = rfc3339(context.now() - timedelta(days=days), unit_s=1e-3)
    params = {"update_time_after": since, "page_size": "50"}
    looked_at = 0
    while True:
        page = (await http.get(_DISPUTES, params=params)).item(Role.EXCHANGE)
        for one in _ids(page):
            if one in seen:
                continue
            if looked_at == MOST_SCANNED:
                return
            looked_at += 1
            with troubles.held():
                reply = await http.get(f"{_DISPUTES}/{one}")
                item = reply.item(Role.PAYMENT_RECORD, key=f"dispute/{one}")
                if _names_order(item, mentions):
                    seen.add(one)
                    links = _documents(item)
                    yield item
                    async for file in _fetched(http, one, links, troubles):
                        yield file
        token = _next(page)
        if not token:
            return
        params = {"next_page_token": token, "page_size": "50"}


async def _fetched(
    http: Http, dispute: str, links: list[tuple[str, str]], troubles: Troubles
) -> AsyncIterator[Item]:
    for place, (name, url) in enumerate(links):
        with troubles.held():
            reply = await http.fetch(url)
            key = f"dispute/{dispute}/document/{place}"
            yield reply.item(Role.DOCUMENT, key=key, name=name or None)


def _ids(item: Item) -> list[str]:
    try:
        said = [one["dispute_id"].text_or_none() or "" for one in page_of(item)["items"].each()]
        return [one for one in dict.fromkeys(said) if _DISPUTE.fullmatch(one)]
    except EvidenceError:
        return []  # read() will say what is wrong with it


def _next(item: Item) -> str:
    """The token in the link to the next page; "" on the last."""
    try:
        for link in page_of(item)["links"].each():
            if link["rel"].text_or_none() == "next":
                asked = parse_qs(urlsplit(link["href"].text_or_none() or "").query)
                token = asked.get("next_page_token", [""])[0]
                return token if _TOKEN.fullmatch(token) else ""
    except (EvidenceError, ValueError):
        pass
    return ""


def _names_order(item: Item, mentions: Mentions) -> bool:
    try:
        for paid in page_of(item)["disputed_transactions"].each():
            said = (paid["invoice_number"].text_or_none(), paid["custom"].text_or_none())
            if any(mentions.is_one(one) or mentions.found_in(one) for one in said if one):
                return True
    except EvidenceError:
        pass
    return False


def _documents(item: Item) -> list[tuple[str, str]]:
    """Name and link of each file in the dispute's evidence, messages and further information."""
    try:
        page = page_of(item)
        holders: list[Node] = []
        for name in ("evidences", "messages", "supporting_info"):
            holders += page[name].each()
        found: dict[str, str] = {}
        for holder in holders:
            for document in holder["documents"].each():
                if (url := document["url"].text_or_none()) is not None:
                    found.setdefault(url, document["name"].text_or_none() or "")
        return [(name, url) for url, name in found.items()][:MOST_DOCUMENTS]
    except EvidenceError:
        return []
