"""Mails out of a real mail server (Dovecot): which are found, and that nothing changes there."""

import asyncio
import base64
import io
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web
from warcio.archiveiterator import ArchiveIterator

from collectors.exchanges import read_exchange
from collectors.imap import ImapSession, quoted, server_of
from collectors.messages.imap import ImapSource
from collectors.secrets import Secret
from evidence.errors import AccessError, OutageError, RequestError
from evidence.facts import Facts
from evidence.items import Item, Provenance, Role
from evidence.orders import OrderRef, order_ref
from evidence.times import Instant
from service.settings import load_settings
from service.sources.sources import configured
from tests.collectors.folder_script import ORDER, context
from tests.collectors.http_bench import server as server_at
from tests.collectors.messages import dovecot
from tests.collectors.messages.dovecot import PASSWORD, USER, Server
from tests.collectors.messages.signing import Zone, name_of, record_of, rsa_key, sign
from tests.collectors.messages.test_origin import BUYER, KEYS, RELAY, resolver
from tests.collectors.test_peers import certificate

_Test = TypeVar("_Test", bound=Callable[..., Any])


def real(test: _Test) -> _Test:
    """A test that talks to Dovecot."""
    why = "no Dovecot here: apt-get install dovecot-imapd"
    skipped = pytest.mark.skipif(not dovecot.there_is_one(), reason=why)
    marked: _Test = pytest.mark.extras(skipped(test))
    return marked


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with dovecot.running(tmp_path_factory.mktemp("dovecot")) as running:
        yield running


@pytest.fixture(scope="module")
def filled(server: Server, shared: Path) -> Server:
    for path in sorted((shared / "contracts/market/amazon-mail/eml").iterdir()):
        # Seller Central's copy of the seller's answer lies where sent mails lie.
        folder = "Sent" if path.name.startswith("02") else "INBOX"
        server.append(folder, path.read_bytes())
    server.append("Other", BUYER)
    server.append("Signed", sign(BUYER, RELAY))
    return server


async def brought(
    server: Server,
    folder: Path,
    *,
    order: OrderRef = ORDER,
    password: str = PASSWORD,
    dns: Any = None,
    trusted: bool = True,
    settings: Mapping[str, Any] | None = None,
) -> tuple[list[Item], list[Item]]:
    """What the source brings, and the exchanges that were recorded."""
    recorded: list[Item] = []

    async def record(item: Item) -> None:
        recorded.append(item)

    told = context(folder, source="imap", settings=settings)
    session = ImapSession(
        url=server.url,
        user=USER,
        password=Secret("password", password),
        bearer=None,
        collector="imap/1",
        spool=told.spool,
        record=record,
        clock=lambda: datetime.now(UTC),
        ca=server.ca if trusted else None,
    )
    async with session:
        told = replace(told, imap=session, dns=dns, now=lambda: datetime.now(UTC))
        items = [item async for item in ImapSource().collect(order, told)]
    return items, recorded


@real
@pytest.mark.needs_shared
@pytest.mark.parametrize(
    ("order_id", "expected"),
    [
        ("114-9876543-1234560", "01 02 03 07 09 10 12 13 14 15"),
        ("301-0000001-0000001", "04"),
        ("250-1234567-8901234", "05"),
        ("113-0000009-0000009", "14"),
        ("113-0000009-0000008", ""),
    ],
)
async def test_the_same_mails_are_found_as_in_a_folder(
    filled: Server, shared: Path, tmp_path: Path, order_id: str, expected: str
) -> None:
    items, _ = await brought(filled, tmp_path, order=order_ref("amazon", order_id))
    originals = {
        path.read_bytes().replace(b"\r\n", b"\n"): path.name[:2]
        for path in (shared / "contracts/market/amazon-mail/eml").iterdir()
    }
    mails = [item for item in items if item.role is Role.MESSAGE_MAIL]
    found = [originals[item.content.read(1 << 20).replace(b"\r\n", b"\n")] for item in mails]
    assert sorted(found) == expected.split()


