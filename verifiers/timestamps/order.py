"""Can all stated times be true together?

Every time is taken as wide as its source leaves it, and times without a zone from one source share
one unknown zone. A contradiction is the smallest set of facts that cannot hold together; what only
a missing zone could decide is inconclusive, and the finding names the zone.

Reads     every fact that is a time, `scan.place`, and what names orders and parcels.
Assumes   that a parcel is delivered once, that a source without a zone has one zone, and that our
          clock and a vendor's differ by at most five minutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from evidence.facts import Fact, Facts
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.orders import OrderRef
from evidence.times import Instant, LocalDate, LocalTime, before
from evidence.verdicts import Answer, Finding, Severity, Verdict
from evidence.vocabulary import name_of
from verifiers.readers.said.words import table
from verifiers.reuse import EarlierUse, earlier_uses, of_this_order
from verifiers.subjects import Subjects
from verifiers.timestamps.events import DELIVERED, Timeline, timeline
from verifiers.timestamps.graph import OutOfWorkError
from verifiers.timestamps.solver import (
    UTC_CLOCK,
    contradiction,
    shift_ranges,
    undecided,
)

# Contradictions and open zones that are told one by one; more would not be read.
MAX_TOLD = 8
# A Date that is later than the arrival by more is a wrong clock or a wrong zone.
MAIL_SKEW = timedelta(minutes=15)

_HOLD = Finding.good("times-hold")
_ABSENT = Finding.note("times-absent", do="Add a source that states times, such as the tracking.")
_DIFFERS = Finding.grave(
    "same-event-differs", do="Ask the carrier which time is right, and send the carrier's."
)
_ZONE_MISTAKE = Finding.grave(
    "probable-zone-mistake",
    do="Find out which zone the source writes in, declare it, and collect again.",
)
_ORDER = Finding.grave(
    "order-of-events-broken",
    do="Compare both sources: another parcel, a wrong clock or a wrong zone explains it.",
)
_TOGETHER = Finding.grave(
    "times-contradict", do="Declare the zone of the source without one, and compare the others."
)
_AHEAD = Finding.grave(
    "time-after-collection", do="Check the zone and the clock of the source that wrote it."
)
_ZONE = Finding.note("zone-missing", do="Declare the zone of this source in its configuration.")
_TOO_MANY = Finding.note(
    "times-too-many", do="Judge fewer items at once; this many relations were not tried."
)
_EARLIER = Finding.note(
    "earlier-use-left-out", do="Send the history of the later parcel only, with the order's date."
)
_LATE = Finding.grave(
    "delivered-after-complaint",
    do="Ask the carrier for a statement on the delay and add it as a document.",
)
_LATE_EXPLAINED = Finding.note(
    "delivered-after-complaint-explained", do="Send the carrier's statement with the appeal."
)
_LATE_OPEN = Finding.note(
    "complaint-order-open", do="Find the zone of the time without one; it decides which came first."
)
_EARLY_RECEIPT = Finding.grave(
    "receipt-before-delivery",
    do="Show both times: what the platform calls received was not delivered yet by the carrier.",
)
_PRINTED = Finding.grave(
    "printed-before-delivery", do="Get the proof of delivery again, from the carrier itself."
)
_MAIL = Finding.grave(
    "mail-clock-differs", do="Rely on the server's time, and keep the mail's raw headers."
)


def verify(
    *, order: OrderRef, items: Sequence[SealedItem], facts: Facts, at: datetime, **_: object
) -> Answer:
    """Compare every time with every other that it must agree with, and point at both.

    pass            the times can all be true, whatever the zones that nobody stated
    fail            some cannot be true together, whatever those zones
    inconclusive    that depends on a zone that is missing, or there is nothing to compare

    Never raises for bad evidence: bad evidence is an answer.
    """
    subjects = Subjects(order, items, facts)
    uses = earlier_uses(items, facts, subjects)
    facts = of_this_order(facts, uses)
    line = timeline(items, facts, subjects, at)
    findings: list[Finding] = []
    try:
        kept = _contradictions(line, findings)
        if kept is not None:
            findings.extend(_open_zones(line, kept))
            findings.extend(_changed_clocks(line, kept))
    except OutOfWorkError:
        findings.append(_TOO_MANY.saying(f"{len(line.facts)} times are too many to compare."))
    findings.extend(_complaints(items, facts, subjects))
    findings.extend(_receipts(facts, subjects))
    findings.extend(_printed(items, facts, subjects))
    findings.extend(_mails(facts))
    findings.extend(_left_out(uses))
    if any(finding.severity is Severity.GRAVE for finding in findings):
        return Verdict.FAIL, findings
    if len(line.compared) < 2:
        said = "Fewer than two times of this order can be compared."
        return Verdict.INCONCLUSIVE, [_ABSENT.saying(said), *findings]
    if any(f.code in {_ZONE.code, _TOO_MANY.code, _LATE_OPEN.code} for f in findings):
        return Verdict.INCONCLUSIVE, findings
    count, origins = len(line.compared), len({fact.origin for fact in line.compared})
    said = f"{count} times from {origins} origin{'s' * (origins != 1)} can be true together."
    return Verdict.PASS, [_HOLD.saying(said), *findings]


def _left_out(uses: Sequence[EarlierUse]) -> Iterator[Finding]:
    """What is not compared, since another parcel had the number then; named, never dropped."""
    for use in [use for use in uses if use.since][:MAX_TOLD]:
        count = len(use.before)
        yield _EARLIER.saying(
            f"{count} time{'s' * (count != 1)} of parcel {use.number}, such as"
            f" {_quote(use.before[0])}, lie more than 30 days before {_quote(use.start)}: another"
            " parcel had the number then.", *use.before[:5], use.start,
        )  # fmt: skip


def _contradictions(line: Timeline, findings: list[Finding]) -> set[int] | None:
    """Tell up to MAX_TOLD contradictions that share no fact.

    Returns the claims that none of them named; None if it stopped before all were told. Events
    told twice come first, since a broken order of events is often only their shadow; among those,
    times whose zone is known, since they say most plainly what is wrong.
    """
    kept = set(range(len(line.facts)))
    plain = {c for c, fact in enumerate(line.facts) if fact is None or _is_plain(fact)}
    for problem, among in ((p, a) for p in (line.events, line.problem) for a in (plain, kept)):
        while found := contradiction(problem, kept & among):
            findings.append(_told(line, found))
            if len(findings) == MAX_TOLD:
                return None
            kept -= {claim for claim in found if line.facts[claim] is not None}
    return kept


def _is_plain(fact: Fact) -> bool:
    return isinstance(fact.value, Instant)


def _told(line: Timeline, found: Sequence[int]) -> Finding:
    said = line.facts_of(found)
    if len(said) < len(found) and len(said) == 1:
        fact = said[0]
        return _AHEAD.saying(f"{_quote(fact)}, later than the item itself was collected.", fact)
    if len(said) != 2:
        together = "; ".join(map(_quote, said))
        if len(said) < len(found):
            together += "; and the moment the item was collected"
        return _TOGETHER.saying(f"No zone makes these true together: {together}.", *said)
    first, second = sorted(said, key=lambda fact: name_of(fact.name).step or 0)
    if (first.name in DELIVERED and second.name in DELIVERED) or first.name == second.name:
        told = f"One event is told at two times: {_quote(first)}; {_quote(second)}."
        if hours := _zone_difference(first, second):
            return _ZONE_MISTAKE.saying(f"{told} They are {hours} apart, as zones are.", *said)
        return _DIFFERS.saying(told, *said)
    return _ORDER.saying(f"{_quote(first)}, but {_quote(second)}, which must be later.", *said)


def _quote(fact: Fact) -> str:
    return f"{name_of(fact.name).meaning} {fact.value} [{fact.origin}]"


def _zone_difference(first: Fact, second: Fact) -> str:
    """The difference of two times in hours if it could be the offset of a zone, else ""."""
    a, b = first.value, second.value
    if not isinstance(a, Instant) or not isinstance(b, Instant):
        return ""
    apart_s = abs((a.at - b.at).total_seconds())
    unit_s = max(a.unit_s, b.unit_s, 1.0)
    if max(a.unit_s, b.unit_s) > 60 or not 1800 <= apart_s + unit_s <= 26 * 3600:
        return ""
    # Offsets in civil use are whole or half hours; three zones use quarters.
    halves = round(apart_s / 1800)
    if abs(apart_s - halves * 1800) > unit_s:
        return ""
    return f"{halves / 2:g} hour{'s' * (halves != 2)}"


def _open_zones(line: Timeline, kept: set[int]) -> Iterator[Finding]:
    """One finding a clock whose zone would decide something."""
    pairs: dict[int, tuple[int, int]] = {}
    # That a clock may have been changed makes more possible, and must not close what is open.
    for pair in undecided(line.unchanged(), kept):
        for claim in pair:
            clock = line.problem.claims[claim].clock
            if clock != UTC_CLOCK:
                pairs.setdefault(clock, pair)
    ranges = shift_ranges(line.problem, kept) if pairs else []
    for clock, pair in list(pairs.items())[:MAX_TOLD]:
        inside = [c for c in sorted(kept) if line.problem.claims[c].clock == clock]
        mine = line.facts_of(inside)
        against = line.facts_of(c for c in pair if line.problem.claims[c].clock != clock)
        low, high = ranges[clock]
        first = mine[0].value
        if isinstance(first, LocalTime | LocalDate) and first.zones:
            where = f"{_quote(mine[0])}: it lies in one of several zones"
        else:
            where = (
                f"{mine[0].origin} states no zone for {len(mine)} time{'s' * (len(mine) != 1)},"
                f" such as {_quote(mine[0])}; all times are possible only for an offset from"
                f" {_offset(-high)} to {_offset(-low)}"
            )
        other = f", compared with {_quote(against[0])}" if against else ""
        yield _ZONE.saying(f"{where}{other}.", *mine[:5], *against[:1])


def _changed_clocks(line: Timeline, kept: set[int]) -> Iterator[Finding]:
    """What is true only if a clock was changed between two of its times: its zone decides that."""
    if not line.slack.keys() & kept:
        return
    if found := contradiction(line.unchanged(), kept):
        said = line.facts_of(found)
        together = "; ".join(map(_quote, said))
        yield _ZONE.saying(f"True only if a clock was changed between them: {together}.", *said)


def _offset(micros: int) -> str:
    minutes = round(micros / 60_000_000)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _complaints(items: Sequence[SealedItem], facts: Facts, subjects: Subjects) -> Iterator[Finding]:
    """A delivery after the buyer complained: true perhaps, and in need of the carrier's word."""
    delivered = _relevant(facts.named(*DELIVERED), subjects)
    statement = _carrier_statement(items, facts)
    for complaint in _relevant(facts.named("claim.opened.at", "review.posted.at"), subjects):
        late = [d for d in delivered if before(complaint.time, d.time) is True]
        open_ = [d for d in delivered if before(complaint.time, d.time) is None]
        if late:
            said = f"{_quote(complaint)}, before {_quote(late[0])}."
            finding = _LATE if statement is None else _LATE_EXPLAINED
            if statement is not None:
                said += f" A statement of the carrier ({statement.role}) is among the items."
            yield finding.saying(said, complaint, late[0])
        elif open_:
            said = f"Whether {_quote(complaint)} came before {_quote(open_[0])} is open."
            yield _LATE_OPEN.saying(said, complaint, open_[0])


