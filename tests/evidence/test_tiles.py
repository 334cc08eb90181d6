"""The log as files: paths, layouts, bytes, and proofs made from the files alone."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import CorruptionError, EvidenceError, FormatError, RequestError, TooLargeError
from evidence.merkle import (
    MAX_SIZE,
    Frontier,
    consistency_path,
    hash_leaf,
    inclusion_path,
    nodes_of,
    root,
    root_from_nodes,
)
from evidence.tiles import (
    MAX_ENTRY_BYTES,
    Tile,
    decode_bundle,
    encode_bundle,
    grown_bundles,
    grown_tiles,
    leaf_hashes_of,
    new_bundles,
    new_tiles,
    node_from_tiles,
    read_bundle,
    tile_reader,
    tiles_for_consistency,
    tiles_for_inclusion,
    tiles_of,
)
from tests.vectors import signed_note

# Past 65,536, so that a third level of tiles exists.
ENTRIES = [b"%d" % n for n in range(66_000)]
LEAVES = leaf_hashes_of(ENTRIES)
NODES = nodes_of(LEAVES)


class Files:
    """A folder of tiles in memory that never lets a file change."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.size = 0

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def grow(self, entries: list[bytes]) -> None:
        hashes = leaf_hashes_of(entries)
        for made in (
            grown_tiles(self.read, old_size=self.size, leaf_hashes=hashes),
            grown_bundles(self.read, old_size=self.size, entries=entries),
        ):
            for tile, data in made:
                assert self.files.setdefault(tile.path, data) == data
        self.size += len(entries)

    def drop_partials(self) -> None:
        for path in list(self.files):
            if ".p/" in path and path.partition(".p/")[0] in self.files:
                del self.files[path]


@pytest.fixture(scope="module")
def big() -> Files:
    files = Files()
    files.grow(ENTRIES)
    return files


def layout(size: int) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for tile in tiles_of(size):
        assert tile.level is not None
        full, partial = found.get(tile.level, (0, 0))
        found[tile.level] = (full + 1, partial) if tile.width == 256 else (full, tile.width)
    return found


def test_path_and_layout_are_those_of_the_standard() -> None:
    tile = Tile(level=0, index=signed_note.TILE_INDEX)
    assert tile.path == f"tile/0/{signed_note.TILE_PATH}"
    assert layout(70_000) == signed_note.TILES_AT_70_000


@pytest.mark.needs_shared
def test_every_shared_path_and_layout_agrees(shared: Path) -> None:
    vectors = json.loads((shared / "contracts/tlog/tiles.json").read_text())
    for vector in vectors["paths"]:
        for level, name in ((0, "0"), (None, "entries"), (63, "63")):
            tile = Tile(level=level, index=vector["n"], width=vector["w"])
            assert tile.path == f"tile/{name}/{vector['path']}"
            assert Tile.parse(tile.path) == tile
    for vector in vectors["layouts"]:
        expected = {int(k): (v["full"], v["partial"]) for k, v in vector["levels"].items()}
        assert layout(vector["size"]) == expected
    for path in vectors["bad_paths"]:
        with pytest.raises(FormatError):
            Tile.parse(path)


@pytest.mark.needs_shared
@pytest.mark.parametrize("log", ["exhibit-log", "tessera-log"])
def test_we_write_the_shared_logs_byte_for_byte(shared: Path, log: str) -> None:
    folder = shared / "contracts/tlog" / log
    sizes = sorted(int(p.suffix[1:]) for p in folder.glob("checkpoint.*"))
    entries = entries_of(folder, size=sizes[-1])
    files = Files()
    for size in sizes:
        files.grow(entries[files.size : size])
    on_disk = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in (folder / "tile").rglob("*")
        if path.is_file()
    }
    assert len(on_disk) > 10
    assert files.files == on_disk


