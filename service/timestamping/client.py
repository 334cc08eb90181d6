"""Ask one authority for a token, and believe nothing that it answers until it is verified.

The authority is a host that an operator configured, so it may be anywhere, loopback included; it
may not send us elsewhere. Time and size are bounded. What comes back is verified with the code
that an auditor will use, before anyone keeps it.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets as dice
from collections.abc import Callable
from datetime import datetime

import aiohttp

from auditor.tokens import time_of
from evidence.errors import OutageError, ProofError
from service.timestamping.authority import Authority
from service.timestamping.der import time_query
from storage.ledger.tokens import Token

# The largest token of a public authority seen has 7 KB, with four certificates.
MAX_REPLY_BYTES = 64 << 10
NONCE_BITS = 64
_HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "Accept-Encoding": "identity",
    "User-Agent": "orderproof",
}


class TimeClient:
    """HTTP for time authorities (RFC 3161, 3.4). Make it in a running loop; close it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._http = aiohttp.ClientSession(
            headers=_HEADERS,
            auto_decompress=False,
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=8),
        )

    async def close(self) -> None:
        await self._http.close()

    async def stamp(self, authority: Authority, message: bytes) -> Token:
        """A verified token of this authority over `message`.

        Raises OutageError if no whole answer came in time; ProofError if one came that is no token
        of the pinned certificate over these bytes with our nonce and policy.
        """
        digest = hashlib.sha256(message).digest()
        # The top bit is set, so that every query has the same length.
        nonce = dice.randbits(NONCE_BITS) | 1 << (NONCE_BITS - 1)
        query = time_query(digest, nonce=nonce, policy=authority.policy)
        asked_at = self._clock()
        reply = await self._post(authority, query)
        answered_at = self._clock()
        said = time_of(reply, query=query, message=message, pinned=authority.pinned)
        if isinstance(said, str):
            raise ProofError(what=f"the answer of the time authority {authority.name}", why=said)
        return Token(
            authority=authority.name,
            reply=reply,
            query=query,
            gen_time=said,
            asked_at=asked_at,
            answered_at=answered_at,
        )

    async def _post(self, authority: Authority, query: bytes) -> bytes:
        try:
            async with (
                asyncio.timeout(authority.answer_s),
                self._http.post(authority.url, data=query, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise _away(authority, f"it answered HTTP {answer.status}")
                if answer.content_type != "application/timestamp-reply":
                    raise _away(authority, "what it answered is no time-stamp reply")
                return await _bounded(authority, answer.content)
        except TimeoutError as error:
            raise _away(authority, f"it took more than {authority.answer_s:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise _away(authority, f"the connection failed ({type(error).__name__})") from error


async def _bounded(authority: Authority, body: aiohttp.StreamReader) -> bytes:
    reply = bytearray()
    async for piece in body.iter_any():
        reply += piece
        if len(reply) > MAX_REPLY_BYTES:
            raise _away(authority, f"its answer has more than {MAX_REPLY_BYTES} bytes")
    return bytes(reply)


def _away(authority: Authority, why: str) -> OutageError:
    return OutageError(source=f"The time authority {authority.name}", why=why)
