"""Work counted instead of timed: the same on every machine, however busy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


def lines_run(function: Callable[[], T]) -> tuple[T, int]:
    """What `function` returns, and how many lines of Python this thread ran for it.

    What C code does in between is not counted.
    """
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        answer = function()
    finally:
        sys.settrace(before)
    return answer, count
