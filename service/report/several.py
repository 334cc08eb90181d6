"""A gap report or a channel report of several orders: all side by side, then each by itself.

An order is called by its number in the report, and so is each of its receipts: "2#3" is receipt 3
of order 2. What each order's own report says of how it was collected is not told again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from evidence.policy import Level
from evidence.verdicts import Verdict
from service.report import causes, channel, gaps
from service.report.appeal import Appeal
from service.report.blocks import (
    Block,
    Command,
    Heading,
    Note,
    Place,
    Row,
    Table,
    Text,
    quoted,
)
from service.report.meanings import meaning_of
from service.report.proofs import SEALED_IN_ENGLISH
from service.report.sealing import Sealing
from service.report.times import in_utc
from service.report.wanted import Language, Wanted
from service.wording.words import COVERED, VERDICTS, Said, role

# Values of one order that its line has room for; the others stand in its own part.
_SHOWN = 3


def gap_blocks(appeal: Appeal, wanted: Wanted) -> tuple[Block, ...]:
    """Which defects can be answered on the evidence, what lacks, until when, and facts of each."""
    return (
        *_standing(appeal),
        *_lacking(appeal),
        *chain.from_iterable(_gaps_of(each, wanted) for each in appeal.sealings),
        *_words(appeal),
        *_verifying(appeal, wanted),
    )


def channel_blocks(appeal: Appeal, wanted: Wanted, hashed: channel.Hashed) -> tuple[Block, ...]:
    """Whose orders they are, who fulfilled them, and which have a buyer's id in common."""
    return (
        *_channels(appeal),
        *_buyers(appeal, hashed),
        *chain.from_iterable(_channel_of(each, wanted, hashed) for each in appeal.sealings),
        *_verifying(appeal, wanted),
    )


# -- gaps ---------------------------------------------------------------------------------------


def _standing(appeal: Appeal) -> Iterator[Block]:
    yield Heading(1, Said("What the evidence bears, order by order", "各订单现有证据的覆盖情况"))
    yield Text(gaps.COMPARED)
    ready = [each for each in appeal.sealings if not _open(each)]
    rest = len(appeal.sealings) - len(ready)
    yield Note(
        Said(
            f"Orders that have everything that the rules require: {len(ready)} of "
            f"{len(appeal.sealings)}. Orders that lack something: {rest}.",
            f"{len(appeal.sealings)} 个订单中，{len(ready)} 个具备规则要求的全部材料，"
            f"{rest} 个有缺失。",
        ),
        tuple(each.here("coverage") for each in appeal.sealings),
        grave=bool(rest),
    )
    yield Table(
        (
            (Said("No.", "编号"), 0.45),
            (Said("Order", "订单"), 1.6),
            (Said("Required, present", "必需材料具备"), 0.8),
            (Said("Next step, until", "下一步与截止"), 1.6),
            (Said("Speaks against it", "不利判定"), 0.8),
            (Said("Can be answered on the evidence", "可依据证据答复"), 1.0),
        ),
        tuple(map(_standing_row, appeal.sealings)),
        places_share=1.2,
    )


def _open(sealing: Sealing) -> int:
    required = [line for line in sealing.manifest.coverage if line.level == Level.REQUIRED]
    return sum(not line.met for line in required)


def _standing_row(sealing: Sealing) -> Row:
    manifest = sealing.manifest
    required = sum(line.level == Level.REQUIRED for line in manifest.coverage)
    lacking = _open(sealing)
    due = next(gaps.until(sealing), None)
    step = due[0].cells[0] if due else Said("not known", "未知")
    until = due[1] if due else Said.same("")
    failed = sum(judged.verdict is Verdict.FAIL for judged in manifest.judgements)
    answer = Said("yes", "是") if not lacking else Said("not yet", "尚不能")
    return Row(
        (
            Said.same(str(sealing.number)),
            quoted(manifest.order.id, most=60),
            Said.same(f"{required - lacking} / {required}"),
            Said(f"{step.en} {until.en}".strip(), f"{step.zh} {until.zh}".strip()),
            Said.same(str(failed)),
            answer,
        ),
        (sealing.here("coverage"), sealing.here("verdicts")),
        bool(lacking),
    )


