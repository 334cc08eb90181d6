"""An older ledger beside a newer log: nothing published is undone, and what is lost is said."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.audit import AuditReport
from auditor.keys import Keys
from auditor.report import State
from auditor.verify import verify_path
from evidence.canonical import canonical
from evidence.erasure import ErasureReason
from evidence.items import Role
from evidence.orders import OrderRef, Platform
from service.audit.audit import Asked, audit
from service.cli import main
from service.custody import By
from service.demo import story
from service.retention.erasure import erase
from service.runtime import Runtime
from service.sandbox.app import run_sandbox
from service.sandbox.scenario import parse_scenario
from service.settings import RetentionSettings, Settings, load_settings
from tests import shape
from tests.service.test_reviewer import SECRET

pytestmark = [pytest.mark.timeout(240), pytest.mark.embedded]

OTHER = OrderRef(Platform.AMAZON, "112-4832917-0000001", "US")
BY = By("local user erika", "orderproof test")


@pytest.fixture
async def config(tmp_path: Path) -> AsyncIterator[Path]:
    async with run_sandbox(parse_scenario(story.SCENARIO.encode())) as url:
        config = story.write_story(
            tmp_path / "seller", sandbox_url=url, data=tmp_path / "data", keys=tmp_path / "keys"
        )
        yield shape.configured(config)


def load(config: Path) -> Settings:
    settings = load_settings(config, environment=SECRET)
    return replace(settings, retention=RetentionSettings(days=0))


async def collect(runtime: Runtime, ref: OrderRef) -> None:
    made, _ = await runtime.request_collection(ref, tenant=runtime.settings.tenant)
    assert await runtime.walk(runtime.settings.tenant, made.id) == "sealed"


def back_up(settings: Settings, to: Path) -> Path:
    source = sqlite3.connect(settings.data / "ledger.sqlite")
    with sqlite3.connect(to) as copy:
        source.backup(copy)
    copy.close()
    source.close()
    return to


def restore(settings: Settings, backup: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        (settings.data / f"ledger.sqlite{suffix}").unlink(missing_ok=True)
    shutil.copy(backup, settings.data / "ledger.sqlite")


def log_files(settings: Settings) -> dict[str, bytes]:
    """What is write-once in the published log, but for partial tiles that may go."""
    root = settings.data / "log" / settings.tenant
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.parent.name in {"checkpoints"}
    }


async def audited(settings: Settings) -> AuditReport:
    return await asyncio.to_thread(audit, Asked(opening=True), lambda: settings)


async def test_a_restored_backup_is_brought_up_to_its_log_and_the_order_is_sealed_again(
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in SECRET.items():
        monkeypatch.setenv(name, value)
    settings = load(config)
    async with await Runtime.open(settings) as runtime:
        await collect(runtime, story.ORDER)
        first = tmp_path / "first.zip"
        await runtime.bundle(settings.tenant, story.ORDER, profile="bagit", to=first)
        backup = back_up(settings, tmp_path / "backup")
        await collect(runtime, story.ORDER)
        await collect(runtime, OTHER)
        public = runtime.vault.public_keys(settings.tenant, settings.origin_of(settings.tenant))
        keys = Keys.parse(canonical(dict(public)))
    published = log_files(settings)
    restore(settings, backup)

    assert await asyncio.to_thread(main, ["--config", str(config), "doctor"]) == 1
    assert "orderproof recover" in capsys.readouterr().out
    assert await asyncio.to_thread(main, ["--config", str(config), "recover"]) == 0
    told = capsys.readouterr().out
    assert "0 receipts are back" in told and "still known and 1 that are not" in told
    assert log_files(settings) == published

    found = await audited(settings)
    assert found.ok, found.lines()
    (lost,) = [check for check in found.checks if check.name == "lost"]
    assert (lost.state, "1 orders lost some" in lost.what, "1 orders all" in lost.what) == (
        State.INCONCLUSIVE, True, True,
    )  # fmt: skip
    assert found.counts["objects of lost receipts"] > 0
    assert "orphans" not in found.counts

    async with await Runtime.open(settings) as runtime:
        # What was sealed before the backup is as it was.
        again = tmp_path / "again.zip"
        await runtime.bundle(settings.tenant, story.ORDER, profile="bagit", to=again)
        assert verify_path(again, key=keys).ok
        await collect(runtime, story.ORDER)
        await collect(runtime, OTHER)
        new = tmp_path / "new.zip"
        await runtime.bundle(settings.tenant, story.ORDER, profile="bagit", to=new)
    answer = verify_path(new, key=keys)
    assert answer.ok, answer.lines()
    (said,) = [check for check in answer.checks if check.name == "lost"]
    assert "The sealer lost the items of" in said.what
    assert (await audited(settings)).ok
    assert published.items() <= log_files(settings).items()


async def test_an_erased_order_stays_erased_and_its_record_finds_its_receipt_again(
    config: Path, tmp_path: Path
) -> None:
    settings = load(config)
    async with await Runtime.open(settings) as runtime:
        await collect(runtime, story.ORDER)
        backup = back_up(settings, tmp_path / "backup")
        order = await runtime.find(settings.tenant, story.ORDER)
        reason = ErasureReason.SUBJECT_REQUEST
        done = await erase(runtime, settings.tenant, story.ORDER, reason=reason, by=BY)
        receipt = await runtime.ledger.erasure_receipt(done.erasure)
        assert receipt is not None
        assert receipt[1].role is Role.ERASURE_RECORD
    restore(settings, backup)
    async with await Runtime.open(settings) as runtime:  # erases again
        assert await runtime.ledger.order_by_handle(settings.tenant, order.handle) is None
        done_again = await runtime.sequencer.recover(settings.tenant)
        assert (done_again.found, done_again.lost) == (1, 0)
        assert await runtime.ledger.erasure_receipt(done.erasure) == receipt
        await runtime.sequencer.sequence(settings.tenant)
    found = await audited(settings)
    assert found.ok, found.lines()
    assert found.counts["erased orders"] == 1
    assert not [check for check in found.checks if check.name == "lost"]


async def test_with_the_journal_restored_too_the_audit_tells_that_a_key_is_back(
    config: Path, tmp_path: Path
) -> None:
    """The journal is the one thing that may never be restored; the log knows what it said."""
    settings = load(config)
    async with await Runtime.open(settings) as runtime:
        await collect(runtime, story.ORDER)
        backup = back_up(settings, tmp_path / "backup")
        order = await runtime.find(settings.tenant, story.ORDER)
        reason = ErasureReason.SUBJECT_REQUEST
        await erase(runtime, settings.tenant, story.ORDER, reason=reason, by=BY)
    restore(settings, backup)
    settings.journal.unlink()
    async with await Runtime.open(settings) as runtime:
        await runtime.sequencer.recover(settings.tenant)
    found = await audited(settings)
    assert not found.ok
    assert [check.where for check in found.checks if check.name == "erased"] == [order.handle]
