"""When a source that keeps failing is left alone, and who tries it again.

    closed      everybody may ask
    open        `failures` requests in a row met an outage: nobody asks for a while
    half open   the while is over: one request may try; if it is answered, the breaker closes

An answer of any kind closes it, a refusal too: only silence, 5xx and broken connections count.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """One source's. Each further opening in a row lasts twice as long, up to `longest_s`."""

    def __init__(
        self,
        *,
        failures: int = 8,
        first_s: float = 5.0,
        longest_s: float = 300.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._first_s = first_s
        self._longest_s = longest_s
        self._monotonic = monotonic
        self._failed = 0
        self._openings = 0
        self._until: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody may ask now."""
        return self._until is not None and self._monotonic() < self._until

    def enter(self) -> float:
        """0 if a request may be sent now; else the seconds until one may be.

        Once the while is over, whoever comes first is the probe and the others go on waiting.
        """
        if self._until is None:
            return 0.0
        rest = self._until - self._monotonic()
        if rest > 0:
            return rest
        self._until = self._monotonic() + self._while_s()
        return 0.0

    def answered(self) -> None:
        self._failed = self._openings = 0
        self._until = None

    def failed(self) -> None:
        self._failed += 1
        if self._failed >= self._limit:
            self._until = self._monotonic() + self._while_s()
            self._openings += 1

    def _while_s(self) -> float:
        return min(self._first_s * 2.0 ** min(self._openings, 20), self._longest_s)
