"""Stores that run apart: what is declared of them, and what must not pass from one to another."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.secrets import Secret
from evidence.errors import RequestError
from evidence.orders import Alias, OrderRef, Platform
from service.runtime import Runtime
from service.separation import normal
from service.settings import Settings, SourceSettings
from service.webhooks.hooks import HookSettings
from service.webhooks.intake import Intake, pack
from storage.ledger.deliveries import Delivery
from storage.ledger.separation import Dimension
from tests.service.access.house import OURS, House, house
from tests.service.webhooks.test_intake import NOW, TRACKING

US = OrderRef(Platform.AMAZON, "112-0000001-0000001")
EU = OrderRef(Platform.AMAZON, "112-0000002-0000002")
VALUES = {"domain": "shop.example", "ip": "192.0.2.7", "bank": "DE00 1234", "logistics": "Acme"}


async def declare(here: House, store: str, dimension: str, value: str, **more: Any) -> Any:
    token = here.ours.tokens["operator"]
    body = {"value": value, "source": "registrar", "as_of": "2026-11-02", **more}
    answer = await here.ask.ask(
        "PUT",
        f"/v1/stores/{store}/separation/{dimension}",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status == 200, answer.body
    return answer.json


@pytest.mark.row("S0-09")
async def test_four_dimensions_that_are_shown_and_shared_with_nobody_are_a_pass(
    tmp_path: Path,
) -> None:
    document = {"document": base64.b64encode(b"%PDF-1.7 extract").decode()}
    async with house(tmp_path) as here:
        found: Any = None
        for name in ("ip", "bank", "logistics"):
            found = await declare(here, "us", name, VALUES[name], **document)
        assert (found["verdict"], found["missing"]) == ("inconclusive", ["domain"])
        found = await declare(here, "us", "domain", VALUES["domain"])
        assert (found["verdict"], found["not_shown"]) == ("inconclusive", ["domain"])
        found = await declare(here, "us", "domain", VALUES["domain"], **document)
        assert (found["verdict"], found["missing"], found["not_shown"]) == ("pass", [], [])
        assert not any(value in json.dumps(found) for value in VALUES.values())
        # Another store with the same account, however it is written, speaks against both.
        assert (await declare(here, "eu", "bank", "de00-1234"))["verdict"] == "fail"
        path, admin = "/v1/stores/us/separation", here.ours.tokens["admin"]
        headers = {"Authorization": f"Bearer {admin}"}
        found = (await here.ask.get(path, headers=headers)).json
        (bank,) = [each for each in found["dimensions"] if each["shared"]]
        assert (found["verdict"], bank["dimension"]) == ("fail", "bank")
        assert bank["shared_with"] == ["eu"]
        # Whoever may see one store alone is not told the name of the other.
        body = {"name": "us only", "role": "operator", "stores": ["us"]}
        made = (await here.ask.post("/v1/tokens", json=body, headers=headers)).json["secret"]
        narrow = {"Authorization": f"Bearer {made}"}
        found = (await here.ask.get(path, headers=narrow)).json
        assert [each["shared_with"] for each in found["dimensions"] if each["shared"]] == [[]]
        assert (await here.ask.get("/v1/stores/eu/separation", headers=narrow)).status == 403
        # A new account of its own puts it right; the other tenant's do not count.
        assert (await declare(here, "eu", "bank", "FR00 9"))["verdict"] == "inconclusive"
        theirs = {"Authorization": f"Bearer {here.theirs.tokens['operator']}"}
        found = (await here.ask.get(path, headers=theirs)).json
        assert (found["dimensions"], found["verdict"]) == ([], "inconclusive")


@pytest.mark.parametrize(
    ("dimension", "same", "wrong"),
    [
        (Dimension.DOMAIN, ("www.Shop.Example.", "shop.example"), ("shop", "a b.example", "")),
        (Dimension.IP, ("2001:DB8::1", "2001:db8:0::1"), ("192.0.2", "x")),
        (Dimension.BANK, ("DE00 1234", "de00-1234"), ("€", "")),
        (Dimension.LOGISTICS, ("Acme  Freight", "acme freight"), ("  ",)),
    ],
)
def test_one_value_has_one_form(
    dimension: Dimension, same: tuple[str, str], wrong: tuple[str, ...]
) -> None:
    assert normal(dimension, same[0]) == normal(dimension, same[1])
    for value in wrong:
        with pytest.raises(RequestError):
            normal(dimension, value)


# -- what must not pass --------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    sources = []
    for store in ("us", "eu"):
        drop = tmp_path / store
        drop.mkdir()
        for order in (US, EU):
            (drop / f"{order.id} note.txt").write_text(f"of the account {store}")
        source = SourceSettings(name=store, collector="folder", folder=drop, stores=(store,))
        sources.append(source)
    secrets = {"secret": Secret("secret", "whsec_x")}
    hooks = tuple(
        HookSettings(name=name, vendor="ups", platform="amazon", store=store, secrets=secrets)
        for name, store in (("ups-eu", "eu"), ("ups", "default"))
    )
    return Settings(
        data=tmp_path / "data", keys=tmp_path / "keys", sources=tuple(sources), webhooks=hooks
    )


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    async with await Runtime.open(settings) as opened:
        yield opened


def scan(hook: str) -> Delivery:
    body = {"trackingNumber": TRACKING, "activityStatus": {"type": "D"}}
    return Delivery(
        tenant=OURS,
        store="eu" if hook == "ups-eu" else "default",
        hook=hook,
        event=f"scan of {hook}",
        kind="activity-D",
        body=pack({}, json.dumps(body).encode()),
        received_at=NOW,
        keep_until=NOW + timedelta(days=1),
    )


async def test_an_order_is_collected_from_the_sources_of_its_own_store_alone(
    runtime: Runtime,
) -> None:
    for ref, store in ((US, "us"), (EU, "eu")):
        made, _ = await runtime.request_collection(ref, tenant=OURS, store=store)
        assert await runtime.walk(OURS, made.id) == "sealed"
        # Asked for again under another store's name, it stays where it is.
        other = "eu" if store == "us" else "us"
        again, _ = await runtime.request_collection(ref, tenant=OURS, store=other)
        await runtime.walk(OURS, again.id)
        order = await runtime.find(OURS, ref)
        items = await runtime.ledger.items(order)
        brought = {item.source for item in items} - {"orderproof"}
        assert (order.store, brought) == (store, {store})
        for item in items:
            assert f"account {other}".encode() not in runtime.stored(order, item).read(1 << 20)


async def test_a_hook_of_one_store_tells_nothing_into_another_ones_order(
    runtime: Runtime,
) -> None:
    order = await runtime.ledger.order(OURS, US, store="us")
    await runtime.ledger.add_alias(order, Alias("shipment.tracking_number", TRACKING))
    intake = Intake(runtime)
    await intake.receive(scan("ups-eu"))
    assert await intake.act() == 1
    assert await runtime.ledger.collections_of(order) == []
    assert await runtime.ledger.delivery_counts(OURS) == [("ups-eu", "activity-D", "kept", 1)]
    await intake.receive(scan("ups"))  # one that serves all stores
    assert await intake.act() == 1
    (collection,) = await runtime.ledger.collections_of(order)
    assert (collection.store, collection.sources) == ("us", ("us",))


async def test_a_parcel_that_two_stores_name_is_collected_for_the_hooks_own(
    runtime: Runtime,
) -> None:
    for ref, store in ((US, "us"), (EU, "eu")):
        order = await runtime.ledger.order(OURS, ref, store=store)
        await runtime.ledger.add_alias(order, Alias("shipment.tracking_number", TRACKING))
    intake = Intake(runtime)
    await intake.receive(scan("ups-eu"))
    await intake.act()
    started = [each.store for each in await runtime.ledger.unfinished()]
    assert started == ["eu"]
