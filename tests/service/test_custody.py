"""Whoever gets evidence is in the custody log first, and nobody is taken out of it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from collectors.secrets import Secret
from evidence.custody import Act
from evidence.errors import NotFoundError
from service.access.callers import Whose
from service.custody import By, list_digest, note, report
from service.http.app import make_app
from service.retention.erasure import erase
from service.runtime import Runtime
from service.settings import RetentionSettings, Settings
from tests import shape
from tests.service.conftest import ORDER, REF, AskOf, Checked
from tests.service.standin import InMemoryEvidence
from tests.service.standin_parts import AnItem
from tests.service.test_cli import orderproof
from tests.service.test_erasure import BY, OTHER, REASON, TENANT, collected
from tests.service.test_erasure import REF as REAL

REAL_ORDER = f"/v1/orders/amazon/{REAL.id}"


@pytest.fixture
async def sealed(held: InMemoryEvidence) -> InMemoryEvidence:
    await held.request_collection(
        REF,
        whose=Whose("default"),
        store="default",
        policy=None,
        sources=None,
        defect=None,
        idempotency_key=None,
    )
    account = held.accounts["default", REF]
    account.items = [AnItem(b"%%PDF-%d" % at, at, account.order.commitment) for at in range(3)]
    held.seal("default", REF)
    return held


async def test_every_route_that_hands_out_evidence_notes_it(
    ask: Checked, sealed: InMemoryEvidence
) -> None:
    items = sealed.accounts["default", REF].items
    first = items[0].sha256
    manifest = (await ask.get(f"{ORDER}/manifest")).body
    await ask.get(f"{ORDER}/statement")
    await ask.get(ORDER)
    await ask.get(f"{ORDER}/items?limit=2")
    await ask.get(f"{ORDER}/items/{first}", headers={"X-Request-Id": "request-8"})
    await ask.get(f"{ORDER}/items/{first}", headers={"Range": "bytes=1-3"})
    bundle = (await ask.get(f"{ORDER}/bundle")).body
    acts = [act for _, act, _, _ in sealed.noted]
    assert acts == ["manifest", "statement", "evidence", "items", "item", "item", "bundle"]
    said = [what for *_, what in sealed.noted]
    assert said[0] == {"sha256": hashlib.sha256(manifest).hexdigest()}
    digests = [item.sha256 for item in items]
    assert said[3] == {"items": 2, "list_sha256": list_digest(digests[:2])}
    assert (said[4]["range"], said[5]["range"]) == (None, "1-3")
    assert said[6] == {
        "sha256": hashlib.sha256(bundle).hexdigest(),
        "items": 3,
        "list_sha256": list_digest(digests),
    }
    by = sealed.noted[4][2]
    way = "GET /v1/orders/{platform}/{order_id}/items/{sha256}"
    assert by == By("local user", way, "request-8")
    entries = (await ask.get(f"{ORDER}/custody")).json["entries"]
    assert [entry["act"] for entry in entries] == acts


async def test_a_token_is_named_and_what_is_not_handed_out_is_not_noted(
    ask_of: AskOf, settings: Settings, sealed: InMemoryEvidence
) -> None:
    ask = await ask_of(replace(settings, api_token=Secret("api_token", "right-token")))
    right = {"Authorization": "Bearer right-token"}
    await ask.get(ORDER)
    await ask.get(f"{ORDER}/items/{'0' * 64}", headers=right)
    assert sealed.noted == []
    await ask.get(ORDER, headers=right)
    assert [by.who for _, _, by, _ in sealed.noted] == ["token api"]


async def test_a_hold_forbids_an_erasure_and_its_reason_is_told_to_nobody(
    ask: Checked, sealed: InMemoryEvidence
) -> None:
    held = await ask.ask("PUT", f"{ORDER}/hold", json={"reason": "Erika sues us"})
    assert held.json["held"] is True
    asked = {"reason": "subject-request"}
    refused = await ask.post(f"{ORDER}/erasure", json=asked)
    assert (refused.status, refused.json["type"]) == (409, "urn:orderproof:problem:held")
    assert "legal hold" in refused.json["detail"] and "Erika" not in refused.body.decode()
    assert (await ask.ask("DELETE", f"{ORDER}/hold")).json == {"held": False, "since": None}
    done = await ask.post(f"{ORDER}/erasure", json=asked)
    assert (done.status, done.json["reason"]) == (200, "subject-request")
    assert (await ask.get(ORDER)).status == 404


async def test_a_reason_that_is_no_code_is_refused(ask: Checked, sealed: InMemoryEvidence) -> None:
    for body in ({"reason": "because Erika asked"}, {}, {"reason": "subject-request", "x": 1}):
        assert (await ask.post(f"{ORDER}/erasure", json=body)).status == 422
    for body in ({"reason": ""}, {"reason": "x" * 1001}, {}):
        assert (await ask.ask("PUT", f"{ORDER}/hold", json=body)).status == 422


async def test_nothing_can_be_held_erased_or_asked_of_an_order_nobody_collected(
    ask: Checked,
) -> None:
    assert (await ask.get(f"{ORDER}/custody")).status == 404
    assert (await ask.ask("PUT", f"{ORDER}/hold", json={"reason": "r"})).status == 404
    assert (await ask.ask("DELETE", f"{ORDER}/hold")).status == 404
    assert (await ask.post(f"{ORDER}/erasure", json={"reason": "subject-request"})).status == 404


# -- over the real ledger --------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> Settings:
    made = Settings(
        data=tmp_path / "data", keys=tmp_path / "keys", retention=RetentionSettings(days=0)
    )
    return shape.shaped(made)


@pytest.fixture
async def whole(kept: Settings) -> AsyncIterator[Checked]:
    async with await Runtime.open(kept) as runtime:
        await collected(runtime)
    client = TestClient(TestServer(make_app(kept)))
    await client.start_server()
    yield Checked(client)
    await client.close()


async def test_hold_custody_and_erasure_over_http(whole: Checked) -> None:
    glance = (await whole.get(REAL_ORDER)).json
    item = glance["items"][0]
    assert (await whole.get(item["links"]["content"])).status == 200
    await whole.ask("PUT", f"{REAL_ORDER}/hold", json={"reason": "Erika sues us"})
    asked = {"reason": "retention-over"}
    assert (await whole.post(f"{REAL_ORDER}/erasure", json=asked)).status == 409
    await whole.ask("DELETE", f"{REAL_ORDER}/hold")
    said = (await whole.get(f"{REAL_ORDER}/custody")).json
    acts = [entry["act"] for entry in said["entries"]]
    assert acts == ["evidence", "item", "hold", "release"]
    assert said["entries"][1]["sha256"] == item["sha256"]
    assert said["chain"]["holds"] and said["chain"]["lines"] == 4
    done = await whole.post(f"{REAL_ORDER}/erasure", json=asked)
    assert done.json["order"] == glance["commitment"]
    assert (done.json["logged"], done.json["scrubbed"]) == (True, True)
    for path in ("", "/items", "/custody", f"/items/{item['sha256']}"):
        assert (await whole.get(f"{REAL_ORDER}{path}")).status == 404


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM custody WHERE seq = 1", "lines are missing"),
        ("DELETE FROM custody WHERE seq = 3", "the end was cut off"),
        ("UPDATE custody SET details_sealed = NULL WHERE seq = 1", "order was not erased"),
        ("UPDATE custody SET details_sealed = x'00' WHERE seq = 1", "other details"),
        (
            "UPDATE custody SET body = CAST(replace(CAST(body AS TEXT), "
            "'bundle', 'items') AS BLOB) WHERE seq = 1",
            "hash of the line before it",
        ),
    ],
)
async def test_what_is_done_to_the_custody_log_is_told(
    kept: Settings, statement: str, told: str
) -> None:
    async with await Runtime.open(kept) as runtime:
        order = await collected(runtime)
        gone = await collected(runtime, OTHER)
        await note(runtime, order, Act.MANIFEST, BY)
        await note(runtime, order, Act.BUNDLE, BY)
        await note(runtime, gone, Act.ITEM, BY)
        await erase(runtime, TENANT, OTHER, reason=REASON, by=BY)
        assert (await report(runtime, TENANT, REAL)).holds
    with sqlite3.connect(kept.data / "ledger.sqlite") as database:
        database.execute("PRAGMA foreign_keys=OFF")
        assert database.execute(statement).rowcount == 1
    database.close()
    async with await Runtime.open(kept) as runtime:
        found = await report(runtime, TENANT, REAL)
        assert not found.holds
        assert told in " ".join(found.wrong)


async def test_a_tenant_has_a_chain_of_its_own(kept: Settings) -> None:
    async with await Runtime.open(kept) as runtime:
        order = await collected(runtime)
        await note(runtime, order, Act.ITEM, BY)
        await runtime.ledger.tenant("acme", origin="log.example/acme")
        assert (await runtime.ledger.custody_end("acme"))[0] == 0
        with pytest.raises(NotFoundError):
            await report(runtime, "acme", order.commitment)


async def test_commands_hold_erase_and_tell(kept: Settings, tmp_path: Path) -> None:
    async with await Runtime.open(kept) as runtime:
        order = await collected(runtime)
    config = tmp_path / "orderproof.toml"
    config.write_text('data = "data"\nkeys = "keys"\n[retention]\ndays = 0\n')
    shape.configured(config)

    def ran(*words: str) -> tuple[int, str, str]:
        said = orderproof("--config", str(config), *words, cwd=tmp_path)
        return said.code, said.out, said.err

    reason = ("--reason", "subject-request")
    assert ran("hold", REAL.id, "on", "--reason", "Erika sues us")[0] == 0
    code, _, err = ran("erase", REAL.id, *reason)
    assert code == 1 and "legal hold" in err and "Erika" not in err
    assert json.loads(ran("hold", REAL.id, "off", "--json")[1]) == {"held": False, "since": None}
    code, out, _ = ran("custody", REAL.id, "--json")
    assert code == 0
    assert [entry["act"] for entry in json.loads(out)["entries"]] == ["hold", "release"]
    code, out, err = ran("erase", REAL.id, *reason, "--out", str(tmp_path / "record"), "--json")
    assert code == 0, err
    assert json.loads(out)["order"] == order.commitment
    names = {path.name for path in (tmp_path / "record").iterdir()}
    ends = ("dsse.json", "opening.json", "receipt.json", "tlog-proof")
    assert names == {f"erasure.{end}" for end in ends}
    (tmp_path / "keys.json").write_text(ran("keys")[1])
    record = str(tmp_path / "record" / "erasure.dsse.json")
    code, out, _ = ran("verify", record, "--key", str(tmp_path / "keys.json"))
    assert code == 0 and order.commitment in out, out
    assert ran("custody", REAL.id)[0] == 1
    code, out, _ = ran("custody", order.commitment)
    assert code == 0 and "erased at" in out and "holds" in out
    assert ran("erase", REAL.id, *reason)[0] == 1
    assert ran("erase", REAL.id, "--reason", "because")[0] == 2
    code, out, _ = ran("audit", "--open")
    assert code == 0 and "1 orders were erased" in out
