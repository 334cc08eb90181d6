"""An earlier compression that a picture went through, and how well each part of it still fits.

JPEG leaves the coefficients of each block at multiples of its table's steps (ITU-T T.81, A.3.4). A
picture that was compressed once, edited, and saved again still shows the old steps and the old
grid, except where something was put in. What a foreign block looks like is not assumed but
measured, on the same picture: without loss, off the grid; in a JPEG file, on a copy that was moved
off the grid and compressed as the file is.

Text on white was cut off at white, and a plain comparison of coefficients would never fit it:
values that were cut off are completed first.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from verifiers.readers.traces.blocks import (
    Bytes,
    Flags,
    Floats,
    cut,
    forward,
    inverse,
    over_blocks,
    table_of,
)

Places: TypeAlias = npt.NDArray[np.intp]
Numbers: TypeAlias = npt.NDArray[np.float64]

_TRIED = (*range(40, 86, 2), *range(86, 98))
_SAMPLE = 220
_ROUNDS = 12
_LEAST_BLOCKS = 60
MAX_BLOCKS = 7_000
_LEAST_STD = 6.0
# A block that only changes along one direction is a rule or a border: many tables fit it.
_LEAST_BOTH_WAYS = 2.0
_MOST_COLOUR = 12.0  # colour is kept more coarsely, and bends brightness where it is cut off
# Fit of the picture over fit of the foreign: 0.8 to 1.1 where there was no earlier compression.
_LOSSLESS_RATIO, _SAVED_RATIO = 0.55, 0.68
_LEAST_MISS = 1.5


@dataclass(frozen=True, slots=True)
class Fit:
    """The earlier compression, and block by block how much more foreign than own a block looks.

    quality, x, y  of the earlier table, and where its grid begins
    share          natural logarithm of how many times likelier the block is foreign; -3 to 3
    told           where that could be measured at all
    """

    quality: int
    x: int
    y: int
    share: Floats
    told: Flags


def older_fit(rgb: Bytes, grey: Floats, table: Floats | None) -> Fit | None:
    """The earlier compression that most of the writing fits; None if there was none to be seen.

    table   of the file's own luminance, 64 values in rows; None for a file without loss
    """
    return _without_loss(rgb, grey) if table is None else _saved_again(rgb, grey, table)


def _without_loss(rgb: Bytes, grey: Floats) -> Fit | None:
    colour = _colour(rgb)
    best: tuple[float, int, int, int] | None = None
    for x, y in _grids(grey):
        own = _writing(grey, colour, x, y)[0]
        other = _writing(grey, colour, (x + 4) % 8, (y + 3) % 8)[0]
        if len(own) < _LEAST_BLOCKS or len(other) < _LEAST_BLOCKS:
            continue
        few, fewer = _sampled(own, 60), _sampled(other, 60)
        rough = sorted((_ratio(few, fewer, quality, rounds=5), quality) for quality in _TRIED)
        own, other = _sampled(own), _sampled(other)
        near = {rough[0][1] + step for step in (-1, 0, 1)} | {rough[1][1]}
        for quality in sorted(near):
            ratio = _ratio(own, other, quality, rounds=_ROUNDS)
            if ratio < _LOSSLESS_RATIO and (best is None or ratio < best[0]):
                best = (ratio, quality, x, y)
    if best is None:
        return None
    _, quality, x, y = best
    table = table_of(quality)
    blocks, where, shape = _writing(grey, colour, x, y)
    others, _, _ = _writing(grey, colour, (x + 4) % 8, (y + 3) % 8)
    others = _sampled(others, 1_000)
    return _fit(misfit(blocks, table), misfit(others, table), where, shape, (quality, x, y))


def _ratio(own: Floats, other: Floats, quality: int, *, rounds: int) -> float:
    table = table_of(quality)
    ours, theirs = misfit(own, table, rounds), misfit(other, table, rounds)
    return float(np.median(ours) / max(float(np.median(theirs)), 0.2))


def _saved_again(rgb: Bytes, grey: Floats, table: Floats) -> Fit | None:
    colour = _colour(rgb)
    blocks, where, shape = _writing(grey, colour, 0, 0)
    if len(blocks) < _LEAST_BLOCKS:
        return None
    moved = _moved_and_saved(grey, table)
    others, _, _ = _writing(moved, colour[4:, 4:], 0, 0)
    if len(others) < _LEAST_BLOCKS:
        return None
    own, foreign = _saved_as(_sampled(blocks), table), _saved_as(_sampled(others), table)
    found = [one for quality in _TRIED if (one := _saved_ratio(own, foreign, quality, table))]
    if found:
        _, near = min(found)
        beside = (_saved_ratio(own, foreign, near + step, table) for step in (-1, 1))
        found += [one for one in beside if one]
    if not found:
        return None
    older = table_of(min(found)[1])
    return _fit(
        missed(_saved_as(blocks, table), older, table),
        missed(_saved_as(_sampled(others, 1_000), table), older, table),
        where, shape, (min(found)[1], 0, 0),
    )  # fmt: skip


def _saved_ratio(
    own: Floats, foreign: Floats, quality: int, table: Floats
) -> tuple[float, int] | None:
    """How well the quality explains the picture, less is better; None where it says nothing."""
    older = table_of(quality)
    theirs = float(np.median(missed(foreign, older, table)))
    ratio = float(np.median(missed(own, older, table))) / max(theirs, 0.1)
    if theirs <= _LEAST_MISS or ratio >= _SAVED_RATIO:
        return None
    # Steps as fine as the file's own miss by little, and a share of little is chance.
    return ratio + 0.6 / theirs, quality


# -- blocks ----------------------------------------------------------------------------------------


def _colour(rgb: Bytes) -> Floats:
    red, green, blue = cv2.split(rgb)
    most, least = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    return np.asarray(cv2.subtract(most, least), dtype=np.float32)


def _writing(
    grey: Floats, colour: Floats, x: int, y: int
) -> tuple[Floats, Places, tuple[int, int]]:
    """The blocks that have writing, their places in the flattened grid, and the grid's shape."""
    whole = cut(grey, x, y)
    # Most blocks are empty paper; a deviation is at most half of the range.
    ranges = over_blocks(np.maximum, whole) - over_blocks(np.minimum, whole)
    rows, columns = np.nonzero(ranges > 2 * _LEAST_STD)
    pale = cut(colour, x, y)[rows, :, columns].reshape(-1, 64).mean(axis=1) < _MOST_COLOUR
    rows, columns = rows[pale], columns[pale]
    square = whole[rows, :, columns]
    spread = square.reshape(-1, 64).std(axis=1)
    both = np.minimum(square.std(axis=1).mean(axis=1), square.std(axis=2).mean(axis=1))
    chosen = np.flatnonzero((spread > _LEAST_STD) & (both > _LEAST_BOTH_WAYS))
    if chosen.size > MAX_BLOCKS:
        chosen = np.sort(chosen[np.argsort(spread[chosen])[::-1][:MAX_BLOCKS]])
    where = rows[chosen] * ranges.shape[1] + columns[chosen]
    return square[chosen].reshape(-1, 64) - 128, where, (ranges.shape[0], ranges.shape[1])


