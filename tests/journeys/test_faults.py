"""Upstreams that fail, and input that is broken: the manifest says what is missing and why."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from auditor.verify import verify_path
from evidence.items import Role
from evidence.orders import OrderRef, Platform
from service.demo import story
from service.runtime import Account, Runtime
from storage.ledger.records import State
from tests.journeys.conftest import Seller


async def collected(seller: Seller) -> Account:
    """Collect the story's order without a server; it must end sealed whatever went wrong."""
    settings = seller.settings()
    async with await Runtime.open(settings) as runtime:
        collection, _ = await runtime.request_collection(
            story.ORDER, tenant=settings.tenant, defect=story.DEFECT
        )
        assert await runtime.walk(settings.tenant, collection.id) is State.SEALED
        return await runtime.account(settings.tenant, story.ORDER)


def outcome(account: Account, source: str) -> tuple[str, str]:
    assert account.manifest is not None
    (found,) = [line for line in account.manifest.sources if line.source == source]
    return found.state, found.why


@pytest.mark.parametrize(
    ("kind", "fields", "told"),
    [
        ("status", {"status": 500}, "500"),
        ("status", {"status": 429, "retry_after": "3600"}, "429"),
        ("hang", {"seconds": 60}, "ups is not available now"),
        ("truncate", {}, "ups is not available now"),
        ("body", {"bytes": 2_000_000_000}, "too large"),
    ],
    ids=["answers 500", "answers 429", "is silent", "breaks off", "sends 2 GB"],
)
async def test_an_upstream_that(
    seller: Seller, kind: str, fields: dict[str, Any], told: str
) -> None:
    patience = 1.0 if kind == "hang" else 20.0  # of the others, none is to be ended by it
    seller.configure(
        "ups", f"retries = 1\nfirst_byte_s = {patience}\nanswer_s = 30.0\nmax_body = 8000000"
    )
    await seller.fault(kind, times=0, on="/track/", **fields)
    account = await collected(seller)
    state, why = outcome(account, "ups")
    assert state == "failed"
    assert told in why
    assert account.manifest is not None
    assert not account.manifest.complete
    missing = {line.requirement for line in account.manifest.coverage if line.state == "missing"}
    assert any("tracking" in requirement for requirement in missing)
    assert {item.role for item in account.items} >= {Role.ORDER_RECORD, Role.MESSAGE_MAIL}


async def test_an_upstream_that_answers_garbage_is_kept_and_called_unreadable(
    seller: Seller,
) -> None:
    await seller.fault("garbage", times=0, on="/track/")
    account = await collected(seller)
    assert account.manifest is not None
    failed = [fact for fact in account.manifest.facts if fact.name == "reading.failed"]
    histories = {i.sha256 for i in account.items if i.role is Role.TRACKING_HISTORY}
    assert histories & {fact.item for fact in failed}
    assert not account.manifest.complete


async def test_a_429_with_retry_after_is_waited_for_and_then_answered(seller: Seller) -> None:
    await seller.fault("status", status=429, retry_after="1", times=1, on="/track/")
    account = await collected(seller)
    assert outcome(account, "ups") == ("brought", "")


async def test_broken_files_cost_only_themselves(seller: Seller) -> None:
    folder = seller.folder / "seller"
    table = next((folder / "erp").iterdir())
    table.write_bytes(table.read_bytes() + f"{story.ORDER.id},half a row\r\n".encode())
    (folder / "mail" / "broken.eml").write_bytes(
        b"Subject: =?nonsense?B?////?= "
        + story.ORDER.id.encode()
        + b"\r\nDate: yesterday\r\n\r\n\xff\xfe"
    )
    (folder / "pod" / f"{story.ORDER.id}-cut.pdf").write_bytes(b"%PDF-1.7\n1 0 obj << /Type")
    with zipfile.ZipFile(
        folder / "pod" / f"{story.ORDER.id}.zip", "w", zipfile.ZIP_DEFLATED
    ) as bomb:
        with bomb.open("zeros", "w", force_zip64=True) as zeros:
            for _ in range(1000):
                zeros.write(bytes(1_000_000))
    (folder / "pod" / "link.pdf").symlink_to("/etc/hostname")
    account = await collected(seller)
    assert account.manifest is not None
    for source in ("erp", "mailbox", "folder", "ups"):
        assert outcome(account, source)[0] == "brought"
    names = {item.name for item in account.items}
    assert "link.pdf" not in names
    said = {fact.name for fact in account.manifest.facts}
    assert {"row.broken", "reading.failed"} <= said
    assert account.manifest.complete


async def test_a_second_collection_of_the_same_order_adds_receipts_not_items(
    seller: Seller,
) -> None:
    first = await collected(seller)
    second = await collected(seller)
    assert first.manifest is not None
    assert second.manifest is not None
    assert len(second.collections) == 2
    mails = [item for item in second.items if item.role is Role.MESSAGE_MAIL]
    assert len(mails) == 4
    assert len({(mail.stored, mail.start) for mail in mails}) == 2
    receipts = [item.receipt for item in second.items if item.receipt]
    assert [receipt.seq for receipt in receipts] == list(range(len(receipts)))
    assert len(second.manifest.items) > len(first.manifest.items)


async def test_nothing_secret_reaches_the_data_folder(seller: Seller) -> None:
    await collected(seller)
    settings = seller.settings()
    for path in sorted(settings.data.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            assert b"demo-secret" not in data
            assert story.ORDER.id.encode() not in data, path
            assert story.TRACKING.encode() not in data, path


@pytest.fixture(autouse=True)
def _no_config_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


async def test_an_order_that_no_source_knows_is_sealed_as_found_nowhere(seller: Seller) -> None:
    settings = seller.settings()
    unknown = OrderRef(Platform.AMAZON, "999-0000000-0000000", "US")
    bundle = seller.folder / "bundle.zip"
    async with await Runtime.open(settings) as runtime:
        collection, _ = await runtime.request_collection(unknown, tenant=settings.tenant)
        assert await runtime.walk(settings.tenant, collection.id) is State.SEALED
        account = await runtime.account(settings.tenant, unknown)
        await runtime.bundle(settings.tenant, unknown, profile="bagit", to=bundle)
    assert account.manifest is not None
    assert account.manifest.items == ()
    assert not account.manifest.complete
    assert outcome(account, "erp")[0] == "empty"
    assert outcome(account, "ups") == (
        "skipped",
        "No shipment.tracking_number became known, so it could not be asked; another source has to "
        "bring it.",
    )
    assert verify_path(bundle).ok
