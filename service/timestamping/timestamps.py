"""A token a checkpoint, shared by every order that the checkpoint covers.

Asked for as soon as the checkpoint stands, needed only at the seal. Authorities are tried in the
order of the configuration; who failed rests for a moment, so that a hundred orders do not wait for
it one after another. A token is verified, then kept, then used; a process that dies in between
costs a question, never a token that somebody relied on.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets as dice
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from evidence.errors import CorruptionError, EvidenceError, OutageError
from evidence.trusted_time import CLOCK_SKEW_S, NO_AUTHORITY, Stamped, missing
from service.timestamping.authority import Authority
from service.timestamping.client import TimeClient
from service.timestamping.skew import in_words, refuse, skew_s
from storage.ledger.ledger import Ledger
from storage.ledger.tokens import Token

log = structlog.get_logger()

TRIES = 2
PAUSE_S = 0.25
REST_S = 5.0
# Each failure after a failure doubles the rest, up to this many times REST_S.
MOST_RESTS = 16
# A seal waits this long for its token at most, all authorities and tries together.
PATIENCE_S = 25.0


@dataclass(frozen=True, slots=True)
class _Rest:
    """Until when (monotonic seconds) an authority is not asked, and what it did."""

    until: float = 0.0
    why: str = ""
    failures: int = 0


class Timestamps:
    """The tokens of all tenants. Without an authority it answers with what was kept before."""

    def __init__(
        self,
        authorities: Sequence[Authority],
        ledger: Ledger,
        clock: Callable[[], datetime],
        *,
        rest_s: float = REST_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._authorities = tuple(authorities)
        self._ledger = ledger
        self._client = TimeClient(clock) if authorities else None
        self._rest_s = rest_s
        self._patience_s = patience_s
        self._resting: dict[str, _Rest] = {}
        self._under_way: dict[tuple[str, int], asyncio.Task[Token | str]] = {}
        self._newest: dict[str, Token | None] = {}
        self._probed_at: float | None = None

    @property
    def authorities(self) -> tuple[Authority, ...]:
        return self._authorities

    async def close(self) -> None:
        for task in self._under_way.values():
            task.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        if self._client is not None:
            await self._client.close()

    # -- tokens -----------------------------------------------------------------------------

    def begin(self, tenant: str, size: int) -> None:
        """Start to ask for a token over this checkpoint; `token` joins."""
        if self._authorities:
            self._asking(tenant, size)

    async def token(self, tenant: str, size: int) -> Token | str:
        """The token over the tenant's checkpoint of `size`, kept; or why there is none.

        One question a checkpoint, whoever waits for it. Raises what the ledger raises.
        """
        if not self._authorities:
            kept = await self._ledger.tokens(tenant, size)
            return kept[0] if kept else "no time authority is configured"
        # Shielded: a caller that goes away does not take the token from the others.
        return await asyncio.shield(self._asking(tenant, size))

    async def said_of(self, tenant: str, size: int) -> str:
        """What a statement says of the checkpoint before reading; waits for its token.

        Raises ClockError where the token shows that nothing may be stamped now.
        """
        token = await self.token(tenant, size)
        if isinstance(token, str):
            return missing(token) if self._authorities else NO_AUTHORITY
        await self.check_clock(tenant)
        return str(
            Stamped(
                authority=token.authority,
                size=size,
                at=token.gen_time,
                ours=token.answered_at,
                token=token.sha256,
            )
        )

    def _asking(self, tenant: str, size: int) -> asyncio.Task[Token | str]:
        key = tenant, size
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._fetch(tenant, size))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return task

    def _ended(self, key: tuple[str, int], task: asyncio.Task[Token | str]) -> None:
        del self._under_way[key]
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.warning("no token could be kept", checkpoint=key[1], why=type(problem).__name__)

    async def _fetch(self, tenant: str, size: int) -> Token | str:
        kept = await self._ledger.tokens(tenant, size)
        if kept:
            return kept[0]
        note = await self._ledger.checkpoint_at(tenant, size)
        if note is None:
            raise CorruptionError(what="The log", why=f"it has no checkpoint of size {size}")
        answer = await self._ask_in_turn(note)
        if isinstance(answer, str):
            log.warning("no time token", checkpoint=size, why=answer)
            return answer
        await self._ledger.keep_token(tenant, size, answer)
        self._observe(tenant, answer)
        # Not the one just kept: another process may have been first, and first is what counts.
        return (await self._ledger.tokens(tenant, size))[0]

    async def _ask_in_turn(self, message: bytes) -> Token | str:
        """The first authority's token that verifies, or what each of them did instead."""
        failed: list[str] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                for authority in self._authorities:
                    answer = await self._ask(authority, message)
                    if isinstance(answer, Token):
                        return answer
                    failed.append(answer)
                return "; ".join(failed)
        return "; ".join([*failed, f"{self._patience_s:g} s had passed"])

    async def _ask(self, authority: Authority, message: bytes) -> Token | str:
        if self._client is None:
            raise AssertionError("there are authorities, so there is a client")
        rest = self._resting.get(authority.name, _Rest())
        if time.monotonic() < rest.until:
            return rest.why
        why = ""
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(PAUSE_S)
            began = time.monotonic()
            try:
                token = await self._client.stamp(authority, message)
            except OutageError as problem:
                why = f"{authority.name}: {problem.why}"
                if time.monotonic() - began > authority.answer_s / 2:
                    break  # somebody waits, and the next authority may be quicker
            except EvidenceError as problem:  # asking again would bring the same
                log.warning("a time token was refused", why=str(problem))
                why = f"{authority.name}: its answer did not verify"
                break
            else:
                self._resting.pop(authority.name, None)
                return token
        rest_s = self._rest_s * min(2**rest.failures, MOST_RESTS)
        self._resting[authority.name] = _Rest(time.monotonic() + rest_s, why, rest.failures + 1)
        return why

    # -- our clock --------------------------------------------------------------------------

    async def check_clock(self, tenant: str) -> None:
        """ClockError if the newest verified token shows our clock more than an hour off.

        Then an authority is asked anew, at most each few seconds, whether it still is: the token
        is verified, measured and thrown away. Silence does not clear the clock.
        """
        token = await self._newest_of(tenant)
        problem = refuse(token) if token is not None else None
        if problem is None:
            return
        now = time.monotonic()
        if self._authorities and (self._probed_at is None or now - self._probed_at > self._rest_s):
            self._probed_at = now
            probe = await self._ask_in_turn(dice.token_bytes(32))
            if isinstance(probe, Token):
                self._observe(tenant, probe)
                problem = refuse(probe)
        if problem is not None:
            raise problem

    async def clock_in_words(self, tenant: str) -> tuple[bool, str]:
        """Whether the clock may be used, and how far the newest token shows it off."""
        token = await self._newest_of(tenant)
        if token is None:
            return True, "not measured yet"
        skew = skew_s(token)
        if abs(skew) <= 1.0:
            return True, f"right, by {token.authority}"
        return refuse(token) is None, f"{in_words(skew)} of {token.authority}"

    async def _newest_of(self, tenant: str) -> Token | None:
        if tenant not in self._newest:
            self._newest[tenant] = await self._ledger.newest_token(tenant)
        return self._newest[tenant]

    def _observe(self, tenant: str, token: Token) -> None:
        self._newest[tenant] = token
        if abs(skew := skew_s(token)) > CLOCK_SKEW_S:
            log.warning(
                "this machine's clock is off", skew=in_words(skew), authority=token.authority
            )
