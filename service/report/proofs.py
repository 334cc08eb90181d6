"""Who was asked, and how a reader can check what the report says."""

from __future__ import annotations

from collections.abc import Iterator

from service.report.blocks import (
    Block,
    Command,
    Heading,
    Note,
    Row,
    Table,
    Text,
    quoted,
)
from service.report.sealing import Sealing
from service.report.wanted import Language, Wanted
from service.wording.words import (
    SOURCE_STATES,
    Said,
)

SEALED_IN_ENGLISH = Said(
    "Chinese wording explains the findings' codes; the sealed sentences are English.",
    "发现的中文说明解释其代码；封存的原句为英文，以原句为准。",
)


def source_blocks(sealing: Sealing) -> Iterator[Block]:
    sources = sealing.manifest.sources
    yield Heading(1, Said("Who was asked, and what came of it", "询问了哪些来源及结果"))
    if not sources:
        yield Note(Said("Nobody was asked.", "未询问任何来源。"), (sealing.here("sources"),))
        return
    yield Table(
        (
            (Said("Source", "来源"), 1.0),
            (Said("Outcome", "结果"), 1.0),
            (Said("Items", "份数"), 0.5),
            (Said("Why", "原因"), 2.4),
        ),
        tuple(
            Row(
                (
                    quoted(each.source, most=60),
                    SOURCE_STATES[each.state],
                    Said.same(str(each.items)),
                    quoted(each.why),
                ),
                (sealing.here("sources", at),),
                each.state == "failed",
            )
            for at, each in enumerate(sources)
        ),
    )


def verifying_blocks(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    yield Heading(1, Said("How to verify this report", "如何核验本报告"))
    yield Text(
        Said(
            "This report is a rendering for people. What counts is the sealed manifest that its "
            'code and its footer name. "#3 json:/a" means receipt number 3 of the order\'s chain, '
            "and that place in the item's bytes; places under /predicate are in the payload of the "
            "manifest itself. With the bundle of the order, offline and with a free program:",
            "本报告供人阅读，以二维码与页脚所指的封存清单为准。“#3 json:/a”指订单收据链的"
            "第 3 号收据及该证据字节中的位置；/predicate 之下的位置在清单自身的载荷中。"
            "持有订单证据包即可使用免费程序离线核验：",
        )
    )
    yield Command("orderproof verify BUNDLE.zip --key KEYS.json")
    yield Command("orderproof verify REPORT.pdf --bundle BUNDLE.zip")
    yield Text(
        Said(
            "The first says whether receipts, log, signatures and bytes hold; the second whether "
            "this very file is the one that was made from the manifest, and whether the bundle has "
            "a newer account of the order. KEYS.json must come from elsewhere than the bundle. By "
            "hand: the SHA-256 of the file proof/manifest.dsse.json in the bundle must be",
            "第一条命令核验收据、日志、签名与字节；第二条核验本文件是否即由该清单生成的那一份，"
            "以及证据包中是否有更新的记录。KEYS.json 须从证据包以外的渠道取得。手工核验：证据包内 "
            "proof/manifest.dsse.json 的 SHA-256 应为",
        )
    )
    yield Command(sealing.sha256)
    seal = sealing.statement
    rows = [
        Row(
            (Said("Manifest", "封存清单"), Said.same(f"SHA-256 {sealing.sha256}")),
            (sealing.itself,),
        ),
        Row(
            (Said("Statement", "声明"), Said.same(f"SHA-256 {sealing.statement_sha256}")),
            (sealing.itself,),
        ),
        Row(
            (
                Said("Receipts and their root", "收据数与默克尔根"),
                Said.same(f"{seal.receipts}; {seal.root}"),
            ),
            (sealing.itself,),
        ),
        Row(
            (
                Said("Log before reading", "读取前的日志"),
                Said.same(f"{quoted(seal.log['origin']).en}, {seal.log['size']}"),
            ),
            (sealing.here("before_read"),),
        ),
        Row(
            (Said("Trusted time", "可信时间"), quoted(seal.trusted_time)),
            (sealing.here("before_read"),),
        ),
        Row(
            (Said("Signed by key", "签名密钥"), Said.same(", ".join(sealing.keyids))),
            (sealing.itself,),
        ),
    ]
    yield Table(((Said("What", "项目"), 0.9), (Said("Value", "值"), 3.6)), tuple(rows), 1.0)
    if wanted.language is not Language.EN:
        yield Text(SEALED_IN_ENGLISH)
