"""Does any item show that it was altered?

Reads     `trace.*`, which readers found in the bytes (verifiers/readers/traces/), and the lines
          that documents and pictures say.
Assumes   that honest handling leaves the text as it was: cropping, drawing a box around, blacking
          out, printing to PDF, sending by chat, signing a second time, commenting, linearising. A
          number that the carrier used twice has two deliveries: the first contradicts nothing.

Finding nothing proves nothing: whoever writes a false document from scratch leaves no trace.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.facts import Facts
from evidence.manifest import SealedItem
from evidence.orders import OrderRef
from evidence.verdicts import Answer, Finding, Verdict
from verifiers.authenticity.findings import CLEAN, UNCHECKED
from verifiers.authenticity.tamper import tamper_of
from verifiers.reuse import earlier_uses, of_earlier_parcel
from verifiers.subjects import Subjects


def verify(
    *, items: Sequence[SealedItem], facts: Facts, order: OrderRef | None = None, **_: object
) -> Answer:
    """Judge each item by itself.

    pass            every item was looked at, and none shows a trace that counts
    fail            one shows traces or contradictions that honest handling does not leave
    inconclusive    one shows something that could be either, or could not be looked at
    not_applicable  there is no document, picture or mail among the items
    """
    facts = _of_own_parcel(items, facts, order) if order is not None else facts
    found: list[Finding] = []
    verdicts: list[Verdict] = []
    for sha256 in dict.fromkeys(item.sha256 for item in items):
        own = facts.of_item(sha256)
        unchecked = own.named("trace.unchecked")
        if not any(fact.name.startswith(("trace.", "document.", "picture.")) for fact in own):
            continue
        judged = tamper_of(own)
        verdicts.append(judged.verdict)
        found += judged.findings
        found += [UNCHECKED.saying(f"{fact.text[:1].upper()}{fact.text[1:]}.", fact)
                  for fact in unchecked]  # fmt: skip
    if not items:
        return Verdict.INCONCLUSIVE, [UNCHECKED.saying("There is no item to look at.")]
    if not verdicts:
        return Verdict.NOT_APPLICABLE, []
    for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE):
        if verdict in verdicts:
            return verdict, found
    said = f"No trace of editing was found in {len(verdicts)} items; that proves no origin."
    return Verdict.PASS, [*found, CLEAN.saying(said)]


def _of_own_parcel(items: Sequence[SealedItem], facts: Facts, order: OrderRef) -> Facts:
    """The facts without what is told of an earlier parcel with a number that was used again."""
    subjects = Subjects(order, items, facts)
    uses = earlier_uses(items, facts, subjects)
    if not any(use.since for use in uses):
        return facts
    return Facts(
        fact for fact in facts if not of_earlier_parcel(fact, subjects.parcel_of(fact), uses)
    )
