"""`make mutants`: does a test fail where the code is changed? Tried on a sample of small changes.

    python -m supply.mutants                 300 mutants, drawn by a fixed seed, as in CI
    python -m supply.mutants --seed 7        other ones
    python -m supply.mutants --sample 0      all there are: hours

mutmut (pyproject.toml, `[tool.mutmut]`) changes one thing at a time in `evidence/` and in what
decides a verdict, and runs the tests that reach it. What no test noticed is printed with its
change; those that were looked at and left are explained in docs/mutants.md. Exit 1 below the floor.

A first run of the tool is asked for one small module only: it makes all mutants and finds out
which test reaches which function, and so the sample can be drawn of what there is.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
MUTANTS = ROOT / "mutants"
MUTMUT = Path(sys.executable).parent / "mutmut"
FLOOR = 0.85
SAMPLE = 300
SEED = 11
FIRST = "evidence.errors.*"
# A change that makes a test run for ever was noticed.
NOTICED = frozenset({"killed", "timeout"})


def main() -> int:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--sample", type=int, default=SAMPLE, metavar="N")
    asked.add_argument("--seed", type=int, default=SEED, metavar="N")
    asked.add_argument("--children", type=int, default=os.cpu_count() or 1, metavar="N")
    asked.add_argument("--again", action="store_true", help="the mutants that are there already")
    options = asked.parse_args()
    if not options.again:
        shutil.rmtree(MUTANTS, ignore_errors=True)
    _run(options.children, FIRST)
    every = sorted(results())
    drawn = sample(every, options.sample, options.seed)
    print(f"{len(drawn)} of {len(every)} mutants, seed {options.seed}", flush=True)
    _run(options.children, *drawn)
    return tell({name: status for name, status in results().items() if name in set(drawn)})


def sample(names: list[str], size: int, seed: int) -> list[str]:
    """`size` of the sorted names, the same for the same seed; all of them for 0."""
    if not 0 < size < len(names):
        return names
    return sorted(random.Random(seed).sample(names, size))


def tell(found: dict[str, str]) -> int:
    """Print what was not noticed, and the share that was. 1 below the floor."""
    counted = Counter(found.values())
    missed = sorted(name for name, status in found.items() if status not in NOTICED)
    for name in missed:
        print(f"\n-- {found[name]}: {name}\n{_change(name)}")
    share = 1 - len(missed) / len(found)
    parts = ", ".join(f"{count} {status}" for status, count in counted.most_common())
    print(f"\nnoticed: {share:.1%} of {len(found)} ({parts}); the floor is {FLOOR:.0%}")
    return 0 if share >= FLOOR else 1


def results() -> dict[str, str]:
    """Each mutant, and what came of it: `killed`, `survived`, `timeout`, `not checked`, …"""
    told = subprocess.run(
        [MUTMUT, "results", "--all", "1"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return dict(re.findall(r"^ +(\S+): (.+)$", told.stdout, re.MULTILINE))


def _change(name: str) -> str:
    told = subprocess.run(
        [MUTMUT, "show", name], cwd=ROOT, capture_output=True, text=True, check=False
    )
    lines = told.stdout.splitlines()
    return "\n".join(line for line in lines if re.match(r"[-+](?![-+])", line))


def _run(children: int, *names: str) -> None:
    """Run the tool on these; its own progress is kept in a file and shown if it fails."""
    environment = {**os.environ, "ORDERPROOF_EXTRAS": ""}
    log = ROOT / "build" / "mutants.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as sink:
        done = subprocess.run(
            [MUTMUT, "run", f"--max-children={children}", *names],
            cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=sink,
            stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        lines = re.split(r"[\r\n]+", log.read_text("utf-8", "replace"))
        print("\n".join(lines[-60:]), file=sys.stderr)
        raise SystemExit(f"mutmut ended with {done.returncode}; its last lines are above")


if __name__ == "__main__":
    sys.exit(main())
