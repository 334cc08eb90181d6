"""Whatever bytes a server answers: an item or an error of ours, and all is on record."""

import asyncio
import gzip
import io

from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from collectors.answers import Bounds
from collectors.exchanges import read_exchange
from evidence.errors import EvidenceError, ShapeError
from evidence.items import Item, Role
from tests.collectors.http_bench import bench

BOUNDS = Bounds(connect_s=2, first_byte_s=2, total_s=3)
STATUSES = (*[b"200"] * 6, b"204", b"206", b"302", b"304", b"401", b"404", b"429", b"503", b"999",
            b"101", b"0", b"2000", "２００".encode())  # fmt: skip
REASONS = (b"OK", b"", "成功".encode(), b"\xff", b"a" * 9000)
LINES = (
    b"Content-Type: application/json",
    b"Content-Type: text/html; charset=\xff",
    "Content-Type: 应用/数据".encode(),
    b"Content-Length: 2",
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999",
    b"Transfer-Encoding: chunked",
    b"Content-Encoding: gzip",
    b"Content-Encoding: gzip, deflate, gzip",
    b"Content-Encoding: \xe6",
    b"Date: Sat, 25 Jul 99999 10:00:00 GMT",
    b"Date: \xff",
    b"Retry-After: 1e9",
    "Retry-After: ١".encode(),
    b"Retry-After: 99999999999999999999999",
    b"Location: http://[::1",
    "Location: //成.example/".encode(),
    b"Location: /y\xff",
    b"X-Request-Id: \xff\xfe",
    b"X-Request-Id: " + b"a" * 7000,
    b"Set-Cookie: a=\xff; Domain=\xe6",
    b"Link: <\xff>; rel=next",
    b"Upgrade: websocket",
    b"X\xff: 1",
    b"X:\x00",
)
BODIES = (
    b"{}",
    b"",
    b"2\r\n{}\r\n0\r\n\r\n",
    b"zz\r\n",
    gzip.compress(b"{}"),
    gzip.compress(b"{}")[:9],
)


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    head = [
        b"HTTP/1.%d " % draw(st.sampled_from((1, 1, 1, 0, 2)))
        + draw(st.sampled_from(STATUSES))
        + b" "
        + draw(st.sampled_from(REASONS)),
        *draw(st.lists(st.sampled_from(LINES), max_size=4, unique=True)),
    ]
    return b"".join(line + b"\r\n" for line in head) + b"\r\n" + draw(st.sampled_from(BODIES))


async def _asked(answer: bytes) -> list[Item]:
    """What was recorded of asking for it."""

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(reply, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with bench(f"http://127.0.0.1:{port}", bounds=BOUNDS) as b:
            try:
                got = await b.session.get("/x")
                item = got.item(Role.TRACKING_HISTORY)
                assert item.exchange == b.recorded[-1].sha256
                item.content.read(1 << 20)
            except EvidenceError as error:
                str(error).encode()  # it goes into a log, an answer and a manifest
            return b.recorded


@settings(max_examples=200, deadline=None)
@given(answers())
def test_any_answer_is_an_item_or_an_error_and_every_exchange_can_be_read(answer: bytes) -> None:
    for item in asyncio.run(_asked(answer)):
        data = item.content.read(1 << 22)
        heads = [record.http_headers for record in ArchiveIterator(io.BytesIO(data))]
        assert [head is None for head in heads] == [False, False, True]
        try:
            read_exchange(item)
        except ShapeError:  # a status of four digits, say
            continue
