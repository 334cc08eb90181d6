"""Whether a file is older than what it tells: made, taken or sent before that happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from evidence.facts import Facts
from evidence.times import Instant, LocalDate, LocalTime
from verifiers.authenticity.contradiction import Contradiction
from verifiers.authenticity.events import (
    CAPTURED,
    DELIVERED,
    DOUBTED,
    OUT,
    SHIPPED,
    Event,
    turned_over,
    weight_of,
    words_of,
)
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Told, labels_in

# From what a file tells to its making.
_SOON = timedelta(days=45)
# A camera that lost its time starts again at a day of its maker's, and some are a year behind: an
# older picture that was altered is mostly of the same weeks.
_SET, _OF_AN_UNSET_CLOCK = timedelta(days=180), 0.5
_YEARS = timedelta(days=500)
# Where an office file says when it was made (verifiers/readers/office.py).
_OFFICE, _OF_A_TEMPLATE = frozenset({"meta:created", "meta:creation-date"}), 0.38


def made_before(facts: Facts, events: Iterable[Event]) -> Iterator[Contradiction]:
    """A file that was made, or a picture that was taken, before what it tells of."""
    told = [one for one in events if one.step in {DELIVERED, OUT, SHIPPED, CAPTURED}]
    for name, what in (
        ("document.created.at", "the file was made"),
        ("picture.taken.at", "the picture was taken"),
    ):
        made = facts.first(name)
        if made is None:
            continue
        changed = facts.first("document.modified.at") if name == "document.created.at" else None
        ends = _wall_end(made.value)
        for event in told:
            if ends is None or not all(start > ends for start in event.starts):
                continue
            weight = weight_of(event)
            turned = turned_over(event)
            if turned and any(ends - _SOON < start <= ends for start in turned.starts):
                weight = min(weight, DOUBTED)
            # What programs write into office files keeps the day when their template was made.
            if str(made.locator) in _OFFICE:
                weight = min(weight, _OF_A_TEMPLATE)
            # Nobody tells of what lies years ahead: a number was read as a day.
            ahead = all(start > ends + _YEARS for start in event.starts)
            if name == "document.created.at" and ahead:
                weight = min(weight, DOUBTED)
            if name == "picture.taken.at" and all(start > ends + _SET for start in event.starts):
                weight = min(weight, _OF_AN_UNSET_CLOCK)
            # A form that is filled in is older than what is written into it.
            last = _wall_end(changed.value) if changed is not None else None
            if last is not None and any(last >= start for start in event.starts):
                weight *= 0.5
            said = f'{what} {made.text}, and it says "{words_of(event)}"'
            yield Contradiction("made-before", said, (made, *event.line.facts), weight)
            break


def sent_before(facts: Facts, events: Iterable[Event]) -> Iterator[Contradiction]:
    """A mail that announces a delivery in its subject, and was sent before that was.

    Others name the day for which a delivery is planned, in words that tell of it as well.
    """
    sent = [fact for fact in facts.named("message.sent.at") if fact.locator.kind == "header"]
    subjects = facts.values("message.subject")
    ends = _wall_end(sent[0].value) if len(sent) == 1 else None
    if ends is None or not any(
        {one.told for one in labels_in(fold(text))} == {Told.DELIVERED} for text in subjects
    ):
        return
    told = [one for one in events if one.step == DELIVERED]
    if told and all(start > ends for one in told for start in one.starts):
        said = f'the mail was sent {sent[0].text}, and it says "{words_of(told[0])}"'
        facts_of_it = (sent[0], *told[0].line.facts)
        yield Contradiction("made-before", said, facts_of_it, weight_of(told[0]))


def _wall_end(moment: object) -> datetime | None:
    """The latest wall clock, anywhere on earth, at which a time can have been."""
    if isinstance(moment, Instant):
        return moment.at.replace(tzinfo=None) + timedelta(hours=14)
    if isinstance(moment, LocalTime):
        return moment.wall + timedelta(hours=26)
    if isinstance(moment, LocalDate):
        return datetime(moment.day.year, moment.day.month, moment.day.day) + timedelta(hours=50)
    return None
