"""The scorer's arithmetic, by values worked out elsewhere."""

import math

import pytest

from bench.eval.tally import Tally, wilson


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        # R: binom::binom.confint(x, n, methods = "wilson")
        (0, 10, 0.0, 0.27753),
        (10, 10, 0.72247, 1.0),
        (5, 10, 0.23659, 0.76341),
        (95, 100, 0.88825, 0.97846),
        (1, 30, 0.00591, 0.16670),
    ],
)
def test_an_interval_is_wilsons(hits: int, trials: int, low: float, high: float) -> None:
    assert list(wilson(hits, trials)) == pytest.approx([low, high], abs=2e-5)


def test_nothing_tried_is_nothing_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert Tally().f1 is None


def test_a_set_of_answers_counts_each_right_wrong_and_missed_one() -> None:
    tally = Tally()
    tally.compare({"a", "b"}, {"b", "c"}, where="1")
    tally.compare({"x"}, set(), where="2")
    tally.compare(set(), set(), where="3")
    assert (tally.right, tally.wrong, tally.missed) == (1, 2, 1)
    assert tally.precision.value == pytest.approx(1 / 3)
    assert tally.recall.value == pytest.approx(1 / 2)
    assert tally.false_alarms.value == pytest.approx(1 / 2)
    assert [where for _, where in tally.failures] == ["1", "2"]


def test_f1_and_its_interval_are_those_of_precision_and_recall() -> None:
    tally = Tally(right=30, wrong=5, missed=10)
    precision, recall = 30 / 35, 30 / 40
    assert tally.f1 is not None
    value, (low, high) = tally.f1
    assert value == pytest.approx(2 * precision * recall / (precision + recall))
    assert low < value < high
    edge = wilson(30, 45)[0]
    assert low == pytest.approx(2 * edge / (1 + edge))


def test_yes_and_no_answers_fall_into_four_boxes() -> None:
    tally = Tally()
    for said, true in ((True, True), (True, False), (False, True), (False, False)):
        tally.note(said=said, true=true, where=f"{said}{true}")
    assert (tally.right, tally.wrong, tally.missed, tally.quiet) == (1, 1, 1, 1)
    assert math.isclose(tally.false_alarms.value or 0, 0.5)
