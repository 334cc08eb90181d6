"""`orderproof bundle`: everything a stranger needs, as one file."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.orders import add_order, named_order

if TYPE_CHECKING:
    from evidence.orders import OrderRef
    from service.runtime import Runtime


def configure(parser: argparse.ArgumentParser) -> None:
    add_order(parser)
    parser.add_argument("--profile", metavar="P", default="bagit", help="default: bagit")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", required=True, help="a file not there yet"
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from service.cli.logs import set_up

    set_up(level=logging.WARNING)
    return asyncio.run(_run(arguments))


async def _note(runtime: Runtime, tenant: str, ref: OrderRef, bundle: Path) -> None:
    """Into the custody log, before the file has its name."""
    from evidence.custody import Act
    from service.custody import listed, local_user, note

    account = await runtime.account(tenant, ref)
    held = account.manifest.items if account.manifest else ()
    sha256 = await asyncio.to_thread(_sha256, bundle)
    digests = listed([item.sha256 for item in held])
    await note(runtime, account.order, Act.BUNDLE, local_user("bundle"), sha256=sha256, **digests)


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


async def _run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from evidence.errors import RequestError
    from service.cli.terminal import note, say, say_json, size_of
    from service.runtime import Runtime
    from service.settings import load_settings

    ref = named_order(arguments)
    to: Path = arguments.output
    if to.exists():
        raise RequestError(what=f"writing {to}", why="it is there already; name another file")
    settings = load_settings(arguments.config)
    console = Console(stderr=True)
    async with await Runtime.open(settings) as runtime:
        if await runtime.ledger.find_order(settings.tenant, ref) is None:
            note("Nothing was ever collected for this order. Run `orderproof collect` first.")
            return 1
        if (await runtime.account(settings.tenant, ref)).manifest is None:
            note("Nothing is sealed for this order yet. Run `orderproof collect` and let it end.")
            return 1
        part = to.with_name(f".{to.name}.{os.getpid()}.part")
        try:
            if console.is_terminal:
                with console.status("writing the bundle"):
                    await runtime.bundle(settings.tenant, ref, profile=arguments.profile, to=part)
            else:
                await runtime.bundle(settings.tenant, ref, profile=arguments.profile, to=part)
            await _note(runtime, settings.tenant, ref, part)
            # Linked, not renamed: what came there meanwhile is not overwritten.
            os.link(part, to)
        finally:
            part.unlink(missing_ok=True)
    size = to.stat().st_size
    if arguments.json:
        say_json({"file": str(to), "size": size, "profile": arguments.profile})
    else:
        say(f"{to}  {size_of(size)}; check it with: orderproof verify {to}")
    return 0
