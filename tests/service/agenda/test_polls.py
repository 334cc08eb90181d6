"""Where a platform pushes nothing its lists are asked for; each entry starts once what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from collectors.secrets import Secret
from evidence.errors import ConfigError, OutageError, RequestError
from evidence.orders import OrderRef, Platform
from service.agenda.poll_settings import PollSettings, read_polls
from service.agenda.polls import Poller
from service.defects.desk import Desk
from service.runtime import Runtime
from service.settings import SourceSettings
from storage.ledger.errands import Why
from tests.service.access.house import OUR_ORDER, OURS, house_settings


class Platforms:
    """A help desk's API that has lists of other things as well."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self.status = 200
        self.asked: list[web.Request] = []
        self.pages: dict[str, dict[str, Any]] = {}

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        if (page := self.pages.get(request.query.get("page", ""))) is not None:
            return web.json_response(page, status=self.status)
        return web.json_response({"data": {"rows": self.entries}}, status=self.status)


@pytest.fixture
def platforms() -> Platforms:
    return Platforms()


@pytest.fixture
async def runtime(tmp_path: Path, platforms: Platforms) -> AsyncIterator[Runtime]:
    app = web.Application()
    app.router.add_get("/{path:.*}", platforms.answer)
    server = TestServer(app)
    await server.start_server()
    settings = house_settings(tmp_path)
    source = SourceSettings(
        name="desk",
        collector="zendesk",
        base_url=str(server.make_url("")).rstrip("/"),
        options={"email": "a@shop.example", "retries": 0},
        secrets={"api_token": Secret("api_token", "canary-token")},
    )
    settings = replace(settings, sources=(*settings.sources, source))
    async with await Runtime.open(settings) as opened:
        yield opened
    await server.close()


def poll(what: str, **fields: str) -> PollSettings:
    return PollSettings(
        name="list",
        source="desk",
        path="/lists/claims",
        items="$.data.rows[*]",
        what=what,
        params={"sort": "newest"},
        platform="amazon",
        fields={"order": "$.order.id", **fields},
    )


def poller(runtime: Runtime, settings: PollSettings) -> Poller:
    return Poller(runtime, settings, Desk(runtime))


async def test_a_claim_of_a_list_is_a_defect_once_and_starts_one_collection(
    runtime: Runtime, platforms: Platforms
) -> None:
    row = {"order": {"id": OUR_ORDER.id}, "n": 7, "type": "A-to-z", "at": "2026-11-22T08:15:00Z"}
    platforms.entries = [row, {"order": {"id": "EU-77"}, "type": "x"}, {"order": 3}, "no", None]
    one = poller(runtime, poll("defect", kind="$.type", case="$.n", noticed="$.at"))
    for _ in range(2):
        assert await one.ask() == 5
    (defect,) = await runtime.ledger.defects(OURS)
    assert (defect.kind, defect.case, defect.origin) == ("a-to-z", "7", "poll")
    assert defect.due_rule == "AMZ-A2Z-02"
    assert await Desk(runtime).act() == 1
    order = await runtime.find(OURS, OUR_ORDER)
    assert len(await runtime.ledger.collections_of(order)) == 1
    (request, _) = platforms.asked
    assert (request.path, request.query["sort"]) == ("/lists/claims", "newest")
    assert request.headers["Authorization"].startswith("Basic ")
    assert list((runtime.settings.data / "spool").rglob("*.part")) == []


async def test_a_delivery_starts_one_and_a_message_only_if_it_warns(
    runtime: Runtime, platforms: Platforms
) -> None:
    platforms.entries = [{"order": {"id": OUR_ORDER.id}, "id": n} for n in range(2)]
    for _ in range(2):
        await poller(runtime, poll("delivered")).ask()
    order = await runtime.find(OURS, OUR_ORDER)
    assert len(await runtime.ledger.collections_of(order)) == 1
    texts = ("undamaged, thanks", "it arrived damaged")
    platforms.entries = [
        {"order": {"id": OUR_ORDER.id}, "id": n, "body": text} for n, text in enumerate(texts)
    ]
    for _ in range(2):
        await poller(runtime, poll("message", text="$.body", id="$.id")).ask()
    assert len(await runtime.ledger.collections_of(order)) == 2
    assert [each.why for each in await runtime.ledger.errands_of(order)] == [Why.ANSWER]


