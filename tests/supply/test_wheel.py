"""The wheel is the same bytes from the same tree, wherever and whenever it is built."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from supply.locks import ROOT

PACKAGES = ("evidence", "collectors", "verifiers", "storage", "auditor", "service")


def _built(folder: Path, *, at: int, mask: int, zone: str) -> Path:
    """The wheel, from a copy of the tree whose files all date from `at`."""
    folder.mkdir()
    for name in (*PACKAGES, "pyproject.toml", "README.md", "LICENSE", "openapi.yaml", ".gitignore"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for file in folder.rglob("*"):
        os.utime(file, (at, at))
        file.chmod(0o777 & ~mask if file.is_dir() else 0o666 & ~mask)
    environment = {"PATH": os.environ["PATH"], "TZ": zone, "PYTHONHASHSEED": str(mask)}
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"],
        cwd=folder, env=environment, umask=mask, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    (wheel,) = (folder / "dist").iterdir()
    return wheel


def test_two_machines_build_the_same_wheel(tmp_path: Path) -> None:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is absent: pip install --require-hashes -r requirements/build.txt")
    one = _built(tmp_path / "one", at=1_700_000_000, mask=0o022, zone="UTC")
    other = _built(tmp_path / "a longer name", at=1_790_000_001, mask=0o077, zone="Asia/Tokyo")
    assert one.name == other.name == "orderproof-0.1.0-py3-none-any.whl"
    assert one.read_bytes() == other.read_bytes()
    with zipfile.ZipFile(one) as wheel:
        names = set(wheel.namelist())
    assert {f"{package}/py.typed" for package in PACKAGES} | {"service/openapi.yaml"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]
