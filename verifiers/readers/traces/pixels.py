"""A decoded picture's traces, each looked for in the same planes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from evidence.locators import box
from verifiers.readers.traces.baselines import is_level, off_the_line
from verifiers.readers.traces.blocks import Floats
from verifiers.readers.traces.glyphs import glyphs_of
from verifiers.readers.traces.grain import grained, roughness, strange_papers
from verifiers.readers.traces.lettering import odd_figures
from verifiers.readers.traces.marking import marks_on
from verifiers.readers.traces.shifted import shifted_glyphs, stands_of
from verifiers.readers.traces.strange import strange_parts
from verifiers.readers.traces.thumbnail import disagreements
from verifiers.readers.traces.trace import Trace
from verifiers.readers.traces.typed_upon import typed_upon
from verifiers.readers.traces.typeface import strange_typefaces
from verifiers.readers.traces.words import words_of

# Smaller than this there is no writing to judge.
LEAST_SIDE = 64


def traces_of(
    picture: Image.Image, tables: Mapping[int, Sequence[int]] | None, *,
    paper: bool = False, edited: bool = False,
) -> list[Trace]:  # fmt: skip
    """The traces in the pixels; `tables` are a JPEG's own quantisation tables.

    paper    it is a sheet that was scanned, on which no line is level to the pixel
    edited   an editor of pictures wrote the file: what is too little alone is told as well
    """
    if min(picture.size) < LEAST_SIDE:
        return []
    rgb = np.asarray(picture.convert("RGB"))
    grey = np.asarray(picture.convert("YCbCr"))[..., 0].astype(np.float32)
    table: Floats | None = np.array(tables[0], dtype=np.float32) if tables else None
    drawn = [
        Trace("trace.picture.marked", "somebody drew on it to show something", box(*place))
        for place in marks_on(rgb)[:5]
    ]
    words = words_of(rgb)
    # In a photo and a scan no line is level.
    level = not paper and not grained(roughness(grey), words)
    glyphs = [glyphs_of(rgb, word) for word in words] if level else []
    level = level and is_level(words, glyphs)
    lines = stands_of(rgb, words) if level else []
    return [
        *drawn,
        *disagreements(picture, rgb),
        *strange_parts(rgb, grey, table),
        *typed_upon(rgb, words),
        *strange_papers(rgb, grey, words, kept=table is None),
        *(off_the_line(rgb, words, glyphs) if level else []),
        *shifted_glyphs(rgb, lines),
        *strange_typefaces(rgb, [[one.glyph for one in line] for line in lines]),
        *(odd_figures(rgb, words) if edited and not paper else []),
    ]
