"""`orderproof collect`: collect and seal the evidence of an order.

Works without a running server: then the collection is walked in this process. Where a worker is
running over the same data, whoever takes the lease first walks it, and the other watches.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from service.background import apart
from service.cli.orders import add_order, named_order

if TYPE_CHECKING:
    from evidence.orders import OrderRef
    from service.cli.progress import Progress
    from service.runtime import Runtime
    from storage.ledger.records import Collection

POLL_S = 0.2


def configure(parser: argparse.ArgumentParser) -> None:
    add_order(parser)
    parser.add_argument(
        "--source", action="append", metavar="S", help="ask only this one; may be repeated"
    )
    parser.add_argument("--policy", metavar="ID", help="default: the platform's own")
    parser.add_argument("--store", metavar="NAME", default="default", help="the seller's account")
    parser.add_argument("--defect", metavar="KIND", help="what the platform holds against it")
    parser.add_argument("--noticed-at", metavar="TIME", help="when it told you, RFC 3339")
    parser.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="until it is sealed (default), or leave it to a worker",
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from service.cli.logs import set_up

    set_up(level=logging.ERROR)
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from service.api.shapes import collection_json
    from service.cli.progress import Progress
    from service.cli.serving import open_quietly
    from service.cli.terminal import note, say, say_json
    from service.secrets import demand
    from service.settings import load_settings

    ref = named_order(arguments)
    defect = _defect(arguments)
    settings = load_settings(arguments.config)
    async with open_quietly(settings) as runtime:
        if arguments.wait:  # it may be this process that asks
            ours = await runtime.sources_for(
                ref, tenant=settings.tenant, store=arguments.store, asked=arguments.source
            )
            demand(settings, sources=[source.name for source in ours])
        collection, _ = await runtime.request_collection(
            ref,
            tenant=settings.tenant,
            store=arguments.store,
            policy=arguments.policy,
            sources=arguments.source,
            defect=defect,
        )
        if arguments.wait:
            with Progress(Console(stderr=True), total=len(collection.sources)) as progress:
                await _to_the_end(runtime, collection.id, progress)
        found = await runtime.ledger.collection(settings.tenant, collection.id)
        collection = found or collection
        tasks = await runtime.ledger.tasks(settings.tenant, collection.id)
        sealed = await _sealed(runtime, settings.tenant, ref) if arguments.wait else None
    if arguments.json:
        say_json(collection_json(collection, tasks, ref) | {"manifest": sealed})
    elif collection.state == "sealed":
        for task in tasks:
            say(f"{task.state:<8} {task.source}  {task.why}".rstrip())
        say(f"sealed, {'complete' if collection.complete else 'incomplete'}")
        say(f"manifest {sealed}")
    elif collection.state == "failed":
        note(f"The collection failed: {collection.failure}")
    else:
        say(f"{collection.state} {collection.id}")
        note("A worker takes it up: `orderproof serve` or `orderproof worker`.")
    return 1 if collection.state == "failed" else 0


async def _to_the_end(runtime: Runtime, collection: str, progress: Progress) -> None:
    """Walk the collection, or watch the worker that does; take over if that one dies."""
    from evidence.errors import OutageError
    from service.api.shapes import ENDED

    tenant = runtime.settings.tenant
    if runtime.queue is None:
        await runtime.walk(tenant, collection, progress.watch)
        return
    told: dict[str, str] = {}
    while True:
        found = await runtime.ledger.collection(tenant, collection)
        if found is None or found.state in ENDED:
            return
        if await _is_ours(runtime, found):
            holding = asyncio.create_task(_hold(runtime, found))
            try:
                await runtime.walk(tenant, collection, progress.watch)
            finally:
                holding.cancel()
                with contextlib.suppress(OutageError):  # the lease ends by itself then
                    await apart(runtime.queue.line.back(runtime.owner, collection))
            return
        for task in await runtime.ledger.tasks(tenant, collection):
            words = "asking" if task.state == "running" else task.why or str(task.state)
            if task.state != "waiting" and told.get(task.source) != words:
                told[task.source] = words
                await progress.watch(task.source, words)
        await asyncio.sleep(POLL_S)


async def _is_ours(runtime: Runtime, collection: Collection) -> bool:
    """Whether nobody else walks it; from now on nobody does, for a while."""
    from service.queue.line import Waiting

    if runtime.queue is None:
        return True
    this = Waiting(collection.id, collection.tenant, collection.due, collection.bulk)
    return not await runtime.queue.line.hold(runtime.owner, [this])


async def _hold(runtime: Runtime, collection: Collection) -> None:
    from service.queue.line import LEASE_S

    while True:
        await asyncio.sleep(LEASE_S / 3)
        with contextlib.suppress(Exception):
            await _is_ours(runtime, collection)


async def _sealed(runtime: Runtime, tenant: str, ref: OrderRef) -> str | None:
    """SHA-256 of the newest manifest's envelope: the manifest's id."""
    from evidence.canonical import digest
    from evidence.custody import Act
    from service.custody import local_user, note

    account = await runtime.account(tenant, ref)
    sha256 = digest(account.manifest_envelope) if account.manifest_envelope else None
    await note(runtime, account.order, Act.COLLECT, local_user("collect"), sha256=sha256)
    return sha256


def _defect(arguments: argparse.Namespace) -> dict[str, str] | None:
    from evidence.errors import FormatError, RequestError
    from evidence.times import parse_rfc3339

    if arguments.defect is None:
        if arguments.noticed_at is not None:
            raise RequestError(what="--noticed-at", why="it needs --defect beside it")
        return None
    defect = {"kind": arguments.defect}
    if arguments.noticed_at is not None:
        try:
            parse_rfc3339(arguments.noticed_at)
        except FormatError:
            why = "it is not a time such as 2026-11-22T08:15:00Z"
            raise RequestError(what="--noticed-at", why=why) from None
        defect["noticed_at"] = arguments.noticed_at
    return defect
