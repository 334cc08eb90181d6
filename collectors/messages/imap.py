"""Mails about one order, out of a mail server: IMAP, with a password or OAuth 2.0.

Source   IMAP4rev2 and rev1 (RFC 9051, RFC 3501); special-use folders (RFC 6154); XOAUTH2.
Finds    by the order's number, aliases and parcels: SUBJECT, and TEXT, for a subject's search
         misses what stands in a body. Then by thread and by the buyer's relay address (threads.py).
Writes   nothing: folders are opened by EXAMINE, mails got by BODY.PEEK. No flag is set.
Origin   as for a mailbox: an UPLOAD, for whoever may write to the mailbox can put a mail there,
         unless the sender's domain signed it (proof.py).
Times    Date is the sender's clock. INTERNALDATE is the server's when it stored the mail: a second
         witness, though a client that copies a mail may say which one is stored.
Settings user, folders, own_addresses, received_header_zone
Limits   1,000 mails and 200 searches an order, mails of 64 MB.
Tried    on Dovecot 2.3.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from collectors.auth import Auth, ClientCredentials, NoAuth, secret_of, setting_of
from collectors.bodies import release
from collectors.collector import Context, FileEntry, Imap, StoredMail
from collectors.imap import MAX_LITERAL, quoted
from collectors.mentions import Mentions
from collectors.messages.brought import Bringing, check_mail, parsed
from collectors.messages.reading import read_brought
from collectors.messages.relay import relay_addresses
from collectors.messages.threads import Named, Place, Trace, belonging, trace_of
from collectors.secrets import Secret
from evidence.errors import ConfigError, RequestError, TooLargeError
from evidence.facts import Fact
from evidence.items import Item, Role
from evidence.orders import OrderRef

MAX_FETCHED = 1_000
MAX_SEARCHES = 200
# Rounds of following a thread: each finds the mails next to those of the last one.
ROUNDS = 4
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_USES = ("\\sent", "\\archive", "\\all")
_ID = re.compile(r"<[^<>\s\"\\]{1,300}>")


@dataclass(slots=True)
class _Found:
    """Mails that were fetched, by folder and UID, and what was searched for."""

    mails: dict[tuple[str, int], StoredMail] = field(default_factory=dict)
    traces: dict[tuple[str, int], Trace] = field(default_factory=dict)
    validity: dict[str, str] = field(default_factory=dict)
    too_large: list[int] = field(default_factory=list)
    searched: set[str] = field(default_factory=set)
    searches: int = 0


class ImapSource:
    name = "imap"
    version = 1
    roles = frozenset({Role.MESSAGE_MAIL, Role.MESSAGE_ATTACHMENT, Role.DNS_ANSWER})
    needs: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset({"shipment.tracking_number"})

    def auth(self, options: Mapping[str, Any], secrets: Mapping[str, Secret]) -> Auth:
        """With `token_url`: a refresh token's or a client's access token; else the password."""
        setting_of(options, secrets, "user", source=self.name)
        if not options.get("token_url"):
            return NoAuth(secrets=(secret_of(secrets, "password", source=self.name),))
        scope = options.get("scope")
        return ClientCredentials(
            source=self.name,
            token_url=str(options["token_url"]),
            client_id=setting_of(options, secrets, "client_id", source=self.name),
            client_secret=secret_of(secrets, "client_secret", source=self.name),
            refresh=secrets.get("refresh_token"),
            in_form=True,
            extra={"scope": str(scope)} if scope else {},
        )

    def check(self, settings: Mapping[str, Any]) -> None:
        """An error where `own_addresses`, `received_header_zone` or `folders` cannot be used."""
        check_mail(settings)
        _folders_in(settings)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each mail of the order, oldest first, and after it what is attached to it."""
        imap = context.need_imap()
        mentions = Mentions.of(order, context)
        bringing = Bringing.of(order, mentions, context)
        folders = await _folders(imap, context)
        found = _Found()
        words = [word for _, number in mentions.names for word in _named(number)]
        for _ in range(ROUNDS):
            for folder in folders:
                await _search(imap, folder, words, found, mentions)
            words = await asyncio.to_thread(lambda: list(_next_words(found)))
            if not words:
                break
        await imap.keep()
        of_order = await asyncio.to_thread(belonging, list(found.traces.values()))
        places = {(trace.place.entry.path): trace for trace in of_order}
        for (folder, uid), mail in list(found.mails.items()):
            if _path(folder, uid) not in places:
                release(mail.content)
                del found.mails[folder, uid]
        for trace in of_order:
            folder, uid = next(key for key in found.mails if _path(*key) == trace.place.entry.path)
            mail = found.mails[folder, uid]
            exchange = await imap.keep(mail.talk)
            validity = found.validity[folder]
            for item in await bringing.items(
                mail.content,
                key=f"{folder};{validity}/{uid}",
                hints={"stored_at": mail.stored} if mail.stored else {},
                exchange=exchange,
            ):
                yield item
        if found.too_large:
            raise TooLargeError(what="a mail", size=max(found.too_large), limit=MAX_LITERAL)
        if len(found.traces) >= MAX_FETCHED or found.searches >= MAX_SEARCHES:
            raise TooLargeError(
                what="the search (in mails and searches)",
                size=len(found.traces) + found.searches,
                limit=MAX_FETCHED + MAX_SEARCHES,
            )

    def read(self, item: Item) -> list[Fact]:
        """As a mailbox's mails, and when the server stored it."""
        return read_brought(item)


