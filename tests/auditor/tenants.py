"""A whole tenant in memory, to be bent: its log, its ledger's rows, its objects, its keys' work.

A story is a letter a receipt: "abab" are two orders of two receipts each. A capital letter is the
record of that order's erasure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ed25519

from auditor.audit import AuditReport, audit_tenant
from auditor.keys import Keys
from auditor.ledger import Opened, Row
from auditor.report import Check, State, Trust
from auditor.tally import Tally
from evidence.canonical import digest
from evidence.checkpoint import Checkpoint
from evidence.errors import CorruptionError, EvidenceError
from evidence.items import Role
from evidence.merkle import hash_leaf, root
from evidence.notes import Ed25519NoteSigner, sign_note
from evidence.receipts import NO_RECEIPT, Receipt, commit
from evidence.tiles import Tile, grown_bundles, grown_tiles
from evidence.times import rfc3339

STORY = "abcabcabcabc"
NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
SIGNER = Ed25519NoteSigner(
    "log.example/tenant", ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)
)
KEYS = Keys(log=(SIGNER.verifier,))


@dataclass(slots=True)
class Log:
    """`auditor.folder.LogReader` over a table of files."""

    files_by_path: dict[str, bytes] = field(default_factory=dict)

    def read(self, path: str) -> bytes | None:
        return self.files_by_path.get(path)

    def widths(self, path: str) -> list[int]:
        head = f"{path}.p/"
        return sorted(int(one[len(head) :]) for one in self.files_by_path if one.startswith(head))

    def heads(self) -> list[tuple[str, int]]:
        named = [one for one in self.files_by_path if one.startswith("checkpoints/")]
        return sorted(((one, int(one.partition("/")[2])) for one in named), key=lambda h: h[1])

    def files(self) -> Iterator[str]:
        yield from sorted(one for one in self.files_by_path if one.startswith("tile/"))

    def publish(self, entries: Sequence[bytes], sizes: Sequence[int]) -> None:
        """Write the log again, with a head at each of these sizes."""
        self.files_by_path.clear()
        old = 0
        for size in sizes:
            added = entries[old:size]
            hashes = [hash_leaf(entry) for entry in added]
            made: list[tuple[Tile, bytes]] = [
                *grown_bundles(self.read, old_size=old, entries=added),
                *grown_tiles(self.read, old_size=old, leaf_hashes=hashes),
            ]
            self.files_by_path |= {tile.path: data for tile, data in made}
            for path in ("checkpoint", f"checkpoints/{size}"):
                self.files_by_path[path] = head_of(entries[:size])
            old = size


def root_of(entries: Sequence[bytes]) -> bytes:
    return root([hash_leaf(entry) for entry in entries])


def head_of(entries: Sequence[bytes]) -> bytes:
    text = Checkpoint(origin=SIGNER.name, size=len(entries), root=root_of(entries)).text
    return sign_note(text, [SIGNER])


@dataclass(slots=True)
class Ledger:
    """`auditor.ledger.LedgerReader` over lists; pages are of two, so that each audit turns some.

    late   stamps that are there from the second reading on: written while the audit looked
    """

    rows: list[Row] = field(default_factory=list)
    signed: list[tuple[int, bytes, bool]] = field(default_factory=list)
    stamps: list[tuple[int, str, int]] = field(default_factory=list)
    late: list[tuple[int, str, int]] = field(default_factory=list)
    loose: tuple[int, int, int] = (0, 0, 0)
    others: list[str] = field(default_factory=list)
    _ended: bool = False

    def heads(self) -> Iterator[tuple[int, bytes, bool]]:
        yield from sorted(self.signed)

    def entries(self, start: int, stop: int) -> Sequence[tuple[int, bytes]]:
        return [(row.log_index, row.body) for row in self.rows if start <= row.log_index < stop]

    def count_after(self, size: int) -> int:
        return sum(row.log_index >= size for row in self.rows)

    def chains(self, after: tuple[str, int]) -> Sequence[Row]:
        rows = sorted(self.rows, key=lambda row: (row.handle, row.seq, row.log_index))
        return [row for row in rows if (row.handle, row.seq) > after][:2]

    def loose_ends(self) -> tuple[int, int, int]:
        return self.loose

    def objects(self, after: int) -> Sequence[tuple[int, str, int]]:
        there = [*self.stamps, *(self.late if self._ended else ())]
        page = [one for one in there if one[0] > after][:2]
        self._ended = self._ended or not page
        return page

    def lost_objects(self) -> Iterator[str]:
        for row in self.rows:
            if row.lost:
                yield Receipt.from_bytes(row.body).stored

    def named_by_others(self) -> Iterator[str]:
        yield from self.others

    def places_of(self, stored: str) -> Sequence[int]:
        return [row.log_index for row in self.rows if row.stored == stored]

    def orders(self, after: str) -> Sequence[str]:
        return sorted({row.handle for row in self.rows if row.handle > after})[:2]


@dataclass(slots=True)
class Objects:
    """`auditor.ledger.ObjectReader`; what is no bytes is raised on the way."""

    there: dict[str, bytes | OSError] = field(default_factory=dict)
    unlisted: EvidenceError | OSError | None = None

    def raw(self, stored: str) -> Iterator[bytes]:
        data = self.there.get(stored)
        if data is None:
            raise CorruptionError(what=f"Object {stored}", why="it is not there")
        if isinstance(data, OSError):
            yield b"a beginning"
            raise data
        half = len(data) // 2
        yield data[:half]
        yield data[half:]

    def listing(self) -> Iterator[str]:
        yield from sorted(self.there)
        if self.unlisted is not None:
            raise self.unlisted


@dataclass(slots=True)
class Content:
    """`auditor.ledger.Sealed`."""

    data: bytes
    fails: EvidenceError | OSError | None = None

    @property
    def size(self) -> int:
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        yield self.data
        if self.fails is not None:
            raise self.fails


@dataclass(slots=True)
class Opener:
    """`auditor.ledger.Opener`; an order is items, None where it was erased, or what is raised."""

    orders: dict[str, list[Opened] | EvidenceError | None] = field(default_factory=dict)

    def items(self, handle: str) -> Sequence[Opened] | None:
        found = self.orders[handle]
        if isinstance(found, EvidenceError):
            raise found
        return found


@dataclass(slots=True)
class Tenant:
    """All of it sound, until somebody bends it."""

    log: Log = field(default_factory=Log)
    ledger: Ledger = field(default_factory=Ledger)
    objects: Objects = field(default_factory=Objects)
    opener: Opener = field(default_factory=Opener)

    def publish(self, *sizes: int) -> None:
        """Make the log from the rows, and the ledger's heads: as who has the log's key can."""
        entries = [row.body for row in sorted(self.ledger.rows, key=lambda row: row.log_index)]
        wanted = sizes or (len(entries),)
        self.log.publish(entries, wanted)
        self.ledger.signed = [(size, root_of(entries[:size]), True) for size in wanted]

    def bend(self, log_index: int, /, **to: object) -> None:
        """Change the row at this place of the log."""
        rows = self.ledger.rows
        at = next(n for n, row in enumerate(rows) if row.log_index == log_index)
        rows[at] = rows[at]._replace(**to)  # type: ignore[arg-type]

    def row(self, log_index: int) -> Row:
        return next(row for row in self.ledger.rows if row.log_index == log_index)

    def drop(self, log_index: int) -> Row:
        row = self.row(log_index)
        self.ledger.rows.remove(row)
        return row

    def destroy_key(self, handle: str) -> None:
        rows = self.ledger.rows
        rows[:] = [row._replace(erased=row.erased or row.handle == handle) for row in rows]
        self.opener.orders[handle] = None

    def audited(
        self,
        *,
        opening: bool = False,
        sample: int | None = None,
        saved: bytes | None = None,
        tally: Tally | None = None,
    ) -> AuditReport:
        return audit_tenant(
            self.log,
            self.ledger,
            self.objects,
            KEYS,
            tally or Tally(asked={}),
            trust=Trust.PINNED,
            saved=saved,
            sample=sample,
            opener=self.opener if opening else None,
        )


def tenant(story: str, *sizes: int) -> Tenant:
    """A sound tenant with a receipt a letter, and a head of the log at each of these sizes."""
    made = Tenant()
    chains: dict[str, list[Receipt]] = {}
    for at, letter in enumerate(story):
        handle = letter.lower()
        before = chains.setdefault(handle, [])
        salt = hashlib.sha256(b"salt %d" % at).digest()
        clear, sealed = b"item %d" % at * 9, b"ciphertext of item %d" % at * 9
        receipt = Receipt(
            order=digest(handle.encode()),
            seq=len(before),
            prev=before[-1].sha256 if before else NO_RECEIPT,
            role=Role.ORDER_RECORD if letter.islower() else Role.ERASURE_RECORD,
            commitment=commit(salt, digest(clear)),
            stored=digest(sealed),
            size=len(clear),
            media_type="text/csv",
            collector="erp/1",
            collected_at=NOON + timedelta(seconds=at),
        )
        before.append(receipt)
        made.ledger.rows.append(row_of(receipt, handle, at))
        made.ledger.stamps.append((at + 1, receipt.stored, len(clear)))
        made.objects.there[receipt.stored] = sealed
        opened = made.opener.orders.setdefault(handle, [])
        assert isinstance(opened, list)
        opened.append(
            Opened(
                place=f"Receipt {receipt.seq} of {handle}",
                stored=receipt.stored,
                commitment=receipt.commitment,
                size=len(clear),
                salt=salt,
                sha256=digest(clear),
                content=Content(clear),
            )
        )
    made.publish(*sizes)
    return made


def sound() -> Tenant:
    """Three orders of four receipts, in turn, under two heads."""
    return tenant(STORY, 5, len(STORY))


def restored_without(made: Tenant, *places: int, row_of_order: bool) -> None:
    """Receipts that were read back from the log: nothing stands beside them."""
    for place in places:
        made.bend(
            place, role=None, commitment=None, stored=None, size=None, media_type=None,
            collector=None, collected_at=None, lost=True,
            order=made.row(place).order if row_of_order else None,
        )  # fmt: skip
        made.ledger.stamps[:] = [one for one in made.ledger.stamps if one[0] != place + 1]


def row_of(receipt: Receipt, handle: str, log_index: int) -> Row:
    return Row(
        handle=handle,
        seq=receipt.seq,
        log_index=log_index,
        body=receipt.to_bytes(),
        order=receipt.order,
        role=str(receipt.role),
        commitment=receipt.commitment,
        stored=receipt.stored,
        size=receipt.size,
        media_type=receipt.media_type,
        collector=receipt.collector,
        collected_at=rfc3339(receipt.collected_at),
        erased=False,
    )


def said(report: AuditReport, state: State) -> list[Check]:
    return [check for check in report.checks if check.state is state]


def blamed(report: AuditReport) -> set[tuple[str, str]]:
    return {(check.name, check.where) for check in said(report, State.FAIL)}


def told(report: AuditReport, name: str) -> str:
    """All that was said under a name."""
    return " ".join(check.what for check in report.checks if check.name == name)
