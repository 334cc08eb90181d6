"""One kind of tracking number: whose it is, its shape, its check digit, what its parts mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

_NONE: Mapping[str, str] = MappingProxyType({})  # a default that nobody can write into


class Form(StrEnum):
    """How much the shape alone says about whose a number is."""

    OWN = "own"  # nobody else is known to write numbers like it
    SHARED = "shared"  # a few carriers do
    BARE = "bare"  # digits, or nearly: a coincidence is likely


class Likeness(StrEnum):
    """How much a number looks like one of a carrier."""

    CERTAIN = "certain"
    AMBIGUOUS = "ambiguous"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A carrier to which a number can belong.

    number        as the carrier writes it, without what stood around it (a ZIP code's prefix)
    published     whether the carrier itself tells of such numbers; else they are known from use
    check_digit   whether it fits; None where this kind has none, or none that is known
    service       in words, where the number tells it; "" where it does not
    country       ISO 3166-1 alpha-2 that the number names, or ""
    parts         what stands in the number, by name: service, country, shipper, serial, zip …
    """

    carrier: str
    kind: str
    title: str
    number: str
    form: Form
    published: bool
    check_digit: bool | None
    service: str = ""
    country: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def likeness(self) -> Likeness:
        """CERTAIN if the shape is the carrier's own and no check speaks against it."""
        if self.check_digit is False:
            return Likeness.NO
        return Likeness.CERTAIN if self.form is Form.OWN else Likeness.AMBIGUOUS


@dataclass(frozen=True, slots=True)
class Kind:
    """`shape` matches the whole normalised number, `unless` must not.

    The groups of `shape` are the parts. Three are ours: `body` and `check` are what the check digit
    is made of and the digit, `core` is the number that the carrier goes by (default: all of it).
    `countries` reads the part `country`: what it does not have is no number of this kind.
    """

    carrier: str
    name: str
    title: str
    shape: re.Pattern[str]
    unless: re.Pattern[str] | None
    form: Form
    check: Callable[[str], str] | None
    services: Mapping[str, str]
    countries: Mapping[str, str]
    country: str
    published: bool

    def read(self, text: str) -> Iterator[Candidate]:
        """The candidate that `text` is under this kind; none if its shape is another."""
        match = self.shape.fullmatch(text)
        if match is None or (self.unless is not None and self.unless.fullmatch(text)):
            return
        said = {
            name: value for name, value in match.groupdict().items() if value and name[0] != "_"
        }
        if self.countries and said.get("country") not in self.countries:
            return
        number = said.pop("core", text)
        body, digit = said.pop("body", None), said.pop("check", None)
        fits = None
        if self.check is not None and body is not None and digit is not None:
            fits = self.check(body) == digit
        yield Candidate(
            carrier=self.carrier,
            kind=self.name,
            title=self.title,
            number=number,
            form=self.form,
            published=self.published,
            check_digit=fits,
            service=self.services.get(said.get("service", ""), ""),
            country=self.countries.get(said.get("country", ""), self.country),
            parts=said,
        )


def kind(
    carrier: str,
    name: str,
    title: str,
    shape: str,
    form: Form,
    *,
    unless: str | None = None,
    check: Callable[[str], str] | None = None,
    services: Mapping[str, str] = _NONE,
    countries: Mapping[str, str] = _NONE,
    country: str = "",
    published: bool = True,
) -> Kind:
    """A row of a table; `published` says that the carrier itself tells the shape."""
    return Kind(
        carrier=carrier,
        name=name,
        title=title,
        shape=re.compile(shape, re.ASCII),
        unless=None if unless is None else re.compile(unless, re.ASCII),
        form=form,
        check=check,
        services=services,
        countries=countries,
        country=country,
        published=published,
    )
