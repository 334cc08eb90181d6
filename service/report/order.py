"""The order, the defect, and what the sources say of it."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts import Fact
from evidence.orders import Alias
from service.report.blocks import (
    Block,
    Heading,
    Place,
    Row,
    Table,
    origins,
    quoted,
)
from service.report.meanings import meaning_of
from service.report.sealing import Sealing
from service.report.times import ours
from service.report.wanted import Wanted
from service.wording.words import (
    Said,
)

# What the order's own section tells of it, in this order.
OF_THE_ORDER = (
    "order.store", "order.status", "order.total", "order.item.title", "order.item.sku",
    "order.item.quantity", "shipment.carrier", "shipment.service", "shipment.tracking_number",
    "shipment.recipient.name", "shipment.recipient.city", "shipment.recipient.region",
    "shipment.recipient.postal_code", "shipment.recipient.country", "delivery.received_by",
    "delivery.place", "delivery.city", "delivery.region", "delivery.postal_code",
    "delivery.country", "parcel.status", "parcel.unknown",
)  # fmt: skip


def order_blocks(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    manifest = sealing.manifest
    here = sealing.here
    rows = [
        _fact_row(Said("Order", "订单号"), quoted(manifest.order.id), here("order", "id")),
        _fact_row(
            Said("Platform and site", "平台与站点"),
            Said.same(f"{manifest.order.platform}, {manifest.order.site}"),
            here("order", "platform"),
            here("order", "site"),
        ),
        *(_alias(alias, here("order", "aliases", n)) for n, alias in enumerate(manifest.aliases)),
        *(
            _fact_row(
                Said(f"Defect: {name.replace('_', ' ')}", f"缺陷：{_DEFECT.get(name, name)}"),
                quoted(value),
                here("defect", name),
            )
            for name, value in (manifest.defect or {}).items()
        ),
        _fact_row(
            Said("Rules applied", "适用规则"),
            Said.same(f"{manifest.policy.id}, {manifest.policy.version}: {manifest.policy.title}"),
            here("policy", "id"),
            here("policy", "version"),
        ),
        _fact_row(
            Said("Collection asked for", "收集请求时间"),
            ours(manifest.requested_at, wanted.zone),
            here("collection", "requested_at"),
        ),
        _fact_row(Said("Judged as of", "判定时点"), ours(manifest.at, wanted.zone), here("at")),
        _fact_row(
            Said("Complete", "完整性"),
            Said(
                "yes: every source answered, everything required is present",
                "完整：所有来源均已答复，必需材料齐备",
            )
            if manifest.complete
            else Said("no: see the requirements and the sources", "不完整：见“规则要求”与“来源”"),
            here("complete"),
            grave=not manifest.complete,
        ),
    ]
    yield Heading(1, Said("Order and defect", "订单与缺陷"))
    yield Table(((Said("What", "项目"), 1.2), (Said("As stated", "内容"), 3.0)), tuple(rows))
    if stated := list(_stated(sealing)):
        yield Heading(2, Said("What the sources say of it", "各来源的陈述"))
        yield Table(
            (
                (Said("What", "项目"), 1.5),
                (Said("In the source's words", "来源原文"), 2.0),
                (Said("Who says so", "陈述方"), 0.8),
            ),
            tuple(stated),
        )


_DEFECT = {
    "kind": "类型", "noticed_at": "通知时间", "due_at": "答复截止", "id": "编号", "reason": "原因",
}  # fmt: skip


def _alias(alias: Alias, place: Place) -> Row:
    return _fact_row(
        Said(f"Alias: {meaning_of(alias.kind).en}", f"别名：{meaning_of(alias.kind).zh}"),
        quoted(alias.value),
        place,
    )


def _fact_row(what: Said, said: Said, *places: Place, grave: bool = False) -> Row:
    return Row((what, said), places, grave)


def _stated(sealing: Sealing) -> Iterator[Row]:
    """One row for each thing that is said of the order, whoever says it, and all who do."""
    for name in OF_THE_ORDER:
        told: dict[str, list[Fact]] = {}
        for fact in sealing.facts.named(name):
            if not sealing.subjects.foreign(fact):
                told.setdefault(fact.text, []).append(fact)
        for text, facts in list(told.items())[:6]:
            places = sealing.places(tuple((f.item, str(f.locator)) for f in facts))
            if places and text.strip():
                by = origins(sorted({fact.origin for fact in facts}))
                meaning = meaning_of(name)
                yield Row((meaning, quoted(text, most=200), by), places)
