"""Whole bundles of invented orders, sealed in memory by a small ledger with keys of its own."""

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auditor.keys import Keys
from auditor.report import Report, State
from auditor.verify import verify_path
from evidence.archive import Entry
from evidence.bundle import (
    BAG_INFO,
    MAX_INCLUSION_PROOFS,
    PAYLOAD_MANIFEST,
    RECEIPTS,
    STATEMENT,
    TAG_MANIFEST,
    UNLISTED,
    Anchor,
    Sealed,
    bag_info,
    bag_manifest,
    bundle_entries,
    folder_name,
    write_bundle,
)
from evidence.canonical import canonical, digest, parse_json
from evidence.carried import Carried, derived_files
from evidence.checkpoint import Checkpoint
from evidence.derivatives import Change, Tied, Transform, TransformRecord
from evidence.dsse import IN_TOTO, EcdsaSigner, sign
from evidence.facts import Fact
from evidence.items import Content, InMemory, Item, Provenance, Role
from evidence.locators import pointer
from evidence.manifest import Coverage, Manifest, SealedItem, SourceOutcome, Statement
from evidence.merkle import consistency_path, hash_leaf, inclusion_path, nodes_of, root
from evidence.notes import Ed25519NoteSigner, sign_note, split_note
from evidence.oms import MODEL_SIG, sign_folder
from evidence.orders import OrderRef, order_ref
from evidence.policy import parse_policy
from evidence.proofs import LogProof
from evidence.receipts import NO_RECEIPT, Receipt, Stamp, commit_order
from evidence.verdicts import Finding, Judgement, Verdict

NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
ROLES = (Role.TRACKING_HISTORY, Role.POD_DOCUMENT, Role.MESSAGE_MAIL, Role.ORDER_RECORD)
TYPES = ("application/json", "application/pdf", "message/rfc822", "text/csv")
POLICY = b"""\
id = "other.delivery"
version = "2026-11-01"
platform = "other"
defect_kinds = ["not-received"]
title = "Invented rules"

[[requirement]]
id = "pod"
text = "Proof of delivery"
any_of = ["pod.document"]
level = "required"
source = "invented"
source_date = "n.d."
confidence = "seed"
"""


def salt_of(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode()).digest()


@dataclass(slots=True)
class House:
    """A tenant: its two keys and its log, in memory."""

    origin: str = "log.example/house"
    envelope_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    log_key: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)
    leaves: list[bytes] = field(default_factory=list)

    @classmethod
    def usual(cls) -> Self:
        """Of the same keys each time: what it seals is the same to the byte, and so is its flip."""
        return cls(
            envelope_key=ec.derive_private_key(0x5EA1, ec.SECP256R1()),
            log_key=ed25519.Ed25519PrivateKey.from_private_bytes(salt_of("the usual log")),
        )

    @property
    def signer(self) -> EcdsaSigner:
        return EcdsaSigner(self.envelope_key)

    @property
    def log_signer(self) -> Ed25519NoteSigner:
        return Ed25519NoteSigner(self.origin, self.log_key)

    @property
    def pem(self) -> str:
        public = self.envelope_key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def keys_json(self) -> dict[str, Any]:
        return {
            "manifest": [
                {"keyid": self.signer.keyid, "pem": self.pem, "valid_from": "2026-01-01T00:00:00Z"}
            ],
            "log": [{"vkey": self.log_signer.verifier.vkey, "valid_from": "2026-01-01T00:00:00Z"}],
        }

    @property
    def keys(self) -> Keys:
        return Keys.parse(canonical(self.keys_json))

    def log(self, entry: bytes) -> int:
        self.leaves.append(hash_leaf(entry))
        return len(self.leaves) - 1

    def head(self) -> bytes:
        """A signed checkpoint over all that is in the log now."""
        text = Checkpoint(origin=self.origin, size=len(self.leaves), root=root(self.leaves)).text
        return sign_note(text, [self.log_signer])

    def envelope(self, payload: Mapping[str, Any]) -> bytes:
        return sign(canonical(payload), IN_TOTO, [self.signer]).to_json()


