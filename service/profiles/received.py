"""An order's items as they came, as far as a platform takes them so; else smaller copies.

Where PDF/A is asked for, a PDF that is none comes as its pages in a document that is: what came is
never changed, and each page is a copy with a record of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evidence.errors import RequestError
from evidence.items import Content, InMemory
from service.profiles.files import Files
from service.profiles.fitting import PDF, Copy, Fitting, Page
from service.profiles.pieces import Piece, Rest
from service.profiles.shown import Plan
from verifiers.forms import uploads
from verifiers.forms.limits import Limits


class Received:
    """Makes one order's files of items that go as they came. `files` makes documents."""

    def __init__(
        self,
        files: Files,
        fitting: Fitting,
        limits: Limits,
        stored: Callable[[Page], Content],
    ) -> None:
        self._files = files
        self._fitting = fitting
        self._limits = limits
        self._stored = stored

    async def make(self, plans: Sequence[Plan], total: int | None) -> list[Piece]:
        """Each item as it came; what is too large, or of another type, as a smaller copy."""
        items = [(plan, page) for plan in plans for page in plan.items]
        plain = [(plan, page) for plan, page in items if self._as_pages(plan, page)]
        items = [each for each in items if each not in plain]
        rest = sum(page.item.size for _, page in items)
        made: list[Piece] = []
        if plain:
            room = None if total is None else max(total - rest, total // 3)
            documents = [_of_one(plan, page.item.seq) for plan, page in plain]
            made = await self._files.one_each(documents, room)
            if total is not None:
                total -= sum(piece.content.size for piece in made)
        return made + await self._as_they_came(items, total)

    def _as_pages(self, plan: Plan, page: Page) -> bool:
        """Whether the item is a PDF of another kind than the platform asks for or advises."""
        wanted = self._limits.get("pdf.standard")
        if wanted is None or kind_of(page) != PDF or page.item.size > uploads.MAX_UPLOAD:
            return False
        if not any(each.item.seq == page.item.seq for each in plan.pages):
            return False
        standard = uploads.told(self._stored(page).read(uploads.MAX_UPLOAD)).standard
        return not standard.lower().startswith(wanted.words[0].lower())

    async def _as_they_came(
        self, items: Sequence[tuple[Plan, Page]], total: int | None
    ) -> list[Piece]:
        taken = self._limits.words("files.types")
        each = self._limits.number("files.each_bytes")
        whole = {
            page.item.seq: page
            for _, page in items
            if (not taken or kind_of(page) in taken) and (each is None or page.item.size <= each)
        }
        over = sum(page.item.size for page in whole.values())
        others = [page for _, page in items if page.item.seq not in whole]
        copies: dict[int, Copy] = {}
        if total is not None and (others or over > total):
            copies = await self._smaller([page for _, page in items], whole, total)
        elif others:
            copies = await self._smaller(others, {}, None)
        return [self._received(plan, page, copies.get(page.item.seq)) for plan, page in items]

    async def _smaller(
        self, pages: Sequence[Page], whole: dict[int, Page], total: int | None
    ) -> dict[int, Copy]:
        """Copies of as few as are needed, the largest first, so that all fit into `total`."""
        kept = {seq: page.item.size for seq, page in whole.items()}
        shrunk = [page for page in pages if page.item.seq not in kept]
        while True:
            room = None if total is None else total - sum(kept.values())
            if room is not None and room <= 0:
                made = None
            else:
                made = await self._made(shrunk, room, last=not kept)
            if made is not None:
                return {copy.page.item.seq: copy for copy in made}
            if not kept:
                why = f"its {len(pages)} items do not fit into {total} bytes: leave some out"
                raise RequestError(what="The bundle", why=why)
            largest = max(kept, key=lambda seq: (kept[seq], seq))
            del kept[largest]
            shrunk = [page for page in pages if page.item.seq not in kept]

    async def _made(
        self, pages: Sequence[Page], room: int | None, *, last: bool
    ) -> list[Copy] | None:
        """Copies within `room`; None if that cannot be and something else may yet shrink."""
        documents = [page for page in pages if kind_of(page) == PDF]
        pictures = [page for page in pages if kind_of(page) != PDF]
        try:
            made = []
            left = room
            for page in documents:
                most = page.item.size if left is None else min(page.item.size, left)
                made.append(await self._fitting.document(page, most))
                left = None if left is None else left - len(made[-1].data)
            return made + await self._fitting.fit(pictures, left)
        except RequestError:
            if last:
                raise
            return None

    def _received(self, plan: Plan, page: Page, copy: Copy | None) -> Piece:
        if copy is None:
            content, kind = self._stored(page), kind_of(page)
            rest = Rest(what="received", item=page.item)
        else:
            content, kind = InMemory(copy.data), copy.media_type
            rest = Rest(what="shown", item=page.item, copy=copy)
        return Piece(field=plan.of.field, media_type=kind, content=content, rests=(rest,))


def kind_of(page: Page) -> str:
    return page.item.media_type.partition(";")[0].strip().lower()


def _of_one(plan: Plan, seq: int) -> Plan:
    """The plan with the pages of this item alone."""
    return Plan(plan.of, pages=[page for page in plan.pages if page.item.seq == seq])
