"""A drop folder: proofs of delivery, pictures, and whatever else a warehouse saves.

Source   files of any kind. What a file is comes from its bytes (evidence/media.py), never its name.
Finds    by a sidecar (sidecar.py) that names the order or its parcel, else by the file's path, else
         by the text in it, where a reader can give one.
Skips    a file whose sidecar or path names another order: that customer's papers are not opened.
Origin   "seller" unless a sidecar names another; provenance UPLOAD whatever a sidecar says, since a
         file that the seller hands over proves no carrier.
Limits   files of 128 MB, 500 files opened to look at their text, 200 brought for an order.
Tried    on files written by us.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import PurePosixPath
from typing import Protocol, runtime_checkable

from collectors.collector import Context, FileEntry, Files, fact_at
from collectors.files.drop import in_part
from collectors.files.sidecar import (
    MAX_SIDECAR,
    ROLES,
    SUFFIXES,
    Sidecar,
    read_sidecar,
    sidecar_of,
)
from collectors.mentions import Mentions
from evidence.errors import EvidenceError, TooLargeError
from evidence.facts import Fact
from evidence.items import Content, Item, Provenance, Role
from evidence.locators import FILE_NAME, Locator, meta, pointer
from evidence.media import sniff
from evidence.orders import OrderRef

# A file that is the order's by its name is taken up to what the store takes; one that must first be
# searched for the order is opened only if it is no larger than this.
MAX_FILE = 4 << 30
MAX_SEARCHED = 128 << 20
MAX_LOOKED_AT = 500
MAX_BROUGHT = 200

_POD = re.compile(
    r"\bpod\b|proof[\s_-]*of[\s_-]*delivery|delivery[\s_-]*(receipt|note)|签收|妥投", re.I
)
_SIGNATURE = re.compile(r"signature|签名|签字", re.I)
_PHOTO = re.compile(r"photo|picture|照片", re.I)
_READABLE = (
    "application/pdf", "image/", "text/", "message/", "multipart/related", "application/json",
    "application/zip", "application/x-ole-storage",
)  # fmt: skip


@runtime_checkable
class _Spooled(Protocol):
    """What takes room in the spool until it is given up."""

    def discard(self) -> None: ...


class Folder:
    name = "folder"
    version = 1
    roles = ROLES
    needs: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset({"shipment.tracking_number"})

    async def collect(self, order: OrderRef, context: Context) -> AsyncIterator[Item]:
        """Bring each file of the order, by path, and after it the sidecar that describes it.

        A file is opened once. Those that could not be opened or understood, and belong to the order
        or may, are named in an error after the others came.
        """
        files = context.need_files()
        mentions = Mentions.of(order, context)
        hints = mentions.hints()
        about = {"order.id": order.id}
        entries = {e.path: e for e in await asyncio.to_thread(lambda: list(files.entries()))}
        described = {path: sidecar_of(path, entries) for path in entries}
        sidecars = {name for name in described.values() if name is not None}
        troubles: list[str] = []
        looked_at = unseen = brought = 0
        for path, entry in entries.items():
            if path in sidecars:
                continue
            beside, note = described[path], None
            try:
                note = await asyncio.to_thread(_note, files, entries, beside)
            except EvidenceError as problem:
                # A sidecar that cannot be read may name another order: only the path counts then.
                by_path = _belongs(path, None, mentions)
                if by_path is not False:
                    troubles.append(f"{beside}: {problem.said}")
                if not by_path:
                    continue
            belongs = _belongs(path, note, mentions)
            if belongs is False:
                continue
            if belongs is None and looked_at >= MAX_LOOKED_AT:
                unseen += 1
                continue
            try:
                limit = MAX_FILE if belongs else MAX_SEARCHED
                content = await asyncio.to_thread(files.open, entry, limit=limit)
            except EvidenceError as problem:
                troubles.append(f"{path}: {problem.said}")
                continue
            item = _item(entry, content, note, context, about=about, hints=hints)
            text = ""
            if belongs is None or note is None or note.role is None:
                looked_at += belongs is None
                if item.media_type.startswith(_READABLE):
                    text = await context.text_of(item)
            if belongs is None and not mentions.found_in(text):
                if isinstance(content, _Spooled):
                    content.discard()
                continue
            brought += 1
            if brought > MAX_BROUGHT:
                raise TooLargeError(
                    what="the order's part of the folder (in files)",
                    size=brought,
                    limit=MAX_BROUGHT,
                )
            yield _item(entry, content, note, context, about=about, hints=hints, text=text)
            if beside is not None and note is not None:
                yield await asyncio.to_thread(
                    _sidecar_item, files, entries[beside], context, item.sha256, about
                )
        if unseen:
            troubles.append(f"{unseen} files, whose names tell no order, were not looked into")
        if troubles:
            raise in_part(troubles)

    def read(self, item: Item) -> list[Fact]:
        """A file's name and the order's numbers in it; all that a sidecar says, as the seller's.

        What the document itself says is for the readers of documents.
        """
        if (described := item.hints.get("describes")) is not None:
            return _read_sidecar_item(item, described)
        facts = []
        if item.name is not None:
            facts.append(fact_at(item, "file.name", item.name, FILE_NAME))
        mentions = Mentions.from_hints(item.about, item.hints)
        facts += [
            # Whoever named the file was the seller, whatever the file holds.
            Fact(name=name, value=number, locator=FILE_NAME, item=item.sha256, origin="seller")
            for name, number in mentions.found_in(item.key)
        ]
        return facts


def _note(files: Files, entries: Mapping[str, FileEntry], beside: str | None) -> Sidecar | None:
    if beside is None:
        return None
    data = b"".join(files.stream(entries[beside], limit=MAX_SIDECAR))
    return read_sidecar(data, is_json=beside.lower().endswith(SUFFIXES[1]))


def _belongs(path: str, note: Sidecar | None, mentions: Mentions) -> bool | None:
    """Whether a file is the order's by what is said of it; None if only its text can tell."""
    if note is not None:
        said = [number for number in (note.order_id, note.tracking_number) if number]
        if said:
            # Its order number decides; a parcel's number only where no order is named.
            return mentions.is_one(said[0])
    if mentions.found_in(path):
        return True
    return False if mentions.others_in(path) else None


