"""What each step of a case takes from a caller, and what of it is written into its event.

A step that breaks a rule of the platform is refused where the rule forbids it (filing twice, an
appeal without its channel, a second attempt that changes nothing); what a rule only advises against
stands as a warning in the event. Source: scenarios S0-18, S0-29, S1-21, S3-09, S3-25, S4-08, S4-09,
S4-10, S4-12, S4-16.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from evidence.canonical import digest
from evidence.cases import Case, Step
from evidence.errors import HeldError, RequestError
from evidence.items import Role
from evidence.playbook import Playbook
from evidence.times import parse_rfc3339, rfc3339
from service.cases.denials import gaps_of
from service.cases.desk import Paper
from service.cases.difference import between
from service.cases.given import (
    digests_of,
    headers_of,
    needed,
    papers_of,
    text_of,
    texts_of,
    time_of,
    told_time,
)
from service.cases.kept import counted, profiled
from service.cases.measures import promised, proved

# The role of a paper that names none.
_USUAL = {
    Step.NOTICE: "notice",
    Step.SUBMIT: "submission",
    Step.DRAFT: "draft",
    Step.REPLY: "reply",
    Step.REVIEW: "reply",
    Step.DENY: "reply",
    Step.WIN: "reply",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    said: Mapping[str, Any]
    papers: Sequence[Paper] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A step as it was asked for.

    frozen       what a freeze exported
    draft        what the checks of a draft said
    text         what its papers say, where anything here can read them
    collections  that were started for orders which a refusal names
    """

    case: Case
    step: Step
    body: Mapping[str, Any]
    book: Playbook
    now: datetime
    text: str = ""
    collections: Sequence[Mapping[str, str]] = ()
    draft: Mapping[str, Any] | None = None
    frozen: tuple[Mapping[str, Any], Sequence[Paper]] = field(default_factory=lambda: ({}, []))

    @property
    def papers(self) -> list[Paper]:
        return papers_of(self.body, usual=_USUAL.get(self.step, "document"))


def taken(asked: Asked) -> Taken:
    """What the event will say. RequestError or HeldError, saying what to do, if it may not be."""
    _check_window(asked)
    return _STEPS.get(asked.step, _plain)(asked)


def warning(code: str, text: str) -> dict[str, str]:
    return {"code": code, "text": text}


def _check_window(asked: Asked) -> None:
    """Once a platform's window is over nothing can be added to this case."""
    said = asked.case.events[0].said.get("closes_at")
    late = (Step.DOCUMENT, Step.FREEZE, Step.DRAFT, Step.COLLECT, Step.READY, Step.SUBMIT)
    filed = asked.case.last(Step.SUBMIT) is not None
    if said is None or filed or asked.step not in late or asked.now <= parse_rfc3339(said):
        return
    why = f"the window of this platform closed at {said}; open a new case and link this one"
    raise HeldError(what=f"The step `{asked.step}`", why=why)


def _plain(asked: Asked) -> Taken:
    return Taken(said={"note": text_of(asked.body, "note", most=5_000)}, papers=asked.papers)


def _document(asked: Asked) -> Taken:
    """At least one paper; what it is, its hints say: kind, issuer, language, translator, date."""
    papers = asked.papers
    if not papers:
        raise RequestError(what="`papers`", why="there is none, and this step brings one")
    there = {item.sha256 for event in asked.case.events for item in event.items}
    for paper in papers:
        _check_hints(paper, there | {each.enclosed.sha256 for each in papers})
    return Taken(said={"note": text_of(asked.body, "note", most=5_000)}, papers=papers)


# What a paper of a kind must say of itself.
_HINTS = {
    "letter": ("issuer", "date", "language"),
    "notarised": ("issuer", "date", "language"),
    "translation": ("original", "translator", "date", "language"),
}


def _check_hints(paper: Paper, there: set[str]) -> None:
    """A translation goes with its original, which is of the case too."""
    kind = paper.hints.get("kind", "")
    for name in _HINTS.get(kind, ()):
        if not paper.hints.get(name):
            raise RequestError(what="a paper's `hints`", why=f"a {kind} says its {name}")
    if kind == "translation" and paper.hints["original"] not in there - {paper.enclosed.sha256}:
        why = "the original of the translation is none of the case's papers: bring both"
        raise RequestError(what="a paper's `hints`", why=why)


