"""Make a report of an order's newest sealed account, and keep it: a derivative of the manifest.

    1  picture each item that can be seen        in the reading process
    2  make the blocks, render them              in the rendering process
    3  sign the PDF, if that is asked for
    4  keep it with a signed record that names the manifest's receipt

The same account, wish and renderer have one report: asked again, what is kept is given again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from evidence.derivatives import Change, Transform, TransformRecord
from evidence.dsse import MAX_ENVELOPE_BYTES, Envelope
from evidence.errors import CorruptionError, HeldError, NotFoundError
from evidence.items import Content, InMemory, Role
from evidence.manifest import Manifest
from evidence.orders import OrderRef
from evidence.times import parse_rfc3339
from service.custody import By
from service.derivatives import derivatives
from service.report import channel, evidence, gaps
from service.report.cover import cover_of
from service.report.known import KnownReport, Newer
from service.report.previews import Preview, can_be_seen
from service.report.render import Report, render, renderer_version
from service.report.sealing import Sealing
from service.report.signing import signed
from service.report.wanted import Kind, Wanted
from service.steps import copies
from service.steps.copies import Derivative
from service.steps.read import opened
from service.typeset.fonts import Fonts, find_fonts
from storage.ledger.records import KeptItem

if TYPE_CHECKING:
    from service.runtime import Account, Runtime

TRANSFORM = "report.pdf"
PDF = "application/pdf"
# More pictures than that are no orientation any more; the bundle has all.
MOST_PICTURES = 80
# No report of ours is larger.
MOST_BYTES = 128 << 20


async def make(
    runtime: Runtime, tenant: str, ref: OrderRef, wanted: Wanted, *, by: By
) -> tuple[Derivative, Content]:
    """The report of the newest sealed account, kept, and its bytes.

    Raises NotFoundError if nothing is sealed yet, ConfigError if a font or a library is lacking,
    HeldError while a collection of the order is under way and this report is not kept yet,
    OutageError if rendering it ran out of its bounds.
    """
    account = await runtime.account(tenant, ref)
    sealing = sealing_of(account)
    fonts = await asyncio.to_thread(find_fonts, runtime.settings.report.fonts)
    transform = transform_of(runtime, wanted, fonts)
    if (there := await kept_report(runtime, account, sealing.seq, transform)) is not None:
        return there, runtime.stored(account.order, there.line)
    if any(not each.state.is_final for each in account.collections):
        raise HeldError(what="The report", why="a collection of the order is under way")
    pdf = await rendered(runtime, account, wanted, fonts)
    made = await derivatives.keep_tied(
        runtime,
        account,
        manifest_line(account, sealing.seq),
        change=Change.RENDERED,
        content=InMemory(pdf),
        media_type=PDF,
        transform=transform,
        by=by,
    )
    return made, runtime.stored(account.order, made.line)


async def known(runtime: Runtime, tenant: str, ref: OrderRef, sha256: str) -> KnownReport | None:
    """What is known of the report with these bytes; None if none of this order has them."""
    account = await runtime.account(tenant, ref)
    newest = account.statement.manifest_seq if account.statement else None
    for each in await copies.of(runtime, account.order, account.items):
        record = each.record
        if record.change is Change.RENDERED and record.sha256 == sha256:
            return KnownReport(
                sha256=sha256,
                receipt=each.seq,
                manifest=record.original.seq,
                current=record.original.seq == newest,
                made_at=record.at,
                made_with=record.transform.parameters,
                newer=None
                if record.original.seq == newest
                else await _newer(runtime, account, record),
            )
    return None


async def _newer(runtime: Runtime, account: Account, record: TransformRecord) -> Newer | None:
    """What the newest account says otherwise than the one the report is of."""
    if account.manifest is None or account.statement is None:
        return None
    line = manifest_line(account, record.original.seq)
    raw = await asyncio.to_thread(runtime.stored(account.order, line).read, MAX_ENVELOPE_BYTES)
    old = Manifest.from_payload(Envelope.from_json(raw).payload)
    return Newer.between(old, account.manifest, receipt=account.statement.manifest_seq)


async def rendered(
    runtime: Runtime, account: Account, wanted: Wanted, fonts: Fonts | None = None
) -> bytes:
    """The report's bytes, which nobody has kept yet. Raises as `make`."""
    sealing = sealing_of(account)
    if fonts is None:
        fonts = await asyncio.to_thread(find_fonts, runtime.settings.report.fonts)
    pictured = wanted.kind is Kind.EVIDENCE
    report = await asyncio.to_thread(
        report_of,
        sealing,
        wanted,
        await previews_of(runtime, account, sealing) if pictured else {},
        hashed=partial(runtime.vault.lookup, account.order.tenant),
        verify_url=runtime.settings.report.verify_url,
    )
    return await laid_out(runtime, account, report, fonts)


