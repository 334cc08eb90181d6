"""Is this report ours, unaltered and still current? Offline, from the order's bundle.

A report names the manifest that it was rendered from, in its pages and in its metadata. That is a
claim: anybody can copy it. What proves it is the signed record in the bundle that holds the digest
of the whole file, so the bundle is verified first, and everything rests on that.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from auditor.keys import Keys
from auditor.report import Check, Report, State, Trust
from auditor.sources import Source, open_source
from auditor.verify import verify_path
from evidence.bundle import MANIFEST, STATEMENT
from evidence.canonical import digest
from evidence.derivatives import MAX_RECORD_BYTES, Change, TransformRecord
from evidence.dsse import MAX_ENVELOPE_BYTES, Envelope
from evidence.errors import EvidenceError, RequestError
from evidence.manifest import Statement

# As service/report/cover.py puts it into a report's keywords, which PDF/A keeps in plain text.
NAMED = re.compile(rb"orderproof:report:1:([0-9a-f]{64})")
_MAX_RECORD = 2 * MAX_RECORD_BYTES
_ALONE = "Give the order's bundle with --bundle, or ask the service that made it by its SHA-256."


def is_pdf(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(5) == b"%PDF-"


def verify_report(path: Path, *, bundle: Path | None, key: Keys | None = None) -> Report:
    """Check a report against a bundle of its order.

    Without a bundle the answer is `inconclusive`: a file cannot vouch for itself. Raises
    RequestError if the bundle is none.
    """
    sha256, named = _read(path)
    claim = f"It names the manifest {named}." if named else "It names no manifest of ours."
    counts = {"bytes": path.stat().st_size}
    if bundle is None:
        made = (
            Check("report", State.INCONCLUSIVE, f"{claim} SHA-256 {sha256}. {_ALONE}", "", True),
        )
        return Report(kind="report", trust=Trust.BUNDLE, checks=made, counts=counts)
    whole = verify_path(bundle, key=key)
    checks = [_bundle(whole)]
    source = open_source(bundle)
    try:
        checks += _compared(source, sha256, named) if whole.ok else []
    finally:
        source.close()
    return Report(kind="report", trust=whole.trust, checks=tuple(checks), counts=counts)


def _read(path: Path) -> tuple[str, str | None]:
    """The file's SHA-256, and the one manifest that it names."""
    found: set[bytes] = set()
    whole = hashlib.sha256()
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            whole.update(chunk)
            found.update(NAMED.findall(rest + chunk))
            rest = chunk[-128:]
    return whole.hexdigest(), found.pop().decode() if len(found) == 1 else None


def _bundle(whole: Report) -> Check:
    if whole.ok:
        return Check("bundle", State.PASS, "The bundle is what it claims to be.")
    worst = next((c for c in whole.checks if c.state is State.FAIL), None)
    said = "The bundle does not hold, so it proves nothing of the report"
    return Check("bundle", State.FAIL, f"{said}: {worst.what}" if worst else f"{said}.")


def _compared(source: Source, sha256: str, named: str | None) -> list[Check]:
    statement = Statement.from_payload(_envelope(source, STATEMENT).payload)
    records = [_record(source, name) for name in _records(source)]
    ours = [r for r in records if r and r.change is Change.RENDERED and r.sha256 == sha256]
    if not ours:
        raw = source.read(MANIFEST, limit=MAX_ENVELOPE_BYTES) if MANIFEST in source.sizes else b""
        if named is not None and raw and digest(raw) == named:
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
        checks.append(Check("current", State.PASS, "It is of the bundle's own, newest account."))
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
