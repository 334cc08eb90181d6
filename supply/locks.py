"""`make lock`: writes requirements/*.txt, every library with its version and digests.

    python -m supply.locks                  adds what pyproject.toml asks for; all else stays
    python -m supply.locks --upgrade        the newest of everything that pyproject.toml allows
    python -m supply.locks --upgrade NAME…  the newest of these

uv resolves all extras and groups together, for every platform and every Python that we say to run
on, so that a library has one version wherever it is installed. A file keeps the digests of wheels
for CPython 3.11 and later; of a library that has no wheel, that of its source. No file names a
server: the digest is what counts, wherever the bytes come from.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "requirements"
# File -> what of pyproject.toml it holds, and who installs it.
FILES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "base.txt": ((), "`make demo`"),
    "extras.txt": (
        tuple(
            f"--extra={name}"
            for name in (
                "forensics",
                "ocr",
                "otel",
                "report",
                "s3",
                "scaled",
                "sftp",
                "xls",
            )
        ),
        "every extra that is of use to a user",
    ),
    "image.txt": (
        ("--extra=s3", "--extra=scaled", "--extra=otel", "--extra=report"),
        "the Dockerfile",
    ),
    "test.txt": (("--extra=test",), "`make test`; every extra is in it"),
    "build.txt": (("--only-group=build",), "what makes our wheel"),
    "sources.txt": (("--only-group=sources",), "what makes the libraries that have no wheel"),
    "supply.txt": (("--only-group=supply",), "coverage, mutants, bill of materials, audits"),
    "lock.txt": (("--only-group=lock",), "`make lock`"),
}
PLAIN = ("--frozen", "--no-emit-project", "--no-header", "--no-annotate")
OLDEST = 11  # of Python 3
_DIGEST = re.compile(r"^ +--hash=(sha256:[0-9a-f]{64})")


def main() -> int:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--upgrade", nargs="*", metavar="NAME")
    upgrade = asked.parse_args().upgrade
    uv = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")
    if uv is None:
        print("uv is missing: pip install --require-hashes -r requirements/lock.txt")
        return 2
    kept = {} if upgrade == [] else pinned(FOLDER.glob("*.txt"))
    for name in upgrade or ():
        kept.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="orderproof-lock-") as made:
        folder = Path(made)
        _project(folder, kept)
        try:
            texts = dict(_locked(uv, folder))
        except subprocess.CalledProcessError as failed:
            print(
                "If a held version is in the way: make lock ARGS='--upgrade NAME'", file=sys.stderr
            )
            return failed.returncode
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts.items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


def _locked(uv: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Each file's name and text, all out of one resolution."""
    _run(uv, "lock", folder)
    lock = tomllib.loads((folder / "uv.lock").read_text("utf-8"))
    wanted = {digest for package in lock["package"] for digest in digests(package)}
    for name, (part, use) in FILES.items():
        lines = _run(uv, "export", folder, *PLAIN, *part).splitlines()
        kept = "\n".join(joined(only(lines, wanted)))
        yield name, f"# {use}. Written by `make lock`.\n{kept}\n"


def pinned(files: Iterator[Path]) -> dict[str, set[str]]:
    """Each library's lines without their digests (`name==1.2 ; marker`), one for each version."""
    found: dict[str, set[str]] = {}
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            if match := re.match(r"([a-z0-9-]+)==", line):
                found.setdefault(match[1], set()).add(line.removesuffix("\\").strip())
    return found


def digests(package: Mapping[str, object]) -> Iterator[str]:
    """Of one package of uv.lock, the digests that are worth keeping."""
    wheels = package.get("wheels", [])
    assert isinstance(wheels, list)
    fitting = [wheel for wheel in wheels if _fits(wheel["url"].rpartition("/")[2])]
    if fitting:
        yield from (wheel["hash"] for wheel in fitting)
    elif isinstance(source := package.get("sdist"), dict):
        yield source["hash"]


def _fits(wheel: str) -> bool:
    """Can a CPython of ours take the wheel, on whatever platform?"""
    pythons, abi, _ = wheel.removesuffix(".whl").split("-")[-3:]
    for python in pythons.split("."):
        kind, minor = re.match(r"([a-z]+)3?(\d*)", python).groups()  # type: ignore[union-attr]
        if kind == "py":
            return True
        if kind == "cp" and not abi.endswith("t"):
            return abi == "abi3" or int(minor or 0) >= OLDEST
    return False


def only(lines: Sequence[str], wanted: set[str]) -> Iterator[str]:
    for line in lines:
        match = _DIGEST.match(line)
        if match is None or match[1] in wanted:
            yield line


def joined(lines: Iterator[str]) -> list[str]:
    """With a backslash at each line that goes on, and at no other."""
    made: list[str] = []
    for line in lines:
        bare = line.removesuffix("\\").rstrip()
        if bare.startswith(" "):
            made[-1] += " \\"
        made.append(bare)
    return made


def _project(folder: Path, kept: Mapping[str, set[str]]) -> None:
    """Our own pyproject.toml there, held to what is locked already."""
    for name in ("README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    held = "".join(f'    "{line}",\n' for lines in kept.values() for line in sorted(lines))
    (folder / "pyproject.toml").write_text(
        f"{text}\n[tool.uv]\ndefault-groups = []\nconstraint-dependencies = [\n{held}]\n", "utf-8"
    )


def _run(uv: str, command: str, folder: Path, *more: str) -> str:
    at = ("--quiet", "--project", str(folder), "--python", sys.executable)
    done = subprocess.run([uv, command, *at, *more], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
