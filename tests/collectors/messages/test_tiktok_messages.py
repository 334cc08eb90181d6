"""TikTok Shop's conversations: the buyer's one is found, and every page of it is brought."""

import json
from pathlib import Path

import pytest

from collectors.messages.tiktok_messages import TikTokMessages
from collectors.secrets import Secret
from evidence.errors import AccessError
from evidence.facts import Facts
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from evidence.times import Instant
from service.sandbox.app import make_sandbox, served
from service.sandbox.scenario import everyone
from service.sandbox.tiktok import CIPHER
from tests.collectors.http_bench import NOW, bench, context
from tests.collectors.reading import answer, assert_holds_under_drift

ORDER = OrderRef(Platform.TIKTOK, "576684019603311365")
SAMPLE = "contracts/market/tiktok/conversation-messages.sample.json"


async def collected(
    url: str, order: OrderRef = ORDER, *, secret: str = "sandbox-secret"
) -> list[Item]:
    options = {
        "app_key": "sandbox-client",
        "shop_cipher": CIPHER,
        "token_url": f"{url}/tiktok_messages/api/v2/token/refresh",
    }
    secrets = {name: Secret(name, secret) for name in ("app_secret", "refresh_token")}
    auth = TikTokMessages().auth(options, secrets)
    async with bench(f"{url}/tiktok_messages", auth=auth, collector="tiktok_messages/1") as b:
        told = context(b.session, {}, source="tiktok_messages")
        return [item async for item in TikTokMessages().collect(order, told)]


def read(item: Item) -> Facts:
    return Facts(TikTokMessages().read(item))


async def test_every_page_of_the_buyers_conversation_is_brought_with_its_picture() -> None:
    async with served(make_sandbox(everyone(), clock=lambda: NOW)) as url:
        items = await collected(url)
    first, second, picture = items
    assert (picture.role, picture.media_type) == (Role.MESSAGE_ATTACHMENT, "image/jpeg")
    assert read(first).values("thread.end") == ["no"]
    assert read(second).values("thread.end") == ["yes"]
    assert read(second).values("thread.asked") == read(first).values("thread.next")
    facts = Facts([*read(first), *read(second)])
    assert [fact.text for fact in facts.named("message.role")] == [
        "buyer", "system", "seller", "buyer",
    ]  # fmt: skip
    assert len(facts.named("message.automatic")) == 1


async def test_an_unknown_order_has_no_conversation_and_a_wrong_secret_is_said() -> None:
    async with served(make_sandbox(everyone(), clock=lambda: NOW)) as url:
        assert await collected(url, OrderRef(Platform.TIKTOK, "576684019603311999")) == []
        with pytest.raises(AccessError):
            await collected(url, secret="wrong-secret-1")


@pytest.mark.needs_shared
def test_the_sample_is_read_in_its_order_without_loss(shared: Path) -> None:
    document = json.loads((shared / SAMPLE).read_bytes())
    facts = Facts(
        TikTokMessages().read(answer(TikTokMessages(), document, role=Role.MESSAGE_THREAD))
    )
    assert [fact.text for fact in facts.named("message.role")] == [
        "buyer", "buyer", "system", "seller", "seller",
    ]  # fmt: skip
    assert facts.values("order.id") == ["576684019603311365"]
    assert facts.values("message.body")[0] == "It says delivered, where is it? 📦"
    assert facts.values("message.attachment") == ["https://example.com/pod.jpg"]
    times = [fact.value for fact in facts.named("message.recorded.at")]
    assert len(times) == 5 and all(isinstance(one, Instant) for one in times)
    for fact in facts:
        if fact.name == "message.body":
            assert str(fact.locator).endswith("/content")


@pytest.mark.needs_shared
def test_a_drifted_page_is_read_or_refused_and_nothing_is_invented(shared: Path) -> None:
    document = json.loads((shared / SAMPLE).read_bytes())
    derived = frozenset(
        {"message.role", "message.automatic", "thread.end", "thread.id"}
        | {"message.body", "message.attachment", "order.id"}
    )
    assert_holds_under_drift(
        TikTokMessages(), document, role=Role.MESSAGE_THREAD, derived=derived, rounds=300
    )
