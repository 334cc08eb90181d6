"""Is a whole log, or a whole tenant, what it was? Every receipt, every head, every stored byte.

What is asked of a log folder alone:

 1 heads      each checkpoint is signed by the log; no size has two; the saved one is an ancestor
 2 entries    entries, tiles and heads belong together, all of them (auditor/tree.py)

and of a tenant, with its ledger and its objects, after these:

 3 ledger     the ledger's receipts are the log's entries, both ways; so are its heads
 4 chains     each order's receipts follow one another and repeat their rows (auditor/chains.py)
 5 objects    each object's bytes have the digest in its receipt; none missing, none left over
              (auditor/stored.py)
 6 opened     with keys: each item decrypts to the size and the digest that its receipt commits to

Nothing is written but the state. What grows meanwhile is not looked at, and is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from auditor.chains import check_chains, check_stamps
from auditor.folder import LogReader
from auditor.keys import Keys
from auditor.ledger import LedgerReader, ObjectReader, Opener
from auditor.report import Check, Checks, State, Trust
from auditor.seal import why
from auditor.stored import Here, Parts, Rehashing, check_opened
from auditor.tally import Tally
from auditor.tree import POINTER, SAVED, Head, Tree, read_heads, read_saved, stray_files
from evidence.errors import EvidenceError, RequestError
from evidence.tiles import WIDTH

# Entries compared with the ledger at a time.
PAGE = 32 * WIDTH
_WHOSE = {
    Trust.PINNED: "the pinned key",
    Trust.BUNDLE: "a key that only the log's own folder vouches for",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """The whole answer.

    kind     "log" or "tenant"
    trust    PINNED if the log's key came from elsewhere
    counts   what was looked at
    unseen   what is there and was not looked at
    sample   how the objects were chosen, where not all were re-hashed
    """

    kind: str
    trust: Trust
    checks: tuple[Check, ...]
    counts: dict[str, int]
    unseen: dict[str, int]
    resumed: bool = False
    sample: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether nothing failed and something held."""
        states = {check.state for check in self.checks}
        return State.FAIL not in states and State.PASS in states

    def to_json(self) -> dict[str, Any]:
        return {
            "answer": "ok" if self.ok else "not ok",
            "kind": self.kind,
            "trust": "pinned" if self.trust is Trust.PINNED else "log",
            "counts": dict(sorted(self.counts.items())),
            "not_looked_at": dict(sorted(self.unseen.items())),
            "sample": self.sample or None,
            "resumed": self.resumed,
            "checks": [check.to_json() for check in self.checks],
        }

    def lines(self) -> list[str]:
        """For a terminal, the answer last."""
        said = [f"{check.state:<12} {check.name:<12} {check.what}" for check in self.checks]
        looked = ", ".join(f"{number:,} {name}" for name, number in sorted(self.counts.items()))
        unseen = ", ".join(f"{number:,} {name}" for name, number in sorted(self.unseen.items()))
        trust = "pinned" if self.trust is Trust.PINNED else "log"
        return [
            *said,
            f"looked at: {looked or 'nothing'}",
            f"not looked at: {unseen or 'nothing that is known of'}",
            f"{'ok' if self.ok else 'not ok'}, trust: {trust}",
        ]


def audit_log(
    log: LogReader, keys: Keys, tally: Tally, *, trust: Trust, saved: bytes | None = None
) -> AuditReport:
    """Check a log from its files alone. Raises RequestError if there is no log."""
    _log(log, keys, tally, trust=trust, saved=saved, ledger=None)
    return _report("log", trust, tally)


def audit_tenant(
    log: LogReader,
    ledger: LedgerReader,
    objects: ObjectReader,
    keys: Keys,
    tally: Tally,
    *,
    trust: Trust,
    saved: bytes | None = None,
    sample: int | None = None,
    opener: Opener | None = None,
    parts: Parts | None = None,
) -> AuditReport:
    """Check a tenant: log, ledger, objects.

    sample   re-hash so many objects, chosen at random, instead of all
    opener   decrypts; None leaves the contents closed
    parts    who hashes objects and opens orders; None: this process. It is closed in the end
    """
    parts = parts or Here(objects, opener)
    with Rehashing(ledger, objects, parts, tally, sample=sample) as stored:
        size = _log(log, keys, tally, trust=trust, saved=saved, ledger=ledger)
        check_chains(ledger, tally, size=size)
        check_stamps(ledger, tally, size=size)
        chosen = stored.check()
        if opener is not None:
            check_opened(ledger, parts, tally)
    report = _report("tenant", trust, tally)
    return AuditReport(
        kind=report.kind,
        trust=trust,
        checks=report.checks,
        counts=report.counts,
        unseen=report.unseen,
        resumed=report.resumed,
        sample=chosen,
    )


def _report(kind: str, trust: Trust, tally: Tally) -> AuditReport:
    tally.finish()
    return AuditReport(
        kind=kind,
        trust=trust,
        checks=tally.checks.closed(),
        counts=tally.counts,
        unseen=tally.unseen,
        resumed=tally.resumed,
    )


