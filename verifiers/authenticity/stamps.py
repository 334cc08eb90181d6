"""The time that a camera prints into a photo, against the one that it writes into its metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from evidence.facts import Facts
from evidence.times import Instant, LocalTime
from verifiers.authenticity.contradiction import Contradiction
from verifiers.authenticity.days import Written, written_days
from verifiers.authenticity.events import STEPS
from verifiers.authenticity.lines import Line, place_of

# A stamp stands along an edge; a letter that was photographed has its dates anywhere.
_EDGE = 0.16


# A date that a page labels is no camera's, though it is the last one before the edge.
_LABELLED = frozenset(STEPS) - {"document.captured.at"}


def stamps(facts: Facts, lines: Sequence[Line]) -> Iterator[Contradiction]:
    """A stamp along an edge that is another day's than the picture's own time, or its minutes."""
    taken = facts.first("picture.taken.at")
    size = facts.first("picture.size")
    if taken is None or not isinstance(taken.value, LocalTime | Instant):
        return
    wall = _wall(taken.value)
    height = int(size.text.split("x")[-1]) if size is not None else 0
    labelled = {fact.locator for fact in facts if fact.name in _LABELLED}
    found = [
        (line, day)
        for line in lines
        if _along_edge(line, height, few=len(lines) <= 3) and _outermost(line, lines, height)
        for day in written_days(line.text)
        if not labelled & {fact.locator for fact in line.facts}
        if len(line.text) - len(day.text) <= 14
    ]
    for _, day in found:
        if any(_fits(day, one, wall) for one in day.days(year=wall.year)):
            return
    for line, day in found:
        if not day.days(year=wall.year):
            continue
        weight = 0.88 if line.confidence >= 0.9 or line.sure else 0.5
        said = f'"{day.text}" is printed into a picture that was taken {taken.text}'
        yield Contradiction("stamp", said, (taken, *line.facts), weight)
        return


def _wall(value: LocalTime | Instant) -> datetime:
    if isinstance(value, LocalTime):
        return value.wall
    # What the camera's clock showed: its offset is the one that was stated.
    text = value.text
    return datetime.fromisoformat(text[:19]) if _iso(text) else value.at.replace(tzinfo=None)


def _iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return True


def _along_edge(line: Line, height: int, *, few: bool) -> bool:
    place = place_of(line.facts[0])
    if place is None or not height:
        return few
    _, _, y, _, tall = place
    middle = y + tall / 2
    return few or middle < _EDGE * height or middle > (1 - _EDGE) * height


def _outermost(line: Line, lines: Sequence[Line], height: int) -> bool:
    """Whether nothing is written between it and the edge: a page's dates have lines beyond them."""
    place = place_of(line.facts[0])
    if place is None or not height:
        return True
    low = place[2] + place[4] / 2 > height / 2
    others = [at for one in lines if one is not line and (at := place_of(one.facts[0]))]
    if low:
        return not any(at[2] > place[2] + place[4] for at in others)
    return not any(at[2] + at[4] < place[2] for at in others)


def _fits(day: Written, on: date, wall: datetime) -> bool:
    """Whether camera and stamp can have had one clock: a zone apart at most."""
    if day.minute is None:
        return abs((on - wall.date()).days) <= 1
    stamp = datetime(on.year, on.month, on.day) + timedelta(minutes=day.minute)
    gap = abs(stamp - wall).total_seconds() / 60
    if gap > 26 * 60:
        return False
    # Clocks run for minutes between shutter and stamp; a zone is a multiple of half an hour.
    return gap <= 6 or min(gap % 30, 30 - gap % 30) <= 3
