"""The three parts of a plan of action, filled with nothing but sealed facts.

Every sentence names the items that it rests on; what only a person can say stays an open place.
Nothing is concluded: why it happened, what was done and what is promised are a person's to write.
Source: scenarios S0-17, S1-05, S4-07, S4-18.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evidence.cases import Case, Step
from evidence.facts import Fact
from evidence.manifest import Manifest
from evidence.playbook import Clause
from service.cases.evidenced import Sealed

# Fact, and how it is said: the words of the source stand as they are.
_SAID = (
    ("order.placed.at", "the order was placed on {}"),
    ("shipment.shipped.at", "it was shipped on {}, by the seller's record"),
    ("shipment.carrier", "the carrier is {}"),
    ("shipment.tracking_number", "the tracking number is {}"),
    ("scan.accepted.at", "the carrier first had the parcel on {}"),
    ("scan.exception", 'the carrier notes "{}"'),
    ("scan.delivered.at", "the carrier states the delivery on {}"),
    ("delivery.received_by", 'the carrier states that "{}" took it'),
    ("refund.amount", "{} was refunded"),
    ("refund.at", "the refund was made on {}"),
    ("claim.opened.at", "the claim was opened on {}"),
    ("claim.reason", 'the reason given is "{}"'),
    ("review.posted.at", "the review was written on {}"),
)
_PARTS = (
    ("root-cause", "Root cause", "Say why it happened, to the order, the day and the step."),
    ("corrective", "Corrective action", "Say what was done, with its proof."),
    (
        "preventive",
        "Preventive action",
        "Say what keeps it from happening again, and who sees to it.",
    ),
)


def skeleton(case: Case, sealed: Sequence[Sealed], clauses: Sequence[Clause]) -> dict[str, Any]:
    """The parts with their sentences, and the same as text. `open` sentences are for a person."""
    parts = []
    for id, title, asks in _PARTS:
        lines: list[dict[str, Any]] = []
        if id == "root-cause":
            lines += [line for each in sealed for line in _order(each)]
            lines += [_clause(clause) for clause in clauses]
        if id != "root-cause":
            lines += list(_measures(case, id))
        lines.append(_open(asks))
        parts.append({"id": id, "title": title, "sentences": lines})
    return {"parts": parts, "text": _text(parts)}


def _order(each: Sealed) -> Iterator[dict[str, Any]]:
    id = each.evidenced.ref.id
    if each.manifest is None:
        yield _open(f"Order {id}: nothing is sealed for it yet; collect its evidence.", order=id)
        return
    yield {
        "text": f"Order {id} is answered by the sealed account {each.manifest.collection[:12]}.",
        "order": id,
        "open": False,
        "rests_on": [
            {"item": item.sha256, "role": str(item.role), "locator": ""}
            for item in each.manifest.items[:1]
        ],
    }
    for name, said in _SAID:
        for fact in _different(each.manifest, name):
            yield {
                "text": f"Order {id}: {said.format(fact.text)}.",
                "order": id,
                "open": False,
                "rests_on": [_rests(fact, each.manifest)],
            }


def _different(manifest: Manifest, name: str) -> list[Fact]:
    """What independent sources say, each once; two that differ both stand."""
    found: dict[str, Fact] = {}
    for fact in manifest.facts:
        if fact.name == name:
            found.setdefault(fact.text, fact)
    return list(found.values())[:5]


def _rests(fact: Fact, manifest: Manifest) -> dict[str, str]:
    role = next((str(i.role) for i in manifest.items if i.sha256 == fact.item), "")
    return {"item": fact.item, "role": role, "locator": str(fact.locator)}


def _clause(clause: Clause) -> dict[str, Any]:
    return {
        "text": f"Rule: {clause.id}, version {clause.version}: {clause.text}.",
        "order": "",
        "open": False,
        "rests_on": [{"item": "", "role": "clause", "locator": clause.source}],
    }


def _measures(case: Case, part: str) -> Iterator[dict[str, Any]]:
    """What was promised, with the papers that show it was kept."""
    for event in case.of(Step.PROMISE):
        if event.said.get("part") != part:
            continue
        proofs = [
            {"item": item.sha256, "role": item.role, "locator": ""}
            for proof in case.of(Step.PROVE)
            if proof.said.get("measure") == event.said["measure"]
            for item in proof.items
        ]
        text = str(event.said["text"])
        yield {"text": text, "order": "", "open": not proofs, "rests_on": proofs}


def _open(text: str, *, order: str = "") -> dict[str, Any]:
    return {"text": text, "order": order, "open": True, "rests_on": []}


def _text(parts: Sequence[dict[str, Any]]) -> str:
    lines: list[str] = []
    for part in parts:
        lines += [part["title"], ""]
        for each in part["sentences"]:
            tags = ", ".join(r["item"][:12] for r in each["rests_on"] if r["item"])
            lines.append(f"[OPEN: {each['text']}]" if each["open"] else f"{each['text']} [{tags}]")
        lines.append("")
    return "\n".join(lines).strip()
