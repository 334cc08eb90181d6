"""The small picture that a camera puts into a file, against the large one.

An editor that keeps the old thumbnail leaves what was there before. A crop and a turn leave it,
too: then the two have another shape and nothing is compared, or the picture is found within its
thumbnail. Brightness and contrast are allowed for, as are frames, bars and arrows that people draw.
"""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import ExifTags, Image

from evidence.locators import box
from verifiers.readers.traces.blocks import Bytes, Floats
from verifiers.readers.traces.marking import drawn_on, vivid_share
from verifiers.readers.traces.trace import Trace

_OFFSET, _LENGTH = 0x0201, 0x0202  # Exif 2.32, 4.6.5, of the first IFD
_LEAST_SIDE = 90
# Grey levels beyond what JPEG and resampling leave, and as a multiple of what the camera's way of
# making its thumbnail leaves at the rest of the writing: some sharpen it, and all of it differs.
_OFF, _OVER_REST, _WRITING = 7.5, 3.5, 12.0
_LEAST_AREA = 12
# Writing lies; what is small and stands upright is moiré, or an edge that was made small otherwise.
_LYING, _LARGE = 1.5, 60
# Correlation of one drawing in two tones and sharpnesses: .96 where contrast was raised, .73 and
# more in photographs of screens and papers, .65 and less where a date was typed anew. A thumbnail
# with so many times the contrast was sharpened, and agrees less.
_SAME, _SAME_SHARPENED, _SHARPENED = 0.7, 0.5, 1.4
# Made even over so many pixels, an edit is so many times off what one in twenty is: 6.3 and
# more of 33 dates typed anew. What a camera's coarse way of making it small leaves at a fence, or
# what was sharpened since, evens out: 3.5 and 1.1 in two real photographs.
_EVEN, _STANDS_OUT = 5, 4.7
# Detail of these sizes, in pixels, is alike to .96 and more in 43 real pictures and their own ones.
# One side of a crop, of its thumbnail's; how alike it is where it was cut out: of 965 crops that
# kept theirs none is told, of 193 pictures with the thumbnail of another one 152.
_FINE, _COARSE, _ANOTHER, _LEAST_DETAIL = 5, 25, 0.5, 4.0
_CROPS, _CUT_OUT = tuple(share / 100 for share in range(30, 100, 3)), 0.7


def disagreements(picture: Image.Image, rgb: Bytes) -> list[Trace]:
    """Parts of the picture that its own thumbnail shows otherwise; [] without a thumbnail."""
    small = _thumbnail(picture)
    if small is None or min(small.size) < _LEAST_SIDE // 2 or max(small.size) < _LEAST_SIDE:
        return []
    height, width = rgb.shape[:2]
    if abs(small.size[0] / small.size[1] / (width / height) - 1) > 0.02:
        return []
    kept = np.asarray(small, dtype=np.float32)
    shrunk = Image.fromarray(rgb).convert("L").resize(small.size, Image.Resampling.BOX)
    now = np.asarray(shrunk, dtype=np.float32)
    if _is_another(now, kept):
        said = "the thumbnail in the file shows another picture"
        return [Trace("trace.picture.thumbnail", said, box(0, 0, width, height), 0.85)]
    off = _differences(now, kept)
    if off is None:
        return []
    scale = width / small.size[0]
    slope, shift = np.polyfit(now.ravel(), kept.ravel(), 1)
    even = np.abs(cv2.blur((slope * now + shift - kept).astype(np.float32), (_EVEN, _EVEN)))
    least = _STANDS_OUT * float(np.percentile(even, 95))
    joined = cv2.morphologyEx(
        off.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 9), dtype=np.uint8)
    )
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    traces = []
    for label in range(1, count):
        x, y, w, h, area = (int(n) for n in stats[label])
        if area < _LEAST_AREA or (area < _LARGE and w < _LYING * h):
            continue
        around = even[max(0, y - 1) : y + h + 1, max(0, x - 1) : x + w + 1]
        if around.max() < least or _same_drawing(now, kept, (x, y, w, h)):
            continue
        place = (int(x * scale), int(y * scale), max(1, int(w * scale)), max(1, int(h * scale)))
        if drawn_on(rgb, place) or vivid_share(rgb, place) > 0.03:
            continue
        said = "the thumbnail in the file shows something else here"
        traces.append(Trace("trace.picture.thumbnail", said, box(*place), 0.9))
    return traces if len(traces) <= 5 else []


