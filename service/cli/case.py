"""`orderproof case`: what a person pursues with a platform, recorded step by step.

orderproof case open --platform amazon --kind a-to-z ORDER --notice FILE --noticed-at TIME
orderproof case list [--due-before TIME]
orderproof case show ID
orderproof case step ID STEP [--paper ROLE=FILE]… [--set NAME=VALUE]…
orderproof case report ID coverage|gaps|skeleton|clauses|measures|responses|…
orderproof case check ID DRAFT.txt       what speaks against sending it
orderproof case seal ID -o FILE.zip
orderproof case verify FILE.zip          offline, from the file alone
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evidence.errors import RequestError

_MOST_PAPER = 32 << 20


def configure(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run, action=None)
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)

    opening = actions.add_parser("open", help="about one order, or with --account about many")
    opening.add_argument("orders", nargs="*", metavar="ORDER")
    opening.add_argument("--platform", required=True)
    opening.add_argument("--kind", action="append", required=True, dest="kinds")
    opening.add_argument("--site", default="US")
    opening.add_argument("--store", default="default")
    opening.add_argument("--account", action="store_true", help="it is about the whole account")
    opening.add_argument("--asin", action="append", default=[], dest="asins")
    opening.add_argument("--noticed-at", metavar="TIME", help="with its zone: 2026-11-22T08:15:00Z")
    opening.add_argument("--placed-on", metavar="DAY")
    opening.add_argument("--platform-case-id", metavar="NUMBER")
    opening.add_argument("--link", action="append", default=[], dest="links", metavar="ID")
    opening.add_argument("--notice", type=Path, metavar="FILE")

    listing = actions.add_parser("list", help="newest first")
    listing.add_argument(
        "--due-before", metavar="TIME", help="only those to be looked at until then"
    )

    for name, said in (("show", "all of it"), ("seal", "into a file that anybody can check")):
        one = actions.add_parser(name, help=said)
        one.add_argument("id", metavar="ID")
        if name == "seal":
            one.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")

    step = actions.add_parser("step", help="record what was done")
    step.add_argument("id", metavar="ID")
    step.add_argument("step", metavar="STEP")
    step.add_argument("--paper", action="append", default=[], dest="papers", metavar="ROLE=FILE")
    step.add_argument(
        "--set", action="append", default=[], dest="fields", metavar="NAME=VALUE",
        help="a field of the step; JSON where it is a list, an object, a number or true",
    )  # fmt: skip

    step.add_argument(
        "--hint", action="append", default=[], dest="hints", metavar="NAME=VALUE",
        help="sealed with each paper of the step: kind, issuer, date, language, translator, proof",
    )  # fmt: skip

    report = actions.add_parser("report", help="something about it as it stands")
    report.add_argument("id", metavar="ID")
    report.add_argument("report", metavar="REPORT")
    report.add_argument("--clauses", metavar="ID,ID", help="rules to refer to in a skeleton")

    check = actions.add_parser("check", help="what speaks against sending a draft")
    check.add_argument("id", metavar="ID")
    check.add_argument("draft", type=Path, metavar="FILE")

    checking = actions.add_parser("verify", help="its events and all else, offline")
    checking.add_argument("path", type=Path, metavar="FILE")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="answer as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0: done. 1: no such case, or the file does not hold. 2: refused."""
    if arguments.action == "verify":
        return _verify(arguments)
    from service.cli.logs import set_up

    set_up(level=logging.WARNING)
    return asyncio.run(_run(arguments))


def _verify(arguments: argparse.Namespace) -> int:
    from auditor.verify import verify_path
    from service.cli.terminal import say, say_json

    report = verify_path(arguments.path)
    is_case = any(check.name == "case" for check in report.checks)
    if arguments.json:
        say_json(report.to_json())
    else:
        for line in report.lines():
            say(line)
        if not is_case:
            say("it is no bundle of a case")
    return 0 if report.ok and is_case else 1


async def _run(arguments: argparse.Namespace) -> int:
    from evidence.errors import NotFoundError
    from service.access.callers import Whose
    from service.cases.work import CaseWork
    from service.cli.terminal import note, say, say_json
    from service.custody import local_user
    from service.runtime import Runtime
    from service.settings import load_settings

    settings = load_settings(arguments.config)
    by = local_user(f"case {arguments.action}")
    whose = Whose(settings.tenant)
    async with await Runtime.open(settings) as runtime:
        work = CaseWork(runtime)
        try:
            found: Any
            match arguments.action:
                case "open":
                    found, new = await work.open(whose, _opening(arguments), by)
                    note("a new case" if new else "there is one about this already")
                case "list":
                    found = await _all(work, whose, arguments.due_before)
                case "step":
                    found = await work.step(whose, arguments.id, _step(arguments), by)
                case "report":
                    asked = {"clauses": arguments.clauses}
                    found = await work.report(whose, arguments.id, arguments.report, by, asked)
                    return _told(found, arguments)
                case "check":
                    text = arguments.draft.read_text("utf-8")
                    body = {"check": "draft", "text": text}
                    found = await work.check(whose, arguments.id, body, by)
                    return _told(found, arguments)
                case "seal":
                    found = await work.seal(whose, arguments.id, by)
                    await work.bundle(whose, arguments.id, to=arguments.output)
                case _:
                    found = await work.view(whose, arguments.id, by)
        except NotFoundError as problem:
            note(f"{arguments.id}: {problem}" if "id" in arguments else str(problem))
            return 1
    if arguments.json:
        say_json(found)
        return 0
    if not found:
        until = f" to be looked at before {arguments.due_before}" if arguments.due_before else ""
        note(f"There is no case{until}. Begin one with: orderproof case open")
    for line in _lines(found):
        say(line)
    return 0


