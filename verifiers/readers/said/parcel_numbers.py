"""Tracking numbers: announced by a label, of a carrier's own shape, or out of a barcode.

Whose a number can be is evidence/tracking_numbers/. A run of digits that no label announces is a
tracking number only if a carrier's check digit fits and the document bears that carrier's mark.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from evidence.tracking_numbers import CARRIERS, Form, identify, normalize
from evidence.tracking_numbers.kind import Candidate
from verifiers.readers.lines import Line
from verifiers.readers.said.clocks import clocks_in
from verifiers.readers.said.days import days_in
from verifiers.readers.said.fields import fields_of
from verifiers.readers.said.fold import fold
from verifiers.readers.said.layout import Row
from verifiers.readers.said.lone_numbers import lone_numbers
from verifiers.readers.said.moments import MAX_LINE
from verifiers.readers.said.words import field_words

_RUN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|[ .\-–](?=[A-Za-z0-9])){6,46}")
_TOKEN = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
# A number is written in at most so many groups: 9400 1118 9956 4512 3456 78.
_MOST_GROUPS, _MOST_LABELLED = 9, 13
# A telephone number, as carriers print theirs: 1-800-555-1234, and 0800 668 9386 behind a name.
_TELEPHONE = re.compile(
    r"(?<![\w-])(?:\+?1-\d{3}-\d{3}-\d{4}|8(?:00|33|44|55|66|77|88)-\d{3}-\d{4})(?![\w-])"
    r"|(?<!\d)0800\s\d{3}\s\d{4}(?![\d-])"
)
_LIKE_LETTER = str.maketrans({"0": "O", "1": "I", "5": "S", "8": "B"})
_LIKE_DIGIT = str.maketrans({"O": "0", "Q": "0", "I": "1", "L": "1", "S": "5", "B": "8", "Z": "2"})


# Letters among many figures: on the carrier's own page a number of a shape that it shares is its.
_LETTERED = re.compile(r"(?=[A-Z0-9]{11,})(?=\d*[A-Z])(?=(?:[A-Z]*\d){8})[A-Z0-9]+")


@dataclass(frozen=True, slots=True)
class ParcelNumber:
    """A number in plain form (capitals and digits); `sure` from 0 to 1 before the reading's own."""

    text: str
    sure: float
    line: Line | None


def parcel_numbers(
    rows: Sequence[Row], *, marks: Collection[str], others: Collection[str]
) -> list[ParcelNumber]:
    """Each tracking number once, the most certain first.

    marks   carriers whose marks the document bears
    others  numbers that are orders', which are not taken for parcels'
    """
    found: dict[str, ParcelNumber] = {}
    others = {*others, *(normalize(other) for other in others)}
    read = (*_labelled(rows, marks), *_shaped(rows, marks))
    # One text, since an export holds thousands of both.
    of_orders = "\n".join(others)
    told = [one for one in read if one.text not in of_orders]
    if not told and marks:
        alone = lone_numbers(rows, marks)
        told = [ParcelNumber(text, 0.55, line) for text, line in alone if text not in others]
    for one in told:
        known = found.get(one.text)
        if known is None or one.sure > known.sure:
            found[one.text] = one
    numbers = sorted(found.values(), key=lambda one: -one.sure)
    # What is cut out of a longer number that is known is that number.
    all_numbers = "\n".join(one.text for one in numbers)
    return [
        one for one in numbers
        if all_numbers.find(one.text, all_numbers.index(one.text) + 1) < 0
    ]  # fmt: skip


def number_of_code(text: str) -> str | None:
    """The tracking number that a barcode says; None for a web address, a product, a route."""
    if len(text) > 120 or "//" in text:
        return None
    possible = identify(text).possible
    strong = [one for one in possible if one.check_digit or one.form is Form.OWN]
    return strong[0].number if strong else None


