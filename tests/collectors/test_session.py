"""The session against real servers on loopback."""

import asyncio
import gzip
import subprocess
import sys
import textwrap
import zlib
from pathlib import Path

import pytest
from aiohttp import web

from collectors.answers import Bounds
from collectors.auth import ApiKey, Basic
from collectors.exchanges import read_exchange
from collectors.secrets import Secret
from collectors.session import Session
from evidence.errors import (
    AccessError,
    OutageError,
    RequestError,
    ShapeError,
    TooLargeError,
)
from evidence.items import Role
from tests.collectors.http_bench import NOW, CountingSpool, MemorySpool, bench, server

CANARY = "c4n4ry/+= secret&value"


def replying(*answers: web.Response | int, path: str = "/x") -> web.RouteDef:
    """A route that gives these answers in turn, the last one again and again."""
    waiting = list(answers)

    async def handle(request: web.Request) -> web.Response:
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, int):
            return web.Response(status=answer, text="{}")
        return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))

    return web.get(path, handle)


async def test_an_answer_becomes_an_item_whose_exchange_was_recorded_before() -> None:
    async with server(replying(web.Response(text="{}", content_type="application/json"))) as url:
        async with bench(url) as b:
            reply = await b.session.get("/x", params={"n": "1"})
            item = reply.item(Role.TRACKING_HISTORY, about={"order.id": "1"})
            assert len(b.recorded) == 1
    assert item.content.read(10) == b"{}"
    assert (item.key, item.media_type, item.collector) == (
        "GET /x?n=1",
        "application/json",
        "ups/1",
    )
    assert (item.origin, item.collected_at, item.part_of) == ("ups", NOW, None)
    assert item.exchange == b.recorded[0].sha256
    assert b.recorded[0].role is Role.EXCHANGE
    assert b.recorded[0].key.startswith("exchange/1/")
    names = [fact.name for fact in read_exchange(b.recorded[0])]
    assert names == ["exchange.status", "exchange.date.at"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RequestError),
        (401, AccessError),
        (402, AccessError),
        (403, AccessError),
        (404, RequestError),
        (410, RequestError),
        (422, RequestError),
        (500, OutageError),
        (503, OutageError),
        (204, ShapeError),
        (304, ShapeError),
    ],
)
async def test_a_status_nobody_expected_becomes_an_error_by_one_table(
    status: int, error: type[Exception]
) -> None:
    async with server(replying(status)) as url, bench(url, retries=0) as b:
        with pytest.raises(error):
            await b.session.get("/x")
        assert b.statuses() == [str(status)]


async def test_a_status_that_is_expected_is_an_answer() -> None:
    async with server(replying(404)) as url, bench(url) as b:
        reply = await b.session.get("/x", answers={200, 404})
        assert reply.status == 404


async def test_500_is_asked_again_with_growing_waits_and_then_is_an_outage() -> None:
    async with server(replying(500)) as url, bench(url) as b:
        with pytest.raises(OutageError):
            await b.session.get("/x")
        assert b.statuses() == ["500", "500", "500"]
        assert b.sleeps.asked == [1.0, 2.0]


async def test_after_one_500_the_answer_is_as_good_as_any() -> None:
    async with server(replying(500, 200)) as url, bench(url) as b:
        assert (await b.session.get("/x")).status == 200
        assert b.statuses() == ["500", "200"]


async def test_retry_after_in_seconds_is_honoured() -> None:
    busy = web.Response(status=429, headers={"Retry-After": "7"})
    async with server(replying(busy, web.Response(text="{}"))) as url, bench(url) as b:
        assert (await b.session.get("/x")).status == 200
        assert b.sleeps.asked[0] == 7.0


async def test_retry_after_as_a_date_counts_from_the_sources_own_clock() -> None:
    busy = web.Response(
        status=429,
        headers={
            "Date": "Sat, 25 Jul 2020 10:00:00 GMT",
            "Retry-After": "Sat, 25 Jul 2020 10:00:09 GMT",
        },
    )
    async with server(replying(busy, web.Response(text="{}"))) as url, bench(url) as b:
        await b.session.get("/x")
        assert b.sleeps.asked[0] == 9.0


async def test_a_long_retry_after_ends_the_run_and_says_how_long() -> None:
    busy = web.Response(status=429, headers={"Retry-After": "3600"})
    async with server(replying(busy)) as url, bench(url) as b:
        with pytest.raises(OutageError) as caught:
            await b.session.get("/x")
        assert caught.value.retry_after_s == 3600
        assert b.statuses() == ["429"]


