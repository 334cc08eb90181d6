"""Every carrier to which a number can belong, and how much it looks like one of a carrier."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from evidence.errors import FormatError
from evidence.tracking_numbers import (
    america,
    asia_pacific,
    china,
    dhl,
    europe,
    fedex,
    s10,
    ups,
    usps,
)
from evidence.tracking_numbers.kind import Candidate, Form, Kind, Likeness
from evidence.tracking_numbers.normal import normalize
from evidence.tracking_numbers.posts import POSTS, SIDE_BY_SIDE

KINDS: tuple[Kind, ...] = (
    *ups.KINDS,
    *usps.KINDS,
    *fedex.KINDS,
    *dhl.KINDS,
    *america.KINDS,
    *china.KINDS,
    *europe.KINDS,
    *asia_pacific.KINDS,
)

_CALLED = {
    "4px": "4PX",
    "amazon": "Amazon Logistics",
    "aramex": "Aramex",
    "cainiao": "Cainiao",
    "canpar": "Canpar",
    "deppon": "Deppon",
    "dhl": "DHL",
    "dpd": "DPD",
    "evri": "Evri",
    "fedex": "FedEx",
    "gls": "GLS",
    "gofo": "GOFO Express",
    "hermes": "Hermes Germany",
    "inpost": "InPost",
    "intelcom": "Intelcom",
    "jd_logistics": "JD Logistics",
    "jt_express": "J&T Express",
    "landmark": "Landmark Global",
    "lasership": "LaserShip",
    "old_dominion": "Old Dominion",
    "ontrac": "OnTrac",
    "purolator": "Purolator",
    "sagawa": "Sagawa",
    "sf_express": "SF Express",
    "startrack": "StarTrack",
    "sto": "STO Express",
    "sunyou": "Sunyou",
    "tnt": "TNT",
    "uniuni": "UniUni",
    "ups": "UPS",
    "wanb": "Wanb Express",
    "xpo": "XPO",
    "yamato": "Yamato",
    "yanwen": "Yanwen",
    "yodel": "Yodel",
    "yto": "YTO Express",
    "yunda": "Yunda Express",
    "yunexpress": "YunExpress",
    "zto": "ZTO Express",
}
_DELIVERING = {slug for slug, _ in POSTS.values()} | {
    slug for sharing in SIDE_BY_SIDE.values() for slug, _, _ in sharing
}

# our name of a carrier -> its own
CARRIERS: dict[str, str] = dict(
    sorted(
        (
            *_CALLED.items(),
            *POSTS.values(),
            *((slug, called) for many in SIDE_BY_SIDE.values() for slug, called, _ in many),
        )
    )
)

_FORMS = {Form.OWN: 0, Form.SHARED: 1, Form.BARE: 2}


@dataclass(frozen=True, slots=True)
class Identified:
    """What a text can be: `normalized` is what was looked at, the likeliest candidate stands first.

    A candidate whose check digit is wrong is listed all the same, after all others.
    """

    number: str
    normalized: str
    candidates: tuple[Candidate, ...]

    @property
    def possible(self) -> tuple[Candidate, ...]:
        """The candidates that no check digit speaks against."""
        return tuple(one for one in self.candidates if one.check_digit is not False)


# A document is asked about the same number by each rule that may take it for one.
@lru_cache(maxsize=4096)
def identify(number: str) -> Identified:
    """Every carrier to which `number` can belong; none for a text that is nobody's."""
    text = normalize(number)
    found = list(_read(text)) if text.isascii() and text.isalnum() else []
    return Identified(number, text, tuple(sorted(found, key=_rank)))


def likeness(number: str, carrier: str) -> Likeness:
    """Whether `number` can be one that `carrier` (a name of CARRIERS) knows.

    CERTAIN     only this carrier writes such numbers, and the check digit, if there is one, fits
    AMBIGUOUS   others could have written it; or it is another post's item, which this one delivers
    NO          another shape, or a check digit that is wrong

    FormatError for a carrier that is not known.
    """
    return _likeness(identify(number), carrier)


def asked_as(numbers: Iterable[str], carrier: str) -> list[str]:
    """Those of `numbers` that `carrier` can be asked about, each once, as the carrier writes it."""
    asked: dict[str, None] = {}
    for number in numbers:
        found = identify(number)
        if _likeness(found, carrier) is not Likeness.NO:
            own = [one.number for one in found.possible if one.carrier == carrier]
            asked[own[0] if own else found.normalized] = None
    return list(asked)


def _likeness(found: Identified, carrier: str) -> Likeness:
    if carrier not in CARRIERS:
        raise FormatError(what=f"the carrier {carrier[:60]!r}", why="no table of numbers has it")
    own = {one.likeness for one in found.possible if one.carrier == carrier}
    if Likeness.CERTAIN in own:
        return Likeness.CERTAIN
    brought = carrier in _DELIVERING and any(one.kind == "s10" for one in found.possible)
    return Likeness.AMBIGUOUS if own or brought else Likeness.NO


def _read(text: str) -> Iterator[Candidate]:
    yield from s10.read(text)
    for kind in KINDS:
        yield from kind.read(text)


def _rank(candidate: Candidate) -> tuple[bool, int, bool]:
    """Wrong check digits last; then the more telling shape, then a check digit that fits."""
    return candidate.check_digit is False, _FORMS[candidate.form], candidate.check_digit is None
