"""Text in pictures: rapidocr's detector and recogniser on one core (extra `ocr`).

The detector runs on a copy in which small print is about as high as it needs, and without most of
what is empty, since its cost is the number of pixels; the recogniser reads each line out of the
original. What the lines say is a recognition, never certain: no confidence reaches 1. Without the
extra `available` is False, and the readers say that the text was not read.

Source of the models' needs: rapidocr 3.10, PP-OCRv6 small (Chinese, Japanese, Latin script).
"""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Places = NDArray[np.intp]
    Floats = NDArray[np.float32]

NEEDS_OCR = "its text needs OCR, and the extra `ocr` is not installed, or does not start"

# Height in pixels that small print gets for the detector; below 10 it begins to miss lines.
_PRINT = 12.0
# Pixels for the detector, whatever the print: a third of a second of one core a million.
_MOST_PIXELS = 1_600_000
# Rows and columns that are left of a stretch in which each is like the one before, by levels.
_BLANK, _LIKE = 32, 8
# Of a box's lesser side: by how much the detector draws it wider than its print (unclip_ratio 1.6).
_WIDENED = 0.31
# Lines that are read, and how wide all of them may be at the recogniser's height, in its pixels.
MAX_LINES = 400
_MOST_WIDTH = 60_000
_HEIGHT = 48
# Lines, and trust in them all, by which a picture is known not to stand on its head: of photos and
# screens the right way up it is above .95, of the same turned around below .75.
_FEW, _TRUST = 3, 0.85
# Recognitions below this are patterns of the background.
_LEAST = 0.5
# How much darker or brighter than its ground a print is, of 255.
_INK = 60
# Pixels that a box to be read is wide and high at least.
_SMALLEST = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """One line of text in a picture.

    box         x, y, width, height in pixels, upright around it
    corners     the four corners, clockwise from where its first character begins
    confidence  of the recogniser, at most 0.99
    """

    text: str
    box: tuple[int, int, int, int]
    corners: tuple[tuple[float, float], ...]
    confidence: float


@cache
def available() -> bool:
    """Whether the extra `ocr` is installed, and starts; if not, `orderproof doctor` says why."""
    if not all(map(importlib.util.find_spec, ("rapidocr", "onnxruntime", "cv2", "numpy"))):
        return False
    try:
        importlib.import_module("cv2")
    except ImportError:  # its usual build wants the libraries of a screen
        return False
    return True


def load() -> None:
    """Load the models now, where they can be: processes that are forked later share them."""
    if available():
        _engine()


@cache
def engine_name() -> str:
    """What recognises, with its version, for the account: another version may read otherwise."""
    return f"rapidocr {version('rapidocr')}, onnxruntime {version('onnxruntime')}"


def read_lines(pixels: Pixels) -> list[Seen]:
    """The lines in a picture (height x width x BGR), from top to bottom as a person reads them.

    Text that stands on its head or on its side is read if most of the picture does.
    """
    import cv2

    best = _read(pixels)
    columns, sure = _are_columns(best), _are_sure(best)
    if len(best) < _FEW or (sure and not columns):
        return best
    turn = cv2.ROTATE_180
    if columns:
        # The recogniser is given a column turned to the left: what can be read so is to be turned.
        turn = cv2.ROTATE_90_COUNTERCLOCKWISE if sure else cv2.ROTATE_90_CLOCKWISE
    turned = _read(cv2.rotate(pixels, turn).astype(pixels.dtype))
    better = _weight(turned) > (0.9 if columns and sure else 1.5) * _weight(best)
    if better and len(turned) >= _FEW and _are_sure(turned) and not _are_columns(turned):
        height, width = pixels.shape[:2]
        return [_turned_back(seen, turn, width, height) for seen in turned]
    return best


def _are_columns(lines: Sequence[Seen]) -> bool:
    """Whether most of what was found stands upright."""
    return sum(seen.box[3] > 1.5 * seen.box[2] for seen in lines) > len(lines) / 2


def _are_sure(lines: Sequence[Seen]) -> bool:
    return sum(seen.confidence for seen in lines) >= _TRUST * len(lines)


