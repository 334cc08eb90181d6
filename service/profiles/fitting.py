"""Pictures small enough for a platform, and no smaller than can be read.

All pictures go down one ladder of sizes together until they fit. Then each is read: one that lost
a key fact goes back up and stays there, and the others go further down for it. What does not fit is
refused, with the largest named; nothing is left out quietly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.errors import RequestError
from evidence.facts import Fact
from evidence.sealed import SealedItem
from service.profiles.legibility import Legible, key_facts, measure
from service.steps.read import opened

if TYPE_CHECKING:
    from service.runtime import Runtime
    from storage.ledger.records import KeptItem, OrderRecord

# Longer side in pixels, and JPEG quality.
LADDER = (
    (2400, 82), (2000, 78), (1700, 72), (1450, 66), (1250, 60), (1050, 54), (900, 48), (760, 42),
)  # fmt: skip
# The last rung for a copy of which nobody could measure whether it can be read: 1,250 pixels are a
# page of A4 at 107 dots an inch, where small print can still be made out.
UNMEASURED = 4
# What can be shown at all.
PICTURES = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/tiff", "image/webp", "image/bmp"}
)
PDF = "application/pdf"
MOST_PAGES = 200


@dataclass(frozen=True, slots=True)
class Page:
    """What a copy is made of: a picture, or a page of a document (from 1)."""

    item: SealedItem
    line: KeptItem
    wanted: tuple[Fact, ...]
    page: int | None = None

    def transform(self, rung: int) -> tuple[str, Mapping[str, str]]:
        if self.page is None:
            return "picture.shrink", _how(rung)
        return "document.page", {"page": str(self.page), **_how(rung)}

    def __str__(self) -> str:
        place = "" if self.page is None else f", page {self.page}"
        return f"item {self.item.seq} ({self.item.role}{place})"


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was made and not yet kept. `data` is a JPEG, or of a document a PDF."""

    page: Page
    rung: int
    data: bytes
    legible: Legible
    document: bool = False

    @property
    def made(self) -> tuple[str, Mapping[str, str]]:
        """The transform that makes it, with its parameters."""
        if self.document:
            return "document.shrink", _how(self.rung)
        return self.page.transform(self.rung)

    @property
    def media_type(self) -> str:
        return PDF if self.document else "image/jpeg"


def _how(rung: int) -> Mapping[str, str]:
    longest, quality = LADDER[rung]
    return {"longest": str(longest), "quality": str(quality)}


def pages_of(
    item: SealedItem, line: KeptItem, facts: Sequence[Fact], *, pages: int
) -> list[Page] | None:
    """The pages of an item that can be shown; None if it cannot be.

    pages   of a document, as it was read
    """
    kind = item.media_type.partition(";")[0].strip().lower()
    if kind in PICTURES:
        return [Page(item, line, tuple(key_facts(facts, item, None)))]
    if kind == PDF and pages:
        return [
            Page(item, line, tuple(key_facts(facts, item, number)), number)
            for number in range(1, pages + 1)
        ]
    return None


class Fitting:
    """Makes copies of one order's items."""

    def __init__(self, runtime: Runtime, order: OrderRecord) -> None:
        self._runtime = runtime
        self._order = order
        self._measured: dict[tuple[str, int | None, int], Legible] = {}

    async def fit(self, pages: Sequence[Page], budget: int | None) -> list[Copy]:
        """A copy of each, together at most `budget` bytes. RequestError if that cannot be."""
        if not pages:
            return []
        rung = await self._start(pages, budget)
        copies = [await self._copy(page, rung) for page in pages]
        floors = [len(LADDER) - 1] * len(pages)
        while True:
            while budget is not None and _size(copies) > budget:
                smaller = [p for p, copy in enumerate(copies) if copy.rung < floors[p]]
                if not smaller:
                    raise _too_large(copies, budget)
                for place in smaller:
                    copies[place] = await self._copy(copies[place].page, copies[place].rung + 1)
            for place, copy in enumerate(copies):
                copies[place], floors[place] = await self._read(copy, floors[place])
            if budget is None or _size(copies) <= budget:
                return copies

    async def document(self, page: Page, most: int) -> Copy:
        """A PDF with smaller pictures in it, of at most `most` bytes. RequestError if none is."""
        item = opened(page.line, self._order, self._runtime.objects)
        for rung in range(len(LADDER)):
            data, _ = await self._runtime.reading.transformed(item, "document.shrink", _how(rung))
            if len(data) > most:
                continue
            legible = await measure(
                self._runtime.reading, page.item, page.wanted, data, media_type=PDF
            )
            if legible.ok and (legible.measured or rung <= UNMEASURED):
                return Copy(page, rung, data, legible, document=True)
            break  # the next rungs are read no better
        why = f"{page} cannot have {most} bytes and still be read: leave it out, or send it apart"
        raise RequestError(what="A document", why=why)

    async def _start(self, pages: Sequence[Page], budget: int | None) -> int:
        """The first rung at which a few of the pages would fit, as far as they tell of all."""
        if budget is None:
            return 0
        some = pages[:: max(1, len(pages) // 3)][:3]
        share = budget * len(some) / len(pages)
        for rung in range(len(LADDER)):
            if _size([await self._copy(page, rung) for page in some]) <= share:
                return rung
        return len(LADDER) - 1

    async def _copy(self, page: Page, rung: int) -> Copy:
        name, parameters = page.transform(rung)
        item = opened(page.line, self._order, self._runtime.objects)
        try:
            data, _ = await self._runtime.reading.transformed(item, name, parameters)
        except RequestError as problem:
            why = f"no copy of it could be made ({problem.why}): leave it out"
            raise RequestError(what=str(page), why=why) from problem
        return Copy(page, rung, data, Legible(why="not yet"))

    async def _read(self, copy: Copy, floor: int) -> tuple[Copy, int]:
        """The copy, or a larger one that can be read; and the last rung that it may go down to."""
        while True:
            key = copy.page.item.sha256, copy.page.page, copy.rung
            if key not in self._measured:
                self._measured[key] = await measure(
                    self._runtime.reading, copy.page.item, copy.page.wanted, copy.data
                )
            legible = self._measured[key]
            last = floor if legible.measured else min(floor, UNMEASURED)
            if (legible.ok and copy.rung <= last) or copy.rung == 0:
                return Copy(copy.page, copy.rung, copy.data, legible), last
            # At the top an original that reads badly stays as it is: no copy reads better.
            floor = copy.rung - 1
            copy = await self._copy(copy.page, floor)


def _size(copies: Sequence[Copy]) -> int:
    return sum(len(copy.data) for copy in copies)


def _too_large(copies: Sequence[Copy], budget: int) -> RequestError:
    largest = sorted(copies, key=lambda copy: (-len(copy.data), copy.page.item.seq))[:3]
    named = ", ".join(f"{copy.page} with {len(copy.data)} bytes" for copy in largest)
    left = f"{budget} are left" if budget > 0 else "no room is left"
    why = (
        f"its {len(copies)} pictures have {_size(copies)} bytes where they can just be read, and "
        f"{left}; the largest are {named}: choose fewer items"
    )
    return RequestError(what="The bundle", why=why)
