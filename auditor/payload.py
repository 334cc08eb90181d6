"""Are the bytes under data/ those that were sealed, and is what is absent said to be withheld?"""

from __future__ import annotations

import re
from collections.abc import Mapping

from auditor.bag import Bag
from auditor.seal import Seal
from evidence.archive import shown
from evidence.bundle import DERIVED_DATA, WITHHELD, Opening, item_paths, withheld_text
from evidence.items import OWN_ROLES


def check_payload(bag: Bag, seal: Seal, openings: Mapping[int, Opening]) -> None:
    """Compare each item's bytes with its digest; name what is missing, withheld or left over."""
    if not seal.chain or seal.statement is None:
        bag.checks.unsure("items", "Not compared: receipts or statement do not hold.")
        return
    if seal.manifest is None and bag.checks.has_failed("manifest"):
        bag.checks.unsure("items", "Not compared: the manifest that names them does not hold.")
        return
    if seal.manifest is not None:
        here, accounted = _by_manifest(bag, seal)
    else:
        here, accounted = _by_openings(bag, seal, openings)
    _check_absent(bag, seal, here)
    for path in sorted(bag.payload - accounted - {WITHHELD}):
        if path.startswith(DERIVED_DATA):
            continue  # auditor/derived.py accounts for these
        bag.checks.failed("items", f"{shown(path)} belongs to no item of this order.", path)
    bag.checks.passed_unless_failed("items", f"The bytes of {len(here)} items are as sealed.")


def _by_manifest(bag: Bag, seal: Seal) -> tuple[set[int], set[str]]:
    """(seq of each item that is here, their paths)"""
    manifest = seal.manifest
    assert manifest is not None  # noqa: S101 - the caller has looked
    paths = item_paths(manifest.items)
    here: set[int] = set()
    for item in manifest.items:
        path = paths[item.sha256]
        found = bag.found.get(path)
        if found is None:
            continue
        here.add(item.seq)
        if found != item.sha256 or bag.source.sizes[path] != item.size:
            what = f"{path}, item {item.seq} ({item.role}), is not the file that was sealed."
            bag.checks.failed("items", what, path)
    return here, set(paths.values())


def _by_openings(
    bag: Bag, seal: Seal, openings: Mapping[int, Opening]
) -> tuple[set[int], set[str]]:
    # Their bytes were compared when they were opened; here it is their names that count.
    here: set[int] = set()
    accounted: set[str] = set()
    first: dict[str, int] = {}
    for seq, opening in sorted(openings.items()):
        if seq >= len(seal.chain) or seal.chain[seq].role in OWN_ROLES:
            continue
        lead = first.setdefault(opening.sha256, seq)
        name = rf"data/{lead:04d}-{re.escape(str(seal.chain[lead].role))}\.[a-z.]{{1,12}}"
        if not re.fullmatch(name, opening.path):
            what = f"{shown(opening.path)} is not the name of item {seq}."
            bag.checks.failed("items", what, opening.path)
        if opening.path in bag.found:
            here.add(seq)
            accounted.add(opening.path)
    return here, accounted


def _check_absent(bag: Bag, seal: Seal, here: set[int]) -> None:
    assert seal.statement is not None  # noqa: S101 - the caller has looked
    last = seal.statement.manifest_seq
    full = seal.manifest is not None
    right = withheld_text(seal.chain, manifest_seq=last, shown=here, full=full)
    if WITHHELD in bag.found:
        said = bag.read(WITHHELD, "withheld")
    else:
        said = b""
    if said == right:
        if right:
            count = right.count(b"\n") - 1
            what = f"{count} of the sealed items are withheld from this copy; see {WITHHELD}."
            bag.checks.unsure("withheld", what, WITHHELD)
        else:
            bag.checks.passed("withheld", "Nothing is withheld from this copy.")
        return
    listed = {line.partition(b" ")[0] for line in (said or b"").splitlines()}
    for receipt in seal.chain[:last]:
        absent = receipt.role not in OWN_ROLES and receipt.seq not in here
        if absent and str(receipt.seq).encode() not in listed:
            what = f"Item {receipt.seq} ({receipt.role}) is missing, and not said to be withheld."
            bag.checks.failed("withheld", what, f"receipt {receipt.seq}")
    if not bag.checks.has_failed("withheld"):
        what = f"{WITHHELD} does not list exactly what is absent."
        bag.checks.failed("withheld", what, WITHHELD)