def _weight(lines: Sequence[Seen]) -> float:
    return sum(len(seen.text) * max(seen.confidence - 0.5, 0.0) for seen in lines)


def _turned_back(seen: Seen, turn: int, width: int, height: int) -> Seen:
    """In the pixels of the picture as it is; `turn` is OpenCV's, of the copy it was read in."""
    import cv2

    def back(x: float, y: float) -> tuple[float, float]:
        if turn == cv2.ROTATE_90_COUNTERCLOCKWISE:
            return width - 1 - y, x
        if turn == cv2.ROTATE_90_CLOCKWISE:
            return y, height - 1 - x
        return width - 1 - x, height - 1 - y

    corners = tuple(back(x, y) for x, y in seen.corners)
    return Seen(seen.text, _around(corners), corners, seen.confidence)


def _read(pixels: Pixels) -> list[Seen]:
    import cv2
    import numpy as np
    from rapidocr.utils.process_img import get_rotate_crop_image

    engine = _engine()
    scale = _scale(pixels)
    small = pixels
    if scale != 1:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how).astype(np.uint8)
    folded, columns, rows = _folded(small)
    found = engine.text_det(folded).boxes
    if found is None or not len(found):
        return []
    boxes = np.asarray(found, dtype=np.float32)[:MAX_LINES]
    boxes = _unfolded(boxes, columns, rows) / np.float32(scale)
    crops = [get_rotate_crop_image(pixels, corners.copy()) for corners in boxes]
    lines = [
        Seen(text, _around(corners), corners, score)
        for (text, score), corners in zip(
            _recognised(crops), (tuple(map(tuple, box.tolist())) for box in boxes), strict=True
        )
        if text and score >= _LEAST
    ]
    return _in_order(lines)


def _folded(picture: Pixels) -> tuple[Pixels, Places, Places]:
    """The picture without most of its empty stretches, and the columns and rows that are left."""
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    rows = _telling(grey)
    columns = _telling(grey[rows].T)
    if grey.size == rows.size * columns.size:
        return picture, columns, rows
    return picture.take(rows, axis=0).take(columns, axis=1), columns, rows


