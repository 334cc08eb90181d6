"""Rules on things told several times: how many count, of which age, and what they share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from evidence.conditions import parse_condition
from evidence.errors import FormatError
from evidence.facts import Fact, Facts
from evidence.repeated import Age, Repeated, repeated_of
from evidence.tables import read_table
from tests.verifiers.evidence_of import said

PAID = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
RULE = """\
of = "prior.payment.at"
at_least = 2
ages = ["120..364 days before payment.at"]
none_of = ["prior.payment.disputed is yes"]
equal = ["prior.payment.ip = payment.ip", "prior.payment.device = payment.device",
         "prior.payment.account = payment.account"]
equal_at_least = 2
equal_one_of = ["prior.payment.ip", "prior.payment.device"]
"""


def rule(text: str = RULE) -> Repeated:
    return repeated_of(read_table(text.encode(), name="ce3"))


def paid(**marks: str) -> list[Fact]:
    """This payment."""
    said_of = [said("payment.at", PAID.isoformat(), by="bank", item="record", group="now")]
    return said_of + [
        said(f"payment.{name}", value, by="bank", item="record", group="now")
        for name, value in marks.items()
    ]


def earlier(number: int, days: int = 200, /, **marks: str) -> list[Fact]:
    """An earlier one, so many days before."""
    at = (PAID - timedelta(days=days)).isoformat()
    group = f"prior/{number}"
    return [said("prior.payment.at", at, by="bank", item="record", group=group)] + [
        said(f"prior.payment.{name}", value, by="bank", item="record", group=group)
        for name, value in marks.items()
    ]


SAME = {"ip": "192.0.2.7", "device": "abc", "account": "me"}


def lacks(*groups: Sequence[Fact], text: str = RULE) -> str:
    return rule(text).lacks(Facts([fact for group in groups for fact in group]))


def test_two_earlier_payments_of_the_right_age_with_the_same_marks_meet_it() -> None:
    assert lacks(paid(**SAME), earlier(1, **SAME), earlier(2, **SAME)) == ""


def test_one_earlier_payment_that_two_sources_tell_of_is_one() -> None:
    one, again = earlier(1, id="ch_1", **SAME), earlier(2, id=" ch_1", **SAME)
    assert "tells of 1, not of 2" in lacks(paid(**SAME), one, again)
    assert lacks(paid(**SAME), one, again, earlier(3, id="ch_3", **SAME)) == ""
    # What one source has, the other need not tell as well.
    halves = [earlier(1, id="ch_1", ip="192.0.2.7"), earlier(2, id="ch_1", device="abc")]
    assert lacks(paid(**SAME), *halves, earlier(3, id="ch_3", **SAME)) == ""


def test_what_any_source_says_against_a_payment_stands_against_it() -> None:
    fine, disputed = earlier(1, id="ch_1", **SAME), earlier(2, id="ch_1", disputed="yes")
    assert "only 1 count" in lacks(paid(**SAME), fine, disputed, earlier(3, id="ch_3", **SAME))
    young = earlier(2, 30, id="ch_1", **SAME)
    assert "only 1 count" in lacks(paid(**SAME), fine, young, earlier(3, id="ch_3", **SAME))


def test_a_rule_is_read_with_all_its_fields() -> None:
    pairs = [(f"prior.payment.{name}", f"payment.{name}") for name in ("ip", "device", "account")]
    assert rule() == Repeated(
        of="prior.payment.at",
        at_least=2,
        ages=(Age(120, 364, "payment.at"),),
        none_of=(parse_condition("prior.payment.disputed is yes"),),
        equal=tuple(pairs),
        equal_at_least=2,
        equal_one_of=("prior.payment.ip", "prior.payment.device"),
    )
    least = rule('of = "prior.payment.at"\nat_least = 1\n')
    assert least == Repeated(of="prior.payment.at", at_least=1)


def test_too_few_are_told_with_their_number() -> None:
    why = lacks(paid(**SAME), earlier(1, **SAME))
    assert why == "it tells of 1, not of 2 (each a prior.payment.at)"


@pytest.mark.parametrize(
    ("days", "counts"), [(119, False), (120, True), (364, True), (365, False), (-200, False)]
)
def test_an_age_counts_from_its_first_day_to_its_last(days: int, *, counts: bool) -> None:
    why = lacks(paid(**SAME), earlier(1, **SAME), earlier(2, days, **SAME))
    assert (why == "") is counts
    if not counts:
        assert why.startswith("of 2 only 1 count, 2 are needed: ")
        assert why.endswith("is not 120 to 364 days before payment.at")


def test_a_date_without_a_zone_counts_only_if_every_reading_of_it_does() -> None:
    """A bare date 120 days before may be 119 days before, somewhere on earth."""
    bare = (PAID - timedelta(days=120)).date().isoformat()
    facts = [said("prior.payment.at", bare, by="bank", item="record", group="prior/2")]
    facts += [fact for fact in earlier(2, **SAME) if fact.name != "prior.payment.at"]
    assert "is not 120 to 364" in lacks(paid(**SAME), earlier(1, **SAME), facts)


def test_one_that_was_disputed_does_not_count() -> None:
    disputed = earlier(2, disputed="yes", **SAME)
    why = lacks(paid(**SAME), earlier(1, **SAME), disputed)
    assert why == "of 2 only 1 count, 2 are needed: prior.payment.disputed is yes"
    fine = earlier(2, disputed="no", **SAME)
    assert lacks(paid(**SAME), earlier(1, **SAME), fine) == ""
    assert lacks(paid(**SAME), earlier(1, **SAME), disputed, earlier(3, **SAME)) == ""


def test_without_this_payments_time_no_age_is_known() -> None:
    why = lacks(earlier(1, **SAME), earlier(2, **SAME))
    assert why == ("of 2 only 0 count, 2 are needed: no payment.at is known to count its age from")


def test_the_same_two_marks_must_agree_in_each() -> None:
    """One has the address, another the device: each agrees in two, but not in the same two."""
    first = earlier(1, ip=SAME["ip"], account=SAME["account"])
    second = earlier(2, device=SAME["device"], account=SAME["account"])
    why = lacks(paid(**SAME), first, second)
    assert why == (
        "no 2 of them share 2 of the same marks with this one; "
        "the most that agrees is prior.payment.account"
    )
    assert lacks(paid(**SAME), first, second, earlier(3, **SAME)) == ""


def test_one_of_the_marks_must_be_among_those_that_are_asked_for() -> None:
    text = RULE.replace("equal_at_least = 2", "equal_at_least = 1")
    only = {"account": "me"}
    assert "the most that agrees is prior.payment.account" in lacks(
        paid(**only), earlier(1, **only), earlier(2, **only), text=text
    )
    ip = {"ip": "192.0.2.7"}
    assert lacks(paid(**ip), earlier(1, **ip), earlier(2, **ip), text=text) == ""
    anything = text.partition("equal_one_of")[0]
    assert lacks(paid(**only), earlier(1, **only), earlier(2, **only), text=anything) == ""


def test_nothing_shared_is_told_as_nothing() -> None:
    other = {"ip": "198.51.100.1", "device": "x", "account": "y"}
    why = lacks(paid(**SAME), earlier(1, **other), earlier(2, **other))
    assert why.endswith("the most that agrees is nothing")
    assert lacks(paid(), earlier(1), earlier(2)).endswith("the most that agrees is nothing")


def test_case_and_blanks_do_not_matter_and_empty_marks_do_not_agree() -> None:
    loud = {"ip": " 192.0.2.7", "device": "ABC", "account": "ME "}
    assert lacks(paid(**SAME), earlier(1, **loud), earlier(2, **loud)) == ""
    empty = {"ip": "", "device": " ", "account": ""}
    assert lacks(paid(**empty), earlier(1, **empty), earlier(2, **empty)).endswith("nothing")


def test_a_rule_without_marks_asks_only_for_their_number_and_age() -> None:
    text = RULE.partition("equal")[0]
    assert lacks(paid(), earlier(1), earlier(2), text=text) == ""


def test_the_first_thirty_are_looked_at() -> None:
    text = 'of = "prior.payment.at"\nat_least = 30\n'
    many = [earlier(number) for number in range(40)]
    assert lacks(paid(), *many[:30], text=text) == ""
    assert lacks(paid(), *many, text=text.replace("30", "31")).startswith("it tells of 30, not")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('of = "prior.payment.at"\n', "", "ce3 is malformed: it lacks of"),
        ("at_least = 2\n", "", "it lacks at_least"),
        ("at_least = 2\n", "at_least = 0\n", "at_least is not a whole number from 1"),
        ("none_of", "noneof", "fields nobody reads: noneof"),
        ('of = "prior.payment.at"', 'of = "prior.payment"', "of is not a fact name"),
        ('of = "prior.payment.at"', 'of = "prior.payment.ip"', "of is not the name of a time"),
        ("120..364", "364..120", 'ages is not written as "120..364'),
        ("120..364 days", "120-364 days", "ages is not written as"),
        ("before payment.at", "before payment.ip", "ages is not counted from a time"),
        ("before payment.at", "before payment.now", "ages is not a fact name"),
        ("disputed is yes", "disputed was yes", "none_of: the condition"),
        ("ip = payment.ip", "ip == payment.ip", "equal is not written as"),
        ("ip = payment.ip", "ip = payment.iq", "equal is not a fact name.*payment.iq"),
        ('"prior.payment.ip = payment', '"prior.payment.iq = payment', "name.*prior.payment.iq"),
        ('["prior.payment.ip", "prior', '["payment.ip", "prior', "equal_one_of is not among"),
        ("equal_at_least = 2", "equal_at_least = -1", "equal_at_least is not a whole number"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_naming_the_field(old: str, new: str, says: str) -> None:
    assert old in RULE
    with pytest.raises(FormatError, match=says):
        rule(RULE.replace(old, new, 1))


def test_an_age_of_one_day_alone_can_be_asked_for() -> None:
    text = RULE.replace("120..364", "200..200")
    assert lacks(paid(**SAME), earlier(1, **SAME), earlier(2, **SAME), text=text) == ""


def test_a_thing_without_ages_need_be_no_time() -> None:
    text = 'of = "prior.payment.ip"\nat_least = 2\n'
    assert lacks(earlier(1, ip="a"), earlier(2, ip="b"), text=text) == ""
