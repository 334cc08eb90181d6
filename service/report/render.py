"""Lay a report out and have it made into a PDF, in a process with limits.

The same report, fonts and version of typst give the same bytes: the document's date is the moment
of the judgement, and nothing in it is of today.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from evidence.errors import OutageError, RequestError
from service.report import child
from service.report.blocks import Block, Claim, claims_of
from service.report.cover import Cover, lacking, said_by_code
from service.report.fonts import Fonts
from service.report.layout import Layout
from service.report.sealing import Sealing
from service.report.wanted import Form, Language, Wanted

# Raise it when the same manifest would come out otherwise.
RENDERER = 1
_WHAT = "The report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is to be rendered. `claims` are all that it claims of the order, with their places."""

    sealing: Sealing
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
            "manifest": self.sealing.sha256,
            "kind": str(self.wanted.kind),
            "claims": [claim.to_json() for claim in self.claims],
        }
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Of the rendering process: seconds of processor time, by the clock, and bytes of memory."""

    cpu_s: float = 60.0
    clock_s: float = 240.0
    memory: int = 4 << 30


@dataclass(frozen=True, slots=True)
class Rendered:
    """A PDF and what it was made with, for the transform record."""

    pdf: bytes = field(repr=False)
    version: str


def renderer_version() -> str:
    """Ours and typst's. Raises ConfigError if typst is not installed."""
    try:
        return f"{RENDERER}/typst-{version('typst')}"
    except PackageNotFoundError as problem:
        raise lacking("typst") from problem


def render(report: Report, fonts: Fonts, bounds: Bounds | None = None) -> Rendered:
    """Make the PDF. Blocks for as long as that takes.

    Raises ConfigError if typst is not installed, OutageError if the process ran out of its bounds
    or was ended, RequestError if typst refuses the report, which would be a mistake of ours.
    """
    made_with = renderer_version()
    with tempfile.TemporaryDirectory(prefix="orderproof-report-") as name:
        folder = Path(name)
        write_folder(report, fonts, folder)
        return Rendered(compiled(folder, report.wanted.form, bounds or Bounds()), made_with)


def write_folder(report: Report, fonts: Fonts, folder: Path) -> None:
    """All that the rendering process reads."""
    shutil.copyfile(str(files("service.report").joinpath("report.typ")), folder / "report.typ")
    layout = Layout(report.wanted.language, fonts)
    data = {
        **_frame(report, fonts),
        "cover": layout.cover(report.cover),
        "blocks": layout.blocks(report.blocks),
        "attached": _attached(report, layout),
    }
    for file, content in layout.files.items():
        (folder / file).write_bytes(content)
    (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    (folder / "fonts").mkdir()
    for number, font in enumerate(fonts.files):
        (folder / "fonts" / f"{number}-{font.name}").symlink_to(font)


def _frame(report: Report, fonts: Fonts) -> dict[str, object]:
    """What stands around the blocks: title, language, running lines."""
    language, sealing = report.wanted.language, report.sealing
    at = sealing.manifest.at
    chinese = language is Language.ZH
    words = report.cover.title.in_(str(language))
    order = fonts.showable(report.cover.order)
    return {
        "title": f"{words}: {order}",
        "author": "orderproof",
        "named": said_by_code(sealing.sha256, ""),
        "date": [at.year, at.month, at.day, at.hour, at.minute, at.second],
        "lang": "zh" if chinese else "en",
        "region": "cn" if chinese else "us",
        "fonts": list(fonts.families),
        "mono": [fonts.mono, *fonts.families],
        "running": f"{words} · {order}",
        "made-by": "orderproof",
        "digest-label": "封存清单 SHA-256" if chinese else "manifest SHA-256",
        "digest-prefix": sealing.sha256[:16],
        "of": "/" if chinese else "of",
    }


def _attached(report: Report, layout: Layout) -> list[dict[str, str]]:
    """PDF/A-1 forbids embedded files; PDF/A-3 gets the manifest and the claims."""
    if report.wanted.form is not Form.A3:
        return []
    files_in = (
        ("manifest.dsse.json", report.sealing.envelope, "source", "The sealed manifest"),
        ("claims.json", report.to_json(), "data", "Every claim, with item, place and receipt"),
    )
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


def compiled(folder: Path, form: Form, bounds: Bounds) -> bytes:
    """The PDF of a folder that `write_folder` wrote. Raises as `render`."""
    arguments = [
        sys.executable, "-m", "service.report.child", str(folder), form.standard,
        str(bounds.memory), str(bounds.cpu_s),
    ]  # fmt: skip
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join(sys.path),
        # It compiles no faster on more cores, and each thread takes memory of its own.
        "RAYON_NUM_THREADS": "1",
        "RUST_BACKTRACE": "0",
    }
    try:
        done = subprocess.run(
            arguments,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=bounds.clock_s,
        )
    except subprocess.TimeoutExpired as problem:
        why = f"rendering it stood still for {bounds.clock_s:.0f} s"
        raise OutageError(source=_WHAT, why=why) from problem
    if done.returncode == 0 and done.stdout.startswith(b"%PDF"):
        return done.stdout
    if done.returncode == child.REFUSED:
        told = json.loads(done.stderr.splitlines()[-1])
        if told["kind"] == "lacking":
            raise lacking(told["why"])
        raise RequestError(what=_WHAT, why=f"it could not be laid out: {told['why'].strip()}")
    raise OutageError(source=_WHAT, why=_ended(done.returncode, bounds))


def _ended(code: int, bounds: Bounds) -> str:
    match -code:
        case signal.SIGXCPU | signal.SIGKILL:
            return (
                f"rendering it took more than {bounds.cpu_s:.0f} s of processor time, or was ended"
            )
        case signal.SIGABRT:
            return f"rendering it needed more than {bounds.memory >> 20} MB of memory"
    return f"the rendering process ended with {code}"
