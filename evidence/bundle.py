"""What a bundle holds and under which names: BagIt 1.0, written as one canonical ZIP.

    <folder>/bagit.txt  bag-info.txt  manifest-sha256.txt  tagmanifest-sha256.txt  README.txt
    <folder>/data/0003-pod.document-label.pdf     an item's bytes as received
    <folder>/data/withheld.txt                    what is not in this copy, by role and receipt
    <folder>/proof/statement.dsse.json            what may be shown to anyone, signed
    <folder>/proof/manifest.dsse.json             the full account, signed, unless withheld
    <folder>/proof/receipts.jsonl                 the order's whole chain, one receipt a line
    <folder>/proof/openings.json                  salts that open receipts the manifest does not
    <folder>/proof/before-read/  proof/sealed/    checkpoint, token.tsr, query.tsq
    <folder>/proof/sealed/cosigned                the same checkpoint, witnesses' lines below it
    <folder>/proof/before-read/consistency        hashes from the first of them to the second
    <folder>/proof/inclusion/0003.tlog-proof      each receipt in the sealed checkpoint's log
    <folder>/proof/keys.json                      the keys the bundle itself vouches for
    <folder>/data/derived/  proof/derived/        copies that were made of items (carried.py)
    <folder>/report.pdf  verify.html              for people
    <folder>/model.sig                            OMS signature over all of these (oms.py)

The one folder at the top is asked for by BagIt (RFC 8493, section 4: a bag is not serialised
from within its base directory). Nothing here depends on anything but the arguments: the same
seal gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, BinaryIO, NoReturn

from evidence.archive import Entry, write_archive
from evidence.canonical import canonical, digest, parse_canonical, to_base64
from evidence.dsse import Envelope, Signer
from evidence.errors import FormatError, RequestError
from evidence.items import OWN_ROLES, Content, InMemory, Role
from evidence.manifest import SealedItem, Statement
from evidence.oms import MODEL_SIG, sign_folder
from evidence.receipts import Receipt, check_chain, commit

STATEMENT = "proof/statement.dsse.json"
MANIFEST = "proof/manifest.dsse.json"
RECEIPTS = "proof/receipts.jsonl"
OPENINGS = "proof/openings.json"
KEYS = "proof/keys.json"
BEFORE_READ = "proof/before-read"
SEALED = "proof/sealed"
COSIGNED = "proof/sealed/cosigned"
CONSISTENCY = "proof/before-read/consistency"
WITHHELD = "data/withheld.txt"
DERIVED_DATA = "data/derived/"
DERIVED_PROOF = "proof/derived/"
BAGIT = "bagit.txt"
BAG_INFO = "bag-info.txt"
PAYLOAD_MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
README = "README.txt"

# Files that later steps render for people. They prove nothing, so no check rests on them.
RENDERED = frozenset({"report.pdf", "verify.html"})
# What no tag manifest lists: it cannot list itself, and the signature over all is made after it.
UNLISTED = frozenset({TAG_MANIFEST, MODEL_SIG})

# Above this many receipts only the head of the chain is proven to be in the log; it holds the
# hash of the one before, and so on, so the others follow.
MAX_INCLUSION_PROOFS = 1_000

BAGIT_TEXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

# Part of the format: a reader derives the same names. Add to it only with a new version.
EXTENSIONS = {
    "application/gzip": "gz",
    "application/json": "json",
    "application/pdf": "pdf",
    "application/vnd.in-toto+json": "json",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/warc": "warc.gz",
    "application/xml": "xml",
    "application/zip": "zip",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/tiff": "tif",
    "image/webp": "webp",
    "message/rfc822": "eml",
    "text/csv": "csv",
    "text/html": "html.txt",  # a click must not run what a source sent
    "text/plain": "txt",
    "text/xml": "xml",
}

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_LOWER = {upper: upper + 32 for upper in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An envelope as it was stored: the exact bytes its receipt commits to, and the salt."""

    envelope: bytes = field(repr=False)
    salt: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A signed checkpoint and, where an authority stamped it, its token with our query.

    checkpoint   the note's bytes, as stamped: the token is over exactly these
    token        RFC 3161 TimeStampResp, DER
    query        RFC 3161 TimeStampReq, DER
    cosigned     the checkpoint with witnesses' signatures below its own, or None; of the sealed
                 one only, since it contains the other
    """

    checkpoint: bytes
    token: bytes | None = None
    query: bytes | None = None
    cosigned: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What opens the receipt number `seq` to the bytes of the file `path`."""

    seq: int
    sha256: str
    salt: bytes = field(repr=False)
    path: str

    @classmethod
    def read_all(cls, raw: bytes) -> list[Opening]:
        """Read `proof/openings.json`. Raises FormatError."""
        value = parse_canonical(raw, what="openings.json")
        try:
            if set(value) != {"v", "openings"} or value["v"] != 1:
                raise ValueError("its fields are not those of version 1")
            return [
                cls(
                    seq=_whole(line["seq"]),
                    sha256=_text(line["sha256"]),
                    salt=bytes.fromhex(line["salt"]),
                    path=_text(line["path"]),
                )
                for line in value["openings"]
            ]
        except (AttributeError, KeyError, TypeError, ValueError) as problem:
            raise FormatError(what="openings.json", why=f"{problem!r}") from problem


