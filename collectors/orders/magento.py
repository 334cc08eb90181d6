"""Magento: an order of a shop of the seller's own, with its shipments, refunds and history.

Source   Magento 2 (Adobe Commerce, Mage-OS) REST, `/rest/V1`: orders, shipments, creditmemos.
Tried    its shape as we know it, unverified, and sandbox. Never live.
Times    `2026-06-12 19:44:02` without a zone. Magento keeps UTC in its database, and extensions are
         known to write otherwise: they stay local times unless the operator declares `zone`.
Limits   the server's own. It is the seller's: what it says is the seller's word.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import ApiKey, secret_of
from collectors.collector import Context
from collectors.orders.record import (
    amount,
    count,
    label,
    moment,
    recipient,
    said,
    zone_in,
)
from collectors.secrets import Secret
from collectors.troubles import Troubles
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.pages import Node, page_of

MOST = 10
_WORD = re.compile(r"[#0-9A-Za-z._-]{3,50}")
_ID = re.compile(r"[0-9]{1,18}")
_TO = {
    "city": ("city",),
    "region": ("region_code",),
    "postal_code": ("postcode",),
    "country": ("country_id",),
}


class Magento:
    name = "magento"
    version = 1
    roles = frozenset({Role.ORDER_RECORD, Role.SHIPMENT_RECORD, Role.REFUND_RECORD})
    needs: frozenset[str] = frozenset()
    wants = frozenset({"order.alias"})
    platforms = frozenset({Platform.OTHER})
    origin = "seller"

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ApiKey:
        """The secret `access_token` of an integration that may only view."""
        token = secret_of(secrets, "access_token", source=self.name)
        return ApiKey("Authorization", token, prefix="Bearer ")

    def check(self, settings: Mapping[str, Any]) -> None:
        """An error where `zone` cannot be used."""
        zone_in(settings)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring the orders that go by one of the order's names, then what hangs on each.

        A name is looked for among the shop's own numbers and those of other systems. That an order
        of a shop's own is not there is brought too.
        """
        http = context.need_http()
        hints = {"zone": zone_in(context.settings)}
        names = dict.fromkeys([order.id, *context.known_all("order.alias")])
        wanted = [name for name in names if _WORD.fullmatch(name)][:MOST]
        if not wanted:
            return
        filters = [(field, one) for one in wanted for field in ("increment_id", "ext_order_id")]
        reply = await http.get("/rest/V1/orders", params=_criteria(filters))
        item = reply.item(
            Role.ORDER_RECORD, key=f"orders/{order.id}", about={"order.id": order.id}, hints=hints
        )
        ids = _ids(item)
        if ids or order.platform is Platform.OTHER or not _nothing(item):
            yield item
        troubles = Troubles()
        for one in ids:
            for role, path in (
                (Role.SHIPMENT_RECORD, "shipments"),
                (Role.REFUND_RECORD, "creditmemos"),
            ):
                with troubles.held():
                    part = await http.get(f"/rest/V1/{path}", params=_criteria([("order_id", one)]))
                    yield part.item(role, key=f"order/{one}/{path}", about=item.about, hints=hints)
        troubles.raise_first()

    def read(self, item: Item) -> list[Fact]:
        """Read a list of orders, shipments or credit memos, by the item's role."""
        zone = item.hints.get("zone") or None
        listed = page_of(item)["items"]
        if not isinstance(listed.value, list):
            raise listed.misshapen("a list")
        ones = list(listed.each())
        match item.role:
            case Role.SHIPMENT_RECORD:
                return [fact for n, one in enumerate(ones) for fact in _read_shipment(one, n, zone)]
            case Role.REFUND_RECORD:
                return [fact for n, one in enumerate(ones) for fact in _read_refund(one, n, zone)]
        if not ones:
            return [listed.fact("order.unknown", "The search found no order.")]
        groups = [""] if len(ones) == 1 else [f"order/{n}" for n in range(len(ones))]
        pairs = zip(ones, groups, strict=True)
        return [fact for one, group in pairs for fact in _read_order(one, group, zone)]


def _criteria(filters: list[tuple[str, str]]) -> dict[str, str]:
    """Search criteria under which one filter is enough: those of one group are alternatives."""
    params = {"searchCriteria[pageSize]": "100"}
    for place, (field, value) in enumerate(filters):
        at = f"searchCriteria[filter_groups][0][filters][{place}]"
        params |= {f"{at}[field]": field, f"{at}[value]": value, f"{at}[condition_type]": "eq"}
    return params


def _ids(item: Item) -> list[str]:
    try:
        listed = [one["entity_id"].text_or_none() or "" for one in page_of(item)["items"].each()]
        return [one for one in dict.fromkeys(listed) if _ID.fullmatch(one)][:MOST]
    except EvidenceError:
        return []  # read() will say what is wrong with it


