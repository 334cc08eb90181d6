"""Zendesk: the tickets that name an order, every comment with its files, what triggers sent.

Source   Support API v2: search, ticket comments with cursors, ticket audits, via objects
         (developer.zendesk.com, pages of 2026).
Tried    documented and sandbox. Never live: nobody gave us an account.
Times    RFC 3339 with `Z`: when Zendesk had it, not when a mail was sent.
Limits   search finds up to 1,000 tickets, a few minutes after they came; 50 are brought.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import Basic, secret_of, setting_of
from collectors.collector import Context, Http
from collectors.messages.transcript import (
    ASKED,
    MAX_PAGES,
    MAX_THREADS,
    fetched,
    group_of,
    links_in,
    page_facts,
    pages_or_none,
)
from collectors.orders.record import moment
from collectors.secrets import Secret
from collectors.troubles import Troubles
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of

_ROLES = {"end-user": "buyer", "agent": "seller", "admin": "seller"}
# What a via object says of what no person wrote.
_RULES = frozenset({"rule", "system"})


class Zendesk:
    name = "zendesk"
    version = 1
    roles = frozenset({Role.MESSAGE_THREAD, Role.MESSAGE_ATTACHMENT})
    needs: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset()

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> Basic:
        """`email` of an agent; the secret `api_token`."""
        user = setting_of(options, secrets, "email", source=self.name)
        return Basic(f"{user}/token", secret_of(secrets, "api_token", source=self.name))

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring the search's answer, then each ticket's comments, files and audits."""
        http = context.need_http()
        troubles = Troubles()
        reply = await http.get("/api/v2/search.json", params={"query": f'type:ticket "{order.id}"'})
        about = {"order.id": order.id}
        found = reply.item(
            Role.MESSAGE_THREAD, key=f"search/{order.id}", about=about, hints={"part": "search"}
        )
        page = pages_or_none(found)
        tickets = [] if page is None else _ids(page["results"])
        yield found
        for ticket in tickets[:MAX_THREADS]:
            for part in ("comments", "audits"):
                with troubles.held():
                    async for item in _pages(http, ticket, part, about, troubles):
                        yield item
        troubles.raise_first()

    def read(self, item: Item) -> list[Fact]:
        """Read tickets, comments or audits in Zendesk's order; ShapeError for another shape."""
        if item.role is Role.MESSAGE_ATTACHMENT:
            return []
        return list(_READERS.get(item.hints.get("part", ""), _read_search)(page_of(item)))


async def _pages(
    http: Http, ticket: str, part: str, about: Mapping[str, str], troubles: Troubles
) -> AsyncIterator[Item]:
    cursor = ""
    for number in range(1, MAX_PAGES + 1):
        params = {"page[size]": "100"}
        if part == "comments":
            params |= {"include": "users", "include_inline_images": "true"}
        params |= {"page[after]": cursor} if cursor else {}
        reply = await http.get(f"/api/v2/tickets/{ticket}/{part}", params=params)
        key = f"ticket/{ticket}/{part}/{number}"
        hints = {"part": part, "ticket": ticket} | ({ASKED: cursor} if cursor else {})
        item = reply.item(Role.MESSAGE_THREAD, key=key, about=about, hints=hints)
        page = pages_or_none(item)
        cursor, links = "", []
        if page is not None:
            lists = (one["attachments"] for one in _children(page[part]))
            links = links_in(item, lists, "content_url") if part == "comments" else []
            if page["meta"]["has_more"].value is True:
                after = page["meta"]["after_cursor"].value
                cursor = after if isinstance(after, str) else ""
        yield item
        async for attached in fetched(http, links, key, troubles):
            yield attached
        if not cursor:
            return


def _children(node: Node) -> list[Node]:
    return list(node.each()) if isinstance(node.value, list) else []


def _ids(node: Node) -> list[str]:
    said = (one["id"].value for one in _children(node) if isinstance(one.value, dict))
    return [one for one in said if isinstance(one, str) and one.isdigit()]


def _read_search(page: Node) -> Iterator[Fact]:
    for place, ticket in enumerate(page["results"].each()):
        group = group_of(ticket, place).replace("message/", "ticket/")
        yield from ticket["id"].facts("thread.id", group=group)
        yield from ticket["status"].facts("thread.status", group=group)
        yield from ticket["subject"].facts("message.subject", group=group)
        yield from ticket["external_id"].facts("order.alias", group=group)


def _read_comments(page: Node) -> Iterator[Fact]:
    if ticket := page.item.hints.get("ticket"):
        yield page.fact("thread.id", ticket)
    users = {one["id"].text_or_none(): one["role"].text_or_none() for one in page["users"].each()}
    for place, comment in enumerate(page["comments"].each()):
        group = group_of(comment, place)
        yield from comment["id"].facts("message.id", group=group)
        role = _ROLES.get(users.get(comment["author_id"].text_or_none()) or "")
        if role is not None:
            yield comment["author_id"].fact("message.role", role, group=group)
        body = "plain_body" if comment["plain_body"].present else "body"
        yield from comment[body].facts("message.body", group=group)
        if isinstance(public := comment["public"].value, bool):
            told = "no" if public else "yes"
            yield comment["public"].fact("message.private", told, group=group)
        yield from moment("message.recorded.at", comment["created_at"], group=group)
        via = comment["via"]
        yield from via["source"]["from"]["address"].facts("message.from", group=group)
        yield from via["source"]["to"]["address"].facts("message.to", group=group)
        yield from _automatic(via, group)
        for attached in comment["attachments"].each():
            yield from attached["file_name"].facts("message.attachment", group=group)
    more = page["meta"]["has_more"].value
    yield from page_facts(
        page,
        page["meta"]["after_cursor"],
        last=not more if isinstance(more, bool) else None,
    )


def _read_audits(page: Node) -> Iterator[Fact]:
    """What triggers and automations sent: such notifications are no comments."""
    for place, audit in enumerate(page["audits"].each()):
        for index, event in enumerate(audit["events"].each()):
            if event["type"].text_or_none() != "Notification":
                continue
            group = f"{group_of(audit, place)}/{index}"
            yield from event["id"].facts("message.id", group=group)
            yield event["type"].fact("message.role", "system", group=group)
            yield from event["subject"].facts("message.subject", group=group)
            yield from event["body"].facts("message.body", group=group)
            yield from moment("message.recorded.at", audit["created_at"], group=group)
            yield from _automatic(event["via"], group)
    more = page["meta"]["has_more"].value
    yield from page_facts(
        page,
        page["meta"]["after_cursor"],
        last=not more if isinstance(more, bool) else None,
    )


def _automatic(via: Node, group: str) -> Iterator[Fact]:
    if via["channel"].text_or_none() in _RULES:
        yield via["channel"].fact("message.automatic", "yes", group=group)


_READERS = {"search": _read_search, "comments": _read_comments, "audits": _read_audits}