def bundle_entries(
    *,
    items: Sequence[tuple[SealedItem, Content | None]],
    statement: Sealed,
    manifest: Sealed | None,
    receipts: Sequence[bytes],
    before_read: Anchor,
    sealed: Anchor,
    proofs: Mapping[int, bytes],
    keys: Mapping[str, Any],
    signer: Signer,
    consistency: Sequence[bytes] | None = None,
    derived: Mapping[str, Content] | None = None,
    rendered: Iterable[Entry] = (),
) -> list[Entry]:
    """Every file of a bundle, BagIt manifests included, for `write_bundle`.

    items        the manifest's items in its order; None for one withheld from this copy
    statement    the DSSE envelope whose receipt is the last of `receipts`
    manifest     its envelope, or None for a reviewer's copy: then items that are here are opened
                 one by one, under names that tell nothing but their role
    receipts     canonical bytes of the order's chain, from the first to the statement's
    proofs       .tlog-proof files by seq, against `sealed`, cosigned if it is: of every receipt,
                 or of the last alone when there are more than MAX_INCLUSION_PROOFS
    keys         `{"manifest": [{"keyid", "pem", ...}], "log": [{"vkey", ...}]}`
    signer       for the OMS signature, with one of these manifest keys
    consistency  hashes that prove `sealed` contains `before_read` (evidence.merkle), or None
    derived      what `carried.derived_files` gives, or None
    rendered     files for people, named as in RENDERED, without the folder

    Raises RequestError if these do not belong together, ProofError for a broken chain.
    """
    chain, manifest_seq = _chain_of(receipts, statement, manifest)
    wanted = range(len(chain)) if len(chain) <= MAX_INCLUSION_PROOFS else [len(chain) - 1]
    if set(proofs) != set(wanted):
        _refuse(f"there are {len(proofs)} inclusion proofs where {len(wanted)} are called for")
    files, openings = _opened(items, chain, manifest_seq, statement, manifest)
    files[RECEIPTS] = InMemory(b"".join(line + b"\n" for line in receipts))
    files[OPENINGS] = InMemory(openings_bytes(openings))
    files[KEYS] = InMemory(canonical(dict(keys)))
    files |= _from_log(before_read, sealed, consistency)
    files |= {inclusion_path(seq): InMemory(raw) for seq, raw in proofs.items()}
    for path, content in (derived or {}).items():
        if not path.startswith((DERIVED_DATA, DERIVED_PROOF)):
            _refuse(f"{path[:80]!r} is not where a derivative lies")
        files[path] = content
    files[README] = InMemory(README_TEXT.encode("utf-8"))
    for entry in rendered:
        if entry.name not in RENDERED:
            _refuse(f"{entry.name[:80]!r} is not a file that is rendered into a bundle")
        files[entry.name] = entry.content
    folder = folder_name(statement.envelope)
    _bag(files, chain[-1])
    every = {path: content.sha256 for path, content in files.items()}
    pem = _pem_of(keys, signer.keyid)
    files[MODEL_SIG] = InMemory(sign_folder(folder, every, signer=signer, pem=pem))
    return [Entry(f"{folder}/{path}", content) for path, content in sorted(files.items())]


