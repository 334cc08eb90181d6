"""A picture's traces: what its metadata tells of its making, and what its pixels do.

What needs numpy and OpenCV, or c2pa (extra `forensics`), is left out where they are not installed,
and `trace.unchecked` says so.
"""

from __future__ import annotations

import io
import warnings

from PIL import Image

from evidence.facts import Fact
from evidence.items import Item
from verifiers.readers.reader import MAX_BYTES, MAX_PIXELS, why_not
from verifiers.readers.traces import credentials, picture_metadata
from verifiers.readers.traces.trace import Trace, facts_of

NEEDS = "needs the extra `forensics`, which is not installed, or does not start"

_OF_EDITORS = frozenset({"trace.file.editor", "trace.picture.history"})


def read(item: Item) -> list[Fact]:
    """Every trace; never raises for bad bytes. A part that fails costs only itself."""
    data = item.content.read(MAX_BYTES)
    traces: list[Trace] = []
    for part in (picture_metadata.traces_in, credentials.traces_in):
        try:
            traces += part(data)
        except ImportError:
            traces.append(Trace("trace.unchecked", f"looking at a picture's credentials {NEEDS}"))
        except Exception as problem:  # hostile files reach every corner of the parsers
            said = why_not(problem, "its metadata cannot be looked at")
            traces.append(Trace("trace.unchecked", said))
    edited = any(trace.name in _OF_EDITORS for trace in traces)
    traces += _pixels(data, edited=edited)
    return facts_of(item, traces)


def _pixels(data: bytes, *, edited: bool) -> list[Trace]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as picture:
                if picture.size[0] * picture.size[1] > MAX_PIXELS:
                    return [Trace("trace.unchecked", f"it has more than {MAX_PIXELS:,} pixels")]
                picture.load()
                tables = getattr(picture, "quantization", None)
                from verifiers.readers.traces import pixels

                return pixels.traces_of(picture, tables, edited=edited)
    except ImportError:
        return [Trace("trace.unchecked", f"looking at a picture's pixels {NEEDS}")]
    except Exception as problem:
        return [Trace("trace.unchecked", why_not(problem, "it cannot be decoded whole"))]
