"""What `orderproof bundle` does for the profiles of platforms, and for many orders."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.cli.orders import named_order, named_orders
from service.report.wanted import Language

if TYPE_CHECKING:
    from evidence.orders import OrderRef
    from service.profiles.asked import Asked, Minting
    from service.report.wanted import Wanted
    from service.runtime import Runtime


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments that only platforms' profiles take."""
    group = parser.add_argument_group("for a platform's profile (orderproof profile list)")
    group.add_argument(
        "--orders", metavar="FILE", type=Path, help="more orders, one a line, as ORDER is written"
    )
    group.add_argument(
        "--set",
        metavar="FIELD=TEXT",
        action="append",
        default=[],
        help="a field's text: a choice of the form, or your own words",
    )
    group.add_argument(
        "--link",
        metavar="ORDER=URL[,UNTIL]",
        action="append",
        default=[],
        help="where an order's evidence lies for others, and until when (RFC 3339, UTC)",
    )
    group.add_argument(
        "--links-at",
        metavar="URL",
        help="make links of our own below this address, where `orderproof serve` answers",
    )
    group.add_argument("--links-last", metavar="DAYS", type=int, default=30, help="(default: 30)")
    group.add_argument(
        "--leave-out",
        metavar="[ORDER=]SEQ[,SEQ…]",
        action="append",
        default=[],
        help="items that are not to be sent, by receipt",
    )
    group.add_argument(
        "--report",
        choices=["none", *Language],
        help="the language of each order's evidence report, which goes along where the profile "
        "takes it (default: en); none: without it",
    )
    group.add_argument("--sign", action="store_true", help="sign the reports")
    group.add_argument(
        "--audit",
        metavar="FOLDER",
        type=Path,
        help="write each order's full bundle there too, for whoever checks the claims",
    )


def given(arguments: argparse.Namespace) -> bool:
    """Whether something was said that only these profiles take."""
    names = ("orders", "set", "link", "links_at", "leave_out", "report", "sign", "audit")
    return len(arguments.order) > 1 or any(getattr(arguments, name) for name in names)


async def run(arguments: argparse.Namespace) -> int:
    """0: made. 1: the platform would not take it; every reason is said."""
    from evidence.errors import RequestError
    from service.cli.terminal import note, say, say_json, size_of
    from service.custody import local_user
    from service.profiles.make import make
    from service.profiles.order import note_all
    from service.profiles.refusal import NotTakenError
    from service.runtime import Runtime
    from service.settings import load_settings

    to: Path = arguments.output
    if to.exists():
        raise RequestError(what=f"writing {to}", why="it is there already; name another file")
    asked = _asked(arguments)
    settings = load_settings(arguments.config)
    by = local_user("bundle")
    async with await Runtime.open(settings) as runtime:
        part = to.with_name(f".{to.name}.{os.getpid()}.part")
        try:
            made = await make(runtime, settings.tenant, asked, to=part, by=by)
            sha256 = await asyncio.to_thread(_sha256, part)
            await note_all(runtime, settings.tenant, asked, by, sha256)
            if arguments.audit is not None:
                await _audit(runtime, settings.tenant, asked, arguments.audit)
            os.link(part, to)  # what came there meanwhile is not overwritten
        except NotTakenError as refused:
            if arguments.json:
                whys = [{"order": why.order, "says": why.says} for why in refused.whys]
                say_json({"made": False, "profile": asked.profile.id, "whys": whys})
            else:
                for why in refused.whys:
                    note(f"why not: {why.says}")
            return 1
        finally:
            part.unlink(missing_ok=True)
    size = to.stat().st_size
    if arguments.json:
        told = {"made": True, "file": str(to), "size": size, "sha256": sha256}
        say_json(told | {"profile": asked.profile.id, "orders": made.orders, "files": made.files})
        return 0
    say(f"{to}  {size_of(size)}: orders {made.orders}, files {made.files}; README.txt in it says")
    say(f"what to do. Check its form with: orderproof profile lint {to}")
    return 0


