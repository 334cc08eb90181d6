"""The sales-channel report: whose order it is, and who fulfilled it, from order to carrier.

A chain of three links, each with the place it stands in and the exchange it came by: who took the
order, what was shipped for it, what the carrier says of the parcel. A buyer's ids and addresses are
never shown; they are compared by a keyed hash, which nobody can turn back without the key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evidence.facts import Fact
from evidence.items import Role
from evidence.manifest import SealedItem
from service.report.blocks import Block, Heading, Note, Place, Row, Table, Text, origins, quoted
from service.report.findings import do, places_of, sentence
from service.report.meanings import meaning_of
from service.report.proofs import source_blocks, verifying_blocks
from service.report.sealing import Sealing
from service.report.times import in_utc, ours
from service.report.wanted import Wanted
from service.wording.words import PROVENANCE, VERDICTS, Said, question, role

# kind and value to hex digits: the same for the same, and no way back (Vault.lookup).
Hashed = Callable[[str, str], str]

CHANNEL = (
    "order.platform", "order.channel", "order.site", "order.store", "order.id", "order.alias",
    "order.shop_id", "order.fulfilled_by", "order.status", "order.placed.at", "order.unknown",
)  # fmt: skip
SHIPMENT = (
    "shipment.tracking_number", "shipment.carrier", "shipment.service", "shipment.id",
    "shipment.reference", "shipment.origin.country", "shipment.shipped.at", "shipment.label.at",
    "order.packed.at",
)  # fmt: skip
CARRIER = (
    "shipment.tracking_number", "shipment.reference", "parcel.status", "parcel.unknown",
    "scan.accepted.at", "scan.delivered.at",
)  # fmt: skip
BUYER = ("order.buyer.id", "order.buyer.email", "payment.customer", "payment.email")
_OF_ORDER = frozenset({Role.ORDER_RECORD, Role.PAYMENT_RECORD, Role.DEFECT_NOTICE})
_OF_SHIPMENT = frozenset({Role.ORDER_RECORD, Role.SHIPMENT_RECORD, Role.DOCUMENT})
_OF_CARRIER = frozenset({Role.TRACKING_HISTORY, Role.POD_DOCUMENT, Role.POD_PHOTO})
_SHOWN = 16
MOST_ROWS = 24


def blocks_of(sealing: Sealing, wanted: Wanted, hashed: Hashed) -> tuple[Block, ...]:
    """The report's blocks after its cover."""
    return (
        *question_blocks(sealing, wanted),
        *_judged(sealing, wanted, "matching.channel"),
        *chain_blocks(sealing),
        *tie_blocks(sealing, wanted),
        *buyer_blocks(sealing, hashed),
        *log_blocks(sealing, wanted),
        *source_blocks(sealing),
        *verifying_blocks(sealing, wanted),
    )


