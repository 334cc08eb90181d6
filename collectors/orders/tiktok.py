"""TikTok Shop: an order with its packages, tracking, returns and cancellations.

Source   Open API: orders 202507, fulfilment 202309, returns 202602, external orders 202406
         (Partner Center pages of 2026, by way of a client generated from them).
Tried    documented and sandbox. Never live: nobody gave us a shop.
Times    seconds since 1970, of tracking milliseconds: UTC. The order's `delivery_time` is when
         TikTok set its status, and no scan.
Limits   no published rate. The codes of tracking events are not published either, so each is
         scan.other in TikTok's words. Photos and videos of a return are links that expire: they are
         fetched as soon as they are known.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

from collectors.collector import Context, Http, Reply
from collectors.orders.links import MOST_PAGES
from collectors.orders.record import numbers
from collectors.orders.tiktok_api import TikTokAuth, refuse_failure, tiktok_auth
from collectors.orders.tiktok_reading import read_answer
from collectors.secrets import Secret
from collectors.troubles import Troubles
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.pages import Node, page_of

NUMBER = re.compile(r"[0-9]{17,19}")
MOST_MEDIA = 40
# What TikTok calls the platforms whose numbers a seller may have tied to its orders.
_ELSEWHERE = {Platform.AMAZON: "AMAZON", Platform.SHOPIFY: "SHOPIFY"}


class TikTok:
    name = "tiktok"
    version = 1
    roles = frozenset(
        {
            Role.ORDER_RECORD,
            Role.SHIPMENT_RECORD,
            Role.TRACKING_HISTORY,
            Role.REFUND_RECORD,
            Role.MESSAGE_ATTACHMENT,
        }
    )
    needs: frozenset[str] = frozenset()
    wants = frozenset({"order.alias"})
    platforms = frozenset({Platform.TIKTOK})

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> TikTokAuth:
        """`app_key` and `shop_cipher`; the secrets `app_secret` and `refresh_token`."""
        return tiktok_auth(options, secrets, source=self.name)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring the order, its returns with their pictures, its packages and their tracking.

        An order of another platform is looked for by its number there. An order that TikTok does
        not know is brought as such an answer. A part that fails does not keep the others from being
        asked for.
        """
        http = context.need_http()
        troubles = Troubles()
        ids = numbers(order, context, platform=Platform.TIKTOK, shape=NUMBER)
        if not ids and (platform := _ELSEWHERE.get(order.platform)):
            ids = await _found(http, context, order.id, platform)
        for number in ids:
            with troubles.held():
                reply = await http.get("/order/202507/orders", params={"ids": number})
                refuse_failure(reply, context, what=f"the order {number}")
                item = reply.item(
                    Role.ORDER_RECORD,
                    key=f"order/{number}",
                    about={"order.id": number},
                    hints={"asked": "order"},
                )
                packages = _listed(item, "orders", "packages")
                known = bool(_listed(item, "orders"))
                if known or number == order.id:
                    yield item
                if not known:
                    continue
                async for part in _parts(http, context, number, packages, troubles):
                    yield part
        troubles.raise_first()

    def read(self, item: Item) -> list[Fact]:
        """Read whichever of the answers it is; pictures say nothing. ShapeError otherwise."""
        if item.role is Role.MESSAGE_ATTACHMENT:
            return []
        return list(read_answer(page_of(item), order_asked=item.hints.get("asked") == "order"))


async def _found(http: Http, context: Context, number: str, platform: str) -> list[str]:
    params = {"platform": platform, "external_order_id": number}
    path = "/order/202406/orders/external_order_search"
    reply = await http.post(path, params=params, json={}, safe=True)
    refuse_failure(reply, context, what=f"looking for {number}")
    orders = page_of(reply.item(Role.EXCHANGE))["data"]["orders"].each()
    return [one for node in orders if NUMBER.fullmatch(one := node["id"].text_or_none() or "")]


