"""Is each line of the order in a parcel that was delivered?

One order often goes in several parcels, and a proof of delivery proves the lines that were in its
own. So each parcel is told with its lines; what is in none, or in one without a delivery, is not
proven, however many other proofs there are.

Reads     `order.item.*` of records, `shipment.item.*` or rows that name line and parcel together,
          deliveries that carriers tell, and what replaced which parcel.
Assumes   that a row without a number of pieces means the whole line. A parcel that took another
          one's place has its lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from evidence.facts import Fact, Facts
from evidence.manifest import SealedItem
from evidence.orders import OrderRef
from evidence.verdicts import Answer, Finding, Verdict
from verifiers.matching.replaced import Replacement, replacements
from verifiers.matching.ties import ties_of
from verifiers.reuse import DELIVERIES, earlier_uses, of_this_order
from verifiers.subjects import CARRIER_ROLES, Subjects

_PROVEN = Finding.good("parcel-delivers-lines")
_UNDELIVERED = Finding.note(
    "lines-undelivered", do="Claim nothing of these lines yet; collect again when it came."
)
_NOWHERE = Finding.note(
    "lines-in-no-parcel", do="Add the record of the parcel that they went in, or say they did not."
)
_UNTOLD = Finding.note(
    "lines-of-parcels-unknown", do="Add the platform's or the warehouse's list of what is in which."
)
_SUPERSEDED = Finding.note(
    "parcel-superseded", do="Send the new parcel's proof, and what says that it replaced the old."
)
_DIFFER = Finding.note(
    "contents-differ", do="Compare both records; a proof counts for what was in the parcel."
)

_MOST_LINES, _TOLD = 2_000, 10


@dataclass(slots=True)
class _Line:
    """A line of the order as one origin states it.

    ordered   pieces by the group that states them: one for a platform, one a row for a table
    inside    by parcel, the pieces by group; None where the number of pieces is not told
    A group that a later collection repeats counts once.
    """

    name: str
    fact: Fact
    ordered: dict[str, Decimal] = field(default_factory=dict)
    inside: dict[str, dict[str, Decimal | None]] = field(default_factory=dict)
    places: list[Fact] = field(default_factory=list)

    @property
    def pieces(self) -> Decimal | None:
        return sum(self.ordered.values(), Decimal(0)) if self.ordered else None

    def packed(self, numbers: Iterable[str]) -> Decimal | None:
        """Pieces in these parcels; None if a count is missing."""
        counts = [each for number in numbers for each in self.inside.get(number, {}).values()]
        told = [each for each in counts if each is not None]
        return sum(told, Decimal(0)) if len(told) == len(counts) else None

    def covered_by(self, numbers: Set[str]) -> bool:
        """Whether all its pieces are in these parcels, as far as pieces are told."""
        if self.pieces == 0:
            return True
        mine = self.inside.keys() & numbers
        packed = self.packed(mine)
        if self.pieces is None or packed is None:
            return bool(mine) and mine == self.inside.keys()
        return packed >= self.pieces


def verify(*, order: OrderRef, items: Sequence[SealedItem], facts: Facts, **_: object) -> Answer:
    """Tell each parcel with its lines, and each line that no delivered parcel covers.

    pass            every line lies in parcels that their carriers say were delivered
    inconclusive    some do not, or nobody says which line is in which parcel
    not_applicable  nobody lists lines, or there is one parcel and no record of its contents

    Never fail: a parcel on its way contradicts nothing. Never raises for bad evidence.
    """
    subjects = Subjects(order, items, facts)
    facts = of_this_order(facts, earlier_uses(items, facts, subjects))
    ties = ties_of(items, facts, subjects)
    records = _records(items, facts, subjects)
    if not records:
        return Verdict.NOT_APPLICABLE, []
    replaced = {
        one.old: one for one in replacements(items, facts, subjects, ties)
        if one.old and not one.doubt
    }  # fmt: skip
    delivered = _delivered(items, facts, subjects)
    findings: list[Finding] = [
        _SUPERSEDED.saying(
            f"Parcel {old} was replaced by {one.new}, as {one.facts[0].origin} says.", *one.facts
        )
        for old, one in list(replaced.items())[:_TOLD]
    ]
    listing = {origin: lines for origin, lines in records.items() if any(x.inside for x in lines)}
    numbers = [number for number in ties.ties if number not in replaced]
    if not listing:
        if len(numbers) < 2:
            return Verdict.NOT_APPLICABLE, findings
        some = next(iter(records.values()))
        said = f"{len(some)} lines and {len(numbers)} parcels: no record says which is in which."
        return Verdict.INCONCLUSIVE, [*findings, _UNTOLD.saying(said, some[0].fact)]
    findings += _differences(listing, replaced)
    # The platform's own record is asked first: it lists the lines that a claim is about.
    origin = str(order.platform) if str(order.platform) in listing else next(iter(listing))
    told, proven = _lines_told(listing[origin], delivered, replaced)
    findings += told
    return (Verdict.PASS if proven and not _open(findings) else Verdict.INCONCLUSIVE), findings


def _open(findings: Sequence[Finding]) -> bool:
    return any(finding.code == _DIFFER.code for finding in findings)


def _lines_told(
    lines: Sequence[_Line],
    delivered: Mapping[str, Fact],
    replaced: Mapping[str, Replacement],
) -> tuple[list[Finding], bool]:
    """A finding a parcel, one for what is nowhere; and whether all lines are proven."""
    inside: dict[str, list[_Line]] = {}
    for line in lines:
        for number in line.inside:
            inside.setdefault(number, []).append(line)
    findings: list[Finding] = []
    proven: set[str] = set()
    for number, mine in inside.items():
        now = replaced[number].new if number in replaced else number
        what = _list([_count(line, number) for line in mine])
        places = [line.fact for line in mine[:5]]
        if now in delivered:
            proven.add(number)
            fact = delivered[now]
            said = f"Parcel {now}, delivered {fact.value} [{fact.origin}], has {what}."
            findings.append(_PROVEN.saying(said, fact, *places))
        else:
            said = f"Parcel {now} has {what}; no carrier tells its delivery."
            findings.append(_UNDELIVERED.saying(said, *places, *mine[0].places[:2]))
    if nowhere := [line for line in lines if not line.covered_by(inside.keys())]:
        told = _list([_lacking(line) for line in nowhere])
        findings.append(
            _NOWHERE.saying(f"No parcel has {told}.", *(line.fact for line in nowhere[:5]))
        )
    return findings, all(line.covered_by(proven) for line in lines)


def _count(line: _Line, number: str) -> str:
    pieces, ordered = line.packed([number]), line.pieces
    if pieces is None:
        return line.name
    of = f" of {ordered:f}" if ordered is not None and ordered != pieces else ""
    return f"{pieces:f}{of} × {line.name}"


def _lacking(line: _Line) -> str:
    packed, ordered = line.packed(line.inside), line.pieces
    if ordered is None or packed is None or not packed:
        return line.name
    return f"{ordered - packed:f} of {ordered:f} × {line.name}"


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return ", ".join(names[:_TOLD]) + more


def _differences(
    listing: Mapping[str, list[_Line]], replaced: Mapping[str, Replacement]
) -> Iterator[Finding]:
    """Two records that put one SKU into different parcels."""
    seen: dict[str, tuple[str, set[str], _Line]] = {}
    for origin, lines in listing.items():
        for line in lines:
            mine = {replaced[n].new if n in replaced else n for n in line.inside}
            other, theirs, known = seen.setdefault(line.name.casefold(), (origin, mine, line))
            if other != origin and mine and theirs and mine != theirs:
                yield _DIFFER.saying(
                    f"{other} has {line.name} in {', '.join(sorted(theirs))}, {origin} in"
                    f" {', '.join(sorted(mine))}.",
                    known.fact, *known.places[:1], line.fact, *line.places[:1],
                )  # fmt: skip
                return


def _delivered(items: Sequence[SealedItem], facts: Facts, subjects: Subjects) -> dict[str, Fact]:
    """The last delivery of each parcel that a carrier's item tells."""
    carriers = {item.sha256 for item in items if item.role in CARRIER_ROLES}
    found: dict[str, Fact] = {}
    for fact in facts.named(*DELIVERIES):
        number = subjects.parcel_of(fact) if fact.item in carriers else None
        if number is not None and not subjects.foreign(fact):
            known = found.get(number)
            if known is None or known.time.span.latest < fact.time.span.latest:
                found[number] = fact
    return found


