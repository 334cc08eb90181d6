"""A platform's rules for a defect kind, as data with a version, effective dates and sources.

A policy is a TOML file; `parse_policy` reads its bytes and refuses what it does not know, so a
mistyped rule is an error, not a rule that silently never applies. Readings that contradict each
other stand side by side: each value has its own source, date and confidence. docs/policies.md tells
of every field.

    id = "amazon.a2z.delivery"          name of the policy
    version = "2026-11-22"
    platform = "amazon"                 "other": a processor's or a card network's, or nobody's
    defect_kinds = ["a-to-z"]
    title = "..."
    default = true                      optional: answers where no kind of defect is named
    effective_from = 2026-01-01         optional; effective_to likewise

    [[requirement]]
    id = "pod"
    text = "Proof of delivery provided by the carrier"
    any_of = ["pod.document", "pod.signature"]     roles; one of them is enough
    level = "required"                  or "helpful"
    least_provenance = "carrier_document"          optional
    asks = "is receipt acknowledged?"   optional: a question that only a person can answer
    facts = ["scan.delivered.at"]       fact names that must have been read from such an item
    when = ["order.total >= 750 USD"]   optional: applies only if all of these hold
    source = "...", source_date = "n.d.", confidence = "documented"

    [[deadline]]
    id = "reply", starts = "defect.noticed.at", amount = 48, unit = "hours", clock = "UTC"
    step = "reply"                      optional: deadlines of one step are readings of one rule
    source = "...", source_date = "...", confidence = "...", conflict = "CG-04"

    [[limit]]
    key = "zip.total_bytes", value = "10000000", source = ...

    [[eligible]]
    id = "ceiling", text = "...", when = ["order.total < 250 USD"], source = ...

    [[phrase]]
    id = "blame", language = "en", words = ["liar"], why = "...", source = ...

Every rule may also have `valid_from` and `valid_to`: it holds for orders placed within.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol, TypedDict

from evidence.canonical import digest
from evidence.conditions import Condition, parse_condition
from evidence.errors import FormatError
from evidence.items import Provenance, Role
from evidence.orders import Platform
from evidence.repeated import Repeated, repeated_of
from evidence.tables import MAX_BYTES, Table, read_table
from evidence.vocabulary import Kind

MAX_POLICY_BYTES = MAX_BYTES


class Level(StrEnum):
    REQUIRED = "required"
    HELPFUL = "helpful"


class Confidence(StrEnum):
    """The confidence words of the policy facts: who says so."""

    DOCUMENTED = "documented"
    DOCUMENTED_3P = "documented-3p"
    SEED = "seed"
    GENERAL = "general"


class Unit(StrEnum):
    """Calendar days, business days and hours are distinct units."""

    HOURS = "hours"
    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    id: str
    text: str
    any_of: tuple[Role, ...]
    level: Level
    source: str
    source_date: str
    confidence: Confidence
    least_provenance: Provenance = Provenance.UNKNOWN
    facts: tuple[str, ...] = ()
    where: str = ""  # where a seller can get it
    asks: str = ""  # what only a person can tell from such an item, as a question
    when: tuple[Condition, ...] = ()
    repeated: Repeated | None = None
    conflict: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """`amount` 0: the moment is the deadline itself, as the platform states it."""

    id: str
    starts: str
    amount: int
    unit: Unit
    clock: str
    source: str
    source_date: str
    confidence: Confidence
    conflict: str = ""
    step: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    key: str
    value: str
    source: str
    source_date: str
    confidence: Confidence
    conflict: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """Who or what may be answered at all: all of `when` must hold."""

    id: str
    text: str
    when: tuple[Condition, ...]
    source: str
    source_date: str
    confidence: Confidence
    conflict: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words that do not belong into what is written to the platform.

    unless  a role: with such an item the words may stand, as an accusation with its ruling
    """

    id: str
    language: str
    words: tuple[str, ...]
    why: str
    source: str
    source_date: str
    confidence: Confidence
    unless: Role | None = None
    valid_from: date | None = None
    valid_to: date | None = None


Disputed = Requirement | Deadline | Limit | Eligibility
Rule = Disputed | Phrase


