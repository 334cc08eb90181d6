"""`make mutants`: does a test fail where the code is changed? Tried on a sample of small changes.

    python -m supply.mutants                 300 mutants, drawn by a fixed seed, as in CI
    python -m supply.mutants --seed 7        other ones
    python -m supply.mutants --sample 0 --kept build/mutants.jsonl
                                             all there are: hours, and in parts if you like. What
                                             is in the file is not tried again while its function
                                             and the tests that decided are the same
    python -m supply.mutants --told --kept build/mutants.jsonl
                                             what the file says by now; nothing is tried

mutmut (pyproject.toml, `[tool.mutmut]`) changes one thing at a time in `evidence/` and in what
decides a verdict. We run the tests that reach it ourselves, in forks (supply/noticing.py). What no
test noticed is printed with its change. Those that were looked at and left are explained in
supply/survivors.toml, by the function and the lines before and after. Exit 1 where the sample shows
that fewer than FLOOR of all mutants are noticed: one that is only unlucky stops nobody.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from supply.kinds import kind_of
from supply.told import told

ROOT = Path(__file__).parents[1]
MUTANTS = ROOT / "mutants"
SURVIVORS = Path(__file__).with_name("survivors.toml")
FLOOR = 0.85
SAMPLE = 300
SEED = 11
Changes = Callable[[list[str]], dict[str, tuple[str, ...]]]
# A change that makes a test run for ever was noticed.
NOTICED = frozenset({"killed", "timeout"})
WAITING = 3.0
# Of so many functions the number of survivors is told.
LEAST = 20


def main() -> int:
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--sample", type=int, default=SAMPLE, metavar="N")
    asked.add_argument("--seed", type=int, default=SEED, metavar="N")
    asked.add_argument("--children", type=int, default=os.cpu_count() or 1, metavar="N")
    asked.add_argument(
        "--seconds", type=float, default=float("inf"), help="from now; then no more is begun"
    )
    asked.add_argument("--only", default="", metavar="PREFIX", help="such as verifiers.terms")
    asked.add_argument("--again", action="store_true", help="only what changed is made anew")
    asked.add_argument("--kept", type=Path, metavar="FILE", help="what was tried before, and now")
    asked.add_argument("--told", action="store_true", help="nothing is tried")
    asked.add_argument(
        "--waiting", type=float, default=WAITING, metavar="N",
        help="more on a busy machine: the clock's seconds for one of a processor",
    )  # fmt: skip
    options = asked.parse_args()
    until = time.monotonic() + options.seconds
    kept = options.kept.absolute() if options.kept else MUTANTS / "told.jsonl"
    if options.told:
        return tell(outcomes(kept, digests(list(told(kept)))))
    every = made(options.children, again=options.again)
    drawn = sample(
        [name for name in every if name.startswith(options.only)], options.sample, options.seed
    )
    print(f"{len(drawn)} of {len(every)} mutants, seed {options.seed}", flush=True)
    if not options.kept:
        kept.unlink(missing_ok=True)
    mutants = digests(drawn)
    tried(mutants, kept, options.children, until - time.monotonic(), options.waiting)
    return tell(outcomes(kept, mutants))


def sample(names: list[str], size: int, seed: int) -> list[str]:
    """`size` of the names (0: all) in an order that the seed gives: any beginning is a sample too.

    Each has its place by itself, so that most of a sample stays when mutants come and go.
    """
    ordered = sorted(names, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())
    return ordered[: size or None]


def tell(found: dict[str, str], changes_of: Changes | None = None) -> int:
    """Print what was not noticed, and the share that was; 1 if the floor is surely not held."""
    if not found:
        print("no mutant was tried")
        return 1
    reasons = explained()
    counted = Counter(found.values())
    missed = sorted(name for name, status in found.items() if status not in NOTICED)
    changes = (changes_of or changed)(missed)
    why = 0
    for name in missed:
        change = changes[name]
        reason = reasons.get((function(name), *change))
        why += reason is not None
        lines = "".join(f"\n{line}" for line in change)
        print(f"\n-- {found[name]}: {name}{lines}\n   {reason or 'not explained'}")
    places = Counter(map(function, missed)).most_common(LEAST)
    print("\nmost not noticed: " + ", ".join(f"{where} {count}" for where, count in places))
    kinds = Counter(kind_of(changes[name]) for name in missed).most_common()
    print("by what was changed: " + "; ".join(f"{kind} {count}" for kind, count in kinds))
    share = 1 - len(missed) / len(found)
    parts = ", ".join(f"{count} {status}" for status, count in counted.most_common())
    low, high = interval(len(found) - len(missed), len(found))
    print(f"\nnoticed: {share:.1%} of {len(found)} ({parts}); the floor is {FLOOR:.0%}")
    print(f"of all mutants, with 95 % confidence: {low:.1%} to {high:.1%}")
    print(f"not noticed: {len(missed)}, of which {why} are explained")
    if high < FLOOR:
        print("NOT HELD: even the most that all mutants can have is below the floor")
        return 1
    print("held" if share >= FLOOR else "open: below the floor, by no more than the draw explains")
    return 0


def interval(noticed: int, tried: int) -> tuple[float, float]:
    """Between which shares that of all mutants lies, with 95 % confidence (Wilson, 1927)."""
    z2, share = 1.96**2, noticed / tried
    middle = (share + z2 / (2 * tried)) / (1 + z2 / tried)
    half = math.sqrt(z2 * share * (1 - share) / tried + (z2 / (2 * tried)) ** 2) / (1 + z2 / tried)
    return max(0.0, middle - half), min(1.0, middle + half)


def explained() -> dict[tuple[str, ...], str]:
    """By function and the lines of a change (`- …`, `+ …`): why no test need notice it."""
    told = tomllib.loads(SURVIVORS.read_text("utf-8"))
    return {
        (one["function"], *one["change"].strip().splitlines()): one["why"]
        for one in told.get("left", [])
    }


def function(name: str) -> str:
    """`evidence.times.Instant.parse` of `evidence.times.xǁInstantǁparse__mutmut_3`."""
    module, _, last = name.partition("__mutmut_")[0].rpartition(".")
    return f"{module}.{last[1:].replace('ǁ', '.').strip('.') if 'ǁ' in last else last[2:]}"


def changed(names: list[str]) -> dict[str, tuple[str, ...]]:
    """The lines of each mutant's change, `- …` and `+ …`, without their indent."""
    show = (
        "import json, sys; from mutmut.mutation.diff_apply import get_diff_for_mutant as diff; "
        "json.dump({name: diff(name) for name in json.load(sys.stdin)}, sys.stdout)"
    )
    done = subprocess.run(
        [sys.executable, "-c", show], cwd=ROOT, input=json.dumps(names), capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    told: dict[str, str] = json.loads(done.stdout)
    return {
        name: tuple(
            f"{line[0]} {line[1:].strip()}"
            for line in diff.splitlines()
            if re.match(r"[-+](?![-+])", line)
        )
        for name, diff in told.items()
    }


def made(children: int, *, again: bool) -> list[str]:
    """Make all mutants there are, in mutants/, and give their names, sorted."""
    if not again:
        shutil.rmtree(MUTANTS, ignore_errors=True)
    shutil.rmtree(MUTANTS / "tests", ignore_errors=True)
    # What is made can be imported only by a process that is asked for nothing else.
    make = (
        "import sys; from mutmut import __main__ as m; m.copy_src_dir(); "
        "m.copy_also_copy_files(); m.create_mutants(int(sys.argv[1]))"
    )
    MUTANTS.mkdir(exist_ok=True)
    # The tool copies what is not there; what is data, or is not mutated, would stay as it was.
    for folder in _settings()["source_paths"]:
        for source in (ROOT / folder).rglob("*.*"):
            copy = MUTANTS / source.relative_to(ROOT)
            if copy.is_file() and copy.stat().st_mtime < source.stat().st_mtime:
                copy.unlink()
    _logged([sys.executable, "-c", make, str(children)], ROOT, "making mutants")
    names = []
    for meta in sorted(MUTANTS.rglob("*.py.meta")):
        names += json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
    return sorted(names)


def digests(names: list[str]) -> dict[str, str]:
    """Of what each mutant changes: its function as it is now, and what must not be changed."""
    settings = _settings()["do_not_mutate_patterns"]
    functions: dict[str, str] = {}
    for module in {name.rpartition(".")[0] for name in names}:
        path = ROOT / (module.replace(".", "/") + ".py")
        if path.is_file():
            source = path.read_text("utf-8")
            for where, node in _functions(ast.parse(source), module):
                text = json.dumps([settings, ast.get_source_segment(source, node)])
                functions[where] = hashlib.sha256(text.encode()).hexdigest()[:32]
    return {name: functions.get(function(name), "") for name in names}


def _functions(node: ast.AST, where: str) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{where}.{child.name}"
            if isinstance(child, ast.ClassDef):
                yield from _functions(child, name)
            else:
                yield name, child


def outcomes(kept: Path, mutants: dict[str, str]) -> dict[str, str]:
    """What came of these mutants, as far as it is known of what they change now."""
    known = told(kept)
    return {
        name: known[name].outcome
        for name, code in mutants.items()
        if name in known and known[name].code == code and known[name].outcome != "changed"
    }


def tried(
    mutants: dict[str, str], kept: Path, children: int, seconds: float, waiting: float
) -> None:
    """Try them in this order while there is time; `kept` tells what came of each."""
    settings = _settings()
    kept.parent.mkdir(parents=True, exist_ok=True)
    asked = MUTANTS / "asked.json"
    asked.write_text(
        json.dumps(
            {
                "mutants": mutants, "children": children, "seconds": seconds, "waiting": waiting,
                "reach": str(MUTANTS / "reach.jsonl"), "told": str(kept),
            }
        ),
        "utf-8",
    )  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-q", "-p", "supply.noticing", "--rootdir=."]
    command += settings["pytest_add_cli_args"] + settings["pytest_add_cli_args_test_selection"]
    _logged(command, MUTANTS, "trying mutants", ORDERPROOF_MUTANTS=str(asked))


def _settings() -> dict[str, Any]:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    return dict(tomllib.loads(text)["tool"]["mutmut"])


def _logged(command: list[str], folder: Path, what: str, **more: str) -> None:
    """Run it; its output is kept in a file, and shown if it fails."""
    log = ROOT / "build" / "mutants.log"
    log.parent.mkdir(exist_ok=True)
    environment = {**os.environ, "ORDERPROOF_EXTRAS": "", "MUTANT_UNDER_TEST": "", **more}
    with log.open("wb") as sink:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=sink,
            stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    # 5: pytest itself ran no test, as it was the plug-in that did.
    if done.returncode not in {0, 5}:
        print("\n".join(log.read_text("utf-8", "replace").splitlines()[-60:]), file=sys.stderr)
        raise SystemExit(f"{what} ended with {done.returncode}; its last lines are above")


if __name__ == "__main__":
    sys.exit(main())
