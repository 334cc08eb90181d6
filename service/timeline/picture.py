"""The drawing of a timeline: rows, a scale, bars as wide as what is possible.

Colours are opaque and everything is an attribute, so that the picture may stand in a PDF/A and in a
page that forbids inline styles. Nothing is told by colour alone: what contradicts is also numbered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape

from service.wording.visible import visible
from service.wording.words import Said

WIDTH = 820
ROW, TOP, FOOT = 22, 34, 30
_LABEL, _SOURCE, _TIME = 10, 246, 322
# A mark's words are wider than half of what is left of the last one.
_LEFT, _RIGHT = 476, WIDTH - 34
_SIZE = 11
_INK, _GREY, _LINE, _BAND = "#1c2733", "#5b6b7b", "#d5dde5", "#f4f7fa"
_SURE, _WIDE, _RED, _PALE_RED = "#1f5f99", "#9fbfdc", "#b3261e", "#e8a9a4"
# Wider than that a time is drawn as a bar, as its width can matter.
_DOT_S = 60.0
# The scale has at most so many marks; each step in hours.
_MOST_MARKS = 5
_STEPS_H = (1, 3, 6, 12, 24, 48, 96, 168, 336, 720, 2160, 8760, 43_800, 438_000)

_NOTHING = Said("No source states a time of this order.", "没有来源陈述该订单的时间。")
_EXACT = Said("known to the minute", "精确到分钟以内")
_POSSIBLE = Said("all that is possible", "可能的范围")
_AGAINST = Said("part of contradiction n", "属于第 n 项矛盾")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One event: UTC times, and the numbers of the contradictions it is part of."""

    label: str
    source: str
    earliest: datetime
    latest: datetime
    numbers: tuple[int, ...] = ()


def picture(
    rows: Sequence[Row],
    *,
    first: datetime | None,
    last: datetime | None,
    language: str,
    font: str,
) -> str:
    """The SVG of these rows on a scale from `first` to `last`, which no row goes beyond."""
    height = TOP + ROW * max(len(rows), 1) + FOOT
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" font-family="{escape(font)}" '
        f'font-size="{_SIZE}">'
    )
    ground = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    if not rows or first is None or last is None:
        said = _text(_LABEL, TOP + 15, _NOTHING.in_(language), fill=_GREY)
        return f"{head}{ground}{said}</svg>\n"
    scale = _Scale.over(first, last)
    parts = [ground, *_bands(rows), *_marks(scale, height), *_joined(rows, scale)]
    for number, row in enumerate(rows):
        parts.extend(_row(row, TOP + ROW * number, scale))
    parts.extend(_legend(height - 10, language, red=any(row.numbers for row in rows)))
    return head + "\n".join(parts) + "</svg>\n"


