"""The steps and the tables say the same, on both databases."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint, create_engine, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from evidence.errors import CorruptionError, OutageError, RequestError
from storage.ledger.database import Database
from storage.ledger.models import metadata
from tests.storage.stage import Stage


@pytest.mark.embedded
def test_the_migrations_make_the_tables_of_the_models(stage: Stage) -> None:
    engine = create_engine(f"sqlite:///{stage.folder}/ledger.db")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        found = inspect(connection)
        for table in metadata.sorted_tables:
            unique = {tuple(c["column_names"]) for c in found.get_unique_constraints(table.name)}
            for wanted in table.constraints:
                if isinstance(wanted, UniqueConstraint):
                    assert tuple(c.name for c in wanted.columns) in unique, (table.name, wanted)
    engine.dispose()


def test_what_must_be_unique_is_so_in_the_database() -> None:
    unique = {
        (table.name, tuple(column.name for column in constraint.columns))
        for table in metadata.sorted_tables
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint)
    }
    assert {
        ("receipts", ("tenant", "log_index")),
        ("receipts", ("order_handle", "seq")),
        ("stamps", ("collection", "source", "ordinal_lookup")),
        ("checkpoints", ("tenant", "size")),
        ("orders", ("tenant", "ref_lookup")),
        ("collections", ("tenant", "idempotency_lookup")),
    } <= unique


def test_every_table_can_be_written_for_postgresql() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata.sorted_tables:
        text = str(CreateTable(table).compile(dialect=dialect))
        assert "BIGSERIAL" in text or table.name in text
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))


def test_several_processes_may_open_a_new_ledger_at_once(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\n"
        "from storage.ledger.database import Database\n"
        "async def go():\n"
        "    await (await Database.open(sys.argv[1])).close()\n"
        "asyncio.run(go())\n"
    )
    url = f"sqlite:///{tmp_path}/new/ledger.db"
    root = Path(__file__).parents[2]
    asked = [sys.executable, "-c", code, url]
    running = [subprocess.Popen(asked, cwd=root, stderr=subprocess.PIPE) for _ in range(4)]
    errors = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0] * 4, errors


@pytest.mark.parametrize("url", ["", "nonsense", "oracle9+none://x"])
async def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(RequestError, match="address"):
        await Database.open(url)


async def test_what_cannot_be_opened_is_an_outage_and_what_is_no_database_is_corrupt(
    tmp_path: Path,
) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutageError):
        await Database.open(f"sqlite:///{tmp_path}/folder")
    (tmp_path / "text.db").write_text("this is no database, and longer than its header" * 20)
    with pytest.raises(CorruptionError):
        await Database.open(f"sqlite:///{tmp_path}/text.db")
