"""Figures drawn otherwise than the same letters and figures of other rows.

A page draws a letter alike wherever it stands in one size. What is typed into it later seldom has
its typeface. So each short run of writing is recognised, which gives its glyphs their names, and
each glyph is laid over those of its name in other rows. Of a run in the page's own lettering most
have a twin; how alike twins are depends on the picture, and is measured on it.

Honest pages set some of their numbers in a face of their own, so that this is looked for where an
editor wrote the file, and decides nothing by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evidence.locators import box
from verifiers.readers.traces.blocks import Bytes
from verifiers.readers.traces.glyphs import Glyph, glyphs_of, of_one_size
from verifiers.readers.traces.marking import drawn_on
from verifiers.readers.traces.shifted import whole
from verifiers.readers.traces.trace import Trace
from verifiers.readers.traces.words import Word, rows_of

# Of a row's height: between two runs, around what is read, from the middle of what is beside it.
_GAP, _MARGIN, _ROW = 0.42, 0.25, 0.6
_MOST_RUNS = 200
_SURE = 0.8
_TOUCHING = " "
# Too small to be glyphs here; what stands high or low of a line.
_SMALL = frozenset(".,:;'\"`´·•–—-_~*^°，。：、")
_SAME_SIZE, _LIKE_SIZE, _SAME_GROUND, _SAME_INK = 0.09, 0.25, 24, 40
# Ink of one over the other's: bold is no other typeface. Where no other row has its size, the next
# sizes are taken, of about its weight.
_WEIGHT, _LIKE_WEIGHT = (0.8, 1.25), (0.85, 1.18)
_LEAST_GLYPHS, _LEAST_FIGURES, _LEAST_OTHERS = 3, 4, 20
# By how much less alike the middle glyph of a run is to its twins than the page's middle glyph is,
# times the root of how many glyphs tell so. Of 117 honest screens one more is over this than over
# 0.175, in the line of its capture; of 79 of which an editor typed a line 40 are, where 33 were.
_UNLIKE, _MOST_COUNTED, _MOST_ALIKE = 0.155, 12, 0.955
# What another size of one typeface costs, as pixels fall otherwise: 0.93 beside 1.00 in one size.
_OTHER_SIZE = 0.05
# Less alike than any two typefaces draw one sign (0.72 and more): its glyphs were named wrongly.
_LEAST_ALIKE = 0.62
_MOST_ROWS = 2  # a page that mixes more typefaces does so itself
_EDGE = 0.05  # of the picture's height
# A number in a typewriter's face: from one figure to the next, of their height.
_NUMBER, _TYPEWRITER = 8, 0.8
# Share of a pixel by which the stripes of colour differ along edges, on a screen smoothed for them.
_STRIPED, _PLAIN = 0.2, 0.3
_LEAST_INK, _LEAST_EDGES = 50, 10  # levels in each channel; pixels
_LEAST_CONTRAST = 100  # levels: of paler print, what JPEG leaves is too much
_STRENGTH = 0.6
# Glyphs that touch are one: how much wider than most, and how many of a run.
_TWO, _MOST_TOUCHING = 1.7, 3
# Of its height, how wide a Chinese sign is at least, and a figure at most.
_CHINESE, _LEAST_WIDE, _MOST_WIDE = "\u2e80", 0.55, 0.98


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Glyphs without a wide gap, and what each is.

    signs    one for each glyph, a blank for two that touch; "" where they are not known
    ink      its colour: pale print is smoothed otherwise than dark print
    stripes  how far the colours of its edges are apart; None where it is too faint or coloured
    """

    row: int
    glyphs: Sequence[Glyph]
    ground: tuple[int, int, int]
    signs: str = ""
    ink: tuple[float, ...] = (0.0, 0.0, 0.0)
    stripes: float | None = None

    @property
    def contrast(self) -> float:
        return max(abs(at - on) for at, on in zip(self.ink, self.ground, strict=True))

    @property
    def frame(self) -> tuple[int, int, int, int]:
        """x, y, width, height in the picture."""
        left, top = self.glyphs[0].x, round(min(glyph.top for glyph in self.glyphs))
        right = max(glyph.x + glyph.width for glyph in self.glyphs)
        low = round(max(glyph.base for glyph in self.glyphs))
        return left, top, right - left, max(1, low - top)


def odd_figures(rgb: Bytes, words: Sequence[Word]) -> list[Trace]:
    """Runs with figures that are drawn otherwise than the rest; [] without the extra `ocr`."""
    from verifiers.readers import ocr

    runs = list(_runs(rgb, words))
    if len(runs) > _MOST_RUNS or not ocr.available():
        return []
    read = _read(rgb, runs)
    clear = [run for run in read if run.signs and run.contrast >= _LEAST_CONTRAST]
    found = [*_unlike(clear), *_unstriped(read)]
    if len({run.row for part in found for run in part}) > _MOST_ROWS:
        return []
    areas = dict.fromkeys(_area(part) for part in found)
    return [
        Trace(
            "trace.picture.odd_figures",
            "its figures are drawn otherwise than the same ones elsewhere",
            box(*area),
            _STRENGTH,
        )
        for area in areas
        if not drawn_on(rgb, area) and not _at_the_edge(area, rgb)
    ]


