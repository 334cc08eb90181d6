"""Asks the domain name system, and keeps each answer as the bytes that came.

Implements collectors.collector.Dns for one source and one order. The resolver is the operator's:
the machine's own, or one named in the configuration. A name that came out of a mail is looked up
there and nowhere else; where it points is never connected to.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from datetime import datetime

from evidence.errors import ConfigError
from evidence.items import InMemory, Item, Provenance, Role

MEDIA_TYPE = "application/dns-message"
# Longer answers are no keys. The largest that a resolver sends by UDP without being cut.
MAX_ANSWER = 64 << 10
_EDNS_BYTES = 1232
# Names of one order's mails; what is beyond is not asked.
MAX_NAMES = 200
# After so many in a row that nobody answered, no more are asked: a source has a time to keep.
_SILENT = 3
SYSTEM, OFF = "system", "off"


class Resolver:
    """`server` is "system", or the address of a resolver: "192.0.2.53" or "127.0.0.1:5300"."""

    def __init__(
        self,
        server: str,
        *,
        collector: str,
        clock: Callable[[], datetime],
        timeout_s: float = 3.0,
    ) -> None:
        self._server = server
        self._collector = collector
        self._clock = clock
        self._timeout_s = timeout_s
        self._silent = 0
        self._asked: dict[str, Item | None] = {}
        self._one_at_a_time = asyncio.Lock()

    async def txt(self, name: str) -> Item | None:
        """The answer on the TXT records of `name`, as an item; None if none came.

        That there is no such name is an answer. Each name is asked for once.
        """
        async with self._one_at_a_time:
            if name not in self._asked and len(self._asked) < MAX_NAMES:
                self._asked[name] = await self._ask(name)
            return self._asked.get(name)

    async def _ask(self, name: str) -> Item | None:
        # Imported here: few orders have a mail, and it takes as long as all else of ours.
        import dns.asyncquery
        import dns.exception
        import dns.flags
        import dns.message

        try:
            question = dns.message.make_query(name, "TXT", use_edns=0, payload=_EDNS_BYTES)
        except (dns.exception.DNSException, UnicodeError, ValueError):
            return None
        question.flags |= dns.flags.AD  # it may then say that it checked the zone's signatures
        for host, port in self._servers():
            if self._silent >= _SILENT:
                return None
            try:
                answer, _ = await dns.asyncquery.udp_with_fallback(
                    question,
                    host,
                    timeout=self._timeout_s,
                    port=port,
                    ignore_unexpected=True,
                    ignore_errors=True,  # a stranger's packet is not the answer
                )
            except (dns.exception.DNSException, OSError, EOFError, ValueError):
                self._silent += 1
                continue
            self._silent = 0
            if answer.wire is not None and len(answer.wire) <= MAX_ANSWER:
                return self._item(name, answer.wire, f"{host}:{port}")
        return None

    def _servers(self) -> list[tuple[str, int]]:
        if self._server != SYSTEM:
            return [server_of(self._server)]
        import dns.exception
        import dns.resolver

        try:
            found = dns.resolver.Resolver().nameservers
        except (dns.exception.DNSException, OSError):
            return []
        return [(str(one), 53) for one in found if isinstance(one, str)][:3]

    def _item(self, name: str, wire: bytes, server: str) -> Item:
        content = InMemory(wire)
        return Item(
            role=Role.DNS_ANSWER,
            # An answer has a random number in it: the one that a retry gets is another item.
            key=f"dns/TXT/{name}/{content.sha256[:16]}",
            content=content,
            media_type=MEDIA_TYPE,
            collector=self._collector,
            origin="dns",
            provenance=Provenance.CAPTURE,
            collected_at=self._clock(),
            about={"dns.name": name},
            hints={"resolver": server},
        )


def server_of(text: str) -> tuple[str, int]:
    """Address and port of a resolver: "192.0.2.53", "192.0.2.53:53" or "[2001:db8::1]:53".

    ConfigError for a name: it would have to be looked up itself.
    """
    host, colon, port = text.rpartition(":")
    if text.count(":") > 1 and not text.startswith("["):
        host, port = text, "53"
    elif not colon:
        host, port = text, "53"
    try:
        address = ipaddress.ip_address(host.strip("[]"))
        if port.isdecimal() and 0 < int(port) < 65536:
            return str(address), int(port)
    except ValueError:
        pass
    raise ConfigError(
        what=f"the resolver {text[:60]!r}", why="it is not an address such as 192.0.2.53:53"
    )
