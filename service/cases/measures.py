"""What was promised to the platform, what would show that it was kept, and whether that is there.

A promise has a kind; the playbook says which proofs each kind needs. Proof may come after the case
is closed. Source: scenarios S1-15, S1-17, S4-07.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from evidence.cases import Case, Step
from evidence.errors import RequestError
from evidence.playbook import MeasureKind, Playbook
from evidence.times import parse_rfc3339
from service.cases.desk import Paper
from service.cases.given import needed, text_of, told_time

PARTS = ("corrective", "preventive")


def promised(body: Mapping[str, Any], case: Case, book: Playbook) -> dict[str, Any]:
    """What the event of a promise says. RequestError if it says nothing that could be kept."""
    text = needed(body, "text")
    part = text_of(body, "part") or "preventive"
    if part not in PARTS:
        raise RequestError(what="`part`", why=f"it is neither {' nor '.join(PARTS)}")
    kind = _kind(text_of(body, "kind"), text, book)
    return {
        "measure": f"M{len(case.of(Step.PROMISE)) + 1}",
        "text": text,
        "part": part,
        "kind": kind.id if kind else "",
        "proofs": list(kind.proofs) if kind else ["proof"],
        "due": told_time(body, "due"),
    }


def _kind(id: str, text: str, book: Playbook) -> MeasureKind | None:
    """The kind that is named, or the first whose words stand in the text; None for another."""
    if id:
        found = next((kind for kind in book.measures if kind.id == id), None)
        if found is None:
            named = ", ".join(kind.id for kind in book.measures)
            raise RequestError(what="`kind`", why=f"it is none of {named}")
        return found
    folded = text.casefold()
    return next(
        (k for k in book.measures if any(word.casefold() in folded for word in k.words)), None
    )


def proved(body: Mapping[str, Any], case: Case, papers: Sequence[Paper]) -> dict[str, Any]:
    """What the event of a proof says. Each paper's hint `proof` says of which kind it is."""
    id = needed(body, "measure")
    promise = next((e for e in case.of(Step.PROMISE) if e.said["measure"] == id), None)
    if promise is None:
        raise RequestError(what="`measure`", why="nothing was promised under this name")
    if not papers:
        raise RequestError(what="`papers`", why="there is none: a proof is something to look at")
    wanted = list(promise.said["proofs"])
    brought = [paper.hints.get("proof") or wanted[0] for paper in papers]
    if strange := [each for each in brought if each not in wanted]:
        why = f"`proof` is {strange[0][:40]!r}, and this promise needs {', '.join(wanted)}"
        raise RequestError(what="a paper's `hints`", why=why)
    lacking = [each for each in wanted if each not in {*_brought(case, id), *brought}]
    return {"measure": id, "proofs": brought, "lacking": lacking, "kept": not lacking}


def _brought(case: Case, id: str) -> list[str]:
    return [
        proof
        for event in case.of(Step.PROVE)
        if event.said["measure"] == id
        for proof in event.said["proofs"]
    ]


def measures(case: Case, now: datetime) -> dict[str, Any]:
    """The register: each promise is `kept`, `open`, or `overdue`, with the proofs that lack."""
    return {"measures": [_line(case, event.said, now) for event in case.of(Step.PROMISE)]}


def _line(case: Case, said: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    brought = _brought(case, said["measure"])
    lacking = [proof for proof in said["proofs"] if proof not in brought]
    due = said.get("due")
    late = due is not None and parse_rfc3339(due) <= now
    return {
        "measure": said["measure"],
        "text": said["text"],
        "part": said["part"],
        "kind": said["kind"],
        "due": due,
        "state": "kept" if not lacking else "overdue" if late else "open",
        "verdict": "pass" if not lacking else "fail",
        "lacking": lacking,
        "proofs": [
            {"proof": proof, "sha256": item.sha256}
            for event in case.of(Step.PROVE)
            if event.said["measure"] == said["measure"]
            for proof, item in zip(event.said["proofs"], event.items, strict=False)
        ],
    }
