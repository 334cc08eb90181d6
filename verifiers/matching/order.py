"""Do all items speak of the same order?

The order's number must be tied to the carrier's parcel by a statement that names both, and what the
carrier says of the parcel must agree with what was ordered: recipient, place, country, weight.
Agreement and contradiction are counted by independent origin: a row that a seller copied from the
carrier is no second witness.

Reads     order and parcel numbers, recipient, places, weights, goods; texts for a mention of them.
Assumes   that a tracking number names one parcel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product

from evidence.facts import Fact, Facts
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.orders import OrderRef
from evidence.tracking_numbers import identify
from evidence.verdicts import Answer, Finding, Severity, Verdict
from verifiers.matching.agreements import weigh
from verifiers.matching.doubts import money, reuse
from verifiers.matching.names import same_name
from verifiers.matching.places import (
    country_of,
    may_ship_to,
    same_city,
    same_country,
    same_postal_code,
    same_region,
    same_weight,
)
from verifiers.matching.ties import CARRIER_ROLES, Speaking, Ties, foreign_orders, ties_of
from verifiers.subjects import Subjects

# Findings of one code that are told; a table of a thousand orders would drown the rest.
MAX_TOLD = 10
# The shipper of the numbers in UPS's own documentation; several of them break the check digit.
_TEST_ACCOUNT = "1Z12345E"

_TIED = Finding.good("parcel-tied")
_AGREES = Finding.good("destination-agrees")
_ONE_ORIGIN = Finding.note(
    "tie-rests-on-one-origin", do="Add the platform's own record of the shipment."
)
_TOGETHER = Finding.note(
    "parcel-shipped-together", do="Collect the proof of delivery of each parcel of the shipment."
)
_UNTIED = Finding.note(
    "parcel-not-tied", do="Add the platform's or the ERP's record that names order and number."
)
_NO_PARCEL = Finding.note(
    "no-parcel", do="Add the carrier's tracking or proof of delivery for this order."
)
_STRANGER = Finding.grave(
    "parcel-not-of-order", do="Do not send it, or add the record of a replaced or second parcel."
)
_NEIGHBOUR = Finding.grave(
    "parcel-of-other-order", do="Do not send it for this order; collect the right parcel's."
)
_FOREIGN = Finding.grave(
    "foreign-order", do="Do not send it for this order: it speaks of another one."
)
_CHECK_DIGIT = Finding.grave(
    "check-digit-wrong", do="Read the number again from the carrier; this one cannot exist."
)
_TEST_NUMBER = Finding.note(
    "test-number", do="Use the number of the real parcel; this one is for trying out interfaces."
)
_SITE = Finding.grave(
    "site-differs", do="Check whether the parcel is this order's: it went to another country."
)
_SITE_ABROAD = Finding.note(
    "site-abroad", do="Say in the appeal that the order was shipped within the single market."
)
_COUNTRY = Finding.grave("country-differs", do="Compare the label with the order's address.")
_REGION = Finding.grave("region-differs", do="Compare the label with the order's address.")
_CITY = Finding.grave("city-differs", do="Compare the label with the order's address.")
_POSTAL = Finding.grave("postal-code-differs", do="Compare the label with the order's address.")
_RECIPIENT = Finding.grave("recipient-differs", do="Compare the label with the order's recipient.")
_UNSURE = Finding.note(
    "agreement-open", do="Add a source that writes it in full, or in the same script."
)
_RECEIVER = Finding.note(
    "received-by-other", do="Ask the carrier who that is, such as a neighbour or a front desk."
)
_WEIGHT = Finding.note("weight-differs", do="Ask the carrier how the parcel was weighed.")
_GOODS = Finding.note("goods-differ", do="Compare the SKUs and quantities of both records.")
_LOOSE = Finding.note(
    "item-names-no-order", do="Name the file by the order or tracking number, or send its original."
)

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


def verify(*, order: OrderRef, items: Sequence[SealedItem], facts: Facts, **_: object) -> Answer:
    """Follow the ties from order to parcel, then compare what both ends say.

    pass            each parcel is tied to the order and nothing contradicts it
    fail            an item speaks of another order, another parcel or another destination
    inconclusive    no statement ties order and parcel, or an item does not say what it is about

    Never raises for bad evidence: bad evidence is an answer.
    """
    subjects = Subjects(order, items, facts)
    ties = ties_of(items, facts, subjects)
    tied = set(ties.ties)
    findings = [
        *_foreign(order, items, facts, subjects),
        *_parcels(items, ties),
        *_check_digits(ties),
        *_site(order, items, facts, subjects),
    ]
    compared = list(_destinations(items, facts, subjects))
    findings.extend(compared)
    findings.extend(weigh(items, facts, subjects))
    findings.extend(reuse(items, facts, subjects))
    findings.extend(money(facts, subjects))
    findings.extend(_extras(facts, subjects))
    loose = list(_loose(items, Speaking(order, items, facts, subjects, tied)))
    findings = _few([*findings, *loose])

    if any(finding.severity is Severity.GRAVE for finding in findings):
        return Verdict.FAIL, findings
    codes = {finding.code for finding in findings}
    open_only = _UNSURE.code in codes and _AGREES.code not in codes
    if _TIED.code not in codes or _UNTIED.code in codes or loose or open_only:
        return Verdict.INCONCLUSIVE, findings
    return Verdict.PASS, findings


def _few(findings: Iterable[Finding]) -> list[Finding]:
    """The first MAX_TOLD of each code, in order."""
    told: dict[str, int] = {}
    kept = []
    for finding in findings:
        told[finding.code] = told.get(finding.code, 0) + 1
        if told[finding.code] <= MAX_TOLD:
            kept.append(finding)
    return kept


def _foreign(
    order: OrderRef, items: Sequence[SealedItem], facts: Facts, subjects: Subjects
) -> Iterator[Finding]:
    foreign = foreign_orders(order, facts, subjects)
    for item in [item for item in items if item.sha256 in foreign][:MAX_TOLD]:
        said = foreign[item.sha256]
        others = ", ".join(sorted({fact.text for fact in said})[:3])
        yield _FOREIGN.saying(
            f"An item of {item.origin} ({item.role}) names {others}, not {order.id}.", *said
        )


def _parcels(items: Sequence[SealedItem], ties: Ties) -> Iterator[Finding]:
    """Tied, stolen from a neighbour, or a stranger: each parcel that a carrier speaks of."""
    # A carrier's own answer about one shipment lists all its parcels; a record often has but one.
    answers = {
        item.sha256
        for item in items
        if item.role is Role.TRACKING_HISTORY and item.provenance == Provenance.API
    }
    tied_in = {
        fact.item: (number, fact)
        for number in ties.ties
        for fact in ties.carrier.get(number, ())
        if fact.item in answers
    }
    if not ties.carrier:
        yield _NO_PARCEL.saying("No item of a carrier names a parcel.")
        return
    for number, said in ties.carrier.items():
        if both := ties.ties.get(number):
            origins = sorted({fact.origin for fact in both})
            count = f"{len(origins)} origin{'s' * (len(origins) != 1)}"
            yield _TIED.saying(
                f"Parcel {number} and the order are named together by {count}:"
                f" {', '.join(origins)}.", *both, *said[:1],
            )  # fmt: skip
            if len(origins) == 1:
                yield _ONE_ORIGIN.saying(
                    f"Only {origins[0]} ties parcel {number} to the order.", *both
                )
        elif other := ties.foreign.get(number):
            yield _NEIGHBOUR.saying(
                f"Parcel {number} belongs to another order by the records.", *said, *other
            )
        elif beside := [fact for fact in said if fact.item in tied_in]:
            lead, witness = tied_in[beside[0].item]
            yield _TOGETHER.saying(
                f"{beside[0].origin} lists parcel {number} in one shipment with {lead}.",
                beside[0], witness,
            )  # fmt: skip
        elif ties.ties:
            mine = ", ".join(sorted(ties.ties))
            yield _STRANGER.saying(
                f"An item of {said[0].origin} speaks of parcel {number}; the records tie the order"
                f" to {mine}.", *said, *(fact for both in ties.ties.values() for fact in both[:2]),
            )  # fmt: skip
        else:
            yield _UNTIED.saying(f"Nothing names parcel {number} and the order together.", *said)


def _check_digits(ties: Ties) -> Iterator[Finding]:
    """A 1Z number whose last digit does not fit: mistyped, misread or invented."""
    known = {**ties.ties, **ties.carrier}
    for number, said in known.items():
        if number.startswith(_TEST_ACCOUNT):
            yield _TEST_NUMBER.saying(f"{number} is one of UPS's published test numbers.", *said)
        elif any(
            one.kind == "1z" and one.check_digit is False for one in identify(number).candidates
        ):
            yield _CHECK_DIGIT.saying(f"{number} fails UPS's check digit.", *said)


def _site(
    order: OrderRef, items: Sequence[SealedItem], facts: Facts, subjects: Subjects
) -> Iterator[Finding]:
    roles = {item.sha256: item.role for item in items}
    told: set[str] = set()
    for fact in _ours(facts.named("delivery.country", "shipment.recipient.country"), subjects):
        carrier = roles.get(fact.item) in CARRIER_ROLES or fact.name == "delivery.country"
        country = country_of(fact.text)
        if not carrier or country in told:
            continue
        told.add(country)
        match may_ship_to(order.site, fact.text):
            case False:
                yield _SITE.saying(
                    f"The order is of the site {order.site}; the parcel went to {country}.", fact
                )
            case None if len(country) == 2:
                yield _SITE_ABROAD.saying(
                    f"The order is of the site {order.site}; the parcel went to {country}.", fact
                )


def _destinations(
    items: Sequence[SealedItem], facts: Facts, subjects: Subjects
) -> Iterator[Finding]:
    """Each attribute, a carrier's word against every other origin's, parcel by parcel."""
    roles = {item.sha256: item.role for item in items}
    agreed: list[tuple[str, Fact, Fact]] = []
    opened: list[tuple[str, Fact, Fact]] = []
    differing: dict[str, tuple[Finding, Fact, Fact]] = {}
    for attribute, names, same, differs in _DESTINATION:
        said = _ours(facts.named(*names), subjects)
        carriers = [f for f in said if roles.get(f.item) in CARRIER_ROLES]
        others = [f for f in said if roles.get(f.item) not in CARRIER_ROLES]
        for theirs, ours in product(_distinct(carriers), _distinct(others)):
            if theirs.origin == ours.origin or not _one_parcel(theirs, ours, subjects):
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
            yield _UNSURE.saying(f"{told} The postal code agrees.", theirs, ours)
        else:
            yield differs.saying(told, theirs, ours)
    if attributes:
        both = [fact for name, a, b in agreed if name in attributes for fact in (a, b)]
        origins = sorted({fact.origin for fact in both})
        yield _AGREES.saying(
            f"{', '.join(sorted(attributes)).capitalize()} agree between {', '.join(origins)}.",
            *both[:10],
        )
    for attribute in dict.fromkeys(name for name, _, _ in opened):
        if attribute not in attributes and attribute not in differing:
            theirs, ours = next((a, b) for name, a, b in opened if name == attribute)
            yield _UNSURE.saying(
                f"Whether the carrier's {attribute} “{theirs.text}” and the order's"
                f" “{ours.text}” are one is open.", theirs, ours,
            )  # fmt: skip


def _extras(facts: Facts, subjects: Subjects) -> Iterator[Finding]:
    """What is worth knowing and proves nothing by itself: receiver, weight, goods."""
    wanted = _ours(facts.named("shipment.recipient.name", "order.buyer"), subjects)
    for receiver in _distinct(_ours(facts.named("delivery.received_by"), subjects))[:MAX_TOLD]:
        compared = [same_name(receiver.text, fact.text) for fact in wanted]
        if compared and not any(compared) and False in compared:
            yield _RECEIVER.saying(
                f"“{receiver.text}” took it; it was sent to “{wanted[0].text}”.",
                receiver, wanted[0],
            )  # fmt: skip
    weights = _distinct(_ours(facts.named("shipment.weight"), subjects))
    for first, second in product(weights, weights):
        if first.origin < second.origin and _one_parcel(first, second, subjects):
            if same_weight(first.text, second.text) is False:
                yield _WEIGHT.saying(
                    f"{first.text} [{first.origin}] against {second.text} [{second.origin}].",
                    first, second,
                )  # fmt: skip
                break
    yield from _goods(facts, subjects)


def _goods(facts: Facts, subjects: Subjects) -> Iterator[Finding]:
    """Two records of the order that share no SKU, or count one of them differently."""
    by_origin: dict[str, dict[str, Fact]] = {}
    counts: dict[tuple[str, str], str] = {}
    quantity = {(f.item, f.group): f.text for f in facts.named("order.item.quantity")}
    for fact in _ours(facts.named("order.item.sku"), subjects):
        sku = fact.text.casefold()
        by_origin.setdefault(fact.origin, {})[sku] = fact
        if said := quantity.get((fact.item, fact.group)):
            counts.setdefault((fact.origin, sku), said)
    origins = sorted(by_origin)
    for first, second in product(origins, origins):
        if first >= second:
            continue
        shared = by_origin[first].keys() & by_origin[second].keys()
        a, b = next(iter(by_origin[first].values())), next(iter(by_origin[second].values()))
        if not shared:
            yield _GOODS.saying(f"{first} and {second} name no SKU in common.", a, b)
        for sku in sorted(shared)[:MAX_TOLD]:
            pair = counts.get((first, sku)), counts.get((second, sku))
            if None not in pair and pair[0] != pair[1]:
                yield _GOODS.saying(
                    f"{first} counts {pair[0]} of {sku}, {second} counts {pair[1]}.",
                    by_origin[first][sku], by_origin[second][sku],
                )  # fmt: skip


def _loose(items: Sequence[SealedItem], speaking: Speaking) -> Iterator[Finding]:
    required = CARRIER_ROLES | {
        Role.ORDER_RECORD, Role.SHIPMENT_RECORD, Role.MESSAGE_MAIL, Role.MESSAGE_THREAD,
    }  # fmt: skip
    silent = [item for item in items if item.role in required and not speaking.speaks(item)]
    for item in silent[:MAX_TOLD]:
        said = f"An item of {item.origin} ({item.role}) names neither the order nor its parcel."
        finding = _LOOSE.saying(said)
        yield Finding(finding.code, finding.severity, finding.do, said, ((item.sha256, "item:"),))


def _ours(facts: Iterable[Fact], subjects: Subjects) -> list[Fact]:
    return [fact for fact in facts if not subjects.foreign(fact)]


def _distinct(facts: Iterable[Fact]) -> list[Fact]:
    """One fact an origin, parcel-blind, and value: repeats add nothing, and cost their square."""
    kept: dict[tuple[str, str, str], Fact] = {}
    for fact in facts:
        kept.setdefault((fact.origin, fact.item, fact.text), fact)
    return list(kept.values())[:200]


def _one_parcel(first: Fact, second: Fact, subjects: Subjects) -> bool:
    """Whether both can be about one parcel: they name the same, or one of them names none."""
    a, b = subjects.parcel_of(first), subjects.parcel_of(second)
    return a is None or b is None or a == b
