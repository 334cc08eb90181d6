"""eBay: the conversations with an order's buyer, every message with its files.

Source   Commerce Message API v1 (eBay's OpenAPI of 2026): getConversations, getConversation;
         Sell Fulfillment API v1 for the buyer's name.
Tried    documented and sandbox. Never live: nobody gave us a seller.
Times    `createdDate`, `...Z` to the millisecond: UTC. eBay calls it when the message was received.
Limits   conversations are between two members and name a listing, not an order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.collector import Context, Http
from collectors.messages.transcript import (
    ASKED,
    MAX_PAGES,
    MAX_THREADS,
    fetched,
    group_of,
    links_in,
    pages_or_none,
)
from collectors.orders.ebay import NUMBER
from collectors.orders.ebay_auth import EbayAuth, ebay_auth
from collectors.orders.record import count, moment, numbers, numbers_in
from collectors.secrets import Secret
from collectors.troubles import Troubles
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.pages import Node, page_of

_BASE = "/commerce/message/v1/conversation"
_LIMIT = 50
_KIND = {"conversation_type": "FROM_MEMBERS"}


class EbayMessages:
    name = "ebay_messages"
    version = 1
    roles = frozenset({Role.MESSAGE_THREAD, Role.MESSAGE_ATTACHMENT})
    needs: frozenset[str] = frozenset()
    wants = frozenset({"order.alias"})
    platforms = frozenset({Platform.EBAY})

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> EbayAuth:
        """As the source ebay: `client_id`, secrets client_secret and refresh_token."""
        scopes = "sell.fulfillment.readonly commerce.message"
        return ebay_auth(options, secrets, source=self.name, scopes=scopes)

    def recognises(self, order: OrderRef, facts: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether one of the order's names is a number of the platform's shape."""
        return bool(numbers_in(order, facts, platform=Platform.EBAY, shape=NUMBER))

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each conversation with the order's buyer: its list entry, pages and files."""
        http = context.need_http()
        troubles = Troubles()
        for number in numbers(order, context, platform=Platform.EBAY, shape=NUMBER):
            with troubles.held():
                reply = await http.get(f"/sell/fulfillment/v1/order/{number}", answers={200, 404})
                if reply.status == 404:
                    continue
                told = page_of(reply.item(Role.EXCHANGE))
                buyer = told["buyer"]["username"].text_or_none()
                if buyer is None:
                    continue
                async for item in _conversations(http, number, buyer, troubles):
                    yield item
        troubles.raise_first()

    def read(self, item: Item) -> list[Fact]:
        """Read a list of conversations, or a page of one, in eBay's order."""
        if item.role is Role.MESSAGE_ATTACHMENT:
            return []
        page = page_of(item)
        if not isinstance(page.value, dict):
            raise page.misshapen("an object")
        facts: list[Fact] = []
        if item.hints.get("part") == "conversations":
            for place, one in enumerate(page["conversations"].each()):
                group = group_of(one, place, key="conversationId").replace("message/", "thread/")
                facts += one["conversationId"].facts("thread.id", group=group)
                facts += one["conversationStatus"].facts("thread.status", group=group)
                facts += one["conversationTitle"].facts("message.subject", group=group)
            return [*facts, *_paged(page)]
        if conversation := item.hints.get("conversation"):
            facts.append(page.fact("thread.id", conversation))
        buyer = item.hints.get("buyer")
        for place, message in enumerate(page["messages"].each()):
            facts += _read_message(message, group_of(message, place, key="messageId"), buyer)
        return [*facts, *_paged(page)]


async def _conversations(
    http: Http, number: str, buyer: str, troubles: Troubles
) -> AsyncIterator[Item]:
    params = {**_KIND, "other_party_username": buyer}
    about = {"order.id": number}
    async for item, page in _pages(
        http, _BASE, params, f"conversations/{number}", about, {"part": "conversations"}
    ):
        children = page["conversations"] if page is not None else None
        ids = []
        if children is not None and isinstance(children.value, list):
            said = (one["conversationId"].value for one in children.each())
            ids = [one for one in said if isinstance(one, str) and one.isalnum()]
        yield item
        for conversation in ids[:MAX_THREADS]:
            hints = {"conversation": conversation, "buyer": buyer}
            key = f"conversation/{conversation}"
            with troubles.held():
                async for part, told in _pages(
                    http, f"{_BASE}/{conversation}", _KIND, key, about, hints
                ):
                    there = told["messages"] if told is not None else None
                    links = []
                    if there is not None and isinstance(there.value, list):
                        lists = (one["messageMedia"] for one in there.each())
                        links = links_in(part, lists, "mediaUrl")
                    yield part
                    async for attached in fetched(http, links, part.key, troubles):
                        yield attached


async def _pages(
    http: Http,
    path: str,
    params: Mapping[str, str],
    key: str,
    about: Mapping[str, str],
    hints: Mapping[str, str],
) -> AsyncIterator[tuple[Item, Node | None]]:
    """Each page as an item, and its JSON where it can be read."""
    for number in range(MAX_PAGES):
        offset = str(number * _LIMIT)
        asked = {**params, "limit": str(_LIMIT), "offset": offset}
        reply = await http.get(path, params=asked)
        item = reply.item(
            Role.MESSAGE_THREAD,
            key=f"{key}/{number + 1}",
            about=about,
            hints={**hints, **({ASKED: offset} if number else {})},
        )
        page = pages_or_none(item)
        yield item, page
        if page is None or not isinstance(page["next"].value, str):
            return


def _paged(page: Node) -> Iterator[Fact]:
    """A page's place: eBay gives the next one's URL, and counts them all."""
    if asked := page.item.hints.get(ASKED):
        yield page.fact("thread.asked", asked)
    yield from count("thread.count", page["total"])
    yield from page["next"].facts("thread.next")
    yield page.fact("thread.end", "no" if page["next"].text_or_none() else "yes")


def _read_message(message: Node, group: str, buyer: str | None) -> Iterator[Fact]:
    yield from message["messageId"].facts("message.id", group=group)
    sender = message["senderUsername"].text_or_none()
    if buyer is not None and sender is not None:
        role = "buyer" if sender == buyer else "seller"
        yield message["senderUsername"].fact("message.role", role, group=group)
    yield from message["senderUsername"].facts("message.from", group=group)
    yield from message["recipientUsername"].facts("message.to", group=group)
    yield from message["subject"].facts("message.subject", group=group)
    yield from message["messageBody"].facts("message.body", group=group)
    yield from moment("message.recorded.at", message["createdDate"], group=group)
    for media in message["messageMedia"].each():
        yield from media["mediaName"].facts("message.attachment", group=group)