@dataclass(slots=True, kw_only=True)
class Made:
    """The arguments of `bundle_entries`, to be bent before they are written."""

    house: House
    items: list[tuple[SealedItem, Content | None]]
    statement: Sealed
    manifest: Sealed | None
    receipts: list[bytes]
    before_read: Anchor
    sealed: Anchor
    proofs: dict[int, bytes]
    consistency: list[bytes] | None
    derived: dict[str, Content] = field(default_factory=dict)

    def entries(self) -> list[Entry]:
        return bundle_entries(
            items=self.items,
            statement=self.statement,
            manifest=self.manifest,
            receipts=self.receipts,
            before_read=self.before_read,
            sealed=self.sealed,
            proofs=self.proofs,
            keys=self.house.keys_json,
            signer=self.house.signer,
            consistency=self.consistency,
            derived=self.derived,
        )

    def zip(self) -> bytes:
        return zip_of(self.entries())


def zip_of(entries: Sequence[Entry]) -> bytes:
    out = io.BytesIO()
    write_bundle(out, entries)
    return out.getvalue()


def with_copies(
    made: Made,
    *copies: tuple[int, bytes],
    change: Change = Change.REDACTED,
    bend: Callable[[Any], Any] = lambda payload: payload,
) -> Made:
    """The same bundle with derivatives, made after the seal, of the items with these seqs.

    bend   what the sealer signs, and logs, in place of a true record's payload
    """
    house = made.house
    receipts = [Receipt.from_bytes(line) for line in made.receipts]
    indices: dict[int, int] = {}
    carried = []

    def keep(role: Role, data: bytes, media_type: str) -> tuple[Receipt, bytes]:
        salt = salt_of("derived", len(receipts), digest(data))
        stamp = Stamp(
            collection="c1",
            source="orderproof",
            ordinal=str(len(receipts)),
            order=receipts[0].order,
            role=role,
            sha256=digest(data),
            salt=salt,
            stored=digest(salt),
            size=len(data),
            media_type=media_type,
            collector="orderproof/1",
            collected_at=NOON + timedelta(hours=2),
        )
        receipts.append(stamp.receipt(seq=len(receipts), prev=receipts[-1].sha256))
        indices[receipts[-1].seq] = house.log(receipts[-1].to_bytes())
        return receipts[-1], salt

    for original, data in copies:
        receipt, salt = keep(change.role, data, "image/png")
        record = TransformRecord(
            change=change,
            original=Tied.to(receipts[original]),
            derivative=Tied.to(receipt),
            sha256=digest(data),
            transform=Transform(name="test.blacken", version="1", parameters={"boxes": "0,0,1,1"}),
            by="local user test",
            at=NOON + timedelta(hours=2),
        )
        envelope = house.envelope(bend(parse_json(record.payload())))
        kept, salt_of_record = keep(Role.TRANSFORM_RECORD, envelope, "application/vnd.dsse+json")
        carried.append(
            Carried(
                original=original,
                content=InMemory(data),
                salt=salt,
                receipt=receipt.to_bytes(),
                record=Sealed(envelope=envelope, salt=salt_of_record),
                record_receipt=kept.to_bytes(),
            )
        )
    house.log(b"another order's fourth receipt")
    head, nodes, size = house.head(), nodes_of(house.leaves), len(house.leaves)
    sealed = Checkpoint.parse(split_note(made.sealed.checkpoint)[0])
    files = derived_files(
        carried,
        checkpoint=head,
        consistency=consistency_path(nodes, old_size=sealed.size, new_size=size),
        proofs={
            seq: LogProof(
                index=index,
                path=tuple(inclusion_path(nodes, index=index, size=size)),
                checkpoint=head,
            ).to_bytes()
            for seq, index in indices.items()
        },
    )
    return replace(made, derived=files)


