"""How a case with a platform is conducted, as data: the rules of the talk, beside those of proof.

A policy says what evidence answers a defect. A playbook says what is said, by which channel, how
long one waits, what a promise needs, which clause may be cited. It is a TOML file that is refused
if it has a field nobody reads. `house.toml` holds for every platform; a platform's own file adds to
it, and wins where both name a term. docs/cases.md tells of every field.

    id = "amazon"  version = "2026-11-28"

    [[term]]        key, value (a whole number)
    [[channel]]     id, text, official
    [[reason]]      id, text, words: what no platform accepts as the reason of an appeal
    [[denial]]      code, text, gap, roles: what a refusal means; `words` are how it may be said
    [[clause]]      id, text, version, valid_from, valid_to, replaced_by, words
    [[measure]]     id, text, words, proofs: what kinds of proof a promise needs
    [[phrase]]      id, language, words, why, unless: as in a policy
    [[section]]     id, language, words: the parts that a plan of action must have
    [[site]]        site, languages, needs: what an appeal for this site must be and hold
    [[response]]    id, minutes, counts ("any", "substantive"), text; after ("message", "review",
                    "chargeback")
    [[untracked]]   carrier, words: services that no scan ever proves
    [[trigger]]     id, metric, level, text: a figure of a store that is told of, `over` or `under`
                    something on so many `days` running, or risen (`rises_by`, `rises_times`) above
                    its `baseline_days`

Every table also has source, source_date and confidence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar

from evidence.canonical import digest
from evidence.errors import FormatError
from evidence.items import Role
from evidence.policy import Confidence, Phrase
from evidence.tables import Table, read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    source: str
    source_date: str
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Term(Sourced):
    """A number with its unit in the key: `quiet.hours`, `watch.days`, `draft.characters`."""

    key: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel(Sourced):
    """A way to the platform; what goes by another than an official one may not count."""

    id: str
    text: str
    official: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason(Sourced):
    id: str
    text: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial(Sourced):
    """What a code or a sentence of a refusal asks for. `roles` would fill the gap."""

    code: str
    text: str
    gap: str
    roles: tuple[Role, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause(Sourced):
    """A clause of a platform's rules in one wording; both days are in force."""

    id: str
    text: str
    version: str
    words: tuple[str, ...]
    valid_from: date | None = None
    valid_to: date | None = None
    replaced_by: str = ""

    def holds(self, on: date) -> bool:
        begun = self.valid_from is None or self.valid_from <= on
        return begun and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureKind(Sourced):
    """A kind of promise. `proofs` are names of what shows that it was kept."""

    id: str
    text: str
    words: tuple[str, ...]
    proofs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section(Sourced):
    """A part that a plan of action must have, and the words that headings of it use."""

    id: str
    language: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRule(Sourced):
    """`needs` are texts of which one must stand in an appeal for the site; "" for none."""

    site: str
    languages: tuple[str, ...]
    needs: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response(Sourced):
    """How soon a buyer is to be answered. `counts`: which answers do (`any`, `substantive`).

    after   what begins the wait: a `message`, a `review`, or the notice of a `chargeback`, which is
            answered by what is handed in
    """

    id: str
    minutes: int
    counts: str
    text: str
    after: str = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Untracked(Sourced):
    carrier: str
    words: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Sourced):
    """When a figure of a store is told of. Percent and percentage points, as decimal text.

    level           `yellow` warns, `red` is what a platform acts on
    over, under     strictly beyond it, on so many `days` running
    rises_by        a jump: so many points above the baseline, and
    rises_times     so many times the baseline, which is the median of
    baseline_days   so many days before
    act_from        within so many days somebody should have acted, by the shortest reading and
    act_to          by the longest
    """

    id: str
    metric: str
    level: str
    text: str
    over: Fraction | None = None
    under: Fraction | None = None
    days: int = 1
    rises_by: Fraction | None = None
    rises_times: Fraction = Fraction(1)
    baseline_days: int = 28
    act_from: int = 7
    act_to: int = 14

    @property
    def is_jump(self) -> bool:
        return self.rises_by is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """A platform's playbook with the house's below it. `sha256` is of the files it was read from.

    Lists hold the platform's own rules first.
    """

    id: str
    version: str
    sha256: str
    terms: tuple[Term, ...]
    channels: tuple[Channel, ...]
    reasons: tuple[Reason, ...]
    denials: tuple[Denial, ...]
    clauses: tuple[Clause, ...]
    measures: tuple[MeasureKind, ...]
    phrases: tuple[Phrase, ...]
    sections: tuple[Section, ...]
    sites: tuple[SiteRule, ...]
    responses: tuple[Response, ...]
    untracked: tuple[Untracked, ...]
    triggers: tuple[Trigger, ...]

    def term(self, key: str) -> int:
        """FormatError if neither file has it: the house's must have every one."""
        for term in self.terms:
            if term.key == key:
                return term.value
        raise FormatError(what=f"The playbook {self.id}", why=f"it has no term {key}")

    def channel(self, id: str) -> Channel | None:
        return next((channel for channel in self.channels if channel.id == id), None)

    def above(self, house: Playbook) -> Playbook:
        """Both together."""
        joined: dict[str, Any] = {
            name: getattr(self, name) + getattr(house, name) for name in _LISTS
        }
        both = digest(f"{self.sha256}\n{house.sha256}\n".encode())
        return Playbook(id=self.id, version=self.version, sha256=both, **joined)


