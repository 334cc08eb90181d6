"""What a report of several orders is of: their sealed accounts, and one digest that names them.

The list is canonical JSON, an order an entry: its name, the SHA-256 of its newest manifest, and
that manifest's receipt. Whoever has the orders' bundles can write it again; its SHA-256 stands on
the report where that of the manifest stands on a report of one order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from evidence.canonical import canonical, digest
from evidence.errors import RequestError
from service.report.sealing import Carried, Sealing

# Each keeps the report as a derivative of its own manifest, and takes about a page of it.
MOST_ORDERS = 100


@dataclass(frozen=True, kw_only=True)
class Appeal:
    """Sealed accounts of several orders, numbered from 1 in the order of their names."""

    sealings: tuple[Sealing, ...]

    @classmethod
    def of(cls, sealings: Sequence[Sealing]) -> Appeal:
        """Raises RequestError for none, too many, or an order that is there twice."""
        orders = [sealing.manifest.order for sealing in sealings]
        what = "The report"
        if not orders or len(orders) > MOST_ORDERS:
            why = f"it is of 1 to {MOST_ORDERS} orders, and {len(orders)} were named: make several"
            raise RequestError(what=what, why=why)
        if len(set(orders)) != len(orders):
            raise RequestError(what=what, why="an order was named twice")
        named = sorted(sealings, key=lambda each: _name(each))
        return cls(sealings=tuple(replace(each, number=n) for n, each in enumerate(named, 1)))

    @cached_property
    def listed(self) -> bytes:
        """The list that is named by its digest."""
        return canonical(
            [
                {
                    "order": dict(zip(("platform", "id", "site"), _name(each), strict=True)),
                    "manifest": each.sha256,
                    "receipt": each.seq,
                }
                for each in self.sealings
            ]
        )

    @cached_property
    def sha256(self) -> str:
        return digest(self.listed)

    @property
    def at(self) -> datetime:
        """The newest judgement."""
        return max(each.manifest.at for each in self.sealings)

    @property
    def carried(self) -> Iterable[Carried]:
        yield Carried("manifests.json", self.listed, "data", "The list of the sealed manifests")
        for each in self.sealings:
            name = f"manifest-{each.number:04d}.dsse.json"
            yield Carried(
                name, each.envelope, "source", f"The sealed manifest of order {each.number}"
            )


def _name(sealing: Sealing) -> tuple[str, str, str]:
    order = sealing.manifest.order
    return str(order.platform), order.id, order.site
