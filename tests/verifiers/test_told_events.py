"""What one item tells of its parcel, held against itself: to the minute, and to the weight."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from evidence.facts import Fact, Facts, Value
from evidence.locators import Locator, box, header, page_line
from evidence.times import LocalDate, LocalTime, parse_iso
from tests.verifiers.evidence_of import NUMBER, sha_of
from verifiers.authenticity.tamper import contradictions_of

TOLD = {
    "scan.accepted.at": "Picked up", "scan.transit.at": "Departed", "delivery.at": "Delivered",
    "scan.out_for_delivery.at": "Out for delivery", "shipment.shipped.at": "Shipped",
    "shipment.label.at": "Label created", "order.placed.at": "Ordered", "order.paid.at": "Paid",
    "document.captured.at": "Printed", "message.sent.at": "Sent",
}  # fmt: skip
SHIPPED, OUT, DELIVERED = "shipment.shipped.at", "scan.out_for_delivery.at", "delivery.at"
LABEL = "shipment.label.at"
CAPTURED, TRANSIT = "document.captured.at", "scan.transit.at"


def fact(name: str, value: Value, at: Locator, *, confidence: float = 1.0, group: str = "") -> Fact:
    return Fact(
        name=name, value=value, locator=at, item=sha_of("a"), origin="x", confidence=confidence,
        group=group,
    )  # fmt: skip


def told(
    *events: tuple[str, Value],
    confidence: float = 1.0,
    line: str = "",
    group: str = "",
    more: tuple[Fact, ...] = (),
) -> Facts:
    """A page with a line for each event; `line` stands in place of the last one's."""
    facts: list[Fact] = list(more)
    for number, (name, value) in enumerate(events, 1):
        at = page_line(1, number)
        said = value if isinstance(value, str) else value.text
        time = value
        if name.endswith(".at") and isinstance(value, str):
            time = parse_iso(value)
        words = f"{TOLD.get(name, 'On')} {said}"
        if line and number == len(events):
            words = line
        facts.append(fact("document.text", words, at, confidence=confidence))
        facts.append(fact(name, time, at, confidence=confidence, group=group))
    return Facts(facts)


def found(facts: Facts) -> list[tuple[str, float]]:
    return [(each.kind, each.weight) for each in contradictions_of(facts)]


def later(start: str, **more: float) -> str:
    return (datetime.fromisoformat(start) + timedelta(**more)).isoformat()


AT = "2026-11-05T10:00:00"
SURE = 0.95


@pytest.mark.parametrize(
    ("name", "value", "contradicts"),
    [
        # Places of their own, zones of their own: at most fourteen hours apart.
        (SHIPPED, later(AT, hours=14), True),
        (SHIPPED, later(AT, hours=14, seconds=-1), False),
        ("scan.accepted.at", later(AT, hours=15), True),
        ("shipment.label.at", later(AT, hours=15), True),
        ("order.placed.at", later(AT, hours=15), True),
        ("order.paid.at", later(AT, hours=15), True),
        # The town is one, and so is its clock.
        (OUT, later(AT, minutes=70), True),
        (OUT, later(AT, minutes=70, seconds=-1), False),
        # A day is as wide as it is.
        (SHIPPED, "2026-11-06", True),
        (SHIPPED, "2026-11-05", False),
        (OUT, "2026-11-06", True),
        # Printed later, or sent by mail: no part of the way.
        (CAPTURED, "2026-11-06", False),
        ("message.sent.at", "2026-11-09", False),
    ],
)
def test_a_delivery_comes_after_the_way_there(name: str, value: str, *, contradicts: bool) -> None:
    assert found(told((DELIVERED, AT), (name, value))) == [("order", SURE)] * contradicts
    assert found(told((name, value), (DELIVERED, AT))) == [("order", SURE)] * contradicts


