"""An order's material as the files that a profile takes, within its limits, or RequestError.

Documents  one PDF for a field: its sheet, then its pages; split where the platform takes several
Pictures   the same, its pages as JPEG
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.errors import ConfigError, RequestError
from evidence.items import InMemory
from service.profiles import paper
from service.profiles.fitting import LADDER, PDF, UNMEASURED, Copy, Fitting, Page
from service.profiles.legibility import measure
from service.profiles.paper import Paper, Part, Pictures
from service.profiles.pieces import Piece, Rest
from service.profiles.press import Press
from service.profiles.shown import Plan, picture_of, rest_of
from service.reading.reading import Reading
from verifiers.forms.limits import Limits

# What a sheet with its fonts may come to; measured afterwards, so this is only where to begin.
SHEET_BYTES = 70_000
PICTURE_BYTES = 1_500  # the caption and what PDF needs around a picture
_ROUNDS = 5
_UP = (1, 2, 4)
_MOST_PARTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What stands on every paper of an order."""

    order: str
    foot: str
    at: datetime


@dataclass(slots=True)
class _Document:
    """A document that is being made: part `part` of `parts` of its field."""

    plan: Plan
    pages: list[Page]
    copies: list[Copy]
    part: int = 1
    parts: int = 1
    data: bytes = b""