async def test_a_post_is_sent_again_only_where_nothing_was_done() -> None:
    asked: list[bytes] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(await request.read())
        return web.Response(status=503 if len(asked) == 1 else 500)

    async with server(web.post("/x", handle)) as url, bench(url) as b:
        with pytest.raises(OutageError):
            await b.session.post("/x", json={"ü": 1})
    assert asked == ['{"ü": 1}'.encode()] * 2


async def test_nobody_listening_is_an_outage_after_the_retries() -> None:
    async with server(replying(200)) as url:
        pass
    async with bench(url) as b:
        with pytest.raises(OutageError):
            await b.session.get("/x")
        assert len(b.sleeps.asked) == 2
        assert b.recorded == []


async def test_a_source_that_hangs_before_its_answer_is_an_outage() -> None:
    async def hang(_: web.Request) -> web.Response:
        await asyncio.sleep(600)
        return web.Response()

    bounds = Bounds(first_byte_s=0.1)
    async with server(web.get("/x", hang)) as url, bench(url, bounds=bounds) as b:
        with pytest.raises(OutageError, match="no answer came in time"):
            await b.session.get("/x")


async def test_a_head_that_is_not_ascii_is_recorded_as_it_came() -> None:
    head = (
        'HTTP/1.1 200 成功\r\nContent-Disposition: filename="签收.json"\r\nX-A: '.encode() + b"\xff"
    )

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + b"\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(reply, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with bench(f"http://127.0.0.1:{port}") as b:
            answer = await b.session.get("/x")
            assert answer.item(Role.TRACKING_HISTORY).content.read(10) == b"{}"
            assert head + b"\r\n" in gzip.decompress(b.recorded[0].content.read(1 << 20))
            assert read_exchange(b.recorded[0])[0].text == "200"


