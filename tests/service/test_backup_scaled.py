"""The disaster drill of docs/operations.md, scaled out: the database is lost, the bucket is not.

PostgreSQL's own tools back up the ledger; the log, in the bucket, is newer and wins.
"""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from auditor.audit import AuditReport
from evidence.erasure import ErasureReason
from evidence.orders import OrderRef, Platform
from service.audit.audit import Asked, audit
from service.cli import main
from service.custody import By
from service.retention.erasure import erase
from service.runtime import Runtime
from service.settings import Settings, load_settings
from tests.postgres import ROLE, Postgres
from tests.seaweed import ACCESS, SECRET, Seaweed

ORDERS = [OrderRef(Platform.AMAZON, f"112-4872913-553140{n}", "US") for n in range(4)]
KEPT, ERASED, AFTER, NEW = ORDERS
BY = By("local user erika", "orderproof test")
# Whoever backs up reads everybody's rows, which the service's own role may not.
BACKUP = "backup"


@pytest.fixture
def config(tmp_path: Path, postgres: Postgres, s3: Seaweed) -> Path:
    (tmp_path / "pod").mkdir()
    for ref in ORDERS:
        (tmp_path / "pod" / f"{ref.id} note.txt").write_text(f"Left at the door, {ref.id}.")
    (tmp_path / "access").write_text(ACCESS)
    (tmp_path / "secret").write_text(SECRET)
    config = tmp_path / "orderproof.toml"
    config.write_text(
        f"""
keys = "keys"
[s3]
bucket = "evidence"
endpoint = "{s3.endpoint}"
prefix = "{tmp_path.name}"
access_key_file = "access"
secret_key_file = "secret"
[retention]
days = 0
[sources.folder]
folder = "pod"
""",
        encoding="utf-8",
    )
    return config


def in_database(config: Path, postgres: Postgres, name: str) -> Settings:
    text = config.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("database")]
    config.write_text("\n".join([f'database = "{postgres.url(name)}"', *lines]), encoding="utf-8")
    return load_settings(config, environment={})


def tool(postgres: Postgres, name: str, *words: str) -> None:
    where = ["-h", "127.0.0.1", "-p", str(postgres.port)]
    done = subprocess.run(
        [str(postgres.bin / name), *where, *words], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr


def dump(postgres: Postgres, database: str, to: Path) -> None:
    postgres.admin(
        f"DROP ROLE IF EXISTS {BACKUP}",
        f"CREATE ROLE {BACKUP} LOGIN BYPASSRLS",
        f"GRANT pg_read_all_data TO {BACKUP}",
    )
    words = ["--format=custom", "--no-owner", f"--file={to}", "-U", BACKUP, "-d", database]
    tool(postgres, "pg_dump", *words)


async def collect(runtime: Runtime, ref: OrderRef) -> None:
    made, _ = await runtime.request_collection(ref, tenant="default")
    assert await runtime.walk("default", made.id) == "sealed"


async def audited(settings: Settings) -> AuditReport:
    return await asyncio.to_thread(audit, Asked(opening=True), lambda: settings)


async def test_the_ledger_is_lost_and_comes_back_behind_a_newer_log(
    config: Path, tmp_path: Path, postgres: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    with postgres.database() as lost:
        settings = in_database(config, postgres, lost)
        async with await Runtime.open(settings) as runtime:
            await collect(runtime, KEPT)
            await collect(runtime, ERASED)
        dump(postgres, lost, tmp_path / "ledger.dump")
        async with await Runtime.open(settings) as runtime:  # what comes after the backup
            await collect(runtime, AFTER)
            await erase(runtime, "default", ERASED, reason=ErasureReason.SUBJECT_REQUEST, by=BY)
    with postgres.database(migrated=False) as restored:
        words = ["--no-owner", f"--role={ROLE}", "-U", "postgres", "-d", restored]
        tool(postgres, "pg_restore", *words, str(tmp_path / "ledger.dump"))
        settings = in_database(config, postgres, restored)
        capsys.readouterr()
        assert await asyncio.to_thread(main, ["--config", str(config), "recover"]) == 0
        assert "their items came after the backup" in capsys.readouterr().out
        async with await Runtime.open(settings) as runtime:
            assert await runtime.ledger.find_order("default", ERASED) is None  # erased again
            assert (await runtime.ledger.lost("default")).receipts > 0
            assert (await runtime.account("default", KEPT)).manifest is not None
        report = await audited(settings)
        assert report.ok, report.lines()
        assert report.counts["lost orders"] == 1
        assert report.counts["objects of lost receipts"] > 0  # in the bucket, with its receipts
        async with await Runtime.open(settings) as runtime:  # the log goes on, and forks nowhere
            await collect(runtime, AFTER)
            await collect(runtime, NEW)
        report = await audited(settings)
        assert report.ok, report.lines()
