"""What a page is made of: a story, its look, and a note of every fact that gets printed."""

from __future__ import annotations

import html
import random
from dataclasses import dataclass, field, replace
from datetime import datetime

from bench.eval import numbers
from bench.eval.barcodes import code128, qr
from bench.eval.dates import Form, Printed, form_for
from bench.eval.fonts import stack_for
from bench.eval.story import Event, Story
from bench.eval.words import Words, words_for

LANDS = {
    "US": "United States", "GB": "United Kingdom", "DE": "Germany", "AT": "Austria", "FR": "France",
    "ES": "Spain", "IT": "Italy", "CA": "Canada", "JP": "Japan", "AU": "Australia",
    "NL": "Netherlands", "CN": "China", "PL": "Poland", "SE": "Sweden",
}  # fmt: skip


@dataclass
class View:
    """One page in the making.

    story     what the page tells
    headline  what its head tells of the delivery; another story makes the page contradict itself
    coded     the number in its barcode
    form      how it prints times; `head_form` may be longer, and without the time
    country   the destination's country is printed
    with_…    a part that is otherwise left to the dice; without_history leaves the scans out
    holdout   layouts, words and fonts of the hold-out sets
    stamped   where a capture date is printed: "page", "bar" (the desktop's), or "" for nowhere
    """

    story: Story
    dice: random.Random
    holdout: bool
    words: Words
    font: str
    form: Form
    head_form: Form
    stamped: str
    headline: Story
    coded: str
    printed_number: str
    country: bool = False
    with_barcode: bool = False
    with_history: bool = False
    without_history: bool = False
    tiny: bool = False  # too small to be read, after all
    dated: bool = False  # another date stands where one of the capture could be looked for
    with_shipping: bool = False
    delivered: list[Printed] = field(default_factory=list)
    captured: list[Printed] = field(default_factory=list)
    others: list[Printed] = field(default_factory=list)
    tracking: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    marks: set[str] = field(default_factory=set)
    layout: str = ""

    def t(self, key: str) -> str:
        return html.escape(self.words[key])

    def text(self, text: str) -> str:
        return html.escape(text)

    def pick(self, seen: tuple[str, ...], unseen: tuple[str, ...]) -> str:
        """A layout; hold-out sets use those that development never shows."""
        self.layout = self.dice.choice(unseen if self.holdout else seen)
        return self.layout

    def mark(self) -> str:
        """The carrier's name as the page's mark."""
        self.marks.add(self.story.carrier.code)
        name = html.escape(self.story.carrier.named(self.words.language))
        return f"<span data-f='mark'>{name}</span>"

    def contact(self) -> str:
        """Numbers that are neither parcel nor order: a telephone's, a customer's, an invoice's."""
        dice = self.dice
        lines = (
            f"☎ 0800 {dice.randint(100, 999)} {dice.randint(1000, 9999)}",
            f"1-800-555-{dice.randint(1000, 9999)}",
            f"Ref. INV-{self.story.captured.year}-{dice.randint(10000, 99999)}",
            f"Acct {dice.randint(100, 999)}-{dice.randint(100, 999)}",
            "",
        )
        return dice.choice(lines)

    def head_date(self) -> str:
        """When it was delivered, as the head of the page says it."""
        return self._delivered(self.head_form, self.headline)

    def row_date(self, event: Event) -> str:
        """When a scan was, as a row of the history says it."""
        if event.kind == "delivered":
            return self._delivered(self.form, self.story)
        said = self.form.said(event.at)
        self.others.append(said)
        return f"<span data-f='{event.kind}'>{html.escape(said.text)}</span>"

    def row_halves(self, event: Event) -> tuple[str, str]:
        """Day and time of a scan, for tables that part them."""
        day, time = self.form.halves(event.at)
        said = replace(self.form.said(event.at), text=f"{day} {time}".strip())
        (self.delivered if event.kind == "delivered" else self.others).append(said)
        halves = (f"<span data-f='{event.kind}'>{html.escape(half)}</span>" for half in (day, time))
        return next(halves), next(halves)

    def date_of(self, name: str, when: datetime, *, timed: bool = False) -> str:
        """Any other time: ordered, shipped, expected."""
        said = self.form.said(when, with_time=timed)
        self.others.append(said)
        return f"<span data-f='{name}'>{html.escape(said.text)}</span>"

    def stamp(self) -> str:
        """When the page was captured or printed, with its label; empty if it is to show none."""
        if self.stamped != "page":
            return ""
        return f"{self.t('printed')}: {self.stamp_bare()}"

    def stamp_bare(self, form: Form | None = None) -> str:
        said = (form or self.form).said(self.story.captured)
        self.captured.append(said)
        return f"<span data-f='captured'>{html.escape(said.text)}</span>"

    def number(self) -> str:
        self.tracking.add(self.printed_number)
        shown = numbers.spaced(self.printed_number, self.dice)
        return f"<span data-f='tracking'>{html.escape(shown)}</span>"

    def order(self) -> str:
        self.orders.add(self.story.order)
        return f"<span data-f='order'>{html.escape(self.story.order)}</span>"

    def place(self) -> str:
        """The destination: a city, at times with its country."""
        land = f", {LANDS[self.story.land]}" if self.country else ""
        return f"<span data-f='place'>{html.escape(self.story.city + land)}</span>"

    def address(self) -> str:
        """The buyer's address without the street."""
        return f"<span data-f='place'>{html.escape(self.address_text())}</span>"

    def address_text(self) -> str:
        return self.story.address + (f", {LANDS[self.story.land]}" if self.country else "")

    def buyer(self) -> str:
        return f"<span data-f='buyer'>{html.escape(self.story.buyer)}</span>"

    def barcode(self, *, height: int = 60) -> str:
        """The tracking number as a barcode: Code 128, at times a QR code beside it."""
        picture = code128(self.coded, height=height, module=1.6 if len(self.coded) > 16 else 2)
        if self.dice.random() < 0.25:
            picture += f"<span style='margin-left:16px'>{qr(self.coded)}</span>"
        return picture

    def events(self) -> tuple[Event, ...]:
        """The scans that the page lists, newest first."""
        return () if self.without_history else self.story.shown

    def history_title(self) -> str:
        return "" if self.without_history else self.t("history")

    def event_text(self, event: Event) -> str:
        return self.t(event.kind)

    def _delivered(self, form: Form, story: Story) -> str:
        said = form.said(story.event("delivered").at)
        if story.delivered:
            self.delivered.append(said)
        return f"<span data-f='delivered'>{html.escape(said.text)}</span>"

    def said_delivered(self) -> Printed | None:
        """The delivery as the page prints it: the most exact print of it."""
        if not self.delivered:
            return None
        best = max(self.delivered, key=lambda one: (one.to_the_minute, one.offset_min is not None))
        return self._settled(best, [*self.delivered, *self.others])

    def said_captured(self) -> Printed | None:
        return self._settled(self.captured[0], self.others) if self.captured else None

    def _settled(self, said: Printed, others: list[Printed]) -> Printed:
        """A numeric date is sure as well if another one on the page shows the order of its parts."""
        if said.sure or not any(one.sure and _numeric(one) for one in others):
            return said
        return replace(said, sure=True)


def _numeric(said: Printed) -> bool:
    return int(said.local[8:10]) > 12 and not any(char.isalpha() for char in said.text[:8])


def view_of(
    story: Story, dice: random.Random, *, holdout: bool, stamped: str, strange: bool = False
) -> View:
    """A page's view with a look of its own; `strange`: in other people's words."""
    zoned = dice.random() < 0.3
    timed = dice.random() < 0.93
    form = form_for(story.language, story.land, dice, holdout=holdout, zoned=zoned, timed=timed)
    head = form
    if dice.random() < 0.4:
        head = form_for(
            story.language, story.land, dice, holdout=holdout,
            zoned=zoned and dice.random() < 0.5, timed=dice.random() < 0.6 and timed,
        )  # fmt: skip
    return View(
        story=story,
        dice=dice,
        holdout=holdout,
        words=words_for(story.language, dice, holdout=holdout, strange=strange),
        font=stack_for(story.language, dice, holdout=holdout),
        form=form,
        head_form=head,
        stamped=stamped,
        headline=story,
        coded=story.number,
        printed_number=story.number,
    )