async def _audit(runtime: Runtime, tenant: str, asked: Asked, folder: Path) -> None:
    from service.profiles.naming import order_folder
    from service.steps.publish import BAGIT

    folder.mkdir(parents=True, exist_ok=True)
    for number, (_, ref) in enumerate(asked.sorted(), start=1):
        path = folder / f"{order_folder(number, ref)}.zip"
        await runtime.bundle(tenant, ref, profile=BAGIT, to=path)


def _asked(arguments: argparse.Namespace) -> Asked:
    from service.profiles.asked import Asked
    from verifiers.profilebook import profile_named

    orders = named_orders(arguments)
    links = dict(_link(arguments, text) for text in arguments.link)
    left_out: dict[OrderRef, frozenset[int]] = {}
    for text in arguments.leave_out:
        ref, seqs = _left_out(arguments, text, orders)
        left_out[ref] = left_out.get(ref, frozenset()) | seqs
    return Asked(
        profile=profile_named(arguments.profile),
        orders=orders,
        texts=dict(_text(text) for text in arguments.set),
        links=links,
        leave_out=left_out,
        minting=_minting(arguments),
        report=_report(arguments),
    )


def _report(arguments: argparse.Namespace) -> Wanted | None:
    from service.report.wanted import Wanted

    if arguments.report == "none":
        return None
    return Wanted(language=Language(arguments.report or Language.EN), signed=arguments.sign)


def _minting(arguments: argparse.Namespace) -> Minting | None:
    from evidence.errors import RequestError
    from service.profiles.asked import Minting

    if arguments.links_at is None:
        return None
    if not 1 <= arguments.links_last <= 365:
        raise RequestError(what="--links-last", why="it is not from 1 to 365 days")
    return Minting(arguments.links_at, timedelta(days=arguments.links_last))


def _order(arguments: argparse.Namespace, name: str) -> OrderRef:
    named = argparse.Namespace(order=name, platform=arguments.platform, site=arguments.site)
    return named_order(named)


def _text(text: str) -> tuple[str, str]:
    from evidence.errors import RequestError

    name, equals, said = text.partition("=")
    if not name or not equals:
        raise RequestError(what="--set", why=f"{text[:40]!r} is not FIELD=TEXT")
    return name, said


def _link(arguments: argparse.Namespace, text: str) -> tuple[OrderRef, Any]:
    from evidence.errors import FormatError, RequestError
    from evidence.times import Instant, parse_iso
    from service.profiles.asked import Link

    name, equals, said = text.partition("=")
    if not equals:
        raise RequestError(what="--link", why=f"{text[:40]!r} is not ORDER=URL[,UNTIL]")
    url, comma, until = said.rpartition(",")
    if not comma:
        return _order(arguments, name), Link(said, None)
    try:
        ends = parse_iso(until)
    except FormatError:
        ends = None
    if not isinstance(ends, Instant):
        raise RequestError(what="--link", why=f"{until[:40]!r} is no time with its zone")
    return _order(arguments, name), Link(url, ends.at)


def _left_out(
    arguments: argparse.Namespace, text: str, orders: list[OrderRef]
) -> tuple[OrderRef, frozenset[int]]:
    from evidence.errors import RequestError

    name, equals, seqs = text.rpartition("=")
    if not equals and len(orders) != 1:
        why = "say of which order, as ORDER=SEQ: there are several"
        raise RequestError(what="--leave-out", why=why)
    words = [word.strip() for word in seqs.split(",")]
    if not all(word.isascii() and word.isdigit() and len(word) <= 7 for word in words):
        raise RequestError(what="--leave-out", why=f"{seqs[:40]!r} are not numbers of receipts")
    ref = _order(arguments, name) if equals else orders[0]
    return ref, frozenset(map(int, words))


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
