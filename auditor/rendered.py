"""Is this report ours, unaltered and still current? Offline, from the order's bundle.

A report names the manifest that it was rendered from, in its pages and in its metadata. That is a
claim: anybody can copy it. Two things prove it:

- the signed record in the bundle that holds the digest of the whole file; the bundle is verified
  first, and everything rests on that;
- a signature in the file itself (`--sign`), by a key that was pinned.

Current is what was rendered from the newest sealed account that whoever is asked knows: of a bundle
its own. A file by itself cannot know of a newer one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from auditor.keys import Keys
from auditor.pdf_seal import seal_of
from auditor.report import Check, Report, State, Trust
from auditor.sources import Source, open_source
from auditor.verify import verify_path
from evidence.bundle import MANIFEST, STATEMENT
from evidence.canonical import digest
from evidence.derivatives import MAX_RECORD_BYTES, Change, TransformRecord
from evidence.dsse import MAX_ENVELOPE_BYTES, Envelope, PublicKey, keyid_of, verifies
from evidence.errors import EvidenceError, FormatError, RequestError, TooLargeError
from evidence.manifest import Statement

# As service/report/cover.py puts it into a report's keywords, which PDF/A keeps in plain text.
NAMED = re.compile(rb"orderproof:(report|appeal):1:([0-9a-f]{64})")
MAX_REPORT_BYTES = 256 << 20
_MAX_RECORD = 2 * MAX_RECORD_BYTES
_ALONE = "Give the order's bundle with --bundle, or ask the service that made it by its SHA-256."


def is_pdf(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(5) == b"%PDF-"


def verify_report(path: Path, *, bundle: Path | None, key: Keys | None = None) -> Report:
    """Check a report against a bundle of its order.

    Without a bundle only a report that is signed can be known, by a pinned key; a file cannot vouch
    for itself. Raises RequestError if the bundle is none, TooLargeError for a file too large.
    """
    sha256, named, data = _read(path)
    counts = {"bytes": len(data)}
    keys = key.manifest if key else ()
    checks = list(_sealed(data, keys, key))
    if bundle is None:
        made = [*checks, *_alone(sha256, named, checks)]
        trust = Trust.PINNED if keys else Trust.BUNDLE
        return Report(kind="report", trust=trust, checks=tuple(made), counts=counts)
    whole = verify_path(bundle, key=key)
    checks = [_bundle(whole), *checks]
    source = open_source(bundle)
    try:
        checks += _compared(source, sha256, named) if whole.ok else []
    finally:
        source.close()
    return Report(kind="report", trust=whole.trust, checks=tuple(checks), counts=counts)


def _read(path: Path) -> tuple[str, tuple[str, str] | None, bytes]:
    """The file's SHA-256, the one thing that it names ("report" or "appeal", digest), its bytes."""
    if (size := path.stat().st_size) > MAX_REPORT_BYTES:
        raise TooLargeError(what=str(path), size=size, limit=MAX_REPORT_BYTES)
    data = path.read_bytes()
    found = set(NAMED.findall(data))
    kind, named = found.pop() if len(found) == 1 else (b"", b"")
    return digest(data), (kind.decode(), named.decode()) if named else None, data


def _sealed(data: bytes, pinned: Sequence[PublicKey], keys: Keys | None) -> Iterator[Check]:
    """What the signature in the file says; nothing if there is none."""
    try:
        seal = seal_of(data)
    except FormatError as problem:
        what = f"The signature in the file is not ours as it was made: {problem.why}."
        yield Check("signature", State.FAIL, what)
        return
    if seal is None:
        return
    if not seal.unaltered:
        yield Check("signature", State.FAIL, "The file was altered after it was signed.")
        return
    by = next((k for k in pinned if verifies(k, seal.signature, seal.attributes)), None)
    if by is None and pinned:
        what = "The file is signed by none of the keys that you gave."
        yield Check("signature", State.FAIL, what)
    elif by is None:
        what = "It is signed, and which key that is only the file says: give one with --key."
        yield Check("signature", State.INCONCLUSIVE, what)
    elif keys and (told := keys.standing.get(keyid_of(by))) and told.revoked_since:
        what = f"It is signed by {keyid_of(by)[:16]}, a key that was revoked."
        yield Check("signature", State.INCONCLUSIVE, what)
    else:
        what = f"It is ours and unaltered: all of it is signed by your key {keyid_of(by)[:16]}."
        yield Check("signature", State.PASS, what)


