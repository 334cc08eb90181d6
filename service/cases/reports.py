"""What can be asked about a case as it stands: each report is read out of what is kept, and changes
nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from evidence.cases import Case, Step
from evidence.items import Role
from evidence.playbook import Playbook
from evidence.policy import Policy
from evidence.times import parse_rfc3339
from service.access.callers import Whose
from service.cases.account import account
from service.cases.attachments import attachments
from service.cases.clauses import insertable
from service.cases.compared import breakdown, duplicates, reviews
from service.cases.coverage import coverage
from service.cases.desk import Held
from service.cases.evidenced import notice_of, sealed_of, texts_of
from service.cases.gaps import gaps
from service.cases.kept import captures, cover, history, separation, series_in
from service.cases.lists import goods, stock
from service.cases.measures import measures
from service.cases.replay import replay
from service.cases.responses import filed_within, responses
from service.cases.said import Said, buyer_hash, reviews_in, said_in, threads_in
from service.cases.skeleton import skeleton
from storage.ledger.records import KeptItem

if TYPE_CHECKING:
    from service.runtime import Runtime

MOST_PAPER = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """`asked` are the parameters of the question, by name."""

    runtime: Runtime
    whose: Whose
    held: Held
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        return self.held.case

    async def content(self, line: KeptItem) -> bytes:
        """A paper's bytes, as they came."""
        stored = self.runtime.stored(self.held.order, line)
        return await asyncio.to_thread(stored.read, MOST_PAPER)

    @property
    def book(self) -> Playbook:
        return self.runtime.playbook(self.case.platform)

    @property
    def policy(self) -> Policy | None:
        """The policy of the case's kind, as it is here now; None where no policy answers it."""
        return self.runtime.policies.get(self.case.rules)


async def _coverage(asking: Asking) -> dict[str, Any]:
    notice = await notice_of(asking.runtime, asking.held)
    sealed = await sealed_of(asking.runtime, asking.whose, asking.held)
    case = asking.case
    return coverage(
        notice, [each.evidenced for each in sealed], platform=case.platform, site=case.site
    )


async def _gaps(asking: Asking) -> dict[str, Any]:
    sealed = await sealed_of(asking.runtime, asking.whose, asking.held)
    return gaps(asking.case, sealed, policy=asking.policy, book=asking.book)


async def _skeleton(asking: Asking) -> dict[str, Any]:
    sealed = await sealed_of(asking.runtime, asking.whose, asking.held)
    ids = [each for each in str(asking.asked.get("clauses") or "").split(",") if each]
    chosen = insertable(asking.book, ids, today=asking.runtime.clock().date())
    references = [] if asking.policy is None else _references(asking.policy)
    return {**skeleton(asking.case, sealed, chosen), "references": references}


def _references(policy: Policy) -> list[dict[str, str]]:
    """A block for each requirement: which rule it is of, in which version."""
    return [
        {
            "requirement": rule.id,
            "text": rule.text,
            "source": f"{rule.source}; {rule.source_date}",
            "policy": f"{policy.id} {policy.version}",
        }
        for rule in policy.requirements
    ]


async def _clauses(asking: Asking) -> dict[str, Any]:
    """The registry: every clause with the days it holds, and whether it does on the two days."""
    today = asking.runtime.clock().date()
    on = date.fromisoformat(str(asking.case.events[0].said["placed_on"]))
    return {
        "today": today.isoformat(),
        "placed_on": on.isoformat(),
        "clauses": [
            {
                "id": clause.id,
                "version": clause.version,
                "text": clause.text,
                "valid_from": None if clause.valid_from is None else clause.valid_from.isoformat(),
                "valid_to": None if clause.valid_to is None else clause.valid_to.isoformat(),
                "replaced_by": clause.replaced_by,
                "holds_today": clause.holds(today),
                "held_when_placed": clause.holds(on),
                "source": clause.source,
            }
            for clause in asking.book.clauses
        ],
    }


async def _measures(asking: Asking) -> dict[str, Any]:
    return measures(asking.case, asking.runtime.clock())


