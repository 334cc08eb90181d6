"""One appeal over many orders: each answered, none foreign, and memory that does not grow."""

from __future__ import annotations

import gc
import io
import json
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.archive import ArchiveWriter, Entry, write_archive
from evidence.errors import CorruptionError, RequestError
from evidence.items import InMemory
from evidence.manifest import Manifest
from evidence.orders import OrderRef, Platform
from service.custody import By
from service.profiles import paper
from service.profiles.asked import MOST_ORDERS, Asked, Link
from service.profiles.make import make
from service.profiles.refusal import NotTakenError
from tests.service.profiles.shop import as_order, shop
from tests.service.report.accounts import account
from verifiers.forms.lint import lint
from verifiers.profilebook import profile_named

BY = By("local user erika", "orderproof test")
UNTIL = datetime(2026, 12, 24, tzinfo=UTC)
CHOSEN = {
    "defect_type": "Negative Review",
    "root_cause": "Carrier Delay",
}


def tiktok(number: int) -> OrderRef:
    return OrderRef(Platform.TIKTOK, f"5764614130{number:08d}")


def amazon(number: int) -> OrderRef:
    return OrderRef(Platform.AMAZON, f"112-{number:07d}-2201845")


def asked_of(count: int) -> Asked:
    """Of so many orders that the profile of paypal's texts are made for; nothing is shown."""
    orders = [tiktok(number) for number in range(count)]
    notes = {"notes": "See there."}
    return Asked(profile=profile_named("paypal"), orders=orders, texts=notes, report=None)


async def peak_of(count: int, to: Path) -> tuple[int, int]:
    """Bytes of memory at most, and of the bundle."""
    base = account(items=())
    bare = Manifest(**{f: getattr(base, f) for f in base.__dataclass_fields__} | {"facts": ()})
    asked = asked_of(count)
    async with shop(lambda ref: as_order(bare, ref)) as runtime:
        gc.collect()
        tracemalloc.start()
        try:
            await make(runtime, "default", asked, to=to, by=BY)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    with to.open("rb") as file:
        found = lint(file)
    assert found.ok and found.orders == count
    return peak, to.stat().st_size


async def test_five_times_the_orders_take_no_more_memory(tmp_path: Path) -> None:
    await peak_of(5, tmp_path / "warm.zip")
    few, small = await peak_of(60, tmp_path / "few.zip")
    many, large = await peak_of(300, tmp_path / "many.zip")
    assert large > 3 * small
    assert many < few + 120_000, "what grows is the list of orders that was handed in"


async def test_a_list_longer_than_an_appeal_may_have_is_refused() -> None:
    with pytest.raises(RequestError, match=f"{MOST_ORDERS + 1} orders are more than"):
        asked_of(MOST_ORDERS + 1)


async def test_orders_come_in_the_order_of_their_names_whatever_was_asked(tmp_path: Path) -> None:
    if not paper.available():
        pytest.skip("the extra `report` is not installed")
    base = account()
    orders = [amazon(number) for number in (3, 1, 2)]
    written = []
    for some in (orders, sorted(orders, key=lambda ref: ref.id)):
        asked = Asked(profile=profile_named("amazon"), orders=some, report=None)
        async with shop(lambda ref: as_order(base, ref)) as runtime:
            await make(runtime, "default", asked, to=tmp_path / "a.zip", by=BY)
        written.append((tmp_path / "a.zip").read_bytes())
    assert written[0] == written[1]
    with zipfile.ZipFile(io.BytesIO(written[0])) as bundle:
        text = bundle.read("text.txt").decode()
        assert [line.partition(":")[0] for line in text.splitlines()] == [
            f"Order {amazon(number).id}" for number in (1, 2, 3)
        ]
        said = [json.loads(line) for line in bundle.read("proof.jsonl").splitlines()]
        (path,) = [name for name in bundle.namelist() if name.startswith("files/")]
        assert path == "files/brightleaf_2026-11-20.zip"
        with zipfile.ZipFile(io.BytesIO(bundle.read(path))) as archive:
            names = archive.namelist()
    assert names[0] == "A1B2C3D4_orders.pdf" and len(names) == 4
    # Each order's claims are in files of its own.
    for claim in said:
        if "file" in claim:
            assert claim["order"]["id"] in claim["file"]


