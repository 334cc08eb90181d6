"""TikTok Shop: the conversation with an order's buyer, every message, with pictures and videos.

Source   Open API: customer service 202309 (conversations, messages), orders 202507 for the buyer
         (Partner Center pages of 2026, by way of a client generated from them).
Tried    documented and sandbox. Never live: nobody gave us a shop.
Times    `create_time` is seconds since 1970: UTC. Messages of one second keep TikTok's order.
Limits   a conversation is found by its buyer among the shop's, `pages` of 20. It is about all of
         the buyer's orders. Links of pictures and videos expire: they are fetched at once.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.collector import Context, Http
from collectors.messages.transcript import (
    ASKED,
    MAX_PAGES,
    fetched,
    group_of,
    page_facts,
    pages_in,
)
from collectors.orders.record import epoch, numbers, numbers_in
from collectors.orders.tiktok import NUMBER
from collectors.orders.tiktok_api import TikTokAuth, refuse_failure, tiktok_auth
from collectors.secrets import Secret
from collectors.troubles import Troubles
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.pages import Node, page_of

_BASE = "/customer_service/202309/conversations"
_ROLES = {
    "BUYER": "buyer",
    "SHOP": "seller",
    "CUSTOMER_SERVICE": "seller",
    "SYSTEM": "system",
    "ROBOT": "system",
}
_AUTOMATIC = frozenset({"SYSTEM", "ROBOT"})
_MEDIA = frozenset({"IMAGE", "VIDEO"})
_PAGES = 50


class TikTokMessages:
    name = "tiktok_messages"
    version = 1
    roles = frozenset({Role.MESSAGE_THREAD, Role.MESSAGE_ATTACHMENT})
    needs: frozenset[str] = frozenset()
    wants = frozenset({"order.alias"})
    platforms = frozenset({Platform.TIKTOK})

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> TikTokAuth:
        """As the source tiktok: `app_key`, `shop_cipher`, secrets app_secret and refresh_token."""
        return tiktok_auth(options, secrets, source=self.name)

    def recognises(self, order: OrderRef, facts: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether one of the order's names is a number of the platform's shape."""
        return bool(numbers_in(order, facts, platform=Platform.TIKTOK, shape=NUMBER))

    def check(self, settings: Mapping[str, Any]) -> None:
        """An error where `pages` cannot be used."""
        pages_in(settings, usual=_PAGES)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring every page of the conversation with the order's buyer, and what is shown in it."""
        http = context.need_http()
        troubles = Troubles()
        for number in numbers(order, context, platform=Platform.TIKTOK, shape=NUMBER):
            with troubles.held():
                buyer = await _buyer(http, context, number)
                found = await _conversation(http, context, buyer) if buyer else None
                if found is None:
                    continue
                async for item in _messages(http, context, found, number, troubles):
                    yield item
        troubles.raise_first()

    def read(self, item: Item) -> list[Fact]:
        """Read a page in TikTok's order; ShapeError for an undocumented shape."""
        if item.role is Role.MESSAGE_ATTACHMENT:
            return []
        page = page_of(item)
        if not isinstance(page["data"].value, dict):
            raise page["data"].misshapen("an object")
        facts = []
        if conversation := item.hints.get("conversation"):
            facts.append(page.fact("thread.id", conversation))
        for place, message in enumerate(page["data"]["messages"].each()):
            facts += list(_read_message(message, group_of(message, place)))
        return [*facts, *page_facts(page, page["data"]["next_page_token"])]


async def _buyer(http: Http, context: Context, number: str) -> str:
    """The buyer's id, by the order; "" where TikTok does not know it."""
    reply = await http.get("/order/202507/orders", params={"ids": number})
    refuse_failure(reply, context, what=f"the order {number}")
    orders = page_of(reply.item(Role.EXCHANGE))["data"]["orders"].each()
    return next((text for one in orders if (text := one["user_id"].text_or_none())), "")


async def _conversation(http: Http, context: Context, buyer: str) -> str | None:
    """The id of the conversation in which this buyer takes part, or None."""
    token = ""
    for _ in range(pages_in(context.settings, usual=_PAGES)):
        params = {"page_size": "20"} | ({"page_token": token} if token else {})
        reply = await http.get(_BASE, params=params)
        refuse_failure(reply, context, what="the conversations")
        data = page_of(reply.item(Role.EXCHANGE))["data"]
        for conversation in data["conversations"].each():
            there = conversation["participants"].each()
            if any(buyer == one["user_id"].text_or_none() for one in there):
                return conversation["id"].text_or_none()
        token = data["next_page_token"].text_or_none() or ""
        if not token:
            break
    return None


async def _messages(
    http: Http, context: Context, conversation: str, number: str, troubles: Troubles
) -> AsyncIterator[Item]:
    token = ""
    for page in range(1, MAX_PAGES + 1):
        params = {"page_size": "10"} | ({"page_token": token} if token else {})
        reply = await http.get(f"{_BASE}/{conversation}/messages", params=params)
        refuse_failure(reply, context, what=f"the conversation {conversation}")
        key = f"conversation/{conversation}/{page}"
        hints = {"conversation": conversation} | ({ASKED: token} if token else {})
        about = {"order.id": number}
        item = reply.item(Role.MESSAGE_THREAD, key=key, about=about, hints=hints)
        token, links = _learnt(item)
        yield item
        async for attached in fetched(http, links, key, troubles):
            yield attached
        if not token:
            return


def _learnt(item: Item) -> tuple[str, list[str]]:
    """What to ask for the next page with, and the links of pictures and videos."""
    try:
        data = page_of(item)["data"]
        shown = [one for one in data["messages"].each() if one["type"].value in _MEDIA]
        links = [url for one in shown if isinstance(url := _content(one).get("url"), str)]
        return data["next_page_token"].text_or_none() or "", links
    except EvidenceError:
        return "", []  # read() will say what is wrong with it


def _content(message: Node) -> dict[str, Any]:
    """A message's content, which is JSON in a text; {} where it is none."""
    said = message["content"].value
    try:
        content = json.loads(said) if isinstance(said, str) and len(said) < 1 << 20 else None
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _read_message(message: Node, group: str) -> Iterator[Fact]:
    yield from message["id"].facts("message.id", group=group)
    role = message["sender"]["role"].text_or_none() or ""
    if role in _ROLES:
        yield message["sender"]["role"].fact("message.role", _ROLES[role], group=group)
    if role in _AUTOMATIC:
        yield message["sender"]["role"].fact("message.automatic", "yes", group=group)
    yield from message["sender"]["nickname"].facts("message.from", group=group)
    content = _content(message)
    match message["type"].text_or_none():
        case "TEXT" | "NOTIFICATION" if isinstance(text := content.get("content"), str):
            if text.strip():
                yield message["content"].fact("message.body", text.strip(), group=group)
        case "IMAGE" | "VIDEO" if isinstance(url := content.get("url"), str) and url:
            yield message["content"].fact("message.attachment", url, group=group)
        case _:
            if isinstance(number := content.get("order_id"), str) and NUMBER.fullmatch(number):
                yield message["content"].fact("order.id", number, group=group)
    yield from epoch("message.recorded.at", message["create_time"], group=group)
