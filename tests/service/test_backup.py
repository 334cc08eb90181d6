"""The disaster drill: back up while the service works, lose things, bring them back, audit."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.keys import Keys
from auditor.verify import verify_path
from evidence.canonical import canonical
from evidence.erasure import ErasureReason
from evidence.errors import CorruptionError, RequestError
from evidence.orders import OrderRef, Platform
from service.audit.audit import Asked, audit
from service.backup import backup
from service.cli import main
from service.custody import By
from service.retention.erasure import erase
from service.runtime import Runtime
from service.settings import RetentionSettings, Settings, load_settings

pytestmark = pytest.mark.embedded

ORDERS = [OrderRef(Platform.AMAZON, f"112-4872913-553140{n}", "US") for n in range(4)]
BY = By("local user erika", "orderproof test")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "pod").mkdir()
    for ref in ORDERS:
        (tmp_path / "pod" / f"{ref.id} note.txt").write_text(f"Left at the door, {ref.id}.")
    config = tmp_path / "orderproof.toml"
    config.write_text("[retention]\ndays = 0\n[sources.folder]\nfolder = 'pod'\n", encoding="utf-8")
    return config


@pytest.fixture
async def settings(config: Path) -> AsyncIterator[Settings]:
    """With one order sealed."""
    settings = load_settings(config, environment={})
    async with await Runtime.open(settings) as runtime:
        await collect(runtime, ORDERS[0])
    yield settings


async def collect(runtime: Runtime, ref: OrderRef) -> None:
    made, _ = await runtime.request_collection(ref, tenant="default")
    assert await runtime.walk("default", made.id) == "sealed"


def orderproof(config: Path, *words: str) -> int:
    return main(["--config", str(config), *words])


async def run(config: Path, *words: str) -> int:
    return await asyncio.to_thread(orderproof, config, *words)


def newest(folder: Path) -> Path:
    return max(path for path in folder.iterdir() if path.name != "objects")


def lose(settings: Settings, *names: str) -> None:
    for name in names:
        for path in settings.data.glob(name):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


async def test_ledger_objects_and_keys_are_lost_and_come_back(
    config: Path, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to, keys = tmp_path / "backups", tmp_path / "elsewhere"
    assert await run(config, "backup", str(to), "--keys", str(keys)) == 0
    before = json.loads(canonical(dict(await public_keys(settings))))
    async with await Runtime.open(settings) as runtime:  # what comes after the backup
        await collect(runtime, ORDERS[1])
        await erase(runtime, "default", ORDERS[0], reason=ErasureReason.SUBJECT_REQUEST, by=BY)
    log = (settings.data / "log" / "default" / "checkpoint").read_bytes()
    lose(settings, "ledger.sqlite*")
    for name in backed_up(to):  # of the objects, the newer ones lay on another disk
        (settings.data / "objects" / name).unlink()
    shutil.rmtree(settings.keys)
    capsys.readouterr()

    restored = await run(config, "restore", str(newest(to)), "--keys", str(keys), "--json")
    answered = capsys.readouterr()
    assert restored == 0, answered
    said = json.loads(answered.out)
    (tenant,) = said["tenants"].values()
    assert (said["ok"], tenant["from_backup"]) == (True, False), said
    assert tenant["lost"] > 0
    async with await Runtime.open(settings) as runtime:
        assert await runtime.ledger.find_order("default", ORDERS[0]) is None  # erased again
        await collect(runtime, ORDERS[1])
        out = tmp_path / "bundle.zip"
        await runtime.bundle("default", ORDERS[1], profile="bagit", to=out)
        files = runtime.log("default")
        head = files.checkpoint()
    assert json.loads(canonical(dict(await public_keys(settings)))) == before
    answer = verify_path(out, key=Keys.parse(json.dumps(before).encode()))
    assert answer.ok, answer.lines()
    assert head is not None and size_of(head) > size_of(log)
    report = await asyncio.to_thread(audit, Asked(opening=True), lambda: settings)
    assert report.ok, report.lines()


def backed_up(to: Path) -> list[Path]:
    pool = to / "objects"
    return [path.relative_to(pool) for path in pool.rglob("*") if path.is_file()]


async def test_an_object_that_is_nowhere_any_more_is_said_to_be_missing(
    config: Path, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "backups"
    assert await run(config, "backup", str(to)) == 0
    lose(settings, "ledger.sqlite*", "objects")
    (to / "objects" / backed_up(to)[0]).unlink()
    capsys.readouterr()
    assert await run(config, "restore", str(newest(to))) == 1
    assert "the audit FAILS" in capsys.readouterr().out


def size_of(note: bytes) -> int:
    return int(note.split(b"\n")[1])


async def public_keys(settings: Settings) -> dict[str, object]:
    async with await Runtime.open(settings) as runtime:
        return dict(runtime.vault.public_keys("default", settings.origin_of("default")))


async def test_a_log_that_is_lost_goes_on_only_if_nobody_saw_more(
    config: Path, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "backups"
    assert await run(config, "backup", str(to)) == 0
    checkpoint = settings.data / "log" / "default" / "checkpoint"
    same, more = tmp_path / "same", tmp_path / "more"
    shutil.copy(checkpoint, same)
    async with await Runtime.open(settings) as runtime:
        await collect(runtime, ORDERS[1])
    shutil.copy(checkpoint, more)
    shutil.rmtree(settings.data)

    assert await run(config, "restore", str(newest(to))) == 2
    assert "would fork it" in capsys.readouterr().err
    assert await run(config, "restore", str(newest(to)), "--checkpoint", str(more)) == 2
    assert "somebody saw" in capsys.readouterr().err
    assert not settings.data.exists()
    junk = tmp_path / "junk"
    junk.write_bytes(b"\xff\x00")
    assert await run(config, "restore", str(newest(to)), "--checkpoint", str(junk)) == 2
    capsys.readouterr()
    assert await run(config, "restore", str(newest(to)), "--checkpoint", str(same)) == 0
    assert "the audit passes" in capsys.readouterr().out
    async with await Runtime.open(settings) as runtime:
        await collect(runtime, ORDERS[2])
    report = await asyncio.to_thread(audit, Asked(), lambda: settings)
    assert report.ok, report.lines()


async def test_a_backup_may_be_taken_while_others_write(
    config: Path, settings: Settings, tmp_path: Path
) -> None:
    to = tmp_path / "backups"
    async with await Runtime.open(settings) as runtime:
        writing = asyncio.gather(*(collect(runtime, ref) for ref in ORDERS[1:]))
        for second in range(3):
            now = datetime(2026, 5, 4, 9, 0, second, tzinfo=UTC)
            await asyncio.to_thread(backup.take, settings, to, now=now)
        await writing
    shutil.rmtree(settings.data)
    for folder in sorted(path for path in to.iterdir() if path.name != "objects"):
        assert await run(config, "restore", str(folder), "--nobody-saw-more") == 0
        shutil.rmtree(settings.data)


async def test_a_second_backup_copies_only_new_objects(settings: Settings, tmp_path: Path) -> None:
    to, now = tmp_path / "backups", datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
    first = backup.take(settings, to, now=now)
    assert first.objects > 0
    with pytest.raises(RequestError, match="there already"):
        backup.take(settings, to, now=now)
    second = backup.take(settings, to, now=now.replace(hour=10))
    assert (second.objects, second.bytes) == (0, 0)


async def test_a_damaged_or_unfinished_backup_is_not_restored(
    settings: Settings, tmp_path: Path
) -> None:
    to, now = tmp_path / "backups", datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
    taken = backup.take(settings, to, now=now)
    found = backup.Backup.open(taken.folder)
    shutil.rmtree(settings.data)
    one = next(path for path in (to / "objects").rglob("*") if path.is_file())
    whole = one.read_bytes()
    one.chmod(0o600)
    one.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(CorruptionError, match=one.name[:16]):
        backup.bring_back(found, settings)
    assert not (settings.data / "ledger.sqlite").exists()
    one.write_bytes(whole)
    (taken.folder / "ledger.sqlite").chmod(0o600)
    with (taken.folder / "ledger.sqlite").open("ab") as file:
        file.write(b"x")
    with pytest.raises(CorruptionError, match=r"ledger\.sqlite.*changed"):
        backup.Backup.open(taken.folder)
    (taken.folder / "backup.json").unlink()
    with pytest.raises(RequestError, match="broken off"):
        backup.Backup.open(taken.folder)


async def test_what_a_lost_journal_said_of_erasures_comes_back_and_newer_lines_stay(
    settings: Settings, tmp_path: Path
) -> None:
    to, now = tmp_path / "backups", datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
    async with await Runtime.open(settings) as runtime:
        await collect(runtime, ORDERS[1])
        await erase(runtime, "default", ORDERS[0], reason=ErasureReason.SUBJECT_REQUEST, by=BY)
        taken = await asyncio.to_thread(backup.take, settings, to, now=now)
        backed_up_lines = settings.journal.read_bytes()
        settings.journal.unlink()  # as on a disk that died; the next erasure begins a new one
        await erase(runtime, "default", ORDERS[1], reason=ErasureReason.SUBJECT_REQUEST, by=BY)
    newer = settings.journal.read_bytes()
    found = backup.Backup.open(taken.folder)
    lose(settings, "ledger.sqlite*")
    backup.bring_back(found, settings)
    merged = settings.journal.read_bytes()
    assert merged.startswith(newer)
    assert sorted(merged.splitlines()) == sorted((newer + backed_up_lines).splitlines())
    async with await Runtime.open(settings) as runtime:  # the backup's ledger still had the second
        assert await runtime.ledger.find_order("default", ORDERS[1]) is None
    lose(settings, "*")
    settings.journal.unlink(missing_ok=True)
    backup.bring_back(found, settings)
    assert settings.journal.read_bytes() == backed_up_lines


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"{", "cannot be read"),
        (b"[]", "cannot be read"),
        (b'{"v": 9, "at": "", "tenants": [], "files": {}, "objects": "folder"}', "of version 9"),
        (b'{"v": 1, "at": "", "tenants": [], "files": {"a": ""}, "objects": ""}', "'a' is missing"),
        (
            b'{"v": 1, "at": "", "tenants": [], "files": {"../b": ""}, "objects": ""}',
            "'../b' is missing",
        ),
    ],
    ids=["broken off", "no object", "of a later program", "a file", "elsewhere"],
)
def test_what_says_of_itself_that_it_is_a_backup_is_looked_at_first(
    said: bytes, why: str, tmp_path: Path
) -> None:
    folder = tmp_path / "20260504T090000Z"
    folder.mkdir()
    (tmp_path / "b").touch()
    (folder / "backup.json").write_bytes(said)
    with pytest.raises((RequestError, CorruptionError), match=why):
        backup.Backup.open(folder)


async def test_nothing_is_restored_over_a_ledger_nor_backed_up_into_itself(
    config: Path, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "backups"
    assert await run(config, "backup", str(to)) == 0
    assert await run(config, "restore", str(newest(to))) == 2
    assert "move it away" in capsys.readouterr().err
    assert await run(config, "backup", str(settings.data / "backups")) == 2
    assert await run(config, "backup", str(to), "--keys", str(to / "keys")) == 2
    scaled = replace(settings, database="postgresql://r@127.0.0.1/x")
    with pytest.raises(RequestError, match="pg_dump"):
        backup.take(scaled, to, now=datetime.now(UTC))
    assert isinstance(settings.retention, RetentionSettings)
