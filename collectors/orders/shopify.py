"""Shopify: an order with its fulfilments and their events, payments, refunds and timeline.

Source   Admin API 2026-07: REST for the records, one GraphQL query to find them (shopify_api.py).
Tried    documented and sandbox; on the records of Shopify's own client libraries. Never live.
Times    RFC 3339 in the shop's offset, so they are instants. An order that another platform's
         importer made was created when it was imported: its times are `order.recorded.at`.
Limits   2 requests a second, 40 at once. Without the scope read_all_orders the last 60 days.
         Apps, and the merchant, may add events to a fulfilment: Shopify repeats what it was told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from collectors.auth import Auth
from collectors.collector import Context, Http, Reply
from collectors.mentions import Mentions
from collectors.orders.links import next_page
from collectors.orders.shopify_api import (
    Found,
    admin,
    names_of,
    own_ids,
    refuse_writing,
    search,
    shopify_auth,
    terms_of,
)
from collectors.orders.shopify_reading import read_answer
from collectors.secrets import Secret
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.pages import MAX_PAGE, Node, page_of


class Shopify:
    name = "shopify"
    version = 2
    roles = frozenset({Role.ORDER_RECORD, Role.TRACKING_HISTORY, Role.PAYMENT_RECORD})
    needs: frozenset[str] = frozenset()
    wants = frozenset({"order.alias"})
    platforms = frozenset({Platform.SHOPIFY})
    rate = (2.0, 40)

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> Auth:
        """`access_token` (secret), or `client_id` and `client_secret`."""
        return shopify_auth(options, secrets, source=self.name)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each order of the shop that is this one, then what hangs on it.

        Asked by its id where that is known, else searched for by name, by the number of another
        platform, by aliases. What the search finds counts only if the record itself mentions one of
        these. "Not found" of the shop's own order is brought too.
        """
        http = context.need_http()
        await refuse_writing(http, context)
        mentions = Mentions.of(order, context)
        found = own_ids(order, context)
        if not any(one.sure for one in found):
            answer, more = await search(http, context, terms_of(order, context))
            names = names_of(order, context)
            more = [replace(one, sure=one.name in names) for one in more]
            found += [one for one in more if one.id not in {known.id for known in found}]
            if answer is not None and not more and order.platform is Platform.SHOPIFY:
                yield answer.item(
                    Role.ORDER_RECORD, key=f"search/{order.id}", about={"order.id": order.id}
                )
        for one in found:
            async for item in _bring(http, one, context, mentions):
                yield item

    def read(self, item: Item) -> list[Fact]:
        """Read whichever of the answers it is. ShapeError for an undocumented shape."""
        return list(read_answer(page_of(item)))


async def _bring(
    http: Http, one: Found, context: Context, mentions: Mentions
) -> AsyncIterator[Item]:
    path = f"{admin(context)}/orders/{one.id}"
    reply = await http.get(f"{path}.json", answers={200, 404})
    if not one.sure and (reply.status == 404 or not _is_meant(reply, mentions)):
        return
    item = reply.item(
        Role.ORDER_RECORD,
        key=f"order/{one.id}",
        about={"order.id": one.id},
        hints={"http.status": str(reply.status)},
    )
    # Looked up first: once an item is handed over, its bytes may have moved on.
    fulfilments = list(_fulfilments(item)) if reply.status == 200 else []
    yield item
    if reply.status == 404:
        return
    for number, tracking in fulfilments:
        events = await http.get(f"{path}/fulfillments/{number}/events.json", answers={200, 404})
        if events.status == 200:
            yield events.item(
                Role.TRACKING_HISTORY,
                key=f"order/{one.id}/fulfillment/{number}",
                about={"shipment.tracking_number": tracking} if tracking else {},
            )
    payments = await http.get(f"{path}/transactions.json")
    yield payments.item(Role.PAYMENT_RECORD, key=f"order/{one.id}/transactions")
    timeline: Reply | None = await http.get(f"{path}/events.json", params={"limit": "250"})
    pages = 0
    while timeline is not None:
        pages += 1
        yield timeline.item(Role.ORDER_RECORD, key=f"order/{one.id}/events/{pages}")
        timeline = await next_page(http, timeline, seen=pages)


def _is_meant(reply: Reply, mentions: Mentions) -> bool:
    data = reply.content.read(MAX_PAGE)
    return bool(mentions.found_in(data.decode("utf-8", "replace")))


def _fulfilments(item: Item) -> list[tuple[str, str]]:
    """Number and tracking number of each; none of an answer that cannot be read."""
    try:
        listed = list(page_of(item)["order"]["fulfillments"].each())
        return [(_digits(one["id"]), one["tracking_number"].text_or_none() or "") for one in listed]
    except EvidenceError:
        return []  # read() will say what is wrong with it


def _digits(node: Node) -> str:
    number = node.text()
    if not (number.isascii() and number.isdigit()):
        raise node.misshapen("a number")
    return number
