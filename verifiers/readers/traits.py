"""What a picture is made of, in numbers: was it drawn by a program, or seen by a camera or scanner?

A program paints each surface in one tone, and a screen's edges are one pixel sharp. A camera sees
light that falls off, grain, and what lies around its subject. A scanner sees grain, but even
light, and mostly no colour. A messenger makes pictures smaller, which softens their edges.

The numbers are facts (`picture.trait`); what they come to is judged from them by
verifiers/marks/kind.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from verifiers.readers.bubbles import bubbles_in

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    from verifiers.readers.ocr import Pixels

    Floats = NDArray[np.float32]

# Blocks of 8 x 8 pixels that are measured, spread over the picture; pixels looked at for edges.
_MOST_BLOCKS = 60_000
_MOST_EDGE_PIXELS = 4_000_000
# Grey levels: a block of one tone; one without writing; how far paper may be from its own tone.
_EVEN, _QUIET, _PAPER = 2, 6.0, 60
# An edge is a straight one of so many pixels, and so many grey levels high.
_RUN, _STEP = 48, 10
# An edge is sharp if this much of it lies between two pixels.
_SHARP = 0.85
# What every JPEG file has (ITU-T T.871).
_JFIF = {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}
# Edges that must be there for a share of them to mean anything.
_FEW_EDGES = 6


def traits_of(pixels: Pixels) -> Mapping[str, float]:
    """Measures of a picture (height x width x BGR) by name; {} for one too small to have any.

    even      share of blocks of 8 x 8 pixels that have one tone
    drift     share of those whose tone is nearly, but not quite, the most frequent one
    tones     share of blocks without writing in their three most frequent tones
    paper     grey level of the paper, the middle of those blocks
    shade     how much the light on the paper falls off, in hundredths of its tone
    grain     mean deviation of a pixel of the paper from its neighbours, in grey levels
    tint      how far the middle pixel is from grey; `colour` how far the hundredth most colourful
    between   share of pixels between ink and paper among those that are not paper
    rim       share of the picture's edge that is darker or lighter than the paper
    sharp     share of straight edges that are one pixel sharp; absent where there are none
    left, right, entry   bubbles of a chat, and whether it has a line to type in (bubbles.py)
    lone                 bubbles of one side alone, with nothing beside them
    """
    import cv2
    import numpy as np

    from verifiers.readers.traces.blocks import greatest, least, over_blocks

    height, width = pixels.shape[:2]
    if min(height, width) < 48:
        return {}
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY).astype(pixels.dtype, copy=False)
    blocks = _blocks(grey)
    even = over_blocks(np.maximum, blocks) - over_blocks(np.minimum, blocks) <= _EVEN
    values = blocks.astype(np.float32)  # sums of a block's are whole numbers, and exact
    tone = np.asarray(over_blocks(np.add, values) / 64, dtype=np.float32)
    squares = over_blocks(np.add, values * values) / 64
    quiet = squares - tone.astype(np.float64) ** 2 < _QUIET * _QUIET
    found = {"even": float(even.mean())}
    if even.sum() >= 20:
        found["drift"] = _drift(tone[even])
    if quiet.sum() >= 20:
        papers = tone[quiet]
        found["tones"] = _in_few_tones(papers)
        found["paper"] = middle = float(np.median(papers))
        found["shade"] = _shade(tone, quiet & (np.abs(tone - middle) < _PAPER))
        rows, columns = np.nonzero(quiet)
        found["grain"] = _grain(values[rows, :, columns])
        found["rim"] = _rim(grey, middle)
    spread = pixels[::3, ::3]
    colourful = greatest(spread) - least(spread)
    found["tint"] = float(np.median(colourful))
    found["colour"] = float(np.percentile(colourful, 99))
    found["between"] = _between(grey)
    if (sharp := _sharpness(grey)) is not None:
        found["sharp"] = sharp
    bubbles = bubbles_in(pixels)
    found |= {"left": bubbles.left, "right": bubbles.right, "entry": float(bubbles.entry)}
    found["lone"] = bubbles.lone
    return found


def file_traits(picture: Image.Image) -> Mapping[str, float]:
    """What a JPEG file is beside its pixels; {} for other formats.

    quality   of the free library whose table it bears; absent for another program's table
    bare      1 if it holds nothing else: no camera, no colour profile, no resolution, no comment
    """
    from verifiers.readers.traces.blocks import quality_of

    tables = getattr(picture, "quantization", None)
    if picture.format != "JPEG" or not tables:
        return {}
    bare = set(picture.info) <= _JFIF and picture.info.get("jfif_unit", 0) == 0
    quality = quality_of(tables[0]) if 0 in tables and len(tables[0]) == 64 else None
    return {"bare": float(bare)} | ({"quality": float(quality)} if quality else {})


def told(traits: Mapping[str, float]) -> list[str]:
    """The measures as `picture.trait` facts say them: "0.87 even"."""
    return [f"{value:.2f} {name}" for name, value in traits.items()]


def _blocks(grey: Pixels) -> Pixels:
    """Whole blocks, rows x 8 x columns x 8 pixels; of a large picture, every so many rows."""
    from verifiers.readers.traces.blocks import cut

    blocks = cut(grey)
    return blocks[:: max(1, blocks.shape[0] * blocks.shape[2] // _MOST_BLOCKS)]


def _shade(tone: Floats, quiet: Any) -> float:
    """The range of a smooth surface through the tones of the paper, in hundredths of its tone.

    Panels of other tones are left out: a quadric is fitted again to what lies near the last one.
    """
    import numpy as np

    rows, columns = np.nonzero(quiet)
    values = tone[rows, columns].astype(np.float64)
    y = rows / max(tone.shape[0] - 1, 1) * 2 - 1
    x = columns / max(tone.shape[1] - 1, 1) * 2 - 1
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=1)
    near = np.ones(len(values), dtype=bool)
    light = values
    for _ in range(6):
        fitted, *_ = np.linalg.lstsq(terms[near], values[near], rcond=None)
        light = terms @ fitted
        away = np.abs(values - light)
        closer = away <= max(6.0, 1.2 * float(away[near].mean()))
        if closer.sum() < 20 or (closer == near).all():
            break
        near = closer
    low, middle, high = np.percentile(light[near], (5, 50, 95))
    return float(100 * (high - low) / max(middle, 8.0))


def _drift(tones: Floats) -> float:
    """The share that lies half a grey level to three and a half from the most frequent tone."""
    import numpy as np

    counts = np.bincount((tones * 2 + 0.5).astype(np.intp), minlength=512)
    away = np.abs(tones - counts.argmax() / 2)
    return float(((away >= 0.5) & (away <= 3.5)).mean())


def _in_few_tones(tones: Floats) -> float:
    """The share in the three most frequent tones, each a grey level wide to both sides."""
    import numpy as np

    counts = np.bincount(tones.astype(np.intp), minlength=256).astype(np.float64)
    whole, few = counts.sum(), 0.0
    for _ in range(3):
        top = int(counts.argmax())
        near = slice(max(0, top - 1), top + 2)
        few += counts[near].sum()
        counts[near] = 0
    return float(few / whole)


def _grain(blocks: Floats) -> float:
    """The noise of quiet blocks (J. Immerkær, CVIU 64 (1996), 300), the middle one of them."""
    import numpy as np

    beside = blocks[:, :-2, 1:-1] + blocks[:, 2:, 1:-1] + blocks[:, 1:-1, :-2] + blocks[:, 1:-1, 2:]
    across = blocks[:, :-2, :-2] + blocks[:, :-2, 2:] + blocks[:, 2:, :-2] + blocks[:, 2:, 2:]
    inner = 4 * blocks[:, 1:-1, 1:-1] - 2 * beside + across
    return float(np.median(np.abs(inner).mean((1, 2))) * np.sqrt(np.pi / 2) / 6)


def _rim(grey: Pixels, paper: float) -> float:
    """The share of the outermost hundredth of the picture that has another tone than the paper."""
    import numpy as np

    wide = max(2, min(grey.shape) // 100)
    edge = np.concatenate(
        [part.ravel() for part in (grey[:wide], grey[-wide:], grey[:, :wide], grey[:, -wide:])]
    )
    return float((np.abs(edge.astype(np.float32) - paper) > 30).mean())


def _between(grey: Pixels) -> float:
    """How much of what is not paper is neither ink: letters of a fax have no soft edges."""
    import cv2

    counts = cv2.calcHist([grey], [0], None, [256], (0, 256))
    dark, middle = int(counts[:40].sum()), int(counts[40:216].sum())
    return middle / max(dark + middle, 1)


def _sharpness(grey: Pixels) -> float | None:
    """The share of straight edges, level and upright ones, that lie between two pixels."""
    import numpy as np

    height, width = grey.shape
    rows = max(_RUN, min(height, _MOST_EDGE_PIXELS // width))
    part = grey[:rows].astype(np.int16)
    counted = sharp = 0
    for plane in (part, part.T):
        many, few = _edges(np.diff(plane, axis=0))
        counted, sharp = counted + many, sharp + few
    return sharp / counted if counted >= _FEW_EDGES else None


def _edges(steps: Any) -> tuple[int, int]:
    """(straight edges along the rows, those that are sharp); `steps` from each row to the next."""
    import numpy as np

    runs = steps.shape[1] // _RUN
    if runs == 0 or steps.shape[0] < 3:
        return 0, 0
    cut = steps[:, : runs * _RUN].reshape(steps.shape[0], runs, _RUN)
    # Most runs have no edge at all: their ends and middle are flat.
    likely = np.abs(cut[:, :, :: _RUN // 4]).min(axis=2) >= _STEP // 2
    high = np.zeros(cut.shape[:2], dtype=np.float32)
    straight = np.zeros(cut.shape[:2], dtype=bool)
    rows, places = np.nonzero(likely)
    chosen = cut[rows, places].astype(np.float32)
    if not len(chosen):
        return 0, 0
    height = np.median(chosen, axis=1)
    uneven = np.abs(chosen - height[:, None]).mean(axis=1)
    high[rows, places] = height
    straight[rows, places] = (np.abs(height) >= _STEP) & (uneven < 3 + 0.06 * np.abs(height))
    before, after = np.zeros_like(high), np.zeros_like(high)
    before[1:], after[:-1] = high[:-1], high[1:]
    peak = (np.abs(high) >= np.abs(before)) & (np.abs(high) >= np.abs(after)) & straight
    same = np.where(before * high > 0, np.abs(before), 0) + np.where(
        after * high > 0, np.abs(after), 0
    )
    share = np.abs(high[peak]) / (np.abs(high[peak]) + same[peak])
    return int(peak.sum()), int((share > _SHARP).sum())
