"""eBay: an order with its shipments, inquiries ("not received"), cases, returns, cancellations.

Source   Sell Fulfillment API v1 (eBay's OpenAPI of May 2026) and Post-Order API v2 (its reference
         pages; no machine-readable description of its answers exists).
Tried    documented and sandbox. Never live: nobody gave us a seller.
Times    `2015-08-04T19:09:02.768Z`: UTC, to the millisecond. A shipment's `shippedDate` is what the
         seller told eBay.
Limits   orders of two years, claims of 18 months; a day's requests are limited by application.
         Post-Order's searches bring up to 200 entries and are not paged here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.collector import Context, Http
from collectors.orders.ebay_auth import EbayAuth, ebay_auth
from collectors.orders.ebay_claims import read_claims
from collectors.orders.ebay_reading import read_order, read_shipments
from collectors.orders.record import numbers, numbers_in
from collectors.secrets import Secret
from collectors.troubles import Troubles
from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.pages import page_of

NUMBER = re.compile(r"[0-9]{2}-[0-9]{5}-[0-9]{5}")
_ORDER = "/sell/fulfillment/v1/order"
_POST_ORDER = "/post-order/v2"


@dataclass(frozen=True, slots=True)
class _Claims:
    """A kind of Post-Order's: where it lies, how it is searched for an order, what its id is."""

    path: str
    asked_by: str
    listed: str
    id: str
    role: Role


_KINDS = (
    _Claims("inquiry", "order_id", "members", "inquiryId", Role.DEFECT_NOTICE),
    _Claims("casemanagement", "order_id", "members", "caseId", Role.DEFECT_NOTICE),
    _Claims("return", "order_id", "members", "returnId", Role.REFUND_RECORD),
    _Claims("cancellation", "legacy_order_id", "cancellations", "cancelId", Role.REFUND_RECORD),
)


class Ebay:
    name = "ebay"
    version = 1
    roles = frozenset(
        {Role.ORDER_RECORD, Role.SHIPMENT_RECORD, Role.DEFECT_NOTICE, Role.REFUND_RECORD}
    )
    needs: frozenset[str] = frozenset()
    wants = frozenset({"order.alias"})
    platforms = frozenset({Platform.EBAY})

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> EbayAuth:
        """`client_id`; the secrets `client_secret` and `refresh_token`."""
        return ebay_auth(options, secrets, source=self.name, scopes="sell.fulfillment.readonly")

    def recognises(self, order: OrderRef, facts: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether one of the order's names is a number of the platform's shape."""
        return bool(numbers_in(order, facts, platform=Platform.EBAY, shape=NUMBER))

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring the order, its shipments, then each claim with its history.

        A 404 of the order itself is brought like any answer. A part that fails does not keep the
        others from being asked for.
        """
        http = context.need_http()
        troubles = Troubles()
        for number in numbers(order, context, platform=Platform.EBAY, shape=NUMBER):
            with troubles.held():
                reply = await http.get(f"{_ORDER}/{number}", answers={200, 404})
                if reply.status == 404 and number != order.id:
                    continue
                about = {"order.id": number}
                hints = {"http.status": str(reply.status)}
                yield reply.item(Role.ORDER_RECORD, key=f"order/{number}", about=about, hints=hints)
                if reply.status == 404:
                    continue
                with troubles.held():
                    shipped = await http.get(f"{_ORDER}/{number}/shipping_fulfillment")
                    yield shipped.item(
                        Role.SHIPMENT_RECORD, key=f"order/{number}/shipments", about=about
                    )
                for kind in _KINDS:
                    with troubles.held():
                        async for item in _claims(http, kind, number, order.site, troubles):
                            yield item
        troubles.raise_first()

    def read(self, item: Item) -> list[Fact]:
        """Read whichever of the answers it is. ShapeError for an undocumented shape."""
        page = page_of(item)
        match item.role:
            case Role.ORDER_RECORD:
                return list(read_order(page, status=item.hints.get("http.status", "")))
            case Role.SHIPMENT_RECORD:
                return list(read_shipments(page))
        return list(read_claims(page, known=item.hints.get("claim", "")))


async def _claims(
    http: Http, kind: _Claims, number: str, site: str, troubles: Troubles
) -> AsyncIterator[Item]:
    """What the search for the order finds, if anything, then each in full."""
    headers = {"X-EBAY-C-MARKETPLACE-ID": f"EBAY_{site}"}
    about = {"order.id": number}
    found = await http.get(
        f"{_POST_ORDER}/{kind.path}/search",
        params={kind.asked_by: number, "limit": "200"},
        headers=headers,
    )
    item = found.item(kind.role, key=f"order/{number}/{kind.path}", about=about)
    ids = _ids(item, kind)
    yield item
    for one in ids:
        with troubles.held():
            told = await http.get(f"{_POST_ORDER}/{kind.path}/{one}", headers=headers)
            yield told.item(
                kind.role, key=f"{kind.path}/{one}", about=about, hints={"claim": str(one)}
            )


def _ids(item: Item, kind: _Claims) -> list[str]:
    try:
        listed = page_of(item)[kind.listed].each()
        said = [one[kind.id].text_or_none() or "" for one in listed]
        return [one for one in dict.fromkeys(said) if one.isascii() and one.isalnum()]
    except EvidenceError:
        return []  # read() will say what is wrong with it