def test_days_and_minutes_are_compared_as_days() -> None:
    assert found(told((DELIVERED, "2026-11-05"), (SHIPPED, "2026-11-06T00:00:00"))) != []
    assert found(told((DELIVERED, "2026-11-05"), (SHIPPED, "2026-11-05T23:59:59"))) == []
    assert found(told((DELIVERED, "2026-11-05"), (SHIPPED, "2026-11-05"))) == []


def test_what_is_told_to_the_hour_is_a_day_wide_here() -> None:
    hour = LocalTime(datetime(2026, 11, 5, 23), "11 pm, 5 Nov 2026", unit_s=3600)
    minute = LocalTime(datetime(2026, 11, 5, 23), "23:00 5 Nov 2026", unit_s=60)
    assert found(told((DELIVERED, "2026-11-05T08:00:00"), (SHIPPED, hour))) == []
    assert found(told((DELIVERED, "2026-11-05T08:00:00"), (SHIPPED, minute))) != []


def test_with_zones_the_instants_decide() -> None:
    west = "2026-11-05T05:00:00-08:00"  # 13:00 UTC
    assert found(told((DELIVERED, west), (SHIPPED, "2026-11-05T20:59:00+08:00"))) == []
    assert found(told((DELIVERED, west), (SHIPPED, "2026-11-05T23:00:00+08:00"))) != []
    # Of one with a zone and one without, only the wall clocks are known.
    assert found(told((DELIVERED, west), (SHIPPED, "2026-11-05T20:59:00"))) != []


def test_scans_on_the_way_count_only_if_all_of_them_lie_behind_the_delivery() -> None:
    """A parcel that was handed to a shop travels on."""
    after, before = "2026-11-07T08:00:00", "2026-11-03T08:00:00"
    assert found(told((DELIVERED, AT), (TRANSIT, after))) == [("order", SURE)]
    assert found(told((DELIVERED, AT), (TRANSIT, after), (TRANSIT, before))) == []
    assert found(told((DELIVERED, AT), (TRANSIT, after), (TRANSIT, after))) == [("order", SURE)]


def test_a_page_is_not_printed_before_the_delivery_that_it_shows() -> None:
    assert found(told((DELIVERED, "2026-11-05"), (CAPTURED, "2026-11-04"))) == [("order", SURE)]
    assert found(told((DELIVERED, "2026-11-05"), (CAPTURED, "2026-11-05"))) == []
    assert found(told((DELIVERED, AT), (CAPTURED, later(AT, hours=-14)))) == [("order", SURE)]
    assert found(told((DELIVERED, AT), (CAPTURED, later(AT, hours=-13.99)))) == []
    assert found(told((OUT, "2026-11-05"), (CAPTURED, "2026-11-04"))) == []


def test_both_lines_are_told_and_shown() -> None:
    facts = told((DELIVERED, "2026-11-05"), (SHIPPED, "2026-11-09"))
    (one,) = contradictions_of(facts)
    assert one.said == '"Delivered 2026-11-05" lies before "Shipped 2026-11-09"'
    assert [each.text for each in one.facts] == ["Delivered 2026-11-05", "Shipped 2026-11-09"]
    (one,) = contradictions_of(told((DELIVERED, "2026-11-05"), (CAPTURED, "2026-11-01")))
    assert one.said == '"Delivered 2026-11-05" lies after "Printed 2026-11-01"'
    assert [each.text for each in one.facts] == ["Delivered 2026-11-05", "Printed 2026-11-01"]


def test_a_long_line_is_cut_where_it_is_told() -> None:
    def said(length: int) -> str:
        line = ("Shipped  2026-11-09 " + "x" * 99)[: length + 1]
        facts = told((DELIVERED, "2026-11-05"), (SHIPPED, "2026-11-09"), line=line)
        (one,) = contradictions_of(facts)
        return one.said.split('"')[3]

    assert said(70) == "Shipped 2026-11-09 " + "x" * 51  # two blanks become one
    assert said(71) == "Shipped 2026-11-09 " + "x" * 50 + "…" and len(said(71)) == 70


