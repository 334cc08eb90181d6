"""What a child process of the crash test does: walk one collection after another, until killed."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

from evidence.orders import OrderRef, Platform
from service.runtime import Runtime
from service.settings import load_settings
from storage.ledger.records import State
from tests.journeys.conftest import ENVIRONMENT


def orders(count: int) -> list[OrderRef]:
    return [OrderRef(Platform.AMAZON, f"112-{n:07d}-{n:07d}", "US") for n in range(count)]


def order_of(number: int, count: int) -> OrderRef:
    """Whose evidence collection `number` is: each fourth is the second one of an order."""
    return orders(count)[(number - (number % 4 == 3)) % count]


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that a child wrote about its walk of collection `number`.

    what   "begun", "read" (its items are about to be), "signing", "sealed"
    at     seconds since this life began the walk
    id     the collection's
    """

    what: str
    number: int
    at: float
    id: str

    def line(self) -> bytes:
        return f"{self.what} {self.number} {self.at:.4f} {self.id}\n".encode()


def marks(said: Path) -> list[Mark]:
    """All that were written so far, in all lives; a child may have been killed while it wrote."""
    text = said.read_text() if said.exists() else ""
    whole = [line.split(" ") for line in text[: text.rfind("\n") + 1].splitlines()]
    return [Mark(w[0], int(w[1]), float(w[2]), w[3]) for w in whole if len(w) == 4]


def walk_on(config: str, said: str, count: int, until: int) -> None:
    """Walk from the first collection that no life acknowledged as sealed, up to number `until`.

    said    the file for its marks
    count   how many orders there are
    """
    out = os.open(f"{said}.output", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    asyncio.run(_walk_on(Path(config), Path(said), count, until))


async def _walk_on(config: Path, said: Path, count: int, until: int) -> None:
    settings = load_settings(config, environment=ENVIRONMENT)
    first = sum(mark.what == "sealed" for mark in marks(said))
    with said.open("ab", buffering=0) as out:
        out.write(b"\n")  # the last life may have been killed in the middle of a line
        async with await Runtime.open(settings) as runtime:
            # Else the kills would mostly fall into the start of the process that reads.
            await runtime.reading.warm()
            for number in range(first, until):
                await _walk(runtime, number, order_of(number, count), out)


async def _walk(runtime: Runtime, number: int, ref: OrderRef, out: RawIOBase) -> None:
    tenant = runtime.settings.tenant
    started = time.perf_counter()

    def mark(what: str, id: str) -> None:
        out.write(Mark(what, number, time.perf_counter() - started, id).line())

    async def watch(step: str, words: str) -> None:
        if step == "read":
            mark("read", collection.id)
        elif (step, words) == ("seal", "signing"):
            mark("signing", collection.id)

    mark("begun", "-")
    collection, _ = await runtime.request_collection(
        ref, tenant=tenant, idempotency_key=f"walk-{number}"
    )
    state = await runtime.walk(tenant, collection.id, watch)
    if state is not State.SEALED:
        raise AssertionError(f"collection {number} ended {state}")
    mark("sealed", collection.id)
