"""Orders, collections and items, as the ledger keeps them."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from evidence.errors import CorruptionError, RequestError, TooLargeError
from evidence.items import InMemory, Item, PartOf, Provenance, Role
from evidence.locators import pointer
from evidence.manifest import SealedItem
from evidence.orders import Alias, OrderRef, Platform, order_ref
from evidence.receipts import commit, commit_order
from storage.ledger.items import plain_media_type
from storage.ledger.records import State, TaskState
from storage.objects.placed import Spot
from tests.storage.stage import TENANT, Stage, an_item, staged

REF = order_ref("amazon", "123-1234567-1234567")


async def test_an_order_is_made_once_and_found_by_its_number_and_handle(stage: Stage) -> None:
    assert await stage.ledger.find_order(TENANT, REF) is None
    order = await stage.ledger.order(TENANT, REF, store="shop-1")
    assert await stage.ledger.order(TENANT, REF) == order
    assert await stage.ledger.find_order(TENANT, REF) == order
    assert await stage.ledger.order_by_handle(TENANT, order.handle) == order
    assert (order.ref, order.store) == (REF, "shop-1")
    assert order.commitment == commit_order(order.salt, REF)
    other = await stage.ledger.order(TENANT, OrderRef(REF.platform, REF.id, "DE"))
    assert len({order.handle, other.handle}) == len({order.key, other.key}) == 2


async def test_one_order_asked_for_by_many_at_once_is_made_once(stage: Stage) -> None:
    found = await asyncio.gather(*(stage.ledger.order(TENANT, REF) for _ in range(20)))
    assert len({order.handle for order in found}) == 1


async def test_a_tenant_does_not_see_the_orders_of_another(stage: Stage) -> None:
    await stage.ledger.tenant("other", origin="log.example/other")
    order = await stage.ledger.order(TENANT, REF)
    await stage.ledger.add_alias(order, Alias("erp", "7"))
    collection = await stage.collection(order)
    assert await stage.ledger.find_order("other", REF) is None
    assert await stage.ledger.order_by_handle("other", order.handle) is None
    assert await stage.ledger.orders_by_alias("other", Alias("erp", "7")) == []
    assert await stage.ledger.collection("other", collection.id) is None
    assert (await stage.ledger.order("other", REF)).handle != order.handle


async def test_a_tenant_keeps_its_origin_and_no_two_share_one(stage: Stage) -> None:
    with pytest.raises(RequestError, match="already"):
        await stage.ledger.tenant(TENANT, origin="log.example/new")
    with pytest.raises(RequestError, match="another tenant"):
        await stage.ledger.tenant("other", origin="log.example/acme")
    with pytest.raises(RequestError, match="none of this name"):
        await stage.ledger.order("nobody", REF)


async def test_an_order_is_found_by_any_of_its_aliases(stage: Stage) -> None:
    one, two = await stage.order(1), await stage.order(2)
    shared, own = Alias("shipment.tracking_number", "1Z"), Alias("erp", "1Z")
    for _ in range(2):
        await stage.ledger.add_alias(one, shared)
        await stage.ledger.add_alias(one, own)
        await stage.ledger.add_alias(two, shared)
    assert await stage.ledger.aliases(one) == [shared, own]
    assert await stage.ledger.orders_by_alias(TENANT, shared) == [one, two]
    assert await stage.ledger.orders_by_alias(TENANT, own) == [one]
    assert await stage.ledger.orders_by_alias(TENANT, Alias("erp", "none")) == []


async def test_one_idempotency_key_is_one_collection(stage: Stage) -> None:
    order, other = await stage.order(1), await stage.order(2)

    async def start(key: str | None, **changed: Any) -> tuple[str, bool]:
        asked: dict[str, Any] = {
            "policy": "p",
            "sources": ["a", "b"],
            "defect": {"kind": "late", "n": 1},
        }
        made, new = await stage.ledger.start_collection(
            order, **{**asked, **changed}, idempotency_key=key
        )
        return made.id, new

    first, new = await start("key")
    assert new
    assert await start("key") == (first, False)
    changes: list[dict[str, Any]] = [{"policy": "q"}, {"sources": ["a"]}, {"defect": None}]
    for changed in changes:
        with pytest.raises(RequestError, match="another request"):
            await start("key", **changed)
    with pytest.raises(RequestError, match="another request"):
        await stage.ledger.start_collection(
            other, policy="p", sources=["a", "b"], idempotency_key="key"
        )
    assert len({(await start(None))[0], (await start(None))[0], (await start("new"))[0]}) == 3
    made = await stage.ledger.collections_of(order)
    assert [len(made), made[0].id] == [4, first]
    assert (made[0].defect, made[0].sources, made[0].policy) == (
        {"kind": "late", "n": 1},
        ("a", "b"),
        "p",
    )


async def test_one_idempotency_key_used_by_many_at_once_is_one_collection(stage: Stage) -> None:
    order = await stage.order()
    started = await asyncio.gather(
        *(
            stage.ledger.start_collection(order, policy="p", sources=[], idempotency_key="k")
            for _ in range(10)
        )
    )
    assert len({collection.id for collection, _ in started}) == 1
    assert sum(new for _, new in started) == 1


async def test_of_many_that_advance_a_collection_at_once_one_does(stage: Stage) -> None:
    collection = await stage.collection(await stage.order())
    won = await asyncio.gather(
        *(
            stage.ledger.advance(TENANT, collection.id, State.QUEUED, State.COLLECTING)
            for _ in range(10)
        )
    )
    assert sorted(won) == [False] * 9 + [True]


async def test_a_collection_keeps_what_each_step_said(stage: Stage) -> None:
    order = await stage.order()
    collection = await stage.collection(order)
    at = datetime(2026, 5, 1, 12, 0, 0, 5, UTC)
    advance = stage.ledger.advance
    assert await advance(TENANT, collection.id, State.QUEUED, State.COLLECTING)
    assert await advance(
        TENANT, collection.id, State.COLLECTING, State.VERIFYING, checkpoint_size=7, at=at
    )
    assert not await advance(TENANT, collection.id, State.COLLECTING, State.FAILED, failure="late")
    assert await stage.ledger.unfinished()
    assert await advance(TENANT, collection.id, State.VERIFYING, State.SEALED, complete=False)
    found = await stage.ledger.collection(TENANT, collection.id)
    assert found is not None
    assert (found.state, found.at, found.checkpoint_size) == (State.SEALED, at, 7)
    assert (found.complete, found.failure) == (False, "")
    assert await stage.ledger.unfinished() == []
    with pytest.raises(RequestError):
        await advance(TENANT, collection.id, State.SEALED, State.QUEUED)

    failed = await stage.collection(order)
    assert await advance(TENANT, failed.id, State.QUEUED, State.FAILED, failure="no key for ups")
    (_, found) = await stage.ledger.collections_of(order)
    assert (found.state, found.failure) == (State.FAILED, "no key for ups")


async def test_a_task_counts_attempts_and_items_and_remembers_why(stage: Stage) -> None:
    order = await stage.order()
    collection = await stage.collection(order)
    await stage.ledger.add_task(TENANT, collection.id, "ups")
    await stage.ledger.add_task(TENANT, collection.id, "ups")
    assert [await stage.ledger.begin_task(TENANT, collection.id, "erp") for _ in range(2)] == [1, 2]
    await stage.bring(order, collection, ["a", "b"])
    await stage.ledger.end_task(TENANT, collection.id, "erp", state="failed", why="401 from erp")
    (before, _) = await stage.ledger.tasks(TENANT, collection.id)
    await stage.ledger.end_task(TENANT, collection.id, "erp", state="failed", why="401 from erp")
    erp, ups = await stage.ledger.tasks(TENANT, collection.id)
    assert (erp.source, erp.state, erp.attempts, erp.items, erp.why) == (
        "erp",
        TaskState.FAILED,
        2,
        2,
        "401 from erp",
    )
    assert erp.since == before.since < erp.updated_at
    assert (ups.source, ups.state, ups.attempts, ups.items) == ("ups", TaskState.WAITING, 0, 0)
    for unknown in ((collection.id, "dhl"), ("0" * 32, "erp")):
        with pytest.raises(RequestError):
            await stage.ledger.begin_task(TENANT, *unknown)


async def test_an_item_comes_back_with_every_field_it_had(stage: Stage) -> None:
    order = await stage.order()
    collection = await stage.collection(order)
    item = Item(
        role=Role.POD_PHOTO,
        key="photo?n=1",
        content=InMemory(b"\xff\xd8"),
        media_type="image/jpeg",
        collector="ups/1",
        origin="ups",
        provenance=Provenance.API,
        collected_at=datetime(2026, 5, 1, 14, 30, tzinfo=timezone(timedelta(hours=2))),
        name="Erika's door.jpg",
        url="https://api.example/photo",
        exchange="ab" * 32,
        part_of=PartOf("cd" * 32, pointer("photo", 0), "base64"),
        about={"shipment.tracking_number": "1Z"},
        hints={"zone": "Europe/Berlin"},
    )
    (stamp,) = await stage.ledger.keep(order, collection.id, "ups", [stage.stored(order, item)])
    (kept,) = await stage.ledger.items(order)
    assert kept.item(item.content) == item
    assert (kept.sha256, kept.size, kept.stored) == (item.sha256, 2, stamp.stored)
    assert (kept.collection, kept.source, kept.salt) == (collection.id, "ups", stamp.salt)
    assert kept.receipt is None
    assert stamp.commitment == commit(stamp.salt, item.sha256)

    await stage.sequencer.sequence(TENANT)
    (kept,) = await stage.ledger.items(order)
    assert kept.receipt == stamp.receipt(seq=0, prev="0" * 64)
    assert kept.log_index == 0
    sealed = SealedItem.of(kept.item(item.content), receipt=kept.receipt, salt=kept.salt)
    assert sealed.media_type == kept.receipt.media_type


async def test_a_retry_finds_its_stamps_and_adds_only_what_is_new(stage: Stage) -> None:
    order = await stage.order()
    collection = await stage.collection(order)
    first = await stage.bring(order, collection, ["a", "b"])
    again = await stage.bring(order, collection, ["b", "c", "a", "c"])
    assert (again[0], again[2], again[1]) == (first[1], first[0], again[3])
    assert await stage.ledger.pending(TENANT) == 3
    await stage.sequencer.sequence(TENANT)
    assert await stage.bring(order, collection, ["a"]) == first[:1]
    assert await stage.ledger.pending(TENANT) == 0
    assert len(await stage.ledger.items(order)) == 3


async def test_a_key_brought_again_with_other_bytes_keeps_the_first(stage: Stage) -> None:
    order = await stage.order()
    collection = await stage.collection(order)

    async def keep(data: bytes) -> str:
        kept = [stage.stored(order, an_item("k", data))]
        (stamp,) = await stage.ledger.keep(order, collection.id, "erp", kept)
        return stamp.sha256

    assert await keep(b"one") == await keep(b"two") == hashlib.sha256(b"one").hexdigest()


async def test_the_same_bytes_are_one_object_with_a_receipt_each(stage: Stage) -> None:
    order, other = await stage.order(1), await stage.order(2)
    item = an_item("k", b"same")
    assert await stage.ledger.stored_of(order, [item.sha256]) == {}
    stamps = []
    for _ in range(2):
        collection = await stage.collection(order)
        kept = [stage.stored(order, item)]
        stamps += await stage.ledger.keep(order, collection.id, "erp", kept)
    assert stamps[0].stored == stamps[1].stored
    assert stamps[0].commitment != stamps[1].commitment
    assert await stage.ledger.stored_of(order, [item.sha256]) == {
        item.sha256: Spot(stamps[0].stored)
    }
    assert await stage.ledger.stored_of(other, [item.sha256]) == {}
    await stage.sequencer.sequence(TENANT)
    assert len(await stage.ledger.receipts(order)) == 2


async def test_what_cannot_be_kept_is_refused_whole(stage: Stage) -> None:
    order, other = await stage.order(1), await stage.order(2)
    collection = await stage.collection(order)
    good = stage.stored(order, an_item("good", b"1"))
    item, content = stage.stored(order, an_item("k", b"2"))
    keep = stage.ledger.keep
    for bad, error in (
        ((replace(item, content=InMemory(b"3")), content), CorruptionError),
        ((replace(item, key=""), content), RequestError),
        ((replace(item, key="x" * 5000), content), TooLargeError),
        ((replace(item, collector="x" * 4000), content), TooLargeError),
        ((replace(item, collected_at=datetime(2026, 1, 1)), content), RequestError),
    ):
        with pytest.raises(error):
            await keep(order, collection.id, "erp", [good, bad])
    for owner, id_ in ((other, collection.id), (order, "0" * 32)):
        with pytest.raises(RequestError, match="none of this id"):
            await keep(owner, id_, "erp", [good])
    assert await keep(order, collection.id, "erp", []) == []
    assert await stage.ledger.items(order) == []
    assert await stage.ledger.pending(TENANT) == 0


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("image/JPEG", "image/jpeg"),
        ('application/pdf; name="Erika Mustermann.pdf"', "application/pdf"),
        ('text/CSV; name="x"; charset="GB18030"; y=1', "text/csv; charset=gb18030"),
        ("text/html;charset=utf-8", "text/html; charset=utf-8"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",) * 2,
        ("Erika Mustermann", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("text/" + "x" * 300, "application/octet-stream"),
    ],
)
def test_a_receipt_names_the_media_type_and_nothing_personal(given: str, plain: str) -> None:
    assert plain_media_type(given) == plain


@pytest.mark.embedded
async def test_nothing_personal_stands_in_any_file(tmp_path: Path) -> None:
    secrets = [
        "903-7654321-7654321",
        "1Z999AA10123456784",
        "Erika Mustermann POD.pdf",
        "https://carrier.example/pod/erika",
        "key-of-erika",
        "buyer says never arrived",
        "idempotent-erika",
        "why-erika",
        "failure-erika",
        "about-erika",
        "hint-erika",
    ]
    body = b"Signed for by E. Mustermann" * 10
    item = replace(
        an_item("key-of-erika", body, name="Erika Mustermann POD.pdf"),
        url="https://carrier.example/pod/erika",
        about={"shipment.tracking_number": "about-erika"},
        hints={"zone": "hint-erika"},
        media_type='application/pdf; name="Erika Mustermann POD.pdf"',
        exchange=hashlib.sha256(b"exchange").hexdigest(),
    )
    async with staged(tmp_path) as stage:
        ref = OrderRef(Platform.AMAZON, "903-7654321-7654321")
        order = await stage.ledger.order(TENANT, ref)
        await stage.ledger.add_alias(order, Alias("shipment.tracking_number", "1Z999AA10123456784"))
        collection, _ = await stage.ledger.start_collection(
            order,
            policy="p",
            sources=["erp"],
            defect={"notice": "buyer says never arrived"},
            idempotency_key="idempotent-erika",
        )
        await stage.ledger.keep(order, collection.id, "erp", [stage.stored(order, item)])
        await stage.ledger.end_task(TENANT, collection.id, "erp", state="failed", why="why-erika")
        await stage.ledger.advance(
            TENANT, collection.id, State.QUEUED, State.FAILED, failure="failure-erika"
        )
        await stage.sequencer.sequence(TENANT)
        # While it is open, so that the write-ahead log is there to be looked into.
        names = [path.name for path in tmp_path.rglob("*") if path.is_file()]
        found = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert {"ledger.db", "ledger.db-wal", "ledger.db-shm", "checkpoint"} <= set(names)
    assert any(order.handle.encode() in data for data in found.values())
    hidden = [
        *(text.encode() for text in secrets),
        body[:27],
        *(form for text in (item.sha256, item.exchange or "") for form in _forms(text)),
        *_forms(order.salt.hex()),
        *_forms(order.key.hex()),
    ]
    for path, data in found.items():
        for secret in hidden:
            assert secret not in data, (path.name, secret)


def _forms(digest: str) -> list[bytes]:
    return [digest.encode(), digest.upper().encode(), bytes.fromhex(digest)]


@pytest.mark.embedded
async def test_the_database_file_is_its_owners_alone(stage: Stage) -> None:
    await stage.order()
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        assert (stage.folder / name).stat().st_mode & 0o077 == 0, name
