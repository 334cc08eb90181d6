"""Exports are read whole or refused; rates are those of each reading, worked out by hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import RequestError
from service.cli import main
from service.defects.deadlines import dues
from service.defects.export import Row, read_export
from service.defects.kinds import Kind
from service.defects.rates import Reading, limit_of, rate, readings
from verifiers.rulebook import policies, policy_for

AT = date(2026, 11, 4)
HEAD = "Order ID,Order Date,Defect Type,Status,Stars,Noticed\n"
AMAZON = policies()["amazon.a2z.delivery"]


def number(n: int) -> str:
    return f"112-{n:07d}-{n:07d}"


def export(*lines: str, head: str = HEAD) -> tuple[Row, ...]:
    data = (head + "\n".join(lines)).encode()
    return read_export(data, platform="amazon", site="US", kinds=True, what="it").rows


def test_kinds_are_told_apart_in_the_words_of_exports() -> None:
    said = {
        "A-to-z Guarantee Claim": Kind.A_TO_Z,
        "A2Z": Kind.A_TO_Z,
        "Service Chargeback": Kind.CHARGEBACK,
        "Negative feedback": Kind.FEEDBACK,
        "1 star": Kind.FEEDBACK,
        "Late shipment": Kind.LATE_SHIPMENT,
        "Invalid tracking": Kind.INVALID_TRACKING,
        "Return request": Kind.RETURN,
        "Service rating": Kind.SERVICE_RATING,
        "差评": Kind.FEEDBACK,
        "拒付": Kind.CHARGEBACK,
        "INR": Kind.NOT_RECEIVED,
        "Something else": Kind.OTHER,
    }
    rows = export(*(f"{number(n)},2026-10-01,{words},,," for n, words in enumerate(said)))
    assert [row.kind for row in rows] == list(said.values())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Order ID,Order Date\n1,2026-01-01", "Defect".lower()),
        ("Order ID,Defect Type\n1,a-to-z", "date"),
        ("", "order"),
        (HEAD + f"{number(1)},yesterday,a-to-z,,,", "line 2"),
        (HEAD + f"{number(1)},2026-02-30,a-to-z,,,", "line 2"),
        (HEAD + ",2026-01-01,a-to-z,,,", "line 2"),
        ('Order ID,Date,Type\n"1,2026-01-01,a', "CSV"),
    ],
)
def test_an_export_that_lacks_something_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(RequestError, match=named):
        read_export(text.encode(), platform="amazon", site="US", kinds=True, what="it")


def test_chinese_headers_semicolons_and_gb18030_are_read() -> None:
    text = f"订单号;下单时间;缺陷类型\n{number(1)};2026/10/1 12:30;索赔\n"
    (row,) = read_export(
        text.encode("gb18030"), platform="amazon", site="US", kinds=True, what="it"
    ).rows
    assert (row.number, row.ordered, row.kind) == (number(1), date(2026, 10, 1), Kind.A_TO_Z)


def test_a_window_counts_whole_days_at_both_ends() -> None:
    """Amazon's report: 60 days up to 4 November begin on 6 September."""
    days = (date(2026, 9, 5), date(2026, 9, 6), AT, AT + timedelta(days=1))
    rows = export(*(f"{number(n)},{day},chargeback,,," for n, day in enumerate(days)))
    sixty = next(reading for reading in readings(AMAZON) if reading.days == 60)
    found = rate(sixty, rows, at=AT, limit=Fraction(1, 100), orders=100)
    assert [each.row.ordered for each in found.counted] == [days[1], days[2]]
    assert [each.on for each in found.counted] == [date(2026, 11, 5), date(2027, 1, 3)]


def test_readings_that_differ_give_each_their_own_rate() -> None:
    """By 30, 60 and 90 days, and with and without claims that were denied."""
    assert {(r.days, r.denied) for r in readings(AMAZON)} == {
        (days, denied) for days in (30, 60, 90) for denied in (False, True)
    }
    rows = export(
        f"{number(1)},2026-10-30,A-to-z,denied,,",
        f"{number(2)},2026-10-20,feedback,,1,",
        f"{number(3)},2026-10-20,feedback,,3,",
        f"{number(4)},2026-09-10,chargeback,,,",
        f"{number(5)},2026-08-20,A-to-z,,,",
        f"{number(6)},2026-10-20,late shipment,,,",
    )
    found = {
        (r.days, r.denied): len(rate(r, rows, at=AT, limit=None, orders=None).counted)
        for r in readings(AMAZON)
    }
    assert found == {
        (30, False): 1, (30, True): 2, (60, False): 2, (60, True): 3, (90, False): 3, (90, True): 4
    }  # fmt: skip


