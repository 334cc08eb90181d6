"""An HTTP exchange as evidence: WARC/1.1, one gzip member a record (ISO 28500:2017).

    request    as it was sent
    response   as it came, or `revisit` where the body is over 64 KiB and kept once, as its item
    metadata   what was replaced, renamed or left out, so that nothing was changed in silence; and
               the certificate that the server showed

Body bytes are those after transfer-decoding and before content-decoding. Secrets are replaced by
`[secret:<name>]` before a byte is written. The bytes depend on the exchange alone: record ids are
made from the content, and the same exchange gives the same file.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from collectors.pace import http_date
from collectors.redaction import Redactor
from evidence.errors import EvidenceError, ShapeError
from evidence.facts import Fact
from evidence.items import Content, InMemory, Item, Provenance, Role
from evidence.locators import WHOLE, Locator, header
from evidence.times import Instant, rfc3339

MEDIA_TYPE = "application/warc"
# A body up to this size stands in the exchange too; a larger one is stored once, as its item.
INLINE_BYTES = 64 << 10
# Of an answer that becomes no item, so much is kept.
KEPT_OF_FAILURE = 1 << 20

_REVISIT = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
# The body is kept after transfer-decoding; under its own name this header would make readers
# decode it once more. The name is the one other archives use.
_RENAMED = {"transfer-encoding": "X-Archive-Orig-Transfer-Encoding"}
# Header names under which vendors put the id of a request, best known first.
_REQUEST_IDS = (
    "x-request-id",
    "request-id",
    "x-correlation-id",
    "x-amzn-requestid",
    "x-amz-request-id",
    "x-customer-transaction-id",
    "transid",
    "paypal-debug-id",
    "x-ebay-c-request-id",
    "rlogid",
    "x-ep-request-uuid",
    "x-zendesk-request-id",
    "x-tt-logid",
    "invocation-id",
    "x-trace-id",
)
# No header section is longer; what lies behind is not looked at.
_MAX_READ = 4 << 20


@dataclass(frozen=True, slots=True)
class Peer:
    """Who was at the other end of a connection.

    address      IP address, without port; "" where there is none (a Unix socket)
    protocol     "tls/1.3" as the WARC field has it; "" without TLS
    cipher       the cipher suite's name
    certificate  the server's certificate, DER
    """

    address: str = ""
    protocol: str = ""
    cipher: str = ""
    certificate: bytes = b""


UNKNOWN_PEER = Peer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """An answer's body, as received.

    content    what is kept of it
    size       bytes received in all; more than `content` holds if not all was kept
    sha256     of all bytes received
    as_item    the bytes are an item of their own, so a large body is only referred to
    truncated  "length", "time" or "disconnect" if it did not come to its end, else None
    withheld   why nothing of it is written: "token answer", or the secret that it repeats
    """

    content: Content
    size: int
    sha256: str
    as_item: bool
    truncated: str | None = None
    withheld: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer. Headers in their order, as sent and as received.

    Bytes that are no UTF-8 stand as surrogates (`surrogateescape`), and are written as they came.
    """

    collector: str
    method: str
    url: str
    target: str
    request_headers: Sequence[tuple[str, str]]
    request_body: bytes
    http_version: str
    status: int
    reason: str
    response_headers: Sequence[tuple[str, str]]
    body: Body
    started_at: datetime
    finished_at: datetime
    peer: Peer = UNKNOWN_PEER


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def tell(self) -> int: ...


class Sink(Protocol):
    """What the records are written to."""

    def write(self, data: bytes, /) -> object: ...