def _chain_of(
    receipts: Sequence[bytes], statement: Sealed, manifest: Sealed | None
) -> tuple[Sequence[Receipt], int]:
    """The order's receipts, which end with the statement's, and the manifest's place in them."""
    chain = check_chain(receipts)
    seal = Statement.from_payload(Envelope.from_json(statement.envelope).payload)
    if not chain or chain[-1].role is not Role.STATEMENT:
        _refuse("the last receipt is not the statement's")
    if not 0 <= seal.manifest_seq < len(chain) - 1:
        _refuse("the statement names a manifest that has no receipt here")
    _check_opens(chain[-1], statement, "statement")
    if manifest is not None:
        _check_opens(chain[seal.manifest_seq], manifest, "manifest")
    return chain, seal.manifest_seq


def _opened(
    items: Sequence[tuple[SealedItem, Content | None]],
    chain: Sequence[Receipt],
    manifest_seq: int,
    statement: Sealed,
    manifest: Sealed | None,
) -> tuple[dict[str, Content], list[Opening]]:
    """What can be opened in this copy: both documents and the items that are here, with a text
    about those that are withheld; and what opens their receipts.
    """
    files: dict[str, Content] = {}
    openings: list[Opening] = []
    if manifest is not None:
        files[MANIFEST] = InMemory(manifest.envelope)
        openings.append(_opening(chain[manifest_seq].seq, manifest, MANIFEST))
    files[STATEMENT] = InMemory(statement.envelope)
    openings.append(_opening(chain[-1].seq, statement, STATEMENT))

    full = manifest is not None
    # Without the manifest nobody is told that a withheld item has the bytes of one that is shown.
    paths = item_paths((item for item, content in items if full or content is not None), named=full)
    shown: set[int] = set()
    for item, content in items:
        if content is None:
            continue
        if content.sha256 != item.sha256 or content.size != item.size:
            _refuse(f"the content of item {item.seq} is not the one its line names")
        path = paths[item.sha256]
        files[path] = content
        shown.add(item.seq)
        if not full:
            openings.append(Opening(seq=item.seq, sha256=item.sha256, salt=item.salt, path=path))
    if absent := withheld_text(chain, manifest_seq=manifest_seq, shown=shown, full=full):
        files[WITHHELD] = InMemory(absent)
    return files, openings


def _from_log(
    before_read: Anchor, sealed: Anchor, consistency: Sequence[bytes] | None
) -> dict[str, Content]:
    """Both heads of the log with their times, and the proof that one contains the other."""
    files: dict[str, Content] = {}
    for folder, anchor in ((BEFORE_READ, before_read), (SEALED, sealed)):
        parts = {
            "checkpoint": anchor.checkpoint,
            "token.tsr": anchor.token,
            "query.tsq": anchor.query,
        }
        files |= {
            f"{folder}/{name}": InMemory(raw) for name, raw in parts.items() if raw is not None
        }
    if sealed.cosigned is not None:
        if not sealed.cosigned.startswith(sealed.checkpoint):
            _refuse("the cosigned checkpoint is not the sealed one with more signatures")
        files[COSIGNED] = InMemory(sealed.cosigned)
    if consistency is not None:
        lines = "".join(f"{to_base64(node)}\n" for node in consistency)
        files[CONSISTENCY] = InMemory(lines.encode("ascii"))
    return files


