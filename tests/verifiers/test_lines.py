"""The lines of an item: a picture's boxes row by row, as an eye reads them."""

from __future__ import annotations

import pytest

from evidence.facts import Fact, Facts
from evidence.locators import Locator, box
from tests.verifiers.evidence_of import sha_of
from verifiers.authenticity.lines import lines_of


def boxed(text: str, at: Locator, confidence: float = 0.9) -> Fact:
    return Fact(
        name="document.text", value=text, locator=at, item=sha_of("a"), origin="x",
        confidence=confidence,
    )  # fmt: skip


def texts(*facts: Fact) -> list[str]:
    return [line.text for line in lines_of(Facts(facts))]


def test_boxes_at_one_height_are_one_line_from_left_to_right() -> None:
    day, word = boxed("5 Nov", box(200, 101, 60, 20)), boxed("Delivered", box(10, 100, 90, 20))
    assert texts(day, word, boxed("below", box(10, 130, 9, 20))) == ["Delivered  5 Nov", "below"]
    (line, _) = lines_of(Facts([day, boxed("above", box(10, 60, 90, 20)), word]))[::-1]
    assert line.facts == (word, day) and line.confidence == 0.9 and not line.sure


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        # Their middles are less than half of the lower box's height apart.
        (box(0, 100, 50, 20), box(99, 109, 50, 20), True),
        (box(0, 100, 50, 20), box(99, 110, 50, 20), False),
        (box(0, 100, 50, 40), box(99, 114, 50, 20), True),
        (box(0, 100, 50, 40), box(99, 120, 50, 20), False),
        (Locator("page", "1/box:0,100,50,20"), Locator("page", "1/box:99,100,50,20"), True),
        (Locator("page", "1/box:0,100,50,20"), Locator("page", "2/box:99,100,50,20"), False),
    ],
)
def test_what_stands_lower_or_on_another_page_is_another_line(
    first: Locator, second: Locator, one: bool
) -> None:
    assert len(texts(boxed("a", first), boxed("b", second))) == 2 - one
    assert len(texts(boxed("b", second), boxed("a", first))) == 2 - one


def test_small_print_beside_large_stands_in_its_line_whatever_lies_between() -> None:
    large, small = boxed("Delivered", box(0, 0, 90, 30)), boxed("5 Nov", box(100, 12, 40, 7))
    between = boxed("®", box(92, 9, 4, 6))
    assert texts(large, small, between) == ["®", "Delivered  5 Nov"]


def test_a_line_is_as_sure_as_its_least_sure_part_and_letters_are_plain() -> None:
    row = Facts([boxed("１Z", box(0, 9, 9, 9), 1.0), boxed("⼀", box(20, 9, 9, 9), 0.99)])
    (line,) = lines_of(row)
    assert (line.text, line.sure, line.confidence) == ("1Z  一", False, 0.99)
    (whole,) = lines_of(Facts([boxed("x", box(0, 9, 9, 9), 1.0)]))
    assert whole.sure


def test_a_place_that_is_no_box_has_a_line_of_its_own_before_all_boxes() -> None:
    (text, row) = lines_of(
        Facts([boxed("seen", box(0, 0, 9, 9)), boxed("read", Locator("line", "3"), 1.0)])
    )
    assert (text.text, text.sure, row.text) == ("read", True, "seen")