async def test_each_order_that_does_not_fit_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    base = account()
    orders = [amazon(number) for number in range(4)]
    known = {orders[0], orders[2]}
    to = tmp_path / "a.zip"
    async with shop(lambda ref: as_order(base, ref) if ref in known else None) as runtime:
        with pytest.raises(NotTakenError) as refused:
            texts = {"notes": "x"}
            asked = Asked(profile=profile_named("paypal"), orders=orders, texts=texts, report=None)
            await make(runtime, "default", asked, to=to, by=BY)
    assert [why.order for why in refused.value.whys if "collected" in why.says] == [1, 3]
    assert not to.exists()


async def test_an_archive_without_the_sellers_id_says_how_to_give_it(tmp_path: Path) -> None:
    async with shop(lambda ref: account()) as runtime:
        runtime.stores = ()
        with pytest.raises(NotTakenError, match="orderproof tenant store"):
            asked = Asked(profile=profile_named("amazon"), orders=[account().order], report=None)
            await make(runtime, "default", asked, to=tmp_path / "a.zip", by=BY)


async def test_more_orders_than_an_archive_has_room_for_are_refused(tmp_path: Path) -> None:
    if not paper.available():
        pytest.skip("the extra `report` is not installed")
    async with shop(lambda ref: as_order(account(), ref)) as runtime:
        with pytest.raises(NotTakenError, match="send fewer orders at once"):
            orders = [amazon(number) for number in range(600)]
            asked = Asked(profile=profile_named("amazon"), orders=orders)
            await make(runtime, "default", asked, to=tmp_path / "a.zip", by=BY)


async def test_a_link_that_never_ends_is_refused(tmp_path: Path) -> None:
    base = account()
    ref = tiktok(1)
    for link, fits in ((Link("https://drive.google.com/x", None), False),
                       (Link("https://pan.baidu.com/x", UNTIL), False)):  # fmt: skip
        asked = Asked(
            profile=profile_named("tiktok"), orders=[ref], texts=CHOSEN, links={ref: link}
        )
        async with shop(lambda ref: as_order(base, ref)) as runtime:
            with pytest.raises(NotTakenError) as refused:
                await make(runtime, "default", asked, to=tmp_path / "a.zip", by=BY)
        said = " ".join(why.says for why in refused.value.whys)
        assert ("never ends" in said or "are refused" in said) is not fits
        assert "dialogue with the buyer" in said, "and what the form asks for and is not there"


def test_an_archive_written_file_by_file_is_the_one_that_is_written_at_once() -> None:
    entries = [Entry(f"a/{n}.txt", InMemory(b"x" * n)) for n in range(9)]
    whole, parts = io.BytesIO(), io.BytesIO()
    write_archive(whole, entries)
    writer = ArchiveWriter(parts, io.BytesIO())
    for entry in entries:
        writer.add(entry)
    assert writer.close() == len(whole.getvalue())
    assert parts.getvalue() == whole.getvalue()


def test_an_archive_refuses_unsafe_names_and_other_bytes_than_claimed() -> None:
    writer = ArchiveWriter(io.BytesIO(), io.BytesIO())
    with pytest.raises(RequestError):
        writer.add(Entry("../a", InMemory(b"")))
    writer.add(Entry("a", InMemory(b"")))
    with pytest.raises(RequestError, match="twice"):
        writer.add(Entry("a", InMemory(b"")))
    lying = InMemory(b"abc")
    object.__setattr__(lying, "sha256", "0" * 64)
    with pytest.raises(CorruptionError):
        writer.add(Entry("b", lying))
