"""Odoo: a sales order, its lines, its deliveries and its log, from the JSON-2 API.

Source   Odoo 19, "External JSON-2 API" (odoo/documentation, external_api.rst): search_read of
         sale.order, sale.order.line, stock.picking and mail.message.
Tried    documented shape and sandbox. Never live: no Odoo server can be installed for a test.
Times    naive texts, which the ORM keeps in UTC (ORM reference, "Date(time) Fields").
Limits   an API key acts for its user: give it one that only reads Sales and Inventory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectors.answers import Request
from collectors.auth import TokenAsk, secret_of, with_headers
from collectors.collector import Context
from collectors.orders.record import amount, count, label, moment
from collectors.secrets import Secret
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of

_FIELDS = {
    "sale.order": (
        "name", "client_order_ref", "origin", "state", "date_order", "write_date", "amount_total",
        "currency_id", "partner_id",
    ),
    "sale.order.line": ("order_id", "product_id", "name", "product_uom_qty", "qty_delivered"),
    "stock.picking": (
        "name", "origin", "state", "date_done", "carrier_id", "carrier_tracking_ref", "partner_id",
    ),
    "mail.message": ("model", "res_id", "date", "message_type", "subtype_id", "body", "author_id"),
}  # fmt: skip
MOST = 100


@dataclass(frozen=True, slots=True)
class OdooAuth:
    """A user's API key, and the database where a server has several."""

    key: Secret
    database: str

    @property
    def secrets(self) -> tuple[Secret, ...]:
        return (self.key,)

    @property
    def secret_headers(self) -> tuple[str, ...]:
        return ("Authorization",)

    async def signed(self, request: Request, ask: TokenAsk, now: datetime) -> Request:
        database = {"X-Odoo-Database": self.database} if self.database else {}
        return with_headers(request, {"Authorization": f"bearer {self.key.reveal()}", **database})

    def refused(self, request: Request) -> bool:
        return False


class Odoo:
    name = "odoo"
    version = 1
    roles = frozenset({Role.ORDER_RECORD, Role.SHIPMENT_RECORD})
    needs: frozenset[str] = frozenset()
    wants = frozenset({"order.alias"})
    origin = "seller"

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> OdooAuth:
        """`api_key` secret, `database` optional. RequestError naming what is missing."""
        return OdooAuth(
            secret_of(secrets, "api_key", source=self.name), str(options.get("database", ""))
        )

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring the sales orders of this number, then their lines, deliveries and log.

        A number is the customer's reference, the source document, or Odoo's own name.
        """
        numbers = list(dict.fromkeys([order.id, *context.known_all("order.alias")]))
        fields = ("client_order_ref", "origin", "name")
        domain = ["|"] * (len(fields) - 1) + [[field, "in", numbers] for field in fields]
        found = await _search(context, "sale.order", domain, Role.ORDER_RECORD, order)
        ids, names = _learnt(found)
        yield found
        if not ids:
            return
        for model, role, about in (
            ("sale.order.line", Role.ORDER_RECORD, [["order_id", "in", ids]]),
            ("stock.picking", Role.SHIPMENT_RECORD, [["origin", "in", names]]),
            ("mail.message", Role.ORDER_RECORD,
             [["model", "=", "sale.order"], ["res_id", "in", ids]]),
        ):  # fmt: skip
            yield await _search(context, model, about, role, order)

    def read(self, item: Item) -> list[Fact]:
        """Read the records of one model; ShapeError for an undocumented shape."""
        page = page_of(item)
        if not isinstance(page.value, list):
            raise page.misshapen("a list of records")
        model = item.hints.get("model", "")
        if not page.value and model == "sale.order":
            return [page.fact("order.unknown", "no such order")]
        read = _READERS.get(model)
        if read is None:
            return []
        return [fact for place, record in enumerate(page.each()) for fact in read(record, place)]


async def _search(
    context: Context, model: str, domain: list[Any], role: Role, order: OrderRef
) -> Item:
    reply = await context.need_http().post(
        f"/json/2/{model}/search_read",
        json={
            "domain": domain,
            "fields": list(_FIELDS[model]),
            "limit": MOST,
            "context": {"lang": "en_US"},
        },
        safe=True,
    )
    return reply.item(
        role, key=f"{model}/{order.id}", about={"order.id": order.id}, hints={"model": model}
    )


def _learnt(found: Item) -> tuple[list[int], list[str]]:
    """Ids and names of the orders found; none where the answer cannot be read."""
    try:
        records = list(page_of(found).each())
        ids = [text for record in records if (text := record["id"].text_or_none())]
        names = [text for record in records if (text := record["name"].text_or_none())]
    except EvidenceError:
        return [], []
    return [int(text) for text in ids if text.isdecimal()], names


def _linked(node: Node) -> Node:
    """The name in Odoo's way to show a record: [id, name]; false where there is none."""
    return node[1]


def _said(name: str, node: Node, group: str) -> Iterator[Fact]:
    """Text; Odoo writes false for what is not set."""
    if node.value is not False:
        yield from node.facts(name, group=group)


def _at(name: str, node: Node, group: str) -> Iterator[Fact]:
    if node.value is not False:
        yield from moment(name, node, group=group, zone="UTC")


def _read_sale(sale: Node, place: int) -> Iterator[Fact]:
    group = label("order", sale["name"], place)
    yield from _said("order.id", sale["client_order_ref"], group)
    yield from _said("order.alias", sale["name"], group)
    yield from _said("order.platform", sale["origin"], group)
    yield from _said("order.status", sale["state"], group)
    yield from _at("order.placed.at", sale["date_order"], group)
    yield from _at("order.updated.at", sale["write_date"], group)
    currency = _linked(sale["currency_id"]).text_or_none()
    yield from amount("order.total", sale["amount_total"], currency, group=group)
    yield from _said("order.buyer", _linked(sale["partner_id"]), group)


def _read_line(line: Node, place: int) -> Iterator[Fact]:
    group = f"item/{place}"
    yield from _said("order.item.id", line["id"], group)
    yield from _said("order.item.title", line["name"], group)
    yield from count("order.item.quantity", line["product_uom_qty"], group=group)
    yield from count("order.item.shipped", line["qty_delivered"], group=group)


def _read_picking(picking: Node, place: int) -> Iterator[Fact]:
    number = picking["carrier_tracking_ref"]
    group = label("parcel", number, place) if number.value is not False else f"parcel/#{place}"
    yield from _said("shipment.id", picking["name"], group)
    yield from _said("shipment.tracking_number", number, group)
    yield from _said("shipment.carrier", _linked(picking["carrier_id"]), group)
    yield from _said("shipment.status", picking["state"], group)
    yield from _at("shipment.shipped.at", picking["date_done"], group)
    yield from _said("shipment.recipient.name", _linked(picking["partner_id"]), group)


def _read_entry(entry: Node, place: int) -> Iterator[Fact]:
    group = f"event/{place}"
    said = entry["body"] if entry["body"].value not in (False, "", None) else entry["message_type"]
    yield from _said("order.event", said, group)
    yield from _at("order.event.at", entry["date"], group)


_READERS: dict[str, Callable[[Node, int], Iterator[Fact]]] = {
    "sale.order": _read_sale,
    "sale.order.line": _read_line,
    "stock.picking": _read_picking,
    "mail.message": _read_entry,
}
