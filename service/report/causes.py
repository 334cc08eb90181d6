"""Facts for the parts of an appeal: root cause, what was done about it, what prevents it.

Each stands in its source's words, with its place. Nothing is concluded: times are compared as far
as they allow it, and where they do not, that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from evidence.facts import Fact, Facts
from evidence.times import before
from service.report.blocks import Block, Heading, Note, Place, Row, Table, Text, origins, quoted
from service.report.findings import do, places_of, sentence
from service.report.meanings import meaning_of
from service.report.sealing import Sealing
from service.report.times import in_utc
from service.report.wanted import Wanted
from service.wording.words import EVENTS, Said

# Pairs of times whose distance says where time went: from, to, and what lies between.
_SPANS = (
    ("order.placed.at", "shipment.label.at", Said("Order to label", "下单至生成运单")),
    ("order.placed.at", "order.packed.at", Said("Order to packing", "下单至打包")),
    ("order.packed.at", "scan.accepted.at", Said("Packing to the carrier", "打包至揽收")),
    ("scan.accepted.at", "scan.delivered.at", Said("Carrier to delivery", "揽收至签收")),
)
# Which of two times had to come first by a promise or a rule.
_PROMISES = (
    (
        "scan.accepted.at",
        "order.ship_by.at",
        Said("Handed over by the ship-by time", "在最晚发货时间前交运"),
    ),
    (
        "scan.delivered.at",
        "order.deliver_by.at",
        Said("Delivered by the promised time", "在承诺时间前送达"),
    ),
    ("scan.delivered.at", "claim.opened.at", Said("Delivered before the claim", "索赔前已签收")),
)
TROUBLE = (
    "scan.exception",
    "order.cancel_reason",
    "claim.reason",
    "return.reason",
    "dispute.reason",
)
DONE = (
    "refund.amount",
    "return.status",
    "claim.status",
    "dispute.status",
    "return.tracking_number",
)
MOST_ROWS = 20


def cause_blocks(sealing: Sealing) -> Iterator[Block]:
    yield Heading(1, Said("Facts for: root cause", "原因分析可用的事实"))
    rows = [
        *_promises(sealing),
        *_spans(sealing),
        *(row for name in TROUBLE for row in _said(sealing, name)),
    ][:MOST_ROWS]
    yield from _facts_table(
        rows, sealing, Said("No source states what went wrong.", "没有来源陈述出错的环节。")
    )


def corrective_blocks(sealing: Sealing) -> Iterator[Block]:
    yield Heading(1, Said("Facts for: what was done about it", "已采取的纠正措施可用的事实"))
    rows = [
        *(
            Row(
                (
                    EVENTS["message.sent.at"],
                    Said(f"by the seller: {fact.text}", f"由卖家：{fact.text}"),
                ),
                places,
            )
            for fact in _ours(sealing, "message.sent.at")
            if fact.origin == "seller" and (places := _place(sealing, fact))
        ),
        *(row for name in DONE for row in _said(sealing, name)),
        *(row for name in ("refund.at", "claim.closed.at") for row in _said(sealing, name)),
    ][:MOST_ROWS]
    yield from _facts_table(
        rows,
        sealing,
        Said("No source states a step that was taken.", "没有来源陈述已采取的步骤。"),
    )


def preventive_blocks(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    yield Heading(1, Said("Facts for: preventing it", "预防措施可用的事实"))
    yield Text(
        Said(
            "A measure is a person's promise: state only what is in place, since when, and what "
            "proves it. What the checks found in the records is where one can begin:",
            "措施是人的承诺：只写已落实的内容、起始时间与证明。检查在记录中发现的问题可作为起点：",
        )
    )
    places = places_of(sealing)
    rows = [
        Row((sentence(finding, wanted.language), do(finding)), where)
        for finding, where in places.merged(
            finding
            for judged in sealing.manifest.judgements
            for finding in judged.findings
            if finding.do and judged.verifier.startswith(("timestamps.", "matching.", "strength."))
        )
    ][:MOST_ROWS]
    if not rows:
        yield Note(
            Said(
                "The checks found nothing to mend in the records.", "检查未发现记录中需改进之处。"
            ),
            (sealing.here("verdicts"),),
        )
        return
    yield Table(((Said("Found", "发现"), 2.6), (Said("What to do", "可做之事"), 1.7)), tuple(rows))


def _facts_table(rows: list[Row], sealing: Sealing, none: Said) -> Iterator[Block]:
    if not rows:
        yield Note(none, (sealing.here("facts"),))
        return
    yield Table(((Said("What", "项目"), 1.4), (Said("As stated", "内容"), 2.8)), tuple(rows))


def _ours(sealing: Sealing, name: str) -> list[Fact]:
    return [fact for fact in sealing.facts.named(name) if not sealing.subjects.foreign(fact)]


def _place(sealing: Sealing, *facts: Fact) -> tuple[Place, ...]:
    return sealing.places(tuple((fact.item, str(fact.locator)) for fact in facts))


def _said(sealing: Sealing, name: str) -> Iterator[Row]:
    for fact in _ours(sealing, name)[:5]:
        if places := _place(sealing, fact):
            words, by = quoted(fact.text, most=300).en, origins((fact.origin,))
            when = _when(sealing, fact)
            yield Row(
                (meaning_of(name), Said(f"{words}{when} [{by.en}]", f"{words}{when} [{by.zh}]")),
                places,
            )


def _when(sealing: Sealing, fact: Fact) -> str:
    """The time that stands beside it, as an exception's does."""
    beside = sealing.facts.in_group(fact.item, fact.group) if fact.group else Facts(())
    times = beside.named(f"{fact.name}.at")
    return f", {quoted(times[0].text, most=80).en}" if times else ""


