"""A web archive (WARC, packed or not): each answer in it as a file inside, and when it was fetched.

What the crawler asked and noted beside is not read. The moment of a record is the crawler's own
clock in UTC; anybody can write it, so that it is less sure than a date printed on the page.

Source: ISO 28500:2017, 5.4 (WARC-Date), 5.5 (WARC-Type).
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Any

from evidence.errors import EvidenceError, FormatError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import Locator
from evidence.times import parse_iso
from verifiers.readers.inside import MAX_FILES, facts_inside
from verifiers.readers.reader import CUT, MAX_BYTES, fact, failed

_MAGIC = b"WARC/1."
_TOLD = frozenset({"response", "resource", "revisit"})
_SURE = 0.85
_MAX_BODY = 16 << 20


def begins(head: bytes) -> bool:
    """Whether bytes begin like a web archive, packed or not."""
    if head.startswith(b"\x1f\x8b\x08"):
        try:
            head = zlib.decompressobj(31).decompress(head, len(_MAGIC))
        except zlib.error:
            return False
    return head.startswith(_MAGIC)


def read(item: Item) -> list[Fact]:
    """Every answer in it, with its address and its moment."""
    facts: list[Fact] = []
    try:
        facts.extend(_read(item))
    except EvidenceError as problem:
        facts.append(failed(item, f"{problem}"))
    except Exception as problem:  # the parser's corners on hostile input
        facts.append(failed(item, f"it is damaged or no web archive ({type(problem).__name__})"))
    return facts


def text_of(item: Item) -> str:
    """Nothing: what it says is in the files inside."""
    return ""


def _read(item: Item) -> Iterator[Fact]:
    from warcio.archiveiterator import ArchiveIterator

    told = 0
    for number, record in enumerate(
        ArchiveIterator(io.BytesIO(item.content.read(MAX_BYTES))), start=1
    ):
        if record.rec_type not in _TOLD:
            continue
        at = Locator("attached", f"{number}")
        if told == MAX_FILES:
            yield failed(item, f"{CUT} {MAX_FILES} of the answers in it were read", at)
            return
        told += 1
        yield from _answer(item, record, at)


def _answer(item: Item, record: Any, at: Locator) -> Iterator[Fact]:
    address = record.rec_headers.get_header("WARC-Target-URI") or ""
    if address:
        yield fact(item, "document.address", address[:500], at)
    if said := record.rec_headers.get_header("WARC-Date"):
        try:
            yield fact(item, "document.captured.at", parse_iso(said), at, confidence=_SURE)
        except FormatError as problem:
            yield failed(item, f"{problem}", at)
    body = record.content_stream().read(_MAX_BODY + 1)
    if len(body) > _MAX_BODY:
        yield failed(item, f"an answer in it has more than {_MAX_BODY >> 20} MB", at)
    elif body:
        yield from facts_inside(item, body, name=address, at=at)
    if len(body) <= _MAX_BODY and getattr(record.raw_stream, "limit", 0) > 0:
        yield failed(item, "an answer in it is cut off", at)
