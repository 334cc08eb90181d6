"""`make bench`: every measurement, each in a process of its own; writes docs/benchmarks.md.

make bench                         all of it: half an hour on a machine that does nothing else
make bench ARGS='--only storage'   some, by name or its first word; the rest of the page
                                   is as it was measured last in this checkout
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
KEPT = ROOT / "build" / "bench"


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m bench")
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--only", nargs="+", default=[], metavar="NAME")
    options = asked.parse_args()
    every = runs()
    chosen = [
        run
        for run in every
        if not options.only or run.module in options.only or run.name in options.only
    ]
    if options.quick:
        chosen = [run for run in chosen if run.quick is not None]
    measured = [measure(run, quick=options.quick) for run in chosen]
    if options.quick:
        write(measured, ROOT / "build" / "benchmarks.md")
    else:
        for lacking in missing(measured):
            print(f"not found in what was printed: {lacking}", file=sys.stderr)
        kept = [Measured.kept(KEPT, run) for run in every]
        if absent := [run.name for run, one in zip(every, kept, strict=True) if one is None]:
            print(f"The page waits for: {', '.join(absent)}.", file=sys.stderr)
        else:
            write([one for one in kept if one is not None], ROOT / "docs" / "benchmarks.md")
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
    one = Measured(
        run=run,
        command=" ".join(words),
        output="".join(lines),
        wall_s=time.monotonic() - began,
        cpu_s=_cpu_s() - before,
        status=status,
        day=datetime.now(UTC).date().isoformat(),
    )
    if not quick:
        one.keep(KEPT)
    return one


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
