"""`orderproof erase`: destroy what opens an order; the log says so, and verifies as before.

orderproof erase ORDER --reason subject-request
orderproof erase ORDER --reason subject-request --out DIR     with the record and its proof
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.answering import quietly
from service.cli.orders import add_order, named_order, not_kept

if TYPE_CHECKING:
    from service.retention.erasure import Erased
    from service.runtime import Runtime


def configure(parser: argparse.ArgumentParser) -> None:
    from evidence.erasure import ErasureReason

    add_order(parser)
    parser.add_argument(
        "--reason", required=True, choices=[str(reason) for reason in ErasureReason], help="why"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write the record there; made")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=quietly(_answer))


async def _answer(arguments: argparse.Namespace) -> int:
    from evidence.erasure import ErasureReason
    from evidence.errors import HeldError
    from evidence.times import rfc3339
    from service.cli.terminal import note, say, say_json
    from service.custody import local_user
    from service.retention.erasure import erase
    from service.runtime import Runtime
    from service.settings import load_settings

    ref = named_order(arguments)
    settings = load_settings(arguments.config)
    async with await Runtime.open(settings) as runtime:
        if await runtime.ledger.find_order(settings.tenant, ref) is None:
            return not_kept(ref)
        try:
            done = await erase(
                runtime,
                settings.tenant,
                ref,
                reason=ErasureReason(arguments.reason),
                by=local_user("erase"),
            )
        except HeldError as problem:
            note(str(problem))
            return 1
        if arguments.out is not None:
            await _write(runtime, settings.tenant, done, arguments.out)
    if arguments.json:
        say_json(done.to_json())
    else:
        say(f"erased at {rfc3339(done.erasure.at)}: nothing that is kept here opens it any more")
        say(f"order {done.erasure.order}")
    if not done.logged:
        note("The log refuses new receipts, so the record waits: run `orderproof audit`.")
    if not done.scrubbed:
        note("Others keep the database's files busy: start any command later and it is completed.")
    if not arguments.json:
        note("Bundles that were handed out, backups and snapshots are not reached: see SECURITY.md")
    return 0


async def _write(runtime: Runtime, tenant: str, done: Erased, folder: Path) -> None:
    """Record, opening and, once it is logged, receipt and proof: all that a stranger needs."""
    from evidence.canonical import canonical, digest
    from storage.files import create_once, make_folder

    make_folder(folder)
    erasure = done.erasure
    create_once(folder / "erasure.dsse.json", erasure.envelope)
    opening = {"sha256": digest(erasure.envelope), "salt": erasure.salt.hex()}
    create_once(folder / "erasure.opening.json", canonical(opening))
    found = await runtime.ledger.erasure_receipt(erasure)
    if found is not None and done.logged:
        index, receipt = found
        note = await runtime.sequencer.note(tenant)
        proof = await runtime.sequencer.tlog_proof(tenant, index, note)
        create_once(folder / "erasure.receipt.json", receipt.to_bytes())
        create_once(folder / "erasure.tlog-proof", proof)
