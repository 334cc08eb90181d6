"""Rows that say by themselves what their moment is of, in words that need not be known.

A moment may take its label from a row over it or under it. Not where its own row has a name for it
("created at: …"), where the rows around it each name their own, or where a head row names its
column: there unknown words are no reason to take a neighbour's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from verifiers.readers.lines import Line
from verifiers.readers.said.fold import fold
from verifiers.readers.said.labels import Label, Told
from verifiers.readers.said.layout import share_column
from verifiers.readers.said.names_of_days import WEEKDAYS
from verifiers.readers.said.spots import NEAR, ReadRow, Spot, gap

# A field's name that leaves open what happened then: what stands around it says so.
OPEN_NAME = re.compile(
    r"(?:(?:date|time|stamp|day|datetime|timestamp|when|at|on|iso|utc|gmt|local|event|scan|checkpoint|status"
    r"|activity|datum|zeit|uhrzeit|zeitpunkt|tag|fecha|hora|heure|data|ora|tid|tijd|tijdstip|czas"
    r"|godzina|millis|and|und|et|y|e|i)\b[\s/&,-]*)+|(?:日期|时间|時間|日時|时刻|時刻)+"
)
_NAME = re.compile(r"([^\W\d_][^:：]{1,40}?)\s?[:：]\s?$")


def is_named(here: ReadRow, spot: Spot) -> bool:
    """Whether words with a colon right before the moment name it, though nobody knows them:
    "created at: …" beside a delivery is not when it was delivered."""
    before = fold(here.line(spot).text)[: spot.start].rstrip("([ ")
    name = _NAME.search(before)
    return name is not None and not OPEN_NAME.fullmatch(name[1].strip())


# How the name of a field for a moment ends, whatever it says happened then.
_FIELD_END = re.compile(
    r"(?:\b(?:date|time|at|on)|datum|zeit|zeitpunkt|\bam|tijd|dato|\ble|\bel|\bil|日期|时间|時間|日時|時刻)\s?[:：]?$"
)


def is_under_a_name(number: int, spot: Spot, read: Sequence[ReadRow]) -> bool:
    """Whether the name of a field stands right over the moment, in words that are no known label:
    "Gate-out time" over it says of what it is, and the status under it is of something else."""
    if not number:
        return False
    over, here = read[number - 1], read[number]
    if over.spots or over.row.page != here.row.page:
        return False
    if gap(over.row, here.row) > min(over.row.height, here.row.height):
        return False
    line = here.line(spot)
    heads = [
        fold(one.text).strip() for one in over.row.cells if one.box and share_column(one, line)
    ]
    if len(heads) != 1 or len(heads[0]) > _LONGEST_NAME or any(map(str.isdigit, heads[0])):
        return False
    return bool(_FIELD_END.search(heads[0])) and not _HEAD_OF_TIMES.fullmatch(heads[0])


_LONGEST_NAME = 30
# Rows of a list on each side that are asked whether they name their own; a chat has thousands.
_ROWS_AROUND = 30


def is_one_of_many(number: int, spot: Spot, read: Sequence[ReadRow]) -> bool:
    """Whether the row has words beside the moment, in a list whose other rows name their own."""
    here = read[number]
    words = [at for at, cell in enumerate(here.row.cells) if _has_words(fold(cell.text), spot, at)]
    if not words:
        return False
    for step in (-1, 1):
        at = number + step
        end = min(max(number + step * _ROWS_AROUND, -1), len(read))
        while at != end and _is_alike(read[at - step], spot, here, read[at]):
            if _says_its_own(here, spot, read[at], words):
                return True
            at += step
    return False


_WEEKDAY = re.compile(
    r"(?<![^\W\d_])(?:" + "|".join(sorted(WEEKDAYS, key=len, reverse=True)) + r")(?![^\W\d_])"
)


def _has_words(text: str, spot: Spot, cell: int) -> bool:
    if cell == spot.cell and spot.moment:
        text = text[: spot.start] + " " + text[spot.moment.end :]
    return sum(map(str.isalpha, _WEEKDAY.sub(" ", text))) >= 2


def _is_alike(beside: ReadRow, spot: Spot, here: ReadRow, other: ReadRow) -> bool:
    """Whether the next row has as many cells, and a value in the moment's column; a table of names
    and values has others than moments."""
    if other.row.page != beside.row.page or len(other.row.cells) != len(beside.row.cells):
        return False
    if gap(beside.row, other.row) > NEAR * min(beside.row.height, other.row.height):
        return False
    line, value = here.line(spot), other.row.cells[spot.cell]
    if not any(one.cell == spot.cell for one in other.moments) and not _begin_alike(here, other):
        return False
    return not line.box or share_column(line, value)


def _begin_alike(first: ReadRow, second: ReadRow) -> bool:
    """Whether each cell of both rows begins where the other's does, in a row of a name and more."""
    cells = list(zip(first.row.cells, second.row.cells, strict=True))
    return len(cells) > 1 and all(
        a.box and b.box and abs(a.box[0] - b.box[0]) < min(a.box[3], b.box[3]) for a, b in cells
    )


