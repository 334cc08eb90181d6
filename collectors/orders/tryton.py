"""Tryton: a sale, its lines, shipments, packages and invoices, and the audit trail of each.

Source   Tryton 8.2, REST for applications (`/<database>/rest/model/<model>`), whose filters
         are JSON domains in URL-safe base64.
Tried    live, on a server that the test starts.
Times    `datetime` objects without a zone: UTC, whatever the server's own zone. Days have no zone.
Limits   a key acts for one user application and is useless until that user validates it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from collectors.auth import ApiKey, secret_of
from collectors.collector import Context
from collectors.orders.record import amount, count, label, recipient, unread
from collectors.secrets import Secret
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import Node, page_of
from evidence.times import Instant, LocalDate, ZoneBasis

_SALE = (
    "number", "reference", "state", "sale_date", "write_date", "party.name", "currency.code",
    "total_amount", "lines.product.code", "lines.product.name", "lines.quantity",
    "shipments.number", "shipments.state", "shipments.effective_date",
    *(f"shipments.delivery_address.{f}" for f in ("street", "city", "postal_code", "country.code")),
    "invoices.number", "invoices.state", "invoices.invoice_date", "invoices.total_amount",
)  # fmt: skip
# Of the module stock_package_shipping; a server without it answers a field it lacks with 500.
_PACKAGES = ("shipments.carrier.party.name", "shipments.packages.shipping_reference")
_LOG = ("create_date", "event", "action", "target", "resource", "user.login")
MOST = 200
_TO = {"street": ("street",), "city": ("city",), "postal_code": ("postal_code",)}


class Tryton:
    name = "tryton"
    version = 1
    roles = frozenset({Role.ORDER_RECORD})
    needs: frozenset[str] = frozenset()
    wants = frozenset({"order.alias"})
    origin = "seller"

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ApiKey:
        """The key of a user application. RequestError if it is missing."""
        key = secret_of(secrets, "application_key", source=self.name)
        return ApiKey("Authorization", key, "bearer ")

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring the sales of this reference or number, then their log and their shipments'."""
        numbers = list(dict.fromkeys([order.id, *context.known_all("order.alias")]))
        domain = ["OR", ["reference", "in", numbers], ["number", "in", numbers]]
        sales = await _search(context, order, "sale.sale", domain, (*_SALE, *_PACKAGES), {200, 500})
        if sales.hints["http.status"] == "500":
            sales = await _search(context, order, "sale.sale", domain, _SALE, {200})
        resources = _resources(sales)
        yield sales
        if resources:
            of_these = ["resource", "in", resources]
            yield await _search(context, order, "ir.model.log", [of_these], _LOG, {200})

    def read(self, item: Item) -> list[Fact]:
        """Read the records of one model; ShapeError for an undocumented shape."""
        page = page_of(item)
        if not isinstance(page.value, list):
            raise page.misshapen("a list of records")
        if item.hints.get("model") == "ir.model.log":
            return [f for place, entry in enumerate(page.each()) for f in _read_log(entry, place)]
        if not page.value:
            return [page.fact("order.unknown", "no such order")]
        return [f for place, sale in enumerate(page.each()) for f in _read_sale(sale, place)]


async def _search(
    context: Context,
    order: OrderRef,
    model: str,
    domain: list[Any],
    fields: tuple[str, ...],
    answers: set[int],
) -> Item:
    filtered = base64.urlsafe_b64encode(json.dumps(domain).encode()).decode()
    reply = await context.need_http().get(
        f"/rest/model/{model}",
        params=[("d", filtered), ("s", str(MOST)), *(("f", field) for field in fields)],
        answers=answers,
    )
    return reply.item(
        Role.ORDER_RECORD,
        key=f"{model}/{order.id}",
        about={"order.id": order.id},
        hints={"model": model, "http.status": str(reply.status)},
    )


def _resources(sales: Item) -> list[str]:
    """Sales and shipments as the log names them; none where the answer cannot be read."""
    try:
        found = []
        for sale in page_of(sales).each():
            found.append(f"sale.sale,{sale['id'].text()}")
            found += [f"stock.shipment.out,{one['id'].text()}" for one in sale["shipments"].each()]
    except EvidenceError:
        return []
    return found