def report_of(
    sealing: Sealing,
    wanted: Wanted,
    previews: Mapping[str, Preview],
    *,
    hashed: channel.Hashed,
    verify_url: str = "",
) -> Report:
    """The report before it is laid out. Pure, as far as `hashed` is (channel.py)."""
    match wanted.kind:
        case Kind.EVIDENCE:
            blocks = evidence.blocks_of(sealing, wanted, previews)
        case Kind.GAPS:
            blocks = gaps.blocks_of(sealing, wanted)
        case _:
            blocks = channel.blocks_of(sealing, wanted, hashed)
    return Report(
        subject=sealing,
        wanted=wanted,
        cover=cover_of(sealing, wanted, verify_url=verify_url),
        blocks=blocks,
    )


def sealing_of(account: Account) -> Sealing:
    """The newest sealed account; NotFoundError if there is none."""
    if account.manifest_envelope is None or account.statement_envelope is None:
        raise NotFoundError(what="the report", why="no collection of this order is sealed yet")
    return Sealing.of(manifest=account.manifest_envelope, statement=account.statement_envelope)


def transform_of(runtime: Runtime, wanted: Wanted, fonts: Fonts) -> Transform:
    """How it is made: all that making it again needs beside the manifest."""
    told = wanted.parameters() | {"fonts": fonts.sha256}
    if url := runtime.settings.report.verify_url:
        told["verify_url"] = url
    return Transform(name=TRANSFORM, version=renderer_version(), parameters=told)


async def previews_of(runtime: Runtime, account: Account, sealing: Sealing) -> dict[str, Preview]:
    """A picture of each item that can be seen, by SHA-256."""
    lines = {line.sha256: line for line in account.items}
    seen = [sha256 for sha256, item in sealing.items.items() if can_be_seen(item.media_type)]
    order = account.order

    async def of(sha256: str) -> Preview:
        return await runtime.reading.preview(opened(lines[sha256], order, runtime.objects))

    chosen = [sha256 for sha256 in seen if sha256 in lines][:MOST_PICTURES]
    return dict(zip(chosen, await asyncio.gather(*map(of, chosen)), strict=True))


async def kept_report(
    runtime: Runtime, account: Account, seq: int, transform: Transform
) -> Derivative | None:
    """The report of the manifest with this receipt that was made just so, if there is one."""
    for each in await copies.of(runtime, account.order, account.items):
        record = each.record
        if (
            record.change is Change.RENDERED
            and record.original.seq == seq
            and record.transform == transform
        ):
            return each
    return None


def manifest_line(account: Account, seq: int) -> KeptItem:
    """The manifest with this receipt."""
    for line in account.items:
        if line.role is Role.MANIFEST and line.receipt is not None and line.receipt.seq == seq:
            return line
    raise CorruptionError(what="The ledger", why=f"it has lost the manifest of receipt {seq}")


async def laid_out(runtime: Runtime, account: Account, report: Report, fonts: Fonts) -> bytes:
    """The report as a PDF; signed, if that is wanted, by the account's tenant."""
    async with runtime.rendering:
        pdf = (await asyncio.to_thread(render, report, fonts)).pdf
    return await _signed(runtime, account, pdf) if report.wanted.signed else pdf


async def _signed(runtime: Runtime, account: Account, pdf: bytes) -> bytes:
    """The PDF with a signature by the key that signs the manifests of the account's tenant."""
    tenant = account.order.tenant
    signer = runtime.vault.manifest_signer(tenant)
    public = runtime.vault.public_keys(tenant, runtime.settings.origin_of(tenant))
    (key,) = (key for key in public["manifest"] if key["keyid"] == signer.keyid)
    return await asyncio.to_thread(
        signed, pdf, signer=signer, pem=key["pem"], since=parse_rfc3339(key["valid_from"])
    )