def _is_another(now: Floats, kept: Floats) -> bool:
    """Whether the thumbnail is of another picture: neither of this one, nor of what it was cut from
    or turned from by a half."""
    one, other = _detail(now), _detail(kept)
    if min(float(one.std()), float(other.std())) < _LEAST_DETAIL:
        return False  # an empty one says nothing
    turned = (one, one[::-1, ::-1], one[:, ::-1], one[::-1])
    if any(np.corrcoef(each.ravel(), other.ravel())[0, 1] > _ANOTHER for each in turned):
        return False
    return not any(_is_cut_from(now, kept, share) for share in _CROPS)


def _detail(grey: Floats) -> Floats:
    fine, coarse = cv2.blur(grey, (_FINE, _FINE)), cv2.blur(grey, (_COARSE, _COARSE))
    return np.asarray(fine - coarse, dtype=np.float32)


def _is_cut_from(now: Floats, kept: Floats, share: float) -> bool:
    part = cv2.resize(now, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    soft = [cv2.blur(each, (3, 3)) for each in (kept, part)]  # shares lie a little apart
    return float(cv2.matchTemplate(soft[0], soft[1], cv2.TM_CCOEFF_NORMED).max()) > _CUT_OUT


def _same_drawing(now: Floats, kept: Floats, part: tuple[int, int, int, int]) -> bool:
    """Whether both show the same there, the one with more contrast or sharper than the other."""
    x, y, w, h = part
    around = (slice(max(0, y - 1), y + h + 1), slice(max(0, x - 1), x + w + 1))
    one, other = now[around].ravel(), kept[around].ravel()
    contrast, kept_contrast = float(one.std()), float(other.std())
    if min(contrast, kept_contrast) < 1:
        return False  # one of them shows nothing
    least = _SAME_SHARPENED if kept_contrast > _SHARPENED * contrast else _SAME
    return float(np.corrcoef(one, other)[0, 1]) > least


def _thumbnail(picture: Image.Image) -> Image.Image | None:
    block = picture.info.get("exif")
    if not isinstance(block, bytes) or not block.startswith(b"Exif\x00\x00"):
        return None
    first = picture.getexif().get_ifd(ExifTags.IFD.IFD1)
    start, length = first.get(_OFFSET), first.get(_LENGTH)
    if not isinstance(start, int) or not isinstance(length, int):
        return None
    with Image.open(io.BytesIO(block[6 + start : 6 + start + length]), formats=["JPEG"]) as small:
        if small.size[0] * small.size[1] > 1 << 20:
            return None
        return small.convert("L")


def _differences(
    now: Floats, kept: Floats
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]] | None:
    """Where the two differ by more than contrast, resampling and JPEG; None if they do all over."""
    slope, shift = np.polyfit(now.ravel(), kept.ravel(), 1)
    # Once more without what is off: a red frame would bend the fit for everything else.
    near = np.abs(slope * now + shift - kept) < 20
    if near.mean() < 0.7:
        return None
    slope, shift = np.polyfit(now[near], kept[near], 1)
    if not 0.4 < slope < 2.5:
        return None
    fitted = (slope * now + shift).astype(np.float32)
    three = np.ones((3, 3), dtype=np.uint8)
    reach = cv2.dilate(fitted, three) - cv2.erode(fitted, three)
    gap = np.maximum(np.abs(fitted - kept) - 0.3 * reach, 0)
    blurred = cv2.blur(gap, (3, 3))
    writing = blurred[cv2.dilate((reach > _WRITING).astype(np.uint8), three) > 0]
    rest = float(np.percentile(writing, 90)) if writing.size else 0.0
    off = blurred > max(_OVER_REST * rest, _OFF)
    share = float(off.mean())
    if not 0 < share < 0.12 or float(np.median(gap)) > 4:
        return None
    return np.asarray(off)
