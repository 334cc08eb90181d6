"""The same 50 answers archived by others' tools, beside us. `python -m bench.peer`

peer   fetches them, writes each exchange into one WARC (warcio) and each body into a file, and
       makes a bag of them with SHA-256 (bagit): what a careful person would script
ours   five orders of ten answers in the embedded shape, walked one after another to their seals,
       and a bundle of each: encrypted, in a signed log, read, judged, forced to the disk

The peer keeps what it fetched and proves nothing of when or for whom; the ratio is what that costs.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import bagit
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from bench.scaled import PARTS, order, sourced
from service.runtime import Runtime
from service.settings import load_settings

ORDERS = 5


def _asked(url: str) -> Iterator[tuple[str, str]]:
    for number in range(ORDERS):
        for page in range(PARTS):
            yield f"{number}-{page}.json", f"{url}/orders/{order(number).id}?page={page}"


def peer(url: str, folder: Path) -> None:
    with (folder / "exchanges.warc.gz").open("wb") as out:
        writer = WARCWriter(out, gzip=True, warc_version="1.1")
        for name, each in _asked(url):
            with urllib.request.urlopen(each) as answer:
                data = answer.read()
                said = StatusAndHeaders("200 OK", answer.getheaders(), protocol="HTTP/1.1")
            record = writer.create_warc_record(
                each, "response", io.BytesIO(data), length=len(data), http_headers=said
            )
            writer.write_record(record)
            (folder / name).write_bytes(data)
    bagit.make_bag(str(folder), checksums=["sha256"])
    bagit.Bag(str(folder)).validate()


async def ours(url: str, folder: Path) -> None:
    config = folder / "orderproof.toml"
    config.write_text(sourced(url), encoding="utf-8")
    async with await Runtime.open(load_settings(config, environment={})) as runtime:
        for number in range(ORDERS):
            made, _ = await runtime.request_collection(order(number), tenant="default")
            await runtime.walk("default", made.id)
            bundle = folder / f"{number}.zip"
            await runtime.bundle("default", order(number), profile="bagit", to=bundle)


async def main() -> int:
    from bench.scaled import source

    async with source() as url:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            began = time.perf_counter()
            await asyncio.to_thread(peer, url, Path(one))
            theirs = time.perf_counter() - began
            began = time.perf_counter()
            await ours(url, Path(other))
            told = time.perf_counter() - began
    files = ORDERS * PARTS
    print(
        f"peer       peer_items_per_s {files / theirs:,.1f}  ours_items_per_s {files / told:,.1f}"
        f"  of_peer {theirs / told:.3f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
