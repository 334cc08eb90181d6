"""Help desks: every page of a ticket, its files at once, and who wrote what when."""

import json
from pathlib import Path
from typing import Any

import pytest

from collectors.collector import Collector
from collectors.messages.freshdesk import Freshdesk
from collectors.messages.gorgias import Gorgias
from collectors.messages.zendesk import Zendesk
from collectors.secrets import Secret
from evidence.errors import AccessError, ConfigError, RequestError
from evidence.facts import Facts
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.times import Instant, LocalTime
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.scenario import everyone
from tests.collectors.contract import Contract
from tests.collectors.http_bench import NOW, bench, context
from tests.collectors.reading import answer, assert_holds_under_drift, assert_said

ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845")
DESKS: dict[str, tuple[Any, dict[str, str], str]] = {
    "zendesk": (Zendesk(), {"email": "agent@sandbox.test"}, "api_token"),
    "gorgias": (Gorgias(), {"email": "agent@sandbox.test", "zone": "UTC"}, "api_key"),
    "freshdesk": (Freshdesk(), {"order_field": "cf_order_number"}, "api_key"),
}
DERIVED = frozenset(
    {
        "message.role", "message.private", "message.automatic", "thread.end", "thread.asked",
        "thread.id",
    }
)  # fmt: skip
SAMPLES = {
    "zendesk": ("contracts/market/zendesk/ticket-comments.synthetic.json", "comments"),
    "gorgias": ("contracts/market/helpdesk/gorgias-ticket-messages.sample.json", ""),
    "freshdesk": ("contracts/market/helpdesk/freshdesk-conversations.sample.json", "conversations"),
}


async def collected(
    name: str, url: str, *, order: OrderRef = ORDER, key: str = "sandbox-secret"
) -> list[Item]:
    collector, settings, secret = DESKS[name]
    auth = collector.auth(settings, {secret: Secret(secret, key)})
    async with bench(f"{url}/{name}", auth=auth, collector=f"{name}/1") as b:
        told = context(b.session, {}, source=name, settings=settings)
        return [item async for item in collector.collect(order, told)]


def read(collector: Collector, items: list[Item]) -> Facts:
    return Facts(fact for item in items for fact in collector.read(item))


@pytest.mark.parametrize("name", list(DESKS))
async def test_every_message_is_brought_with_its_role_its_time_and_its_picture(name: str) -> None:
    collector = DESKS[name][0]
    async with served(make_sandbox(everyone(), clock=lambda: NOW)) as url:
        items = await collected(name, url)
    facts = read(collector, items)
    groups = [
        found
        for found in facts.groups().values()
        if found.first("message.body") and found.first("message.recorded.at")
    ]
    told = {
        str(found.values("message.body")[0])[:8]: (
            found.values("message.role"),
            found.values("message.automatic"),
        )
        for found in groups
    }
    assert told["It says "] == (["buyer"], [])
    assert told["UPS left"] == (["seller"], [])
    automatic = (["system"] if name == "zendesk" else ["seller"], ["yes"])
    assert told["Thank yo"] == automatic
    for fact in facts.named("message.recorded.at"):
        assert isinstance(fact.value, Instant)
    pictures = [item for item in items if item.role is Role.MESSAGE_ATTACHMENT]
    assert len(pictures) == 1 and pictures[0].media_type == "image/jpeg"
    assert facts.values("thread.end")[-1] == "yes"
    keys = [item.key for item in items]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", ["zendesk", "gorgias"])
async def test_pages_hang_together_by_what_they_were_asked_with(name: str) -> None:
    collector = DESKS[name][0]
    async with served(make_sandbox(everyone(), clock=lambda: NOW)) as url:
        items = await collected(name, url)
    part = "comments" if name == "zendesk" else "messages"
    pages = [item for item in items if f"/{part}/" in item.key and "attachment" not in item.key]
    assert len(pages) == 2
    first, second = (Facts(collector.read(page)) for page in pages)
    assert first.values("thread.asked") == [] and first.values("thread.end") == ["no"]
    assert second.values("thread.asked") == first.values("thread.next")
    assert second.values("thread.end") == ["yes"]


