"""A backfill asks for each order once, goes on where it was, and holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from evidence.errors import OutageError, RequestError
from evidence.orders import OrderRef, Platform
from service.api.opened import working
from service.cli import main
from service.queue.backfill import Backfill, Progress, count_rows
from service.runtime import Runtime
from service.settings import load_settings


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "pod").mkdir()
    config = tmp_path / "orderproof.toml"
    config.write_text("[sources.folder]\nfolder = 'pod'\n", encoding="utf-8")
    return config


@pytest.fixture
async def runtime(config: Path) -> AsyncIterator[Runtime]:
    settings = load_settings(config, environment={})
    async with await Runtime.open(settings, with_queue=True) as runtime:
        yield runtime


def orders(tmp_path: Path, count: int, *more: str) -> Path:
    file = tmp_path / "orders.csv"
    lines = ["order,site", *(f"112-4872913-{n:07d},US" for n in range(count)), *more]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def backfill(runtime: Runtime, file: Path, **more: object) -> Backfill:
    return Backfill(runtime, file, tenant="default", name="spring", **more)  # type: ignore[arg-type]


async def test_each_row_becomes_a_bulk_collection_and_none_twice(
    runtime: Runtime, tmp_path: Path
) -> None:
    file = orders(tmp_path, 40)
    first = await backfill(runtime, file).run()
    assert (first.rows, first.accepted, first.new, first.refused_rows) == (40, 40, 40, 0)
    with file.open("a") as more:  # it changed: all is asked for again, and found
        more.write("112-4872913-9999999,US\n")
    again = await backfill(runtime, file).run()
    assert (again.resumed_at, again.accepted, again.new) == (0, 41, 1)
    (backlog,) = await runtime.ledger.backlog()
    assert (backlog.count, backlog.bulk) == (41, True)


async def test_it_goes_on_where_it_was(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = orders(tmp_path, 100)
    monkeypatch.setattr("service.queue.backfill.SAVE_S", 0.0)
    asked = 0
    as_it_is = Runtime.request_collection

    async def dies(self: Runtime, *arguments: object, **named: object) -> object:
        nonlocal asked
        asked += 1
        if asked == 70:
            raise OutageError(source="The ledger", why="a test says so")
        return await as_it_is(self, *arguments, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Runtime, "request_collection", dies)
        with pytest.raises(OutageError):
            await backfill(runtime, file).run()
    done = await backfill(runtime, file).run()
    assert done.resumed_at == 64  # four batches of sixteen were whole
    assert done.read == 100
    (backlog,) = await runtime.ledger.backlog()
    assert backlog.count == 100


async def test_only_so_many_wait_and_what_is_urgent_goes_first(
    runtime: Runtime, tmp_path: Path
) -> None:
    file = orders(tmp_path, 60)
    seen: list[int] = []

    def watch(progress: Progress) -> None:
        seen.append(progress.left)

    filling = asyncio.create_task(backfill(runtime, file, ahead=20, watch=watch).run(wait=True))
    while not seen:
        await asyncio.sleep(0.01)
    urgent, _ = await runtime.request_collection(
        OrderRef(Platform.AMAZON, "112-4872913-5531402", "US"), tenant="default"
    )
    assert runtime.queue is not None
    taken = await runtime.queue.line.next("w")
    assert taken is not None
    assert taken.id == urgent.id
    await runtime.queue.line.back("w", taken.id)
    async with working(runtime):
        done = await filling
    assert (done.accepted, done.left) == (60, 0)
    assert max(seen) <= 20 + 32


async def test_rows_that_name_no_order_are_said_and_the_others_are_asked_for(
    config: Path, runtime: Runtime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = orders(tmp_path, 2, "", '"broken', "112-4872913-7777777,Nowhere land", "\x00,US")
    with file.open("ab") as out:
        out.write(b"\xff\xfe,US\n")
    assert await asyncio.to_thread(main, ["--config", str(config), "backfill", str(file)]) == 1
    said = capsys.readouterr()
    assert "2 accepted, 2 of them new" in said.out
    assert "line 4:" in said.err


@pytest.mark.parametrize("heading", ["", "number,site", "order,price", "\x00"])
async def test_a_file_of_other_columns_is_refused(
    runtime: Runtime, tmp_path: Path, heading: str
) -> None:
    file = tmp_path / "other.csv"
    file.write_text(f"{heading}\n1,2\n")
    with pytest.raises(RequestError, match="heading"):
        await backfill(runtime, file).run()


async def test_a_line_without_an_end_is_refused(runtime: Runtime, tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    file.write_text("order\n" + "1" * 10_000)
    with pytest.raises(RequestError, match="4096"):
        await backfill(runtime, file).run()


def test_rows_are_counted_with_and_without_a_last_break(tmp_path: Path) -> None:
    file = tmp_path / "f"
    for text, count in (("", 0), ("order", 0), ("order\n1", 1), ("order\n1\n", 1), ("o\n1\n2", 2)):
        file.write_text(text)
        assert count_rows(file) == count
