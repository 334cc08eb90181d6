"""Times of one order from three items, and what the verifier of their order says."""

from __future__ import annotations

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.verdicts import Finding, Verdict
from tests.verifiers.evidence_of import NOW, ORDER, facts_of, item, said
from verifiers.timestamps.order import verify

TRACKING = item("tracking", Role.TRACKING_HISTORY)
ERP = item("erp", Role.SHIPMENT_RECORD, origin="seller", provenance=Provenance.UPLOAD)
POD = item("pod", Role.POD_DOCUMENT, provenance=Provenance.CARRIER_DOCUMENT)


def judge(*facts: Fact, items: tuple[SealedItem, ...] = ()) -> tuple[Verdict, list[Finding]]:
    everything = (TRACKING, ERP, POD, *items)
    verdict, findings = verify(order=ORDER, items=everything, facts=facts_of(*facts), at=NOW)
    return verdict, list(findings)


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}


def scan(name: str, at: str, *, group: str = "") -> Fact:
    return said(name, at, by="ups", item="tracking", group=group, place=f"/{name}/{at}")


def erp(name: str, at: str, *, group: str = "row/1") -> Fact:
    return said(name, at, by="seller", item="erp", group=group)
