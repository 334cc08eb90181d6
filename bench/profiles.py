"""Bundles in the form of a platform: photos into a limit, and many orders in one appeal.

photos [N]   N photos of 12 megapixels (default: 60) into N/60 of 10 MB: bytes, how many were read
             again and still say the same, the smallest copy, CPU seconds
orders [N]   one appeal over N orders (default: 10,000) beside one over a tenth: the most memory
             that is used, bytes of the bundle, CPU seconds an order

`python -m bench.profiles [part [N]]`
"""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
import tempfile
import time
import tracemalloc
from collections import Counter
from dataclasses import replace
from pathlib import Path

from service.custody import By
from service.profiles.asked import Asked
from service.profiles.fitting import LADDER
from service.profiles.make import make
from tests.service.profiles.photos import Desk, photo, read_on
from tests.service.profiles.shop import as_order, shop
from tests.service.profiles.test_many import tiktok
from tests.service.report.accounts import account
from verifiers.profilebook import profile_named

LIMIT = 10_000_000


def cpu_s() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


async def photos(count: int) -> None:
    desk = Desk()
    pages = []
    for number in range(count):
        data = photo(number)
        pages.append(desk.page(number, data, read_on(number, data)))
    whole = sum(page.item.size for page in pages)
    budget = LIMIT * count // 60
    begun = cpu_s()
    copies = await desk.fitting().fit(pages, budget)
    await desk.reading.close()
    size = sum(len(copy.data) for copy in copies)
    read = sum(copy.legible.measured and copy.legible.ok for copy in copies)
    rungs = Counter(LADDER[copy.rung] for copy in copies)
    print(f"{count} photos, {whole / 1e6:.1f} MB, into {budget / 1e6:.2f} MB: {size / 1e6:.2f} MB")
    print(f"read again and still the same: {read} of {count}; sizes: {dict(rungs)}")
    print(f"{(cpu_s() - begun) / count:.2f} s of CPU a photo")


async def orders(count: int) -> None:
    base = replace(account(items=()), facts=())
    peaks = {}
    for number in (count // 10, count):
        some = [tiktok(each) for each in range(number)]
        asked = Asked(profile=profile_named("paypal"), orders=some, texts={"notes": "See there."})
        with tempfile.TemporaryDirectory() as folder:
            to = Path(folder) / "a.zip"
            async with shop(lambda ref: as_order(base, ref)) as runtime:
                gc.collect()
                tracemalloc.start()
                begun = time.process_time()
                await make(runtime, "default", asked, to=to, by=By("bench", "bench"))
                spent = time.process_time() - begun
                peaks[number] = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
            said = f"{peaks[number] / 1e6:.2f} MB at most, bundle {to.stat().st_size / 1e6:.1f} MB"
            print(f"{number} orders: {said}, {1000 * spent / number:.2f} ms of CPU an order")
    print(f"ten times the orders: {peaks[count] / peaks[count // 10]:.2f} times the memory")


def main(arguments: list[str]) -> int:
    part = arguments[0] if arguments else ""
    count = int(arguments[1]) if len(arguments) > 1 else 0
    if part in ("", "photos"):
        asyncio.run(photos(count or 60))
    if part in ("", "orders"):
        asyncio.run(orders(count or 10_000))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