def write_bundle(out: BinaryIO, entries: Iterable[Entry]) -> int:
    """Write the bundle's ZIP to a seekable `out`; returns its size in bytes.

    Constant memory: each content is streamed once and checked against its size and digest.
    Raises CorruptionError if one gives other bytes; what was written by then is no bundle.
    """
    return write_archive(out, entries)


def folder_name(statement: bytes) -> str:
    """The one folder at the top of the archive, from the statement's envelope bytes."""
    return f"orderproof-{digest(statement)[:16]}"


def inclusion_path(seq: int) -> str:
    return f"proof/inclusion/{seq:04d}.tlog-proof"


def item_paths(items: Iterable[SealedItem], *, named: bool = True) -> dict[str, str]:
    """Path of each item's bytes, by SHA-256; bytes brought twice lie there once.

    Unique without regard to case, since each begins with a seq of its own. A source's file name
    gives at most letters and digits, and none of it is used unless `named`.
    """
    paths: dict[str, str] = {}
    for item in items:
        paths.setdefault(item.sha256, _item_path(item, named=named))
    return paths


def openings_bytes(openings: Iterable[Opening]) -> bytes:
    """The bytes of `proof/openings.json`, in the order of the receipts."""
    lines = [
        {"seq": o.seq, "sha256": o.sha256, "salt": o.salt.hex(), "path": o.path}
        for o in sorted(openings, key=lambda opening: opening.seq)
    ]
    return canonical({"v": 1, "openings": lines})


def withheld_text(
    chain: Sequence[Receipt], *, manifest_seq: int, shown: Iterable[int], full: bool
) -> bytes:
    """`data/withheld.txt`: the receipts whose bytes are not here; empty if all are.

    full   whether the manifest is here. Earlier manifests and statements never are, and are not
           called withheld: the chain names them.
    """
    here = set(shown)
    lines = [
        f"{receipt.seq} {receipt.role} {receipt.size} {receipt.sha256}\n"
        for receipt in chain[: manifest_seq + 1]
        if (receipt.role not in OWN_ROLES and receipt.seq not in here)
        or (receipt.seq == manifest_seq and not full)
    ]
    head = "seq role bytes receipt-sha256\n"
    return (head + "".join(lines)).encode("ascii") if lines else b""


def bag_manifest(digests: Mapping[str, str]) -> bytes:
    """A BagIt manifest, which is also what `sha256sum --check` reads: digests by path."""
    lines = (f"{sha256}  {path}\n" for path, sha256 in sorted(digests.items()))
    # A reader writes again what it read, and that may hold anything.
    return "".join(lines).encode("ascii", "backslashreplace")


def bag_info(statement_receipt: Receipt, *, payload_bytes: int, payload_files: int) -> bytes:
    """`bag-info.txt`: nothing personal, all of it from receipts and counts."""
    return (
        f"Bag-Software-Agent: orderproof\n"
        f"Bagging-Date: {statement_receipt.collected_at:%Y-%m-%d}\n"
        f"External-Identifier: urn:orderproof:order:{statement_receipt.order}\n"
        f"Payload-Oxum: {payload_bytes}.{payload_files}\n"
    ).encode("ascii")


def _bag(files: dict[str, Content], last: Receipt) -> None:
    """Add what makes the files a bag."""
    payload = {path: content for path, content in files.items() if path.startswith("data/")}
    size = sum(content.size for content in payload.values())
    files[BAGIT] = InMemory(BAGIT_TEXT)
    files[BAG_INFO] = InMemory(bag_info(last, payload_bytes=size, payload_files=len(payload)))
    listed = {path: content.sha256 for path, content in payload.items()}
    files[PAYLOAD_MANIFEST] = InMemory(bag_manifest(listed))
    tags = {path: content.sha256 for path, content in files.items() if path not in payload}
    files[TAG_MANIFEST] = InMemory(bag_manifest(tags))


