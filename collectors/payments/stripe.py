"""Stripe: an order's charges with refunds, disputes, receipts, and earlier payments by one card.

Source   API of 2026 (stripe/openapi, August 2026): charges, search, disputes, refunds, early fraud
         warnings.
Tried    documented and sandbox; on Stripe's own fixtures. Never live: nobody gave us an account.
Times    seconds since 1970: UTC.
Limits   100 requests a second. A charge knows its order by its metadata only, and a search finds a
         charge a minute after it was made. Stripe tells no payer's address on the internet, but for
         what the seller sent it as evidence.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.auth import ApiKey, secret_of
from collectors.collector import Context, Http, Reply
from collectors.payments.stripe_reading import read_prior, read_stripe
from collectors.secrets import Secret
from collectors.troubles import Troubles
from evidence.errors import ConfigError, EvidenceError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef
from evidence.pages import page_of

CHARGE = re.compile(r"(?:ch|py)_[0-9A-Za-z]{8,60}")
_INTENT = re.compile(r"pi_[0-9A-Za-z]{8,60}")
_WORD = re.compile(r"[#0-9A-Za-z._-]{3,80}")
_KEY = re.compile(r"[0-9A-Za-z_-]{1,40}")
MOST_CHARGES = 20
MOST_PAGES = 10
# What Visa CE 3.0 may ask for, in any of its readings, with some days to spare: a payment from 120
# to 365 days before the dispute, or before the disputed payment.
_DAY_S = 86_400
_OLDEST_S, _NEWEST_S = 370 * _DAY_S, 110 * _DAY_S


class Stripe:
    name = "stripe"
    version = 1
    roles = frozenset({Role.PAYMENT_RECORD, Role.REFUND_RECORD})
    needs: frozenset[str] = frozenset()
    wants = frozenset({"payment.id"})
    rate = (50.0, 25)

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> ApiKey:
        """The secret `api_key`: a restricted key. ConfigError for one that may do everything."""
        key = secret_of(secrets, "api_key", source=self.name)
        if key.reveal().startswith("sk_live_"):
            raise ConfigError(
                what="the api_key of stripe",
                why="it may do everything; make a restricted key (rk_…) that only reads",
            )
        return ApiKey("Authorization", key, prefix="Bearer ")

    def recognises(self, order: OrderRef, facts: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether a payment of Stripe's is known; else it waits for all of the order's names."""
        known = facts.get("payment.id", ())
        return any(CHARGE.fullmatch(one) or _INTENT.fullmatch(one) for one in known)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each charge of the order and what hangs on it; if it is disputed, earlier ones too.

        A charge is known by its number, or found by the order's names in its metadata.
        """
        http = context.need_http()
        troubles = Troubles()
        for number in await _charges(http, order, context):
            with troubles.held():
                reply = await http.get(f"/v1/charges/{number}", answers={200, 404})
                if reply.status == 404:
                    continue
                item = reply.item(Role.PAYMENT_RECORD, key=f"charge/{number}")
                charge = _Charge.of(item)
                yield item
                async for part in _parts(http, number, charge, troubles):
                    yield part
        troubles.raise_first()

    def read(self, item: Item) -> list[Fact]:
        """Read a charge, a dispute, a refund, a list of them. A receipt is for a person to read."""
        if item.media_type == "text/html":
            return []
        page = page_of(item)
        return list(read_prior(page) if "prior" in item.hints else read_stripe(page))


@dataclass(frozen=True, slots=True)
class _Charge:
    """What more is asked for by; empty where the charge does not tell it."""

    created: int = 0
    receipt: str = ""
    fingerprint: str = ""
    customer: str = ""

    @classmethod
    def of(cls, item: Item) -> _Charge:
        try:
            page = page_of(item)
            card = page["payment_method_details"]["card"]
            made = page["created"].text_or_none() or ""
            return cls(
                created=int(made) if re.fullmatch(r"[0-9]{9,10}", made) else 0,
                receipt=page["receipt_url"].text_or_none() or "",
                fingerprint=_word(card["fingerprint"].text_or_none()),
                customer=_word(page["customer"].text_or_none()),
            )
        except EvidenceError:
            return cls()  # read() will say what is wrong with it


def _word(said: str | None) -> str:
    return said if said is not None and _WORD.fullmatch(said) else ""


async def _charges(http: Http, order: OrderRef, context: Context) -> list[str]:
    """The numbers of the order's charges, those that are known first."""
    known = context.known_all("payment.id")
    found = [one for one in known if CHARGE.fullmatch(one)]
    for intent in (one for one in known if _INTENT.fullmatch(one)):
        reply = await http.get("/v1/charges", params={"payment_intent": intent, "limit": "100"})
        found += _listed(reply)
    for query in _queries(order, context):
        reply = await http.get("/v1/charges/search", params={"query": query, "limit": "100"})
        found += _listed(reply)
    return list(dict.fromkeys(found))[:MOST_CHARGES]


