"""Does what carriers say of the destination agree with what was ordered?

Compared attribute by attribute, a carrier's word against every other origin's, parcel by parcel. A
row that was copied from the carrier is the carrier's own word and compared with nobody.

Reads     `shipment.recipient.*` and `delivery.*`.
Assumes   that a fact of a parcel that nothing names can be about any of the order's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

from evidence.facts import Fact, Facts
from evidence.manifest import SealedItem
from evidence.verdicts import Finding
from verifiers.matching.names import same_name
from verifiers.matching.places import same_city, same_country, same_postal_code, same_region
from verifiers.subjects import CARRIER_ROLES, Subjects

AGREES = Finding.good("destination-agrees")
_COUNTRY = Finding.grave("country-differs", do="Compare the label with the order's address.")
_REGION = Finding.grave("region-differs", do="Compare the label with the order's address.")
_CITY = Finding.grave("city-differs", do="Compare the label with the order's address.")
_POSTAL = Finding.grave("postal-code-differs", do="Compare the label with the order's address.")
_RECIPIENT = Finding.grave("recipient-differs", do="Compare the label with the order's recipient.")
UNSURE = Finding.note(
    "agreement-open", do="Add a source that writes it in full, or in the same script."
)

# Findings of one code that are told; a table of a thousand orders would drown the rest.
MAX_TOLD = 10

_Same = Callable[[str, str], bool | None]

# What was ordered and what the carrier says of it: (attribute, names, comparison, if it differs).
_DESTINATION: tuple[tuple[str, tuple[str, ...], _Same, Finding], ...] = (
    ("country", ("shipment.recipient.country", "delivery.country"), same_country, _COUNTRY),
    (
        "postal code",
        ("shipment.recipient.postal_code", "delivery.postal_code"),
        same_postal_code,
        _POSTAL,
    ),
    ("region", ("shipment.recipient.region", "delivery.region"), same_region, _REGION),
    ("city", ("shipment.recipient.city", "delivery.city"), same_city, _CITY),
    ("recipient", ("shipment.recipient.name",), same_name, _RECIPIENT),
)


def destinations(
    items: Sequence[SealedItem], facts: Facts, subjects: Subjects
) -> Iterator[Finding]:
    """Each attribute, a carrier's word against every other origin's, parcel by parcel."""
    roles = {item.sha256: item.role for item in items}
    agreed: list[tuple[str, Fact, Fact]] = []
    opened: list[tuple[str, Fact, Fact]] = []
    differing: dict[str, tuple[Finding, Fact, Fact]] = {}
    for attribute, names, same, differs in _DESTINATION:
        said = subjects.of_order(facts.named(*names))
        carriers = [f for f in said if roles.get(f.item) in CARRIER_ROLES]
        others = [f for f in said if roles.get(f.item) not in CARRIER_ROLES]
        for theirs, ours in product(distinct(carriers), distinct(others)):
            if theirs.origin == ours.origin or not subjects.one_parcel(theirs, ours):
                continue
            match same(theirs.text, ours.text):
                case True:
                    agreed.append((attribute, theirs, ours))
                case False:
                    differing.setdefault(attribute, (differs, theirs, ours))
                case None:
                    opened.append((attribute, theirs, ours))
    attributes = {attribute for attribute, _, _ in agreed} - differing.keys()
    for attribute, (differs, theirs, ours) in differing.items():
        told = (
            f"The carrier's {attribute} is “{theirs.text}” [{theirs.origin}],"
            f" the order's “{ours.text}” [{ours.origin}]."
        )
        # One ZIP code has several city names; where the code agrees the city is a spelling.
        if attribute == "city" and "postal code" in attributes:
            yield UNSURE.saying(f"{told} The postal code agrees.", theirs, ours)
        else:
            yield differs.saying(told, theirs, ours)
    if attributes:
        both = [fact for name, a, b in agreed if name in attributes for fact in (a, b)]
        origins = sorted({fact.origin for fact in both})
        yield AGREES.saying(
            f"{', '.join(sorted(attributes)).capitalize()} agree between {', '.join(origins)}.",
            *both[:10],
        )
    for attribute in dict.fromkeys(name for name, _, _ in opened):
        if attribute not in attributes and attribute not in differing:
            theirs, ours = next((a, b) for name, a, b in opened if name == attribute)
            yield UNSURE.saying(
                f"Whether the carrier's {attribute} “{theirs.text}” and the order's"
                f" “{ours.text}” are one is open.", theirs, ours,
            )  # fmt: skip


def distinct(facts: Iterable[Fact]) -> list[Fact]:
    """One fact an origin, parcel-blind, and value: repeats add nothing, and cost their square."""
    kept: dict[tuple[str, str, str], Fact] = {}
    for fact in facts:
        kept.setdefault((fact.origin, fact.item, fact.text), fact)
    return list(kept.values())[:200]