@pytest.mark.parametrize("name", list(DESKS))
async def test_an_order_that_no_ticket_names_brings_no_message(name: str) -> None:
    async with served(make_sandbox(everyone(), clock=lambda: NOW)) as url:
        items = await collected(name, url, order=OrderRef(Platform.AMAZON, "112-0000000-0000000"))
    assert not read(DESKS[name][0], items).named("message.body")


@pytest.mark.parametrize("name", list(DESKS))
async def test_a_wrong_key_is_the_operators_matter(name: str) -> None:
    async with served(make_sandbox(everyone(), clock=lambda: NOW)) as url:
        with pytest.raises(AccessError):
            await collected(name, url, key="wrong-key-1")
    with pytest.raises(RequestError, match=f"{DESKS[name][2]}_env"):
        DESKS[name][0].auth(DESKS[name][1], {})


async def test_a_field_that_could_end_a_query_is_refused() -> None:
    auth = Freshdesk().auth({}, {"api_key": Secret("api_key", "sandbox-secret")})
    async with bench("http://127.0.0.1:1", auth=auth, collector="freshdesk/1") as b:
        told = context(b.session, {}, source="freshdesk", settings={"order_field": "x' OR 1"})
        with pytest.raises(ConfigError, match="order_field"):
            await anext(Freshdesk().collect(ORDER, told))


@pytest.mark.needs_shared
@pytest.mark.parametrize("name", list(SAMPLES))
def test_the_sample_reads_without_loss_and_under_drift(shared: Path, name: str) -> None:
    path, part = SAMPLES[name]
    collector = DESKS[name][0]
    document = json.loads((shared / path).read_bytes())
    hints = {"part": part} if part else {}
    facts = collector.read(answer(collector, document, role=Role.MESSAGE_THREAD, hints=hints))
    assert_said(facts, document, derived=DERIVED)
    assert {"message.body", "message.private", "message.recorded.at"} <= {f.name for f in facts}
    private = [fact.text for fact in facts if fact.name == "message.private"]
    assert "yes" in private
    assert_holds_under_drift(
        collector, document, role=Role.MESSAGE_THREAD, hints=hints, derived=DERIVED, rounds=300
    )


@pytest.mark.needs_shared
def test_a_naive_time_stays_local_and_a_failed_answer_is_told(shared: Path) -> None:
    document = json.loads((shared / SAMPLES["gorgias"][0]).read_bytes())
    facts = Facts(Gorgias().read(answer(Gorgias(), document, role=Role.MESSAGE_THREAD)))
    assert all(isinstance(f.value, LocalTime) for f in facts.named("message.recorded.at"))
    first = facts.first("message.sent.at")
    assert first is not None and isinstance(first.value, Instant)
    assert len(facts.named("message.failed.at")) == 1


@pytest.mark.needs_shared
async def test_zendesk_is_asked_as_documented(shared: Path) -> None:
    folder = shared / "contracts/market/zendesk"
    contract = Contract(folder / "zendesk-ticket-comments-api-openapi.yml", prefix="/zendesk")
    # Its $refs to parameters point nowhere.
    contract.document["components"]["parameters"] = {"TicketId": {"name": "id", "in": "path"}}
    app = make_sandbox(everyone(), clock=lambda: NOW)
    async with served(app) as url:
        await collected("zendesk", url)
    asked = [one for one in app[ASKED] if one.path.endswith("/comments")]
    assert len(asked) == 2
    for one in asked:
        # The description tells of cursors in prose alone.
        for cursor in ("page[size]", "page[after]"):
            one.query.pop(cursor, None)
        contract.assert_request(one)