async def test_a_list_of_one_store_starts_nothing_for_another(
    runtime: Runtime, platforms: Platforms
) -> None:
    order = await runtime.ledger.order(OURS, OUR_ORDER, store="us")
    platforms.entries = [{"order": {"id": OUR_ORDER.id}}]
    await poller(runtime, replace(poll("delivered"), store="eu")).ask()
    assert await runtime.ledger.collections_of(order) == []
    await poller(runtime, poll("delivered")).ask()
    (collection,) = await runtime.ledger.collections_of(order)
    assert collection.store == "us"


def order_numbers(count: int) -> list[str]:
    return [f"112-48329{n:02d}-2201845" for n in range(count)]


def page_with(number: str, onward: Any = None) -> dict[str, Any]:
    return {"data": {"rows": [{"order": {"id": number}}], "next": onward}}


async def started(runtime: Runtime, numbers: list[str]) -> list[str]:
    found = []
    for number in numbers:
        if await runtime.ledger.find_order(OURS, OrderRef(Platform.AMAZON, number)) is not None:
            found.append(number)
    return found


@pytest.mark.parametrize("way", ["token", "link", "path"])
async def test_a_list_goes_on_over_its_pages(
    runtime: Runtime, platforms: Platforms, way: str
) -> None:
    numbers = order_numbers(3)
    base = str(runtime.settings.sources[-1].base_url) if way == "link" else ""
    lead = "" if way == "token" else f"{base}/lists/claims?sort=newest&page="
    platforms.pages = {
        "": page_with(numbers[0], f"{lead}b"),
        "b": page_with(numbers[1], f"{lead}c"),
        "c": page_with(numbers[2]),
    }
    settings = replace(poll("delivered"), next="$.data.next")
    if way == "token":
        settings = replace(settings, next_param="page")
    assert await poller(runtime, settings).ask() == 3
    assert await started(runtime, numbers) == numbers
    assert {asked.query["sort"] for asked in platforms.asked} == {"newest"}


async def test_pages_without_end_are_asked_for_no_longer_than_is_configured(
    runtime: Runtime, platforms: Platforms
) -> None:
    numbers = order_numbers(8)
    platforms.pages = {
        str(at) if at else "": page_with(number, at + 1) for at, number in enumerate(numbers)
    }
    settings = replace(poll("delivered"), next="$.data.next", next_param="page", pages=3)
    assert await poller(runtime, settings).ask() == 3
    platforms.pages = {"": page_with(numbers[0], "loop"), "loop": page_with(numbers[1], "loop")}
    assert await poller(runtime, settings).ask() == 2


@pytest.mark.parametrize(
    "link", ["http://127.0.0.2:9/x?page=b", "//evil.example/x", "http://[", "7"]
)
async def test_a_next_page_elsewhere_is_refused_after_what_this_one_says(
    runtime: Runtime, platforms: Platforms, link: str
) -> None:
    (number,) = order_numbers(1)
    platforms.pages = {"": page_with(number, link)}
    with suppress(RequestError):
        await poller(runtime, replace(poll("delivered"), next="$.data.next", pages=2)).ask()
    assert await started(runtime, [number]) == [number]
    assert {str(asked.url.origin()) for asked in platforms.asked} == {
        str(URL(str(runtime.settings.sources[-1].base_url)).origin())
    }


async def test_a_list_that_fails_starts_nothing(runtime: Runtime, platforms: Platforms) -> None:
    platforms.status = 503
    with pytest.raises(OutageError):
        await poller(runtime, poll("delivered")).ask()
    ref = OrderRef(Platform.AMAZON, OUR_ORDER.id)
    assert await runtime.ledger.find_order(OURS, ref) is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"source": "nobody"}, "source"),
        ({"what": "gossip"}, "what"),
        ({"every_s": 5}, "every_s"),
        ({"items": "$["}, "items"),
        ({"order": "$[?"}, "order"),
        ({"colour": "red"}, "colour"),
        ({"params": {"a": 1}}, "params"),
        ({"platform": "moon"}, "platform"),
        ({"next": "next"}, "next"),
        ({"next": "$["}, "next"),
        ({"next_param": "page"}, "next"),
        ({"pages": 0}, "pages"),
        ({"pages": True}, "pages"),
    ],
)
def test_a_poll_that_is_configured_wrong_is_refused_by_name(
    changes: dict[str, Any], why: str, tmp_path: Path
) -> None:
    table: dict[str, Any] = {
        "source": "desk", "path": "/x", "items": "$.rows[*]", "what": "defect", "order": "$.id",
    }  # fmt: skip
    sources = frozenset({"desk"})
    assert read_polls({"a": table}, sources=sources, path=tmp_path)[0].every_s == 900
    with pytest.raises(ConfigError, match=why):
        read_polls({"a": {**table, **changes}}, sources=sources, path=tmp_path)