@pytest.mark.parametrize(
    ("confidence", "weight"), [(1.0, 0.95), (0.99, 0.85), (0.9, 0.85), (0.89, 0.5), (0.7, 0.5)]
)
def test_what_was_recognised_weighs_less(confidence: float, weight: float) -> None:
    facts = told((DELIVERED, "2026-11-05"), (SHIPPED, "2026-11-09"), confidence=confidence)
    assert found(facts) == [("order", weight)]


def test_what_was_concluded_or_is_not_of_this_item_is_no_event() -> None:
    pair = ((DELIVERED, "2026-11-05"), (SHIPPED, "2026-11-09"))
    assert found(told(*pair, confidence=0.69)) == []
    assert found(told(*pair, group="row/3")) == []
    assert found(told(*pair, group="message/7")) != []
    assert found(told(*pair, group="message/7/part")) == []
    yesterday = LocalDate(date(2026, 11, 9), "yesterday")
    assert found(told(pair[0], (SHIPPED, yesterday))) == []


@pytest.mark.parametrize(
    "line",
    [
        "I shipped it on 2026-11-09", "Did you ship it, 2026-11-09?", "Shipped 2026-11-09!",
        "they told: 2026-11-09", "we shipped 2026-11-09", "已发货？2026-11-09", "Hi, 2026-11-09",
        "2026-11-09 10:15 Buyer: shipped", "[11/09/2026, 10:15] Li Wei: shipped",
        "Shipped 2026-11-09 " + "x" * 222,
    ],
)  # fmt: skip
def test_who_talks_dates_a_message(line: str) -> None:
    assert found(told((DELIVERED, "2026-11-05"), (SHIPPED, "2026-11-09"), line=line)) == []


@pytest.mark.parametrize(
    "line", ["Shipped 2026-11-09 " + "x" * 221, "2026-11-09 shipped", "Meeting point 2026-11-09"]
)
def test_who_states_does_not_talk(line: str) -> None:
    assert found(told((DELIVERED, "2026-11-05"), (SHIPPED, "2026-11-09"), line=line)) != []


def test_an_event_without_a_line_of_its_own_is_its_own_line() -> None:
    facts = told((DELIVERED, "2026-11-05"))
    alone = fact(SHIPPED, parse_iso("2026-11-09"), page_line(1, 9))
    (one,) = contradictions_of(Facts([*facts, alone]))
    assert one.said == '"Delivered 2026-11-05" lies before "2026-11-09"'
    assert (one.facts[-1], one.weight) == (alone, SURE)
    unsure = fact(SHIPPED, parse_iso("2026-11-09"), page_line(1, 9), confidence=0.7)
    assert found(Facts([*facts, unsure])) == [("order", SURE)]


# A date that can be two days.


def two_days(name: str, first: str, second: str) -> tuple[str, str]:
    return "document.date.open", f"{name}: 03/04/2026: {first} or {second}"


@pytest.mark.parametrize(
    ("delivered", "contradicts"), [("2026-03-03", True), ("2026-03-04", False)]
)
def test_a_date_of_two_readings_contradicts_only_in_both(
    delivered: str, *, contradicts: bool
) -> None:
    shipped = two_days(SHIPPED, "2026-03-04", "2026-04-03")
    assert found(told((DELIVERED, delivered), shipped)) == [("order", SURE)] * contradicts


def test_a_delivery_of_two_readings_is_told_twice_only_if_neither_is_the_other() -> None:
    either = two_days(DELIVERED, "2026-03-04", "2026-04-03")
    way = (OUT, "2026-03-01")
    assert found(told((DELIVERED, "2026-04-03"), either, way)) == []
    assert found(told((DELIVERED, "2026-03-05"), either, way)) == [("twice", SURE)]


