"""Bundles in the form of a platform: photos into a limit, and many orders in one appeal.

photos [N]   N photos of 12 megapixels (default: 60) into N/60 of 10 MB: bytes, how many were read
             again and still say the same, the smallest copy, CPU seconds
orders [N]   one appeal over N orders (default: 10,000) beside one over a tenth, each with items and
             facts of its own: the most memory that is used, bytes of the bundle, CPU an order
papers [N]   the same with PDF documents for each order (default: 60)

`python -m bench.profiles [part [N]]`
"""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
import tempfile
import tracemalloc
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from evidence.manifest import Manifest
from evidence.orders import OrderRef
from evidence.profile import Profile
from service.custody import By
from service.profiles.asked import Asked
from service.profiles.fitting import LADDER
from service.profiles.make import make
from tests.service.profiles.photos import Desk, photo, read_on
from tests.service.profiles.scenarios import SCENARIOS, Scenario
from tests.service.profiles.shop import as_order, shop
from tests.service.profiles.test_many import tiktok
from tests.service.report.accounts import account
from tests.verifiers.evidence_of import NUMBER
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


def _own(base: Manifest, ref: OrderRef) -> Manifest:
    """The same account, of another order with a parcel of its own."""
    parcel = f"1Z5R8939{int(ref.id[-8:]):010d}"
    facts = tuple(
        replace(fact, value=parcel) if fact.value == NUMBER else fact
        for fact in as_order(base, ref).facts
    )
    items = tuple(
        replace(
            item, about={name: parcel if was == NUMBER else was for name, was in item.about.items()}
        )
        for item in base.items
    )
    return replace(base, order=ref, facts=facts, items=items)


async def orders(count: int) -> None:
    """Links and texts, each said by the facts of its own order, with the proof of each claim."""
    story = next(each for each in SCENARIOS if each.row == "S3-01")
    profile = replace(profile_named("tiktok"), platforms=())
    await _grown("orders", profile, story, count)


async def papers(count: int) -> None:
    """Documents as well: PDF/A that the page-setting process makes, order by order."""
    story = next(each for each in SCENARIOS if each.row == "S1-04")
    await _grown("orders with their papers", profile_named("paypal"), story, count)


async def _grown(called: str, profile: Profile, story: Scenario, count: int) -> None:
    base = account(story.facts, story.items)
    peaks = {}
    for number in (2, count // 10, count):  # the first loads what is loaded once
        some = [tiktok(each) for each in range(number)]
        links = dict.fromkeys(some, story.link) if story.link else {}
        asked = Asked(profile=profile, orders=some, texts=story.texts, links=links, report=None)
        with tempfile.TemporaryDirectory() as folder:
            to = Path(folder) / "a.zip"
            async with shop(lambda ref: _own(base, ref)) as runtime:
                gc.collect()
                tracemalloc.start()
                begun = cpu_s()
                await make(runtime, "default", asked, to=to, by=By("bench", "bench"))
                spent = cpu_s() - begun
                peaks[number] = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
            with zipfile.ZipFile(to) as bundle, bundle.open("proof.jsonl") as proof:
                claims = sum(1 for _ in proof)
            size = to.stat().st_size
        if number == 2:
            continue
        print(
            f"{number} {called}: {peaks[number] / 1e6:.2f} MB of memory at most, bundle "
            f"{size / 1e6:.1f} MB, {claims / number:.0f} claims and "
            f"{1000 * spent / number:.2f} ms of CPU an order"
        )
    grown = peaks[count] - peaks[count // 10]
    print(
        f"ten times the orders: {grown / (count - count // 10):.0f} bytes of memory for each more"
    )


def main(arguments: list[str]) -> int:
    part = arguments[0] if arguments else ""
    count = int(arguments[1]) if len(arguments) > 1 else 0
    if part in ("", "photos"):
        asyncio.run(photos(count or 60))
    if part in ("", "orders"):
        asyncio.run(orders(count or 10_000))
    if part in ("", "papers"):
        asyncio.run(papers(count or 60))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
