"""What the ledger of this machine knows of a report in hand: for `orderproof verify --order`."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
from collections.abc import Iterator

from auditor.report import Check, Report, State, Trust
from service.cli.orders import named_order
from service.report import reports
from service.report.known import KnownReport
from service.runtime import Runtime
from service.settings import load_settings


def known_here(arguments: argparse.Namespace) -> Report:
    """Whether it is one of the order's reports, and of its newest account. Raises NotFoundError."""
    return asyncio.run(_known_here(arguments))


async def _known_here(arguments: argparse.Namespace) -> Report:
    with arguments.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    named = argparse.Namespace(order=arguments.order, platform=None, site="US")
    settings = load_settings(arguments.config)
    async with await Runtime.open(settings) as runtime:
        known = await reports.known(runtime, settings.tenant, named_order(named), sha256)
    counts = {"bytes": arguments.path.stat().st_size}
    # Whoever asks trusts the ledger of his own machine, as he trusts a key that he pinned.
    return Report(
        kind="report", trust=Trust.PINNED, checks=tuple(_checks(known, sha256)), counts=counts
    )


def _checks(known: KnownReport | None, sha256: str) -> Iterator[Check]:
    if known is None:
        what = f"No report that was made of this order here has the SHA-256 {sha256}."
        yield Check("report", State.FAIL, what)
        return
    what = f"It is ours and unaltered; its receipt is {known.receipt}."
    yield Check("report", State.PASS, what)
    if known.current:
        yield Check("current", State.PASS, "It is of the order's newest sealed account.")
        return
    what = f"It is of an earlier account (receipt {known.manifest}). The newest: {known.newer}."
    yield Check("current", State.FAIL, f"{what} Make the report again.")