def write_exchange(exchange: Exchange, redactor: Redactor, out: Sink) -> None:
    """Write the exchange's records to `out`, streaming its body."""
    notes: list[tuple[str, str]] = [("collector", exchange.collector)]
    url, in_url = redactor.text(exchange.url)
    target, _ = redactor.text(exchange.target)
    asked, in_request = redactor.headers(exchange.request_headers)
    sent, in_body = redactor.bytes(exchange.request_body)
    answered, in_response = redactor.headers(exchange.response_headers)
    reason, _ = redactor.text(exchange.reason)
    renamed = [(_RENAMED.get(name.lower(), name), value) for name, value in answered]
    answer, answer_size, in_answer = _answer(exchange.body, redactor)
    for place, names in (
        ("url", in_url),
        ("request headers", in_request),
        ("request body", in_body),
        ("response headers", in_response),
        ("response body", in_answer),
    ):
        notes += [("secret-replaced", f"{name} in {place}") for name in names]
    notes += [
        ("header-renamed", f"{before[0]} to {after[0]}")
        for before, after in zip(answered, renamed, strict=True)
        if before[0] != after[0]
    ]
    if not in_answer:  # a digest would let a secret be guessed at
        notes.append(("body-size", str(exchange.body.size)))
        notes.append(("body-sha256", exchange.body.sha256))
    notes.append(("finished-at", rfc3339(exchange.finished_at)))
    if certificate := exchange.peer.certificate:
        notes.append(("tls-certificate-sha256", hashlib.sha256(certificate).hexdigest()))
        notes.append(("tls-certificate", base64.b64encode(certificate).decode()))

    records = _Records(out, url=url, date=rfc3339(exchange.started_at), peer=exchange.peer)
    request = Head(
        f"{exchange.method} {target} HTTP/{exchange.http_version}", asked, is_http_request=True
    )
    response = Head(
        f"{exchange.status} {reason}".rstrip(), renamed, protocol=f"HTTP/{exchange.http_version}"
    )
    first = records.write("request", request, io.BytesIO(sent), len(sent))
    extra = {"WARC-Concurrent-To": first}
    if exchange.body.truncated is not None or exchange.body.size > exchange.body.content.size:
        extra["WARC-Truncated"] = exchange.body.truncated or "length"
    kind = "response"
    if _is_reference(exchange.body):
        kind = "revisit"
        extra |= {
            "WARC-Profile": _REVISIT,
            "WARC-Payload-Digest": f"sha256:{exchange.body.sha256}",
        }
    records.write(kind, response, answer, answer_size, extra)
    fields = "".join(f"{name}: {value}\r\n" for name, value in notes).encode()
    records.write("metadata", None, io.BytesIO(fields), len(fields), {"WARC-Refers-To": first})


def _is_reference(body: Body) -> bool:
    return body.as_item and body.size > INLINE_BYTES


def _answer(body: Body, redactor: Redactor) -> tuple[_Readable, int, list[str]]:
    """The answer's payload as it is written, its size, and the secrets replaced in it."""
    if body.withheld is not None:
        said = f"[secret:{body.withheld}]".encode()
        return io.BytesIO(said), len(said), [body.withheld]
    if _is_reference(body):
        return io.BytesIO(), 0, []
    if body.content.size > KEPT_OF_FAILURE:
        # Only an encoded body is kept in full here, and it was searched when it was decoded.
        return _Chunks(body.content), body.content.size, []
    data, replaced = redactor.bytes(body.content.read(KEPT_OF_FAILURE))
    return io.BytesIO(data), len(data), replaced


class Head(StatusAndHeaders):  # type: ignore[misc]  # warcio has no types
    """Written as it came: warcio would escape what is not ASCII, and fail on such a reason."""

    def to_ascii_bytes(self, filter_func: Any = None) -> bytes:
        text: str = self.to_str(filter_func)
        return text.encode("utf-8", "surrogateescape") + b"\r\n"


class _Records:
    def __init__(self, out: Sink, *, url: str, date: str, peer: Peer) -> None:
        self._writer = WARCWriter(_Out(out), gzip=True, warc_version="1.1")
        self._url = url
        self._date = date
        self._peer = {
            "WARC-IP-Address": peer.address,
            "WARC-Protocol": peer.protocol,
            "WARC-Cipher-Suite": peer.cipher,
        }

    def write(
        self,
        kind: str,
        head: Head | None,
        payload: _Readable,
        size: int,
        extra: dict[str, str] | None = None,
    ) -> str:
        """Write one record; its id. Digests are computed here: warcio would buffer on disk."""
        block = hashlib.sha256()
        if head is not None:
            block.update(head.to_ascii_bytes())
        of_payload = hashlib.sha256()
        while piece := payload.read(1 << 16):
            block.update(piece)
            of_payload.update(piece)
        payload.seek(0)
        seed = "\n".join((kind, self._url, self._date, block.hexdigest())).encode()
        digest = hashlib.sha256(seed).digest()[:16]
        name = f"<urn:uuid:{uuid.UUID(bytes=digest, version=5)}>"
        headers = {
            "WARC-Record-ID": name,
            "WARC-Date": self._date,
            **({k: v for k, v in self._peer.items() if v} if kind != "metadata" else {}),
            **(extra or {}),
            "WARC-Block-Digest": f"sha256:{block.hexdigest()}",
        }
        if kind != "revisit":
            headers.setdefault("WARC-Payload-Digest", f"sha256:{of_payload.hexdigest()}")
        record = self._writer.create_warc_record(
            self._url, kind, payload, size, warc_headers_dict=headers, http_headers=head
        )
        self._writer.write_record(record)
        return name


