"""How much CPU time reading and judging take, by type of item, beside the bare library.

types   one item of each type: the reader, the search for traces, and the bare call of the library
        below it; seconds of CPU, the least of some rounds, and how many times the bare call it is
order   30 items of one order (letters, mails, pages, answers, three exports), none a picture: read,
        searched for traces, then every question asked
ocr     a phone's screenshot and a scanned page: the reader beside RapidOCR called by itself
cores   files of each type through one reading process and through two: files a second, their ratio
inspect `orderproof inspect` over two files of each type: CPU of the command and all its processes

Goals: an order under 2 s beside OCR, a picture under 1.5 s, an inspected file under 2 s.
`python -m bench.readers [part…]`
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader

from evidence.facts import Facts
from evidence.items import InMemory, Item, Provenance, Role
from evidence.manifest import SealedItem
from evidence.orders import Platform
from service.inspect.inspect import COLLECTOR
from service.reading.reading import Reading
from service.settings import Limits
from tests.hostile.samples import samples
from tests.verifiers.documents import pdf
from tests.verifiers.evidence_of import NOW, NUMBER, ORDER
from tests.verifiers.readers.office_files import docx, paragraph, table, xlsx
from verifiers.readers import ocr
from verifiers.readers.registry import read
from verifiers.readers.traces.registry import traces_of
from verifiers.registry import VERIFIERS
from verifiers.rulebook import policy_for

ROUNDS, RATE_ROUNDS = 5, 2
GOAL_ORDER_S, GOAL_OCR_S, GOAL_FILE_S = 2.0, 1.5, 2.0

_LINES = (
    "Proof of delivery", f"Tracking number: {NUMBER}", f"Order {ORDER.id}",
    "Shipped on: November 2, 2026", "Out for delivery 2026-11-05 08:12 UTC-8",
    "Delivered on: 2026-11-05 14:32 UTC-8", "Received by: MCARTER", "Left at: Front Door",
    *(f"2026-11-0{1 + n % 4} 1{n % 10}:20 Departed from facility {n}, CA" for n in range(22)),
)  # fmt: skip


def _drawn(kind: str, size: tuple[int, int], print_px: int) -> bytes:
    """The lines as a screen shows them."""
    picture = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=print_px)
    for number, line in enumerate(_LINES):
        pen.text((40, 40 + number * size[1] // 32), line, fill=(30, 30, 30), font=font)
    out = io.BytesIO()
    picture.save(out, kind, resolution=150)
    return out.getvalue()


def files() -> dict[str, bytes]:
    """One honest file of each type, of the size that such files have."""
    rows = [["Order ID", "Tracking Number", "Delivered At"]]
    rows += [[f"112-{n:07}-0000001", f"1Z999AA1{n:010}", "2026-11-05 14:32"] for n in range(300)]
    record = {"orders": [dict(zip(rows[0], row, strict=True)) for row in rows[1:100]]}
    page = "".join(f"<tr><td>{line}</td></tr>" for line in _LINES * 10)
    return {
        "pdf, 2 pages of text": pdf(_LINES, _LINES, info={"Producer": "x"}),
        "mail with attachment": samples()["mail"],
        "html, 300 rows": f"<!doctype html><table>{page}</table>".encode(),
        "csv, 300 rows": "\n".join(map(",".join, rows)).encode(),
        "xlsx, 300 rows": xlsx({"A": rows}),
        "docx": docx("".join(map(paragraph, _LINES)) + table(*rows[:30])),
        "json, 100 records": json.dumps(record).encode(),
    }


def pictures() -> dict[str, bytes]:
    return {
        "jpeg, phone screen": _drawn("JPEG", (1080, 2100), 34),
        "png, phone screen": _drawn("PNG", (1080, 2100), 34),
        "pdf, scanned page": _drawn("PDF", (1240, 1754), 26),
    }


def _text_of_pdf(data: bytes) -> object:
    return [page.extract_text() for page in PdfReader(io.BytesIO(data)).pages]


def _cells(data: bytes) -> object:
    import openpyxl

    return [list(s.values) for s in openpyxl.load_workbook(io.BytesIO(data), read_only=True)]


def _xml_of(data: bytes) -> object:
    import zipfile
    from xml.etree import ElementTree

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return list(ElementTree.fromstring(archive.read("word/document.xml")).iter())


def _parsed_html(data: bytes) -> object:
    from html.parser import HTMLParser

    parser = HTMLParser()
    parser.feed(data.decode())
    return parser


def _parsed_mail(data: bytes) -> object:
    mail = email.message_from_bytes(data, policy=email.policy.default)
    return [part.get_content() for part in mail.walk() if not part.is_multipart()]


def _rows(data: bytes) -> object:
    import csv

    return list(csv.reader(data.decode().splitlines()))


BARE: dict[str, tuple[str, Callable[[bytes], object]]] = {
    "pdf": ("pypdf", _text_of_pdf),
    "mail": ("email", _parsed_mail),
    "html": ("html.parser", _parsed_html),
    "csv": ("csv", _rows),
    "xlsx": ("openpyxl", _cells),
    "docx": ("ElementTree", _xml_of),
    "json": ("json", json.loads),
}


def item_of(name: str, data: bytes) -> Item:
    return Item(
        role=Role.POD_DOCUMENT,
        key=name,
        content=InMemory(data),
        media_type="application/octet-stream",
        collector=COLLECTOR,
        origin="seller",
        provenance=Provenance.UPLOAD,
        collected_at=datetime(2026, 11, 20, tzinfo=UTC),
    )


def cpu_s(function: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Seconds of CPU, the least of `rounds`; once before, so that nothing is loaded meanwhile."""
    function()
    spent = []
    for _ in range(rounds):
        begun = time.process_time()
        function()
        spent.append(time.process_time() - begun)
    return min(spent)


