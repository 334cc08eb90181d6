"""Pages that contradict themselves: whoever changed one place forgot the other."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import timedelta

from bench.eval import numbers
from bench.eval.pages.view import View
from bench.eval.story import redated
from bench.eval.studio import Altering, earlier, weekday_form

WAYS = frozenset(
    {"check-digit", "barcode", "header-history", "weekday", "before-shipping", "captured-before"}
)


@dataclass(frozen=True)
class Lie:
    """How a page is altered before it is drawn, and which of its marks the lie stands at."""

    way: str
    alter: Altering
    marks: tuple[str, ...]


def lie(way: str, seed: int) -> Lie:
    """The lie of that name; it comes out the same for the same seed."""
    dice = random.Random(seed)

    def check_digit(view: View) -> None:
        view.printed_number = view.coded = numbers.broken(view.story.number, dice)

    def barcode(view: View) -> None:
        other = view.story.number
        while other == view.story.number:
            other = numbers.made(dice.choice(view.story.carrier.rules), dice)
        view.coded = other
        view.with_barcode = True

    def header(view: View) -> None:
        view.headline = redated(view.story, dice)
        view.head_form = replace(view.head_form, mistakable=False)
        view.with_history = True

    def weekday(view: View) -> None:
        form = weekday_form(view, dice)
        view.head_form = replace(form, weekday_off=dice.choice((1, 2, 3, 4, 5, 6)))

    def before(view: View) -> None:
        accepted = view.story.event("accepted").at
        days = (view.story.event("delivered").at - accepted) // timedelta(days=1)
        view.story = view.headline = earlier(view, days + dice.randint(2, 9))
        view.with_history = view.with_shipping = True

    def captured(view: View) -> None:
        day = view.story.event("delivered").at - timedelta(days=dice.randint(2, 20))
        view.story = replace(view.story, captured=day.astimezone(view.story.captured.tzinfo))
        view.headline = view.story

    alters = {
        "check-digit": (check_digit, ("tracking",)),
        "barcode": (barcode, ("tracking",)),
        "header-history": (header, ("delivered",)),
        "weekday": (weekday, ("delivered",)),
        "before-shipping": (before, ("delivered",)),
        "captured-before": (captured, ("captured",)),
    }
    alter, marks = alters[way]
    return Lie(way, alter, marks)