async def _folders(imap: Imap, context: Context) -> list[str]:
    """The folders that are configured, or INBOX and those the server marks as sent or archive."""
    if (said := _folders_in(context.settings)) is not None:
        return said
    there = await imap.folders()
    marked = [one.name for one in there if one.uses & set(_USES)]
    return list(dict.fromkeys(["INBOX", *marked]))


def _folders_in(settings: Mapping[str, Any]) -> list[str] | None:
    said = settings.get("folders")
    if said is None:
        return None
    if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
        raise ConfigError(what="the setting folders", why="it is not a list of names")
    return said


def _named(number: str) -> Iterator[str]:
    """Searches for a number; one that is no plain text no server is asked for."""
    try:
        word = quoted(number)
    except RequestError:
        return
    yield f"SUBJECT {word}"
    yield f"TEXT {word}"


def _next_words(found: _Found) -> Iterator[str]:
    """Searches for what hangs together with the mails that belong so far."""
    for trace in belonging(list(found.traces.values())):
        mail = next(
            one for key, one in found.mails.items() if _path(*key) == trace.place.entry.path
        )
        read = parsed(mail.content)
        if read is None:
            continue
        names = ("Message-ID", "In-Reply-To", "References")
        said = " ".join(value for name in names for value in read.head.raw_headers(name)[:5])
        words = []
        for one in dict.fromkeys(_ID.findall(said)[:20]):
            if one.isascii() and one.isprintable():
                word = quoted(one)
                pairs = [f"HEADER {name} {word}" for name in names]
                words.append(f"OR {pairs[0]} OR {pairs[1]} {pairs[2]}")
        if trace.named is Named.IN_HEADERS:
            for address in relay_addresses(read.head):
                words.append(f"OR FROM {quoted(address)} TO {quoted(address)}")
        for word in words:
            if word not in found.searched:
                yield word


async def _search(
    imap: Imap, folder: str, words: list[str], found: _Found, mentions: Mentions
) -> None:
    found.validity[folder] = await imap.examine(folder)
    uids: dict[int, None] = {}
    for word in words:
        found.searched.add(word)
        if found.searches >= MAX_SEARCHES:
            break
        found.searches += 1
        uids |= dict.fromkeys(await imap.search(word))
    room = MAX_FETCHED - len(found.traces)
    new = [uid for uid in uids if (folder, uid) not in found.traces][: max(room, 0)]
    sizes = await imap.sizes(new) if new else {}
    for uid in new:
        if uid not in sizes:
            continue
        if sizes[uid] > MAX_LITERAL:
            found.too_large.append(sizes[uid])
            continue
        mail = await imap.fetch(uid)
        found.mails[folder, uid] = mail
        found.traces[folder, uid] = await asyncio.to_thread(_trace, folder, mail, mentions)


def _trace(folder: str, mail: StoredMail, mentions: Mentions) -> Trace:
    data = mail.content.read(MAX_LITERAL)
    entry = FileEntry(_path(folder, mail.uid), len(data), _EPOCH)
    digest = bytes.fromhex(mail.content.sha256)
    return trace_of(data, Place(entry, 0, len(data), framed=False), digest, mentions)


def _path(folder: str, uid: int) -> str:
    return f"{folder}/{uid:010}"
