"""A decoded picture's traces, each looked for in the same planes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from verifiers.readers.traces.blocks import quality_of
from verifiers.readers.traces.lattice import strange_parts
from verifiers.readers.traces.trace import Trace

# Smaller than this there is no writing to judge.
LEAST_SIDE = 64


def traces_of(picture: Image.Image, tables: Mapping[int, Sequence[int]] | None) -> list[Trace]:
    """The traces in the pixels; `tables` are a JPEG's own quantisation tables."""
    if min(picture.size) < LEAST_SIDE:
        return []
    rgb = np.asarray(picture.convert("RGB"))
    grey = np.asarray(picture.convert("YCbCr"))[..., 0].astype(np.float32)
    final = None
    if tables:
        # A table of another program's own: as fine as the finest, so that nothing is guessed.
        final = quality_of(tables[0]) or 100
    return strange_parts(rgb, grey, final)
