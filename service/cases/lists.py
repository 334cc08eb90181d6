"""Lists that came with a case as CSV: what the stock's log and the goods' fields say of its orders.

A paper with the hint `kind` `stock-log` has the columns `at`, `sku`, `listed`, `counted`; one with
`goods` has `sku` and a column for each field that has to be filled. Source: scenarios S4-02, S4-14.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from evidence.errors import EvidenceError
from evidence.facts import Fact, Facts
from evidence.times import Instant, parse_iso, rfc3339
from service.cases.evidenced import Sealed
from storage.ledger.records import KeptItem
from verifiers.subjects import Subjects

MOST_ROWS = 20_000
Listed = tuple[KeptItem, int, dict[str, str]]


def _rows(papers: Sequence[tuple[KeptItem, str]], kind: str) -> Iterator[Listed]:
    """(paper, line, row) of each list of this kind, headings in lower case."""
    for paper, text in papers:
        if paper.hints.get("kind") != kind:
            continue
        reader = csv.reader(io.StringIO(text.lstrip("\ufeff")))
        try:
            heading = [each.strip().casefold() for each in next(reader, [])]
            for line, cells in enumerate(reader, start=2):
                if line > MOST_ROWS:
                    return
                yield paper, line, dict(zip(heading, (c.strip() for c in cells), strict=False))
        except csv.Error:
            continue


def _said(sealed: Sealed, *names: str) -> list[Fact]:
    """What is stated of the order itself."""
    if (manifest := sealed.manifest) is None:
        return []
    facts = Facts(manifest.facts)
    subjects = Subjects(manifest.order, manifest.items, facts)
    return [fact for fact in facts.named(*names) if not subjects.foreign(fact)]


# -- stock --------------------------------------------------------------------------------------


def stock(papers: Sequence[tuple[KeptItem, str]], sealed: Sequence[Sealed]) -> dict[str, Any]:
    """Did shop and warehouse count differently when an order was cancelled, and since when?

    `shown` with the interval from the first of the rows that differ without a break up to the
    cancellation; `not shown` where the last row before it agrees, or there is none; `open` where a
    time has no zone. Sequence alone: no cause is claimed.
    """
    rows = list(_rows(papers, "stock-log"))
    return {"rows": len(rows), "orders": [_cancelled(each, rows) for each in sealed]}


def _cancelled(sealed: Sealed, rows: Sequence[Listed]) -> dict[str, Any]:
    order = sealed.evidenced.ref.id
    goods = {fact.text.casefold() for fact in _said(sealed, "order.item.sku")}
    times = [fact.time for fact in _said(sealed, "order.cancelled.at")]
    ends = [time.at for time in times if isinstance(time, Instant)]
    if not ends:
        why = "Its time has no zone." if times else "Nobody states a cancellation."
        return _answer(order, "open" if times else "not shown", why)
    end = min(ends)
    logged, zoneless = [], False
    for paper, line, row in rows:
        if goods and row.get("sku", "").casefold() not in goods:
            continue
        try:
            at = parse_iso(row.get("at", ""))
        except EvidenceError:
            continue
        zoneless = zoneless or not isinstance(at, Instant)
        if isinstance(at, Instant) and at.at <= end:
            logged.append((at.at, paper, line, row))
    run: list[Any] = []
    for entry in sorted(logged, key=lambda each: each[0]):
        run = [*run, entry] if entry[3].get("listed") != entry[3].get("counted") else []
    if not run:
        if zoneless:
            return _answer(order, "open", "Times in the log have no zone.")
        why = "The last count before it agrees." if logged else "The log has no row before it."
        return _answer(order, "not shown", why)
    found = _answer(order, "shown", "From then on shop and warehouse counted differently.")
    return found | {
        "from": rfc3339(run[0][0]),
        "to": rfc3339(end),
        "differed": [
            {
                "at": rfc3339(at), "sku": row.get("sku", ""), "listed": row.get("listed", ""),
                "counted": row.get("counted", ""), "item": paper.sha256, "line": line,
            }
            for at, paper, line, row in run[:100]
        ],
    }  # fmt: skip


def _answer(order: str, verdict: str, why: str) -> dict[str, Any]:
    return {"order": order, "verdict": verdict, "why": why, "from": None, "to": None,
            "differed": []}  # fmt: skip


# -- goods --------------------------------------------------------------------------------------


def goods(papers: Sequence[tuple[KeptItem, str]], sealed: Sequence[Sealed]) -> dict[str, Any]:
    """Which fields of the goods concerned are empty, by SKU; complete ones are not told.

    concerned   SKUs that the case's orders name; none known: every line of the lists
    unlisted    those of them that no list has
    """
    concerned = {f.text for each in sealed for f in _said(each, "order.item.sku")}
    wanted = {sku.casefold() for sku in concerned}
    empty: dict[str, dict[str, Any]] = {}
    seen: set[str] = set()
    for paper, line, row in _rows(papers, "goods"):
        sku = row.get("sku", "")
        if not sku or (wanted and sku.casefold() not in wanted):
            continue
        seen.add(sku.casefold())
        lacking = sorted(name for name, value in row.items() if name and not value)
        if lacking:
            empty[sku] = {"sku": sku, "empty": lacking, "item": paper.sha256, "line": line}
    return {
        "concerned": sorted(concerned),
        "incomplete": [empty[sku] for sku in sorted(empty)],
        "unlisted": sorted(sku for sku in concerned if sku.casefold() not in seen),
    }
