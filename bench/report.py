"""A report of 30 items, from the sealed account to the PDF, and the bare renderer beside it.

Ten of the items are photos of 12 megapixels, five are PDFs, the others are text; each states twenty
facts. `bare` compiles the very data of the report with typst and nothing else; `without_pictures`
has the items' pictures already, which the service makes in two reading processes at once. On a
machine that others use too, wall time says little: `cpu_ms` counts what this process and its
children computed.
"""

from __future__ import annotations

import io
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from evidence.canonical import canonical, digest
from evidence.dsse import IN_TOTO, EcdsaSigner, sign
from evidence.facts import Fact, Facts
from evidence.items import Provenance, Role
from evidence.locators import pointer
from evidence.manifest import Manifest, SealedItem, SourceOutcome, Statement
from evidence.orders import OrderRef, Platform
from evidence.receipts import NO_RECEIPT, Receipt
from evidence.times import Instant
from service.report.previews import preview_of
from service.report.render import WHAT, lay_out, render
from service.report.reports import report_of
from service.report.sealing import Sealing
from service.report.wanted import Form, Language, Wanted
from service.steps.verify import judge
from service.typeset.fonts import find_fonts
from service.typeset.typeset import Bounds, pdf_of
from verifiers.rulebook import policies

ITEMS, PHOTOS, DOCUMENTS, FACTS = 30, 10, 5, 20
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ORDER = OrderRef(Platform.AMAZON, "123-1234567-1234567", "US")
NUMBER = "1Z5R89390357567127"
ROUNDS = 5


def _photo(seed: int) -> bytes:
    """4000 x 3000, with as much in it as a camera leaves."""
    dice = random.Random(seed)
    small = Image.frombytes("RGB", (400, 300), dice.randbytes(400 * 300 * 3))
    out = io.BytesIO()
    small.resize((4000, 3000), Image.Resampling.BICUBIC).save(out, format="jpeg", quality=85)
    return out.getvalue()


def _document(seed: int) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(_photo(seed))).resize((1240, 1754)).save(out, format="pdf")
    return out.getvalue()


def _item(seq: int, data: bytes, media_type: str, role: Role) -> SealedItem:
    return SealedItem(
        sha256=digest(data), role=role, key=str(seq), media_type=media_type, size=len(data),
        collector="ups/1", origin="ups" if seq % 2 else "seller", provenance=str(Provenance.API),
        collected_at=NOON, seq=seq, receipt="0" * 64, salt=bytes(32), name=f"item-{seq}.bin",
        about={"shipment.tracking_number": NUMBER},
    )  # fmt: skip


def _facts(item: SealedItem) -> list[Fact]:
    names = ("order.id", "shipment.tracking_number", "delivery.city", "document.text")
    values = (ORDER.id, NUMBER, "Portland", f"Delivered to the front door, item {item.seq}")
    facts = [
        Fact(
            name=names[at % 4], value=values[at % 4], item=item.sha256, origin=item.origin,
            locator=pointer("shipment", at, names[at % 4]),
        )
        for at in range(FACTS - 1)
    ]  # fmt: skip
    at = NOON - timedelta(days=9, minutes=item.seq)
    moment = Instant(at, at.isoformat())
    where = pointer("shipment", "at")
    more = Fact(
        name="scan.transit.at", value=moment, item=item.sha256, origin=item.origin, locator=where
    )
    return [*facts, more]


