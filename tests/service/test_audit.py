"""A whole tenant: one byte of object, row, tile or head changed, and each is named."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.audit import AuditReport
from auditor.report import State
from evidence.errors import EvidenceError, RequestError
from evidence.items import InMemory, Item, Provenance, Role
from evidence.orders import OrderRef, Platform
from service.audit.audit import Asked, audit
from service.settings import Settings
from storage.ledger.ledger import Ledger
from storage.log.sequencer import Sequencer
from storage.log.tiles import LogFiles
from storage.objects.local import LocalObjects
from storage.objects.spool import EncryptedSpool
from storage.vault.vault import Vault
from tests.service.test_cli import orderproof
from tests.storage.stage import now

ORDERS, EACH = 3, 5


pytestmark = pytest.mark.embedded  # it looks into the folders and the database file


async def fill(settings: Settings, *, tenant: str = "default", orders: int = ORDERS) -> None:
    vault = Vault.open(settings.keys)
    ledger = await Ledger.open(settings.database_url, vault=vault, clock=now)
    try:
        await ledger.tenant(tenant, origin=settings.origin_of(tenant))
        files = LogFiles(settings.data / "log" / tenant)
        objects = LocalObjects(settings.data / "objects")
        for number in range(orders):
            order = await ledger.order(tenant, OrderRef(Platform.OTHER, f"order-{number}"))
            run, _ = await ledger.start_collection(order, policy="p/1", sources=["erp"])
            spool = EncryptedSpool(settings.data / "spool", key=order.key, context=order.context)
            for at in range(EACH):
                item = Item(
                    role=Role.ORDER_RECORD,
                    key=str(at),
                    content=InMemory(b"%d of %d, " % (at, number) * 200),
                    media_type="text/csv",
                    collector="erp/1",
                    origin="seller",
                    provenance=Provenance.UPLOAD,
                    collected_at=now(),
                )
                content = spool.keep(item.content)
                objects.put(content)
                await ledger.keep(order, run.id, "erp", [(item, content)])
            await Sequencer(ledger, lambda _: files, vault, now).sequence(tenant)
    finally:
        await ledger.close()


@pytest.fixture
async def house(tmp_path: Path) -> Settings:
    settings = Settings(data=tmp_path / "data", keys=tmp_path / "keys")
    await fill(settings)
    return settings


def audited(settings: Settings, **asked: object) -> AuditReport:
    return audit(Asked(**asked), lambda: settings)  # type: ignore[arg-type]


def blamed(report: AuditReport) -> set[tuple[str, str]]:
    return {(check.name, check.where) for check in report.checks if check.state is State.FAIL}


def an_object(settings: Settings, number: int = 0) -> Path:
    files = sorted(p for p in (settings.data / "objects").rglob("*") if p.is_file())
    return files[number]


def rows(settings: Settings, statement: str, *values: object) -> None:
    """What somebody with the database's password can do."""
    connection = sqlite3.connect(settings.data / "ledger.sqlite")
    try:
        connection.execute(statement, values)
        connection.commit()
    finally:
        connection.close()


def flip(path: Path, at: int = 50) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)


def test_an_untouched_tenant_holds_and_everything_is_counted(house: Settings) -> None:
    shutil.move(house.keys, house.keys.with_name("elsewhere"))
    report = audited(house)
    assert report.ok and not blamed(report)
    files = [p for p in (house.data / "objects").rglob("*") if p.is_file()]
    assert report.counts["objects"] == len(files) == ORDERS * EACH
    assert report.counts["object bytes"] == sum(p.stat().st_size for p in files)
    assert report.counts["receipts"] == report.counts["chained receipts"] == ORDERS * EACH
    assert (report.counts["orders"], report.unseen) == (ORDERS, {})
    assert not house.keys.exists()  # no key was needed, and none was made


def test_with_the_keys_every_item_is_opened_too(house: Settings) -> None:
    report = audited(house, opening=True)
    assert report.ok
    assert report.counts["opened items"] == ORDERS * EACH


def test_one_byte_of_an_object_is_named(house: Settings) -> None:
    changed = an_object(house)
    flip(changed)
    report = audited(house)
    assert blamed(report) == {("objects", changed.name)}
    (said,) = [check.what for check in report.checks if check.name == "objects"]
    assert "was altered" in said and "of the receipt at" in said


def test_an_object_that_was_removed_and_one_that_was_added_are_named(house: Settings) -> None:
    gone = an_object(house)
    gone.unlink()
    assert blamed(audited(house)) == {("objects", gone.name)}
    name = "5" * 64
    stranger = house.data / "objects" / "55" / "55" / name
    stranger.parent.mkdir(parents=True, exist_ok=True)
    stranger.write_bytes(b"somebody else's")
    report = audited(house)
    assert blamed(report) == {("objects", gone.name), ("orphans", name)}
    assert report.counts["orphans"] == 1


