"""Do an order's receipts follow one another?

Reading 20,000 of them takes as long as hashing their items, so a process that hashes beside may
read them as well (`read_beside`); what it could not, or another file than the one in hand, is read
here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from auditor.bag import MAX_PART_BYTES, Bag
from auditor.sources import Source
from evidence.bundle import RECEIPTS
from evidence.canonical import digest
from evidence.errors import FormatError, ProofError, RequestError, TooLargeError
from evidence.items import Role
from evidence.merkle import hash_leaf, root
from evidence.receipts import Receipt, check_chain, plain_chain, receipt_of

# Of one order: far more than any has, and some twenty seconds of reading.
MAX_RECEIPTS = 100_000


@dataclass(frozen=True, slots=True)
class Receipts:
    """lines   the receipts' bytes; empty, as is `chain`, if the chain is broken
    root    over all but the last, if somebody worked it out already
    """

    lines: Sequence[bytes] = ()
    chain: Sequence[Receipt] = ()
    root: str = ""

    def root_of(self, count: int) -> str:
        """RFC 6962 root over the first `count`, lower-case hex."""
        if self.root and count == len(self.lines) - 1:
            return self.root
        return root(map(hash_leaf, self.lines[:count])).hex()


def read_beside(source: Source) -> tuple[Any, ...] | None:
    """Digest of the file, fields of each receipt, root over all but the last.

    Plain types, for another process. None unless each line is plain and follows the one before.
    """
    if RECEIPTS not in source.sizes:
        return None
    try:
        raw = source.read(RECEIPTS, limit=MAX_PART_BYTES)
    except (FormatError, TooLargeError):
        return None
    if not raw.endswith(b"\n") or raw.count(b"\n") > MAX_RECEIPTS:
        return None
    lines = raw[:-1].split(b"\n")
    fields = plain_chain(lines)
    if fields is None:
        return None
    return digest(raw), fields, root(map(hash_leaf, lines[:-1])).hex()


def check_receipts(bag: Bag, aside: tuple[Any, ...] | None = None) -> Receipts:
    """The order's chain, or nothing if any link of it is broken.

    aside  what `read_beside` found
    """
    raw = bag.read(RECEIPTS, "receipts")
    if raw is None:
        return Receipts()
    if not raw.endswith(b"\n"):
        bag.checks.failed("receipts", f"{RECEIPTS} does not end with a whole line.", RECEIPTS)
        return Receipts()
    if raw.count(b"\n") > MAX_RECEIPTS:
        what = f"{RECEIPTS} has more than {MAX_RECEIPTS} receipts; it was not read."
        bag.checks.failed("receipts", what, RECEIPTS)
        return Receipts()
    lines = raw[:-1].split(b"\n")
    sha256, fields, found_root = aside or ("", (), "")
    if sha256 and sha256 == bag.found.get(RECEIPTS):
        found = Receipts(lines, list(map(receipt_of, fields)), found_root)
    else:
        found = _read(bag, lines)
    if not found.chain:
        return found
    last = found.chain[-1]
    if last.role is not Role.STATEMENT:
        what = f"The last receipt ({last.seq}) is not the statement's: some are missing."
        bag.checks.failed("receipts", what, f"receipt {last.seq}")
    count = len(found.chain)
    bag.checks.passed_unless_failed(
        "receipts", f"All {count} receipts follow one another, each holding the last's hash."
    )
    return found


def _read(bag: Bag, lines: Sequence[bytes]) -> Receipts:
    at = 0

    def each() -> Iterator[bytes]:
        nonlocal at
        for at, line in enumerate(lines):  # noqa: B007 - read where the chain breaks
            yield line

    try:
        return Receipts(lines, check_chain(each()))
    except (ProofError, FormatError, RequestError) as error:
        what = f"Receipt {at} in {RECEIPTS} breaks the chain: {error.why}."
        bag.checks.failed("receipts", what, f"receipt {at}")
        return Receipts()
