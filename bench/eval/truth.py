"""What is true of a file: the answers that the score holds `inspect` against."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.eval.dates import Printed

SIGNATURE = "signature"  # given away by a signature
STRUCTURE = "structure"  # by the structure of a PDF file
METADATA = "metadata"  # by EXIF, XMP or a thumbnail
CONTRADICTION = "contradiction"  # by what the page itself says
PIXELS = "pixels"  # only pixels show it
UNKNOWABLE = "unknowable"  # nothing can show it
GIVEN_AWAY = frozenset({SIGNATURE, STRUCTURE, METADATA, CONTRADICTION})


@dataclass(frozen=True)
class Edit:
    """An alteration: its class (above), how it was made, and where.

    boxes  (left, top, right, bottom): pixels of the stored picture; points from the top left of the
           first page in PDF files
    """

    kind: str
    way: str
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Truth:
    """What is true of one file.

    family, medium, layout, frame, language: how it was made, to find what fails
    kinds      answers that are right: a portal page printed to PDF is an export as well
    carriers   answers that are right; empty where the file bears no mark
    delivered  the delivery's time as printed; None where none is
    captured   the printed time of capture or printing; None where none is
    copied     a chat's copy, or photographed again
    stale      no printed capture date, or one more than 7 days before --at
    foreign    of another order, parcel or site than asked for
    edit       None for an honest file, however it was handled
    unasked    questions that are not scored here: the altered fact may be read either way, or an
               honest answer depends on how one reads the file
    """

    file: str
    family: str
    medium: str
    layout: str
    frame: str
    language: str
    kinds: list[str]
    carriers: list[str]
    delivered: Printed | None
    captured: Printed | None
    tracking: list[str]
    orders: list[str]
    copied: bool
    stale: bool
    foreign: bool
    edit: Edit | None = None
    handling: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)

    @property
    def sorts(self) -> set[str]:
        """What it is one of, to count some sorts alone."""
        edit = {self.edit.kind, self.edit.way} if self.edit else {"honest"}
        plain = {self.family, self.medium, self.layout, self.frame, self.language}
        return plain | edit | set(self.handling)


@dataclass(frozen=True)
class Case:
    """Files that are inspected together, and what `inspect` is told: --at, --order and so on."""

    name: str
    asked_at: str
    order: str
    tracking: str
    site: str
    files: list[Truth]


def write_case(case: Case, folder: Path) -> None:
    text = json.dumps(asdict(case), ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")


def read_case(folder: Path) -> Case:
    """Raises FileNotFoundError where there is no truth, KeyError where it is not whole."""
    found: dict[str, Any] = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    return Case(**{**found, "files": [_truth(one) for one in found["files"]]})


def _truth(found: dict[str, Any]) -> Truth:
    def printed(name: str) -> Printed | None:
        one = found[name]
        return Printed(**{**one, "utc": tuple(one["utc"])}) if one else None

    edit = found["edit"]
    return Truth(
        **{
            **found,
            "delivered": printed("delivered"),
            "captured": printed("captured"),
            "edit": Edit(edit["kind"], edit["way"], [tuple(b) for b in edit["boxes"]])
            if edit
            else None,
        }
    )
