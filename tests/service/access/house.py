"""A real service with two tenants, an order of each sealed, and a token of every role of each."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from collectors.secrets import Secret
from evidence.custody import Act
from evidence.orders import OrderRef, Platform
from service.access.callers import Role, Whose
from service.access.tokens import new_token
from service.api.opened import RuntimeEvidence, open_runtime
from service.custody import By
from service.defects.desk import Desk, Told
from service.http.app import make_app
from service.http.contract import CONTRACT, Contract
from service.runtime import Runtime
from service.settings import Settings, SourceSettings
from service.webhooks.sender import new_secret
from storage.ledger.outbox import Subscription
from tests import shape
from tests.service.conftest import Checked

OURS, THEIRS = "default", "rival"
OUR_ORDER = OrderRef(Platform.AMAZON, "112-4872913-5531402")
THEIR_ORDER = OrderRef(Platform.AMAZON, "113-9999999-7777777")
# Stands in everything that the other tenant has; it must be in no answer of ours.
CANARY = "Wilhelmine-Canary"
BY = By("local user tests", "orderproof test")


@dataclass(slots=True)
class Tenant:
    """What there is of a tenant, by the names of openapi.yaml's path parameters."""

    name: str
    ref: OrderRef
    names: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)
    handle: str = ""

    @property
    def traces(self) -> list[str]:
        """What only this tenant may read."""
        named = {"collection_id", "sha256", "share_id", "token_id", "secret", "subscription_id"}
        named |= {"case_id", "defect_id"}
        return [CANARY, self.ref.id, self.handle, *(self.names[name] for name in named)]


@dataclass(slots=True)
class House:
    ask: Checked
    ours: Tenant
    theirs: Tenant

    @property
    def contract(self) -> Contract:
        assert self.ask.client.app is not None
        return self.ask.client.app[CONTRACT]


def house_settings(folder: Path) -> Settings:
    sources = []
    for tenant, ref, text in (
        (OURS, OUR_ORDER, "Delivered to the front door."),
        (THEIRS, THEIR_ORDER, f"Signed for by {CANARY}."),
    ):
        drop = folder / f"drop-{tenant}"
        drop.mkdir(parents=True)
        (drop / f"{ref.id} note.txt").write_text(text, "utf-8")
        sources.append(
            SourceSettings(
                name=f"notes-{tenant}", collector="folder", folder=drop, tenants=(tenant,)
            )
        )
    made = Settings(
        data=folder / "data",
        keys=folder / "keys",
        sources=tuple(sources),
        api_token=Secret("api_token", "right-token"),
    )
    return shape.shaped(made)


async def seed(runtime: Runtime) -> tuple[Tenant, Tenant]:
    return (
        await _tenant(runtime, OURS, OUR_ORDER),
        await _tenant(runtime, THEIRS, THEIR_ORDER),
    )


async def _tenant(runtime: Runtime, name: str, ref: OrderRef) -> Tenant:
    made, _ = await runtime.request_collection(ref, tenant=name)
    assert await runtime.walk(name, made.id) == "sealed"
    order = await runtime.find(name, ref)
    items = await runtime.ledger.items(order)
    evidence = RuntimeEvidence(runtime)
    lasts = timedelta(days=1)
    shared = await evidence.add_share(
        Whose(name), ref, profile="bagit", show=[], copies=[], lasts=lasts, by=BY
    )
    assert shared is not None
    case, _ = await evidence.cases.open(
        Whose(name),
        {
            "platform": "amazon",
            "kinds": ["a-to-z"],
            "orders": [ref.id],
            "papers": [{"text": f"A claim about {ref.id}, says {name}."}],
        },
        BY,
    )
    names = {
        "case_id": case["id"],
        "report": "coverage",
        "platform": str(ref.platform),
        "order_id": ref.id,
        "collection_id": made.id,
        "sha256": next(item.sha256 for item in items if item.source == f"notes-{name}"),
        "share_id": shared[0].id,
        "secret": shared[1],
        "policy_id": next(iter(runtime.policies)),
        "path": "checkpoint",
        "store": "main",
        "dimension": "domain",
        "hook": "none",
        "subscription_id": secrets.token_hex(8),
    }
    told = Told(platform=str(ref.platform), number=ref.id, site="US", said="a-to-z")
    desk = Desk(runtime)
    ((defect, _),) = await desk.enter(name, "default", [told], origin="manual", collect=False)
    names["defect_id"] = defect.id
    tenant = Tenant(name, ref, names, handle=order.handle)
    for role in [*Role, "spare"]:
        token, secret = new_token(
            tenant=name,
            name=f"{role} of {CANARY}" if name == THEIRS else str(role),
            role=Role.AUDITOR if role == "spare" else Role(role),
            made_by="tests",
            now=runtime.clock(),
        )
        await runtime.ledger.add_access_token(token)
        tenant.tokens[str(role)] = secret
        names["token_id"] = token.id  # the spare one's, in the end
    await runtime.ledger.add_subscription(
        Subscription(
            id=names["subscription_id"],
            tenant=name,
            url=f"https://{CANARY if name == THEIRS else 'ours'}.example/hook",
            secret=new_secret(),
            events=frozenset({"verification.failed"}),
            stores=None,
            created_at=runtime.clock(),
        )
    )
    await runtime.ledger.note_apart(name, Act.DENIAL, _denial(name))
    return tenant


def _denial(name: str) -> Mapping[str, Any]:
    who = CANARY if name == THEIRS else "tests"
    return {"who": who, "way": "GET /", "why": "forbidden", "times": 1, "request": ""}


@contextlib.asynccontextmanager
async def house(folder: Path, **changes: Any) -> AsyncIterator[House]:
    settings = replace(await asyncio.to_thread(house_settings, folder), **changes)
    async with await Runtime.open(settings) as runtime:
        ours, theirs = await seed(runtime)
    app = make_app(settings, opening=partial(open_runtime, worker=False))
    client = TestClient(TestServer(app))
    await client.start_server()
    try:
        yield House(Checked(client), ours, theirs)
    finally:
        await client.close()