async def _responses(asking: Asking) -> dict[str, Any]:
    now, case, limits = asking.runtime.clock(), asking.case, asking.book.responses
    sealed = await sealed_of(asking.runtime, asking.whose, asking.held)
    orders = []
    for each in sealed:
        said = said_in(each.manifest) if each.manifest else []
        reviews = reviews_in(each.manifest) if each.manifest else []
        orders.append(
            {
                "order": each.evidenced.ref.id,
                **responses(said, limits, now, reviews),
                "transcript": [_message(case, message) for message in said],
                "threads": threads_in(each.manifest) if each.manifest else [],
            }
        )
    first = case.of(Step.SUBMIT)[:1]
    noticed = case.events[0].said.get("noticed_at")
    chargeback = "chargeback" in case.kind
    return {
        "orders": orders,
        "filed": filed_within(
            None if noticed is None else parse_rfc3339(noticed),
            parse_rfc3339(str(first[0].said["sent_at"])) if first else None,
            limits if chargeback else (),
            now,
        ),
    }


def _message(case: Case, message: Said) -> dict[str, Any]:
    """A line of all conversations together; what it says stands in its item."""
    return {
        "message_id": message.id,
        "by": message.by,
        "kind": message.kind,
        "at": None if message.time is None else message.time.text,
        "origin": message.origin,
        "file": message.file,
        "item": message.item,
        "buyer": buyer_hash(case.id, message.sender) if message.by == "buyer" else "",
    }


async def _captures(asking: Asking) -> dict[str, Any]:
    placed = date.fromisoformat(str(asking.case.events[0].said["placed_on"]))
    return captures(asking.held.lines, placed)


async def _history(asking: Asking) -> dict[str, Any]:
    found = []
    for line, text in await texts_of(asking.runtime, asking.held, Role.CASE_EXPORT):
        if line.hints.get("kind") == "metric":
            found.append(series_in(text.encode()))
    noticed = asking.case.events[0].said.get("noticed_at")
    return history(found, None if noticed is None else parse_rfc3339(noticed).date())


async def _separation(asking: Asking) -> dict[str, Any]:
    return separation(asking.held.lines)


async def _cover(asking: Asking) -> dict[str, Any]:
    return cover(asking.held)


async def _papers(asking: Asking) -> list[tuple[KeptItem, str]]:
    return await texts_of(asking.runtime, asking.held, Role.CASE_DOCUMENT, Role.CASE_NOTICE)


async def _duplicates(asking: Asking) -> dict[str, Any]:
    return duplicates(await sealed_of(asking.runtime, asking.whose, asking.held))


async def _reviews(asking: Asking) -> dict[str, Any]:
    sealed = await sealed_of(asking.runtime, asking.whose, asking.held)
    return reviews(await _papers(asking), sealed)


async def _breakdown(asking: Asking) -> dict[str, Any]:
    sealed = await sealed_of(asking.runtime, asking.whose, asking.held)
    return breakdown(sealed, asking.case.id)


async def _stock(asking: Asking) -> dict[str, Any]:
    sealed = await sealed_of(asking.runtime, asking.whose, asking.held)
    return stock(await _papers(asking), sealed)


async def _goods(asking: Asking) -> dict[str, Any]:
    sealed = await sealed_of(asking.runtime, asking.whose, asking.held)
    return goods(await _papers(asking), sealed)


Report = Callable[[Asking], Awaitable[dict[str, Any]]]
REPORTS: Mapping[str, Report] = {
    "coverage": _coverage,
    "gaps": _gaps,
    "skeleton": _skeleton,
    "clauses": _clauses,
    "measures": _measures,
    "responses": _responses,
    "captures": _captures,
    "history": _history,
    "separation": _separation,
    "cover": _cover,
    "replay": replay,
    "attachments": attachments,
    "account": account,
    "duplicates": _duplicates,
    "reviews": _reviews,
    "breakdown": _breakdown,
    "stock": _stock,
    "goods": _goods,
}
