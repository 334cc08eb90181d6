"""Are the stored bytes those of their receipts: none changed, none missing, none left over?

Hashing gives way to other threads, so it runs on all cores, or wherever `Parts` says. Names are
kept in memory, some hundred bytes each; the objects themselves never are.
"""

from __future__ import annotations

import hashlib
import heapq
import os
import re
import secrets
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol, Self, TypeAlias

from auditor.ledger import LedgerReader, ObjectReader, Opened, Opener
from auditor.report import MAX_SAID
from auditor.seal import why
from auditor.tally import Tally
from evidence.errors import EvidenceError
from evidence.receipts import commit

_BATCH_BYTES = 8 << 20
_BATCH_OBJECTS = 64
_ROUND_BYTES = 512 << 20
_ROUND_OBJECTS = 4096
# Orders that are opened as one part, and parts under way at once.
_ORDERS = 16
_PARTS = 64
_NAME = re.compile("[0-9a-f]{64}")

# Name, bytes that were read, what is wrong or "".
Hashed: TypeAlias = tuple[str, int, str]


class Parts(Protocol):
    """Who does the parts of an audit, several at once: this process, or workers elsewhere."""

    def hash(self, names: Sequence[str]) -> Future[list[Hashed]]:
        """What `hash_objects` says of these objects."""
        ...

    def open(self, handles: Sequence[str]) -> Future[Tally]:
        """What `open_orders` says of these orders."""
        ...

    def close(self) -> None:
        """What has not begun is not done any more."""
        ...


class Here:
    """All cores of this process. `opener` is None where nothing is to be opened."""

    def __init__(self, objects: ObjectReader, opener: Opener | None) -> None:
        self._objects, self._opener = objects, opener
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="audit")

    def hash(self, names: Sequence[str]) -> Future[list[Hashed]]:
        return self._pool.submit(hash_objects, self._objects, names)

    def open(self, handles: Sequence[str]) -> Future[Tally]:
        assert self._opener is not None  # noqa: S101 - nothing is opened without one
        return self._pool.submit(open_orders, self._opener, handles)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


class Rehashing:
    """The stored objects, hashed again part by part from `with` on, while log and chains are read.

    sample  so many of them, drawn now; None: all
    """

    def __init__(
        self,
        ledger: LedgerReader,
        objects: ObjectReader,
        parts: Parts,
        tally: Tally,
        *,
        sample: int | None,
    ) -> None:
        self._ledger, self._objects, self._tally, self._sample = ledger, objects, tally, sample
        self._parts = parts
        self._cursor = tally.cursors.get("objects") or {"after": "", "seed": secrets.token_hex(8)}
        self._ahead: deque[tuple[str, list[Future[list[Hashed]]]]] = deque()

    def __enter__(self) -> Self:
        if not self._tally.is_done("objects"):
            self._named = _Named.read(self._ledger, upto=self._cursor.get("last"))
            self._cursor["last"] = self._named.last
            few, seed = self._sample, self._cursor["seed"]
            self._chosen = self._named if few is None else self._named.sample(few, seed)
            rest = self._chosen.after(self._cursor["after"])
            self._rounds = _cut(rest, most=_ROUND_OBJECTS, most_bytes=_ROUND_BYTES)
            self._begin_round()
            self._begin_round()
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()

    def check(self) -> dict[str, Any]:
        """Compare them with their receipts, then look for those that none names.

        Returns how the sample was chosen, for the report; empty if there was none.
        """
        tally, seed = self._tally, self._cursor["seed"]
        if not tally.is_done("objects"):
            named, chosen = self._named, self._chosen
            self._take_over()
            tally.skip("objects (sample)", len(named.lines) - len(chosen.lines))
            tally.skip("object bytes (sample)", named.bytes - chosen.bytes)
            _look_for_orphans(self._ledger, self._objects, named, tally)
            tally.checks.passed_unless_failed(
                "objects", f"The bytes of {len(chosen.lines)} objects are those of their receipts."
            )
            tally.mark("objects", {"done": True, "seed": seed})
        return {} if self._sample is None else {"objects": self._sample, "seed": seed}

    def _begin_round(self) -> None:
        """In order, so that a round's last name says how far we are."""
        if (names := next(self._rounds, None)) is not None:
            hashed = [self._parts.hash([name for name, _ in part]) for part in _batches(names)]
            self._ahead.append((names[-1][0], hashed))

    def _take_over(self) -> None:
        tally = self._tally
        while self._ahead:
            last, under_way = self._ahead.popleft()
            self._begin_round()
            for part in under_way:
                for name, size, wrong in part.result():
                    tally.count("objects")
                    tally.count("object bytes", size)
                    if wrong:
                        places = ", ".join(map(str, self._ledger.places_of(name)))
                        what = f"Object {name}, of the receipt at {places or '?'}, {wrong}."
                        tally.checks.failed("objects", what, name)
                tally.watch("objects", tally.counts["objects"], len(self._chosen.lines))
            self._cursor["after"] = last
            tally.mark("objects", dict(self._cursor))