def test_a_date_that_cannot_be_read_is_none() -> None:
    broken = ("document.date.open", f"{SHIPPED}: 03/04/2026: soon or later")
    assert found(told((DELIVERED, "2026-03-03"), broken)) == []


# One delivery told at two times.


def twice(first: str, second: str, *more: tuple[str, str]) -> list[str]:
    events = ((DELIVERED, first), (DELIVERED, second), *more)
    return [kind for kind, _ in found(told(*events)) if kind == "twice"]


@pytest.mark.parametrize(
    ("gap", "one"),
    [
        ({"minutes": 10}, True),  # from the signature to the scan
        ({"minutes": 11}, False),
        ({"minutes": 29}, True),
        ({"minutes": 28}, False),
        ({"minutes": 31}, True),
        ({"minutes": 32}, False),
        ({"hours": 5.5}, True),
        ({"hours": 14}, True),
        ({"hours": 14, "minutes": 1}, False),
        ({"hours": 14, "minutes": 30}, False),
        ({"hours": 24}, False),
        ({"minutes": -30}, True),
        ({"minutes": -45}, False),
    ],
)  # fmt: skip
def test_zones_alone_make_no_second_delivery(gap: dict[str, float], *, one: bool) -> None:
    assert twice(AT, later(AT, **gap)) == ["twice"] * (not one)


def test_instants_and_days_are_compared_as_they_are() -> None:
    assert twice("2026-11-05T10:00:00Z", "2026-11-05T10:02:00Z") == []
    assert twice("2026-11-05T10:00:00Z", "2026-11-05T20:02:00+10:00") == []
    assert twice("2026-11-05T10:00:00Z", "2026-11-05T20:03:30+10:00") == ["twice"]
    assert twice("2026-11-05T10:00:00Z", "2026-11-05T09:58:00Z") == []
    assert twice("2026-11-05", AT) == [] and twice("2026-11-05", "2026-11-05") == []
    assert twice("2026-11-06", AT) == ["twice"]


def test_two_or_three_deliveries_are_one_told_again_and_more_are_a_list() -> None:
    days = ["2026-11-05", "2026-11-05", "2026-11-09", "2026-11-09"]
    told_of = [found(told(*((DELIVERED, day) for day in days[:count]))) for count in (2, 3, 4)]
    assert told_of == [[], [("twice", SURE)], []]
    (one,) = contradictions_of(told(*((DELIVERED, day) for day in days[:3])))
    assert one.said == '"Delivered 2026-11-05" and "Delivered 2026-11-09" tell of one delivery'
    assert [each.text for each in one.facts] == ["Delivered 2026-11-05", "Delivered 2026-11-09"]


def test_several_parcels_have_several_deliveries() -> None:
    events = ((DELIVERED, "2026-11-05"), (DELIVERED, "2026-11-09"))
    numbers = [
        fact("shipment.tracking_number", number, page_line(2, at))
        for at, number in enumerate((NUMBER, NUMBER, "LZ251048949US"))
    ]
    assert found(told(*events, more=tuple(numbers[:2]))) == [("twice", SURE)]
    assert found(told(*events, more=tuple(numbers))) == []


def parcels(*numbers: str) -> tuple[Fact, ...]:
    return tuple(
        fact("shipment.tracking_number", number, page_line(2, at))
        for at, number in enumerate(numbers, 1)
    )


def test_a_scan_after_one_parcels_delivery_may_be_another_ones() -> None:
    """Two pages beside each other in one picture, or two papers in one file."""
    two = parcels(NUMBER, "LZ251048949US")
    events = ((DELIVERED, "2026-11-05"), (OUT, "2026-11-09"), (DELIVERED, "2026-11-09"))
    assert found(told(*events, more=two)) == []
    assert found(told(*events[:2], more=parcels(NUMBER))) == [("order", SURE)]
    ((kind, weight),) = found(told(*events[:2], more=two))
    assert kind == "order" and weight < 0.4  # the other one is not delivered yet
    both = (*events[:2], (DELIVERED, "2026-11-06"))
    assert found(told(*both, more=two)) == [("order", SURE)]
    ((_, weight),) = found(told(*both, more=parcels(NUMBER, "LZ251048949US", "RR123456785CN")))
    assert weight < 0.4