def _lacking(appeal: Appeal) -> Iterator[Block]:
    """One line for each thing that is lacking, with the orders that lack it."""
    yield Heading(1, Said("What is lacking, over all orders", "全部订单缺少的材料"))
    lacking: dict[tuple[str, str], list[tuple[Sealing, int]]] = {}
    for sealing in appeal.sealings:
        for at, line in enumerate(sealing.manifest.coverage):
            if not line.met:
                key = (line.requirement, str(line.state))
                lacking.setdefault(key, []).append((sealing, at))
    if not lacking:
        nothing = Said("Nothing that the rules name is lacking.", "规则所列材料均不缺少。")
        yield Note(nothing, tuple(each.here("coverage") for each in appeal.sealings))
        return
    yield Table(
        (
            (Said("Lacking", "缺少"), 2.0),
            (Said("State", "状态"), 0.7),
            (Said("Where to get it", "获取途径"), 1.8),
            (Said("Orders, by their number here", "订单编号"), 1.2),
        ),
        tuple(_lacking_row(*key, of) for key, of in lacking.items()),
        places_share=1.2,
    )


def _lacking_row(requirement: str, state: str, of: list[tuple[Sealing, int]]) -> Row:
    first, at = of[0]
    rules = {rule.id: rule for rule in first.manifest.policy.requirements}
    rule = rules.get(requirement)
    roles = " / ".join(role(each).zh for each in rule.any_of) if rule else requirement
    where = quoted(rule.where, most=300) if rule and rule.where else gaps.NOT_TOLD
    return Row(
        (
            Said(f"{rule.text if rule else ''} ({requirement})", f"{roles}({requirement})"),
            COVERED[first.manifest.coverage[at].state],
            where,
            Said.same(ranges([sealing.number for sealing, _ in of])),
        ),
        tuple(sealing.here("coverage", at) for sealing, at in of),
        first.manifest.coverage[at].level == Level.REQUIRED,
    )


