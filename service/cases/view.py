"""A case as the API and the command line show it."""

from __future__ import annotations

from typing import Any

from evidence.cases import Event, allowed
from evidence.times import rfc3339
from service.cases.agenda import agenda
from service.cases.desk import Held
from storage.ledger.cases import CaseRow

NO_RULES = "no rules for this kind"


def view_of(held: Held) -> dict[str, Any]:
    """Everything of it but the papers' bytes."""
    case = held.case
    receipts = {line.sha256: line for line in held.lines if line.receipt is not None}
    first = case.events[0].said
    return {
        "id": case.id,
        "store": held.row.store,
        "platform": case.platform,
        "site": case.site,
        "kind": case.kind,
        "account": case.account,
        "orders": list(case.orders),
        "asins": list(case.asins),
        "rules": case.rules or NO_RULES,
        "links": list(case.links),
        "state": str(case.state),
        "version": case.version,
        "opened_at": rfc3339(case.opened_at),
        "updated_at": rfc3339(case.updated_at),
        "noticed_at": first.get("noticed_at"),
        "deadlines": first.get("deadlines", []),
        "closes_at": first.get("closes_at"),
        "may": [str(step) for step in allowed(case.state)],
        "agenda": [entry.to_json() for entry in agenda(case)],
        "events": [_event(event, receipts) for event in case.events],
    }


def _event(event: Event, receipts: dict[str, Any]) -> dict[str, Any]:
    line = receipts.get(event.sha256)
    return {
        "seq": event.seq,
        "step": str(event.step),
        "before": None if event.before is None else str(event.before),
        "after": str(event.state),
        "at": rfc3339(event.at),
        "by": event.by,
        "sha256": event.sha256,
        "receipt": None if line is None else line.receipt.seq,
        "log_index": None if line is None else line.log_index,
        "papers": [item.to_json() for item in event.items],
        "said": dict(event.said),
    }


def row_of(row: CaseRow) -> dict[str, Any]:
    """A line of a list."""
    return {
        "id": row.id,
        "store": row.store,
        "platform": row.summary["platform"],
        "site": row.summary["site"],
        "kind": row.summary["kind"],
        "account": row.summary["account"],
        "orders": row.summary["orders"],
        "order": row.summary["order"],
        "rules": row.summary["rules"] or NO_RULES,
        "state": row.state,
        "opened_at": rfc3339(row.opened_at),
        "next_at": None if row.next_at is None else rfc3339(row.next_at),
    }
