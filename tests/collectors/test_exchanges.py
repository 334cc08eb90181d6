"""Exchanges as WARC, checked by a reader that we did not write."""

import gzip
import io
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from collectors.exchanges import Body, Exchange, exchange_item, in_memory, read_exchange
from collectors.redaction import Redactor
from collectors.secrets import Secret
from evidence.errors import EvidenceError, ShapeError
from evidence.items import InMemory, Item, Provenance, Role

AT = datetime(2026, 7, 25, 10, 0, 1, 250_000, tzinfo=UTC)


def exchange(
    body: bytes = b'{"a":1}',
    *,
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),),
    truncated: str | None = None,
    withheld: str | None = None,
    as_item: bool = True,
) -> Exchange:
    content = InMemory(body)
    return Exchange(
        collector="ups/1",
        method="GET",
        url="https://api.carrier.example/x?n=1",
        target="/x?n=1",
        request_headers=(("Host", "api.carrier.example"), ("Authorization", "Bearer t0ken-abc")),
        request_body=b"",
        http_version="1.1",
        status=200,
        reason="OK",
        response_headers=headers,
        body=Body(
            content=content,
            size=content.size,
            sha256=content.sha256,
            as_item=as_item,
            truncated=truncated,
            withheld=withheld,
        ),
        started_at=AT,
        finished_at=AT,
    )


def item_of(data: bytes) -> Item:
    return exchange_item(
        InMemory(data),
        number=1,
        collector="ups/1",
        origin="ups",
        url="https://api.carrier.example/x",
        collected_at=AT,
    )


CASES = {
    "plain": exchange(),
    "no body": exchange(b""),
    "large, as an item": exchange(b"z" * 70_000),
    "large, not as an item": exchange(b"z" * 70_000, as_item=False),
    "cut off": exchange(b"half", truncated="disconnect", as_item=False),
    "a token answer": exchange(b'{"access_token":"t0ken-abc"}', withheld="token answer"),
    "chunked": exchange(headers=(("Transfer-Encoding", "chunked"), ("X-B", "1"), ("X-A", "ü"))),
    "looks chunked": exchange(
        b"5\r\nhello\r\n0\r\n\r\n", headers=(("Transfer-Encoding", "chunked"),)
    ),
    "a body of line breaks": exchange(b"\r\n\r\n\r\n"),
    "a head that is not ASCII": replace(
        exchange(headers=(("Content-Disposition", 'filename="签收.pdf"'), ("X-A", "\udcff"))),
        reason="成功",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_warcio_finds_every_digest_right(case: Exchange, tmp_path: Path) -> None:
    path = tmp_path / "exchange.warc.gz"
    path.write_bytes(in_memory(case, Redactor([])).data)
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("warcio")), "check", "-v", str(path)],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout
    assert ran.stdout.count("digest pass") + ran.stdout.count("(revisit)") == 3


def records(data: bytes) -> dict[str, tuple[dict[str, str], bytes]]:
    found = {}
    for record in ArchiveIterator(io.BytesIO(data)):
        found[record.rec_type] = (dict(record.rec_headers.headers), record.content_stream().read())
    return found


def test_a_head_is_written_as_it_came() -> None:
    data = gzip.decompress(in_memory(CASES["a head that is not ASCII"], Redactor([])).data)
    assert "HTTP/1.1 200 成功\r\n".encode() in data
    assert 'Content-Disposition: filename="签收.pdf"\r\nX-A: '.encode() + b"\xff\r\n" in data


def test_the_same_exchange_gives_the_same_bytes() -> None:
    first, second = (in_memory(exchange(), Redactor([])) for _ in range(2))
    assert first.data == second.data
    assert (
        exchange_item(first, number=3, collector="c/1", origin="c", url="u", collected_at=AT).key
        == f"exchange/3/{first.sha256[:16]}"
    )


def test_request_and_response_stand_in_it_as_they_went_and_came() -> None:
    found = records(in_memory(exchange(), Redactor([])).data)
    assert list(found) == ["request", "response", "metadata"]
    assert found["response"][1] == b'{"a":1}'
    assert found["response"][0]["WARC-Date"] == "2026-07-25T10:00:01.250000Z"
    assert found["response"][0]["WARC-Concurrent-To"] == found["request"][0]["WARC-Record-ID"]


