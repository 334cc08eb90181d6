"""The root-cause and gap report: what is lacking, until when, and facts for an appeal's parts.

It tells facts in neutral words. What a platform will make of them it does not know, and it writes
no appeal: whoever does finds here what each sentence can rest on, and the words that the policy
does not want. It uses none of them itself (a test holds it to that).
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.errors import FormatError
from evidence.facts import Fact, Facts
from evidence.locators import pointer
from evidence.manifest import Coverage
from evidence.policy import Level, Requirement
from evidence.times import parse_iso
from evidence.verdicts import Verdict
from service.report.answers import coverage_blocks
from service.report.blocks import Block, Heading, Note, Row, Table, Text, quoted
from service.report.causes import cause_blocks, corrective_blocks, preventive_blocks
from service.report.findings import do, places_of, sentence
from service.report.happened import contradiction_blocks, timeline_blocks
from service.report.order import order_blocks
from service.report.proofs import source_blocks, verifying_blocks
from service.report.sealing import Sealing
from service.report.wanted import Wanted
from service.timeline.timeline import REQUEST
from service.wording.words import COVERED, EVENTS, LEVELS, VERDICTS, Said, question, role
from verifiers.terms.due import Due, dues, steps

_TIME_LEFT = "coverage.deadlines"
COMPARED = Said(
    "This compares what was collected with what the rules ask for. It does not say how the "
    "platform decides.",
    "以下将已收集的材料与规则要求对照，不涉及平台如何决定。",
)
NOT_TOLD = Said("not told", "未注明")


def blocks_of(sealing: Sealing, wanted: Wanted) -> tuple[Block, ...]:
    """The report's blocks after its cover."""
    return (
        *order_blocks(sealing, wanted),
        *standing_blocks(sealing, wanted),
        *lacking_blocks(sealing),
        *coverage_blocks(sealing, wanted),
        *cause_blocks(sealing),
        *corrective_blocks(sealing),
        *preventive_blocks(sealing, wanted),
        *words_blocks(sealing),
        *timeline_blocks(sealing, wanted),
        *contradiction_blocks(sealing, wanted),
        *source_blocks(sealing),
        *verifying_blocks(sealing, wanted),
    )


# -- what the evidence bears --------------------------------------------------------------------


def standing_blocks(sealing: Sealing, wanted: Wanted, *, told: bool = True) -> Iterator[Block]:
    """`told`: say first what is compared with what, and what the questions of coverage found."""
    manifest = sealing.manifest
    required = [line for line in manifest.coverage if line.level == Level.REQUIRED]
    open_ = [line for line in required if not line.met]
    yield Heading(1, Said("What the evidence bears", "现有证据的覆盖情况"))
    if told:
        yield Text(COMPARED)
    where = (sealing.here("coverage"),)
    if not required:
        yield Note(Said("The rules require nothing by name.", "规则未列明必需材料。"), where)
    elif open_:
        yield Note(
            Said(
                f"{len(open_)} of {len(required)} required things are lacking or not enough. An "
                "answer to this defect would leave them open.",
                f"{len(required)} 项必需材料中 {len(open_)} 项缺失或不足；现在答复会留下空缺。",
            ),
            where,
            grave=True,
        )
    else:
        yield Note(
            Said(
                f"All {len(required)} required things are present: this defect can be answered on "
                "the evidence.",
                f"{len(required)} 项必需材料均已具备：可以依据现有证据答复该缺陷。",
            ),
            where,
        )
    places = places_of(sealing)
    for at, judged in enumerate(manifest.judgements):
        if not told and judged.verifier.startswith("coverage."):
            continue  # what lacks and until when stands in the tables below
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


def lacking_blocks(sealing: Sealing) -> Iterator[Block]:
    """What is missing or weak, where to get it, and until when."""
    rules = {rule.id: rule for rule in sealing.manifest.policy.requirements}
    lines = [(at, line) for at, line in enumerate(sealing.manifest.coverage) if not line.met]
    yield Heading(
        1,
        Said("What is lacking, where to get it, and until when", "缺少什么、从何处取得、截止何时"),
    )
    due = list(until(sealing))
    if due:
        yield Table(
            (
                (Said("Step", "步骤"), 1.0),
                (Said("Until, by the strictest reading", "截止（最严格的解读）"), 2.0),
                (Said("Rule", "规则"), 1.6),
            ),
            tuple(row for row, _ in due),
        )
    else:
        yield Note(
            Said(
                "No item states the moment that the deadlines count from, so no date can be told.",
                "没有材料写明期限的起算时间，因此无法给出日期。",
            ),
            (sealing.here("policy", "toml"),),
        )
    if not lines:
        yield Note(
            Said("Nothing that the rules name is lacking.", "规则所列材料均不缺少。"),
            (sealing.here("coverage"),),
        )
        return
    first = due[0][1] if due else Said("not known", "未知")
    yield Table(
        (
            (Said("Lacking", "缺少"), 1.8),
            (Said("State", "状态"), 0.8),
            (Said("Why", "原因"), 1.5),
            (Said("Where to get it", "获取途径"), 1.4),
            (Said("Until", "截止"), 1.1),
        ),
        tuple(_gap(sealing, at, line, rules.get(line.requirement), first) for at, line in lines),
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
            quoted(rule.where, most=300) if rule and rule.where else NOT_TOLD,
            until,
        ),
        (sealing.here("coverage", at),),
        line.level == Level.REQUIRED,
    )


def until(sealing: Sealing) -> Iterator[tuple[Row, Said]]:
    """A row for each step with its strictest moment, the earliest step first; the moment alone."""
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
    moment = Said.same(f"{first.earliest:%Y-%m-%d %H:%M:%S} UTC")
    over = first.earliest < sealing.manifest.at
    told = until = Said(f"{moment.en} (over)", f"{moment.zh}（已过）") if over else moment
    more = len(readings) - 1
    others = f"; {more} other reading{'s' if more > 1 else ''}" if more else ""
    others_zh = f";另有 {more} 种解读" if more else ""
    of_request = first.start.item == sealing.sha256
    starts = (
        sealing.spot(sealing.sha256, str(first.start.locator), sealing.seq)
        if of_request
        else sealing.place(first.start.item, str(first.start.locator))
    )
    if of_request:
        told = Said(f"{told.en}, counted from the request", f"{told.zh}，自请求所述时间起算")
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
    return row, until


# -- words --------------------------------------------------------------------------------------


def words_blocks(sealing: Sealing) -> Iterator[Block]:
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
