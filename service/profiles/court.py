"""What lies beside a bag for a court: a page for a person to sign, digests, and custody.

The certification follows the spirit of the Federal Rules of Evidence, 902(13) and 902(14): records
that an electronic process generated, and data copied and authenticated by digests. It is
a draft for a qualified person, who alone can swear to it; whether it is enough a lawyer decides.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence

from evidence.canonical import digest
from evidence.manifest import Manifest, Statement
from evidence.sealed import SealedItem
from evidence.times import rfc3339
from evidence.verdicts import Verdict
from service.custody import Report
from service.profiles.paper import Lines, Paper, Told

_TITLE = "Certification of electronic records"
_COLUMNS = (
    "receipt", "role", "from", "provenance", "collected_at", "size", "sha256", "receipt_sha256"
)  # fmt: skip


def hashes(items: Sequence[SealedItem]) -> bytes:
    """Every record by its digest, as CSV."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for item in items:
        rows.writerow(_row(item))
    return out.getvalue().encode("utf-8")


def _row(item: SealedItem) -> tuple[str, ...]:
    # A cell that begins like a formula would be run by whoever opens the list in a spreadsheet.
    origin = "".join(c for c in item.origin if c.isalnum() or c in "._- ").lstrip("-")
    return (
        str(item.seq), str(item.role), origin, item.provenance, rfc3339(item.collected_at),
        str(item.size), item.sha256, item.receipt,
    )  # fmt: skip


def certification(manifest: Manifest, statement: Statement | None, envelope: bytes) -> Paper:
    """The page to sign, with the list of records and what speaks against them."""
    order = manifest.order
    rows = tuple(
        (str(i.seq), str(i.role), i.origin, rfc3339(i.collected_at, unit_s=1.0), i.sha256)
        for i in manifest.items
    )
    return Paper(
        title=_TITLE,
        lines=(f"Order {order.id} of {order.platform}, site {order.site}.",),
        parts=(
            Lines(tuple(_said(manifest, statement, envelope))),
            Told(
                "Records", ("Receipt", "What", "From", "Collected (UTC)", "SHA-256"),
                (0.8, 1.6, 1.4, 2.0, 4.2), rows,
            ),
            Lines(tuple(_findings(manifest))),
            Lines(_SIGNED),
        ),
        foot=f"Sealed account, SHA-256 {digest(envelope)}",
        at=manifest.at,
    )  # fmt: skip


_SIGNED = (
    "I certify under penalty of perjury that the foregoing is true and correct to the best of my "
    "knowledge. [Delete or change what is not so before signing.]",
    "Name: ______________________________     Signature: ______________________________",
    "Position: ___________________________     Date and place: _________________________",
)


def _said(manifest: Manifest, statement: Statement | None, envelope: bytes) -> Iterator[str]:
    yield (
        "Draft for a qualified person, in the spirit of the Federal Rules of Evidence, 902(13) and "
        "902(14). It certifies how the records were made and kept, not that what they say is true."
    )
    yield (
        "1. I am ______________________ (position) of ______________________. By my training and "
        "work I know the electronic process described here: ______________________."
    )
    yield (
        f"2. The {len(manifest.items)} records listed below were collected by the program "
        f"orderproof, version {manifest.versions.get('orderproof', 'unknown')}, from the sources "
        f"named, at the times named, and kept as received. Each byte was put into the SHA-256 "
        "digest while it came in, before anything read it."
    )
    yield (
        f"3. Each record has a receipt in a hash chain; the receipts are leaves of an append-only "
        f"log. The account that names them was sealed on {rfc3339(manifest.at, unit_s=1.0)} and "
        f"has the SHA-256 digest {digest(envelope)}."
    )
    trusted = statement.trusted_time if statement is not None else "none"
    yield f"4. Time, by an authority outside: {trusted}."
    yield (
        "5. Copies of the records are in the bag beside this page. A copy is the record if its "
        "SHA-256 digest is the one listed; `orderproof verify` checks this and the chain offline, "
        "as do sha256sum, openssl and any verifier of RFC 6962 and RFC 3161."
    )


def _findings(manifest: Manifest) -> Iterator[str]:
    yield "What was found against these records, stated with them:"
    found = False
    for judged in manifest.judgements:
        if judged.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE):
            for finding in judged.findings:
                found = True
                yield f"{judged.verifier} ({judged.verdict}): {finding.sentence}"
    if not found:
        yield "No check failed, and none was inconclusive."


def as_text(paper: Paper) -> bytes:
    """The same page as plain text, to be completed in any editor."""
    lines = [paper.title, "=" * len(paper.title), "", *paper.lines, ""]
    for part in paper.parts:
        match part:
            case Lines(said):
                lines += [line for each in said for line in (each, "")]
            case Told(title, head, _, rows):
                lines += [title, "  ".join(head)]
                lines += ["  ".join(row) for row in rows] + [""]
            case _:
                pass
    return "\n".join((*lines, paper.foot, "")).encode("utf-8")


def custody_log(report: Report) -> bytes:
    """Who had the order's evidence in hand, up to the last act, and whether that log holds.

    The chain is told as it was at that act, so the same acts give the same bytes, whatever
    happened with other orders since.
    """
    told = report.to_json()
    last = report.entries[-1] if report.entries else None
    if last is not None:
        told["chain"] |= {"lines": last.line.seq + 1, "head": last.head}
    told["as_of"] = rfc3339(last.line.at) if last is not None else None
    return (json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
