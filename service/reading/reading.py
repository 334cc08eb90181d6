"""Reading items in processes with limits.

Bytes from outside meet a parser only here: in a child process that holds no key, no database and no
other order's data, with bounds on memory, CPU time and open files. A bomb costs that one reading:
the child is ended, the item gets a `reading.failed` fact, and the next reading has a fresh child.

Between parent and child go length-prefixed JSON and the item's bytes, never pickles: a child that
was taken over can lie about its item, and do nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import struct
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import structlog

from evidence.canonical import from_base64
from evidence.errors import EvidenceError, OutageError, RequestError, TooLargeError
from evidence.facts import Fact
from evidence.items import CASE_ROLES, Content, InMemory, Item, Role
from evidence.locators import WHOLE
from evidence.media import HEAD, sniff
from service.reading.nursery import PICTURES, Forked, Nursery
from service.settings import Limits
from storage.objects.stored import read_together
from verifiers.readers.traces.registry import tracer_of

if TYPE_CHECKING:
    from service.report.previews import Preview

log = structlog.get_logger()

# A child is replaced after so many readings, whatever it leaked, and whatever took it over.
READINGS_PER_CHILD = 100
MAX_ANSWER = 64 << 20
# Small answers of a source are read together: talking about one takes as long as reading it.
TOGETHER = 32
TOGETHER_BYTES = 128 << 10
SENT_AT_ONCE = 64 << 10
_QUICK = frozenset({"application/json", "text/xml"})
# Processor time is what is bounded; by the clock a child may take longer on a machine that has much
# else to do. One that only waits is ended then.
IDLE_TIMES = 4


class _GaveUpError(Exception):
    """Reading it came to no answer; the message says why."""


class _UsedChildError(Exception):
    """A child that was there before this item came to no answer."""


@dataclass(slots=True)
class _Child:
    process: Forked
    readings: int = 0
    rested: bool = False  # it waited since it was started, and may have died meanwhile


class Reading:
    """A few reading processes; `size` at once, forked when first needed."""

    def __init__(self, limits: Limits, *, size: int = 2) -> None:
        self._limits = limits
        self._idle: list[_Child] = []
        self._slots = asyncio.Semaphore(size)
        self._nursery: Nursery | None = None
        self._starting = asyncio.Lock()
        self._known: set[str] = set()  # sources whose items were read, and PICTURES
        self._foresees = True
        # Groups whose items are held in memory.
        self._gathering = asyncio.Semaphore(2 * size)

    async def facts_of(self, item: Item, *, traces: bool = True) -> list[Fact]:
        """Every fact in the item; at worst `reading.failed` with the reason.

        traces   look for traces of editing too

        Raises CorruptionError if the kept bytes are not what they must be: that is no trait of the
        item, and must not be sealed as if it were.
        """
        if item.role in CASE_ROLES:
            return []
        try:
            answer = await self._ask("facts", item)
        except _GaveUpError as problem:
            return [failed(item, str(problem))]
        try:
            facts = [Fact.from_json(fact) for fact in answer["facts"]]
        except (EvidenceError, KeyError, TypeError, ValueError):
            return [failed(item, "Reading it gave an answer we cannot use.")]
        return facts + await self._traces_of(item) if traces else facts

    async def facts_of_each(
        self, items: Sequence[Item], *, traces: bool = True
    ) -> list[list[Fact]]:
        """As `facts_of`, of each in their order; small answers of sources are read together.

        Whatever goes wrong with some that are read together, each is then read by itself.
        """
        found: dict[int, list[Fact]] = {}
        most = min(TOGETHER_BYTES, self._limits.read_bytes)
        small = [
            number
            for number, item in enumerate(items)
            if item.content.size <= most and item.role not in CASE_ROLES
        ]
        large = set(range(len(items))) - set(small)

        async def alone(number: int, item: Item) -> None:
            found[number] = await self.facts_of(item, traces=traces)

        async def together(numbers: Sequence[int]) -> None:
            async with self._gathering:
                wanted = [items[number] for number in numbers]
                held = dict(zip(numbers, await asyncio.to_thread(_held, wanted), strict=True))
                quick = {number: item for number, item in held.items() if _is_quick(item)}
                found.update(await self._facts_together(quick))
                left = [number for number in numbers if number not in found]
                await asyncio.gather(*(alone(number, held[number]) for number in left))

        await asyncio.gather(
            *(alone(number, items[number]) for number in large),
            *(together(small[at : at + TOGETHER]) for at in range(0, len(small), TOGETHER)),
        )
        return [found[number] for number in range(len(items))]

    async def _facts_together(self, items: Mapping[int, Item]) -> dict[int, list[Fact]]:
        """The facts of those that could be read in one exchange; of the others nothing."""
        if len(items) < 2:
            return {}
        try:
            answers = await self._talk("facts", list(items.values()), fresh=False)
        except (_GaveUpError, _UsedChildError):
            return {}
        found: dict[int, list[Fact]] = {}
        for number, answer in zip(items, answers, strict=True):
            with contextlib.suppress(EvidenceError, KeyError, TypeError, ValueError):
                found[number] = [Fact.from_json(fact) for fact in answer["facts"]]
        return found

    async def _traces_of(self, item: Item) -> list[Fact]:
        """What the bytes tell of editing: asked apart, so that it costs no other fact."""
        if tracer_of(item) is None:
            return []
        try:
            answer = await self._ask("traces", item)
            return [Fact.from_json(fact) for fact in answer["facts"]]
        except _GaveUpError as problem:
            return [_untraced(item, f"looking for traces came to no end: {problem}".rstrip("."))]
        except (EvidenceError, KeyError, TypeError, ValueError):
            return [_untraced(item, "looking for traces gave an answer we cannot use")]

    async def text_of(self, item: Item) -> str:
        """The item's text for matching; "" where no reader can. CorruptionError as above."""
        try:
            return str((await self._ask("text", item)).get("text", ""))
        except _GaveUpError:
            return ""

    async def part_of(self, item: Item, *, locator: str, encoding: str) -> tuple[str, int] | str:
        """SHA-256 and size of a part taken out of the item again, or why it cannot be."""
        try:
            answer = await self._ask("part", item, locator=locator, encoding=encoding)
            return str(answer["why"]) if "why" in answer else (answer["sha256"], answer["size"])
        except _GaveUpError as problem:
            return str(problem)
        except (KeyError, TypeError):
            return "Reading it gave an answer we cannot use."

    async def transformed(
        self, item: Item, name: str, parameters: Mapping[str, str]
    ) -> tuple[bytes, str]:
        """A copy's bytes and media type (service/derivatives/transforms.py).

        Raises RequestError, saying why there is none; CorruptionError as above.
        """
        told = {"transform": name, "parameters": json.dumps(dict(parameters))}
        return await self._made("The copy", "transform", item, **told)

    async def shown(self, item: Item) -> Mapping[str, Any]:
        """How a person is shown the item (`previews.py`); at worst only why it is not."""
        try:
            return await self._ask("shown", item)
        except _GaveUpError as problem:
            return {"sizes": [], "unit": "", "lines": [], "more": False, "why": str(problem)}

    async def pictured(self, item: Item, *, page: int) -> tuple[bytes, str]:
        """A page of the item drawn anew, and its media type. Raises RequestError."""
        return await self._made("The picture", "picture", item, page=str(page))

    async def _made(self, what: str, task: str, item: Item, **told: str) -> tuple[bytes, str]:
        try:
            answer = await self._ask(task, item, **told)
        except _GaveUpError as problem:
            raise RequestError(what=what, why=str(problem).rstrip(".")) from problem
        match answer:
            case {"data": str(data), "media_type": str(media_type)}:
                return from_base64(data, what=what), media_type
            case {"what": str(about), "why": str(why)}:
                raise RequestError(what=about, why=why)
            case _:
                why = "making it gave an answer that cannot be used"
                raise RequestError(what=what, why=why)

    async def preview(self, item: Item) -> Preview:
        """A small picture of the item, or why there is none. Raises CorruptionError as above."""
        from service.report.previews import Preview

        try:
            match await self._ask("preview", item):
                case {"data": str(data), "why": str(why), "pages": int(pages)}:
                    return Preview(from_base64(data, what="The picture"), why, pages)
                case _:
                    return Preview(b"", "showing it gave an answer that cannot be used")
        except _GaveUpError as problem:
            return Preview(b"", str(problem).rstrip("."))

    async def warm(self) -> None:
        """Start a child before it is needed."""
        async with self._child():
            pass

    async def close(self) -> None:
        while self._idle:
            await _end(self._idle.pop())
        if self._nursery is not None:
            await self._nursery.close()
            self._nursery = None

    async def _ask(self, task: str, item: Item, **more: str) -> Mapping[str, Any]:
        """What a child says. A used one that fails is not believed: what it read before may be the
        reason, and an answer must not depend on that, so a fresh one is asked the same.
        """
        if item.content.size > self._limits.read_bytes:
            too_large = TooLargeError(
                what="the item", size=item.content.size, limit=self._limits.read_bytes
            )
            raise _GaveUpError(str(too_large))
        try:
            (answer,) = await self._talk(task, [item], fresh=False, **more)
        except _UsedChildError:
            (answer,) = await self._talk(task, [item], fresh=True, **more)
        return answer

    async def _talk(
        self, task: str, items: Sequence[Item], *, fresh: bool, **more: str
    ) -> list[Mapping[str, Any]]:
        """Hand a child the items, one after another, and hear what it says of each."""
        if self._foresees and any(item.media_type.startswith("image/") for item in items):
            self._known.add(PICTURES)
        async with self._child(fresh=fresh) as child:
            self._known.update(item.source for item in items)
            each = [{"size": item.content.size} | more | describe(item) for item in items]
            header = json.dumps({"task": task, "each": each}).encode()
            try:
                async with asyncio.timeout(IDLE_TIMES * self._limits.read_s + 5):
                    await _send(struct.pack(">Q", len(header)) + header, items, child.process.to)
                    (length,) = struct.unpack(">Q", await child.process.reader.readexactly(8))
                    if length > MAX_ANSWER:
                        raise _GaveUpError("Reading it gave an endless answer.")
                    answers = json.loads(await child.process.reader.readexactly(length))
            except (TimeoutError, asyncio.IncompleteReadError, OSError, ValueError) as problem:
                if child.rested:
                    raise _UsedChildError from problem
                raise _GaveUpError(await self._why(child, problem)) from problem
            child.readings += len(items)
        match answers:
            case [*said] if len(said) == len(items) and all(isinstance(a, dict) for a in said):
                return said
        raise _GaveUpError("Reading it gave no answer.")

    async def _why(self, child: _Child, problem: Exception) -> str:
        """Of a child that gave no answer: what ended it."""
        limits = self._limits
        if isinstance(problem, TimeoutError):
            return f"Reading it stood still for {IDLE_TIMES * limits.read_s + 5:.0f} s."
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await child.process.wait()
        match child.process.returncode:
            case None:
                return "Reading it gave an answer we cannot use."
            case code if code == -signal.SIGXCPU:
                return f"Reading it took more than {limits.read_s:.0f} s of processor time."
            case code if code == -signal.SIGKILL:
                return "The system ended reading it, as it does where memory runs out."
            case code if code == -signal.SIGABRT:
                return "The library that reads it gave up, as libraries do where memory runs out."
            case code if code < 0:
                name = signal.Signals(-code).name
                return f"The library that reads it broke down over it ({name})."
        return f"Reading it needed more than {limits.read_memory >> 20} MB of memory."

    @contextlib.asynccontextmanager
    async def _child(self, *, fresh: bool = False) -> AsyncIterator[_Child]:
        async with self._slots:
            child = None
            while child is None and self._idle and not fresh:
                child = self._idle.pop()
                if child.process.returncode is not None:  # it died while it waited
                    child.process.kill()
                    child = None
            child = child or await self._start()
            try:
                yield child
            except BaseException:
                await _end(child)
                raise
            if child.readings >= READINGS_PER_CHILD or child.process.returncode is not None:
                await _end(child)
            else:
                child.rested = True
                self._idle.append(child)

    async def _start(self) -> _Child:
        """Of a nursery that is gone nothing is lost: another one is started."""
        for _ in range(2):
            async with self._starting:
                if self._nursery is not None and self._nursery.is_gone:
                    await self._nursery.close()
                    self._nursery = None
                    # A library that breaks down when it is loaded must cost pictures alone.
                    self._foresees = False
                    self._known.discard(PICTURES)
                if self._nursery is None:
                    limits = self._limits
                    self._nursery = await Nursery.start(limits.read_memory, limits.read_s)
                nursery = self._nursery
            nursery.know(self._known)
            with contextlib.suppress(OutageError):
                return _Child(await nursery.fork())
        raise OutageError(source="Reading", why="no reading process can be started")


