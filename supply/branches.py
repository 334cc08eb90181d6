"""`make coverage`: how many of the branches were gone through by the tests, and where fewest.

    python -m supply.branches              all tests at once
    python -m supply.branches --piece 3/8  every eighth file of tests from the third on; what the
                                           other pieces of eight found is kept, and told with it
    python -m supply.branches --told       no test: what the pieces there are have found

coverage.py (pyproject.toml, `[tool.coverage]`) looks at this process and all that tests start, but
for the processes that read items: their environment is empty on purpose, and readers are tested by
themselves. Hypothesis tries the same examples each time, so that a figure can be had again. Python
3.11 hides some lines (docs/mutants.md), later ones do not. Exit 1 below the floor, or where a test
failed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COVERAGE = Path(sys.executable).parent / "coverage"
# A file a piece, `3-of-8`; what is under way lies in a folder beside it.
FOUND = ROOT / "build" / "coverage"
FLOOR = 0.90
LOWEST = 15


def main(arguments: Sequence[str] | None = None) -> int:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--piece", type=piece_of, default=(1, 1), metavar="K/N")
    asked.add_argument("--told", action="store_true", help="run no test")
    asked.add_argument("--jobs", default="2", metavar="N")
    asked.add_argument("more", nargs="*", help="passed to pytest, behind --")
    options = asked.parse_args(arguments)
    failed = 0 if options.told else run(options.piece, options.jobs, options.more)
    pieces, of = known(FOUND)
    if not pieces:
        print("no piece was measured yet", file=sys.stderr)
        return 1
    told = FOUND / "coverage.json"
    every = FOUND / "all"
    _coverage("combine", "--keep", "--quiet", *pieces, file=every)
    _coverage("json", "--quiet", "-o", told, file=every)
    status = tell(json.loads(told.read_text("utf-8")), len(pieces), of)
    return status or failed


def piece_of(text: str) -> tuple[int, int]:
    """ "3/8" -> (3, 8)"""
    found = re.fullmatch(r"([1-9][0-9]?)/([1-9][0-9]?)", text)
    if found is None or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError(f"{text!r} is no piece, such as 3/8")
    return int(found[1]), int(found[2])


def files_of(number: int, of: int) -> list[str]:
    """The test files of a piece: neighbours, which take alike long, are in different ones."""
    every = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/**/test_*.py"))
    return every[number - 1 :: of]


def run(piece: tuple[int, int], jobs: str, more: Sequence[str]) -> int:
    """Measure a piece; 1 if a test failed. Pieces of another cut are dropped."""
    number, of = piece
    for kept in FOUND.glob("*"):
        if not kept.name.endswith(f"-of-{of}") or kept.name == f"{number}-of-{of}":
            shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
    begun = FOUND / f"begun-{number}"
    begun.mkdir(parents=True)
    command = [
        "run", "-m", "pytest", "-q", "-n", jobs, "-p", "no:cacheprovider",
        "--hypothesis-profile=mutants", *files_of(number, of), *more,
    ]  # fmt: skip
    name = f"{number}-of-{of}"
    status = _coverage(*command, file=begun / name, check=False)
    _coverage("combine", "--quiet", begun, file=FOUND / name)
    shutil.rmtree(begun)
    return int(status not in {0, 5})  # 5: no test is left of what `more` leaves out


def known(folder: Path) -> tuple[list[Path], int]:
    """What was measured, and of how many pieces."""
    found = sorted(folder.glob("*-of-*"))
    return found, int(found[0].name.rpartition("-")[2]) if found else 0


def _coverage(*words: str | Path, file: Path, check: bool = True) -> int:
    environment = {**os.environ, "COVERAGE_FILE": str(file)}
    return subprocess.run([COVERAGE, *words], cwd=ROOT, env=environment, check=check).returncode


def tell(found: dict[str, Any], pieces: int = 1, of: int = 1) -> int:
    """Print the share of each package and the lowest files; 1 below the floor.

    What only some of the pieces found is at least that much, and is not held against the floor.
    """
    packages: dict[str, tuple[int, int]] = {}
    files = []
    for path, told in found["files"].items():
        gone, there = told["summary"]["covered_branches"], told["summary"]["num_branches"]
        before = packages.get(path.partition("/")[0], (0, 0))
        packages[path.partition("/")[0]] = (before[0] + gone, before[1] + there)
        files.append((there - gone, path, gone, there))
    print(f"{'branches':<46} {'gone':>6} {'of':>6}")
    for name, (gone, there) in sorted(packages.items()):
        print(f"{name:<46} {gone:>6} {there:>6} {_share(gone, there):>6.1%}")
    for missed, path, gone, there in sorted(files, reverse=True)[:LOWEST]:
        if missed:
            print(f"  {path:<44} {gone:>6} {there:>6} {_share(gone, there):>6.1%}")
    totals = found["totals"]
    share = _share(totals["covered_branches"], totals["num_branches"])
    if pieces < of:
        print(f"all: at least {share:.1%}, by {pieces} of {of} pieces; the floor is {FLOOR:.0%}")
        return 0
    print(f"all {share:.1%}; the floor is {FLOOR:.0%}")
    return 0 if share >= FLOOR else 1


def _share(gone: int, there: int) -> float:
    return gone / there if there else 1.0


if __name__ == "__main__":
    sys.exit(main())
