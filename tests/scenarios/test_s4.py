"""S4: an account in trouble. Rows about the case machine are in tests/cases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.desk import Desk, order, parcel, ups

pytestmark = pytest.mark.asyncio(loop_scope="module")
ACCEPTED = ("accepted", "2026-10-28T19:02:10-07:00", "Origin Scan")
DELIVERED = ("delivered", "2026-11-03T14:31:07-08:00", "DELIVERED")
LAMP, SHADE = "LAMP-OAK-02", "SHADE-01"


def listed(kind: str, *lines: str) -> dict[str, Any]:
    return {"name": f"{kind}.csv", "text": "\n".join(lines), "hints": {"kind": kind}}


async def test_S4_02_the_interval_of_phantom_stock_before_a_cancellation(here: Desk) -> None:
    for number, cancelled in ((402, "2026-11-10T12:00:00Z"), (403, "2026-11-12T12:00:00Z")):
        here.ships(
            order(number), ups(number), order__item__sku=LAMP, order__cancelled__at=cancelled
        )
        await here.seals(order(number), "shop")
    case = await here.opened(
        account=True, kinds=["cancellation rate"], orders=[order(402), order(403)]
    )
    log = listed(
        "stock-log",
        "at,sku,listed,counted",
        f"2026-11-09T08:00:00Z,{LAMP},5,5",
        f"2026-11-10T08:00:00Z,{LAMP},5,0",
        f"2026-11-10T09:00:00Z,{SHADE},3,0",
        f"2026-11-10T11:00:00Z,{LAMP},4,0",
        f"2026-11-11T08:00:00Z,{LAMP},0,0",
    )
    await here.step(case, "document", papers=[log])
    first, second = (await here.report(case, "stock"))["orders"]
    assert (first["verdict"], first["from"], first["to"]) == (
        "shown", "2026-11-10T08:00:00.000000Z", "2026-11-10T12:00:00.000000Z",
    )  # fmt: skip
    assert [row["line"] for row in first["differed"]] == [3, 5]
    assert (second["verdict"], second["from"]) == ("not shown", None)


async def test_S4_03_defects_by_cause_carrier_goods_and_month_add_up(here: Desk) -> None:
    orders = [order(n) for n in (410, 411, 412)]
    for number, sku, kind in zip(
        orders, (LAMP, LAMP, SHADE), ("a-to-z", "chargeback", "a-to-z"), strict=True
    ):
        tracking = ups(410 + orders.index(number))
        here.ships(number, tracking, order__item__sku=sku, shipment__carrier="UPS")
        here.carries(parcel(tracking, ACCEPTED, DELIVERED))
        noticed = "2026-11-20T08:00:00Z" if sku == LAMP else "2026-10-20T08:00:00Z"
        await here.seals(number, defect={"kind": kind, "noticed_at": noticed})
    case = await here.opened(account=True, kinds=["odr review"], orders=[*orders, order(419)])
    report = await here.report(case, "breakdown")
    assert (report["case"], report["orders"]) == (case["id"], 3)
    assert report["not_collected"] == [order(419)]
    assert all(sum(line["count"] for line in lines) == 3 for lines in report["by"].values())
    assert report["by"]["cause"][0] == {
        "value": "a-to-z", "count": 2, "orders": [orders[0], orders[2]],
    }  # fmt: skip
    assert {line["value"]: line["count"] for line in report["by"]["goods"]} == {LAMP: 2, SHADE: 1}
    assert {line["value"] for line in report["by"]["month"]} == {"2026-11", "2026-10"}
    assert [line["value"] for line in report["by"]["carrier"]] == ["ups"]


async def test_S4_06_a_valid_number_that_was_never_scanned_is_no_valid_tracking(
    here: Desk,
) -> None:
    tracking = {"kind": "valid-tracking", "noticed_at": "2026-11-20T08:00:00Z"}
    number = ups(406)
    here.ships(order(406), number)
    here.carries(parcel(number, ("label", "2026-10-28T10:00:00-07:00")))
    account = await here.seals(order(406), defect=tracking)
    assert account.line("AMZ-VTR-02.number")["state"] == "present"
    scan = account.line("AMZ-VTR-02.scan")
    assert scan["state"] == "weak" and "scan.accepted.at" in scan["why"]
    assert "check-digit-wrong" not in account.codes("matching.order")
    assert account.verdict("coverage.policy") == "fail"
    here.carries(parcel(number, ACCEPTED))
    account = await here.seals(order(406), defect=tracking)
    assert account.line("AMZ-VTR-02.scan")["state"] == "present"


async def test_S4_14_goods_whose_fields_are_empty_are_named_and_complete_ones_are_not(
    here: Desk,
) -> None:
    here.says(
        "shop",
        order(414),
        {"order.id": order(414), "order.item.sku": LAMP},
        {"order.id": order(414), "order.item.sku": SHADE},
        {"order.id": order(414), "order.item.sku": "BULB-9"},
    )
    await here.seals(order(414), "shop")
    case = await here.opened(account=True, kinds=["compliance"], orders=[order(414)])
    fields = listed(
        "goods",
        "SKU,Age grade,UN38.3",
        f"{LAMP},14+,",
        f"{SHADE},14+,not needed",
        "OTHER-1,,",
    )
    await here.step(case, "document", papers=[fields])
    report = await here.report(case, "goods")
    assert [(each["sku"], each["empty"]) for each in report["incomplete"]] == [(LAMP, ["un38.3"])]
    assert report["unlisted"] == ["BULB-9"]


async def test_S3_02_two_orders_of_one_buyer_minutes_apart_stand_side_by_side(here: Desk) -> None:
    buyer = {"order.buyer.email": "b77@marketplace.example", "order.total": "48.90 USD"}
    for number, at, sku in (
        (420, "2026-10-27T19:12:44Z", LAMP),
        (421, "2026-10-27T19:15:44Z", LAMP),
        (422, "2026-10-27T19:16:44Z", SHADE),
        (423, "2026-10-27T21:16:44Z", LAMP),
    ):
        row = {"order.id": order(number), "order.placed.at": at, "order.item.sku": sku}
        here.says("shop", order(number), buyer | row)
        await here.seals(order(number), "shop")
    here.says(
        "shop",
        order(421),
        {**here.records["shop", order(421)][0], "order.total": "97.80 USD"},
    )
    await here.seals(order(421), "shop")
    case = await here.opened(
        account=True, kinds=["returns"], orders=[order(n) for n in range(420, 424)]
    )
    report = await here.report(case, "duplicates")
    (pair,) = report["pairs"]
    assert (pair["orders"], pair["verdict"]) == ([order(420), order(421)], "found")
    assert pair["minutes"][0] <= 3 <= pair["minutes"][1]
    assert any("97.80 USD" in each["values"][1] for each in pair["differs"])
    assert "b77@" not in str(report) and len(pair["rests_on"]) == 2


async def test_S3_03_a_review_of_other_goods_is_set_beside_what_was_ordered(here: Desk) -> None:
    here.says(
        "shop",
        order(430),
        {"order.id": order(430), "order.item.title": "Oak table lamp", "order.item.sku": LAMP},
    )
    await here.seals(order(430), "shop")
    case = await here.opened(kinds=["review"], orders=[order(430)])
    for text in ("The garden hose leaks.", "This lamp of oak is too dark."):
        paper = {"text": text, "hints": {"kind": "review"}}
        case = await here.step(case, "document", papers=[paper])
    first, second = (await here.report(case, "reviews"))["reviews"]
    assert first["orders"][0]["relevance"] == "low" and first["orders"][0]["found"] == []
    assert {"lamp", "table"} <= set(first["orders"][0]["not_found"])
    assert (second["orders"][0]["relevance"], second["orders"][0]["found"]) == ("some", ["lamp"])
    assert first["decides"] == "a person"
    assert "false" not in str(first).lower() and "fake" not in str(first).lower()
