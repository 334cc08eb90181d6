"""Columns of moments: whose zone a head states, and what stands beside a row's own moment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from evidence.times import Instant, LocalTime
from tests.verifiers.read_lines import placed, texts
from tests.verifiers.sayings import kinds

COLUMNS = (40, 200, 360, 500)
HISTORY = [
    ("Delivered", "2026-11-12 14:08", "2026-11-12 13:08"),
    ("Out for delivery", "2026-11-12 06:10", "2026-11-12 05:10"),
    ("Departed from hub", "2026-11-11 05:30", "2026-11-11 04:30"),
]


def table(*rows: tuple[str, ...], top: int = 100) -> list[tuple[str, int, int]]:
    return [
        (text, x, top + 20 * number)
        for number, row in enumerate(rows)
        for text, x in zip(row, COLUMNS, strict=False)
        if text
    ]


def test_a_zone_over_a_column_is_that_columns_alone() -> None:
    facts = placed(*table(("Event", "Local time", "UTC"), *HISTORY))
    local, there = (one.time for one in facts.named("delivery.at"))
    assert isinstance(local, LocalTime)
    assert isinstance(there, Instant) and there.at == datetime(2026, 11, 12, 13, 8, tzinfo=UTC)
    assert kinds(facts) == []


@pytest.mark.parametrize(
    "heads",
    [
        [("Event", "Scan time", "Known to us (UTC)")],
        [("Event", "Scan time", "Known to our"), ("", "", "system (UTC)")],
    ],
)
def test_a_column_in_other_words_beside_the_rows_own_is_of_something_else(
    heads: list[tuple[str, ...]],
) -> None:
    facts = placed(*table(*heads, *HISTORY))
    assert texts(facts, "delivery.at") == ["2026-11-12 14:08"]
    assert texts(facts, "scan.out_for_delivery.at") == ["2026-11-12 06:10"]
    assert kinds(facts) == []


@pytest.mark.parametrize(("zone", "hour"), [("WEST", 13), ("CET", 13), ("+0100", 13), ("GMT", 14)])
def test_under_the_head_of_zones_letters_are_one(zone: str, hour: int) -> None:
    rows = [(day, clock, zone, what) for what, day, clock in (
        ("Delivered", "12.11.2026", "14:08"), ("Out for delivery", "12.11.2026", "06:10"),
    )]  # fmt: skip
    facts = placed(*table(("Day", "Time", "TZ", "Status"), *rows))
    (told,) = facts.named("delivery.at")
    assert isinstance(told.time, Instant) and told.time.at.hour == hour


def test_letters_under_another_head_are_no_zone() -> None:
    rows = [("12.11.2026", "14:08", "CET", "Delivered")]
    facts = placed(*table(("Day", "Time", "Airport", "Status"), *rows))
    assert isinstance(facts.named("delivery.at")[0].time, LocalTime)


def test_every_row_of_a_list_has_its_orders_number() -> None:
    rows = [
        (f"20000000000{n}55", f"EE1234567{n}9GB", "In transit", f"{n} Nov 2026 10:15")
        for n in range(3, 6)
    ]
    facts = placed(*table(("Order no.", "Tracking no.", "Status", "Status date"), *rows))
    assert sorted(facts.values("order.alias")) == [row[0] for row in rows]


def test_a_row_of_a_table_takes_no_label_from_a_row_under_it() -> None:
    rows = [
        ("Carrier confirmed delivery", "17 Nov 2026 15:09"), ("Credit issued", "19 Nov 2026"),
        ("Response due by", "5 Dec 2026"), ("Dispute filed", "18 Nov 2026"),
    ]  # fmt: skip
    facts = placed(*table(*rows, ("Shipped with Purolator",)))
    assert texts(facts, "delivery.at") == ["17 Nov 2026 15:09"]
    assert texts(facts, "shipment.shipped.at") == [] and kinds(facts) == []


def test_words_that_were_wrapped_beside_their_moment_are_its_label() -> None:
    facts = placed(
        ("Die Sendung wurde dem Empfaenger per", 40, 100), ("14.11.2026 10:51 Uhr", 400, 100),
        ("vereinfachter Firmenzustellung zugestellt", 40, 114), ("Leipzig", 40, 128),
        ("Auf Zustelltour", 40, 160), ("14.11.2026 06:35 Uhr", 400, 160), ("Hamburg", 40, 174),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["14.11.2026 10:51 Uhr"]


def test_a_day_of_a_list_beside_the_history_takes_none_of_its_labels() -> None:
    facts = placed(
        ("PostNord", 40, 40), ("Data kiedys", 40, 86), ("16.07.2026", 40, 100),
        ("14.07.2026 07:38", 240, 70), ("Delivered", 420, 70),
        ("14.07.2026 06:11", 240, 100), ("Out for delivery", 420, 100),
    )  # fmt: skip
    assert texts(facts, "scan.out_for_delivery.at") == ["14.07.2026 06:11"]
    assert kinds(facts) == []


def test_a_label_reaches_to_the_end_of_its_sentence() -> None:
    day = "It was delivered on 15 Nov 2026 at 09:21."
    facts = placed((f"{day} We had thought of 14 Nov 2026.", 40, 40))
    assert texts(facts, "delivery.at") == ["15 Nov 2026 at 09:21"]
    facts = placed(("Delivered. 15 Nov 2026, 09:21", 40, 40))
    assert texts(facts, "delivery.at") == ["15 Nov 2026, 09:21"]


def test_two_fields_names_over_each_other_are_two_though_they_read_as_one() -> None:
    facts = placed(
        ("Ship date", 40, 100), ("Fri 17 Oct 2025", 240, 100),
        ("Delivered at", 40, 116), ("Sun 19 Oct 2025 at 5:51pm", 240, 116),
    )  # fmt: skip
    assert texts(facts, "delivery.at") == ["19 Oct 2025 at 5:51pm"]
    assert texts(facts, "shipment.shipped.at") == ["17 Oct 2025"]


def test_a_day_under_a_time_of_day_heads_the_next_group() -> None:
    facts = placed(
        ("Fri, 13 Nov 2026", 40, 100), ("3:13pm", 40, 114), ("Delivered", 140, 114),
        ("6:31am", 40, 128), ("Out for delivery", 140, 128),
        ("Thu, 12 Nov 2026", 40, 142), ("10:58am", 40, 156), ("In transit", 140, 156),
    )  # fmt: skip
    days = [facts.named(name)[0].time for name in ("scan.out_for_delivery.at", "scan.transit.at")]
    assert [day.wall.day for day in days if isinstance(day, LocalTime)] == [13, 12]


def test_columns_that_a_recognition_joined_take_the_label_over_each() -> None:
    """Of a bar of steps whose hours came as one line: the last step's words are not of all."""
    hours = ("17日（星期日）04时05分", "18日（星期一）15时45分", "22日（星期五）20时48分")
    facts = placed(
        ("已到达转运中心", 60, 100),
        ("装车派送", 240, 100),
        ("客户已签收", 420, 100),
        ("".join(f"2026年5月{hour} " for hour in hours), 40, 116),
    )
    assert texts(facts, "delivery.at") == ["2026年5月22日（星期五）20时48分"]


def test_a_head_of_a_table_is_none_of_the_moments_over_it_that_have_labels_of_their_own() -> None:
    """Fields with labels over them stand right over a table, nearer to its head than its rows."""
    fields = [
        ("Deliver by:", 164, 107), ("Mon, Nov 9, 2026", 164, 119), ("Purchase date:", 389, 107),
        ("Sun, Nov 1, 2026, 10:22 AM PST", 389, 119),
    ]  # fmt: skip
    head = [("Carrier", 109, 136), ("Ship date", 309, 136), ("Delivered", 436, 136)]
    row = [
        ("USPS", 109, 158),
        ("Mon, Nov 2, 2026", 292, 158),
        ("Tue, Nov 10, 2026 2:15 PM", 420, 158),
    ]
    facts = placed(*fields, *head, *row)
    assert texts(facts, "delivery.at") == ["Nov 10, 2026 2:15 PM"]
    assert texts(facts, "shipment.shipped.at") == ["Nov 2, 2026"]
    assert texts(facts, "order.placed.at") == ["Nov 1, 2026, 10:22 AM PST"]
