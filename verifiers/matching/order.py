"""Do all items speak of the same order?

The order's number must be tied to the carrier's parcel by a statement that names both, and what the
carrier says of the parcel must agree with what was ordered: recipient, place, country, weight.
Agreement and contradiction are counted by independent origin: a row that a seller copied from the
carrier is no second witness.

Reads     order and parcel numbers, recipient, places, weights, goods; texts for a mention of them.
Assumes   that a tracking number names one parcel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from evidence.facts import Fact, Facts
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.orders import OrderRef
from evidence.tracking_numbers import identify
from evidence.verdicts import Answer, Finding, Severity, Verdict
from verifiers.matching.agreements import weigh
from verifiers.matching.destination import AGREES, MAX_TOLD, UNSURE, destinations
from verifiers.matching.doubts import OPEN, extras, money, refunds, reuse
from verifiers.matching.names import same_name
from verifiers.matching.places import country_of, may_ship_to, same_postal_code
from verifiers.matching.replaced import Replacement, replacements
from verifiers.matching.ties import Speaking, Ties, foreign_orders, ties_of
from verifiers.reuse import earlier_uses
from verifiers.subjects import CARRIER_ROLES, Subjects, numbers_in, order_key

# The shipper of the numbers in UPS's own documentation; several of them break the check digit.
_TEST_ACCOUNT = "1Z12345E"

_TIED = Finding.good("parcel-tied")
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
_REPLACES = Finding.note(
    "parcel-replaces", do="Send the message with the proof: it says that the number is a new one."
)
_REPLACES_PERHAPS = Finding.note(
    "replacement-open", do="Add the platform's or the ERP's record of the replacement."
)
_SHARED = Finding.note(
    "parcel-shared", do="Say that the orders went in one parcel, and show their one recipient."
)
_TWO_RECIPIENTS = Finding.note(
    "parcel-of-two-recipients", do="Ask the carrier to whom it went: it cannot have gone to both."
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
_LOOSE = Finding.note(
    "item-names-no-order", do="Name the file by the order or tracking number, or send its original."
)

# One of the first is needed for a pass; each of the second leaves the answer open.
_TIES = {_TIED.code, _REPLACES.code}
_DOUBTS = {_UNTIED.code, _REPLACES_PERHAPS.code, _TWO_RECIPIENTS.code, *OPEN}


def verify(*, order: OrderRef, items: Sequence[SealedItem], facts: Facts, **_: object) -> Answer:
    """Follow the ties from order to parcel, then compare what both ends say.

    pass            each parcel is tied to the order and nothing contradicts it
    fail            an item speaks of another order, another parcel or another destination
    inconclusive    no statement ties order and parcel, or an item does not say what it is about

    Never raises for bad evidence: bad evidence is an answer.
    """
    subjects = Subjects(order, items, facts)
    ties = ties_of(items, facts, subjects)
    replaced = {one.new: one for one in reversed(replacements(items, facts, subjects, ties))}
    tied = {*ties.ties, *(one.new for one in replaced.values() if not one.doubt)}
    findings = [
        *_foreign(order, items, facts, subjects),
        *_parcels(items, ties, replaced),
        *_shared(facts, subjects, ties),
        *_check_digits(ties),
        *_site(order, items, facts, subjects),
        *destinations(items, facts, subjects),
        *weigh(items, facts, subjects),
        *reuse(items, earlier_uses(items, facts, subjects)),
        *money(facts, subjects),
        *refunds(facts, subjects),
        *extras(facts, subjects),
    ]
    loose = list(_loose(items, Speaking(order, items, facts, subjects, tied)))
    findings = _few([*findings, *loose])

    if any(finding.severity is Severity.GRAVE for finding in findings):
        return Verdict.FAIL, findings
    codes = {finding.code for finding in findings}
    open_only = UNSURE.code in codes and AGREES.code not in codes
    if not codes & _TIES or codes & _DOUBTS or loose or open_only:
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


def _parcels(
    items: Sequence[SealedItem], ties: Ties, replaced: Mapping[str, Replacement]
) -> Iterator[Finding]:
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
        elif new := replaced.get(number):
            yield _replacement(new, said[0])
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


def _replacement(new: Replacement, said: Fact) -> Finding:
    kind = _REPLACES_PERHAPS if new.doubt else _REPLACES
    told = f"took the place of {new.old}" if new.old else "was sent for this order"
    by = f"A message of {new.facts[0].origin} says that parcel {new.new} {told}"
    return kind.saying(f"{by}, {new.doubt}." if new.doubt else f"{by}.", said, *new.facts)


def _shared(facts: Facts, subjects: Subjects, ties: Ties) -> Iterator[Finding]:
    """A parcel that the records name for another order as well: sent together, or used twice."""
    recipients: dict[str, list[Fact]] = {}
    both = ties.ties.keys() & ties.foreign.keys()
    for fact in facts.named("shipment.recipient.name", "shipment.recipient.postal_code"):
        if both and (number := subjects.parcel_beside(fact)) in both:
            recipients.setdefault(number or "", []).append(fact)
    for number in [number for number in ties.ties if number in both]:
        others = ties.foreign[number]
        named = [fact for fact in others if order_key(fact.text) not in subjects.ours]
        orders = ", ".join(sorted({f.text for f in named if f.name.startswith("order.")})[:3])
        told = f"Parcel {number} is named for this order and for {orders or 'another one'}"
        if pair := _two_recipients(recipients.get(number, ()), subjects):
            yield _TWO_RECIPIENTS.saying(
                f"{told}: sent to “{pair[0].text}” and to “{pair[1].text}”.", *pair
            )
        else:
            yield _SHARED.saying(f"{told}.", *ties.ties[number][:2], *others[:2])
    for fact in facts.named("order.note"):
        several = {order_key(number) for number in numbers_in(fact.text)}
        if len(several) > 1 and several & subjects.ours:
            more = ", ".join(sorted(several - subjects.ours)[:3])
            yield _SHARED.saying(f"A note of {fact.origin} names {more} beside this order.", fact)


def _two_recipients(said: Iterable[Fact], subjects: Subjects) -> tuple[Fact, Fact] | None:
    """This order's and another's recipient of one parcel that cannot be the same."""
    told = list(said)[:MAX_TOLD]
    for mine in (fact for fact in told if not subjects.foreign(fact)):
        for theirs in (fact for fact in told if subjects.foreign(fact)):
            same = same_name if mine.name.endswith("name") else same_postal_code
            if mine.name == theirs.name and same(mine.text, theirs.text) is False:
                return mine, theirs
    return None


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
    for fact in subjects.of_order(facts.named("delivery.country", "shipment.recipient.country")):
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


def _loose(items: Sequence[SealedItem], speaking: Speaking) -> Iterator[Finding]:
    required = CARRIER_ROLES | {
        Role.ORDER_RECORD, Role.SHIPMENT_RECORD, Role.MESSAGE_MAIL, Role.MESSAGE_THREAD,
    }  # fmt: skip
    silent = [item for item in items if item.role in required and not speaking.speaks(item)]
    for item in silent[:MAX_TOLD]:
        said = f"An item of {item.origin} ({item.role}) names neither the order nor its parcel."
        finding = _LOOSE.saying(said)
        yield Finding(finding.code, finding.severity, finding.do, said, ((item.sha256, "item:"),))
