"""Rows about figures of a store that call for somebody, each by its id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from evidence.playbook import Trigger
from evidence.policy import Confidence
from service.defects.alarms import alarms, count
from service.defects.desk import Desk
from tests.cases.house import House, house
from tests.cases.test_errands import listening, told

DAY = date(2026, 11, 1)


def days(*values: float | None, start: date = DAY) -> dict[str, float]:
    """Percent on one day after another; None: nobody knows."""
    return {
        str(start + timedelta(days=n)): value for n, value in enumerate(values) if value is not None
    }


async def entered(
    here: House, series: Mapping[str, float], metric: str = "odr", **more: str
) -> list[dict[str, Any]]:
    body = {"platform": "amazon", "metric": metric, "series": series, **more}
    answer = await here.ask.post("/v1/figures", json=body)
    assert answer.status == 200, answer.body
    return list(answer.json["alarms"])


async def day_by_day(here: House, values: Sequence[float], metric: str = "odr") -> list[list[str]]:
    """The rules that each day gives newly."""
    return [
        [
            each["rule"]
            for each in await entered(here, days(value, start=DAY + timedelta(n)), metric)
        ]
        for n, value in enumerate(values)
    ]


def number(n: int) -> str:
    return f"112-4872913-{5531400 + n}"


async def defects(here: House, *lines: tuple[int, str, str]) -> list[str]:
    """Orders with a defect of a kind that was noticed on a day; nothing is started for them."""
    head = "Order ID,Order Date,Defect Type,Claim Date\n"
    rows = [f"{number(n)},2026-10-20,{kind},{noticed}" for n, kind, noticed in lines]
    answer = await here.ask.post(
        "/v1/defects/exports?platform=amazon&collect=no",
        data=(head + "\n".join(rows)).encode(),
        headers={"Content-Type": "text/csv"},
    )
    assert answer.status == 200, answer.body
    return [each["id"] for each in answer.json["defects"]]


async def test_S0_11_a_jump_fires_once_and_collects_for_exactly_the_orders_behind_it(
    here: House,
) -> None:
    ids = await defects(
        here,
        (1, "A-to-z", "2026-11-02"),  # was there before the jump
        (2, "A-to-z", "2026-11-03"),
        (3, "1 star", "2026-11-03"),
        (4, "late shipment", "2026-11-03"),  # is none of this rate
        (5, "A-to-z", "2026-11-04"),  # came after it
    )
    assert await entered(here, days(0.3, 0.3)) == []
    jumped = await entered(here, days(0.3, 0.3, 2.1))
    (alarm,) = [each for each in jumped if each["rule"] == "house.odr.jump"]
    assert (alarm["fired"], alarm["value"], alarm["baseline"]) == ("2026-11-03", 2.1, 0.3)
    assert sorted(alarm["defects"]) == sorted([ids[1], ids[2]])
    desk = Desk(here.runtime)
    assert await desk.act() == 1
    queued = await here.runtime.ledger.unfinished()
    orders = [await here.runtime.ledger.order_by_handle("default", c.order) for c in queued]
    assert sorted(o.ref.id for o in orders if o) == [number(2), number(3)]
    # The same again, and days that stay up there, are the same jump.
    assert await entered(here, days(0.3, 0.3, 2.1, 2.2, 2.0)) == []
    assert await desk.act() == 0
    answer = await here.ask.get("/v1/figures?platform=amazon&metric=odr")
    (kept,) = [each for each in answer.json["alarms"] if each["rule"] == "house.odr.jump"]
    assert kept["ended"] is None and kept["collected"] is True


async def test_S0_11_what_stays_as_it_was_or_rises_little_is_no_jump(here: House) -> None:
    for series in (days(*[0.3] * 30), days(0.3, 0.3, 0.7), days(0.1, 0.1, 0.5), days(2.1)):
        found = await entered(
            here, series, store=f"s{len(series)}-{int(max(series.values()) * 10)}"
        )
        assert [each for each in found if "jump" in each["rule"]] == []


async def test_S0_11_the_baseline_and_how_far_it_rises_are_the_operators(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    text = (Path(__file__).parents[2] / "verifiers/playbooks/house.toml").read_text("utf-8")
    own.joinpath("house.toml").write_text(text.replace('rises_by = "0.5"', 'rises_by = "0.1"'))
    async with house(tmp_path, playbooks=own) as here:
        (alarm,) = await entered(here, days(0.1, 0.1, 0.25))
        assert alarm["rule"] == "house.odr.jump"


async def test_S4_05_thirteen_days_over_the_limit_are_not_two_weeks(here: House) -> None:
    fired = await day_by_day(here, [1.1] * 14)
    assert fired[0] == ["amazon.odr.yellow"]
    assert fired[1:13] == [[]] * 12
    assert fired[13] == ["amazon.odr.red"]
    answer = await here.ask.get("/v1/figures?platform=amazon")
    (series,) = answer.json["series"]
    assert {each["rule"]: each["state"] for each in series["rules"]} == {
        "amazon.odr.red": "alarm", "amazon.odr.yellow": "alarm", "house.odr.jump": "quiet",
    }  # fmt: skip


async def test_S4_05_on_the_thirteenth_day_it_is_said_how_many_are_left(here: House) -> None:
    await entered(here, days(*[1.1] * 13))
    (series,) = (await here.ask.get("/v1/figures?platform=amazon")).json["series"]
    (red,) = [each for each in series["rules"] if each["rule"] == "amazon.odr.red"]
    assert (red["state"], red["days"], red["days_until_alarm"]) == ("counting", 13, 1)
    assert await entered(here, days(*[1.1] * 13, 1.0)) == []  # 1% is not over 1%


async def test_S4_05_valid_tracking_is_red_just_under_its_limit(here: House) -> None:
    assert await entered(here, days(95.0), "valid_tracking") == []
    (alarm,) = await entered(here, days(94.9, start=DAY + timedelta(1)), "valid_tracking")
    assert (alarm["rule"], alarm["level"], alarm["limit"]) == ("amazon.tracking.red", "red", 95.0)


async def test_S4_05_yellow_is_told_once_a_crossing_with_the_days_that_are_left(
    tmp_path: Path,
) -> None:
    from datetime import UTC, datetime

    async with house(tmp_path, at=datetime(2026, 11, 1, 12, tzinfo=UTC)) as here:
        await listening(here, "figure.alarm")
        fired = []
        for n, value in enumerate((0.81, 0.82, 0.85, 0.8, 0.81, 0.9)):
            found = await entered(here, days(value, start=DAY + timedelta(n)))
            fired.append([each["rule"] for each in found])
            here.clock.passes(days=1)
        assert fired == [["amazon.odr.yellow"], [], [], [], ["amazon.odr.yellow"], []]
        messages = await told(here)
        assert [each["fired"] for each in messages] == ["2026-11-01", "2026-11-05"]
        assert {each["level"] for each in messages} == {"yellow"}
        assert messages[0]["days_left"] == {"least": 7, "most": 14}
        assert messages[0]["act_by"] == {"first": "2026-11-08", "last": "2026-11-15"}
        assert await told(here) == []


async def test_S4_05_returns_that_rise_all_at_once_are_told(here: House) -> None:
    (alarm,) = await entered(here, days(2.0, 2.1, 1.9, 4.5), "return_requests")
    assert (alarm["rule"], alarm["baseline"]) == ("house.returns.jump", 2.0)


async def test_S4_16_while_a_won_case_is_watched_a_limit_counts_as_reached_earlier(
    here: House,
) -> None:
    case = await here.steps(await here.opened(kinds=["payment hold"]), "collect", "ready")
    case = (await here.submitted(case)).json
    assert await entered(here, days(0.7)) == []
    await here.steps(case, "win", "watch")
    (alarm,) = await entered(here, days(0.7, start=DAY + timedelta(1)))
    assert (alarm["rule"], alarm["limit"]) == ("amazon.odr.yellow.watched", 0.64)


async def test_S2_10_the_platforms_own_report_becomes_figures_of_its_last_day(
    here: House,
) -> None:
    report = {
        "performanceMetrics": [
            {
                "marketplaceId": "ATVPDKIKX0DER",
                "orderDefectRate": {
                    "afn": {
                        "reportingDateRange": {
                            "reportingDateFrom": "2026-09-01T00:00Z",
                            "reportingDateTo": "2026-10-30T23:59Z",
                        },
                        "status": "BAD", "rate": 0.009, "orderCount": 1010, "targetValue": 0.01,
                        "targetCondition": "LESS_THAN",
                        "claims": {"status": "BAD", "count": 6},
                        "chargebacks": {"status": "GOOD", "count": 1},
                        "negativeFeedback": {"status": "GOOD", "count": 2},
                    }
                },
            }
        ]
    }  # fmt: skip
    answer = await here.ask.post("/v1/defects/exports?platform=amazon", json=report)
    (standing,) = [s for s in answer.json["standings"] if s["measure"] == "orderDefectRate.afn"]
    assert standing["said"]["target"] == "0.01" and standing["said"]["orders"] == "1010"
    found = (await here.ask.get("/v1/figures?platform=amazon&metric=odr")).json
    (series,) = found["series"]
    assert series["origin"] == "report: orderDefectRate.afn"
    assert series["days"] == [{"day": "2026-10-30", "percent": 0.9}]
    assert [each["rule"] for each in found["alarms"]] == ["amazon.odr.yellow"]


async def test_what_is_no_percentage_of_a_day_is_refused(here: House) -> None:
    for series in ({}, {"2026-13-01": 1}, {"2026-11-01": -1}, {"2026-11-01": "x"}):
        body = {"platform": "amazon", "metric": "odr", "series": series}
        assert (await here.ask.post("/v1/figures", json=body)).status == 422


# -- laws ------------------------------------------------------------------------------------


def rule(**changes: Any) -> Trigger:
    usual: dict[str, Any] = {
        "id": "r", "metric": "odr", "level": "red", "text": "t", "source": "t",
        "source_date": "n.d.", "confidence": Confidence.SEED,
    }  # fmt: skip
    return Trigger(**(usual | changes))


SERIES = st.dictionaries(
    st.integers(0, 60), st.fractions(0, 3, max_denominator=10), min_size=1, max_size=40
).map(lambda found: {DAY + timedelta(days=n): value for n, value in found.items()})


@given(series=SERIES, running=st.integers(1, 15))
def test_alarms_of_a_limit_are_apart_and_each_lies_beyond_it(
    series: dict[date, Fraction], running: int
) -> None:
    over = rule(over=Fraction(1), days=running)
    found = alarms(series, over)
    for alarm in found:
        assert (alarm.fired - alarm.since).days + 1 >= running
        assert series[alarm.fired] > 1 and series[alarm.since] > 1
        assert all(v > 1 for d, v in series.items() if alarm.since <= d <= alarm.fired)
    for first, second in pairwise(found):
        assert first.ended is not None and first.ended <= second.since
    if (where := count(series, over)) is not None and where.left == 0:
        assert found and found[-1].ended is None


@given(series=SERIES)
def test_a_jump_is_above_what_was_before_and_more_days_do_not_unmake_it(
    series: dict[date, Fraction],
) -> None:
    jump = rule(rises_by=Fraction(1, 2), rises_times=Fraction(2))
    found = alarms(series, jump)
    for alarm in found:
        assert alarm.baseline is not None and alarm.value - alarm.baseline >= Fraction(1, 2)
        until = {day: value for day, value in series.items() if day <= alarm.fired}
        assert alarms(until, jump)[-1].fired == alarm.fired


def test_a_day_that_nobody_knows_is_counted_and_named_and_a_long_gap_breaks_the_run() -> None:
    over = rule(over=Fraction(1), days=14)
    known = {DAY + timedelta(days=n): Fraction(2) for n in (0, 7, 13)}
    (alarm,) = alarms(known, over)
    assert (alarm.fired, alarm.unknown) == (DAY + timedelta(days=13), 11)
    assert alarms({DAY: Fraction(2), DAY + timedelta(days=20): Fraction(2)}, over) == []
