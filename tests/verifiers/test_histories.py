"""Rows of a page's history that no reader knows by their words, held against its own delivery."""

from __future__ import annotations

import pytest

from evidence.facts import Fact, Facts, Value
from evidence.locators import Locator, box
from evidence.times import parse_iso
from tests.verifiers.evidence_of import sha_of
from verifiers.authenticity.tamper import contradictions_of

DELIVERED, ACCEPTED = "delivery.at", "scan.accepted.at"
PRINTED = "document.printed.at"  # a date of which readers do not know what it is of

# A box of a picture: its words, left, top, height, and what a reader understood of it.
Box = tuple[str, int, int, int, str, str]


def boxed(words: str, x: int, y: int, height: int = 24, name: str = "", at: str = "") -> Box:
    return words, x, y, height, name, at


def page(*boxes: Box, confidence: float = 0.98) -> Facts:
    facts: list[Fact] = []
    for words, x, y, height, name, when in boxes:
        place = box(x, y, height * len(words) // 2, height)

        def fact(name: str, value: Value, place: Locator = place) -> Fact:
            return Fact(
                name=name, value=value, locator=place, item=sha_of("a"), origin="x",
                confidence=confidence,
            )  # fmt: skip

        facts.append(fact("document.text", words))
        if name or words[:3] == "202":
            facts.append(fact(name or PRINTED, parse_iso(when or words.replace(" ", "T"))))
    return Facts(facts)


def found(facts: Facts) -> list[str]:
    return [each.kind for each in contradictions_of(facts)]


def said_over(heading: str, row: str, *, status: str = "Completed", again: str = "") -> Facts:
    """A status over its day, and a history with a row in the status' words, each over its date."""
    boxes = [
        boxed(status, 30, 100, 44),
        boxed(f"Delivered on {heading}", 30, 170, 24, DELIVERED, heading),
    ]
    records = [(again or status, row, ""), ("Driver is on the way", "2026-11-05", "")]
    records += [("Hub scan", "2026-11-04", ""), ("Hub scan", "2026-11-03", "")]
    records += [("Collected", "2026-11-02T08:00:00", ACCEPTED)]
    for number, (words, day, name) in enumerate(records):
        top = 260 + 110 * number
        boxes.append(boxed(words, 30, top, 28))
        boxes.append(boxed(day[:10], 30, top + 32, 24, name, day))
    return page(*boxes)


def test_a_row_in_the_words_of_the_status_is_the_delivery() -> None:
    assert found(said_over("2026-11-08", "2026-11-05")) == ["twice"]
    assert found(said_over("2026-11-05", "2026-11-05")) == []


def test_a_time_of_day_in_the_status_row_counts_unless_zones_explain_it() -> None:
    def timed(clock: str) -> Facts:
        whole = said_over("2026-11-05", "2026-11-05")
        facts = [one for one in whole if "2026-11-05" not in one.text]
        heading = page(
            boxed(f"Delivered on 2026-11-05 {clock}", 30, 170, 24, DELIVERED, f"2026-11-05T{clock}")
        )
        row = page(boxed("2026-11-05 12:10", 30, 292))
        return Facts([*facts, *heading, *row])

    assert found(timed("14:27:00")) == ["twice"]
    assert found(timed("14:40:00")) == []
    assert found(timed("12:10:00")) == []


def test_a_day_that_can_be_two_is_read_in_the_order_of_the_others() -> None:
    boxes = [
        boxed("Voltooid", 30, 100, 44),
        boxed("Bezorgd op 12-11-2026", 30, 170, 24, DELIVERED, "2026-11-12"),
    ]
    for number, day in enumerate((9, 8, 7, 6)):
        words = "Voltooid" if not number else f"Stap {'x' * number}"
        boxes.append(boxed(words, 30, 260 + 110 * number, 28))
        when = f"2026-11-{day:02}"
        boxes.append(boxed(f"{day:02}-11-2026", 30, 292 + 110 * number, 24, PRINTED, when))
    assert found(page(*boxes)) == ["twice"]


def test_a_status_may_be_the_orders_where_the_history_has_the_delivery() -> None:
    """A shop's order is completed days after its delivery, when nobody complained."""
    boxes = [
        boxed("Completed", 30, 100, 44),
        boxed("Delivered on 2026-11-05", 30, 170, 24, DELIVERED, "2026-11-05"),
    ]
    rows = [("Completed", 15, PRINTED), ("Delivered", 5, DELIVERED), ("Hub scan", 4, PRINTED)]
    rows += [("Hub scan", 3, PRINTED), ("Collected", 2, ACCEPTED)]
    for number, (words, day, name) in enumerate(rows):
        when = f"2026-11-{day:02}"
        boxes += [boxed(words, 30, 260 + 110 * number, 28)]
        boxes += [boxed(when, 30, 292 + 110 * number, 24, name, when)]
    assert found(page(*boxes)) == []


def test_words_that_are_not_the_status_say_nothing() -> None:
    assert found(said_over("2026-11-08", "2026-11-05", again="Survey sent")) == []
    # Small words over the date, such as a field's name, are no status.
    boxes = said_over("2026-11-08", "2026-11-05")
    small = [
        Fact(
            name=one.name, value=one.value, item=one.item, origin=one.origin,
            locator=box(30, 140, 90, 22), confidence=one.confidence,
        )
        if one.locator == box(30, 100, 44 * 9 // 2, 44)
        else one
        for one in boxes
    ]  # fmt: skip
    assert found(Facts(small)) == []


def test_a_row_that_is_said_twice_in_the_history_is_not_the_only_delivery() -> None:
    facts = list(said_over("2026-11-08", "2026-11-05"))
    again = page(boxed("Completed", 30, 900, 28))
    assert found(Facts([*facts, *again])) == []


def grouped(heading: str, *days: tuple[str, tuple[str, ...]], inset: int = 200) -> Facts:
    """A delivery's day over a history whose days stand alone, each over its rows."""
    boxes = [boxed(f"Delivered on {heading}", 30, 100, 24, DELIVERED, heading)]
    top = 160
    for day, rows in days:
        boxes.append(boxed(day, 30, top))
        for number, words in enumerate(rows, 1):
            boxes.append(boxed(words, 30 + inset, top + 36 * number))
        top += 36 * len(rows) + 70
    return page(*boxes)


HISTORY = (
    ("2026-11-05", ("Delivered, front door", "Out for delivery")),
    ("2026-11-04", ("Attempted delivery",)),
    ("2026-11-03", ("Accepted at origin", "Label created")),
)


@pytest.mark.parametrize("inset", [0, 200])
def test_a_day_over_several_rows_is_each_ones(inset: int) -> None:
    assert found(grouped("2026-11-07", *HISTORY, inset=inset)) == ["twice"]
    assert found(grouped("2026-11-05", *HISTORY, inset=inset)) == []


def test_of_a_day_under_each_row_nothing_is_told() -> None:
    """The row over a day is its own there, and a list that rises ends with the delivery."""
    boxes = [boxed("Delivered on 2026-11-07", 30, 100, 24, DELIVERED, "2026-11-07")]
    rows = (("Label created", 3), ("Accepted", 4), ("Delivered", 7), ("Invoice sent", 8))
    for number, (words, day) in enumerate(rows):
        boxes += [boxed(words, 30, 160 + 90 * number)]
        boxes += [boxed(f"2026-11-{day:02}", 30, 190 + 90 * number)]
    assert found(page(*boxes)) == []


def test_a_parcel_that_came_twice_is_delivered_on_the_later_day() -> None:
    days = (("2026-11-07", ("Delivered", "Out for delivery")), *HISTORY)
    assert found(grouped("2026-11-07", *days)) == []


def listed(first: str, *rest: str, words: str = "Entregado") -> Facts:
    """A column of days with words that nobody knows beside them; the first one is a delivery."""
    boxes = [boxed(first, 40, 100, 24, DELIVERED, first), boxed(words, 300, 100)]
    for number, day in enumerate(rest, 1):
        boxes += [
            boxed(day, 40, 100 + 60 * number),
            boxed(f"Grabado {'x' * number}", 300, 100 + 60 * number),
        ]
    return page(*boxes)


def test_the_newest_row_of_a_list_is_not_its_oldest_day() -> None:
    assert found(listed("2026-11-01", "2026-11-09", "2026-11-08", "2026-11-06")) == ["order"]
    assert found(listed("2026-11-09", "2026-11-08", "2026-11-06", "2026-11-05")) == []


@pytest.mark.parametrize(
    "days",
    [
        ("2026-11-02", "2026-11-05", "2026-11-08"),  # what came after, oldest first
        ("2026-11-09", "2026-11-08", "2026-11-01"),  # the delivery's own day stands there as well
        ("2026-11-09", "2026-11-05", "2026-11-07"),  # in no order at all
        ("2026-11-09", "2026-11-08"),  # too few to be a list
    ],
)
def test_another_list_under_a_delivery_says_nothing(days: tuple[str, ...]) -> None:
    assert found(listed("2026-11-01", *days)) == []


def test_what_a_picture_may_have_misread_does_not_decide() -> None:
    facts = page(
        *(boxed(day, 40, 100 + 60 * n, 24, DELIVERED if not n else "", day)
          for n, day in enumerate(("2026-11-01", "2026-11-09", "2026-11-08", "2026-11-06"))),
        confidence=0.8,
    )  # fmt: skip
    weights = [each.weight for each in contradictions_of(facts) if each.kind == "order"]
    assert weights == [0.5]


def weights(facts: Facts) -> list[float]:
    return [each.weight for each in contradictions_of(facts)]


def test_a_date_askew_beside_anothers_label_hardly_counts() -> None:
    """A photograph of a page: the row of a date runs into that under it."""

    def askew(label: str) -> Facts:
        return page(
            boxed("Delivered", 478, 314),
            boxed(label, 156, 392, 22),
            boxed("2026-11-01", 478, 374, 28, DELIVERED, "2026-11-01"),
            boxed("Delivered on 2026-11-08 09:02", 150, 620, 24, DELIVERED, "2026-11-08T09:02"),
            boxed(
                "On the way 2026-11-05 07:00", 150, 660, 24, "scan.transit.at", "2026-11-05T07:00"
            ),
        )

    assert weights(askew("Ship date")) and max(weights(askew("Ship date"))) < 0.5
    assert max(weights(askew("Received by"))) > 0.8


def test_a_time_with_another_day_under_it_is_hardly_of_a_day_from_elsewhere() -> None:
    def narrow(day: int) -> Facts:
        return page(
            boxed("8:25 am", 82, 1638, 55, DELIVERED, "2026-06-20T08:25"),
            boxed("Delivered", 424, 1638, 58),
            boxed(f"on Monday {day}", 82, 1690, 55),
            boxed("June 2026", 82, 1742, 55),
            boxed(
                "Out for delivery 22 June 2026",
                82,
                1900,
                55,
                "scan.out_for_delivery.at",
                "2026-06-22",
            ),
        )

    assert weights(narrow(22)) and max(weights(narrow(22))) < 0.5
    assert max(weights(narrow(20))) > 0.8