def test_an_object_that_a_crash_left_over_is_said_and_no_failure(house: Settings) -> None:
    spool = EncryptedSpool(house.data / "spool", key=b"k" * 32, context=b"c")
    content = spool.keep(InMemory(b"never stamped"))
    LocalObjects(house.data / "objects").put(content)
    report = audited(house)
    assert report.ok
    assert [c.where for c in report.checks if c.state is State.INCONCLUSIVE] == [content.stored]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("role", "message.mail"), ("commitment", "e" * 64), ("stored", "e" * 64), ("size", 1),
        ("media_type", "text/html"), ("collector", "erp/2"),
        ("collected_at", "2020-01-01T00:00:00.000000Z"),
    ],
)  # fmt: skip
def test_a_row_that_no_longer_says_what_its_receipt_says_is_named(
    house: Settings, column: str, value: object
) -> None:
    rows(house, f"UPDATE stamps SET {column} = ? WHERE number = 7", value)
    assert ("rows", "log index 6") in blamed(audited(house))


def test_one_byte_of_a_receipt_in_the_ledger_is_named(house: Settings) -> None:
    rows(
        house,
        "UPDATE receipts SET body = CAST(replace(CAST(body AS TEXT), 'erp/1', 'erp/7') AS BLOB) "
        "WHERE log_index = 6",
    )
    found = blamed(audited(house))
    assert ("ledger", "log index 6") in found  # it is not the log's
    assert ("chains", "log index 7") in found  # the next one has another hash
    assert ("rows", "log index 6") in found


def test_a_receipt_that_was_dropped_is_named(house: Settings) -> None:
    rows(house, "DELETE FROM receipts WHERE log_index = 14")
    found = blamed(audited(house))
    assert ("ledger", "log index 14") in found
    assert any(name == "stamps" for name, _ in found)  # its stamp waits for nothing


def test_receipts_that_changed_places_are_named(house: Settings) -> None:
    for old, new in ((6, 99), (7, 6), (99, 7)):
        rows(house, "UPDATE receipts SET log_index = ? WHERE log_index = ?", new, old)
    found = blamed(audited(house))
    assert {("ledger", "log index 6"), ("ledger", "log index 7")} <= found


@pytest.mark.parametrize(
    "path", ["tile/0/000.p/15", "tile/entries/000.p/15", "tile/0/000.p/5", "checkpoints/10"]
)
def test_one_byte_of_the_log_is_named(house: Settings, path: str) -> None:
    flip(house.data / "log" / "default" / path, at=20)
    assert path in {where for _, where in blamed(audited(house))}


def test_a_head_that_was_taken_away_or_never_was_is_named(house: Settings) -> None:
    (house.data / "log" / "default" / "checkpoints" / "10").unlink()
    assert blamed(audited(house)) == {("ledger-heads", "checkpoints/10")}
    rows(house, "DELETE FROM checkpoints WHERE size = 5")
    assert ("ledger-heads", "checkpoints/5") in blamed(audited(house))


async def test_an_older_ledger_behind_a_longer_log_is_named(
    house: Settings, tmp_path: Path
) -> None:
    shutil.copyfile(house.data / "ledger.sqlite", tmp_path / "old.sqlite")
    await fill(house, orders=ORDERS + 1)
    for name in ("ledger.sqlite-wal", "ledger.sqlite-shm"):
        (house.data / name).unlink(missing_ok=True)
    shutil.copyfile(tmp_path / "old.sqlite", house.data / "ledger.sqlite")
    report = audited(house)
    assert ("ledger", f"log index {ORDERS * EACH}") in blamed(report)


async def test_a_log_cut_back_with_its_ledger_is_seen_by_who_kept_a_checkpoint(
    house: Settings, tmp_path: Path
) -> None:
    shutil.copytree(house.data, tmp_path / "backup")
    await fill(house, orders=ORDERS + 2)
    kept = (house.data / "log" / "default" / "checkpoint").read_bytes()
    assert audited(house, saved=kept).ok
    shutil.rmtree(house.data)
    shutil.move(tmp_path / "backup", house.data)
    assert audited(house).ok
    assert ("since", "") in blamed(audited(house, saved=kept))


async def test_a_stamp_that_waits_is_said_and_counted(house: Settings) -> None:
    rows(house, "INSERT INTO waiting (stamp, tenant, store) VALUES (15, 'default', 'default')")
    rows(house, "DELETE FROM receipts WHERE log_index = 14")
    assert audited(house).unseen["stamps waiting"] == 1


async def test_another_tenants_objects_are_nobodys_orphans(house: Settings) -> None:
    await fill(house, tenant="other", orders=2)
    for tenant, orders in (("default", ORDERS), ("other", 2)):
        report = audited(house, tenant=tenant)
        assert report.ok and report.counts["objects"] == orders * EACH
        assert "orphans" not in report.counts