def _nothing(item: Item) -> bool:
    try:
        return bool(page_of(item)["items"].value == [])
    except EvidenceError:
        return False


def _read_order(order: Node, group: str, zone: str | None) -> Iterator[Fact]:
    if not isinstance(order.value, dict):
        raise order.misshapen("an object")
    above = f"{group}/" if group else ""
    currency = order["order_currency_code"].text_or_none()
    yield from order["increment_id"].facts("order.id", group=group)
    yield from order["entity_id"].facts("order.shop_id", group=group)
    yield from said("order.alias", (order["increment_id"], order["ext_order_id"]), group=group)
    imported = order["ext_order_id"].text_or_none() is not None
    placed = "order.recorded.at" if imported else "order.placed.at"
    yield from moment(placed, order["created_at"], group=group, zone=zone)
    yield from moment("order.updated.at", order["updated_at"], group=group, zone=zone)
    yield from said("order.status", (order["state"], order["status"]), group=group)
    words = (order[field].text_or_none() for field in ("customer_firstname", "customer_lastname"))
    if name := " ".join(filter(None, words)):
        yield order.fact("order.buyer", name, group=group)
    yield from order["customer_id"].facts("order.buyer.id", group=group)
    yield from order["customer_email"].facts("order.buyer.email", group=group)
    yield from order["remote_ip"].facts("order.buyer.ip", group=group)
    yield from amount("order.total", order["grand_total"], currency, group=group)
    yield from order["customer_note"].facts("order.note", group=group)
    yield from _read_payment(order["payment"], currency, f"{above}payment")
    for assigned in order["extension_attributes"]["shipping_assignments"].each():
        address = assigned["shipping"]["address"]
        names = (address[part].text_or_none() for part in ("firstname", "lastname"))
        if to := " ".join(filter(None, names)):
            yield address.fact("shipment.recipient.name", to, group=group)
        yield from said("shipment.recipient.street", address["street"].each(), group=group)
        yield from recipient(address, _TO, group=group)
    for place, line in enumerate(order["items"].each()):
        its = above + label("item", line["item_id"], place)
        yield from line["item_id"].facts("order.item.id", group=its)
        yield from line["sku"].facts("order.item.sku", group=its)
        yield from line["name"].facts("order.item.title", group=its)
        yield from count("order.item.quantity", line["qty_ordered"], group=its)
        yield from count("order.item.shipped", line["qty_shipped"], group=its)
        yield from amount("order.item.price", line["price"], currency, group=its)
    for place, entry in enumerate(order["status_histories"].each()):
        its = f"{above}event/{place}"
        yield from said("order.event", (entry["status"], entry["comment"]), group=its)
        yield from moment("order.event.at", entry["created_at"], group=its, zone=zone)


def _read_payment(paid: Node, currency: str | None, group: str) -> Iterator[Fact]:
    yield from paid["last_trans_id"].facts("payment.id", group=group)
    yield from paid["method"].facts("payment.method", group=group)
    yield from amount("payment.amount", paid["amount_paid"], currency, group=group)
    yield from paid["cc_last_4"].facts("payment.card", group=group)
    yield from paid["cc_avs_status"].facts("payment.avs", group=group)
    yield from paid["cc_cid_status"].facts("payment.cvv", group=group)


def _read_shipment(one: Node, place: int, zone: str | None) -> Iterator[Fact]:
    tracks = list(one["tracks"].each())
    for number, track in enumerate(tracks):
        group = label("parcel", track["track_number"], number)
        yield from one["increment_id"].facts("shipment.id", group=group)
        yield from track["track_number"].facts("shipment.tracking_number", group=group)
        yield from said("shipment.carrier", (track["title"], track["carrier_code"]), group=group)
        yield from moment("shipment.recorded.at", track["created_at"], group=group, zone=zone)
    if not tracks:
        group = f"shipment/{place}"
        yield from one["increment_id"].facts("shipment.id", group=group)
        yield from moment("shipment.recorded.at", one["created_at"], group=group, zone=zone)


def _read_refund(one: Node, place: int, zone: str | None) -> Iterator[Fact]:
    """A credit memo: money is given back when it is in the state "refunded" (2)."""
    group = label("refund", one["increment_id"], place)
    yield from one["increment_id"].facts("refund.id", group=group)
    yield from one["state"].facts("refund.status", group=group)
    currency = one["order_currency_code"].text_or_none()
    if one["state"].text_or_none() == "2":
        yield from amount("refund.amount", one["grand_total"], currency, group=group)
        yield from moment("refund.at", one["created_at"], group=group, zone=zone)
    for note in one["comments"].each():
        yield from note["comment"].facts("refund.reason", group=group)
