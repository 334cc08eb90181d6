"""Examples of a policy: evidence as TOML, and what the policy must say of it.

policy = "amazon.chargeback"
at = 2026-11-20T12:00:00Z

[[example]]
name = "all of it is there"
order = "123-1234567-1234567"           optional
draft = "..."                            optional: what somebody wants to write

[[example.item]]
role = "tracking.history"
provenance = "api"                       optional: "api"
origin = "ups"                           optional
media_type = "application/pdf"           optional, as are size, name and collected
facts = { "scan.delivered.at" = "2026-11-05T14:32:00Z" }
groups = [{ "prior.payment.at" = "..." }]     optional: facts that belong together

[example.expect]
verdict = "pass"                         of coverage.policy
present = ["..."]                        ids of requirements; also weak, missing, not_applicable
says = ["..."]                           words that a line of coverage must have
due = { "AMZ-CB-01" = 2026-11-12T09:00:00Z }   the moment each deadline ends, at the earliest
time = "pass"                            of coverage.deadlines
form = "pass"                            of coverage.form
findings = ["form-too-large"]            codes that must be among all findings
phrases = ["maybe"]                      what is found in the draft, in order
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from evidence.errors import EvidenceError
from evidence.facts import Fact, Facts
from evidence.items import Provenance, Role
from evidence.locators import Locator
from evidence.manifest import SealedItem
from evidence.orders import OrderRef
from evidence.policy import Policy
from evidence.tables import Table, read_table
from evidence.times import parse_iso, rfc3339
from evidence.verdicts import Verdict
from evidence.vocabulary import Kind
from evidence.wording import slips
from verifiers import coverage
from verifiers.terms import deadlines, form
from verifiers.terms.due import dues

_STATES = ("present", "weak", "missing", "not_applicable")
_ITEM = ("provenance", "origin", "media_type", "size", "name", "collected", "facts", "groups")
_EXPECT = (*_STATES, "verdict", "says", "due", "time", "form", "findings", "phrases")
_LARGEST = 1 << 40


@dataclass(frozen=True, slots=True)
class Example:
    """One example as read: the evidence, and what must come of it."""

    name: str
    order: OrderRef
    at: datetime
    items: tuple[SealedItem, ...]
    facts: Facts
    draft: str
    expect: Table


def read_examples(raw: bytes, policy: Policy, *, name: str) -> list[Example]:
    """Every example of a file. FormatError names the example and the field that is wrong."""
    table = read_table(raw, name=name)
    table.has({"policy", "at", "example"}, optional=())
    if table.text("policy") != policy.id:
        raise table.wrong("policy", policy.id)
    at = table.moment("at")
    if at is None:
        raise table.wrong("at", "there")
    return [_example(each, policy, at.astimezone(UTC)) for each in table.tables("example")]


def _example(table: Table, policy: Policy, at: datetime) -> Example:
    table.has({"name", "expect"}, optional={"order", "site", "draft", "item", "at"})
    moment = table.moment("at") or at
    expect = table.table("expect")
    if expect is None:
        raise table.wrong("expect", "a table")
    expect.has((), optional=_EXPECT)
    order = OrderRef(policy.platform, table.text("order", "1"), table.text("site", "US"))
    items: list[SealedItem] = []
    facts: list[Fact] = []
    for number, each in enumerate(table.tables("item")):
        each.has({"role"}, optional=_ITEM)
        item = _item(each, f"{table.text('name')}/{number}", moment.astimezone(UTC))
        items.append(item)
        facts += _facts(each, item)
    return Example(
        name=table.text("name"),
        order=order,
        at=moment.astimezone(UTC),
        items=tuple(items),
        facts=Facts(facts),
        draft=table.text("draft", ""),
        expect=expect,
    )


def _item(table: Table, key: str, at: datetime) -> SealedItem:
    size = table.any("size", 1)
    if type(size) is not int or not 0 <= size <= _LARGEST:
        raise table.wrong("size", "a whole number of bytes")
    collected = table.moment("collected") or at
    return SealedItem(
        sha256=hashlib.sha256(key.encode()).hexdigest(),
        role=table.choice("role", Role),
        key=key,
        media_type=table.text("media_type", "application/json"),
        size=size,
        collector="example/1",
        origin=table.text("origin", "example"),
        provenance=str(table.choice("provenance", Provenance, "api")),
        collected_at=collected.astimezone(UTC),
        seq=0,
        receipt="0" * 64,
        salt=bytes(32),
        name=table.text("name", "") or None,
    )


def _facts(table: Table, item: SealedItem) -> Iterator[Fact]:
    groups = table.any("groups", [])
    alone = table.any("facts", {})
    if not isinstance(groups, list) or not isinstance(alone, dict):
        raise table.wrong("facts", "a table of texts, or groups a list of such")
    for number, said in enumerate([alone, *groups]):
        group = f"group/{number}" if number else ""
        if not isinstance(said, dict):
            raise table.wrong("groups", "a list of tables")
        for fact_name, value in said.items():
            name = table.named("facts", fact_name)
            if not isinstance(value, str):
                raise table.wrong("facts", f"texts in quotes: {fact_name[:40]!r} is not")
            yield Fact(
                name=fact_name,
                value=parse_iso(value) if name.kind is Kind.TIME else value,
                locator=Locator("json", f"/{number}/{fact_name}"),
                item=item.sha256,
                origin=item.origin,
                group=group,
            )


def differences(example: Example, policy: Policy) -> list[str]:
    """Where the policy judges otherwise than written, a sentence each; none if it is right."""
    given = {"items": example.items, "facts": example.facts, "policy": policy, "at": example.at}
    lines = coverage.cover(example.items, example.facts, policy, example.at, example.order)
    judged = {
        "verdict": coverage.verify(order=example.order, **given),  # type: ignore[arg-type]
        "time": deadlines.verify(**given),  # type: ignore[arg-type]
        "form": form.verify(**given),  # type: ignore[arg-type]
    }
    expect, found = example.expect, []
    for member, (verdict, _) in judged.items():
        if member in expect and expect.choice(member, Verdict) is not verdict:
            found.append(f"{member} is {verdict}, not {expect.text(member)}")
    state = {line.requirement: line.state for line in lines}
    for wanted in _STATES:
        for requirement in expect.texts(wanted, ()):
            if state.get(requirement) != wanted:
                said = state.get(requirement, "no requirement of this policy")
                found.append(f"{requirement} is {said}, not {wanted}")
    told = [line.why for line in lines]
    for words in expect.texts("says", ()):
        if not any(words in why for why in told):
            found.append(
                f"no line of coverage says {words!r}; said is {'; '.join(filter(None, told))}"
            )
    codes = {finding.code for _, findings in judged.values() for finding in findings}
    found += [f"no finding is {code}" for code in expect.texts("findings", ()) if code not in codes]
    found += _due(example, policy)
    if "phrases" in expect:
        roles = {item.role for item in example.items}
        slipped = [slip.words for slip in slips(policy, example.draft, roles=roles)]
        if slipped != list(expect.texts("phrases")):
            found.append(f"in the draft is found {slipped}, not {list(expect.texts('phrases'))}")
    return found


def _due(example: Example, policy: Policy) -> Iterator[str]:
    wanted = example.expect.table("due")
    if wanted is None:
        return
    ends = {due.rule.id: due.earliest for due in dues(policy, example.facts, example.at)}
    for rule in policy.deadlines:
        if rule.id not in wanted:
            continue
        moment = wanted.moment(rule.id)
        if moment != ends.get(rule.id):
            end = ends.get(rule.id)
            said = rfc3339(end, unit_s=1) if end else "not known"
            yield f"{rule.id} ends {said}, not {wanted.any(rule.id)}"
    known = {rule.id for rule in policy.deadlines}
    unknown = [name for name in example.expect.any("due") if name not in known]
    yield from (f"{name} is no deadline of this policy" for name in unknown)


def run(raw: bytes, policy: Policy, *, name: str) -> list[tuple[str, list[str]]]:
    """(name, differences) of each example of a file; an error in the file is a difference too."""
    try:
        return [
            (each.name, differences(each, policy)) for each in read_examples(raw, policy, name=name)
        ]
    except EvidenceError as problem:
        return [(name, [str(problem)])]