def _sampled(blocks: Floats, count: int = _SAMPLE) -> Floats:
    return blocks[:: max(1, len(blocks) // count)]


def _grids(grey: Floats) -> list[tuple[int, int]]:
    """Where a grid of 8 x 8 may begin: where faint noise begins beside flat ground."""
    columns, rows = _phases(grey), _phases(grey.T)
    return list(dict.fromkeys([(0, 0), (columns[0], rows[0]), (columns[0], rows[1])]))


def _phases(grey: Floats) -> tuple[int, int]:
    """The two likeliest beginnings along x."""
    step = np.abs(np.diff(grey[::2, : 8 * (grey.shape[1] // 8)].astype(np.int16), axis=1))
    still, edge = step == 0, (step > 0) & (step < 10)
    inner = still[:, 1:-2] & still[:, 2:-1]
    before = (edge[:, 3:] & still[:, :-3] & inner).sum(axis=0)
    after = (edge[:, :-3] & inner & still[:, 3:]).sum(axis=0)
    # Difference number k lies between the pixels k and k + 1.
    counts = np.bincount((np.arange(before.size) + 4) % 8, before, 8)
    counts += np.bincount((np.arange(after.size) + 1) % 8, after, 8)
    order = counts.argsort()[::-1]
    return int(order[0]), int(order[1])


def _moved_and_saved(grey: Floats, table: Floats) -> Floats:
    """The picture off its grid by half a block, compressed as the file is."""
    out = io.BytesIO()
    moved = Image.fromarray(np.clip(grey[4:, 4:], 0, 255).astype(np.uint8))
    moved.save(out, "JPEG", qtables=[[int(step) for step in table]])
    return np.asarray(Image.open(out), dtype=np.float32)


# -- fit -------------------------------------------------------------------------------------------


def misfit(blocks: Floats, table: Floats, rounds: int = 12) -> Floats:
    """How far blocks without loss are from the steps, as a share of what a foreign one would be.

    Values at black or white may have been beyond it, by less than _BEYOND. They are looked for by
    reflecting between the steps and what is known (Douglas and Rachford's iteration).
    """
    high, low = blocks >= 126.5, blocks <= -127.5
    most = np.where(high, blocks + _BEYOND, blocks)
    least = np.where(low, blocks - _BEYOND, blocks)
    first = forward(blocks)
    miss = np.sqrt(np.minimum(table * table / 12, first * first).sum(axis=1) / 64)
    size = np.maximum((~(high | low)).sum(axis=1), 16)
    best = np.full(len(blocks), np.inf, dtype=np.float32)
    tried = blocks
    for _ in range(rounds):
        known = np.clip(tried, least, most)
        stepped = inverse(np.round(forward(2 * known - tried) / table) * table)
        off = stepped - np.clip(stepped, least, most)
        best = np.minimum(best, np.sqrt((off * off).sum(axis=1) / size))
        tried = tried + stepped - known
    return np.asarray(best / np.maximum(miss, 0.3), dtype=np.float32)


_BEYOND = 20.0


def _saved_as(blocks: Floats, table: Floats) -> Floats:
    """The file's own coefficients, out of decoded blocks; what was cut off is completed."""
    most = np.where(blocks >= 126.5, blocks + 60, blocks)
    least = np.where(blocks <= -127.5, blocks - 60, blocks)
    tried = blocks
    for _ in range(5):
        tried = inverse(np.round(forward(np.clip(tried, least, most)) / table) * table)
    return np.asarray(
        np.round(forward(np.clip(tried, least, most)) / table) * table, dtype=np.float32
    )


def missed(kept: Floats, older: Floats, table: Floats) -> Floats:
    """By how much blocks cannot be an older compression's that was decoded and saved by `table`.

    `kept` are the file's coefficients. The nearest block that `older` could have left is decoded,
    cut off at black and white as programs do, and compared: what half a step of `table` does not
    explain is missed. In coefficients' units, per block.
    """
    decoded = np.clip(inverse(np.round(kept / older) * older), -128, 127)
    beyond = np.maximum(np.abs(forward(decoded) - kept) - table / 2 - 0.7, 0)
    return np.asarray(np.sqrt((beyond * beyond).sum(axis=1)), dtype=np.float32)


def _fit(
    ours: Floats, foreign: Floats, where: Places,
    shape: tuple[int, int], grid: tuple[int, int, int],
) -> Fit:  # fmt: skip
    share = np.zeros(shape[0] * shape[1], dtype=np.float32)
    told = np.zeros(shape[0] * shape[1], dtype=np.bool_)
    share[where] = _likelier(ours, ours, foreign)
    told[where] = True
    return Fit(*grid, share.reshape(shape), told.reshape(shape))


def _likelier(values: Floats, ours: Floats, foreign: Floats) -> Floats:
    """How much likelier each value is among the foreign ones, by histograms of logarithms."""
    floor = 0.02 * float(np.median(foreign)) + 1e-3
    logs = [np.log(np.maximum(part, floor)) for part in (values, ours, foreign)]
    low, high = float(min(logs[1].min(), logs[2].min())), float(logs[2].max())
    edges = np.linspace(low, max(high, low + 0.1), 25)
    edges[-1] = np.inf
    kernel = np.array([0.25, 0.5, 0.25])
    counts = [
        np.convolve(np.histogram(part, edges)[0].astype(np.float64), kernel, mode="same")
        for part in logs[1:]
    ]
    shares = [(count + 0.25) / (count.sum() + 6) for count in counts]
    ratio = _rising(np.log(shares[1] / shares[0]), counts[0] + counts[1] + 0.5)
    place = np.clip(np.searchsorted(edges, logs[0], side="right") - 1, 0, ratio.size - 1)
    return np.clip(ratio[place], -3, 3).astype(np.float32)


def _rising(values: Numbers, weights: Numbers) -> Numbers:
    """The rising steps nearest to values: a larger misfit is never more at home.

    Source: Ayer and others, Annals of Mathematical Statistics 26 (1955), 641 (pooling neighbours).
    """
    steps: list[tuple[float, float, int]] = []  # mean, weight, how many
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        mean, total, count = value, weight, 1
        while steps and steps[-1][0] >= mean:
            before, other, more = steps.pop()
            mean = (mean * total + before * other) / (total + other)
            total, count = total + other, count + more
        steps.append((mean, total, count))
    return np.concatenate([np.full(count, mean) for mean, _, count in steps])