def types() -> int:
    print(f"{'type':<22}{'reader':>9}{'traces':>9}{'bare':>9}{'times':>7}")
    for name, data in files().items():
        item = item_of(name, data)
        library, call = BARE[name.partition(",")[0].partition(" ")[0]]
        reader, traces = cpu_s(partial(read, item)), cpu_s(partial(traces_of, item))
        bare = cpu_s(partial(call, data))
        print(
            f"{name:<22}{reader * 1e3:>6.1f} ms{traces * 1e3:>6.1f} ms{bare * 1e3:>6.1f} ms"
            f"{reader / bare:>7.1f}  {library}",
            flush=True,
        )
    return 0


def _sealed(item: Item) -> SealedItem:
    return SealedItem(
        sha256=item.sha256, role=item.role, key=item.key, media_type=item.media_type,
        size=item.content.size, collector=item.collector, origin=item.origin,
        provenance=str(item.provenance), collected_at=item.collected_at, seq=0, receipt="0" * 64,
        salt=bytes(32), about={},
    )  # fmt: skip


def order_items() -> list[Item]:
    """What 30 items of an order are: letters, mails, pages, answers, and an export of each sort."""
    whole = files()
    page = "".join(f"<p>{line}</p>" for line in _LINES)
    record = {"events": [{"at": "2026-11-05T14:32:00-08:00", "said": line} for line in _LINES]}
    made: list[tuple[str, bytes]] = []
    for n in range(9):
        made.append((f"letter {n}", pdf(_LINES, [f"copy {n}"])))
        made.append((f"mail {n}", whole["mail with attachment"] + b"\r\n" * n))
    made += [(f"page {n}", f"<!doctype html><p>{n}</p>{page}".encode()) for n in range(5)]
    made += [(f"answer {n}", json.dumps({"n": n} | record).encode()) for n in range(4)]
    made += [(name, whole[name]) for name in ("csv, 300 rows", "xlsx, 300 rows", "docx")]
    return [item_of(name, data) for name, data in made]


def order() -> int:
    items = order_items()
    facts = [fact for item in items for fact in [*(read(item) or []), *traces_of(item)]]
    reading = cpu_s(lambda: [(read(item), traces_of(item)) for item in items], 2)
    lines, policy = [_sealed(item) for item in items], policy_for(Platform.AMAZON)
    everything = Facts(facts)

    def judged(name: str = "") -> None:
        for verifier in VERIFIERS:
            if not name or verifier.name == name:
                verifier.judge(order=ORDER, items=lines, facts=everything, policy=policy, at=NOW)

    judging = cpu_s(judged, 2)
    print(f"{len(items)} items, {len(facts):,} facts")
    print(f"{'read, traces':<22}{reading:>6.2f} s CPU")
    print(f"{'all questions':<22}{judging:>6.2f} s CPU")
    for verifier in VERIFIERS:
        spent = cpu_s(partial(judged, verifier.name), 1)
        print(f"  {verifier.name:<20}{spent:>6.2f} s CPU")
    verdict = "within" if reading + judging < GOAL_ORDER_S else "over"
    print(
        f"{'together':<22}{reading + judging:>6.2f} s CPU, {verdict} the goal of {GOAL_ORDER_S} s"
    )
    return 0


