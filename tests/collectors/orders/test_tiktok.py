"""TikTok Shop: signed as its vectors have it, asked and read as its published shapes have it."""

import gzip
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from collectors.orders.tiktok import TikTok
from collectors.orders.tiktok_api import signature
from collectors.registry import collector_named
from collectors.secrets import Secret
from evidence.errors import AccessError, OutageError, RequestError, ShapeError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.faults import Fault
from service.sandbox.scenario import (
    Account,
    Event,
    Line,
    Numbers,
    Order,
    Parcel,
    Return,
    Scenario,
)
from service.sandbox.tiktok import CIPHER
from tests.collectors.contract import Contract
from tests.collectors.http_bench import NOW, bench, context, server
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said, facts_named

OWN = OrderRef(Platform.TIKTOK, "576684019603311365")
AMAZON = OrderRef(Platform.AMAZON, "112-4832917-2201845")
FOLDER = "contracts/market/tiktok"
AT = datetime.fromisoformat("2026-07-03T14:31:07-07:00")
SECRETS = {name: Secret(name, "sandbox-secret") for name in ("app_secret", "refresh_token")}
STORY = Scenario(
    order=Order(
        id=AMAZON.id,
        buyer="Jane Doe",
        placed_at=AT - timedelta(days=3),
        paid_at=AT - timedelta(days=3),
        total="48.90",
        numbers=Numbers(tiktok=OWN.id),
        lines=(Line(sku="LAMP", title="Oak lamp", price="48.90"),),
    ),
    parcels=(
        Parcel(
            tracking_number="1Z84A7V90344127810",
            recipient_city="PORTLAND",
            events=(Event(at=AT, kind="delivered", description="Your package was delivered."),),
        ),
    ),
    returns=(
        Return(
            id="4035310012345678901",
            platform="tiktok",
            at=AT + timedelta(days=2),
            amount="48.90",
            reason="It did not arrive.",
            note="Nothing was at my door.",
            due_at=AT + timedelta(days=4),
        ),
    ),
)
# What says in our words what the answer shows.
_DERIVED = frozenset({"order.unknown", "order.address_changed"})


def read(value: Any, *, asked: str = "") -> list[Fact]:
    return TikTok().read(answer(TikTok(), value, role=Role.ORDER_RECORD, hints={"asked": asked}))


async def collected(
    url: str,
    order: OrderRef = OWN,
    *,
    aliases: tuple[str, ...] = (),
    keep: list[Item] | None = None,
) -> AsyncIterator[Item]:
    options = {
        "app_key": "sandbox-client",
        "shop_cipher": CIPHER,
        "token_url": f"{url}/tiktok/api/v2/token/refresh",
    }
    auth = TikTok().auth(options, SECRETS)
    async with bench(f"{url}/tiktok", auth=auth, collector="tiktok/1") as b:
        known = {"order.alias": aliases} if aliases else {}
        async for item in TikTok().collect(order, context(b.session, known, source="tiktok")):
            yield item
        if keep is not None:
            keep += b.recorded


def sandbox(story: Scenario = STORY) -> web.Application:
    return make_sandbox(story, clock=lambda: NOW)


# Signing


def test_a_request_is_signed_as_the_vectors_have_it(shared: Path) -> None:
    vectors = json.loads((shared / FOLDER / "request-signing-vectors.json").read_bytes())["cases"]
    ours = [one for one in vectors if "multipart" not in (one["content_type"] or "")]
    assert len(ours) == 3
    for one in ours:
        body = (one["body"] or "").encode()
        made = signature(one["app_secret"], one["path"], dict(one["query"]), body)
        assert made == one["sign"], one["name"]


async def test_a_token_is_bought_by_get_and_nothing_secret_is_kept() -> None:
    app, kept = sandbox(), list[Item]()
    async with served(app) as url:
        [item async for item in collected(url, keep=kept)]
    (token,) = [one for one in app[ASKED] if "token" in one.path]
    assert (token.method, token.query["grant_type"]) == ("GET", "refresh_token")
    written = gzip.decompress(b"".join(item.content.read(1 << 20) for item in kept))
    assert b"sandbox-secret" not in written and b"sandbox-client" in written
    assert b"[secret:tiktok_access_token]" in written