def _submit(asked: Asked) -> Taken:
    body, case, book = asked.body, asked.case, asked.book
    papers = asked.papers
    channel = needed(body, "channel")
    known = book.channel(channel)
    if known is None:
        named = ", ".join(dict.fromkeys(each.id for each in book.channels))
        raise RequestError(what="`channel`", why=f"it is none of {named}")
    if book.term("submission.final") and body.get("confirm") is not True:
        why = "what is sent to this platform cannot be taken back: say `confirm` if it was sent"
        raise RequestError(what="The submission", why=why)
    texts = [paper for paper in papers if paper.role is Role.CASE_SUBMISSION]
    evidence = sorted(set(digests_of(body, "evidence")))
    bundles = sorted(set(digests_of(body, "bundles")))
    said = {
        "attempt": len(case.of(Step.SUBMIT)) + 1,
        "channel": channel,
        "official": known.official,
        "recipient": text_of(body, "recipient"),
        "sent_at": told_time(body, "sent_at") or rfc3339(asked.now),
        "numbers": {
            "case": text_of(body, "platform_case_id", most=100),
            "ticket": text_of(body, "ticket_id", most=100),
            "request": text_of(body, "request_id", most=200),
        },
        "headers": headers_of(body, "headers"),
        "bundles": bundles,
        "evidence": evidence,
        "evidence_digest": digest("".join(f"{each}\n" for each in [*evidence, *bundles]).encode()),
        "texts": [paper.enclosed.sha256 for paper in texts],
        "reasons": texts_of(body, "reasons"),
    }
    difference = between(case.of(Step.SUBMIT), said)
    if difference is not None and difference["unchanged_evidence"]:
        why = "its evidence and bundles are those of the attempt before; add what was missing"
        raise HeldError(what="The second attempt", why=why)
    sent = parse_rfc3339(str(said["sent_at"]))
    quiet = max(sent, asked.now) + timedelta(hours=book.term("quiet.hours"))
    warnings = [] if known.official else [warning("channel-not-official", known.text)]
    if difference is not None and difference["unchanged_text"]:
        warnings.append(warning("text-unchanged", "The text is that of the attempt before."))
    wrong = [reason for reason in book.reasons if reason.id in said["reasons"]]  # type: ignore[operator]
    warnings += [warning(f"reason-{reason.id}", reason.text) for reason in wrong]
    return Taken(
        said={
            **said,
            "quiet_until": rfc3339(quiet),
            "difference": difference,
            "warnings": warnings,
        },
        papers=papers,
    )


def _answered(asked: Asked) -> Taken:
    """A reply of the platform, by whichever channel it came."""
    channel = text_of(asked.body, "channel") or "message"
    known = asked.book.channel(channel)
    if known is None:
        raise RequestError(what="`channel`", why="the playbook does not know it")
    warnings = [] if known.official else [warning("channel-not-official", known.text)]
    return Taken(
        said={
            "channel": channel,
            "received_at": told_time(asked.body, "received_at") or rfc3339(asked.now),
            "headers": headers_of(asked.body, "headers"),
            "outcome": text_of(asked.body, "outcome"),
            "note": text_of(asked.body, "note", most=5_000),
            "warnings": warnings,
        },
        papers=asked.papers,
    )


def _deny(asked: Asked) -> Taken:
    taken = _answered(asked)
    received = parse_rfc3339(str(taken.said["received_at"]))
    by = received + timedelta(hours=asked.book.term("second_attempt.hours"))
    gaps = gaps_of(asked.text, case=asked.case, book=asked.book)
    warnings = list(taken.said["warnings"])
    if any(gap["kind"] == "unknown_code" for gap in gaps):
        warnings.append(warning("code-unknown", "It has a code that no playbook knows."))
    if not gaps:
        text = "It names no order, clause, code or material; see the report on gaps."
        warnings.append(warning("denial-names-nothing", text))
    said = {
        **taken.said,
        "second_attempt_by": rfc3339(by),
        "gaps": gaps,
        "collections": [dict(each) for each in asked.collections],
        "warnings": warnings,
    }
    return Taken(said=said, papers=taken.papers)


def _draft(asked: Asked) -> Taken:
    """What the checks said of it stands beside it, without the text itself."""
    found = {k: v for k, v in (asked.draft or {}).items() if k != "plain_text"}
    return Taken(
        said={"note": text_of(asked.body, "note", most=5_000), "checks": found},
        papers=asked.papers,
    )


def _promise(asked: Asked) -> Taken:
    return Taken(said=promised(asked.body, asked.case, asked.book), papers=asked.papers)


def _prove(asked: Asked) -> Taken:
    papers = asked.papers
    return Taken(said=proved(asked.body, asked.case, papers), papers=papers)


def _profile(asked: Asked) -> Taken:
    said, paper = profiled(asked.body, asked.case, asked.now)
    return Taken(said=said, papers=[paper, *asked.papers])


def _metric(asked: Asked) -> Taken:
    said, paper = counted(asked.body)
    return Taken(said=said, papers=[paper, *asked.papers])


def _freeze(asked: Asked) -> Taken:
    said, papers = asked.frozen
    return Taken(said=said, papers=[*papers, *asked.papers])


def _watch(asked: Asked) -> Taken:
    began = asked.case.last(Step.WIN)
    since = asked.now if began is None else parse_rfc3339(str(began.said["received_at"]))
    until = since + timedelta(days=asked.book.term("watch.days"))
    return Taken(
        said={
            "until": rfc3339(until),
            "limit_percent": asked.book.term("watch.percent"),
            "note": text_of(asked.body, "note", most=5_000),
        },
        papers=asked.papers,
    )


def _recur(asked: Asked) -> Taken:
    """The same came back. Within the watch it is grave: the platform looks at it as final."""
    at = time_of(asked.body, "noticed_at") or asked.now
    watch = asked.case.time(Step.WATCH, "until")
    grave = watch is not None and at <= watch
    return Taken(
        said={
            "noticed_at": rfc3339(at),
            "severity": "critical" if grave else "normal",
            "note": text_of(asked.body, "note", most=5_000),
        },
        papers=asked.papers,
    )


_STEPS = {
    Step.DOCUMENT: _document,
    Step.NOTICE: _document,
    Step.SUBMIT: _submit,
    Step.REPLY: _answered,
    Step.REVIEW: _answered,
    Step.WIN: _answered,
    Step.DENY: _deny,
    Step.DRAFT: _draft,
    Step.PROMISE: _promise,
    Step.PROVE: _prove,
    Step.PROFILE: _profile,
    Step.METRIC: _metric,
    Step.FREEZE: _freeze,
    Step.WATCH: _watch,
    Step.RECUR: _recur,
}
