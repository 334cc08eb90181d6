"""Do entries, tiles and signed heads of a log belong together? Every byte, in one pass.

Entry bundles are read from the first on; their hashes are compared with the tiles level by level,
and with the root of each signed head on the way. Kept meanwhile are at most 256 hashes a level.

Where an entry bundle and its tile disagree, the tile above or the head says which of them is
wrong; the audit goes on with the other one, so that one flipped byte is one finding.

Sources: C2SP tlog-tiles v0.1.0, RFC 6962 section 2.1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.folder import LogReader
from auditor.keys import Keys
from auditor.report import MAX_SAID, Checks
from auditor.seal import why
from auditor.tally import Tally
from evidence.archive import shown
from evidence.checkpoint import Checkpoint, open_checkpoint
from evidence.errors import EvidenceError, FormatError, RequestError
from evidence.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, root
from evidence.tiles import WIDTH, Tile, decode_bundle

POINTER = "checkpoint"
SAVED = "the saved checkpoint"
LEVELS = 8


@dataclass(frozen=True, slots=True)
class Head:
    """A root that somebody signed or wrote down for a size; `where` says who."""

    size: int
    root: bytes
    where: str


def read_heads(log: LogReader, keys: Keys, checks: Checks) -> list[Head]:
    """Every checkpoint in the log's folder whose signature holds, smallest first.

    Raises RequestError if there is none at all.
    """
    named: list[tuple[str, int | None]] = [(POINTER, None), *log.heads()]
    found: list[Head] = []
    missing = 0
    for path, size in named:
        raw = log.read(path)
        if raw is None:
            missing += 1
            if path == POINTER:
                checks.failed("heads", f"{path} is missing.", path)
            continue
        try:
            checkpoint, _ = open_checkpoint(raw, keys.log)
        except EvidenceError as error:
            checks.failed("heads", f"{path} does not hold: {why(error)}.", path)
            continue
        if size is not None and checkpoint.size != size:
            what = f"{path} is the head of {checkpoint.size} entries, not of {size}."
            checks.failed("heads", what, path)
        found.append(Head(checkpoint.size, checkpoint.root, path))
    if missing == len(named):
        raise RequestError(what="The log", why="there is no checkpoint in it")
    _forks(found, checks)
    return sorted(found, key=lambda head: head.size)


def read_saved(raw: bytes, keys: Keys) -> tuple[Checkpoint, Head]:
    """A checkpoint that the auditor kept. Raises ProofError if the log's key did not sign it."""
    checkpoint, _ = open_checkpoint(raw, keys.log)
    return checkpoint, Head(checkpoint.size, checkpoint.root, SAVED)


def _forks(heads: Iterable[Head], checks: Checks) -> None:
    by_size: dict[int, Head] = {}
    for head in heads:
        first = by_size.setdefault(head.size, head)
        if first.root != head.root:
            what = (
                f"{first.where} and {head.where} are two different heads of {head.size} entries, "
                "both signed: the log was forked."
            )
            checks.failed("fork", what, head.where)


