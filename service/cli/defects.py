"""`orderproof defects`: what a platform holds against you, until when, how much it counts, and
whether there is evidence for each.

orderproof defects defects.csv --platform amazon --orders orders.csv
orderproof defects defects.csv --platform amazon --order-count 4210 --at 2026-11-22 --json
orderproof defects defects.csv --platform tiktok --collect
"""

from __future__ import annotations

import argparse
import asyncio
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.cli.answering import quietly

if TYPE_CHECKING:
    from evidence.policy import Policy
    from service.defects.export import Export, Row
    from service.defects.rates import Rate
    from service.runtime import Runtime
    from service.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV: order id, order date, defect type, …")
    parser.add_argument("--platform", required=True, metavar="P", help="of lines that do not say")
    parser.add_argument("--site", default="US", metavar="S", help="country code (default: US)")
    parser.add_argument("--store", default="default", metavar="S", help="the seller's account")
    counted = parser.add_mutually_exclusive_group()
    counted.add_argument("--orders", type=Path, metavar="FILE", help="CSV of all orders, for rates")
    counted.add_argument("--order-count", type=int, metavar="N", help="how many orders they were")
    parser.add_argument("--at", type=date.fromisoformat, metavar="DAY", help="default: today, UTC")
    parser.add_argument("--collect", action="store_true", help="start a collection for each")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=quietly(_answer))


async def _answer(arguments: argparse.Namespace) -> int:
    """0: each order has evidence, or has it under way. 1: at least one has none."""
    from service.cli.terminal import say_json
    from service.clock import machine
    from service.defects.export import read_export
    from service.runtime import Runtime
    from service.settings import load_settings

    settings = load_settings(arguments.config)
    wide: dict[str, Any] = {"platform": arguments.platform, "site": arguments.site.upper()}
    data = await asyncio.to_thread(arguments.file.read_bytes)
    export = read_export(data, kinds=True, what=str(arguments.file), **wide)
    orders: Any = arguments.order_count
    if arguments.orders is not None:
        listed = await asyncio.to_thread(arguments.orders.read_bytes)
        orders = read_export(listed, kinds=False, what=str(arguments.orders), **wide).rows
    at = arguments.at or machine().date()
    async with await Runtime.open(settings, with_queue=arguments.collect) as runtime:
        if arguments.collect:
            await _collect(runtime, settings, export, arguments.store)
        rules = _rules(runtime, arguments.platform)
        rates = [] if rules is None else _rates(rules, export, at, orders)
        lines = [await _line(runtime, settings, row, rates) for row in export.rows]
    if arguments.json:
        by = None if rules is None else {"id": rules.id, "version": rules.version}
        told = [_rate(rate) for rate in rates]
        say_json({"sha256": export.sha256, "defects": lines, "policy": by, "rates": told})
    else:
        _print(lines, rates)
    return 0 if all(line["evidence"] in _COVERED for line in lines) else 1


_COVERED = frozenset({"complete", "incomplete", "under way"})


async def _collect(runtime: Runtime, settings: Settings, export: Export, store: str) -> None:
    """Keep the defects; one collection each, however often the file is given."""
    from service.defects.desk import Desk

    desk = Desk(runtime)
    await desk.enter_export(settings.tenant, store, export)
    await desk.act()


def _rules(runtime: Runtime, platform: str) -> Policy | None:
    """The policy that says how the platform counts; None if none does."""
    from service.defects.rates import readings

    rules = [policy for policy in runtime.policies.values() if policy.platform == platform]
    rules = [policy for policy in rules if readings(policy)]
    return min(rules, key=lambda policy: (not policy.default, policy.id), default=None)


def _rates(policy: Policy, export: Export, at: date, orders: Any) -> list[Rate]:
    from service.defects.rates import limit_is_over, limit_of, rate, readings

    limit = limit_of(policy)
    return [
        rate(
            reading,
            export.rows,
            at=at,
            limit=limit,
            orders=orders,
            limit_is_over=limit_is_over(policy),
        )
        for reading in readings(policy)
    ]


async def _line(
    runtime: Runtime, settings: Settings, row: Row, rates: list[Rate]
) -> dict[str, Any]:
    from evidence.times import rfc3339
    from service.defects.deadlines import dues
    from service.defects.desk import told_by
    from service.defects.kinds import policy_of

    among = runtime.policies
    policy = policy_of(row.platform, told_by(row).said, among=among) if row.ref else None
    found = dues(row.noticed, policy, ordered=row.ordered) if policy is not None else []
    leaves = {
        str(rate.reading.days): str(each.on)
        for rate in rates
        for each in rate.counted
        if each.row.number == row.number
    }
    return {
        "line": row.line,
        "order": row.number,
        "platform": row.platform,
        "kind": str(row.kind),
        "ordered": str(row.ordered),
        "policy": policy.id if policy is not None else None,
        "due": [
            {
                "at": rfc3339(due.at),
                "rule": due.rule.id,
                "step": due.rule.step,
                "confidence": str(due.rule.confidence),
            }
            for due in found
        ],
        "counts_until": leaves,
        "doubts": list(row.doubts),
        "evidence": await _covered(runtime, settings, row),
    }


async def _covered(runtime: Runtime, settings: Settings, row: Row) -> str:
    """complete, incomplete, under way, failed; or missing: nothing was ever collected for it."""
    from storage.ledger.records import State

    order = await runtime.ledger.find_order(settings.tenant, row.ref) if row.ref else None
    collections = await runtime.ledger.collections_of(order) if order is not None else []
    sealed = [each for each in collections if each.state is State.SEALED]
    if sealed:
        return "complete" if sealed[-1].complete else "incomplete"
    if any(not each.state.is_final for each in collections):
        return "under way"
    return "failed" if collections else "missing"


def _rate(rate: Rate) -> dict[str, Any]:
    left, orders = rate.without
    return {
        "days": rate.reading.days,
        "denied_claims_count": rate.reading.denied,
        "source": rate.reading.source,
        "confidence": rate.reading.confidence,
        "defects": [each.row.number for each in rate.counted],
        "orders": rate.orders,
        "rate": float(rate.value) if rate.value is not None else None,
        "limit": float(rate.limit) if rate.limit is not None else None,
        "over": rate.over,
        "doubtful": [{"order": row.number, "why": list(row.doubts)} for row in rate.doubtful],
        "without_doubtful": {"defects": left, "orders": orders},
        "below_limit_on": str(rate.below_on) if rate.below_on else None,
    }


def _print(lines: list[dict[str, Any]], rates: list[Rate]) -> None:
    from service.cli.terminal import plain, say
    from service.defects.export import DOUBTS

    for line in lines:
        due = f"due {line['due'][0]['at'][:16]}Z ({line['due'][0]['rule']})" if line["due"] else ""
        doubts = (
            f"  may not belong: {'; '.join(DOUBTS[doubt] for doubt in line['doubts'])}"
            if line["doubts"]
            else ""
        )
        said = f"{line['order']:<24} {line['kind']:<16} {line['evidence']:<11} {due}{doubts}"
        say(plain(said.rstrip()))
    missing = [line["order"] for line in lines if line["evidence"] not in _COVERED]
    say(f"{len(lines)} defects, {len(missing)} without evidence")
    for rate in rates:
        counted = len(rate.counted)
        share = f" of {rate.orders} orders: {float(rate.value):.3%}" if rate.value else ""
        word = {True: ", over the limit", False: ", under the limit", None: ""}[rate.over]
        denied = "denied claims count" if rate.reading.denied else "denied claims do not count"
        below = f"; under it by itself on {rate.below_on}" if rate.below_on else ""
        say(
            f"{rate.reading.days} days, {denied} ({rate.reading.confidence}): "
            f"{counted}{share}{word}{below}"
        )
        left, orders = rate.without
        if rate.doubtful:
            say(f"  without {len(rate.doubtful)} that may not belong: {left} of {orders}")