def account() -> tuple[Sealing, dict[str, tuple[bytes, str]]]:
    """The sealed account, and the bytes of what can be seen in it."""
    contents = [(_photo(n), "image/jpeg", Role.POD_PHOTO) for n in range(PHOTOS)]
    contents += [
        (_document(100 + n), "application/pdf", Role.POD_DOCUMENT) for n in range(DOCUMENTS)
    ]
    texts = ITEMS - len(contents)
    contents += [(b"%d" % n, "application/json", Role.TRACKING_HISTORY) for n in range(texts)]
    items = tuple(_item(seq, *content) for seq, content in enumerate(contents))
    facts = Facts(fact for item in items for fact in _facts(item))
    rules = policies()["amazon.a2z.delivery"]
    judgements, coverage = judge(order=ORDER, items=items, facts=facts, policy=rules, at=NOON)
    manifest = Manifest(
        order=ORDER, order_salt=bytes(32), collection="c0000001", requested_at=NOON, at=NOON,
        policy=rules, items=items, facts=tuple(facts), judgements=judgements, coverage=coverage,
        sources=(SourceOutcome(source="ups", state="brought", items=ITEMS, attempts=1),),
        versions={"orderproof": "0"}, before_read="log\n1\n", defect={"kind": "a-to-z"},
    )  # fmt: skip
    signer = EcdsaSigner(ec.derive_private_key(0x5EED, ec.SECP256R1()))
    chain = [_receipt(item.seq, item.role) for item in items]
    chain.append(_receipt(len(chain), Role.MANIFEST))
    statement = Statement.over(
        chain, manifest, log_origin="log", log_size=len(chain), trusted_time="none: a bench"
    )
    sealed, told = (
        sign(canonical(each.payload()), IN_TOTO, [signer]).to_json()
        for each in (manifest, statement)
    )
    seen = {i.sha256: (c[0], c[1]) for i, c in zip(items, contents, strict=True) if c[1][0] != "t"}
    return Sealing.of(manifest=sealed, statement=told), seen


def _receipt(seq: int, role: Role) -> Receipt:
    return Receipt(
        order="0" * 64, seq=seq, prev=NO_RECEIPT, role=role, commitment="1" * 64,
        stored="2" * 64, size=1, media_type="application/json", collector="bench/1",
        collected_at=NOON,
    )  # fmt: skip


def _cpu_s() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _measured(run: Callable[[], object]) -> tuple[float, float]:
    """Medians of seconds by the clock, and of processor time."""
    run()
    took, cost = [], []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), _cpu_s()
        run()
        took.append(time.perf_counter() - began)
        cost.append(_cpu_s() - before)
    return statistics.median(took), statistics.median(cost)


def main() -> int:
    fonts = find_fonts()
    sealing, seen = account()
    wanted = Wanted(language=Language.BOTH, form=Form.A1)

    def whole() -> bytes:
        previews = {
            sha256: preview_of(data, kind)
            for sha256, (data, kind) in seen.items()
            if kind != "application/json"
        }
        made = report_of(sealing, wanted, previews, hashed=lambda kind, value: "0" * 64)
        return render(made, fonts).pdf

    previews = {s: preview_of(d, k) for s, (d, k) in seen.items() if k != "application/json"}
    made = report_of(sealing, wanted, previews, hashed=lambda kind, value: "0" * 64)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lay_out(made, fonts, folder)
        bare_s, bare_cpu = _measured(
            lambda: pdf_of(folder, standard=wanted.form.standard, what=WHAT, bounds=Bounds())
        )
    rendered_s, rendered_cpu = _measured(lambda: render(made, fonts))
    whole_s, whole_cpu = _measured(whole)
    told = {
        "items": ITEMS,
        "claims": len(made.claims),
        "pdf_kb": round(len(whole()) / 1000),
        "report_s": round(whole_s, 2),
        "report_cpu_ms": round(whole_cpu * 1000),
        "without_pictures_s": round(rendered_s, 2),
        "without_pictures_cpu_ms": round(rendered_cpu * 1000),
        "bare_s": round(bare_s, 2),
        "bare_cpu_ms": round(bare_cpu * 1000),
        "ratio_cpu": round(whole_cpu / bare_cpu, 2),
        "ratio_without_pictures_cpu": round(rendered_cpu / bare_cpu, 2),
    }
    print(json.dumps(told))
    return 0 if whole_cpu < 3.0 else 1


if __name__ == "__main__":
    sys.exit(main())
