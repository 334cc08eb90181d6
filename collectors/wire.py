"""One request, one answer, one recorded exchange: the lowest layer of a session.

Other people's exceptions end here: some of them carry headers and URLs, and so secrets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType

import aiohttp

from collectors.answers import Answer, Bounds, Request, Unreached
from collectors.auth import MAX_TOKEN_ANSWER
from collectors.bodies import Taker, decoded, in_thread, release
from collectors.exchanges import (
    KEPT_OF_FAILURE,
    Body,
    Exchange,
    exchange_item,
    in_memory,
    write_exchange,
)
from collectors.guard import BlockedAddress, guarded_socket
from collectors.peers import PeeringResponse, peer_of, trusting
from collectors.redaction import Redactor
from evidence.errors import (
    AccessError,
    ConfigError,
    EvidenceError,
    OutageError,
    RequestError,
    TooLargeError,
)
from evidence.items import Content, InMemory, Item, Spool

Recorder = Callable[[Item], Awaitable[None]]


class Wire:
    """Sends requests for one source and one order. Use as an async context manager."""

    def __init__(
        self,
        *,
        collector: str,
        origin: str,
        spool: Spool,
        record: Recorder,
        clock: Callable[[], datetime],
        redactor: Callable[[], Redactor],
        bounds: Bounds,
        ca: Path | None = None,
    ) -> None:
        self._collector = collector
        self._source = collector.partition("/")[0]
        self._origin = origin
        self._spool = spool
        self._record = record
        self._clock = clock
        self._redactor = redactor
        self._bounds = bounds
        self._ca = ca
        self._number = 0
        self._configured: aiohttp.ClientSession | None = None
        self._guarded: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Wire:
        try:
            verified = trusting(self._ca)
        except (OSError, ValueError) as problem:
            raise ConfigError(
                what=f"the ca of {self._source}", why="it holds no certificate in PEM"
            ) from problem
        self._configured = self._client(aiohttp.TCPConnector(ssl=verified))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for client in (self._configured, self._guarded):
            if client is not None:
                await client.close()
        self._configured = self._guarded = None

    async def once(
        self,
        request: Request,
        answers: Collection[int],
        learn: Callable[[bytes], None] | None,
    ) -> Answer:
        """Send one request, take its answer in, record the exchange."""
        started = self._clock()
        deadline = asyncio.get_running_loop().time() + self._bounds.total_s
        response = await self._sent(request, deadline)
        wanted = response.status in answers
        limit = MAX_TOKEN_ANSWER if request.token else self._bounds.max_body
        taker = Taker(
            self._spool,
            limit=limit if wanted else min(limit, KEPT_OF_FAILURE),
            redactor=self._redactor(),
        )
        try:
            truncated = await self._taken(response, taker, deadline)
            answer = await self._answer(
                request,
                response,
                taker,
                whole=wanted and truncated is None,
                truncated=truncated,
                started=started,
                learn=learn,
            )
        except BaseException:
            taker.discard()
            raise
        finally:
            response.release()  # back to the pool if its body came to an end, else closed
        if truncated is not None and wanted:
            raise self._cut(truncated, limit)
        return answer

    async def _sent(self, request: Request, deadline: float) -> aiohttp.ClientResponse:
        """The answer's head. Other people's exceptions end here: some hold headers and URLs."""
        waits = min(
            deadline,
            asyncio.get_running_loop().time() + self._bounds.connect_s + self._bounds.first_byte_s,
        )
        try:
            async with asyncio.timeout_at(waits):
                return await self._client_for(request).request(
                    request.method,
                    request.url,
                    headers=request.headers,
                    data=request.body or None,
                    allow_redirects=False,
                )
        except aiohttp.ConnectionTimeoutError:
            raise Unreached(
                source=self._source, why="no connection came about in time"
            ).before_acting() from None
        except TimeoutError:
            raise OutageError(source=self._source, why="no answer came in time") from None
        except aiohttp.ClientConnectorCertificateError:
            raise AccessError(
                source=self._source, why="its certificate cannot be verified"
            ) from None
        except aiohttp.ClientConnectorError as problem:
            if _is_blocked(problem):
                raise RequestError(
                    what="an address out of an answer", why="it is not a public one"
                ) from None
            raise Unreached(
                source=self._source, why="the connection failed"
            ).before_acting() from None
        except (aiohttp.InvalidURL, ValueError):
            raise RequestError(what=f"a URL of {self._source}", why="it is not one") from None
        except (aiohttp.ClientError, OSError):
            raise Unreached(
                source=self._source, why="the connection broke before an answer"
            ) from None

    async def _taken(
        self, response: aiohttp.ClientResponse, taker: Taker, deadline: float
    ) -> str | None:
        """Take the body in; why it was cut off, in WARC's words, or None if it is whole."""
        try:
            while True:
                async with asyncio.timeout_at(deadline):
                    piece = await response.content.readany()
                if not piece:
                    return None
                if not await taker.take(piece):
                    return "length"
        except TimeoutError:
            return "time"
        except (aiohttp.ClientError, OSError):
            return "disconnect"

    async def _answer(
        self,
        request: Request,
        response: aiohttp.ClientResponse,
        taker: Taker,
        *,
        whole: bool,
        truncated: str | None,
        started: datetime,
        learn: Callable[[bytes], None] | None,
    ) -> Answer:
        """Record the exchange, then hand out its answer, its body decoded where it was encoded.

        whole  the body came to its end, and becomes an item or a token
        """
        finished = self._clock()
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        encoding = "" if encoding == "identity" else encoding
        body = await self._body(taker, whole=whole, truncated=truncated, encoding=encoding)
        problem: EvidenceError | None = None
        plain: Content | None = None
        leaked = taker.leaked
        if whole and request.token:
            problem = _learnt(learn, body.content)
        elif whole and encoding and leaked is None:
            try:
                plain, leaked = await decoded(
                    body.content,
                    encoding,
                    spool=self._spool,
                    limit=self._bounds.max_body,
                    source=self._source,
                    redactor=self._redactor(),
                )
            except EvidenceError as broken:
                problem = broken
        if request.token:
            body = replace(body, withheld="token answer", as_item=False)
        elif whole and leaked is not None:
            body = replace(body, withheld=leaked, as_item=False)
            problem = AccessError(
                source=self._source,
                why=f"its answer repeats our secret {leaked}, so the answer is not kept",
            )
        redactor = self._redactor()  # a token just learnt is a secret too
        exchange = await self._keep(request, response, body, redactor, started, finished)
        content = body.content
        if plain is not None or problem is not None:
            release(body.content)
        if plain is not None:
            content = plain
        if problem is not None:
            release(content)
            raise problem
        target, _ = redactor.text(request.url.raw_path_qs)
        sent = InMemory(redactor.bytes(request.body)[0]).sha256[:16] if request.body else ""
        return Answer(
            status=response.status,
            headers=response.headers,
            content=content,
            exchange=exchange.sha256,
            url=exchange.url or "",
            key=f"{request.method} {target} {sent}".rstrip(),
            encoding=encoding,
            collected_at=finished,
            collector=self._collector,
            origin=self._origin,
        )

    async def _body(
        self, taker: Taker, *, whole: bool, truncated: str | None, encoding: str
    ) -> Body:
        """What came, as the exchange will tell of it; of a body that fails, its beginning."""
        if whole:
            content = await taker.close()
        else:
            taker.stop()
            content = InMemory(bytes(taker.head))
        return Body(
            content=content,
            size=taker.size,
            sha256=taker.sha256,
            # An encoded body is kept whole in its exchange: the item is what it decodes to.
            as_item=whole and not encoding,
            truncated=truncated,
        )

    async def _keep(
        self,
        request: Request,
        response: aiohttp.ClientResponse,
        body: Body,
        redactor: Redactor,
        started: datetime,
        finished: datetime,
    ) -> Item:
        """Record the exchange; its item."""
        version = response.version
        exchange = Exchange(
            collector=self._collector,
            method=request.method,
            url=str(request.url),
            target=request.url.raw_path_qs,
            request_headers=list(response.request_info.headers.items()),
            request_body=request.body,
            http_version=f"{version.major}.{version.minor}" if version else "1.1",
            status=response.status,
            reason=response.reason or "",
            response_headers=[
                (name.decode(), value.decode("utf-8", "surrogateescape"))
                for name, value in response.raw_headers
            ],
            body=body,
            started_at=started,
            finished_at=finished,
            peer=peer_of(response),
        )
        if body.content.size <= KEPT_OF_FAILURE or body.as_item:
            content: Content = in_memory(exchange, redactor)
        else:
            content = await in_thread(lambda: self._spooled(exchange, redactor))
        self._number += 1
        item = exchange_item(
            content,
            number=self._number,
            collector=self._collector,
            origin=self._origin,
            url=redactor.text(str(request.url))[0],
            collected_at=finished,
        )
        await self._record(item)
        return item

    def _spooled(self, exchange: Exchange, redactor: Redactor) -> Content:
        writer = self._spool.open(limit=2 * self._bounds.max_body + KEPT_OF_FAILURE)
        try:
            write_exchange(exchange, redactor, writer)
            return writer.close()
        except BaseException:
            writer.discard()
            raise

    def _cut(self, truncated: str, limit: int) -> EvidenceError:
        if truncated == "length":
            return TooLargeError(what=f"an answer of {self._source}", size=limit + 1, limit=limit)
        if truncated == "time":
            return OutageError(source=self._source, why="its answer did not end in time")
        return Unreached(source=self._source, why="the connection broke within the answer")

    def _client_for(self, request: Request) -> aiohttp.ClientSession:
        if self._configured is None:
            raise RequestError(what=f"asking {self._source}", why="the session is not open")
        if request.ours:
            return self._configured
        if self._guarded is None:
            self._guarded = self._client(aiohttp.TCPConnector(socket_factory=guarded_socket))
        return self._guarded

    def _client(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            response_class=PeeringResponse,
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._bounds.connect_s),
            headers={"Accept-Encoding": "identity", "User-Agent": "orderproof"},
        )


def _is_blocked(problem: BaseException | None) -> bool:
    """Whether the guard's refusal stands anywhere behind `problem`."""
    seen = 0
    while problem is not None and seen < 10:
        if isinstance(problem, BlockedAddress):
            return True
        if isinstance(problem, aiohttp.ClientConnectorError) and isinstance(
            problem.os_error, BlockedAddress
        ):
            return True
        problem, seen = problem.__cause__ or problem.__context__, seen + 1
    return False


def _learnt(learn: Callable[[bytes], None] | None, content: Content) -> EvidenceError | None:
    """Hand a token answer over; what was wrong with it, once its exchange is recorded."""
    try:
        if learn is not None:
            learn(content.read(MAX_TOKEN_ANSWER))
    except EvidenceError as problem:
        return problem
    return None
