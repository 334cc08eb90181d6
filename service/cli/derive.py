"""`orderproof derive`: a redacted, smaller, converted or translated copy of an item.

orderproof derive ORDER SEQ --redact X,Y,W,H [--redact …]    blacken boxes of a picture
orderproof derive ORDER SEQ --shrink PIXELS [--quality Q]    no side longer than that, as JPEG
orderproof derive ORDER SEQ --convert jpeg|png|pdf           another format
orderproof derive ORDER SEQ --from FILE --change translated [--note language=en]
                                                             a copy that a person made
"""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from evidence.derivatives import OF_ITEMS, Change
from service.cli.answering import quietly
from service.cli.orders import add_order, named_order, not_kept

if TYPE_CHECKING:
    from evidence.items import Content
    from evidence.orders import OrderRef
    from service.runtime import Runtime
    from service.steps.copies import Derivative


def configure(parser: argparse.ArgumentParser) -> None:
    add_order(parser)
    parser.add_argument(
        "item",
        metavar="SEQ",
        type=int,
        help="the original, by its receipt, as `orderproof manifest` shows it",
    )
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument(
        "--redact",
        metavar="X,Y,W,H",
        action="append",
        help="blacken this box of the picture, in pixels from its upper left corner",
    )
    how.add_argument("--shrink", metavar="PIXELS", help="make the longer side no longer than this")
    how.add_argument("--convert", metavar="FORMAT", help="jpeg, png or pdf")
    how.add_argument(
        "--from", dest="file", metavar="FILE", type=Path, help="take this copy, made by a person"
    )
    parser.add_argument("--quality", default="80", metavar="Q", help="of --shrink, 1 to 95")
    parser.add_argument(
        "--change", choices=list(OF_ITEMS), help="what was done to the copy of --from"
    )
    parser.add_argument(
        "--note",
        metavar="NAME=TEXT",
        action="append",
        default=[],
        help="what else the record is to say of the copy of --from, such as language=en",
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the copy there")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=quietly(_answer))


async def _answer(arguments: argparse.Namespace) -> int:
    from evidence.errors import RequestError
    from service.cli.terminal import say, say_json, size_of
    from service.runtime import Runtime
    from service.settings import load_settings

    ref = named_order(arguments)
    to: Path | None = arguments.output
    if to is not None and to.exists():
        raise RequestError(what=f"writing {to}", why="it is there already; name another file")
    settings = load_settings(arguments.config)
    async with await Runtime.open(settings) as runtime:
        order = await runtime.ledger.find_order(settings.tenant, ref)
        if order is None:
            return not_kept(ref)
        made = await _derive(runtime, settings.tenant, ref, arguments)
        if to is not None:
            content = runtime.stored(order, made.line)
            await asyncio.to_thread(write, content, to)
    if arguments.json:
        say_json(_told(made))
        return 0
    record = made.record
    kind = f"{record.change} copy of item {record.original.seq} ({record.original.role})"
    say(f"{made.seq}  {kind}, {made.line.media_type}, {size_of(made.line.size)}")
    say(f"sha256 {record.sha256}")
    say(f"to hand it on: orderproof bundle ORDER --profile reviewer --copy {made.seq} -o FILE")
    if to is not None:
        say(f"written to {to}")
    return 0


async def _derive(
    runtime: Runtime, tenant: str, ref: OrderRef, arguments: argparse.Namespace
) -> Derivative:
    from evidence.errors import RequestError
    from service.custody import local_user
    from service.derivatives import derivatives

    by = local_user("derive")
    original: int = arguments.item
    if arguments.file is not None:
        if arguments.change is None:
            why = f"say what was done to it with --change: {', '.join(OF_ITEMS)}"
            raise RequestError(what="the copy", why=why)
        return await derivatives.take(
            runtime,
            tenant,
            ref,
            original=original,
            change=Change(arguments.change),
            file=arguments.file,
            parameters=_notes(arguments.note),
            by=by,
        )
    if arguments.change is not None or arguments.note:
        raise RequestError(what="--change or --note", why="it is for a copy given with --from")
    if arguments.redact is not None:
        name, parameters = "picture.redact", {"boxes": ";".join(arguments.redact)}
    elif arguments.shrink is not None:
        name = "picture.shrink"
        parameters = {"longest": arguments.shrink, "quality": arguments.quality}
    else:
        name, parameters = "picture.convert", {"to": arguments.convert}
    return await derivatives.make(
        runtime, tenant, ref, original=original, transform=name, parameters=parameters, by=by
    )


def _notes(given: list[str]) -> dict[str, str]:
    from evidence.errors import RequestError

    notes: dict[str, str] = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not name or not equals or name in notes:
            why = f"{each[:40]!r} is not NAME=TEXT, with a name of its own"
            raise RequestError(what="a note", why=why)
        notes[name] = text
    return notes


def _told(made: Derivative) -> dict[str, object]:
    from evidence.times import rfc3339

    record = made.record
    return {
        "receipt": record.derivative.seq,
        "record": made.kept.receipt.seq if made.kept.receipt else None,
        "original": record.original.seq,
        "change": str(record.change),
        "role": str(made.line.role),
        "sha256": record.sha256,
        "size": made.line.size,
        "media_type": made.line.media_type,
        "transform": {
            "name": record.transform.name,
            "version": record.transform.version,
            "parameters": dict(record.transform.parameters),
        },
        "by": record.by,
        "at": rfc3339(record.at),
    }


def write(content: Content, to: Path) -> None:
    """All of it or nothing; what came there meanwhile is not overwritten."""
    part = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as out:
            for chunk in content.chunks():
                out.write(chunk)
        os.link(part, to)
    finally:
        part.unlink(missing_ok=True)
