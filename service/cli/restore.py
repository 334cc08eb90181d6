"""`orderproof restore`: bring back what a disaster took, and find out whether it holds.

What survived of objects, log and erasure journal is newer than any backup and stays. The ledger is
brought up to its log, what was erased is erased again, and everything is audited.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backup", type=Path, metavar="DIR/TIME", help="the folder of one backup")
    parser.add_argument(
        "--keys", type=Path, metavar="DIR", help="where the keys were backed up, if they are lost"
    )
    newest = parser.add_mutually_exclusive_group()
    newest.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        action="append",
        help="the newest head that anybody has of a log that is lost; may be repeated",
    )
    newest.add_argument(
        "--nobody-saw-more",
        action="store_true",
        help="of a log that is lost, nobody has a newer head than the backup",
    )
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit 1 if what is there now does not hold."""
    from service.cli.logs import set_up
    from service.cli.terminal import say, say_json
    from service.settings import load_settings

    set_up(level=logging.CRITICAL)
    settings = load_settings(arguments.config)
    said = _restore(arguments, settings)
    if arguments.json:
        say_json(said)
        return 0 if said["ok"] else 1
    say(f"The backup of {said['at']} is back.")
    for tenant, found in said["tenants"].items():
        if found["from_backup"]:
            say(f"{tenant}: its log is that of the backup, {found['size']} entries")
        say(
            f"{tenant}: {found['found']} receipts read back from the log, {found['lost']} whose"
            f" items are lost, log of {found['size']}; the audit {found['audit']}"
        )
    if any(found["lost"] for found in said["tenants"].values()):
        say("Collect again what is lost: `orderproof audit` says of how many orders.")
    return 0 if said["ok"] else 1


def _restore(arguments: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    from evidence.errors import RequestError
    from service.audit.audit import Asked, audit
    from service.backup import backup

    found = backup.Backup.open(arguments.backup)
    heads = [path.read_bytes()[: 1 << 16] for path in arguments.checkpoint or []]
    lost = [t for t in found.tenants if backup.is_log_lost(found, settings, t)]
    if lost and not heads and not arguments.nobody_saw_more:
        raise RequestError(
            what=f"The log of {', '.join(lost)}",
            why="it is lost, and going on from an older copy would fork it if anybody saw more: "
            "give the newest --checkpoint that a witness, an auditor or a bundle has, "
            "or say --nobody-saw-more",
        )
    for tenant in lost:
        for head in heads:
            backup.check_head(found, tenant, head)
    from_backup = backup.bring_back(found, settings, keys=arguments.keys)
    said = asyncio.run(_go_on(settings, found.tenants))
    ok = True
    for tenant, each in said.items():
        report = audit(Asked(tenant=tenant), lambda: settings)
        ok &= report.ok
        each["audit"] = "passes" if report.ok else "FAILS: run `orderproof audit`"
        each["from_backup"] = tenant in from_backup
    return {"at": found.at, "ok": ok, "tenants": said}


async def _go_on(settings: Settings, tenants: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Opening erases again what the journal says; then each log is read back and gone on with."""
    from service.runtime import Runtime

    said: dict[str, dict[str, Any]] = {}
    async with await Runtime.open(settings) as runtime:
        for tenant in tenants:
            done = await runtime.sequencer.recover(tenant)
            head = await runtime.sequencer.sequence(tenant)
            said[tenant] = {"found": done.found, "lost": done.lost, "size": head.size}
    return said