def files_of(made: Made) -> dict[str, bytes]:
    """Each file of the bundle by its path in the bag."""
    return {entry.name.partition("/")[2]: entry.content.read(1 << 20) for entry in made.entries()}


def zipped(files: Mapping[str, bytes], *, tidy: bool = True, by: House | None = None) -> bytes:
    """A forger's bundle: any files, with BagIt manifests that fit them if `tidy`.

    by   the house, if it is its own forger: then it signs the whole folder again
    """
    kept = dict(files)
    if tidy:
        payload = {path: raw for path, raw in kept.items() if path.startswith("data/")}
        last = Receipt.from_bytes(kept[RECEIPTS].splitlines()[-1])
        size = sum(map(len, payload.values()))
        kept[BAG_INFO] = bag_info(last, payload_bytes=size, payload_files=len(payload))
        kept[PAYLOAD_MANIFEST] = bag_manifest({p: digest(raw) for p, raw in payload.items()})
        tags = {p: digest(raw) for p, raw in kept.items() if p not in {*payload, *UNLISTED}}
        kept[TAG_MANIFEST] = bag_manifest(tags)
    folder = folder_name(kept[STATEMENT])
    if by is not None:
        listed = {path: digest(raw) for path, raw in kept.items()}
        kept[MODEL_SIG] = sign_folder(folder, listed, signer=by.signer, pem=by.pem)
    return zip_of([Entry(f"{folder}/{path}", InMemory(raw)) for path, raw in kept.items()])


def verified(folder: Path, data: bytes, **more: Any) -> Report:
    """Write the bytes to a file and verify that."""
    path = folder / "bundle.zip"
    path.write_bytes(data)
    return verify_path(path, **more)


def failures(report: Report) -> list[str]:
    return [f"{c.name}: {c.what}" for c in report.checks if c.state is State.FAIL]


def make(
    contents: Sequence[bytes] | int = 4,
    *,
    house: House | None = None,
    order: OrderRef | None = None,
    names: Sequence[str | None] = (),
    trusted_time: Callable[[bytes], str] = lambda checkpoint: "none configured",
    lost: Sequence[int] = (),
    more: Sequence[Item] = (),
) -> Made:
    """Collect, seal and log an order of these contents (or of that many small ones).

    lost   receipts whose items are gone before the manifest is written
    more   items beside those, as they are
    """
    house = house or House.usual()
    ref = order or order_ref("other", "A-1001")
    order_salt = salt_of("order", str(ref))
    if isinstance(contents, int):
        contents = [_content(number, ref) for number in range(contents)]
    items = [
        _item(number, data, names[number] if number < len(names) else f"file {number}.bin")
        for number, data in enumerate(contents)
    ] + list(more)
    handle = commit_order(order_salt, ref)
    house.log(b"another order's receipt")
    receipts: list[Receipt] = []
    indices: list[int] = []

    def keep(role: Role, data: Content, media_type: str, at: datetime) -> bytes:
        salt = salt_of("item", str(ref), len(receipts))
        stamp = Stamp(
            collection="c1",
            source="test",
            ordinal=str(len(receipts)),
            order=handle,
            role=role,
            sha256=data.sha256,
            salt=salt,
            stored=digest(salt + data.sha256.encode()),
            size=data.size,
            media_type=media_type,
            collector="test/1",
            collected_at=at,
        )
        prev = receipts[-1].sha256 if receipts else NO_RECEIPT
        receipts.append(stamp.receipt(seq=len(receipts), prev=prev))
        indices.append(house.log(receipts[-1].to_bytes()))
        return salt

    lines: list[tuple[SealedItem, Content | None]] = []
    for item in items:
        salt = keep(item.role, item.content, item.media_type, item.collected_at)
        lines.append((SealedItem.of(item, receipt=receipts[-1], salt=salt), item.content))
    lines = [(line, content) for line, content in lines if line.seq not in lost]
    before = house.head()
    before_size = len(house.leaves)
    house.log(b"another order's second receipt")

    manifest = _manifest(ref, order_salt, [line for line, _ in lines], before, lost=lost)
    envelope = house.envelope(manifest.payload())
    at = NOON + timedelta(hours=1)
    manifest_salt = keep(Role.MANIFEST, InMemory(envelope), IN_TOTO, at)
    statement = Statement.over(
        receipts,
        manifest,
        log_origin=house.origin,
        log_size=before_size,
        trusted_time=trusted_time(before),
    )
    shareable = house.envelope(statement.payload())
    statement_salt = keep(Role.STATEMENT, InMemory(shareable), IN_TOTO, at)
    house.log(b"another order's third receipt")

    head = house.head()
    size = len(house.leaves)
    nodes = nodes_of(house.leaves)
    many = len(receipts) > MAX_INCLUSION_PROOFS
    return Made(
        house=house,
        items=lines,
        statement=Sealed(envelope=shareable, salt=statement_salt),
        manifest=Sealed(envelope=envelope, salt=manifest_salt),
        receipts=[receipt.to_bytes() for receipt in receipts],
        before_read=Anchor(checkpoint=before),
        sealed=Anchor(checkpoint=head),
        proofs={
            seq: LogProof(
                index=indices[seq],
                path=tuple(inclusion_path(nodes, index=indices[seq], size=size)),
                checkpoint=head,
            ).to_bytes()
            for seq in ([len(receipts) - 1] if many else range(len(receipts)))
        },
        consistency=consistency_path(nodes, old_size=before_size, new_size=size),
    )


