"""Ports of 127.0.0.1 for what tests start: nobody else is given them meanwhile."""

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PORTS = 8
_BLOCKS = 1_000
_ends = ExitStack()
_left: list[int] = []


def free_port() -> int:
    """One that no test process is given again until this one ends."""
    if not _left:
        _left.extend(_ends.enter_context(ports_of_our_own()))
    return _left.pop()


@contextmanager
def ports_of_our_own() -> Iterator[list[int]]:
    """PORTS free ports, and no other test process is given any of them for the time of the block.

    Below the range that others are given at random, where somebody could be faster.
    """
    folder = Path(tempfile.gettempdir()) / f"orderproof-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for number in range(_BLOCKS):
        first = 20_000 + PORTS * number
        with (folder / str(first)).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            block = list(range(first, first + PORTS))
            if all(_is_free(port) for port in block):
                yield block
                return
    raise AssertionError("no ports are free on 127.0.0.1")


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
