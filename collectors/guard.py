"""Which addresses a connection may go to, when nobody who runs this service chose the host.

The guard is a socket factory: it sees the address that is really connected to, after DNS and with
every redirect, so neither an IP literal nor a name that changes its address gets around it. Hosts
that an operator configured do not pass through it: they may be anywhere, loopback too.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network
from typing import Any

from yarl import URL

from evidence.errors import RequestError

# Ranges that `is_global` lets through although they lead, by translation or by tunnel, to IPv4
# addresses that it would refuse: NAT64, 6to4, Teredo, IPv4-mapped; and shared address space.
_TRANSLATED = tuple(
    ip_network(network)
    for network in (
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "::ffff:0:0/96",
        "100.64.0.0/10",
        "192.88.99.0/24",
    )
)
_PORTS = {"http": 80, "https": 443}


class BlockedAddress(OSError):
    """An address that must not be connected to."""


def may_connect(address: str) -> bool:
    """Whether `address` is one that anybody on the internet could reach."""
    ip = ip_address(address.split("%")[0])
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    return not any(ip.version == net.version and ip in net for net in _TRANSLATED)


def guarded_socket(addr_info: tuple[Any, ...]) -> socket.socket:
    """aiohttp's socket_factory: a socket for an allowed address, else BlockedAddress."""
    family, kind, proto, _, sockaddr = addr_info
    if family not in (socket.AF_INET, socket.AF_INET6) or not may_connect(str(sockaddr[0])):
        raise BlockedAddress("this address is not a public one")
    return socket.socket(family, kind, proto)


def public_url(text: str) -> URL:
    """A URL that came out of an answer; RequestError unless plain http(s) on its usual port."""
    try:
        url = URL(text)
        port = url.port
    except ValueError:
        raise _refused("it is not a URL") from None
    if url.scheme not in _PORTS or not url.host:
        raise _refused("it is neither http nor https")
    if port != _PORTS[url.scheme]:
        raise _refused("its port is not the usual one")
    if url.user is not None or url.password is not None:
        raise _refused("it carries a user name")
    return url


def _refused(why: str) -> RequestError:
    return RequestError(what="an address out of an answer", why=why)
