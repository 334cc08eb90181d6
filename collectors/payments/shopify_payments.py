"""Shopify Payments: the disputes over an order, and the evidence that Shopify holds for each.

Source   Admin API 2026-07, REST resources Dispute and Dispute Evidence; the order's disputes are
         found by a GraphQL query (collectors/orders/shopify_api.py).
Tried    documented and sandbox; on the records of Shopify's own client libraries. Never live.
Times    RFC 3339 in the shop's offset: instants. Shopify's own samples have evidence that was sent
         after it was due and won all the same: both times are told, nothing is made of them.
Limits   2 requests a second, 40 at once. Only disputes that Shopify Payments handles.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from collectors.auth import Auth
from collectors.collector import Context
from collectors.orders.record import amount, label, moment, said
from collectors.orders.shopify_api import (
    admin,
    names_of,
    own_ids,
    refuse_writing,
    search,
    shopify_auth,
)
from collectors.secrets import Secret
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.pages import Node, page_of

_TEXTS = (
    "product_description",
    "refund_policy_disclosure",
    "access_activity_log",
    "refund_refusal_explanation",
    "cancellation_rebuttal",
    "uncategorized_text",
)


class ShopifyPayments:
    name = "shopify_payments"
    version = 1
    roles = frozenset({Role.PAYMENT_RECORD})
    needs: frozenset[str] = frozenset()
    origin = "shopify"
    wants = frozenset({"order.shop_id"})
    platforms = frozenset({Platform.SHOPIFY})
    rate = (2.0, 40)

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> Auth:
        """`access_token` (secret), or `client_id` and `client_secret`."""
        return shopify_auth(options, secrets, source=self.name)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each dispute over the order, then its evidence.

        The order is known by the shop's own id or name only, which the source shopify brings: a
        dispute names no other number that could show whose it is.
        """
        http = context.need_http()
        ids = {one.id for one in own_ids(order, context)}
        names = set(names_of(order, context))
        terms = [f"id:{one}" for one in sorted(ids)] + [f'name:"{name}"' for name in sorted(names)]
        if not terms:
            return
        await refuse_writing(http, context)
        _, found = await search(http, context, terms, fields="disputes { id }")
        for one in found:
            if one.id not in ids and one.name not in names:
                continue
            for dispute in one.disputes:
                path = f"{admin(context)}/shopify_payments/disputes/{dispute}"
                reply = await http.get(f"{path}.json")
                yield reply.item(
                    Role.PAYMENT_RECORD, key=f"dispute/{dispute}", about={"order.id": one.id}
                )
                evidence = await http.get(f"{path}/dispute_evidences.json", answers={200, 404})
                if evidence.status == 200:
                    yield evidence.item(
                        Role.PAYMENT_RECORD,
                        key=f"dispute/{dispute}/evidence",
                        about={"order.id": one.id},
                    )

    def read(self, item: Item) -> list[Fact]:
        """Read a dispute, a list of them, or what was gathered for one."""
        page = page_of(item)
        if "dispute_evidence" in page:
            return list(_read_evidence(page["dispute_evidence"]))
        if "disputes" in page:
            listed = enumerate(page["disputes"].each())
            return [fact for place, one in listed for fact in _read_dispute(one, place)]
        return list(_read_dispute(page["dispute"], 0))


def _read_dispute(one: Node, place: int) -> Iterator[Fact]:
    if not isinstance(one.value, dict):
        raise one.misshapen("an object")
    group = label("dispute", one["id"], place)
    yield from one["id"].facts("dispute.id", group=group)
    yield from one["order_id"].facts("order.id", group=group)
    yield from one["type"].facts("dispute.kind", group=group)
    yield from one["reason"].facts("dispute.reason", group=group)
    yield from one["network_reason_code"].facts("dispute.network_reason", group=group)
    yield from one["status"].facts("dispute.status", group=group)
    currency = one["currency"].text_or_none()
    yield from amount("dispute.amount", one["amount"], currency, group=group)
    yield from moment("dispute.opened.at", one["initiated_at"], group=group)
    yield from moment("dispute.due.at", one["evidence_due_by"], group=group)
    yield from moment("dispute.sent.at", one["evidence_sent_on"], group=group)
    yield from moment("dispute.closed.at", one["finalized_on"], group=group)


def _read_evidence(one: Node) -> Iterator[Fact]:
    """What Shopify would send to the bank. It is the merchant's word, gathered by Shopify."""
    if not isinstance(one.value, dict):
        raise one.misshapen("an object")
    dispute = one["payments_dispute_id"]
    group = label("dispute", dispute, 0)
    yield from dispute.facts("dispute.id", group=group)
    yield from one["customer_email_address"].facts("payment.email", group=group)
    yield from said("dispute.evidence", (one[field] for field in _TEXTS), group=group)
    yield from moment("dispute.sent.at", one["submitted_by_merchant_on"], group=group)
    for place, sent in enumerate(one["fulfillments"].each()):
        its = f"{group}/parcel/{place}"
        yield from sent["shipping_carrier"].facts("shipment.carrier", group=its)
        yield from sent["shipping_tracking_number"].facts("shipment.tracking_number", group=its)
        yield from moment("shipment.shipped.at", sent["shipping_date"], group=its)
