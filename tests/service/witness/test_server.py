"""A witness over HTTP: what it remembers, through restarts, kills and two at once."""

import asyncio
import os
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from evidence.checkpoint import Checkpoint, open_checkpoint
from evidence.errors import AccessError, CorruptionError, RequestError
from evidence.notes import COSIGNATURE, NoteVerifier, add_signatures, parse_signatures, sign_note
from evidence.witness import monitoring_name
from service.witness.server import Witness, make_witness_app
from tests.evidence.test_witness import LEAVES, LOG, OTHER, asking, head
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
Ask = Callable[[bytes], Awaitable[tuple[int, str, str]]]


def a_witness(folder: Path) -> Witness:
    return Witness(folder, name="w.example", logs=[LOG.verifier], clock=time.time)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[TestClient]:  # type: ignore[type-arg]
    client = TestClient(TestServer(make_witness_app(a_witness(tmp_path / "w"))))
    await client.start_server()
    yield client
    await client.close()


@pytest.fixture
def ask(client: TestClient) -> Ask:  # type: ignore[type-arg]
    async def ask(raw: bytes) -> tuple[int, str, str]:
        async with client.post("/add-checkpoint", data=raw) as reply:
            return reply.status, await reply.text(), reply.headers["Content-Type"]

    return ask


async def test_a_log_that_grows_is_cosigned_and_shown(
    ask: Ask,
    client: TestClient,  # type: ignore[type-arg]
) -> None:
    key = NoteVerifier.parse((await (await client.get("/")).text()).strip())
    assert key.kind == COSIGNATURE
    shown = f"/{monitoring_name(LOG.name)}/checkpoint"
    assert (await client.get(shown)).status == 404
    for old, new in ((0, 3), (3, 3), (3, 17), (17, 40)):
        status, said, _ = await ask(asking(old, head(new)))
        assert status == 200
        note = add_signatures(sign_note(head(new).text, [LOG]), parse_signatures(said.encode()))
        open_checkpoint(note, [LOG.verifier, key], quorum=1)
        latest = await (await client.get(shown)).read()
        assert open_checkpoint(latest, [LOG.verifier, key], quorum=1)[0] == head(new)


async def test_a_fork_is_refused_and_the_first_head_stays(ask: Ask) -> None:
    assert (await ask(asking(0, head(9))))[0] == 200
    forked = head(9, leaves=LEAVES[::-1])
    assert (await ask(asking(9, forked, leaves=LEAVES[::-1])))[0] == 422
    assert (await ask(asking(0, forked, leaves=LEAVES[::-1]))) == (
        409,
        "9\n",
        "text/x.tlog.size",
    )
    longer = head(20, leaves=LEAVES[::-1])
    assert (await ask(asking(9, longer, leaves=LEAVES[::-1])))[0] == 422
    assert (await ask(asking(9, head(20))))[0] == 200


async def test_of_many_that_ask_at_once_with_two_histories_one_history_wins(ask: Ask) -> None:
    one = [asking(0, head(n)) for n in range(1, 12)]
    two = [asking(0, head(n, leaves=LEAVES[::-1]), leaves=LEAVES[::-1]) for n in range(1, 12)]
    mixed = [raw for pair in zip(one, two, strict=True) for raw in pair]
    answers = await asyncio.gather(*(ask(raw) for raw in mixed))
    assert sorted({status for status, *_ in answers}) == [200, 409]
    assert [status for status, *_ in answers].count(200) == 1


def test_what_was_cosigned_is_remembered_and_the_key_stays(tmp_path: Path) -> None:
    first = a_witness(tmp_path)
    assert isinstance(first.add(asking(0, head(9))), str)
    again = a_witness(tmp_path)
    assert again.verifier == first.verifier
    assert stat.S_IMODE((tmp_path / "key.json").stat().st_mode) == 0o600
    refusal = again.add(asking(0, head(3)))
    assert not isinstance(refusal, str) and refusal.status == 409


