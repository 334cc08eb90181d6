"""A delivery in words that nobody told us of: where the page leaves no other reading."""

from __future__ import annotations

import pytest

from evidence.facts import Facts
from tests.verifiers.read_lines import placed, texts
from tests.verifiers.sayings import kinds

DAY = "12 Nov 2026"
WAY = [("Out for delivery", "06:10"), ("Departed from hub", "05:30"), ("Picked up", "04:20")]


def page(
    status: str, *beside: str, heading: str = "", steps: tuple[str, ...] = (), days: str = DAY
) -> Facts:
    lines = [(heading or status, 40, 40), *((text, 40, 60) for text in beside)]
    lines += [(text, 40 + 130 * n, 80) for n, text in enumerate(steps)]
    for number, (what, clock) in enumerate([(status, "14:08"), *WAY]):
        lines += [(what, 40, 140 + 50 * number), (f"{days} {clock} - Leeds", 40, 154 + 50 * number)]
    return placed(*lines)


BAR = ("Booked", "Collected", "On vehicle")


@pytest.mark.parametrize(
    "status", ["Handed to resident", "Completed", "Drop-off complete", "Journey ended"]
)
def test_the_last_step_that_heading_and_history_share_is_the_delivery(status: str) -> None:
    facts = page(status, steps=(*BAR, status))
    assert texts(facts, "delivery.at") == [f"{DAY} 14:08"]
    assert kinds(facts) == []


def test_a_signature_decides_as_well() -> None:
    assert texts(page("Journey ended", "Signed by: T. Marsh"), "delivery.at") == [f"{DAY} 14:08"]


@pytest.mark.parametrize("status", ["Customs hold", "Parked overnight", "Awaiting consignee"])
def test_unknown_words_alone_are_no_delivery(status: str) -> None:
    assert texts(page(status), "delivery.at") == []
    assert texts(page(status, steps=(*BAR, "Delivered")), "delivery.at") == []


def test_nothing_is_read_into_a_history_that_knows_its_end() -> None:
    other = page("Journey ended", heading="Returned to sender", steps=(*BAR, "Journey ended"))
    assert texts(other, "delivery.at") == []


LETTER = [
    ("GLS PROOF OF DELIVERY", 40, 40), ("Requested on", 40, 80), ("15 Nov 2026 02:41", 200, 80),
    ("Signed by", 40, 120), ("A. ROSSI", 200, 120), ("Delivery", 40, 140), ("Weight", 40, 160),
]  # fmt: skip


def test_a_proof_tells_its_delivery_under_that_word_alone() -> None:
    facts = placed(*LETTER, ("Fri, 13 Nov 2026 18:24", 200, 140))
    assert texts(facts, "delivery.at") == ["13 Nov 2026 18:24"]
    assert texts(facts, "document.captured.at") == ["15 Nov 2026 02:41"]


def test_a_day_without_its_hour_or_without_a_proof_may_be_a_plan() -> None:
    assert texts(placed(*LETTER, ("Fri, 13 Nov 2026", 200, 140)), "delivery.at") == []
    plan = [("Delivery", 40, 140), ("13 Nov 2026 18:24", 200, 140), ("Weight", 40, 160)]
    assert texts(placed(("GLS", 40, 40), *plan), "delivery.at") == []


def test_a_date_beside_that_of_printing_is_what_the_paper_tells() -> None:
    paper = [("We confirm that the shipment was delivered.", 40, 20), ("Date", 40, 80)]
    day = ("17 Nov 2026 18:41", 200, 80)
    both = placed(*paper, day, ("Printed", 40, 100), ("19 Nov 2026 01:50", 200, 100))
    assert texts(both, "delivery.at") == ["17 Nov 2026 18:41"]
    assert texts(placed(*paper, day), "delivery.at") == []
