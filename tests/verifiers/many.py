"""Facts by the thousand, as many exports of a warehouse would state them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from evidence.facts import Fact
from evidence.items import Role
from tests.verifiers.evidence_of import item, said

EXPORTS = tuple(item(f"export{number}", Role.SHIPMENT_RECORD) for number in range(50))


def many_times(count: int, *, broken: bool = False) -> list[Fact]:
    """`count` times of one order in 50 tables: half with a zone, half without.

    broken  one table says of a parcel of another that it came ten days later
    """
    facts = []
    start = datetime(2026, 6, 1, tzinfo=UTC)
    for index in range(count // 4):
        group, number = f"row/{index}", f"N{index:08}"
        at = start + timedelta(minutes=index)
        wall = at.replace(tzinfo=None)
        by, source = f"seller{index % 50}", f"export{index % 50}"
        rows = [
            ("order.packed.at", wall),
            ("delivery.recorded.at", wall + timedelta(days=4)),
            ("scan.accepted.at", at + timedelta(days=1)),
            ("scan.delivered.at", at + timedelta(days=4)),
        ]
        facts.append(said("shipment.tracking_number", number, by=by, item=source, group=group))
        facts += [
            said(name, time.isoformat(), by=by, item=source, group=group, place=f"/{index}/{name}")
            for name, time in rows
        ]
    if broken:
        parcel, late = {"by": "other", "item": "export1", "group": "again"}, "2026-06-15T09:00:00Z"
        facts.append(said("shipment.tracking_number", "N00000100", **parcel))
        facts.append(said("scan.delivered.at", late, **parcel))
    return facts