def _pem_of(keys: Mapping[str, Any], keyid: str) -> str:
    for key in keys.get("manifest", ()):
        if key["keyid"] == keyid:
            return str(key["pem"])
    _refuse("its keys do not have the one that signs it")


def _item_path(item: SealedItem, *, named: bool) -> str:
    said = (item.name or "").rpartition("/")[2].rpartition("\\")[2]
    stem = said.rpartition(".")[0] or said
    slug = _NOT_SLUG.sub("-", _lower(stem))[:40].strip("-") if named else ""
    extension = extension_of(item.media_type)
    return f"data/{item.seq:04d}-{item.role}{'-' if slug else ''}{slug}.{extension}"


@lru_cache(maxsize=256)
def extension_of(media_type: str) -> str:
    return EXTENSIONS.get(_lower(media_type).partition(";")[0].strip(), "bin")


def _lower(text: str) -> str:
    # Of ASCII alone: str.lower follows the Unicode tables of whichever Python this is.
    return text.lower() if text.isascii() else text.translate(_LOWER)


def _check_opens(receipt: Receipt, sealed: Sealed, name: str) -> None:
    opens = commit(sealed.salt, digest(sealed.envelope)) == receipt.commitment
    if str(receipt.role) != name or not opens:
        _refuse(f"receipt {receipt.seq} does not commit to these bytes of the {name}")


def _opening(seq: int, sealed: Sealed, path: str) -> Opening:
    return Opening(seq=seq, sha256=digest(sealed.envelope), salt=sealed.salt, path=path)


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("seq is not a whole number")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("sha256 and path are texts")
    return value


def _refuse(why: str) -> NoReturn:
    raise RequestError(what="The bundle", why=why)


README_TEXT = """\
This folder is evidence about one order, sealed by orderproof.
How to check it without trusting whoever gave it to you:

1. Nothing altered or missing:
       sha256sum --check --quiet manifest-sha256.txt
       sha256sum --check --quiet tagmanifest-sha256.txt
2. With the free program orderproof, offline:
       orderproof verify THIS-FOLDER --key KEY-FILE
   KEY-FILE is the sealer's public key, got from somewhere else than this bundle. Without it
   you learn that the bundle agrees with itself, not who made it ("trust: bundle").
3. With the free program model_signing of OpenSSF (pip install model-signing pyOpenSSL):
       model_signing verify key THIS-FOLDER --signature THIS-FOLDER/model.sig --public_key KEY.pem
   It shows that the sealer signed this very folder, and nothing of what is in it.
4. With openssl, jq and sha256sum alone: see docs/verifying.md of orderproof.

data/    what the sources sent, byte for byte; data/withheld.txt lists what this copy leaves out
proof/   the signed statement and manifest, the chain of receipts, the log's checkpoints

本文件夹是一份订单证据,由 orderproof 封存。无需信任提供者即可自行核验:

1. 核对文件没有被改动或缺失:
       sha256sum --check --quiet manifest-sha256.txt
       sha256sum --check --quiet tagmanifest-sha256.txt
2. 使用免费程序 orderproof 离线核验:
       orderproof verify 本文件夹 --key 公钥文件
   公钥文件是封存方的公钥,必须从本证据包以外的渠道取得。没有它,只能证明证据包前后一致,
   不能证明由谁封存("trust: bundle")。
3. 使用 OpenSSF 的免费程序 model_signing(pip install model-signing pyOpenSSL):
       model_signing verify key 本文件夹 --signature 本文件夹/model.sig --public_key 公钥.pem
   它证明封存方签署了整个文件夹,但不说明其中的内容。
4. 只用 openssl、jq 和 sha256sum 手工核验:见 orderproof 的 docs/verifying.md。

data/    各来源发来的原始字节,未作任何改动;data/withheld.txt 列出本副本未包含的内容
proof/   已签名的声明与清单、收据链、日志检查点
"""