def reviewers(made: Made, *, withheld: Sequence[int] = ()) -> Made:
    """The same seal without its manifest and without the items with these seqs."""
    items = [(line, None if line.seq in withheld else content) for line, content in made.items]
    return replace(made, manifest=None, items=items)


def _content(number: int, ref: OrderRef) -> bytes:
    if ROLES[number % len(ROLES)] is Role.TRACKING_HISTORY:
        return canonical({"number": f"TEST{number:04d}", "order": ref.id, "note": "x" * 300})
    return f"item {number} of {ref.id}\n".encode() * 20


def _item(number: int, data: bytes, name: str | None) -> Item:
    return Item(
        role=ROLES[number % len(ROLES)],
        key=f"item/{number}",
        content=InMemory(data),
        media_type=TYPES[number % len(TYPES)],
        collector="test/1",
        origin="carrier",
        provenance=Provenance.API,
        collected_at=NOON + timedelta(seconds=number),
        name=name,
    )


def _manifest(
    ref: OrderRef,
    salt: bytes,
    items: Sequence[SealedItem],
    before: bytes,
    *,
    lost: Sequence[int],
) -> Manifest:
    facts = tuple(
        Fact(
            name="shipment.tracking_number",
            value=f"TEST{item.seq:04d}",
            locator=pointer("number"),
            item=item.sha256,
            origin="carrier",
        )
        for item in items
        if item.role is Role.TRACKING_HISTORY
    )
    found = Finding.note("number-seen", do="Nothing.").saying("A number.", *facts[:1])
    pods = tuple(item.sha256 for item in items if item.role is Role.POD_DOCUMENT)
    state = "present" if pods else "missing"
    return Manifest(
        order=ref,
        order_salt=salt,
        collection="c1",
        requested_at=NOON - timedelta(minutes=1),
        at=NOON + timedelta(minutes=30),
        policy=parse_policy(POLICY),
        items=tuple(items),
        facts=facts,
        judgements=(
            Judgement("numbers", 1, "Do the numbers match?", Verdict.INCONCLUSIVE, (found,)),
        ),
        coverage=(Coverage(requirement="pod", level="required", state=state, items=pods),),
        sources=(SourceOutcome(source="test", state="brought", items=len(items), attempts=1),),
        versions={"orderproof": "0.1.0"},
        before_read=before.decode(),
        lost=tuple(lost),
    )