def test_a_key_that_others_may_read_and_a_forged_memory_are_refused(tmp_path: Path) -> None:
    witness = a_witness(tmp_path / "w")
    witness.add(asking(0, head(9)))
    path = tmp_path / "w" / monitoring_name(LOG.name) / "checkpoint"
    path.write_bytes(sign_note(head(3).text, [LOG]))  # signed by the log, not by the witness
    with pytest.raises(CorruptionError, match="cosigned"):
        a_witness(tmp_path / "w")
    os.chmod(tmp_path / "w" / "key.json", 0o644)
    with pytest.raises(AccessError, match="chmod"):
        a_witness(tmp_path / "w")


def test_a_log_key_taken_off_the_list_does_not_undo_what_was_cosigned(tmp_path: Path) -> None:
    a_witness(tmp_path).add(asking(0, head(9)))
    rotated = Witness(tmp_path, name="w.example", logs=[OTHER.verifier], clock=time.time)
    forked = Checkpoint(origin=LOG.name, size=9, root=bytes(32))
    raw = b"old 9\n\n" + sign_note(forked.text, [OTHER])
    refusal = rotated.add(raw)
    assert not isinstance(refusal, str) and refusal.status == 422


def test_a_witnesss_key_is_no_log(tmp_path: Path) -> None:
    key = a_witness(tmp_path / "a").verifier
    with pytest.raises(RequestError, match="witness"):
        Witness(tmp_path / "b", name="b.example", logs=[key], clock=time.time)


@pytest.mark.parametrize("moment", ["checked", "remembered"])
async def test_killed_between_check_and_answer_it_still_cosigns_no_fork(
    tmp_path: Path, moment: str
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/add-checkpoint"
    program = [sys.executable, "-m", "tests.service.witness.mortal", str(tmp_path / "w")]
    process = subprocess.Popen(
        [*program, LOG.verifier.vkey, moment, str(port)], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"ready\n"
        with pytest.raises(aiohttp.ClientError):
            await _posted(url, asking(0, head(9)))
        assert await asyncio.to_thread(process.wait, 60) == -9
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    revived = a_witness(tmp_path / "w")
    forked = asking(0, head(9, leaves=LEAVES[::-1]), leaves=LEAVES[::-1])
    if moment == "checked":  # nothing was promised to anybody, so either history may come first
        assert revived.checkpoint(monitoring_name(LOG.name)) is None
        assert isinstance(revived.add(asking(0, head(9))), str)
    answer = revived.add(asking(0, head(9)))
    assert not isinstance(answer, str) and (answer.status, answer.text) == (409, "9")
    assert isinstance(revived.add(asking(9, head(9))), str)
    refused = revived.add(forked.replace(b"old 0\n", b"old 9\n"))
    assert not isinstance(refused, str) and refused.status == 422


async def test_the_command_says_its_key_serves_and_stops_when_told(tmp_path: Path) -> None:
    vkeys = tmp_path / "log.vkey"
    vkeys.write_text(f"# the log\n{LOG.verifier.vkey}\n{OTHER.verifier.vkey}\n")
    words = ["witness", "--state", str(tmp_path / "w"), "--name", "w.example"]
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", *words, "--log", vkeys, "--listen", "127.0.0.1:0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    try:
        key = NoteVerifier.parse((await asyncio.to_thread(process.stdout.readline)).strip())
        assert (key.name, key.kind) == ("w.example", COSIGNATURE)
        url = (await asyncio.to_thread(process.stderr.readline)).split()[-1]
        assert await _posted(f"{url}/add-checkpoint", asking(0, head(9))) == 200
        assert await _posted(f"{url}/add-checkpoint", b"x" * (1 << 20)) == 413
        assert await _posted(f"{url}/add-checkpoint", b"not a request") == 400
        process.terminate()
        assert await asyncio.to_thread(process.wait, 60) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


async def _posted(url: str, raw: bytes) -> int:
    """The status, once it listens."""
    async with aiohttp.ClientSession() as session:
        for _ in range(600):
            try:
                async with session.post(url, data=raw) as reply:
                    return reply.status
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.05)
    raise TimeoutError
