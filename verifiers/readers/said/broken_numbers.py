"""Numbers of parcels and orders that were broken at the end of a line."""

from __future__ import annotations

import re

from evidence.tracking_numbers import Form, identify
from verifiers.readers.said.words import field_words

# The first part of a number: "404-1797979-".
CUT = re.compile(r"(?<!\d)\d{2,7}(?:-\d{2,7})*-$")
# A number in groups of four that goes on in the next line: 6378 3148 1164 8991 8947 over 6423.
_GROUPS = re.compile(r"(?<!\d)\d{4}(?:\s\d{4}){3,}$")
# The same in groups that are not alike, behind a label: Paketnummer: 0054 128 708 over 3881.
_UNEVEN = re.compile(r"(?<!\d)\d{2,5}(?:\s\d{2,5})+$")
# The same of which more than one group stands below: a carrier's own check digit must fit it.
_SOME_GROUPS = re.compile(r"(?<!\d)\d{4}(?:\s\d{4})+$")
_GROUP = 4
_MORE_GROUPS = re.compile(r"(?:\d{4}\s)*\d{1,4}")
_REST_OF_GROUPS = re.compile(r"\d{1,4}|\d{4}\s\d{1,4}")
# The ends of two lines that may be one number, which was broken wherever its column ended.
_END_OF_LINE = re.compile(r"(?:^|[\s:：#])([A-Z0-9]{6,30})$")
_ONE_WORD = re.compile(r"[A-Z0-9]{1,16}(?![A-Za-z0-9])")
# What is a number and no word or moment.
_NUMBER = re.compile(r"#?(?=(?:[a-z-]*\d){4})[a-z0-9-]{4,}(?![^\W_]|[:/.]\d)")
# An order of TikTok Shop, which has no dash to be broken at.
_ORDER = re.compile(r"57[5-9]\d{15}|58\d{16}")
# A number with letters has so many figures at least.
_LETTERED = 9
# Figures alone are one number if together they are as long as only one is.
_FIGURES = 18


def goes_on(first: str, second: str) -> bool:
    """Whether a folded line ends in the first groups of a number, and the next is the others."""
    if CUT.search(first) and re.match(r"\d{3,}(?!\d*(?:[:/]|\.\d))", second):
        return True  # it was broken at its dash
    if _GROUPS.search(first) and _REST_OF_GROUPS.fullmatch(second):
        return True
    if _goes_on_behind_label(first, second):
        return True
    end = _SOME_GROUPS.search(first)
    return bool(end and _MORE_GROUPS.fullmatch(second) and _is_checked(end[0], second))


def _goes_on_behind_label(upper: str, lower: str) -> bool:
    """Whether a labelled number in uneven groups ends in the next line: a carrier has such ones."""
    if not re.fullmatch(r"\d{1,5}", lower) or not (end := _UNEVEN.search(upper)):
        return False
    before = field_words("tracking_number").search(upper[: end.start()])
    if before is None or upper[before.end() : end.start()].strip(" :#.-"):
        return False
    return bool(identify(re.sub(r"\s", "", end[0]) + lower).possible)


def _is_checked(groups: str, rest: str) -> bool:
    possible = identify(re.sub(r"\s", "", groups + rest)).possible
    if any(one.form is Form.OWN and one.check_digit for one in possible):
        return True
    # Or the check digit fits them all, and the last one is shorter, as the end of a number is.
    return len(rest) < _GROUP and any(one.check_digit for one in possible)


def is_announced(first: str, second: str, text: str) -> bool:
    """Whether the first line ends in what is a number's label before the number that begins the
    second one: "your parcel" over "T00B7792 was delivered".

    text  both as one, with what stands between them
    """
    if not _NUMBER.match(second):
        return False
    edge = len(first)
    shapes = (field_words("tracking_number"), field_words("order_number"))
    return any(
        m.end() in (edge, edge + 1)
        for shape in shapes
        for m in shape.finditer(text)
        if m.start() < edge and not shape.search(first, m.start())
    )


def is_broken(upper: str, lower: str) -> bool:
    """Whether a line ends in the first part of a number, and the next begins with its rest: of a
    platform's order, or all of it of a parcel's."""
    end = _END_OF_LINE.search(upper)
    if end is None or not (rest := _ONE_WORD.match(lower)):
        return False
    both = end[1] + rest[0]
    if _ORDER.fullmatch(both) and not _ORDER.fullmatch(end[1]):
        return True
    known = identify(both).possible
    cut = rest[0].isdigit() and not identify(end[1]).possible
    if cut and sum(map(str.isdigit, both)) >= _LETTERED and not both.isdigit() and known:
        return True
    if rest[0] != lower:
        return False
    if both.isdigit():
        return len(both) >= _FIGURES > len(lower) and len(lower) < len(end[1]) and bool(known)
    own = [one for one in known if one.form is Form.OWN and one.check_digit is not False]
    return bool(own) and not any(one.form is Form.OWN for one in identify(end[1]).possible)