def _told(found: Mapping[str, Any], arguments: argparse.Namespace) -> int:
    """1 where the report's answer is no."""
    from service.cli.terminal import say, say_json

    said = found["said"]
    if arguments.json:
        say_json(found)
    elif isinstance(said.get("text"), str):
        say(said["text"])
    elif "findings" in said:
        for each in said["findings"]:
            say(f"{each['severity']:<7} {each['begin']:>5}  {each['code']}: {each['text']}")
        if not said["findings"]:
            say("nothing speaks against it")
    else:
        say(json.dumps(said, ensure_ascii=False, indent=2))
    no = said.get("verdict") not in (None, "pass") or said.get("sendable") is False
    return 1 if no else 0


async def _all(work: Any, whose: Any, due: str | None) -> list[dict[str, Any]]:
    from service.cases.given import time_of

    until = time_of({"--due-before": due}, "--due-before")
    found: list[dict[str, Any]] = []
    before: int | None = None
    while True:
        page, before = await work.listed(whose, before=before, limit=200, due=until)
        found += page
        if before is None:
            return found


def _opening(arguments: argparse.Namespace) -> dict[str, Any]:
    names = ("platform", "site", "store", "kinds", "orders", "asins", "account", "links")
    body: dict[str, Any] = {name: getattr(arguments, name) for name in names}
    for name in ("noticed_at", "placed_on", "platform_case_id"):
        if (value := getattr(arguments, name)) is not None:
            body[name] = value
    if arguments.notice is not None:
        body["papers"] = [_paper("notice", arguments.notice)]
    return body


def _step(arguments: argparse.Namespace) -> dict[str, Any]:
    body: dict[str, Any] = {"step": arguments.step}
    body |= {name: _value(value) for name, value in _pairs("--set", arguments.fields)}
    hints = dict(_pairs("--hint", arguments.hints))
    for word in arguments.papers:
        role, equals, path = word.partition("=")
        if not equals:
            raise RequestError(what="--paper", why="it is not written as ROLE=FILE")
        body.setdefault("papers", []).append(_paper(role, Path(path)) | {"hints": hints})
    return body


def _pairs(option: str, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise RequestError(what=option, why="it is not written as NAME=VALUE")
        yield name, value


def _value(text: str) -> Any:
    try:
        return json.loads(text) if text[:1] in ("[", "{") or text == "true" else text
    except ValueError:
        return text


def _paper(role: str, path: Path) -> dict[str, Any]:
    from evidence.errors import TooLargeError
    from evidence.media import HEAD, sniff

    with path.open("rb") as file:
        data = file.read(_MOST_PAPER + 1)
    if len(data) > _MOST_PAPER:
        raise TooLargeError(what=str(path), size=path.stat().st_size, limit=_MOST_PAPER)
    return {
        "role": role,
        "name": path.name,
        "media_type": sniff(data[:HEAD]),
        "data": data,
    }


def _lines(found: Any) -> list[str]:
    if isinstance(found, list):
        return [
            f"{each['id']}  {each['state']:<13} {each['platform']:<8} {each['kind']:<20} "
            f"{each['order'] or str(each['orders']) + ' orders'}  {each['next_at'] or ''}".rstrip()
            for each in found
        ]
    return [*_head(found), *(_event(event) for event in found["events"]), *_agenda(found)]


def _head(case: Mapping[str, Any]) -> list[str]:
    about = case["orders"][0] if len(case["orders"]) == 1 else f"{len(case['orders'])} orders"
    return [
        f"case {case['id']}  {case['state']}",
        f"{case['platform']} {case['site']}, {case['kind']}: {about} ({case['rules']})",
    ]


def _event(event: Mapping[str, Any]) -> str:
    papers = f"  {len(event['papers'])} papers" if event["papers"] else ""
    warned = "".join(f"\n  ! {each['text']}" for each in event["said"].get("warnings", []))
    return (
        f"{event['at']}  {event['step']:<9} -> {event['after']:<13} {event['by']}{papers}{warned}"
    )


def _agenda(case: Mapping[str, Any]) -> list[str]:
    return [f"by {entry['at']}  {entry['what']}: {entry['text']}" for entry in case["agenda"]]
