"""Amazon's account health report: asked for once, fetched at once, read as it stands."""

import gzip
import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.orders.amazon_health import MARKETPLACES, AmazonHealth
from collectors.registry import collector_named
from collectors.secrets import Secret
from evidence.errors import ConfigError, EvidenceError, OutageError, RequestError, ShapeError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.locators import WHOLE
from evidence.orders import OrderRef, Platform
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import Account, Order, Scenario
from tests.collectors.contract import Contract
from tests.collectors.http_bench import NOW, bench, context, server
from tests.collectors.orders.spapi import cases, replay
from tests.collectors.reading import answer, assert_said, drifted, facts_named

ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845")
FOLDER = "contracts/market/spapi"
EXAMPLE = "examples/accountHealthReport-2020-11-18.example.json"
SECRETS = {name: Secret(name, "sandbox-secret") for name in ("client_secret", "refresh_token")}
STORY = Scenario(order=Order(id=ORDER.id))
# Names of measures stand as keys of the report, which no value says.
_DERIVED = frozenset({"seller.metric"})


async def collected(
    url: str,
    order: OrderRef = ORDER,
    *,
    known: dict[str, tuple[str, ...]] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> AsyncIterator[Item]:
    options = {"client_id": "sandbox-client", "token_url": f"{url}/amazon_health/auth/o2/token"}
    auth = AmazonHealth().auth(options, SECRETS)
    async with bench(f"{url}/amazon_health", auth=auth, collector="amazon_health/1") as b:
        told = context(
            b.session,
            known or {},
            source="amazon_health",
            settings={"poll_s": 0, **(settings or {})},
        )
        async for item in AmazonHealth().collect(order, told):
            yield item


def sandbox(*faults: Fault, none_yet: bool = False) -> web.Application:
    accounts = {"amazon_health": Account(unknown="empty" if none_yet else "404")}
    story = replace(STORY, accounts=accounts, faults=faults)
    return make_sandbox(story, clock=lambda: NOW)


def read(value: Any) -> list[Fact]:
    return AmazonHealth().read(answer(AmazonHealth(), value, role=Role.DEFECT_NOTICE))


@pytest.fixture(scope="session")
def model(shared: Path) -> Contract:
    return Contract(shared / FOLDER / "models/reports_2021-06-30.json", prefix="/amazon_health")


# What is asked


@pytest.mark.parametrize("none_yet", [False, True], ids=["one is there", "one is made"])
async def test_each_request_is_one_that_amazon_documents(model: Contract, none_yet: bool) -> None:
    app = sandbox(none_yet=none_yet)
    async with served(app) as url:
        items = [item async for item in collected(url)]
    asked = [one for one in app[ASKED] if "/reports/2021" in one.path]
    for one in asked:
        model.assert_request(one)
    steps = [(one.method, one.path.split("/")[4]) for one in asked]
    there = [("GET", "reports"), ("GET", "documents")]
    made = [("GET", "reports"), ("POST", "reports"), *[("GET", "reports")] * 3, there[1]]
    assert steps == (made if none_yet else there)
    assert len(items) == 2
    if none_yet:
        body = json.loads(next(one.body for one in asked if one.method == "POST"))
        assert body == {
            "reportType": "GET_V2_SELLER_PERFORMANCE_REPORT",
            "marketplaceIds": [MARKETPLACES["US"]],
        }


async def test_amazons_own_cases_are_asked_and_answered(shared: Path) -> None:
    """The report of its static sandbox is for ever in progress: it is waited for, then given up."""
    name = "reports_2021-06-30.json"
    found = cases(shared, name, "getReport")
    listed = {"reports": [{"reportId": "ID323", "processingStatus": "IN_QUEUE"}]}
    found.append(
        {
            "method": "GET",
            "path": "/reports/2021-06-30/reports",
            "status": 200,
            "request": {"parameters": {}},
            "response": listed,
        }
    )
    app = replay(found)
    async with served(app) as url, bench(url, collector="amazon_health/1") as b:
        settings = {"poll_s": 0, "polls": 3}
        told = context(b.session, {}, source="amazon_health", settings=settings)
        with pytest.raises(OutageError, match="not ready yet"):
            [item async for item in AmazonHealth().collect(ORDER, told)]
    assert [one.path.rpartition("/")[2] for one in app[ASKED]] == ["reports", *["ID323"] * 3]


async def test_a_report_is_never_made_where_the_operator_says_so() -> None:
    app = sandbox(none_yet=True)
    async with served(app) as url:
        with pytest.raises(RequestError, match="create"):
            [item async for item in collected(url, settings={"create": False})]
    assert not [one for one in app[ASKED] if one.method == "POST" and "reports" in one.path]


@pytest.mark.parametrize(("status", "error"), [("CANCELLED", RequestError), ("FATAL", OutageError)])
async def test_a_report_that_cannot_be_made_says_why(status: str, error: type[Exception]) -> None:
    async def reports(request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.json_response({"reportId": "1"}, status=202)
        one = {"reportId": "1", "processingStatus": status}
        is_list = request.path.endswith("reports")
        return web.json_response({"reports": [one]} if is_list else one)

    async with (
        server(web.route("*", "/reports/2021-06-30/{tail:.*}", reports)) as url,
        bench(url, collector="amazon_health/1") as b,
    ):
        told = context(b.session, {}, source="amazon_health", settings={"poll_s": 0})
        with pytest.raises(error):
            [item async for item in AmazonHealth().collect(ORDER, told)]


async def test_only_orders_of_amazon_ask_for_it_and_a_site_needs_a_marketplace() -> None:
    other = OrderRef(Platform.SHOPIFY, "#1001")
    app = sandbox(none_yet=True)
    async with served(app) as url:
        assert [item async for item in collected(url, other)] == []
        assert not app[ASKED]
        nowhere = OrderRef(Platform.AMAZON, ORDER.id, "XX")
        with pytest.raises(ConfigError, match="marketplaces"):
            [item async for item in collected(url, nowhere)]
        wanted = {"marketplaces": ["A1F83G8C2ARO7P"]}
        assert len([item async for item in collected(url, nowhere, settings=wanted)]) == 2


@pytest.mark.parametrize("name", ["poll_s", "polls", "max_age_hours"])
async def test_a_setting_that_is_no_number_is_refused(name: str) -> None:
    async with served(sandbox(none_yet=True)) as url:
        with pytest.raises(ConfigError, match=name):
            [item async for item in collected(url, settings={name: "soon"})]


# What is brought


async def test_a_report_that_is_packed_is_kept_as_it_came_and_taken_out_of_it() -> None:
    async with served(sandbox()) as url:
        packed, report = [item async for item in collected(url)]
    assert (packed.media_type, report.media_type) == ("application/gzip", "application/json")
    whole = packed.content.read(1 << 20)
    assert gzip.decompress(whole) == report.content.read(1 << 20)
    assert report.part_of is not None
    assert (report.part_of.sha256, report.part_of.locator) == (packed.sha256, WHOLE)
    assert AmazonHealth().read(packed) == []
    said = {fact.name: fact.text for fact in AmazonHealth().read(report)}
    assert said["seller.status"] == "NORMAL"
    assert said["seller.metric.value"] == "0.004"


async def test_a_bomb_is_refused() -> None:
    async def reports(request: web.Request) -> web.Response:
        if "documents/1" in request.path:
            return web.json_response({"url": f"{request.url.origin()}/r"})
        if request.path == "/r":
            return web.Response(body=gzip.compress(bytes(64 << 20)))
        done = {"processingStatus": "DONE", "reportId": "1", "reportDocumentId": "1"}
        return web.json_response({"reports": [done]})

    async with (
        server(web.get("/{tail:.*}", reports)) as url,
        bench(url, collector="amazon_health/1") as b,
    ):
        told = context(b.session, {}, source="amazon_health")
        with pytest.raises(RequestError, match="too large"):
            [item async for item in AmazonHealth().collect(ORDER, told)]


def test_it_is_in_the_registry() -> None:
    assert collector_named("amazon_health").roles == AmazonHealth.roles


# What is read


def test_amazons_example_is_read_although_it_breaks_its_own_schema(shared: Path) -> None:
    value = json.loads((shared / FOLDER / EXAMPLE).read_bytes())
    facts = read(value)
    assert_said(facts, value, derived=_DERIVED)
    assert not facts_named(facts, "field.unread")
    statuses = [fact.text for fact in facts_named(facts, "seller.status")]
    assert statuses == ["AT_RISK", "NORMAL", "SUSPENDED"], "the schema says DEACTIVATED"
    metrics = {fact.text for fact in facts_named(facts, "seller.metric")}
    assert {"orderDefectRate.mfn", "prefulfillmentCancelRate", "documentRequest"} <= metrics
    assert "spammingSellerMessaging" in metrics


def of_metric(facts: list[Fact], metric: str) -> dict[str, Fact]:
    (group,) = {f.group for f in facts_named(facts, "seller.metric") if f.text == metric}
    return {fact.name: fact for fact in facts if fact.group == group}


def test_a_rate_is_amazons_and_not_what_its_counts_give(shared: Path) -> None:
    facts = read(json.loads((shared / FOLDER / EXAMPLE).read_bytes()))
    rate = of_metric(facts, "orderDefectRate.mfn")
    assert rate["seller.metric.value"].text == "0.009"
    assert (rate["seller.metric.count"].text, rate["seller.metric.orders"].text) == (
        "1078",
        "539000",
    )
    assert rate["seller.metric.target"].text == "0.01"
    assert of_metric(facts, "orderDefectRate.mfn.claims")["seller.metric.count"].text == "442"


def test_a_time_to_the_minute_is_a_minute_wide_and_a_range_may_lie_backwards(
    shared: Path,
) -> None:
    facts = read(json.loads((shared / FOLDER / EXAMPLE).read_bytes()))
    over = of_metric(facts, "orderDefectRate.mfn")
    end = over["seller.metric.to.at"].time.span
    assert end.earliest == datetime(2020, 11, 4, 23, 59, tzinfo=UTC)
    assert 59 < end.width_s < 60
    backwards = of_metric(facts, "documentRequest")
    assert (
        backwards["seller.metric.from.at"].time.span.earliest
        > backwards["seller.metric.to.at"].time.span.latest
    )


@pytest.mark.parametrize("value", [{}, [], {"performanceMetrics": {}}, {"accountStatuses": "x"}])
def test_an_answer_of_another_shape_is_refused(value: Any) -> None:
    with pytest.raises(ShapeError):
        read(value)


def test_a_changed_report_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    value = json.loads((shared / FOLDER / EXAMPLE).read_bytes())
    dice = random.Random("amazon_health")
    for _ in range(400):
        now = drifted(value, dice)
        try:
            facts = read(now)
        except EvidenceError:
            continue
        assert_said(facts, now, derived=_DERIVED)
