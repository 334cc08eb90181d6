"""The root-cause and gap report: what is lacking, until when, and facts for an appeal's parts.

It tells facts in neutral words. What a platform will make of them it does not know, and it writes
no appeal: whoever does finds here what each sentence can rest on, and the words that the policy
does not want. It uses none of them itself (a test holds it to that).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from evidence.errors import FormatError
from evidence.facts import Fact, Facts
from evidence.locators import pointer
from evidence.manifest import Coverage
from evidence.policy import Level, Requirement
from evidence.times import before, parse_iso, rfc3339
from evidence.verdicts import Verdict
from service.report.answers import coverage_blocks
from service.report.blocks import Block, Heading, Note, Place, Row, Table, Text, quoted
from service.report.findings import do, places_of, sentence
from service.report.happened import contradiction_blocks, timeline_blocks
from service.report.meanings import meaning_of
from service.report.order import order_blocks
from service.report.proofs import source_blocks, verifying_blocks
from service.report.sealing import Sealing
from service.report.times import in_utc
from service.report.wanted import Wanted
from service.timeline import REQUEST
from service.words import COVERED, EVENTS, LEVELS, VERDICTS, Said, question, role
from verifiers.terms.due import Due, dues, steps

_TIME_LEFT = "coverage.deadlines"
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
_TROUBLE = (
    "scan.exception",
    "order.cancel_reason",
    "claim.reason",
    "return.reason",
    "dispute.reason",
)
_DONE = (
    "refund.amount",
    "return.status",
    "claim.status",
    "dispute.status",
    "return.tracking_number",
)
MOST_ROWS = 20


def blocks_of(sealing: Sealing, wanted: Wanted) -> tuple[Block, ...]:
    """The report's blocks after its cover."""
    return (
        *order_blocks(sealing, wanted),
        *_standing(sealing, wanted),
        *_lacking(sealing),
        *coverage_blocks(sealing, wanted),
        *_root_cause(sealing),
        *_corrective(sealing),
        *_preventive(sealing, wanted),
        *_words(sealing),
        *timeline_blocks(sealing, wanted),
        *contradiction_blocks(sealing, wanted),
        *source_blocks(sealing),
        *verifying_blocks(sealing, wanted),
    )


# -- what the evidence bears --------------------------------------------------------------------


