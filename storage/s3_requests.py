"""The S3 requests that come by the dozen with every order, sent without boto3.

boto3 takes more processor time for one small request than the server does. What an order needs
most, a PUT or GET of a whole small object, is a few headers and one signature, so it is sent from
here: AWS Signature Version 4 with every header signed, over connections that are kept. The SHA-256
that the evidence needs anyway is the signature's payload hash and the object's checksum at once.

All else stays with boto3, and so do these requests where only it knows the way: behind a proxy, or
once a server answers with a redirect to another region.

Source: Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header".
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import random
import re
import ssl
import time
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

CONNECT_S = 5.0
ANSWER_S = 30.0
ATTEMPTS = 3
IDLE = 32
# Of one answer: whole small objects and parts of larger ones are asked for, up to 4 MiB.
MOST_BYTES = 32 << 20
_FIRST_PAUSE_S = 0.1
_CODE = re.compile(rb"<Code>([A-Za-z0-9_.]{1,80})</Code>")
_AGAIN = frozenset({429, 500, 502, 503, 504})
# A conditional write that met another one; S3 asks for it to be sent again.
_AGAIN_BY_CODE = frozenset({"ConditionalRequestConflict", "RequestTimeout", "SlowDown"})
_ELSEWHERE = frozenset({301, 302, 307, 308})
_SAFE = "/-_.~"
_BROKEN = (OSError, http.client.HTTPException)


class ElsewhereError(Exception):
    """The server wants to be asked in another way than is known here."""


@dataclass(frozen=True, slots=True)
class Keys:
    access: str
    secret: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` is what S3 calls an error, or its status; "" if it is none."""

    status: int
    code: str
    headers: Mapping[str, str]
    body: bytes


class Requests:
    """Requests to one bucket. May be used by any number of threads.

    base   the bucket's address: https://host[:port][/path], without a slash at its end
    keys   gives the access key; asked for each request, since some of them end
    sent   is told of each request, by S3's name of the operation
    """

    def __init__(
        self,
        base: str,
        *,
        region: str,
        keys: Callable[[], Keys],
        certificates: str | None,
        sent: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._tell = sent
        url = urlsplit(base)
        self._host = url.netloc
        self._path = url.path.rstrip("/")
        self._region = region
        self._keys = keys
        self._tls = None
        if url.scheme == "https":
            self._tls = ssl.create_default_context(cafile=certificates)
        self._idle: deque[http.client.HTTPConnection] = deque()
        self._signing: tuple[tuple[str, str], bytes] | None = None

    def ask(
        self,
        method: str,
        key: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        sha256: str | None = None,
    ) -> Answer:
        """What the server says, errors too; asked up to ATTEMPTS times if it is busy or away.

        sha256   of the body as it must be, in hex; the server refuses another

        Raises OSError or HTTPException if no answer came, ElsewhereError for a redirect.
        """
        path = self._path + "/" + quote(key, safe=_SAFE)
        asked = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in
                         sorted((query or {}).items()))  # fmt: skip
        digest = sha256 or hashlib.sha256(body).hexdigest()
        attempt = 0
        while True:
            attempt += 1
            signed = self._signed(method, path, asked, headers or {}, digest)
            target = f"{path}?{asked}" if asked else path
            self._tell(f"{method.capitalize()}Object")
            try:
                answer = self._sent(method, target, signed, body)
            except _BROKEN:
                if attempt == ATTEMPTS:
                    raise
            else:
                if answer.status in _ELSEWHERE or answer.code == "AuthorizationHeaderMalformed":
                    raise ElsewhereError
                again = answer.status in _AGAIN or answer.code in _AGAIN_BY_CODE
                if not again or attempt == ATTEMPTS:
                    return answer
            time.sleep(random.uniform(0.5, 1) * _FIRST_PAUSE_S * 2**attempt)  # noqa: S311

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _sent(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Ask once. A connection that the server gave up while it lay idle is no attempt."""
        while True:
            try:
                connection, used = self._idle.pop(), True
            except IndexError:
                connection, used = self._connection(), False
            try:
                connection.request(method, target, body=body or None, headers=dict(headers))
                response = connection.getresponse()
                data = response.read(MOST_BYTES + 1)
                if len(data) > MOST_BYTES:
                    raise http.client.HTTPException(
                        "the answer is longer than any object asked for"
                    )
                if response.length:  # a reading that is bounded does not say so by itself
                    raise http.client.IncompleteRead(data, response.length)
            except _BROKEN as problem:
                connection.close()
                if used and not isinstance(problem, TimeoutError):
                    self.close()  # the others are no younger
                    continue
                raise
            except BaseException:
                connection.close()
                raise
            if response.will_close or len(self._idle) >= IDLE:
                connection.close()
            else:
                self._idle.append(connection)
            code = ""
            if response.status >= 300:
                found = _CODE.search(data)
                code = found[1].decode() if found else str(response.status)
            said = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, code, said, data)

    def _connection(self) -> http.client.HTTPConnection:
        made: http.client.HTTPConnection
        if self._tls is not None:
            made = http.client.HTTPSConnection(self._host, timeout=CONNECT_S, context=self._tls)
        else:
            made = http.client.HTTPConnection(self._host, timeout=CONNECT_S)
        made.connect()
        made.sock.settimeout(ANSWER_S)
        return made

    def _signed(
        self, method: str, path: str, query: str, headers: Mapping[str, str], digest: str
    ) -> dict[str, str]:
        """The headers to send: those given, who asks and when, and a signature over all of them."""
        keys = self._keys()
        at = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        day = at[:8]
        sent = {name.lower(): value for name, value in headers.items()}
        sent |= {"host": self._host, "x-amz-content-sha256": digest, "x-amz-date": at}
        if keys.token:
            sent["x-amz-security-token"] = keys.token
        names = sorted(sent)
        which = ";".join(names)
        lines = "".join(f"{name}:{sent[name].strip()}\n" for name in names)
        request = f"{method}\n{path}\n{query}\n{lines}\n{which}\n{digest}"
        scope = f"{day}/{self._region}/s3/aws4_request"
        hashed = hashlib.sha256(request.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashed}"
        signature = hmac.digest(self._key(keys.secret, day), text.encode(), "sha256").hex()
        sent["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={keys.access}/{scope},"
            f"SignedHeaders={which},Signature={signature}"
        )
        return sent

    def _key(self, secret: str, day: str) -> bytes:
        known = self._signing
        if known is not None and known[0] == (secret, day):
            return known[1]
        key = f"AWS4{secret}".encode()
        for word in (day, self._region, "s3", "aws4_request"):
            key = hmac.digest(key, word.encode(), "sha256")
        self._signing = (secret, day), key
        return key


def behind_proxy(base: str) -> bool:
    """Whether the environment sends requests there by way of a proxy."""
    url = urlsplit(base)
    proxied = url.scheme in urllib.request.getproxies()
    return proxied and not urllib.request.proxy_bypass(url.hostname or "")
