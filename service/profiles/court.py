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
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evidence.canonical import digest
from evidence.items import Role
from evidence.manifest import Manifest, Statement
from evidence.sealed import SealedItem
from evidence.times import rfc3339
from evidence.verdicts import Severity, Verdict
from service.custody import Report
from service.profiles.paper import Lines, Paper, Part, Told
from service.profiles.shown import called
from service.report.reports import manifest_line
from service.wording.words import VERDICTS

if TYPE_CHECKING:
    from service.runtime import Account

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


@dataclass(frozen=True, slots=True)
class Found:
    """A finding that is told on the page, and where it stands in the sealed account."""

    verifier: str
    verdict: str
    says: str
    locator: str
    rests: tuple[str, ...]


def certification(manifest: Manifest, statement: Statement | None, envelope: bytes) -> Paper:
    """The page to sign, with the list of records and what speaks against them."""
    order = manifest.order
    rows = tuple(
        (
            f"#{i.seq}",
            called(i.role),
            i.origin,
            f"{i.collected_at:%Y-%m-%d %H:%M:%S}",
            i.sha256,
        )
        for i in manifest.items
    )
    sealed = "" if statement is None else f"#{statement.manifest_seq} "
    against = tuple(
        (
            f"{each.verifier}: {VERDICTS[each.verdict].en}",
            each.says,
            "; ".join((f"{sealed}{each.locator}", *each.rests[:2]))
            + (f"; +{len(each.rests) - 2}" if len(each.rests) > 2 else ""),
        )
        for each in findings(manifest)
    )
    found: Part = Lines(("What was found against these records: nothing, by the checks made.",))
    if against:
        title = "What was found against these records, stated with them"
        found = Told(title, ("Check", "Finding", "Receipt and place"), (2.0, 4.6, 3.0), against)
    return Paper(
        title=_TITLE,
        lines=(f"Order {order.id} of {order.platform}, site {order.site}.",),
        parts=(
            Lines(tuple(_said(manifest, statement, envelope))),
            Told(
                "Records", ("Receipt", "What", "From", "Collected (UTC)", "SHA-256"),
                (0.8, 1.7, 1.1, 1.9, 4.4), rows,
            ),
            found,
            Lines(_SIGNED, together=True),
        ),
        foot=f"Sealed account, SHA-256 {digest(envelope)}",
        at=manifest.at,
    )  # fmt: skip


def findings(manifest: Manifest) -> list[Found]:
    """What speaks against the records or is open, each sentence once."""
    seqs: dict[str, int] = {}
    for item in manifest.items:
        seqs.setdefault(item.sha256, item.seq)
    told: dict[tuple[str, str], Found] = {}
    for at, judged in enumerate(manifest.judgements):
        if judged.verdict not in (Verdict.FAIL, Verdict.INCONCLUSIVE):
            continue
        for number, finding in enumerate(judged.findings):
            if finding.severity is Severity.GOOD:
                continue
            rests = tuple(
                f"#{seqs[item]}" + ("" if place == "item:" else f" {place}")
                for item, place in finding.rests
                if item in seqs
            )
            locator = f"json:/predicate/verdicts/{at}/findings/{number}"
            says = finding.sentence or finding.code
            said = Found(judged.verifier, judged.verdict, says, locator, rests)
            told.setdefault((judged.verifier, says), said)
    return list(told.values())


def proof(account: Account) -> Iterator[dict[str, Any]]:
    """Lines of proof.jsonl: each record on the list, each finding on the page."""
    manifest, statement = account.manifest, account.statement
    assert manifest is not None  # a bag is of a sealed account  # noqa: S101
    for item in manifest.items:
        yield {
            "what": "listed", "item": item.sha256, "role": str(item.role), "seq": item.seq,
            "receipt": item.receipt, "locator": "item:", "says": item.sha256,
        }  # fmt: skip
    line = manifest_line(account, statement.manifest_seq if statement is not None else -1)
    assert line.receipt is not None  # it was found by it  # noqa: S101
    for each in findings(manifest):
        yield {
            "what": "found", "item": line.sha256, "role": str(Role.MANIFEST),
            "seq": line.receipt.seq, "receipt": digest(line.receipt.to_bytes()),
            "locator": each.locator, "says": each.says,
        }  # fmt: skip


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


def as_text(paper: Paper) -> bytes:
    """The same page as plain text, to be completed in any editor."""
    lines = [paper.title, "=" * len(paper.title), "", *paper.lines, ""]
    for part in paper.parts:
        match part:
            case Lines(said):
                lines += [line for each in said for line in (each, "")]
            case Told(title, head, rows=rows):
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