def _standing(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    manifest = sealing.manifest
    required = [line for line in manifest.coverage if line.level == Level.REQUIRED]
    open_ = [line for line in required if not line.met]
    yield Heading(1, Said("What the evidence bears", "现有证据的覆盖情况"))
    yield Text(
        Said(
            "This compares what was collected with what the rules ask for. It does not say how the "
            "platform decides.",
            "以下将已收集的材料与规则要求对照,不涉及平台如何决定。",
        )
    )
    where = (sealing.here("coverage"),)
    if not required:
        yield Note(Said("The rules require nothing by name.", "规则未列明必需材料。"), where)
    elif open_:
        yield Note(
            Said(
                f"{len(open_)} of {len(required)} required things are lacking or not enough. An "
                "answer to this defect would leave them open.",
                f"{len(required)} 项必需材料中 {len(open_)} 项缺失或不足;现在答复会留下空缺。",
            ),
            where,
            grave=True,
        )
    else:
        yield Note(
            Said(
                f"All {len(required)} required things are present: this defect can be answered on "
                "the evidence.",
                f"{len(required)} 项必需材料均已具备:可以依据现有证据答复该缺陷。",
            ),
            where,
        )
    places = places_of(sealing)
    for at, judged in enumerate(manifest.judgements):
        if judged.verdict is Verdict.FAIL or judged.verifier == _TIME_LEFT:
            yield Heading(2, question(judged.verifier, judged.question))
            yield Note(
                VERDICTS[judged.verdict],
                (sealing.here("verdicts", at, "verdict"),),
                grave=judged.verdict is Verdict.FAIL,
            )
            for finding in judged.findings[:6]:
                said, advice = sentence(finding, wanted.language), do(finding)
                yield Note(
                    Said(
                        said.en + (f" → {advice.en}" if finding.do else ""),
                        said.zh + (f" → {advice.zh}" if finding.do else ""),
                    ),
                    places(finding),
                )


def _lacking(sealing: Sealing) -> Iterator[Block]:
    """What is missing or weak, where to get it, and until when."""
    rules = {rule.id: rule for rule in sealing.manifest.policy.requirements}
    lines = [(at, line) for at, line in enumerate(sealing.manifest.coverage) if not line.met]
    yield Heading(
        1,
        Said("What is lacking, where to get it, and until when", "缺少什么、从何处取得、截止何时"),
    )
    due = list(_until(sealing))
    if due:
        yield Table(
            (
                (Said("Step", "步骤"), 1.0),
                (Said("Until, by the strictest reading", "截止(最严格的解读)"), 2.0),
                (Said("Rule", "规则"), 1.6),
            ),
            tuple(row for row, _ in due),
        )
    else:
        yield Note(
            Said(
                "No item states the moment that the deadlines count from, so no date can be told.",
                "没有材料写明期限的起算时间,因此无法给出日期。",
            ),
            (sealing.here("policy", "toml"),),
        )
    if not lines:
        yield Note(
            Said("Nothing that the rules name is lacking.", "规则所列材料均不缺少。"),
            (sealing.here("coverage"),),
        )
        return
    until = due[0][1] if due else Said("not known", "未知")
    yield Table(
        (
            (Said("Lacking", "缺少"), 1.8),
            (Said("State", "状态"), 0.8),
            (Said("Why", "原因"), 1.5),
            (Said("Where to get it", "获取途径"), 1.5),
            (Said("Until", "截止"), 1.0),
        ),
        tuple(_gap(sealing, at, line, rules.get(line.requirement), until) for at, line in lines),
        places_share=1.2,
    )


def _gap(sealing: Sealing, at: int, line: Coverage, rule: Requirement | None, until: Said) -> Row:
    level = LEVELS.get(line.level, Said.same(line.level))
    state = COVERED[line.state]
    roles = " / ".join(role(each).zh for each in rule.any_of) if rule else line.requirement
    return Row(
        (
            Said(
                f"{rule.text if rule else ''} ({line.requirement})", f"{roles}({line.requirement})"
            ),
            Said(f"{state.en}, {level.en}", f"{state.zh},{level.zh}"),
            quoted(line.why, most=300),
            quoted(rule.where, most=300) if rule and rule.where else Said("not told", "未注明"),
            until,
        ),
        (sealing.here("coverage", at),),
        line.level == Level.REQUIRED,
    )


def _until(sealing: Sealing) -> Iterator[tuple[Row, Said]]:
    """A row for each step with its strictest moment, the earliest step first."""
    manifest = sealing.manifest
    # What an item states comes first; without it, what the request said of the defect counts.
    found = steps(dues(manifest.policy, sealing.facts, manifest.at))
    if not found:
        asked = Facts((*sealing.facts, *_asked(sealing)))
        found = steps(dues(manifest.policy, asked, manifest.at))
    for readings in sorted(found, key=lambda some: some[0].earliest):
        yield _due_row(sealing, readings)


def _asked(sealing: Sealing) -> Iterator[Fact]:
    """The times that the request states of the defect, as facts that stand in the manifest."""
    for key, value in (sealing.manifest.defect or {}).items():
        name = f"defect.{key.removesuffix('_at')}.at"
        if not key.endswith("_at") or name not in EVENTS:
            continue
        try:
            time = parse_iso(value)
        except FormatError:
            continue
        where = pointer("predicate", "defect", key)
        yield Fact(name=name, value=time, locator=where, item=sealing.sha256, origin=REQUEST)


def _due_row(sealing: Sealing, readings: list[Due]) -> tuple[Row, Said]:
    first = readings[0]
    moment = Said.same(f"{rfc3339(first.earliest, unit_s=1)}")
    over = first.earliest < sealing.manifest.at
    told = Said(f"{moment.en} (over)", f"{moment.zh}(已过)") if over else moment
    others = f"; {len(readings) - 1} other readings" if len(readings) > 1 else ""
    others_zh = f";另有 {len(readings) - 1} 种解读" if len(readings) > 1 else ""
    of_request = first.start.item == sealing.sha256
    starts = (
        Place(sealing.sha256, str(first.start.locator), sealing.seq)
        if of_request
        else sealing.place(first.start.item, str(first.start.locator))
    )
    if of_request:
        told = Said(f"{told.en}, counted from the request", f"{told.zh},自请求所述时间起算")
    places = (sealing.here("policy", "toml"), *((starts,) if starts else ()))
    step = first.rule.step or "answer"
    row = Row(
        (
            Said(step, {"reply": "答复", "appeal": "申诉", "answer": "答复"}.get(step, step)),
            told,
            Said(f"{first.rule.id}: {first.rule.source}{others}", f"{first.rule.id}{others_zh}"),
        ),
        places,
        over,
    )
    return row, told


# -- facts for the parts of an appeal -----------------------------------------------------------


def _root_cause(sealing: Sealing) -> Iterator[Block]:
    yield Heading(1, Said("Facts for: root cause", "原因分析可用的事实"))
    rows = [
        *_promises(sealing),
        *_spans(sealing),
        *(row for name in _TROUBLE for row in _said(sealing, name)),
    ][:MOST_ROWS]
    yield from _facts_table(
        rows, sealing, Said("No source states what went wrong.", "没有来源陈述出错的环节。")
    )


def _corrective(sealing: Sealing) -> Iterator[Block]:
    yield Heading(1, Said("Facts for: what was done about it", "已采取的纠正措施可用的事实"))
    rows = [
        *(
            Row(
                (
                    EVENTS["message.sent.at"],
                    Said(f"by the seller: {fact.text}", f"由卖家:{fact.text}"),
                ),
                places,
            )
            for fact in _ours(sealing, "message.sent.at")
            if fact.origin == "seller" and (places := _place(sealing, fact))
        ),
        *(row for name in _DONE for row in _said(sealing, name)),
        *(row for name in ("refund.at", "claim.closed.at") for row in _said(sealing, name)),
    ][:MOST_ROWS]
    yield from _facts_table(
        rows,
        sealing,
        Said("No source states a step that was taken.", "没有来源陈述已采取的步骤。"),
    )


def _preventive(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    yield Heading(1, Said("Facts for: preventing it", "预防措施可用的事实"))
    yield Text(
        Said(
            "A measure is a person's promise: state only what is in place, since when, and what "
            "proves it. What the checks found in the records is where one can begin:",
            "措施是人的承诺:只写已落实的内容、起始时间与证明。检查在记录中发现的问题可作为起点:",
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
            words = quoted(f"{fact.text} [{fact.origin}]", most=300)
            yield Row((meaning_of(name), words), places)


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
                    "cannot be known: a zone or a time is missing", "无法得知:缺少时区或时间"
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


# -- words --------------------------------------------------------------------------------------


def _words(sealing: Sealing) -> Iterator[Block]:
    phrases = sealing.manifest.policy.phrases
    yield Heading(1, Said("Words that do not belong into an answer", "答复中不应出现的措辞"))
    if not phrases:
        yield Note(Said("The rules name none.", "规则未列出。"), (sealing.here("policy", "toml"),))
        return
    yield Table(
        (
            (Said("Words", "措辞"), 1.6),
            (Said("Why not", "理由"), 1.8),
            (Said("Source", "出处"), 1.0),
        ),
        tuple(
            Row(
                (
                    quoted("; ".join(rule.words), most=300),
                    quoted(rule.why, most=300),
                    quoted(f"{rule.id}: {rule.source}", most=120),
                ),
                (sealing.here("policy", "toml"),),
            )
            for rule in phrases
        ),
        places_share=1.1,
    )