def _says_its_own(here: ReadRow, spot: Spot, other: ReadRow, words: Sequence[int]) -> bool:
    """Whether another row has its label where `words` are, on the same side of its moment."""
    same = [one for one in other.moments if one.cell == spot.cell]
    if not same:
        return False
    mine = (spot.start == 0) == (same[0].start == 0)
    # A promise stands alone over a history, and is no row of it.
    return mine and any(
        one.cell in words and one.label and one.label.told is not Told.PROMISED
        for one in other.labels
    )


# Words of a head row over a table's moments: they say nothing of what happened.
_HEAD_OF_TIMES = re.compile(rf"\W*(?:{OPEN_NAME.pattern}|events?|progress|history|last\W?scan)\W*")


def is_of_nearer(here: ReadRow, place: int, label: Label) -> bool:
    """Whether a day with its hour stands between a day alone and the label behind both, each in a
    cell of its own: a list beside the history shares its row by chance."""
    spot = here.spots[place]
    if spot.moment is None or spot.moment.clock:
        return False
    at = next((n for n, one in enumerate(here.spots) if one.label is label), place)
    between = [one for one in here.spots[place + 1 : at] if one.moment]
    return any(
        one.cell != spot.cell and one.moment and one.moment.day and one.moment.clock
        for one in between
    )


# Where a sentence ends and another one begins, of two words at least.
_SENTENCE = re.compile(r"[.!?]\s+[^\W\d_]{2,}\s[^\W\d_]{2,}")


def is_of_the_next_sentence(here: ReadRow, place: int, label: Label) -> bool:
    """Whether a label has its moment in its own sentence, and this one stands in the next: "It was
    delivered on 5 May. We had thought of 4 May"."""
    spot = here.spots[place]
    at = next((n for n, one in enumerate(here.spots) if one.label is label), place)
    between = [one for one in here.spots[at + 1 : place] if one.moment and one.cell == spot.cell]
    if at >= place or here.spots[at].cell != spot.cell or not between:
        return False
    end = between[-1].moment.end if between[-1].moment else spot.start
    return bool(_SENTENCE.search(fold(here.line(spot).text)[max(end - 1, 0) : spot.start]))


def head_of_times(folded: str) -> bool:
    """Whether a head says that moments stand under it, and nothing of what happened then."""
    return _HEAD_OF_TIMES.fullmatch(folded) is not None


def headed(
    number: int, spot: Spot, label: Label, read: Sequence[ReadRow]
) -> tuple[Label | None] | None:
    """What heads the moment's column, where a value of another column was taken for its label: in
    "Status | Ordered on" over "Delivered | 21 Nov" the status has a heading of its own.

    (None,) where unknown words head it; None where the label in its row is its own
    """
    here = read[number]
    beside = next((one for one in here.labels if one.label is label), None)
    if beside is None or beside.cell == spot.cell or label.firm or label.field:
        return None
    line = here.line(spot)
    own, its = _head_of(line, number, read), _head_of(here.line(beside), number, read)
    # The heads of one row stand side by side, also where one of them is wrapped.
    if own is None or its is None or own[1] is its[1] or abs(own[0] - its[0]) > 1:
        return None
    over, head = read[own[0]], own[1]
    if any(char.isdigit() for char in f"{head.text}{its[1].text}"):
        return None
    if named := [one for one in over.labels if over.line(one) is head]:
        own_part = [one for one in named if share_column(over.part(one), line)]
        return ((own_part or named)[-1].label,)
    if _HEAD_OF_TIMES.fullmatch(fold(head.text).strip()) or _goes_on_under(number, spot, read):
        return None
    return (None,)


