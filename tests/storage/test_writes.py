"""Writers of one process that wait together commit together; each fails alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from evidence.errors import OutageError
from storage.ledger.database import Database
from storage.ledger.engines import Transaction, Work
from tests.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
        if request.param == "postgresql":
            postgres: Postgres = request.getfixturevalue("postgres")
            url = postgres.url(stack.enter_context(postgres.database()))
        opened = await Database.open(url)
        try:
            await opened.write("acme", _made)
            yield opened
        finally:
            await opened.close()


async def _made(transaction: Transaction) -> None:
    await transaction.execute(text("CREATE TABLE noted (number INTEGER PRIMARY KEY)"))


async def _count(transaction: Transaction) -> int:
    return int((await transaction.execute(text("SELECT count(*) FROM noted"))).scalar_one())


def _note(number: int, *, then: BaseException | None = None) -> Work[int]:
    """Work that writes a row, and answers how many there are, or fails after it."""

    async def work(transaction: Transaction) -> int:
        await transaction.execute(text(f"INSERT INTO noted VALUES ({number})"))
        if then is not None:
            raise then
        return await _count(transaction)

    return work


async def test_each_of_many_at_once_sees_those_before_it_and_all_are_there(
    database: Database,
) -> None:
    seen = await asyncio.gather(*(database.write("acme", _note(number)) for number in range(200)))
    assert seen == list(range(1, 201))
    assert await database.read("acme", _count) == 200


async def test_one_that_fails_takes_nothing_of_the_others_with_it(database: Database) -> None:
    works = [_note(n, then=LookupError(str(n)) if n % 3 == 0 else None) for n in range(60)]
    answers = await asyncio.gather(
        *(database.write("acme", work) for work in works), return_exceptions=True
    )
    failed = [n for n, answer in enumerate(answers) if isinstance(answer, LookupError)]
    assert failed == list(range(0, 60, 3))
    assert [str(answers[n]) for n in failed] == [str(n) for n in failed]
    assert await database.read("acme", _count) == 40


async def test_the_same_row_twice_fails_the_second_alone(database: Database) -> None:
    answers = await asyncio.gather(
        database.write("acme", _note(1)),
        database.write("acme", _note(1)),
        database.write("acme", _note(2)),
        return_exceptions=True,
    )
    assert isinstance(answers[1], OutageError)
    assert await database.read("acme", _count) == 2


async def test_who_gives_up_before_its_turn_has_written_nothing(database: Database) -> None:
    first = asyncio.create_task(database.write("acme", _note(0)))
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(database.write("acme", _note(n))) for n in range(1, 10)]
    await asyncio.sleep(0)
    waiting[4].cancel()
    answers = await asyncio.gather(first, *waiting, return_exceptions=True)
    assert isinstance(answers[5], asyncio.CancelledError)
    assert await database.read("acme", _count) == 9


async def test_writers_of_a_tenant_come_one_after_another(database: Database) -> None:
    writing = most = 0

    async def work(transaction: Transaction) -> None:
        nonlocal writing, most
        writing += 1
        most = max(most, writing)
        await _count(transaction)
        await _count(transaction)
        writing -= 1

    async def one(number: int) -> None:
        for turn in range(8):
            await database.write("acme", work)
            for _ in range(number * turn % 5):
                await asyncio.sleep(0)

    await asyncio.gather(*(one(number) for number in range(12)))
    assert (writing, most) == (0, 1)


async def test_who_gives_up_in_its_turn_leaves_after_what_it_began(database: Database) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def work(transaction: Transaction) -> None:
        loop.call_soon_threadsafe(begun.set)
        await transaction.execute(text("INSERT INTO noted VALUES (1)"))

    writing = asyncio.create_task(database.write("acme", work))
    await begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await database.read("acme", _count) == 1


async def test_a_ledger_that_was_closed_says_so_to_all_who_wait(tmp_path: Path) -> None:
    opened = await Database.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    await opened.close()
    answers = await asyncio.gather(
        *(opened.write("acme", _made) for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(answer, RuntimeError) for answer in answers)
