"""Sealed accounts of an invented order, judged by the verifiers that judge real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric import ec

from evidence.canonical import canonical
from evidence.dsse import IN_TOTO, EcdsaSigner, sign
from evidence.facts import Fact, Facts
from evidence.items import Role
from evidence.manifest import Manifest, SealedItem, SourceOutcome, Statement
from evidence.orders import OrderRef
from evidence.receipts import NO_RECEIPT, Receipt
from service.report.cover import cover_of
from service.report.evidence import blocks_of
from service.report.render import Report
from service.report.sealing import Sealing
from service.report.wanted import Form, Language, Wanted
from service.steps.verify import judge
from tests.verifiers.evidence_of import NEIGHBOUR, NOW, NUMBER, ORDER, item, said
from verifiers.rulebook import policies

DEFECT = {"kind": "a-to-z", "noticed_at": "2026-11-18T17:20:00Z"}
POLICY = "amazon.a2z.delivery"

TRACKING = item("tracking", Role.TRACKING_HISTORY, about={"shipment.tracking_number": NUMBER})
RECORD = item("record", Role.ORDER_RECORD, origin="erp", file_name="订单导出.csv")


def story() -> list[Fact]:
    """Delivered on 3 November says the carrier; the ERP wrote it down as China time."""
    row, other = "row/1", "row/2"
    return [
        said("order.id", ORDER.id, by="erp", item="record", group=row),
        said("shipment.tracking_number", NUMBER, by="erp", item="record", group=row),
        said("order.placed.at", "2026-10-28T03:12:44+08:00", by="erp", item="record", group=row),
        said("shipment.shipped.at", "2026-10-29", by="erp", item="record", group=row),
        said(
            "delivery.recorded.at", "2026-11-03T14:31:07+08:00", by="erp", item="record", group=row
        ),
        said("order.id", NEIGHBOUR, by="erp", item="record", group=other),
        said("order.placed.at", "2026-10-20T00:00:00Z", by="erp", item="record", group=other),
        said("shipment.tracking_number", NUMBER, by="ups", item="tracking", group="parcel"),
        scan("accepted", "2026-10-28T19:02:10-07:00", "parcel/0"),
        scan("delivered", "2026-11-03T14:31:07-08:00", "parcel/1"),
    ]


def scan(what: str, at: str, group: str, *, place: str = "") -> Fact:
    return said(f"scan.{what}.at", at, by="ups", item="tracking", group=group, place=place)


def account(
    facts: Sequence[Fact] | None = None,
    items: Sequence[SealedItem] = (RECORD, TRACKING),
    *,
    policy: str = POLICY,
    defect: Mapping[str, str] | None = None,
    order: OrderRef = ORDER,
) -> Manifest:
    """A manifest of these, judged as of `NOW`."""
    rules = policies()[policy]
    told = Facts(story() if facts is None else facts)
    placed = tuple(replace(each, seq=number) for number, each in enumerate(items))
    judgements, coverage = judge(order=order, items=placed, facts=told, policy=rules, at=NOW)
    return Manifest(
        order=order,
        order_salt=bytes(32),
        collection="c0000001",
        requested_at=NOW,
        at=NOW,
        policy=rules,
        items=placed,
        facts=tuple(told),
        judgements=judgements,
        coverage=coverage,
        sources=(
            SourceOutcome(source="erp", state="brought", items=1, attempts=1),
            SourceOutcome(source="ups", state="brought", items=1, attempts=1),
        ),
        versions={"orderproof": "0"},
        before_read="origin\n1\n",
        defect=DEFECT if defect is None else defect,
    )


def sealing(manifest: Manifest | None = None) -> Sealing:
    """It sealed by a key of the test's own; the manifest's receipt follows those of the items."""
    told = manifest or account()
    signer = EcdsaSigner(ec.derive_private_key(0x5EED, ec.SECP256R1()))
    envelope = sign(canonical(told.payload()), IN_TOTO, [signer]).to_json()
    chain = [_receipt(item.seq, item.role) for item in told.items]
    chain.append(_receipt(len(chain), Role.MANIFEST))
    statement = Statement.over(
        chain, told, log_origin="log.example", log_size=len(chain), trusted_time="none: a test"
    )
    return Sealing.of(
        manifest=envelope,
        statement=sign(canonical(statement.payload()), IN_TOTO, [signer]).to_json(),
    )


def _receipt(seq: int, role: Role) -> Receipt:
    return Receipt(
        order="0" * 64,
        seq=seq,
        prev=NO_RECEIPT,
        role=role,
        commitment="1" * 64,
        stored="2" * 64,
        size=1,
        media_type="application/json",
        collector="test/1",
        collected_at=NOW,
    )


def report(
    of: Sealing | None = None,
    *,
    language: Language = Language.EN,
    form: Form = Form.A1,
    zone: str | None = None,
) -> Report:
    """The evidence report of an account, before it is laid out."""
    sealed = of or sealing()
    wanted = Wanted(language=language, form=form, zone=zone)
    return Report(
        subject=sealed,
        wanted=wanted,
        cover=cover_of(sealed, wanted),
        blocks=blocks_of(sealed, wanted, {}),
    )
