"""Reading in processes with limits: hostile bytes cost their own reading, and nothing else."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import signal
import socket
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from evidence.errors import CorruptionError, OutageError
from evidence.facts import Fact
from evidence.items import InMemory, Item, Provenance, Role
from service.reading.nursery import Nursery
from service.reading.reading import Reading
from service.settings import Limits
from tests.collectors.http_bench import bench, server
from tests.verifiers.documents import picture


def item(data: bytes, *, name: str = "pod.pdf", collector: str = "folder/1") -> Item:
    return Item(
        role=Role.POD_DOCUMENT,
        key=name,
        content=InMemory(data),
        media_type="application/octet-stream",
        collector=collector,
        origin="seller",
        provenance=Provenance.UPLOAD,
        collected_at=datetime(2026, 11, 22, tzinfo=UTC),
        name=name,
    )


@pytest.fixture
async def reading() -> AsyncIterator[Reading]:
    reading = Reading(replace(Limits(), read_s=4.0, read_memory=600 << 20), size=1)
    yield reading
    await reading.close()


def failures(facts: list[Fact]) -> list[str]:
    return [fact.text for fact in facts if fact.name == "reading.failed"]


async def test_an_item_is_read_in_a_process_that_holds_no_secret(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPS_SECRET", "do-not-inherit")
    await reading.warm()
    (child,) = reading._idle
    with open(f"/proc/{child.process.pid}/environ", "rb") as environ:
        assert b"do-not-inherit" not in environ.read()
    facts = await reading.facts_of(item(b"Delivered On: 11/03/2026\n", name="note.txt"))
    assert any(fact.name == "file.name" for fact in facts)


async def test_a_bomb_costs_that_reading_and_the_next_one_works(reading: Reading) -> None:
    bomb = zlib.compress(zlib.compress(bytes(200_000_000)))
    pdf = (
        b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R>>endobj\n"
        b"4 0 obj<</Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n%s\nendstream endobj\n"
        b"trailer<</Root 1 0 R>>" % (len(bomb), bomb)
    )
    assert failures(await reading.facts_of(item(pdf)))
    assert not failures(await reading.facts_of(item(b"a plain note\n", name="note.txt")))


async def test_a_reader_that_died_before_is_replaced_and_the_item_not_blamed(
    reading: Reading,
) -> None:
    await reading.warm()
    for _ in range(2):
        reading._idle[0].process.kill()
        assert not failures(await reading.facts_of(item(b"a note\n", name="a.txt")))


async def test_kept_bytes_that_do_not_hold_are_nobodys_failed_reading(reading: Reading) -> None:
    class Rotten(InMemory):
        def chunks(self) -> Iterator[bytes]:
            yield b"half of it"
            raise self.problem

        problem: Exception

    for problem, raised in [
        (CorruptionError(what="The object", why="it is missing"), CorruptionError),
        (OSError(5, "Input/output error"), OutageError),
    ]:
        rotten = Rotten(b"half of it, and the rest")
        object.__setattr__(rotten, "problem", problem)
        with pytest.raises(raised):
            await reading.facts_of(replace(item(b""), content=rotten))
        assert not failures(await reading.facts_of(item(b"a note\n", name="a.txt")))


async def test_who_is_forked_has_what_was_to_be_known_before() -> None:
    nursery = """
import socket
from service.reading.nursery import serve_nursery
known = []
ours = serve_nursery(socket.socket(fileno=0), know=known.append)
if ours is not None:
    ours.sendall(" ".join(known).encode())
