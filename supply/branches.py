"""`make coverage`: how many of the branches were gone through by the tests, and where fewest.

Reads what coverage.py gathered (pyproject.toml, `[tool.coverage]`), of this process and of all that
tests started, but for the processes that read items: their environment is empty on purpose, and
readers are tested by themselves. Exit 1 below the floor.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

COVERAGE = Path(sys.executable).parent / "coverage"
FLOOR = 0.90
LOWEST = 15


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="orderproof-coverage-") as folder:
        file = Path(folder) / "coverage.json"
        subprocess.run([COVERAGE, "combine", "--quiet"], check=True)
        subprocess.run([COVERAGE, "json", "--quiet", "-o", file], check=True)
        return tell(json.loads(file.read_text("utf-8")))


def tell(found: dict[str, Any]) -> int:
    """Print the share of each package and the lowest files; 1 below the floor."""
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
    print(f"all {share:.1%}; the floor is {FLOOR:.0%}")
    return 0 if share >= FLOOR else 1


def _share(gone: int, there: int) -> float:
    return gone / there if there else 1.0


if __name__ == "__main__":
    sys.exit(main())
