"""Freshdesk: the tickets of an order, by a custom field, with every conversation and its files.

Source   API v2: filter tickets, view a ticket, list its conversations (developers.freshdesk.com,
         page of 2026).
Tried    documented and sandbox. Never live: nobody gave us an account.
Times    RFC 3339 with `Z`: when Freshdesk had it.
Limits   Freshdesk searches no text: the order's number must stand in a custom field
         (`order_field`). The first message is the ticket itself.
"""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import ApiKey, secret_of
from collectors.collector import Context, Http
from collectors.messages.transcript import (
    ASKED,
    MAX_PAGES,
    MAX_THREADS,
    fetched,
    flag,
    group_of,
    links_in,
    pages_or_none,
)
from collectors.orders.record import moment
from collectors.secrets import Secret
from collectors.troubles import Troubles
from evidence.errors import ConfigError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of

_FIELD = re.compile(r"cf_[a-z0-9_]{1,80}")
_PAGE = 100
# Ticket sources in which the requester wrote the first message, and the one in which we did.
_BUYERS, _OURS = frozenset({"1", "2", "3", "7", "9"}), "10"


class Freshdesk:
    name = "freshdesk"
    version = 1
    roles = frozenset({Role.MESSAGE_THREAD, Role.MESSAGE_ATTACHMENT})
    needs: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset()

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ApiKey:
        """The secret `api_key` of an agent: the user of HTTP Basic, with any password."""
        key = secret_of(secrets, "api_key", source=self.name)
        basic = base64.b64encode(f"{key.reveal()}:X".encode()).decode()
        return ApiKey("Authorization", Secret("api_key_basic", basic), "Basic ")

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring the search's answer, then each ticket, its conversations and files."""
        http = context.need_http()
        troubles = Troubles()
        field = str(context.settings.get("order_field", ""))
        if not _FIELD.fullmatch(field):
            raise ConfigError(what="the setting order_field", why="it is not of the form cf_name")
        number = order.id.replace("'", "")
        reply = await http.get(
            "/api/v2/search/tickets", params={"query": f"\"{field}:'{number}'\""}
        )
        about = {"order.id": order.id}
        found = reply.item(
            Role.MESSAGE_THREAD, key=f"search/{order.id}", about=about, hints={"part": "search"}
        )
        page = pages_or_none(found)
        tickets = [] if page is None else _ids(page["results"])
        yield found
        for ticket in tickets[:MAX_THREADS]:
            with troubles.held():
                async for item in _ticket(http, ticket, about, troubles):
                    yield item
        troubles.raise_first()

    def read(self, item: Item) -> list[Fact]:
        """Read tickets or conversations in Freshdesk's order; ShapeError for another shape."""
        if item.role is Role.MESSAGE_ATTACHMENT:
            return []
        page = page_of(item)
        match item.hints.get("part"):
            case "search":
                tickets = enumerate(page["results"].each())
                return [fact for place, one in tickets for fact in _read_ticket(one, place)]
            case "ticket":
                return list(_read_ticket(page, 0))
        return list(_read_conversations(page))


async def _ticket(
    http: Http, ticket: str, about: Mapping[str, str], troubles: Troubles
) -> AsyncIterator[Item]:
    reply = await http.get(f"/api/v2/tickets/{ticket}")
    key = f"ticket/{ticket}"
    item = reply.item(
        Role.MESSAGE_THREAD, key=key, about=about, hints={"part": "ticket", "ticket": ticket}
    )
    page = pages_or_none(item)
    links = [] if page is None else links_in(item, [page["attachments"]], "attachment_url")
    yield item
    async for attached in fetched(http, links, key, troubles):
        yield attached
    for number in range(1, MAX_PAGES + 1):
        params = {"page": str(number), "per_page": str(_PAGE)}
        reply = await http.get(f"/api/v2/tickets/{ticket}/conversations", params=params)
        key = f"ticket/{ticket}/conversations/{number}"
        hints = {"part": "conversations", "ticket": ticket} | (
            {ASKED: str(number)} if number > 1 else {}
        )
        item = reply.item(Role.MESSAGE_THREAD, key=key, about=about, hints=hints)
        page = pages_or_none(item)
        children = list(page.each()) if page and isinstance(page.value, list) else []
        links = links_in(item, (one["attachments"] for one in children), "attachment_url")
        yield item
        async for attached in fetched(http, links, key, troubles):
            yield attached
        if len(children) < _PAGE:
            return


def _ids(node: Node) -> list[str]:
    children = list(node.each()) if isinstance(node.value, list) else []
    said = (one["id"].value for one in children)
    return [one for one in said if isinstance(one, str) and one.isdigit()]


def _read_ticket(ticket: Node, place: int) -> Iterator[Fact]:
    """A ticket, which is its first message too."""
    if not isinstance(ticket.value, dict):
        raise ticket.misshapen("an object")
    group = group_of(ticket, place)
    yield from ticket["id"].facts("thread.id", group=group)
    yield from ticket["status"].facts("thread.status", group=group)
    yield from ticket["subject"].facts("message.subject", group=group)
    yield from ticket["description_text"].facts("message.body", group=group)
    source = ticket["source"].text_or_none() or ""
    if source in _BUYERS or source == _OURS:
        role = "seller" if source == _OURS else "buyer"
        yield ticket["source"].fact("message.role", role, group=group)
    yield from moment("message.recorded.at", ticket["created_at"], group=group)
    for attached in ticket["attachments"].each():
        yield from attached["name"].facts("message.attachment", group=group)


def _read_conversations(page: Node) -> Iterator[Fact]:
    if not isinstance(page.value, list):
        raise page.misshapen("a list of conversations")
    if asked := page.item.hints.get(ASKED):
        yield page.fact("thread.asked", asked)
    for place, one in enumerate(page.each()):
        group = group_of(one, place)
        yield from one["id"].facts("message.id", group=group)
        yield from one["ticket_id"].facts("thread.id", group=group)
        if isinstance(incoming := one["incoming"].value, bool):
            role = "buyer" if incoming else "seller"
            yield one["incoming"].fact("message.role", role, group=group)
        yield from flag("message.private", one["private"], group=group)
        yield from one["body_text"].facts("message.body", group=group)
        yield from one["from_email"].facts("message.from", group=group)
        for to in one["to_emails"].each():
            yield from to.facts("message.to", group=group)
        yield from moment("message.recorded.at", one["created_at"], group=group)
        yield from moment("message.edited.at", one["last_edited_at"], group=group)
        if one["automation_id"].present:
            yield one["automation_id"].fact("message.automatic", "yes", group=group)
        for attached in one["attachments"].each():
            yield from attached["name"].facts("message.attachment", group=group)
    # A page that is not full is the last: Freshdesk says it in no other way that can be read.
    yield page.fact("thread.end", "yes" if len(page.value) < _PAGE else "no")
