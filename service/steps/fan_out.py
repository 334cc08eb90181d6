"""Ask every source of a collection, all at once, each as soon as what it needs is known.

A number that becomes known later (the second parcel, which another source knows of) is asked for
later: a source is asked again, with that alone. A process that died is followed by one that begins
again the tasks that had not ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from evidence.orders import Alias
from service import tracing
from service.instruments import Stopwatch
from service.sources.sources import Source
from service.steps import collect, plan
from service.steps.collect import Outcome, Shelf
from service.steps.read import opened
from storage.ledger.records import Collection, OrderRecord, Task, TaskState

if TYPE_CHECKING:
    from service.runtime import Runtime

# What a watcher is told as the walk goes on: a step, and a few words.
Watch = Callable[[str, str], Awaitable[None]]
# A source that a collection was lost with so often is taken for the reason.
MOST_ATTEMPTS = 20
# How often a source is asked of one order, for numbers that may be known later.
MOST_ROUNDS = 5
_ENDED = frozenset(TaskState) - {TaskState.WAITING, TaskState.RUNNING}
_ASKED = _ENDED - {TaskState.SKIPPED}


async def unwatched(step: str, words: str) -> None:
    """The default watcher looks away."""


class FanOut:
    """The sources of one collection: who still waits, who is being asked, who was told what."""

    def __init__(
        self,
        runtime: Runtime,
        order: OrderRecord,
        collection: Collection,
        shelf: Shelf,
        watch: Watch,
    ) -> None:
        self._runtime = runtime
        self._ledger = runtime.ledger
        self._order = order
        self._collection = collection
        self._watch = watch
        self._shelf = shelf
        self._sources = [s for s in runtime.sources if s.name in collection.sources]
        self._waiting: list[Source] = []
        self._running: dict[asyncio.Task[None], Source] = {}
        self._told: dict[str, plan.Known] = {}
        self._rounds: dict[str, int] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._known_first: plan.Known | None = None
        self._tasks: list[Task] = []

    async def look(self, *, begun: bool) -> None:
        """See how far the tasks have come, and what is known of the order; before `run`.

        begun   whether any task can have been
        """
        if not begun and len(self._sources) == len(self._collection.sources):
            await self._known()
            return
        self._tasks, _ = await asyncio.gather(
            self._ledger.tasks(self._order.tenant, self._collection.id), self._known()
        )

    async def run(self) -> None:
        """Once this returns every source's task has ended, one way or another."""
        await self._take_up({task.source: task for task in self._tasks})
        known = await self._known()
        try:
            while self._begin(known):
                done, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                for finished in done:
                    del self._running[finished]
                    finished.result()
                known = await self._known()
        finally:
            for left in self._running:
                left.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
        for source in self._waiting:
            await self._end(source.name, TaskState.SKIPPED, plan.missing(source, known))

    async def _take_up(self, tasks: dict[str, Task]) -> None:
        """Where the process before us died, if one did; here tasks end that nobody can."""
        configured = {source.name: source for source in self._sources}
        for name, task in tasks.items():
            if task.state in _ASKED and name in configured:
                since = await self._ledger.aliases(self._order, before=task.since)
                self._told[name] = plan.known_facts(self._order.ref, since)
                self._outcomes[name] = Outcome(task.state, task.why)
            elif task.state not in _ENDED and name not in configured:
                await self._end(name, TaskState.SKIPPED, "It is no longer configured.")
        for source in self._sources:
            found = tasks.get(source.name)
            if found is not None and found.state in _ENDED:
                continue
            if found is not None and found.attempts >= MOST_ATTEMPTS:
                why = f"It was begun {MOST_ATTEMPTS} times and never came to an end."
                await self._end(source.name, TaskState.FAILED, why)
                continue
            self._waiting.append(source)

    async def _known(self) -> plan.Known:
        """What is known by now; asked for once where no source waits for what another brings."""
        known = self._known_first
        if known is None or any(map(plan.hopes, self._sources)):
            known = plan.known_facts(self._order.ref, await self._ledger.aliases(self._order))
            self._known_first = known
        return known

    def _begin(self, known: plan.Known) -> bool:
        """Ask whom we can; whether anyone is being asked now."""
        running = list(self._running.values())
        ready = plan.askable(self._order.ref, known, self._waiting, running)
        # Those far away first: while they think, the files at hand are read.
        for source in sorted(ready, key=lambda s: s.settings.base_url is None):
            self._waiting.remove(source)
            self._start(source, known)
        busy = {source.name for source in self._running.values()}
        for source in self._sources:
            if source.name in self._outcomes and source.name not in busy:
                news = self._news(source, known)
                if news is not None:
                    self._start(source, news)
        return bool(self._running)

    def _start(self, source: Source, known: plan.Known) -> None:
        self._running[asyncio.create_task(self._ask(source, known))] = source

    def _news(self, source: Source, known: plan.Known) -> plan.Known | None:
        if self._rounds.get(source.name, 0) >= MOST_ROUNDS:
            return None
        return plan.news(source, self._order.ref, known, self._told[source.name])

    async def _ask(self, source: Source, known: plan.Known) -> None:
        """Ask, and again for what became known meanwhile; then the task has ended."""
        await self._watch(source.name, "asking")
        await self._ledger.begin_task(self._order.tenant, self._collection.id, source.name)
        outcome = await self._answer(source, known)
        while (news := self._news(source, await self._known())) is not None:
            outcome = (await self._answer(source, news)).after(outcome)
        outcome = outcome.after(self._outcomes.get(source.name))
        await self._end(source.name, outcome.state, outcome.why)
        self._outcomes[source.name] = outcome

    async def _answer(self, source: Source, telling: plan.Known) -> Outcome:
        limits = self._runtime.settings.limits
        self._rounds[source.name] = self._rounds.get(source.name, 0) + 1
        self._note(source, telling)
        watch = Stopwatch()
        with tracing.span("ask", source=source.name):
            outcome = await collect.ask(
                source,
                shelf=self._shelf,
                known=telling,
                seconds=source.seconds or limits.source_s,
                most_items=limits.items_per_source,
                text_of=self._runtime.reading.text_of,
                clock=self._runtime.clock,
            )
        self._runtime.instruments.asked(source.name, str(outcome.state), watch.seconds())
        if any(plan.hopes(other) for other in self._sources if other is not source):
            # What it says of itself it need not be told.
            self._note(source, plan.known_facts(self._order.ref, await self._learn(source)))
        return outcome

    async def _end(self, name: str, state: TaskState, why: str) -> None:
        await self._ledger.end_task(
            self._order.tenant, self._collection.id, name, state=state, why=why
        )
        await self._watch(name, why or state)

    def _note(self, source: Source, told: plan.Known) -> None:
        self._told[source.name] = plan.joined(self._told.get(source.name, {}), told)

    async def _learn(self, source: Source) -> list[Alias]:
        """What this source's records call the order; everybody may be told so from now on."""
        learned: list[Alias] = []
        if not source.collector.roles & plan.BELIEVED:
            return learned
        lines = [
            line
            for line in await self._ledger.items(self._order)
            if (line.collection, line.source) == (self._collection.id, source.name)
            and line.role in plan.BELIEVED
        ]
        brought = [opened(line, self._order, self._runtime.objects) for line in lines]
        read = await self._runtime.reading.facts_of_each(brought, traces=False)
        for line, facts in zip(lines, read, strict=True):
            learned += plan.aliases_in(facts, line.role)
        learned = list(dict.fromkeys(learned))
        for alias in learned:
            await self._ledger.add_alias(self._order, alias)
        return learned