@real
@pytest.mark.needs_shared
async def test_nothing_is_marked_as_read_and_what_was_asked_is_kept(
    filled: Server, tmp_path: Path
) -> None:
    items, recorded = await brought(filled, tmp_path)
    for folder in ("INBOX", "Sent"):
        assert not any(b"\\Seen" in line for line in filled.flags(folder))
    by_digest = {item.sha256: item for item in recorded}
    for item in items:
        talk = lines(by_digest[item.exchange or ""])
        assert b"BODY.PEEK[]" in talk
    whole = b"".join(lines(item) for item in recorded)
    assert b"EXAMINE" in whole and b"SELECT" not in whole and b"STORE" not in whole
    assert b"TEXT" in whole and b"SUBJECT" in whole
    assert PASSWORD.encode() not in whole and b"AUTHENTICATE" not in whole
    assert b"Tracking says delivered" not in whole  # a mail's bytes stand there by digest
    for item in recorded:
        assert [fact.text for fact in read_exchange(item)] == ["OK"]


def lines(item: Item) -> bytes:
    """The talk in an exchange; its metadata tells whose certificate was seen."""
    records = {
        record.rec_type: record.content_stream().read()
        for record in ArchiveIterator(io.BytesIO(item.content.read(1 << 22)), check_digests="raise")
    }
    assert b"tls-certificate-sha256" in records["metadata"]
    return bytes(records["resource"])


@real
async def test_when_the_server_stored_it_is_another_witness(server: Server, tmp_path: Path) -> None:
    server.append("Witness", BUYER, at='"18-Jun-2026 01:02:03 +0200"')
    (mail,), _ = await brought(server, tmp_path, settings={"folders": ["Witness"]})
    facts = Facts(ImapSource().read(mail))
    (stored,) = facts.named("message.stored.at")
    assert isinstance(stored.value, Instant)
    assert stored.value.at == datetime(2026, 6, 17, 23, 2, 3, tzinfo=UTC)
    (sent,) = facts.named("message.sent.at")
    assert stored.origin == "mail_server" != sent.origin
    assert mail.provenance is Provenance.UPLOAD


@real
async def test_a_signed_mail_is_proven_as_it_lies_on_the_server(
    server: Server, tmp_path: Path
) -> None:
    server.append("Proof", sign(BUYER, RELAY))
    async with Zone(KEYS).served() as address:
        items, _ = await brought(
            server, tmp_path, settings={"folders": ["Proof"]}, dns=resolver(address)
        )
    answer, mail = items
    assert answer.role is Role.DNS_ANSWER
    assert mail.provenance is Provenance.DKIM_MAIL
    assert Facts(ImapSource().read(mail)).values("message.proven") == ["yes"]
    assert name_of(RELAY) in KEYS and record_of(rsa_key()) in KEYS[name_of(RELAY)]


@real
async def test_a_wrong_password_and_a_server_of_nobody_we_trust_are_the_operators_matter(
    server: Server, tmp_path: Path
) -> None:
    with pytest.raises(AccessError, match="sign-in") as refused:
        await brought(server, tmp_path, password="wrong-password")
    assert "wrong-password" not in str(refused.value)
    with pytest.raises(AccessError, match="nobody we trust"):
        await brought(server, tmp_path, trusted=False)


@real
async def test_a_server_without_tls_from_the_start_is_asked_after_starttls(
    server: Server, tmp_path: Path
) -> None:
    server.append("Later", BUYER)
    later = replace(server, url=server.starttls_url)
    (mail,), recorded = await brought(later, tmp_path, settings={"folders": ["Later"]})
    assert mail.role is Role.MESSAGE_MAIL
    assert all(lines(item) for item in recorded)  # each with the server's certificate


@real
async def test_a_folder_that_there_is_not_is_said(server: Server, tmp_path: Path) -> None:
    with pytest.raises(RequestError):
        await brought(server, tmp_path, settings={"folders": ["No such folder"]})


async def test_a_server_that_is_not_there_is_an_outage(tmp_path: Path) -> None:
    nobody = Server("imaps://127.0.0.1:1", "", 1, tmp_path / "none")
    with pytest.raises(OutageError):
        await brought(nobody, tmp_path, trusted=False)