async def _parts(
    http: Http, context: Context, number: str, packages: list[str], troubles: Troubles
) -> AsyncIterator[Item]:
    with troubles.held():
        async for item in _returns(http, context, number, troubles):
            yield item
    with troubles.held():
        async for reply, key in _pages(http, context, "cancellations", number):
            yield reply.item(Role.REFUND_RECORD, key=key, about={"order.id": number})
    asked = [
        (Role.SHIPMENT_RECORD, f"/fulfillment/202309/packages/{package}", f"package/{package}")
        for package in dict.fromkeys(packages)
    ]
    asked.append((Role.TRACKING_HISTORY, f"/fulfillment/202309/orders/{number}/tracking", "track"))
    asked.append((Role.ORDER_RECORD, f"/order/202406/orders/{number}/external_orders", "external"))
    for role, path, key in asked:
        with troubles.held():
            reply = await http.get(path)
            refuse_failure(reply, context, what=f"{key} of the order {number}")
            yield reply.item(role, key=f"order/{number}/{key}", about={"order.id": number})


async def _returns(
    http: Http, context: Context, number: str, troubles: Troubles
) -> AsyncIterator[Item]:
    """Each page of returns, then the history of each return, then what its links lead to."""
    async for reply, key in _pages(http, context, "returns", number):
        page = reply.item(Role.REFUND_RECORD, key=key, about={"order.id": number})
        returns = _listed(page, "return_orders", key="return_id")
        yield page
        for one in returns:
            with troubles.held():
                history = await http.get(f"/return_refund/202309/returns/{one}/records")
                refuse_failure(history, context, what=f"the return {one}")
                item = history.item(
                    Role.REFUND_RECORD, key=f"return/{one}/records", about={"order.id": number}
                )
                links = _media(item)
                yield item
                async for media in _fetched(http, links, one, troubles):
                    yield media


async def _fetched(
    http: Http, links: list[str], number: str, troubles: Troubles
) -> AsyncIterator[Item]:
    for place, url in enumerate(links):
        with troubles.held():
            reply = await http.fetch(url)
            yield reply.item(Role.MESSAGE_ATTACHMENT, key=f"return/{number}/media/{place}")


async def _pages(
    http: Http, context: Context, kind: str, number: str
) -> AsyncIterator[tuple[Reply, str]]:
    """The pages of a search for the order's returns or cancellations, each with its item's key."""
    token = ""
    for page in range(1, MOST_PAGES + 1):
        params = {"page_size": "50"} | ({"page_token": token} if token else {})
        path = f"/return_refund/202602/{kind}/search"
        reply = await http.post(path, params=params, json={"order_ids": [number]}, safe=True)
        refuse_failure(reply, context, what=f"the {kind} of the order {number}")
        token = _next(reply)
        yield reply, f"order/{number}/{kind}/{page}"
        if not token:
            return


def _next(reply: Reply) -> str:
    try:
        node = page_of(reply.item(Role.EXCHANGE))["data"]["next_page_token"]
        return node.text_or_none() or ""
    except EvidenceError:
        return ""


def _listed(item: Item, name: str, inside: str = "", *, key: str = "id") -> list[str]:
    """Numbers in a list of the answer, or in the lists inside it; none of what cannot be read."""
    try:
        nodes = list(page_of(item)["data"][name].each())
        if inside:
            nodes = [child for node in nodes for child in node[inside].each()]
        said = (node[key].text_or_none() for node in nodes)
        return [one for one in said if one is not None and one.isascii() and one.isdigit()]
    except EvidenceError:
        return []  # read() will say what is wrong with it


def _media(item: Item) -> list[str]:
    try:
        records = list(page_of(item)["data"]["records"].each())
        nodes: list[Node] = []
        for record in records:
            nodes += [*record["images"].each(), *record["videos"].each()]
        found = (node["url"].text_or_none() for node in nodes)
        return list(dict.fromkeys(url for url in found if url is not None))[:MOST_MEDIA]
    except EvidenceError:
        return []