def _log(
    log: LogReader,
    keys: Keys,
    tally: Tally,
    *,
    trust: Trust,
    saved: bytes | None,
    ledger: LedgerReader | None,
) -> int:
    """The log's phase; returns how many entries it was asked about."""
    begun = tally.cursors.get("log")
    if begun is not None and tally.is_done("log"):
        return int(begun["size"])
    # What was found about heads before is in the tally; the heads themselves are needed again.
    checks = tally.checks if begun is None else Checks()
    heads = read_heads(log, keys, checks)
    if not heads:
        # Its chains can be looked at all the same.
        size = 0 if ledger is None else ledger.count_after(0)
        tally.mark("log", {"done": True, "size": size})
        return size
    top = heads[-1]
    if begun is not None:
        size, root = begun["size"], bytes.fromhex(begun["root"])
        known = [head for head in heads if (head.size, head.root) == (size, root)]
        if not known:
            why_not = f"the log's head of {size} entries, which it had reached, is not there"
            raise RequestError(what="The interrupted audit", why=why_not)
        top = known[0]
    pointed = [head for head in heads if head.where == POINTER]
    if pointed and pointed[0].size < top.size:
        what = f"{POINTER} names {pointed[0].size} entries; {top.where} has been signed since."
        checks.unsure("heads", what, POINTER)
    if saved is not None:
        heads += _saved(saved, keys, top, checks)
    published = {head.size: head for head in heads if head.where != SAVED}
    if ledger is not None:
        heads += _ledger_heads(ledger, published, top, checks, tally)
    heads = [head for head in heads if head.size <= top.size]
    tree = Tree(log, tally, top=top, heads=heads, state=begun)

    def mark() -> None:
        tally.mark("log", {"size": top.size, "root": top.root.hex(), **tree.state()})

    if begun is None:
        mark()
    for start, entries in _compared(tree, ledger, tally, top):
        tally.watch("log", start + len(entries or ()), top.size)
        mark()
    if not tree.broken:
        stray_files(log, tally, size=top.size)
    if ledger is not None and (later := ledger.count_after(top.size)):
        what = f"{later} receipts of the ledger are not under the log's newest head yet."
        tally.checks.unsure("ledger", what)
        tally.skip("receipts beyond the head", later)
    _conclude(tally, top, trust, saved=saved is not None, ledger=ledger is not None)
    tally.mark("log", {"done": True, "size": top.size})
    return top.size


def _saved(saved: bytes, keys: Keys, top: Head, checks: Checks) -> list[Head]:
    try:
        checkpoint, head = read_saved(saved, keys)
    except EvidenceError as error:
        what = f"The saved checkpoint is not signed by this log: {why(error)}."
        checks.failed("since", what)
        return []
    if checkpoint.size > top.size:
        what = f"The log has {top.size} entries; it had {checkpoint.size} already: it shrank."
        checks.failed("since", what)
        return []
    if checkpoint.size == top.size and checkpoint.root != top.root:
        what = f"{SAVED} and {top.where} are two heads of {top.size} entries: the log was forked."
        checks.failed("fork", what, top.where)
    return [head]


def _ledger_heads(
    ledger: LedgerReader, published: dict[int, Head], top: Head, checks: Checks, tally: Tally
) -> list[Head]:
    """Compare the heads that the ledger committed to with those that were published."""
    found: list[Head] = []
    known: set[int] = set()
    for size, root, signed in ledger.heads():
        if size > top.size:
            tally.skip("heads beyond the log's")
            continue
        known.add(size)
        head = published.get(size)
        if head is None and size and signed:
            what = f"The head of {size} entries, which the ledger signed, is not published."
            checks.failed("ledger-heads", what, f"checkpoints/{size}")
        elif head is not None and head.root != root:
            what = f"The ledger's head of {size} entries has another root than {head.where}."
            checks.failed("ledger-heads", what, head.where)
        found.append(Head(size, root, f"the ledger's head of {size}"))
    for size in sorted(published.keys() - known):
        what = f"{published[size].where} is a head of {size} entries that the ledger never had."
        checks.failed("ledger-heads", what, published[size].where)
    return found


def _compared(
    tree: Tree, ledger: LedgerReader | None, tally: Tally, top: Head
) -> Iterator[tuple[int, list[bytes] | None]]:
    """The tree's bundles, each compared with the ledger's receipts at the same places."""
    page: dict[int, bytes] = {}
    for start, entries in tree.bundles():
        if ledger is not None:
            if start not in page:
                page = dict(ledger.entries(start, min(start + PAGE, top.size)))
            _compare(start, min(WIDTH, top.size - start), entries, page, tally)
        yield start, entries


def _compare(
    start: int, width: int, entries: list[bytes] | None, page: dict[int, bytes], tally: Tally
) -> None:
    there = 0
    for index in range(start, start + width):
        body = page.get(index)
        there += body is not None
        if body is None:
            what = f"The ledger has no receipt at {index}, where the log has an entry."
            tally.checks.failed("ledger", what, f"log index {index}")
        elif entries is not None and entries[index - start] != body:
            what = f"The ledger's receipt at {index} is not the log's entry there."
            tally.checks.failed("ledger", what, f"log index {index}")
    tally.count("receipts", there)


def _conclude(tally: Tally, top: Head, trust: Trust, *, saved: bool, ledger: bool) -> None:
    checks = tally.checks
    count = tally.counts.get("heads", 0)
    signer = _WHOSE[trust]
    checks.passed_unless_failed("heads", f"Every checkpoint is signed by {signer}.")
    checks.passed_unless_failed("entries", f"All {top.size} entries are those that were hashed.")
    checks.passed_unless_failed("tiles", "Every tile holds the hashes of what lies below it.")
    checks.passed_unless_failed("roots", f"All {count} heads are of these very entries.")
    if not checks.has_failed("roots") and not checks.has_failed("fork"):
        checks.passed("fork", "No size has two heads, and each head contains those before it.")
    if saved and not checks.has_failed("since"):
        wrong = any(check.where == SAVED and check.state is State.FAIL for check in checks)
        if wrong:
            checks.failed("since", "The log is not the one that the saved checkpoint was of.")
        else:
            checks.passed("since", "The log only grew since the saved checkpoint.")
    if ledger:
        checks.passed_unless_failed(
            "ledger-heads", "The ledger's heads are those that were published."
        )
        checks.passed_unless_failed("ledger", "The ledger's receipts are the log's entries.")
