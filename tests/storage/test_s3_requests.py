"""Requests to S3 without boto3: signed as published, patient as boto3, and given up for it."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any, ClassVar

import pytest

from evidence.errors import AccessError, OutageError
from storage import s3_requests
from storage.bucket import Bucket
from storage.s3_client import Where
from storage.s3_requests import ElsewhereError, Keys, Requests
from tests.seaweed import Seaweed

EXAMPLE = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def requests(base: str, keys: Keys = EXAMPLE) -> Requests:
    return Requests(base, region="us-east-1", keys=lambda: keys, certificates=None)


def test_a_signature_is_the_published_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Amazon S3 API Reference, Signature Version 4, "Example: GET Object"."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Then":
            return cls(2013, 5, 24, tzinfo=UTC)

    monkeypatch.setattr(s3_requests, "datetime", Then)
    empty = hashlib.sha256(b"").hexdigest()
    signed = requests("https://examplebucket.s3.amazonaws.com")._signed(
        "GET", "/test.txt", "", {"Range": "bytes=0-9"}, empty
    )
    assert signed["authorization"].endswith(
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


class _Stand(http.server.BaseHTTPRequestHandler):
    """Answers with what it is told, one after another; the last again and again."""

    protocol_version = "HTTP/1.1"
    answers: ClassVar[list[tuple[int, bytes]]] = []
    cut: ClassVar[int] = 0  # bytes that are announced and never come
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        answers = type(self).answers
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        type(self).asked.append(self.path)
        if status == 0:  # nothing at all
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) + type(self).cut))
        self.close_connection = bool(type(self).cut)
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def stand(*answers: tuple[int, bytes], cut: int = 0) -> Iterator[tuple[str, list[str]]]:
    handler = type("Handler", (_Stand,), {"answers": list(answers), "asked": [], "cut": cut})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler.asked  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_requests, "_FIRST_PAUSE_S", 0.001)


def test_a_busy_server_is_asked_again_and_then_believed() -> None:
    with stand((503, b"<Error><Code>SlowDown</Code></Error>"), (0, b""), (200, b"x")) as (base, _):
        assert requests(base).ask("GET", "a").body == b"x"
    with stand((503, b"<Error><Code>SlowDown</Code></Error>")) as (base, asked):
        assert requests(base).ask("GET", "a b/é+").code == "SlowDown"
        assert asked == ["/a%20b/%C3%A9%2B"] * 3
    with stand((0, b"")) as (base, asked):
        with pytest.raises(Exception, match="closed connection"):
            requests(base).ask("GET", "a")
        assert len(asked) == 3


def test_a_connection_that_ended_while_it_lay_idle_costs_no_attempt() -> None:
    with stand((200, b"1"), (0, b""), (200, b"2")) as (base, asked):
        one = requests(base)
        assert one.ask("GET", "a").body == b"1"
        assert one.ask("GET", "b").body == b"2"
        assert asked == ["/a", "/b", "/b"]


def test_an_answer_without_end_is_read_no_further_than_any_object(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(s3_requests, "MOST_BYTES", 10)
    with stand((200, b"1" * 11)) as (base, asked):
        with pytest.raises(HTTPException, match="longer"):
            requests(base).ask("GET", "a")
        assert asked == ["/a"] * 3
    with stand((200, b"1" * 10)) as (base, _):
        assert requests(base).ask("GET", "a").body == b"1" * 10


def test_half_an_answer_is_none() -> None:
    with stand((200, b"half"), cut=4) as (base, asked):
        with pytest.raises(HTTPException):
            requests(base).ask("GET", "a")
        assert len(asked) == 3


def test_what_only_boto3_can_follow_is_left_to_it(s3: Seaweed) -> None:
    with stand((307, b"")) as (base, _), pytest.raises(ElsewhereError):
        requests(base).ask("GET", "a")
    bucket = Bucket(s3.where("evidence", prefix="elsewhere/"))
    with stand((301, b"<Error><Code>PermanentRedirect</Code></Error>")) as (base, asked):
        bucket._quick = requests(base, Keys("a", "b"))
        assert bucket.put_new("one", b"1")
        assert not bucket.put_new("one", b"2")
        assert len(asked) == 1  # from then on boto3 is asked at once
    found = bucket.read("one")
    assert found is not None and found[0] == b"1"


def test_errors_without_boto3_are_the_same_errors(s3: Seaweed) -> None:
    wrong = Bucket(Where(bucket="evidence", endpoint=s3.endpoint, keys=("service", "wrong")))
    with pytest.raises(AccessError, match="SignatureDoesNotMatch"):
        wrong.read("x")
    nobody = Bucket(Where(bucket="evidence", endpoint=s3.endpoint, keys=("nobody", "wrong")))
    with pytest.raises(AccessError):
        nobody.put_new("x", b"")
    away = Bucket(Where(bucket="x", endpoint="http://127.0.0.1:9", keys=("a", "b")))
    with pytest.raises(OutageError, match="ConnectionRefusedError"):
        away.read("x")


def test_behind_a_proxy_boto3_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert s3_requests.behind_proxy("http://s3.example/bucket")
    monkeypatch.setenv("no_proxy", "s3.example")
    assert not s3_requests.behind_proxy("http://s3.example/bucket")
    assert not s3_requests.behind_proxy("https://s3.example/bucket")