def _receipts(facts: Facts, subjects: Subjects) -> Iterator[Finding]:
    """The platform holds it received before the carrier delivered it, in every zone (S3-05)."""
    scans = _relevant(facts.named("scan.delivered.at"), subjects)
    if not scans:
        return
    first = min(scans, key=lambda fact: fact.time.span.earliest)
    for receipt in _relevant(facts.named("order.delivered.at"), subjects):
        if receipt.origin != first.origin and before(receipt.time, first.time) is True:
            said = f"{_quote(receipt)}, before {_quote(first)}."
            yield _EARLY_RECEIPT.saying(said, receipt, first)


def _carrier_statement(items: Sequence[SealedItem], facts: Facts) -> SealedItem | None:
    """The carrier's own word: its document that is not merely an upload, or a mail it signed."""
    carriers = {
        item.origin for item in items if item.role in {Role.TRACKING_HISTORY, Role.POD_DOCUMENT}
    }
    trusted = {Provenance.API, Provenance.CARRIER_DOCUMENT, Provenance.DKIM_MAIL}
    for item in items:
        if item.role is Role.DOCUMENT and item.origin in carriers and item.provenance in trusted:
            return item
        if item.role is Role.MESSAGE_MAIL and item.provenance == Provenance.DKIM_MAIL:
            domains = facts.of_item(item.sha256).values("message.dkim.domain")
            if any(_is_of(domain, carrier) for domain in domains for carrier in carriers):
                return item
    return None


