"""A platform's rules for a defect kind, as data with a version, effective dates and sources.

A policy is a TOML file; `parse_policy` reads its bytes and refuses what it does not know, so a
mistyped rule is an error, not a rule that silently never applies. Readings that contradict each
other stand side by side: each value has its own source, date and confidence.

    id = "amazon.a2z.delivery"          name of the policy
    version = "2026-11-22"
    platform = "amazon"
    defect_kinds = ["a-to-z"]
    title = "..."
    effective_from = 2026-01-01         optional; effective_to likewise

    [[requirement]]
    id = "pod"
    text = "Proof of delivery provided by the carrier"
    any_of = ["pod.document", "pod.signature"]     roles; one of them is enough
    level = "required"                  or "helpful"
    least_provenance = "carrier_document"          optional
    asks = "is receipt acknowledged?"   optional: a question that only a person can answer
    facts = ["scan.delivered.at"]       fact names that must have been read from such an item
    source = "...", source_date = "n.d.", confidence = "documented"

    [[deadline]]
    id = "reply", starts = "defect.noticed.at", amount = 48, unit = "hours", clock = "UTC"
    source = "...", source_date = "...", confidence = "...", conflict = "CG-04"

    [[limit]]
    key = "zip.total_bytes", value = "10000000", source = ...
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from evidence.canonical import digest
from evidence.errors import FormatError
from evidence.items import Provenance, Role
from evidence.orders import Platform
from evidence.vocabulary import Kind, Name, name_of

# Far above any policy; the parser's time grows faster than its input.
MAX_POLICY_BYTES = 256 << 10


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    id: str
    starts: str
    amount: int
    unit: Unit
    clock: str
    source: str
    source_date: str
    confidence: Confidence
    conflict: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    key: str
    value: str
    source: str
    source_date: str
    confidence: Confidence
    conflict: str = ""


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
    effective_from: date | None = None
    effective_to: date | None = None

    @property
    def sha256(self) -> str:
        return digest(self.raw)

    def roles(self, level: Level | None = None) -> list[Role]:
        """Every role that could meet a requirement, each once."""
        wanted = (rule for rule in self.requirements if level is None or rule.level is level)
        return list(dict.fromkeys(role for rule in wanted for role in rule.any_of))


def parse_policy(raw: bytes, *, name: str = "the policy") -> Policy:
    """Read a policy file's bytes. FormatError names the rule and field that is wrong."""
    if len(raw) > MAX_POLICY_BYTES:
        raise FormatError(what=name, why=f"it has more than {MAX_POLICY_BYTES} bytes")
    try:
        table = tomllib.loads(raw.decode("utf-8"))
    except RecursionError:
        raise FormatError(what=name, why="it is nested too deeply") from None
    except ValueError as problem:  # not UTF-8, not TOML, an endless number
        why = f"it is not TOML in UTF-8: {str(problem)[:200]}"
        raise FormatError(what=name, why=why) from problem
    rule = _Rule(table, name)
    rule.has({"id", "version", "platform", "defect_kinds", "title"}, optional=_REST)
    start, end = rule.day("effective_from"), rule.day("effective_to")
    if start and end and end < start:
        raise rule.wrong("effective_to", "after effective_from")
    policy = Policy(
        id=rule.text("id"),
        version=rule.text("version"),
        platform=rule.choice("platform", Platform),
        defect_kinds=rule.texts("defect_kinds"),
        title=rule.text("title"),
        raw=raw,
        requirements=tuple(map(_requirement, rule.rules("requirement", Requirement))),
        deadlines=tuple(map(_deadline, rule.rules("deadline", Deadline))),
        limits=tuple(map(_limit, rule.rules("limit", Limit))),
        effective_from=start,
        effective_to=end,
    )
    ids = [requirement.id for requirement in policy.requirements]
    for each in set(ids):
        if ids.count(each) > 1:  # coverage speaks of a requirement by its id
            raise FormatError(what=name, why=f"two requirements are called {each[:40]!r}")
    return policy


_REST = frozenset({"effective_from", "effective_to", "requirement", "deadline", "limit"})