def test_cancelled_and_test_orders_are_shown_and_left_out_of_a_second_rate() -> None:
    """S0-07: two tests and three cancelled orders are the whole difference."""
    head = "order-id,purchase-date,status,test\n"
    lines = [f"{number(n)},2026-10-20,Shipped,no" for n in range(95)]
    lines += [f"{number(n)},2026-10-20,Cancelled,no" for n in range(95, 98)]
    lines += [f"{number(n)},2026-10-20,Shipped,yes" for n in range(98, 100)]
    orders = read_export(
        (head + "\n".join(lines)).encode(), platform="amazon", site="US", kinds=False, what="it"
    ).rows
    rows = export(*(f"{number(n)},2026-10-20,chargeback,,," for n in (1, 95, 98)))
    sixty = Reading(
        days=60, kinds=frozenset({Kind.CHARGEBACK}), denied=True, source="t", confidence="seed"
    )
    found = rate(sixty, rows, at=AT, limit=Fraction(1, 100), orders=orders)
    assert found.value == Fraction(3, 100) and found.over
    assert found.without == (1, 95)
    assert [row.number for row in found.doubtful] == [number(n) for n in range(95, 100)]


def test_the_day_it_is_under_the_limit_by_itself_is_told() -> None:
    rows = export(*(f"{number(n)},2026-09-{10 + n},chargeback,,," for n in range(4)))
    sixty = next(reading for reading in readings(AMAZON) if reading.days == 60)
    found = rate(sixty, rows, at=AT, limit=limit_of(AMAZON), orders=250)
    assert found.over  # 4 of 250; 2 of 250 is under 1 %
    assert found.below_on == date(2026, 9, 11) + timedelta(days=60)


@given(
    days=st.lists(st.integers(0, 120), max_size=30),
    window=st.integers(1, 100),
    ahead=st.integers(0, 120),
)
def test_what_leaves_on_a_day_is_what_is_not_counted_from_then_on(
    days: list[int], window: int, ahead: int
) -> None:
    rows = [
        Row(
            line=n,
            number=str(n),
            platform="amazon",
            ref=None,
            ordered=AT - timedelta(days=day),
            kind=Kind.CHARGEBACK,
        )
        for n, day in enumerate(days)
    ]
    reading = Reading(
        days=window, kinds=frozenset({Kind.CHARGEBACK}), denied=True, source="t", confidence="seed"
    )
    now = rate(reading, rows, at=AT, limit=None, orders=None)
    then = rate(reading, rows, at=AT + timedelta(days=ahead), limit=None, orders=None)
    stays = {each.row.number for each in now.counted if each.on > AT + timedelta(days=ahead)}
    assert {each.row.number for each in then.counted} == stays


def test_a_deadline_counts_from_the_notice_and_from_nothing_else() -> None:
    (row, silent) = export(
        f"{number(1)},2026-10-01,A-to-z,,,2026-11-01", f"{number(2)},2026-10-01,A-to-z,,,"
    )
    policy = policy_for(row.ref.platform, str(row.kind)) if row.ref else AMAZON
    found = dues(row.noticed, policy, ordered=row.ordered)
    assert found[0].rule.id == "AMZ-A2Z-02"
    assert found[0].at == datetime(2026, 11, 2, 10, tzinfo=UTC)  # 48 h from 31 October 10:00 UTC
    assert [due.at for due in found] == sorted(due.at for due in found)
    assert dues(silent.noticed, policy, ordered=silent.ordered) == []


def test_the_command_names_every_order_without_evidence_and_starts_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pod").mkdir()
    (tmp_path / "orderproof.toml").write_text('[sources.folder]\nfolder = "pod"\n')
    lines = [f"{number(1)},2026-10-01,A-to-z,,,2026-11-01", "EU-77,2026-10-01,chargeback,,,"]
    (tmp_path / "defects.csv").write_text(HEAD + "\n".join(lines))
    words = ["defects", "defects.csv", "--platform", "amazon", "--at", "2026-11-04"]
    assert main([*words, "--order-count", "100", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert [line["evidence"] for line in said["defects"]] == ["missing", "missing"]
    assert said["defects"][1]["doubts"] == ["not-of-platform"]
    assert said["defects"][0]["due"][0]["rule"] == "AMZ-A2Z-02"
    assert {rate["rate"] for rate in said["rates"] if rate["days"] == 60} == {0.02}
    for _ in range(2):
        assert main([*words, "--collect", "--json"]) == 1
        said = json.loads(capsys.readouterr().out)
        assert [line["evidence"] for line in said["defects"]] == ["under way", "missing"]
    assert main(words) == 1
    assert "2 defects, 1 without evidence" in capsys.readouterr().out