AGAIN = (
    (DELIVERED, "2026-11-09T14:00:00"),
    (OUT, "2026-11-09T07:00:00"),
    (DELIVERED, "2026-11-05T12:00:00"),
    (OUT, "2026-11-05T08:00:00"),
    (SHIPPED, "2026-11-03T08:00:00"),
)


def test_a_parcel_is_delivered_twice_if_its_history_has_a_second_way() -> None:
    head = (DELIVERED, "2026-11-09")
    assert found(told(*AGAIN)) == found(told(*AGAIN[::-1])) == []
    assert found(told(head, *AGAIN)) == found(told(head, *AGAIN[::-1])) == []
    back = ((DELIVERED, AGAIN[0][1]), (TRANSIT, "2026-11-07T07:00:00"), *AGAIN[2:])
    assert found(told(*back)) == []


@pytest.mark.parametrize(
    "events",
    [
        ((DELIVERED, "2026-11-05"), *AGAIN[:2], AGAIN[4]),  # a heading over its history
        ((DELIVERED, "2026-11-05"), AGAIN[4], AGAIN[1], AGAIN[0]),  # a heading, the oldest first
        ((DELIVERED, "2026-11-05"), AGAIN[1], AGAIN[0]),  # of a history that was cut
        (AGAIN[0], AGAIN[2], AGAIN[1], AGAIN[4]),  # a row of the history
        (AGAIN[4], AGAIN[1], AGAIN[2], (DELIVERED, "2026-11-09")),  # a row, and what stands below
    ],
)
def test_a_delivery_whose_scans_are_of_another_day_is_no_first_one(
    events: tuple[tuple[str, Value], ...],
) -> None:
    assert "twice" in [kind for kind, _ in found(told(*events))]


def test_a_second_way_ends_with_its_own_delivery() -> None:
    late = (OUT, "2026-11-12T07:00:00")
    assert found(told(late, *AGAIN)) != []


def test_what_comes_back_is_labelled_and_sent_a_second_time() -> None:
    sent = ((LABEL, "2026-11-01"), (SHIPPED, "2026-11-02"), (DELIVERED, "2026-11-05"))
    back = ((LABEL, "2026-11-09"), (SHIPPED, "2026-11-10"))
    assert found(told(*sent, *back)) == found(told(*back, *sent[::-1])) == []
    assert found(told(*sent[2:], *back)) == [("order", SURE)]


SHOP, TAKEN_HOME = (DELIVERED, "2026-11-05T12:00:00"), (DELIVERED, "2026-11-07T09:30:00")
BEFORE = ((OUT, "2026-11-05T08:00:00"), (SHIPPED, "2026-11-03T08:00:00"))


def test_a_parcel_that_waits_in_a_shop_is_delivered_to_it_and_collected() -> None:
    head = (DELIVERED, "2026-11-07")
    assert found(told(head, TAKEN_HOME, SHOP, *BEFORE)) == []
    assert found(told(head, *BEFORE[::-1], SHOP, TAKEN_HOME)) == []


@pytest.mark.parametrize(
    "events",
    [
        (SHOP, (DELIVERED, "2026-11-07"), TAKEN_HOME, *BEFORE),  # the heading is the other one
        ((DELIVERED, "2026-11-07"), TAKEN_HOME, SHOP, (OUT, "2026-11-07T08:00:00")),
        ((DELIVERED, "2026-11-07"), TAKEN_HOME, (DELIVERED, "2026-11-05"), *BEFORE),
    ],
)
def test_a_delivery_without_a_way_or_in_another_form_is_not_handed_over(
    events: tuple[tuple[str, Value], ...],
) -> None:
    assert "twice" in [kind for kind, _ in found(told(*events))]


