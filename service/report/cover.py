"""A report's first page, and the code on it that says which manifest it is of."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from evidence.verdicts import Verdict
from service.report.blocks import quoted
from service.report.sealing import Sealing
from service.report.times import ours
from service.report.wanted import Kind, Wanted
from service.typeset.typeset import lacking
from service.words import VERDICTS, Said

# What the code on a report says: that it is one, of which version, and of which manifest.
PREFIX = "orderproof:report:1:"

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
        code=code_of(sealing.sha256, verify_url),
        code_alt=Said(
            f"QR code: {said_by_code(sealing.sha256, verify_url)}",
            f"二维码:{said_by_code(sealing.sha256, verify_url)}",
        ),
        code_caption=Said("Names the manifest above", "指向封存清单"),
    )


def _counted(sealing: Sealing) -> Said:
    counts = [
        (VERDICTS[verdict], sum(j.verdict is verdict for j in sealing.manifest.judgements))
        for verdict in Verdict
    ]
    return Said(
        ", ".join(f"{words.en} {count}" for words, count in counts if count),
        ",".join(f"{words.zh} {count}" for words, count in counts if count),
    )


def _words() -> tuple[Said, ...]:
    return (
        Said(
            "This report tells what was collected for one order, what the sources say, and what "
            "the checks found, also where it speaks against the seller. Every claim names the "
            "receipt of its item and the place in it.",
            "本报告说明为一个订单收集了什么、各来源的陈述以及检查发现,包括对卖家不利的内容。每项陈述均注明"
            "证据的收据编号及其中的位置。",
        ),
        Said(
            "It predicts no decision of a platform, a bank or a court.",
            "本报告不预测平台、银行或法院的任何决定。",
        ),
    )


def said_by_code(sha256: str, verify_url: str) -> str:
    """A URL whose fragment stays in the browser, or the bare name."""
    name = f"{PREFIX}{sha256}"
    return f"{verify_url}#{name}" if verify_url else name


def code_of(sha256: str, verify_url: str = "") -> bytes:
    """The QR code as an SVG, level M. Raises ConfigError without the extra `report`."""
    try:
        import segno
    except ImportError as problem:
        raise lacking("The report", "segno") from problem
    out = io.BytesIO()
    code = segno.make_qr(said_by_code(sha256, verify_url), error="m")
    code.save(out, kind="svg", scale=4, border=4, light="#ffffff", xmldecl=False, nl=True)
    return out.getvalue()
