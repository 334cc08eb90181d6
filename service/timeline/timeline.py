"""What happened when: the events of an order, and a picture of them.

    events = events_of(manifest)
    svg = timeline_svg(events, language="en")

An event is one source's statement of one time. It keeps the source's words, the UTC span that they
allow, and the numbers of the contradictions that it is part of (`contradictions_of`). The picture
is an SVG without scripts, styles, links or transparency: it may stand inside a page or a PDF/A.

Pure: the same manifest gives the same events and the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from evidence.errors import EvidenceError
from evidence.facts import Fact, Facts
from evidence.manifest import Manifest, SealedItem
from evidence.orders import OrderRef
from evidence.times import Instant, Time, parse_iso
from evidence.verdicts import Finding, Severity
from evidence.vocabulary import name_of
from service.timeline.picture import Row, picture
from service.wording.words import EVENTS, ORIGINS, Said
from verifiers.subjects import Subjects

# Answered about the account rather than about what sources said of the order.
_OF_THE_ACCOUNT = ("coverage.", "strength.")
REQUEST = "request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One time that one origin states.

    name      a fact name, a key of service.wording.words.EVENTS
    origin    who independently says so; "request" for what came with the request itself
    time      as wide as its source left it: `time.span` in UTC, `time.text` as it was written
    rests     (item SHA-256, locator) of each place where it stands; none for the request's own
    parcel    the tracking number it is about, or None
    against   numbers of the contradictions it is part of, counted from 1
    """

    name: str
    origin: str
    time: Time
    rests: tuple[tuple[str, str], ...] = ()
    parcel: str | None = None
    against: tuple[int, ...] = ()

    @property
    def words(self) -> Said:
        return EVENTS[self.name]


def contradictions_of(manifest: Manifest) -> list[Finding]:
    """Every grave finding that rests on what items say; number n is the n-th, counted from 1."""
    return [
        finding
        for judged in manifest.judgements
        if not judged.verifier.startswith(_OF_THE_ACCOUNT)
        for finding in judged.findings
        if finding.severity is Severity.GRAVE and finding.rests
    ]


def events_of(manifest: Manifest) -> tuple[Event, ...]:
    """The order's events, by the middle of what each time allows.

    What stands in another order's row is left out. One origin that states one time in several
    items is one event with several places.
    """
    against: dict[tuple[str, str], set[int]] = {}
    for number, finding in enumerate(contradictions_of(manifest), start=1):
        for place in finding.rests:
            against.setdefault(place, set()).add(number)
    found = events_in(manifest.order, manifest.items, Facts(manifest.facts), against)
    return tuple(sorted([*found, *_asked(manifest)], key=_place))


def events_in(
    order: OrderRef,
    items: Sequence[SealedItem],
    facts: Facts,
    against: Mapping[tuple[str, str], set[int]] = MappingProxyType({}),
) -> tuple[Event, ...]:
    """The events that facts of an order tell, sealed or not.

    against   of a place (item, locator), the contradictions it is part of
    """
    subjects = Subjects(order, items, facts)
    told: dict[tuple[str, str, datetime, datetime, str | None], list[Fact]] = {}
    for fact in facts:
        if fact.name not in EVENTS or isinstance(fact.value, str) or subjects.foreign(fact):
            continue
        span = fact.value.span
        parcel = subjects.parcel_of(fact) if (name_of(fact.name).step or 0) > 30 else None
        key = (fact.name, fact.origin, span.earliest, span.latest, parcel)
        told.setdefault(key, []).append(fact)
    several = len(subjects.parcels) > 1
    events = (
        Event(
            name=name,
            origin=origin,
            time=same[0].time,
            rests=(rests := tuple(dict.fromkeys((f.item, str(f.locator)) for f in same))),
            parcel=parcel if several else None,
            against=tuple(sorted(set().union(*(against.get(place, set()) for place in rests)))),
        )
        for (name, origin, _, _, parcel), same in told.items()
    )
    return tuple(sorted(events, key=_place))


def _asked(manifest: Manifest) -> Iterable[Event]:
    """What the request says of the defect; a time that cannot be read is no event."""
    for key, value in (manifest.defect or {}).items():
        name = f"defect.{key.removesuffix('_at')}.at"
        if key.endswith("_at") and name in EVENTS:
            try:
                time = parse_iso(value)
            except EvidenceError:
                continue
            yield Event(name=name, origin=REQUEST, time=time)


def _place(event: Event) -> tuple[datetime, int, str, str]:
    span = event.time.span
    middle = span.earliest + (span.latest - span.earliest) / 2
    return middle, name_of(event.name).step or 0, event.name, event.origin


def zone_words(time: Time) -> Said:
    """Why we believe in a time's zone, or that nobody states one."""
    if isinstance(time, Instant):
        if time.basis == "declared":
            return Said(f"{time.zone}, declared", f"{time.zone} 声明")
        zone = "UTC" if time.zone == "Z" else f"UTC{time.zone}" if time.zone[0] in "+-" else None
        return Said.same(zone or time.zone)
    if time.zones:
        names = ", ".join(time.zones[:4]) + (" …" if len(time.zones) > 4 else "")
        return Said(f"not stated; by its place {names}", f"未注明；按地点可能为 {names}")
    return Said("not stated", "未注明")


def timeline_svg(
    events: Sequence[Event],
    *,
    language: str = "en",
    font: str = "Noto Sans CJK SC, Noto Sans, sans-serif",
    among: Sequence[Event] | None = None,
) -> str:
    """A picture of `events`, one row each: its words, its origin, and where in time it can lie.

    language   "en", "zh" or "both"
    among      all events, where only some are drawn: these share one scale

    A time that is known to the second is a dot, a wider one a bar as long as what it allows. What
    is part of a contradiction is red, bears the contradiction's number, and is joined to the others
    of that number. There is always a picture: without events it says so.
    """
    every = events if among is None else among
    spans = [event.time.span for event in every]
    rows = [
        Row(
            label=event.words.in_(language) + (f" · {event.parcel}" if event.parcel else ""),
            source=ORIGINS[event.origin].zh
            if language == "zh" and event.origin in ORIGINS
            else event.origin,
            earliest=event.time.span.earliest,
            latest=event.time.span.latest,
            numbers=event.against,
        )
        for event in events
    ]
    first = min((span.earliest for span in spans), default=None)
    last = max((span.latest for span in spans), default=None)
    return picture(rows, first=first, last=last, language=language, font=font)


def described(events: Sequence[Event]) -> Said:
    """The picture in words, for those who cannot see it."""
    if not events:
        return Said("Timeline without events.", "时间线：没有事件。")
    red = sum(bool(event.against) for event in events)
    first, last = events[0], events[-1]
    return Said(
        f"Timeline of {len(events)} events, from {first.words.en} to {last.words.en}; {red} of "
        "them are part of a contradiction. The table beside it says the same.",
        f"时间线，共 {len(events)} 个事件，自“{first.words.zh}”至“{last.words.zh}”；其中 {red} 个"
        "涉及矛盾。表格列出同样内容。",
    )
