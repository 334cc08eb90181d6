"""What to do for an order later, from what its newest seal knows. Planned again, it is the same.

    under way       the parcel was sent and not delivered: ask again daily, then every third day,
                    and once more before the carrier's history goes
    just arrived    carriers add signature and photo to a delivery within a day: ask once more
    gone stale      the policy says how old a capture may be, and the deadline is further away
    a deadline      each step's strictest reading, a day before

A link that expires is fetched by its collector at once; none is planned for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from evidence.facts import Facts
from evidence.items import Role
from evidence.manifest import Manifest
from evidence.policy import Policy
from evidence.times import rfc3339
from service.defects.deadlines import Due
from storage.ledger.errands import Errand, Why

WARNED_BEFORE = timedelta(hours=24)
# UPS and USPS keep a history for 120 days, DHL for about 90 (their documentation): the least.
HISTORY_KEPT = timedelta(days=90)
_MARGIN = timedelta(days=10)
_DAILY_FOR = timedelta(days=14)
_PROOF_AFTER = timedelta(hours=24)
_SENT = ("shipment.tracking_number", "scan.accepted.at", "scan.transit.at")
_ARRIVED = ("scan.delivered", "scan.delivered.at")
_SPAN = re.compile(r"(\d{1,5}) (hours|days)")


def errands_after(
    manifest: Manifest,
    *,
    asks_carriers: bool,
    first_asked: datetime,
    poll_for: timedelta,
) -> list[Errand]:
    """Of one seal.

    asks_carriers   whether a source is configured that could know more of the parcel later
    first_asked     when the order was first collected for
    poll_for        for how long a parcel is asked about; nought: never
    """
    facts = Facts(manifest.facts)
    found: list[Errand] = []
    if asks_carriers and poll_for:
        found += _of_the_parcel(manifest, facts, first_asked, poll_for)
    if (due := _due(manifest)) is not None:
        found += _of_freshness(manifest, due)
    return found


def _of_the_parcel(
    manifest: Manifest, facts: Facts, first_asked: datetime, poll_for: timedelta
) -> Iterator[Errand]:
    at, id = manifest.at, manifest.collection
    if facts.named(*_ARRIVED):
        delivered = facts.earliest("scan.delivered.at")
        # By the latest reading: a local time may be half a day later than it looks.
        is_new = delivered is not None and at - delivered.time.span.latest < _PROOF_AFTER
        if is_new:
            yield Errand(why=Why.PROOF, key="once", at=at + _PROOF_AFTER, collection=id)
        return
    if not facts.named(*_SENT):
        return
    age = at - first_asked
    pause = timedelta(days=1) if age < _DAILY_FOR else timedelta(days=3)
    if age + pause <= poll_for:
        yield Errand(why=Why.DELIVERY, key=id, at=at + pause, collection=id)
    sent = facts.earliest("scan.accepted.at")
    since = sent.time.span.earliest if sent is not None else first_asked
    last = since + HISTORY_KEPT - _MARGIN
    if last > at:
        yield Errand(why=Why.HISTORY, key="once", at=last, collection=id)


def _of_freshness(manifest: Manifest, due: datetime) -> Iterator[Errand]:
    newest: dict[Role, datetime] = {}
    for item in manifest.items:
        newest[item.role] = max(item.collected_at, newest.get(item.role, item.collected_at))
    for role, span in stale_after(manifest.policy).items():
        if role in newest and newest[role] + span < due and due > manifest.at:
            at = max(manifest.at, due - span / 2)
            yield Errand(why=Why.FRESH, key=f"{role}:{rfc3339(due)}", at=at)


def stale_after(policy: Policy) -> dict[Role, timedelta]:
    """How old items of a role may be, by the strictest reading."""
    found: dict[Role, timedelta] = {}
    for limit in policy.limits:
        name = limit.key.removeprefix("stale_after.")
        match = _SPAN.fullmatch(limit.value)
        if name == limit.key or match is None or name not in set(Role):
            continue
        span = timedelta(**{match[2]: int(match[1])})
        found[Role(name)] = min(span, found.get(Role(name), span))
    return found


def deadlines(dues: Sequence[Due], *, collection: str | None) -> list[Errand]:
    """A day before each step's strictest reading; at once if that is nearer.

    dues   earliest first
    """
    steps: dict[str, Due] = {}
    for due in dues:
        steps.setdefault(due.rule.step, due)
    return [
        Errand(
            why=Why.DEADLINE,
            key=rfc3339(due.at),
            at=due.at - WARNED_BEFORE,
            said={"step": step, "due_at": rfc3339(due.at), "due_rule": due.rule.id},
            collection=collection,
        )
        for step, due in steps.items()
    ]


def _due(manifest: Manifest) -> datetime | None:
    said = (manifest.defect or {}).get("due_at")
    try:
        at = datetime.fromisoformat(said) if said else None
    except ValueError:
        return None
    return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
