"""`orderproof manifest`: the newest sealed account of an order."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.answering import quietly
from service.cli.orders import add_order, named_order, not_kept, not_sealed
from service.wording.told import told

if TYPE_CHECKING:
    from evidence.manifest import Manifest


def configure(parser: argparse.ArgumentParser) -> None:
    add_order(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the signed envelope there, byte for byte (- for stdout)",
    )
    parser.add_argument("--json", action="store_true", help="print what was signed, as JSON")
    parser.set_defaults(run=quietly(_answer))


async def _answer(arguments: argparse.Namespace) -> int:
    from evidence.canonical import digest
    from evidence.custody import Act
    from service import custody
    from service.cli.terminal import note, say_json
    from service.custody import local_user
    from service.runtime import Runtime
    from service.settings import load_settings

    ref = named_order(arguments)
    settings = load_settings(arguments.config)
    async with await Runtime.open(settings) as runtime:
        if await runtime.ledger.find_order(settings.tenant, ref) is None:
            return not_kept(ref)
        account = await runtime.account(settings.tenant, ref)
        if account.manifest_envelope is not None:
            sha256 = digest(account.manifest_envelope)
            by = local_user("manifest")
            await custody.note(runtime, account.order, Act.MANIFEST, by, sha256=sha256)
    if account.manifest is None or account.manifest_envelope is None:
        return not_sealed(ref)
    if arguments.output == "-":
        sys.stdout.buffer.write(account.manifest_envelope)
    elif arguments.output is not None:
        await asyncio.to_thread(_write, Path(arguments.output), account.manifest_envelope)
        note(
            f"written to {arguments.output}; check it with: orderproof keys > keys.json; "
            f"orderproof verify {arguments.output} --key keys.json"
        )
    if arguments.json:
        say_json(account.manifest.payload())
    elif arguments.output is None:
        _show(account.manifest, sha256=digest(account.manifest_envelope))
    return 0


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)


def _show(manifest: Manifest, *, sha256: str) -> None:
    from evidence.times import rfc3339
    from service.cli.terminal import say, size_of

    word = "complete" if manifest.complete else "incomplete"
    say(f"{manifest.order}: {word}, as of {rfc3339(manifest.at)}")
    say(f"policy    {manifest.policy.id}, version {manifest.policy.version}")
    say(f"manifest  sha256 {sha256}")
    say("\nItems")
    for item in manifest.items:
        size = size_of(item.size)
        say(f"  {item.seq:>4}  {item.role:<18} {item.collector:<14} {size:>10}  {item.sha256[:16]}")
    say("\nSources")
    for source in manifest.sources:
        say(f"  {source.state:<8} {source.source}  {source.why}".rstrip())
    say("\nCoverage")
    for line in manifest.coverage:
        say(f"  {line.state:<8} {line.level:<8} {line.requirement}  {line.why}".rstrip())
    say("\nVerdicts")
    for judged in manifest.judgements:
        say(f"  {judged.verdict:<14} {judged.question}")
        for sentences, do in told(judged.findings):
            for sentence in sentences:
                say(f"  {'':<14} - {sentence}")
            if do:
                say(f"  {'':<14} -> {do}")
