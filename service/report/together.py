"""Make one report of several orders, and keep it with each: a derivative of each one's manifest.

It is rendered once, and kept order by order; a run that breaks off is taken up by the next, which
finds the bytes with any of them. So whoever has one order's bundle can check the file with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from evidence.derivatives import Change, Transform
from evidence.errors import HeldError, NotFoundError, RequestError
from evidence.items import Content, InMemory
from evidence.orders import OrderRef
from service.custody import By
from service.derivatives import derivatives
from service.report import channel, several
from service.report.appeal import MOST_ORDERS, Appeal
from service.report.cover import cover_of_appeal
from service.report.render import Report
from service.report.reports import (
    MOST_BYTES,
    PDF,
    kept_report,
    laid_out,
    manifest_line,
    sealing_of,
    transform_of,
)
from service.report.wanted import Kind, Wanted
from service.steps.copies import Derivative
from service.typeset.fonts import Fonts, find_fonts

if TYPE_CHECKING:
    from service.runtime import Account, Runtime


async def make(
    runtime: Runtime, tenant: str, refs: Sequence[OrderRef], wanted: Wanted, *, by: By
) -> tuple[list[Derivative], Content]:
    """The report of these orders' newest sealed accounts, kept with each, and its bytes.

    The derivatives are in the order of the orders' names. Raises as `reports.make`, RequestError
    for an evidence report, which is of one order, and for more than MOST_ORDERS.
    """
    if wanted.kind is Kind.EVIDENCE:
        why = "an evidence report is of one order: ask for gaps or channel, or for each by itself"
        raise RequestError(what="The report", why=why)
    if len(refs) > MOST_ORDERS:
        why = f"{len(refs)} orders are more than {MOST_ORDERS}: make several"
        raise RequestError(what="The report", why=why)
    accounts = [await _account(runtime, tenant, ref) for ref in refs]
    accounts.sort(key=lambda each: _name(each.order.ref))
    appeal = Appeal.of([sealing_of(account) for account in accounts])
    fonts = await asyncio.to_thread(find_fonts, runtime.settings.report.fonts)
    transform = _transform(runtime, wanted, fonts, appeal)
    seqs = [sealing.seq for sealing in appeal.sealings]
    there = [
        await kept_report(runtime, account, seq, transform)
        for account, seq in zip(accounts, seqs, strict=True)
    ]
    pdf = await _bytes(runtime, accounts, there)
    if pdf is None:
        pdf = await _rendered(runtime, accounts[0], appeal, wanted, fonts)
    made = []
    for account, seq, kept in zip(accounts, seqs, there, strict=True):
        made.append(
            kept
            or await derivatives.keep_tied(
                runtime,
                account,
                manifest_line(account, seq),
                change=Change.RENDERED,
                content=InMemory(pdf),
                media_type=PDF,
                transform=transform,
                by=by,
            )
        )
    return made, InMemory(pdf)


async def _account(runtime: Runtime, tenant: str, ref: OrderRef) -> Account:
    try:
        account = await runtime.account(tenant, ref)
        sealing_of(account)
    except NotFoundError as problem:
        raise NotFoundError(what=f"the order {ref.id}", why=problem.why) from problem
    if any(not each.state.is_final for each in account.collections):
        raise HeldError(what="The report", why=f"a collection of the order {ref.id} is under way")
    return account


def _name(ref: OrderRef) -> tuple[str, str, str]:
    return str(ref.platform), ref.id, ref.site


def _transform(runtime: Runtime, wanted: Wanted, fonts: Fonts, appeal: Appeal) -> Transform:
    one = transform_of(runtime, wanted, fonts)
    told = {"appeal": appeal.sha256, "orders": str(len(appeal.sealings))}
    return Transform(name=one.name, version=one.version, parameters=dict(one.parameters) | told)


async def _bytes(
    runtime: Runtime, accounts: Sequence[Account], there: Sequence[Derivative | None]
) -> bytes | None:
    """What is kept with any of them."""
    for account, kept in zip(accounts, there, strict=True):
        if kept is not None:
            return await asyncio.to_thread(
                runtime.stored(account.order, kept.line).read, MOST_BYTES
            )
    return None


async def _rendered(
    runtime: Runtime, account: Account, appeal: Appeal, wanted: Wanted, fonts: Fonts
) -> bytes:
    report = await asyncio.to_thread(
        report_of,
        appeal,
        wanted,
        hashed=partial(runtime.vault.lookup, account.order.tenant),
        verify_url=runtime.settings.report.verify_url,
    )
    return await laid_out(runtime, account, report, fonts)


def report_of(
    appeal: Appeal, wanted: Wanted, *, hashed: channel.Hashed, verify_url: str = ""
) -> Report:
    """The report before it is laid out. Pure, as far as `hashed` is (channel.py)."""
    if wanted.kind is Kind.GAPS:
        blocks = several.gap_blocks(appeal, wanted)
    else:
        blocks = several.channel_blocks(appeal, wanted, hashed)
    return Report(
        subject=appeal,
        wanted=wanted,
        cover=cover_of_appeal(appeal, wanted, verify_url=verify_url),
        blocks=blocks,
    )
