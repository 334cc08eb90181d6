"""`orderproof queue`: what is to be done, who does it, and what was put aside."""

from __future__ import annotations

import argparse
import asyncio
import logging


def configure(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", dest="verb", required=True)
    show = verbs.add_parser("list", help="what is not done yet, the workers, and what was parked")
    retry = verbs.add_parser("retry", help="ask again for what was parked, as a new collection")
    drop = verbs.add_parser("drop", help="do nothing more about it; what it brought stays")
    for verb in (retry, drop):
        verb.add_argument("collection", metavar="ID", nargs="*", help="ids of parked collections")
        verb.add_argument("--all", action="store_true", help="all that are parked")
    for verb in (show, retry, drop):
        verb.add_argument("--tenant", metavar="T", help="whose (default: that of the settings)")
        verb.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from evidence.errors import RequestError
    from service.cli.logs import set_up

    if arguments.verb != "list" and bool(arguments.collection) == arguments.all:
        raise RequestError(what="what was parked", why="name ids, or give --all")
    set_up(level=logging.ERROR)
    return asyncio.run(_list(arguments) if arguments.verb == "list" else _decide(arguments))


async def _list(arguments: argparse.Namespace) -> int:
    """Exit 1 if something is parked or nobody works on what waits."""
    from evidence.times import rfc3339
    from service.api.queue import parked_json, queue_json
    from service.cli.serving import open_quietly
    from service.cli.terminal import say, say_json
    from service.queue import operating
    from service.settings import load_settings

    settings = load_settings(arguments.config)
    tenant: str = arguments.tenant or settings.tenant
    async with open_quietly(settings) as runtime:
        state = await operating.state(runtime)
        parked = await operating.parked(runtime, tenant)
    mine = [each for each in state.backlog if each.tenant == tenant]
    ill = bool(state.parked.get(tenant)) or (bool(mine) and not state.workers)
    if arguments.json:
        found = queue_json(state, tenant) | {"parked": [parked_json(each) for each in parked]}
        say_json(found)
        return int(ill)
    for each in mine:
        kind = " bulk" if each.bulk else ""
        since, due = rfc3339(each.oldest), rfc3339(each.due)
        say(f"{each.count:>7} {each.state}{kind}, the oldest since {since}, the nearest due {due}")
    if not mine:
        say("Nothing waits.")
    for worker in state.workers:
        say(f"worker {worker['worker']} walks {worker['walking']} of {worker['hands']} at most")
    if not state.workers:
        say("No worker is alive.")
    for aside in parked:
        say(f"parked {aside.parked.collection} {rfc3339(aside.parked.parked_at)} {aside.why}")
    return int(ill)


async def _decide(arguments: argparse.Namespace) -> int:
    """Exit 1 if one of them could not be had."""
    from evidence.errors import NotFoundError
    from service.cli.serving import open_quietly
    from service.cli.terminal import note, say, say_json
    from service.queue import operating
    from service.settings import load_settings

    settings = load_settings(arguments.config)
    tenant: str = arguments.tenant or settings.tenant
    done: dict[str, str | None] = {}
    failed = False
    async with open_quietly(settings) as runtime:
        ids: list[str] = arguments.collection
        while batch := ids or await operating.parked_ids(runtime, tenant):
            settled = len(done)
            for id in batch:
                try:
                    if arguments.verb == "retry":
                        done[id] = (await operating.retry(runtime, tenant, id)).id
                    else:
                        await operating.drop(runtime, tenant, id)
                        done[id] = None
                except NotFoundError as error:
                    failed = True
                    note(f"{id}: {error}")
            if ids or len(done) == settled:
                break
    if arguments.json:
        say_json({"done": done})
    else:
        for id, new in done.items():
            say(f"{id} retried as {new}" if new else f"{id} dropped")
    return int(failed)
