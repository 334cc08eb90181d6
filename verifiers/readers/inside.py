"""Files inside an item: what is attached to a mail or a PDF, the members of an archive.

Each is read by what its bytes are, as a file of its own would be, and its facts point through the
file they stand in. Only what it says counts for the item; what it is made of (its pixels, pages and
programs) is not the item's. Depth, number, size and what has to be recognised are bounded for the
item as a whole, so that no nesting costs more than one large file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from evidence.canonical import digest
from evidence.facts import Fact
from evidence.items import InMemory, Item
from evidence.locators import Locator
from evidence.locators import inside as inside_of
from evidence.media import sniff
from verifiers.readers.reader import CUT, fact, failed

MAX_DEPTH = 4
MAX_FILES = 60
MAX_SIZE = 64 << 20
# Pictures and documents whose text may have to be recognised: a second of one core each, or more.
MAX_COSTLY = 8

# Said of the file that is inside, these would be taken for traits of the item.
_ITS_OWN = (
    "picture.", "document.pages", "document.producer", "document.created.at", "document.property",
    "document.modified.at", "file.also",
)  # fmt: skip


@dataclass(slots=True)
class _Left:
    """What may still be read in the item that is being read; each refusal says why."""

    depth: int = MAX_DEPTH
    files: int = MAX_FILES
    size: int = MAX_SIZE
    costly: int = MAX_COSTLY

    def refusal(self, size: int, media_type: str) -> str | None:
        """Why the next file is not read, None if it may be; it is counted then."""
        costly = media_type == "application/pdf" or media_type.startswith("image/")
        if self.depth <= 0:
            return f"it lies more than {MAX_DEPTH} files deep"
        if self.files <= 0:
            return f"only {MAX_FILES} files inside an item are read"
        if size > self.size:
            return f"the files inside an item may have {MAX_SIZE >> 20} MB in all"
        if costly and self.costly <= 0:
            return f"only {MAX_COSTLY} pictures and documents inside an item are read"
        self.files -= 1
        self.size -= size
        self.costly -= costly
        return None


_LEFT: ContextVar[_Left | None] = ContextVar("left", default=None)


@contextmanager
def one_item() -> Iterator[None]:
    """Whatever is read in here is one item and what is inside it, and shares its bounds."""
    if _LEFT.get() is not None:
        yield
        return
    token = _LEFT.set(_Left())
    try:
        yield
    finally:
        _LEFT.reset(token)


def facts_inside(item: Item, data: bytes, *, name: str, at: Locator) -> list[Fact]:
    """That the file is there, and what it says.

    name  as the item calls it; untrusted, and never looked at
    at    where in the item it lies; the places of its facts are told from there
    """
    from verifiers.readers.registry import read  # whose readers come here

    media_type = sniff(data)
    shown = " ".join(name.split())[:120] or "a file without a name"
    told = f"{shown}: {media_type}, {len(data):,} bytes, SHA-256 {digest(data)}"
    facts = [fact(item, "file.inside", told, at)]
    left = _LEFT.get() or _Left()
    if why := left.refusal(len(data), media_type):
        return [*facts, failed(item, f"{CUT} a part of it was read, without {shown}: {why}", at)]
    inner = replace(item, content=InMemory(data), media_type=media_type, key=shown, name=None)
    left.depth -= 1
    try:
        said = read(inner)
    finally:
        left.depth += 1
    if said is None:
        why = f"{shown} in it is of a type that is not read ({media_type})"
        return [*facts, failed(item, why, at)]
    group = f"{at.kind}/{at.place}"
    return facts + [
        replace(
            one,
            item=item.sha256,
            locator=inside_of(at, one.locator),
            group=f"{group}/{one.group}" if one.group else group,
        )
        for one in said
        if not one.name.startswith(_ITS_OWN)
    ]
