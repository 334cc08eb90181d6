"""The log as static files: tiles of 256 hashes and bundles of 256 entries.

    tile/<L>/<N>          full: 256 hashes of level L, 8,192 bytes
    tile/<L>/<N>.p/<W>    partial: the first W of them
    tile/entries/<N>      the entries below a level-0 tile, each uint16 length ‖ bytes

Hash i of tile n at level L is the node (8 L, 256 n + i) of `evidence.merkle`. Full
tiles never change. A partial tile may be deleted once the full one exists, so every
reader here falls back from the partial to the full tile and takes the first W.

Source: C2SP tlog-tiles v0.1.0.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from evidence.errors import CorruptionError, FormatError, RequestError, TooLargeError
from evidence.merkle import (
    HASH_BYTES,
    MAX_SIZE,
    NodeReader,
    consistency_path,
    hash_leaf,
    inclusion_path,
    root,
)

WIDTH = 256
TILE_HEIGHT = 8
MAX_ENTRY_BYTES = 65_535
MAX_BUNDLE_BYTES = WIDTH * (2 + MAX_ENTRY_BYTES)

# A size below 2^63 has hashes at tile levels 0 to 7; the format has room up to 63.
MAX_LEVEL = 63

ReadTile: TypeAlias = Callable[[str], bytes | None]
"""Path of a tile -> its bytes, or None if there is no such file."""

_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """Which tile, and how much of it.

    level   0 to 63, or None for a bundle of entries
    index   zero-based, `N` of the path
    width   1 to 255 for a partial tile, 256 for a full one

    Raises RequestError for numbers out of range.
    """

    level: int | None
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        if not (
            (self.level is None or 0 <= self.level <= MAX_LEVEL)
            and 0 <= self.index <= MAX_SIZE // WIDTH
            and 1 <= self.width <= WIDTH
        ):
            raise RequestError(what="A tile", why="level, index or width out of range")

    @classmethod
    def parse(cls, path: str) -> "Tile":
        """Read a path as `path` writes it. Raises FormatError for any other text."""
        match = _PATH.fullmatch(path)
        if match is not None:
            level, groups, width = match.groups()
            try:
                tile = cls(
                    level=None if level == "entries" else int(level),
                    index=int(groups.replace("x", "").replace("/", "")),
                    width=WIDTH if width is None else int(width),
                )
            except RequestError:
                tile = None
            # Also refuses x000/001 (a leading group of zeros) and .p/256.
            if tile is not None and tile.path == path:
                return tile
        raise FormatError(what="A tile path", why=f"{path[:80]!r} names no tile")

    @property
    def path(self) -> str:
        """Where it lies below the log's prefix: `tile/0/x001/x234/067.p/8`."""
        level = "entries" if self.level is None else self.level
        part = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_index_path(self.index)}{part}"

    @property
    def full(self) -> "Tile":
        """The full tile that takes this one's place one day."""
        return Tile(level=self.level, index=self.index)


def tiles_of(size: int) -> Iterator[Tile]:
    """Every hash tile of a log of this size, level by level; none if it is empty."""
    return new_tiles(old_size=0, new_size=size)


def new_tiles(*, old_size: int, new_size: int) -> Iterator[Tile]:
    """The hash tiles that a log of `new_size` has and one of `old_size` has not.

    Full ones and, at the right edge of each level, the partial one.
    """
    _check_growth(old_size, new_size)
    level = 0
    while new_size > 0:
        yield from _new_at(level, old_size, new_size)
        old_size >>= TILE_HEIGHT
        new_size >>= TILE_HEIGHT
        level += 1


def new_bundles(*, old_size: int, new_size: int) -> Iterator[Tile]:
    """The entry bundles that a log of `new_size` has and one of `old_size` has not."""
    _check_growth(old_size, new_size)
    yield from _new_at(None, old_size, new_size)