def entries_of(folder: Path, *, size: int) -> list[bytes]:
    def read(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.is_file() else None

    tiles = new_bundles(old_size=0, new_size=size)
    return [entry for tile in tiles for entry in read_bundle(read, tile)]


@pytest.mark.needs_shared
def test_roots_from_the_shared_tiles_are_the_listed_ones(shared: Path) -> None:
    folder = shared / "contracts/tlog/exhibit-log"
    entries = entries_of(folder, size=600)
    assert (entries[3], entries[7], len(entries[11])) == (b"", bytes(range(256)), 65_535)

    def read(path: str) -> bytes | None:
        file = folder / path
        return file.read_bytes() if file.is_file() else None

    for size, text in json.loads((folder / "roots.json").read_text())["sizes"].items():
        at = tile_reader(read, size=int(size))
        # Only the partial tiles of nine sizes lie there, so read the leaves for the rest.
        leaves = [hash_leaf(entry) for entry in entries[: int(size)]]
        assert root(leaves) == base64.b64decode(text)
        if int(size) in (1, 2, 255, 256, 257, 512, 599, 600):
            assert root_from_nodes(at, size=int(size)) == base64.b64decode(text)


@settings(deadline=None)
@given(st.integers(0, 63) | st.none(), st.integers(0, 2**55 - 1), st.integers(1, 256))
def test_a_path_is_read_as_it_was_written(level: int | None, index: int, width: int) -> None:
    tile = Tile(level=level, index=index, width=width)
    assert Tile.parse(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/x000/001",
        "tile/0/000.p/300",
        "tile/entries/entries/000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/../000",
        "tile/0/00٣",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/000\n",
        "checkpoint",
        "",
    ],
)
def test_a_path_that_names_no_tile_is_refused(path: str) -> None:
    with pytest.raises(FormatError):
        Tile.parse(path)


LAST = MAX_SIZE // 256


@pytest.mark.parametrize(
    ("level", "index", "width", "there"),
    [
        (63, LAST, 256, True), (None, LAST, 1, True), (0, 0, 1, True),
        (64, 0, 256, False), (-1, 0, 256, False), (0, LAST + 1, 256, False), (0, -1, 256, False),
        (0, 0, 257, False), (0, 0, 0, False),
    ],
)  # fmt: skip
def test_a_tile_lies_within_what_a_log_can_ever_have(
    level: int | None, index: int, width: int, there: bool
) -> None:
    if there:
        assert Tile(level=level, index=index, width=width).full.width == 256
        return
    with pytest.raises(RequestError, match="level, index or width out of range"):
        Tile(level=level, index=index, width=width)


@pytest.mark.parametrize(("old", "new"), [(-1, 1), (2, 1), (0, MAX_SIZE + 1)])
def test_a_log_only_grows_and_not_for_ever(old: int, new: int) -> None:
    for asked in (new_tiles, new_bundles):
        with pytest.raises(RequestError, match=f"cannot grow from size {old} to {new}"):
            next(iter(asked(old_size=old, new_size=new)), None)
    assert next(new_tiles(old_size=MAX_SIZE - 1, new_size=MAX_SIZE)).width == 255


@settings(deadline=None)
@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_new_tiles_are_those_of_the_new_size_without_those_of_the_old(one: int, two: int) -> None:
    old, new = sorted((one, two))
    had = set(tiles_of(old))
    expected = [tile for tile in tiles_of(new) if tile not in had]
    assert list(new_tiles(old_size=old, new_size=new)) == expected
    level_0 = [t for t in expected if t.level == 0]
    bundles = list(new_bundles(old_size=old, new_size=new))
    assert [(t.index, t.width) for t in bundles] == [(t.index, t.width) for t in level_0]


def test_the_big_log_has_all_its_tiles_and_no_other(big: Files) -> None:
    expected = {tile.path for tile in tiles_of(big.size)}
    expected |= {tile.path for tile in new_bundles(old_size=0, new_size=big.size)}
    assert set(big.files) == expected


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 400), max_size=8))
def test_a_log_grown_in_steps_holds_the_tiles_of_each_step(steps: list[int]) -> None:
    files = Files()
    expected: dict[str, bytes] = {}
    for step in steps:
        files.grow(ENTRIES[files.size : files.size + step])
        at_once = Files()
        at_once.grow(ENTRIES[: files.size])
        expected |= at_once.files
    assert files.files == expected
    files.drop_partials()
    if files.size:
        reader = tile_reader(files.read, size=files.size)
        assert root_from_nodes(reader, size=files.size) == root(LEAVES[: files.size])
        files.grow(ENTRIES[files.size : files.size + 300])


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_proofs_from_tiles_are_those_from_leaves(big: Files, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(ENTRIES)))
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    # Only the tiles of the last size exist: every earlier partial one is read from the full.
    asked: set[str] = set()

    def read(path: str) -> bytes | None:
        asked.add(path)
        whole = Tile.parse(path)
        edge = len(ENTRIES) >> (8 * (whole.level or 0))
        if whole.index == edge // 256 and edge % 256 >= whole.width:
            last = Tile(level=whole.level, index=whole.index, width=edge % 256)
            return (big.files[last.path])[: 32 * whole.width]
        return big.read(path)

    reader = tile_reader(read, size=size)
    made = inclusion_path(reader, index=index, size=size)
    assert made == inclusion_path(NODES, index=index, size=size)
    foretold = tiles_for_inclusion(index=index, size=size)
    assert {path.partition(".p/")[0] for path in asked} == {t.full.path for t in foretold}

    asked.clear()
    reader = tile_reader(read, size=size)
    made = consistency_path(reader, old_size=old, new_size=size)
    assert made == consistency_path(NODES, old_size=old, new_size=size)
    foretold = tiles_for_consistency(old_size=old, new_size=size)
    assert {path.partition(".p/")[0] for path in asked} == {t.full.path for t in foretold}


@pytest.mark.parametrize("level", range(17))
def test_a_node_from_tiles_is_the_node(big: Files, level: int) -> None:
    for index in {0, (len(ENTRIES) >> level) - 1}:
        found = node_from_tiles(big.read, level, index, size=len(ENTRIES))
        assert found == root(LEAVES[index << level : (index + 1) << level])


def test_a_node_that_is_not_complete_is_refused(big: Files) -> None:
    for level, index in [(0, len(ENTRIES)), (17, 0), (-1, 0), (0, -1), (63, 0)]:
        with pytest.raises(RequestError):
            node_from_tiles(big.read, level, index, size=len(ENTRIES))


def test_a_frontier_can_be_had_from_tiles(big: Files) -> None:
    reader = tile_reader(big.read, size=big.size)
    frontier = Frontier.of_nodes(reader, size=big.size)
    assert frontier.root() == root(LEAVES)


def test_a_missing_tile_is_named() -> None:
    with pytest.raises(CorruptionError, match=r"tile/0/000\.p/5.* missing"):
        node_from_tiles(lambda _: None, 0, 0, size=5)


@pytest.mark.parametrize("length", [0, 31, 32 * 5 - 1, 32 * 5 + 1, 32 * 6, 8192])
def test_a_tile_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(FormatError, match=f"{length} bytes"):
        node_from_tiles({"tile/0/000.p/5": bytes(length)}.get, 0, 0, size=5)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_is_read_as_it_was_written(entries: list[bytes]) -> None:
    data = encode_bundle(entries)
    assert decode_bundle(data) == entries
    with pytest.raises(FormatError, match="cut short"):
        decode_bundle(data[:-1] if entries[-1] else data[:-1] + b"\x01")


def test_an_entry_has_at_most_65_535_bytes_and_a_bundle_256_entries() -> None:
    assert decode_bundle(encode_bundle([bytes(MAX_ENTRY_BYTES)])) == [bytes(MAX_ENTRY_BYTES)]
    with pytest.raises(TooLargeError):
        encode_bundle([bytes(MAX_ENTRY_BYTES + 1)])
    for count in (0, 257):
        with pytest.raises(RequestError):
            encode_bundle([b""] * count)
    with pytest.raises(FormatError, match="follow"):
        decode_bundle(bytes(2 * 257))


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\1", b"\0\2a", b"\xff\xff"])
def test_a_cut_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        decode_bundle(data)


def test_a_bundle_must_hold_as_many_entries_as_its_tile_is_wide() -> None:
    files = {"tile/entries/000.p/3": encode_bundle([b"a", b"b"])}
    with pytest.raises(FormatError, match="holds 2"):
        read_bundle(files.get, Tile(level=None, index=0, width=3))


def test_a_partial_bundle_may_be_gone_once_the_full_one_is_there() -> None:
    files = {"tile/entries/000": encode_bundle(ENTRIES[:256])}
    assert read_bundle(files.get, Tile(level=None, index=0, width=3)) == ENTRIES[:3]


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_rubbish_is_an_evidence_error_and_nothing_else(data: bytes) -> None:
    try:
        assert encode_bundle(decode_bundle(data)) == data
    except EvidenceError:
        pass