def _when(name: str, node: Node, group: str) -> Iterator[Fact]:
    """Tryton's datetime or date object as a time, in ISO 8601."""
    if not node.present:
        return
    try:
        year, month, day = (_part(node[key], 4) for key in ("year", "month", "day"))
        if node["__class__"].text_or_none() == "date":
            whole = date(year, month, day)
            yield node.fact(name, LocalDate(whole, whole.isoformat()), group=group)
            return
        hour, minute, second, micro = (
            _part(node[key], 6) for key in ("hour", "minute", "second", "microsecond")
        )
        wall = datetime(year, month, day, hour, minute, second, micro)
        at = Instant(wall.replace(tzinfo=UTC), wall.isoformat(" "), "UTC", ZoneBasis.DECLARED, 1e-6)
        yield node.fact(name, at, group=group)
    except (ValueError, EvidenceError):
        yield from _unread_object(node, group)


def _part(node: Node, digits: int) -> int:
    """A part of a time. ValueError where it is missing: it is no nought then."""
    said = node.text_or_none() or ""
    if not said.isdecimal() or len(said) > digits:
        raise ValueError(said)
    return int(said)


def _unread_object(node: Node, group: str) -> Iterator[Fact]:
    """`field.unread` for an object: in the words of its first part that has any."""
    if isinstance(node.value, dict):
        for key in node.value:
            if isinstance(node[key].value, str) and node[key].text_or_none():
                yield unread(node[key], group=group)
                return
    elif isinstance(node.value, str) and node.text_or_none():
        yield unread(node, group=group)


def _money(name: str, node: Node, currency: str | None, group: str) -> Iterator[Fact]:
    yield from amount(name, node["decimal"], currency, group=group)


def _read_sale(sale: Node, place: int) -> Iterator[Fact]:
    group = label("order", sale["number"], place)
    currency = sale["currency"]["code"].text_or_none()
    yield from sale["reference"].facts("order.id", group=group)
    yield from sale["number"].facts("order.alias", group=group)
    yield from sale["state"].facts("order.status", group=group)
    yield from sale["party"]["name"].facts("order.buyer", group=group)
    yield from _when("order.placed.at", sale["sale_date"], group)
    yield from _when("order.updated.at", sale["write_date"], group)
    yield from _money("order.total", sale["total_amount"], currency, group)
    for number, line in enumerate(sale["lines"].each()):
        its = f"{group}/item/{number}"
        yield from line["product"]["code"].facts("order.item.sku", group=its)
        yield from line["product"]["name"].facts("order.item.title", group=its)
        yield from count("order.item.quantity", line["quantity"], group=its)
    for number, shipment in enumerate(sale["shipments"].each()):
        yield from _read_shipment(shipment, number)
    for number, invoice in enumerate(sale["invoices"].each()):
        its = label("invoice", invoice["number"], number)
        yield from invoice["number"].facts("invoice.id", group=its)
        yield from invoice["state"].facts("invoice.status", group=its)
        yield from _when("invoice.at", invoice["invoice_date"], its)
        yield from _money("invoice.amount", invoice["total_amount"], currency, its)


def _read_shipment(shipment: Node, place: int) -> Iterator[Fact]:
    group = label("shipment", shipment["number"], place)
    yield from shipment["number"].facts("shipment.id", group=group)
    yield from shipment["state"].facts("shipment.status", group=group)
    yield from _when("shipment.shipped.at", shipment["effective_date"], group)
    yield from shipment["carrier"]["party"]["name"].facts("shipment.carrier", group=group)
    for package in shipment["packages"].each():
        yield from package["shipping_reference"].facts("shipment.tracking_number", group=group)
    address = shipment["delivery_address"]
    yield from recipient(address, _TO, group=group)
    yield from recipient(address["country"], {"country": ("code",)}, group=group)


def _read_log(entry: Node, place: int) -> Iterator[Fact]:
    """Who did what to which record, and when: every button and change of state."""
    group = f"event/{place}"
    for word in ("action", "target", "event"):
        if entry[word].text_or_none():
            yield entry[word].fact("order.event", group=group)
            break
    yield from _when("order.event.at", entry["create_date"], group)