async def test_an_answer_that_stalls_is_recorded_as_far_as_it_came() -> None:
    async def stall(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        answer.content_length = 1000
        await answer.prepare(request)
        await answer.write(b"half of it")
        await asyncio.sleep(600)
        return answer

    async with (
        server(web.get("/x", stall)) as url,
        bench(url, bounds=Bounds(total_s=2)) as b,
    ):
        with pytest.raises(OutageError, match="did not end in time"):
            await b.session.get("/x")
        (warc,) = [gzip.decompress(item.content.read(1 << 20)) for item in b.recorded]
    assert b"WARC-Truncated: time" in warc
    assert b"half of it" in warc


async def test_an_answer_that_breaks_off_is_recorded_and_asked_again() -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        answer.content_length = 1000
        await answer.prepare(request)
        await answer.write(b"half of it")
        assert request.transport is not None
        request.transport.close()
        return answer

    async with server(web.get("/x", broken)) as url, bench(url, retries=1) as b:
        with pytest.raises(OutageError, match="broke within the answer"):
            await b.session.get("/x")
        warcs = [gzip.decompress(item.content.read(1 << 20)) for item in b.recorded]
    assert len(warcs) == 2
    assert all(b"WARC-Truncated: disconnect" in warc for warc in warcs)


@pytest.mark.parametrize("size", [100_001, 3 << 20], ids=["a little too much", "far too much"])
async def test_a_body_over_the_limit_is_refused_and_its_beginning_recorded(size: int) -> None:
    async with (
        server(replying(web.Response(body=b"7" * size))) as url,
        bench(url, bounds=Bounds(max_body=100_000)) as b,
    ):
        with pytest.raises(TooLargeError):
            await b.session.get("/x")
        warc = gzip.decompress(b.recorded[0].content.read(4 << 20))
    assert b"WARC-Truncated: length" in warc
    assert b"7" * 100_000 in warc
    assert b"body-size: 100000" in warc


async def test_a_large_body_stands_in_its_item_and_only_as_a_digest_in_the_exchange() -> None:
    body = bytes(range(256)) * 1024
    async with server(replying(web.Response(body=body))) as url, bench(url) as b:
        item = (await b.session.get("/x")).item(Role.DOCUMENT)
        warc = gzip.decompress(b.recorded[0].content.read(1 << 20))
    assert item.content.read(1 << 20) == body
    assert b"WARC-Type: revisit" in warc
    assert f"WARC-Payload-Digest: sha256:{item.sha256}".encode() in warc
    assert len(warc) < 5000


async def test_a_body_somebody_gzipped_is_kept_as_it_came_and_read_decoded() -> None:
    plain = b'{"a": 1}' * 20_000
    packed = gzip.compress(plain, mtime=0)
    headers = {"Content-Encoding": "gzip"}
    async with server(replying(web.Response(body=packed, headers=headers))) as url:
        async with bench(url) as b:
            item = (await b.session.get("/x")).item(Role.DOCUMENT)
    assert item.content.read(1 << 20) == plain
    assert item.part_of is not None
    assert (item.part_of.sha256, item.part_of.encoding) == (b.recorded[0].sha256, "gzip")
    assert packed in gzip.decompress(b.recorded[0].content.read(1 << 20))


@pytest.mark.parametrize(
    ("encoding", "body", "error"),
    [
        ("gzip", gzip.compress(b"\0" * (40 << 20)), TooLargeError),
        ("deflate", zlib.compress(b"\0" * (40 << 20)), TooLargeError),
        ("gzip", b"not gzip", ShapeError),
        ("gzip", gzip.compress(b"cut off" * 1000)[:-20], ShapeError),
        ("br", b"whatever", ShapeError),
    ],
    ids=["gzip bomb", "deflate bomb", "no gzip", "cut off", "an encoding nobody asked for"],
)
async def test_an_encoding_that_swells_or_breaks_is_recorded_and_refused(
    encoding: str, body: bytes, error: type[Exception]
) -> None:
    answer = web.Response(body=body, headers={"Content-Encoding": encoding})
    async with (
        server(replying(answer)) as url,
        bench(url, bounds=Bounds(max_body=1 << 20)) as b,
    ):
        with pytest.raises(error):
            await b.session.get("/x")
        assert b.statuses() == ["200"]


async def test_a_redirect_within_the_host_is_followed_and_each_step_recorded() -> None:
    moved = web.Response(status=302, headers={"Location": "/y"})
    async with (
        server(replying(moved), replying(web.Response(text="there"), path="/y")) as url,
        bench(url) as b,
    ):
        reply = await b.session.get("/x")
        assert reply.content.read(10) == b"there"
        assert b.statuses() == ["302", "200"]


async def test_redirects_without_end_are_left_after_three() -> None:
    moved = web.Response(status=302, headers={"Location": "/x"})
    async with server(replying(moved)) as url, bench(url) as b:
        with pytest.raises(RequestError, match="after 3 others"):
            await b.session.get("/x")
        assert b.statuses() == ["302"] * 4


async def test_a_redirect_to_another_host_is_refused_and_never_asked() -> None:
    asked: list[str] = []

    async def other(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(text="internal")

    async with server(web.get("/meta", other)) as elsewhere:
        moved = web.Response(status=302, headers={"Location": f"{elsewhere}/meta"})
        async with server(replying(moved)) as url, bench(url) as b:
            with pytest.raises(RequestError, match="another host"):
                await b.session.get("/x")
            assert b.statuses() == ["302"]
    assert asked == []


async def test_a_link_at_our_host_that_leads_on_is_guarded_like_any_link() -> None:
    """Help desks redirect from their own host to a store of files, where nobody knows us."""
    asked: list[str] = []

    async def other(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(text="internal")

    async with server(web.get("/meta", other)) as elsewhere:
        moved = web.Response(status=302, headers={"Location": f"{elsewhere}/meta"})
        async with server(replying(moved)) as url, bench(url) as b:
            with pytest.raises(RequestError, match="an address out of an answer"):
                await b.session.fetch(f"{url}/x")
            assert b.statuses() == ["302"]
    assert asked == []


async def test_a_url_out_of_an_answer_never_reaches_loopback() -> None:
    async with server(replying(200)) as url, bench(url) as b:
        for target in ("http://127.0.0.1/x", "http://[::1]/x", "http://localhost/x"):
            with pytest.raises(RequestError, match="public"):
                await b.session.fetch(target)
        for target in ("file:///etc/passwd", "http://localhost:8080/", "http://a:b@localhost/"):
            with pytest.raises(RequestError):
                await b.session.fetch(target)
        assert b.recorded == []


async def test_a_url_out_of_an_answer_may_lead_back_to_the_configured_host() -> None:
    async with server(replying(200)) as url, bench(url) as b:
        assert (await b.session.fetch(f"{url}/x")).status == 200
        with pytest.raises(RequestError):
            await b.session.fetch(f"{url.replace('//', '//a:b@')}/x")


@pytest.mark.parametrize("path", ["x", "/../x", "/a/../../x", "/./x", "//evil.example/x"])
async def test_no_path_leaves_the_base(path: str) -> None:
    seen: list[str] = []

    async def any_path(request: web.Request) -> web.Response:
        seen.append(request.raw_path)
        return web.Response(text="{}")

    async with server(web.get("/{tail:.*}", any_path)) as url, bench(f"{url}/base") as b:
        if path.startswith("//"):
            await b.session.get(path)
            assert seen[0].startswith("/base/")
        else:
            with pytest.raises(RequestError):
                await b.session.get(path)


@pytest.mark.parametrize("url", ["ftp://h/", "https://", "https://u:p@h/", "https://h/?q=1", "h"])
def test_a_base_that_is_no_plain_url_is_refused(url: str) -> None:
    async def record(_: object) -> None: ...

    with pytest.raises(RequestError):
        Session(
            base_url=url, collector="x/1", spool=MemorySpool(), record=record, clock=lambda: NOW
        )


async def test_secrets_stand_in_no_exchange_item_or_error() -> None:
    key = Secret("api_key", CANARY)

    async def handle(request: web.Request) -> web.Response:
        said = await request.text()
        return web.Response(
            status=422,
            text=f"you sent {said} and {request.query['k']}",
            headers={"X-Echo": request.headers["X-Key"], "Set-Cookie": "sid=12345; Path=/"},
        )

    async with server(web.post("/x", handle)) as url:
        async with bench(url, auth=ApiKey("X-Key", key, "Key ")) as b:
            with pytest.raises(RequestError) as caught:
                await b.session.post("/x", form={"password": CANARY}, params={"k": CANARY})
    (exchange,) = b.recorded
    warc = gzip.decompress(exchange.content.read(1 << 20)).decode()
    for form in (CANARY, "c4n4ry", "sid=12345"):
        assert form not in warc
        assert form not in f"{exchange!r} {caught.value!s} {caught.value!r}"
    assert "X-Key: Key [secret:api_key]" in warc
    assert "secret-replaced: api_key in request body" in warc
    assert "secret-replaced: api_key in response body" in warc
    assert "secret-replaced: api_key in url" in warc
    assert CANARY not in repr(key) + str(key)


@pytest.mark.parametrize("encoded", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize("size", [10, 2 << 20], ids=["small", "large"])
async def test_an_answer_that_repeats_a_secret_is_not_handed_out(encoded: bool, size: int) -> None:
    plain = b"x" * size + CANARY.encode() + b"y" * size
    body = gzip.compress(plain) if encoded else plain
    headers = {"Content-Encoding": "gzip"} if encoded else {}
    async with server(replying(web.Response(body=body, headers=headers))) as url:
        async with bench(url, secrets=[Secret("k", CANARY)]) as b:
            with pytest.raises(AccessError, match="repeats our secret k"):
                await b.session.get("/x")
    warc = gzip.decompress(b.recorded[0].content.read(8 << 20))
    assert CANARY.encode() not in warc
    assert body[:100] not in warc or not encoded


async def test_basic_credentials_are_sent_and_not_recorded() -> None:
    seen: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request.headers["Authorization"])
        return web.Response(text="{}")

    async with server(web.get("/x", handle)) as url:
        async with bench(url, auth=Basic("me", Secret("pw", CANARY))) as b:
            await b.session.get("/x")
    token = seen[0].removeprefix("Basic ")
    assert token not in gzip.decompress(b.recorded[0].content.read(1 << 20)).decode()


async def test_a_session_that_is_not_open_says_so() -> None:
    async def record(_: object) -> None: ...

    session = Session(
        base_url="http://127.0.0.1:1",
        collector="x/1",
        spool=MemorySpool(),
        record=record,
        clock=lambda: NOW,
    )
    with pytest.raises(RequestError, match="not open"):
        await session.get("/x")


def test_a_body_of_300_megabytes_takes_no_memory(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import asyncio, resource
        from collectors.answers import Bounds
        from collectors.session import Session
        from service.sandbox.app import run_sandbox
        from service.sandbox.faults import Fault
        from service.sandbox.scenario import Scenario
        from tests.collectors.http_bench import NOW, CountingSpool

        SIZE = 300 << 20

        async def main():
            async def record(item): pass
            fault = Fault(kind="body", bytes=SIZE, on="/")
            async with run_sandbox(Scenario(faults=(fault,))) as url:
                session = Session(base_url=url, collector="x/1", spool=CountingSpool(),
                    record=record, clock=lambda: NOW,
                    bounds=Bounds(max_body=1 << 30, total_s=60))
                async with session:
                    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                    reply = await session.get("/big")
                    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            assert reply.content.size == SIZE
            print(after - before)

        asyncio.run(main())
    """)
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=90
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) < 60_000, "kilobytes more than before the answer came"
    assert CountingSpool is not None
