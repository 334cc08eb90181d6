"""A profile: the form in which a platform takes evidence, as data.

A policy says what has to be shown; a profile says how it must arrive: file types, sizes, pages,
names, lengths, language, and which field gets what. It is a TOML file (docs/profiles.md tells of
every field). `parse_profile` refuses what it does not know. Limits are those of policies: each has
its source and how sure that is, and readings that contradict each other stand side by side.

    id = "stripe"
    version = "2026-11-28"
    title = "Stripe: evidence of a dispute, field by field"
    shape = "fields"            archive | fields | links | bag
    scope = "order"             limits count for each order, or over the whole "appeal"
    how = "..."                 what a person does with the bundle

    [[limit]]
    key = "files.total_bytes", value = "4500000", source = ..., conflict = "STR-FILE-01"

    [[text]]                    something that is typed in
    field = "product_description"
    sentences = ["Sold: {order.item.title}."]     the most important first; {…} are fact names
    choices = ["Carrier Delay"]                   instead: a person chooses one of these
    once = true                                   one for the whole appeal, not one an order

    [[file]]                    something that is uploaded
    field = "shipping_documentation"
    title = "Proof of delivery"
    roles = ["pod.document", "pod.photo"]         whose items are shown
    facts = ["scan.delivered.at"]                 what is told on the sheet before them
    as = "document"             one PDF; "pictures": JPEG or PNG; "received": each as it came
    required = true
    table = "ce3"               a table of its own goes before the sheet

    adds = ["certification", "hashes", "custody", "report"]     of a bag: what lies beside it
    report = "uncategorized_file"                 the field that takes an order's evidence report
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from evidence.canonical import digest
from evidence.errors import FormatError
from evidence.items import Role
from evidence.orders import Platform
from evidence.policy import Limit, read_limit
from evidence.tables import Table, read_table

_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,59}")
_SLOT = re.compile(r"\{([^{}]*)\}")


class Shape(StrEnum):
    """What the platform gets: one archive, fields with files, links, or a bag for an auditor."""

    ARCHIVE = "archive"
    FIELDS = "fields"
    LINKS = "links"
    BAG = "bag"


class Scope(StrEnum):
    """What the limits count over: each order by itself, or all orders of an appeal together."""

    ORDER = "order"
    APPEAL = "appeal"


class Shown(StrEnum):
    """How items become files."""

    DOCUMENT = "document"
    PICTURES = "pictures"
    RECEIVED = "received"


class Tabled(StrEnum):
    """Tables that a field may have: earlier payments, as Visa's Compelling Evidence 3.0 asks."""

    NONE = ""
    CE3 = "ce3"


class Added(StrEnum):
    """What may lie beside a bag: a page to sign, digests, who had the evidence, the report."""

    CERTIFICATION = "certification"
    HASHES = "hashes"
    CUSTODY = "custody"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with slots for facts: parts are plain text and fact names, one after the other.

    `texts` has one more part than `facts`: "Delivered {scan.delivered.at}." is
    (("Delivered ", "."), ("scan.delivered.at",)).
    """

    texts: tuple[str, ...]
    facts: tuple[str, ...]

    def __str__(self) -> str:
        slots = (*(f"{{{name}}}" for name in self.facts), "")
        return "".join(text + slot for text, slot in zip(self.texts, slots, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField:
    """Text that is typed in: said in sentences, or chosen by a person out of a list."""

    field: str
    title: str = ""
    sentences: tuple[Sentence, ...] = ()
    choices: tuple[str, ...] = ()
    required: bool = False
    once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileField:
    """Files that are uploaded. `facts` are told on a sheet that goes before the pictures."""

    field: str
    title: str
    roles: tuple[Role, ...]
    shown: Shown
    facts: tuple[str, ...] = ()
    required: bool = False
    table: Tabled = Tabled.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile as read; `raw` is the file's bytes, which a bundle carries.

    platforms  whose orders it is for; () for those of any
    report     the field that an order's evidence report goes into; "" where the platform takes none
    """

    id: str
    version: str
    title: str
    shape: Shape
    scope: Scope
    how: str
    raw: bytes
    platforms: tuple[Platform, ...] = ()
    limits: tuple[Limit, ...] = ()
    texts: tuple[TextField, ...] = ()
    files: tuple[FileField, ...] = ()
    adds: tuple[Added, ...] = ()
    report: str = ""

    @property
    def sha256(self) -> str:
        return digest(self.raw)

    def limited(self, key: str) -> list[Limit]:
        """Every reading of a limit, in the file's order."""
        return [limit for limit in self.limits if limit.key == key]


_REST = frozenset({"platforms", "limit", "text", "file", "adds", "report"})


def parse_profile(raw: bytes, *, name: str = "the profile") -> Profile:
    """Read a profile file's bytes. FormatError names the table and field that is wrong."""
    table = read_table(raw, name=name)
    table.has({"id", "version", "title", "shape", "scope", "how"}, optional=_REST)
    if not _ID.fullmatch(table.text("id")):
        raise table.wrong("id", "a lower-case word")
    profile = Profile(
        id=table.text("id"),
        version=table.text("version"),
        title=table.text("title"),
        shape=table.choice("shape", Shape),
        scope=table.choice("scope", Scope),
        how=table.text("how"),
        raw=raw,
        platforms=tuple(
            table.chosen("platforms", each, Platform) for each in table.texts("platforms", ())
        ),
        limits=tuple(map(read_limit, table.rules("limit", Limit))),
        texts=tuple(map(_text, table.tables("text"))),
        files=tuple(map(_file, table.tables("file"))),
        adds=tuple(table.chosen("adds", each, Added) for each in table.texts("adds", ())),
        report=_field(table, "report") if "report" in table else "",
    )
    fields = [text.field for text in profile.texts] + [file.field for file in profile.files]
    for each in set(fields):
        if fields.count(each) > 1:
            raise FormatError(what=name, why=f"two fields are called {each[:40]!r}")
    return profile


def _text(table: Table) -> TextField:
    table.has({"field"}, optional={"title", "sentences", "choices", "required", "once"})
    sentences, choices = table.texts("sentences", ()), table.texts("choices", ())
    if bool(sentences) == bool(choices):
        raise table.wrong("sentences", "there, or choices instead: one of the two")
    return TextField(
        field=_field(table),
        title=table.text("title", ""),
        sentences=tuple(_sentence(table, text) for text in sentences),
        choices=choices,
        required=table.flag("required"),
        once=table.flag("once"),
    )


def _file(table: Table) -> FileField:
    table.has({"field", "title", "roles", "as"}, optional={"facts", "required", "table"})
    facts = table.texts("facts", ())
    for each in facts:
        table.named("facts", each)
    return FileField(
        field=_field(table),
        title=table.text("title"),
        roles=tuple(table.chosen("roles", each, Role) for each in table.texts("roles")),
        shown=table.choice("as", Shown),
        facts=facts,
        required=table.flag("required"),
        table=table.choice("table", Tabled, ""),
    )


def _field(table: Table, key: str = "field") -> str:
    if not _FIELD.fullmatch(field := table.text(key)):
        raise table.wrong(key, "a word of letters, digits, dots and underscores")
    return field


def _sentence(table: Table, text: str) -> Sentence:
    parts = _SLOT.split(text)
    texts, facts = tuple(parts[::2]), tuple(parts[1::2])
    if any(brace in part for part in texts for brace in "{}"):
        raise table.wrong("sentences", "free of braces but around fact names")
    for each in facts:
        table.named("sentences", each)
    return Sentence(texts, facts)
