"""An honest order as the matching verifiers see it: its items, what they say, how it is judged."""

from __future__ import annotations

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.orders import OrderRef
from evidence.verdicts import Finding, Verdict
from tests.verifiers.evidence_of import NUMBER, ORDER, facts_of, item, said
from verifiers.matching.order import verify

PLATFORM = item("platform", Role.ORDER_RECORD, origin="amazon")
ERP = item("erp", Role.SHIPMENT_RECORD, origin="seller", provenance=Provenance.UPLOAD)
TRACKING = item("tracking", Role.TRACKING_HISTORY)
POD = item("pod", Role.POD_DOCUMENT, provenance=Provenance.UPLOAD, file_name="scan.pdf")
BASE = (PLATFORM, ERP, TRACKING)


def platform(name: str, value: str, group: str = "") -> Fact:
    return said(name, value, by="amazon", item="platform", group=group)


def erp(name: str, value: str, group: str = "row/1") -> Fact:
    return said(name, value, by="seller", item="erp", group=group)


def ups(name: str, value: str, group: str = "") -> Fact:
    return said(name, value, by="ups", item="tracking", group=group)


def pod(name: str, value: str) -> Fact:
    return said(name, value, by="ups", item="pod")


HONEST = (
    platform("order.id", ORDER.id),
    platform("shipment.recipient.city", "Saint Louis"),
    platform("shipment.recipient.region", "MO"),
    platform("shipment.recipient.postal_code", "63101-1234"),
    platform("shipment.recipient.country", "US"),
    platform("shipment.recipient.name", "Jane Q. Doe"),
    erp("order.id", ORDER.id),
    erp("shipment.tracking_number", NUMBER),
    ups("shipment.tracking_number", NUMBER),
    ups("delivery.city", "ST LOUIS"),
    ups("delivery.region", "Missouri"),
    ups("delivery.postal_code", "63101"),
    ups("delivery.country", "US"),
)


def judge(
    *facts: Fact,
    items: tuple[SealedItem, ...] = BASE,
    order: OrderRef = ORDER,
) -> tuple[Verdict, list[Finding]]:
    verdict, findings = verify(order=order, items=items, facts=facts_of(*facts))
    return verdict, list(findings)


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}