async def test_a_token_that_ended_is_bought_anew_and_a_refresh_token_may_change() -> None:
    bought: list[str] = []

    async def token(request: web.Request) -> web.Response:
        bought.append(request.query["refresh_token"])
        data = {
            "access_token": f"token-{len(bought)}",
            "refresh_token": f"refresh-{len(bought)}",
            "access_token_expire_in": int(NOW.timestamp()) + 86_400,
        }
        return web.json_response({"code": 0, "data": data})

    async def order(request: web.Request) -> web.Response:
        if request.headers["x-tts-access-token"] != "token-2":
            return web.json_response({"code": 105002, "message": "expired"}, status=401)
        return web.json_response({"code": 0, "data": {"orders": []}})

    async with server(web.get("/t", token), web.get("/order/202507/orders", order)) as url:
        options = {"app_key": "k", "shop_cipher": "c", "token_url": f"{url}/t"}
        auth = TikTok().auth(options, SECRETS)
        async with bench(url, auth=auth, collector="tiktok/1") as b:
            (item,) = [i async for i in TikTok().collect(OWN, context(b.session, {}))]
    assert bought == ["sandbox-secret", "refresh-1"]
    assert [fact.name for fact in TikTok().read(item)] == ["order.unknown"]
    assert {secret.reveal() for secret in auth.secrets} >= {"refresh-2", "token-2", "token-1"}


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"code": 36004001, "message": "no"}, AccessError),
        ({"code": 0, "data": {"access_token": 5}}, ShapeError),
        ({"code": 0, "data": {"access_token": "t", "access_token_expire_in": "soon"}}, ShapeError),
        ({"code": "0"}, ShapeError),
        ([], ShapeError),
    ],
)
async def test_a_token_answer_that_is_none_says_why(said: Any, error: type[Exception]) -> None:
    async def token(_: web.Request) -> web.Response:
        return web.json_response(said)

    async with server(web.get("/t", token)) as url:
        options = {"app_key": "k", "shop_cipher": "c", "token_url": f"{url}/t"}
        auth = TikTok().auth(options, SECRETS)
        async with bench(url, auth=auth, collector="tiktok/1", retries=0) as b:
            with pytest.raises(error):
                [i async for i in TikTok().collect(OWN, context(b.session, {}))]


# What is asked and brought


async def test_each_request_is_one_that_tiktok_documents(shared: Path) -> None:
    operations = json.loads((shared / FOLDER / "operations.json").read_bytes())["operations"]
    app = sandbox()
    async with served(app) as url:
        [item async for item in collected(url)]
        [item async for item in collected(url, AMAZON)]
    asked = {
        (one.method.lower(), one.path.removeprefix("/tiktok"))
        for one in app[ASKED]
        if "token" not in one.path and "media" not in one.path
    }
    assert len(asked) == 8
    for method, path in asked:
        assert any(
            method == one["method"] and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one["path"]), path)
            for one in operations
        ), path


async def test_the_sandbox_answers_in_the_published_shapes(shared: Path) -> None:
    schemas = {
        f"order/{OWN.id}": "GetOrderDetailResponse",
        f"order/{OWN.id}/returns/1": "SearchReturnsResponse",
        "return/4035310012345678901/records": "GetReturnRecordsResponse",
        f"order/{OWN.id}/cancellations/1": "SearchCancellationsResponse",
        f"order/{OWN.id}/package/115292150460687000": "GetPackageDetailResponse",
        f"order/{OWN.id}/track": "GetOrderTrackingResponse",
        f"order/{OWN.id}/external": "GetExternalOrderReferencesResponse",
    }
    async with served(sandbox()) as url:
        items = {item.key: item async for item in collected(url)}
    assert set(items) - {"return/4035310012345678901/media/0"} == set(schemas)
    for key, name in schemas.items():
        schema = Contract(shared / FOLDER / f"{name}.schema.json", prefix="")
        told = json.loads(items[key].content.read(1 << 20))
        assert list(schema.departures(schema.document, told)) == [], key


