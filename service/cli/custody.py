"""`orderproof custody`: who had an order's evidence in hand.

orderproof custody ORDER
orderproof custody COMMITMENT       of one that was erased: the 64 digits that `erase` printed
"""

from __future__ import annotations

import argparse
import re

from evidence.orders import OrderRef
from service.cli.answering import quietly
from service.cli.orders import add_order, named_order, not_kept


def configure(parser: argparse.ArgumentParser) -> None:
    add_order(parser)
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=quietly(_answer))


async def _answer(arguments: argparse.Namespace) -> int:
    """0: the chain holds. 1: it does not, or there is no such order."""
    from evidence.errors import NotFoundError
    from evidence.times import rfc3339
    from service.cli.terminal import note, say, say_json
    from service.custody import report
    from service.runtime import Runtime
    from service.settings import load_settings

    named = arguments.order
    order = named if re.fullmatch("[0-9a-f]{64}", named) else named_order(arguments)
    settings = load_settings(arguments.config)
    async with await Runtime.open(settings) as runtime:
        try:
            found = await report(runtime, settings.tenant, order)
        except NotFoundError:
            note("An order that was erased is asked for by its commitment, 64 digits.")
            return not_kept(order) if isinstance(order, OrderRef) else 1
    if arguments.json:
        say_json(found.to_json())
        return 0 if found.holds else 1
    say(f"order {found.commitment}")
    if found.erased_at is not None:
        say(f"erased at {rfc3339(found.erased_at)}; who had it went with it")
    for entry in found.entries:
        details = entry.details
        what = details.get("sha256") or details.get("list_sha256") or ""
        items = f"{details['items']} items" if details.get("items") is not None else ""
        if details.get("shown"):
            items += f" ({', '.join(map(str, details['shown']))})"
        words = [str(details.get("who", "")), str(details.get("way", "")), items, what[:16]]
        at = rfc3339(entry.line.at)
        say(f"{at}  {entry.line.act:<10} {'  '.join(word for word in words if word)}".rstrip())
    for sentence in found.wrong:
        say(f"fail  {sentence}")
    state = "holds" if found.holds else "DOES NOT HOLD"
    say(f"the custody log {state}: {found.lines} lines, head {found.head}")
    return 0 if found.holds else 1
