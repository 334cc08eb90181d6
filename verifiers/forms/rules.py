"""Does what one order, or one appeal, sends fit the limits of a profile?

Each rule is a few lines; a breach says what, which limit, and what to do about it. The maker of
bundles (service/profiles/) is not asked: everything is read out of the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from evidence.profile import Profile
from verifiers.forms.limits import Limits, Obeyed
from verifiers.forms.uploads import EXTENSIONS, Told
from verifiers.terms.keys import allowed

_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/tiff"})
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Something that the platform would not take.

    key      the limit, or "field", "order", "bundle" for what is no limit's
    where    a file, a field or an order
    says     the sentence: what, which limit, what to do
    advised  it is only advice: nothing is refused for it
    """

    key: str
    where: str
    says: str
    advised: bool = False

    def __str__(self) -> str:
        return self.says


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that goes to the platform, as far as rules look at it."""

    name: str
    size: int
    told: Told
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What goes out together: of one order, or of the whole appeal.

    called  how a sentence names it
    texts   by field
    link    address and when it ends, or None
    """

    called: str
    uploads: Sequence[Upload] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    link: tuple[str, datetime | None] | None = None


def of_upload(upload: Upload, limits: Limits) -> Iterator[Breach]:
    """What is wrong with one file by itself."""
    told, name = upload.told, upload.name.rpartition("/")[2]
    types = limits.firm("files.types")
    if told.broken:
        yield _breach(
            "files.types", upload.name, f"the file {name} cannot be read: {told.broken}", None
        )
    elif told.media_type not in EXTENSIONS:
        yield _breach(
            "files.types", upload.name, f"the file {name} is of no type that is known", types
        )
    if told.media_type not in EXTENSIONS:
        return
    _, dot, extension = name.rpartition(".")
    if not dot or extension.lower() not in EXTENSIONS[told.media_type]:
        said = f"the file {name} is {told.media_type} by its bytes, and its name says otherwise"
        yield _breach("files.types", upload.name, said, None)
    if types and told.media_type not in types.words:
        taken = ", ".join(types.words)
        said = f"the file {name} is {told.media_type}, and only {taken} are taken: convert it"
        yield _breach("files.types", upload.name, said, types)
    yield from _sizes(upload, name, limits)
    yield from _names(upload, name, limits)
    if told.media_type == "application/pdf":
        yield from _documents(upload, name, limits)
    elif told.media_type in _PICTURES:
        yield from _pictures(upload, name, limits)


def _sizes(upload: Upload, name: str, limits: Limits) -> Iterator[Breach]:
    keys = ["files.each_bytes"]
    if upload.told.media_type == "application/pdf":
        keys.append("files.each_pdf_bytes")
    for key in keys:
        most = limits.firm(key)
        if most and upload.size > most.number:
            has = f"the file {name} has {upload.size} bytes"
            said = f"{has}, more than {most.number}: shrink or split it"
            yield _breach(key, upload.name, said, most)


def _names(upload: Upload, name: str, limits: Limits) -> Iterator[Breach]:
    stem = name.rpartition(".")[0]
    allows = limits.firm("files.name_allows")
    if allows:
        text = name if "." in allows.limit.value else stem
        if not allowed(allows.limit.value, text):
            said = f"the name {name} has characters beside {allows.limit.value}: rename it"
            yield _breach("files.name_allows", upload.name, said, allows)
    most = limits.firm("files.name_characters")
    if most and len(name) > most.number:
        said = f"the name {name} has {len(name)} characters, more than {most.number}: shorten it"
        yield _breach("files.name_characters", upload.name, said, most)
    dots = limits.firm("files.name_dots")
    if dots and name.count(".") > dots.number:
        said = f"the name {name} has {name.count('.')} dots, more than {dots.number}: rename it"
        yield _breach("files.name_dots", upload.name, said, dots)