def _queries(order: OrderRef, context: Context) -> list[str]:
    """Searches for the order's names under the keys of metadata that the seller's shop writes."""
    keys = context.settings.get("metadata_keys", ["order_id", "order_number"])
    if not isinstance(keys, list) or not all(
        isinstance(k, str) and _KEY.fullmatch(k) for k in keys
    ):
        raise ConfigError(
            what="the setting metadata_keys", why='it is not a list such as ["order_id"]'
        )
    aliases = (*context.known_all("order.shop_id"), *context.known_all("order.alias"))
    names = [name for name in dict.fromkeys([order.id, *aliases]) if _WORD.fullmatch(name)]
    clauses = [f'metadata["{key}"]:"{name}"' for name in names[:10] for key in keys[:4]]
    # A query may have ten clauses.
    return [" OR ".join(clauses[at : at + 10]) for at in range(0, len(clauses), 10)]


def _listed(reply: Reply) -> list[str]:
    charges = page_of(reply.item(Role.EXCHANGE))["data"].each()
    said = (one["id"].text_or_none() or "" for one in charges)
    return [one for one in said if CHARGE.fullmatch(one)]


async def _parts(
    http: Http, number: str, charge: _Charge, troubles: Troubles
) -> AsyncIterator[Item]:
    if charge.receipt:
        with troubles.held():
            receipt = await http.fetch(charge.receipt)
            yield receipt.item(Role.PAYMENT_RECORD, key=f"charge/{number}/receipt")
    asked = (
        (Role.REFUND_RECORD, "/v1/refunds", "refunds"),
        (Role.PAYMENT_RECORD, "/v1/radar/early_fraud_warnings", "warnings"),
    )
    for role, path, key in asked:
        with troubles.held():
            reply = await http.get(path, params={"charge": number, "limit": "100"})
            yield reply.item(role, key=f"charge/{number}/{key}")
    with troubles.held():
        reply = await http.get("/v1/disputes", params={"charge": number, "limit": "100"})
        item = reply.item(Role.PAYMENT_RECORD, key=f"charge/{number}/disputes")
        opened = _opened(item)
        yield item
        if opened and charge.created:
            async for earlier in _prior(http, number, charge, newest=max(opened)):
                yield earlier


def _opened(item: Item) -> list[int]:
    """When each dispute was opened, in seconds since 1970."""
    try:
        said = [one["created"].text_or_none() or "" for one in page_of(item)["data"].each()]
        return [int(one) for one in said if re.fullmatch(r"[0-9]{9,10}", one)]
    except EvidenceError:
        return []


async def _prior(http: Http, number: str, charge: _Charge, *, newest: int) -> AsyncIterator[Item]:
    """Payments by the same card, or else of the same customer, old enough to speak for it."""
    after, before = charge.created - _OLDEST_S, newest - _NEWEST_S
    if charge.fingerprint:
        path, params = "/v1/charges/search", {
            "query": f'payment_method_details.card.fingerprint:"{charge.fingerprint}" '
            f'AND created>{after} AND created<{before} AND status:"succeeded"'
        }  # fmt: skip
        cursor = "page"
    elif charge.customer:
        path, params = "/v1/charges", {
            "customer": charge.customer,
            "created[gt]": str(after),
            "created[lt]": str(before),
        }  # fmt: skip
        cursor = "starting_after"
    else:
        return
    for page in range(1, MOST_PAGES + 1):
        reply = await http.get(path, params={**params, "limit": "100"})
        item = reply.item(
            Role.PAYMENT_RECORD,
            key=f"charge/{number}/prior/{page}",
            hints={"prior": number},
        )
        following = _following(item, cursor)
        yield item
        if not following:
            return
        params = {**params, cursor: following}


def _following(item: Item, cursor: str) -> str:
    """What the next page is asked by; "" after the last."""
    try:
        page = page_of(item)
        if page["has_more"].value is not True:
            return ""
        if cursor == "page":
            return page["next_page"].text_or_none() or ""
        last = list(page["data"].each())[-1:]
        return last[0]["id"].text_or_none() or "" if last else ""
    except EvidenceError:
        return ""