@dataclass(frozen=True, slots=True)
class _Scale:
    begin: datetime
    end: datetime

    @classmethod
    def over(cls, first: datetime, last: datetime) -> _Scale:
        """A little more than from first to last; at the ends of the calendar no more."""
        pad = max((last - first) / 40, timedelta(minutes=30))
        floor = datetime.min.replace(tzinfo=UTC)
        ceiling = datetime.max.replace(tzinfo=UTC)
        return cls(
            first - pad if first - floor > pad else floor,
            last + pad if ceiling - last > pad else ceiling,
        )

    def x(self, at: datetime) -> float:
        share = (at - self.begin) / (self.end - self.begin)
        return _LEFT + share * (_RIGHT - _LEFT)

    def marks(self) -> Iterator[datetime]:
        hours = (self.end - self.begin) / timedelta(hours=1)
        step = next((s for s in _STEPS_H if hours / s <= _MOST_MARKS), _STEPS_H[-1])
        day = self.begin.replace(hour=0, minute=0, second=0, microsecond=0)
        each = timedelta(hours=step)
        for number in range(1 + (self.end - day) // each):
            at = day + each * number
            if at >= self.begin:
                yield at


def _bands(rows: Sequence[Row]) -> Iterator[str]:
    for number in range(0, len(rows), 2):
        top = TOP + ROW * number
        yield f'<rect x="0" y="{top}" width="{WIDTH}" height="{ROW}" fill="{_BAND}"/>'


def _marks(scale: _Scale, height: int) -> Iterator[str]:
    marks = list(scale.marks())
    in_a_day = len({at.date() for at in marks}) < len(marks)
    for at in marks:
        x = scale.x(at)
        yield (
            f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{height - FOOT}" '
            f'stroke="{_LINE}" stroke-width="1"/>'
        )
        said = f"{at:%m-%d %H:%M}" if in_a_day else f"{at:%Y-%m-%d}"
        yield _text(x, TOP - 18, said, fill=_GREY, anchor="middle", size=9)
        yield _text(x, TOP - 9, "UTC", fill=_GREY, anchor="middle", size=7)


def _row(row: Row, top: int, scale: _Scale) -> Iterator[str]:
    base = top + 15
    ink = _RED if row.numbers else _INK
    yield _text(_LABEL, base, _cut(row.label, _SOURCE - _LABEL - 8), fill=ink)
    yield _text(_SOURCE, base, _cut(row.source, _TIME - _SOURCE - 8), fill=_GREY)
    yield _text(_TIME, base, _when(row), fill=ink, size=9)
    middle = top + ROW / 2
    left, right = scale.x(row.earliest), scale.x(row.latest)
    if (row.latest - row.earliest).total_seconds() < _DOT_S:
        fill = _RED if row.numbers else _SURE
        yield f'<circle cx="{left:.1f}" cy="{middle}" r="4.5" fill="{fill}"/>'
    else:
        fill, edge = (_PALE_RED, _RED) if row.numbers else (_WIDE, _SURE)
        yield (
            f'<rect x="{left:.1f}" y="{middle - 5}" width="{max(right - left, 3.0):.1f}" '
            f'height="10" rx="2" fill="{fill}" stroke="{edge}" stroke-width="1"/>'
        )
    if row.numbers:
        said = " ".join(f"×{number}" for number in row.numbers)
        at_end = right + 8 + 8 * len(said) > _RIGHT + 20
        x, anchor = (left - 8, "end") if at_end else (right + 8, "start")
        yield _text(x, middle + 4, said, fill=_RED, anchor=anchor, bold=True)


def _joined(rows: Sequence[Row], scale: _Scale) -> Iterator[str]:
    """A red line through the rows of each contradiction, from one event to the next."""
    for number in sorted({number for row in rows for number in row.numbers}):
        points = [
            (scale.x(row.earliest + (row.latest - row.earliest) / 2), TOP + ROW * at + ROW / 2)
            for at, row in enumerate(rows)
            if number in row.numbers
        ]
        if len(points) > 1:
            line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            yield (
                f'<polyline points="{line}" fill="none" stroke="{_RED}" stroke-width="1" '
                'stroke-dasharray="3 2"/>'
            )


def _when(row: Row) -> str:
    first, last = row.earliest, row.latest
    seconds = (last - first).total_seconds()
    if seconds < 1:
        return f"{_year(first)}{first:%m-%d %H:%M:%S} UTC"
    if seconds < _DOT_S:
        return f"{_year(first)}{first:%m-%d %H:%M} UTC"
    return f"{_year(first)}{first:%m-%d %H:%M} … {last:%m-%d %H:%M}"


def _year(at: datetime) -> str:
    return f"{at.year:04d}-"


def _legend(y: int, language: str, *, red: bool) -> Iterator[str]:
    yield f'<circle cx="{_LABEL + 5}" cy="{y - 4}" r="4.5" fill="{_SURE}"/>'
    yield _text(_LABEL + 16, y, _EXACT.in_(language), fill=_GREY, size=9)
    yield (
        f'<rect x="250" y="{y - 9}" width="24" height="10" rx="2" fill="{_WIDE}" '
        f'stroke="{_SURE}" stroke-width="1"/>'
    )
    yield _text(280, y, _POSSIBLE.in_(language), fill=_GREY, size=9)
    if red:
        yield _text(520, y, "×n", fill=_RED, bold=True)
        yield _text(540, y, _AGAINST.in_(language), fill=_GREY, size=9)


def _text(
    x: float,
    y: float,
    said: str,
    *,
    fill: str,
    anchor: str = "start",
    size: int = _SIZE,
    bold: bool = False,
) -> str:
    more = f' text-anchor="{anchor}"' if anchor != "start" else ""
    more += f' font-size="{size}"' if size != _SIZE else ""
    more += ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}"{more}>{escape(visible(said))}</text>'


def _cut(text: str, width: float) -> str:
    """The text as far as it fits; a Chinese character is as wide as the letters are high."""
    room, shown = width, visible(text)
    for at, character in enumerate(shown):
        room -= _SIZE * _em(character)
        if room < 0:
            return shown[: max(at - 1, 1)] + "…"
    return shown


def _em(character: str) -> float:
    if ord(character) >= 0x2E80:
        return 1.0
    return 0.66 if character.isupper() or character in "mwMW@…" else 0.54
