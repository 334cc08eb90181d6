"""Postal items under UPU S10: RR473124829GB.

Two letters of service, eight digits, a check digit, the country of the post that issued it. Any
other post may be the one that delivers, so each may be asked about it.

Source: UPU S10-12, Identification of postal items, 13-character identifier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.tracking_numbers.checks import s10
from evidence.tracking_numbers.kind import Candidate, Form
from evidence.tracking_numbers.posts import POSTS, SIDE_BY_SIDE

SHAPE = re.compile(
    r"(?P<service>[A-Z]{2})(?P<serial>[0-9]{8})(?P<check>[0-9])(?P<country>[A-Z]{2})"
)

_DOMESTIC = "domestic, bilateral or multilateral use"
# By the first letter of the indicator. Letters that are not here are reserved or not allocated;
# posts use some of them at home all the same (Royal Mail's FQ and TQ), so that such a number is no
# error, but not unmistakable either.
SERVICES = {
    "A": _DOMESTIC,
    "B": _DOMESTIC,
    "C": "parcel",
    "D": _DOMESTIC,
    "E": "EMS",
    "H": "e-commerce parcel",
    "L": "letter post, express or tracked",
    "M": "letter post, M bag",
    "N": _DOMESTIC,
    "P": _DOMESTIC,
    "Q": "letter post, business reply",
    "R": "letter post, registered",
    "U": "letter post, without tracking",
    "V": "letter post, insured",
    "Z": _DOMESTIC,
}
_WHOLE = {"GA": _DOMESTIC, "GD": _DOMESTIC}


def read(text: str) -> Iterator[Candidate]:
    """The post that issued the item, and carriers of its house that share its numbers."""
    match = SHAPE.fullmatch(text)
    if match is None or match["country"] not in POSTS:
        return
    slug, title = POSTS[match["country"]]
    indicator = match["service"]
    carriers = [(slug, title)]
    for other, called, letters in SIDE_BY_SIDE.get(match["country"], ()):
        if not letters or indicator[0] in letters:
            carriers.append((other, called))
    service = _WHOLE.get(indicator) or SERVICES.get(indicator[0], "")
    for carrier, called in carriers:
        yield Candidate(
            carrier=carrier,
            kind="s10",
            title=f"{called}, postal item",
            number=text,
            form=Form.OWN if service else Form.SHARED,
            published=True,
            check_digit=s10(match["serial"]) == match["check"],
            service=service,
            country=match["country"],
            parts={"service": indicator, "serial": match["serial"]},
        )
