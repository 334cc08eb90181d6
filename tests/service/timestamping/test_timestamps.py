"""A token a checkpoint: shared, kept once, sought elsewhere where one authority fails."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from evidence.errors import CorruptionError
from evidence.trusted_time import NO_AUTHORITY, stamped_in
from service.sandbox.authority import SandboxAuthority
from service.timestamping.authority import Authority
from service.timestamping.skew import HARD_LIMIT_S, ClockError, in_words, refuse, skew_s
from service.timestamping.timestamps import Timestamps
from storage.ledger.tokens import Token
from tests.service.timestamping.conftest import Play
from tests.storage.stage import TENANT, Stage

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@contextlib.asynccontextmanager
async def stamping(
    stage: Stage, *authorities: Authority, ahead_s: float = 0.0, rest_s: float = 0.0
) -> AsyncIterator[Timestamps]:
    """What a process has; `ahead_s` is how far its clock is ahead."""

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=ahead_s)

    made = Timestamps(authorities, stage.ledger, clock, rest_s=rest_s, patience_s=90.0)
    try:
        yield made
    finally:
        await made.close()


async def logged(stage: Stage, keys: int = 1) -> int:
    """Put receipts into the log; the size of the checkpoint over them."""
    order = await stage.order()
    collection = await stage.collection(order)
    await stage.bring(order, collection, [f"k{n}" for n in range(keys)])
    return (await stage.sequencer.sequence(TENANT)).size


async def test_many_that_wait_for_one_checkpoint_share_one_question(
    play: Play, stage: Stage
) -> None:
    playing = await play()
    size = await logged(stage)
    async with stamping(stage, playing.configured()) as timestamps:
        timestamps.begin(TENANT, size)
        found = await asyncio.gather(*(timestamps.token(TENANT, size) for _ in range(50)))
        assert len({token.sha256 for token in found if isinstance(token, Token)}) == 1
        assert len(playing.queries) == 1
        assert await timestamps.token(TENANT, size) == found[0]
    async with stamping(stage, playing.configured()) as reopened:
        assert await reopened.token(TENANT, size) == found[0]
    async with stamping(stage) as without:  # nobody to ask, yet what was kept is there
        assert await without.token(TENANT, size) == found[0]
    assert len(playing.queries) == 1


async def test_two_processes_that_ask_at_once_end_with_the_same_token(
    play: Play, stage: Stage
) -> None:
    first, second = await play(), await play()
    size = await logged(stage)
    async with (
        stamping(stage, first.configured("one")) as here,
        stamping(stage, second.configured("two")) as there,
        stamping(stage, first.configured("one")) as again,
    ):
        found = await asyncio.gather(*(each.token(TENANT, size) for each in (here, there, again)))
        kept = await stage.ledger.tokens(TENANT, size)
        later = [await each.token(TENANT, size) for each in (here, there, again)]
    assert {token.authority for token in kept} == {"one", "two"} or len(kept) == 1
    assert later == [kept[0]] * 3
    assert {token.sha256 for token in found if isinstance(token, Token)} <= {
        token.sha256 for token in kept
    }


async def test_a_failing_authority_is_asked_twice_then_the_next_one(
    play: Play, stage: Stage
) -> None:
    broken, well = await play(), await play()

    async def failing(_: bytes) -> web.StreamResponse:
        return web.Response(status=500)

    broken.behave = failing
    authorities = broken.configured("broken"), well.configured("well")
    async with stamping(stage, *authorities, rest_s=60.0) as timestamps:
        for keys in (1, 2):
            token = await timestamps.token(TENANT, await logged(stage, keys))
            assert isinstance(token, Token)
            assert token.authority == "well"
    assert len(broken.queries) == 2  # then it rested
    assert len(well.queries) == 2


async def test_a_rogue_authority_is_asked_once_and_its_token_is_not_kept(
    play: Play, stage: Stage
) -> None:
    playing = await play()
    rogue = SandboxAuthority.make()

    async def behave(query: bytes) -> web.StreamResponse:
        return web.Response(body=rogue.reply(query), content_type="application/timestamp-reply")

    playing.behave = behave
    size = await logged(stage)
    async with stamping(stage, playing.configured()) as timestamps:
        assert await timestamps.token(TENANT, size) == "here: its answer did not verify"
        assert await stage.ledger.tokens(TENANT, size) == []
        said = await timestamps.said_of(TENANT, size)
        assert said.startswith("missing: no token came before the seal (here: its answer")
        assert stamped_in(said) is None
        playing.behave = None
        assert isinstance(await timestamps.token(TENANT, size), Token)  # a later one is welcome


async def test_the_statements_sentence_names_the_very_token(play: Play, stage: Stage) -> None:
    playing = await play()
    size = await logged(stage, 3)
    async with stamping(stage, playing.configured("tsa.example")) as timestamps:
        told = stamped_in(await timestamps.said_of(TENANT, size))
        token = await timestamps.token(TENANT, size)
    assert told is not None and isinstance(token, Token)
    assert (told.authority, told.size, told.token) == ("tsa.example", 3, token.sha256)
    assert (told.at, told.ours) == (token.gen_time, token.answered_at)
    async with stamping(stage) as without:
        assert await without.said_of(TENANT, await logged(stage, 5)) == NO_AUTHORITY


async def test_a_checkpoint_that_is_not_there_is_no_checkpoint_to_stamp(
    play: Play, stage: Stage
) -> None:
    playing = await play()
    async with stamping(stage, playing.configured()) as timestamps:
        with pytest.raises(CorruptionError, match="no checkpoint of size 99"):
            await timestamps.token(TENANT, 99)
    assert playing.queries == []


async def test_a_caller_that_leaves_does_not_take_the_token_from_the_others(
    play: Play, stage: Stage
) -> None:
    playing = await play()
    let_go = asyncio.Event()

    async def held(query: bytes) -> web.StreamResponse:
        await let_go.wait()
        body = playing.made.reply(query)
        return web.Response(body=body, content_type="application/timestamp-reply")

    playing.behave = held
    size = await logged(stage)
    async with stamping(stage, playing.configured()) as timestamps:
        leaving = asyncio.create_task(timestamps.token(TENANT, size))
        staying = asyncio.create_task(timestamps.token(TENANT, size))
        await asyncio.sleep(0.05)
        leaving.cancel()
        let_go.set()
        assert isinstance(await staying, Token)
    assert len(playing.queries) == 1


# -- our clock -----------------------------------------------------------------------------


@pytest.mark.parametrize("ahead_s", [7530.0, -7530.0], ids=["ahead", "behind"])
async def test_a_clock_two_hours_off_stops_the_seal_until_it_is_set(
    play: Play, stage: Stage, ahead_s: float
) -> None:
    playing = await play()
    size = await logged(stage)
    word = "ahead" if ahead_s > 0 else "behind"
    async with stamping(stage, playing.configured(), ahead_s=ahead_s) as timestamps:
        await timestamps.check_clock(TENANT)  # nothing is known against it yet
        with pytest.raises(ClockError, match=rf"2 h 5 min {word} of the time authority here"):
            await timestamps.said_of(TENANT, size)
        with pytest.raises(ClockError):
            await timestamps.check_clock(TENANT)
    async with stamping(stage, playing.configured(), ahead_s=ahead_s) as restarted:
        with pytest.raises(ClockError, match="timedatectl"):
            await restarted.check_clock(TENANT)
        ok, words = await restarted.clock_in_words(TENANT)
        assert not ok and word in words
    async with stamping(stage) as without:  # silence does not clear it
        with pytest.raises(ClockError):
            await without.check_clock(TENANT)
    async with stamping(stage, playing.configured()) as mended:
        await mended.check_clock(TENANT)
        assert stamped_in(await mended.said_of(TENANT, size))


async def test_ten_minutes_off_are_told_and_do_not_stop(play: Play, stage: Stage) -> None:
    playing = await play()
    size = await logged(stage)
    async with stamping(stage, playing.configured(), ahead_s=600.0) as timestamps:
        told = stamped_in(await timestamps.said_of(TENANT, size))
        ok, words = await timestamps.clock_in_words(TENANT)
    assert told is not None
    assert timedelta(seconds=590) < told.ours - told.at < timedelta(seconds=610)
    assert (ok and "10 min" in words) or "9 min" in words


def test_skew_is_what_lies_outside_the_question_and_the_answer() -> None:
    def token(asked_s: float, answered_s: float) -> Token:
        return Token(
            authority="tsa",
            reply=b"",
            query=b"",
            gen_time=NOON,
            asked_at=NOON + timedelta(seconds=asked_s),
            answered_at=NOON + timedelta(seconds=answered_s),
        )

    assert skew_s(token(-5, 5)) == skew_s(token(0.9, 3)) == skew_s(token(-3, 0)) == 0
    assert skew_s(token(11, 12)) == 10
    assert skew_s(token(-12, -10)) == -10
    assert refuse(token(HARD_LIMIT_S + 1, HARD_LIMIT_S + 2)) is None
    problem = refuse(token(HARD_LIMIT_S + 2, HARD_LIMIT_S + 3))
    assert problem is not None
    assert str(pickle.loads(pickle.dumps(problem))) == str(problem)
    assert [in_words(s) for s in (0.2, 61, -7260)] == [
        "0 s ahead",
        "1 min 1 s ahead",
        "2 h 1 min behind",
    ]


async def test_an_authority_that_hangs_is_waited_for_once_not_by_every_order(
    play: Play, stage: Stage
) -> None:
    hanging, well = await play(), await play()

    async def hang(_: bytes) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    hanging.behave = hang
    authorities = hanging.configured("hanging", answer_s=0.4), well.configured("well")
    async with stamping(stage, *authorities, rest_s=60.0) as timestamps:
        for keys in (1, 2, 3):
            assert isinstance(await timestamps.token(TENANT, await logged(stage, keys)), Token)
    assert (len(hanging.queries), len(well.queries)) == (1, 3)
