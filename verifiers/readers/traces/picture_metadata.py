"""What a picture's metadata tells of its making: programs, their history, its times."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from PIL import Image

from evidence.locators import meta
from verifiers.readers.said.clocks import clocks_in
from verifiers.readers.said.days import days_in
from verifiers.readers.said.fold import fold
from verifiers.readers.traces.editors import pixel_editor
from verifiers.readers.traces.trace import Trace, shortened
from verifiers.readers.traces.xmp import Xmp, xmp_of

_EXIF_IFD = 0x8769
_MODEL = 0x0110
_SOFTWARE, _CHANGED, _TAKEN, _DIGITISED = 0x0131, 0x0132, 0x9003, 0x9004
_PROCESSING = 0x000B


def traces_in(data: bytes) -> list[Trace]:
    """The traces in a picture's metadata; the picture itself is not decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data)) as picture:
            return list(_traces(data, picture))


def _traces(data: bytes, picture: Image.Image) -> Iterator[Trace]:
    exif = picture.getexif()
    inner = exif.get_ifd(_EXIF_IFD)
    xmp = xmp_of(data)
    programs = [_text(exif.get(_SOFTWARE)), _text(exif.get(_PROCESSING))]
    programs += [_text(value) for key, value in picture.info.items()
                 if key in {"Software", "software", "Comment", "comment"}]  # fmt: skip
    if b"8BIM" in data[:200_000] and b"Photoshop 3.0" in data[:200_000]:
        programs.append("Photoshop (its resources are in the file)")
    told: list[Trace] = []
    if xmp is not None:
        programs += [xmp.first("xmp:CreatorTool"), *xmp.all("stEvt:softwareAgent")]
        told = list(_history(xmp))
        yield from told
    taken = _moment(inner.get(_TAKEN)) or _moment(inner.get(_DIGITISED))
    changed = _moment(exif.get(_CHANGED))
    later = taken is not None and changed is not None and changed > taken + timedelta(minutes=2)
    photo = bool(_text(exif.get(_MODEL)) or taken)
    named = next((name for name in programs if name and pixel_editor(name, photo=photo)), None)
    if named is not None:
        said = f"it passed through {shortened(named)}"
        said += f", which changed it {changed - taken} after it was taken" if (
            later and changed and taken
        ) else ""  # fmt: skip
        # A crop or a smaller copy is what such programs are honestly used for. The name alone
        # never decides: who crops, turns or marks leaves the same one.
        cut = _stated_size(inner) not in {None, picture.size, picture.size[::-1]}
        cut = cut or any(trace.strength <= _EXPLAINED for trace in told)
        strength = 0.35 if cut else 0.65 if later else 0.6
        yield Trace("trace.file.editor", said, meta("Software"), strength)
    if taken is not None and changed is not None and changed < taken - timedelta(hours=26):
        said = f"it was changed ({changed}) before it was taken ({taken})"
        yield Trace("trace.file.times", said, meta("DateTime"), 0.5)


_EXPLAINED = 0.3  # the history names only what turns, cuts or brightens
# Steps as Photoshop's history log and other programs' lists name them.
_RETOUCHED = re.compile(
    r"clone|healing|\bpatch tool|content-aware|type tool|edit type|text layer|\bpaste|\bbrush"
    r"|eraser|\bsmudge|inpaint|remove tool|retouch",
    re.IGNORECASE,
)
_ARRANGED = re.compile(
    r"crop|rotat|straighten|resi[sz]e|image size|canvas size|flip|convert mode|flatten|^open|^save"
    r"|export|levels|curves|brightness|contrast|white balance",
    re.IGNORECASE,
)


_STATED, _NOTED = 0.9, 0.48
_LEAST_FIGURES = 5  # of a number


def _states(layer: str) -> bool:
    """Whether a layer's text says a day, a time of day or a number."""
    text = fold(layer)
    days = any(day.readings for day in days_in(text))
    return days or bool(clocks_in(text)) or sum(map(str.isdigit, text)) >= _LEAST_FIGURES


def _history(xmp: Xmp) -> Iterator[Trace]:
    """What Adobe's programs keep of their own work (XMP part 2; Photoshop's namespace)."""
    layers = [shortened(text) for text in xmp.all("photoshop:LayerText") if text.strip()]
    if layers:
        said = f'text was set in a layer of its own: "{"; ".join(layers[:3])}"'
        # "See here" and "Exhibit 4" are notes; a date, a time or a number is what documents prove.
        strength = _STATED if any(map(_states, layers)) else _NOTED
        yield Trace("trace.picture.text_layer", said, meta("photoshop:TextLayers"), strength)
    steps = [
        step.strip()
        for name in ("photoshop:History", "stEvt:parameters")
        for text in xmp.all(name)
        for step in re.split(r"[\r\n;]+", text)
        if step.strip()
    ]
    retouched = [step for step in steps if _RETOUCHED.search(step)]
    actions = [action.casefold() for action in xmp.all("stEvt:action")]
    changes = [a for a in actions if a in {"saved", "edited", "derived", "converted", "cropped"}]
    if retouched:
        said = f'its history names "{"; ".join(shortened(step) for step in retouched[:3])}"'
        yield Trace("trace.picture.history", said, meta("photoshop:History"), 0.9)
    elif len(changes) >= 2 or "edited" in actions:
        agents = [agent for agent in xmp.all("stEvt:softwareAgent") if agent]
        who = shortened(agents[-1]) if agents else "an editor"
        said = f"its history names {len(changes)} changes, the last by {who}"
        # Opening and saving writes the same list as any work in between.
        arranged = "cropped" in actions or (steps and all(_ARRANGED.search(s) for s in steps))
        yield Trace(
            "trace.picture.history", said, meta("xmpMM:History"), _EXPLAINED if arranged else 0.6
        )
    if xmp.count("photoshop:DocumentAncestors") and xmp.count("<rdf:li>") >= 1:
        said = "something was pasted into it from another document"
        yield Trace("trace.picture.history", said, meta("photoshop:DocumentAncestors"), 0.65)


def _stated_size(inner: dict[int, Any]) -> tuple[int, int] | None:
    """The size that the camera wrote down (Exif 2.32, 4.6.5: PixelXDimension, PixelYDimension)."""
    width, height = inner.get(0xA002), inner.get(0xA003)
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return width, height
    return None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", errors="replace")
    return str(value).replace("\x00", "").strip()[:200] if isinstance(value, str) else ""


def _moment(value: object) -> datetime | None:
    found = re.match(r"(\d{4}):(\d{2}):(\d{2}) (\d{2}):(\d{2}):(\d{2})", _text(value))
    if found is None:
        return None
    try:
        return datetime(*(int(part) for part in found.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None
