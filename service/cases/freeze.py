"""The last days of a store as three exports, kept before anything moves.

Orders, shipments, messages: what the ledger's sealed accounts say of the days, each line with the
item it rests on, and once however many accounts hold that item. A time without a zone is as wide as
its source leaves it, and is in if any reading of it is.
Orders without a sealed account are counted, so that nobody takes the export for more than it is.
Source: scenario S4-17.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from evidence.facts import Fact
from evidence.items import Role
from evidence.manifest import Manifest
from evidence.times import rfc3339
from service.cases.desk import Held, Paper

if TYPE_CHECKING:
    from service.runtime import Runtime

MOST_ORDERS = 5_000
EXPORTS = {
    "orders": ("order.placed.at",),
    "shipments": ("shipment.shipped.at", "scan.accepted.at", "scan.delivered.at"),
    "messages": ("message.sent.at", "message.recorded.at", "message.received.at"),
}


async def frozen(
    runtime: Runtime, held: Held, *, until: datetime, days: int
) -> tuple[dict[str, Any], list[Paper]]:
    """What the event says, and the three exports: exactly `days` days up to `until`, in UTC."""
    begin = until - timedelta(days=days)
    lines: dict[str, dict[tuple[str, str, str], dict[str, str]]] = {name: {} for name in EXPORTS}
    orders = await runtime.ledger.orders_of_store(
        held.row.tenant, held.row.store, limit=MOST_ORDERS
    )
    without = 0
    for order in orders:
        account = await runtime.account(held.row.tenant, order.ref)
        if account.manifest is None:
            without += 1
            continue
        for name, facts in EXPORTS.items():
            for line in _lines(account.manifest, facts, begin, until):
                lines[name].setdefault((line["item"], line["locator"], line["name"]), line)
    window = {"from": rfc3339(begin), "until": rfc3339(until), "zone": "UTC"}
    papers = [_paper(name, list(found.values()), window) for name, found in lines.items()]
    said = {
        **window,
        "days": days,
        "orders": len(orders),
        "orders_without_account": without,
        "lines": {name: len(found) for name, found in lines.items()},
    }
    return said, papers


def _lines(
    manifest: Manifest, names: Sequence[str], begin: datetime, until: datetime
) -> Iterator[dict[str, str]]:
    for fact in manifest.facts:
        if fact.name in names and _within(fact, begin, until):
            yield {
                "account": str(manifest.order),
                "group": fact.group,
                "name": fact.name,
                "said": fact.text,
                "item": fact.item,
                "locator": str(fact.locator),
            }


def _within(fact: Fact, begin: datetime, until: datetime) -> bool:
    span = fact.time.span
    return span.earliest < until and span.latest >= begin


def _paper(name: str, lines: Sequence[dict[str, str]], window: dict[str, str]) -> Paper:
    head = json.dumps({"export": name, **window, "lines": len(lines)}, sort_keys=True)
    body = [json.dumps(line, sort_keys=True, ensure_ascii=False) for line in lines]
    return Paper(
        role=Role.CASE_EXPORT,
        data=("\n".join([head, *body]) + "\n").encode(),
        media_type="application/jsonl",
        name=f"{name}.jsonl",
        hints={"kind": name, **window},
    )
