"""Ten scenarios, each held to what its bundle was when a person looked at it.

`python -m tests.service.profiles.test_scenarios` writes golden.json anew; read the difference.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.custody import By
from service.profiles import paper
from service.profiles.asked import Asked
from service.profiles.make import make
from tests.service.profiles.scenarios import SCENARIOS, Scenario
from tests.service.profiles.shop import shop
from tests.service.report.accounts import account
from tests.verifiers.evidence_of import ORDER
from verifiers.forms.lint import lint
from verifiers.forms.uploads import told
from verifiers.profilebook import profile_named

GOLDEN = Path(__file__).with_name("golden.json")


async def shape_of(scenario: Scenario) -> dict[str, Any]:
    """What the bundle is, in short: names, pages, texts, what each file tells, what is against."""
    manifest = account(scenario.facts, scenario.items)
    asked = Asked(
        profile=replace(profile_named(scenario.profile), platforms=()),
        orders=[ORDER],
        texts=scenario.texts,
        links={ORDER: scenario.link} if scenario.link else {},
        report=None,  # the stand-in for the ledger keeps none
    )
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "a.zip"
        async with shop(lambda ref: manifest) as runtime:
            await make(runtime, "default", asked, to=to, by=By("test", "test"))
        data = to.read_bytes()
    found = lint(io.BytesIO(data))
    assert found.ok, found.breaches
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    (line,) = [json.loads(each) for each in files["orders.jsonl"].splitlines()]
    claims = [json.loads(each) for each in files["proof.jsonl"].splitlines()]
    sent = {name: raw for name, raw in files.items() if name.startswith("files/")}
    for name in [name for name in sent if name.endswith(".zip")]:
        with zipfile.ZipFile(io.BytesIO(sent.pop(name))) as archive:
            sent |= {f"{name}!{each}": archive.read(each) for each in archive.namelist()}
    shape: dict[str, Any] = {
        "profile": scenario.profile,
        "files": {name: _kind(raw) for name, raw in sorted(sent.items())},
        "texts": line["texts"],
        "left_out": line["left_out"],
        "against": sorted({each["code"] for each in line["against"]}),
        "told": {
            path: sorted({f"{c['fact']}: {c['says']}" for c in claims if c.get("file") == path})
            for path in line["files"]
        },
        "advice": sorted({breach.key for breach in found.breaches}),
    }
    if "ce3" in line:
        shape["ce3"] = {
            "earlier": [each["Payment"]["says"] for each in line["ce3"]["earlier"]],
            "lacks": line["ce3"]["lacks"],
        }
    return shape


def _kind(raw: bytes) -> str:
    seen = told(raw)
    if seen.pages:
        return f"{seen.media_type}, {seen.standard}, pages {seen.pages}"
    return seen.media_type


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.row)
async def test_a_scenario_gives_the_bundle_that_was_looked_at(scenario: Scenario) -> None:
    if not paper.available():
        pytest.skip("the extra `report` is not installed")
    golden = json.loads(GOLDEN.read_text("utf-8"))
    assert await shape_of(scenario) == golden[scenario.row]


def test_each_scenario_is_held_to_something_and_no_other_is() -> None:
    assert set(json.loads(GOLDEN.read_text("utf-8"))) == {each.row for each in SCENARIOS}
    assert len(SCENARIOS) == 10


async def _all() -> dict[str, Any]:
    return {scenario.row: await shape_of(scenario) for scenario in SCENARIOS}


if __name__ == "__main__":
    made = json.dumps(asyncio.run(_all()), ensure_ascii=False, indent=1, sort_keys=True)
    GOLDEN.write_text(made + "\n", "utf-8")
    sys.stdout.write(f"{GOLDEN} written\n")
