"""Lay a report out and have it set as a PDF.

The same report, fonts and version of typst give the same bytes: the document's date is the moment
of the judgement, and nothing in it is of today.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from service.report.appeal import Appeal
from service.report.blocks import Block, Claim, claims_of
from service.report.cover import Cover, said_by_code, short_label
from service.report.layout import Layout
from service.report.sealing import Carried, Sealing
from service.report.wanted import Form, Language, Wanted
from service.typeset import typeset
from service.typeset.fonts import Fonts
from service.typeset.typeset import Bounds

# Raise it when the same manifest would come out otherwise.
RENDERER = 2
WHAT = "The report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is to be rendered. `claims` are all that it claims of the orders, with their places."""

    subject: Sealing | Appeal
    wanted: Wanted
    cover: Cover
    blocks: tuple[Block, ...]

    @property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(claims_of(self.blocks))

    def to_json(self) -> bytes:
        """The report for a machine: each claim, and where it stands."""
        told = {
            "v": 1,
            ("manifests" if isinstance(self.subject, Appeal) else "manifest"): self.subject.sha256,
            "kind": str(self.wanted.kind),
            "claims": [claim.to_json() for claim in self.claims],
        }
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A PDF and what it was made with, for the transform record."""

    pdf: bytes = field(repr=False)
    version: str


def renderer_version() -> str:
    """Ours and typst's. Raises ConfigError if typst is not installed."""
    return f"{RENDERER}/typst-{typeset.typst_version(WHAT)}"


def render(report: Report, fonts: Fonts, bounds: Bounds | None = None) -> Rendered:
    """Make the PDF. Blocks for as long as that takes, and raises as `typeset.pdf_of`."""
    made_with = renderer_version()
    with tempfile.TemporaryDirectory(prefix="orderproof-report-") as name:
        folder = Path(name)
        lay_out(report, fonts, folder)
        standard = report.wanted.form.standard
        pdf = typeset.pdf_of(folder, standard=standard, what=WHAT, bounds=bounds or Bounds())
        return Rendered(pdf, made_with)


def lay_out(report: Report, fonts: Fonts, folder: Path) -> None:
    """Write all that the setting process reads."""
    layout = Layout(report.wanted.language, fonts)
    data = {
        **_frame(report, fonts),
        "cover": layout.cover(report.cover),
        "blocks": layout.blocks(report.blocks),
        "attached": _attached(report, layout),
    }
    template = files("service.report") / "report.typ"
    typeset.write_folder(folder, template, data, fonts, layout.files)


def _frame(report: Report, fonts: Fonts) -> dict[str, object]:
    """What stands around the blocks: title, language, running lines."""
    language, subject = report.wanted.language, report.subject
    at = subject.at
    chinese = language is Language.ZH
    words = report.cover.title.in_(str(language))
    order = fonts.showable(report.cover.order)
    return {
        "title": f"{words}: {order}",
        "author": "orderproof",
        "named": said_by_code(subject, ""),
        "date": [at.year, at.month, at.day, at.hour, at.minute, at.second],
        "lang": "zh" if chinese else "en",
        "region": "cn" if chinese else "us",
        "fonts": list(fonts.families),
        "mono": [fonts.mono, *fonts.families],
        "running": f"{words} · {order}",
        "made-by": "orderproof",
        "digest-label": short_label(subject).in_("zh" if chinese else "en"),
        "digest-prefix": subject.sha256[:16],
        "of": "/" if chinese else "of",
    }


def _attached(report: Report, layout: Layout) -> list[dict[str, str]]:
    """PDF/A-1 forbids embedded files; PDF/A-3 gets the manifest and the claims."""
    if report.wanted.form is not Form.A3:
        return []
    what = "Every claim, with item, place and receipt"
    files_in = (*report.subject.carried, Carried("claims.json", report.to_json(), "data", what))
    told = []
    for name, data, relationship, description in files_in:
        layout.files[name] = data
        told.append(
            {
                "name": name,
                "file": name,
                "relationship": relationship,
                "media-type": "application/json",
                "description": description,
            }
        )
    return told
