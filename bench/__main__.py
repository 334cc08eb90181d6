"""`make bench`: every measurement, each in a process of its own; writes docs/benchmarks.md.

make bench                         all of it: half an hour on a machine that does nothing else
make bench ARGS='--only storage'   some, by the first word of their names; the page is not written
make bench ARGS=--quick            small rounds of most, into build/benchmarks.md
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.page import Measured, missing, write
from bench.runs import Run, runs

ROOT = Path(__file__).parents[1]


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m bench")
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--only", nargs="+", default=[], metavar="NAME")
    options = asked.parse_args()
    chosen = [run for run in runs() if not options.only or run.module in options.only]
    if options.quick:
        chosen = [run for run in chosen if run.quick is not None]
    measured = [measure(run, quick=options.quick) for run in chosen]
    for lacking in missing(measured) if not options.quick else ():  # whose rounds leave some out
        print(f"not found in what was printed: {lacking}", file=sys.stderr)
    page = ROOT / ("docs" if not options.quick else "build") / "benchmarks.md"
    if options.quick or not options.only:
        write(measured, page, day=datetime.now(UTC).date().isoformat())
    return int(any(one.status for one in measured))


def measure(run: Run, *, quick: bool) -> Measured:
    arguments = (run.quick or ()) if quick else run.arguments
    words = ["python", "-m", f"bench.{run.module}", *arguments]
    print(f"\n== {' '.join(words)}", flush=True)
    before, began = _cpu_s(), time.monotonic()
    child = subprocess.Popen(
        [sys.executable, *words[1:]], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout is not None
    lines = []
    for line in child.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    status = child.wait()
    return Measured(
        run, " ".join(words), "".join(lines), time.monotonic() - began, _cpu_s() - before, status
    )


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
