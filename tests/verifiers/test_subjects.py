"""Which parcel a fact is about: the number that stands nearest above it, or nobody says."""

from __future__ import annotations

import pytest

from evidence.facts import Fact
from evidence.items import Role
from tests.verifiers.evidence_of import NUMBER, ORDER, OTHER_NUMBER, facts_of, item, said
from verifiers.subjects import Subjects

TRACKING = item("tracking", Role.TRACKING_HISTORY)
ASKED = item("asked", Role.POD_DOCUMENT, about={"shipment.tracking_number": OTHER_NUMBER})
SHEET = item("sheet", Role.SHIPMENT_RECORD, origin="seller")
BARE = item("bare", Role.POD_DOCUMENT)
WHEN = "2026-11-05T14:32:00Z"


def delivered(*, by: str = "tracking", group: str = "") -> Fact:
    return said("scan.delivered.at", WHEN, by="ups", item=by, group=group)


def number(text: str, *, group: str = "", by: str = "tracking") -> Fact:
    return said("shipment.tracking_number", text, by="ups", item=by, group=group)


@pytest.mark.parametrize(
    ("numbers", "fact", "parcel"),
    [
        # The nearest group that names one counts, whatever stands above it.
        ((number(NUMBER, group="parcel/1"), number(OTHER_NUMBER)), "parcel/1/scan/2", NUMBER),
        ((number(NUMBER, group="parcel/1"), number(OTHER_NUMBER)), "parcel/2", OTHER_NUMBER),
        # Beside it in its item.
        ((number(NUMBER, group="parcel/1"),), "elsewhere", NUMBER),
        ((number(NUMBER, group="a"), number(OTHER_NUMBER, group="b")), "c", None),
    ],
    ids=["nearest", "above", "one in the item", "two in the item"],
)
def test_a_fact_is_about_the_parcel_that_is_named_nearest(
    numbers: tuple[Fact, ...], fact: str, parcel: str | None
) -> None:
    told = delivered(group=fact)
    assert Subjects(ORDER, [TRACKING], facts_of(*numbers, told)).parcel_of(told) == parcel


def test_an_item_without_a_number_is_about_what_was_asked_for_or_about_the_only_one() -> None:
    items = [TRACKING, ASKED, BARE]
    asked, bare = delivered(by="asked"), delivered(by="bare")
    one = Subjects(ORDER, items[::2], facts_of(number(NUMBER), bare))
    assert one.parcel_of(bare) == NUMBER
    both = Subjects(ORDER, items, facts_of(number(NUMBER), number(OTHER_NUMBER), asked, bare))
    assert both.parcel_of(asked) == OTHER_NUMBER
    assert both.parcel_of(bare) is None


def test_two_numbers_of_a_row_are_two_parcels_and_of_a_carriers_answer_one_parcels_names() -> None:
    for item_, parcel in ((SHEET, None), (TRACKING, NUMBER)):
        numbers = [
            said("shipment.tracking_number", text, by="x", item=item_.key, group="row/1")
            for text in (NUMBER, OTHER_NUMBER)
        ]
        told = delivered(by=item_.key, group="row/1/scan/2")
        subjects = Subjects(ORDER, [item_], facts_of(*numbers, told))
        assert subjects.parcel_of(told) == parcel
        assert (subjects.key(OTHER_NUMBER) == NUMBER) is (parcel is not None)
