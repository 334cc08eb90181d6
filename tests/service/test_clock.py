"""There is one clock, which a test can turn, and nobody looks past it at the machine's."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from service.access.callers import Role
from service.access.tokens import new_token
from service.clock import machine
from service.settings import Settings
from tests.service.conftest import ORDER, REF, AskOf, Checked
from tests.service.standin import InMemoryEvidence
from tests.service.standin_parts import AnItem

ROOT = Path(__file__).parents[2]
PACKAGES = ("evidence", "collectors", "verifiers", "storage", "auditor", "service")

# Who may look at the machine's clock, and why.
MAY = {
    "service/clock.py": "it is the machine's clock, for whoever is given no other",
    "service/own_folder.py": "it compares with times that the file system gave by that clock",
    "storage/s3_requests.py": "S3 refuses a signature that is minutes off its own clock",
    "storage/objects/local.py": "its default, for whoever is given no other",
    "storage/vault/vault.py": "its default, for whoever is given no other",
}
_NOW = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns"},
}


def looks_at_the_machine(source: str) -> Iterator[str]:
    """Whatever in the source is, or calls, something that reads the wall clock."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (f"from time import {n.name}" for n in node.names if n.name in _NOW["time"])
        if not isinstance(node, ast.Attribute):
            continue
        of = node.value
        # `datetime.datetime.now` is the module's; `fact.time.time` is no clock.
        name = of.id if isinstance(of, ast.Name) else ""
        if isinstance(of, ast.Attribute) and of.attr in ("datetime", "date"):
            name = of.attr
        if node.attr in _NOW.get(name, ()):
            yield f"{name}.{node.attr}"


@pytest.mark.parametrize(
    "source",
    [
        "at = datetime.now(UTC)",
        "at = datetime.datetime.utcnow()",
        "day = date.today()",
        "def f(clock=time.time): ...",
        "from time import time",
        "stamp = time.time_ns()",
    ],
)
def test_every_way_to_read_the_wall_clock_is_known(source: str) -> None:
    assert list(looks_at_the_machine(source))


@pytest.mark.parametrize(
    "source", ["time.monotonic()", "self.clock.now", "page['time'].time()", "time.sleep(1)"]
)
def test_durations_and_other_clocks_are_left_alone(source: str) -> None:
    assert not list(looks_at_the_machine(source))


def test_nobody_looks_past_the_given_clock_but_those_who_say_why() -> None:
    found = {
        str(path.relative_to(ROOT)): ways
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if (ways := list(looks_at_the_machine(path.read_text("utf-8"))))
    }
    strangers = {path: ways for path, ways in found.items() if path not in MAY}
    assert not strangers, "take the clock that is given (service/clock.py), or say why not in MAY"
    assert set(MAY) == set(found), "who looks no more needs no permission"


# -- what would be wrong otherwise -------------------------------------------------------------

AHEAD = timedelta(days=3)


def turned() -> datetime:
    return machine() + AHEAD


@pytest.fixture
async def ahead(ask_of: AskOf, settings: Settings, held: InMemoryEvidence) -> Checked:
    """The application three days ahead of the machine."""
    held.clock = turned
    return await ask_of(replace(settings, access="tokens"))


async def test_a_token_lasts_by_the_services_clock(ahead: Checked, held: InMemoryEvidence) -> None:
    async def token(lasts: timedelta) -> dict[str, str]:
        made, secret = new_token(
            tenant="default", name="t", role=Role.ADMIN, made_by="t", now=machine(), lasts=lasts
        )
        await held.add_token(made)
        return {"Authorization": f"Bearer {secret}"}

    ended, lasting = await token(AHEAD / 2), await token(AHEAD * 2)
    assert (await ahead.get("/v1/caller", headers=ended)).status == 401
    listed = (await ahead.get("/v1/tokens", headers=lasting)).json["tokens"]
    assert sorted(each["state"] for each in listed) == ["expired", "valid"]
    new = await ahead.post("/v1/tokens", headers=lasting, json={"name": "n", "role": "auditor"})
    assert new.json["created_at"] > f"{machine() + AHEAD / 2:%Y-%m-%d}"


async def test_links_and_subscriptions_are_dated_by_the_services_clock(
    ask_of: AskOf, settings: Settings, held: InMemoryEvidence
) -> None:
    ask = await ask_of(settings)
    await ask.post(f"{ORDER}/collections")
    account = held.accounts["default", REF]
    account.items = [AnItem(b"%PDF", 0, account.order.commitment)]
    held.seal("default", REF)
    await ask.post(f"{ORDER}/shares", json={"profile": "bagit", "expires_in_s": 3600})
    states = [each["state"] for each in (await ask.get(f"{ORDER}/shares")).json["shares"]]
    held.clock = turned
    later = [each["state"] for each in (await ask.get(f"{ORDER}/shares")).json["shares"]]
    assert (states, later) == (["open"], ["expired"])
    body = {"url": "https://hooks.example/x", "events": ["verification.failed"]}
    made = (await ask.post("/v1/subscriptions", json=body)).json
    assert made["created_at"] > f"{machine() + AHEAD / 2:%Y-%m-%d}"
