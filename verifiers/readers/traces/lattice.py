"""Parts of a picture that do not share the compression the rest went through.

JPEG leaves the coefficients of each block at multiples of its table's steps. A picture that was
compressed once, edited, and saved without loss or at a higher quality still shows the old steps and
the old grid, except where something was put in. Values that were cut off at black or white are
completed until they fit, or text on white would never fit.

A frame, an arrow, a bar, a highlight that people draw around what matters are put in, too: they
have a bright colour, or no writing in them, and are not told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from evidence.locators import box
from verifiers.readers.traces.blocks import Bytes, Flags, Floats, cut, forward, inverse, table_of
from verifiers.readers.traces.marking import drawn_on
from verifiers.readers.traces.trace import Trace

_QUALITIES = range(30, 97)
_SAMPLE = 90
MAX_BLOCKS = 7_000
# A block's misfit is 1 where it was never on the steps; 0.1 to 0.5 where it was.
_FITS = 0.45
# What a foreign block would miss the steps by, in grey levels: below, rounding hides it.
_LEAST_MISS = 0.9
_LEAST_STD = 6.0
# Blocks of a part: half a word of small print.
_PART = 6


@dataclass(frozen=True, slots=True)
class Grid:
    """An older compression: its quality, where its grid begins, how well the picture fits."""

    quality: int
    x: int
    y: int
    misfit: float = 0.0

    @property
    def strange(self) -> float:
        """From which misfit on a block is foreign: the newer compression blurs the steps."""
        return 0.6 + 0.7 * self.misfit


def strange_parts(rgb: Bytes, grey: Floats, final: int | None) -> list[Trace]:
    """Writing that was put in after an earlier compression. `final` is the file's own quality."""
    grid = older_grid(grey, final)
    if grid is None:
        return []
    misfit = _misfits(rgb, grey, grid)
    if misfit is None:
        return []
    return _parts(rgb, misfit, grid)