_LISTS = (
    "terms", "channels", "reasons", "denials", "clauses", "measures", "phrases", "sections",
    "sites", "responses", "untracked", "triggers",
)  # fmt: skip
_TABLES = {
    "term": ("terms", Term),
    "channel": ("channels", Channel),
    "reason": ("reasons", Reason),
    "denial": ("denials", Denial),
    "clause": ("clauses", Clause),
    "measure": ("measures", MeasureKind),
    "phrase": ("phrases", Phrase),
    "section": ("sections", Section),
    "site": ("sites", SiteRule),
    "response": ("responses", Response),
    "untracked": ("untracked", Untracked),
    "trigger": ("triggers", Trigger),
}
LEVELS = ("yellow", "red")
_DECIMAL = re.compile(r"\d{1,3}(?:\.\d{1,3})?")
_Kind = TypeVar("_Kind")


def parse_playbook(raw: bytes, *, name: str = "the playbook") -> Playbook:
    """Read a file's bytes. FormatError names the rule and field that is wrong."""
    table = read_table(raw, name=name)
    table.has({"id", "version"}, optional=_TABLES)
    lists: dict[str, Any] = {
        plural: tuple(_read(rule, kind) for rule in table.rules(singular, kind))
        for singular, (plural, kind) in _TABLES.items()
    }
    return Playbook(id=table.text("id"), version=table.text("version"), sha256=digest(raw), **lists)


def _read(rule: Table, kind: type[_Kind]) -> _Kind:
    values: dict[str, Any] = {}
    for name, type_ in kind.__annotations__.items() | Sourced.__annotations__.items():
        if name in rule:
            values[name] = _value(rule, name, str(type_))
    if kind is Trigger:
        _check_trigger(rule)
    return kind(**values)


def _check_trigger(rule: Table) -> None:
    if rule.text("level") not in LEVELS:
        raise rule.wrong("level", f"one of {', '.join(LEVELS)}")
    if sum(each in rule for each in ("over", "under", "rises_by")) != 1:
        raise rule.error("it has not one of over, under and rises_by")


def _value(rule: Table, name: str, type_: str) -> object:
    match type_:
        case "int":
            return rule.amount(name, least=0)
        case "bool":
            return rule.flag(name)
        case "tuple[Role, ...]":
            return tuple(rule.chosen(name, each, Role) for each in rule.texts(name))
        case "tuple[str, ...]":
            return _words(rule, name, rule.texts(name))
        case "date | None":
            return rule.day(name)
        case "Fraction" | "Fraction | None":
            if not _DECIMAL.fullmatch(said := rule.text(name)):
                raise rule.wrong(name, 'a decimal number in quotes, such as "0.8"')
            return Fraction(said)
        case "Role | None":
            return rule.chosen(name, rule.text(name), Role)
        case "Confidence":
            return rule.choice(name, Confidence)
    return rule.text(name)


def _words(rule: Table, name: str, words: Sequence[str]) -> tuple[str, ...]:
    if not all(word.strip() for word in words):
        raise rule.wrong(name, "a list of words")
    return tuple(words)
