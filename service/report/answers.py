"""The verifiers' answers, and what the platform's rules ask for."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.manifest import Coverage
from evidence.verdicts import Judgement, Severity
from service.report.blocks import (
    Block,
    Heading,
    Note,
    Row,
    Table,
    Text,
    quoted,
)
from service.report.findings import Where, do, glossed, places_of, sentence
from service.report.sealing import Sealing
from service.report.wanted import Wanted
from service.wording.words import (
    COVERED,
    LEVELS,
    SEVERITIES,
    VERDICTS,
    Said,
    question,
    role,
)

MOST_FINDINGS = 12


def answer_blocks(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    judged = sealing.manifest.judgements
    yield Heading(1, Said("Questions and answers", "问题与判定"))
    yield Text(
        Said(
            '"Inconclusive" means that it could not be known from what was collected. No answer '
            "says how a platform or a bank will decide.",
            "“无法判定”指依据已收集的材料无法得知。任何判定均不预示平台或银行的决定。",
        )
    )
    yield Table(
        ((Said("Question", "问题"), 3.4), (Said("Answer", "判定"), 1.0)),
        tuple(
            Row(
                (question(each.verifier, each.question), VERDICTS[each.verdict]),
                (sealing.here("verdicts", at, "verdict"),),
                each.verdict == "fail",
            )
            for at, each in enumerate(judged)
        ),
        places_share=1.5,
    )
    where = places_of(sealing)
    for each in judged:
        yield from _findings(each, where, sealing, wanted)


def _findings(judged: Judgement, where: Where, sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    if not judged.findings:
        return
    yield Heading(2, question(judged.verifier, judged.question))
    merged = where.merged(judged.findings)
    rows = []
    for first, places in merged[:MOST_FINDINGS]:
        text, advice = sentence(first, wanted.language), do(first)
        rows.append(
            Row(
                (
                    SEVERITIES[first.severity],
                    Said(
                        text.en + (f" → {advice.en}" if first.do else ""),
                        text.zh + (f" → {advice.zh}" if first.do else ""),
                    ),
                ),
                places,
                first.severity is Severity.GRAVE,
            )
        )
    yield Table(((Said("Weight", "性质"), 0.7), (Said("Finding", "发现"), 3.6)), tuple(rows))
    if left := len(merged) - len(rows):
        yield Note(
            Said(
                f"{left} further findings are in the manifest.", f"另有 {left} 项发现见封存清单。"
            ),
            (sealing.here("verdicts"),),
        )


def coverage_blocks(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    coverage = sealing.manifest.coverage
    yield Heading(1, Said("What the platform's rules ask for", "平台规则的要求"))
    if not coverage:
        yield Note(
            Said("The policy asks for nothing by name.", "该规则未列明具体材料。"),
            (sealing.here("coverage"),),
        )
        return
    yield Table(
        (
            (Said("Asked for", "要求"), 2.2),
            (Said("Level", "级别"), 0.8),
            (Said("State", "状态"), 0.8),
            (Said("Why, and where to get it", "原因及获取途径"), 2.0),
        ),
        tuple(_covered(sealing, wanted, at, line) for at, line in enumerate(coverage)),
        places_share=1.6,
    )


def _covered(sealing: Sealing, wanted: Wanted, at: int, line: Coverage) -> Row:
    policy = sealing.manifest.policy
    rule = next((each for each in policy.requirements if each.id == line.requirement), None)
    asked = f"{rule.text} ({line.requirement})" if rule else line.requirement
    roles = " / ".join(role(each).zh for each in rule.any_of) if rule else line.requirement
    why = line.why
    if rule and rule.where and not line.met and rule.where not in why:
        stop = "" if why.endswith(("?", "!", ".")) else "."
        why = f"{why}{stop} Where to get it: {rule.where}"
    whole = tuple((sha256, "item:") for sha256 in line.items)
    return Row(
        (
            glossed(asked, roles, wanted.language),
            LEVELS.get(line.level, Said.same(line.level)),
            COVERED[line.state],
            quoted(why),
        ),
        (sealing.here("coverage", at), *sealing.places(whole)),
        line.state in ("missing", "weak") and line.level == "required",
    )
