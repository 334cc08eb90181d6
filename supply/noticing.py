"""A plug-in of pytest for `make mutants`: which tests notice which mutant?

pytest collects once. Then each mutant is tried in a fork of that process, by the tests that reach
its function, until the first one fails: no interpreter is started and nothing is imported again.

ORDERPROOF_MUTANTS names a JSON file with `names` (of mutants), `children` (forks at a time),
`seconds` (after which no mutant is begun) and two files: `reach`, which keeps what a test reaches
and how long it takes for the next run (tests whose file has not changed are not asked again), and
`told`, where each mutant's outcome goes as it is known: `killed`, `survived`, `timeout` or
`no tests`. What there was no time for is absent.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import resource
import select
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from _pytest.runner import runtestprotocol

# Types are checked where the tool is absent, too.
trampoline: Any = importlib.import_module("mutmut.mutation.trampoline")

# Tests that reach least are asked first, and only so many seconds of them.
MOST_SECONDS = 20.0
# A mutant's time, as a multiple of what its tests take unchanged, and what is added to it.
MULTIPLE, MARGIN_S = 4.0, 5.0
MEMORY = 4 << 30
PASSED, FAILED, CHANGED = 0, 1, 3

# By a test's name: its file's digest, its CPU seconds, the functions it reaches.
Reach = dict[str, tuple[str, float, list[str]]]


def pytest_runtestloop(session: pytest.Session) -> bool:
    asked = json.loads(Path(os.environ["ORDERPROOF_MUTANTS"]).read_text("utf-8"))
    until = time.monotonic() + asked["seconds"]
    items = {item.nodeid: item for item in session.items}
    reach = _reach(items, Path(asked["reach"]), asked["children"])
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
            took = sum(reach[test][1] for test in tests)

            def trial(name: str = name, tests: list[str] = tests) -> int:
                trampoline.set_mutant_under_test(name)
                return _fails([items[test] for test in tests])

            yield name, trial, took * MULTIPLE + MARGIN_S

    outcomes = {PASSED: "survived", FAILED: "killed", None: "timeout"}
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


def _reach(items: dict[str, pytest.Item], kept: Path, children: int) -> Reach:
    """What each test reaches, found out in forks: the process that all come from stays cold."""
    reach: Reach = {}
    if kept.exists():
        reach = {test: tuple(told) for test, told in json.loads(kept.read_text("utf-8")).items()}
    digests = {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in {item.path for item in items.values()}
    }
    new = [test for test, item in items.items() if reach.get(test, ("",))[0] != digests[item.path]]
    parts = {str(part): new[part::children] for part in range(children) if new[part::children]}

    def trials() -> Iterator[tuple[str, Callable[[], int], float]]:
        for part, tests in parts.items():
            yield part, lambda tests=tests, part=part: watch(tests, part), 3600.0  # type: ignore[misc]

    def watch(tests: list[str], part: str) -> int:
        hits: set[str] = set()
        trampoline.record_trampoline_hit = lambda name, caller=None: hits.add(name)
        trampoline.set_mutant_under_test("stats")
        seen: dict[str, Any] = {}
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            hits.clear()
            before = time.process_time()
            if _fails([items[test]], items[following] if following else None):
                seen[test] = (digests[items[test].path], 0.0, [])
                continue
            took = time.process_time() - before
            seen[test] = (digests[items[test].path], round(took, 4), sorted(hits))
        kept.with_suffix(f".{part}").write_text(json.dumps(seen), "utf-8")
        return PASSED

    for part, status in _forked(trials(), children, float("inf")):
        if status != PASSED:
            raise pytest.UsageError(f"what tests reach could not be found out: status {status}")
        seen = json.loads(kept.with_suffix(f".{part}").read_text("utf-8"))
        reach.update({test: tuple(told) for test, told in seen.items()})
    reach = {test: reach[test] for test in items}
    kept.write_text(json.dumps(reach), "utf-8")
    return reach


def _fails(items: list[pytest.Item], last: pytest.Item | None = None) -> int:
    for item, following in zip(items, [*items[1:], last], strict=True):
        if any(one.failed for one in runtestprotocol(item, log=False, nextitem=following)):
            return FAILED
    return PASSED


def _forked(
    trials: Iterator[tuple[str, Callable[[], int], float]], children: int, until: float
) -> Iterator[tuple[str, int | None]]:
    """Each trial's exit status, None if its seconds were over; `children` of them at a time."""
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
        soonest = min((end for _, _, end in running.values()), default=0.0)
        watched = [fd for _, fd, _ in running.values()]
        if watched:
            select.select(watched, [], [], max(0.0, soonest - time.monotonic()))
        for pid, (name, fd, end) in list(running.items()):
            over = time.monotonic() >= end
            if over:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
            done, status = os.waitpid(pid, 0 if over else os.WNOHANG)
            if done:
                os.close(fd)
                del running[pid]
                yield name, None if over else os.waitstatus_to_exitcode(status)


def _child(call: Callable[[], int]) -> NoReturn:
    """A group of its own, so that what a test started ends with it."""
    status = CHANGED
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        status = call()
    finally:
        os._exit(status)
