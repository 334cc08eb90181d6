"""The Go verifier in ../shared/tools, built once a session; whoever asks skips without Go."""

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

GO_PATH = Path("/usr/share/gocode")


@functools.cache
def built(shared: Path) -> Path:
    """The program. Skips the test that asks if it cannot be built here."""
    go = shutil.which("go")
    if go is None or not GO_PATH.is_dir():
        pytest.skip("Go is absent: apt-get install golang-go golang-golang-x-mod-dev")
    source = shared / "tools/tlogverify/main.go"
    if not source.is_file():
        pytest.skip("the Go verifier is absent from the shared tools")
    folder = Path(tempfile.mkdtemp(prefix="tlogverify-"))
    settings = {
        "CGO_ENABLED": "0",
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOPATH": str(GO_PATH),
        "GOPROXY": "off",
        "GOCACHE": str(folder / "cache"),
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
    }
    command = [go, "build", "-trimpath", "-o", str(folder / "tlogverify"), str(source)]
    made = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=110)
    shutil.rmtree(folder / "cache", ignore_errors=True)
    assert made.returncode == 0, made.stderr
    return folder / "tlogverify"


def tlogverify(shared: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [built(shared), *map(str, words)], capture_output=True, text=True, timeout=60
    )
