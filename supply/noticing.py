"""A plug-in of pytest for `make mutants`: which tests notice which mutant?

pytest collects once. Then each mutant is tried in a fork of that process, by the tests that reach
its function, until the first one fails: no interpreter is started and nothing is imported again.

ORDERPROOF_MUTANTS names a JSON file with `mutants` (and the digest of what each one changes),
`children` (forks at a time), `seconds` (after which no mutant is begun), `waiting` (the clock's
seconds for each that a test may take of a processor) and two files, which only grow and hold a line
for each thing as it is known, so that a run may end at any time:

- `reach`: what a test reaches and how long it takes. Tests whose file has not changed are not asked
  again.
- `told`: what came of a mutant: `killed`, `timeout` (more of a processor than its test may take),
  `survived`, `no tests`, or `unfinished`, where the clock ended it: that says nothing of the tests.
  While its function and the tests that decided are the same it is not tried again; else `changed`
  is written, and it is.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import hashlib
import importlib
import json
import math
import mmap
import os
import resource
import select
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any, NoReturn

import pytest
from _pytest.runner import runtestprotocol

from supply.told import Told, lines, told

# Types are checked where the tool is absent, too.
trampoline: Any = importlib.import_module("mutmut.mutation.trampoline")

# Tests that reach least are asked first, and only so many seconds of them.
MOST_SECONDS = 20.0
# A test's processor time, as a multiple of what it takes unchanged, and what is added.
MULTIPLE, MARGIN_S = 4.0, 4.0
# What was begun in time may take so long beyond it.
GRACE_S = 45.0
MEMORY = 4 << 30
PR_SET_PDEATHSIG = 1  # prctl(2)
PASSED, FAILED, CHANGED, UNFINISHED = 0, 1, 3, 256
OUTCOMES = {
    PASSED: "survived", -signal.SIGPROF: "timeout", -signal.SIGALRM: "unfinished",
    UNFINISHED: "unfinished",
}  # fmt: skip

# By a test's name: its file's digest, its CPU seconds, the functions it reaches.
Reach = dict[str, tuple[str, float, list[str]]]


def pytest_runtestloop(session: pytest.Session) -> bool:
    asked = json.loads(Path(os.environ["ORDERPROOF_MUTANTS"]).read_text("utf-8"))
    until = time.monotonic() + asked["seconds"]
    items = {item.nodeid: item for item in session.items}
    reach = _reach(items, Path(asked["reach"]), asked["children"], until)
    by_function: dict[str, list[str]] = {}
    for test in items:
        for function in reach[test][2]:
            by_function.setdefault(function, []).append(test)
    chosen = {function: _chosen(tests, reach) for function, tests in by_function.items()}
    kept = Path(asked["told"])
    before = told(kept)
    killers: dict[str, Counter[str]] = defaultdict(Counter)
    for one in before.values():
        killers[_function(one.name)][one.by] += 1
    # The test that is under way in a fork; it outlives the fork.
    under_way: dict[str, mmap.mmap] = {}
    tests_of: dict[str, list[str]] = {}

    def write(name: str, outcome: str, by: str = "") -> None:
        tests = [by] if by else chosen.get(_function(name), [])
        line = [name, asked["mutants"][name], outcome, by, _digest(tests, reach)]
        with kept.open("a", encoding="utf-8") as sink:
            sink.write(json.dumps(line) + "\n")

    def holds(old: Told) -> bool:
        tests = [old.by] if old.by else chosen.get(_function(old.name), [])
        return old.code == asked["mutants"][old.name] and old.tests == _digest(tests, reach)

    names = []
    for name in asked["mutants"]:
        old = before.get(name)
        if old is not None and not holds(old):
            write(name, "changed")
        if old is None or old.outcome in {"unfinished", "changed"} or not holds(old):
            names.append(name)

    def trials() -> Iterator[tuple[str, Callable[[], int]]]:
        for name in names:
            function = _function(name)
            if function not in chosen:
                write(name, "no tests")
                continue
            # What noticed another change of this function is likely to notice this one.
            noticed = killers[function]
            tests_of[name] = sorted(chosen[function], key=noticed.__getitem__, reverse=True)
            under_way[name] = mmap.mmap(-1, 4)
            yield name, partial(trial, name)

    def trial(name: str) -> int:
        trampoline.set_mutant_under_test(name)
        tests = tests_of[name]
        seconds = [reach[test][1] * MULTIPLE + MARGIN_S for test in tests]
        limits = [(most, most * asked["waiting"]) for most in seconds]
        return _fails([items[test] for test in tests], limits=limits, under_way=under_way[name])

    # What is there stays as it is, so that no fork looks through it, and copies it, to no end.
    gc.collect()
    gc.freeze()
    for name, status in _forked(trials(), asked["children"], until):
        outcome, by = OUTCOMES.get(status, "killed"), ""
        tests = tests_of.pop(name)
        with under_way.pop(name) as number:
            if outcome in {"killed", "timeout"}:
                by = tests[int.from_bytes(number[:], "little")]
                killers[_function(name)][by] += 1
        write(name, outcome, by)
    return True


def _function(mutant: str) -> str:
    return mutant.partition("__mutmut_")[0]


def _digest(tests: list[str], reach: Reach) -> str:
    """Of tests, as their files are now; a test that is no longer there is none."""
    files = sorted((test, reach[test][0] if test in reach else "") for test in tests)
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()[:32]


def _chosen(tests: list[str], reach: Reach) -> list[str]:
    """The tests of a function, those that reach least and are shortest first."""
    chosen: list[str] = []
    took = 0.0
    for test in sorted(tests, key=lambda test: ((1 + len(reach[test][2])) * reach[test][1], test)):
        took += reach[test][1]
        if chosen and took > MOST_SECONDS:
            break
        chosen.append(test)
    return chosen


def _reach(items: dict[str, pytest.Item], kept: Path, children: int, until: float) -> Reach:
    """What each test reaches, found out in forks: the process that all come from stays cold."""
    reach = _known(kept)
    digests = {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in {item.path for item in items.values()}
    }
    new = [test for test, item in items.items() if reach.get(test, ("",))[0] != digests[item.path]]
    parts = {str(part): new[part::children] for part in range(children) if new[part::children]}

    def trials() -> Iterator[tuple[str, Callable[[], int]]]:
        for part, tests in parts.items():
            yield part, partial(watch, tests)

    def watch(tests: list[str]) -> int:
        hits: set[str] = set()
        trampoline.record_trampoline_hit = lambda name, caller=None: hits.add(name)
        trampoline.set_mutant_under_test("stats")
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            hits.clear()
            before = time.process_time()
            passed = not _fails([items[test]], items[following] if following else None)
            took = round(time.process_time() - before, 4)
            line = [test, digests[items[test].path], took, sorted(hits) if passed else []]
            # Opened for each line: all children write to it, and one that is killed loses none.
            with kept.open("a", encoding="utf-8") as sink:
                sink.write(json.dumps(line) + "\n")
        return PASSED

    for _, status in _forked(trials(), children, until):
        if status != PASSED:
            why = "in this time" if status == UNFINISHED else f"status {status}"
            raise pytest.UsageError(f"what tests reach could not be found out: {why}")
    reach = _known(kept)
    return {test: reach[test] for test in items}


def _known(kept: Path) -> Reach:
    """What was found out before; of a test that is there twice, the later line counts."""
    return {test: (digest, took, reached) for test, digest, took, reached in lines(kept)}


def _fails(
    items: list[pytest.Item],
    last: pytest.Item | None = None,
    *,
    limits: Iterable[tuple[float, float]] = repeat((0.0, 0.0)),
    under_way: mmap.mmap | None = None,
) -> int:
    """Whether one fails; one that takes more seconds of a processor or of the clock ends all."""
    following = [*items[1:], last]
    for number, (item, after, limit) in enumerate(zip(items, following, limits, strict=False)):
        if under_way is not None:
            under_way[:] = number.to_bytes(4, "little")
        signal.setitimer(signal.ITIMER_PROF, limit[0])
        signal.setitimer(signal.ITIMER_REAL, limit[1])
        if any(one.failed for one in runtestprotocol(item, log=False, nextitem=after)):
            return FAILED
    return PASSED


def _forked(
    trials: Iterator[tuple[str, Callable[[], int]]], children: int, until: float
) -> Iterator[tuple[str, int]]:
    """Each trial's exit status, `children` of them at a time.

    After `until` none is begun, and what is under way has GRACE_S to end: else it is UNFINISHED.
    """
    running: dict[int, tuple[str, int]] = {}
    there = True
    while True:
        while there and len(running) < children:
            trial = next(trials, None) if time.monotonic() < until else None
            there = trial is not None
            if trial is not None:
                name, call = trial
                pid = os.fork()
                if not pid:
                    _child(call)
                running[pid] = (name, os.pidfd_open(pid))
        if not running:
            break
        end = until + GRACE_S
        rest = None if math.isinf(end) else max(0.0, end - time.monotonic())
        ended = select.select([fd for _, fd in running.values()], [], [], rest)[0]
        late = time.monotonic() >= end
        for pid, (name, fd) in list(running.items()):
            if late or fd in ended:
                # All its group: what a test started may still be there.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                _, status = os.waitpid(pid, 0)
                os.close(fd)
                del running[pid]
                yield name, os.waitstatus_to_exitcode(status) if fd in ended else UNFINISHED


def _child(call: Callable[[], int]) -> NoReturn:
    """A group of its own, so that what a test started ends with it; it ends with its parent."""
    status = CHANGED
    try:
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        status = call()
    finally:
        os._exit(status)