def _records(
    items: Sequence[SealedItem], facts: Facts, subjects: Subjects
) -> dict[str, list[_Line]]:
    """The order's lines by the origin that lists them, each with the parcels it was put into."""
    carriers = {item.sha256 for item in items if item.role in CARRIER_ROLES}
    lines: dict[str, dict[str, _Line]] = {}
    counts = {(f.item, f.group): f for f in facts.named("order.item.quantity")}
    skus = {(f.item, f.group): f for f in facts.named("order.item.sku")}
    known: dict[tuple[str, str], _Line] = {}
    for fact in facts.named("order.item.id", "order.item.sku")[:_MOST_LINES]:
        place = fact.item, fact.group
        if fact.item in carriers or place in known or subjects.foreign(fact):
            continue
        of_origin = lines.setdefault(fact.origin, {})
        key = f"{fact.name} {fact.text.casefold()}"
        sku = skus.get(place, fact)
        line = of_origin.setdefault(key, _Line(sku.text, sku))
        known[place] = line
        pieces = _number(counts.get(place))
        if (number := subjects.parcel_beside(fact)) is not None:
            # A row of a table: so many pieces of it, in this parcel.
            line.inside.setdefault(number, {})[fact.group] = pieces
            line.places.append(fact)
        if pieces is not None:
            line.ordered[fact.group] = pieces
    contents = {(f.item, f.group): f for f in facts.named("shipment.item.quantity")}
    for fact in facts.named("shipment.item.id")[:_MOST_LINES]:
        number = subjects.parcel_beside(fact)
        found = lines.get(fact.origin, {}).get(f"order.item.id {fact.text.casefold()}")
        if found is not None and number is not None and not subjects.foreign(fact):
            pieces = _number(contents.get((fact.item, fact.group)))
            # Several lines in one group are told without counts: TikTok's are a piece each.
            found.inside.setdefault(number, {})[fact.group] = pieces
            found.places.append(fact)
    cancelled = {(f.item, f.group) for f in facts.named("order.cancel_reason") if f.group}
    return {
        origin: kept
        for origin, found in lines.items()
        if (kept := [
            line for line in found.values()
            if line.inside or (line.fact.item, line.fact.group) not in cancelled
        ])
    }  # fmt: skip


def _number(fact: Fact | None) -> Decimal | None:
    """Pieces; None where none are told, or no count is told as a number."""
    if fact is None:
        return None
    try:
        value = Decimal(fact.text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and 0 <= value <= 1_000_000 else None
