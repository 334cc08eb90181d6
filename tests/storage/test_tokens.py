"""Tokens: one an authority and checkpoint, the first that was kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from evidence.errors import OutageError
from storage.ledger.tokens import Token
from tests.storage.stage import TENANT, Stage, staged

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
TOKEN = Token(
    authority="tsa.example",
    reply=b"reply",
    query=b"query",
    gen_time=AT,
    asked_at=AT - timedelta(microseconds=7),
    answered_at=AT + timedelta(seconds=1),
)


async def logged(stage: Stage) -> int:
    order = await stage.order()
    await stage.bring(order, await stage.collection(order), ["a"])
    return (await stage.sequencer.sequence(TENANT)).size


async def test_a_token_is_there_after_a_restart_just_as_it_was_kept(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        size = await logged(stage)
        assert await stage.ledger.newest_token(TENANT) is None
        assert await stage.ledger.keep_token(TENANT, size, TOKEN) == TOKEN
    async with staged(tmp_path) as stage:
        assert await stage.ledger.tokens(TENANT, size) == [TOKEN]
        assert await stage.ledger.newest_token(TENANT) == TOKEN
        assert await stage.ledger.tokens(TENANT, size + 1) == []
        assert await stage.ledger.tokens("other", size) == []


async def test_of_two_tokens_of_one_authority_the_first_is_kept(stage: Stage) -> None:
    size = await logged(stage)
    many = [replace(TOKEN, reply=b"%d" % n) for n in range(20)]
    kept = await asyncio.gather(*(stage.ledger.keep_token(TENANT, size, each) for each in many))
    assert len(set(kept)) == 1
    assert await stage.ledger.tokens(TENANT, size) == [kept[0]]
    other = replace(TOKEN, authority="other")
    assert await stage.ledger.keep_token(TENANT, size, other) == other
    assert await stage.ledger.tokens(TENANT, size) == [kept[0], other]
    assert await stage.ledger.newest_token(TENANT) == other


async def test_there_is_no_token_over_a_checkpoint_that_was_never_made(stage: Stage) -> None:
    with pytest.raises((IntegrityError, OutageError)):
        await stage.ledger.keep_token(TENANT, 99, TOKEN)
    assert await stage.ledger.newest_token(TENANT) is None
