"""Every stand-in, asked by somebody whom it does not know: it refuses, tells nothing, and lives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import aiohttp
import pytest

from service.clock import machine
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import Scenario, parse_scenario
from service.sandbox.vendors import VENDORS

EVERYONE = parse_scenario((files("service") / "sandbox" / "everyone.toml").read_bytes())
# Of the order and its people: nothing that a stranger may be told.
TOLD = ("Jane Doe", "LAMP-OAK-02", "Front Door", "BrightLeaf-US")
NUMBERS = ("112-4832917-2201845", "1Z84A7V90344127810", "5763021455541", "576684019603311365",
           "04-11234-56789", "unknown")  # fmt: skip
WRONG: tuple[dict[str, Any], ...] = (
    {},
    {"headers": {"Authorization": "Bearer nobody", "X-Shopify-Access-Token": "nobody"}},
    {"headers": {"Authorization": aiohttp.encode_basic_auth("me", "guessed")}},
    {"headers": {"Authorization": "Token nobody", "x-amz-access-token": "nobody"}, "json": {}},
    {"params": {"access_token": "x", "app_key": "x", "sign": "x"}, "json": [1]},
    {"data": {"grant_type": "client_credentials", "client_id": "me", "client_secret": "guessed"}},
    {"data": b"\xff\xfe nonsense", "headers": {"Content-Type": "application/json"}},
)


def asked(scenario: Scenario) -> Iterator[tuple[str, str, str]]:
    """(vendor, method, path) of every route, its blanks filled in with numbers that are known."""
    for vendor in VENDORS:
        for route in vendor(scenario, clock=machine).routes():
            blanks = len(re.findall(r"\{[^}]*\}", route.path))
            for number in NUMBERS if blanks else NUMBERS[:1]:
                path = re.sub(r"\{[^}]*\}", number, route.path)
                yield vendor.name, "GET" if route.method == "*" else route.method, path


@pytest.mark.parametrize("scenario", [EVERYONE, parse_scenario(b"")], ids=["everyone", "empty"])
async def test_a_stranger_is_told_nothing_and_breaks_nothing(scenario: Scenario) -> None:
    wrong: list[str] = []
    async with run_sandbox(scenario) as url, aiohttp.ClientSession() as http:
        for vendor, method, path in asked(scenario):
            for how in WRONG:
                async with http.request(method, f"{url}/{vendor}{path}", **how) as answer:
                    said = await answer.text(errors="replace")
                    if answer.status >= 500 or any(word in said for word in TOLD):
                        wrong.append(f"{method} {vendor}{path} {how}: {answer.status} {said[:80]}")
    assert not wrong, "\n".join(wrong[:20])
