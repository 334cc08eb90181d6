"""A picture as 8 x 8 blocks and their cosine transforms, as JPEG sees it (ITU-T T.81, A.3.3).

Blocks are rows of 64 values, so that a transform of many is one product of two matrices.
"""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Flags: TypeAlias = npt.NDArray[np.bool_]
Value = TypeVar("Value", bound=np.generic)

_WAVES: Floats = np.array(
    [
        [np.sqrt((1 if u == 0 else 2) / 8) * np.cos((2 * x + 1) * u * np.pi / 16) for x in range(8)]
        for u in range(8)
    ],
    dtype=np.float32,
)
_BASIS: Floats = np.kron(_WAVES, _WAVES).astype(np.float32)
# T.81, table K.1: what the free library scales by its "quality", and most programs with it.
_LUMINANCE: Floats = np.array(
    [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
     14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
     92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99],
    dtype=np.float32,
)  # fmt: skip


def forward(blocks: Floats) -> Floats:
    """The transforms of n blocks, n x 64 values."""
    return np.asarray(blocks @ _BASIS.T, dtype=np.float32)


def inverse(coefficients: Floats) -> Floats:
    return np.asarray(coefficients @ _BASIS, dtype=np.float32)


def table_of(quality: int) -> Floats:
    """The luminance table, 64 values in rows, that the free library uses for 1 to 100."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip(np.floor((_LUMINANCE * scale + 50) / 100), 1, 255).astype(np.float32)


def quality_of(table: Any) -> int | None:
    """The quality whose table this is, or None for another program's own; `table` in rows."""
    own = np.array(table, dtype=np.float32).reshape(64)
    for quality in range(20, 101):
        if float(np.abs(table_of(quality) - own).max()) <= 1:
            return quality
    return None


def cut(values: npt.NDArray[Value], x: int = 0, y: int = 0) -> npt.NDArray[Value]:
    """All whole blocks of a plane, on a grid that begins at x, y: rows x 8 x columns x 8."""
    height, width = values.shape
    rows, columns = (height - y) // 8, (width - x) // 8
    part = values[y : y + rows * 8, x : x + columns * 8]
    return part.reshape(rows, 8, columns, 8)


def over_blocks(step: np.ufunc, blocks: npt.NDArray[Value]) -> npt.NDArray[Value]:
    """`step` (np.maximum, np.add) over the values of each block that was cut: rows x columns.

    By whole rows of pixels: numpy goes over axes as short as a block's value by value.
    """
    lines = step.reduce(blocks.reshape(*blocks.shape[:2], -1), axis=1)
    found: npt.NDArray[Value] = step.reduce([lines[:, place::8] for place in range(8)])
    return found


def greatest(colours: npt.NDArray[Value]) -> npt.NDArray[Value]:
    """The greatest of the three channels; numpy's own goes over such short axes value by value."""
    found: npt.NDArray[Value] = np.maximum(
        np.maximum(colours[..., 0], colours[..., 1]), colours[..., 2]
    )
    return found


def least(colours: npt.NDArray[Value]) -> npt.NDArray[Value]:
    found: npt.NDArray[Value] = np.minimum(
        np.minimum(colours[..., 0], colours[..., 1]), colours[..., 2]
    )
    return found
