"""What a platform itself says of a seller's measures: Amazon's account health report, as handed in.

It names no orders; its own rate stands beside ours, and where they differ both are told.
"""

from __future__ import annotations

from datetime import datetime

from collectors.orders.amazon_health import MARKETPLACES, AmazonHealth
from evidence.canonical import digest
from evidence.errors import RequestError, ShapeError
from evidence.items import InMemory, Item, Provenance, Role
from storage.ledger.defects import Standing

MAX_BYTES = 8 << 20
_SITES = {marketplace: site for site, marketplace in MARKETPLACES.items()}
_PREFIX = "seller.metric."
_MOST = 500


def standings_in(data: bytes, *, store: str, site: str, at: datetime) -> list[Standing]:
    """Every measure of the report. RequestError for a file that is none.

    site   of what the report names no marketplace for that we know
    at     when it was handed in
    """
    item = Item(
        role=Role.DEFECT_NOTICE,
        key="report/upload",
        content=InMemory(data),
        media_type="application/json",
        collector="upload/1",
        origin="amazon",
        provenance=Provenance.UPLOAD,
        collected_at=at,
    )
    what = "the account health report"
    if len(data) > MAX_BYTES:
        raise RequestError(what=what, why=f"it has more than {MAX_BYTES >> 20} MB")
    try:
        facts = AmazonHealth().read(item)
    except ShapeError as error:
        raise RequestError(what=what, why="it is not shaped as Amazon documents it") from error
    groups: dict[str, dict[str, str]] = {}
    for fact in facts:
        said = groups.setdefault(fact.group or "", {})
        name = fact.name.removeprefix(_PREFIX).replace("seller.", "")
        said.setdefault("measure" if name == "metric" else name, str(fact.value))
    report = digest(data)
    found = []
    for group, said in groups.items():
        above = groups.get("/".join(group.split("/")[:2]), {})
        where = _SITES.get(said.get("marketplace", above.get("marketplace", "")), site)
        if "measure" in said:
            rest = {k: v[:200] for k, v in said.items() if k != "measure"}
            measure = said["measure"][:100]
            found.append(
                Standing(
                    store=store,
                    platform="amazon",
                    site=where,
                    measure=measure,
                    said=rest,
                    report=report,
                )
            )
    return found[:_MOST]
