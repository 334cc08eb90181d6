"""Photos of parcels with a label, made up, with what a reader reads on them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from evidence.canonical import digest
from evidence.facts import Fact
from evidence.items import Content, InMemory, Provenance, Role
from evidence.locators import Locator
from evidence.orders import OrderRef, Platform
from evidence.sealed import SealedItem
from service.profiles.fitting import Fitting, Page
from service.reading.reading import Reading
from service.settings import Limits
from storage.ledger.records import KeptItem, OrderRecord
from tests.verifiers.evidence_of import NOW

TRACKING = ("1Z84A7V90344127810", "1Z84A7V90344127838", "1Z84A7V90344127856")


def photo(number: int, *, size: tuple[int, int] = (4000, 3000), print_height: int = 70) -> bytes:
    """A JPEG as a phone saves it: a floor with grain, a carton, a label in the middle of it."""
    width, height = size
    grain = np.random.default_rng(number).normal(0, 9, (height, width, 1))
    floor = np.array([118, 106, 92]) + 22 * np.sin(np.arange(width) / 90)[None, :, None]
    shown = Image.fromarray(np.clip(floor + grain, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(shown)
    left, top = width // 5 + 7 * (number % 9), height // 4
    step = round(print_height * 1.7)
    lines = text_of(number)
    font = ImageFont.load_default(size=print_height)
    wide = max(int(draw.textlength(line, font=font)) for line in lines) + 2 * step
    draw.rectangle((left, top, left + wide, top + step * (len(lines) + 2)), fill=(244, 243, 238))
    for place, line in enumerate(lines, start=1):
        draw.text((left + step, top + place * step), line, font=font, fill=(24, 24, 28))
    out = io.BytesIO()
    shown.save(out, format="jpeg", quality=90)
    return out.getvalue()


def text_of(number: int) -> tuple[str, ...]:
    day = 1 + number % 28
    return (
        "UPS  Proof of Delivery",
        f"Tracking Number: {TRACKING[number % len(TRACKING)]}",
        f"Delivered On: 11/{day:02d}/2026 2:31 P.M.",
        "Received By: DOE",
        "Delivered To: PORTLAND, OR, 97214, US",
    )


@dataclass
class Desk:
    """Fitting over bytes in memory, as a runtime would have them in its store."""

    reading: Reading = field(default_factory=lambda: Reading(Limits()))
    kept: dict[str, bytes] = field(default_factory=dict)
    order: OrderRecord = field(
        default_factory=lambda: OrderRecord(
            tenant="default",
            store="default",
            handle="0" * 32,
            ref=OrderRef(Platform.AMAZON, "112-4832917-2201845"),
            salt=bytes(32),
            key=bytes(32),
            commitment="0" * 64,
        )
    )

    def fitting(self) -> Fitting:
        runtime: Any = SimpleNamespace(reading=self.reading, objects=self)
        return Fitting(runtime, self.order)

    def open(self, stored: str, **_: object) -> Content:
        return InMemory(self.kept[stored])

    def page(self, number: int, data: bytes, wanted: tuple[Fact, ...] = ()) -> Page:
        sha256 = digest(data)
        self.kept[sha256] = data
        about = {
            "role": Role.POD_PHOTO, "key": str(number), "media_type": "image/jpeg",
            "collector": "folder/1", "origin": "seller", "collected_at": NOW, "name": None,
            "url": None, "exchange": None, "part_of": None, "about": {}, "hints": {},
            "sha256": sha256, "size": len(data),
        }  # fmt: skip
        item = SealedItem(
            **cast(Any, about), provenance="upload", seq=number, receipt="0" * 64, salt=bytes(32)
        )
        line = KeptItem(
            **cast(Any, about), provenance=Provenance.UPLOAD, stored=sha256, collection="",
            source="folder", salt=bytes(32), receipt=None, log_index=None,
        )  # fmt: skip
        return Page(item, line, wanted)


def read_on(number: int, data: bytes) -> tuple[Fact, ...]:
    """What was read on that photo, as its account would have it."""
    sha256 = digest(data)
    _, tracking, _, received, _ = text_of(number)
    said = {
        "shipment.tracking_number": tracking.partition(": ")[2],
        "delivery.received_by": received.partition(": ")[2],
        "delivery.city": "PORTLAND",
    }
    return tuple(
        Fact(name=name, value=value, locator=Locator("pixel", "0,0,9,9"), item=sha256,
             origin="seller", confidence=0.95)
        for name, value in said.items()
    )  # fmt: skip