def _held(items: Sequence[Item]) -> list[Item]:
    """Small items with their bytes in memory. Blocks: they may come from a bucket."""
    try:
        pieces = list(read_together([item.content for item in items]))
    except OSError as problem:
        raise _unreadable() from problem
    return [
        replace(item, content=InMemory.known(data, item.sha256))
        for item, data in zip(items, pieces, strict=True)
    ]


def _is_quick(item: Item) -> bool:
    """Whether to read it is to parse it: no text has to be found in a picture, nothing unpacked."""
    if item.role is Role.EXCHANGE:
        return True
    head = next(item.content.chunks(), b"")[:HEAD]
    return sniff(head) in _QUICK and tracer_of(item) is None


async def _send(header: bytes, items: Sequence[Item], to: asyncio.StreamWriter) -> None:
    """What is small goes along with what comes after it: each writing wakes the child."""
    waiting = [header]
    for item in items:
        if type(item.content) is InMemory:
            waiting.append(item.content.data)
            if sum(map(len, waiting)) < SENT_AT_ONCE:
                continue
        to.writelines(waiting)
        waiting.clear()
        await to.drain()
        if type(item.content) is not InMemory:
            pieces = _kept(item.content)
            while chunk := await asyncio.to_thread(next, pieces, b""):  # it may be in a bucket
                to.write(chunk)
                await to.drain()
    to.writelines(waiting)
    await to.drain()


def _kept(content: Content) -> Iterator[bytes]:
    """The bytes; OutageError if the disk does not give them: that is not the item's doing."""
    try:
        yield from content.chunks()
    except OSError as problem:
        raise _unreadable() from problem


def _unreadable() -> OutageError:
    return OutageError(source="The store", why="an item could not be read back")


async def _end(child: _Child) -> None:
    child.process.kill()
    await child.process.wait()


def failed(item: Item, why: str) -> Fact:
    return Fact(
        name="reading.failed", value=why, locator=WHOLE, item=item.sha256, origin=item.origin
    )


def _untraced(item: Item, why: str) -> Fact:
    return Fact(
        name="trace.unchecked", value=why, locator=WHOLE, item=item.sha256, origin=item.origin
    )


def describe(item: Item) -> dict[str, Any]:
    """What a reader may know of an item beside its bytes."""
    return {
        "role": str(item.role),
        "key": item.key,
        "sha256": item.sha256,
        "media_type": item.media_type,
        "collector": item.collector,
        "origin": item.origin,
        "provenance": str(item.provenance),
        "collected_at": item.collected_at.isoformat(),
        "name": item.name,
        "about": dict(item.about),
        "hints": dict(item.hints),
    }
