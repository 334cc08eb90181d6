"""Odoo: what is searched for, and what is read of its records."""

import json
from pathlib import Path
from typing import Any

import pytest

from collectors.orders.odoo import Odoo
from collectors.secrets import Secret
from evidence.errors import AccessError, RequestError, ShapeError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.scenario import everyone
from tests.collectors.http_bench import NOW, bench, context
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said

ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845")
SAMPLE = "contracts/market/erp/odoo-json2.sample.json"


async def collected(
    url: str, order: OrderRef = ORDER, *, key: str = "sandbox-secret"
) -> list[Item]:
    auth = Odoo().auth({"database": "shop"}, {"api_key": Secret("api_key", key)})
    async with bench(f"{url}/odoo", auth=auth, collector="odoo/1") as b:
        told = context(b.session, {"order.alias": ("ERP-77",)}, source="odoo")
        return [item async for item in Odoo().collect(order, told)]


def read(value: Any, model: str = "sale.order") -> list[Fact]:
    return Odoo().read(answer(Odoo(), value, role=Role.ORDER_RECORD, hints={"model": model}))


async def test_the_order_is_searched_for_as_documented_then_what_hangs_on_it(shared: Path) -> None:
    documented = json.loads((shared / SAMPLE).read_bytes())["request"]
    app = make_sandbox(everyone(), clock=lambda: NOW)
    async with served(app) as url:
        items = await collected(url)
    first, *rest = app[ASKED]
    assert (first.method, first.path) == ("POST", f"/odoo{documented['url']}")
    body = json.loads(first.body)
    assert set(body) <= {*documented["body"], "limit"}
    assert ["client_order_ref", "in", [ORDER.id, "ERP-77"]] in body["domain"]
    assert first.headers["X-Odoo-Database"] == "shop"
    assert [asked.path.split("/")[4] for asked in rest] == [
        "sale.order.line",
        "stock.picking",
        "mail.message",
    ]
    facts = [fact for item in items for fact in Odoo().read(item)]
    said = {fact.name: fact.text for fact in facts}
    assert said["order.total"] == "48.9 USD"
    assert said["order.buyer"] == "Jane Doe"
    assert said["order.placed.at"] == "2026-10-27 19:12:44"
    assert said["order.event"] == "Quotation confirmed"
    assert {"shipment.tracking_number", "shipment.shipped.at", "order.item.quantity"} <= set(said)
    for item in items:
        assert_said(Odoo().read(item), json.loads(item.content.read(1 << 20)))


async def test_an_order_that_it_has_not_is_a_fact_and_nothing_more_is_asked() -> None:
    app = make_sandbox(everyone(), clock=lambda: NOW)
    async with served(app) as url:
        (item,) = await collected(url, OrderRef(Platform.AMAZON, "112-0000000-0000000"))
    assert [fact.name for fact in Odoo().read(item)] == ["order.unknown"]
    assert len(app[ASKED]) == 1


async def test_a_key_that_it_does_not_know_is_the_operators_matter() -> None:
    async with served(make_sandbox(everyone(), clock=lambda: NOW)) as url:
        with pytest.raises(AccessError):
            await collected(url, key="wrong-key")
    with pytest.raises(RequestError, match="api_key_env"):
        Odoo().auth({}, {})


def test_the_sample_reads_without_loss(shared: Path) -> None:
    document = json.loads((shared / SAMPLE).read_bytes())["response"]
    facts = read(document)
    assert_said(facts, document)
    assert {fact.name for fact in facts} == {
        "order.id",
        "order.alias",
        "order.platform",
        "order.status",
        "order.placed.at",
        "order.updated.at",
    }


def test_false_is_odoos_word_for_nothing() -> None:
    record = {"id": 11, "name": "WH/OUT/1", "carrier_tracking_ref": False, "date_done": False}
    facts = read([record | {"carrier_id": False, "state": "assigned"}], "stock.picking")
    assert [fact.name for fact in facts] == ["shipment.id", "shipment.status"]


def test_a_refusal_is_not_taken_for_an_order() -> None:
    with pytest.raises(ShapeError):
        read({"name": "odoo.exceptions.AccessError", "message": "no"})


@pytest.mark.parametrize(
    "model", ["sale.order", "sale.order.line", "stock.picking", "mail.message"]
)
def test_a_drifted_answer_is_read_or_refused_and_nothing_is_invented(
    shared: Path, model: str
) -> None:
    document = json.loads((shared / SAMPLE).read_bytes())["response"]
    document[0] |= {
        "carrier_tracking_ref": "1Z999AA10123456784",
        "carrier_id": [1, "UPS"],
        "amount_total": 48.9,
        "currency_id": [1, "USD"],
        "body": "Confirmed",
        "date": "2026-06-12 19:43:40",
        "product_uom_qty": 1.0,
    }
    derived = frozenset({"order.unknown"})
    hints = {"model": model}
    assert_holds_under_drift(Odoo(), document, role=Role.ORDER_RECORD, hints=hints, derived=derived)
