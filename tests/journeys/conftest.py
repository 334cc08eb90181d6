"""A seller's folder, a sandbox UPS and a running service, for whole walks."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.demo import story
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import parse_scenario
from service.settings import Settings, load_settings
from tests import shape
from tests.journeys.processes import ask

ENVIRONMENT = {"ORDERPROOF_DEMO_UPS_SECRET": "demo-secret"}
ORDER_PATH = f"/v1/orders/amazon/{story.ORDER.id}"


@dataclass
class Seller:
    """The demo's seller in a folder of the test's own, with UPS at `sandbox_url`."""

    folder: Path
    config: Path
    sandbox_url: str

    async def fault(self, kind: str, **fields: Any) -> None:
        status, _, body = await ask(
            "POST", f"{self.sandbox_url}/_sandbox/faults", {"kind": kind} | fields
        )
        assert status in {200, 201, 204}, body

    async def asked(self) -> list[Any]:
        return list((await ask("GET", f"{self.sandbox_url}/_sandbox/requests"))[2])

    def settings(self) -> Settings:
        return load_settings(self.config, environment=ENVIRONMENT)

    def configure(self, source: str, line: str) -> None:
        """Add a line to a source's table of the configuration."""
        text = self.config.read_text(encoding="utf-8")
        assert f"[sources.{source}]\n" in text
        changed = text.replace(f"[sources.{source}]\n", f"[sources.{source}]\n{line}\n")
        self.config.write_text(changed, encoding="utf-8")


@pytest.fixture
async def seller(tmp_path: Path) -> AsyncIterator[Seller]:
    async with contextlib.AsyncExitStack() as stack:
        url = await stack.enter_async_context(run_sandbox(parse_scenario(story.SCENARIO.encode())))
        config = story.write_story(
            tmp_path / "seller", sandbox_url=url, data=tmp_path / "data", keys=tmp_path / "keys"
        )
        yield Seller(tmp_path, shape.configured(config), url)