def test_a_list_of_orders_tells_a_delivery_of_each() -> None:
    def orders(*numbers: str, placed: tuple[str, str]) -> Facts:
        names = tuple(
            fact("order.id", number, page_line(2, at)) for at, number in enumerate(numbers, 1)
        )
        first = (("order.placed.at", placed[0]), (DELIVERED, "2026-11-09"))
        second = (("order.placed.at", placed[1]), (DELIVERED, "2026-11-04"))
        return told(*first, *second, more=names)

    two = ("123-1234567-1234567", "123-7654321-7654321")
    assert found(orders(*two, placed=("2026-11-05", "2026-11-01"))) == []
    assert found(orders(two[0], placed=("2026-11-05", "2026-11-01"))) != []
    # One order with a shop's number as well was placed once.
    assert found(orders(*two, placed=("2026-11-01", "2026-11-01"))) != []


@pytest.mark.parametrize(
    ("heading", "twice"),
    [("Delivered on 2026-09-18", True), ("Osaka 2026-09-18", False)],
    ids=["its label beside it", "a row like the others"],
)
def test_a_heading_as_far_from_the_history_as_its_rows_is_no_row(
    heading: str, *, twice: bool
) -> None:
    rows = [(heading, DELIVERED), ("Osaka 2026-09-16", DELIVERED), ("Osaka 2026-09-15", OUT)]
    rows += [(f"Kobe 2026-09-{day:02}", TRANSIT) for day in (13, 10, 8, 5)]
    facts = []
    for number, (words, name) in enumerate(rows):
        at = box(50, 500 + 130 * number + (15 if number else 0), 350, 42)
        facts += [fact("document.text", words, at), fact(name, parse_iso(words[-10:]), at)]
    assert [kind for kind, _ in found(Facts(facts))] == ["twice"] * twice


def test_without_a_history_only_a_row_that_names_it_dates_a_delivery() -> None:
    events = ((DELIVERED, "2026-11-05"), (DELIVERED, "2026-11-09"))
    assert found(told(*events, line="Status 2026-11-09")) == []
    way = (TRANSIT, "2026-11-03")
    assert found(told(way, *events, line="Status 2026-11-09")) == [("twice", SURE)]
    assert found(told((OUT, "2026-11-03"), *events, line="Status 2026-11-09")) != []
    assert found(told((SHIPPED, "2026-11-03"), *events, line="Status 2026-11-09")) == []


# A file that is older than what it tells.


def made(how: str, when: Value, *events: tuple[str, Value], changed: str = "") -> Facts:
    times = [
        fact(how, when if not isinstance(when, str) else parse_iso(when), Locator("meta", how))
    ]
    if changed:
        name = "document.modified.at"
        times.append(fact(name, parse_iso(changed), Locator("meta", name)))
    return told(*events, more=tuple(times))


CREATED, TAKEN = "document.created.at", "picture.taken.at"


@pytest.mark.parametrize("how", [CREATED, TAKEN])
@pytest.mark.parametrize(
    ("when", "delivered", "contradicts"),
    [
        ("2026-11-05T10:00:00Z", "2026-11-06T00:00:00", False),  # somewhere it was midnight
        ("2026-11-05T10:00:00Z", "2026-11-06T00:00:01", True),
        ("2026-11-05T10:00:00", "2026-11-06T12:00:00", False),
        ("2026-11-05T10:00:00", "2026-11-06T12:00:01", True),
        ("2026-11-05", "2026-11-07T02:00:00", False),
        ("2026-11-05", "2026-11-07T02:00:01", True),
        ("2026-11-05T10:00:00Z", "2026-11-07", True),
        ("2026-11-05T10:00:00Z", "2026-11-05", False),
    ],
)
def test_a_file_is_not_older_than_what_it_tells(
    how: str, when: str, delivered: str, *, contradicts: bool
) -> None:
    told = [kind for kind, _ in found(made(how, when, (DELIVERED, delivered)))]
    # A day alone in a picture may be its camera's stamp: two days off, it says so too.
    assert [kind for kind in told if kind != "stamp"] == ["made-before"] * contradicts


