"""A rule on things that are told several times, such as a customer's earlier payments.

    [requirement.repeated]
    of = "prior.payment.at"                  each group of facts with this one is one thing; groups
                                             with the same `prior.payment.id` are one, told again
    at_least = 2
    ages = ["120..364 days before payment.at"]           all must hold of a thing that counts
    none_of = ["prior.payment.disputed is yes"]          a thing of which one holds does not count
    equal = ["prior.payment.ip = payment.ip", "prior.payment.device = payment.device"]
    equal_at_least = 2                       pairs that must agree, the same for every thing
    equal_one_of = ["prior.payment.ip"]      one of these must be among them

Source of the shape: Visa Compelling Evidence 3.0 (policy facts VIS-CE3-02 to VIS-CE3-06).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import combinations

from evidence.conditions import Condition, parse_condition
from evidence.errors import FormatError
from evidence.facts import Fact, Facts
from evidence.tables import Table
from evidence.vocabulary import Kind

_AGE = re.compile(r"(?P<least>\d{1,5})\.\.(?P<most>\d{1,5}) days before (?P<fact>[a-z0-9_.]{1,80})")
_PAIR = re.compile(r"(?P<theirs>[a-z0-9_.]{1,80}) = (?P<ours>[a-z0-9_.]{1,80})")
# Things looked at; combinations of them are tried.
_MOST = 30


@dataclass(frozen=True, slots=True)
class Age:
    """Whole days, by the dates in UTC, that a thing lies before the fact `before`."""

    least: int
    most: int
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    of: str
    at_least: int
    ages: tuple[Age, ...] = ()
    none_of: tuple[Condition, ...] = ()
    equal: tuple[tuple[str, str], ...] = ()
    equal_at_least: int = 0
    equal_one_of: tuple[str, ...] = ()

    def lacks(self, facts: Facts) -> str:
        """Why the facts do not meet it, in a clause; "" if they do."""
        things = self._things(facts)
        if len(things) < self.at_least:
            return f"it tells of {len(things)}, not of {self.at_least} (each a {self.of})"
        counted = [thing for thing in things if not self._against(thing, facts)]
        if len(counted) < self.at_least:
            whys = [self._against(thing, facts) for thing in things]
            shown = "; ".join(dict.fromkeys(why for why in whys if why))
            count = f"of {len(things)} only {len(counted)} count, {self.at_least} are needed"
            return f"{count}: {shown}"
        if not self.equal:
            return ""
        agreeing = [self._agreeing(thing, facts) for thing in counted]
        best: set[str] = set()
        for some in combinations(agreeing, self.at_least):
            shared = set.intersection(*some)
            one = not self.equal_one_of or shared & set(self.equal_one_of)
            if len(shared) >= self.equal_at_least and one:
                return ""
            best = max(best, shared, key=len)
        shared_names = ", ".join(sorted(best)) or "nothing"
        return (
            f"no {self.at_least} of them share {self.equal_at_least} of the same marks with this"
            f" one; the most that agrees is {shared_names}"
        )

    def _things(self, facts: Facts) -> list[Facts]:
        """Two sources that tell of the same payment are no second payment."""
        groups = {(fact.item, fact.group) for fact in facts.named(self.of)}
        things: dict[object, list[Fact]] = {}
        for key, found in facts.groups().items():
            if key in groups:
                things.setdefault(self._name(found) or key, []).extend(found)
        return [Facts(found) for found in list(things.values())[:_MOST]]

    def _name(self, thing: Facts) -> str:
        """What it is called by its source, "" if it has no name."""
        named = thing.first(f"{self.of.rpartition('.')[0]}.id")
        return " ".join(named.text.split()) if named else ""

    def _against(self, thing: Facts, facts: Facts) -> str:
        """Why one thing does not count."""
        for condition in self.none_of:
            if condition.holds(thing):
                return str(condition)
        for age in self.ages:
            base = facts.earliest(age.before)
            if base is None:
                return f"no {age.before} is known to count its age from"
            # Whoever tells of it, it must be of this age.
            for begun in thing.named(self.of):
                if not _within(begun, base, age):
                    return f"{begun.text} is not {age.least} to {age.most} days before {age.before}"
        return ""

    def _agreeing(self, thing: Facts, facts: Facts) -> set[str]:
        found = set()
        for theirs, ours in self.equal:
            a, b = _texts(thing.named(theirs)), _texts(facts.named(ours))
            if a & b:
                found.add(theirs)
        return found


def _texts(facts: Sequence[Fact]) -> set[str]:
    said = (" ".join(fact.text.casefold().split()) for fact in facts)
    return {text for text in said if text}


def _within(begun: Fact, base: Fact, age: Age) -> bool:
    """Whether every reading of both times lies within: the strictest is what is checked."""
    least = (base.time.span.earliest.date() - begun.time.span.latest.date()).days
    most = (base.time.span.latest.date() - begun.time.span.earliest.date()).days
    return age.least <= least and most <= age.most


def repeated_of(table: Table) -> Repeated:
    """Read [requirement.repeated]; FormatError names the field that is wrong."""
    names = [each.name for each in fields(Repeated)]
    table.has({"of", "at_least"}, optional=names)
    if table.named("of", table.text("of")).kind is not Kind.TIME and "ages" in table:
        raise table.wrong("of", "the name of a time, which ages need")
    equal = tuple(_pair(table, text) for text in table.texts("equal", ()))
    one_of = table.texts("equal_one_of", ())
    if not set(one_of) <= {theirs for theirs, _ in equal}:
        raise table.wrong("equal_one_of", "among the names on the left of equal")
    try:
        none_of = tuple(map(parse_condition, table.texts("none_of", ())))
    except FormatError as problem:
        raise table.error(f"none_of: {problem}") from problem
    return Repeated(
        of=table.text("of"),
        at_least=table.amount("at_least"),
        ages=tuple(_age(table, text) for text in table.texts("ages", ())),
        none_of=none_of,
        equal=equal,
        equal_at_least=table.amount("equal_at_least", 0, least=0),
        equal_one_of=one_of,
    )


def _age(table: Table, text: str) -> Age:
    found = _AGE.fullmatch(text)
    if found is None or int(found["least"]) > int(found["most"]):
        raise table.wrong("ages", 'written as "120..364 days before payment.at"')
    if table.named("ages", found["fact"]).kind is not Kind.TIME:
        raise table.wrong("ages", "counted from a time")
    return Age(int(found["least"]), int(found["most"]), found["fact"])


def _pair(table: Table, text: str) -> tuple[str, str]:
    found = _PAIR.fullmatch(text)
    if found is None:
        raise table.wrong("equal", 'written as "prior.payment.ip = payment.ip"')
    return table.named("equal", found["theirs"]).name, table.named("equal", found["ours"]).name
