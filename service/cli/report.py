"""`orderproof report`: the newest sealed account of an order as a PDF for people.

orderproof report ORDER -o FILE [--language en|zh|both] [--form pdfa-1a|pdfa-3a] [--sign]
orderproof report ORDER ORDER… --about gaps|channel -o FILE      one report of several orders
"""

from __future__ import annotations

import argparse
import asyncio
import os
from contextlib import nullcontext
from pathlib import Path

from service.cli.answering import quietly
from service.cli.orders import add_order, named_orders, not_kept, not_sealed
from service.report.wanted import Form, Kind, Language


def configure(parser: argparse.ArgumentParser) -> None:
    add_order(parser, several=True)
    parser.add_argument(
        "--orders", metavar="FILE", type=Path, help="more orders, one a line, as ORDER is written"
    )
    parser.add_argument(
        "--about",
        choices=list(Kind),
        default=Kind.EVIDENCE,
        help="evidence: all of it (default); gaps: what is lacking, and facts for an appeal; "
        "channel: where the order is from, and who fulfilled it",
    )
    parser.add_argument("--language", choices=list(Language), default=Language.EN)
    parser.add_argument(
        "--form",
        choices=list(Form),
        default=Form.A1,
        help="PDF/A-1a (default), or PDF/A-3a, which carries the manifest inside",
    )
    parser.add_argument("--sign", action="store_true", help="sign the PDF with the manifest key")
    parser.add_argument(
        "--zone",
        metavar="ZONE",
        help="show our own times in this zone beside UTC, as Asia/Shanghai",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", required=True, help="a file not there yet"
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=quietly(_answer))


async def _answer(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from evidence.custody import Act
    from evidence.errors import RequestError
    from service import custody
    from service.cli.derive import write
    from service.cli.terminal import say, say_json, size_of
    from service.custody import local_user
    from service.report import reports, together
    from service.report.wanted import Wanted
    from service.runtime import Runtime
    from service.settings import load_settings

    refs = named_orders(arguments)
    to: Path = arguments.output
    if to.exists():
        raise RequestError(what=f"writing {to}", why="it is there already; name another file")
    settings = load_settings(arguments.config)
    wanted = Wanted.of(
        kind=arguments.about,
        language=arguments.language,
        form=arguments.form,
        signed=arguments.sign,
        zone=arguments.zone or settings.report.zone,
    )
    console = Console(stderr=True)
    async with await Runtime.open(settings) as runtime:
        orders = []
        for ref in refs:
            order = await runtime.ledger.find_order(settings.tenant, ref)
            if order is None:
                return not_kept(ref)
            if (await runtime.account(settings.tenant, ref)).manifest is None:
                return not_sealed(ref)
            orders.append(order)
        by = local_user("report")
        status = console.status("writing the report") if console.is_terminal else nullcontext()
        with status:
            if len(refs) > 1:
                all_, content = await together.make(runtime, settings.tenant, refs, wanted, by=by)
            else:
                one, content = await reports.make(runtime, settings.tenant, refs[0], wanted, by=by)
                all_ = [one]
        for order in orders:
            await custody.note(runtime, order, Act.REPORT, by, sha256=content.sha256)
        made = all_[0]
        await asyncio.to_thread(write, content, to)
    if arguments.json:
        say_json(
            {
                "file": str(to),
                "size": made.line.size,
                "sha256": made.line.sha256,
                "receipt": made.seq,
                "manifest": made.record.original.seq,
            }
            | ({"orders": len(refs)} if len(refs) > 1 else {})
        )
        return 0
    of = f"of {len(refs)} orders, kept with each" if len(refs) > 1 else f"receipt {made.seq}"
    say(f"{to}  {size_of(made.line.size)}, {of}")
    say(f"check it with: orderproof verify {os.fspath(to)} --bundle BUNDLE.zip")
    return 0