def _labelled(rows: Sequence[Row], marks: Collection[str]) -> Iterator[ParcelNumber]:
    for field in fields_of(field_words("item_number"), rows):
        # Posts number their items with letters; figures alone are a shop's number of its goods.
        match = _RUN.match(field.text[:80])
        number = match and _best(_before_moments(field.text, match), seen=False)
        if number and not number.isdigit() and _is_strong(number):
            yield ParcelNumber(number, 0.98 * field.near, field.line)
    served: dict[tuple[int, int, int], float] = {}
    for field in fields_of(field_words("tracking_number"), rows):
        if served.get(field.announced, 0.0) > field.near:
            continue  # its value stands beside it: what is under it is another field's
        match = _RUN.search(_without_telephones(field.text[:80]))
        if match is None or match.start() > 12:
            continue
        number = _best(_before_moments(field.text, match), seen=field.line.confidence < 1)
        if number is None and _is_short_number(match[0], marks):
            number = match[0]
        if number is None or _is_day(field.text, match):
            continue
        number = _without_word(number)
        if _is_strong(number):
            served.setdefault(field.announced, field.near)
        sure = 0.98 if _is_strong(number) else 0.85
        yield ParcelNumber(number, sure * field.near, field.line)


def _without_word(number: str) -> str:
    """Without the label's last word, where their blank was lost: "NOTELM315517046CA".

    Letters before figures alone may be a shape that nobody told us of: a check digit of theirs fits
    by chance, and only a carrier's own shape cuts them.
    """
    letters = len(number) - len(number.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    if letters < 4 or _is_strong(number):
        return number
    for cut in range(3, letters + 1):
        possible = [one for one in identify(number[cut:]).possible if one.check_digit]
        if any(one.form is Form.OWN or not one.number.isdigit() for one in possible):
            return number[cut:]
    return number


def _is_strong(number: str) -> bool:
    return any(one.check_digit or one.form is Form.OWN for one in identify(number).possible)


def _is_short_number(text: str, marks: Collection[str]) -> bool:
    """Whether a word of capitals and few figures is a number as a carrier of the document writes
    its own: GLS's ZXY12ABC."""
    if not re.fullmatch(r"(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{8,12}", text):
        return False
    return any(one.carrier in marks for one in identify(text).possible)


def _without_telephones(text: str) -> str:
    """The text, as long as it was, with a sign that no number holds in their place."""
    return _TELEPHONE.sub(lambda match: "|" * len(match[0]), text)


def _is_day(text: str, match: re.Match[str]) -> bool:
    return any(day.start <= match.start() + 1 < day.end for day in days_in(fold(text[:80])))


def _before_moments(text: str, match: re.Match[str]) -> str:
    """The run up to a day or a time of day behind it: "6523 … 8517 2026-11-05 14:32"."""
    folded = fold(text[:80])
    starts = [day.start for day in days_in(folded)] + [at.start for at in clocks_in(folded)]
    end = min((start for start in starts if start > match.start()), default=match.end())
    return text[match.start() : min(end, match.end())].rstrip(" .-–")


def _best(run: str, *, seen: bool) -> str | None:
    """The number in a run of groups: the longest that a carrier knows, else up to a word.

    Figures that go on in the same groups belong to it: a check digit that fits a part of them by
    chance cuts no number short.

    seen  it was recognised in a picture
    """
    groups = _before_words(_without_names(re.split(r"[ .–]", run)))
    for count in range(min(len(groups), _MOST_LABELLED), 0, -1):
        text = normalize("".join(groups[:count]))
        if candidates := _known(text, seen=seen):
            if candidates[0].form is Form.OWN or not _goes_on(groups, count):
                return candidates[0].number
    kept: list[str] = []
    for group in groups:
        if not any(char.isdigit() for char in group) and (kept or len(group) > 4):
            break
        kept.append(group)
    text = normalize("".join(kept))
    digits = sum(char.isdigit() for char in text)
    if not (8 <= len(text) <= 36 and text.isalnum() and text.isascii()):
        return None
    # One word of capitals and a few figures is a number under such a label: 1UWBC9X6MHNB1.
    mixed = len(kept) == 1 and len(text) >= 10 and digits >= 3 and kept[0].isupper()
    if digits >= 6 or mixed:
        return text
    return None


def _before_words(groups: list[str]) -> list[str]:
    """The groups up to a word in small letters behind a number: "4PX2353749812107CN was"."""
    for at, group in enumerate(groups):
        if at and group.isalpha() and group.islower() and any(map(str.isdigit, groups[at - 1])):
            return groups[:at]
    return groups


def _without_names(groups: list[str]) -> list[str]:
    """The groups behind a carrier's name or another word: "Tracking: Evri H02 …"."""
    while len(groups) > 1:
        name = groups[0]
        is_name = name.casefold() in CARRIERS or (len(name) > 2 and not name.isupper())
        if not (name.isalpha() and is_name) and not _is_said_again(name, groups[1]):
            break
        groups = groups[1:]
    return groups


def _is_said_again(name: str, number: str) -> bool:
    """Whether a number begins with the letters in front of it: "4PX 4PX2705509592545CN"."""
    return not name.isdigit() and len(name) < 5 < len(number) and number.startswith(name)


def _goes_on(groups: Sequence[str], count: int) -> bool:
    """Whether the next group is figures like the last one: as many, or fewer at the very end."""
    last, following = groups[count - 1], groups[count : count + 1]
    return bool(
        following
        and last.isdigit()
        and following[0].isdigit()
        and (len(following[0]) == len(last) or count + 1 == len(groups))
    )


def _known(text: str, *, seen: bool) -> list[Candidate]:
    """What a text, or the same text with letters that stand for digits, can be."""
    found = [one for one in identify(text).possible if one.form is not Form.BARE or one.check_digit]
    if found or not text.isascii():
        return found
    if seen and (account := _of_other_account(text)):
        return account
    if seen and text[:4] == "JJF1":
        return list(identify(f"JJFI{text[4:]}").possible)
    if text[:2] in {"1Z", "IZ", "LZ"} and len(text) == 18:
        # Only digits follow the shipper's six characters.
        mended = "1Z" + text[2:8] + text[8:].translate(_LIKE_DIGIT)
        return list(identify(mended).possible)
    if len(text) == 13 and text[-2:].isalpha():
        service = (
            text[:2] if text[:2].isalpha() else text[:2].translate(_LIKE_LETTER) if seen else ""
        )
        if service.isalpha():
            return list(identify(service + text[2:11].translate(_LIKE_DIGIT) + text[11:]).possible)
    return []


def _of_other_account(text: str) -> list[Candidate]:
    """The one UPS number that a letter of its account makes, which a picture does not tell from the
    figure: O and 0, I and 1. [] where the check digit fits none, or several."""
    if not re.fullmatch(r"1Z[A-Z0-9]{6}\d{10}", text):
        return []
    fitting = [
        one
        for place in range(2, 8)
        if text[place] in _TWINS
        for one in identify(text[:place] + _TWINS[text[place]] + text[place + 1 :]).possible
        if one.check_digit
    ]
    return fitting if len({one.number for one in fitting}) == 1 else []


_TWINS = {"0": "O", "O": "0", "1": "I", "I": "1"}


def _shaped(rows: Sequence[Row], marks: Collection[str]) -> Iterator[ParcelNumber]:
    for row in rows:
        for cell in row.cells:
            text = _without_telephones(cell.text[:MAX_LINE])
            if sum(char.isdigit() for char in text) < 7:
                continue
            seen = cell.confidence < 1
            yield from (ParcelNumber(n, sure, cell) for n, sure in _in_text(text, marks, seen=seen))


def _in_text(text: str, marks: Collection[str], *, seen: bool) -> Iterator[tuple[str, float]]:
    days = days_in(fold(text))
    tokens = list(_TOKEN.finditer(text))
    if days:
        tokens = [
            match for match in tokens
            if not any(day.start < match.end() and match.start() < day.end for day in days)
        ]  # fmt: skip
    at = 0
    while at < len(tokens):
        taken = 1
        said_again = at + 1 < len(tokens) and _is_said_again(tokens[at][0], tokens[at + 1][0])
        if said_again or not _begins_alone(text, tokens[at].start()):
            at += 1
            continue
        for count in range(min(_MOST_GROUPS, len(tokens) - at), 0, -1):
            group = tokens[at : at + count]
            between = [text[a.end() : b.start()] for a, b in pairwise(group)]
            if any(len(one) > 1 or one == ":" for one in between):
                continue
            if count > 1 and _is_said_again(group[-1][0], group[0][0]):
                continue  # its carrier's name behind it: "4PX2705509592545CN 4PX"
            if not _ends_alone(text, group[-1].end()):
                continue
            number = normalize("".join(match[0] for match in group))
            # "PP-D-788664809" is a case, and "33CX 3366" goes on with "7804".
            whole = not (any("-" in match[0] for match in group) or _is_cut(tokens, at + count))
            if not 8 <= len(number) <= 36:
                continue
            if number.isdigit() and _is_inside(tokens, at, count):
                continue
            if said := _told_by_shape(number, marks, count, seen=seen, whole=whole):
                yield said
                taken = count
                break
        at += taken


def _is_inside(tokens: Sequence[re.Match[str]], at: int, count: int) -> bool:
    """Whether groups of figures stand right before or behind these that are as long as they are."""
    size = len(tokens[at][0])
    if size > 5:
        return False
    beside = []
    if at and tokens[at].start() - tokens[at - 1].end() == 1:
        beside.append(tokens[at - 1][0])
    end = at + count
    if end < len(tokens) and tokens[end].start() - tokens[end - 1].end() == 1:
        beside.append(tokens[end][0])
    return any(one.isdigit() and len(one) == size for one in beside)


def _is_cut(tokens: Sequence[re.Match[str]], end: int) -> bool:
    """Whether figures go on behind the groups before `end`, as many as in the last of them."""
    if not 0 < end < len(tokens) or tokens[end].start() - tokens[end - 1].end() != 1:
        return False
    last, after = tokens[end - 1][0], tokens[end][0]
    return last.isdigit() and after.isdigit() and len(last) == len(after) <= 5


def _told_by_shape(
    number: str, marks: Collection[str], groups: int, *, seen: bool, whole: bool
) -> tuple[str, float] | None:
    """The number a carrier would call it, and how sure that is without a label.

    whole  it is no part of a longer one, and no hyphen joins its parts
    """
    for one in _known(number, seen=seen):
        if _believed(one, marks, groups, whole=whole):
            return one.number, 0.95 if one.form is Form.OWN else 0.85
    # A carrier's own shape with a wrong check digit is worth knowing: mistyped, misread or made up.
    wrong = [one for one in identify(number).candidates if one.check_digit is False]
    if any(one.form is Form.OWN and not one.number.isdigit() for one in wrong) and groups <= 3:
        return number, 0.6
    return None


def _begins_alone(text: str, start: int) -> bool:
    before = text[start - 1 : start]
    if before.islower() and text[start].isalpha():
        return True  # a recognition lost the blank behind its label
    return not (before and (_is_latin(before) or before in "-_/@."))


def _ends_alone(text: str, end: int) -> bool:
    after = text[end : end + 1]
    return not (after and (_is_latin(after) or after in "_/@"))


def _is_latin(sign: str) -> bool:
    """A letter or figure; words of East Asia stand beside a number without a blank."""
    return sign.isalnum() and not "\u3000" <= sign <= "\u9fff"


def _believed(one: Candidate, marks: Collection[str], groups: int, *, whole: bool) -> bool:
    """Whether a shape without a label is enough."""
    if one.form is Form.OWN:
        # Letters in the shape make it a carrier's; digits alone need their check digit.
        lettered = not one.number.isdigit()
        return bool(one.check_digit) or (lettered and groups <= 3) or one.carrier in marks
    if one.check_digit is True and re.fullmatch(r"[A-Z]{2}\d{9}[A-Z]{2}", one.number):
        return True  # every post writes so, and nobody else
    if one.carrier not in marks or one.check_digit is False:
        return False
    if one.check_digit:
        return True
    return whole and _LETTERED.fullmatch(one.number) is not None
