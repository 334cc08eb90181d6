"""Catch up on many orders out of a CSV file: as quickly as workers go, and before nobody else.

Each row becomes a collection that is `bulk`, under an idempotency key of the backfill's name and
the order, so that whatever was accepted before is found and not asked for again. How far it has
come is kept beside the file. Only so many wait at a time: the queue stays short, and a file of any
length costs no memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from evidence.errors import ConfigError, RequestError
from evidence.orders import OrderRef, order_ref
from storage.files import replace

if TYPE_CHECKING:
    from service.runtime import Runtime

# Requests under way at once: they share commits.
AT_ONCE = 16
MOST_LINE = 4_096
MOST_REFUSED = 1_000
SAVE_S = 2.0
LOOK_S = 1.0
COLUMNS = ("order", "platform", "site", "store")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file. `ref` is None, and `why` says it, where it names no order."""

    line: int
    ref: OrderRef | None
    store: str
    why: str = ""


@dataclass(slots=True)
class Progress:
    """How far a backfill is.

    read      rows so far, of `rows` in all
    accepted  collections that are there for them now; `new` of them by this run
    left      of the tenant's bulk collections, how many are not done yet
    refused   rows that name no order, by line, the first MOST_REFUSED of them
    rate      rows a second since it began
    """

    rows: int
    read: int = 0
    accepted: int = 0
    new: int = 0
    left: int = 0
    refused_rows: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    resumed_at: int = 0
    begun: float = field(default_factory=time.monotonic)

    @property
    def rate(self) -> float:
        return (self.read - self.resumed_at) / max(time.monotonic() - self.begun, 0.001)


Watch = Callable[[Progress], None]


def unwatched(progress: Progress) -> None:
    """The default watcher looks away."""


class Backfill:
    """One file for one tenant. `run` may be called again after any death, by anyone.

    name    tells backfills apart: the same one asks for no order twice
    ahead   the most of the tenant's bulk collections that wait at a time
    """

    def __init__(
        self,
        runtime: Runtime,
        file: Path,
        *,
        tenant: str,
        name: str,
        platform: str = "amazon",
        policy: str | None = None,
        ahead: int = 5_000,
        watch: Watch = unwatched,
    ) -> None:
        self._runtime = runtime
        self._file = file
        self._tenant = tenant
        self._name = name
        self._platform = platform
        self._policy = policy
        self._ahead = ahead
        self._watch = watch
        self._state = file.with_name(f".{file.name}.{_short(tenant, name)}.backfill")
        self._looked = float("-inf")

    async def run(self, *, wait: bool = False) -> Progress:
        """Ask for every row. `wait`: until the tenant's bulk collections are all done."""
        progress = Progress(rows=await asyncio.to_thread(count_rows, self._file))
        progress.read = progress.resumed_at = self._resumed()
        saved = time.monotonic()
        batch: list[Row] = []
        with self._file.open(encoding="utf-8-sig", errors="replace", newline="") as source:
            for row in rows_of(source, platform=self._platform):
                if row.line - 1 <= progress.resumed_at:
                    continue
                batch.append(row)
                if len(batch) == AT_ONCE:
                    await self._ask(batch, progress)
                    batch = []
                    if time.monotonic() - saved >= SAVE_S:
                        self._save(progress)
                        saved = time.monotonic()
            await self._ask(batch, progress)
        self._save(progress)
        while wait and await self._look(progress):
            self._watch(progress)
            await asyncio.sleep(LOOK_S)
        self._watch(progress)
        return progress

    async def _ask(self, batch: list[Row], progress: Progress) -> None:
        while await self._look(progress) > self._ahead:
            self._watch(progress)
            await asyncio.sleep(LOOK_S)
        answers = await asyncio.gather(*(self._one(row) for row in batch))
        for row, answer in zip(batch, answers, strict=True):
            if isinstance(answer, str):
                progress.refused_rows += 1
                if len(progress.refused) < MOST_REFUSED:
                    progress.refused[row.line] = answer
            else:
                progress.accepted += 1
                progress.new += answer
                progress.left += answer  # until it is looked up again
        progress.read += len(batch)
        self._watch(progress)

    async def _one(self, row: Row) -> bool | str:
        """Whether it is new; or why this row is refused."""
        if row.ref is None:
            return row.why
        key = f"backfill:{self._name}:{row.ref.platform}:{row.ref.site}:{row.ref.id}"
        try:
            _, new = await self._runtime.request_collection(
                row.ref,
                tenant=self._tenant,
                store=row.store,
                policy=self._policy,
                idempotency_key=key,
                bulk=True,
            )
        except ConfigError:
            raise
        except RequestError as error:
            return str(error)
        return new

    async def _look(self, progress: Progress) -> int:
        """How many of the tenant's bulk collections are not done, as of a moment ago."""
        if time.monotonic() - self._looked >= LOOK_S:
            progress.left = sum(
                each.count
                for each in await self._runtime.ledger.backlog()
                if each.tenant == self._tenant and each.bulk
            )
            self._looked = time.monotonic()
        return progress.left

    def _resumed(self) -> int:
        try:
            said = json.loads(self._state.read_text("utf-8"))
            return int(said["read"]) if said["of"] == self._of() else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0  # then all rows are asked for again, and found

    def _save(self, progress: Progress) -> None:
        data = json.dumps({"of": self._of(), "read": progress.read}).encode()
        with contextlib.suppress(OSError):  # then the next run asks for all, and finds them
            replace(self._state, data)

    def _of(self) -> list[int]:
        """Tells whether the file is as it was."""
        state = self._file.stat()
        return [state.st_size, state.st_mtime_ns]


def rows_of(source: TextIO, *, platform: str) -> Iterator[Row]:
    """Rows of a CSV with a heading: `order`, and perhaps `platform`, `site`, `store`.

    RequestError for a heading without `order`, or with columns that nobody reads.
    """
    what = str(getattr(source, "name", "The file"))
    reader = csv.reader(_bounded(source, what))
    try:
        heading = [name.strip().lower() for name in next(reader, [])]
    except csv.Error as error:
        raise RequestError(what=what, why="its first line is no heading") from error
    if "order" not in heading or not set(heading) <= set(COLUMNS):
        why = f"its heading is not made of {', '.join(COLUMNS)}; order is required"
        raise RequestError(what=what, why=why)
    number = 1
    while True:
        number += 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:
            values = ["\ufffd"]
        if any("\ufffd" in value for value in values):  # what was no UTF-8 became that
            yield Row(number, None, "default", "It is not a line of CSV in UTF-8.")
            continue
        said = dict(zip(heading, (value.strip() for value in values), strict=False))
        store = said.get("store") or "default"
        try:
            named = said.get("platform") or platform
            ref = order_ref(named, said.get("order", ""), said.get("site") or "US")
        except RequestError as error:
            yield Row(number, None, store, str(error))
            continue
        yield Row(number, ref, store)


def count_rows(file: Path) -> int:
    """Lines below the heading; what CSV makes of them may be fewer."""
    with file.open("rb") as source:
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: source.read(1 << 20), b""))
        source.seek(0, 2)
        if source.tell():
            source.seek(-1, 2)
            lines += source.read(1) != b"\n"
    return max(0, lines - 1)


def _bounded(source: TextIO, what: str) -> Iterator[str]:
    while line := source.readline(MOST_LINE + 1):
        if len(line) > MOST_LINE:
            raise RequestError(what=what, why=f"a line of it has more than {MOST_LINE} characters")
        yield line


def _short(*names: str) -> str:
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:12]
