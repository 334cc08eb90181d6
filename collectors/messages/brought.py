"""A mail that belongs to an order, as items: the DNS answers on its signers' keys, the mail with
the grade that its signatures give it, and what is attached to it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Self

from collectors.collector import Context
from collectors.files.names import harmless
from collectors.mentions import Mentions
from collectors.messages.proof import graded, hints_of, keys_asked
from collectors.messages.relay import origin_of
from evidence.errors import ConfigError, EvidenceError
from evidence.items import Content, InMemory, Item, Provenance, Role
from evidence.locators import mail_part
from evidence.mail import MAX_MAIL, Mail, parse_mail
from evidence.media import sniff
from evidence.orders import OrderRef
from evidence.times import zone_of

MAX_ATTACHMENTS = 100
_NESTED = 3
_MAX_KEY = 64 << 10


@dataclass(frozen=True, slots=True)
class Bringing:
    """Makes the items of one order's mails.

    about, hints  for every mail of the order
    own           the seller's own addresses, in lower case
    """

    context: Context
    about: Mapping[str, str]
    hints: Mapping[str, str]
    own: Collection[str]
    _known: dict[str, Item] = field(default_factory=dict)

    @classmethod
    def of(cls, order: OrderRef, mentions: Mentions, context: Context) -> Self:
        """By the source's settings; an error where one cannot be used."""
        return cls(
            context,
            about={"order.id": order.id},
            hints=mentions.hints() | _zone_hint(context.settings),
            own=_own_addresses(context.settings),
        )

    async def items(
        self,
        content: Content,
        *,
        key: str,
        name: str | None = None,
        hints: Mapping[str, str] | None = None,
        exchange: str | None = None,
    ) -> list[Item]:
        """Everything that comes of one mail, in order; a DNS answer only once an order."""
        mail = await asyncio.to_thread(parsed, content)
        keys: list[Item] = []
        told: dict[str, bytes] = {}
        if mail is not None:
            keys, told = await self._keys(mail)
        item = self.context.item(
            Role.MESSAGE_MAIL,
            content,
            key=key,
            media_type="message/rfc822",
            origin="mail" if mail is None else origin_of(mail.head, own=self.own),
            provenance=Provenance.UPLOAD,
            name=name,
            about=self.about,
            hints={**self.hints, **(hints or {}), **hints_of(told)},
        )
        item = replace(item, exchange=exchange)
        if mail is None:
            return [*keys, item]
        if told:
            item = await asyncio.to_thread(graded, item, mail)
        plain = {name: said for name, said in item.hints.items() if name in self.hints}
        return [*keys, item, *_attachments(replace(item, hints=plain), mail)]

    async def _keys(self, mail: Mail) -> tuple[list[Item], dict[str, bytes]]:
        """DNS answers not brought yet, and all those that this mail is checked with."""
        new: list[Item] = []
        told: dict[str, bytes] = {}
        dns = self.context.dns
        if dns is None:
            return new, told
        for name in await asyncio.to_thread(keys_asked, mail.data):
            item = self._known.get(name) or await dns.txt(name)
            if item is None:
                continue
            if name not in self._known:
                self._known[name] = item
                new.append(item)
            told[name] = item.content.read(_MAX_KEY)
        return new, told


def check_mail(settings: Mapping[str, Any]) -> None:
    """An error where `own_addresses` or `received_header_zone` cannot be used."""
    _own_addresses(settings)
    _zone_hint(settings)


def _own_addresses(settings: Mapping[str, Any]) -> frozenset[str]:
    """The setting own_addresses, in lower case; ConfigError where it is no list of texts."""
    said = settings.get("own_addresses", ())
    if not isinstance(said, list | tuple) or not all(isinstance(address, str) for address in said):
        raise ConfigError(what="the setting own_addresses", why="it is not a list of addresses")
    return frozenset(address.strip().lower() for address in said)


def _zone_hint(settings: Mapping[str, Any]) -> dict[str, str]:
    """The setting received_header_zone, for Item.hints; FormatError for an unknown zone."""
    zone = settings.get("received_header_zone")
    if zone is None:
        return {}
    zone_of(str(zone))
    return {"received_zone": str(zone)}


def parsed(content: Content) -> Mail | None:
    """The mail, or None where it is too large or no mail."""
    try:
        return parse_mail(content.read(MAX_MAIL))
    except EvidenceError:
        return None


def _attachments(item: Item, mail: Mail, depth: int = 0) -> list[Item]:
    """What is attached to a mail, and to the mails attached to it, as items that were inside it."""
    found: list[Item] = []
    for part in islice(mail.attachments(), MAX_ATTACHMENTS):
        data, encoding = mail.body_of(part)
        nested = part.media_type == "message/rfc822"
        name = part.file_name
        child = item.part(
            Role.MESSAGE_ATTACHMENT,
            data,
            at=mail_part(part.number),
            encoding=encoding,
            # What it claims to be is asked only for a mail, which has no signature of its own.
            media_type="message/rfc822" if nested else sniff(data),
            name=None if name is None else harmless(name[:200]),
        )
        found.append(child)
        if nested and depth < _NESTED and (inside := parsed(InMemory(data))) is not None:
            found += _attachments(child, inside, depth + 1)
    return found[:MAX_ATTACHMENTS]
