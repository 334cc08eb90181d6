"""Gorgias: the tickets whose subject names an order, with every message and its files.

Source   REST API: list tickets, list a ticket's messages, the TicketMessage object
         (developers.gorgias.com, pages of 2026).
Tried    documented and sandbox. Never live: nobody gave us an account.
Times    `2022-08-25T16:42:21.468912`, without an offset: local until the operator declares
         `zone`. Some come with an offset.
Limits   Gorgias searches no text: tickets are gone through newest first, `pages` of 100.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import Basic, secret_of, setting_of
from collectors.collector import Context, Http
from collectors.mentions import Mentions
from collectors.messages.transcript import (
    ASKED,
    MAX_PAGES,
    MAX_THREADS,
    fetched,
    group_of,
    links_in,
    names_order,
    page_facts,
    pages_in,
    pages_or_none,
)
from collectors.orders.record import moment, zone_in
from collectors.secrets import Secret
from collectors.troubles import Troubles
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of

_PAGES = 20


class Gorgias:
    name = "gorgias"
    version = 1
    roles = frozenset({Role.MESSAGE_THREAD, Role.MESSAGE_ATTACHMENT})
    needs: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset()

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> Basic:
        """`email` of a user; the secret `api_key`."""
        user = setting_of(options, secrets, "email", source=self.name)
        return Basic(user, secret_of(secrets, "api_key", source=self.name))

    def check(self, settings: Mapping[str, Any]) -> None:
        """An error where `zone` or `pages` cannot be used."""
        zone_in(settings)
        pages_in(settings, usual=_PAGES)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring the messages of each ticket that names the order.

        The pages of tickets are gone through and not brought: they are about others too.
        """
        http = context.need_http()
        troubles = Troubles()
        mentions = Mentions.of(order, context)
        about = {"order.id": order.id}
        zone = zone_in(context.settings)
        tickets: list[str] = []
        cursor = ""
        for _ in range(pages_in(context.settings, usual=_PAGES)):
            params = {"limit": "100", "order_by": "created_datetime:desc"}
            params |= {"cursor": cursor} if cursor else {}
            reply = await http.get("/api/tickets", params=params)
            page = page_of(reply.item(Role.EXCHANGE))
            for one in page["data"].each():
                number = one["id"].text_or_none() or ""
                named = names_order((one["subject"], one["external_id"]), mentions)
                if named and number.isdigit():
                    tickets.append(number)
            cursor = page["meta"]["next_cursor"].text_or_none() or ""
            if not cursor or len(tickets) >= MAX_THREADS:
                break
        for ticket in tickets[:MAX_THREADS]:
            with troubles.held():
                async for item in _messages(http, ticket, about, zone, troubles):
                    yield item
        troubles.raise_first()

    def read(self, item: Item) -> list[Fact]:
        """Read a page of messages in Gorgias's order; ShapeError for another shape."""
        if item.role is Role.MESSAGE_ATTACHMENT:
            return []
        page = page_of(item)
        zone = item.hints.get("time_zone") or None
        facts = []
        for place, message in enumerate(page["data"].each()):
            facts += list(_read_message(message, group_of(message, place), zone))
        return [*facts, *page_facts(page, page["meta"]["next_cursor"])]


async def _messages(
    http: Http, ticket: str, about: Mapping[str, str], zone: str, troubles: Troubles
) -> AsyncIterator[Item]:
    cursor = ""
    for number in range(1, MAX_PAGES + 1):
        params = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
        reply = await http.get(f"/api/tickets/{ticket}/messages", params=params)
        key = f"ticket/{ticket}/messages/{number}"
        hints = {"ticket": ticket} | ({"time_zone": zone} if zone else {})
        hints |= {ASKED: cursor} if cursor else {}
        item = reply.item(Role.MESSAGE_THREAD, key=key, about=about, hints=hints)
        page = pages_or_none(item)
        cursor, links = "", []
        if page is not None and isinstance(page["data"].value, list):
            lists = (one["attachments"] for one in page["data"].each())
            links = links_in(item, lists, "url")
            following = page["meta"]["next_cursor"].value
            cursor = following if isinstance(following, str) else ""
        yield item
        async for attached in fetched(http, links, key, troubles):
            yield attached
        if not cursor:
            return


def _read_message(message: Node, group: str, zone: str | None) -> Iterator[Fact]:
    yield from message["id"].facts("message.id", group=group)
    yield from message["ticket_id"].facts("thread.id", group=group)
    if isinstance(ours := message["from_agent"].value, bool):
        role = "seller" if ours else "buyer"
        yield message["from_agent"].fact("message.role", role, group=group)
    if isinstance(public := message["public"].value, bool):
        yield message["public"].fact("message.private", "no" if public else "yes", group=group)
    # The id of the rule that wrote it; null where a person did.
    if message["rule_id"].present:
        yield message["rule_id"].fact("message.automatic", "yes", group=group)
    yield from message["subject"].facts("message.subject", group=group)
    yield from message["body_text"].facts("message.body", group=group)
    yield from message["source"]["from"]["address"].facts("message.from", group=group)
    for to in message["source"]["to"].each():
        yield from to["address"].facts("message.to", group=group)
    yield from moment("message.recorded.at", message["created_datetime"], group=group, zone=zone)
    yield from moment("message.sent.at", message["sent_datetime"], group=group, zone=zone)
    yield from moment("message.failed.at", message["failed_datetime"], group=group, zone=zone)
    for attached in message["attachments"].each():
        yield from attached["name"].facts("message.attachment", group=group)