@pytest.mark.parametrize(
    ("name", "counts"),
    [(DELIVERED, True), (OUT, True), (SHIPPED, True), ("scan.accepted.at", True),
     (CAPTURED, True), ("order.placed.at", False), ("shipment.label.at", False), (TRANSIT, False)],
)  # fmt: skip
def test_labels_and_orders_may_be_of_later_days(name: str, *, counts: bool) -> None:
    facts = made(CREATED, "2026-11-01T10:00:00Z", (name, "2026-11-09"))
    assert found(facts) == [("made-before", SURE)] * counts


@pytest.mark.parametrize(
    ("subject", "delivered", "told_of"),
    [
        ("Delivered: your parcel", "2026-11-09T10:00:00", True),
        ("Delivered: your parcel", "2026-11-05T23:00:00", False),  # a zone further east
        ("Your order was shipped", "2026-11-09T10:00:00", False),  # planned for then
        ("Out for delivery: your parcel", "2026-11-09T10:00:00", False),
    ],
)
def test_a_mail_announces_no_delivery_before_it_was(
    subject: str, delivered: str, *, told_of: bool
) -> None:
    mail = (
        fact("message.sent.at", parse_iso("2026-11-05T10:00:00+00:00"), header("Date")),
        fact("message.subject", subject, header("Subject")),
    )
    kinds = [kind for kind, _ in found(told((DELIVERED, delivered), more=mail))]
    assert kinds == ["made-before"] * told_of


def test_it_says_which_was_made_and_when_and_once() -> None:
    events = ((DELIVERED, "2026-11-09"), (OUT, "2026-11-09"))
    (one,) = contradictions_of(made(CREATED, "2026-11-01", *events))
    assert one.said == 'the file was made 2026-11-01, and it says "Delivered 2026-11-09"'
    assert [each.name for each in one.facts] == [CREATED, "document.text"]
    (one,) = contradictions_of(made(TAKEN, "2026-11-01", *events))
    assert one.said == 'the picture was taken 2026-11-01, and it says "Delivered 2026-11-09"'


@pytest.mark.parametrize(
    ("how", "changed", "weight"),
    [
        (CREATED, "2026-11-10", SURE / 2),
        (CREATED, "2026-11-09T00:00:00Z", SURE / 2),
        (CREATED, "2026-11-02", SURE),
        (TAKEN, "2026-11-10", SURE),
    ],
)
def test_a_form_that_was_filled_in_later_weighs_half(how: str, changed: str, weight: float) -> None:
    facts = made(how, "2026-11-01", (DELIVERED, "2026-11-09"), changed=changed)
    assert found(facts) == [("made-before", weight)]


@pytest.mark.parametrize(
    ("taken", "weight", "of_a_file"),
    [
        ("2026-05-13T00:00:00Z", SURE, SURE),
        ("2026-05-12T00:00:00Z", 0.5, SURE),
        ("2015-01-01T00:03:00", 0.5, 0.38),  # a number was read as a day that lies years ahead
    ],
)
def test_a_cameras_clock_that_is_half_a_year_behind_was_not_set(
    taken: str, weight: float, of_a_file: float
) -> None:
    facts = made(TAKEN, taken, (DELIVERED, "2026-11-09"))
    assert [one for one in found(facts) if one[0] != "stamp"] == [("made-before", weight)]
    assert found(made(CREATED, taken, (DELIVERED, "2026-11-09"))) == [("made-before", of_a_file)]
