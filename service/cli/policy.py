"""`orderproof policy`: look at the platforms' rules, check them, and try them, offline."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evidence.errors import FormatError
    from evidence.policy import Policy, Sourced

_PLATFORM_HELP = "which policy answers a defect of this platform (with --defect)"


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    of_files = "a policy's file or id, or a folder (default: all that come with the program)"

    lint = actions.add_parser("lint", help="what is wrong with a policy's file")
    lint.add_argument("policies", nargs="*", metavar="POLICY", help=of_files)
    lint.set_defaults(run=_lint)

    explain = actions.add_parser(
        "explain", help="what a policy asks for, until when, on whose word"
    )
    explain.add_argument("policy", nargs="?", metavar="POLICY", help="a policy's file or id")
    explain.add_argument("--platform", metavar="P", help=_PLATFORM_HELP)
    explain.add_argument("--defect", metavar="KIND", help='such as "a-to-z" or "visa 10.4"')
    explain.set_defaults(run=_explain)

    test = actions.add_parser("test", help="judge the examples beside a policy")
    test.add_argument("policies", nargs="*", metavar="POLICY", help=of_files)
    test.set_defaults(run=_test)

    text = actions.add_parser("text", help="words of a draft that the platform does not want")
    text.add_argument("policy", metavar="POLICY", help="a policy's file or id")
    text.add_argument("draft", metavar="FILE", type=Path, help="the draft, in UTF-8")
    text.set_defaults(run=_text)

    for action in (lint, explain, test, text):
        action.add_argument("--json", action="store_true", help="answer as JSON")


def _lint(arguments: argparse.Namespace) -> int:
    """0: no fault, though there may be advice. 1: a fault."""
    from evidence.errors import FormatError
    from service.cli.terminal import say, say_json
    from verifiers.rulebook import policies
    from verifiers.terms.lint import faults

    answers: list[dict[str, Any]] = []
    code = 0
    for name, given in _given(arguments.policies):
        if isinstance(given, FormatError):
            answers.append({"policy": name, "faults": [str(given)], "advice": []})
            code = 1
            continue
        found = faults(given, {**policies(), given.id: given})
        said = [f"{fault.rule}: {fault.sentence}" for fault in found if fault.grave]
        advice = [f"{fault.rule}: {fault.sentence}" for fault in found if not fault.grave]
        if not _examples_of(given, name):
            advice.append(f"{given.id}: no examples lie beside it")
        answers.append({"policy": given.id, "faults": said, "advice": advice})
        code = max(code, 1 if said else 0)
    if arguments.json:
        say_json(answers)
        return code
    for answer in answers:
        say(f"{answer['policy']}: {'ok' if not answer['faults'] else 'not ok'}")
        for fault in answer["faults"]:
            say(f"  fault   {fault}")
        for advice in answer["advice"]:
            say(f"  advice  {advice}")
    return code


def _test(arguments: argparse.Namespace) -> int:
    """0: every example is judged as it is written. 1: one is not, or there are none."""
    from evidence.errors import FormatError
    from service.cli.terminal import say, say_json
    from verifiers.terms.examples import run

    answers: list[dict[str, Any]] = []
    for name, given in _given(arguments.policies):
        if isinstance(given, FormatError):
            answers.append({"policy": name, "example": "", "differences": [str(given)]})
            continue
        raw = _examples_of(given, name)
        if not raw:
            why = "no examples lie beside it: examples/ID.toml or ID.examples.toml"
            answers.append({"policy": given.id, "example": "", "differences": [why]})
        for example, differences in run(raw, given, name=f"examples of {given.id}") if raw else ():
            row = {"policy": given.id, "example": example, "differences": differences}
            answers.append(row)
    wrong = [answer for answer in answers if answer["differences"]]
    if arguments.json:
        say_json(answers)
        return 1 if wrong else 0
    for answer in wrong:
        say(f"{answer['policy']}: {answer['example']}".rstrip(": "))
        for difference in answer["differences"]:
            say(f"  {difference}")
    say(f"{len(answers) - len(wrong)} of {len(answers)} examples are judged as written")
    return 1 if wrong else 0


def _explain(arguments: argparse.Namespace) -> int:
    from evidence.errors import RequestError
    from service.cli.terminal import say, say_json
    from verifiers.rulebook import policies, policy_for

    if arguments.policy is not None:
        policy = _one(arguments.policy)
    elif arguments.platform is not None:
        policy = policy_for(arguments.platform.lower(), arguments.defect)
    else:
        for policy in policies().values():
            say(f"{policy.id:<32} {policy.title}")
        return 0
    if arguments.policy is not None and arguments.platform is not None:
        raise RequestError(what="explain", why="it takes a policy or a platform, not both")
    if arguments.json:
        from service.api.shapes import policy_json

        say_json(policy_json(policy))
        return 0
    for line in _told(policy):
        say(line)
    return 0


def _text(arguments: argparse.Namespace) -> int:
    """0: nothing to say. 1: unwanted words, or too long."""
    from evidence.errors import RequestError
    from evidence.wording import MAX_DRAFT, slips
    from service.cli.terminal import say, say_json
    from verifiers.terms.keys import fits, strictest

    policy = _one(arguments.policy)
    raw = arguments.draft.read_bytes()
    try:
        draft = raw.decode("utf-8").rstrip("\n")
    except UnicodeDecodeError as problem:
        raise RequestError(what="the draft", why="it is no text in UTF-8") from problem
    if len(draft) > MAX_DRAFT:
        raise RequestError(what="the draft", why=f"it has more than {MAX_DRAFT} characters")
    found = slips(policy, draft)
    limit = strictest([one for one in policy.limited("text.characters") if fits(one)])
    long = limit is not None and len(draft) > int(limit.value)
    if arguments.json:
        rows = [
            {"begin": s.begin, "end": s.end, "words": s.words, "rule": s.rule.id, "why": s.rule.why}
            for s in found
        ]
        most = int(limit.value) if limit else None
        say_json({"characters": len(draft), "most": most, "phrases": rows})
        return 1 if found or long else 0
    for slip in found:
        line = draft.count("\n", 0, slip.begin) + 1
        say(f"line {line}: “{slip.words}”: {slip.rule.why} ({slip.rule.id})")
    if long and limit is not None:
        say(f"{len(draft)} characters; at most {limit.value} are taken ({limit.source})")
    if not found and not long:
        say(f"{len(draft)} characters, and nothing to say")
    return 1 if found or long else 0


def _told(policy: Policy) -> Iterator[str]:
    from verifiers.terms.keys import key_of, strictest

    yield f"{policy.title}"
    kinds = ", ".join(policy.defect_kinds)
    yield f"{policy.id}, version {policy.version}, {policy.platform}; answers: {kinds}"
    for level in ("required", "helpful"):
        rules = [rule for rule in policy.requirements if rule.level == level]
        if rules:
            yield f"\n{level.capitalize()}"
        for rule in rules:
            yield f"  {rule.text} ({rule.id})"
            if rule.when:
                yield f"      only if {' and '.join(map(str, rule.when))}"
            if rule.asks:
                yield f"      a person must tell: {rule.asks}"
            yield f"      from {rule.where}"
            yield f"      {_sourced(rule)}"
    if policy.eligibility:
        yield "\nTaken only if"
    for bar in policy.eligibility:
        yield f"  {bar.text}: {' and '.join(map(str, bar.when))} ({bar.id})"
        yield f"      {_sourced(bar)}"
    if policy.deadlines:
        yield "\nUntil when"
    for due in policy.deadlines:
        unit = str(due.unit).replace("_", " ")
        span = f"{due.amount} {unit} from" if due.amount else "as stated:"
        step, clock = due.step or "answer", f"by the clock of {due.clock}"
        yield f"  {step}: {span} {due.starts}, {clock} ({due.id})"
        yield f"      {_sourced(due)}"
    if policy.limits:
        yield "\nLimits"
    for name in dict.fromkeys(limit.key for limit in policy.limits):
        readings = policy.limited(name)
        key, held = key_of(name), strictest(readings)
        for limit in readings:
            compared = key is not None and key.strictest and len(readings) > 1
            mark = "  <- held to" if compared and limit is held else ""
            yield f"  {name} = {limit.value}{mark}"
            yield f"      {_sourced(limit)}"
    if policy.phrases:
        yield "\nWords that do not belong into a draft"
    for phrase in policy.phrases:
        unless = f", unless there is a {phrase.unless}" if phrase.unless else ""
        yield f"  {', '.join(phrase.words)}: {phrase.why}{unless} ({phrase.id})"


def _sourced(rule: Sourced) -> str:
    said = f"{rule.confidence}: {rule.source}, {rule.source_date}"
    conflict = getattr(rule, "conflict", "")
    if conflict:
        said += f"; contradicted, see {conflict}"
    if rule.valid_from or rule.valid_to:
        since = f" from {rule.valid_from}" if rule.valid_from else ""
        until = f" to {rule.valid_to}" if rule.valid_to else ""
        said += f"; for orders placed{since}{until}"
    return said


def _one(name: str) -> Policy:
    from evidence.errors import FormatError

    (answer,) = list(_given([name]))
    found = answer[1]
    if isinstance(found, FormatError):
        raise found
    return found


def _given(names: list[str]) -> Iterator[tuple[str, Policy | FormatError]]:
    """Each policy that is named, or why it cannot be read."""
    from evidence.errors import FormatError, RequestError
    from evidence.policy import parse_policy
    from verifiers.rulebook import policies

    known: Mapping[str, Policy] = policies()
    if not names:
        yield from known.items()
    for name in names:
        path = Path(name)
        if name in known:
            yield name, known[name]
            continue
        files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not path.exists():
            raise RequestError(what="the policy", why=f"{name[:80]!r} is no id, file or folder")
        for file in files:
            if file.name.endswith(".examples.toml"):
                continue
            try:
                yield str(file), parse_policy(file.read_bytes(), name=file.name)
            except FormatError as problem:
                yield str(file), problem


def _examples_of(policy: Policy, name: str) -> bytes:
    """The examples beside the policy's file, or those that come with the program; b"" if none."""
    from verifiers.rulebook import built_in

    file = Path(name)
    if file.suffix == ".toml":
        for beside in (
            file.with_suffix(".examples.toml"),
            file.parent / "examples" / f"{policy.id}.toml",
        ):
            if beside.is_file():
                return beside.read_bytes()
        return b""
    own = built_in() / "examples" / f"{policy.id}.toml"
    return own.read_bytes() if own.is_file() else b""
