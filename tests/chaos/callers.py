"""Who asks the service, while it breaks, and what they were told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

from tests.chaos.world import FILES, World

PAUSE_S = 0.3
# Between two papers that are read.
READS_EACH_S = 0.1


@dataclass
class Callers:
    """Callers ask for one order after another, and one of them reads what was collected.

    accepted   collections by the number of their order
    answers    what came instead of an answer, or an answer that was none
    lies       what nobody may ever be told
    broken     what was said where the service broke by itself (500)
    """

    here: World
    dice: random.Random
    accepted: dict[int, str] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    lies: list[str] = field(default_factory=list)
    broken: Counter[str] = field(default_factory=Counter)
    read: int = 0
    asked: int = 0
    _asking: list[asyncio.Task[None]] = field(default_factory=list)

    def ask(self, count: int) -> None:
        """Begin to ask for so many orders more."""
        for number in range(self.asked, self.asked + count):
            self.here.bring(number)
            self._asking.append(asyncio.create_task(self._ask_for(number)))
        self.asked += count

    async def all_accepted(self) -> None:
        await asyncio.gather(*self._asking)

    async def _ask_for(self, number: int) -> None:
        """Until it is accepted, with one idempotency key, as a client does that must not lose it.

        Every third asks once more: it must be told the same.
        """
        self.accepted[number] = await self._accepted(number)
        if number % 3 == 0 and (again := await self._accepted(number)) != self.accepted[number]:
            self.lies.append(f"asked twice for {number}, it was told of another: {again}")

    async def _accepted(self, number: int) -> str:
        order = self.here.order(number)
        url = f"{self.here.url}/v1/orders/{order.platform}/{order.id}/collections"
        headers = {"Idempotency-Key": f"chaos-{number}"}
        while True:
            try:
                async with _session() as http, http.post(url, headers=headers) as answer:
                    if answer.status in (200, 202):
                        return str((await answer.json())["id"])
                    self._refused_with(answer.status, await answer.read())
            except (aiohttp.ClientError, TimeoutError) as problem:
                self._refused(problem)
            await asyncio.sleep(PAUSE_S)

    async def read_on(self) -> None:
        """Read one paper after another of what was accepted, until cancelled."""
        while True:
            await asyncio.sleep(READS_EACH_S)
            if self.accepted:
                number = self.dice.choice(sorted(self.accepted))
                await self._read(number, self.dice.randrange(FILES))

    async def _read(self, number: int, name: int) -> None:
        order, paper = self.here.order(number), self.here.paper(number, name)
        url = f"{self.here.url}/v1/orders/{order.platform}/{order.id}/items"
        try:
            async with _session() as http:
                async with http.get(f"{url}/{hashlib.sha256(paper).hexdigest()}") as answer:
                    body = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as problem:
            self._refused(problem)
            return
        if answer.status == 404:  # not brought yet
            return
        if answer.status != 200:
            self._refused_with(answer.status, body)
        elif body == paper:
            self.read += 1
        else:
            self.lies.append(f"paper {name} of {number} was read as {len(body)} other bytes")

    def _refused_with(self, status: int, body: bytes) -> None:
        self.answers[str(status)] += 1
        if status == 500:
            self.broken[json.loads(body)["detail"]] += 1

    def _refused(self, problem: Exception) -> None:
        self.answers[type(problem).__name__] += 1
        self.here.refusals += 1


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