class Tree:
    """One pass over a log of `size` entries. `bundles` drives it; its state can be kept.

    heads   roots to be compared on the way, none larger than `size`
    """

    def __init__(
        self,
        log: LogReader,
        tally: Tally,
        *,
        top: Head,
        heads: Iterable[Head],
        state: dict[str, Any] | None = None,
    ) -> None:
        self._log = log
        self._tally = tally
        self._checks = tally.checks
        self._top = top
        self._heads: dict[int, list[Head]] = {}
        for head in heads:
            self._heads.setdefault(head.size, []).append(head)
        self._sizes = sorted(self._heads)
        self._next = 0
        self._frontier = Frontier()
        # The hashes of the rightmost tile of each level above the leaves.
        self._edge: list[list[bytes]] = [[] for _ in range(LEVELS)]
        if state is not None:
            self._next = state["bundle"]
            whole = min(self._next, top.size // WIDTH)
            self._frontier = Frontier(whole, _split(bytes.fromhex(state["frontier"])))
            self._edge = [_split(bytes.fromhex(edge)) for edge in state["edge"]]
        self.broken = False

    def state(self) -> dict[str, Any]:
        return {
            "bundle": self._next,
            "frontier": b"".join(self._frontier.hashes).hex(),
            "edge": [b"".join(edge).hex() for edge in self._edge],
        }

    def bundles(self) -> Iterator[tuple[int, list[bytes] | None]]:
        """(index of the first entry, the entries), checked; None where they cannot be had."""
        if self._next == 0:
            self._check_heads(0, ())
        size = self._top.size
        while self._next * WIDTH < size and not self.broken:
            start = self._next * WIDTH
            width = min(WIDTH, size - start)
            entries, leaves = self._bundle(self._next, width)
            if leaves is None:
                self._break(start)
                return
            self._check_heads(start, leaves)
            if width == WIDTH:
                node = root(leaves)
                self._grow(1, node)
                self._frontier.append(node)
            self._next += 1
            if self._next * WIDTH >= size:
                self._finish()
            yield start, entries

    def _finish(self) -> None:
        """Compare what is left at the right edge of each level."""
        for level in range(1, LEVELS):
            if self._edge[level]:
                self._compare_edge(level, self._top.size >> (8 * (level + 1)))

    def _bundle(self, index: int, width: int) -> tuple[list[bytes] | None, list[bytes] | None]:
        """Entries and leaf hashes, each None if they cannot be had."""
        bundle = Tile(level=None, index=index, width=width)
        tile = Tile(level=0, index=index, width=width)
        entries = self._entries(bundle)
        hashed = self._hashes(tile)
        if entries is None or hashed is None:
            leaves = hashed if entries is None else _leaves(entries)
        else:
            leaves = _leaves(entries)
            if b"".join(leaves) != b"".join(hashed):
                leaves = self._blame(index, leaves, hashed, width)
        if entries is not None:
            self._tally.count("entries", len(entries))
        if leaves is not None:
            self._partials(bundle, leaves, width)
            self._partials(tile, leaves, width)
        return entries, leaves

    def _entries(self, bundle: Tile) -> list[bytes] | None:
        data, path = self._read(bundle)
        if data is None:
            return None
        try:
            entries = decode_bundle(data)
        except FormatError as error:
            self._checks.failed("entries", f"{path} cannot be read: {error.why}.", path)
            return None
        wanted = bundle.width if path == bundle.path else WIDTH
        if len(entries) != wanted:
            what = f"{path} holds {len(entries)} entries, not {wanted}."
            self._checks.failed("entries", what, path)
            return None
        self._tally.count("tiles")
        return entries[: bundle.width]

    def _hashes(self, tile: Tile) -> list[bytes] | None:
        data, path = self._read(tile)
        if data is None:
            return None
        wanted = HASH_BYTES * (tile.width if path == tile.path else WIDTH)
        if len(data) != wanted:
            what = f"{path} has {len(data)} bytes, not {wanted}."
            self._checks.failed("tiles", what, path)
            return None
        self._tally.count("tiles")
        return _split(data[: HASH_BYTES * tile.width])

    def _read(self, tile: Tile) -> tuple[bytes | None, str]:
        """The tile's bytes, or those of the full one that took its place, and their path."""
        data = self._log.read(tile.path)
        if data is not None or tile.width == WIDTH:
            path = tile.path
        else:
            path = tile.full.path
            data = self._log.read(path)
        if data is None:
            name = "entries" if tile.level is None else "tiles"
            self._checks.failed(name, f"{tile.path} is missing or cannot be read.", tile.path)
        return data, path

    def _blame(
        self, index: int, leaves: list[bytes], hashed: list[bytes], width: int
    ) -> list[bytes]:
        """Say which of the two is wrong, and return the other."""
        bundle = Tile(level=None, index=index, width=width).path
        tile = Tile(level=0, index=index, width=width).path
        first = next(at for at in range(width) if leaves[at] != hashed[at])
        entry = f"Entry {index * WIDTH + first} in {bundle}"
        if self._stands(index, hashed):
            self._checks.failed(
                "entries", f"{entry} is not the one whose hash the log has.", bundle
            )
            return hashed
        if self._stands(index, leaves):
            what = f"{tile} does not hold the hash of entry {index * WIDTH + first}."
            self._checks.failed("tiles", what, tile)
            return leaves
        what = f"{entry} and its hash in {tile} differ, and the log's head fits neither of them."
        self._checks.failed("entries", what, bundle)
        return leaves

    def _stands(self, index: int, leaves: list[bytes]) -> bool:
        """Whether the tile above, or for the last tile the head, has been made from these."""
        if len(leaves) == WIDTH:
            width = min(WIDTH, (self._top.size >> 8) - (index >> 8 << 8))
            above = Tile(level=1, index=index >> 8, width=width)
            data = self._log.read(above.path) or self._log.read(above.full.path) or b""
            at = HASH_BYTES * (index & 255)
            return data[at : at + HASH_BYTES] == root(leaves)
        whole = Frontier(index * WIDTH, self._frontier.hashes)
        whole.extend(leaves)
        return whole.root() == self._top.root

    def _partials(self, tile: Tile, hashes: Sequence[bytes], width: int) -> None:
        """Compare the partial tiles that are left over from smaller heads with these hashes."""
        for count in self._log.widths(tile.full.path):
            path = Tile(level=tile.level, index=tile.index, width=min(count, 255)).path
            if count == tile.width and width != WIDTH:
                continue  # it is the one that was read
            if count > width:
                continue  # not under this head, and counted as such
            self._tally.count("tiles")
            if _hashed(self._log.read(path), tile.level) != b"".join(hashes[:count]):
                name = "entries" if tile.level is None else "tiles"
                what = f"{path} is not the beginning of what took its place."
                self._checks.failed(name, what, path)

    def _grow(self, level: int, node: bytes) -> None:
        """Take the root of a full tile to the level above."""
        edge = self._edge[level]
        edge.append(node)
        if len(edge) == WIDTH:
            self._compare_edge(level, self._next >> (8 * level))
            if level + 1 < LEVELS:
                self._grow(level + 1, root(edge))
            edge.clear()

    def _compare_edge(self, level: int, index: int) -> None:
        edge = self._edge[level]
        tile = Tile(level=level, index=index, width=len(edge))
        hashed = self._hashes(tile)
        if hashed is not None and hashed != edge:
            what = f"{tile.path} is not what the tiles below it add up to."
            self._checks.failed("tiles", what, tile.path)
        self._partials(tile, edge, len(edge))

    def _check_heads(self, start: int, leaves: Sequence[bytes]) -> None:
        """Compare the heads whose last entry is among these leaves."""
        while self._sizes and self._sizes[0] < start + bool(leaves):
            self._sizes.pop(0)  # they were compared before this audit was taken up again
        if not self._sizes or self._sizes[0] > start + len(leaves):
            return
        whole = Frontier(start, self._frontier.hashes)
        while self._sizes and self._sizes[0] <= start + len(leaves):
            size = self._sizes.pop(0)
            whole.extend(leaves[whole.size - start : size - start])
            found = whole.root() if size else EMPTY_ROOT
            for head in self._heads[size]:
                self._tally.count("heads")
                if head.root != found:
                    what = f"{head.where} (size {size}) is not the head of the entries here."
                    self._checks.failed("roots", what, head.where)

    def _break(self, start: int) -> None:
        self.broken = True
        rest = self._top.size - start
        self._tally.skip("entries", rest)
        self._tally.skip("heads", sum(len(self._heads[size]) for size in self._sizes))
        what = (
            f"From entry {start} on neither entries nor hashes are here: {rest} entries and the "
            "heads over them cannot be checked."
        )
        self._checks.failed("roots", what, f"entry {start}")


def stray_files(log: LogReader, tally: Tally, *, size: int) -> None:
    """Count the files that this head does not cover, and name those that belong to no log."""
    for path in log.files():
        try:
            tile = Tile.parse(path)
        except FormatError:
            tally.skip("files")
            if tally.unseen["files"] <= MAX_SAID:
                what = f"{shown(path)} is no file of a log; it was not looked at."
                tally.checks.unsure("files", what, path)
            continue
        below = 8 * (tile.level or 0)
        begins, ends = tile.index * WIDTH << below, (tile.index * WIDTH + tile.width) << below
        if ends <= size:
            continue
        width = (size >> below) - tile.index * WIDTH
        if tile.width == WIDTH and begins < size and width:
            partial = Tile(level=tile.level, index=tile.index, width=width)
            if log.read(partial.path) is None:
                continue  # it was read in its place
        tally.skip("files beyond the head")


def _leaves(entries: Sequence[bytes]) -> list[bytes]:
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def _hashed(data: bytes | None, level: int | None) -> bytes | None:
    """What a tile holds, or what an entry bundle's entries hash to."""
    if data is None or level is not None:
        return data
    try:
        return b"".join(_leaves(decode_bundle(data)))
    except FormatError:
        return None


def _split(data: bytes) -> list[bytes]:
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