def _requirement(rule: _Rule) -> Requirement:
    for fact_name in rule.texts("facts", ()):
        rule.named("facts", fact_name)
    any_of = rule.texts("any_of")
    if not any_of:
        raise rule.wrong("any_of", "a list of at least one role")
    return Requirement(
        id=rule.text("id"),
        text=rule.text("text"),
        any_of=tuple(rule.chosen("any_of", role, Role) for role in any_of),
        level=rule.choice("level", Level),
        source=rule.text("source"),
        source_date=rule.text("source_date"),
        confidence=rule.choice("confidence", Confidence),
        least_provenance=rule.choice("least_provenance", Provenance, "unknown"),
        facts=rule.texts("facts", ()),
        where=rule.text("where", ""),
        asks=rule.text("asks", ""),
    )


def _deadline(rule: _Rule) -> Deadline:
    if rule.named("starts", rule.text("starts")).kind is not Kind.TIME:
        raise rule.wrong("starts", "the name of a time")
    return Deadline(
        id=rule.text("id"),
        starts=rule.text("starts"),
        amount=rule.amount("amount"),
        unit=rule.choice("unit", Unit),
        clock=rule.text("clock"),
        source=rule.text("source"),
        source_date=rule.text("source_date"),
        confidence=rule.choice("confidence", Confidence),
        conflict=rule.text("conflict", ""),
    )


def _limit(rule: _Rule) -> Limit:
    return Limit(
        key=rule.text("key"),
        value=rule.text("value"),
        source=rule.text("source"),
        source_date=rule.text("source_date"),
        confidence=rule.choice("confidence", Confidence),
        conflict=rule.text("conflict", ""),
    )


_Choice = TypeVar("_Choice", bound=StrEnum)


class _Rule:
    """A table of the file; `name` says which, for errors."""

    def __init__(self, table: Mapping[str, Any], name: str) -> None:
        self._table = table
        self._name = name

    def has(self, needed: Iterable[str], *, optional: Iterable[str]) -> None:
        """Refuse the table unless it has what is needed, and nothing that nobody reads."""
        if lacking := sorted(set(needed) - set(self._table)):
            raise self._error(f"it lacks {', '.join(lacking)}")
        if unknown := sorted(set(self._table) - set(needed) - set(optional)):
            shown = ", ".join(each[:40] for each in unknown[:3])
            raise self._error(f"it has fields nobody reads: {shown}")

    def text(self, field: str, default: str | None = None) -> str:
        value = self._table.get(field, default)
        if not isinstance(value, str):
            raise self.wrong(field, "text in quotes")
        return value

    def texts(self, field: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self._table.get(field, default)
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise self.wrong(field, "a list of texts")
        return tuple(value)

    def amount(self, field: str) -> int:
        value = self._table[field]
        if type(value) is not int or not 0 < value <= 100_000:
            raise self.wrong(field, "a whole number from 1 to 100000, without quotes")
        return value

    def day(self, field: str) -> date | None:
        value = self._table.get(field)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        raise self.wrong(field, "a TOML date, without quotes and without a time")

    def choice(self, field: str, kind: type[_Choice], default: str | None = None) -> _Choice:
        return self.chosen(field, self.text(field, default), kind)

    def chosen(self, field: str, value: str, kind: type[_Choice]) -> _Choice:
        try:
            return kind(value)
        except ValueError:
            expected = f"one of {', '.join(kind)}: {value[:40]!r} is not"
            raise self.wrong(field, expected) from None

    def named(self, field: str, fact_name: str) -> Name:
        try:
            return name_of(fact_name)
        except FormatError as problem:
            expected = f"a fact name of evidence/vocabulary.py: {fact_name[:40]!r} is not"
            raise self.wrong(field, expected) from problem

    def rules(self, field: str, kind: type[Any]) -> Iterator[_Rule]:
        """The tables under [[field]], each with the fields of the dataclass `kind`."""
        tables = self._table.get(field, [])
        if not isinstance(tables, list):
            raise self.wrong(field, f"written as [[{field}]]")
        for number, table in enumerate(tables, start=1):
            if not isinstance(table, dict):
                raise self.wrong(field, f"written as [[{field}]]")
            # By its own name where it has one, else by its place in the file.
            called = table.get("id", table.get("key"))
            shown = repr(called[:40]) if isinstance(called, str) else str(number)
            rule = _Rule(table, f"{self._name}, {field} {shown}")
            needed = {f.name for f in fields(kind) if f.default is MISSING}
            rule.has(needed, optional={f.name for f in fields(kind)})
            yield rule

    def wrong(self, field: str, expected: str) -> FormatError:
        return self._error(f"{field} is not {expected}")

    def _error(self, why: str) -> FormatError:
        return FormatError(what=self._name, why=why)
