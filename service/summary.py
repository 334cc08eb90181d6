"""What is known of an order so far, whether or not anything of it was sealed yet.

Order, parcel, what passed with the buyer, events, and what the policy asks for: present, weak or
missing. It is read out of what is kept at this moment; nothing is collected, judged or sealed.
Source: scenarios S2-06, S2-07.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evidence.facts import Fact, Facts
from evidence.items import OWN_ROLES, Role
from evidence.manifest import Coverage, SealedItem
from evidence.policy import Policy
from evidence.receipts import NO_RECEIPT, Receipt
from evidence.times import rfc3339
from service.steps.read import opened, read_all
from service.timeline.timeline import events_in
from storage.ledger.records import Collection, KeptItem, OrderRecord, State
from verifiers.coverage import cover
from verifiers.subjects import Subjects

if TYPE_CHECKING:
    from service.runtime import Runtime

MOST_FACTS = 200
_UNASKED = OWN_ROLES | {Role.EXCHANGE, Role.DNS_ANSWER}
# Which facts belong under which heading, by how their names begin.
_HEADINGS: Mapping[str, tuple[str, ...]] = {
    "order": ("order.",),
    "tracking": ("shipment.", "scan.", "parcel.", "pod."),
    "history": ("prior.", "claim.", "review.", "return.", "refund."),
}
_WRITTEN = ("message.recorded.at", "message.sent.at", "message.received.at")


async def summary(runtime: Runtime, order: OrderRecord) -> dict[str, Any]:
    """As openapi.yaml has it (`Summary`), but for the links."""
    collections = await runtime.ledger.collections_of(order)
    newest = collections[-1] if collections else None
    kept = [line for line in await runtime.ledger.items(order) if line.role not in _UNASKED]
    facts = await read_all(kept, order, objects=runtime.objects, reading=runtime.reading)
    policy = _policy(runtime, collections)
    return await asyncio.to_thread(_written, runtime, order, newest, kept, facts, policy) | {
        "sources": [
            {
                "source": task.source,
                "state": str(task.state),
                "items": task.items,
                "why": task.why,
            }
            for task in (
                await runtime.ledger.tasks(order.tenant, newest.id) if newest is not None else ()
            )
        ]
    }


def _policy(runtime: Runtime, collections: Sequence[Collection]) -> Policy | None:
    """That of the newest collection that was for a defect, else of the newest."""
    told = [each for each in collections if each.defect is not None] or collections
    return runtime.policies.get(told[-1].policy) if told else None


def _written(
    runtime: Runtime,
    order: OrderRecord,
    newest: Collection | None,
    kept: Sequence[KeptItem],
    read: Sequence[Fact],
    policy: Policy | None,
) -> dict[str, Any]:
    now, facts = runtime.clock(), Facts(read)
    items = [_line(runtime, order, line, place) for place, line in enumerate(kept)]
    subjects = Subjects(order.ref, items, facts)
    own = [fact for fact in facts if not subjects.foreign(fact)]
    covered = cover(items, facts, policy, now, order.ref) if policy is not None else ()
    return {
        "at": rfc3339(now),
        "state": str(newest.state) if newest is not None else None,
        "sealed": newest is not None and newest.state is State.SEALED,
        "policy": policy.id if policy is not None else None,
        "roles": sorted({str(line.role) for line in kept}),
        **{name: _facts(own, starts) for name, starts in _HEADINGS.items()},
        "contact": _contact(Facts(own)),
        "events": [
            {
                "name": event.name,
                "origin": event.origin,
                "at": str(event.time.text),
                "earliest": rfc3339(event.time.span.earliest),
                "latest": rfc3339(event.time.span.latest),
            }
            for event in events_in(order.ref, items, facts)
        ],
        "present": [line.requirement for line in covered if line.state == "present"],
        "gaps": [_gap(line, policy) for line in covered if not line.met],
    }


def _line(runtime: Runtime, order: OrderRecord, line: KeptItem, place: int) -> SealedItem:
    """As a manifest would list it. What came a moment ago has no receipt yet."""
    item = opened(line, order, runtime.objects)
    receipt = line.receipt or Receipt(
        order=order.commitment,
        seq=place,
        prev=NO_RECEIPT,
        role=line.role,
        commitment=NO_RECEIPT,
        stored=line.stored,
        size=line.size,
        media_type=line.media_type,
        collector=line.collector,
        collected_at=line.collected_at,
    )
    return SealedItem.of(item, receipt=receipt, salt=line.salt)


def _facts(facts: Iterable[Fact], starts: tuple[str, ...]) -> list[dict[str, str]]:
    """Each statement once, with the place of its first mention; at most MOST_FACTS."""
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for fact in facts:
        if fact.name.startswith(starts) and len(found) < MOST_FACTS:
            said = {
                "name": fact.name,
                "text": fact.text,
                "origin": fact.origin,
                "item": fact.item,
                "locator": str(fact.locator),
            }
            found.setdefault((fact.name, fact.text, fact.origin), said)
    return list(found.values())


def _contact(facts: Facts) -> dict[str, Any]:
    """When the buyer first wrote, and how many messages each source has."""
    sources: dict[str, int] = {}
    first: Fact | None = None
    for said in facts.tables("message.").values():
        if "message.body" not in said and "message.role" not in said:
            continue
        origin = next(iter(said.values())).origin
        sources[origin] = sources.get(origin, 0) + 1
        at = next((said[name] for name in _WRITTEN if name in said), None)
        role = said.get("message.role")
        if at is None or role is None or role.text != "buyer":
            continue
        if first is None or at.time.span.earliest < first.time.span.earliest:
            first = at
    return {
        "first_from_buyer": None if first is None else first.text,
        "messages": sum(sources.values()),
        "sources": [{"origin": name, "messages": count} for name, count in sources.items()],
    }


def _gap(line: Coverage, policy: Policy | None) -> dict[str, Any]:
    rules = policy.requirements if policy is not None else ()
    rule = next((each for each in rules if each.id == line.requirement), None)
    return {
        "requirement": line.requirement,
        "level": line.level,
        "state": line.state,
        "text": rule.text if rule else "",
        "why": line.why,
        "where": rule.where if rule else "",
        "roles": [str(role) for role in rule.any_of] if rule else [],
    }