def is_head_row(over: ReadRow, here: ReadRow, spot: Spot) -> bool:
    """Whether a row names each column, that of the moment in words that are no known label: in
    "Placed | Booked | Delivered" over three days no label of another row is of the second."""
    line = here.line(spot)
    heads = [one.text for one in over.row.cells if share_column(one, line)]
    if len(here.moments) < 2 or not heads or any(map(str.isdigit, heads[0])):
        return False
    others = [here.line(one) for one in here.moments if one.cell != spot.cell]
    return any(share_column(over.line(label), one) for label in over.labels for one in others)


# How far over a value its head stands, in rows and in heights: the cells beside it may be wrapped.
_ROWS_OVER, _HEIGHTS_OVER = 4, 3.2
# The share of a row's height in which another row beside it begins.
_SAME = 0.4


def _head_of(cell: Line, number: int, read: Sequence[ReadRow]) -> tuple[int, Line] | None:
    """The nearest cell over a value, with the number of its row; None where no head row can be."""
    for at in range(number - 1, max(number - 1 - _ROWS_OVER, -1), -1):
        row, here = read[at].row, read[number].row
        if row.page != here.page:
            return None
        if read[at].moments:
            if row.bottom - here.top > _SAME * min(row.height, here.height):
                continue  # another line of the same record
            return None
        found = [one for one in row.cells if _over_it(one, cell)]
        if not found:
            continue
        near = gap(row, here) <= _HEIGHTS_OVER * min(row.height, here.height)
        return (at, found[0]) if near and len(found) == 1 and len(row.cells) > 1 else None
    return None


def _over_it(cell: Line, line: Line) -> bool:
    if cell.box is None or line.box is None:
        return False
    left, right = (
        max(cell.box[0], line.box[0]),
        min(cell.box[0] + cell.box[2], line.box[0] + line.box[2]),
    )
    return right > left or abs(cell.box[0] - line.box[0]) < line.box[3]


def _goes_on_under(number: int, spot: Spot, read: Sequence[ReadRow]) -> bool:
    """Whether the row under a moment's has one in the same column: a table of many rows."""
    if number + 1 >= len(read) or read[number + 1].row.page != read[number].row.page:
        return False
    under, line = read[number + 1], read[number].line(spot)
    return any(share_column(line, under.line(one)) for one in under.moments)


# The head of a mail that was forwarded or answered: who, when, what about.
_OF_MAIL = re.compile(
    r"[>|\s*]{0,8}(?P<name>[^\W\d_][^\W\d_ ]{0,15}(?: [^\W\d_]{1,12})?)\s?[*]?[:：]"
)
_FROM = frozenset("from von de da van od fran fra 发件人 寄件者 差出人 送信者 発信者".split())
_ABOUT = frozenset(
    "subject betreff objet asunto oggetto onderwerp temat assunto amne emne 主题 主旨 件名".split()
    + "to an a para aan do till til 收件人 宛先".split()
)
_OTHERS = frozenset(
    "date sent gesendet datum fecha enviado envoye data inviato verzonden wyslano skickat".split()
    + "cc bcc kopie 抄送 发送时间 发送日期 日期 时间 日時 送信日時 送信日".split()
) | {"enviado el", "envoye le", "reply to"}
_HEADERS = _FROM | _ABOUT | _OTHERS
_MOST_HEADERS = 7


def close_headers(read: Sequence[ReadRow]) -> None:
    """Take the labels out of the head of a mail inside a text: its subject says "delivered", and
    its date is when the mail was sent."""
    at = 0
    while at < len(read):
        if _name_of(read[at]) not in _FROM:
            at += 1
            continue
        end = at + 1
        while end < len(read) and end - at < _MOST_HEADERS and _name_of(read[end]) in _HEADERS:
            end += 1
        names = {_name_of(row) for row in read[at:end]}
        if names & _ABOUT and any(row.moments for row in read[at:end]):
            for row in read[at:end]:
                row.spots = [spot for spot in row.spots if spot.moment]
                row.closed = True
        at = end


def _name_of(row: ReadRow) -> str:
    match = _OF_MAIL.match(fold(row.row.cells[0].text[:60]))
    return match["name"].strip() if match else ""
