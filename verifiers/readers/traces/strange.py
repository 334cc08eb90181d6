"""Writing that was put into a picture between two compressions.

A frame, an arrow, a bar, a highlight that people draw around what matters are put in, too: they
have a bright colour, or no writing in them, and are not told.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from evidence.locators import box
from verifiers.readers.traces.blocks import Bytes, Flags, Floats, table_of
from verifiers.readers.traces.lattice import Fit, older_fit
from verifiers.readers.traces.marking import drawn_on
from verifiers.readers.traces.trace import Trace

_FEW = 6
_SAME_GROUND, _ENOUGH = 8, 20  # levels of a channel; blocks
_SURE, _LEAST, _LARGE = 15.0, 7.0, 60.0  # summed logarithms
_BAR = 0.04  # of the picture's height
# Of an earlier compression with steps as fine as the file's own, saving has left next to nothing:
# what seems to fit it is flat ground, as after a picture was made smaller.
_COARSER, _TOO_FINE = 1.18, 0.6
_EVEN, _BARS = 4.0, 40.0  # grey levels along a barcode's bars, and across them
_ONE_PLACE = 160  # pixels between the tops of what one edit put in


def strange_parts(rgb: Bytes, grey: Floats, table: Floats | None) -> list[Trace]:
    """Parts foreign to an earlier compression of the rest. `table` is the file's own (JPEG)."""
    fit = older_fit(rgb, grey, table)
    if fit is None:
        return []
    traces = _parts(rgb, grey, fit)
    if table is not None and float(table_of(fit.quality).mean()) < _COARSER * float(table.mean()):
        return [replace(trace, strength=min(trace.strength, _TOO_FINE)) for trace in traces]
    return traces


def _parts(rgb: Bytes, grey: Floats, fit: Fit) -> list[Trace]:
    foreign = fit.told & (fit.share > 0.4)
    # Where much of the picture is strange, it was put together: a chat that shows a photo.
    if not 0 < foreign.sum() < 0.35 * fit.told.sum():
        return []
    joined = cv2.morphologyEx(
        foreign.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, 5), dtype=np.uint8)
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    traces = []
    for label in range(1, count):
        left, top, width, height, _ = (int(n) for n in stats[label])
        inside = (slice(top, top + height), slice(left, left + width))
        own = (labels[inside] == label) & fit.told[inside]
        score = float(fit.share[inside][own].sum())
        strength = _strength(score, score / max(1, int(own.sum())))
        if not strength:
            continue
        if not _among_others(fit, left, top, width, height):
            continue
        area = (fit.x + left * 8, fit.y + top * 8, width * 8, height * 8)
        if not _on_others_ground(rgb, fit, area):
            continue
        if drawn_on(rgb, area) or _is_edge_of_bars(grey, area):
            continue
        if _is_crossed(grey, area):
            strength = min(strength, _CROSSED)
        if area[1] + area[3] / 2 < _BAR * rgb.shape[0]:
            strength = min(strength, 0.6)  # a tab's or a phone's bar, in a size and face of its own
        said = (
            f"what stands here was not compressed with the rest, at quality {fit.quality}"
            f" ({int(own.sum())} blocks)"
        )
        traces.append(Trace("trace.picture.strange_part", said, box(*area), strength))
    return _in_one_place(traces) if len(traces) <= _FEW else []


def _in_one_place(traces: list[Trace]) -> list[Trace]:
    """Parts far apart are what a page was put together from, or lie under a watermark: then none
    of them decides."""
    tops = [int(trace.at.place.split(",")[1]) for trace in traces]
    if not tops or max(tops) - min(tops) <= _ONE_PLACE:
        return traces
    return [replace(trace, strength=min(trace.strength, 0.6)) for trace in traces]


def _strength(score: float, mean: float) -> float:
    """Many blocks that are a little strange are a part with colours or sizes of its own."""
    if score >= _SURE and mean >= (0.85 if score >= _LARGE else 1.0):
        return 0.95 if score >= 2 * _SURE and mean >= 1 else 0.88
    return 0.6 if score >= _LEAST and mean >= 0.6 else 0.0


def _on_others_ground(rgb: Bytes, fit: Fit, area: tuple[int, int, int, int]) -> bool:
    """Whether writing that fits stands on the same ground: a bar with icons fits in its own way."""
    x, y, width, height = area
    ground = np.median(rgb[y : y + height, x : x + width].reshape(-1, 3), axis=0)
    rows, columns = np.nonzero(fit.told & (fit.share < 0))
    step = max(1, rows.size // 300)
    same = 0
    for row, column in zip(rows[::step].tolist(), columns[::step].tolist(), strict=True):
        top, left = fit.y + 8 * row, fit.x + 8 * column
        block = rgb[top : top + 8, left : left + 8].reshape(-1, 3)
        same += float(np.abs(np.median(block, axis=0) - ground).max()) < _SAME_GROUND
    return same * step >= _ENOUGH


def _is_edge_of_bars(grey: Floats, area: tuple[int, int, int, int]) -> bool:
    """Whether a barcode goes on over or under it: of bars, only the ends are blocks of writing."""
    x, y, width, height = area
    for top in (y - 8, y + height):
        beside = grey[max(0, top) : max(0, top + 8), x : x + width]
        if beside.shape[0] == 8 and float(beside.std(axis=0).mean()) < _EVEN:
            if float(beside.mean(axis=0).std()) > _BARS:
                return True
    return False


def _is_crossed(grey: Floats, area: tuple[int, int, int, int]) -> bool:
    """Whether something faint goes through it apart from its writing: a watermark, which people
    lay over a picture that was compressed before."""
    x, y, width, height = area
    part = grey[max(0, y - _ROUND) : y + height + _ROUND, x : x + width]
    off = np.abs(part - np.median(part))
    writing = off > _FAINT[1] * float(np.percentile(off, 99.5))
    edges = np.ones((7, 7), dtype=np.uint8)
    apart = cv2.dilate(writing.astype(np.uint8), edges) == 0
    return bool(apart.any()) and float((off > _FAINT[0])[apart].mean()) > _CROSSING


_ROUND = 8  # pixels around it
_FAINT = (12, 0.6)  # grey levels off the ground, and of the writing's
_CROSSING, _CROSSED = 0.1, 0.6  # of what is no writing; the most that such a part weighs


def _among_others(fit: Fit, left: int, top: int, width: int, height: int) -> bool:
    """Whether there is writing around it that does fit."""
    near = (
        slice(max(0, top - 12), top + height + 12),
        slice(max(0, left - 24), left + width + 24),
    )
    around: Flags = fit.told[near].copy()
    y, x = top - near[0].start, left - near[1].start
    around[y : y + height, x : x + width] = False
    good = (fit.share[near] < 0) & around
    return bool(good.sum() >= 10 and good.sum() >= 0.6 * around.sum())
