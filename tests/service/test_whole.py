"""The faces over the real service: the sandbox UPS is the only stand-in."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from service.demo import story
from service.http.app import make_app
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import parse_scenario
from service.settings import Settings, load_settings
from tests import shape
from tests.service.conftest import Checked
from tests.service.test_cli import ROOT, Said, orderproof

SECRET = {"ORDERPROOF_DEMO_UPS_SECRET": "demo-secret"}
ORDER = f"/v1/orders/amazon/{story.ORDER.id}"


@pytest.fixture
async def config(tmp_path: Path) -> AsyncIterator[Path]:
    """A seller's folder and configuration, with the sandbox UPS answering."""
    async with run_sandbox(parse_scenario(story.SCENARIO.encode())) as url:
        config = story.write_story(
            tmp_path / "seller", sandbox_url=url, data=tmp_path / "data", keys=tmp_path / "keys"
        )
        yield shape.configured(config)


@pytest.fixture
def real(config: Path) -> Settings:
    return load_settings(config, environment=SECRET)


@pytest.fixture
async def whole(real: Settings) -> AsyncIterator[Checked]:
    client = TestClient(TestServer(make_app(real)))
    await client.start_server()
    yield Checked(client)
    await client.close()


async def test_an_order_is_collected_sealed_and_checked_over_http(whole: Checked) -> None:
    assert (await whole.get("/readyz")).json["ready"] is True
    defect = {"kind": "a-to-z", "noticed_at": "2026-11-06T17:20:00Z"}
    answer = await whole.post(
        f"{ORDER}/collections",
        json={"defect": defect},
        headers={"Prefer": "wait=30", "Idempotency-Key": "once"},
    )
    assert (answer.status, answer.json["state"]) == (200, "sealed"), answer.json
    glance = (await whole.get(ORDER)).json
    assert glance["sealed"]["policy"] == answer.json["policy"]
    assert {"pod.document", "tracking.history"} <= {item["role"] for item in glance["items"]}
    for item in glance["items"]:
        body = (await whole.get(item["links"]["content"])).body
        assert hashlib.sha256(body).hexdigest() == item["sha256"]
        assert len(body) == item["size"]
    manifest = await whole.get(f"{ORDER}/manifest")
    assert hashlib.sha256(manifest.body).hexdigest() == glance["sealed"]["sha256"]
    assert story.ORDER.id not in (await whole.get(f"{ORDER}/statement")).body.decode()

    bundle = (await whole.get(f"{ORDER}/bundle")).body
    zip_type = {"Content-Type": "application/zip"}
    report = (await whole.post("/v1/verify", data=bundle, headers=zip_type)).json
    assert (report["answer"], report["trust"]) == ("ok", "bundle")
    flipped = bytearray(bundle)
    flipped[len(flipped) // 2] ^= 1
    report = (await whole.post("/v1/verify", data=bytes(flipped), headers=zip_type)).json
    assert report["answer"] == "not ok"

    again = await whole.post(
        f"{ORDER}/collections", json={"defect": defect}, headers={"Idempotency-Key": "once"}
    )
    assert again.json["id"] == answer.json["id"]
    other = await whole.post(f"{ORDER}/collections", headers={"Idempotency-Key": "once"})
    assert other.status == 422


async def test_the_log_over_http_is_the_log_of_the_order(whole: Checked) -> None:
    await whole.post(f"{ORDER}/collections", headers={"Prefer": "wait=30"})
    checkpoint = (await whole.get("/v1/log/checkpoint")).body
    size = int(checkpoint.split(b"\n")[1])
    assert (await whole.get(f"/v1/log/checkpoints/{size}")).body == checkpoint
    assert (await whole.get("/v1/log/log.vkey")).body.startswith(b"orderproof.demo/default+")
    assert len((await whole.get(f"/v1/log/tile/0/000.p/{size}")).body) == 32 * size
    assert (await whole.get("/v1/log/tile/0/001")).status == 404


async def test_a_source_or_policy_nobody_knows_is_refused_without_an_echo(whole: Checked) -> None:
    for body in ({"sources": ["jane-doe"]}, {"policy": "jane-doe"}):
        answer = await whole.post(f"{ORDER}/collections", json=body)
        assert answer.status == 422
        assert "jane-doe" not in answer.body.decode()
    assert (await whole.get(f"{ORDER}")).status == 404


# -- the command line ----------------------------------------------------------------------


async def ran(*words: str, config: Path) -> Said:
    """Beside the sandbox, which answers from this process."""
    return await asyncio.to_thread(
        orderproof, "--config", str(config), *words, cwd=config.parent, **SECRET
    )


async def test_an_order_is_collected_sealed_and_checked_by_commands(
    config: Path, tmp_path: Path
) -> None:
    collected = await ran("collect", story.ORDER.id, "--json", config=config)
    assert collected.code == 0, collected.err
    answer = json.loads(collected.out)
    assert answer["state"] == "sealed"
    assert "ups: asking" in collected.err and "\x1b" not in collected.err

    envelope, bundle = tmp_path / "m.dsse.json", tmp_path / "b.zip"
    said = await ran("manifest", story.ORDER.id, "-o", str(envelope), config=config)
    assert said.code == 0
    assert hashlib.sha256(envelope.read_bytes()).hexdigest() == answer["manifest"]
    shown = await ran("manifest", story.ORDER.id, config=config)
    assert answer["manifest"] in shown.out and "Verdicts" in shown.out
    payload = await ran("manifest", story.ORDER.id, "--json", config=config)
    assert json.loads(payload.out)["predicate"]["order"]["id"] == story.ORDER.id

    assert (await ran("bundle", story.ORDER.id, "-o", str(bundle), config=config)).code == 0
    again = await ran("bundle", story.ORDER.id, "-o", str(bundle), config=config)
    assert (again.code, "there already" in again.err) == (2, True)
    assert [file.name for file in tmp_path.glob(".*part")] == []
    keys = tmp_path / "keys.json"
    keys.write_text((await ran("keys", config=config)).out)
    assert "PRIVATE" not in keys.read_text()
    for words in ([str(bundle)], [str(bundle), "--key", str(keys)], [str(envelope), "--key", keys]):
        said = await ran("verify", *map(str, words), "--json", config=config)
        assert (said.code, said.err) == (0, "")
        assert json.loads(said.out)["trust"] == ("pinned" if "--key" in words else "bundle")
    assert (await ran("verify", str(envelope), config=config)).code == 2
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    bundle.write_bytes(data)
    assert (await ran("verify", str(bundle), config=config)).code == 1


async def test_an_order_nobody_collected_is_a_no(config: Path, tmp_path: Path) -> None:
    for words in (("manifest",), ("bundle", "-o", str(tmp_path / "b.zip"))):
        said = await ran(words[0], "111-1111111-1111111", *words[1:], config=config)
        assert (said.code, said.out) == (1, "")
        assert "orderproof collect" in said.err


async def test_a_source_nobody_configured_could_not_be_asked(config: Path) -> None:
    said = await ran("collect", story.ORDER.id, "--source", "fedex", config=config)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "fedex" in said.err


async def test_the_doctor_lists_every_part_and_what_to_do(config: Path) -> None:
    said = await ran("doctor", "--json", config=config)
    parts = {part["part"]: part for part in json.loads(said.out)["parts"]}
    assert said.code == 0, said.out
    assert {"listen", "ledger", "objects", "keys", "queue", "sources"} <= set(parts)
    reports = json.loads(said.out)["reports"]
    assert reports["can"] is ("reports" in parts), "what is not configured is no fault"
    assert "PDF/A-1a" in reports["detail"] if reports["can"] else reports["do"]
    config.write_text(config.read_text().replace('folder = "mail"', 'folder = "gone"'))
    ill = await ran("doctor", config=config)
    assert ill.code == 1
    assert "ILL" in ill.out and "mailbox" in ill.out and "->" in ill.out


@contextlib.contextmanager
def running(*words: str, config: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A command that stays, and the first line it says."""
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "--config", str(config), *words],
        env=os.environ | SECRET | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        yield process, process.stderr.readline()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def ended(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(60)


async def test_serve_answers_until_told_to_stop(config: Path) -> None:
    import aiohttp

    with running("serve", "--listen", "127.0.0.1:0", config=config) as (process, line):
        assert line.startswith("listening on http://127.0.0.1:"), line
        url = line.split()[2]
        async with aiohttp.ClientSession(url) as session:
            headers = {"Prefer": "wait=30"}
            async with session.post(f"{ORDER}/collections", headers=headers) as reply:
                assert (reply.status, (await reply.json())["state"]) == (200, "sealed")
        assert await asyncio.to_thread(ended, process) == 0


async def test_serve_beyond_this_machine_needs_a_token(config: Path) -> None:
    said = await ran("serve", "--listen", "0.0.0.0:0", config=config)
    assert (said.code, "ORDERPROOF_API_TOKEN" in said.err) == (2, True)


async def test_a_worker_takes_up_what_was_left_to_it(config: Path) -> None:
    with running("worker", config=config) as (process, line):
        assert line == "working\n"
        left = await ran("collect", story.ORDER.id, "--no-wait", "--json", config=config)
        assert json.loads(left.out)["manifest"] is None
        settings = load_settings(config, environment=SECRET)
        async with asyncio.timeout(90), await Runtime.open(settings) as runtime:
            while await runtime.ledger.unfinished():
                await asyncio.sleep(0.1)
        watched = await ran("collect", story.ORDER.id, "--json", config=config)
        assert json.loads(watched.out)["state"] == "sealed"
        assert await asyncio.to_thread(ended, process) == 0


def test_the_sandbox_plays_until_told_to_stop(tmp_path: Path) -> None:
    with running("sandbox", "--port", "0", config=tmp_path / "none") as (process, line):
        assert line.startswith("playing on http://127.0.0.1:")
        assert ended(process) == 0
