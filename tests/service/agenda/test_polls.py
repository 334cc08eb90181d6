"""Where a platform pushes nothing its lists are asked for; each entry starts once what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from collectors.secrets import Secret
from evidence.errors import ConfigError, OutageError
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

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
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
