"""What an order's sealed facts say, in a profile's words; each word of theirs points at its proof.

A slot of a sentence is filled by what the best source says: the nearest provenance that states the
fact of this order. Another source may say otherwise; that is for the findings, which go along for
whoever submits (`against`). A sentence whose facts are lacking is left out, and no sentence is cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from evidence.facts import Fact, Facts
from evidence.items import Provenance, Role
from evidence.manifest import Manifest
from evidence.profile import Sentence, TextField
from evidence.sealed import SealedItem
from evidence.times import Instant, LocalTime, ZoneBasis
from evidence.verdicts import Severity, Verdict
from verifiers.subjects import NUMBER, Subjects

# Parcels or refunds that one sentence tells of; the others are counted.
MOST_VALUES = 10
# Recognised text below this is not quoted as what a source said.
LEAST_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class Claim:
    """`says` stands at `begin` in a text; the fact and its item are the proof."""

    says: str
    begin: int
    fact: Fact
    item: SealedItem


@dataclass(frozen=True, slots=True)
class Said:
    """A text and the claims in it."""

    text: str
    claims: tuple[Claim, ...] = ()

    def after(self, before: Said, *, gap: str = " ") -> Said:
        """Both texts, this one behind the other."""
        begin = len(before.text) + len(gap)
        moved = (replace(claim, begin=claim.begin + begin) for claim in self.claims)
        return Said(before.text + gap + self.text, (*before.claims, *moved))


def _message(fact: Fact) -> str:
    """Which message of its item a fact is of; "" for what is of none."""
    return fact.group if fact.name.startswith("message.") else ""


def words(fact: Fact) -> str:
    """A fact's value as it is told: a time in UTC, or with a word on the zone that it lacks."""
    value = fact.value
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, Instant):
        form = "%Y-%m-%d %H:%M" if value.unit_s >= 60 else "%Y-%m-%d %H:%M:%S"
        basis = " (zone as the seller declares)" if value.basis is ZoneBasis.DECLARED else ""
        return f"{value.at.strftime(form)} UTC{basis}"
    if isinstance(value, LocalTime):
        form = "%Y-%m-%d %H:%M" if value.unit_s >= 60 else "%Y-%m-%d %H:%M:%S"
        return f"{value.wall.strftime(form)} local time, zone not stated"
    return value.day.isoformat()


class Telling:
    """One order's sealed account, asked for what is said of this order and no other."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.items: Mapping[str, SealedItem] = _first_of_each(manifest.items)
        facts = Facts(manifest.facts)
        self.subjects = Subjects(manifest.order, manifest.items, facts)
        self._facts = Facts(
            fact
            for fact in facts
            if fact.item in self.items
            and fact.confidence >= LEAST_CONFIDENCE
            and not self.subjects.foreign(fact)
        )

    def facts(self, names: Sequence[str], roles: Iterable[Role]) -> list[Fact]:
        """Every fact of these names in items of these roles, item by item, each thing once.

        Messages come one after the other, for the same words may be said twice; of all else each
        name comes after another.
        """
        wanted = {name: place for place, name in enumerate(names)}
        of = set(roles)
        found: dict[tuple[str, str, str, str], Fact] = {}
        for fact in self._facts:
            if fact.name in wanted and self.items[fact.item].role in of and words(fact):
                found.setdefault((fact.item, fact.name, words(fact), _message(fact)), fact)
        places: dict[str, int] = {}
        for fact in found.values():
            places.setdefault(_message(fact), len(places))

        def place(fact: Fact) -> tuple[int, int, int]:
            message = places[_message(fact)] if _message(fact) else -1
            return self.items[fact.item].seq, message, wanted[fact.name]

        return sorted(found.values(), key=place)

    def best(self, name: str) -> list[Fact]:
        """The distinct values that the nearest sources state, in the order of their receipts."""
        said = [fact for fact in self._facts.named(name) if words(fact)]
        if not said:
            return []
        grade = min(map(self._grade, said))
        nearest = [fact for fact in said if self._grade(fact) == grade]
        nearest.sort(key=lambda fact: (-fact.confidence, self.items[fact.item].seq))
        distinct: dict[str, Fact] = {}
        for fact in nearest:
            key = self.subjects.key(fact.text) if name == NUMBER else words(fact).casefold()
            distinct.setdefault(key, fact)
        return list(distinct.values())

    def _grade(self, fact: Fact) -> int:
        return Provenance(self.items[fact.item].provenance).grade

    def sentence(self, sentence: Sentence) -> Said | None:
        """The sentence with what is known in its slots; None if anything is lacking."""
        text, claims = sentence.texts[0], []
        for name, following in zip(sentence.facts, sentence.texts[1:], strict=True):
            values = self.best(name)
            if not values:
                return None
            for place, fact in enumerate(values[:MOST_VALUES]):
                text += ", " if place else ""
                claims.append(Claim(words(fact), len(text), fact, self.items[fact.item]))
                text += words(fact)
            if len(values) > MOST_VALUES:
                text += f" and {len(values) - MOST_VALUES} more"
            text += following
        return Said(text, tuple(claims))

    def text(self, field: TextField, most: int | None) -> Said | None:
        """As many whole sentences as fit, the most important first; None if nothing is known.

        The first sentence alone may be longer than `most`: then it comes as it is, and is refused.
        """
        said: Said | None = None
        for sentence in field.sentences:
            more = self.sentence(sentence)
            if more is None:
                continue
            longer = more if said is None else more.after(said)
            if said is None or most is None or len(longer.text) <= most:
                said = longer
        return said

    def against(self) -> Iterator[Mapping[str, str]]:
        """What speaks against the account, for whoever submits; never sent by itself."""
        for judged in self.manifest.judgements:
            if judged.verdict is Verdict.FAIL or judged.verdict is Verdict.INCONCLUSIVE:
                grave = [each for each in judged.findings if each.severity is Severity.GRAVE]
                for finding in grave:
                    yield {
                        "verifier": judged.verifier,
                        "verdict": str(judged.verdict),
                        "code": finding.code,
                        "says": finding.sentence,
                    }


def _first_of_each(items: Sequence[SealedItem]) -> dict[str, SealedItem]:
    """Items by their bytes; the same bytes brought again stand at their first receipt."""
    found: dict[str, SealedItem] = {}
    for item in items:
        found.setdefault(item.sha256, item)
    return found
