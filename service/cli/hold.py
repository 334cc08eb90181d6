"""`orderproof hold`: while it is on, nothing of the order is erased.

orderproof hold ORDER on --reason "case 7 of 2026"
orderproof hold ORDER off
"""

from __future__ import annotations

import argparse

from service.cli.answering import quietly
from service.cli.orders import add_order, named_order, not_kept


def configure(parser: argparse.ArgumentParser) -> None:
    add_order(parser)
    parser.add_argument("state", choices=["on", "off"])
    parser.add_argument("--reason", metavar="TEXT", default="", help="needed for on; encrypted")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=quietly(_answer))


async def _answer(arguments: argparse.Namespace) -> int:
    from evidence.custody import Act
    from evidence.errors import RequestError
    from evidence.times import rfc3339
    from service.cli.terminal import say, say_json
    from service.custody import local_user
    from service.custody import note as note_custody
    from service.runtime import Runtime
    from service.settings import load_settings

    ref = named_order(arguments)
    on = arguments.state == "on"
    if on and not 1 <= len(arguments.reason) <= 1000:
        raise RequestError(what="the hold", why="it needs a --reason of 1 to 1000 characters")
    settings = load_settings(arguments.config)
    by = local_user("hold")
    since = None
    async with await Runtime.open(settings) as runtime:
        order = await runtime.ledger.find_order(settings.tenant, ref)
        if order is None:
            return not_kept(ref)
        await note_custody(runtime, order, Act.HOLD if on else Act.RELEASE, by)
        if on:
            since = await runtime.hold(order, reason=arguments.reason)
        else:
            await runtime.release(order)
    said = rfc3339(since) if since else None
    if arguments.json:
        say_json({"held": on, "since": said})
    else:
        say(f"held since {said}" if on else "no hold is on it")
    return 0