@pytest.mark.parametrize(
    "text", ["", "imap.example", "https://imap.example", "imaps://u:p@imap.example", "imaps://"]
)
def test_a_server_is_named_by_scheme_and_host(text: str) -> None:
    with pytest.raises(RequestError):
        server_of(text)


def test_a_word_cannot_end_a_search() -> None:
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'
    for text in ("a\r\nA1 DELETE INBOX", "订单", "x" * 600):
        with pytest.raises(RequestError):
            quoted(text)


# OAuth 2.0: a server that takes one token, and the way that an operator's settings go.


class Mailer(asyncio.Protocol):
    """As much of IMAP as it takes to sign in by XOAUTH2 and find nothing."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._waiting = self._tag = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(b"* OK hello\r\n")

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while b"\r\n" in self._waiting:
            line, _, self._waiting = self._waiting.partition(b"\r\n")
            self._answer(line)

    def _answer(self, data: bytes) -> None:
        if b" " not in data:  # what follows a challenge
            said = base64.b64decode(data).decode()
            fine = said == f"user={USER}\x01auth=Bearer {self._token}\x01\x01"
            self._transport.write(self._tag + (b" OK in\r\n" if fine else b" NO out\r\n"))
            return
        self._tag, command = data.split()[:2]
        self._transport.write(
            {
                b"CAPABILITY": b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n",
                b"LIST": b'* LIST (\\HasNoChildren) "/" INBOX\r\n',
                b"EXAMINE": b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n",
                b"UID": b"* SEARCH\r\n",
            }.get(command, b"")
        )
        ready = b"+ \r\n" if command == b"AUTHENTICATE" else self._tag + b" OK done\r\n"
        self._transport.write(ready)


@pytest.mark.parametrize("given", ["token-of-an-hour-1", "another-token-22"])
async def test_a_refresh_token_buys_an_access_token_that_signs_in(
    tmp_path: Path, given: str
) -> None:
    pem, key, _ = certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pem, key)
    loop = asyncio.get_running_loop()
    mailer = await loop.create_server(lambda: Mailer("token-of-an-hour-1"), "127.0.0.1", 0, ssl=tls)
    asked: list[Mapping[str, Any]] = []

    async def token(request: web.Request) -> web.Response:
        asked.append(dict(await request.post()))
        return web.json_response({"access_token": given, "expires_in": 3600})

    recorded: list[Item] = []

    async def record(item: Item) -> None:
        recorded.append(item)

    try:
        async with server_at(web.post("/token", token)) as url:
            config = tmp_path / "orderproof.toml"
            port = mailer.sockets[0].getsockname()[1]
            config.write_text(
                f'[sources.imap]\nbase_url = "imaps://127.0.0.1:{port}"\nuser = "{USER}"\n'
                f'token_url = "{url}/token"\nclient_id = "c"\nscope = "mail"\nca = "{pem}"\n'
                'client_secret_env = "A"\nrefresh_token_env = "B"\n'
            )
            environment = {"A": "client-secret-1", "B": "refresh-token-1"}
            (source,) = configured(load_settings(config, environment=environment))
            told = context(tmp_path, source="imap")
            async with source.context(
                known={}, spool=told.spool, record=record, text_of=told.text_of, clock=told.now
            ) as ready:
                found = source.collector.collect(ORDER, ready)
                if given.startswith("another"):
                    with pytest.raises(AccessError):
                        await anext(found)
                else:
                    assert [item async for item in found] == []
    finally:
        mailer.close()
    assert asked == [
        {
            "grant_type": "refresh_token", "refresh_token": "refresh-token-1", "scope": "mail",
            "client_id": "c", "client_secret": "client-secret-1",
        }
    ]  # fmt: skip
    kept = b"".join(item.content.read(1 << 22) for item in recorded)
    for secret in (given, *environment.values()):
        assert secret.encode() not in gunzipped(recorded) + kept


def gunzipped(items: list[Item]) -> bytes:
    return b"".join(
        record.content_stream().read()
        for item in items
        for record in ArchiveIterator(io.BytesIO(item.content.read(1 << 22)))
    )
