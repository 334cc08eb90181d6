"""Mabang ERP (马帮): an order, its lines, its parcel and when the ERP shipped it.

Source   the open platform's gateway, `order-get-order-list-new`: envelope, signature and fields as
         five public clients agree on. Mabang publishes no description that could be kept here.
Tried    documented shape and sandbox. Never live: nobody gave us a developer key.
Times    naive, of a clock that nobody names; China's most likely. They stay local unless `zone`
         is declared. `createDate` is when the ERP took the order over, which is no event of it.
Limits   unpublished. Archived orders are asked for too (`allstatus`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.answers import Request
from collectors.auth import TokenAsk, secret_of, setting_of, with_headers
from collectors.collector import Context
from collectors.orders.record import count, label, moment, zone_in
from collectors.secrets import Secret
from evidence.errors import AccessError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of

MAX_PAGES = 20


@dataclass(frozen=True, slots=True)
class MabangAuth:
    """Authorization: the HMAC-SHA256 of the very body, in hex, under the developer's key."""

    key: Secret

    @property
    def secrets(self) -> tuple[Secret, ...]:
        return (self.key,)

    @property
    def secret_headers(self) -> tuple[str, ...]:
        return ("Authorization",)

    async def signed(self, request: Request, ask: TokenAsk, now: datetime) -> Request:
        code = hmac.new(self.key.reveal().encode(), request.body, hashlib.sha256).hexdigest()
        return with_headers(request, {"Authorization": code, "X-Requested-With": "XMLHttpRequest"})

    def refused(self, request: Request) -> bool:
        return False


class Mabang:
    name = "mabang"
    version = 1
    roles = frozenset({Role.ORDER_RECORD})
    needs: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset()
    origin = "seller"

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> MabangAuth:
        """The developer's key; `app_key` goes into each body. RequestError if one is missing."""
        setting_of(options, {}, "app_key", source=self.name)
        return MabangAuth(secret_of(secrets, "developer_key", source=self.name))

    def check(self, settings: Mapping[str, Any]) -> None:
        """An error where `zone` cannot be used."""
        zone_in(settings)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring every page that the ERP has on the platform's order number.

        It answers its own refusals with 200; one is an AccessError, and its exchange is kept.
        """
        http = context.need_http()
        zone = zone_in(context.settings)
        cursor = ""
        for page in range(1, MAX_PAGES + 1):
            data = {"platformOrderIds": order.id, "allstatus": 1}
            reply = await http.post(
                "/api/v2",
                json={
                    "api": "order-get-order-list-new",
                    "appkey": str(context.settings["app_key"]),
                    "data": data | ({"cursor": cursor} if cursor else {}),
                    "timestamp": str(int(context.now().timestamp())),
                    "version": 1,
                },
                safe=True,
            )
            item = reply.item(
                Role.ORDER_RECORD,
                key=f"order/{order.id}/page/{page}",
                about={"order.id": order.id},
                hints={"zone": zone},
            )
            answer = page_of(item)
            if answer["code"].text_or_none() != "200":
                raise AccessError(source=self.name, why="it refused the query in its own words")
            more = answer["data"]["hasNext"].text_or_none() == "true"
            cursor = answer["data"]["nextCursor"].text_or_none() or "" if more else ""
            yield item
            if not cursor:
                return

    def read(self, item: Item) -> list[Fact]:
        """Read the orders that bear the number asked for; ShapeError for an undocumented shape."""
        records = page_of(item)["data"]["data"]
        if not isinstance(records.value, list):
            raise records.misshapen("a list of orders")
        if not records.value:
            return [records.fact("order.unknown", "no such order")]
        return [
            fact
            for place, record in enumerate(records.each())
            if record["platformOrderId"].text_or_none() == item.about.get("order.id")
            for fact in _read_order(record, f"order/{place}", item.hints.get("zone") or None)
        ]


def _read_order(record: Node, group: str, zone: str | None) -> Iterator[Fact]:
    yield from record["platformOrderId"].facts("order.id", group=group)
    yield from record["salesRecordNumber"].facts("order.alias", group=group)
    yield from record["platformId"].facts("order.platform", group=group)
    yield from record["shopName"].facts("order.store", group=group)
    yield from record["orderStatus"].facts("order.status", group=group)
    yield from moment("order.paid.at", record["paidTime"], group=group, zone=zone)
    number = record["trackNumber"]
    parcel = label("parcel", number, 0)
    yield from number.facts("shipment.tracking_number", group=parcel)
    yield from record["myLogisticsChannelName"].facts("shipment.service", group=parcel)
    yield from moment("shipment.shipped.at", record["expressTime"], group=parcel, zone=zone)
    for place, line in enumerate(record["orderItem"].each()):
        its = f"{group}/item/{place}"
        yield from line["platformSku"].facts("order.item.sku", group=its)
        yield from count("order.item.quantity", line["quantity"], group=its)
