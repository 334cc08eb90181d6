"""The revisions inside a PDF, and what each changed of what its pages say.

Saving "incrementally" appends to the file and keeps what was there (ISO 32000-1, 7.5.6), so an
earlier state can be cut out again and read. Signing a second time, filling in a form, commenting,
linearising and stamping metadata also append or rewrite; they leave the pages' text as it was.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from verifiers.readers.traces.pdf_marks import WIDGET, Box, Mark, Note, Page
from verifiers.readers.traces.trace import Trace, shortened

MAX_REVISIONS = 8
_END = re.compile(rb"startxref\s{1,4}(\d{1,12})\s{1,4}%%EOF[ \t]*(?:\r\n|\n|\r)?")
_LINEARISED = re.compile(rb"/Linearized\s+[\d.]")


def ends(data: bytes) -> list[int]:
    """Where each revision ends, oldest first; the last end is the whole file's.

    A linearised file has two tables in one revision: its first end is not one.
    """
    found = [
        (match.end(), int(match[1])) for match in _END.finditer(data) if int(match[1]) < match.end()
    ]
    if not found:
        return [len(data)]
    if _LINEARISED.search(data[:2048]):
        # Its first table points at nothing (0) or forward, and lies before the document's body.
        found = [end for number, end in enumerate(found) if number > 0 or len(found) == 1]
    places = [end for end, _ in found]
    places[-1] = len(data)
    return places if len(places) <= MAX_REVISIONS else [places[0], *places[1 - MAX_REVISIONS :]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page: its text without spaces, as it reads, and where it is."""

    key: str
    text: str
    box: Box


def lines_of(page: Page) -> list[Line]:
    rows: dict[int, list[Mark]] = {}
    for mark in page.texts:
        rows.setdefault(round(mark.baseline / 2.5), []).append(mark)
    lines = []
    for _, marks in sorted(rows.items()):
        marks.sort(key=lambda mark: mark.box.x0)
        box = marks[0].box
        for mark in marks[1:]:
            box = box.around(mark.box)
        text = " ".join(mark.text.strip() for mark in marks)
        lines.append(Line("".join(text.split()), text, box))
    return lines


def changed(before: Sequence[Page], after: Sequence[Page]) -> list[Trace]:
    """What the text of `after` says otherwise than `before`, page by page."""
    traces: list[Trace] = []
    if len(after) < len(before):
        said = f"{len(before) - len(after)} pages of an earlier revision are gone"
        traces.append(Trace("trace.revision.pages", said, strength=0.6))
    elif len(after) > len(before):
        said = f"{len(after) - len(before)} pages were added to an earlier revision"
        traces.append(Trace("trace.revision.pages", said, strength=0.3))
    for old, new in zip(before, after, strict=False):
        traces += _page_changes(old, new)
        traces += _value_changes(old, new)
    return traces


def _page_changes(old: Page, new: Page) -> Iterator[Trace]:
    was, now = lines_of(old), lines_of(new)
    counts = Counter(line.key for line in was)
    counts.subtract(line.key for line in now)
    gone = [line for line in was if counts[line.key] > 0]
    come = [line for line in now if counts[line.key] < 0]
    if not gone and not come:
        return
    if _letters(gone) == _letters(come):  # the same words, cut into other lines
        return
    unmatched = list(gone)
    for line in come:
        best = next((o for o in unmatched if abs(o.box.y1 - line.box.y1) < 4), None)
        if best is not None:
            unmatched.remove(best)
            if best.key in line.key or line.key in best.key:
                kind, strength = _grown(best, line)
            else:
                kind, strength = "trace.revision.replaced", 0.97
            yield Trace(
                kind,
                f'"{shortened(best.text)}" became "{shortened(line.text)}"',
                line.box.on(new.number),
                strength,
            )
        else:
            yield Trace(
                "trace.revision.added",
                f'"{shortened(line.text)}" was added',
                line.box.on(new.number),
                0.5,
            )
    for line in unmatched:
        dark = any(
            mark.kind == "fill" and max(mark.fill[:3]) < 90 and mark.box.common(line.box) > 0
            for mark in new.marks
        )
        yield Trace(
            "trace.revision.redacted" if dark else "trace.revision.removed",
            f'"{shortened(line.text)}" was taken out',
            line.box.on(new.number),
            0.9 if dark else 0.6,
        )


def _grown(old: Line, new: Line) -> tuple[str, float]:
    """A line that only grew had words added; one that shrank had some taken out."""
    if len(new.key) > len(old.key):
        return "trace.revision.added", 0.6
    return "trace.revision.removed", 0.6


def _letters(lines: Sequence[Line]) -> Counter[str]:
    return Counter(c for line in lines for c in line.key)


def _value_changes(old: Page, new: Page) -> Iterator[Trace]:
    """Filling in an empty field is what forms are for; replacing what was filled in is not."""
    known: dict[str, Note] = {
        note.field_name: note for note in old.notes if note.subtype == WIDGET and note.field_name
    }
    for note in new.notes:
        before = known.get(note.field_name)
        if note.subtype != WIDGET or before is None or not before.value.strip():
            continue
        if before.value != note.value:
            yield Trace(
                "trace.revision.field",
                f'the field "{shortened(note.field_name, 30)}" said "{shortened(before.value)}"'
                f' and says "{shortened(note.value)}"',
                note.box.on(new.number),
                0.6,
            )