def check_opened(ledger: LedgerReader, parts: Parts, tally: Tally) -> None:
    """Decrypt every item and compare it with its receipt's commitment."""
    if tally.is_done("opened"):
        return
    orders = _orders(ledger, (tally.cursors.get("opened") or {"after": ""})["after"])
    ahead: deque[tuple[str, Future[Tally]]] = deque()

    def begin() -> None:
        if (handles := next(orders, None)) is not None:
            ahead.append((handles[-1], parts.open(handles)))

    for _ in range(_PARTS):
        begin()
    while ahead:
        last, under_way = ahead.popleft()
        begin()
        tally.add(under_way.result())
        tally.mark("opened", {"after": last})
        tally.watch("opened", tally.counts.get("opened items", 0), 0)
    if erased := tally.unseen.get("erased orders", 0):
        what = f"{erased} orders were erased: their bytes cannot be opened any more."
        tally.checks.unsure("opened", what)
    count = tally.counts.get("opened items", 0)
    tally.checks.passed_unless_failed(
        "opened", f"All {count} items open to the bytes that their receipts commit to."
    )
    tally.done("opened")


def _orders(ledger: LedgerReader, after: str) -> Iterator[Sequence[str]]:
    while handles := ledger.orders(after):
        for start in range(0, len(handles), _ORDERS):
            yield handles[start : start + _ORDERS]
        after = handles[-1]


def hash_objects(objects: ObjectReader, names: Sequence[str]) -> list[Hashed]:
    """One part of the objects."""
    return [_hash(objects, name) for name in names]


def open_orders(opener: Opener, handles: Sequence[str]) -> Tally:
    """One part of the orders: what was found in them."""
    tally = Tally(asked={})
    for handle in handles:
        _open_order(opener, handle, tally)
    return tally


@dataclass(frozen=True, slots=True)
class _Named:
    """The objects that stamps name: 80 bytes of memory each, so a million of them fit.

    lines   digest and about the size as received, 32 and 8 bytes in one, in order and none twice;
            small items of an order may share an object
    last    number of the last stamp that was read
    """

    lines: list[bytes]
    last: int

    @classmethod
    def read(cls, ledger: LedgerReader, *, after: int = 0, upto: int | None = None) -> _Named:
        lines: list[bytes] = []
        while rows := ledger.objects(after):
            for number, stored, size in rows:
                if upto is not None and number > upto:
                    break
                after = number
                if _NAME.fullmatch(stored) and 0 <= size < 1 << 63:  # else `rows` says so
                    lines.append(bytes.fromhex(stored) + size.to_bytes(8, "big"))
            else:
                continue
            break
        lines.sort()
        kept = [
            digest + sum(int.from_bytes(line[32:], "big") for line in set(same)).to_bytes(8, "big")
            for digest, same in groupby(lines, key=lambda line: line[:32])
        ]
        return cls(kept, after)

    @property
    def bytes(self) -> int:
        return sum(int.from_bytes(line[32:], "big") for line in self.lines)

    def __contains__(self, name: str) -> bool:
        digest = bytes.fromhex(name)
        at = bisect_left(self.lines, digest)
        return at < len(self.lines) and self.lines[at].startswith(digest)

    def sample(self, count: int, seed: str) -> _Named:
        """So many of them; which ones, nobody can know before the seed is drawn."""
        salt = bytes.fromhex(seed)
        chosen = heapq.nsmallest(
            count, self.lines, key=lambda line: hashlib.sha256(salt + line).digest()
        )
        return _Named(sorted(chosen), self.last)

    def after(self, name: str) -> Iterator[tuple[str, int]]:
        start = bisect_right(self.lines, bytes.fromhex(name) + b"\xff" * 8) if name else 0
        for at in range(start, len(self.lines)):
            line = self.lines[at]
            yield line[:32].hex(), int.from_bytes(line[32:], "big")


