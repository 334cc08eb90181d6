"""`orderproof recover`: read back from the published log what a restored, older ledger lacks.

Restore the ledger's newest backup, never the log's: the log is what everybody else has seen. Then
run this once. Nothing that is published changes; what is lost is said, here and by `orderproof
audit`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenant", metavar="T", help="whose log (default: that of the settings)")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from service.cli.logs import set_up

    set_up(level=logging.CRITICAL)  # the sequencer's refusal is what we are here for
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    from service.cli.terminal import say, say_json
    from service.runtime import Runtime
    from service.settings import load_settings

    settings = load_settings(arguments.config)
    tenant: str = arguments.tenant or settings.tenant
    async with await Runtime.open(settings) as runtime:
        done = await runtime.sequencer.recover(tenant)
        head = await runtime.sequencer.sequence(tenant)
        lost = await runtime.ledger.lost(tenant)
    if arguments.json:
        say_json(
            {
                "found": done.found,
                "lost": done.lost,
                "size": head.size,
                "lost_ever": {
                    "receipts": lost.receipts,
                    "orders": lost.orders,
                    "unknown_orders": lost.unknown,
                },
            }
        )
        return 0
    if not done.found and not done.lost:
        say("The ledger has all that its log has published; nothing was to be read back.")
    else:
        say(f"{done.found} receipts are back with their items.")
        say(f"{done.lost} receipts stand in the log alone: their items came after the backup.")
    if lost.receipts:
        some = lost.orders - lost.unknown
        say(
            f"Lost in all: the items of {lost.receipts} receipts, of {some} orders that are still"
            f" known and {lost.unknown} that are not. Collect these orders again."
        )
    say(f"The log has {head.size} entries and goes on; check everything with: orderproof audit")
    return 0