def _telling(grey: Any) -> Places:
    """The rows but those far from each end of a stretch of rows that are all alike."""
    import numpy as np

    place = np.arange(len(grey))
    step = np.maximum(grey[1:], grey[:-1]) - np.minimum(grey[1:], grey[:-1])
    alike = step.max(axis=1, initial=0) <= _LIKE
    begins, ends = np.append(True, ~alike), np.append(~alike, True)
    since = place - np.maximum.accumulate(np.where(begins, place, 0))
    until = np.minimum.accumulate(np.where(ends, place, len(grey))[::-1])[::-1] - place
    return np.flatnonzero(np.minimum(since, until) < _BLANK // 2)


def _unfolded(boxes: Floats, columns: Places, rows: Places) -> Floats:
    """Boxes (n x 4 corners x 2) of a folded picture as they lie in the whole one.

    Each corner goes where the print goes that it is the corner of: the box may reach into a stretch
    of which most is left out.
    """
    import numpy as np

    sides = np.linalg.norm(boxes - np.roll(boxes, 1, axis=1), axis=2)
    toward = boxes.mean(axis=1, keepdims=True) - boxes
    away = np.maximum(np.abs(toward), 1)
    inward = np.minimum(_WIDENED * sides.min(axis=1)[:, None, None], away) * np.sign(toward)
    x, y = np.moveaxis(boxes + inward, 2, 0)
    whole = np.stack(
        [np.interp(x, np.arange(len(columns)), columns), np.interp(y, np.arange(len(rows)), rows)],
        axis=2,
    )
    return np.asarray(np.rint(whole - inward), dtype=np.float32)


def read_boxes(
    pixels: Pixels, boxes: Sequence[tuple[float, float, float, float]]
) -> list[tuple[str, float]]:
    """What stands in each box (left, top, right, bottom in pixels), and how sure that is.

    For who knows where a line of text stands: looking for lines costs more than reading a few.
    ("", 0.0) where nothing is read; boxes behind as much text as a page may have are not read.
    """
    height, width = pixels.shape[:2]
    crops: dict[int, Pixels] = {}
    wide = 0.0
    for number, (left, top, right, bottom) in enumerate(boxes[:MAX_LINES]):
        x0, x1 = max(0, round(left)), min(width, round(right))
        y0, y1 = max(0, round(top)), min(height, round(bottom))
        if x1 - x0 >= _SMALLEST and y1 - y0 >= _SMALLEST:
            crop = _without_blank_ends(pixels[y0:y1, x0:x1])
            wide += crop.shape[1] * _HEIGHT / crop.shape[0]
            if wide > _MOST_WIDTH:
                break
            crops[number] = crop
    read = dict(zip(crops, _recognised(list(crops.values())), strict=True))
    return [read.get(number, ("", 0.0)) for number in range(len(boxes))]


def _without_blank_ends(crop: Pixels) -> Pixels:
    """A line without what is empty before and behind it: what is read costs by its width."""
    import numpy as np

    high = crop.shape[0]
    grey = crop.min(axis=2).astype(np.int16)
    ground = np.median(grey)
    inked = np.flatnonzero((np.abs(grey - ground) > _INK).sum(axis=0) > 0.08 * high)
    if not len(inked):
        return crop
    margin = high // 4
    return crop[:, max(0, int(inked[0]) - margin) : int(inked[-1]) + margin + 1]


def _recognised(crops: Sequence[Any]) -> list[tuple[str, float]]:
    """The text in each picture of one line, and how sure that is, at most 0.99."""
    from rapidocr.ch_ppocr_rec import TextRecInput

    if not crops:
        return []
    width = sum(crop.shape[1] * _HEIGHT / max(crop.shape[0], 1) for crop in crops)
    if width > _MOST_WIDTH:
        # Much text: narrower characters cost less, and hardly more errors down to four fifths.
        crops = [_narrower(crop, max(_MOST_WIDTH / width, 0.7)) for crop in crops]
    read = _engine().text_rec(TextRecInput(img=list(crops), return_word_box=False))
    return [
        (text.strip(), min(float(score), 0.99))
        for text, score in zip(read.txts, read.scores, strict=True)
    ]


def _in_order(lines: Sequence[Seen]) -> list[Seen]:
    return sorted(lines, key=lambda seen: (seen.box[1] + seen.box[3] / 2, seen.box[0]))


def straightened(
    lines: Sequence[Seen], size: tuple[float, float]
) -> tuple[list[tuple[float, float, float, float]], tuple[float, float]]:
    """The boxes as they would stand if the text ran level: a photo's rows are rows again.

    size   of the picture, width and height; as it is then, it is the second half of the answer

    A picture that lies on its side or stands on its head is set upright; then each line is turned
    back by the slant around the origin, which keeps what is beside and what is under it.
    """
    width, height = size
    for _ in range(_quarters(lines)):
        lines = [_quarter_back(seen, width) for seen in lines]
        width, height = height, width
    return _levelled(lines), (width, height)


def _quarters(lines: Sequence[Seen]) -> int:
    """How many quarter turns to the right most of the text has from level."""
    along = [(seen.corners[0], seen.corners[1]) for seen in lines if len(seen.corners) == 4]
    x, y = (sum(end[side] - begin[side] for begin, end in along) for side in (0, 1))
    return round(math.atan2(y, x) / (math.pi / 2)) % 4


def _quarter_back(seen: Seen, width: float) -> Seen:
    corners = tuple((y, width - x) for x, y in seen.corners)
    return Seen(seen.text, _around(corners), corners, seen.confidence)


def _levelled(lines: Sequence[Seen]) -> list[tuple[float, float, float, float]]:
    slant = slant_of(lines) or 0.0
    cos, sin = math.cos(-slant), math.sin(-slant)
    boxes = []
    for seen in lines:
        if abs(slant) < 0.004:
            boxes.append(
                (float(seen.box[0]), float(seen.box[1]), float(seen.box[2]), float(seen.box[3]))
            )
            continue
        turned = [(x * cos - y * sin, x * sin + y * cos) for x, y in seen.corners]
        left, top = min(x for x, _ in turned), min(y for _, y in turned)
        right, bottom = max(x for x, _ in turned), max(y for _, y in turned)
        boxes.append((left, top, right - left, bottom - top))
    return boxes


def slant_of(lines: Sequence[Seen]) -> float | None:
    """The angle in radians at which the longer lines run; None where nothing is long enough."""
    angles = sorted(
        math.atan2(b[1] - a[1], b[0] - a[0])
        for a, b in ((seen.corners[0], seen.corners[1]) for seen in lines if len(seen.corners) == 4)
        if math.hypot(b[0] - a[0], b[1] - a[1]) > 80
    )
    middle = angles[len(angles) // 2] if angles else None
    return middle if middle is None or abs(middle) < 0.6 else None


def _narrower(crop: Pixels, factor: float) -> Any:
    import cv2

    size = (max(8, round(crop.shape[1] * factor)), crop.shape[0])
    return cv2.resize(crop, size, interpolation=cv2.INTER_AREA)


def _around(corners: Sequence[tuple[float, ...]]) -> tuple[int, int, int, int]:
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    right, bottom = max(x for x, _ in corners), max(y for _, y in corners)
    return round(left), round(top), round(right - left), round(bottom - top)


def _scale(pixels: Pixels) -> float:
    """How much smaller the detector's copy is: so that small print is _PRINT pixels high."""
    height, width = pixels.shape[:2]
    bound: float = (_MOST_PIXELS / (height * width)) ** 0.5
    glyph = print_height(pixels)
    wanted = min(_PRINT / glyph, 2.0) if glyph else 1.0
    return float(min(wanted if wanted < 0.9 or wanted > 1.2 else 1.0, bound))


def print_height(pixels: Pixels) -> float:
    """Height in pixels of the smaller print, from ascender to descender; 0.0 if none is seen.

    By the heights of dark or bright connected spots that have the proportions of characters.
    """
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    shrink = min(1.0, 2000 / max(height, width))
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    if shrink < 1:
        grey = cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    block = 31
    heights: list[NDArray[Any]] = []
    for sign in (cv2.THRESH_BINARY_INV, cv2.THRESH_BINARY):
        away = 15 if sign == cv2.THRESH_BINARY_INV else -15
        spots = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, sign, block, away)
        _, _, stats, _ = cv2.connectedComponentsWithStats(spots, connectivity=4)
        w, h, area = stats[1:, 2], stats[1:, 3], stats[1:, 4]
        fill = area / np.maximum(w * h, 1)
        like = (h >= 5) & (h <= 90) & (w >= 2) & (w <= 2.5 * h) & (fill > 0.15) & (fill < 0.95)
        heights.append(h[like])
    best = max(heights, key=len)
    if len(best) < 20:
        return 0.0
    # Most spots are small letters, two thirds of a line's height or so.
    return float(np.percentile(best, 30) * 1.5 / shrink)


@cache
def _engine() -> Any:
    """The models, loaded once a process; they come in rapidocr's wheel, nothing is fetched.

    Nothing is told either: onnxruntime from 1.29 on reports to its maker which models are run, and
    keeps a number for this machine in a folder of the user's, unless that is forbidden before it
    is imported (its Privacy.md, "Disabling Telemetry").
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import cv2
    import numpy as np
    from rapidocr import RapidOCR

    cv2.setNumThreads(1)
    engine: Any = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            # Or each layer's memory is asked of the system anew: a third of the detector's time.
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": True,
            # The detector must not scale once more.
            "Det.limit_type": "max",
            "Det.limit_side_len": 20_000,
            # Lines of a batch are padded to the longest: alone, each costs its own width.
            "Rec.rec_batch_num": 1,
            "Rec.rec_img_shape": [3, _HEIGHT, 2 * _HEIGHT],
        }
    )
    engine._load_det_model()
    engine._load_rec_model()
    # Or what it is given is reckoned with twice as wide numbers, and made narrow then.
    engine.text_det.mean = engine.text_det.std = np.full(3, 0.5, dtype=np.float32)
    return engine
