"""A delivery that a page tells in words of its own: "Handed to resident", or "Delivery" alone.

Unknown words alone say nothing. They are the delivery's where the page leaves no other reading: its
history ends with them, after rows that tell of the parcel's way and none that tells of trouble; the
page says them once more by themselves; and they are the last of the steps that a parcel goes, or
the page names who signed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from evidence.times import Instant, LocalTime, zone_of
from verifiers.readers.said.context import Context, date_event
from verifiers.readers.said.days_of_events import Event, merged
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Told, labels_in
from verifiers.readers.said.layout import Row, share_column
from verifiers.readers.said.moments import MAX_LINE, moments_in
from verifiers.readers.said.named_rows import head_of_times
from verifiers.readers.said.names_of_days import WEEKDAYS
from verifiers.readers.said.people import taken_by

# What a parcel goes through before it is delivered, and what ends its way otherwise.
_WAY = frozenset({Told.LABEL, Told.SHIPPED, Told.ACCEPTED, Told.TRANSIT, Told.OUT})
_OTHERWISE = frozenset({Told.DELIVERED, Told.EXCEPTION})
_LEAST_KNOWN, _LEAST_STEPS = 2, 3
_SHORTEST, _LONGEST = 5, 50
# Between the steps of a bar that was read as one line.
_BETWEEN = re.compile(r"\s*[●•○◉>→›»✓✔☑|·]+\s*|\s{3,}")


def with_final_status(
    events: Sequence[Event], rows: Sequence[Row], context: Context
) -> list[Event]:
    """The events, the last of the history as the delivery where nothing else is possible."""
    if any(one.told in _OTHERWISE for one in events) or _tells_otherwise(rows):
        return list(events)
    signed = [one for one in events if one.told is None and _is_beside_a_receiver(one, rows)]
    if sum(one.moment.day is not None for one in signed) == 1:
        return merged(
            [replace(one, told=Told.DELIVERED) if one in signed else one for one in events]
        )
    if (found := _named_delivery(events, rows)) is not None:
        return [replace(one, told=Told.DELIVERED) if one is found else one for one in events]
    known = [one for one in events if one.told in _WAY]
    last = _latest(events, context)
    # Who hands a parcel in does so before it goes its way: "Drop-off complete" behind that is none.
    known = [one for one in known if one is not last]
    gone = {Told.TRANSIT, Told.OUT} & {one.told for one in known}
    if last is None or len(known) < _LEAST_KNOWN:
        return list(events)
    if last.told is not None and not (last.told is Told.ACCEPTED and gone):
        return list(events)
    words = [text for text in _words_of(last, rows) if _is_said_again(text, last, rows)]
    if not any(_is_last_step(text, rows) for text in words):
        taken = any(taken_by(cell.text) for row in rows for cell in row.cells)
        if not (words and taken):
            return list(events)
    return [replace(one, told=Told.DELIVERED) if one is last else one for one in events]


# What a field for the delivery is called without saying that it was, and what a proof of it says.
_DELIVERY = re.compile(
    r"(?:the\s)?(?:delivery|zustellung|lieferung|livraison|entrega|consegna|bezorging|levering|doreczenie|dostawa"
    r"|leverans|teslimat|doruceni|派送|投递|配達|お届け|배송|배달)\s?[:：]?"
)
_PROOF = re.compile(
    r"proof\sof\sdelivery|(?<![a-z])(?:e?pod(?![a-z])|(?:signed|received)\s(?:for\s)?by(?![a-z]))|zustellnachweis"
    r"|preuve\sde\slivraison|prueba\sde\sentrega|prova\sdi\sconsegna|afleverbewijs|签收证明|妥投证明"
)


def _named_delivery(events: Sequence[Event], rows: Sequence[Row]) -> Event | None:
    """The one moment with its hour that a proof of delivery gives under "Delivery"; or that a paper
    which says that the parcel was delivered, and when it was printed, gives under "Date"."""
    whole = [
        one for one in events
        if one.told in {None, Told.CAPTURED} and one.moment.day and one.moment.clock
    ]  # fmt: skip
    names = [_name_before(one, rows[one.row]) for one in whole]
    dated = [one for one, name in zip(whole, names, strict=True) if _DATE.fullmatch(name)]
    # The only date of a paper is its own.
    if len(dated) == 1 and dated[0] is not whole[-1] and _is_told(rows):
        return dated[0]
    found = [one for one, name in zip(whole, names, strict=True) if _DELIVERY.fullmatch(name)]
    proof = any(_PROOF.search(fold(c.text[:MAX_LINE])) for row in rows for c in row.cells)
    return found[0] if proof and len(found) == 1 else None


_DATE = re.compile(
    r"(?:date|datum|fecha|data|日期|日付)(?:\s?(?:/|&|and)?\s?(?:time|uhrzeit|hora|heure|ora|时间))?\s?[:：]?"
)


# What a paper calls who took a parcel, as a field's name.
_RECEIVER = re.compile(
    r"(?:received|signed|accepted)\s(?:\w+\s){0,4}?by|receiver'?s?\s(?:name|signature)|(?:empfangen|entgegengenommen|unterschrieben)"
    r"(?:\s\w+){0,4}?\s(?:von|durch)|unterschrift(?:\sdes)?\sempfangers|(?:recu|receptionne|signe)e?\s(?:\w+\s){0,4}?par"
    r"|(?:recibido|firmado|recebido|assinado)\s(?:\w+\s){0,3}?por|(?:ricevuto|firmato)\s(?:\w+\s){0,4}?da"
    r"|(?:ontvangen|getekend)\s(?:\w+\s){0,3}?door|odebral|签收人|簽收人|受取人|受領者"
)


# Names and values since the receiver's, of a text.
_NAMES = 6


def _is_beside_a_receiver(event: Event, rows: Sequence[Row]) -> bool:
    """Whether a moment has nothing but "Date" over it, in a row of names where another one asks who
    took the parcel: who signs writes the day beside his name."""
    if not event.row or event.row >= len(rows):
        return False
    over, here = rows[event.row - 1], rows[event.row]
    if over.page != here.page:
        return False
    if len(over.cells) == 1:  # names and values under each other
        near = rows[max(event.row - _NAMES, 0) : event.row]
        names = [fold(one.cells[0].text[:MAX_LINE]).strip(" :：") for one in near]
        return head_of_times(names[-1]) and any(map(_RECEIVER.fullmatch, names))
    heads = [fold(one.text[:MAX_LINE]).strip(" :：") for one in over.cells]
    mine = [
        head for head, one in zip(heads, over.cells, strict=True) if share_column(one, event.line)
    ]
    return any(map(_RECEIVER.fullmatch, heads)) and any(map(head_of_times, mine))


def _is_told(rows: Sequence[Row]) -> bool:
    """Whether it says somewhere that the parcel was delivered, beside the paper's own name."""
    return any(
        label.told is Told.DELIVERED and not label.field
        for row in rows
        for cell in row.cells
        for label in labels_in(fold(cell.text[:MAX_LINE]))
    )


