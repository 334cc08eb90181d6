"""A mail server, asked over IMAP without changing anything there (RFC 9051, RFC 3501).

Implements collectors.collector.Imap for one source and one order. Folders are opened by EXAMINE and
mails got by BODY.PEEK, so that no flag is set. `imaps://` is TLS from the start, `imap://` is
STARTTLS; there is no third way, and the certificate is verified. What was asked and answered is
kept as a WARC record: commands and answers as they were, a mail's bytes by digest, signing in left
out. imaplib blocks, so it runs in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import imaplib
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from yarl import URL

from collectors.bodies import in_thread
from collectors.collector import ImapFolder, StoredMail
from collectors.exchanges import Peer, exchange_item, talk_in_memory
from collectors.redaction import Redactor
from collectors.secrets import Secret
from evidence.errors import (
    AccessError,
    ConfigError,
    EvidenceError,
    OutageError,
    RequestError,
    ShapeError,
)
from evidence.items import Item, Spool

Answer = TypeVar("Answer")
MAX_LITERAL = 64 << 20
# Commands and answers of one search; what is beyond is not written down, and that is said.
MAX_TALK = 4 << 20
_PORTS = {"imaps": 993, "imap": 143}
_FOLDER = re.compile(rb'\((?P<flags>[^)]*)\) (?:"(?:[^"\\]|\\.)*"|NIL) (?P<name>.+)')
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,12})\b")
_STORED = re.compile(rb'\bINTERNALDATE "([^"]{1,40})"')


class _Tapped(imaplib.IMAP4):
    """Writes down what is sent and received, once `talk` is there."""

    talk: bytearray | None = None

    def send(self, data: Any) -> None:
        self._tap(b"C: ", bytes(data))
        super().send(data)

    def readline(self) -> bytes:
        line = super().readline()
        self._tap(b"S: ", line)
        return line

    def read(self, size: int) -> bytes:
        if size > MAX_LITERAL:
            raise self.abort(f"a literal of {size} bytes")
        data = super().read(size)
        said = f"[{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}]\r\n"
        self._tap(b"S: ", said.encode())
        return data

    def _tap(self, who: bytes, data: bytes) -> None:
        if self.talk is not None and len(self.talk) < MAX_TALK:
            self.talk += who + data if data.endswith(b"\n") else who + data + b"\r\n"


class _TappedTls(_Tapped, imaplib.IMAP4_SSL):
    pass


class ImapSession:
    """Use as an async context manager.

    url      imaps://host[:port] or imap://host[:port], as the operator configured it
    bearer   gives an OAuth 2.0 access token; None: the password is used
    """

    def __init__(
        self,
        *,
        url: str,
        user: str,
        password: Secret | None,
        bearer: Callable[[], Awaitable[Secret]] | None,
        collector: str,
        spool: Spool,
        record: Callable[[Item], Awaitable[None]],
        clock: Callable[[], datetime],
        ca: Path | None = None,
        timeout_s: float = 30.0,
    ) -> None:
        self._url = server_of(url)
        self._user = user
        self._password = password
        self._bearer = bearer
        self._collector = collector
        self._source = collector.partition("/")[0]
        self._spool = spool
        self._record = record
        self._clock = clock
        self._ca = ca
        self._timeout_s = timeout_s
        self._client: _Tapped | None = None
        self._secrets: tuple[Secret, ...] = () if password is None else (password,)
        self._peer = Peer()
        self._folder = ""
        self._number = 0
        self._one_at_a_time = asyncio.Lock()

    async def __aenter__(self) -> ImapSession:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError):
                client.socket().shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.shutdown()

    async def folders(self) -> list[ImapFolder]:
        """Every folder that can be opened, with its special uses (RFC 6154)."""
        lines = await self._do(lambda client: client.list())
        found = []
        for line in lines:
            match = _FOLDER.fullmatch(line) if isinstance(line, bytes) else None
            flags = match["flags"].decode("latin-1").lower().split() if match else []
            if match and "\\noselect" not in flags:
                name = match["name"].decode("latin-1").strip()
                found.append(ImapFolder(_unquoted(name), frozenset(flags)))
        return found

    async def examine(self, folder: str) -> str:
        """Open a folder for reading only; its UIDVALIDITY."""
        await self._do(lambda client: client.select(_quoted(folder), readonly=True))
        client = await self._connected()
        _, said = client.response("UIDVALIDITY")
        self._folder = folder
        valid = said[0] if said else None
        return valid.decode("latin-1") if isinstance(valid, bytes) else "0"

    async def search(self, *words: str) -> list[int]:
        """The UIDs that fit, in the opened folder; words in quotes are quoted by `quoted`."""
        (first, *_) = await self._do(lambda client: client.uid("SEARCH", *words)) or [b""]
        numbers = (first or b"").split() if isinstance(first, bytes | None) else []
        return [int(one) for one in numbers if one.isdigit()]

    async def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Bytes of each mail."""
        asked = ",".join(map(str, uids))
        lines = await self._do(lambda client: client.uid("FETCH", asked, "(UID RFC822.SIZE)"))
        found = {}
        for line in lines:
            uid, size = (pattern.search(line or b"") for pattern in (_UID, _SIZE))
            if uid and size:
                found[int(uid[1])] = int(size[1])
        return found

    async def fetch(self, uid: int) -> StoredMail:
        """A mail's bytes and when the server stored it. OutageError if it is not there any more."""
        earlier = await self._take_talk()
        what = "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[])"
        answer = await self._do(lambda client: client.uid("FETCH", str(uid), what))
        talk = await self._take_talk()
        await self._give_talk(earlier)
        for part in answer:
            if isinstance(part, tuple) and b"BODY[]" in part[0]:
                head = b" ".join(p[0] if isinstance(p, tuple) else p or b"" for p in answer)
                said, stored = _UID.search(head), _STORED.search(head)
                if said is None or int(said[1]) != uid:
                    continue
                writer = self._spool.open(limit=MAX_LITERAL)
                writer.write(part[1])
                when = stored[1].decode("latin-1").strip() if stored else ""
                return StoredMail(uid, writer.close(), when, talk)
        raise OutageError(source=self._source, why=f"mail {uid} was not there any more")

    async def keep(self, talk: bytes = b"") -> str:
        """Record a fetch's talk, or what was talked since the last time; the exchange's SHA-256."""
        data = talk or await self._take_talk()
        self._number += 1
        url = str(self._url / self._folder) if self._folder else str(self._url)
        clean, replaced = Redactor(self._secrets).bytes(data)
        notes = [f"secret-replaced: {name}" for name in replaced]
        if len(data) >= MAX_TALK:
            notes.append(f"left-out: what came after {MAX_TALK} bytes")
        now = self._clock()
        content = talk_in_memory(
            clean, url=url, at=now, peer=self._peer, notes=[f"collector: {self._collector}", *notes]
        )
        item = exchange_item(
            content,
            number=self._number,
            collector=self._collector,
            origin=self._source,
            url=url,
            collected_at=now,
        )
        await self._record(item)
        return item.sha256

    async def _take_talk(self) -> bytes:
        client = await self._connected()
        taken, client.talk = bytes(client.talk or b""), bytearray()
        return taken

    async def _give_talk(self, data: bytes) -> None:
        client = await self._connected()
        client.talk = bytearray(data) + (client.talk or bytearray())

    async def _do(self, command: Callable[[_Tapped], tuple[str, list[Any]]]) -> list[Any]:
        """The answer's data; RequestError where the server says NO."""
        client = await self._connected()
        async with self._one_at_a_time:
            status, data = await self._in_thread(lambda: command(client))
        if status != "OK":
            raise RequestError(what=f"a command to {self._source}", why=f"it said {status}")
        return data

    async def _connected(self) -> _Tapped:
        if self._client is None:
            token = None if self._bearer is None else await self._bearer()
            if token is not None:
                self._secrets = (*self._secrets, token)
            self._client = await self._in_thread(self._connect)
            await self._in_thread(lambda: self._sign_in(token))
        return self._client

    def _connect(self) -> _Tapped:
        context = ssl.create_default_context()
        if self._ca is not None:
            try:
                context.load_verify_locations(self._ca)
            except (OSError, ssl.SSLError) as problem:
                raise ConfigError(
                    what=f"the ca of {self._source}", why="it holds no certificate in PEM"
                ) from problem
        host, port = self._url.host or "", self._url.port or _PORTS[self._url.scheme]
        client: _Tapped
        if self._url.scheme == "imaps":
            client = _TappedTls(host, port, ssl_context=context, timeout=self._timeout_s)
        else:
            client = _Tapped(host, port, timeout=self._timeout_s)
            client.starttls(ssl_context=context)
        tls = client.socket()
        if isinstance(tls, ssl.SSLSocket):
            cipher = tls.cipher()
            self._peer = Peer(
                str(tls.getpeername()[0]),
                (tls.version() or "").lower().replace("tlsv", "tls/"),
                cipher[0] if cipher else "",
                tls.getpeercert(binary_form=True) or b"",
            )
        return client

    def _sign_in(self, token: Secret | None) -> None:
        client = self._client
        assert client is not None  # noqa: S101 - just connected
        secret = token or self._password
        if secret is None:
            why = "no password is configured (set password_env or password_file in its table)"
            raise ConfigError(what=f"the source {self._source}", why=why)
        if token is not None:
            said = f"user={self._user}\x01auth=Bearer {secret.reveal()}\x01\x01"
            mechanism = "XOAUTH2"
        else:
            said = f"\0{self._user}\0{secret.reveal()}"
            mechanism = "PLAIN"
        answers = [said.encode()]  # a refusal is told in a challenge, to be answered by nothing
        try:
            if token is not None or "AUTH=PLAIN" in client.capabilities:
                client.authenticate(mechanism, lambda _: answers.pop() if answers else b"")
            else:
                client.login(self._user, secret.reveal())
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error:
            raise AccessError(source=self._source, why="it took no sign-in") from None
        client.talk = bytearray()

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        """Other people's exceptions end here: they may hold what was sent."""
        try:
            return await in_thread(work)
        except EvidenceError:
            raise
        except ssl.SSLCertVerificationError:
            why = "its certificate is of nobody we trust"
            raise AccessError(source=self._source, why=why) from None
        except (imaplib.IMAP4.abort, OSError, EOFError) as problem:
            why = f"the connection broke ({type(problem).__name__})"
            raise OutageError(source=self._source, why=why) from None
        except (imaplib.IMAP4.error, ValueError, IndexError, UnicodeError) as problem:
            raise ShapeError(
                source=self._source,
                pointer="item:",
                expected="an answer of IMAP",
                got=f"something else ({type(problem).__name__})",
            ) from None


def server_of(text: str) -> URL:
    """The configured server; RequestError unless it is imap[s]://host[:port]."""
    try:
        url = URL(text)
        if url.scheme in _PORTS and url.host and url.user is None and url.path in ("", "/"):
            return url.with_path("/")
    except ValueError:
        pass
    raise RequestError(
        what="the configured base_url", why="it is not of the form imaps://host or imap://host"
    )


def quoted(text: str) -> str:
    """Text as a search's word (RFC 9051, 4.3); RequestError for what cannot be one."""
    if not text.isascii() or not text.isprintable() or len(text) > 500:
        raise RequestError(what="a word to search for", why="it is not plain ASCII")
    return _quoted(text)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _unquoted(name: str) -> str:
    if len(name) >= 2 and name.startswith('"') and name.endswith('"'):
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name
