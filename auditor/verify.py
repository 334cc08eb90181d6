"""Is this bundle what it claims to be? Offline, from the files alone, trusting nobody.

The order of checks, each of which names the file, item or receipt that is wrong:

 1 zip, folder       the container is written the one canonical way
 2 files             none missing, none added, each with its SHA-256
 3 receipts          the order's chain is whole
 4 statement         signed; binds the chain by count, root and lines
 5 manifest          signed; agrees with itself; its facts and findings rest on its items
 6 openings          statement and manifest are the bytes that their receipts commit to
 7 manifest-receipts every item opens its receipt, no receipt is left over
 8 items, withheld   the bytes are those that were sealed; what is absent is named
 9 verdicts          the statement repeats the manifest's
10 checkpoints       signed by the log; the second contains the first; the manifest holds the first
11 inclusion         every receipt is in the log; every item was before it was read
12 derived           each copy that was made of an item is tied to it
13 witnesses         who else cosigned the head, where their keys are known
14 time              what authorities say, where one was pinned
15 revocation        what keys that were revoked since have signed
16 model-signature   the OMS signature is over these very files

Of a case's bundle also: `case`, whether its events follow one another by allowed steps.

`reverify` (read and judge again) and `audit` (a whole ledger) answer other questions, elsewhere.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from auditor.bag import MAX_PART_BYTES, Bag, check_bag, check_bag_info
from auditor.cases import check_case
from auditor.derived import check_derived, signed_paths
from auditor.erasure import check_erasure, is_erasure
from auditor.hashing import Hashing
from auditor.keys import Keys
from auditor.logs import check_heads, check_inclusion, check_saved
from auditor.oms import check_folder_signature
from auditor.payload import check_payload
from auditor.receipts import check_receipts, read_beside
from auditor.report import Checks, Report, Trust
from auditor.seal import (
    Seal,
    check_answers,
    check_envelope,
    check_manifest,
    check_manifest_receipts,
    check_openings,
    check_root,
    check_statement,
    read_manifest,
    why,
)
from auditor.sources import Source, open_source
from auditor.standing import Proven, check_standing, earliest
from auditor.tokens import check_tokens
from auditor.witnesses import check_witnesses, read_cosigned
from evidence.archive import shown
from evidence.bundle import BEFORE_READ, KEYS, MANIFEST, SEALED, STATEMENT
from evidence.canonical import parse_json
from evidence.dsse import Envelope
from evidence.errors import EvidenceError, RequestError, TooLargeError
from evidence.manifest import MANIFEST_TYPE, STATEMENT_TYPE
from evidence.quorum import WitnessPolicy

# What a signed document full of wrong types may raise from code that takes it at its word.
_T = TypeVar("_T")

_WRONG_SHAPE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def verify_path(
    path: Path,
    *,
    key: Keys | None = None,
    checkpoint: bytes | None = None,
    witnesses: WitnessPolicy | None = None,
) -> Report:
    """Check a bundle, an unpacked bag, or a manifest or statement alone.

    path        a ZIP, a folder with the bag in it, or the `.dsse.json` envelope of a manifest,
                a statement or an erasure
    key         keys got from elsewhere; None trusts the bundle's own and says so
    checkpoint  a signed checkpoint of the log that the reader kept
    witnesses   who must have cosigned; those of `key` are looked at, but not demanded

    Whatever is wrong with it is in the report. Raises RequestError or FormatError if it is
    nothing that could be checked at all.
    """
    try:
        envelope = not path.is_dir() and _is_json(path)
    except OSError as error:
        what = f"it cannot be read ({error.strerror})"
        raise RequestError(what=shown(path.name), why=what) from error
    if envelope:
        return _verify_envelope(path, key)
    source = open_source(path)
    try:
        with _uncollected(), Hashing(source, partial(read_beside, source)) as hashing:
            return _verify_source(
                source, hashing, path, key=key, saved=checkpoint, witnesses=witnesses
            )
    finally:
        source.close()


def _verify_source(
    source: Source,
    hashing: Hashing,
    path: Path,
    *,
    key: Keys | None,
    saved: bytes | None,
    witnesses: WitnessPolicy | None,
) -> Report:
    if source.kind == "folder" and not _could_be_bag(source):
        why_not = "there is no bag in it: name the folder that holds bagit.txt"
        raise RequestError(what=shown(path.name), why=why_not)
    checks = Checks()
    trust = Trust.PINNED if key and (key.manifest or key.log) else Trust.BUNDLE
    pinned = key if trust is Trust.PINNED else None
    if not source.sizes:  # the ZIP's structure is so broken that no file can be found
        return _nothing_found(source, trust)
    # These are read while the files are hashed, and told after what is wrong with the files.
    keyed, stated, listed = Checks(), Checks(), Checks()
    bag = Bag(source, keyed)
    own = _own_keys(bag)
    bag.checks = stated
    statement = _guarded(stated, "statement", lambda: check_statement(bag, own=own, pinned=pinned))
    bag.checks = listed
    manifest = _guarded(listed, "manifest", lambda: check_manifest(bag, own=own, pinned=pinned))
    bag.checks = checks
    bag.settle(hashing.found())
    check_bag(bag)
    checks.add(keyed)
    receipts = check_receipts(bag, hashing.aside)
    checks.add(stated)
    if statement is not None:
        _guarded(checks, "statement", lambda: check_root(checks, statement, receipts))
    checks.add(listed)
    seal = Seal(receipts, statement, manifest)
    openings = _guarded(checks, "openings", lambda: check_openings(bag, seal)) or {}
    if manifest is not None:
        _guarded(
            checks, "manifest-receipts", lambda: check_manifest_receipts(checks, manifest, seal)
        )
        _guarded(checks, "verdicts", lambda: check_answers(checks, manifest, seal))
    else:
        checks.unsure("verdicts", "Not compared: there is no manifest to compare with.", MANIFEST)
    _guarded(checks, "items", lambda: check_payload(bag, seal, openings))
    _guarded(checks, "case", lambda: check_case(bag, seal))
    _check_log(bag, seal, own=own, pinned=pinned, key=key, saved=saved, witnesses=witnesses)
    if seal.chain:
        check_bag_info(bag, seal.chain[-1])
    _guarded(checks, "model-signature", lambda: check_folder_signature(bag, own=own, pinned=pinned))
    counts = {
        "receipts": len(seal.chain),
        "items": len(bag.payload),
        "files": len(bag.found),
        "bytes": sum(source.sizes.values()),
    }
    return Report(kind=source.kind, trust=trust, checks=checks.closed(), counts=counts)


def _nothing_found(source: Source, trust: Trust) -> Report:
    checks = Checks()
    for fault in source.faults:
        checks.failed("zip", fault.what, fault.where)
    checks.failed("files", "No file of a bundle could be found in it.")
    return Report(kind=source.kind, trust=trust, checks=checks.closed())


def _check_log(
    bag: Bag,
    seal: Seal,
    *,
    own: Keys,
    pinned: Keys | None,
    key: Keys | None,
    saved: bytes | None,
    witnesses: WitnessPolicy | None,
) -> None:
    """That the receipts lie in the log, who else says so and since when, and what keys were worth
    at that time.
    """
    checks = bag.checks
    before, sealed = _guarded(
        checks, "checkpoints", lambda: check_heads(bag, seal, own=own, pinned=pinned)
    ) or (None, None)
    cosigned = _guarded(checks, "witnesses", lambda: read_cosigned(bag, sealed))
    _guarded(
        checks,
        "inclusion",
        lambda: check_inclusion(bag, seal, before, sealed, cosigned=cosigned),
    )
    _guarded(checks, "derived", lambda: check_derived(bag, seal, sealed, own=own, pinned=pinned))
    known = key.witnesses if key else ()
    seen = _guarded(
        checks,
        "witnesses",
        lambda: check_witnesses(bag, cosigned, known=known, demanded=witnesses),
    )
    if saved is not None:
        keys = pinned if pinned and pinned.log else own
        check_saved(checks, saved, sealed, keys=keys)
    times = _guarded(checks, "time", lambda: check_tokens(bag, seal, pinned=key)) or {}
    proven = Proven(
        before_read=times.get(BEFORE_READ),
        sealed=earliest([*(seen or []), *(times[at] for at in (SEALED,) if at in times)]),
    )
    _guarded(
        checks,
        "revocation",
        lambda: check_standing(checks, _signed(bag), own=own, pinned=key, proven=proven),
    )


def _verify_envelope(path: Path, key: Keys | None) -> Report:
    """A manifest or statement without its bundle: its signature, and whether it makes sense."""
    name = shown(path.name)
    if key is None or not key.manifest:
        what = "an envelope alone brings no key: give the signer's with --key"
        raise RequestError(what=name, why=what)
    if (size := path.stat().st_size) > MAX_PART_BYTES:
        raise TooLargeError(what=name, size=size, limit=MAX_PART_BYTES)
    raw = path.read_bytes()
    parsed = Envelope.from_json(raw)
    if is_erasure(parsed):
        return check_erasure(raw, name, beside=lambda file: _beside(path, file), key=key)
    said = parse_json(parsed.payload, what=name)
    kind = said.get("predicateType") if isinstance(said, dict) else None
    if kind not in {MANIFEST_TYPE, STATEMENT_TYPE}:
        raise RequestError(what=name, why="it is no manifest, statement or erasure of an order")
    short = "manifest" if kind == MANIFEST_TYPE else "statement"
    checks = Checks()
    signed = check_envelope(raw, name, short, checks, own=Keys(), pinned=key)
    if signed is not None and short == "manifest":
        _guarded(checks, short, lambda: read_manifest(signed, name, checks))
    check_standing(checks, [(name, raw)], own=Keys(), pinned=key, proven=Proven())
    checks.unsure("receipts", f"Not checked: a {short} alone brings no receipts and no bytes.")
    return Report(kind=short, trust=Trust.PINNED, checks=checks.closed())


def _beside(path: Path, name: str) -> bytes | None:
    """A small file in the same folder, or None; one that is too large is not what we look for."""
    file = path.with_name(name)
    if not file.is_file() or file.stat().st_size > MAX_PART_BYTES:
        return None
    return file.read_bytes()


def _own_keys(bag: Bag) -> Keys:
    raw = bag.read(KEYS, "keys")
    if raw is None:
        return Keys()
    try:
        keys = Keys.parse(raw, what=KEYS)
    except EvidenceError as error:
        bag.checks.failed("keys", f"{KEYS} cannot be used: {why(error)}.", KEYS)
        return Keys()
    # Authorities and witnesses are pinned from outside or not at all.
    return Keys(manifest=keys.manifest, log=keys.log, standing=keys.standing)


def _signed(bag: Bag) -> Iterator[tuple[str, bytes]]:
    heads = (f"{BEFORE_READ}/checkpoint", f"{SEALED}/checkpoint")
    for path in (STATEMENT, MANIFEST, *heads, *signed_paths(bag)):
        if (raw := bag.optional(path, "revocation")) is not None:
            yield path, raw


def _guarded(checks: Checks, name: str, step: Callable[[], _T]) -> _T | None:
    """Run one step; a document that is well signed but nonsense is a failed check, not a crash."""
    try:
        return step()
    except EvidenceError as error:
        checks.failed(name, f"It cannot be checked: {why(error)}.")
    except _WRONG_SHAPE as error:
        what = f"It cannot be checked: a signed value has the wrong type ({type(error).__name__})."
        checks.failed(name, what)
    return None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the collector of cycles, which would go over every line read, again and again.

    Only in a process of one thread, since it is switched off for all of them.
    """
    idle = gc.isenabled() and threading.active_count() == 1
    if idle:
        gc.disable()
    try:
        yield
    finally:
        if idle:
            gc.enable()


def _could_be_bag(source: Source) -> bool:
    return any(path in source.sizes for path in ("bagit.txt", "manifest-sha256.txt", KEYS))


def _is_json(path: Path) -> bool:
    """Whether a file begins and ends like an object; a ZIP whose first byte was hit does not."""
    if not path.is_file():
        why = "it is neither a file nor a folder" if path.exists() else "there is none of this name"
        raise RequestError(what=shown(path.name), why=why)
    with path.open("rb") as file:
        head = file.read(1)
        file.seek(max(0, path.stat().st_size - 16))
        return head == b"{" and file.read(16).rstrip()[-1:] == b"}"