def ocr_part() -> int:
    if not ocr.available():
        print("the extra `ocr` is not installed: nothing is recognised")
        return 0
    ocr.load()  # before the library is imported: it is told there to report nothing
    import numpy as np
    from rapidocr import RapidOCR

    one_core = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "Global.log_level": "critical"}
    engine = RapidOCR(params=one_core)
    for name, data in pictures().items():
        item = item_of(name, data)
        reader = cpu_s(partial(read, item), 2)
        if data.startswith(b"%PDF"):
            import pypdfium2

            page = pypdfium2.PdfDocument(data)[0]
            pixels = page.render(scale=200 / 72).to_numpy()
        else:
            pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        bare = cpu_s(partial(engine, pixels), 2)
        found = sum(fact.name == "document.text" for fact in read(item) or [])
        verdict = "within" if reader < GOAL_OCR_S else "over"
        print(
            f"{name:<22}{reader:>6.2f} s CPU, {found} lines; rapidocr alone {bare:.2f} s, "
            f"ratio {reader / bare:.2f}; {verdict} the goal of {GOAL_OCR_S} s",
            flush=True,
        )
    return 0


async def _rates(items: Sequence[Item]) -> tuple[float, float]:
    """Files a second through one reading process and through two, the most of some rounds.

    The rounds take turns, and the first of each only warms: whatever else the machine has to do
    should meet both.
    """
    readings = [Reading(Limits(), size=size) for size in (1, 2)]
    most = [0.0, 0.0]
    try:
        for rounds in range(1 + RATE_ROUNDS):
            for place, reading in enumerate(readings):
                begun = time.monotonic()
                await asyncio.gather(*(reading.facts_of(item) for item in items))
                if rounds:
                    most[place] = max(most[place], len(items) / (time.monotonic() - begun))
    finally:
        for reading in readings:
            await reading.close()
    return most[0], most[1]


def cores() -> int:
    """Each type through one process and two; pictures are fewer, since each takes a second."""
    seen = pictures() if ocr.available() else {}
    kinds = files() | seen
    print(f"{'type':<22}{'one':>12}{'two':>14}{'ratio':>7}")
    everything: list[Item] = []
    for name, data in kinds.items():
        items = [item_of(f"{name} {n}", data) for n in range(4 if name in seen else 60)]
        everything += items[:4]
        _show_rates(name, items)
    _show_rates("all types", everything)
    return 0


def _show_rates(name: str, items: list[Item]) -> None:
    one, both = asyncio.run(_rates(items))
    print(f"{name:<22}{one:>8.1f} f/s{both:>10.1f} f/s{both / one:>7.2f}", flush=True)


def inspected() -> int:
    """CPU of the whole command, its start taken off: what it takes for one file alone."""
    kinds = list((files() | pictures()).items())
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for n in range(2 * len(kinds)):
            path = Path(folder) / f"{n}"
            path.write_bytes(kinds[n % len(kinds)][1])
            paths.append(str(path))
        (Path(folder) / "little").write_text("{}")
        begun = _command_s([str(Path(folder) / "little")])
        spent = _command_s(paths)
    each = (spent - begun) / len(paths)
    verdict = "within" if each < GOAL_FILE_S else "over"
    print(f"{len(paths)} files {spent:.1f} s CPU, of that the start {begun:.1f} s")
    print(f"{'a file':<22}{each:>6.2f} s CPU, {verdict} the goal of {GOAL_FILE_S} s")
    return 0


def _command_s(paths: list[str]) -> float:
    """CPU seconds of `orderproof inspect` and of the processes that it reads in."""
    command = [sys.executable, "-m", "service.cli", "inspect", "--json", *paths]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 2:  # 1 is an answer: some file does not hold up
        raise RuntimeError(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# Or numpy's libraries spread a product over all cores, and what they wait counts: several times as
# much. The reading processes are started so as well (service/reading/nursery.py).
_ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OPENCV_FOR_THREADS_NUM": "1"}

PARTS = {"types": types, "order": order, "ocr": ocr_part, "cores": cores, "inspect": inspected}


def main() -> int:
    if not _ONE_CORE.items() <= os.environ.items():  # they are read when numpy is imported
        os.execve(
            sys.executable,
            [sys.executable, "-m", "bench.readers", *sys.argv[1:]],
            os.environ | _ONE_CORE,
        )
    warnings.simplefilter("ignore")
    worst = 0
    for part in sys.argv[1:] or PARTS:
        print(f"-- {part}", flush=True)
        worst |= PARTS[part]()
    return worst


if __name__ == "__main__":
    sys.exit(main())
