"""What happened when, and what cannot be true together."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts import Fact
from evidence.verdicts import Finding
from service.report.blocks import (
    Block,
    Heading,
    Note,
    Picture,
    Place,
    Row,
    Table,
    Text,
    origins,
    quoted,
)
from service.report.findings import do, places_of, sentence
from service.report.meanings import meaning_of
from service.report.sealing import Sealing
from service.report.times import as_written, in_utc, zone_cell
from service.report.wanted import Wanted
from service.timeline import timeline
from service.wording.words import (
    Said,
)

EVENTS_PER_PICTURE = 24
MOST_EVENTS = 240


def timeline_blocks(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    every = timeline.events_of(sealing.manifest)
    events = every[:MOST_EVENTS]
    yield Heading(1, Said("What happened when", "时间线"))
    yield Text(
        Said(
            "Each time is as wide as its source left it: without a zone it can be any moment that "
            "a zone allows, a bare date any moment of that day. No zone was guessed. Times of "
            "sources stand beside UTC as they were written.",
            "每个时间的范围以来源所写为准：未注明时区的，可为任一时区下的时刻；只有日期的，可为当日任一时刻。"
            "我们不猜测时区。来源原文与 UTC 并列。",
        )
    )
    if len(every) > len(events):
        yield Note(
            Said(
                f"{len(every) - MOST_EVENTS} further events are in the manifest.",
                f"另有 {len(every) - MOST_EVENTS} 个事件见封存清单。",
            ),
            (sealing.here("facts"),),
        )
    parts = [
        events[at : at + EVENTS_PER_PICTURE] for at in range(0, len(events), EVENTS_PER_PICTURE)
    ]
    for part in parts or [()]:
        yield Picture(
            timeline.timeline_svg(
                part, language=str(wanted.language), font="Noto Sans CJK SC", among=events
            ).encode(),
            "svg",
            timeline.described(part),
            Said("Events of the order, in UTC", "订单事件（UTC）"),
            (sealing.here("facts"),),
        )
    if events:
        yield Table(
            (
                (Said("Event", "事件"), 1.4),
                (Said("Source", "来源"), 0.7),
                (Said("As written", "原文"), 1.6),
                (Said("Zone", "时区"), 1.2),
                (Said("UTC", "UTC"), 1.4),
            ),
            tuple(_event_row(sealing, event) for event in events),
            places_share=1.7,
        )


def _event_row(sealing: Sealing, event: timeline.Event) -> Row:
    places = sealing.places(event.rests) or (sealing.here("defect"),)
    words = event.words
    marks = "".join(f" ×{number}" for number in event.against)
    parcel = f" · {event.parcel}" if event.parcel else ""
    return Row(
        (
            Said(f"{words.en}{parcel}{marks}", f"{words.zh}{parcel}{marks}"),
            origins((event.origin,)),
            as_written(event.time),
            zone_cell(event.time),
            in_utc(event.time),
        ),
        places,
        bool(event.against),
    )


def contradiction_blocks(sealing: Sealing, wanted: Wanted) -> Iterator[Block]:
    told = timeline.contradictions_of(sealing.manifest)
    yield Heading(1, Said("Contradictions and what explains them", "矛盾及其解释"))
    if not told:
        yield Note(
            Said(
                "The checks that were made found none between the items.",
                "已进行的检查未发现证据之间的矛盾。",
            ),
            (sealing.here("verdicts"),),
        )
        return
    where = places_of(sealing)
    for number, finding in enumerate(told, start=1):
        yield Heading(2, Said(f"×{number}  {finding.code}", f"×{number}  {finding.code}"))
        yield Note(sentence(finding, wanted.language), where(finding), grave=True)
        rows = [
            Row(
                (meaning_of(fact.name), quoted(fact.text, most=200), origins((fact.origin,))),
                (place,),
            )
            for place, fact in _facts_at(sealing, finding)
        ]
        if rows:
            yield Table(
                (
                    (Said("What", "项目"), 1.5),
                    (Said("In the source's words", "来源原文"), 2.0),
                    (Said("Who says so", "陈述方"), 0.8),
                ),
                tuple(rows[:8]),
            )
        if finding.do:
            said = do(finding)
            yield Note(
                Said(f"What would explain or settle it: {said.en}", f"如何解释或查明：{said.zh}"),
                where(finding)[:1],
            )


def _facts_at(sealing: Sealing, finding: Finding) -> Iterator[tuple[Place, Fact]]:
    wanted = dict.fromkeys(finding.rests)
    seen = set()
    for fact in sealing.facts:
        at = (fact.item, str(fact.locator))
        if at in wanted and (at, fact.text) not in seen:
            seen.add((at, fact.text))
            if (place := sealing.place(*at)) is not None:
                yield place, fact
