"""Exports of more orders than can be told: what was asked for is found wherever it stands."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from evidence.facts import Fact, Facts
from evidence.items import Role
from evidence.verdicts import Verdict
from tests.verifiers.documents import received
from tests.verifiers.evidence_of import item
from tests.verifiers.readers.test_mail import named
from verifiers.matching.asked import rows_of_asked, verify
from verifiers.readers.reader import CUT, MAX_FOUND, MAX_FOUND_IN_ROWS, MAX_LINES
from verifiers.readers.registry import read

HEAD = ("Order ID", "Tracking Number", "Delivered At", "Country")


def order(number: int) -> str:
    return f"114-98{number:05}-12{number:05}"


def parcel(number: int) -> str:
    return f"YT26305123456{number:05}"


def rows(count: int) -> list[tuple[str, ...]]:
    return [(order(n), parcel(n), f"2026-11-{10 + n % 9} 03:15:00", "US") for n in range(count)]


def as_csv(count: int) -> bytes:
    return "\n".join(map(",".join, [HEAD, *rows(count)])).encode()


def as_json(count: int) -> bytes:
    names = ("orderId", "trackingNumber", "deliveredAt", "country")
    return json.dumps(
        {"orders": [dict(zip(names, row, strict=True)) for row in rows(count)]}
    ).encode()


def asked(data: bytes, **about: str) -> list[Fact]:
    names = {"order": "order.id", "number": "shipment.tracking_number", "site": "order.site"}
    facts = read(replace(received(data), about={names[key]: one for key, one in about.items()}))
    assert facts is not None
    return facts


def answer(facts: list[Fact], about: dict[str, str]) -> tuple[Verdict, list[str]]:
    (digest,) = {fact.item for fact in facts}
    of = replace(item("export", Role.DOCUMENT, about=about), sha256=digest)
    verdict, findings = verify(items=[of], facts=Facts(facts), order=None)
    return verdict, [finding.code.removeprefix("asked-") for finding in findings]


MANY = 600  # rows of which not all are told
FAR = MAX_LINES // len(HEAD) + 300  # a row whose cells are not all searched


@pytest.mark.parametrize(
    ("data", "number"),
    [(as_csv(MANY), MANY - 10), (as_json(MANY), MANY - 10), (as_csv(FAR), FAR - 10)],
    ids=["a table", "JSON", "a table with more cells than are searched"],
)
def test_the_row_that_was_asked_for_is_told_of_many(data: bytes, number: int) -> None:
    about = {"order.id": order(number), "shipment.tracking_number": parcel(number)}
    facts = asked(data, order=order(number), number=parcel(number))
    assert answer(facts, about) == (Verdict.PASS, ["order-named", "number-named"])
    (delivered,) = rows_of_asked(Facts(facts), about).named("delivery.at")
    assert delivered.text == f"2026-11-{10 + number % 9} 03:15:00"
    assert sum(bool(one.group) for one in facts) <= MAX_FOUND_IN_ROWS
    assert any("rows" in one.text for one in named(facts, "reading.failed"))


def test_what_stands_nowhere_in_a_table_is_not_in_it() -> None:
    about = {"order.id": order(99_999)}
    facts = asked(as_csv(MANY), order=order(99_999))
    assert answer(facts, about) == (Verdict.FAIL, ["order-differs"])


def test_few_rows_are_all_told_in_their_order() -> None:
    facts = asked(as_csv(40), order=order(20))
    assert [one.text for one in named(facts, "order.id")] == [order(n) for n in range(40)]
    assert named(facts, "reading.failed") == []


def test_what_stands_behind_more_than_is_told_stays_open() -> None:
    """A text that is no table: nothing says where the rest of its numbers stand."""
    lines = "\n".join(f"Order {order(n)} was delivered on 2026-11-10." for n in range(MAX_FOUND))
    about = {"order.id": order(99_999), "shipment.tracking_number": parcel(1)}
    facts = asked(lines.encode(), order=order(99_999), number=parcel(1))
    assert named(facts, "reading.failed")[0].text.startswith(f"{CUT} the first {MAX_FOUND}")
    assert answer(facts, about) == (Verdict.INCONCLUSIVE, ["order-absent", "number-absent"])


def test_what_a_long_chat_says_counts_before_when_it_was_said() -> None:
    chat = [
        f"[{1 + n % 28:02}/11/2026, 14:{n % 60:02}:21] Jane: hello {n}" for n in range(MAX_FOUND)
    ]
    chat.append(f"[28/11/2026, 15:00:00] Shop: it was delivered on 10 Nov 2026, order {order(7)}")
    facts = asked("\n".join(chat).encode(), order=order(7))
    assert [one.text for one in named(facts, "delivery.at")] == ["10 Nov 2026"]
    assert "that nothing labels" in named(facts, "reading.failed")[0].text
    assert answer(facts, {"order.id": order(8)}) == (Verdict.FAIL, ["order-differs"])
