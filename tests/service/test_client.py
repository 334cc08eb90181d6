"""The client has a method for each call, and each does what the call does."""

from __future__ import annotations

import ast
import hashlib
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

import service.client
from evidence.orders import OrderRef, Platform
from service.client import Client, ProblemError
from service.client.generate import TO, shapes
from service.client.shapes import EventName
from service.http.contract import Contract
from tests.service.access.house import house


def test_there_is_a_method_for_each_call() -> None:
    for id in Contract.load().operations:
        assert hasattr(Client, re.sub("([A-Z])", r"_\1", id).lower()), id


def test_the_types_are_those_of_the_contract() -> None:
    """If not: python -m service.client.generate"""
    written = ast.parse(TO.read_text("utf-8"))
    assert ast.dump(written) == ast.dump(ast.parse(shapes(Contract.load())))


async def test_what_the_client_says_of_itself_runs(tmp_path: Path) -> None:
    said = str(service.client.__doc__).partition("\n\n")[2].partition("\nA long list")[0]
    async with house(tmp_path) as here:
        lines = said.replace("https://proof.example", str(here.ask.client.make_url("")))
        lines = lines.replace("opt_...", here.ours.tokens["admin"])
        run = "async def run():\n" + textwrap.indent(lines, "    ") + "\n    return made"
        names: dict[str, Any] = {}
        exec(compile(run.replace(", wait_s=60", ""), "what it says", "exec"), names)
        made, again = await names["run"](), await names["run"]()
        assert made["state"] == "queued" and made["id"] == again["id"]


@pytest.mark.parametrize("id", ["../caller", "x?y=1", "a/b", "..", "a b"])
async def test_an_id_from_elsewhere_names_no_other_call(tmp_path: Path, id: str) -> None:
    async with house(tmp_path) as here:
        url = str(here.ask.client.make_url(""))
        async with Client(url, token=here.ours.tokens["admin"]) as proof:
            for call in (proof.get_collection, proof.get_case, proof.get_shared, proof.get_defect):
                with pytest.raises(ProblemError) as refused:
                    await call(id)
                assert refused.value.status in (404, 422)


async def test_an_integration_finds_its_way_with_the_client_alone(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        url = str(here.ask.client.make_url(""))
        order = here.ours.ref
        async with Client(url, token=here.ours.tokens["admin"]) as proof:
            assert (await proof.get_caller())["role"] == "admin"
            evidence = await proof.get_evidence(order)
            done = await proof.get_collection(evidence["collections"][0]["id"])
            assert done["state"] == "sealed"
            assert [c["state"] async for c in proof.watch_collection(done["id"])] == ["sealed"]
            items = [item async for item in proof.list_items(order, page=2)]
            assert len(items) == evidence["item_count"] > 2
            item = items[0]
            data = await proof.get_item(order, item["sha256"])
            assert hashlib.sha256(data).hexdigest() == item["sha256"]
            assert await proof.get_item(order, item["sha256"], start=2, stop=5) == data[2:5]
            assert (await proof.get_manifest(order))["signatures"]
            assert (await proof.get_statement(order))["signatures"]
            bundle = await proof.get_bundle(order)
            assert (await proof.verify_bundle(bundle))["answer"] == "ok"
            assert (await proof.put_hold(order, "case 7"))["held"]
            with pytest.raises(ProblemError) as refused:
                await proof.erase_order(order, "subject-request")
            assert (refused.value.status, refused.value.type.rpartition(":")[2]) == (409, "held")
            assert not (await proof.lift_hold(order))["held"]
            share = await proof.make_share(order, {"profile": "reviewer"})
            secret = share["url"].rpartition("/")[2]
            assert (await proof.get_shared(secret)).startswith(b"PK")
            assert share["id"] in {each["id"] for each in await proof.list_shares(order)}
            assert (await proof.revoke_share(order, share["id"]))["state"] == "revoked"
            with pytest.raises(ProblemError):
                await proof.get_shared(secret)
            assert len([denial async for denial in proof.list_denials(page=1)]) == 2
            acts = [entry["act"] for entry in (await proof.get_custody(order))["entries"]]
            assert acts[-2:] == ["bundle", "unshare"]
            token = await proof.make_token({"name": "desk", "role": "auditor"})
            assert token["id"] in {each["id"] for each in await proof.list_tokens()}
            assert (await proof.revoke_token(token["id"]))["state"] == "revoked"
            await proof.put_store("main", {"platform": "amazon", "seller": "A1", "site": "US"})
            assert [store["store"] for store in await proof.list_stores()] == ["main"]
            asked_for: list[EventName] = ["manifest.sealed", "custody.accessed"]
            told = await proof.make_subscription(
                {"url": "https://hooks.example.com/x", "events": asked_for}
            )
            assert told["secret"].startswith("whsec_")
            assert told["id"] in {each["id"] for each in await proof.list_subscriptions()}
            assert await proof.replay_subscription(told["id"], "2026-01-01T00:00:00Z") == 0
            await proof.remove_subscription(told["id"])
            with pytest.raises(ProblemError):
                await proof.remove_subscription(told["id"])
            assert await proof.list_webhooks() == []
            policy = (await proof.list_policies())[0]
            assert (await proof.get_policy(policy["id"]))["sha256"] == policy["sha256"]
            assert b"orderproof.local/default" in await proof.get_log_file("checkpoint")
            assert await proof.get_health()
            assert (await proof.get_readiness())["parts"]
            assert "orderproof_request_seconds" in await proof.get_metrics()
            assert await proof.get_contract() == Contract.load().raw
            assert "requestCollection" in await proof.get_reference()
            other = OrderRef(Platform.AMAZON, "112-1111111-2222222")
            asked = await proof.request_collection(other, {"store": "main"}, idempotency_key="k1")
            again = await proof.request_collection(other, {"store": "main"}, idempotency_key="k1")
            assert asked["id"] == again["id"] and asked["state"] == "queued"
        async with Client(url) as nobody:
            with pytest.raises(ProblemError) as refused:
                await nobody.get_caller()
            assert refused.value.status == 401
