"""The simulation of docs/scaling.md: more orders take more workers; the scarcest part decides."""

import random

import pytest

from bench.simulate import COST, MINUTES, Part, arrivals, day, main, parts, workers_for


def test_a_days_orders_are_as_many_as_were_asked_for() -> None:
    come = arrivals(100_000, random.Random(7))
    assert len(come) == MINUTES
    assert sum(come) == pytest.approx(100_000, rel=0.02)
    assert come == arrivals(100_000, random.Random(7))
    assert max(come) > 2 * sum(come) / MINUTES


def test_a_part_with_half_the_capacity_makes_orders_wait() -> None:
    come = [60] * MINUTES  # one a second
    enough = day(come, [Part("a", 1.0, 1.0), Part("b", 1.0, 4.0)])
    assert (enough.waited_s, enough.left) == (0, 0)
    assert enough.busy == {"a": pytest.approx(1.0), "b": pytest.approx(0.25)}
    short = day(come, [Part("a", 2.0, 1.0)])
    assert short.left == pytest.approx(30 * MINUTES)
    assert short.first_full == "a"


def test_ten_times_the_orders_take_about_ten_times_the_workers() -> None:
    few = workers_for(1e6, COST, tenants=10, seed=1)
    many = workers_for(1e7, COST, tenants=10, seed=1)
    assert 10 * (few - 1) <= many <= 10 * few + 1  # of the few, one is not needed whole
    assert (
        day(arrivals(1e6, random.Random(1)), [parts(COST, workers=few, tenants=10)[0]]).waited_s
        <= 60
    )


def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--orders", "10000", "--orders", "100000"])
    assert len(capsys.readouterr().out.splitlines()) == 3
