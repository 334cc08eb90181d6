"""eBay's conversations with a buyer, asked and answered as eBay's own description has it."""

import json
from pathlib import Path

import pytest

from collectors.messages.ebay_messages import EbayMessages
from collectors.secrets import Secret
from evidence.errors import AccessError
from evidence.facts import Facts
from evidence.items import Item, Role
from evidence.orders import OrderRef, Platform
from service.sandbox.app import ASKED, make_sandbox, served
from service.sandbox.scenario import everyone
from tests.collectors.contract import Contract
from tests.collectors.http_bench import NOW, bench, context
from tests.collectors.reading import assert_holds_under_drift, assert_said

ORDER = OrderRef(Platform.EBAY, "04-11234-56789")
DERIVED = frozenset({"message.role", "thread.end", "thread.id", "thread.asked"})


async def collected(url: str, *, secret: str = "sandbox-secret") -> list[Item]:
    options = {
        "client_id": "sandbox-client",
        "token_url": f"{url}/ebay_messages/identity/v1/oauth2/token",
    }
    secrets = {name: Secret(name, secret) for name in ("client_secret", "refresh_token")}
    auth = EbayMessages().auth(options, secrets)
    async with bench(f"{url}/ebay_messages", auth=auth, collector="ebay_messages/1") as b:
        told = context(b.session, {}, source="ebay_messages")
        return [item async for item in EbayMessages().collect(ORDER, told)]


@pytest.mark.needs_shared
async def test_requests_and_answers_are_those_of_ebays_description(shared: Path) -> None:
    path = shared / "contracts/market/ebay/commerce_message_v1_oas3.json"
    contract = Contract(path, prefix="/ebay_messages/commerce/message/v1")
    app = make_sandbox(everyone(), clock=lambda: NOW)
    async with served(app) as url:
        items = await collected(url)
    asked = [one for one in app[ASKED] if "/commerce/message/" in one.path]
    threads = [item for item in items if item.role is Role.MESSAGE_THREAD]
    assert len(asked) == len(threads) == 2
    for one, item in zip(asked, threads, strict=True):
        contract.assert_request(one)
        document = json.loads(item.content.read(1 << 20))
        contract.assert_answer(one, 200, document)
        assert_said(EbayMessages().read(item), document, derived=DERIVED)


async def test_every_message_has_its_role_its_time_and_its_picture() -> None:
    async with served(make_sandbox(everyone(), clock=lambda: NOW)) as url:
        listed, page, picture = await collected(url)
    facts = Facts(EbayMessages().read(page))
    assert [fact.text for fact in facts.named("message.role")] == ["buyer", "seller", "seller"]
    assert facts.values("thread.count", "thread.end") == ["3", "yes"]
    assert len(facts.named("message.recorded.at")) == 3
    assert (picture.role, picture.media_type) == (Role.MESSAGE_ATTACHMENT, "image/jpeg")
    assert Facts(EbayMessages().read(listed)).values("thread.status") == ["ACTIVE"]
    document = json.loads(page.content.read(1 << 20))
    assert_holds_under_drift(
        EbayMessages(),
        document,
        role=Role.MESSAGE_THREAD,
        hints=dict(page.hints),
        derived=DERIVED,
        rounds=300,
    )


async def test_a_wrong_secret_is_the_operators_matter() -> None:
    async with served(make_sandbox(everyone(), clock=lambda: NOW)) as url:
        with pytest.raises(AccessError):
            await collected(url, secret="wrong-secret-1")
