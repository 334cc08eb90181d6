"""The index of a case about many orders: each with the seal that answers for it, each promise with
its proofs, and the text apart from all evidence.

It is kept as a paper of the case whenever that is sealed, so the case's bundle says which seals of
its orders it stands on: whoever has the orders' bundles finds each by its folder's name, and its
statement by the digest.
Source: scenarios S4-01, S4-08.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from evidence.bundle import folder_name
from evidence.canonical import canonical, digest
from evidence.cases import Case
from evidence.items import Role
from evidence.times import rfc3339
from service.cases.desk import Paper
from service.cases.evidenced import ref_of, texts_of
from service.cases.measures import measures
from service.cases.plain import plain_text

if TYPE_CHECKING:
    from service.cases.reports import Asking

KIND, TEXT = "account-index", "appeal-text"
_TEXTS = (Role.CASE_SUBMISSION, Role.CASE_DRAFT)


async def account(asking: Asking) -> dict[str, Any]:
    """As it stands now; `sealed_at` of an order is None where nothing is sealed of it."""
    case, now = asking.case, asking.runtime.clock()
    text, sha256 = await _text(asking)
    return {
        "orders": [await _order(asking, named) for named in case.orders],
        "asins": list(case.asins),
        "measures": _proven(case, now),
        "text": {"sha256": sha256, "plain": text, "characters": len(text)},
    }


def papers(found: dict[str, Any]) -> Sequence[Paper]:
    """What is kept of it: the index, which names the text, and the text by itself."""
    plain = str(found["text"]["plain"])
    index = {**found, "text": {"sha256": digest(plain.encode()) if plain else None}}
    kept = [_paper("account.json", canonical(index), "application/json", KIND)]
    if plain:
        kept.append(_paper("appeal.txt", plain.encode(), "text/plain", TEXT))
    return kept


def _paper(name: str, data: bytes, media_type: str, kind: str) -> Paper:
    return Paper(
        role=Role.CASE_EXPORT, data=data, media_type=media_type, name=name, hints={"kind": kind}
    )


async def _order(asking: Asking, named: str) -> dict[str, Any]:
    ref, runtime = ref_of(named), asking.runtime
    order = await runtime.ledger.find_order(asking.whose.tenant, ref)
    line: dict[str, Any] = {
        "order": named, "sealed_at": None, "bundle": None, "statement": None, "manifest": None,
        "items": 0, "complete": False,
    }  # fmt: skip
    if order is None or not asking.whose.covers(order.store):
        return line
    known = await runtime.account(asking.whose.tenant, ref)
    if known.manifest is None or known.manifest_envelope is None:
        return line
    statement = known.statement_envelope
    return {
        "order": named,
        "sealed_at": rfc3339(known.manifest.at),
        "bundle": None if statement is None else folder_name(statement),
        "statement": None if statement is None else digest(statement),
        "manifest": digest(known.manifest_envelope),
        "items": len(known.manifest.items),
        "complete": known.manifest.complete,
    }


def _proven(case: Case, now: datetime) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = measures(case, now)["measures"]
    return found


async def _text(asking: Asking) -> tuple[str, str | None]:
    """What was sent last, else the last draft, as it would be pasted; and the digest of its paper.

    Its evidence is not in it: that is what the index is for.
    """
    for role in _TEXTS:
        if found := await texts_of(asking.runtime, asking.held, role):
            line, text = found[-1]
            return plain_text(text, ()), line.sha256
    return "", None
