"""Small items of one order share an object, and nothing that holds of an object is lost by it."""

import hashlib
import os
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import CorruptionError, HeldError, RequestError
from evidence.items import InMemory
from storage.bucket import Bucket
from storage.objects.lock import Lock
from storage.objects.packs import MOST_PACKED, PACK_BYTES, Pack, in_packs
from storage.objects.recent import Recent
from storage.objects.s3 import S3Objects
from storage.objects.stored import StoredContent, read_together
from storage.objects.stream import SEGMENT_BYTES, ReadAt
from tests.seaweed import Seaweed
from tests.storage.stage import now

KEY, CONTEXT = os.urandom(32), b"handle"
SOON = timedelta(hours=1)


class InHand:
    """A ciphertext in memory."""

    name = "pack"

    def __init__(self, data: bytes) -> None:
        self.data = data

    def opened(self, *, through: bool) -> AbstractContextManager[tuple[ReadAt, int]]:
        return nullcontext((lambda at, length: self.data[at : at + length], len(self.data)))


def opened(pack: Pack, number: int) -> StoredContent:
    one = pack.items[number]
    return StoredContent(
        InHand(pack.data),
        key=KEY,
        context=CONTEXT,
        sha256=one.sha256,
        size=one.size,
        start=one.spot.start,
    )


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=12), st.data())
def test_each_item_of_a_pack_comes_back_and_none_of_its_neighbours_does(
    datas: list[bytes], draw: st.DataObject
) -> None:
    pack = Pack.of([InMemory(data) for data in datas], key=KEY, context=CONTEXT)
    assert pack.stored == hashlib.sha256(pack.data).hexdigest()
    assert {one.spot.stored for one in pack.items} == {pack.stored}
    for number, data in enumerate(datas):
        content = opened(pack, number)
        assert content.read(300) == data
        start = draw.draw(st.integers(0, 320))
        stop = draw.draw(st.integers(start, 400))
        assert content.read_range(start, stop) == data[start:stop]
    with pytest.raises(RequestError):
        opened(pack, 0).read_range(-1, 3)
    alone = InMemory(b"in no pack")
    all_of_it = [opened(pack, number) for number in range(len(datas))]
    assert list(read_together([*all_of_it, alone])) == [*datas, alone.data]


def test_what_is_read_together_is_checked_as_if_it_came_alone() -> None:
    pack = Pack.of([InMemory(b"one"), InMemory(b"two")], key=KEY, context=CONTEXT)
    first, second = opened(pack, 0), opened(pack, 1)
    second._start = 2
    with pytest.raises(CorruptionError, match="not those that were received"):
        list(read_together([first, second]))
    second._start = 4  # beyond its end, which shows in what is cut out
    with pytest.raises(CorruptionError, match="not those that were received"):
        list(read_together([first, second]))
    changed = Pack(pack.stored, pack.data[:-1] + bytes([pack.data[-1] ^ 1]), pack.items)
    with pytest.raises(CorruptionError, match="does not decrypt"):
        list(read_together([opened(changed, 0), opened(changed, 1)]))


def test_an_item_is_not_looked_for_where_it_is_not() -> None:
    pack = Pack.of([InMemory(b"one"), InMemory(b"two")], key=KEY, context=CONTEXT)
    content = opened(pack, 1)
    content._start = 4
    with pytest.raises(CorruptionError, match="no item at 4"):
        content.read(10)
    content._start = 0
    with pytest.raises(CorruptionError, match="not those that were received"):
        content.read(10)
    content._start = None
    with pytest.raises(CorruptionError, match="6 bytes, not 3"):
        content.read(10)


@given(st.lists(st.integers(0, MOST_PACKED), max_size=40))
def test_a_pack_is_never_more_than_a_segment_and_nothing_is_left_out(sizes: list[int]) -> None:
    contents = [InMemory(bytes(size)) for size in sizes]
    groups = list(in_packs(contents))
    assert [one for group in groups for one in group] == contents
    assert all(sum(one.size for one in group) <= PACK_BYTES for group in groups)


def test_the_largest_pack_is_one_segment() -> None:
    pack = Pack.of([InMemory(bytes(PACK_BYTES - 1)), InMemory(b"x")], key=KEY, context=CONTEXT)
    assert len(pack.data) == SEGMENT_BYTES
    assert opened(pack, 1).read(1) == b"x"
    with pytest.raises(RequestError, match="by themselves"):
        Pack.of([InMemory(bytes(PACK_BYTES)), InMemory(b"x")], key=KEY, context=CONTEXT)


def test_a_pack_in_a_bucket_is_locked_as_one_and_read_after_a_restart(s3: Seaweed) -> None:
    where = s3.where("evidence", prefix="packs/")
    objects = S3Objects(Bucket(where))
    datas = [b"first", b"", os.urandom(70_000), b"last"]
    pack = Pack.of([InMemory(data) for data in datas], key=KEY, context=CONTEXT)
    objects.put_pack(pack, lock=Lock(until=now() + SOON))
    objects.put_pack(pack, lock=Lock(until=now() + 2 * SOON))
    until = objects.lock_of(pack.stored).until
    assert until is not None and until > now() + SOON
    assert list(objects.listing()) == [pack.stored]
    with pytest.raises(HeldError):
        objects.remove(pack.stored)
    for reader in (objects, S3Objects(Bucket(where))):
        for one, data in zip(pack.items, datas, strict=True):
            content = reader.open(
                pack.stored,
                key=KEY,
                context=CONTEXT,
                sha256=one.sha256,
                size=one.size,
                start=one.spot.start,
            )
            assert content.read(100_000) == data
            assert content.read_range(2, 9) == data[2:9]
    other = Pack(pack.stored, b"others", pack.items)
    with pytest.raises(CorruptionError, match="changed on the way"):
        S3Objects(Bucket(s3.where("evidence", prefix="packs-2/"))).put_pack(other)


def test_what_is_held_in_memory_is_bounded_and_is_what_its_name_says() -> None:
    recent = Recent(most=100)
    one, two = os.urandom(60), os.urandom(60)
    names = [hashlib.sha256(data).hexdigest() for data in (one, two)]
    recent.add_checked(names[0], one)
    assert recent.get(names[0]) == one
    recent.add_checked(names[1], one)
    assert recent.get(names[1]) is None
    recent.add(names[1], two)
    assert recent.get(names[0]) is None and recent.get(names[1]) == two
    recent.drop(names[1])
    recent.drop(names[1])
    assert recent.get(names[1]) is None
    recent.add("large", bytes(SEGMENT_BYTES + 1))
    assert recent.get("large") is None


def test_nothing_of_a_pack_is_in_the_clear() -> None:
    pack = Pack.of([InMemory(b"Jane Doe, 5 Elm Street")] * 2, key=KEY, context=CONTEXT)
    assert b"Jane Doe" not in pack.data
    with pytest.raises(CorruptionError):
        StoredContent(
            InHand(pack.data),
            key=os.urandom(32),
            context=CONTEXT,
            sha256=pack.items[0].sha256,
            size=22,
            start=0,
        ).read(22)
