"""Checks of what a person brought for a case: a draft, quotations. Asking keeps nothing of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from evidence.errors import RequestError
from evidence.items import Role
from evidence.manifest import Manifest
from service.cases import drafts, quotes
from service.cases.drafts import Draft
from service.cases.evidenced import notice_of, ref_of, sealed_of, text_of, texts_of
from service.cases.given import needed
from service.cases.given import text_of as said_text
from service.cases.named import asins_in, number_of
from service.cases.reports import Asking
from service.steps.read import opened

# As many cases of the store are looked through for a text that is like the draft.
_MOST_CASES = 100
_MOST_QUOTES = 200


async def check(asking: Asking, body: Mapping[str, Any]) -> dict[str, Any]:
    """`draft` with its `text`, or `quotes`. RequestError if it is neither."""
    kind = needed(body, "check")
    if kind == "draft":
        return await draft_checked(asking, said_text(body, "text", most=200_000))
    if kind == "quotes":
        return await _quotes(asking, body)
    raise RequestError(what="`check`", why="it is neither `draft` nor `quotes`")


async def draft_checked(asking: Asking, text: str) -> dict[str, Any]:
    """Every finding about the text; RequestError for an empty one."""
    if not text:
        raise RequestError(what="`text`", why="it is empty")
    case, runtime = asking.case, asking.runtime
    notice = await notice_of(runtime, asking.held)
    sealed = await sealed_of(runtime, asking.whose, asking.held)
    named = [text for _, text in await texts_of(runtime, asking.held, Role.CASE_NOTICE)]
    draft = Draft(
        text=text,
        noticed=notice.orders,
        asins=[asin for each in named for asin in asins_in(each)],
        earlier=await _earlier(asking),
        ruled=any(line.hints.get("kind") == "ruling" for line in asking.held.lines),
        evidence=[
            (str(item.role), item.sha256)
            for each in sealed
            if each.manifest is not None
            for item in each.manifest.items
            if item.role not in (Role.EXCHANGE, Role.DNS_ANSWER)
        ][:50],
        placed_on=date.fromisoformat(str(case.events[0].said["placed_on"])),
    )
    return drafts.checked(
        draft,
        case=case,
        book=asking.book,
        policy=asking.policy,
        today=runtime.clock().date(),
    )


async def _earlier(asking: Asking) -> dict[str, str]:
    """What the store sent before, and drafts of its other cases."""
    runtime, held = asking.runtime, asking.held
    found: dict[str, str] = {}
    for line, text in await texts_of(runtime, held, Role.CASE_SUBMISSION):
        found[f"this case, sent {line.collected_at:%Y-%m-%d}"] = text
    rows = await runtime.ledger.cases(
        held.row.tenant, stores=frozenset({held.row.store}), before=None, limit=_MOST_CASES
    )
    for row in rows:
        order = await runtime.ledger.order_by_handle(row.tenant, row.order)
        if row.id == held.row.id or order is None:
            continue
        for line in await runtime.ledger.items(order):
            if line.role in (Role.CASE_DRAFT, Role.CASE_SUBMISSION):
                other = type(held)(row=row, order=order, case=held.case, lines=())
                name = f"case {row.id[:8]}, {line.collected_at:%Y-%m-%d}"
                found[name] = await text_of(runtime, other, line)
    return found


async def _quotes(asking: Asking, body: Mapping[str, Any]) -> dict[str, Any]:
    asked = body.get("quotes") or []
    if not isinstance(asked, list) or not 1 <= len(asked) <= _MOST_QUOTES:
        raise RequestError(what="`quotes`", why=f"they are not 1 to {_MOST_QUOTES}")
    manifests: dict[str, Manifest | None] = {
        each.evidenced.ref.id: each.manifest
        for each in await sealed_of(asking.runtime, asking.whose, asking.held)
    }
    found = []
    again = _Again(asking)
    for quote in asked:
        order = said_text(quote, "order") or next(iter(manifests), "")
        if order not in manifests:
            raise RequestError(what="a quote's `order`", why="it is no order of the case")
        wanted = {
            "message_id": needed(quote, "message_id"),
            "text": said_text(quote, "text", most=20_000),
            "at": said_text(quote, "at", most=60),
            "transcript": said_text(quote, "transcript", most=64),
        }
        answer = quotes.checked(wanted, manifests[order])
        if answer["verdict"] == "pass":
            answer |= await again.look(order, answer)
        found.append({"order": order, **answer})
    worst = {each["verdict"] for each in found}
    verdict = next(v for v in ("fail", "inconclusive", "pass") if v in worst)
    return {"verdict": verdict, "quotes": found}


class _Again:
    """Transcripts read once more, out of their stored bytes: what was sealed is not taken on trust.

    CorruptionError if the bytes are not those of the digest.
    """

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._read: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}

    async def look(self, order: str, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Nothing if the message stands at its place in the bytes; else why it fails."""
        key = (order, str(answer["transcript"]))
        if key not in self._read:
            self._read[key] = await self._bodies(*key)
        if (answer["locator"], answer["message"]) in self._read[key]:
            return {}
        why = "Read again, the transcript does not say this at its place."
        return {"verdict": "fail", "why": why}

    async def _bodies(self, number: str, sha256: str) -> frozenset[tuple[str, str]]:
        runtime, tenant = self._asking.runtime, self._asking.whose.tenant
        named = next(each for each in self._asking.case.orders if number_of(each) == number)
        order = await runtime.find(tenant, ref_of(named))
        lines = [line for line in await runtime.ledger.items(order) if line.sha256 == sha256]
        if not lines:
            return frozenset()
        facts = await runtime.reading.facts_of(opened(lines[0], order, runtime.objects))
        return frozenset((str(f.locator), f.text) for f in facts if f.name == "message.body")