def ranges(numbers: list[int]) -> str:
    """ "1-3, 7" of [1, 2, 3, 7], which go upwards."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(map(str, run)) for run in runs)


def _gaps_of(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    yield _called(sealing)
    yield from lowered(
        chain(
            gaps.standing_blocks(sealing, wanted, told=False),
            gaps.lacking_blocks(sealing),
            causes.cause_blocks(sealing),
            causes.corrective_blocks(sealing),
            causes.preventive_blocks(sealing, wanted),
        )
    )


def _called(sealing: Sealing) -> Heading:
    order = sealing.manifest.order
    called = quoted(f"{sealing.number}. {order.id}", most=80).en
    return Heading(1, Said.same(f"{called} ({order.platform}, {order.site})"))


def lowered(blocks: Iterable[Block]) -> Iterator[Block]:
    """The same, a level below."""
    for block in blocks:
        yield replace(block, level=block.level + 1) if isinstance(block, Heading) else block


def _words(appeal: Appeal) -> Iterator[Block]:
    """Once for each of the policies."""
    seen = set()
    for sealing in appeal.sealings:
        policy = sealing.manifest.policy
        if (policy.id, policy.version) not in seen:
            seen.add((policy.id, policy.version))
            yield from gaps.words_blocks(sealing)


# -- channel ------------------------------------------------------------------------------------

_TAKEN = ("order.platform", "order.store", "order.fulfilled_by")
_SHIPPED = ("shipment.tracking_number", "shipment.carrier")
_SCANNED = ("scan.accepted.at", "scan.delivered.at")


def _channels(appeal: Appeal) -> Iterator[Block]:
    yield Heading(1, Said("Orders, shipments and carriers", "订单、发运与承运商"))
    yield Text(channel.IN_WORDS)
    yield Table(
        (
            (Said("No.", "编号"), 0.45),
            (Said("Order", "订单"), 1.5),
            (Said("Taken by", "接单方"), 1.1),
            (Said("Shipped as", "发运"), 1.5),
            (Said("Carrier's scans, UTC", "承运商扫描（UTC）"), 1.5),
            (Said("Links hang together", "各环节相连"), 1.0),
        ),
        tuple(map(_channel_row, appeal.sealings)),
        places_share=1.2,
    )


def _channel_row(sealing: Sealing) -> Row:
    manifest = sealing.manifest
    verdicts = [j.verdict for j in manifest.judgements if j.verifier.startswith("matching.")]
    worst = next((v for v in (Verdict.FAIL, Verdict.INCONCLUSIVE) if v in verdicts), None)
    places: list[Place] = []
    cells = [_stated(sealing, names, places) for names in (_TAKEN, _SHIPPED, _SCANNED)]
    hang = VERDICTS[worst or Verdict.PASS] if verdicts else gaps.NOT_TOLD
    return Row(
        (Said.same(str(sealing.number)), quoted(manifest.order.id, most=60), *cells, hang),
        (*dict.fromkeys(places), sealing.here("verdicts")),
        worst is Verdict.FAIL,
    )


def _stated(sealing: Sealing, names: tuple[str, ...], places: list[Place]) -> Said:
    """What sources say under these names; `places` gets where."""
    words: dict[str, None] = {}
    for name in names:
        for fact in sealing.facts.named(name):
            place = sealing.place(fact.item, str(fact.locator))
            if place is None or sealing.subjects.foreign(fact):
                continue
            value = fact.text if isinstance(fact.value, str) else in_utc(fact.value).en
            if value not in words:
                words[value] = None
                places.append(place)
    if not words:
        return Said("nobody states it", "无来源陈述")
    more = f", +{len(words) - _SHOWN}" if len(words) > _SHOWN else ""
    return Said.same(quoted("; ".join([*words][:_SHOWN]), most=160).en + more)


def _buyers(appeal: Appeal, hashed: channel.Hashed) -> Iterator[Block]:
    """Which orders have an id of their buyers in common."""
    yield Heading(1, Said("Buyers' ids that orders have in common", "多个订单共有的买家标识"))
    held: dict[tuple[str, str], dict[int, Place]] = {}
    for sealing in appeal.sealings:
        for name, key, place in channel.buyers_of(sealing, hashed):
            held.setdefault((name, key), {}).setdefault(sealing.number, place)
    common = {key: of for key, of in held.items() if len(of) > 1}
    if not common:
        said = Said(
            "No id of a buyer stands in two of the orders.", "没有买家标识出现于两个以上订单。"
        )
        yield Note(said, tuple(each.here("facts") for each in appeal.sealings))
        return
    yield Table(
        (
            (Said("What", "项目"), 1.4),
            (Said("Keyed hash, first 16 digits", "带密钥散列前 16 位"), 1.6),
            (Said("Orders, by their number here", "订单编号"), 1.2),
        ),
        tuple(
            Row(
                (meaning_of(name), Said.same(key), Said.same(ranges(sorted(of)))),
                tuple(of.values()),
            )
            for (name, key), of in common.items()
        ),
    )


def _channel_of(sealing: Sealing, wanted: Wanted, hashed: channel.Hashed) -> Iterator[Block]:
    yield _called(sealing)
    yield from lowered(
        chain(
            channel.chain_blocks(sealing),
            channel.tie_blocks(sealing, wanted),
            channel.buyer_blocks(sealing, hashed),
            channel.log_blocks(sealing, wanted),
        )
    )


# -- how to verify ------------------------------------------------------------------------------


def _verifying(appeal: Appeal, wanted: Wanted) -> Iterator[Block]:
    yield Heading(1, Said("How to verify this report", "如何核验本报告"))
    yield Text(
        Said(
            "This report is a rendering for people. What counts are the sealed manifests below. "
            '"2#3 json:/a" means receipt number 3 of the chain of order 2, and that place in the '
            "item's bytes; places under /predicate are in the payload of that order's manifest. "
            "With the bundle of any of the orders, offline and with a free program:",
            "本报告供人阅读，以下列封存清单为准。“2#3 json:/a”指 2 号订单收据链的第 3 "
            "号收据及该证据字节中的"
            "位置；/predicate 之下的位置在该订单清单自身的载荷中。"
            "持有任一订单的证据包即可使用免费程序离线核验：",
        )
    )
    yield Command("orderproof verify REPORT.pdf --bundle BUNDLE.zip --key KEYS.json")
    yield Text(
        Said(
            "It says whether this very file was made from that order's account, and whether the "
            "bundle has a newer one; it says so for each order by its own bundle. The digest on "
            "each page is that of the list below as canonical JSON (RFC 8785): an entry an order "
            "in this order, with manifest, order (id, platform, site) and receipt.",
            "该命令核验本文件是否由该订单的记录生成，以及证据包中是否有更新的记录；"
            "各订单以其自身证据包核验。"
            "每页所示散列为下表按规范 JSON（RFC 8785）写成后的 SHA-256：按此顺序每订单一项，"
            "含 manifest、"
            "order（id、platform、site）与 receipt。",
        )
    )
    yield Command(appeal.sha256)
    yield Table(
        (
            (Said("No.", "编号"), 0.45),
            (Said("Order", "订单"), 1.5),
            (Said("Sealed manifest, SHA-256", "封存清单 SHA-256"), 3.4),
        ),
        tuple(
            Row(
                (
                    Said.same(str(each.number)),
                    quoted(each.manifest.order.id, most=60),
                    Said.same(each.sha256),
                ),
                (each.itself,),
            )
            for each in appeal.sealings
        ),
        places_share=0.7,
    )
    if wanted.language is not Language.EN:
        yield Text(SEALED_IN_ENGLISH)
