"""Each route, asked the way a client would; every answer is held to openapi.yaml (conftest)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json

import pytest

from evidence.errors import AccessError, CorruptionError, OutageError
from evidence.items import Role
from service.queue.operating import PutAside
from storage.ledger.backlog import Parked, ParkedState
from tests.service.conftest import ORDER, REF, Checked
from tests.service.standin import InMemoryEvidence
from tests.service.standin_parts import NOW, POLICY, AContent, AnItem


async def started(ask: Checked) -> str:
    answer = await ask.post(f"{ORDER}/collections")
    assert answer.status == 202
    return str(answer.json["id"])


def kept(held: InMemoryEvidence, *datas: bytes) -> list[AnItem]:
    account = held.accounts["default", REF]
    account.items = [AnItem(data, seq, account.order.commitment) for seq, data in enumerate(datas)]
    return account.items


# -- collections ---------------------------------------------------------------------------


async def test_a_collection_is_accepted_and_can_be_followed(ask: Checked) -> None:
    answer = await ask.post(f"{ORDER}/collections", json={"sources": ["folder", "ups"]})
    assert answer.status == 202
    assert answer.json["state"] == "queued"
    followed = await ask.get(answer.headers["Location"])
    assert followed.json == answer.json
    assert followed.json["sources"][1]["why"] == "no answer"


async def test_all_of_the_body_reaches_the_service(ask: Checked, held: InMemoryEvidence) -> None:
    defect = {"kind": "a-to-z", "noticed_at": "2026-11-20T10:00:00Z"}
    body = {"policy": POLICY.id, "sources": ["ups"], "store": "eu", "defect": defect}
    assert (await ask.post(f"{ORDER}/collections?site=DE", json=body)).status == 202
    (asked,) = held.asked
    assert asked["defect"] == defect
    assert (asked["policy"], asked["sources"], asked["store"]) == (POLICY.id, ["ups"], "eu")
    assert getattr(asked["ref"], "site", None) == "DE"


async def test_the_same_key_finds_the_same_collection(ask: Checked) -> None:
    headers = {"Idempotency-Key": "appeal-17"}
    first = await ask.post(f"{ORDER}/collections", headers=headers)
    again = await ask.post(f"{ORDER}/collections", headers=headers)
    assert first.json["id"] == again.json["id"]
    other = await ask.post(f"{ORDER}/collections", headers=headers, json={"store": "eu"})
    assert other.status == 422
    assert b"appeal-17" not in other.body


async def test_waiting_ends_when_the_collection_does(ask: Checked, held: InMemoryEvidence) -> None:
    waiting = asyncio.create_task(
        ask.post(f"{ORDER}/collections", headers={"Prefer": "respond-async, wait=60"})
    )
    while not held.asked:
        await asyncio.sleep(0.01)
    held.move("c0000001", state="sealed", complete=False)
    answer = await asyncio.wait_for(waiting, 60)
    assert (answer.status, answer.json["state"]) == (200, "sealed")
    assert answer.headers["Preference-Applied"] == "wait=60"
    assert answer.json["links"]["bundle"].startswith(f"{ORDER}/bundle")


async def test_waiting_in_vain_is_answered_with_how_far_it_is(ask: Checked) -> None:
    answer = await ask.post(f"{ORDER}/collections", headers={"Prefer": "wait=1"})
    assert (answer.status, answer.json["state"]) == (202, "queued")


async def test_events_tell_each_change_and_end_with_the_collection(
    ask: Checked, held: InMemoryEvidence
) -> None:
    id = await started(ask)
    states = []
    async with ask.client.get(f"/v1/collections/{id}/events") as reply, asyncio.timeout(60):
        async for line in reply.content:
            if line.startswith(b"data: "):
                states.append(json.loads(line.removeprefix(b"data: "))["state"])
                if states == ["queued"]:
                    held.move(id, state="collecting")
                elif states == ["queued", "collecting"]:
                    held.move(id, state="sealed", complete=True)
    assert states == ["queued", "collecting", "sealed"]
    whole = await ask.get(f"/v1/collections/{id}/events")  # held to the contract
    assert json.loads(whole.body.decode().partition("data: ")[2].splitlines()[0])["id"] == id


async def test_a_silent_stream_is_kept_alive(ask: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.api.collections.HEARTBEAT_S", 0.1)
    id = await started(ask)
    async with ask.client.get(f"/v1/collections/{id}/events") as reply:
        seen = b""
        async with asyncio.timeout(60):
            while b": still here" not in seen:
                seen += await reply.content.readany()


async def test_a_service_that_shuts_down_does_not_wait_for_watchers(ask: Checked) -> None:
    id = await started(ask)
    async with ask.client.get(f"/v1/collections/{id}/events") as watching:
        await watching.content.readline()
        async with asyncio.timeout(30):  # aiohttp itself would wait for a minute
            await ask.client.server.close()


async def test_a_collection_nobody_knows_is_not_found(ask: Checked) -> None:
    for path in ("/v1/collections/nobody-knows", "/v1/collections/nobody-knows/events"):
        answer = await ask.get(path)
        assert (answer.status, answer.json["type"]) == (404, "urn:orderproof:problem:not-found")


# -- evidence, items -----------------------------------------------------------------------


async def test_an_order_at_a_glance_before_and_after_the_seal(
    ask: Checked, held: InMemoryEvidence
) -> None:
    await started(ask)
    kept(held, b"%PDF-1.7 one", b"two")
    before = (await ask.get(ORDER)).json
    assert before["sealed"] is None
    assert "manifest" not in before["links"]
    assert [item["seq"] for item in before["items"]] == [0, 1]
    held.seal("default", REF)
    after = (await ask.get(ORDER)).json
    assert after["sealed"]["verdicts"][0]["verdict"] == "inconclusive"
    assert after["sealed"]["coverage"][0]["state"] == "missing"
    assert (await ask.get(after["links"]["manifest"])).status == 200


async def test_an_order_nobody_asked_for_is_not_found(ask: Checked) -> None:
    for below in ("", "/items", f"/items/{'0' * 64}", "/manifest", "/statement", "/bundle"):
        answer = await ask.get(ORDER + below)
        assert answer.status == 404
        assert REF.id not in answer.body.decode()


async def test_the_same_order_of_another_site_is_another_order(ask: Checked) -> None:
    await started(ask)
    assert (await ask.get(f"{ORDER}?site=US")).status == 200
    assert (await ask.get(f"{ORDER}?site=DE")).status == 404


async def test_pages_of_items_hold_each_once_in_the_order_of_receipts(
    ask: Checked, held: InMemoryEvidence
) -> None:
    await started(ask)
    kept(held, *(b"item %d" % number for number in range(7)))
    seen, cursor = [], None
    while True:
        page = await ask.get(f"{ORDER}/items?limit=3" + (f"&cursor={cursor}" if cursor else ""))
        seen += [item["seq"] for item in page.json["items"]]
        if (cursor := page.json["next"]) is None:
            break
    assert seen == list(range(7))


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "cursor=AAAA", "cursor=~", "limit=1&limit=2"]
)
async def test_a_page_that_cannot_be_is_refused_by_name(ask: Checked, query: str) -> None:
    await started(ask)
    answer = await ask.get(f"{ORDER}/items?{query}")
    assert answer.status == 422
    assert answer.json["errors"][0]["pointer"] == f"/query/{query.partition('=')[0]}"


async def test_an_item_comes_back_as_received_and_never_opens_in_a_browser(
    ask: Checked, held: InMemoryEvidence
) -> None:
    await started(ask)
    account = held.accounts["default", REF]
    page = b"<script>alert(1)</script>"
    account.items = [AnItem(page, 0, account.order.commitment, Role.CAPTURE_PAGE, "text/html")]
    answer = await ask.get(f"{ORDER}/items/{hashlib.sha256(page).hexdigest()}")
    assert answer.body == page
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["ETag"] == f'"{hashlib.sha256(page).hexdigest()}"'
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_media_type_that_is_none_goes_out_as_plain_bytes(
    ask: Checked, held: InMemoryEvidence
) -> None:
    await started(ask)
    account = held.accounts["default", REF]
    account.items = [AnItem(b"x", 0, "0" * 64, media_type="text/html\r\nSet-Cookie: a=b")]
    answer = await ask.get(f"{ORDER}/items/{account.items[0].sha256}")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-", 5, 3_000_000),
        ("bytes=-7", 2_999_993, 3_000_000),
        ("bytes=2999990-9999999", 2_999_990, 3_000_000),
        ("bytes=1048570-2097160", 1_048_570, 2_097_161),
    ],
)
async def test_a_part_of_an_item(
    ask: Checked, held: InMemoryEvidence, asked: str, start: int, stop: int
) -> None:
    await started(ask)
    data = bytes(range(250)) * 12_000
    (item,) = kept(held, data)
    answer = await ask.get(f"{ORDER}/items/{item.sha256}", headers={"Range": asked})
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/3000000"
    assert answer.body == data[start:stop]


@pytest.mark.parametrize("asked", ["bytes=99-", "bytes=-0"])
async def test_a_part_that_is_not_there_cannot_be_had(
    ask: Checked, held: InMemoryEvidence, asked: str
) -> None:
    await started(ask)
    (item,) = kept(held, b"short")
    answer = await ask.get(f"{ORDER}/items/{item.sha256}", headers={"Range": asked})
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */5")


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "bytes=4-1", "lines=1-2", "bytes=-", "x"])
async def test_a_range_that_is_none_is_answered_with_the_whole(
    ask: Checked, held: InMemoryEvidence, asked: str
) -> None:
    await started(ask)
    (item,) = kept(held, b"short")
    answer = await ask.get(f"{ORDER}/items/{item.sha256}", headers={"Range": asked})
    assert (answer.status, answer.body) == (200, b"short")


async def test_a_range_of_other_bytes_is_answered_with_the_whole(
    ask: Checked, held: InMemoryEvidence
) -> None:
    await started(ask)
    (item,) = kept(held, b"short")
    headers = {"Range": "bytes=0-1", "If-Range": '"older"'}
    assert (await ask.get(f"{ORDER}/items/{item.sha256}", headers=headers)).status == 200


async def test_an_empty_item_is_an_item(ask: Checked, held: InMemoryEvidence) -> None:
    await started(ask)
    (item,) = kept(held, b"")
    answer = await ask.get(f"{ORDER}/items/{item.sha256}")
    assert (answer.status, answer.body) == (200, b"")


async def test_an_item_that_cannot_be_read_at_all_is_a_problem(
    ask: Checked, held: InMemoryEvidence
) -> None:
    await started(ask)
    (item,) = kept(held, b"short")
    held.contents[item.sha256] = AContent(b"short", broken_at=0)
    assert (await ask.get(f"{ORDER}/items/{item.sha256}")).status == 500


async def test_an_item_that_breaks_half_way_never_looks_whole(
    ask: Checked, held: InMemoryEvidence
) -> None:
    import aiohttp

    await started(ask)
    data = bytes(3 << 20)
    (item,) = kept(held, data)
    held.contents[item.sha256] = AContent(data, broken_at=2 << 20)
    with pytest.raises(aiohttp.ClientError):
        await ask.get(f"{ORDER}/items/{item.sha256}")


# -- manifest, statement, bundle -----------------------------------------------------------


@pytest.mark.parametrize("what", ["manifest", "statement"])
async def test_an_envelope_is_sent_byte_for_byte_and_once(
    ask: Checked, held: InMemoryEvidence, what: str
) -> None:
    await started(ask)
    kept(held, b"pod")
    assert (await ask.get(f"{ORDER}/{what}")).json["type"].endswith("not-sealed")
    held.seal("default", REF)
    answer = await ask.get(f"{ORDER}/{what}")
    account = held.accounts["default", REF]
    assert answer.body in {account.manifest_envelope, account.statement_envelope}
    payload = json.loads(base64.b64decode(answer.json["payload"]))
    assert payload["predicateType"] == f"urn:orderproof:{what}:v1"
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert (await ask.get(f"{ORDER}/{what}", headers=tag)).status == 304
    tag = {"If-None-Match": '"older", W/' + answer.headers["ETag"]}
    assert (await ask.get(f"{ORDER}/{what}", headers=tag)).status == 304


async def test_a_bundle_comes_as_a_file_and_leaves_nothing_behind(
    ask: Checked, held: InMemoryEvidence
) -> None:
    await started(ask)
    kept(held, b"pod")
    assert (await ask.get(f"{ORDER}/bundle")).status == 404
    held.seal("default", REF)
    answer = await ask.get(f"{ORDER}/bundle?profile=bagit")
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["ETag"] == f'"{hashlib.sha256(answer.body).hexdigest()}"'
    assert (await ask.get(f"{ORDER}/bundle?profile=unheard-of")).status == 422


# -- policies, log, health -----------------------------------------------------------------


async def test_policies_are_listed_and_shown_word_for_word(ask: Checked) -> None:
    (summary,) = (await ask.get("/v1/policies")).json["policies"]
    policy = (await ask.get(summary["links"]["self"])).json
    assert policy["toml"].encode() == POLICY.raw
    assert policy["deadlines"][0]["unit"] == "hours"
    assert (await ask.get("/v1/policies/unheard-of")).status == 404


async def test_the_log_is_static_files_with_their_cache_headers(
    ask: Checked, held: InMemoryEvidence
) -> None:
    held.files |= {"tile/0/x001/x234/067": b"hashes", "tile/entries/000.p/3": b"entries"}
    checkpoint = await ask.get("/v1/log/checkpoint")
    assert checkpoint.headers["Cache-Control"] == "no-cache"
    tile = await ask.get("/v1/log/tile/0/x001/x234/067")
    assert (tile.body, "immutable" in tile.headers["Cache-Control"]) == (b"hashes", True)
    assert (await ask.get("/v1/log/tile/entries/000.p/3")).body == b"entries"
    assert (await ask.get("/v1/log/tile/0/001")).status == 404


@pytest.mark.parametrize(
    "path", ["tile/0/x000/001", "..%2F..%2Fkeys", "checkpoints/01", "tile/0/000.p/256", "ledger"]
)
async def test_a_path_that_is_none_of_a_log_never_reaches_the_disk(
    ask: Checked, held: InMemoryEvidence, path: str
) -> None:
    held.log_file = None  # type: ignore[method-assign,assignment]
    answer = await ask.get(f"/v1/log/{path}")
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/path/path")


async def test_ready_is_when_every_part_is(ask: Checked, held: InMemoryEvidence) -> None:
    assert (await ask.get("/healthz")).json == {"ok": True}
    assert (await ask.get("/readyz")).json["ready"] is True
    from dataclasses import replace

    held.parts[2] = replace(held.parts[2], ok=False)
    answer = await ask.get("/readyz")
    assert (answer.status, answer.json["parts"][2]) == (503, {"part": "queue", "ok": False})


async def test_metrics_name_routes_and_states_but_no_order(ask: Checked) -> None:
    await started(ask)
    await ask.get(ORDER)
    await ask.get("/no/such/path")
    text = (await ask.get("/metrics")).body.decode()
    assert 'route="/v1/orders/{platform}/{order_id}",status="200"' in text
    assert 'route="none",status="404"' in text
    assert 'orderproof_collections_unfinished{kind="usual",state="queued"} 1.0' in text
    assert REF.id not in text


async def test_the_contract_is_served_as_it_lies_at_the_root(ask: Checked) -> None:
    from pathlib import Path

    root = Path(__file__).parents[2]
    assert (await ask.get("/openapi.yaml")).body == (root / "openapi.yaml").read_bytes()


# -- the queue ---------------------------------------------------------------------------


async def test_the_queue_shows_what_is_not_done_of_ones_own(ask: Checked) -> None:
    await started(ask)
    shown = (await ask.get("/v1/queue")).json
    assert [(each["state"], each["count"]) for each in shown["under_way"]] == [("queued", 1)]
    assert (shown["parked"], shown["workers"]) == (0, [])


async def test_what_was_parked_is_listed_retried_and_dropped(
    ask: Checked, held: InMemoryEvidence
) -> None:
    for id in ("a" * 32, "b" * 32):
        parked = Parked(id, "default", "eu", ParkedState.PARKED, NOW, None, None)
        held.put_aside.append(PutAside(parked, "It broke 5 times."))
    listed = (await ask.get("/v1/queue/parked")).json["parked"]
    assert [each["collection"] for each in listed] == ["a" * 32, "b" * 32]
    assert listed[0]["why"] == "It broke 5 times."
    retried = await ask.post(f"/v1/queue/parked/{'a' * 32}/retry")
    assert retried.status == 202
    assert retried.headers["Location"].endswith(retried.json["collection"])
    assert (await ask.ask("DELETE", f"/v1/queue/parked/{'b' * 32}")).status == 204
    assert (await ask.ask("DELETE", f"/v1/queue/parked/{'b' * 32}")).status == 404
    assert (await ask.post(f"/v1/queue/parked/{'c' * 32}/retry")).status == 404


# -- errors of ours ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [
        (OutageError(source="Valkey", why="no answer", retry_after_s=2.5), 503, "outage"),
        (AccessError(source="S3", why="the key is refused"), 502, "access"),
        (CorruptionError(what="order Jane Doe", why="secret"), 500, "corruption"),
        (ZeroDivisionError("Jane Doe"), 500, "unexpected"),
    ],
)
async def test_an_error_of_ours_is_a_problem_by_who_has_to_act(
    ask: Checked, held: InMemoryEvidence, error: Exception, status: int, slug: str
) -> None:
    held.fails = error
    answer = await ask.get(ORDER)
    assert (answer.status, answer.json["type"]) == (status, f"urn:orderproof:problem:{slug}")
    assert b"Jane Doe" not in answer.body and b"secret" not in answer.body
    if slug == "outage":
        assert answer.headers["Retry-After"] == "3"