def _documents(upload: Upload, name: str, limits: Limits) -> Iterator[Breach]:
    told = upload.told
    pages = limits.firm("pdf.pages")
    if pages and told.pages > pages.number:
        said = f"the file {name} has {told.pages} pages, more than {pages.number}: split it"
        yield _breach("pdf.pages", upload.name, said, pages)
    standard = limits.get("pdf.standard")
    if standard:
        wanted = standard.words[0]
        if not told.standard.lower().startswith(wanted.lower()):
            is_now = f"claims {told.standard}" if told.standard else "is not PDF/A"
            said = f"the file {name} {is_now}, and {wanted} is asked for: convert it"
            yield _breach("pdf.standard", upload.name, said, standard)


def _pictures(upload: Upload, name: str, limits: Limits) -> Iterator[Breach]:
    told = upload.told
    pixels = limits.firm("pictures.pixels")
    if pixels and told.width * told.height > pixels.number:
        size = f"{told.width} x {told.height}"
        said = f"the file {name} has {size} pixels, more than {pixels.number} in all: shrink it"
        yield _breach("pictures.pixels", upload.name, said, pixels)
    dpi = limits.firm("pictures.dpi")
    if dpi and told.dpi > dpi.number:
        says = f"the file {name} says {told.dpi} dots an inch"
        said = f"{says}, more than {dpi.number}: write it with less"
        yield _breach("pictures.dpi", upload.name, said, dpi)


def of_sent(sent: Sent, profile: Profile, limits: Limits) -> Iterator[Breach]:
    """What is wrong with all that goes out together, and with each part of it."""
    for upload in sent.uploads:
        yield from of_upload(upload, limits)
    yield from _together(sent, limits)
    yield from _texts(sent, profile, limits)
    yield from _fields(sent, profile, limits)
    yield from _link(sent, profile, limits)


def _together(sent: Sent, limits: Limits) -> Iterator[Breach]:
    uploads, where = sent.uploads, sent.called
    count = limits.firm("files.count")
    if count and len(uploads) > count.number:
        what = "send links" if count.number == 0 else "combine them, or leave some out"
        said = f"{where} has {len(uploads)} files, more than {count.number}: {what}"
        yield _breach("files.count", where, said, count)
    total = limits.firm("files.total_bytes")
    size = sum(upload.size for upload in uploads)
    if total and size > total.number:
        said = f"{where} has {size} bytes of files, more than {total.number}; {_largest(uploads)}"
        yield _breach("files.total_bytes", where, said, total)
    names = [upload.name.lower() for upload in uploads]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield _breach("bundle", where, f"two files of {where} are called {name}: rename one", None)


def _largest(uploads: Sequence[Upload]) -> str:
    first = sorted(uploads, key=lambda upload: (-upload.size, upload.name))[:3]
    named = ", ".join(f"{upload.name.rpartition('/')[2]} ({upload.size})" for upload in first)
    return f"the largest are {named}: shrink or leave out some"


def _texts(sent: Sent, profile: Profile, limits: Limits) -> Iterator[Breach]:
    most = limits.firm("text.characters")
    for name, text in sent.texts.items():
        if most and len(text) > most.number:
            said = (
                f"the field {name} has {len(text)} characters, more than {most.number}: shorten it"
            )
            yield _breach("text.characters", f"{sent.called}, {name}", said, most)
    total = limits.firm("text.total_characters")
    size = sum(map(len, sent.texts.values()))
    if total and size > total.number:
        said = f"all fields have {size} characters, more than {total.number}: shorten them"
        yield _breach("text.total_characters", sent.called, said, total)
    language = limits.firm("text.language")
    if language and language.words == ("en",):
        for name, text in sent.texts.items():
            if _HAN.search(text):
                said = f"the field {name} quotes words that are not English: translate beside them"
                where = f"{sent.called}, {name}"
                yield _breach("text.language", where, said, language, advised=True)


