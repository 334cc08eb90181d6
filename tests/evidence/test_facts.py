"""A fact is a listed name, a value of its kind, and the place it stood."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import canonical, parse_canonical
from evidence.errors import FormatError
from evidence.facts import MAX_TEXT, Fact, Facts
from evidence.locators import WHOLE, Locator, pointer
from evidence.times import Instant, LocalDate, parse_iso
from tests.evidence.strategies import STRANGE, facts, mangled

A, B = "a" * 64, "b" * 64


def fact(name: str, value: Any, item: str = A, **more: Any) -> Fact:
    return Fact(name=name, value=value, locator=WHOLE, item=item, origin="ups", **more)


@given(facts())
def test_every_fact_comes_back_from_its_sealed_form(made: Fact) -> None:
    sealed = canonical(made.to_json())
    assert Fact.from_json(parse_canonical(sealed)) == made


@given(st.data())
def test_a_mangled_fact_is_refused_or_says_the_same(data: st.DataObject) -> None:
    value = data.draw(facts().map(Fact.to_json).flatmap(mangled))
    try:
        read = Fact.from_json(value)
    except FormatError:
        return
    again = read.to_json()
    if isinstance(value["value"], dict):  # see time_from_json
        for end in ("earliest", "latest"):
            value["value"][end] = again["value"][end]
    assert again == value


@pytest.mark.parametrize("value", STRANGE, ids=repr)
def test_what_is_no_fact_at_all_is_a_format_error(value: Any) -> None:
    with pytest.raises(FormatError):
        Fact.from_json(value)


@pytest.mark.parametrize("confidence", ["nan", "inf", "1e0", "1", "1.01", "-0.5", " 0.50", "٠.٥٠"])
def test_a_sealed_confidence_has_one_spelling(confidence: str) -> None:
    sealed = fact("order.id", "1").to_json() | {"confidence": confidence}
    with pytest.raises(FormatError, match="confidence"):
        Fact.from_json(sealed)


@pytest.mark.parametrize("confidence", [float("nan"), float("inf"), -0.01, 1.01])
def test_a_confidence_is_between_nothing_and_all(confidence: float) -> None:
    with pytest.raises(FormatError, match="confidence"):
        fact("order.id", "1", confidence=confidence)


@pytest.mark.parametrize(("given_", "kept"), [(0.999, 0.99), (0.57, 0.57), (0.0, 0.0), (1, 1.0)])
def test_confidence_is_cut_and_never_rounded_up(given_: float, kept: float) -> None:
    assert fact("order.id", "1", confidence=given_).confidence == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order.placed.at", "2026-01-01"),
        ("order.id", parse_iso("2026-01-01")),
        ("order.id", 5),
        ("order.id", None),
        ("order.id", b"1"),
        ("order.placed.at", datetime(2026, 1, 1, tzinfo=UTC)),
        ("order.nonsense", "1"),
        ("ORDER.ID", "1"),
    ],
    ids=str,
)
def test_a_name_has_its_kind_of_value_and_no_other(name: str, value: Any) -> None:
    with pytest.raises(FormatError, match="fact"):
        fact(name, value)


def test_a_long_text_is_cut_here_and_refused_from_a_seal() -> None:
    made = fact("message.body", "x" * (MAX_TEXT + 1))
    assert made.text == "x" * MAX_TEXT
    with pytest.raises(FormatError, match="characters long"):
        Fact.from_json(made.to_json() | {"value": "x" * (MAX_TEXT + 1)})


def test_text_that_json_cannot_hold_does_not_stop_the_seal() -> None:
    made = Fact(
        name="message.subject",
        value="caf\udce9 \ud83d\ude00",
        locator=Locator("header", "Subject\ud800"),
        item=A,
        origin="buyer",
        group="message/\udcff",
    )
    assert (made.text, made.group) == ("caf\ufffd \U0001f600", "message/\ufffd")
    canonical(made.to_json())


def test_a_fact_is_asked_for_its_time_or_its_text() -> None:
    placed = fact("order.placed.at", parse_iso("2026-01-01"))
    assert placed.text == "2026-01-01"
    assert isinstance(placed.time, LocalDate)
    with pytest.raises(FormatError, match="not a time"):
        _ = fact("order.id", "1").time


def test_facts_answer_by_name_item_and_group_in_order() -> None:
    late = fact("scan.delivered.at", parse_iso("2026-01-03T10:00Z"), group="0")
    early = fact("scan.delivered.at", parse_iso("2026-01-02"), item=B, group="1")
    words = fact("scan.delivered", "Delivered", group="0")
    again = fact("scan.delivered", "Delivered", item=B, group="1")
    other = fact("scan.other", "Hello", item=B)
    all_ = Facts([late, early, words, again, other])

    assert len(all_) == 5 and list(all_) == [late, early, words, again, other]
    assert all_[0] is late and words in all_
    assert all_.named("scan.other", "scan.delivered") == [other, words, again]
    assert all_.named("scan.other", "scan.other") == [other]
    assert all_.first("scan.delivered") is words
    assert all_.first("order.id") is None
    assert all_.values("scan.delivered", "scan.other") == ["Delivered", "Hello"]
    # The bare day before, 50 hours wide with no zone, can begin first and can end last.
    assert all_.earliest("scan.delivered.at") is early
    assert all_.latest("scan.delivered.at") is early
    assert all_.earliest("order.paid.at") is None and all_.latest("order.paid.at") is None
    assert list(all_.of_item(B)) == [early, again, other]
    assert list(all_.in_group(A, "0")) == [late, words]
    assert {key: list(found) for key, found in all_.groups().items()} == {
        (A, "0"): [late, words],
        (B, "1"): [early, again],
        (B, ""): [other],
    }


def test_asking_for_a_name_that_is_not_listed_is_an_error_and_not_an_empty_answer() -> None:
    for ask in (Facts().named, Facts().first, Facts().values, Facts().earliest):
        with pytest.raises(FormatError, match="does not list it"):
            ask("scan.deliverd.at")


@given(st.lists(facts("scan.delivered.at", "delivery.at"), max_size=6))
def test_earliest_and_latest_are_the_outermost_ends(made: list[Fact]) -> None:
    mine = [each for each in made if each.name == "delivery.at"]
    first, last = Facts(made).earliest("delivery.at"), Facts(made).latest("delivery.at")
    assert (first is None) == (last is None) == (not mine)
    if first is not None and last is not None:
        assert first.time.span.earliest == min(each.time.span.earliest for each in mine)
        assert last.time.span.latest == max(each.time.span.latest for each in mine)


@given(st.lists(facts(), max_size=6))
def test_groups_lose_nothing_and_add_nothing(made: list[Fact]) -> None:
    grouped = [each for group in Facts(made).groups().values() for each in group]
    assert sorted(map(repr, grouped)) == sorted(map(repr, made))


def test_a_locator_points_into_its_own_item() -> None:
    made = Fact(
        name="order.placed.at",
        value=Instant(datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"),
        locator=pointer("order", "placed"),
        item=A,
        origin="amazon",
    )
    assert made.to_json()["locator"] == "json:/order/placed"


def test_a_table_is_the_first_fact_of_each_name_by_item_and_group() -> None:
    mail = [
        fact("message.id", "1", group="a"), fact("message.id", "2", group="a"),
        fact("message.subject", "x", group="a"), fact("message.id", "3"),
        fact("order.id", "4", group="a"), fact("message.id", "5", item=B, group="a"),
    ]  # fmt: skip
    assert Facts(mail).tables("message.") == {
        (A, "a"): {"message.id": mail[0], "message.subject": mail[2]},
        (A, ""): {"message.id": mail[3]},
        (B, "a"): {"message.id": mail[5]},
    }
    assert Facts(mail).tables("")[A, "a"]["order.id"] == mail[4]
