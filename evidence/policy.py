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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

from evidence.canonical import digest
from evidence.errors import FormatError
from evidence.items import Provenance, Role
from evidence.orders import Platform
from evidence.vocabulary import name_of


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
    try:
        table = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise FormatError(what=name, why=f"it is not TOML in UTF-8: {problem}") from problem
    allowed = {
        "id", "version", "platform", "defect_kinds", "title", "effective_from", "effective_to",
        "requirement", "deadline", "limit",
    }  # fmt: skip
    _refuse_unknown(table, allowed, name)
    try:
        return Policy(
            id=str(table["id"]),
            version=str(table["version"]),
            platform=Platform(table["platform"]),
            defect_kinds=tuple(map(str, table["defect_kinds"])),
            title=str(table["title"]),
            raw=raw,
            requirements=tuple(_requirement(rule, name) for rule in table.get("requirement", ())),
            deadlines=tuple(_deadline(rule, name) for rule in table.get("deadline", ())),
            limits=tuple(_limit(rule, name) for rule in table.get("limit", ())),
            effective_from=_day(table.get("effective_from")),
            effective_to=_day(table.get("effective_to")),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise FormatError(what=name, why=f"field {problem}") from problem


def _requirement(rule: Mapping[str, Any], name: str) -> Requirement:
    _refuse_unknown(rule, {field.name for field in fields(Requirement)}, name)
    for fact_name in rule.get("facts", ()):
        name_of(fact_name)
    return Requirement(
        **{
            **rule,
            "any_of": tuple(Role(role) for role in rule["any_of"]),
            "level": Level(rule["level"]),
            "confidence": Confidence(rule["confidence"]),
            "least_provenance": Provenance(rule.get("least_provenance", "unknown")),
            "facts": tuple(rule.get("facts", ())),
        }
    )


def _deadline(rule: Mapping[str, Any], name: str) -> Deadline:
    _refuse_unknown(rule, {field.name for field in fields(Deadline)}, name)
    name_of(rule["starts"])
    return Deadline(
        **{**rule, "unit": Unit(rule["unit"]), "confidence": Confidence(rule["confidence"])}
    )


def _limit(rule: Mapping[str, Any], name: str) -> Limit:
    _refuse_unknown(rule, {field.name for field in fields(Limit)}, name)
    return Limit(
        **{**rule, "value": str(rule["value"]), "confidence": Confidence(rule["confidence"])}
    )


def _refuse_unknown(table: Mapping[str, Any], allowed: Iterable[str], name: str) -> None:
    if unknown := sorted(set(table) - set(allowed)):
        raise FormatError(what=name, why=f"it has fields nobody reads: {', '.join(unknown)}")


def _day(value: object) -> date | None:
    if value is None or isinstance(value, date):
        return value
    raise ValueError("effective dates are TOML dates, without quotes")
