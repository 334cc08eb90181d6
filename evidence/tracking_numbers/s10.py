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
_RESERVED = "reserved: no service has this indicator"
# By the first letter; a letter that is not here says nothing that all posts agree on.
SERVICES = {
    "A": _DOMESTIC,
    "B": _DOMESTIC,
    "C": "parcel",
    "D": _DOMESTIC,
    "E": "EMS",
    "H": "e-commerce parcel",
    "J": _RESERVED,
    "K": _RESERVED,
    "L": "letter post, express or tracked",
    "M": "letter post, M bag",
    "N": _DOMESTIC,
    "P": _DOMESTIC,
    "Q": "letter post, business reply",
    "R": "letter post, registered",
    "S": _RESERVED,
    "T": _RESERVED,
    "U": "letter post, without tracking",
    "V": "letter post, insured",
    "W": _RESERVED,
    "Z": _DOMESTIC,
}


def read(text: str) -> Iterator[Candidate]:
    """The post that issued the item, and carriers of its house that share its numbers."""
    match = SHAPE.fullmatch(text)
    if match is None or match["country"] not in POSTS:
        return
    slug, title = POSTS[match["country"]]
    carriers = [(slug, title)]
    for other, called, letters in SIDE_BY_SIDE.get(match["country"], ()):
        if not letters or match["service"][0] in letters:
            carriers.append((other, called))
    service = SERVICES.get(match["service"][0], "")
    if match["service"] in ("GA", "GD"):
        service = _DOMESTIC
    for carrier, called in carriers:
        yield Candidate(
            carrier=carrier,
            kind="s10",
            title=f"{called}, postal item",
            number=text,
            form=Form.OWN,
            published=True,
            check_digit=s10(match["serial"]) == match["check"],
            service=service,
            country=match["country"],
            parts={"service": match["service"], "serial": match["serial"]},
        )