def _name_before(event: Event, row: Row) -> str:
    """What stands before a moment in its line, but for its weekday; or else in the cell before."""
    own = fold(event.line.text).partition(fold(event.text))[0].strip(" ,.")
    own = "" if own in WEEKDAYS else own
    at = next((n for n, cell in enumerate(row.cells) if cell is event.line), 0)
    return own or (fold(row.cells[at - 1].text).strip() if at else "")


def _tells_otherwise(rows: Sequence[Row]) -> bool:
    """Whether it speaks of trouble anywhere, such as "Returned to sender" in its heading."""
    return any(
        label.told is Told.EXCEPTION
        for row in rows
        for cell in row.cells
        for label in labels_in(fold(cell.text[:MAX_LINE]))
    )


def _latest(events: Sequence[Event], context: Context) -> Event | None:
    """The one event of the history that is later than all others, with its time of day."""
    timed: list[tuple[datetime, Event]] = []
    for one in events:
        if one.told in {Told.PROMISED, Told.CAPTURED, Told.UPDATED, Told.OTHER}:
            continue
        match date_event(one, context).time:
            case LocalTime(wall=wall):
                timed.append((wall, one))
            case Instant() as instant:
                at = instant.at.astimezone(zone_of(instant.zone))
                timed.append((at.replace(tzinfo=None), one))
    timed.sort(key=lambda pair: pair[0])
    if len(timed) < 2 or timed[-1][0] == timed[-2][0]:
        return None
    return timed[-1][1]


def _words_of(event: Event, rows: Sequence[Row]) -> Iterator[str]:
    """What stands in the moment's row beside it, and in the rows right over and under it."""
    for at in range(max(event.row - 1, 0), min(event.row + 2, len(rows))):
        for cell in rows[at].cells:
            text = fold(cell.text)
            if cell is event.line:
                text = text.replace(fold(event.text), " ")
            if _is_status(text := text.strip(" ,.;:–—-|·")):
                yield text


def _is_status(text: str) -> bool:
    return (
        _SHORTEST <= len(text) <= _LONGEST
        and not any(map(str.isdigit, text))
        and all(label.told is Told.ACCEPTED for label in labels_in(text))
    )


def _is_said_again(text: str, event: Event, rows: Sequence[Row]) -> bool:
    """Whether the same words are all of a line elsewhere, which is no other row of the history."""
    again = [
        at for at, row in enumerate(rows)
        if abs(at - event.row) > 1
        and any(fold(cell.text).strip(" .!") == text for cell in row.cells)
    ]  # fmt: skip
    beside = (rows[near] for at in again for near in (at, at + 1) if near < len(rows))
    return bool(again) and not any(moments_in(fold(c.text)) for row in beside for c in row.cells)


def _ends(step: str, text: str) -> bool:
    """Whether a step is the words, or the first or last line that they were wrapped into."""
    return len(step) >= _SHORTEST and (text.startswith(step) or text.endswith(step))


def _is_last_step(text: str, rows: Sequence[Row]) -> bool:
    """Whether the words end a bar of steps."""
    for row in rows:
        cells = [fold(cell.text).strip() for cell in row.cells]
        steps = [one for cell in cells for one in _BETWEEN.split(cell) if one]
        if len(steps) >= _LEAST_STEPS and _ends(steps[-1].strip(" .!"), text):
            return all(len(one) <= _LONGEST and not any(map(str.isdigit, one)) for one in steps)
    return False
