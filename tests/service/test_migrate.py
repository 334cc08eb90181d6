"""From the embedded shape to the scaled one, whole or in pieces, and nothing of the old is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.errors import ConfigError, CorruptionError, HeldError, RequestError
from evidence.orders import OrderRef, Platform
from service.backup.migrate import Moved, Watch, migrate
from service.places import open_places
from service.retention.erasure import erase
from service.runtime import Runtime
from service.settings import RetentionSettings, Settings, SourceSettings, load_settings
from storage.ledger import copying
from storage.ledger.records import State
from tests.postgres import Postgres
from tests.seaweed import Seaweed
from tests.service.test_cli import orderproof
from tests.service.test_erasure import BY, REASON, collected

pytestmark = pytest.mark.embedded  # it begins there, and ends in the other one

REF = OrderRef(Platform.AMAZON, "112-4832917-5531402")
ERASED = OrderRef(Platform.AMAZON, "112-4832917-0000001")
LATER = OrderRef(Platform.AMAZON, "112-4832917-0000002")
TENANT = "default"


@pytest.fixture
def old(tmp_path: Path) -> Settings:
    drop = tmp_path / "drop"
    drop.mkdir()
    for ref in (REF, LATER):
        (drop / f"{ref.id} note.txt").write_text("Left at the front door.", "utf-8")
    source = SourceSettings(name="notes", collector="folder", folder=drop)
    return Settings(
        data=tmp_path / "old" / "data",
        keys=tmp_path / "old" / "keys",
        sources=(source,),
        retention=RetentionSettings(days=0),
    )


@pytest.fixture
async def new(
    old: Settings, tmp_path: Path, postgres: Postgres, s3: Seaweed
) -> AsyncIterator[Settings]:
    with postgres.database() as name:
        yield replace(
            old,
            data=tmp_path / "new" / "data",
            keys=tmp_path / "new" / "keys",
            database=postgres.url(name),
            s3=s3.where("evidence", prefix=f"{name}/"),
        )


async def filled(old: Settings) -> bytes:
    """Two orders, one of them erased and one sealed and held; its manifest."""
    async with await Runtime.open(old) as runtime:
        await collected(runtime, ref=ERASED)
        await erase(runtime, TENANT, ERASED, reason=REASON, by=BY)
        made, _ = await runtime.request_collection(REF, tenant=TENANT)
        assert await runtime.walk(TENANT, made.id) is State.SEALED
        await runtime.hold(await runtime.find(TENANT, REF), reason="a dispute")
        found = (await runtime.account(TENANT, REF)).manifest_envelope
        assert found is not None
        return found


async def moved(old: Settings, new: Settings, watch: Watch = lambda *_: None) -> Moved:
    return await migrate(old, new, to=Path("new.toml"), watch=watch)


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in {".sqlite-wal", ".sqlite-shm"}
    }


async def test_what_was_sealed_in_one_shape_is_the_same_in_the_other_and_goes_on(
    old: Settings, new: Settings, tmp_path: Path
) -> None:
    manifest = await filled(old)
    before = files_of(old.data)
    done = await moved(old, new)
    places = open_places(old, lambda: datetime.now(UTC))
    assert done.copied == len(list(places.objects.listing()))
    assert done.audits[TENANT].ok
    after = files_of(old.data)
    assert json.loads(after.pop("moved.json"))["done"] is True
    assert after == before

    async with await Runtime.open(new) as runtime:
        account = await runtime.account(TENANT, REF)
        assert account.manifest_envelope == manifest
        assert await runtime.ledger.held_since(account.order) is not None
        for line in account.items:
            assert runtime.objects.lock_of(line.stored).held
        assert await runtime.ledger.find_order(TENANT, ERASED) is None
        bundle = tmp_path / "bundle.zip"
        await runtime.bundle(TENANT, REF, profile="bagit", to=bundle)
        made, _ = await runtime.request_collection(LATER, tenant=TENANT)
        assert await runtime.walk(TENANT, made.id) is State.SEALED
    said = await asyncio.to_thread(orderproof, "verify", str(bundle), "--json", cwd=tmp_path)
    assert json.loads(said.out)["answer"] == "ok"

    with pytest.raises(ConfigError, match="was moved"):
        await Runtime.open(old)
    with pytest.raises(HeldError, match="moved before"):
        await moved(old, new)


class _Stop(Exception):
    pass


@pytest.mark.parametrize("at", ["orders", "receipts", "objects", "logs", "audit of default"])
async def test_a_move_that_dies_anywhere_goes_on_and_is_whole(
    old: Settings, new: Settings, tmp_path: Path, at: str
) -> None:
    manifest = await filled(old)

    def stop(step: str, done: int) -> None:
        if step == at:
            raise _Stop

    with pytest.raises(_Stop):
        await moved(old, new, stop)
    with pytest.raises(ConfigError, match="is being moved"):
        await Runtime.open(old)
    (old.data / "moved.json").unlink()  # somebody went back to the old one for a while
    async with await Runtime.open(old) as runtime:
        await runtime.release(await runtime.find(TENANT, REF))
        made, _ = await runtime.request_collection(LATER, tenant=TENANT)
        assert await runtime.walk(TENANT, made.id) is State.SEALED
    done = await moved(old, new)
    assert done.audits[TENANT].ok
    async with await Runtime.open(new) as runtime:
        account = await runtime.account(TENANT, REF)
        assert account.manifest_envelope == manifest
        assert await runtime.ledger.held_since(account.order) is None
        assert (await runtime.account(TENANT, LATER)).statement is not None


async def test_what_was_erased_between_two_attempts_is_not_in_the_new_place(
    old: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGE", 3)  # tables of several pages
    await filled(old)
    new = replace(old, data=tmp_path / "new" / "data", keys=tmp_path / "new" / "keys")

    def stop(step: str, done: int) -> None:
        if step == "audit of default":
            raise _Stop

    with pytest.raises(_Stop):
        await moved(old, new, stop)
    (old.data / "moved.json").unlink()
    async with await Runtime.open(old) as runtime:
        await runtime.release(await runtime.find(TENANT, REF))
        await erase(runtime, TENANT, REF, reason=REASON, by=BY)
    done = await moved(old, new)
    assert done.audits[TENANT].ok
    async with await Runtime.open(new) as runtime:
        assert await runtime.ledger.find_order(TENANT, REF) is None
    here, there = (open_places(of, lambda: datetime.now(UTC)).objects for of in (old, new))
    assert sorted(map(str, there.listing())) == sorted(map(str, here.listing()))


async def test_a_damaged_object_stops_the_move_and_is_named(
    old: Settings, new: Settings, tmp_path: Path
) -> None:
    await filled(old)
    (path, *_) = sorted(p for p in (old.data / "objects").rglob("*") if len(p.name) == 64)
    path.chmod(0o600)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(CorruptionError, match=path.name):
        await moved(old, new)
    with pytest.raises(ConfigError, match="is being moved"):
        await Runtime.open(old)


async def test_what_cannot_be_one_and_the_same_evidence_is_refused(
    old: Settings, new: Settings, tmp_path: Path
) -> None:
    await filled(old)
    for wrong in (
        replace(old, s3=new.s3),
        replace(new, tenant="another"),
        replace(new, log_origin="log.example"),
    ):
        with pytest.raises(ConfigError):
            await moved(old, wrong)
    assert not (old.data / "moved.json").exists()
    stranger = replace(new, data=tmp_path / "x", keys=tmp_path / "y", tenant="stranger")
    async with await Runtime.open(stranger):
        pass
    with pytest.raises(RequestError, match="stranger"):
        await moved(old, new)


async def test_the_command_says_what_it_moved(old: Settings, new: Settings, tmp_path: Path) -> None:
    await filled(old)
    assert new.s3 is not None
    (tmp_path / "old.toml").write_text('data = "old/data"\nkeys = "old/keys"\n')
    (tmp_path / "secret").write_text(new.s3.keys[1] if new.s3.keys else "")
    (tmp_path / "access").write_text(new.s3.keys[0] if new.s3.keys else "")
    (tmp_path / "new.toml").write_text(
        f'data = "new/data"\nkeys = "old/keys"\ndatabase = "{new.database}"\n'
        f'[s3]\nbucket = "evidence"\nendpoint = "{new.s3.endpoint}"\nprefix = "{new.s3.prefix}"\n'
        'access_key_file = "access"\nsecret_key_file = "secret"\n'
    )
    words = ("--config", "old.toml", "migrate", "--to", "new.toml")
    said = await asyncio.to_thread(orderproof, *words, "--json", cwd=tmp_path)
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert told["audits"][TENANT]["answer"] == "ok"
    assert told["objects_copied"] == told["audits"][TENANT]["counts"]["objects"]
    again = await asyncio.to_thread(orderproof, *words, cwd=tmp_path)
    assert (again.code, "moved before" in again.err) == (2, True)
    assert load_settings(tmp_path / "new.toml", environment={}).s3 is not None