def grown_tiles(
    read_tile: ReadTile, *, old_size: int, leaf_hashes: Sequence[bytes]
) -> Iterator[tuple[Tile, bytes]]:
    """The new hash tiles, with their bytes, once `leaf_hashes` follow `old_size` leaves.

    Reads only the partial tiles at the old right edge. The same call gives the same
    bytes again after a crash, whatever part of them was written: each is to be put
    with "create, or compare". Ordered lowest level first.
    """
    level, old_width, added = 0, old_size, list(leaf_hashes)
    _check_growth(old_size, old_size + len(added))
    while added:
        edge = old_width % WIDTH
        hashes = added
        if edge:
            tile = Tile(level=level, index=old_width // WIDTH, width=edge)
            hashes = _hashes_of(read_tile, tile) + added
        above = []
        for start in range(0, len(hashes), WIDTH):
            chunk = hashes[start : start + WIDTH]
            index = (old_width - edge + start) // WIDTH
            yield Tile(level=level, index=index, width=len(chunk)), b"".join(chunk)
            if len(chunk) == WIDTH:
                above.append(root(chunk))
        level, old_width, added = level + 1, old_width // WIDTH, above


def grown_bundles(
    read_tile: ReadTile, *, old_size: int, entries: Sequence[bytes]
) -> Iterator[tuple[Tile, bytes]]:
    """The new entry bundles, with their bytes, once `entries` follow `old_size` others."""
    _check_growth(old_size, old_size + len(entries))
    if not entries:
        return
    edge = old_size % WIDTH
    every = list(entries)
    if edge:
        tile = Tile(level=None, index=old_size // WIDTH, width=edge)
        every = read_bundle(read_tile, tile) + every
    for start in range(0, len(every), WIDTH):
        chunk = every[start : start + WIDTH]
        index = (old_size - edge + start) // WIDTH
        yield Tile(level=None, index=index, width=len(chunk)), encode_bundle(chunk)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entry bundle of 1 to 256 entries. Raises TooLargeError for an entry over 65,535."""
    if not 1 <= len(entries) <= WIDTH:
        why = f"it would hold {len(entries)} entries, not 1 to {WIDTH}"
        raise RequestError(what="An entry bundle", why=why)
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            what = "An entry of the log"
            raise TooLargeError(what=what, size=len(entry), limit=MAX_ENTRY_BYTES)
        parts += (len(entry).to_bytes(2, "big"), entry)
    return b"".join(parts)


def decode_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle, 1 to 256 of them.

    How many there must be is known from the tile's width: see `read_bundle`.
    Raises FormatError for a cut entry, for none and for more than 256.
    """
    what = "An entry bundle"
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data):
            raise FormatError(what=what, why=f"its entry {len(entries)} is cut short")
        if len(entries) == WIDTH:
            raise FormatError(what=what, why="bytes follow its last entry")
        entries.append(data[at + 2 : end])
        at = end
    if not entries:
        raise FormatError(what=what, why="it is empty")
    return entries


def read_bundle(read_tile: ReadTile, bundle: Tile) -> list[bytes]:
    """Exactly `bundle.width` entries, from the partial bundle or else the full one."""
    data, whole = _bytes_of(read_tile, bundle)
    entries = decode_bundle(data)
    if len(entries) != (WIDTH if whole else bundle.width):
        path = (bundle.full if whole else bundle).path
        raise FormatError(what=path, why=f"it holds {len(entries)} entries")
    return entries[: bundle.width]


def node_from_tiles(read_tile: ReadTile, level: int, index: int, *, size: int) -> bytes:
    """The node (level, index) of a log of this size, out of one tile.

    Raises RequestError if the node is not complete at `size`, CorruptionError if its
    tile is missing, FormatError if the tile has another length than it must.
    """
    if level < 0 or index < 0 or (index + 1) << level > size:
        why = f"node {index} of level {level} is not complete at size {size}"
        raise RequestError(what="A proof", why=why)
    tile_level, above = divmod(level, TILE_HEIGHT)
    first = index << above
    tile_index, start = divmod(first, WIDTH)
    width = min(WIDTH, (size >> (TILE_HEIGHT * tile_level)) - tile_index * WIDTH)
    tile = Tile(level=tile_level, index=tile_index, width=width)
    return root(_hashes_of(read_tile, tile)[start : start + (1 << above)])


def tile_reader(read_tile: ReadTile, *, size: int) -> NodeReader:
    """A NodeReader over a log's tiles, for proofs at one size.

    Keeps each tile it has read, so make one for a batch of proofs and let it go.
    """
    kept: dict[str, bytes | None] = {}

    def keep(path: str) -> bytes | None:
        if path not in kept:
            kept[path] = read_tile(path)
        return kept[path]

    def read(level: int, index: int) -> bytes:
        return node_from_tiles(keep, level, index, size=size)

    return read


def tiles_for_inclusion(*, index: int, size: int) -> list[Tile]:
    """The tiles an inclusion proof reads: to fetch them together, beforehand."""
    asked: list[tuple[int, int]] = []
    inclusion_path(_recorder(asked), index=index, size=size)
    return _tiles_holding(asked, size)


def tiles_for_consistency(*, old_size: int, new_size: int) -> list[Tile]:
    """The tiles a consistency proof reads: to fetch them together, beforehand."""
    asked: list[tuple[int, int]] = []
    consistency_path(_recorder(asked), old_size=old_size, new_size=new_size)
    return _tiles_holding(asked, new_size)


def leaf_hashes_of(entries: Sequence[bytes]) -> list[bytes]:
    """Leaf hashes of entries, in order: what a level-0 tile beside a bundle holds."""
    return [hash_leaf(entry) for entry in entries]


def _recorder(asked: list[tuple[int, int]]) -> NodeReader:
    def read(level: int, index: int) -> bytes:
        asked.append((level, index))
        return bytes(HASH_BYTES)

    return read


def _tiles_holding(nodes: Sequence[tuple[int, int]], size: int) -> list[Tile]:
    found: dict[Tile, None] = {}
    for level, index in nodes:
        tile_level, above = divmod(level, TILE_HEIGHT)
        tile_index = (index << above) // WIDTH
        width = min(WIDTH, (size >> (TILE_HEIGHT * tile_level)) - tile_index * WIDTH)
        found[Tile(level=tile_level, index=tile_index, width=width)] = None
    return list(found)


def _index_path(index: int) -> str:
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    return "/".join(reversed(groups))


def _new_at(level: int | None, old_width: int, new_width: int) -> Iterator[Tile]:
    full, partial = divmod(new_width, WIDTH)
    for index in range(old_width // WIDTH, full):
        yield Tile(level=level, index=index)
    if partial and old_width < new_width:
        yield Tile(level=level, index=full, width=partial)


def _check_growth(old_size: int, new_size: int) -> None:
    if not 0 <= old_size <= new_size <= MAX_SIZE:
        why = f"it cannot grow from size {old_size} to {new_size}"
        raise RequestError(what="A log", why=why)


def _bytes_of(read_tile: ReadTile, tile: Tile) -> tuple[bytes, bool]:
    """The bytes, and whether they are those of the full tile."""
    data = read_tile(tile.path)
    if data is not None:
        return data, tile.width == WIDTH
    if tile.width != WIDTH:
        data = read_tile(tile.full.path)
    if data is None:
        raise CorruptionError(what=tile.path, why="this tile of the log is missing")
    return data, True


def _hashes_of(read_tile: ReadTile, tile: Tile) -> list[bytes]:
    data, whole = _bytes_of(read_tile, tile)
    expected = HASH_BYTES * (WIDTH if whole else tile.width)
    if len(data) != expected:
        path = (tile.full if whole else tile).path
        why = f"it has {len(data)} bytes, not {expected}"
        raise FormatError(what=path, why=why)
    used = HASH_BYTES * tile.width
    return [data[at : at + HASH_BYTES] for at in range(0, used, HASH_BYTES)]