def older_grid(grey: Floats, final: int | None) -> Grid | None:
    """The compression that most of the busy blocks still fit, other than the file's own."""
    whole = cut(grey, 0, 0)[:-1, :-1]
    if whole.size == 0:
        return None
    spread = whole.std(axis=(2, 3))
    busy = np.argsort(spread, axis=None)[::-1]
    busy = busy[: max(_SAMPLE, busy.size // 8)]
    busy = busy[spread.ravel()[busy] > _LEAST_STD]
    if busy.size < 40:
        return None
    picked = np.random.default_rng(0).choice(busy, min(_SAMPLE, busy.size), replace=False)
    rows, columns = np.unravel_index(picked, spread.shape)
    found: list[tuple[float, Grid]] = []
    for y in range(8):
        for x in range(8):
            sample = np.stack(
                [grey[r * 8 + y : r * 8 + y + 8, c * 8 + x : c * 8 + x + 8]
                 for r, c in zip(rows, columns, strict=True)]
            )  # fmt: skip
            coefficients = forward(sample - 128)
            for quality in _QUALITIES[::2]:
                if (x, y) == (0, 0) and not _older(quality, final):
                    continue
                misfit = _plain_misfit(coefficients, table_of(quality))
                found.append((misfit, Grid(quality, x, y)))
    found.sort(key=lambda entry: entry[0])
    best: tuple[float, Grid] | None = None
    tried: set[Grid] = set()
    for _, near in found[:4]:
        for quality in (near.quality - 1, near.quality, near.quality + 1):
            grid = Grid(quality, near.x, near.y)
            if grid in tried or (grid.x == grid.y == 0 and not _older(quality, final)):
                continue
            tried.add(grid)
            score = _sampled_misfit(grey, grid)
            if best is None or score < best[0]:
                best = (score, grid)
    if best is None or best[0] > _FITS:
        return None
    return replace(best[1], misfit=best[0])


def _older(quality: int, final: int | None) -> bool:
    """Whether steps of `quality` would still show under the file's own compression, on its grid."""
    if final is None:
        return True
    low = (slice(0, 4), slice(0, 4))
    return float(table_of(quality)[low].mean()) > 2.1 * float(table_of(final)[low].mean())


def _plain_misfit(coefficients: Floats, table: Floats) -> float:
    missed = coefficients - np.round(coefficients / table) * table
    random = np.minimum(table * table / 12, coefficients * coefficients)
    share = np.sqrt((missed * missed).sum((1, 2))) / np.sqrt(np.maximum(random.sum((1, 2)), 6))
    return float(np.median(share))


def _sampled_misfit(grey: Floats, grid: Grid) -> float:
    whole = cut(grey, grid.x, grid.y).reshape(-1, 8, 8)
    busy = np.flatnonzero(whole.std(axis=(1, 2)) > _LEAST_STD)
    if busy.size < 30:
        return 9.0
    sample = whole[busy[:: max(1, busy.size // 150)]]
    misfit, miss = misfit_of(sample - 128, table_of(grid.quality))
    told = misfit[miss > _LEAST_MISS]
    return float(np.median(told)) if told.size > 15 else 9.0


def misfit_of(blocks: Floats, table: Floats, rounds: int = 6) -> tuple[Floats, Floats]:
    """How far each block is from the steps, as a share of what a foreign block would be; and that.

    Values at black or white may have been beyond it: they are moved out to where they fit best.
    """
    high, low = blocks >= 126.5, blocks <= -127.5
    free = ~(high | low)
    first = forward(blocks)
    miss = np.sqrt(np.minimum(table * table / 12, first * first).sum((1, 2)) / 64)
    completed, fitted = blocks, blocks
    for _ in range(rounds):
        fitted = inverse(np.round(forward(completed) / table) * table)
        completed = np.where(
            high, np.maximum(blocks, fitted), np.where(low, np.minimum(blocks, fitted), blocks)
        )
    off = np.where(
        free,
        fitted - blocks,
        np.where(high, np.minimum(fitted - blocks, 0), np.maximum(fitted - blocks, 0)),
    )
    size = np.maximum(free.sum((1, 2)), 16)
    missed = np.sqrt((off * off).sum((1, 2)) / size)
    return (
        np.asarray(missed / np.maximum(miss, 0.3), dtype=np.float32),
        np.asarray(miss, dtype=np.float32),
    )


@dataclass(frozen=True, slots=True)
class _Misfits:
    """Block by block: the misfit, and whether it says anything."""

    share: Floats
    told: Flags


def _misfits(rgb: Bytes, grey: Floats, grid: Grid) -> _Misfits | None:
    whole = cut(grey, grid.x, grid.y)
    shape = whole.shape[:2]
    flat = whole.reshape(-1, 8, 8)
    spread = flat.std(axis=(1, 2))
    busy = np.flatnonzero(spread > _LEAST_STD)
    if busy.size > MAX_BLOCKS:
        busy = busy[np.argsort(spread[busy])[::-1][:MAX_BLOCKS]]
    # A channel that was cut off alone bends the brightness, and nothing can complete it.
    highest, lowest = rgb.max(axis=2), rgb.min(axis=2)
    bent = ((highest == 255) | (lowest == 0)) & (highest - lowest > 4)
    bends = cut(bent.astype(np.float32), grid.x, grid.y).mean(axis=(2, 3)).reshape(-1)
    colour = cut((highest - lowest).astype(np.float32), grid.x, grid.y).reshape(-1, 64)
    busy = busy[(bends[busy] < 0.15) & (colour[busy].std(axis=1) < 24)]
    if busy.size < 40:
        return None
    misfit, miss = misfit_of(flat[busy] - 128, table_of(grid.quality))
    share = np.zeros(flat.shape[0], dtype=np.float32)
    told = np.zeros(flat.shape[0], dtype=np.bool_)
    share[busy] = np.minimum(misfit, 1.2)
    told[busy] = miss > _LEAST_MISS
    if told.sum() < 40:
        return None
    return _Misfits(share.reshape(shape), told.reshape(shape))


def _parts(rgb: Bytes, misfits: _Misfits, grid: Grid) -> list[Trace]:
    told = misfits.told
    strange = told & (misfits.share > grid.strange)
    fits = told & (misfits.share < 0.5 + 0.5 * grid.misfit)
    # Where much of the picture is strange, it was put together: a chat that shows a photo.
    if strange.sum() < _PART or strange.sum() > 0.25 * told.sum() or fits.sum() < 0.6 * told.sum():
        return []
    joined = cv2.morphologyEx(
        strange.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, 5), dtype=np.uint8)
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    traces = []
    for label in range(1, count):
        left, top, width, height, _ = (int(n) for n in stats[label])
        inside = (slice(top, top + height), slice(left, left + width))
        own = (labels[inside] == label) & told[inside]
        bad = strange[inside] & own
        if bad.sum() < _PART or bad.sum() < 0.75 * own.sum() or min(width, height) < 2:
            continue
        if not _among_others(fits, told, left, top, width, height):
            continue
        if not _ground_is_others(rgb, grid, fits, (left, top, width, height)):
            continue
        area = (grid.x + left * 8, grid.y + top * 8, width * 8, height * 8)
        if drawn_on(rgb, area):
            continue
        mean = float(misfits.share[inside][bad].mean())
        said = (
            f"what stands here was not compressed with the rest, at quality {grid.quality}"
            f" ({int(bad.sum())} blocks)"
        )
        strength = 0.9 if bad.sum() >= 8 and mean > 0.9 else 0.83
        traces.append(Trace("trace.picture.strange_part", said, box(*area), strength))
    return traces if len(traces) <= 6 else []


def _ground_is_others(rgb: Bytes, grid: Grid, fits: Flags, part: tuple[int, int, int, int]) -> bool:
    """Whether writing that fits stands on the same ground: colours bend what JPEG keeps."""
    left, top, width, height = part
    small = rgb[grid.y :, grid.x :]
    inside = small[top * 8 : (top + height) * 8, left * 8 : (left + width) * 8]
    ground = np.median(inside.reshape(-1, 3), axis=0)
    rows, columns = np.nonzero(fits)
    step = max(1, rows.size // 400)
    same = sum(
        float(np.abs(np.median(small[r * 8 : r * 8 + 8, c * 8 : c * 8 + 8].reshape(-1, 3), axis=0)
                     - ground).max()) < 20
        for r, c in zip(rows[::step], columns[::step], strict=True)
    )  # fmt: skip
    return same * step >= 10


def _among_others(fits: Flags, told: Flags, left: int, top: int, width: int, height: int) -> bool:
    """Whether there is writing around it that does fit."""
    near = (
        slice(max(0, top - 12), top + height + 12),
        slice(max(0, left - 24), left + width + 24),
    )
    around: npt.NDArray[np.bool_] = told[near].copy()
    y, x = top - near[0].start, left - near[1].start
    around[y : y + height, x : x + width] = False
    good = fits[near] & around
    return bool(good.sum() >= 10 and good.sum() >= 0.65 * around.sum())