def talk_in_memory(
    talk: bytes, *, url: str, at: datetime, peer: Peer, notes: Sequence[str]
) -> InMemory:
    """A conversation that is not HTTP as a Content: a `resource` record and its metadata.

    talk  the lines, `C: ` before those that were sent and `S: ` before those that came
    """
    out = io.BytesIO()
    records = _Records(out, url=url, date=rfc3339(at), peer=peer)
    first = records.write("resource", None, io.BytesIO(talk), len(talk))
    fields = "".join(f"{note}\r\n" for note in notes)
    if certificate := peer.certificate:
        fields += f"tls-certificate-sha256: {hashlib.sha256(certificate).hexdigest()}\r\n"
        fields += f"tls-certificate: {base64.b64encode(certificate).decode()}\r\n"
    data = fields.encode()
    records.write("metadata", None, io.BytesIO(data), len(data), {"WARC-Refers-To": first})
    return InMemory(out.getvalue())


class _Out:
    """A Sink with the `flush` that warcio calls."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, data: bytes) -> None:
        if data:
            self._sink.write(data)

    def flush(self) -> None:
        pass


class _Chunks(io.RawIOBase):
    """A Content as a file that can be read from its start again."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._pieces = content.chunks()
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken) :]
        return taken

    def seek(self, offset: int, whence: int = 0) -> int:
        self._pieces, self._rest = self._content.chunks(), b""
        return 0

    def tell(self) -> int:
        return 0


def read_exchange(item: Item) -> list[Fact]:
    """What the answer's head says: status, the vendor's clock, the vendor's id of the request.

    Pure. ShapeError if the item is not an exchange as written here.
    """
    try:
        head = _response_head(item)
    except EvidenceError:
        raise
    except Exception:  # a damaged record makes warcio stumble in ways that no list holds
        raise _misshapen(item, "other bytes") from None
    if isinstance(head, bytes):
        found = re.findall(rb"^S: [A-Z]+\d+ (OK|NO|BAD)\b", head, re.MULTILINE)
        return [_fact(item, "exchange.status", said.decode(), WHOLE) for said in found[-1:]]
    if head is None:
        raise _misshapen(item, "no answer")
    status = head.get_statuscode()
    if not (status.isascii() and status.isdigit() and len(status) == 3):
        raise _misshapen(item, "an answer without a status")
    facts = [_fact(item, "exchange.status", status, WHOLE)]
    date = head.get_header("Date")
    moment = http_date(date) if date else None
    if date and moment is not None:
        said = Instant(moment, date.strip(), "Z")
        facts.append(_fact(item, "exchange.date.at", said, header("Date")))
    names = {name.lower(): (name, value) for name, value in reversed(head.headers)}
    for known in _REQUEST_IDS:
        if known in names and names[known][1].strip():
            name, value = names[known]
            facts.append(_fact(item, "exchange.request_id", value.strip()[:200], header(name)))
            break
    return facts


def body_in(item: Item) -> bytes:
    """The body of an exchange's answer as it was received, still encoded.

    ShapeError if the item is not an exchange, or holds none because it is an item of its own.
    """
    try:
        for record in ArchiveIterator(io.BytesIO(item.content.read(item.content.size))):
            if record.rec_type == "response":
                return bytes(record.raw_stream.read())
    except EvidenceError:
        raise
    except Exception:  # as in read_exchange
        raise _misshapen(item, "other bytes") from None
    raise _misshapen(item, "no body")


def _response_head(item: Item) -> Any:
    """The response's StatusAndHeaders, or the lines of a talk; None if the first megabytes have
    neither.
    """
    stream = io.BytesIO(_beginning(item.content.chunks()))
    for record in ArchiveIterator(stream):
        if record.rec_type in {"response", "revisit"}:
            return record.http_headers
        if record.rec_type == "resource":
            return bytes(record.content_stream().read())
    return None


def _beginning(chunks: Iterator[bytes]) -> bytes:
    data = bytearray()
    for chunk in chunks:
        data += chunk[: _MAX_READ - len(data)]
        if len(data) >= _MAX_READ:
            break
    return bytes(data)


def _fact(item: Item, name: str, value: str | Instant, locator: Locator) -> Fact:
    return Fact(name=name, value=value, locator=locator, item=item.sha256, origin=item.origin)


def _misshapen(item: Item, got: str) -> ShapeError:
    return ShapeError(source=item.source, pointer="item:", expected="a WARC exchange", got=got)


def exchange_item(
    content: Content, *, number: int, collector: str, origin: str, url: str, collected_at: datetime
) -> Item:
    """The item of a written exchange. `number` counts within the session."""
    return Item(
        role=Role.EXCHANGE,
        key=f"exchange/{number}/{content.sha256[:16]}",
        content=content,
        media_type=MEDIA_TYPE,
        collector=collector,
        origin=origin,
        provenance=Provenance.API,
        collected_at=collected_at,
        url=url,
    )


def in_memory(exchange: Exchange, redactor: Redactor) -> InMemory:
    """A small exchange as a Content."""
    out = io.BytesIO()
    write_exchange(exchange, redactor, out)
    return InMemory(out.getvalue())
