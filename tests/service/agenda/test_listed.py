"""What waits for its time can be asked for: by reason, by store, page after page, by its owner."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from evidence.erasure import ErasureReason
from evidence.orders import OrderRef, Platform
from service.access.callers import Role
from service.access.tokens import new_token
from service.agenda.warning import Heard, warn
from service.api.opened import RuntimeEvidence
from service.api.ports import Evidence
from service.custody import By
from service.http.app import make_app
from service.retention.erasure import erase
from service.runtime import Runtime
from service.settings import RetentionSettings, Settings
from storage.ledger.errands import Errand, Why
from tests.service.access.house import OUR_ORDER, OURS, THEIR_ORDER, THEIRS, house_settings
from tests.service.conftest import Checked


@pytest.fixture
async def runtime(tmp_path: Path) -> AsyncIterator[Runtime]:
    async with await Runtime.open(
        replace(house_settings(tmp_path), retention=RetentionSettings(days=0))
    ) as opened:
        yield opened


@pytest.fixture
async def ask(runtime: Runtime) -> AsyncIterator[Checked]:
    @contextlib.asynccontextmanager
    async def opening(_: Settings) -> AsyncIterator[Evidence]:
        yield RuntimeEvidence(runtime)

    client = TestClient(TestServer(make_app(runtime.settings, opening=opening)))
    await client.start_server()
    yield Checked(client)
    await client.close()


async def token(runtime: Runtime, tenant: str, *, stores: frozenset[str] | None = None) -> str:
    made, secret = new_token(
        tenant=tenant,
        name="tests",
        role=Role.APPEAL_TOOL,
        made_by="tests",
        now=runtime.clock(),
        stores=stores,
    )
    await runtime.ledger.add_access_token(made)
    return secret


def other(n: int) -> OrderRef:
    return OrderRef(Platform.AMAZON, f"112-{n:07d}-0000001")


async def fill(runtime: Runtime) -> None:
    """Two deadlines in each of two stores, a message that warns, and one of another tenant."""
    now = datetime.now(UTC)
    for n, store in enumerate(("eu", "us", "eu", "us")):
        order = await runtime.ledger.order(OURS, other(n), store=store)
        at = now + timedelta(hours=n)
        said = {"step": "appeal", "due_at": at.isoformat(), "due_rule": "R-1"}
        planned = Errand(why=Why.DEADLINE, key=str(n), at=at, said=said)
        assert await runtime.ledger.plan_errands(order, [planned]) == [True]
    for tenant, ref in ((OURS, OUR_ORDER), (THEIRS, THEIR_ORDER)):
        made, _ = await runtime.request_collection(ref, tenant=tenant)
        order = await runtime.find(tenant, ref)
        heard = Heard("m-1", "it arrived damaged", now)
        assert await warn(runtime, order, [heard], collection=made.id) == 1


async def listed(ask: Checked, secret: str, query: str = "") -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {secret}"}
    page = (await ask.get(f"/v1/agenda?limit=2{query}", headers=headers)).json
    found = list(page["agenda"])
    while page["next"]:
        assert len(page["agenda"]) == 2
        cursor = f"&cursor={page['next']}"
        page = (await ask.get(f"/v1/agenda?limit=2{query}{cursor}", headers=headers)).json
        found += page["agenda"]
    return found


async def test_all_that_waits_is_listed_the_nearest_first_to_its_owner(
    runtime: Runtime, ask: Checked
) -> None:
    await fill(runtime)
    found = await listed(ask, await token(runtime, OURS))
    assert [entry["at"] for entry in found] == sorted(entry["at"] for entry in found)
    assert {entry["order_id"] for entry in found} == {
        OUR_ORDER.id, *(other(n).id for n in range(4)),
    }  # fmt: skip
    (warned,) = [entry for entry in found if entry["why"] == "answer"]
    assert warned["details"]["risks"] == [{"risk": "damaged", "language": "en"}]
    assert set(warned["details"]["answer_by"]) == {"risk", "official", "platform"}
    assert "collection" in warned["links"]
    (theirs,) = await listed(ask, await token(runtime, THEIRS))
    assert theirs["order_id"] == THEIR_ORDER.id


async def test_it_is_narrowed_by_reason_and_by_store(runtime: Runtime, ask: Checked) -> None:
    await fill(runtime)
    ours = await token(runtime, OURS)
    assert len(await listed(ask, ours, "&why=deadline")) == 4
    assert len(await listed(ask, ours, "&why=proof")) == 0
    eu = await token(runtime, OURS, stores=frozenset({"eu"}))
    assert {entry["store"] for entry in await listed(ask, eu)} == {"eu"}
    headers = {"Authorization": f"Bearer {eu}"}
    assert (await ask.get("/v1/agenda?store=us", headers=headers)).status == 403


async def test_what_is_done_or_erased_waits_no_longer(runtime: Runtime, ask: Checked) -> None:
    await fill(runtime)
    ours = await token(runtime, OURS)
    (due,) = await runtime.ledger.errands_of(await runtime.find(OURS, other(0)))
    await runtime.ledger.errand_done(due)
    why, who = ErasureReason.SUBJECT_REQUEST, By("tests", "tests")
    await erase(runtime, OURS, other(1), reason=why, by=who)
    left = {entry["order_id"] for entry in await listed(ask, ours)}
    assert left == {OUR_ORDER.id, other(2).id, other(3).id}