def _fields(sent: Sent, profile: Profile, limits: Limits) -> Iterator[Breach]:
    known = {text.field: text for text in profile.texts}
    for name in sent.texts:
        if name not in known:
            said = f"the text {name[:60]} is no field of the profile {profile.id}: leave it out"
            yield _breach("field", sent.called, said, None)
    for text in profile.texts:
        given = sent.texts.get(text.field, "")
        if text.required and not text.once and not given.strip():
            said = f"the field {text.field} is empty, and the form asks for it: say it"
            yield _breach("field", f"{sent.called}, {text.field}", said, None)
        if text.choices and given and given not in text.choices:
            choices = ", ".join(text.choices)
            is_now = f"the field {text.field} is {given[:40]!r}, which the form has not"
            said = f"{is_now}: choose of {choices}"
            yield _breach("field", f"{sent.called}, {text.field}", said, None)
    tracked = limits.firm("tracking.entries")
    numbers = [n for n in sent.texts.get("tracking_number", "").split(", ") if n]
    if tracked and len(numbers) > tracked.number:
        said = f"{len(numbers)} tracking numbers are more than {tracked.number}: leave some out"
        yield _breach("tracking.entries", sent.called, said, tracked)
    each = limits.firm("files.per_field")
    held = [upload.field for upload in sent.uploads]
    for name in dict.fromkeys(held):
        if each and held.count(name) > each.number:
            has = f"the field {name} has {held.count(name)} files"
            said = f"{has}, more than {each.number}: combine them"
            yield _breach("files.per_field", f"{sent.called}, {name}", said, each)


def _link(sent: Sent, profile: Profile, limits: Limits) -> Iterator[Breach]:
    if sent.link is None:
        return
    address, ends = sent.link
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or not host:
        said = f"the link of {sent.called} is no https address that others can open: use one"
        yield _breach("links.hosts", sent.called, said, None)
    refused = limits.firm("links.refused")
    if refused and any(host == each or host.endswith(f".{each}") for each in refused.words):
        said = f"links to {host} are refused: put the file elsewhere"
        yield _breach("links.refused", sent.called, said, refused)
    hosts = limits.get("links.hosts")
    if hosts and host not in hosts.words:
        said = f"the link leads to {host}, and {', '.join(hosts.words)} are named: consider one"
        yield _breach("links.hosts", sent.called, said, hosts)
    expire = limits.firm("links.expire")
    if expire and ends is None:
        said = f"the link of {sent.called} never ends: let it expire"
        yield _breach("links.expire", sent.called, said, expire)


def of_archive_name(
    name: str, size: int, limits: Limits, *, store: str, date: str
) -> Iterator[Breach]:
    """The archive that goes to the platform: its size, and what its name must have."""
    most = limits.firm("archive.bytes")
    if most and size > most.number:
        said = f"the file {name} has {size} bytes, more than {most.number}: leave something out"
        yield _breach("archive.bytes", name, said, most)
    has = limits.firm("archive.name_has")
    for word in has.words if has else ():
        part = {"store": store, "date": date}.get(word, "")
        if not part or part not in name:
            said = f"the name {name} lacks the {word}{f' {part}' if part else ''}: rename it"
            yield _breach("archive.name_has", name, said, has)


def of_inner_name(name: str, limits: Limits, *, seller: str) -> Iterator[Breach]:
    """A file in that archive."""
    has = limits.firm("files.name_has")
    if has and "seller" in has.words and (not seller or seller not in name):
        said = f"the name {name} lacks the seller's id{f' {seller}' if seller else ''}: rename it"
        yield _breach("files.name_has", name, said, has)


def _breach(
    key: str, where: str, said: str, obeyed: Obeyed | None, *, advised: bool = False
) -> Breach:
    source = f" ({obeyed})" if obeyed else ""
    advised = advised or (obeyed is not None and obeyed.advised)
    return Breach(
        key=key, where=where, says=f"{said[0].upper()}{said[1:]}{source}.", advised=advised
    )
