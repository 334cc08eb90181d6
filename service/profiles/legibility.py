"""Is a smaller copy still legible? Measured: what was read in the original is read in the copy.

The key facts are those that a reviewer looks for on a page: tracking and order number, day, time,
names and places, the carrier's mark. Where nothing was read in the original there is nothing to
measure, and where no OCR is installed it cannot be measured; then a copy stays large enough for a
person, and it is said that this was not measured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evidence.facts import Fact
from evidence.items import InMemory, Item, Provenance
from evidence.sealed import SealedItem
from service.reading.child import ALONE
from verifiers.readers import ocr

if TYPE_CHECKING:
    from service.reading.reading import Reading

KEY_FACTS = frozenset(
    {
        "shipment.tracking_number", "shipment.reference", "order.id", "scan.accepted.at",
        "scan.delivered.at", "delivery.at", "delivery.received_by", "delivery.city",
        "delivery.postal_code", "delivery.place", "shipment.recipient.name",
        "shipment.recipient.city", "shipment.recipient.postal_code", "document.mark",
        "document.portal", "document.barcode", "document.printed.at", "document.captured.at",
        "message.sent.at", "refund.amount", "refund.at",
    }
)  # fmt: skip
# Read on the page itself, rather than stated beside it by whoever sent it.
_ON_THE_PAGE = frozenset({"page", "pixel"})
# Below this a recognition is no ground to call a copy illegible.
_SURE = 0.8
_NOT_WORD = re.compile(r"[^0-9a-z\u3040-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Legible:
    """Whether a copy can be read. `measured` is False where that could not be measured.

    read   names of the key facts that are read in both
    lost   those that the copy does not give any more
    why    why it was not measured, or ""
    """

    read: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    why: str = ""

    @property
    def measured(self) -> bool:
        return not self.why

    @property
    def ok(self) -> bool:
        return not self.lost

    def to_json(self) -> Mapping[str, object]:
        if not self.measured:
            return {"measured": False, "why": self.why}
        return {"measured": True, "facts": list(self.read), "lost": list(self.lost)}


def key_facts(facts: Sequence[Fact], item: SealedItem, page: int | None) -> list[Fact]:
    """What was read on this page of the original, and must be read in a copy of it."""
    found = []
    for fact in facts:
        if fact.item != item.sha256 or fact.name not in KEY_FACTS or fact.confidence < _SURE:
            continue
        if fact.locator.kind not in _ON_THE_PAGE:
            continue
        if page is not None and fact.locator.kind == "page":
            if fact.locator.place.partition("/")[0] != str(page):
                continue
        found.append(fact)
    return found


async def measure(
    reading: Reading,
    original: SealedItem,
    wanted: Sequence[Fact],
    data: bytes,
    *,
    media_type: str = "image/jpeg",
) -> Legible:
    """Read the copy as its original was read, and compare.

    wanted   the original's key facts, of this page
    """
    if not wanted:
        return Legible(why="nothing was read on the original")
    if not ocr.available():
        return Legible(why="the extra `ocr` is not installed")
    copy = Item(
        role=original.role,
        key="copy",
        content=InMemory(data),
        media_type=media_type,
        collector=f"{ALONE}/1",
        origin=original.origin,
        provenance=Provenance(original.provenance),
        collected_at=original.collected_at,
        hints=original.hints,
    )
    read = await reading.facts_of(copy, traces=False)
    there: dict[str, set[str]] = {}
    for fact in read:
        there.setdefault(fact.name, set()).add(_key(fact))
    # A line that was read whole says a number even where its label was not.
    lines = " ".join(_key(fact) for fact in read if fact.name == "document.text")
    names: list[str] = []
    lost: list[str] = []
    for fact in wanted:
        key = _key(fact)
        found = key in there.get(fact.name, ()) or (len(key) >= 4 and key in lines)
        (names if found else lost).append(fact.name)
    return Legible(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(lost)))


def _key(fact: Fact) -> str:
    """A value without what a recognition may space or write otherwise."""
    return _NOT_WORD.sub("", fact.text.casefold())
