"""Photos shrink as far as they are still read, and no further."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from evidence.errors import RequestError
from service.profiles.fitting import LADDER, UNMEASURED, Copy, Page
from tests.service.profiles.photos import Desk, photo, read_on
from verifiers.readers import ocr

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.reading.close()


def needs_ocr() -> None:
    if not ocr.available():
        pytest.skip("the extra `ocr` is not installed")


def pages(desk: Desk, count: int, *, size: tuple[int, int], print_height: int) -> list[Page]:
    made = []
    for number in range(count):
        data = photo(number, size=size, print_height=print_height)
        made.append(desk.page(number, data, read_on(number, data)))
    return made


def size_of(copies: list[Copy]) -> int:
    return sum(len(copy.data) for copy in copies)


async def test_photos_fit_and_each_still_says_what_it_said(desk: Desk) -> None:
    needs_ocr()
    photos = pages(desk, 3, size=(2000, 1500), print_height=40)
    whole = sum(page.item.size for page in photos)
    budget = whole // 6
    copies = await desk.fitting().fit(photos, budget)
    assert size_of(copies) <= budget
    for copy in copies:
        assert copy.legible.measured and not copy.legible.lost
        assert "shipment.tracking_number" in copy.legible.read
        with Image.open(io.BytesIO(copy.data)) as shown:
            assert max(shown.size) <= LADDER[copy.rung][0]


@pytest.mark.slow
async def test_small_print_keeps_its_photo_large_and_the_others_make_room(desk: Desk) -> None:
    needs_ocr()
    data = photo(7, size=(2000, 1500), print_height=14)
    small = desk.page(7, data, read_on(7, data))
    large = pages(desk, 2, size=(2000, 1500), print_height=60)
    free = await desk.fitting().fit([small, *large], None)
    budget = size_of(free) // 15
    copies = await desk.fitting().fit([small, *large], budget)
    assert size_of(copies) <= budget
    assert all(not copy.legible.lost for copy in copies)
    assert copies[0].rung < max(copy.rung for copy in copies[1:])


async def test_what_does_not_fit_is_refused_with_the_largest_named(desk: Desk) -> None:
    photos = [desk.page(n, photo(n, size=(800, 600), print_height=20)) for n in range(2)]
    with pytest.raises(RequestError) as refused:
        await desk.fitting().fit(photos, 5_000)
    assert "item 1 (pod.photo)" in str(refused.value) and "choose fewer items" in str(refused.value)


async def test_a_copy_that_nobody_could_measure_stays_large(desk: Desk) -> None:
    bare = [desk.page(1, photo(1, size=(2000, 1500), print_height=40))]
    (free,) = await desk.fitting().fit(bare, None)
    (copy,) = await desk.fitting().fit(bare, len(free.data) * 55 // 100)
    assert copy.rung <= UNMEASURED
    assert copy.legible.to_json() == {"measured": False, "why": "nothing was read on the original"}
    with pytest.raises(RequestError):
        await desk.fitting().fit(bare, len(free.data) // 20)


async def test_what_is_no_picture_is_named_with_what_to_do(desk: Desk) -> None:
    with pytest.raises(RequestError, match=r"item 5 \(pod.photo\).*leave it out"):
        await desk.fitting().fit([desk.page(5, b"\xff\xd8\xff no photo")], None)
