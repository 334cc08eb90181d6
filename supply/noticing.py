"""A plug-in of pytest for `make mutants`: which tests notice which mutant?

pytest collects once. Then each mutant is tried in a fork of that process, by the tests that reach
its function, until the first one fails: no interpreter is started and nothing is imported again.

ORDERPROOF_MUTANTS names a JSON file with `names` (of mutants), `children` (forks at a time),
`seconds` (after which no mutant is begun) and two files: `reach`, which keeps what a test reaches
and how long it takes, a line each as it is known, for the next run (tests whose file has not
changed are not asked again), and `told`, where each mutant's outcome goes as it is known: `killed`,
`survived`, `timeout`, `no tests`, or `unfinished` where it was begun in time and took too long
beyond it. What there was no time for is absent.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib
import json
import os
import resource
import select
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any, NoReturn

import pytest
from _pytest.runner import runtestprotocol

# Types are checked where the tool is absent, too.
trampoline: Any = importlib.import_module("mutmut.mutation.trampoline")

# Tests that reach least are asked first, and only so many seconds of them.
MOST_SECONDS = 20.0
# A test's processor time, as a multiple of what it takes unchanged, and what is added. By the clock
# a mutant may take longer, as others may be at work on the machine.
MULTIPLE, MARGIN_S = 4.0, 4.0
WAITING = 3.0
# What was begun in time may take so long beyond it.
GRACE_S = 45.0
MEMORY = 4 << 30
PR_SET_PDEATHSIG = 1  # prctl(2)
PASSED, FAILED, CHANGED, UNFINISHED = 0, 1, 3, 256

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
    told = Path(asked["told"])
    found: dict[str, str] = {}

    def trials() -> Iterator[tuple[str, Callable[[], int], float]]:
        for name in asked["names"]:
            tests = _chosen(by_function.get(name.partition("__mutmut_")[0], []), reach)
            if not tests:
                found[name] = "no tests"
                continue
            seconds = [reach[test][1] * MULTIPLE + MARGIN_S for test in tests]

            def trial(
                name: str = name, tests: list[str] = tests, seconds: list[float] = seconds
            ) -> int:
                trampoline.set_mutant_under_test(name)
                return _fails([items[test] for test in tests], seconds=seconds)

            yield name, trial, sum(seconds) * WAITING

    outcomes = {
        PASSED: "survived", -signal.SIGPROF: "timeout", None: "timeout", UNFINISHED: "unfinished",
    }  # fmt: skip
    for name, status in _forked(trials(), asked["children"], until):
        found[name] = outcomes.get(status, "killed")
        told.write_text(json.dumps(found), "utf-8")
    told.write_text(json.dumps(found), "utf-8")
    return True


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

    def trials() -> Iterator[tuple[str, Callable[[], int], float]]:
        for part, tests in parts.items():
            yield part, lambda tests=tests: watch(tests), 3600.0  # type: ignore[misc]

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
    if not kept.exists():
        return {}
    known: Reach = {}
    for line in kept.read_text("utf-8").splitlines():
        # One that was cut off when its writer ended is found out again.
        with contextlib.suppress(ValueError):
            test, digest, took, reached = json.loads(line)
            known[test] = (digest, took, reached)
    return known


def _fails(
    items: list[pytest.Item],
    last: pytest.Item | None = None,
    *,
    seconds: Iterable[float] = repeat(0.0),
) -> int:
    """Whether one fails; one that takes more processor time than `seconds` ends the process."""
    for item, following, most in zip(items, [*items[1:], last], seconds, strict=False):
        signal.setitimer(signal.ITIMER_PROF, most)
        if any(one.failed for one in runtestprotocol(item, log=False, nextitem=following)):
            return FAILED
    return PASSED


def _forked(
    trials: Iterator[tuple[str, Callable[[], int], float]], children: int, until: float
) -> Iterator[tuple[str, int | None]]:
    """Each trial's exit status, `children` of them at a time; None if its seconds were over.

    After `until` none is begun, and what is under way has GRACE_S to end: else it is UNFINISHED.
    """
    running: dict[int, tuple[str, int, float]] = {}
    there = True
    while there or running:
        while there and len(running) < children:
            trial = next(trials, None) if time.monotonic() < until else None
            there = trial is not None
            if trial is not None:
                name, call, seconds = trial
                pid = os.fork()
                if not pid:
                    _child(call)
                running[pid] = (name, os.pidfd_open(pid), time.monotonic() + seconds)
        soonest = min([until + GRACE_S, *(end for _, _, end in running.values())])
        watched = [fd for _, fd, _ in running.values()]
        if watched:
            select.select(watched, [], [], max(0.0, soonest - time.monotonic()))
        for pid, (name, fd, end) in list(running.items()):
            late = time.monotonic() >= until + GRACE_S
            if over := late or time.monotonic() >= end:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            done, status = os.waitpid(pid, 0 if over else os.WNOHANG)
            if done:
                os.close(fd)
                del running[pid]
                exit_code = os.waitstatus_to_exitcode(status)
                yield name, exit_code if not over else UNFINISHED if late else None


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
