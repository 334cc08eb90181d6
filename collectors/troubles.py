"""What went wrong with a part of a source, while the rest is still asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from evidence.errors import AccessError, EvidenceError, OutageError, RequestError, ShapeError


class Troubles:
    """Holds the first error of the parts that were tried; `raise_first` once all were."""

    def __init__(self) -> None:
        self._first: EvidenceError | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """A part: an error that belongs to it alone waits until the others were tried.

        A source that asks us to wait is asked nothing more: its OutageError goes through.
        """
        try:
            yield
        except (AccessError, OutageError, RequestError, ShapeError) as problem:
            if isinstance(problem, OutageError) and problem.retry_after_s is not None:
                raise
            self._first = self._first or problem

    def raise_first(self) -> None:
        if self._first is not None:
            raise self._first
