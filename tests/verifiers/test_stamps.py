"""A time that is printed into a photo, against the one that its camera wrote beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from evidence.facts import Fact, Facts
from evidence.locators import Locator, box
from evidence.times import Instant, parse_iso
from tests.verifiers.sayings import fact, kinds
from verifiers.authenticity.tamper import contradictions_of


def photo(stamp: str, *, y: int = 960, taken: str = "2026-11-05T14:32:07") -> Facts:
    return Facts([
        fact("picture.size", "1200 x 1000", Locator("item")),
        fact("picture.taken.at", parse_iso(taken), Locator("meta", "DateTimeOriginal")),
        *(fact("document.text", f"letter line {n}", box(100, 100 + 40 * n, 400, 20), 0.97)
          for n in range(8)),
        fact("document.text", stamp, box(800, y, 300, 30), 0.97),
    ])  # fmt: skip


def test_a_stamp_on_a_photo_is_held_against_the_cameras_clock() -> None:
    assert kinds(photo("2026/11/05 14:32")) == []
    assert kinds(photo("2026-11-05 22:32:09")) == []  # another zone
    assert kinds(photo("2026/11/03 14:32")) == ["stamp"]
    assert kinds(photo("2026/11/05 11:17")) == ["stamp"]
    # Nor is a date a stamp that has a page's lines beyond it.
    footer = fact("document.text", "© 2026", box(100, 985, 90, 10), 0.97)
    assert kinds(Facts([*photo("2026/11/03", y=940), footer])) == []
    assert kinds(photo("2026/11/03", y=10)) == ["stamp"]
    header = fact("document.text", "Page 1", box(100, 2, 90, 5), 0.97)
    assert kinds(Facts([*photo("2026/11/03", y=10), header])) == []
    # In the middle stands the letter, and letters are photographed days later.
    assert kinds(photo("2026/11/03 14:32", y=500)) == []


def test_a_date_that_the_page_labels_is_no_stamp_though_it_is_the_last_before_the_edge() -> None:
    """A screen or a receipt that ends with "Delivered on", photographed days later."""
    label = fact("document.text", "Delivered on", box(800, 915, 200, 25), 0.97)
    for named, found in (("delivery.at", []), ("document.captured.at", ["stamp"])):
        dated = fact(named, parse_iso("2026-11-03T14:32"), box(800, 960, 300, 30), 0.95)
        assert kinds(Facts([*photo("2026/11/03 14:32"), label, dated])) == found


@pytest.mark.parametrize(
    ("stamp", "contradicts"),
    [
        ("2026/11/05 14:38", False), ("2026/11/05 14:39", True),  # minutes may pass
        ("2026/11/05 15:05", False), ("2026/11/05 15:06", True),  # half an hour, and three minutes
        ("2026/11/05 14:59", False), ("2026/11/05 14:58", True),
        ("2026/11/06 16:32", False), ("2026/11/06 17:02", True),  # zones are 26 hours apart at most
        ("2026/11/05", False), ("2026/11/06", False), ("2026/11/08", True),
        ("2026/11/03", True),
        ("5 Nov 14:32", False), ("3 Nov 14:32", True),  # of the year it was taken in
        ("2026/11/04 11:32 PM", False), ("2026/11/04 11:32 am", True),
        ("2026/11/04 12:32 PM", False), ("2026/11/04 12:32 AM", True),
        ("2026年11月4日 下午11:32", False), ("2026年11月4日 上午11:32", True),
        ("2026年11月4日 晚上11:32", False), ("2026年11月4日 下午12:32", False),
        ("2026/11/06 16:35", True),
        # Read as written: an hour more or less would be on the other side of 26.
        ("2026/11/06 04:32 PM", False), ("2026/11/06 05:32 PM", True),
        ("2026年11月6日 下午4:32", False), ("2026年11月6日 下午5:32", True),
        ("2026年11月6日 下午12:32", False),
        ("2026/11/05 01:17 PM", True), ("2026/11/05 13:17 PM", False),  # no half has an hour 13
        ("2026年11月5日 星期四 11:17", True),  # the time stands behind its weekday
    ],
)  # fmt: skip
def test_a_stamp_is_the_cameras_own_or_another_zones(stamp: str, contradicts: bool) -> None:
    found = kinds(photo(stamp, taken="2026-11-05T14:32:00"))
    assert found == ["stamp"] * contradicts


def test_a_stamp_weighs_as_it_was_read_and_says_both_times() -> None:
    (clear,) = contradictions_of(photo("2026/11/03 14:32"))
    assert clear.weight == 0.88
    assert [one.name for one in clear.facts] == ["picture.taken.at", "document.text"]
    assert clear.said == (
        '"2026/11/03 14:32" is printed into a picture that was taken 2026-11-05T14:32:07'
    )
    blurred = [
        replace(one, confidence=0.8) if one.text == "2026/11/03 14:32" else one
        for one in photo("2026/11/03 14:32")
    ]
    (unsure,) = contradictions_of(Facts(blurred))
    assert unsure.weight == 0.5
    (enough,) = contradictions_of(Facts([replace(one, confidence=0.9) for one in blurred]))
    assert enough.weight == 0.88


def test_a_camera_that_writes_its_time_another_way_is_read_by_the_moment_it_means() -> None:
    moment = Instant(datetime(2026, 11, 5, 14, 32, tzinfo=UTC), "2026:11:05 14:32:00", zone="Z")

    def shown(stamp: str) -> Facts:
        return Facts(
            [
                replace(one, value=moment) if one.name == "picture.taken.at" else one
                for one in photo(stamp)
            ]
        )

    assert kinds(shown("2026/11/05 14:32")) == []
    assert kinds(shown("2026/11/03 14:32")) == ["stamp"]


def test_a_camera_with_an_offset_is_held_to_the_clock_that_it_showed() -> None:
    """26 hours from its own clock, and 34 from the one in Greenwich."""
    assert kinds(photo("2026/11/06 16:32", taken="2026-11-05T14:32:00+08:00")) == []


def _sheet(
    stamp: str, *, y: int, lines: Sequence[int], tall: int = 30, sized: bool = True
) -> list[Fact]:
    """A picture 1000 high with lines of writing, and a date of another day than its own."""
    size = [fact("picture.size", "1200 x 1000", Locator("item"))] if sized else []
    return [
        *size,
        fact("picture.taken.at", parse_iso("2026-11-05T14:32:07"), Locator("meta", "taken")),
        *(fact("document.text", "a line", box(100, at, 400, 20), 0.97) for at in lines),
        fact("document.text", stamp, box(800, y, 300, tall), 0.97),
    ]


MANY = (300, 340, 380, 420)


@pytest.mark.parametrize(
    ("y", "lines", "is_stamp"),
    [
        # The middle of its line is within 16 in 100 of an edge.
        (144, MANY, True), (145, MANY, False), (826, MANY, True), (825, MANY, False),
        # On a picture with hardly a word it may stand anywhere, if nothing stands beyond it.
        (500, MANY[:2], True), (500, MANY[:3], False), (500, (), True),
        (490, (100,), True), (490, (700,), False), (486, (100,), True),
        (460, (700,), True), (460, (100,), False), (400, (700,), True),
        # What overlaps it stands beside it, not beyond.
        (490, (480,), True), (100, (124,), True),
    ],
)  # fmt: skip
def test_a_stamp_stands_at_an_edge_or_nearly_alone(
    y: int, lines: Sequence[int], *, is_stamp: bool
) -> None:
    assert kinds(Facts(_sheet("2026/11/03", y=y, lines=lines))) == ["stamp"] * is_stamp


def test_without_a_size_or_a_place_only_a_date_among_few_words_is_a_stamp() -> None:
    def unplaced(*, sized: bool, lines: Sequence[int]) -> Facts:
        facts = _sheet("2026/11/03", y=960, lines=lines, sized=sized)
        return Facts([*facts[:-1], replace(facts[-1], locator=Locator("line", "9"))])

    for lines, found in ((MANY, []), (MANY[:2], ["stamp"])):
        assert kinds(Facts(_sheet("2026/11/03", y=960, lines=lines, sized=False))) == found
        assert kinds(unplaced(sized=True, lines=lines)) == found
        assert kinds(unplaced(sized=False, lines=lines)) == found


@pytest.mark.parametrize(("more", "is_stamp"), [("CAM 0042 ab 9 ", True), ("CAM 0042 abc9 ", True),
                                                 ("CAM 0042 abcd 9 ", False)])  # fmt: skip
def test_a_stamp_has_few_words_beside_it(more: str, *, is_stamp: bool) -> None:
    assert kinds(Facts(_sheet(f"{more}2026/11/03", y=960, lines=MANY))) == ["stamp"] * is_stamp
