"""How much weight does the evidence bear?

Truth is asked elsewhere; here what is there is counted: how near each item came from, how many
*independent* origins stand behind each fact that matters, and with the same care what speaks
against the seller and what was looked for and not found. A row that was copied from the carrier has
the carrier's origin, and two items of one origin are one witness.

Reads     the items' grades and origins; the facts an appeal rests on.
Assumes   that origins do not talk to each other: an ERP that reads from the carrier is declared so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evidence.facts import Fact, Facts
from evidence.items import OWN_ROLES, Provenance, Role
from evidence.manifest import SealedItem
from evidence.orders import OrderRef
from evidence.policy import Policy
from evidence.verdicts import Answer, Finding, Verdict
from verifiers.reuse import earlier_uses, of_this_order
from verifiers.subjects import Subjects

_GRADES = Finding.good("grades-counted")
_WITNESSED = Finding.good("fact-witnessed")
_ALONE = Finding.note("fact-on-one-word", do="Add a source that knows it independently.")
_SELLERS = Finding.note(
    "fact-on-sellers-word", do="Add the carrier's or the platform's own statement of it."
)
_NOBODY = Finding.note(
    "fact-unstated", do="Collect from whoever knows it, or say that nobody does."
)
_ADVERSE = Finding.note(
    "evidence-against", do="Answer it in the appeal: the reviewer will see it as well."
)
_ABSENT = Finding.note(
    "asked-and-not-found", do="Say that it was looked for; find out why it is not there."
)

# What an appeal rests on, and how it is told.
_MATTERS = (
    ("shipment.tracking_number", "which parcel it was"),
    ("scan.accepted.at", "when the carrier had it"),
    ("scan.delivered.at", "when it was delivered"),
    ("delivery.city", "where it was delivered"),
    ("delivery.received_by", "who took it"),
    ("message.body", "what was written"),
    ("refund.amount", "what was given back"),
)
# What speaks against the seller whoever says it.
_AGAINST = (
    ("parcel.unknown", "the carrier does not know the number"),
    ("scan.exception", "something went wrong on the way"),
    ("order.unknown", "a source does not know the order"),
    ("order.address_changed", "the address was changed"),
    ("payment.fraud_warning", "the issuer warned of fraud"),
    ("claim.reason", "the buyer claims"),
    ("dispute.reason", "the bank disputes"),
    ("return.reason", "the buyer returns it"),
)
# What a platform's own status says against a delivery, whoever carried it.
_STATUS = ("order.status", "shipment.status", "parcel.status")
_UNDELIVERED = re.compile(
    r"un-?deliver|not[ _-]?delivered|delivery[ _-]?fail|\blost\b|returned[ _-]?to[ _-]?s"
    r"|未妥投|未送达|退回",
    re.IGNORECASE,
)
_SELLER = frozenset({"seller", "erp", "shop"})
_SILENT = frozenset({Role.EXCHANGE, Role.DNS_ANSWER, *OWN_ROLES})
_TOLD = 5


def verify(
    *, order: OrderRef, items: Sequence[SealedItem], facts: Facts, policy: Policy, **_: object
) -> Answer:
    """Count; the answer never says that it is enough, only whether the central fact stands firm.

    pass            two independent origins or more, not only the seller, state the delivery or
                    whatever facts the policy requires
    inconclusive    one of those rests on one origin, on the seller alone, or on nobody
    not_applicable  there are no items
    """
    kept = [item for item in items if item.role not in _SILENT]
    if not kept:
        return Verdict.NOT_APPLICABLE, []
    subjects = Subjects(order, items, facts)
    facts = of_this_order(facts, earlier_uses(items, facts, subjects))
    required = {
        name for rule in policy.requirements for name in rule.facts if rule.level == "required"
    }
    findings = [_grades(kept)]
    verdict = Verdict.PASS
    for name, meaning in _MATTERS:
        said = [fact for fact in facts.named(name) if not subjects.foreign(fact)]
        if not said and name not in required:
            continue
        finding = _witnesses(name, meaning, said)
        findings.append(finding)
        if name in required and finding.code != _WITNESSED.code:
            verdict = Verdict.INCONCLUSIVE
    findings += [*_against(facts, subjects), *_absent(kept, facts)]
    return verdict, findings


def _grades(items: Sequence[SealedItem]) -> Finding:
    """How many items came at each grade, best first."""
    counts: dict[Provenance, int] = {}
    for item in items:
        grade = Provenance(item.provenance) if item.provenance in set(Provenance) else None
        counts[grade or Provenance.UNKNOWN] = counts.get(grade or Provenance.UNKNOWN, 0) + 1
    told = ", ".join(
        f"{counts[grade]} {str(grade).replace('_', ' ')}" for grade in Provenance if grade in counts
    )
    origins = sorted({item.origin for item in items})
    return _GRADES.saying(
        f"{len(items)} items of {len(origins)} origins ({', '.join(origins[:8])}): {told}."
    )


def _witnesses(name: str, meaning: str, said: Sequence[Fact]) -> Finding:
    origins: dict[str, Fact] = {}
    for fact in said:
        origins.setdefault(fact.origin, fact)
    count = len(origins)
    told = f"{meaning[:1].upper()}{meaning[1:]} ({name})"
    if not count:
        return _NOBODY.saying(f"{told}: no item states it.")
    names = ", ".join(sorted(origins))
    copies = len({fact.item for fact in said})
    rest = f"{copies} item{'s' * (copies != 1)} of {count} independent origin{'s' * (count != 1)}"
    kind = _WITNESSED if count > 1 else _ALONE
    if set(origins) <= _SELLER:
        kind = _SELLERS
    return kind.saying(f"{told}: {rest}: {names}.", *origins.values())


def _against(facts: Facts, subjects: Subjects) -> Iterator[Finding]:
    for name, meaning in _AGAINST:
        said = [fact for fact in facts.named(name) if not subjects.foreign(fact)]
        said = [fact for fact in said if fact.text.casefold() != "no"]
        for fact in said[:_TOLD]:
            words = " ".join(fact.text.split())[:120]
            yield _ADVERSE.saying(f"{fact.origin}: {meaning}: “{words}”.", fact)

    for fact in facts.named(*_STATUS):
        if _UNDELIVERED.search(fact.text) and not subjects.foreign(fact):
            words = " ".join(fact.text.split())[:120]
            yield _ADVERSE.saying(f"{fact.origin}: its status says: “{words}”.", fact)


def _absent(items: Sequence[SealedItem], facts: Facts) -> Iterator[Finding]:
    """What a source was asked for and did not have, or what could not be read."""
    unread = {fact.item: fact for fact in facts.named("reading.failed")}
    for item in items[:1000]:
        empty = item.hints.get("http.status") == "404" or item.size == 0
        if empty or item.sha256 in unread:
            asked = ", ".join(f"{key} {value}" for key, value in sorted(item.about.items()))
            why = "could not be read" if item.sha256 in unread else "was not there"
            said = f"{item.origin} ({item.role}) was asked for {asked or 'this order'}: it {why}."
            yield replace(_ABSENT, sentence=said, rests=((item.sha256, "item:"),))