# -- runs ------------------------------------------------------------------------------------------


def _runs(rgb: Bytes, words: Sequence[Word]) -> Iterator[Run]:
    heights: list[tuple[float, float]] = []  # the middle and the height of each row
    for line in rows_of(list(words)):
        glyphs = glyphs_of(rgb, whole(line))
        if not glyphs:
            continue
        tall = float(np.percentile([glyph.height for glyph in glyphs], 80))
        middle = float(np.median([(glyph.top + glyph.base) / 2 for glyph in glyphs]))
        beside = (n for n, (at, high) in enumerate(heights) if abs(at - middle) < _ROW * high)
        row = next(beside, len(heights))
        heights.append((middle, tall))
        run: list[Glyph] = []
        for glyph in glyphs:
            if run and glyph.x - run[-1].x - run[-1].width > _GAP * tall:
                yield Run(row, tuple(run), line[0].ground)
                run = []
            run.append(glyph)
        yield Run(row, tuple(run), line[0].ground)


def _read(rgb: Bytes, runs: Sequence[Run]) -> list[Run]:
    """The runs, with their signs where the recognition has as many as there are glyphs."""
    from verifiers.readers import ocr

    wanted = [run for run in runs if len(run.glyphs) > 1]
    read = ocr.read_boxes(np.ascontiguousarray(rgb[..., ::-1]), [_around(run) for run in wanted])
    named = []
    for run, (text, sure) in zip(wanted, read, strict=True):
        ink, stripes = _colours(rgb, run)
        signs = _signs(run, text) if sure >= _SURE else ""
        named.append(replace(run, signs=signs, ink=ink, stripes=stripes))
    return named


def _signs(run: Run, text: str) -> str:
    signs = "".join(sign for sign in text if not sign.isspace() and sign not in _SMALL)
    touching = len(signs) - len(run.glyphs)
    if not 0 <= touching <= _MOST_TOUCHING:
        return ""
    widths = [glyph.width for glyph in run.glyphs]
    widest = sorted(range(len(widths)), key=lambda place: -widths[place])[:touching]
    if any(widths[place] < _TWO * float(np.median(widths)) for place in widest):
        return ""
    named, at = "", 0
    for place in range(len(widths)):
        named += _TOUCHING if place in widest else signs[at]
        at += 2 if place in widest else 1
    # A sign that fell into two glyphs gives each after it the name of its neighbour.
    fits = all(_fits(sign, glyph) for sign, glyph in zip(named, run.glyphs, strict=True))
    return named if fits else ""


def _fits(sign: str, glyph: Glyph) -> bool:
    """Whether a glyph is as wide as its sign may be: half of a Chinese one is no whole one, and
    a whole one no figure."""
    shape = glyph.width / glyph.height
    if sign >= _CHINESE:
        return shape >= _LEAST_WIDE
    return not sign.isdigit() or shape <= _MOST_WIDE


def _around(run: Run) -> tuple[float, float, float, float]:
    x, y, width, height = run.frame
    more = _MARGIN * height
    return x - more, y - more, x + width + more, y + height + more


# -- twins -----------------------------------------------------------------------------------------