def _pair(sealing: Sealing, first: str, last: str) -> tuple[Fact, Fact] | None:
    """The first time of the one and the last of the other, where a single parcel is meant."""
    begun, ended = _ours(sealing, first), _ours(sealing, last)
    if not begun or not ended or len(sealing.subjects.parcels) > 1:
        return None
    return (
        min(begun, key=lambda fact: fact.time.span.earliest),
        max(ended, key=lambda fact: fact.time.span.latest),
    )


def _promises(sealing: Sealing) -> Iterator[Row]:
    for done, limit, words in _PROMISES:
        pair = _pair(sealing, done, limit)
        if pair is None or not (places := _place(sealing, *pair)):
            continue
        match before(pair[0].time, pair[1].time):
            case True:
                answer = Said("yes", "是")
            case False:
                answer = Said("no", "否")
            case _:
                answer = Said(
                    "cannot be known: a zone or a time is missing", "无法得知：缺少时区或时间"
                )
        times = f"{in_utc(pair[0].time).en} / {in_utc(pair[1].time).en} UTC"
        yield Row((words, Said(f"{answer.en} ({times})", f"{answer.zh}({times})")), places)


def _spans(sealing: Sealing) -> Iterator[Row]:
    """How long a stretch took: from the least to the most that the times allow."""
    for first, last, words in _SPANS:
        pair = _pair(sealing, first, last)
        if pair is None or not (places := _place(sealing, *pair)):
            continue
        begun, ended = pair[0].time.span, pair[1].time.span
        least, most = ended.earliest - begun.latest, ended.latest - begun.earliest
        if most < timedelta(0):
            continue  # the contradictions tell of it
        told = (
            _hours(most) if _hours(least) == _hours(most) else f"{_hours(least)} – {_hours(most)}"
        )
        yield Row((words, Said(f"{told} hours", f"{told} 小时")), places)


def _hours(span: timedelta) -> str:
    return f"{max(span, timedelta(0)) / timedelta(hours=1):.1f}"
