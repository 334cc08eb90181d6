"""One report of two orders: kept with each, found again, checked with the bundle of either."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from auditor.rendered import verify_report
from auditor.report import State
from evidence.canonical import digest
from evidence.custody import Act
from evidence.errors import ConfigError, HeldError, NotFoundError, RequestError
from evidence.orders import OrderRef, order_ref
from service.cli import main
from service.custody import By
from service.custody import report as custody_of
from service.demo import story
from service.derivatives import derivatives
from service.report import reports, together
from service.report.wanted import Kind, Language, Wanted
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import parse_scenario
from service.settings import load_settings
from service.typeset.fonts import find_fonts
from tests.service.test_reviewer import SECRET

pytestmark = [pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]
try:
    find_fonts()
except ConfigError as lacking:
    pytest.skip(str(lacking), allow_module_level=True)
pytest.importorskip("typst", reason="typst is not installed: pip install 'orderproof[report]'")

BY = By("local user erika", "orderproof test")
OTHER = OrderRef(story.ORDER.platform, story.NEIGHBOUR, story.ORDER.site)
GAPS = Wanted(kind=Kind.GAPS, language=Language.BOTH, signed=True)


@dataclass(frozen=True)
class Sealed:
    """Two orders of one seller, both sealed."""

    config: Path
    runtime: Runtime

    @property
    def tenant(self) -> str:
        return self.runtime.settings.tenant


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sealed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sealed]:
    folder = tmp_path_factory.mktemp("together")
    async with run_sandbox(parse_scenario(story.SCENARIO.encode())) as url:
        config = story.write_story(
            folder / "seller", sandbox_url=url, data=folder / "data", keys=folder / "keys"
        )
        async with await Runtime.open(load_settings(config, environment=SECRET)) as runtime:
            tenant = runtime.settings.tenant
            for ref in (story.ORDER, OTHER):
                run, _ = await runtime.request_collection(ref, tenant=tenant, defect=story.DEFECT)
                assert await runtime.walk(tenant, run.id) == "sealed"
            yield Sealed(config, runtime)


async def test_a_run_that_breaks_off_is_taken_up_with_the_same_bytes(
    sealed: Sealed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = derivatives.keep_tied
    done: list[str] = []

    async def once(*words: Any, **more: Any) -> Any:
        if done:
            raise OSError("the machine went away")
        made = await kept(*words, **more)
        done.append(made.line.sha256)
        return made

    orders = [OTHER, story.ORDER]
    with monkeypatch.context() as patched:
        patched.setattr(derivatives, "keep_tied", once)
        with pytest.raises(OSError, match="went away"):
            await together.make(sealed.runtime, sealed.tenant, orders, GAPS, by=BY)
    made, content = await together.make(sealed.runtime, sealed.tenant, orders, GAPS, by=BY)
    # Signed anew it would be another file.
    assert [each.line.sha256 for each in made] == [content.sha256] * 2 == done * 2
    again, same = await together.make(sealed.runtime, sealed.tenant, orders[::-1], GAPS, by=BY)
    assert same.sha256 == content.sha256
    assert [each.seq for each in again] == [each.seq for each in made]

    file = tmp_path / "report.pdf"
    file.write_bytes(content.read(1 << 26))
    for ref in orders:
        known = await reports.known(sealed.runtime, sealed.tenant, ref, content.sha256)
        assert known is not None and known.current and known.made_with["orders"] == "2"
        bundle = tmp_path / f"{ref.id}.zip"
        await sealed.runtime.bundle(sealed.tenant, ref, profile="bagit", to=bundle)
        told = verify_report(file, bundle=bundle)
        assert [c.state for c in told.checks if c.name in ("report", "current")] == [
            State.PASS,
            State.PASS,
        ]
        assert "It is of 2 orders" in " ".join(c.what for c in told.checks)


async def test_an_evidence_report_is_of_one_order_and_an_unknown_order_is_named(
    sealed: Sealed,
) -> None:
    orders = [story.ORDER, OTHER]
    with pytest.raises(RequestError, match="of one order"):
        await together.make(sealed.runtime, sealed.tenant, orders, Wanted(), by=BY)
    unknown = order_ref("amazon", "111-0000000-0000000")
    with pytest.raises(NotFoundError, match="111-0000000-0000000"):
        await together.make(sealed.runtime, sealed.tenant, [*orders, unknown], GAPS, by=BY)
    with pytest.raises(RequestError, match="more than 100"):
        await together.make(sealed.runtime, sealed.tenant, [unknown] * 101, GAPS, by=BY)


async def test_nothing_is_kept_while_one_of_them_is_collected(sealed: Sealed) -> None:
    begun, _ = await sealed.runtime.request_collection(OTHER, tenant=sealed.tenant)
    try:
        with pytest.raises(HeldError, match=OTHER.id):
            wanted = Wanted(kind=Kind.CHANNEL)
            await together.make(sealed.runtime, sealed.tenant, [story.ORDER, OTHER], wanted, by=BY)
    finally:
        await sealed.runtime.give_up(sealed.tenant, begun.id, "a test")


async def test_the_command_makes_one_of_a_list_and_notes_it_with_each(
    sealed: Sealed,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import asyncio

    monkeypatch.setenv("ORDERPROOF_DEMO_UPS_SECRET", "demo-secret")
    listed, to = tmp_path / "orders.txt", tmp_path / "channel.pdf"
    listed.write_text(f"{OTHER.id}\n\n", encoding="utf-8")
    words = ["--config", str(sealed.config), "report", story.ORDER.id, "--orders", str(listed)]
    words += ["--about", "channel", "--language", "zh", "-o", str(to), "--json"]
    assert await asyncio.to_thread(main, words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["sha256"], told["orders"]) == (digest(to.read_bytes()), 2)
    for ref in (story.ORDER, OTHER):
        last = (await custody_of(sealed.runtime, sealed.tenant, ref)).entries[-1]
        assert (last.line.act, last.details["sha256"]) == (Act.REPORT, told["sha256"])
