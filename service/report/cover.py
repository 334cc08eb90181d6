"""A report's first page, and the code on it that says which manifest it is of."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from evidence.verdicts import Verdict
from service.report.appeal import Appeal
from service.report.blocks import quoted
from service.report.sealing import Sealing
from service.report.times import ours
from service.report.wanted import Kind, Wanted
from service.typeset.typeset import lacking
from service.wording.words import VERDICTS, Said

# What the code on a report says: that it is one, of which version, and of which manifest; or of
# which list of manifests (appeal.py).
PREFIX = "orderproof:report:1:"
OF_SEVERAL = "orderproof:appeal:1:"

# Between a word and its number no line is broken.
_TIED = "\u00a0"
TITLES = {
    Kind.EVIDENCE: Said("Evidence report", "证据报告"),
    Kind.GAPS: Said("Root-cause and gap report", "原因与材料缺口报告"),
    Kind.CHANNEL: Said("Sales channel and fulfilment report", "销售渠道与履约证明报告"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    kicker: Said
    title: Said
    order: str
    lines: tuple[tuple[Said, Said], ...]
    digest: str
    digest_label: Said
    words: tuple[Said, ...]
    code: bytes = field(repr=False)
    code_alt: Said
    code_caption: Said


def cover_of(sealing: Sealing, wanted: Wanted, *, verify_url: str = "") -> Cover:
    """verify_url   where a report can be handed in, or "" """
    manifest = sealing.manifest
    order = manifest.order
    lines = [
        (Said("Platform", "平台"), Said.same(f"{order.platform}, {order.site}")),
        (
            Said("Rules applied", "适用规则"),
            Said.same(f"{manifest.policy.id}, {manifest.policy.version}"),
        ),
        (Said("Judged as of", "判定时点"), ours(manifest.at, wanted.zone)),
        (
            Said("Collection", "收集"),
            Said("complete", "完整") if manifest.complete else Said("incomplete", "不完整"),
        ),
        (Said("Items", "证据"), Said.same(str(len(manifest.items)))),
        (Said("Answers", "判定"), _counted(sealing)),
    ]
    if wanted.signed:
        said = Said("this file, by the key of the manifest", "本文件由清单密钥签名")
        lines.append((Said("Signed", "签名"), said))
    if kind := (manifest.defect or {}).get("kind"):
        lines.insert(1, (Said("Defect", "缺陷"), quoted(kind, most=80)))
    return Cover(
        kicker=Said("SEALED BY ORDERPROOF", "由 ORDERPROOF 封存"),
        title=TITLES[wanted.kind],
        order=quoted(order.id, most=120).en,
        lines=tuple(lines),
        digest=sealing.sha256,
        digest_label=Said("SHA-256 of the sealed manifest", "封存清单的 SHA-256"),
        words=_words(),
        code=code_of(said_by_code(sealing, verify_url)),
        code_alt=Said(
            f"QR code: {said_by_code(sealing, verify_url)}",
            f"二维码：{said_by_code(sealing, verify_url)}",
        ),
        code_caption=Said("Names the manifest above", "指向封存清单"),
    )


def cover_of_appeal(appeal: Appeal, wanted: Wanted, *, verify_url: str = "") -> Cover:
    """The same for a report of several orders."""
    manifests = [each.manifest for each in appeal.sealings]
    platforms = dict.fromkeys(f"{each.order.platform}, {each.order.site}" for each in manifests)
    rules = dict.fromkeys(f"{each.policy.id}, {each.policy.version}" for each in manifests)
    whole = sum(each.complete for each in manifests)
    lines = [
        (Said("Orders", "订单数"), Said.same(str(len(manifests)))),
        (Said("Platform", "平台"), Said.same("; ".join(platforms))),
        (Said("Rules applied", "适用规则"), Said.same("; ".join(rules))),
        (Said("Judged as of", "判定时点"), ours(appeal.at, wanted.zone)),
        (
            Said("Collections", "收集"),
            Said(
                f"complete {whole}, incomplete {len(manifests) - whole}",
                f"完整 {whole}，不完整 {len(manifests) - whole}",
            ),
        ),
        (Said("Items", "证据"), Said.same(str(sum(len(each.items) for each in manifests)))),
    ]
    if wanted.signed:
        said = Said("this file, by the key of the manifests", "本文件由清单密钥签名")
        lines.append((Said("Signed", "签名"), said))
    count = len(manifests)
    says = said_by_code(appeal, verify_url)
    return Cover(
        kicker=Said("SEALED BY ORDERPROOF", "由 ORDERPROOF 封存"),
        title=TITLES[wanted.kind],
        order=f"{manifests[0].order.id} … {manifests[-1].order.id}"
        if count > 1
        else manifests[0].order.id,
        lines=tuple(lines),
        digest=appeal.sha256,
        digest_label=Said("SHA-256 of the list of sealed manifests", "封存清单列表的 SHA-256"),
        words=(
            Said(
                f"This report compares {count} orders, each by its own sealed account. Every claim "
                "names the order by its number here, the receipt of its item and the place in it.",
                f"本报告逐一对照 {count} 个订单的封存记录。"
                "每项陈述均注明订单在本报告中的编号、证据的收据编号"
                "及其中的位置。",
            ),
            *_words()[1:],
        ),
        code=code_of(says),
        code_alt=Said(f"QR code: {says}", f"二维码：{says}"),
        code_caption=Said("Names the list above", "指向清单列表"),
    )


def _counted(sealing: Sealing) -> Said:
    counts = [
        (VERDICTS[verdict], sum(j.verdict is verdict for j in sealing.manifest.judgements))
        for verdict in Verdict
    ]
    return Said(
        ", ".join(f"{words.en}{_TIED}{count}" for words, count in counts if count),
        ",".join(f"{words.zh}{_TIED}{count}" for words, count in counts if count),
    )


def _words() -> tuple[Said, ...]:
    return (
        Said(
            "This report tells what was collected for one order, what the sources say, and what "
            "the checks found, also where it speaks against the seller. Every claim names the "
            "receipt of its item and the place in it.",
            "本报告说明为一个订单收集了什么、各来源的陈述以及检查发现，"
            "包括对卖家不利的内容。每项陈述均注明"
            "证据的收据编号及其中的位置。",
        ),
        Said(
            "It predicts no decision of a platform, a bank or a court.",
            "本报告不预测平台、银行或法院的任何决定。",
        ),
    )


def short_label(subject: Sealing | Appeal) -> Said:
    """What the digest on each page is of."""
    if isinstance(subject, Appeal):
        return Said("list of manifests, SHA-256", "封存清单列表 SHA-256")
    return Said("manifest SHA-256", "封存清单 SHA-256")


def said_by_code(subject: Sealing | Appeal, verify_url: str) -> str:
    """A URL whose fragment stays in the browser, or the bare name."""
    name = f"{OF_SEVERAL if isinstance(subject, Appeal) else PREFIX}{subject.sha256}"
    return f"{verify_url}#{name}" if verify_url else name


def code_of(says: str) -> bytes:
    """The QR code as an SVG, level M. Raises ConfigError without the extra `report`."""
    try:
        import segno
    except ImportError as problem:
        raise lacking("The report", "segno") from problem
    out = io.BytesIO()
    code = segno.make_qr(says, error="m")
    code.save(out, kind="svg", scale=4, border=4, light="#ffffff", xmldecl=False, nl=True)
    return out.getvalue()
