"""Bundles: everything a stranger needs, as one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from evidence.custody import Act
from evidence.orders import OrderRef
from evidence.times import Instant, parse_iso
from service.access.callers import Whose, caller_of
from service.api.asking import by_of, no_order, not_sealed, ref_of, refs_in
from service.api.ports import EVIDENCE
from service.api.scratch import SCRATCH
from service.api.sending import measure, send_archive
from service.custody import By, bundled
from service.http.contract import Given, Handler
from service.http.problems import Problem, Violation, invalid
from service.profiles.asked import Asked, Link
from service.profiles.refusal import NotTakenError
from service.report.wanted import Language, Wanted
from service.steps.publish import BAGIT, REVIEWER
from verifiers.profilebook import profile_named


async def get_bundle(request: web.Request, given: Given) -> web.StreamResponse:
    profile = given.query["profile"]
    show, copies = (receipts_in(given.query.get(name, "")) for name in ("show", "copies"))
    caller = caller_of(request)
    if caller.role.proofs_only and (profile != REVIEWER or show or copies):
        raise Problem(
            403,
            "forbidden",
            "The role auditor reads proofs without content: ask for profile=reviewer, and leave "
            "out `show` and `copies`.",
        )
    if profile not in (BAGIT, REVIEWER):
        if show or copies:
            wrong = "opens items of a reviewer's copy, and this profile makes none"
            raise invalid(Violation("/query/show" if show else "/query/copies", wrong))
        return await send_profiled(
            request, Asked(profile=profile_named(profile), orders=[ref_of(given)])
        )
    return await send_bundle(
        request, caller.whose, ref_of(given), by_of(request), profile, show, copies
    )


async def make_bundle(request: web.Request, given: Given) -> web.StreamResponse:
    """Of one order or many, in the form that a platform takes; or every reason why not."""
    body = given.body
    caller = caller_of(request)
    if caller.role.proofs_only:
        raise Problem(403, "forbidden", "The role auditor reads proofs without content.")
    links: dict[OrderRef, Link] = {}
    left_out: dict[OrderRef, frozenset[int]] = {}
    orders = refs_in(body["orders"])
    for ref, said in zip(orders, body["orders"], strict=True):
        if "link" in said:
            ends = said["link"].get("expires_at")
            links[ref] = Link(said["link"]["url"], None if ends is None else _moment(ends))
        if said.get("leave_out"):
            left_out[ref] = frozenset(said["leave_out"])
    return await send_profiled(
        request,
        Asked(
            profile=profile_named(body["profile"]),
            orders=orders,
            texts=body.get("texts", {}),
            links=links,
            leave_out=left_out,
            report=_report(body.get("report", {})),
        ),
    )


def _report(said: Mapping[str, Any]) -> Wanted | None:
    """Which report goes along, where the profile takes one."""
    language = said.get("language", Language.EN)
    if language == "none":
        return None
    return Wanted(language=Language(language), signed=said.get("sign", False))


def _moment(text: str) -> datetime:
    moment = parse_iso(text)
    if not isinstance(moment, Instant):
        raise invalid(Violation("/body/orders", "a link ends at a time with its zone"))
    return moment.at


async def send_profiled(request: web.Request, asked: Asked) -> web.StreamResponse:
    """Make the bundle on disk and send it from there; each order is in the custody log first."""
    evidence, whose, by = request.app[EVIDENCE], caller_of(request).whose, by_of(request)
    with request.app[SCRATCH].folder() as folder:
        file = folder / "bundle.zip"
        try:
            await evidence.profiled(whose, asked, to=file, by=by)
        except NotTakenError as refused:
            raise _not_taken(refused) from refused
        size, sha256 = await measure(file)
        what = {"sha256": sha256, "profile": asked.profile.id}
        for ref in asked.orders:
            await evidence.note(whose, ref, Act.BUNDLE, by, what)
        name = f"orderproof-{sha256[:12]}.zip"
        return await send_archive(request, file, name=name, size=size, sha256=sha256)


def _not_taken(refused: NotTakenError) -> Problem:
    """Every reason, as far as a problem has room; orders by their place, never by their number."""
    whys = [
        Violation(
            "/body/orders" + ("" if why.order is None else f"/{why.order}"),
            why.says.partition(": ")[2] if why.order is not None else why.says,
        )
        for why in refused.whys
    ]
    said = f"The platform would not take it: {len(whys)} reasons, the first of them in `errors`."
    return Problem(422, "not-taken", said, errors=whys)


async def send_bundle(
    request: web.Request,
    whose: Whose,
    ref: OrderRef,
    by: By,
    profile: str,
    show: Sequence[int],
    copies: Sequence[int],
) -> web.StreamResponse:
    """Write the bundle to disk and send it from there; it is gone when the answer is."""
    account = await request.app[EVIDENCE].account(whose, ref)
    if account is None:
        raise no_order()
    if account.manifest_envelope is None:
        raise not_sealed()
    with request.app[SCRATCH].folder() as folder:
        file = folder / "bundle.zip"
        held = await request.app[EVIDENCE].bundle(
            whose, ref, profile=profile, to=file, show=show, copies=copies
        )
        size, sha256 = await measure(file)
        what = {"sha256": sha256, **bundled(held, profile=profile, copies=copies)}
        await request.app[EVIDENCE].note(whose, ref, Act.BUNDLE, by, what)
        name = f"orderproof-{sha256[:12]}.zip"
        return await send_archive(request, file, name=name, size=size, sha256=sha256)


def receipts_in(text: str) -> list[int]:
    return [int(seq) for seq in text.split(",") if seq]


OPERATIONS: dict[str, Handler] = {"getBundle": get_bundle, "makeBundle": make_bundle}
