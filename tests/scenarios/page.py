"""pytest's plugin behind `make scenarios`: which row went how, through which face, as a page.

A row counts only if a test of it went through a face that a user has: HTTP, a webhook, the console,
the command line. That is watched, not declared. `--scenarios FILE` says where the page goes.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from service.http.contract import CONTRACT
from tests.scenarios.table import IDS, Row, rows

_FACES = ("command", "console", "HTTP", "webhook")
_seen: set[str] = set()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--scenarios", metavar="FILE", help="write how each row went as a page")


def pytest_configure(config: pytest.Config) -> None:
    _watch()
    config.pluginmanager.register(Scenarios(config.getoption("--scenarios")))


# -- faces ---------------------------------------------------------------------------------


def _watch() -> None:
    """Note each request that comes to the service and each command that is read."""
    handle, parse = web.Application._handle, argparse.ArgumentParser.parse_args

    async def handled(app: web.Application, request: web.Request) -> web.StreamResponse:
        if CONTRACT in app:
            _seen.add(_face(request.path))
        return await handle(app, request)

    def parsed(parser: argparse.ArgumentParser, *args: Any, **more: Any) -> Any:
        if parser.prog == "orderproof":
            _seen.add("command")
        return parse(parser, *args, **more)

    web.Application._handle = handled  # type: ignore[method-assign, assignment]
    argparse.ArgumentParser.parse_args = parsed  # type: ignore[method-assign, assignment]
    sys.addaudithook(_started)


def _face(path: str) -> str:
    if path.startswith("/console"):
        return "console"
    return "webhook" if path.startswith("/v1/webhooks/") else "HTTP"


def _started(event: str, args: tuple[Any, ...]) -> None:
    """A command in a process of its own."""
    if event == "subprocess.Popen" and "service.cli" in map(str, args[1] or ()):
        _seen.add("command")


# -- outcomes ------------------------------------------------------------------------------


@dataclass(slots=True)
class Played:
    """How the tests of one row went. `outcomes` by test, `faces` those that were gone through."""

    outcomes: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    faces: set[str] = field(default_factory=set)

    @property
    def result(self) -> str:
        """`pass`: every test passed or said why it was skipped, and one went through a face."""
        if not self.outcomes:
            return "not played"
        said = set(self.outcomes.values())
        if "failed" in said:
            return "**fail**"
        if said == {"skipped"}:
            return f"skipped: {self.reasons[0]}"
        return "pass" if self.faces else "**no face**"


class Scenarios:
    def __init__(self, page: str | None) -> None:
        self._page = page
        self._played: defaultdict[str, Played] = defaultdict(Played)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        _seen.clear()
        return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        try:
            return (yield)
        finally:
            marks = item.iter_markers("row")
            item.user_properties += [("row", id) for mark in marks for id in mark.args]
            item.user_properties += [("face", face) for face in sorted(_seen)]

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        # Of a test that is skipped before it is called there is nothing else to know.
        item.user_properties += [
            ("planned", id) for mark in item.iter_markers("row") for id in mark.args
        ]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        said = defaultdict(set)
        for name, value in report.user_properties:
            said[name].add(str(value))
        if report.when == "setup" and report.passed:
            return
        if report.when == "teardown" and report.passed:
            return
        for id in said["row"] | said["planned"]:
            played = self._played[id]
            worst = "failed" if played.outcomes.get(report.nodeid) == "failed" else report.outcome
            played.outcomes[report.nodeid] = worst
            played.faces |= said["face"]
            if report.skipped and isinstance(report.longrepr, tuple):
                played.reasons.append(report.longrepr[2].removeprefix("Skipped: "))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._page and not hasattr(session.config, "workerinput"):
            Path(self._page).write_text(page(rows(), self._played), "utf-8")


# -- the page ------------------------------------------------------------------------------

_HEAD = """\
# Scenarios

Written by `make scenarios`, which plays every row through the faces that a user has: commands,
HTTP, webhooks, the console. `tests/scenarios/rows.toml` has the rows; a test says by its name or by
`mark.row` which one it plays. A row passes if all its tests passed and one went through a face.
{summary}
"""
_TITLES = {
    "S0": "A shop of one's own beside a marketplace",
    "S1": "Answering a review of the defect rate",
    "S2": "Answering in time",
    "S3": "A social shop's appeal",
    "S4": "An account in trouble",
}


def page(said: Mapping[str, Row], played: Mapping[str, Played]) -> str:
    """docs/scenarios.md: of each row what it asks, where it is done, how it went, by whom."""
    results = {id: played[id].result if id in played else "not done" for id in IDS}
    passed = sum(result == "pass" for result in results.values())
    lines = [_HEAD.format(summary=f"{passed} of {len(IDS)} pass.")]
    for seed, title in _TITLES.items():
        lines += [f"## {seed}: {title}", "", "| row | asks | where | faces | result |"]
        lines.append("| --- | --- | --- | --- | --- |")
        lines += [
            "| "
            + " | ".join((id, _asks(said[id]), said[id].where, _faces(played.get(id)), results[id]))
            + " |"
            for id in IDS
            if id.startswith(seed)
        ]
        lines.append("")
    lines += ["## Which test plays which row", ""]
    lines += [
        f"- {id}: {', '.join(f'`{name}`' for name in sorted(_names(played.get(id))))}" for id in IDS
    ]
    return "\n".join(lines) + "\n"


def _asks(row: Row) -> str:
    more = [f"*By a person:* {row.person}"] if row.person else []
    more += [f"*Not done:* {row.lacks}"] if row.lacks else []
    return "<br>".join([row.asks, *more])


def _faces(played: Played | None) -> str:
    found = played.faces if played else set()
    return ", ".join(face for face in _FACES if face in found) or "-"


def _names(played: Played | None) -> set[str]:
    """Tests by file and function, without their parameters."""
    tests = played.outcomes if played else {}
    return {test.partition("[")[0].removeprefix("tests/") for test in tests}
