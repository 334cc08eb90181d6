"""The parts of an audit, done by whichever workers there are.

A part is some objects to be hashed or some orders to be opened. It stands in line as `bulk` and due
last of all, so whatever else its tenant waits for goes first; and few of them stand there at once.
What is asked and what is answered lies in Valkey for a while. Neither is the truth: the audit keeps
its own state, asks again for what was lost, and believes no answer without the mark that only who
has the tenant's keys can make. A part whose worker died goes back into line when its lease ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import re
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog

from auditor.report import Checks
from auditor.stored import Hashed, hash_objects, open_orders
from auditor.tally import Tally, Watch
from evidence.canonical import canonical, digest
from evidence.errors import OutageError, RequestError
from service.audit.rows import ByKeys
from service.queue.line import Taken, Waiting, reached
from service.queue.queue import Queue, queue_is_there

if TYPE_CHECKING:
    from service.runtime import Runtime
    from service.settings import Settings
    from storage.vault.vault import Vault

log = structlog.get_logger()

LOOK_S = 0.1
# After so long what is not answered is put into line again, should it have been lost.
AGAIN_S = 3.0
# Parts in line for each living worker: enough that none is without, few enough to hold up nobody.
AHEAD = 2
KEEP_S = 3600
MOST_LOST = 5
MOST_TROUBLES = 5
PAUSE_S = 2.0
MOST_NAMES = 64
MOST_BYTES = 1 << 20
# Threads of a worker that do parts; what is urgent has others.
THREADS = 2

_P = "orderproof:audit:"
_ID = re.compile("audit-[0-9a-f]{64}")
_NAME = re.compile("[0-9a-zA-Z_-]{1,64}")
_LAST = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(slots=True)
class _Part:
    id: str
    said: bytes
    read: Callable[[Any], Any]
    future: Future[Any] = field(default_factory=Future)


class ByWorkers:
    """`auditor.stored.Parts` of one tenant's audit; asked from any thread but the loop's own."""

    def __init__(
        self, queue: Queue, vault: Vault, *, tenant: str, audit: str, watch: Watch
    ) -> None:
        self._queue = queue
        self._vault = vault
        self._tenant = tenant
        self._audit = audit
        self._watch = watch
        self._waiting: deque[_Part] = deque()
        self._asked: dict[str, _Part] = {}
        self._workers = 1
        self._looked = float("-inf")
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._run(), name="orderproof-audit-parts")

    @classmethod
    async def begin(
        cls, settings: Settings, vault: Vault, *, tenant: str, audit: str, watch: Watch
    ) -> ByWorkers:
        """RequestError if nobody would do them. `audit` tells this one's parts from another's."""
        nobody = RequestError(
            what="--workers",
            why="no worker is alive: start one (`orderproof worker`), or leave --workers out",
        )
        if not queue_is_there(settings):
            raise nobody
        queue = await Queue.open(settings)
        if not await queue.workers():
            await queue.close()
            raise nobody
        return cls(queue, vault, tenant=tenant, audit=audit, watch=watch)

    def hash(self, names: Sequence[str]) -> Future[list[Hashed]]:
        return self._ask("hash", names, _hashed_from)

    def open(self, handles: Sequence[str]) -> Future[Tally]:
        return self._ask("open", handles, _tally_from)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()

    def _ask(self, kind: str, names: Sequence[str], read: Callable[[Any], Any]) -> Future[Any]:
        said = canonical({"kind": kind, "names": list(names)})
        id = "audit-" + digest(canonical([self._audit, self._tenant]) + said)
        part = _Part(id, said, read)
        self._waiting.append(part)
        return part.future

    async def _run(self) -> None:
        while True:
            try:
                await self._look_for_workers()
                await self._ask_for_more()
                await self._take_answers()
            except OutageError:
                self._watch("waiting for Valkey", 0, 0)
            except Exception as problem:  # whoever waits for a part must not wait for ever
                for part in (*self._asked.values(), *self._waiting):
                    part.future.set_exception(problem)
                raise
            await asyncio.sleep(LOOK_S)

    async def _look_for_workers(self) -> None:
        if time.monotonic() - self._looked < AGAIN_S:
            return
        alive = len(await self._queue.workers())
        if not alive:
            self._watch("waiting for a worker", 0, 0)
        self._workers = max(1, alive)
        for part in self._asked.values():
            await self._put(part)
        self._looked = time.monotonic()

    async def _ask_for_more(self) -> None:
        while self._waiting and len(self._asked) < AHEAD * (self._workers + 1):
            part = self._waiting[0]
            await self._put(part)
            self._asked[part.id] = self._waiting.popleft()

    async def _put(self, part: _Part) -> None:
        with reached():
            await self._queue.pool.set(f"{_P}{part.id}", part.said, ex=KEEP_S)
        await self._queue.ring(Waiting(part.id, self._tenant, _LAST, bulk=True))

    async def _take_answers(self) -> None:
        ids = list(self._asked)
        if not ids:
            return
        with reached():
            answers = await self._queue.pool.mget([f"{_P}{id}:said" for id in ids])
        done = [(id, raw) for id, raw in zip(ids, answers, strict=True) if raw is not None]
        for id, raw in done:
            answer = _checked(self._vault, self._tenant, id, raw)
            if answer is None:  # somebody else's: as if there were none
                with reached():
                    await self._queue.pool.delete(f"{_P}{id}:said")
                continue
            part = self._asked.pop(id)
            if "broke" in answer:
                broke = OutageError(source="A part of the audit", why=str(answer["broke"]))
                part.future.set_exception(broke)
            else:
                part.future.set_result(part.read(answer["found"]))
            with reached():
                await self._queue.pool.delete(f"{_P}{id}", f"{_P}{id}:said")

    async def _close(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await self._task
        with contextlib.suppress(OutageError), reached():
            if self._asked:  # who takes one of these finds nothing to be done
                await self._queue.pool.delete(*(f"{_P}{id}" for id in self._asked))
        await self._queue.close()


# -- the worker's side ----------------------------------------------------------------------------


def is_part(id: str) -> bool:
    """Whether what was taken out of the line is no collection but a part of an audit."""
    return _ID.fullmatch(id) is not None


async def do_part(runtime: Runtime, taken: Taken) -> tuple[float | None, bool]:
    """Do it and answer. How long to pause before it is tried again (None: it is not), and if it
    broke. What nobody asks for any more is not done."""
    queue = runtime.queue
    if queue is None:
        raise OutageError(source="Valkey", why="the worker was given no queue")
    with reached():
        asked, answered = await queue.pool.mget([f"{_P}{taken.id}", f"{_P}{taken.id}:said"])
    if asked is None or (
        answered and _checked(runtime.vault, taken.tenant, taken.id, answered) is not None
    ):
        return None, False
    answer: dict[str, Any]
    try:
        if taken.lost >= MOST_LOST:
            answer = {"broke": f"the worker that did it died, {taken.lost} times"}
        else:
            answer = {"found": await _found(runtime, taken.tenant, asked)}
    except Exception as problem:
        log.exception("a part of an audit broke", troubles=taken.troubles + 1)
        if taken.troubles + 1 < MOST_TROUBLES:
            return PAUSE_S, True
        answer = {"broke": f"it broke {MOST_TROUBLES} times ({type(problem).__name__})"}
    answer["mark"] = _mark(runtime.vault, taken.tenant, taken.id, answer)
    with reached():
        await queue.pool.set(f"{_P}{taken.id}:said", json.dumps(answer), ex=KEEP_S)
    return None, False


async def _found(runtime: Runtime, tenant: str, asked: bytes) -> object:
    said = json.loads(asked) if len(asked) <= MOST_BYTES else {}
    kind, names = said["kind"], said["names"]
    if len(names) > MOST_NAMES or not all(_NAME.fullmatch(name) for name in names):
        raise RequestError(what="A part of an audit", why="it does not name what is to be done")
    loop = asyncio.get_running_loop()

    def wait(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    if kind == "hash":
        return await loop.run_in_executor(_threads(), hash_objects, runtime.objects, names)
    opener = ByKeys(runtime.ledger, runtime.objects, tenant, wait)
    tally = await loop.run_in_executor(_threads(), open_orders, opener, names)
    return {"counts": tally.counts, "unseen": tally.unseen, "checks": tally.checks.to_json()}


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="audit-part")


def _mark(vault: Vault, tenant: str, id: str, answer: dict[str, Any]) -> str:
    said = {name: value for name, value in answer.items() if name != "mark"}
    return vault.lookup(tenant, "audit-part", f"{id} {digest(canonical(said))}")


def _checked(vault: Vault, tenant: str, id: str, raw: bytes) -> dict[str, Any] | None:
    """The answer, or None if none of us gave it."""
    try:
        answer = dict(json.loads(raw))
        marked = hmac.compare_digest(_mark(vault, tenant, id, answer), str(answer["mark"]))
    except (ValueError, TypeError, KeyError):
        return None
    return answer if marked else None


def _hashed_from(found: Any) -> list[Hashed]:
    return [(name, size, wrong) for name, size, wrong in found]


def _tally_from(found: Any) -> Tally:
    tally = Tally(asked={})
    tally.counts, tally.unseen = found["counts"], found["unseen"]
    tally.checks = Checks.from_json(found["checks"])
    return tally
