"""The orders of a case set beside each other, and beside what was said of them.

Facts and their differences, and no more: whether a buyer meant it, or a review is of another thing,
a person decides. Source: scenarios S3-02, S3-03, S4-03.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Any

from evidence.facts import Fact, Facts
from evidence.manifest import Manifest
from service.cases.evidenced import Sealed
from storage.ledger.records import KeptItem
from verifiers.subjects import Subjects

# Orders further apart than this are two wishes.
CLOSE = timedelta(minutes=60)
_BUYER = ("order.buyer.id", "order.buyer.email", "payment.customer", "payment.email")
_DIFFER = ("order.total", "order.item.quantity", "shipment.recipient.postal_code", "payment.card")
_WORD = re.compile(r"[^\W\d_]{4,}")
_SIGNS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,}")
_UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class _Own:
    """What is sealed of an order itself, without rows of others."""

    order: str
    manifest: Manifest
    facts: Facts

    @classmethod
    def of(cls, sealed: Sealed) -> _Own | None:
        manifest = sealed.manifest
        if manifest is None:
            return None
        facts = Facts(manifest.facts)
        subjects = Subjects(manifest.order, manifest.items, facts)
        own = Facts([fact for fact in facts if not subjects.foreign(fact)])
        return cls(manifest.order.id, manifest, own)

    def texts(self, *names: str) -> list[str]:
        found = (" ".join(fact.text.split()) for fact in self.facts.named(*names))
        return list(dict.fromkeys(filter(None, found)))

    def names_of_buyer(self) -> set[tuple[str, str]]:
        return {(name, text.casefold()) for name in _BUYER for text in self.texts(name)}

    @property
    def placed(self) -> Fact | None:
        return self.facts.earliest("order.placed.at")


def _owned(sealed: Sequence[Sealed]) -> list[_Own]:
    return [own for each in sealed if (own := _Own.of(each)) is not None]


# -- duplicates -------------------------------------------------------------------------------


def duplicates(sealed: Sequence[Sealed]) -> dict[str, Any]:
    """Pairs of orders by one buyer, of the same goods, placed within CLOSE of each other.

    A buyer is compared and never shown. `open` where a time without a zone decides.
    """
    owned = _owned(sealed)
    pairs = [pair for a, b in combinations(owned, 2) if (pair := _pair(a, b)) is not None]
    return {
        "compared": len(owned),
        "within_minutes": CLOSE // timedelta(minutes=1),
        "pairs": pairs,
    }


def _pair(a: _Own, b: _Own) -> dict[str, Any] | None:
    goods = sorted(set(a.texts("order.item.sku")) & set(b.texts("order.item.sku")))
    buyer = sorted({name for name, _ in a.names_of_buyer() & b.names_of_buyer()})
    first, second = a.placed, b.placed
    if not goods or not buyer or first is None or second is None:
        return None
    one, other = first.time.span, second.time.span
    most = max(other.latest - one.earliest, one.latest - other.earliest)
    least = max(other.earliest - one.latest, one.earliest - other.latest, timedelta())
    if least > CLOSE:
        return None
    differs = [
        {"fact": name, "values": [" / ".join(a.texts(name)), " / ".join(b.texts(name))]}
        for name in _DIFFER
        if a.texts(name) != b.texts(name)
    ]
    return {
        "orders": [a.order, b.order],
        "verdict": "found" if most <= CLOSE else "open",
        "minutes": [round(each / timedelta(minutes=1), 2) for each in (least, most)],
        "placed": [first.text, second.text],
        "goods": goods,
        "buyer_by": buyer,
        "differs": differs,
        "rests_on": [{"item": f.item, "locator": str(f.locator)} for f in (first, second)],
    }


# -- reviews ----------------------------------------------------------------------------------


def reviews(papers: Sequence[tuple[KeptItem, str]], sealed: Sequence[Sealed]) -> dict[str, Any]:
    """Each review (a paper with the hint `kind` `review`) beside what the orders' lines are called.

    relevance   `low` where no word of the goods is in it, `some` where one is, `open` where nobody
                says what was sold. None of them says that a review is false.
    """
    owned = _owned(sealed)
    found = []
    for line, text in papers:
        if line.hints.get("kind") == "review":
            said = _words(text)
            orders = [_held_against(said, own) for own in owned]
            found.append({"review": line.sha256, "orders": orders, "decides": "a person"})
    return {"reviews": found}


def _held_against(said: set[str], own: _Own) -> dict[str, Any]:
    titles = own.texts("order.item.title", "order.item.sku")
    named = set().union(*map(_words, titles)) if titles else set()
    there = sorted(named & said)
    relevance = "open" if not named else "some" if there else "low"
    return {
        "order": own.order,
        "goods": titles,
        "found": there,
        "not_found": sorted(named - said),
        "relevance": relevance,
    }


def _words(text: str) -> set[str]:
    """Words of four letters and more; of scripts without spaces each two signs in a row."""
    folded = text.casefold()
    signs = {run[n : n + 2] for run in _SIGNS.findall(folded) for n in range(len(run) - 1)}
    return signs | {word for word in _WORD.findall(folded) if not _SIGNS.search(word)}


# -- by cause ---------------------------------------------------------------------------------


def breakdown(sealed: Sequence[Sealed], case: str) -> dict[str, Any]:
    """The case's orders by cause, carrier, goods and month; the counts of each add up to all."""
    owned = _owned(sealed)
    missing = [each.evidenced.ref.id for each in sealed if each.manifest is None]
    lines = [dict(_kinds(own)) for own in owned]
    by = {
        name: _counted([(line[name], own.order) for line, own in zip(lines, owned, strict=True)])
        for name in ("cause", "carrier", "goods", "month")
    }
    return {"case": case, "orders": len(owned), "not_collected": missing, "by": by}


def _kinds(own: _Own) -> Iterator[tuple[str, str]]:
    defect = own.manifest.defect or {}
    carriers = [text.casefold() for text in own.texts("shipment.carrier")]
    carriers = carriers or sorted({f.origin for f in own.facts.named("scan.accepted.at")})
    placed = own.placed
    noticed = str(defect.get("noticed_at") or (placed.text if placed else ""))
    yield "cause", str(defect.get("kind") or _UNKNOWN)
    yield "carrier", " + ".join(dict.fromkeys(carriers)) or _UNKNOWN
    yield "goods", " + ".join(sorted(own.texts("order.item.sku"))) or _UNKNOWN
    yield "month", noticed[:7] or _UNKNOWN


def _counted(said: Sequence[tuple[str, str]]) -> list[Mapping[str, Any]]:
    """Most first."""
    orders: dict[str, list[str]] = {}
    for value, order in said:
        orders.setdefault(value, []).append(order)
    ranked = sorted(orders.items(), key=lambda each: (-len(each[1]), each[0]))
    return [{"value": value, "count": len(named), "orders": named} for value, named in ranked]
