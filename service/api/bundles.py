"""Bundles: everything a stranger needs, as one file."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from aiohttp import web

from evidence.custody import Act
from service.api.asking import account_of, not_sealed, note, ref_of
from service.api.ports import EVIDENCE, SETTINGS
from service.api.scratch import SCRATCH
from service.api.sending import send_range
from service.contract import Given, Handler
from service.custody import bundled


async def get_bundle(request: web.Request, given: Given) -> web.StreamResponse:
    """Write the bundle to disk and send it from there; it is gone when the answer is."""
    ref = ref_of(given)
    account = await account_of(request, ref)
    if account.manifest_envelope is None:
        raise not_sealed()
    with request.app[SCRATCH].folder() as folder:
        file = folder / "bundle.zip"
        profile = given.query["profile"]
        show, copies = (_receipts(given.query.get(name, "")) for name in ("show", "copies"))
        held = await request.app[EVIDENCE].bundle(
            request.app[SETTINGS].tenant, ref, profile=profile, to=file, show=show, copies=copies
        )
        size, sha256 = await asyncio.to_thread(_measure, file)
        what = bundled(held, profile=profile, copies=copies)
        await note(request, ref, Act.BUNDLE, sha256=sha256, **what)
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


def _receipts(text: str) -> list[int]:
    return [int(seq) for seq in text.split(",") if seq]


def _measure(file: Path) -> tuple[int, str]:
    with file.open("rb") as bundle:
        return file.stat().st_size, hashlib.file_digest(bundle, "sha256").hexdigest()


OPERATIONS: dict[str, Handler] = {"getBundle": get_bundle}