"""
    control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with control, theirs:
        process = subprocess.Popen([sys.executable, "-c", nursery], stdin=theirs.fileno())
        theirs.close()
        told = []
        for words in (b"know rest", b"know ups"):
            control.send(words)
            mine, its = socket.socketpair()
            socket.send_fds(control, [b"fork"], [its.fileno()])
            its.close()
            assert control.recv(100).startswith(b"born ")
            with mine:
                told.append(mine.recv(100))
            assert control.recv(100).startswith(b"ended ")
        control.close()
        assert process.wait(30) == 0
    assert told == [b"rest", b"rest ups"]


async def test_each_child_that_ends_is_told_of_though_nobody_says_anything() -> None:
    nursery = await Nursery.start(600 << 20, 4.0)
    try:
        children = [await nursery.fork() for _ in range(3)]
        for child in children:  # the first end is told, whoever is listened to meanwhile
            os.kill(child.pid, signal.SIGKILL)
            async with asyncio.timeout(20):
                assert await child.wait() == -signal.SIGKILL
    finally:
        await nursery.close()


async def test_models_are_loaded_once_for_all_who_read_pictures() -> None:
    pytest.importorskip("rapidocr")
    reading = Reading(Limits(), size=1)
    try:
        seen = replace(item(picture(), name="pod.png"), media_type="image/png")
        assert not failures(await reading.facts_of(seen))
        (first,) = reading._idle
        first.process.kill()
        await first.process.wait()
        await reading.warm()
        (second,) = reading._idle
        assert second.process.pid != first.process.pid
        assert "onnxruntime" in Path(f"/proc/{second.process.pid}/maps").read_text()
    finally:
        await reading.close()


async def test_a_library_that_breaks_down_when_it_is_loaded_costs_pictures_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("cv2")
    for name in ("rapidocr", "onnxruntime"):
        (tmp_path / f"{name}.py").write_text("import os\nos.abort()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    reading = Reading(Limits(), size=1)
    try:
        seen = replace(item(picture(), name="pod.png"), media_type="image/png")
        for _ in range(2):
            (why,) = failures(await reading.facts_of(seen))
            assert why.startswith("The library that reads it")
            assert not failures(await reading.facts_of(item(b"a note\n", name="a.txt")))
    finally:
        await reading.close()


async def test_an_item_over_the_limit_is_not_read_and_says_so(reading: Reading) -> None:
    reading._limits = replace(reading._limits, read_bytes=10)
    (why,) = failures(await reading.facts_of(item(b"more than ten bytes")))
    assert "19 is over the limit of 10" in why


async def test_many_readings_at_once_share_the_processes(reading: Reading) -> None:
    items = [item(b"note %d\n" % n, name=f"{n}.txt") for n in range(30)]
    read = await asyncio.gather(*(reading.facts_of(one) for one in items))
    assert [facts[0].item for facts in read] == [one.sha256 for one in items]
    assert len(reading._idle) == 1


async def test_several_read_together_give_what_each_gives_alone(reading: Reading) -> None:
    deep = b"[" * 5_000 + b"]" * 5_000
    items = [
        *(item(b'{"n": %d}' % n, name=f"{n}.json", collector="rest/1") for n in range(20)),
        item(b"a note\n", name="a.txt"),
        replace(item(deep, name="deep.json", collector="rest/1"), role=Role.ORDER_RECORD),
        replace(item(b"no exchange", collector="rest/1"), role=Role.EXCHANGE),
        replace(item(b"{}", name="event.json"), role=Role.CASE_EVENT),
        item(b"%PDF-1.4 and no more", name="broken.pdf"),
        item(b"<a>" + b" " * 200_000 + b"</a>", name="large.xml"),
    ]
    together = await reading.facts_of_each(items)
    assert together == [await reading.facts_of(one) for one in items]
    assert failures(together[21]) and failures(together[22])


async def test_who_is_read_beside_others_is_not_blamed_for_what_ends_them(
    reading: Reading,
) -> None:
    await reading.warm()
    items = [item(b'{"n": %d}' % n, name=f"{n}.json", collector="rest/1") for n in range(4)]
    unharmed = await reading.facts_of_each(items)
    reading._idle[0].process.kill()
    assert await reading.facts_of_each(items) == unharmed


async def test_a_body_that_came_packed_is_taken_out_of_its_exchange_again(
    reading: Reading,
) -> None:
    async def packed(_: web.Request) -> web.Response:
        data = gzip.compress(b'{"a": 1}')
        return web.Response(body=data, headers={"Content-Encoding": "gzip"})

    async with server(web.get("/x", packed)) as url, bench(url) as b:
        answer = (await b.session.get("/x")).item(Role.ORDER_RECORD)
    (exchange,) = b.recorded
    assert answer.part_of is not None and answer.part_of.sha256 == exchange.sha256
    place, encoding = str(answer.part_of.locator), answer.part_of.encoding
    found = await reading.part_of(exchange, locator=place, encoding=encoding)
    assert found == (answer.sha256, answer.content.size)


@pytest.mark.parametrize("data", [b"no gzip", gzip.compress(b"x")[:-4]], ids=["other", "cut"])
async def test_what_does_not_unpack_says_why(reading: Reading, data: bytes) -> None:
    assert isinstance(await reading.part_of(item(data), locator="item:", encoding="gzip"), str)
    whole = item(gzip.compress(b"x"))
    assert isinstance(await reading.part_of(whole, locator="item:", encoding="br"), str)
    assert await reading.part_of(whole, locator="item:", encoding="gzip") == (
        hashlib.sha256(b"x").hexdigest(),
        1,
    )
