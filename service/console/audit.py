"""The auditor's pages: the log and its heads, an order's chain, and who had what in hand.

Nothing here has to be believed: the browser checks a bundle and the log's consistency itself, with
the script that every bundle carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import hdrs, web

from evidence.errors import RequestError
from evidence.orders import Platform, order_ref
from evidence.receipts import Receipt
from service.access.callers import caller_of
from service.api import custody, log
from service.api.asking import no_order
from service.api.ports import EVIDENCE
from service.console.order import ref_of, whose
from service.console.places import order_page
from service.console.visit import Visit
from service.http.contract import Given

MAX_HEADS = 200
MAX_SHOWN = 48
_ACROSS, _STEP = 8, 92


@dataclass(frozen=True, slots=True)
class Link:
    """A receipt in the picture of a chain; `holds`: it has the hash of the one before."""

    receipt: Receipt
    x: int
    y: int
    holds: bool


async def show(visit: Visit) -> web.StreamResponse:
    tenant = caller_of(visit.request).tenant
    evidence = visit.request.app[EVIDENCE]
    sizes = list(await evidence.heads(tenant))
    denials = await evidence.denials(tenant, before=None, limit=20)
    return visit.page(
        "audit.html",
        sizes=sizes[-MAX_HEADS:],
        heads=_heads(sizes[-MAX_SHOWN:]),
        denials=denials,
        platforms=list(Platform),
        tenant=tenant,
    )


def _heads(sizes: Sequence[int]) -> list[tuple[int, float]]:
    """Each head and how high its bar is, of a hundred."""
    most = max(sizes, default=1) or 1
    return [(size, round(100 * size / most, 1)) for size in sizes]


async def find(visit: Visit) -> web.StreamResponse:
    """An order's number leads to its chain and custody."""
    asked = visit.request.query
    number, site = asked.get("order", "").strip(), asked.get("site", "US")
    try:
        ref = order_ref(asked.get("platform", ""), number, site)
    except RequestError as error:
        raise no_order() from error
    return visit.goes(order_page(ref, "/custody"))


async def of_order(visit: Visit) -> web.StreamResponse:
    """An order's chain as a picture, and its custody log. None of its content."""
    ref = ref_of(visit)
    evidence = visit.request.app[EVIDENCE]
    report = await evidence.custody(whose(visit), ref)
    chain = await evidence.receipts(whose(visit), ref)
    if report is None or chain is None:
        raise no_order()
    links = _links(chain[-MAX_SHOWN:])
    rows = max(1, -(-len(links) // _ACROSS))
    return visit.page(
        "custody.html",
        ref=ref,
        report=report.to_json(),
        links=links,
        receipts=len(chain),
        width=_ACROSS * _STEP + 8,
        height=rows * _STEP,
        bundle=order_page(ref, "/bundle") + "&profile=reviewer",
        export=order_page(ref, "/custody.json"),
        order=order_page(ref),
    )


def _links(chain: Sequence[Receipt]) -> list[Link]:
    before = {receipt.seq: receipt.sha256 for receipt in chain}
    return [
        Link(
            receipt,
            (number % _ACROSS) * _STEP + 4,
            (number // _ACROSS) * _STEP + 8,
            before.get(receipt.seq - 1, receipt.prev) == receipt.prev,
        )
        for number, receipt in enumerate(chain)
    ]


async def export(visit: Visit) -> web.StreamResponse:
    """The custody report as the API has it, to keep."""
    ref = ref_of(visit)
    path = {"platform": str(ref.platform), "order_id": ref.id}
    answer = await custody.get_custody(visit.request, Given(path, {"site": ref.site}, {}))
    answer.headers[hdrs.CONTENT_DISPOSITION] = 'attachment; filename="custody.json"'
    return answer


async def log_file(visit: Visit) -> web.StreamResponse:
    """The log's public files, for the page's own script."""
    path = {"path": visit.request.match_info["path"]}
    return await log.get_log_file(visit.request, Given(path, {}, {}))
