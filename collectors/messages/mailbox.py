"""Mails about one order, out of a folder of mail: a Maildir, mbox files, .eml files, or all three.

Source   RFC 5322 mails as they were saved. A Maildir's mails lie in `cur` and `new`; an mbox is a
         file that begins with `From `, named *.mbox, *.mbx or without a suffix; mbox.py says what
         such a file does to its mails.
Finds    by the order's number and aliases in headers and text, then by thread: threads.py.
Origin   by the relay's rules (relay.py). A From line proves nothing: the provenance is UPLOAD, what
         the seller handed us, unless the sender's domain signed the mail (proof.py).
Times    Date is the sender's clock, the top Received header our mail server's. An offset makes an
         Instant; without one, and for `-0000`, the time stays local.
Settings own_addresses          the seller's own addresses: mails from them have origin "seller"
         received_header_zone   zone of Received headers without an offset
Limits   2,000 mails an order, 100 attachments a mail, mails of 64 MB searched, of 256 MB brought.
Tried    on mails written by us to the shapes that public parsers document; no real mailbox.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from hashlib import sha256
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from collectors.collector import Context, FileEntry, Files
from collectors.mentions import Mentions
from collectors.messages.brought import Bringing, check_mail
from collectors.messages.mbox import mails_in
from collectors.messages.reading import read_brought
from collectors.messages.threads import Place, Trace, belonging, trace_of
from evidence.errors import OutageError, TooLargeError
from evidence.facts import Fact
from evidence.items import Content, Item, Role
from evidence.mail import MAX_MAIL
from evidence.orders import OrderRef

MAX_MAILS = 2_000
MAX_BROUGHT = 256 << 20
MAX_MBOX = 64 << 30
MAX_TRACES = 2_000_000
_BATCH = 50


class Mailbox:
    name = "mailbox"
    version = 2
    roles = frozenset({Role.MESSAGE_MAIL, Role.MESSAGE_ATTACHMENT, Role.DNS_ANSWER})
    needs: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset({"shipment.tracking_number"})

    def check(self, settings: Mapping[str, Any]) -> None:
        """An error where `own_addresses` or `received_header_zone` cannot be used."""
        check_mail(settings)

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each mail of the order, oldest first, and after it what is attached to it.

        The mailbox is searched once, keeping a few numbers a mail, and the mails that belong are
        then read again and compared with what was searched; OutageError if they changed meanwhile.
        Mails that belong and are too large to bring are named in an error after the others came.
        """
        files = context.need_files()
        mentions = Mentions.of(order, context)
        bringing = Bringing.of(order, mentions, context)

        traces: list[Trace] = []
        search = _search(files, mentions)
        # In batches, so that a collection that is cancelled stops here and not at the end.
        while batch := await asyncio.to_thread(lambda: list(islice(search, _BATCH))):
            traces += batch
            if len(traces) > MAX_TRACES:
                raise TooLargeError(
                    what="the mailbox (in mails)", size=len(traces), limit=MAX_TRACES
                )
        found = await asyncio.to_thread(belonging, traces)
        del traces

        for trace in found[:MAX_MAILS]:
            if trace.place.size > MAX_BROUGHT:
                continue
            content = await asyncio.to_thread(_bring, files, trace, context)
            name = PurePosixPath(trace.place.entry.path).name
            for item in await bringing.items(content, key=_key(trace.place), name=name):
                yield item
        _complain(found)

    def read(self, item: Item) -> list[Fact]:
        """What a mail says of itself; an attachment has its name, and a nested mail its own facts.

        Whatever cannot be read becomes `reading.failed`, beside all that can.
        """
        return read_brought(item)


def _search(files: Files, mentions: Mentions) -> Iterator[Trace]:
    """A trace of every mail in the folder."""
    for entry in files.entries():
        if _is_single(entry):
            data, size, digest = _looked_at(files, entry)
            if data:
                place = Place(entry, 0, size, framed=False)
                yield trace_of(data, place, digest, mentions)
        elif _may_be_mbox(entry):
            for cut in mails_in(files.stream(entry, limit=MAX_MBOX)):
                place = Place(entry, cut.offset, cut.size, framed=True)
                yield trace_of(cut.data, place, cut.sha256, mentions)


def _is_single(entry: FileEntry) -> bool:
    path = PurePosixPath(entry.path)
    return path.suffix.lower() == ".eml" or path.parent.name in {"cur", "new"}


def _may_be_mbox(entry: FileEntry) -> bool:
    path = PurePosixPath(entry.path)
    if path.parent.name == "tmp":  # a Maildir's mails that are still being written
        return False
    return path.suffix.lower() in {".mbox", ".mbx", ""}


def _looked_at(files: Files, entry: FileEntry) -> tuple[bytes, int, bytes]:
    """The first MAX_MAIL bytes of a file, its size and the digest of all of it."""
    data, digest, size = bytearray(), sha256(), 0
    for chunk in files.stream(entry, limit=MAX_MBOX):
        digest.update(chunk)
        size += len(chunk)
        data += chunk[: max(MAX_MAIL - len(data), 0)]
    return bytes(data), size, digest.digest()


def _bring(files: Files, trace: Trace, context: Context) -> Content:
    """The mail's bytes, in the spool; OutageError if they are not those that were searched."""
    place = trace.place
    writer = context.spool.open(limit=MAX_BROUGHT)
    try:
        left = place.size
        for chunk in files.stream(place.entry, limit=MAX_MBOX, start=place.offset):
            writer.write(chunk[:left])
            left -= len(chunk[:left])
            if left == 0:
                break
        content = writer.close()
    except BaseException:
        writer.discard()
        raise
    if bytes.fromhex(content.sha256) != trace.sha256:
        raise OutageError(
            source="the mailbox", why=f"{place.entry.path} changed while it was searched"
        )
    return content


def _key(place: Place) -> str:
    """Where the mail lies, without what a mail program changes while nobody touches the mail."""
    path = PurePosixPath(place.entry.path)
    if place.framed:
        return f"{path}@{place.offset}"
    if path.parent.name in {"cur", "new"}:  # Maildir: moved when seen, renamed when flagged
        return str(path.parent.parent / path.name.partition(":2,")[0])
    return str(path)


def _complain(found: list[Trace]) -> None:
    """Say which mails belong and were not brought; the others are already safe."""
    if len(found) > MAX_MAILS:
        raise TooLargeError(what="the order's mail (in mails)", size=len(found), limit=MAX_MAILS)
    for trace in found:
        if trace.place.size > MAX_BROUGHT:
            raise TooLargeError(
                what=f"the mail at {_key(trace.place)}", size=trace.place.size, limit=MAX_BROUGHT
            )