def question_blocks(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    order = sealing.manifest.order
    yield Heading(1, Said("The order and its channel", "订单及其渠道"))
    yield Table(
        ((Said("What", "项目"), 1.2), (Said("As asked for", "所查询内容"), 2.6)),
        (
            Row((Said("Order", "订单号"), quoted(order.id)), (sealing.here("order", "id"),)),
            Row(
                (
                    Said("Platform and site", "平台与站点"),
                    Said.same(f"{order.platform}, {order.site}"),
                ),
                (sealing.here("order", "platform"), sealing.here("order", "site")),
            ),
            Row(
                (Said("Judged as of", "判定时点"), ours(sealing.manifest.at, wanted.zone)),
                (sealing.here("at"),),
            ),
        ),
    )
    yield Text(IN_WORDS)


IN_WORDS = Said(
    "Each link below is told in the words of whoever states it. Where nobody states one, that is "
    "told; nothing is concluded from silence.",
    "以下每一环节均以陈述方原文列出。无人陈述之处如实说明，不由沉默作出结论。",
)


def chain_blocks(sealing: Sealing) -> Iterator[Block]:
    """From the order to the carrier, link by link."""
    links = (
        (Said("1. Who took the order", "1. 谁接受了订单"), CHANNEL, _OF_ORDER),
        (Said("2. What was shipped for it", "2. 为该订单发运了什么"), SHIPMENT, _OF_SHIPMENT),
        (Said("3. What the carrier says", "3. 承运商的陈述"), CARRIER, _OF_CARRIER),
    )
    for title, names, roles in links:
        yield from link_blocks(sealing, title, names, roles)


def link_blocks(
    sealing: Sealing, title: Said, names: tuple[str, ...], roles: frozenset[Role]
) -> Iterator[Block]:
    yield Heading(1, title)
    rows = []
    for name in names:
        for fact in sealing.facts.named(name):
            item = sealing.items.get(fact.item)
            if item is None or item.role not in roles or sealing.subjects.foreign(fact):
                continue
            rows.append(_row(sealing, fact, item))
    shown = list(dict.fromkeys(rows))[:MOST_ROWS]
    if not shown:
        yield Note(
            Said("No item states anything of this link.", "没有材料陈述该环节。"),
            (sealing.here("facts"),),
        )
        return
    yield Table(
        (
            (Said("What", "项目"), 1.3),
            (Said("In the source's words", "来源原文"), 1.6),
            (Said("Who says so, and how it came", "陈述方及取得方式"), 1.5),
        ),
        tuple(shown),
        places_share=1.7,
    )


def _row(sealing: Sealing, fact: Fact, item: SealedItem) -> Row:
    grade = PROVENANCE[item.provenance]
    by = origins((fact.origin,))
    places = [sealing.spot(fact.item, str(fact.locator), item.seq)]
    if item.exchange and (came := sealing.items.get(item.exchange)) is not None:
        places.append(sealing.whole(came))
    said = (
        fact.text if isinstance(fact.value, str) else f"{fact.text} = {in_utc(fact.value).en} UTC"
    )
    return Row(
        (
            meaning_of(fact.name),
            quoted(said, most=200),
            Said(f"{by.en}; {grade.en}", f"{by.zh};{grade.zh}"),
        ),
        tuple(places),
    )


def tie_blocks(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    """Whether the links hang together: the verifiers' answers, with their findings."""
    yield Heading(1, Said("Do the links hang together?", "各环节是否相连"))
    for name in ("matching.order", "matching.asked", "matching.shipments"):
        yield from _judged(sealing, wanted, name)


def _judged(sealing: Sealing, wanted: Wanted, verifier: str) -> Iterator[Block]:
    """One question with its sealed answer and what it rests on; nothing if it was not asked."""
    places = places_of(sealing)
    for at, judged in enumerate(sealing.manifest.judgements):
        if judged.verifier != verifier:
            continue
        yield Heading(2, question(judged.verifier, judged.question))
        yield Note(
            VERDICTS[judged.verdict],
            (sealing.here("verdicts", at, "verdict"),),
            grave=judged.verdict == "fail",
        )
        told = places.merged(f for f in judged.findings if not _is_personal(f.code))[:8]
        if told:
            yield Table(
                ((Said("Finding", "发现"), 2.8), (Said("What to do", "可做之事"), 1.5)),
                tuple(Row((sentence(f, wanted.language), do(f)), where) for f, where in told),
            )


def _is_personal(code: str) -> bool:
    """Findings whose sentences quote a name or an address: this report shows no buyer."""
    return code.startswith(
        ("recipient-", "agreement-", "received-by", "city-", "postal-", "region-")
    )


def buyers_of(sealing: Sealing, hashed: Hashed) -> Iterator[tuple[str, str, Place]]:
    """The buyer's ids: a fact's name, its keyed hash, and where it stands."""
    for name, key, place, _ in _hashes(sealing, hashed):
        yield name, key, place


def _hashes(sealing: Sealing, hashed: Hashed) -> Iterator[tuple[str, str, Place, str]]:
    for name in BUYER:
        for fact in sealing.facts.named(name):
            item = sealing.items.get(fact.item)
            if item is None or sealing.subjects.foreign(fact) or not fact.text.strip():
                continue
            key = hashed(name, " ".join(fact.text.split()).casefold())[:_SHOWN]
            yield name, key, sealing.spot(fact.item, str(fact.locator), item.seq), fact.origin


def buyer_blocks(sealing: Sealing, hashed: Hashed) -> Iterator[Block]:
    yield Heading(
        1, Said("The buyer, compared by a keyed hash", "买家标识（仅以带密钥的散列比较）")
    )
    rows = [
        Row((meaning_of(name), Said.same(key), origins((origin,))), (place,))
        for name, key, place, origin in _hashes(sealing, hashed)
    ]
    if not rows:
        yield Note(
            Said("No item states an id of the buyer.", "没有材料写明买家标识。"),
            (sealing.here("facts"),),
        )
        return
    yield Text(
        Said(
            "Equal digits are the same id; different digits, another. The key stays with the "
            "sealer, and names and addresses are not in this report.",
            "数字相同即为同一标识，不同即为不同标识。密钥由封存方保管；本报告不含姓名与地址。",
        )
    )
    yield Table(
        (
            (Said("What", "项目"), 1.4),
            (Said("Keyed hash, first 16 digits", "带密钥散列前 16 位"), 1.6),
            (Said("Who says so", "陈述方"), 0.8),
        ),
        tuple(dict.fromkeys(rows)),
    )


def log_blocks(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    """What was asked of whom, and what came back: the recorded exchanges."""
    yield Heading(1, Said("The exchanges that it came by", "接口交互日志"))
    exchanges = [item for item in sealing.manifest.items if item.role is Role.EXCHANGE]
    if not exchanges:
        yield Note(
            Said("Nothing came over an interface.", "没有经接口取得的材料。"),
            (sealing.here("items"),),
        )
        return
    yield Table(
        (
            (Said("Source", "来源"), 0.9),
            (Said("Asked", "请求"), 2.0),
            (Said("Answer", "应答"), 0.7),
            (Said("Vendor's request id and clock", "对方请求号与时钟"), 1.6),
            (Said("Our clock", "我方时钟"), 1.2),
        ),
        tuple(_exchange(sealing, wanted, item) for item in exchanges[: 4 * MOST_ROWS]),
        places_share=0.9,
    )


def _exchange(sealing: Sealing, wanted: Wanted, item: SealedItem) -> Row:
    facts = sealing.facts.of_item(item.sha256)
    status, id_, clock = (
        ", ".join(facts.values(name))
        for name in ("exchange.status", "exchange.request_id", "exchange.date.at")
    )
    asked = item.url or item.key
    return Row(
        (
            quoted(item.collector, most=60),
            quoted(asked.partition("?")[0], most=160),
            quoted(status or role(str(item.role)).en, most=40),
            quoted("; ".join(each for each in (id_, clock) if each), most=160),
            ours(item.collected_at, wanted.zone),
        ),
        (sealing.whole(item),),
    )
