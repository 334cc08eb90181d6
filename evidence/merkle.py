"""The Merkle tree of the log and of an order's receipts: SHA-256, RFC 6962.

A **node** (level, index) is the root of the perfect subtree over the leaves
`index << level` up to `(index + 1) << level`; level 0 is the leaf hashes. Proofs are
made from nodes that a callable brings, so a list in memory and tiles on a disk serve
alike. Everything here works on bare 32-byte strings: a tree of a million leaves costs
a million calls of hashlib and little else.

Sources: RFC 6962 section 2.1, RFC 9162 sections 2.1.3 and 2.1.4.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NoReturn, TypeAlias

from evidence.errors import ProofError, RequestError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

# The C2SP formats and Go count leaves in a signed 64-bit number.
MAX_SIZE = 2**63 - 1

NodeReader: TypeAlias = Callable[[int, int], bytes]
"""(level, index) -> 32 bytes; asked only for nodes complete at the size in question."""


def hash_leaf(entry: bytes) -> bytes:
    """Leaf hash of an entry: SHA-256(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Root over leaf hashes in order; SHA-256 of nothing if there are none."""
    level = _hashes(leaf_hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        level = _level_above(level, keep_odd=True)
    return level[0]


def nodes_of(leaf_hashes: Iterable[bytes]) -> NodeReader:
    """All nodes over these leaves, computed once: for making many proofs.

    Takes about twice the memory of the leaf hashes.
    """
    level = _hashes(leaf_hashes)
    levels = [level]
    while len(level) > 1:
        level = _level_above(level, keep_odd=False)
        levels.append(level)

    def read(level: int, index: int) -> bytes:
        return levels[level][index]

    return read


class Frontier:
    """A tree that only grows: the roots of its perfect subtrees, largest first.

    That is all a sequencer must keep to know the root after the next leaf: at most 63
    hashes. `Frontier(size, hashes)` restores what `size` and `hashes` said.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if not 0 <= size <= MAX_SIZE or len(hashes) != size.bit_count():
            raise ProofError(
                what="A stored frontier",
                why=f"{len(hashes)} hashes cannot stand for a tree of size {size}",
            )
        self._size = size
        self._hashes = _hashes(hashes)

    @classmethod
    def of_nodes(cls, read: NodeReader, *, size: int) -> "Frontier":
        """The frontier of a tree whose nodes are stored already."""
        return cls(size, [read(*node) for node in _perfect(0, size)])

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    @property
    def hashes(self) -> list[bytes]:
        """A copy, as many hashes as `size` has one bits."""
        return list(self._hashes)

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf at index `size`."""
        node = _hash(leaf_hash)
        rest = self._size
        while rest & 1:
            node = hashlib.sha256(b"\x01" + self._hashes.pop() + node).digest()
            rest >>= 1
        self._hashes.append(node)
        self._size += 1

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add leaves in order; none is added if one of them is not 32 bytes."""
        level = _hashes(leaf_hashes)
        size = self._size + len(level)
        # Level by level, with what stands at its right edge: most of the work is in one loop.
        rest, edge = self._size, []
        while level:
            if rest & 1:
                level.insert(0, self._hashes.pop())
            if len(level) & 1:
                edge.append(level.pop())
            level, rest = _level_above(level, keep_odd=False), rest >> 1
        self._hashes += reversed(edge)
        self._size = size

    def root(self) -> bytes:
        """Root over all leaves so far."""
        return _fold(self._hashes) if self._hashes else EMPTY_ROOT


def root_from_nodes(read: NodeReader, *, size: int) -> bytes:
    """Root of the first `size` leaves, from at most 63 stored nodes."""
    return _range_root(read, 0, size) if size else EMPTY_ROOT


def inclusion_path(source: Sequence[bytes] | NodeReader, *, index: int, size: int) -> list[bytes]:
    """The sibling hashes that tie leaf `index` to the root at `size`, leaf upward.

    source   leaf hashes (at least `size` of them) or a NodeReader

    Raises RequestError unless 0 <= index < size.
    Source: RFC 9162, section 2.1.3.1.
    """
    if not 0 <= index < size:
        _refuse(f"leaf {index} is not in a tree of size {size}")
    read = _reader(source, size)
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range_root(read, middle, high))
            high = middle
        else:
            path.append(_range_root(read, low, middle))
            low = middle
    path.reverse()
    return path


def consistency_path(
    source: Sequence[bytes] | NodeReader, *, old_size: int, new_size: int
) -> list[bytes]:
    """The hashes that show the tree at `old_size` to be a prefix of that at `new_size`.

    Empty when the sizes are equal, and when `old_size` is 0 (nothing to show).
    Raises RequestError unless 0 <= old_size <= new_size.
    Source: RFC 9162, section 2.1.4.1.
    """
    if not 0 <= old_size <= new_size:
        _refuse(f"size {old_size} does not come before size {new_size}")
    if old_size in (0, new_size):
        return []
    read = _reader(source, new_size)
    path: list[bytes] = []
    low, high = 0, new_size
    while high != old_size:
        middle = low + _split(high - low)
        if old_size <= middle:
            path.append(_range_root(read, middle, high))
            high = middle
        else:
            path.append(_range_root(read, low, middle))
            low = middle
    if low:  # else it is the old tree itself, whose root the verifier has
        path.append(_range_root(read, low, high))
    path.reverse()
    return path