def _alone(sha256: str, named: tuple[str, str] | None, sealed: Sequence[Check]) -> Iterator[Check]:
    """What can be said without a bundle."""
    claim = "It names no manifest of ours."
    if named is not None:
        what = "the manifest" if named[0] == "report" else "the list of manifests"
        claim = f"It names {what} {named[1]}."
    if any(check.state is State.PASS for check in sealed):
        what = f"{claim} Whether there is a newer account the file cannot know. {_ALONE}"
        yield Check("current", State.INCONCLUSIVE, what)
    elif all(check.state is not State.FAIL for check in sealed):
        what = f"{claim} SHA-256 {sha256}. {_ALONE}"
        yield Check("report", State.INCONCLUSIVE, what, "", True)


def _bundle(whole: Report) -> Check:
    if whole.ok:
        return Check("bundle", State.PASS, "The bundle is what it claims to be.")
    worst = next((c for c in whole.checks if c.state is State.FAIL), None)
    said = "The bundle does not hold, so it proves nothing of the report"
    return Check("bundle", State.FAIL, f"{said}: {worst.what}" if worst else f"{said}.")


def _compared(source: Source, sha256: str, named: tuple[str, str] | None) -> list[Check]:
    statement = Statement.from_payload(_envelope(source, STATEMENT).payload)
    records = [_record(source, name) for name in _records(source)]
    ours = [r for r in records if r and r.change is Change.RENDERED and r.sha256 == sha256]
    if not ours:
        raw = source.read(MANIFEST, limit=MAX_ENVELOPE_BYTES) if MANIFEST in source.sizes else b""
        if named is not None and raw and digest(raw) == named[1]:
            what = (
                "It names this bundle's manifest, and no signed record there has its digest: it "
                "was altered, or made after the bundle was written."
            )
            return [Check("report", State.FAIL, what)]
        what = "No signed record in the bundle has its digest: it is not a report of this account."
        return [Check("report", State.FAIL, what)]
    record = ours[0]
    made = record.transform
    how = ", ".join(f"{name} {value}" for name, value in sorted(made.parameters.items()))[:300]
    what = f"It is ours and unaltered, made with {made.name} {made.version} ({how})."
    checks = [Check("report", State.PASS, f"{what} Its receipt is {record.derivative.seq}.")]
    if record.original.seq == statement.manifest_seq:
        what = "It is of the bundle's own, newest account."
        if (others := made.parameters.get("orders")) is not None:
            what += f" It is of {others} orders: ask for each with its own bundle."
        checks.append(Check("current", State.PASS, what))
    else:
        what = (
            f"It is of an earlier account (receipt {record.original.seq}); the bundle has a newer "
            f"one (receipt {statement.manifest_seq}). Make the report again."
        )
        checks.append(Check("current", State.FAIL, what))
    return checks


def _records(source: Source) -> list[str]:
    return sorted(
        path
        for path in source.sizes
        if path.startswith("proof/derived/") and path.endswith(".dsse.json")
    )


def _record(source: Source, path: str) -> TransformRecord | None:
    try:
        raw = source.read(path, limit=_MAX_RECORD)
        return TransformRecord.from_payload(Envelope.from_json(raw).payload)
    except EvidenceError:  # the bundle's own check has told of it
        return None


def _envelope(source: Source, path: str) -> Envelope:
    if path not in source.sizes:
        raise RequestError(what=path, why="it is not in the bundle")
    return Envelope.from_json(source.read(path, limit=MAX_ENVELOPE_BYTES))