def test_a_sample_says_how_much_it_left_out(house: Settings) -> None:
    report = audited(house, sample=4)
    assert report.ok
    assert (report.counts["objects"], report.unseen["objects (sample)"]) == (4, 11)
    assert report.sample["objects"] == 4 and len(report.sample["seed"]) == 16


def test_a_sealed_column_that_was_moved_does_not_open(house: Settings) -> None:
    rows(
        house,
        "UPDATE stamps SET details_sealed = (SELECT details_sealed FROM stamps WHERE number = 2) "
        "WHERE number = 1",
    )
    assert audited(house).ok  # without keys nobody can tell
    assert {name for name, _ in blamed(audited(house, opening=True))} == {"opened"}


def test_a_key_destroyed_without_a_record_of_it_is_named(house: Settings) -> None:
    rows(house, "UPDATE orders SET key_wrapped = NULL, ref_lookup = NULL WHERE rowid = 1")
    report = audited(house, opening=True)
    assert {name for name, _ in blamed(report)} == {"erased"}
    assert report.unseen == {"erased orders": 1}
    assert report.counts["opened items"] == (ORDERS - 1) * EACH


def test_what_cannot_be_asked_is_refused(house: Settings, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="none of this name"):
        audited(house, tenant="nobody")
    with pytest.raises(RequestError, match="no evidence"):
        audited(Settings(data=tmp_path / "none", keys=tmp_path / "none"))
    shutil.rmtree(house.keys)
    with pytest.raises(RequestError, match="keys"):
        audited(house, opening=True)


# -- taken up again -----------------------------------------------------------------------------


class Stopped(Exception):
    pass


@pytest.mark.parametrize("phase", ["log", "chains", "objects", "opened"])
def test_an_interrupted_audit_goes_on_and_comes_to_the_same(
    house: Settings, tmp_path: Path, phase: str
) -> None:
    flip(an_object(house, 3))
    asked = Asked(opening=True, resume=tmp_path / "state")

    def watch(now_in: str, done: int, total: int) -> None:
        if now_in == phase:
            raise Stopped

    with pytest.raises(Stopped):
        audit(asked, lambda: house, watch=watch, save_every_s=0)
    report = audit(asked, lambda: house, save_every_s=0)
    whole = audited(house, opening=True)
    assert (report.checks, report.counts, report.unseen) == (
        whole.checks,
        whole.counts,
        whole.unseen,
    )
    assert not (tmp_path / "state").exists()
    assert report.resumed or phase == "log"


async def test_a_log_whose_key_was_replaced_holds_under_both(house: Settings) -> None:
    at_home = {"ORDERPROOF_DATA": str(house.data), "ORDERPROOF_KEYS": str(house.keys)}
    assert orderproof("keys", "rotate", "log", cwd=house.data, **at_home).code == 0
    await fill(house, tenant="default", orders=ORDERS + 1)
    report = audited(house, opening=True)
    assert not blamed(report)
    assert report.counts["orders"] == ORDERS + 2  # the keys' own records are an order, too


def test_a_state_file_is_for_the_same_question_only(house: Settings, tmp_path: Path) -> None:
    def watch(*_: object) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        audit(Asked(resume=tmp_path / "state"), lambda: house, watch=watch, save_every_s=0)
    with pytest.raises(EvidenceError, match="another audit"):
        audit(Asked(resume=tmp_path / "state", sample=3), lambda: house)


# -- the command --------------------------------------------------------------------------------


@pytest.fixture
def at_home(house: Settings, tmp_path: Path) -> Iterator[dict[str, str]]:
    yield {"ORDERPROOF_DATA": str(house.data), "ORDERPROOF_KEYS": str(house.keys)}


def test_the_command_answers_0_1_and_2(
    house: Settings, at_home: dict[str, str], tmp_path: Path
) -> None:
    said = orderproof("audit", "--json", cwd=tmp_path, **at_home)
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["trust"] == "log"
    log = house.data / "log" / "default"
    alone = orderproof(
        "audit", "--log", str(log), "--key", str(log / "log.vkey"), "--json", cwd=tmp_path
    )
    assert json.loads(alone.out)["trust"] == "pinned"
    assert json.loads(alone.out)["counts"]["entries"] == ORDERS * EACH
    flip(an_object(house))
    said = orderproof("audit", "--open", cwd=tmp_path, **at_home)
    assert said.code == 1
    assert an_object(house).name in said.out and said.out.rstrip().endswith("trust: log")
    for words in (["--tenant", "nobody"], ["--log", str(tmp_path)], ["--log", "x", "--open"]):
        said = orderproof("audit", *words, cwd=tmp_path, **at_home)
        assert (said.code, said.err.count("\n")) == (2, 1)
    assert os.listdir(tmp_path / "keys") == ["default"]