def _item(
    entry: FileEntry,
    content: Content,
    note: Sidecar | None,
    context: Context,
    *,
    about: Mapping[str, str],
    hints: Mapping[str, str],
    text: str = "",
) -> Item:
    media_type = sniff(next(iter(content.chunks()), b""))
    role = note.role if note is not None else None
    return context.item(
        role or _role(media_type, entry.path, text),
        content,
        key=entry.path,
        media_type=media_type,
        origin="seller" if note is None else note.origin,
        provenance=Provenance.UPLOAD,
        name=PurePosixPath(entry.path).name,
        about=about,
        hints=hints,
    )


def _role(media_type: str, path: str, text: str) -> Role:
    """What a file is, by its kind, its path and the words in it; `document` where they are silent.

    A role says where a reviewer will look for it. It proves nothing.
    """
    named = path.replace("_", " ")
    if media_type == "application/pdf":
        return Role.POD_DOCUMENT if _POD.search(f"{named}\n{text}") else Role.DOCUMENT
    if media_type.startswith("image/"):
        if _SIGNATURE.search(named):
            return Role.POD_SIGNATURE
        if _PHOTO.search(named) or _POD.search(named):
            return Role.POD_PHOTO
    return Role.DOCUMENT


def _sidecar_item(
    files: Files, entry: FileEntry, context: Context, describes: str, about: Mapping[str, str]
) -> Item:
    content = files.open(entry, limit=MAX_SIDECAR)
    return context.item(
        Role.DOCUMENT,
        content,
        key=f"{entry.path}#{describes}",
        media_type=sniff(content.read(MAX_SIDECAR)),
        origin="seller",
        provenance=Provenance.UPLOAD,
        name=PurePosixPath(entry.path).name,
        about=about,
        hints={
            "describes": describes,
            "format": "json" if entry.path.lower().endswith(SUFFIXES[1]) else "toml",
        },
    )


def _read_sidecar_item(item: Item, described: str) -> list[Fact]:
    is_json = item.hints.get("format") == "json"
    note = read_sidecar(item.content.read(MAX_SIDECAR), is_json=is_json)

    def at(field: str) -> Locator:
        return pointer(field) if is_json else meta(field)

    group = f"file/{described}"
    facts = []
    if note.order_id:
        facts.append(fact_at(item, "order.id", note.order_id, at("order_id"), group=group))
    if note.tracking_number:
        name = "shipment.tracking_number"
        facts.append(fact_at(item, name, note.tracking_number, at("tracking_number"), group=group))
    if note.captured_at is not None:
        name = "document.captured.at"
        facts.append(fact_at(item, name, note.captured_at, at("captured_at"), group=group))
    return facts
