"""Early warning: a buyer's message with words after which a claim is likely.

Evidence is fetched before anybody claims anything: a notice starts a collection at once, and each
message, wherever it was seen, is told of once (`message.risk`) with the times by which somebody
should have answered; when the first of them is over, what came of it is collected too. Nothing is
said of the buyer, and nobody is written to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from evidence.facts import Facts
from evidence.manifest import Manifest
from evidence.times import rfc3339
from storage.ledger.errands import Errand, Why
from storage.ledger.outbox import Told
from verifiers.risk.words import Words, risks_in, tiers

if TYPE_CHECKING:
    from service.runtime import Runtime
    from storage.ledger.records import OrderRecord

# Of what was written longer ago nobody needs to be warned any more.
_OLD = timedelta(days=2)
_MOST = 200
# A time without a zone is many hours wide, and one to the minute is a minute.
_EXACT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Heard:
    """A message that a buyer wrote. `at` is None where no time with a zone is known."""

    id: str
    text: str = field(repr=False)
    at: datetime | None


async def warn(
    runtime: Runtime, order: OrderRecord, heard: Iterable[Heard], *, collection: str
) -> int:
    """Tell of each message that has a risk, once; how many new ones that were."""
    now = runtime.clock()
    found = []
    for message in heard:
        errand = warning(
            message, platform=str(order.ref.platform), now=now, lists=runtime.risk_words
        )
        if errand is not None:
            found.append(errand)
    planned = [
        Errand(why=e.why, key=e.key, at=e.at, said=e.said, collection=collection) for e in found
    ]
    if not planned:
        return 0
    return sum(await runtime.ledger.plan_errands(order, planned, told=Told.RISK))


def warning(
    message: Heard, *, platform: str, now: datetime, lists: tuple[Words, ...]
) -> Errand | None:
    """What is told of a message, and when it should have been answered; None without a risk."""
    at = message.at or now
    risks = risks_in(message.text, lists)
    if not risks or now - at > _OLD:
        return None
    known = tiers()
    least = min(known.risks.get(risk.id, known.official) for risk in risks)
    due = {
        "risk": at + timedelta(minutes=least),
        "official": at + timedelta(minutes=known.official),
    }
    if platform in known.platforms:
        due["platform"] = at + timedelta(minutes=known.platforms[platform])
    return Errand(
        why=Why.ANSWER,
        key=message.id,
        at=max(now, min(due.values())),
        said={
            "risks": [{"risk": risk.id, "language": risk.language} for risk in risks],
            "message_at": rfc3339(at) if message.at else None,
            "answer_by": {name: rfc3339(each) for name, each in due.items()},
        },
    )


def messages_of(manifest: Manifest) -> Iterator[Heard]:
    """What buyers wrote, by the transcripts that were read.

    A mail does not say whether a buyer or a seller wrote it, and is left out; so is what nobody
    wrote.
    """
    told = 0
    for (item, group), facts in Facts(manifest.facts).groups().items():
        body = facts.first("message.body")
        role = facts.first("message.role")
        automatic = facts.first("message.automatic")
        if body is None or role is None or role.text != "buyer":
            continue
        if automatic is not None and automatic.text == "yes":
            continue
        id = facts.first("message.id")
        times = facts.named("message.sent.at", "message.received.at", "message.recorded.at")
        spans = [fact.time.span for fact in times]
        exact = [span for span in spans if span.latest - span.earliest <= _EXACT]
        yield Heard(
            id.text if id is not None else f"{item}/{group}",
            body.text,
            min((span.earliest for span in exact), default=None),
        )
        told += 1
        if told == _MOST:
            return