class Files:
    """Makes one order's files."""

    def __init__(
        self,
        fitting: Fitting,
        reading: Reading,
        limits: Limits,
        about: About,
        press: Press,
    ) -> None:
        self._fitting = fitting
        self._reading = reading
        self._limits = limits
        self._about = about
        self._press = press

    # -- documents ----------------------------------------------------------------------------

    async def documents(self, plans: Sequence[Plan], total: int | None) -> list[Piece]:
        """One PDF for each plan, or several where the profile takes several, in all `total`."""
        plans = [plan for plan in plans if plan.sheets or plan.pages]
        split = self._limits.number("files.per_field") != 1
        for parts in range(1, _MOST_PARTS + 1 if split else 2):
            try:
                made = await self._documents(plans, total, parts)
                return [_piece(document) for document in made]
            except ConfigError:
                raise
            except RequestError:
                most = max((len(plan.pages) for plan in plans), default=0)
                if not split or parts >= min(most, self._room(len(plans))):
                    raise
        raise AssertionError("the last round returns or raises")

    async def one_each(self, plans: Sequence[Plan], total: int | None) -> list[Piece]:
        """One PDF for each plan."""
        return [_piece(document) for document in await self._documents(plans, total, 1)]

    def _room(self, fields: int) -> int:
        """Into how many parts each field may be split at most."""
        files = self._limits.number("files.count")
        return _MOST_PARTS if files is None else max(1, files // max(fields, 1))

    async def _documents(
        self, plans: Sequence[Plan], total: int | None, parts: int
    ) -> list[_Document]:
        documents: list[_Document] = []
        for plan in plans:
            own = max(1, min(parts, len(plan.pages)))
            size = -(-len(plan.pages) // own) if plan.pages else 0
            for part in range(own):
                pages = plan.pages[part * size : (part + 1) * size] if size else []
                documents.append(_Document(plan, pages, [], part + 1, own))
        each = _least(
            self._limits.number("files.each_bytes"), self._limits.number("files.each_pdf_bytes")
        )
        spare = sum(map(_around, documents))
        await self._fit(documents, None if total is None else total - spare, each)
        for _ in range(_ROUNDS):
            for document in documents:
                document.data = await self._pdf(document)
            if not await self._refit(documents, total, each):
                return documents
        why = (
            f"its {len(documents)} documents do not fit into {total or each} bytes: leave items out"
        )
        raise RequestError(what="The bundle", why=why)

    async def _fit(
        self, documents: Sequence[_Document], total: int | None, each: int | None
    ) -> None:
        """Copies for all of them together, then again for one that is too large by itself."""
        pages = [page for document in documents for page in document.pages]
        copies = iter(await self._fitting.fit(pages, total))
        for document in documents:
            document.copies = [next(copies) for _ in document.pages]
            if each is not None and _size(document.copies) > each - _around(document):
                room = each - _around(document)
                document.copies = await self._fitting.fit(document.pages, room)

    async def _refit(
        self, documents: Sequence[_Document], total: int | None, each: int | None
    ) -> bool:
        """Whether something was still too large, and was made smaller."""
        again = False
        over = sum(len(d.data) for d in documents) - total if total is not None else 0
        if over > 0:
            pages = [page for document in documents for page in document.pages]
            have = sum(_size(document.copies) for document in documents)
            copies = iter(await self._fitting.fit(pages, have - over - 1_000))
            for document in documents:
                document.copies = [next(copies) for _ in document.pages]
            again = True
        for document in documents:
            if each is not None and len(document.data) > each:
                room = _size(document.copies) - (len(document.data) - each) - 1_000
                document.copies = await self._fitting.fit(document.pages, room)
                again = True
        return again

    async def _pdf(self, document: _Document) -> bytes:
        most = self._limits.number("pdf.pages")
        for up in _UP:
            made = await self._press.pdf(self._paper(document, up))
            if most is None or paper.pages_in(made) <= most:
                return made
        why = (
            f"{document.plan.of.title} has more than {most} pages with {_UP[-1]} pictures on "
            "each: leave items out"
        )
        raise RequestError(what="A document", why=why)

    def _paper(self, document: _Document, up: int) -> Paper:
        plan = document.plan
        parts: list[Part] = list(plan.sheets) if document.part == 1 else []
        if document.copies:
            parts.append(Pictures(tuple(map(picture_of, document.copies)), up))
        place = f", part {document.part} of {document.parts}" if document.parts > 1 else ""
        return Paper(
            title=plan.of.title + place,
            lines=(self._about.order,),
            parts=tuple(parts),
            foot=self._about.foot,
            at=self._about.at,
        )

    # -- pictures -----------------------------------------------------------------------------

    async def pictures(self, plans: Sequence[Plan], total: int | None) -> list[Piece]:
        """All plans' pages as JPEG, no more files than the profile takes."""
        plan = _joined([plan for plan in plans if plan.sheets or plan.pages])
        if plan is None:
            return []
        most = self._limits.number("files.count")
        document = _Document(plan, plan.pages, await self._fitting.fit(plan.pages, None))
        for up in _UP:
            laid = self._paper(document, up)
            texts = paper.texts_in(await self._press.pdf(laid))
            if most is None or len(texts) <= most:
                return await self._jpegs(document, laid, up, texts, total)
        why = (
            f"its {len(plan.pages)} pages and what is told of them do not go on {most} pictures "
            f"with {_UP[-1]} on each: choose fewer items"
        )
        raise RequestError(what="The bundle", why=why)

    async def _jpegs(
        self, document: _Document, laid: Paper, up: int, texts: Sequence[str], total: int | None
    ) -> list[Piece]:
        pages = len(texts)
        told = _by_page(document.plan.told, texts)
        sheets = pages - -(-len(document.copies) // up)
        lost: set[str] = set()
        for rung, (longest, quality) in enumerate(LADDER):
            made = await self._press.pictures(laid, longest=longest, quality=quality)
            if total is not None and sum(map(len, made)) > total:
                continue
            pieces, lost, measured = [], set(), True
            for number, data in enumerate(made):
                begin = (number - sheets) * up
                shown = document.copies[begin : begin + up] if number >= sheets else []
                if shown:
                    wanted = [fact for copy in shown for fact in copy.page.wanted]
                    seen = await measure(self._reading, shown[0].page.item, wanted, data)
                    lost |= set(seen.lost)
                    measured = measured and seen.measured
                rests = [rest_of(copy, place) for place, copy in enumerate(shown, start=1)]
                pieces.append(_picture(document.plan.of.field, data, [*told[number], *rests]))
            if not lost and (measured or rung <= UNMEASURED):
                return pieces
            break  # a smaller picture is read no better
        why = (
            f"its {pages} pictures do not fit into {total} bytes and stay legible"
            + (f"; {', '.join(sorted(lost)[:3])} could not be read any more" if lost else "")
            + ": choose fewer items"
        )
        raise RequestError(what="The bundle", why=why)


def _least(one: int | None, other: int | None) -> int | None:
    said = [each for each in (one, other) if each is not None]
    return min(said) if said else None


def _size(copies: Sequence[Copy]) -> int:
    return sum(len(copy.data) for copy in copies)


def _around(document: _Document) -> int:
    return SHEET_BYTES + PICTURE_BYTES * len(document.pages)


def _joined(plans: Sequence[Plan]) -> Plan | None:
    if not plans:
        return None
    return Plan(
        plans[0].of,
        [sheet for plan in plans for sheet in plan.sheets],
        [rest for plan in plans for rest in plan.told],
        [page for plan in plans for page in plan.pages],
    )


def _by_page(told: Sequence[Rest], texts: Sequence[str]) -> list[list[Rest]]:
    """What is told, by the page on which its words stand; both are in the order of reading."""
    pages: list[list[Rest]] = [[] for _ in texts]
    bare = ["".join(text.split()) for text in texts]
    page = 0
    for rest in told:
        says = "".join(rest.says.split())
        # On a sheet the place stands behind the words; other tables have the words alone.
        whole = says + "".join(rest.locator.split())
        after = range(page, len(bare))
        found = next((n for n in after if whole in bare[n]), None)
        page = next((n for n in after if says in bare[n]), page) if found is None else found
        pages[page].append(rest)
    return pages


def _piece(document: _Document) -> Piece:
    rests = [rest_of(copy, number) for number, copy in enumerate(document.copies, start=1)]
    told: list[Rest] = document.plan.told if document.part == 1 else []
    return Piece(
        field=document.plan.of.field,
        media_type=PDF,
        content=InMemory(document.data),
        rests=(*told, *rests),
    )


def _picture(field: str, data: bytes, rests: Sequence[Rest]) -> Piece:
    return Piece(
        field=field,
        media_type="image/jpeg",
        content=InMemory(data),
        rests=tuple(rests),
    )