class Sourced(Protocol):
    """What every rule says of itself."""

    @property
    def source(self) -> str: ...
    @property
    def source_date(self) -> str: ...
    @property
    def confidence(self) -> Confidence: ...
    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_to(self) -> date | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy as read; `raw` is the file's bytes, which the manifest seals."""

    id: str
    version: str
    platform: Platform
    defect_kinds: tuple[str, ...]
    title: str
    raw: bytes
    requirements: tuple[Requirement, ...]
    deadlines: tuple[Deadline, ...] = ()
    limits: tuple[Limit, ...] = ()
    eligibility: tuple[Eligibility, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    effective_from: date | None = None
    effective_to: date | None = None
    default: bool = False

    @property
    def sha256(self) -> str:
        return digest(self.raw)

    def roles(self, level: Level | None = None) -> list[Role]:
        """Every role that could meet a requirement, each once."""
        wanted = (rule for rule in self.requirements if level is None or rule.level is level)
        return list(dict.fromkeys(role for rule in wanted for role in rule.any_of))

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, by kind and in the file's order."""
        return (
            *self.requirements, *self.deadlines, *self.eligibility, *self.limits, *self.phrases
        )  # fmt: skip

    def answers(self, defect_kind: str) -> bool:
        """Whether it names this kind of defect; case, hyphens and underscores do not matter."""
        return _kind(defect_kind) in map(_kind, self.defect_kinds)

    def limited(self, key: str) -> list[Limit]:
        """Every reading of a limit, in the file's order."""
        return [limit for limit in self.limits if limit.key == key]

    def conflicts(self) -> dict[str, list[Disputed]]:
        """Readings that contradict each other, by their group."""
        groups: dict[str, list[Disputed]] = {}
        for rule in self.rules:
            if not isinstance(rule, Phrase) and rule.conflict:
                groups.setdefault(rule.conflict, []).append(rule)
        return groups


def _kind(text: str) -> str:
    return " ".join(text.casefold().replace("-", " ").replace("_", " ").split())


def parse_policy(raw: bytes, *, name: str = "the policy") -> Policy:
    """Read a policy file's bytes. FormatError names the rule and field that is wrong."""
    table = read_table(raw, name=name)
    table.has({"id", "version", "platform", "defect_kinds", "title"}, optional=_REST)
    start, end = _days(table, "effective_from", "effective_to")
    policy = Policy(
        id=table.text("id"),
        version=table.text("version"),
        platform=table.choice("platform", Platform),
        defect_kinds=table.texts("defect_kinds"),
        title=table.text("title"),
        raw=raw,
        requirements=tuple(map(_requirement, table.rules("requirement", Requirement))),
        deadlines=tuple(map(_deadline, table.rules("deadline", Deadline))),
        limits=tuple(map(read_limit, table.rules("limit", Limit))),
        eligibility=tuple(map(_eligibility, table.rules("eligible", Eligibility))),
        phrases=tuple(map(_phrase, table.rules("phrase", Phrase))),
        effective_from=start,
        effective_to=end,
        default=table.flag("default"),
    )
    ids = [requirement.id for requirement in policy.requirements]
    for each in set(ids):
        if ids.count(each) > 1:  # coverage speaks of a requirement by its id
            raise FormatError(what=name, why=f"two requirements are called {each[:40]!r}")
    return policy


_REST = frozenset(
    {"effective_from", "effective_to", "default", "requirement", "deadline", "limit", "eligible",
     "phrase"}
)  # fmt: skip


def _days(table: Table, start: str, end: str) -> tuple[date | None, date | None]:
    first, last = table.day(start), table.day(end)
    if first and last and last < first:
        raise table.wrong(end, f"after {start}")
    return first, last


def _requirement(rule: Table) -> Requirement:
    for fact_name in rule.texts("facts", ()):
        rule.named("facts", fact_name)
    any_of = rule.texts("any_of")
    if not any_of:
        raise rule.wrong("any_of", "a list of at least one role")
    repeated = rule.table("repeated")
    return Requirement(
        id=rule.text("id"),
        text=rule.text("text"),
        any_of=tuple(rule.chosen("any_of", role, Role) for role in any_of),
        level=rule.choice("level", Level),
        **_sourced(rule),
        least_provenance=rule.choice("least_provenance", Provenance, "unknown"),
        facts=rule.texts("facts", ()),
        where=rule.text("where", ""),
        asks=rule.text("asks", ""),
        when=tuple(_condition(rule, text) for text in rule.texts("when", ())),
        repeated=None if repeated is None else repeated_of(repeated),
        conflict=rule.text("conflict", ""),
    )


class _Sourced(TypedDict):
    source: str
    source_date: str
    confidence: Confidence
    valid_from: date | None
    valid_to: date | None


def _sourced(rule: Table) -> _Sourced:
    """Where a rule comes from, how sure that is, and when it holds."""
    start, end = _days(rule, "valid_from", "valid_to")
    return {
        "source": rule.text("source"),
        "source_date": rule.text("source_date"),
        "confidence": rule.choice("confidence", Confidence),
        "valid_from": start,
        "valid_to": end,
    }


def _condition(rule: Table, text: str) -> Condition:
    try:
        return parse_condition(text)
    except FormatError as problem:
        raise rule.error(f"when: {problem}") from problem


def _deadline(rule: Table) -> Deadline:
    if rule.named("starts", rule.text("starts")).kind is not Kind.TIME:
        raise rule.wrong("starts", "the name of a time")
    return Deadline(
        id=rule.text("id"),
        starts=rule.text("starts"),
        amount=rule.amount("amount", least=0),
        unit=rule.choice("unit", Unit),
        clock=rule.text("clock"),
        **_sourced(rule),
        conflict=rule.text("conflict", ""),
        step=rule.text("step", ""),
    )


def read_limit(rule: Table) -> Limit:
    """A limit as policies and profiles write it."""
    return Limit(
        key=rule.text("key"),
        value=rule.text("value"),
        **_sourced(rule),
        conflict=rule.text("conflict", ""),
    )


def _eligibility(rule: Table) -> Eligibility:
    return Eligibility(
        id=rule.text("id"),
        text=rule.text("text"),
        when=tuple(_condition(rule, text) for text in rule.texts("when")),
        **_sourced(rule),
        conflict=rule.text("conflict", ""),
    )


def _phrase(rule: Table) -> Phrase:
    words = rule.texts("words")
    if not words or not all(word.strip() for word in words):
        raise rule.wrong("words", "a list of words")
    return Phrase(
        id=rule.text("id"),
        language=rule.text("language"),
        words=words,
        why=rule.text("why"),
        **_sourced(rule),
        unless=rule.chosen("unless", rule.text("unless"), Role) if "unless" in rule else None,
    )
