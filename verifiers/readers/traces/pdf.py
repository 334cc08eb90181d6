"""A PDF's traces: signatures, revisions, covers, odd runs, scans, what metadata says twice.

Everything that reads the pages needs pdfium, and signatures need pyHanko (extra `forensics`); where
they are not installed, `trace.unchecked` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import meta
from verifiers.readers.reader import MAX_BYTES
from verifiers.readers.traces import pdf_covers, pdf_layers, pdf_pictures, pdf_revisions, pdf_runs
from verifiers.readers.traces.editors import pdf_editor
from verifiers.readers.traces.pdf_marks import Box, Mark, Page, page_of
from verifiers.readers.traces.pdf_signatures import Signature, signatures_of
from verifiers.readers.traces.trace import Trace, facts_of, shortened
from verifiers.readers.traces.xmp import Xmp, xmp_of

# A proof of delivery has a few pages; the first ones of a catalogue are enough to judge it.
MAX_PAGES = 8
NEEDS = "needs the extra `forensics`, which is not installed, or does not start"


def read(item: Item) -> list[Fact]:
    """Every trace; never raises for bad bytes. A part that fails costs only itself."""
    data = item.content.read(MAX_BYTES)
    opened = cache(lambda: _opened(data, look=True))  # walked once for all who look at pages
    parts: dict[str, Callable[[], list[Trace]]] = {
        "signatures": lambda: _signatures(data),
        "pages": lambda: _pages(data, *opened()),
        "layers": lambda: _layers(data, opened()[0]),
        "pictures": lambda: _pictures(data, opened()[0]),
        "metadata": lambda: _metadata(data),
    }
    traces: list[Trace] = []
    for name, part in parts.items():
        try:
            traces += part()
        except ImportError:
            traces.append(Trace("trace.unchecked", f"looking at a PDF's structure {NEEDS}"))
        except Exception as problem:  # hostile files reach every corner of the parsers
            said = f"its {name} cannot be looked at ({type(problem).__name__})"
            traces.append(Trace("trace.unchecked", said))
    return facts_of(item, traces)


def _signatures(data: bytes) -> list[Trace]:
    traces = []
    for signature in signatures_of(data):
        at = meta(f"Signature {signature.field}")
        who = shortened(signature.signer or "an unnamed signer")
        if signature.intact is None:
            said = f"the signature by {who} cannot be checked: {signature.why}"
            traces.append(Trace("trace.signature.unchecked", said, at))
        elif not signature.intact and signature.moved:
            said = f"the file was written anew since {who} signed, so the signature proves nothing"
            traces.append(Trace("trace.signature.lapsed", said, at))
        elif not signature.intact:
            said = f"the bytes that {who} signed are not the bytes that are here"
            traces.append(Trace("trace.signature.broken", said, at, 0.99))
        elif not signature.whole:
            said = f"the signature by {who} leaves out a part of the file before its end"
            traces.append(Trace("trace.signature.broken", said, at, 0.9))
        else:
            traces.append(_after(signature, data, who))
    return traces


def _after(signature: Signature, data: bytes, who: str) -> Trace:
    at = meta(f"Signature {signature.field}")
    if not data[signature.end :].strip():
        what = "time stamp" if signature.timestamp else "signature"
        said = f"the {what} by {who} fits the whole file; who that is was not checked"
        return Trace("trace.signature.holds", said, at)
    changes = _changes(data[: signature.end], data)
    grave = [one for one in changes if one.name in _SAYS_OTHERWISE]
    if grave:
        said = f"after {who} signed, {'; '.join(one.said for one in grave[:3])}"
        return Trace("trace.signature.changed_after", said, grave[0].at, 0.98)
    said = f"the signature by {who} holds; what was added after it left the pages' text as it was"
    return Trace("trace.signature.holds", said, at, 0.9)


# In a signed file, added text counts as well: the signer did not see it.
_SAYS_OTHERWISE = frozenset(
    {"trace.revision.replaced", "trace.revision.added", "trace.revision.removed",
     "trace.revision.field", "trace.revision.pages", "trace.cover.replaced", "trace.cover.hidden"}
)  # fmt: skip


def _pages(data: bytes, last: list[Page], covers: list[Trace]) -> list[Trace]:
    traces = [*covers, *pdf_runs.odd_runs(last)]
    ends = pdf_revisions.ends(data)
    if len(ends) > 1:
        before: list[Page] | None = None
        for end in ends:
            now = last if end == len(data) else _readable(data[:end])
            if before is not None and now is not None:
                traces += pdf_revisions.changed(before, now)
            before = now if now is not None else before
    return traces


def _layers(data: bytes, pages: list[Page]) -> list[Trace]:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        return pdf_layers.disagreements(document, pages)
    finally:
        document.close()


def _pictures(data: bytes, pages: list[Page]) -> list[Trace]:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        return pdf_pictures.traces_in(document, pages)
    finally:
        document.close()


def _changes(before: bytes, after: bytes) -> list[Trace]:
    old, had = _opened(before, look=True)
    new, covers = _opened(after, look=True)
    known = {trace.said for trace in had}
    return [*pdf_revisions.changed(old, new), *(c for c in covers if c.said not in known)]


def _readable(data: bytes) -> list[Page] | None:
    """The pages of an earlier revision; None where what was cut out is not a file of its own."""
    try:
        pages, _ = _opened(data, look=False)
        return pages or None
    except ImportError:
        raise
    except Exception:
        return None


def _opened(data: bytes, *, look: bool) -> tuple[list[Page], list[Trace]]:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        pages, traces = [], []
        for index in range(min(len(document), MAX_PAGES)):
            page = page_of(document, index)
            pages.append(page)
            if look:
                traces += pdf_covers.covered(page, _Shows(document, index))
                traces += pdf_covers.noted(page)
        return pages, traces
    finally:
        document.close()


class _Shows:
    """Whether a page looks different inside a box once one of its marks is taken away."""

    SCALE = 2.0
    MAX_TRIES = 12

    def __init__(self, document: Any, index: int) -> None:
        self._document, self._index, self._tries = document, index, 0

    def __call__(self, mark: Mark, box: Box) -> pdf_covers.Look | None:
        import pypdfium2.raw as pdfium

        self._tries += 1
        if self._tries > self.MAX_TRIES:
            return None
        page = self._document[self._index]
        try:
            with_it = self._drawn(page, box)
            if not mark.nested:  # of one inside a form the boxes must do
                thing = pdfium.FPDFPage_GetObject(page.raw, mark.handle)
                pdfium.FPDFPageObj_SetIsActive(thing, 0)
                without = self._drawn(page, box)
                pdfium.FPDFPageObj_SetIsActive(thing, 1)
                if with_it == without:
                    return None
            mean = sum(with_it) / max(1, len(with_it))
            spread = (sum((p - mean) ** 2 for p in with_it) / max(1, len(with_it))) ** 0.5
            return pdf_covers.Look(mean, spread)
        finally:
            page.close()

    def _drawn(self, page: Any, box: Box) -> bytes:
        width, height = page.get_size()
        crop = (
            min(max(0.0, box.x0), width - 2), min(max(0.0, height - box.y1), height - 2),
            min(max(0.0, width - box.x1), width - 2), min(max(0.0, box.y0), height - 2),
        )  # fmt: skip
        if crop[0] + crop[2] >= width - 1 or crop[1] + crop[3] >= height - 1:
            return b""
        bitmap = page.render(scale=self.SCALE, crop=crop, may_draw_forms=False, grayscale=True)
        try:
            return bytes(bitmap.buffer)
        finally:
            bitmap.close()


def _metadata(data: bytes) -> list[Trace]:
    return list(_metadata_traces(data))


def _metadata_traces(data: bytes) -> Iterator[Trace]:
    info = _info(data)
    xmp = xmp_of(data)
    created, modified = _time(info.get("CreationDate", "")), _time(info.get("ModDate", ""))
    if created and modified and modified < created - timedelta(hours=26):
        said = f"it was changed ({info['ModDate']}) before it was created ({info['CreationDate']})"
        yield Trace("trace.file.times", said, meta("ModDate"), 0.8)
    programs = [info.get("Producer", ""), info.get("Creator", "")]
    if xmp is not None:
        programs += [xmp.first("pdf:Producer"), xmp.first("xmp:CreatorTool")]
        programs += xmp.all("stEvt:softwareAgent")
        yield from _stated_twice(info, xmp)
    later = created is not None and modified is not None and modified > created + timedelta(hours=1)
    named = next((name for name in programs if name and pdf_editor(name)), None)
    if named is not None:
        said = f"it passed through {shortened(named)}"
        said += ", which changed it after it was made" if later else ""
        yield Trace("trace.file.editor", said, meta("Producer"), 0.6 if later else 0.3)


def _stated_twice(info: dict[str, str], xmp: Xmp) -> Iterator[Trace]:
    """Info and XMP are written by one program at one time; one that edits forgets one of them."""
    pairs = (
        ("CreationDate", "xmp:CreateDate"),
        ("ModDate", "xmp:ModifyDate"),
    )
    for key, name in pairs:
        one, other = _time(info.get(key, "")), _time(xmp.first(name))
        if one and other and abs(one - other) > timedelta(hours=26):
            said = f"{key} is {info[key]} in one place and {xmp.first(name)} in another"
            yield Trace("trace.file.stated_twice", said, meta(key), 0.5)
    producer, stated = info.get("Producer", ""), xmp.first("pdf:Producer")
    if producer and stated and not _alike(producer, stated):
        said = f'it says it was made by "{shortened(producer)}" and by "{shortened(stated)}"'
        yield Trace("trace.file.stated_twice", said, meta("Producer"), 0.4)


def _alike(one: str, other: str) -> bool:
    words = [set(re.findall(r"[a-z]{3,}", text.casefold())) for text in (one, other)]
    return not words[0] or not words[1] or bool(words[0] & words[1])


def _info(data: bytes) -> dict[str, str]:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        keys = ("Producer", "Creator", "CreationDate", "ModDate")
        return {key: str(document.get_metadata_value(key) or "")[:200] for key in keys}
    finally:
        document.close()


_PDF_TIME = re.compile(
    r"(?:D:)?(\d{4})-?(\d{2})-?(\d{2})T?(\d{2})?:?(\d{2})?:?(\d{2})?(?:\.\d+)?"
    r"\s*(?:Z|([+-])(\d{2})[':]?(\d{2})?)?"
)


def _time(text: str) -> datetime | None:
    """A PDF or XMP date as an instant; without a zone as UTC, which callers allow for."""
    found = _PDF_TIME.match(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, sign, zone_h, zone_m = found.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0),
            min(int(second or 0), 59), tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None
    shift = timedelta(hours=int(zone_h or 0), minutes=int(zone_m or 0))
    return moment + shift if sign == "-" else moment - shift
