"""Tryton: a real server's sale, shipment, package and invoice, and how its answers are read."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.orders.tryton import Tryton
from collectors.secrets import Secret
from evidence.errors import AccessError, RequestError, ShapeError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.times import Instant, LocalDate
from tests.collectors.http_bench import bench, context
from tests.collectors.orders.tryton_server import Tryton as TrytonServer
from tests.collectors.orders.tryton_server import application_key
from tests.collectors.reading import answer, assert_holds_under_drift, facts_named
from tests.outside import kept_folder

ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845")
PARCEL = "1Z84A7V90344127810"
TRANSCRIPT = "contracts/market/tryton/transcript.json"


async def collected(url: str, key: str, order: OrderRef = ORDER) -> list[Item]:
    auth = Tryton().auth({}, {"application_key": Secret("application_key", key)})
    async with bench(url, auth=auth, collector="tryton/1") as b:
        told = context(b.session, {}, source="tryton")
        return [item async for item in Tryton().collect(order, told)]


def read(value: Any, model: str = "sale.sale") -> list[Fact]:
    return Tryton().read(answer(Tryton(), value, role=Role.ORDER_RECORD, hints={"model": model}))


# A real server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not os.environ.get("ORDERPROOF_EXTRAS"):
        pytest.skip("a Tryton server takes a minute to make: set ORDERPROOF_EXTRAS=1")
    tryton = TrytonServer(kept_folder("tryton"))
    tryton.make()
    work = tmp_path_factory.mktemp("tryton") / "work"
    with tryton.serving(work, reference=ORDER.id, parcel=PARCEL) as url:
        yield url


@pytest.mark.extras
@pytest.mark.timeout(600)
async def test_a_servers_sale_shipment_and_invoice_are_collected_and_read(server: str) -> None:
    sale, log = await collected(server, application_key(server))
    facts = Tryton().read(sale)
    said = {fact.name: fact.text for fact in facts}
    assert said["order.id"] == ORDER.id
    assert said["order.buyer"] == "Jane Doe"
    assert said["order.total"] == "97.80 USD"
    assert (said["order.item.sku"], said["order.item.quantity"]) == ("LAMP-OAK-02", "2.0")
    assert said["shipment.tracking_number"] == PARCEL
    assert said["shipment.carrier"] == "UPS"
    assert said["shipment.recipient.postal_code"] == "97214"
    assert said["shipment.recipient.country"] == "US"
    assert said["shipment.status"] == "done"
    assert said["invoice.status"] == "posted"
    assert said["invoice.amount"] == "97.80 USD"
    (shipped,) = facts_named(facts, "shipment.shipped.at")
    assert isinstance(shipped.value, LocalDate)
    events = Tryton().read(log)
    assert {"State : Confirmed", "State : Done"} <= {
        fact.text for fact in facts_named(events, "order.event")
    }
    for fact in facts_named(events, "order.event.at"):
        assert isinstance(fact.value, Instant)
        assert abs(datetime.now(UTC) - fact.value.at) < timedelta(hours=1), "UTC, not the server's"


@pytest.mark.extras
async def test_a_servers_refusals_and_an_order_it_has_not(server: str) -> None:
    with pytest.raises(AccessError):
        await collected(server, "0" * 64)
    other = OrderRef(Platform.AMAZON, "112-0000000-0000000")
    (item,) = await collected(server, application_key(server), other)
    assert [fact.name for fact in Tryton().read(item)] == ["order.unknown"]


# What is read


@pytest.fixture(scope="module")
def calls(shared: Path) -> dict[str, Any]:
    told = json.loads((shared / TRANSCRIPT).read_bytes())["calls"]
    return {call["title"]: call["response"]["body"] for call in told}


def test_a_recorded_sale_is_read_with_its_parcel(calls: dict[str, Any]) -> None:
    facts = read(calls["REST sale with nested shipment and package"])
    said = {fact.name: fact.text for fact in facts}
    assert said["order.id"] == "114-9876543-1234560"
    assert said["shipment.tracking_number"] == "1Z999AA10123456780"
    assert said["shipment.shipped.at"] == "2026-11-22"
    assert said["order.updated.at"] == "2026-11-22 00:34:56.139824"


def test_a_recorded_log_says_what_happened_and_when_in_utc(calls: dict[str, Any]) -> None:
    facts = read(calls["REST audit log of the sale (ir.model.log)"], "ir.model.log")
    assert [fact.text for fact in facts_named(facts, "order.event")][:2] == [
        "Shipment State : Sent",
        "State : Processing",
    ]
    (at, *_) = facts_named(facts, "order.event.at")
    assert isinstance(at.value, Instant)
    assert at.value.at == datetime(2026, 11, 22, 0, 34, 56, 139824, tzinfo=UTC)
    assert str(at.locator) == "json:/0/create_date"


def test_an_answer_that_is_no_list_is_refused() -> None:
    with pytest.raises(ShapeError):
        read({"error": "x"})
    with pytest.raises(RequestError, match="application_key_env"):
        Tryton().auth({}, {})


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("REST sale with nested shipment and package", "sale.sale"),
        ("REST audit log of the sale (ir.model.log)", "ir.model.log"),
    ],
)
def test_a_drifted_answer_is_read_or_refused_and_nothing_is_invented(
    calls: dict[str, Any], title: str, model: str
) -> None:
    times = {"order.placed.at", "order.updated.at", "shipment.shipped.at", "order.event.at"}
    assert_holds_under_drift(
        Tryton(),
        calls[title],
        role=Role.ORDER_RECORD,
        hints={"model": model},
        derived=frozenset({"order.unknown", "order.total", *times}),
    )