async def test_an_order_brings_returns_with_their_pictures_first_then_packages() -> None:
    async with served(sandbox()) as url:
        items = [item async for item in collected(url)]
    assert [item.role for item in items] == [
        Role.ORDER_RECORD,
        Role.REFUND_RECORD,
        Role.REFUND_RECORD,
        Role.MESSAGE_ATTACHMENT,
        Role.REFUND_RECORD,
        Role.SHIPMENT_RECORD,
        Role.TRACKING_HISTORY,
        Role.ORDER_RECORD,
    ]
    assert items[3].media_type == "image/jpeg" and TikTok().read(items[3]) == []
    said = {fact.name: fact for item in items for fact in TikTok().read(item)}
    assert said["order.delivered.at"].time.span.earliest == AT
    assert said["scan.other"].text == "Your package was delivered."
    assert said["scan.other.at"].time.span.earliest == AT
    assert said["shipment.tracking_number"].text == "1Z84A7V90344127810"
    assert said["shipment.recipient.city"].text == "PORTLAND"
    assert said["return.amount"].text == "48.90 USD"
    assert said["return.event"].text == "Nothing was at my door."
    assert said["return.due.at"].time.span.earliest == AT + timedelta(days=4)
    assert said["order.alias"].text == AMAZON.id
    assert not [name for name in said if name.startswith(("scan.delivered", "delivery."))]


async def test_an_order_of_another_platform_is_found_by_what_the_seller_tied_to_it() -> None:
    async with served(sandbox()) as url:
        items = [item async for item in collected(url, AMAZON)]
        by_alias = [
            item
            async for item in collected(
                url, OrderRef(Platform.OTHER, "SO-1"), aliases=(OWN.id, "SO-2")
            )
        ]
        unknown = OrderRef(Platform.AMAZON, "112-0000000-0000000")
        nothing = [item async for item in collected(url, unknown)]
        stranger = OrderRef(Platform.OTHER, "SO-1")
        guess = [i async for i in collected(url, stranger, aliases=("576684019603311999",))]
    assert items[0].about == by_alias[0].about == {"order.id": OWN.id}
    assert nothing == guess == []


async def test_an_order_that_tiktok_does_not_know_is_a_fact() -> None:
    async with served(sandbox()) as url:
        unknown = OrderRef(Platform.TIKTOK, "576684019603311999")
        (item,) = [item async for item in collected(url, unknown)]
    request, fact = TikTok().read(item)
    assert fact.name == "order.unknown"
    assert (request.name, str(request.locator)) == ("exchange.request_id", "json:/request_id")


async def test_one_part_that_fails_does_not_keep_the_others_from_being_brought() -> None:
    faults = (
        Fault(kind="status", status=403, on="/returns/search"),
        Fault(kind="status", status=404, on="/packages/"),
    )
    items: list[Item] = []
    async with served(sandbox(replace(STORY, faults=faults))) as url:
        with pytest.raises(AccessError, match="403"):
            async for item in collected(url):
                items.append(item)
    assert [item.role for item in items][-2:] == [Role.TRACKING_HISTORY, Role.ORDER_RECORD]


@pytest.mark.parametrize(
    ("code", "error"), [(105005, AccessError), (36009003, RequestError)], ids=["scope", "other"]
)
async def test_a_code_that_is_not_0_is_an_error_although_the_status_is_200(
    code: int, error: type[Exception]
) -> None:
    async def order(_: web.Request) -> web.Response:
        return web.json_response({"code": code, "message": "Jane Doe"})

    async with (
        server(web.get("/order/202507/orders", order)) as url,
        bench(url, collector="tiktok/1") as b,
    ):
        with pytest.raises(error, match=str(code)) as raised:
            [i async for i in TikTok().collect(OWN, context(b.session, {}, source="tiktok"))]
    assert "Jane" not in str(raised.value)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(kind="status", status=500, times=0), OutageError),
        (Fault(kind="status", status=429, retry_after="600", times=0), OutageError),
        (Fault(kind="truncate", times=0), OutageError),
    ],
    ids=["500", "429", "cut off"],
)
async def test_a_source_that_fails_says_whose_matter_it_is(
    fault: Fault, error: type[Exception]
) -> None:
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        with pytest.raises(error):
            [item async for item in collected(url)]


