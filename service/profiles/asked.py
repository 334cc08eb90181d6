"""What is asked for: a profile, orders, and what only a person can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evidence.errors import RequestError
from evidence.orders import OrderRef
from evidence.profile import Added, Profile
from service.report.wanted import Wanted

MOST_ORDERS = 10_000
# A report takes seconds to make, and as much room as an order's other files.
MOST_REPORTS = 25


@dataclass(frozen=True, slots=True)
class Link:
    """Where others find an order's evidence, and until when."""

    url: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Minting:
    """Links of our own: below `base`, where this service answers, for so long."""

    base: str
    lasts: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One bundle that is asked for.

    orders     each once; the bundle has them in the order of their names
    texts      by field, for every order: choices of the form, or a person's own words
    links      by order
    minting    make links for the orders that have none; None to make none
    leave_out  receipts of items that are not to be sent, by order
    report     which report of each order goes along, where the profile takes one; None for none
    """

    profile: Profile
    orders: Sequence[OrderRef]
    texts: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[OrderRef, Link] = field(default_factory=dict)
    leave_out: Mapping[OrderRef, frozenset[int]] = field(default_factory=dict)
    minting: Minting | None = None
    report: Wanted | None = field(default_factory=Wanted)

    def __post_init__(self) -> None:
        if not self.orders:
            raise RequestError(what="The bundle", why="no order was named")
        if len(self.orders) > MOST_ORDERS:
            why = f"{len(self.orders)} orders are more than {MOST_ORDERS}"
            raise RequestError(what="The bundle", why=why)
        if len(set(self.orders)) != len(self.orders):
            raise RequestError(what="The bundle", why="an order was named twice")
        known = {text.field for text in self.profile.texts}
        if strange := sorted(set(self.texts) - known):
            fields = ", ".join(sorted(known)) or "none"
            why = f"{strange[0][:40]!r} is no text of {self.profile.id}; it has {fields}"
            raise RequestError(what="A text of the bundle", why=why)

    @property
    def reported(self) -> Wanted | None:
        """The report that is to go along; None where nobody wants one, or no profile takes it."""
        takes = self.profile.report or Added.REPORT in self.profile.adds
        return self.report if takes and len(self.orders) <= MOST_REPORTS else None

    def sorted(self) -> list[tuple[int, OrderRef]]:
        """Place in what was asked for, and order; by their names."""
        places = list(enumerate(self.orders))
        return sorted(places, key=lambda each: (each[1].platform, each[1].id, each[1].site))