def test_a_body_that_looks_chunked_is_not_taken_apart_again() -> None:
    found = records(in_memory(CASES["looks chunked"], Redactor([])).data)
    assert found["response"][1] == b"5\r\nhello\r\n0\r\n\r\n"
    assert b"header-renamed: Transfer-Encoding to X-Archive-Orig-" in found["metadata"][1]


def test_nothing_of_a_token_answer_is_written_down() -> None:
    data = in_memory(CASES["a token answer"], Redactor([])).data
    assert b"t0ken-abc" not in gzip.decompress(data)
    assert records(data)["response"][1] == b"[secret:token answer]"
    assert b"body-sha256" not in records(data)["metadata"][1]


def test_an_unknown_credential_in_a_known_header_is_replaced_too() -> None:
    data = gzip.decompress(in_memory(exchange(), Redactor([])).data)
    assert b"Authorization: [secret:authorization]\r\n" in data


def test_reading_gives_status_the_vendors_clock_and_its_id() -> None:
    headers = (("Date", "Sat, 25 Jul 2026 10:00:00 GMT"), ("X-Request-Id", "abc-1"))
    facts = read_exchange(item_of(in_memory(exchange(headers=headers), Redactor([])).data))
    assert [(fact.name, fact.text, str(fact.locator)) for fact in facts] == [
        ("exchange.status", "200", "item:"),
        ("exchange.date.at", "Sat, 25 Jul 2026 10:00:00 GMT", "header:Date"),
        ("exchange.request_id", "abc-1", "header:X-Request-Id"),
    ]
    assert facts[1].time.span.earliest == datetime(2026, 7, 25, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Sat, 25 Jul 2026 10:00:00", "Sat, 25 Jul 2026 10:00:00 +0800"]
)
def test_a_date_that_is_not_gmt_is_no_fact(date: str) -> None:
    data = in_memory(exchange(headers=(("Date", date),)), Redactor([])).data
    assert [fact.name for fact in read_exchange(item_of(data))] == ["exchange.status"]


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"WARC/1.1\r\n", gzip.compress(b"hello", mtime=0)]
)
def test_other_bytes_are_a_shape_error(data: bytes) -> None:
    with pytest.raises(ShapeError):
        read_exchange(item_of(data))


@settings(max_examples=200)
@given(st.data())
def test_a_damaged_exchange_reads_or_raises_ours(data: st.DataObject) -> None:
    good = in_memory(exchange(), Redactor([])).data
    at = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[at] ^= data.draw(st.integers(1, 255))
    try:
        read_exchange(item_of(bytes(bad[: data.draw(st.integers(0, len(bad)))])))
    except EvidenceError:
        pass


SECRETS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=4, max_size=40)


@settings(max_examples=80, deadline=None)
@given(secret=SECRETS, around=st.text(max_size=20))
def test_no_form_of_a_secret_survives(secret: str, around: str) -> None:
    import base64
    import json
    import urllib.parse

    from yarl import URL

    redactor = Redactor([Secret("k", secret)])
    query = str(URL("http://h/").with_query({"q": secret}))
    for form in (
        secret,
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
        urllib.parse.urlencode({"k": secret})[2:],
        query.partition("=")[2],
        json.dumps(secret)[1:-1],
        base64.b64encode(secret.encode()).decode(),
    ):
        text, names = redactor.text(f"{around}<{form}>{around}")
        assert names == ["k"]
        assert "<[secret:k]>" in text


def test_a_secret_neither_prints_nor_pickles() -> None:
    import copy
    import pickle

    secret = Secret("ups_client_secret", "hunter22")
    assert f"{secret} {secret!r}" == "[secret:ups_client_secret] [secret:ups_client_secret]"
    for leave in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            leave(secret)


def test_an_exchange_is_an_item_of_its_own_role() -> None:
    item = item_of(b"")
    assert (item.role, item.provenance) == (Role.EXCHANGE, Provenance.API)
    assert item.media_type == "application/warc"
