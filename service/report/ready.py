"""Can reports be made on this machine, and papers for platforms? If not, what is lacking?

It is tried: one small page is set as PDF/A in the very process that sets reports, with its limits.
"""

from __future__ import annotations

import importlib.util
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from evidence.errors import ConfigError, EvidenceError
from service.report.settings import ReportSettings
from service.typeset import typeset
from service.typeset.fonts import Fonts, find_fonts
from service.typeset.typeset import Bounds

EXTRA = "pip install 'orderproof[report]'"
FONTS = (
    "apt-get install fonts-noto-cjk fonts-dejavu-core, or name a folder that has them as `fonts` "
    "in [report]"
)
# What the extra brings, and what of a report needs it.
MODULES = {
    "typst": "the pages",
    "segno": "the code on the cover",
    "pyhanko": "--sign",
    "pypdfium2": "pictures of documents",
}
_WHAT = "The page"
_BOUNDS = Bounds(cpu_s=20.0, clock_s=60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """`detail` says how reports are made, or why not; `do` what would mend it, or ""."""

    ok: bool
    detail: str
    do: str = ""


def ready(settings: ReportSettings) -> Ready:
    """Blocks for a second, as it makes a page."""
    absent = [name for name in MODULES if importlib.util.find_spec(name) is None]
    if absent:
        told = ", ".join(f"{name} ({MODULES[name]})" for name in absent)
        return Ready(ok=False, detail=f"Not installed: {told}.", do=EXTRA)
    try:
        fonts = find_fonts(settings.fonts)
    except ConfigError as problem:
        return Ready(ok=False, detail=f"{problem.why[0].upper()}{problem.why[1:]}.", do=FONTS)
    try:
        _page(fonts)
    except EvidenceError as problem:
        do = "Let the service start processes and write to its temporary folder."
        return Ready(ok=False, detail=str(problem), do=do)
    folders = ", ".join(dict.fromkeys(str(file.parent) for file in fonts.files))
    made_with = f"typst {typeset.typst_version(_WHAT)}; {', '.join(fonts.families)} in {folders}"
    return Ready(ok=True, detail=f"PDF/A-1a and -3a, signed or not: {made_with}.")


def _page(fonts: Fonts) -> None:
    with tempfile.TemporaryDirectory(prefix="orderproof-ready-") as name:
        folder = Path(name)
        data = {"fonts": list(fonts.families), "words": "orderproof 证据"}
        typeset.write_folder(folder, files("service.report") / "ready.typ", data, fonts, {})
        typeset.pdf_of(folder, standard="a-1a", what=_WHAT, bounds=_BOUNDS)
