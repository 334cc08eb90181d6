"""An item's page: what was received, with none of it run, and each fact in its place."""

from __future__ import annotations

from aiohttp import web

from evidence.custody import Act
from evidence.errors import FormatError
from evidence.facts import Fact
from evidence.locators import Locator
from service.api import items
from service.api.ports import EVIDENCE
from service.console import places
from service.console.order import account_of, note, ref_of, whose
from service.console.visit import Visit
from service.http.contract import Given
from service.http.problems import not_found

MAX_FACTS = 600
_PLAIN = frozenset({"document.text", "picture.trait"})


async def show(visit: Visit) -> web.StreamResponse:
    ref, sha256 = ref_of(visit), visit.request.match_info["sha256"]
    account = await account_of(visit, ref)
    item = next((each for each in account.items if each.sha256 == sha256), None)
    if item is None:
        raise _no_item()
    await note(visit, ref, Act.ITEM, sha256=sha256, range=None)
    shown = await visit.request.app[EVIDENCE].shown(whose(visit), ref, sha256)
    if shown is None:
        raise _no_item()
    facts = _facts(account.manifest.facts if account.manifest else (), sha256)
    at = _locator(visit.request.query.get("at", ""))
    page = places.page_at(at)
    return visit.page(
        "item.html",
        ref=ref,
        item=item,
        same=[each for each in account.items if each.sha256 == sha256],
        shown=shown,
        rows=places.rows(shown, facts, at),
        boxes=places.boxes(facts, at),
        facts=facts[:MAX_FACTS],
        facts_in_all=len(facts),
        at=at,
        at_page=page,
        order_page=places.order_page(ref),
        place=lambda locator: places.place_page(ref, sha256, locator),
        picture=lambda n: places.order_page(ref, f"/items/{sha256}/pictures/{n}"),
        content=places.order_page(ref, f"/items/{sha256}/content"),
    )


async def picture(visit: Visit) -> web.StreamResponse:
    """A page of the item, drawn anew in the reading process; part of a view that was noted."""
    ref, said = ref_of(visit), visit.request.match_info
    await note(visit, ref, Act.ITEM, sha256=said["sha256"], range=None)
    made = await visit.request.app[EVIDENCE].pictured(
        whose(visit), ref, said["sha256"], page=int(said["page"])
    )
    if made is None:
        raise _no_item()
    data, media_type = made
    return web.Response(body=data, content_type=media_type)


async def content(visit: Visit) -> web.StreamResponse:
    """The bytes as received, to save: the API's own way."""
    ref = ref_of(visit)
    path = {
        "platform": str(ref.platform), "order_id": ref.id,
        "sha256": visit.request.match_info["sha256"],
    }  # fmt: skip
    return await items.get_item(visit.request, Given(path, {"site": ref.site}, {}))


def _facts(all_facts: tuple[Fact, ...], sha256: str) -> list[Fact]:
    """What tells something first; then the lines as such, and measures of pictures."""
    found = [fact for fact in all_facts if fact.item == sha256]
    return sorted(found, key=lambda fact: fact.name in _PLAIN)


def _locator(said: str) -> str:
    """A place as facts name it; "" for what is none."""
    try:
        return str(Locator.parse(said[:1_000])) if said else ""
    except FormatError:
        return ""


def _no_item() -> Exception:
    return not_found("item", "The order's page lists those it has.")
