"""The items, a card each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence.manifest import SealedItem
from service.report.blocks import (
    Block,
    Card,
    Heading,
    Picture,
    Place,
    Row,
    Table,
    Text,
    origins,
    quoted,
)
from service.report.meanings import meaning_of
from service.report.order import OF_THE_ORDER
from service.report.previews import Preview
from service.report.sealing import Sealing
from service.report.times import ours
from service.report.wanted import Wanted
from service.wording.words import (
    PROVENANCE,
    Said,
    role,
)

MOST_FACTS_PER_ITEM = 12
# Of a document's text, after what was read out of it.
MOST_LINES = 4
# Shown as one line each rather than as a card: they prove how others came.
PLAIN_ROLES = frozenset({"exchange", "dns.answer"})
# What a card tells first of an item.
OF_AN_ITEM = (
    *OF_THE_ORDER, "order.id", "order.buyer", "shipment.reference", "message.from", "message.to",
    "message.subject", "message.sent.at", "message.body", "scan.delivered.at", "scan.delivered",
    "scan.accepted.at", "delivery.at", "delivery.recorded.at", "order.placed.at", "claim.reason",
    "dispute.reason", "refund.amount", "payment.amount", "document.printed.at",
    "document.captured.at", "document.text", "reading.failed",
)  # fmt: skip


def item_blocks(
    sealing: Sealing, wanted: Wanted, previews: Mapping[str, Preview]
) -> Iterator[Block]:
    items = sealing.manifest.items
    yield Heading(1, Said("Items", "证据清单"))
    yield Text(
        Said(
            "Each item was kept byte for byte as its source sent it. Pictures here are smaller "
            "copies, for orientation; the digest is that of the original.",
            "每份证据均按来源发送的原始字节保存。此处图片为缩小的副本，仅供查看；摘要为原件的摘要。",
        )
    )
    for at, item in enumerate(items):
        if str(item.role) not in PLAIN_ROLES:
            yield _card(sealing, wanted, at, item, previews.get(item.sha256))
    plain = [(at, item) for at, item in enumerate(items) if str(item.role) in PLAIN_ROLES]
    if plain:
        yield Heading(2, Said("Exchanges and DNS answers", "接口交互与 DNS 应答"))
        yield Table(
            (
                (Said("No.", "编号"), 0.4),
                (Said("What", "项目"), 1.1),
                (Said("Source", "来源"), 0.9),
                (Said("Collected", "收集时间"), 1.3),
                (Said("SHA-256, first half", "SHA-256 前半"), 1.9),
            ),
            tuple(_plain(sealing, at, item) for at, item in plain),
            places_share=1.0,
        )


def _plain(sealing: Sealing, at: int, item: SealedItem) -> Row:
    return Row(
        (
            Said.same(str(item.seq)),
            role(str(item.role)),
            quoted(f"{item.collector} ({item.origin})", most=60),
            Said.same(f"{item.collected_at:%Y-%m-%d %H:%M:%S} UTC"),
            Said.same(item.sha256[:32]),
        ),
        (sealing.whole(item),),
    )


def _card(
    sealing: Sealing, wanted: Wanted, at: int, item: SealedItem, preview: Preview | None
) -> Card:
    by, grade = quoted(item.collector, most=60).en, PROVENANCE[item.provenance]
    of = origins((item.origin,))
    whole, told = sealing.whole(item), sealing.here("items", at)
    rows = [
        Row(
            (
                Said("Source", "来源"),
                Said(
                    f"{by}; {grade.en}; origin {of.en}",
                    f"{by}；{grade.zh}；陈述方 {of.zh}",
                ),
            ),
            (told,),
        ),
        Row((Said("Collected", "收集时间"), ours(item.collected_at, wanted.zone)), (told,)),
        Row(
            (
                Said("Type and size", "类型与大小"),
                Said(
                    f"{item.media_type}, {item.size:,} bytes",
                    f"{item.media_type},{item.size:,} 字节",
                ),
            ),
            (told,),
        ),
        Row((Said("SHA-256", "SHA-256"), Said.same(item.sha256)), (whole, told)),
        *_facts_of(sealing, item),
    ]
    return Card(
        f"#{item.seq}",
        role(str(item.role)),
        quoted(item.name or "", most=80).en,
        tuple(rows),
        _picture(item, preview, (whole,)),
    )


def _picture(item: SealedItem, preview: Preview | None, here: tuple[Place, ...]) -> Picture | None:
    if preview is None or not preview.data:
        return None
    of = f"{role(str(item.role)).en}, item {item.seq}"
    page = f", page 1 of {preview.pages}" if preview.pages > 1 else ""
    page_zh = f",共 {preview.pages} 页之第 1 页" if preview.pages > 1 else ""
    return Picture(
        preview.data,
        "jpg",
        Said(
            f"Reduced copy of {of}{page}",
            f"第 {item.seq} 号证据({role(str(item.role)).zh})的缩小副本{page_zh}",
        ),
        Said(
            f"Reduced copy{page}; the original is item {item.seq}",
            f"缩小副本{page_zh}；原件为第 {item.seq} 号证据",
        ),
        here,
    )


def _facts_of(sealing: Sealing, item: SealedItem) -> Iterator[Row]:
    """The item's facts that matter most, none of another order."""
    of_item = [
        fact
        for fact in sealing.facts
        if fact.item == item.sha256 and not sealing.subjects.foreign(fact) and fact.text.strip()
    ]
    rank = {name: at for at, name in enumerate(OF_AN_ITEM)}
    chosen = sorted(
        (fact for fact in of_item if fact.name in rank), key=lambda fact: rank[fact.name]
    )
    shown: dict[tuple[str, str], Row] = {}
    lines = 0
    for fact in chosen:
        lines += fact.name == "document.text"
        if len(shown) == MOST_FACTS_PER_ITEM or lines > MOST_LINES:
            break
        place = sealing.place(fact.item, str(fact.locator))
        if place is not None:
            row = Row((meaning_of(fact.name), quoted(fact.text, most=300)), (place,))
            shown.setdefault((fact.name, fact.text), row)
    yield from shown.values()
    if left := len(of_item) - len(shown):
        yield Row(
            (
                Said("Further facts", "其他事实"),
                Said(f"{left}, in the manifest", f"{left} 项，见封存清单"),
            ),
            (sealing.here("facts"),),
        )