def _is_of(domain: str, carrier: str) -> bool:
    """Whether a domain is the carrier's own, or below it, by the sites that its marks name."""
    sites = table("marks.toml")["carrier"].get(carrier, {}).get("sites", ())
    return any(f".{domain.lower()}".endswith(f".{site}") for site in sites)


def _printed(items: Sequence[SealedItem], facts: Facts, subjects: Subjects) -> Iterator[Finding]:
    """A proof of delivery whose latest date lies before the delivery it proves."""
    documents = {item.sha256 for item in items if item.role is Role.POD_DOCUMENT}
    printed: dict[str, list[Fact]] = {}
    for fact in facts.named("document.printed.at", "document.captured.at", "delivery.at"):
        if fact.item in documents:
            printed.setdefault(fact.item, []).append(fact)
    for item, dates in printed.items():
        last = max(dates, key=lambda fact: fact.time.span.latest)
        parcel = subjects.parcel_of(last)
        for scan in _relevant(facts.named("scan.delivered.at"), subjects):
            if scan.item != item and subjects.parcel_of(scan) == parcel:
                if before(last.time, scan.time):
                    said = f"The last date on the document is {last.value}, before {_quote(scan)}."
                    yield _PRINTED.saying(said, last, scan)
                break


def _mails(facts: Facts) -> Iterator[Finding]:
    """A mail's Date against when our own server had it."""
    sent = facts.named("message.sent.at")
    received = {(f.item, f.group): f for f in facts.named("message.received.at")}
    for fact in sent:
        came = received.get((fact.item, fact.group))
        if came is None:
            continue
        late = fact.time.span.earliest - came.time.span.latest
        if late > MAIL_SKEW:
            said = f"{_quote(fact)}, after {_quote(came)}."
            yield _MAIL.saying(said, fact, came)


def _relevant(facts: Iterable[Fact], subjects: Subjects) -> list[Fact]:
    return [fact for fact in facts if not subjects.foreign(fact)]
