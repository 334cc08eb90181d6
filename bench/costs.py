"""How many operations an order costs: the same on every machine, however busy it is.

embedded   the demo's order walked to its seal, one after another, in the embedded shape
bucket     the same, with objects and log in a bucket of SeaweedFS

    statements   of SQL, and the transactions they came in
    syncs        files and folders forced to the disk, beside what SQLite does of its own
    digests      SHA-256 begun
    slow_json    values that only the pure Python of rfc8785 could write down
    requests_s3  to the bucket

The mean of some orders after the first. `tests/test_costs.py` holds them to what they are, so that
a change which makes an order dearer says so. `python -m bench.costs`
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import rfc8785
from sqlalchemy import Engine, event

from bench.end_to_end import _one, _orders, _scenario, _write_seller
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from storage.s3_client import Where
from tests.seaweed import seaweed

ORDERS = 4


@contextmanager
def counting(runtime: Runtime) -> Iterator[Counter[str]]:
    """Counts what the whole process does while it is open."""
    found: Counter[str] = Counter()

    def counted(name: str, function: Any) -> Any:
        def call(*arguments: Any, **more: Any) -> Any:
            found[name] += 1
            return function(*arguments, **more)

        return call

    def statement(*_: Any) -> None:
        found["statements"] += 1

    def commit(*_: Any) -> None:
        found["transactions"] += 1

    found["slow_json"] = 0
    event.listen(Engine, "before_cursor_execute", statement)
    event.listen(Engine, "commit", commit)
    before = runtime.bucket.asked.total() if runtime.bucket else 0
    try:
        with (
            mock.patch.object(os, "fsync", counted("syncs", os.fsync)),
            mock.patch.object(hashlib, "sha256", counted("digests", hashlib.sha256)),
            mock.patch.object(rfc8785, "dumps", counted("slow_json", rfc8785.dumps)),
        ):
            yield found
    finally:
        event.remove(Engine, "before_cursor_execute", statement)
        event.remove(Engine, "commit", commit)
        if runtime.bucket is not None:
            found["requests_s3"] = runtime.bucket.asked.total() - before


async def costs(where: Where | None = None, *, orders: int = ORDERS) -> dict[str, float]:
    """Operations an order, in the embedded shape or with objects and log in the bucket `where`."""
    with tempfile.TemporaryDirectory(prefix="orderproof-costs-") as folder:
        async with run_sandbox(_scenario()) as url:
            asked = _orders(orders + 1)
            settings = replace(_write_seller(Path(folder), url, asked), s3=where)
            async with await Runtime.open(settings) as runtime:
                await _one(runtime, asked.pop())
                with counting(runtime) as found:
                    for order in asked:
                        await _one(runtime, order)
    return {name: count / orders for name, count in sorted(found.items())}


def main() -> int:
    _tell("embedded", asyncio.run(costs()))
    with tempfile.TemporaryDirectory(prefix="op-s3-") as folder, seaweed(Path(folder)) as running:
        running.bucket("evidence")
        _tell("bucket", asyncio.run(costs(running.where("evidence", prefix="costs/"))))
    return 0


def _tell(shape: str, found: dict[str, float]) -> None:
    print(f"{shape:<9}", "  ".join(f"{name} {count:,.1f}" for name, count in found.items()))


if __name__ == "__main__":
    sys.exit(main())
