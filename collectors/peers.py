"""Who was at the other end of a connection: address, TLS protocol, certificate.

aiohttp hands a connection back as soon as a short answer is in, so it is looked at when the
answer's head comes.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.connector import Connection

from collectors.exchanges import UNKNOWN_PEER, Peer


class PeeringResponse(aiohttp.ClientResponse):
    """An answer that remembers its `peer`."""

    __slots__ = ("peer",)

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        self.peer = _peer_of(connection.transport)
        return await super().start(connection)


def peer_of(response: aiohttp.ClientResponse) -> Peer:
    return getattr(response, "peer", UNKNOWN_PEER)


def trusting(ca: Path | None) -> ssl.SSLContext | bool:
    """What a connector verifies servers with: the usual authorities, and those in `ca`.

    OSError or ssl.SSLError if the file cannot be read.
    """
    if ca is None:
        return True
    context = ssl.create_default_context()
    context.load_verify_locations(ca)
    return context


def _peer_of(transport: Any) -> Peer:
    if transport is None:
        return UNKNOWN_PEER
    name = transport.get_extra_info("peername")
    address = str(name[0]) if isinstance(name, tuple) else ""
    tls = transport.get_extra_info("ssl_object")
    if tls is None:
        return Peer(address)
    cipher = tls.cipher()
    return Peer(
        address,
        (tls.version() or "").lower().replace("tlsv", "tls/"),
        cipher[0] if cipher else "",
        tls.getpeercert(binary_form=True) or b"",
    )
