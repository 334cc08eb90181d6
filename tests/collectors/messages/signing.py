"""Mails that are really signed, by dkimpy, which we did not write, and DNS answers on the keys."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import dkim
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

SELECTOR = "s1"
HEADERS = [b"from", b"to", b"subject", b"date", b"message-id"]


@cache
def rsa_key(bits: int = 2048) -> RSAPrivateKey:
    return generate_private_key(65537, bits)


def pem(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def record_of(key: RSAPrivateKey, more: str = "") -> str:
    """The key's TXT record; `more` as in "t=y; "."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; {more}k=rsa; p={base64.b64encode(der).decode()}"


def sign(
    mail: bytes,
    domain: str,
    *,
    key: RSAPrivateKey | None = None,
    canonical: str = "relaxed/relaxed",
    headers: Sequence[bytes] = HEADERS,
    length: bool = False,
    identity: bytes | None = None,
) -> bytes:
    """The mail with a signature before it, as a mail server would have sent it."""
    heads, _, bodies = canonical.partition("/")
    made: bytes = dkim.sign(
        mail,
        SELECTOR.encode(),
        domain.encode(),
        pem(key or rsa_key()),
        identity=identity,
        canonicalize=(heads.encode(), bodies.encode()),
        include_headers=list(headers),
        length=length,
    )
    return made + mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def name_of(domain: str) -> str:
    return f"{SELECTOR}._domainkey.{domain}"


def answered(
    name: str, texts: Sequence[str] = (), *, said: str = "NOERROR", checked: bool = False
) -> bytes:
    """A DNS message that answers on the TXT records of `name`."""
    return reply_to(dns.message.make_query(name, "TXT", id=7), texts, said=said, checked=checked)


def reply_to(
    question: Any, texts: Sequence[str] = (), *, said: str = "NOERROR", checked: bool = False
) -> bytes:
    message = dns.message.make_response(question)
    message.set_rcode(dns.rcode.from_text(said))
    if checked:
        message.flags |= dns.flags.AD
    if texts:
        pieces = [
            " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))
            for text in texts
        ]
        asked = message.question[0].name
        message.answer.append(dns.rrset.from_text(asked, 300, "IN", "TXT", *pieces))
    wire: bytes = message.to_wire()
    return wire


@dataclass
class Zone:
    """A resolver on loopback that knows some names; of all others it says that there is none.

    dumb   it answers nothing at all
    """

    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    dumb: bool = False
    asked: list[str] = field(default_factory=list)
    address: str = ""

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Answering(self), local_addr=("127.0.0.1", 0)
        )
        try:
            host, port = transport.get_extra_info("sockname")
            yield f"{host}:{port}"
        finally:
            transport.close()


class _Answering(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        question = dns.message.from_wire(data)
        name = question.question[0].name.to_text(omit_final_dot=True)
        self._zone.asked.append(name)
        if self._zone.dumb:
            return
        known = name in self._zone.texts
        texts = self._zone.texts.get(name, ())
        self._transport.sendto(
            reply_to(question, texts, said="NOERROR" if known else "NXDOMAIN"), address
        )
