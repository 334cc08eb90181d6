"""Sealed documents are handed out from memory; custody, erasure, new seals and revocations hold."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.custody import Act
from evidence.items import InMemory, Item, Provenance, Role
from evidence.orders import OrderRef
from service.access.callers import DeniedError, Whose
from service.access.callers import Role as Who
from service.access.tokens import new_token
from service.api.opened import TOKEN_S, RuntimeEvidence
from service.custody import By, report
from service.retention.erasure import erase
from service.runtime import Runtime
from service.settings import Settings
from storage.ledger.outbox import Subscription, Told
from storage.ledger.records import OrderRecord, State
from tests.service.mortal_erasure import ref_of, settings_in
from tests.service.test_erasure import OTHER, REASON, REF, ROOT, TENANT

MINE = Whose(TENANT)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


async def sealed(
    runtime: Runtime, said: bytes, ref: OrderRef = REF, *, tenant: str = TENANT
) -> OrderRecord:
    """The order, with a manifest of these bytes."""
    order = await runtime.ledger.order(tenant, ref)
    made, _ = await runtime.ledger.start_collection(order, policy="amazon.atoz", sources=["erp"])
    item = Item(
        role=Role.MANIFEST,
        key="manifest",
        content=InMemory(said),
        media_type="application/json",
        collector="orderproof/1",
        origin="orderproof",
        provenance=Provenance.CAPTURE,
        collected_at=runtime.clock(),
        name=None,
    )
    await runtime.shelf(order, made.id).keep("orderproof", [item])
    await runtime.ledger.advance(tenant, made.id, State.QUEUED, State.SEALED, complete=True)
    return order


async def read(
    evidence: RuntimeEvidence, ref: OrderRef = REF, *, request: str = "", whose: Whose = MINE
) -> bytes | None:
    by = By("local user erika", "a test", request)
    found = await evidence.sealed(whose, ref, Role.MANIFEST, Act.MANIFEST, by)
    return None if found is None else found[1]


async def test_every_one_of_many_at_once_is_in_the_chain_and_told(settings: Settings) -> None:
    async with await Runtime.open(settings) as runtime:
        evidence = RuntimeEvidence(runtime)
        await sealed(runtime, b"one")
        await sealed(runtime, b"other", OTHER)
        listening = Subscription(
            id="a" * 16,
            tenant=TENANT,
            url="https://seller.example/told",
            secret="s",
            events=frozenset({Told.ACCESSED}),
            stores=None,
            created_at=datetime.now(UTC),
        )
        await runtime.ledger.add_subscription(listening)
        asked = [
            read(evidence, OTHER if number % 3 else REF, request=f"request-{number}")
            for number in range(60)
        ]
        answers = await asyncio.gather(*asked)
        assert answers == [b"other" if number % 3 else b"one" for number in range(60)]
        noted = set()
        for ref, said in ((REF, b"one"), (OTHER, b"other")):
            found = await report(runtime, TENANT, ref)
            assert found.holds, found.wrong
            assert found.lines == 60
            noted |= {entry.details["request"] for entry in found.entries}
            digests = {entry.details["sha256"] for entry in found.entries}
            assert digests == {hashlib.sha256(said).hexdigest()}
        assert noted == {f"request-{number}" for number in range(60)}
        until = datetime.now(UTC)
        messages = await runtime.ledger.claim_messages(limit=100, until=until)
        assert len({message.id for message in messages}) == 60


async def test_what_another_process_seals_or_erases_holds_at_once(settings: Settings) -> None:
    async with await Runtime.open(settings) as runtime, await Runtime.open(settings) as other:
        evidence = RuntimeEvidence(runtime)
        assert await read(evidence) is None
        await sealed(other, b"first")
        assert await read(evidence) == b"first"
        await sealed(other, b"second")
        answers = await asyncio.gather(*(read(evidence) for _ in range(5)))
        assert answers == [b"second"] * 5
        with pytest.raises(DeniedError):
            await read(evidence, whose=Whose(TENANT, frozenset({"elsewhere"})))
        assert await read(evidence, whose=Whose("acme")) is None
        await erase(other, TENANT, REF, reason=REASON, by=By("local user erika", "a test"))
        assert await asyncio.gather(*(read(evidence) for _ in range(5))) == [None] * 5
        await sealed(other, b"another order of the same number")
        assert await read(evidence) == b"another order of the same number"
        found = await report(runtime, TENANT, REF)
        assert found.holds
        assert [entry.details["request"] for entry in found.entries] == [""]


async def test_a_token_that_another_process_revoked_works_for_seconds_at_most(
    settings: Settings,
) -> None:
    now = [0.0]
    async with await Runtime.open(settings) as runtime, await Runtime.open(settings) as other:
        evidence = RuntimeEvidence(runtime, monotonic=lambda: now[0])
        kept, _ = new_token(
            tenant=TENANT, name="n", role=Who.ADMIN, made_by="", now=datetime.now(UTC)
        )
        assert await evidence.token(kept.id) is None
        await runtime.ledger.add_access_token(kept)
        assert await evidence.token(kept.id) == kept
        await other.ledger.revoke_access_token(TENANT, kept.id)
        now[0] = TOKEN_S
        found = await evidence.token(kept.id)
        assert found is not None and found.revoked_at is not None

        mine, _ = new_token(
            tenant=TENANT, name="n", role=Who.ADMIN, made_by="", now=datetime.now(UTC)
        )
        await evidence.add_token(mine)
        assert await evidence.token(mine.id) == mine
        await evidence.revoke_token(TENANT, mine.id)
        found = await evidence.token(mine.id)
        assert found is not None and found.revoked_at is not None


async def test_whatever_was_handed_out_before_a_kill_is_in_the_log(
    settings: Settings, tmp_path: Path
) -> None:
    async with await Runtime.open(settings) as runtime:
        await sealed(runtime, b"said", ref_of(0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.service.mortal_reader", str(tmp_path)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    handed_out = {(await process.stdout.readline()).decode().strip() for _ in range(200)}
    process.kill()
    handed_out |= set((await process.stdout.read()).decode().rpartition("\n")[0].split())
    await process.wait()
    async with await Runtime.open(settings) as runtime:
        found = await report(runtime, TENANT, ref_of(0))
        assert found.holds, found.wrong
        assert handed_out <= {entry.details["request"] for entry in found.entries}
        assert len(handed_out) >= 200
