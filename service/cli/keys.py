"""`orderproof keys`: what others need to check us, and what to do when a key is old or lost.

orderproof keys > keys.json                   give it to the reader by a way they trust
orderproof verify bundle.zip --key keys.json
orderproof keys rotate log                    a new key; the old one signs beside it for 30 days
orderproof keys revoke 1a2b3c4d --since 2026-11-20T00:00:00Z
orderproof keys records --out DIR             rotations and revocations, each with its proof
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.key_records import Logged
    from service.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help="answer as JSON; without a word, always"
    )
    parser.set_defaults(run=run, action=None)
    actions = parser.add_subparsers(metavar="ACTION", dest="action")

    def action(name: str, line: str) -> argparse.ArgumentParser:
        made = actions.add_parser(name, help=line, description=f"{line[0].upper()}{line[1:]}.")
        made.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="answer as JSON"
        )
        return made

    action("list", "every key with the time it was in use")
    rotate = action("rotate", "begin a new key, and log that it follows the old one")
    rotate.add_argument("kind", choices=["manifest", "log"])
    rotate.add_argument(
        "--overlap",
        type=float,
        default=30.0,
        metavar="DAYS",
        help="how long an old log key signs beside the new one (default: 30)",
    )
    revoke = action("revoke", "a key is not to be believed from some time on; log that")
    revoke.add_argument("id", metavar="KEY", help="keyid or vkey, or 8 of its digits")
    revoke.add_argument(
        "--since", required=True, metavar="TIME", help="UTC, such as 2026-11-20T00:00:00Z"
    )
    records = action("records", "write out what the log says of the keys, with proofs")
    records.add_argument("--out", type=Path, metavar="DIR", help="a folder; made if absent")


def run(arguments: argparse.Namespace) -> int:
    from service.cli.logs import set_up
    from service.cli.terminal import say_json
    from service.runtime import open_vault
    from service.settings import load_settings

    settings = load_settings(arguments.config)
    if arguments.action in {None, "list"}:
        vault = open_vault(settings)
        public = vault.public_keys(settings.tenant, settings.origin_of(settings.tenant))
        if arguments.action is None or arguments.json:
            say_json({**public, **_others(settings)})
        else:
            _list(public)
        return 0
    import logging

    set_up(level=logging.WARNING)
    return asyncio.run(_act(arguments, settings))


async def _act(arguments: argparse.Namespace, settings: Settings) -> int:
    from evidence.key_records import KeyKind
    from service.key_records import record
    from service.runtime import Runtime

    tenant, origin = settings.tenant, settings.origin_of(settings.tenant)
    async with await Runtime.open(settings) as runtime:
        if arguments.action == "rotate":
            overlap = timedelta(days=_days(arguments.overlap))
            runtime.vault.rotate(tenant, KeyKind(arguments.kind), origin, overlap=overlap)
        elif arguments.action == "revoke":
            since = _since(arguments.since, now=runtime.clock())
            runtime.vault.revoke(tenant, origin, arguments.id, since=since)
        logged = await record(runtime, tenant)
        await runtime.sequencer.publish_keys(tenant)
        outcomes = await runtime.witnesses.cosign(tenant)
    _say(arguments, logged, [str(outcome) for outcome in outcomes])
    if getattr(arguments, "out", None) is not None:
        _write(arguments.out, logged)
    return 0


def _say(arguments: argparse.Namespace, logged: list[Logged], witnessed: list[str]) -> None:
    from evidence.times import rfc3339
    from service.cli.terminal import note, say, say_json

    lines = [
        {
            "event": str(each.record.event),
            "kind": str(each.record.kind),
            "old": each.record.old,
            "new": each.record.new,
            "at": rfc3339(each.record.at),
            "log_index": each.log_index,
            "receipt": each.receipt.sha256,
        }
        for each in logged
    ]
    if arguments.json:
        say_json({"records": lines})
    else:
        for line in lines:
            say(
                f"{line['at']}  {line['kind']} key {line['event']}: {line['old']}"
                f" -> {line['new']}  (leaf {line['log_index']} of the log)"
            )
    for outcome in witnessed:
        note(outcome)
    if arguments.action != "records":
        note("give the new keys to whoever verifies: orderproof keys > keys.json")


def _list(public: Mapping[str, list[dict[str, str]]]) -> None:
    from service.cli.terminal import say

    for kind, lines in public.items():
        for number, line in enumerate(lines):
            until = line.get("valid_to", "")
            state = f"revoked since {line['revoked_since']}" if "revoked_since" in line else ""
            state = state or ("in use" if number == 0 else f"replaced, until {until}")
            say(f"{kind:<9} {line.get('keyid') or line['vkey']}")
            say(f"{'':<9} from {line['valid_from']}, {state}")


def _others(settings: Settings) -> dict[str, Any]:
    """The witnesses and time authorities we ask, as a trust file names them."""
    from cryptography.hazmat.primitives.serialization import Encoding

    from service.timestamping.authority import configured

    found: dict[str, Any] = {}
    if settings.witnesses:
        found["witness"] = [{"name": w.name, "vkey": w.vkey} for w in settings.witnesses]
    if settings.authorities:
        found["tsa"] = [
            {
                "name": authority.name,
                "pem": authority.pinned.certificate.public_bytes(Encoding.PEM).decode(),
                "roots": [
                    root.public_bytes(Encoding.PEM).decode() for root in authority.pinned.roots
                ],
                "crls": [
                    each.public_bytes(Encoding.PEM).decode() for each in authority.pinned.lists
                ],
            }
            for authority in configured(settings.authorities)
        ]
    return found


def _write(folder: Path, logged: list[Logged]) -> None:
    from evidence.canonical import canonical, digest
    from storage.files import create_once, make_folder

    make_folder(folder)
    for each in logged:
        stem = f"{each.receipt.seq:04d}"
        opening = {"sha256": digest(each.envelope), "salt": each.salt.hex()}
        create_once(folder / f"{stem}.dsse.json", each.envelope)
        create_once(folder / f"{stem}.receipt.json", each.receipt.to_bytes())
        create_once(folder / f"{stem}.opening.json", canonical(opening))
        create_once(folder / f"{stem}.size-{_size(each.proof)}.tlog-proof", each.proof)


def _size(proof: bytes) -> int:
    from evidence.checkpoint import Checkpoint
    from evidence.notes import split_note
    from evidence.proofs import LogProof

    return Checkpoint.parse(split_note(LogProof.parse(proof).checkpoint)[0]).size


def _days(days: float) -> float:
    from evidence.errors import RequestError

    if not 0 <= days <= 3660:
        raise RequestError(what="the overlap", why="it is not between 0 and 3660 days")
    return days


def _since(text: str, *, now: datetime) -> datetime:
    """UTC. Never a guess: a time without a zone is refused."""
    from evidence.errors import RequestError

    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        why = f"{text[:40]!r} is not a time such as 2026-11-20T00:00:00Z"
        raise RequestError(what="--since", why=why) from error
    if at.tzinfo is None:
        raise RequestError(what="--since", why="it has no zone: write Z for UTC, or +08:00")
    if at > now:
        raise RequestError(what="--since", why="it is in the future; rotate the key instead")
    return at.astimezone(UTC)
