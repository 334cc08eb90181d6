"""Have a paper set by typst, in a process with limits.

The same template, data, files, fonts and version of typst give the same bytes.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.resources.abc import Traversable
from pathlib import Path

from evidence.errors import ConfigError, OutageError, RequestError
from service.typeset import child
from service.typeset.fonts import Fonts


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Of the setting process: seconds of processor time, by the clock, and bytes of memory."""

    cpu_s: float = 60.0
    clock_s: float = 240.0
    memory: int = 4 << 30


def typst_version(what: str) -> str:
    """Raises ConfigError, about `what` needs it, if typst is not installed."""
    try:
        return version("typst")
    except PackageNotFoundError as problem:
        raise lacking(what, "typst") from problem


def lacking(what: str, name: str) -> ConfigError:
    """The error where a library of the extra is not installed."""
    return ConfigError(what=what, why=f"{name} is not installed: pip install 'orderproof[report]'")


def write_folder(
    folder: Path,
    template: Traversable,
    data: Mapping[str, object],
    fonts: Fonts,
    beside: Mapping[str, bytes],
) -> None:
    """All that the setting process reads. `beside` are the files that the data names."""
    (folder / child.TEMPLATE).write_bytes(template.read_bytes())
    (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    for file, content in beside.items():
        (folder / file).write_bytes(content)
    (folder / "fonts").mkdir()
    for number, font in enumerate(fonts.files):
        (folder / "fonts" / f"{number}-{font.name}").symlink_to(font)


def pdf_of(folder: Path, *, standard: str, what: str, bounds: Bounds) -> bytes:
    """The folder's paper as a PDF by a standard such as `a-1a`. Raises as `_made`."""
    return _made(folder, standard, what, bounds)[0]


def pictures_of(folder: Path, *, ppi: float, what: str, bounds: Bounds) -> list[bytes]:
    """The folder's paper as a PNG a page, `ppi` dots an inch. Raises as `_made`."""
    return _made(folder, f"{child.PICTURES}{ppi}", what, bounds)


def _made(folder: Path, made_as: str, what: str, bounds: Bounds) -> list[bytes]:
    """Blocks for as long as that takes.

    Raises ConfigError if typst is not installed, OutageError if the process ran out of its bounds
    or was ended, RequestError if typst refuses the paper, which would be a mistake of ours.
    """
    arguments = [
        sys.executable, "-m", "service.typeset.child", str(folder), made_as,
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
        why = f"setting it stood still for {bounds.clock_s:.0f} s"
        raise OutageError(source=what, why=why) from problem
    if done.returncode == 0 and (files := _files(done.stdout)):
        return files
    if done.returncode == child.REFUSED:
        told = json.loads(done.stderr.splitlines()[-1])
        if told["kind"] == "lacking":
            raise lacking(what, told["why"])
        why = " ".join(told["why"].replace(str(folder), "").split())[:300]
        raise RequestError(what=what, why=f"it could not be laid out: {why}")
    raise OutageError(source=what, why=_ended(done.returncode, bounds))


def _files(stream: bytes) -> list[bytes]:
    files = []
    at = 0
    while at < len(stream):
        (size,) = struct.unpack_from(">Q", stream, at)
        files.append(stream[at + 8 : at + 8 + size])
        at += 8 + size
    return files


def _ended(code: int, bounds: Bounds) -> str:
    match -code:
        case signal.SIGXCPU | signal.SIGKILL:
            return f"setting it took more than {bounds.cpu_s:.0f} s of processor time, or was ended"
        case signal.SIGABRT:
            return f"setting it needed more than {bounds.memory >> 20} MB of memory"
    return f"the setting process ended with {code}"