def root_from_inclusion(leaf: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that `path` commits `leaf` to; compare it with the root you trust.

    leaf    leaf hash, 32 bytes, already domain-separated (see hash_leaf)
    index   zero-based position, 0 <= index < size
    size    number of leaves in the tree the proof is for
    path    sibling hashes from the leaf upward, 32 bytes each

    Raises ProofError when index, size and len(path) cannot belong together.
    Source: RFC 9162, section 2.1.3.2.
    """
    what = "The inclusion proof"
    if not 0 <= index < size <= MAX_SIZE:
        raise ProofError(what=what, why=f"leaf {index} is not in a tree of size {size}")
    at, last = index, size - 1
    node = _hash(leaf)
    for sibling in _hashes(path):
        if last == 0:
            raise ProofError(what=what, why="it has too many hashes")
        if at & 1 or at == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        at >>= 1
        last >>= 1
    if last:
        raise ProofError(what=what, why="it has too few hashes")
    return node


def verify_inclusion(
    leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """Return if `path` ties the leaf hash at `index` to `root`; else raise ProofError.

    Size and root must come from a checkpoint whose signature was checked.
    """
    found = root_from_inclusion(leaf, index=index, size=size, path=path)
    if found != _hash(root):
        raise ProofError(
            what="The inclusion proof",
            why=f"it leads to the root {found.hex()}, not to {root.hex()}",
        )


def verify_consistency(
    *,
    old_size: int,
    old_root: bytes,
    new_size: int,
    new_root: bytes,
    path: Sequence[bytes],
    allow_empty: bool = False,
) -> None:
    """Return if the old tree is a prefix of the new one; else raise ProofError.

    allow_empty   take an empty old tree (with its root, and no hashes) as a prefix of
                  anything. It proves nothing, so a caller has to want it: a witness
                  at first sight does (C2SP tlog-witness), an auditor does not.

    Source: RFC 9162, section 2.1.4.2.
    """
    what = "The consistency proof"
    _hash(old_root), _hash(new_root)
    hashes = _hashes(path)
    if not 0 <= old_size <= new_size <= MAX_SIZE:
        why = f"size {old_size} does not come before size {new_size}"
        raise ProofError(what=what, why=why)
    if old_size == 0 and not allow_empty:
        raise ProofError(what=what, why="it starts from an empty tree")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise ProofError(what=what, why="the root of size 0 is not the empty root")
    if old_size in (0, new_size):
        if hashes:
            raise ProofError(what=what, why="it has hashes where none are needed")
        if old_size == new_size and old_root != new_root:
            raise ProofError(what=what, why="one size has two roots")
        return
    if not hashes:
        raise ProofError(what=what, why="it has too few hashes")

    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at >>= 1
        last >>= 1
    old = new = hashes[0]
    for node in hashes[1:]:
        if last == 0:
            raise ProofError(what=what, why="it has too many hashes")
        if at & 1 or at == last:
            old = hashlib.sha256(b"\x01" + node + old).digest()
            new = hashlib.sha256(b"\x01" + node + new).digest()
            while not at & 1 and at:
                at >>= 1
                last >>= 1
        else:
            new = hashlib.sha256(b"\x01" + new + node).digest()
        at >>= 1
        last >>= 1
    if last:
        raise ProofError(what=what, why="it has too few hashes")
    if old != old_root:
        raise ProofError(what=what, why=f"it does not lead to the root at {old_size}")
    if new != new_root:
        raise ProofError(what=what, why=f"it does not lead to the root at {new_size}")


def _hash(value: bytes) -> bytes:
    if len(value) != HASH_BYTES:
        raise ProofError(what="A hash", why=f"it has {len(value)} bytes, not 32")
    return value


def _hashes(values: Iterable[bytes]) -> list[bytes]:
    found = list(values)
    lengths = set(map(len, found))
    if lengths - {HASH_BYTES}:
        wrong = next(iter(lengths - {HASH_BYTES}))
        raise ProofError(what="A hash", why=f"it has {wrong} bytes, not 32")
    return found


def _level_above(level: list[bytes], *, keep_odd: bool) -> list[bytes]:
    """Parents of a level; a last node without a sibling rises unchanged, or is left out."""
    sha256 = hashlib.sha256
    pairs = iter(level)
    above = [
        sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)
    ]
    if keep_odd and len(level) & 1:
        above.append(level[-1])
    return above


def _split(size: int) -> int:
    """The largest power of two below `size` (size > 1): how wide the left half is."""
    return 1 << ((size - 1).bit_length() - 1)


def _perfect(low: int, high: int) -> list[tuple[int, int]]:
    """Nodes that cover [low, high) left to right; `low` is aligned to the first."""
    nodes = []
    while low < high:
        level = (high - low).bit_length() - 1
        nodes.append((level, low >> level))
        low += 1 << level
    return nodes


def _range_root(read: NodeReader, low: int, high: int) -> bytes:
    return _fold([_hash(read(*node)) for node in _perfect(low, high)])


def _fold(hashes: Sequence[bytes]) -> bytes:
    node = hashes[-1]
    for left in reversed(hashes[:-1]):
        node = hashlib.sha256(b"\x01" + left + node).digest()
    return node


def _reader(source: Sequence[bytes] | NodeReader, size: int) -> NodeReader:
    if callable(source):
        return source
    if len(source) < size:
        _refuse(f"{len(source)} leaf hashes are not a tree of size {size}")
    return nodes_of(source[:size])


def _refuse(why: str) -> NoReturn:
    raise RequestError(what="A proof", why=why)
