"""SHA-256 of every file of a bundle, on all cores, while this one reads the documents.

hashlib gives way to other threads, but the documents are read in Python, which gives way to nobody,
and over small files threads only wait for one another. So a process of one thread forks children
that hash beside it; in any other, such as a server, large files are hashed in threads, at the end.
Either way the answer is that of `Source.digests`, and nothing rests on a child: what it leaves
undone is done here. A child that has nothing left to hash can do something else beside (`beside`).
"""

from __future__ import annotations

import marshal
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from auditor.sources import Fault, Source

# What is hashed at a time, by whoever is free. Twice as many tokens fit into a pipe.
_BATCH_BYTES = 8 << 20
_BATCH_FILES = 512
_MAX_BATCHES = 16_000
# A file below this is small; fewer bytes in fewer files than these are not worth a child.
_SMALL_BYTES = 32 << 10
_WORTH_BYTES = 16 << 20
_WORTH_FILES = 1_000


@dataclass(slots=True)
class _Child:
    pid: int
    answer: int
    """What it has to say is in this file in memory once it has ended."""
    ended: bool = False


class Hashing:
    """The digests of all files of a source, under way from `with` on.

    beside  what else a child may do, once; its answer, if one did it, is `aside` after `found`
    """

    def __init__(self, source: Source, beside: Callable[[], Any] | None = None) -> None:
        self.aside: Any = None
        self._beside = beside
        self._source = source
        self._batches = list(_batches(source))
        self._children: list[_Child] = []
        self._tokens = -1
        self._found: dict[str, str] | None = None
        self._parent = os.getpid()

    def __enter__(self) -> Self:
        cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
        sizes = self._source.sizes
        worth = len(sizes) >= _WORTH_FILES or sum(sizes.values()) >= _WORTH_BYTES
        # To fork beside other threads could leave a child waiting for a lock that nobody holds.
        if cores > 1 and worth and threading.active_count() == 1:
            self._fork(min(cores, len(self._batches)) - 1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in self._children:
            if not child.ended:
                os.kill(child.pid, signal.SIGKILL)  # nobody asks any more
                os.waitpid(child.pid, 0)
            os.close(child.answer)
        self._children = []
        if self._tokens >= 0:
            os.close(self._tokens)
            self._tokens = -1

    def found(self) -> dict[str, str]:
        """SHA-256 by path, of every file; "" and a fault for one that cannot be read."""
        if self._found is None:
            self._found = dict.fromkeys(self._source.sizes, "")
            self._found.update(self._by_children() if self._children else self._by_threads())
            # Whoever was quicker found his first.
            self._source.faults.sort(key=lambda fault: fault.where)
        return self._found

    def _by_threads(self) -> Iterator[tuple[str, str]]:
        sizes = self._source.sizes
        small = [batch for batch in self._batches if sizes[batch[0]] < _SMALL_BYTES]
        large = [batch for batch in self._batches if sizes[batch[0]] >= _SMALL_BYTES]
        with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="audit") as pool:
            for hashed in pool.map(self._source.digests, large):
                yield from hashed
        for batch in small:
            yield from self._source.digests(batch)

    def _by_children(self) -> Iterator[tuple[str, str]]:
        undone = set(self._source.sizes)
        for batch in self._claimed():
            undone.difference_update(batch)
            yield from self._source.digests(batch)
        for child in self._children:
            os.waitpid(child.pid, 0)
            child.ended = True
            with open(child.answer, "rb", closefd=False) as answer:
                answer.seek(0)
                try:  # all of it is read first: `marshal.load` would ask for each text by itself
                    digests, faults, aside = marshal.loads(answer.read())  # noqa: S302 - our child's
                except (EOFError, TypeError, ValueError):
                    continue  # it was ended before it had said all
            undone.difference_update(digests)
            self._source.faults.extend(Fault(where, what) for where, what in faults)
            self.aside = self.aside or aside
            yield from digests.items()
        yield from self._source.digests(undone)

    def _fork(self, children: int) -> None:
        self._tokens, offered = os.pipe()
        for number in range(len(self._batches) + 1):
            os.write(offered, number.to_bytes(2, "big"))
        os.close(offered)
        for _ in range(children):
            answer = os.memfd_create("digests")
            pid = os.fork()
            if pid == 0:
                self._be_child(answer)
            self._children.append(_Child(pid, answer))

    def _be_child(self, answer: int) -> None:
        """Hash until nothing is left, say it, and leave as if never here."""
        try:
            told = len(self._source.faults)
            digests = {
                path: sha256
                for batch in self._claimed()
                for path, sha256 in self._source.digests(batch)
            }
            faults = [(fault.where, fault.what) for fault in self._source.faults[told:]]
            with open(answer, "wb") as out:
                marshal.dump((digests, faults, self.aside), out)
        finally:
            os._exit(0)

    def _claimed(self) -> Iterator[list[str]]:
        """Batches that nobody else has taken; behind them all is what a child does beside."""
        while token := os.read(self._tokens, 2):
            number = int.from_bytes(token, "big")
            if number < len(self._batches):
                yield self._batches[number]
            elif self._beside is not None and os.getpid() != self._parent:
                self.aside = self._beside()


def _batches(source: Source) -> Iterator[list[str]]:
    """All files, large ones first, so that no core is left alone with one at the end."""
    sizes = source.sizes
    most = max(_BATCH_BYTES, sum(sizes.values()) // _MAX_BATCHES)
    large = sorted((p for p in sizes if sizes[p] >= _SMALL_BYTES), key=lambda p: -sizes[p])
    small = [path for path in sizes if sizes[path] < _SMALL_BYTES]
    for paths in (large, small):
        batch: list[str] = []
        size = 0
        for path in paths:
            batch.append(path)
            size += sizes[path]
            if size >= most or len(batch) >= _BATCH_FILES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch
