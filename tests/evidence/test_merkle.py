"""Trees and proofs: other people's values, and laws over trees of every small size."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import EvidenceError, ProofError, RequestError
from evidence.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_path,
    hash_leaf,
    inclusion_path,
    nodes_of,
    root,
    root_from_inclusion,
    root_from_nodes,
    verify_consistency,
    verify_inclusion,
)
from tests.vectors import rfc6962

LEAVES = [hash_leaf(b"%d" % n) for n in range(300)]

sizes = st.integers(1, len(LEAVES))
laws = settings(deadline=None, max_examples=200)


def mth(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, 2.1, word for word: slow, and easy to believe."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def unbase64(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


def flipped(data: bytes, bit: int) -> bytes:
    at, mask = bit // 8 % len(data), 1 << bit % 8
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def test_roots_are_those_of_the_published_tree() -> None:
    leaves = [hash_leaf(data) for data in rfc6962.LEAF_INPUTS]
    for size, expected in enumerate(rfc6962.ROOTS):
        assert root(leaves[:size]) == expected


@pytest.mark.needs_shared
def test_single_hashes_are_those_of_the_shared_vectors(shared: Path) -> None:
    vectors = json.loads((shared / "contracts/tlog/merkle/rfc6962.json").read_text())
    empty, of_empty, leaf, node = vectors["hashes"]
    assert EMPTY_ROOT.hex() == empty["hex"]
    assert hash_leaf(b"").hex() == of_empty["hex"]
    assert hash_leaf(leaf["data"].encode()).hex() == leaf["hex"]
    # The published node joins two 4-byte strings, which are rightly refused as hashes.
    joined = (node["left"] + node["right"]).encode()
    assert hashlib.sha256(b"\x01" + joined).hexdigest() == node["hex"]
    with pytest.raises(ProofError, match="4 bytes"):
        root([node["left"].encode(), node["right"].encode()])
    leaves = [hash_leaf(bytes.fromhex(text)) for text in vectors["leaf_inputs_hex"]]
    for size, expected in enumerate(vectors["roots_by_size_hex"]):
        assert root(leaves[:size]).hex() == expected


@pytest.mark.needs_shared
def test_every_shared_inclusion_vector_is_judged_as_its_authors_do(shared: Path) -> None:
    vectors = json.loads((shared / "contracts/tlog/merkle/inclusion.json").read_text())
    wrong = [v["file"] for v in vectors if inclusion_holds(v) == v["wantErr"]]
    assert len(vectors) == 98
    assert wrong == []


def inclusion_holds(vector: dict[str, Any]) -> bool:
    try:
        verify_inclusion(
            base64.b64decode(vector["leafHash"] or ""),
            index=vector["leafIdx"],
            size=vector["treeSize"],
            path=unbase64(vector["proof"]),
            root=base64.b64decode(vector["root"] or ""),
        )
    except ProofError:
        return False
    return True


@pytest.mark.needs_shared
def test_every_shared_consistency_vector_is_judged_as_its_authors_do(shared: Path) -> None:
    vectors = json.loads((shared / "contracts/tlog/merkle/consistency.json").read_text())
    wrong = [v["file"] for v in vectors if consistency_holds(v) == v["wantErr"]]
    assert len(vectors) == 98
    # Equal sizes and equal roots of 12 bytes: its authors compare, we ask for hashes first.
    assert wrong == ["consistency/additional/sizes-are-equal-one-and-proof-is-empty.json"]


def consistency_holds(vector: dict[str, Any]) -> bool:
    try:
        verify_consistency(
            old_size=vector["size1"],
            old_root=base64.b64decode(vector["root1"] or ""),
            new_size=vector["size2"],
            new_root=base64.b64decode(vector["root2"] or ""),
            path=unbase64(vector["proof"]),
        )
    except ProofError:
        return False
    return True


@pytest.mark.parametrize("size", range(70))
def test_every_way_to_a_root_is_the_definition(size: int) -> None:
    leaves = LEAVES[:size]
    expected = mth(leaves)
    frontier = Frontier()
    frontier.extend(leaves)
    assert root(leaves) == expected
    assert frontier.root() == expected
    assert root_from_nodes(nodes_of(leaves), size=size) == expected


@laws
@given(sizes, st.data())
def test_every_inclusion_proof_verifies(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(LEAVES, index=index, size=size)
    assert path == inclusion_path(nodes_of(LEAVES), index=index, size=size)
    found = root_from_inclusion(LEAVES[index], index=index, size=size, path=path)
    assert found == root(LEAVES[:size])


@laws
@given(sizes, st.data())
def test_no_inclusion_proof_survives_a_change(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(LEAVES, index=index, size=size)
    head = root(LEAVES[:size])
    leaf = LEAVES[index]
    bit = data.draw(st.integers(0, 255))
    other = data.draw(st.integers(0, len(LEAVES)).filter(lambda n: n != index))
    at = data.draw(st.integers(0, max(0, len(path) - 1)))
    forged = [
        (flipped(leaf, bit), index, path, head),
        (leaf, other, path, head),
        (leaf, index, path, flipped(head, bit)),
        (leaf, index, [*path, head], head),
        (leaf, index, [head, *path], head),
    ]
    if path:
        forged.append((leaf, index, path[:at] + path[at + 1 :], head))
        changed = [*path[:at], flipped(path[at], bit), *path[at + 1 :]]
        forged.append((leaf, index, changed, head))
        forged.append((leaf, index, [*path[:at], path[at][:31], *path[at + 1 :]], head))
    for leaf_hash, place, hashes, claimed in forged:
        with pytest.raises(ProofError):
            verify_inclusion(leaf_hash, index=place, size=size, path=hashes, root=claimed)


@laws
@given(sizes, sizes)
def test_every_consistency_proof_verifies(one: int, two: int) -> None:
    old, new = sorted((one, two))
    path = consistency_path(LEAVES, old_size=old, new_size=new)
    verify_consistency(
        old_size=old,
        old_root=root(LEAVES[:old]),
        new_size=new,
        new_root=root(LEAVES[:new]),
        path=path,
    )


@laws
@given(sizes, sizes, st.integers(0, 255), st.data())
def test_no_consistency_proof_survives_a_change(
    one: int, two: int, bit: int, data: st.DataObject
) -> None:
    old, new = sorted((one, two))
    good: dict[str, Any] = {
        "old_size": old,
        "old_root": root(LEAVES[:old]),
        "new_size": new,
        "new_root": root(LEAVES[:new]),
        "path": consistency_path(LEAVES, old_size=old, new_size=new),
    }
    path = good["path"]
    forged = [
        good | {"old_root": flipped(good["old_root"], bit)},
        good | {"new_root": flipped(good["new_root"], bit)},
        good | {"path": [*path, good["old_root"]]},
        good | {"path": [good["old_root"], *path]},
    ]
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        forged.append(good | {"path": path[:at] + path[at + 1 :]})
        forged.append(good | {"path": [*path[:at], flipped(path[at], bit), *path[at + 1 :]]})
    for proof in forged:
        with pytest.raises(ProofError):
            verify_consistency(**proof)


@laws
@given(st.integers(0, 300), st.integers(0, 300))
def test_a_frontier_goes_on_where_it_was_stored(one: int, two: int) -> None:
    first, last = sorted((one, two))
    frontier = Frontier()
    frontier.extend(LEAVES[:first])
    restored = Frontier(frontier.size, frontier.hashes)
    for leaf in LEAVES[first:last]:
        restored.append(leaf)
    assert restored.size == last
    assert restored.root() == root(LEAVES[:last])
    assert Frontier.of_nodes(nodes_of(LEAVES), size=last).hashes == restored.hashes


def test_a_frontier_that_was_not_one_is_refused() -> None:
    for size, hashes in [(1, []), (2, LEAVES[:2]), (-1, []), (1, [b"short"]), (0, LEAVES[:1])]:
        with pytest.raises(ProofError):
            Frontier(size, hashes)


def test_a_frontier_takes_all_leaves_of_a_batch_or_none() -> None:
    frontier = Frontier()
    with pytest.raises(ProofError):
        frontier.extend([LEAVES[0], b"short"])
    assert frontier.size == 0
    assert frontier.root() == EMPTY_ROOT


def test_an_empty_old_tree_proves_nothing_unless_asked_for() -> None:
    head = root(LEAVES[:5])
    at_zero: dict[str, Any] = {
        "old_size": 0,
        "old_root": EMPTY_ROOT,
        "new_size": 5,
        "new_root": head,
        "path": [],
    }
    with pytest.raises(ProofError, match="empty tree"):
        verify_consistency(**at_zero)
    verify_consistency(**at_zero, allow_empty=True)
    for forged in ({"old_root": head}, {"path": [head]}):
        with pytest.raises(ProofError):
            verify_consistency(**at_zero | forged, allow_empty=True)


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (5, 5), (-1, 5), (0, len(LEAVES) + 1)], ids=str
)
def test_a_proof_nobody_can_make_is_refused(index: int, size: int) -> None:
    with pytest.raises(RequestError):
        inclusion_path(LEAVES, index=index, size=size)


@pytest.mark.parametrize(("change", "why"), [(-1, "too few"), (1, "too many")])
def test_the_number_of_hashes_follows_from_index_and_size(change: int, why: str) -> None:
    for size in range(2, 40):
        for index in range(size):
            path = [*inclusion_path(LEAVES, index=index, size=size), LEAVES[0]]
            with pytest.raises(ProofError, match=why):
                root_from_inclusion(
                    LEAVES[index], index=index, size=size, path=path[: len(path) - 1 + change]
                )


def test_a_log_cannot_shrink() -> None:
    with pytest.raises(RequestError):
        consistency_path(LEAVES, old_size=3, new_size=2)


@given(st.integers(), st.integers(), st.lists(st.binary(max_size=40), max_size=70))
@laws
def test_rubbish_is_an_evidence_error_and_nothing_else(
    index: int, size: int, path: list[bytes]
) -> None:
    with pytest.raises(EvidenceError):
        verify_inclusion(LEAVES[0], index=index, size=size, path=path, root=EMPTY_ROOT)
    if index != size:  # else there is nothing to prove
        with pytest.raises(EvidenceError):
            verify_consistency(
                old_size=index, old_root=EMPTY_ROOT, new_size=size, new_root=EMPTY_ROOT, path=path
            )
