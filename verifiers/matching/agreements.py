"""The graph of who is meant: each carrier's recipient against each order's, weighed in bits.

An edge is what two parties agree and differ in (`likeness`). The order's own must outweigh its
neighbours': where a neighbour's row of the same table fits a carrier's proof far better, the proof
is that neighbour's, whatever number stands on it.

Reads     `shipment.recipient.*` and `delivery.*` of carriers' items, `shipment.recipient.*` of all
          others, row by row.
Assumes   that what shares a group, or stands above it, is about one party.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

from evidence.facts import Fact, Facts
from evidence.manifest import SealedItem
from evidence.verdicts import Finding
from verifiers.matching.likeness import NEIGHBOURS_BITS, Likeness, Party, likeness
from verifiers.subjects import CARRIER_ROLES, Subjects

_WEIGHED = Finding.good("recipient-weighed")
_LIGHT = Finding.note(
    "recipient-weighs-little", do="Add a source that states more of name and address."
)
_SWAPPED = Finding.grave(
    "recipient-is-a-neighbours", do="Do not send it for this order: it fits another one's row."
)

# Parties compared on either side; a table of a thousand rows is bounded by its first.
_MOST = 200
_TOLD = 5


@dataclass(frozen=True, slots=True)
class Stated:
    """A party with the facts that it was put together from."""

    party: Party
    facts: tuple[Fact, ...]

    @property
    def origin(self) -> str:
        return self.facts[0].origin


def weigh(items: Sequence[SealedItem], facts: Facts, subjects: Subjects) -> Iterator[Finding]:
    """Each carrier's recipient against the order's, and against its neighbours'."""
    roles = {item.sha256: item.role for item in items}
    stated = list(_parties(facts, subjects))
    carriers = [one for one in stated if roles.get(one.facts[0].item) in CARRIER_ROLES]
    others = [one for one in stated if roles.get(one.facts[0].item) not in CARRIER_ROLES]
    ours = [one for one in others if not subjects.foreign(one.facts[0])]
    neighbours = [one for one in others if subjects.foreign(one.facts[0])]
    for proof in carriers[:_TOLD]:
        if subjects.foreign(proof.facts[0]):
            continue
        mine = _best(proof, (one for one in ours if one.origin != proof.origin))
        if mine is None:
            continue
        theirs = _best(proof, (one for one in neighbours if one.origin != proof.origin))
        if theirs is not None and theirs[1].bits >= max(
            NEIGHBOURS_BITS, mine[1].bits + NEIGHBOURS_BITS
        ):
            yield _SWAPPED.saying(
                f"{proof.origin}'s recipient fits a neighbour's row by {theirs[1].bits} bits"
                f" ({_told(theirs[1])}), this order's by {mine[1].bits} ({_told(mine[1])}).",
                *proof.facts, *theirs[0].facts, *mine[0].facts,
            )  # fmt: skip
            continue
        kind = _WEIGHED if mine[1].bits >= NEIGHBOURS_BITS else _LIGHT
        yield kind.saying(
            f"{proof.origin}'s recipient and that of {mine[0].origin} agree by {mine[1].bits} bits"
            f" (score {mine[1].share():.2f}): {_told(mine[1])}.",
            *proof.facts, *mine[0].facts,
        )  # fmt: skip


def _told(found: Likeness) -> str:
    return ", ".join(
        f"{reason.attribute.replace('_', ' ')} {reason.bits:+.1f}" for reason in found.reasons
    )


def _best(proof: Stated, some: Iterable[Stated]) -> tuple[Stated, Likeness] | None:
    weighed = [(one, likeness(proof.party, one.party)) for one in some]
    compared = [(one, found) for one, found in weighed if found.reasons]
    return max(compared, key=lambda pair: pair[1].bits, default=None)


def _parties(facts: Facts, subjects: Subjects) -> Iterator[Stated]:
    """A party a group; what a carrier says of the delivery completes what it says of the label."""
    names = [each.name for each in fields(Party)]
    wanted = {f"shipment.recipient.{name}": name for name in names}
    wanted |= {f"delivery.{name}": name for name in ("city", "region", "postal_code", "country")}
    found: dict[tuple[str, str], dict[str, Fact]] = {}
    for fact in facts.named(*wanted):
        group = fact.group if not fact.name.startswith("delivery.") else _root(fact.group)
        found.setdefault((fact.item, group), {}).setdefault(wanted[fact.name], fact)
    for said in list(found.values())[:_MOST]:
        party = Party(**{name: fact.text for name, fact in said.items()})
        yield Stated(party, tuple(said.values()))


def _root(group: str) -> str:
    """The parcel that a scan is of: "parcel/1Z.../scan/3" -> "parcel/1Z..."."""
    return group.partition("/scan/")[0]