def _hash(objects: ObjectReader, name: str) -> Hashed:
    sha256 = hashlib.sha256()
    size = 0
    try:
        for piece in objects.raw(name):
            sha256.update(piece)
            size += len(piece)
    except EvidenceError as error:
        return name, size, f"cannot be read: {why(error).rpartition(': ')[2]}"
    except OSError as error:
        return name, size, f"cannot be read: {error.strerror}"
    found = sha256.hexdigest()
    return name, size, "" if found == name else f"was altered: its SHA-256 is {found}"


def _look_for_orphans(
    ledger: LedgerReader, objects: ObjectReader, named: _Named, tally: Tally
) -> None:
    checks = tally.checks
    try:
        strangers = {name for name in objects.listing() if name not in named}
    except (OSError, EvidenceError) as error:
        checks.failed("orphans", f"The objects cannot be listed ({type(error).__name__}).")
        return
    lost = {name for name in ledger.lost_objects() if name not in named}
    _hash_lost(objects, sorted(lost & strangers), tally)
    tally.skip("objects of lost receipts, which are gone", len(lost - strangers))
    strangers -= lost
    if strangers:
        strangers.difference_update(ledger.named_by_others())
        # Those that were put while we looked have a row by now.
        later = _Named.read(ledger, after=named.last)
        strangers = {name for name in strangers if name not in later}
    for number, name in enumerate(sorted(strangers)):
        _, size, wrong = _hash(objects, name)
        tally.count("orphans")
        tally.count("orphan bytes", size)
        if wrong:
            checks.failed("orphans", f"Object {name}, which no row names, {wrong}.", name)
        elif number < MAX_SAID:
            what = (
                f"Object {name} ({size} bytes) is named by no row: a collection that broke off "
                "left it, or somebody put it there."
            )
            checks.unsure("orphans", what, name)
    if len(strangers) > MAX_SAID:
        checks.unsure(
            "orphans", f"{len(strangers)} objects are named by no row; not all are listed."
        )
    if not strangers:
        checks.passed("orphans", "No object is without a row that names it.")


def _hash_lost(objects: ObjectReader, names: Sequence[str], tally: Tally) -> None:
    """What receipts name that have no stamp any more: nobody can open it, but it is there."""
    for name in names:
        _, size, wrong = _hash(objects, name)
        tally.count("objects of lost receipts")
        tally.count("object bytes", size)
        if wrong:
            what = f"Object {name}, of a receipt without a stamp, {wrong}."
            tally.checks.failed("objects", what, name)


def _open_order(opener: Opener, handle: str, tally: Tally) -> None:
    try:
        items = opener.items(handle)
    except EvidenceError as error:
        tally.checks.failed("opened", f"Order {handle} does not open: {why(error)}.", handle)
        return
    if items is None:
        tally.skip("erased orders")
        return
    # The same bytes brought twice are one object with two receipts: opened once.
    first: dict[tuple[str, str], Opened] = {}
    for item in items:
        first.setdefault((item.stored, item.sha256), item)
        wrong = _uncommitted(item)
        if wrong:
            what = f"{item.place} {wrong}."
            tally.checks.failed("opened", what, item.place)
        tally.count("opened items")
    for item in first.values():
        tally.count("opened bytes", item.size)
        if wrong := _drained(item):
            tally.checks.failed("opened", f"{item.place} {wrong}.", item.place)


def _uncommitted(item: Opened) -> str:
    try:
        right = commit(item.salt, item.sha256) == item.commitment
    except EvidenceError:
        right = False
    return "" if right else "does not open its receipt: the commitment is to something else"


def _drained(item: Opened) -> str:
    """Read to its end; the content compares its own digest. What is wrong, or ""."""
    size = 0
    try:
        for piece in item.content.chunks():
            size += len(piece)
    except EvidenceError as error:
        return f"does not open: {why(error)}"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return "" if size == item.size else f"has {size} bytes, its receipt says {item.size}"


def _batches(jobs: Iterable[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    # Largest first, so that no core is left alone with a big one at the end.
    ordered = sorted(jobs, key=lambda job: -job[1])
    return _cut(ordered, most=_BATCH_OBJECTS, most_bytes=_BATCH_BYTES)


def _cut(
    jobs: Iterable[tuple[str, int]], *, most: int, most_bytes: int
) -> Iterator[list[tuple[str, int]]]:
    """(name, size) in pieces of at most `most`, or of little more than `most_bytes`."""
    batch: list[tuple[str, int]] = []
    size = 0
    for job in jobs:
        batch.append(job)
        size += job[1]
        if len(batch) >= most or size >= most_bytes:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
