"""Bundles: everything a stranger needs, as one file."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from evidence.custody import Act
from evidence.orders import OrderRef
from service.access.callers import Whose, caller_of
from service.api.asking import by_of, no_order, not_sealed, ref_of
from service.api.ports import EVIDENCE
from service.api.scratch import SCRATCH
from service.api.sending import send_range
from service.contract import Given, Handler
from service.custody import By, bundled
from service.problems import Problem
from service.steps.publish import REVIEWER


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
    return await send_bundle(
        request, caller.whose, ref_of(given), by_of(request), profile, show, copies
    )


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
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/zip",
                "Content-Disposition": f'attachment; filename="orderproof-{sha256[:12]}.zip"',
                "ETag": f'"{sha256}"',
            }
        )

        def read(start: int, stop: int) -> bytes:
            with file.open("rb") as bundle:
                bundle.seek(start)
                return bundle.read(stop - start)

        return await send_range(request, response, read, start=0, stop=size)


def receipts_in(text: str) -> list[int]:
    return [int(seq) for seq in text.split(",") if seq]


async def measure(file: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file, in a thread."""
    return await asyncio.to_thread(_measure, file)


def _measure(file: Path) -> tuple[int, str]:
    with file.open("rb") as bundle:
        return file.stat().st_size, hashlib.file_digest(bundle, "sha256").hexdigest()


OPERATIONS: dict[str, Handler] = {"getBundle": get_bundle}