def _unlike(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Of each row, its runs that are the least like the same signs of other rows."""
    alike = _alike(runs)
    every = [(run.row, score) for run in runs for score in alike[run]]
    for row in dict.fromkeys(run.row for run in runs):
        others = [score for at, score in every if at != row]
        if len(others) < _LEAST_OTHERS:
            continue
        middle = float(np.median(others))
        own = [run for run in runs if run.row == row]
        found = max(
            (
                (gap, own[first:last])
                for first in range(len(own))
                for last in range(first + 1, len(own) + 1)
                if (gap := _gap(own[first:last], alike, middle))
            ),
            key=lambda one: one[0],
            default=None,
        )
        if found and not _is_typewritten(found[1]):
            yield found[1]


def _gap(runs: Sequence[Run], alike: dict[Run, list[float]], middle: float) -> float:
    """How far the runs are from the page's lettering; 0.0 where that is not enough."""
    scores = [score for run in runs for score in alike[run]]
    figures = sum(sign.isdigit() for run in runs for sign in run.signs)
    if len(scores) < _LEAST_GLYPHS or figures < _LEAST_FIGURES:
        return 0.0
    own = float(np.median(scores))
    gap = (middle - own) * min(len(scores), _MOST_COUNTED) ** 0.5
    return gap if gap >= _UNLIKE and _LEAST_ALIKE <= own <= _MOST_ALIKE else 0.0


def _alike(runs: Sequence[Run]) -> dict[Run, list[float]]:
    """For each run, how alike each of its glyphs is to its nearest twin in another row.

    Glyphs that no other row has in their size, weight and ground are left out.
    """
    by_sign: dict[str, list[tuple[Run, Glyph]]] = defaultdict(list)
    for run in runs:
        for sign, glyph in zip(run.signs, run.glyphs, strict=True):
            if sign != _TOUCHING:
                by_sign[sign].append((run, glyph))
    alike: dict[Run, list[float]] = {run: [] for run in runs}
    for those in by_sign.values():
        for (run, _), likeness in zip(those, _scores(those), strict=True):
            if likeness is not None:
                alike[run].append(likeness)
    return alike


def _scores(those: Sequence[tuple[Run, Glyph]]) -> list[float | None]:
    """How alike each drawing is to its nearest twin; None of one that has none."""
    copies = np.stack([of_one_size(glyph.cover, glyph.height) for _, glyph in those])
    heights = np.array([glyph.height for _, glyph in those])
    ink = np.array([glyph.cover.sum() / glyph.height**2 for _, glyph in those])
    rows = np.array([run.row for run, _ in those])
    grounds = np.array([run.ground for run, _ in those])
    colours = np.array([run.ink for run, _ in those])
    weight = ink[:, None] / ink
    twins = (weight > _WEIGHT[0]) & (weight < _WEIGHT[1]) & (rows[:, None] != rows)
    twins &= np.abs(grounds[:, None] - grounds).max(axis=2) < _SAME_GROUND
    twins &= np.abs(colours[:, None] - colours).max(axis=2) < _SAME_INK
    size = np.abs(heights[:, None] / heights - 1)
    near = twins & (size < _SAME_SIZE)
    like = twins & (size < _LIKE_SIZE) & (weight > _LIKE_WEIGHT[0]) & (weight < _LIKE_WEIGHT[1])
    scores: list[float | None] = []
    for likeness, same, other in zip(copies @ copies.T, near, like, strict=True):
        if same.any():
            scores.append(float(likeness[same].max()))
        elif other.any():
            scores.append(min(1.0, float(likeness[other].max()) + _OTHER_SIZE))
        else:
            scores.append(None)
    return scores


def _is_typewritten(runs: Sequence[Run]) -> bool:
    """Whether it is a number as wide as in a typewriter's face, in which pages set numbers."""
    signs = "".join(run.signs for run in runs).replace(_TOUCHING, "")
    if len(signs) < _NUMBER or not all(sign.isdigit() or sign.isupper() for sign in signs):
        return False
    steps = [
        (after.middle - before.middle) / before.height
        for run in runs
        for before, after in zip(run.glyphs, run.glyphs[1:], strict=False)
    ]
    return bool(steps) and float(np.median(steps)) >= _TYPEWRITER


# -- stripes ---------------------------------------------------------------------------------------


def _unstriped(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Figures with grey edges on a page that is smoothed for a screen's coloured stripes."""
    known = [run for run in runs if run.stripes is not None]
    stripes = [run.stripes for run in known if run.stripes is not None]
    if sum(len(run.glyphs) for run in known) < _LEAST_OTHERS:
        return
    usual = float(np.median(stripes))
    if usual < _STRIPED:
        return
    for row in dict.fromkeys(run.row for run in known):
        plain = [
            run
            for run in known
            if run.row == row and run.stripes is not None and run.stripes < _PLAIN * usual
        ]
        if sum(len(run.glyphs) for run in plain) >= _LEAST_FIGURES:
            yield plain


def _colours(rgb: Bytes, run: Run) -> tuple[tuple[float, ...], float | None]:
    """The ink of a run, and how far the colours of its edges are apart."""
    x, y, width, height = run.frame
    part = rgb[max(0, y - 1) : y + height + 1, max(0, x - 1) : x + width + 1]
    off: NDArray[np.float64] = np.array(run.ground) - part.reshape(-1, 3).astype(np.float64)
    far = np.abs(off).max(axis=1)
    deep = off[far >= 0.9 * float(np.percentile(far, 99))].mean(axis=0)
    ink = tuple(float(level) for level in np.array(run.ground) - deep)
    if float(np.abs(deep).min()) < _LEAST_INK:
        return ink, None
    cover = off / deep
    mean = cover.mean(axis=1)
    edges = cover[(mean > 0.2) & (mean < 0.8)]
    if len(edges) < _LEAST_EDGES:
        return ink, None
    return ink, float((edges.max(axis=1) - edges.min(axis=1)).mean())


# -- places ----------------------------------------------------------------------------------------


def _area(runs: Sequence[Run]) -> tuple[int, int, int, int]:
    frames = [run.frame for run in runs]
    left, top = min(x for x, _, _, _ in frames), min(y for _, y, _, _ in frames)
    right, low = max(x + w for x, _, w, _ in frames), max(y + h for _, y, _, h in frames)
    return left, top, right - left, low - top


def _at_the_edge(area: tuple[int, int, int, int], rgb: Bytes) -> bool:
    """Where a system's and a browser's own bars stand, and stamps of printing."""
    middle, height = area[1] + area[3] / 2, int(rgb.shape[0])
    return middle < _EDGE * height or middle > (1 - _EDGE) * height