async def test_garbage_is_brought_and_only_reading_it_complains() -> None:
    fault = Fault(kind="garbage", on="/order/202507/orders")
    async with served(sandbox(replace(STORY, faults=(fault,)))) as url:
        (item,) = [item async for item in collected(url)]
    with pytest.raises(ShapeError):
        TikTok().read(item)


async def test_an_account_that_is_not_ours_gets_no_token() -> None:
    story = replace(STORY, accounts={"tiktok": Account(client_secret="another")})
    async with served(sandbox(story)) as url:
        with pytest.raises(AccessError, match="36004001"):
            [item async for item in collected(url)]


def test_it_is_in_the_registry_and_says_which_setting_is_missing() -> None:
    assert collector_named("tiktok").roles == TikTok.roles
    with pytest.raises(RequestError, match="app_key"):
        TikTok().auth({}, SECRETS)
    with pytest.raises(RequestError, match="shop_cipher"):
        TikTok().auth({"app_key": "k"}, SECRETS)
    with pytest.raises(RequestError, match="refresh_token_env"):
        options = {"app_key": "k", "shop_cipher": "c"}
        TikTok().auth(options, {"app_secret": SECRETS["app_secret"]})


# What is read


def sample(shared: Path, name: str) -> Any:
    return json.loads((shared / FOLDER / f"{name}.sample.json").read_bytes())


def test_a_sample_order_is_read_without_loss(shared: Path) -> None:
    value = sample(shared, "order-detail")
    facts = read(value)
    assert_said(facts, value, derived=_DERIVED)
    said = {fact.name: fact for fact in facts}
    assert said["order.placed.at"].time.span.earliest == datetime.fromtimestamp(1781293420, UTC)
    assert said["order.alias"].text == "114-9876543-1234560", "out of the seller's own note"
    assert said["order.total"].text == "49.99 USD"
    assert said["shipment.tracking_number"].group == "parcel/1Z999AA10123456789"
    assert not facts_named(facts, "field.unread")


def test_sample_tracking_keeps_milliseconds_and_infers_no_delivery(shared: Path) -> None:
    value = sample(shared, "order-tracking")
    facts = read(value)
    assert_said(facts, value)
    assert {fact.name for fact in facts} == {"scan.other", "scan.other.at", "exchange.request_id"}
    (first, *_) = facts_named(facts, "scan.other.at")
    assert first.time.span.earliest == datetime.fromtimestamp(1781400416, UTC)
    assert first.time.span.width_s < 0.001


@pytest.mark.parametrize("number", ["152523", "5.76684019603311e17"], ids=["sample", "a float"])
def test_a_placeholder_of_tiktoks_own_pages_is_read_as_it_stands(number: str) -> None:
    facts = read({"code": 0, "data": {"orders": [{"id": number}]}}, asked="order")
    assert [fact.text for fact in facts] == [number]


@pytest.mark.parametrize("value", ["1781293420000", "12", "soon", -5])
def test_a_time_of_another_unit_is_told_as_it_stands(value: Any) -> None:
    facts = read({"code": 0, "data": {"orders": [{"id": OWN.id, "create_time": value}]}})
    assert [fact.text for fact in facts_named(facts, "field.unread")] == [str(value)]


def test_a_time_that_is_0_is_no_time() -> None:
    facts = read({"code": 0, "data": {"orders": [{"id": OWN.id, "delivery_time": 0}]}})
    assert [fact.name for fact in facts] == ["order.id"]


@pytest.mark.parametrize("value", [{}, {"code": 5}, {"code": 0, "data": {"new": 1}}, []])
def test_an_answer_of_another_shape_is_refused(value: Any) -> None:
    with pytest.raises(ShapeError):
        read(value)


async def test_a_changed_answer_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    async with served(sandbox()) as url:
        items = [item async for item in collected(url) if item.media_type == "application/json"]
    values = [json.loads(item.content.read(1 << 20)) for item in items]
    values += [sample(shared, "order-detail"), sample(shared, "order-tracking")]
    for value in values:
        assert_holds_under_drift(
            TikTok(), value, role=Role.ORDER_RECORD, derived=_DERIVED, rounds=150
        )
