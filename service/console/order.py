"""The order's page: what is said of it first, then why, then everything that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from aiohttp import web
from markupsafe import Markup

from evidence.custody import Act
from evidence.errors import RequestError
from evidence.items import OWN_ROLES, Role
from evidence.manifest import Manifest
from evidence.orders import OrderRef, order_ref
from service.access.callers import Whose, caller_of
from service.api import bundles, collections
from service.api.asking import by_of, no_order, not_sealed
from service.api.ports import EVIDENCE, Account, KeptItem
from service.api.shapes import ENDED
from service.console import answers
from service.console.places import order_page, place_page
from service.console.visit import Visit
from service.http.contract import Given
from service.http.problems import not_found
from service.steps.publish import PROFILES, REVIEWER
from service.timeline import timeline

# Not what anyone looks for first: how it was fetched, and what was asked of the DNS.
_APART = frozenset({Role.EXCHANGE, Role.DNS_ANSWER, *OWN_ROLES})
_DAYS = (1, 7, 30)
MAX_EVENTS = 120


def ref_of(visit: Visit) -> OrderRef:
    """The order of the path. Problem 404 for what is shaped like none."""
    said, site = visit.request.match_info, visit.request.query.get("site", "US")
    try:
        return order_ref(said["platform"], said["order_id"], site)
    except RequestError as error:
        raise no_order() from error


def whose(visit: Visit) -> Whose:
    return caller_of(visit.request).whose


async def account_of(visit: Visit, ref: OrderRef) -> Account:
    account = await visit.request.app[EVIDENCE].account(whose(visit), ref)
    if account is None:
        raise no_order()
    return account


async def note(visit: Visit, ref: OrderRef, act: Act, **what: object) -> None:
    """Into the custody log, before anything of the order is shown."""
    evidence = visit.request.app[EVIDENCE]
    await evidence.note(whose(visit), ref, act, by_of(visit.request), what)


async def show(visit: Visit) -> web.StreamResponse:
    ref = ref_of(visit)
    account = await account_of(visit, ref)
    await note(visit, ref, Act.EVIDENCE, items=len(account.items))
    return await _shown(visit, ref, account)


async def _shown(visit: Visit, ref: OrderRef, account: Account, **more: Any) -> web.Response:
    manifest = account.manifest
    newest = account.collections[-1]
    listed = [item for item in account.items if item.role not in _APART]
    earlier = _earlier(listed, manifest)
    shares = None
    if visit.may("operator", "admin"):
        shares = await visit.request.app[EVIDENCE].shares_of(whose(visit), ref)
    return visit.page(
        "order.html",
        ref=ref,
        account=account,
        manifest=manifest,
        newest=newest,
        running=newest if newest.state not in ENDED else None,
        tasks=account.tasks.get(newest.id, ()),
        headline=answers.headline(account),
        judgements=answers.judgements(manifest) if manifest else [],
        coverage=answers.coverage(manifest) if manifest else [],
        due=answers.due(manifest, visit.now) if manifest else [],
        items=[item for item in listed if item not in earlier],
        earlier=earlier,
        apart=[item for item in account.items if item.role in _APART],
        seqs=_seqs(account.items),
        shares=shares,
        cases=await _cases(visit, ref),
        told=_told(account),
        days=_DAYS,
        profiles=PROFILES,
        page_of=lambda below="": order_page(ref, below),
        place=lambda sha256, at="": place_page(ref, sha256, at),
        **_timeline(visit, manifest),
        **{"made": None, **more},
    )


def _earlier(listed: Sequence[KeptItem], manifest: Manifest | None) -> list[KeptItem]:
    """What collections before the newest seal brought, often the same once more."""
    if manifest is None or not manifest.items:
        return []
    first = min(item.seq for item in manifest.items)
    return [item for item in listed if item.receipt is not None and item.receipt.seq < first]


async def _cases(visit: Visit, ref: OrderRef) -> Sequence[Mapping[str, Any]] | None:
    """Those that name the order; None for whom cases are none of their business."""
    if not visit.reaches("cases"):
        return None
    return await visit.request.app[EVIDENCE].cases.naming(whose(visit), ref)


def _told(account: Account) -> Mapping[str, str]:
    """What was handed in with the newest request that said what is held against the order."""
    said = next((c.defect for c in account.collections[::-1] if c.defect), {})
    return {name: str(said.get(name, "")) for name in ("kind", "noticed_at")}


def _timeline(visit: Visit, manifest: Manifest | None) -> dict[str, Any]:
    """The picture is drawn by us from sealed values, each escaped by whoever draws it."""
    if manifest is None:
        return {"picture": None}
    events = timeline.events_of(manifest)
    svg = timeline.timeline_svg(events[:MAX_EVENTS], language=visit.words.language)
    said = timeline.described(events).in_(visit.words.language)
    begin = Markup('<svg aria-label="{}" ').format(said)
    return {
        "picture": begin + Markup(svg.removeprefix("<svg ")),  # noqa: S704
        "events": events[:MAX_EVENTS],
    }


def _seqs(items: Sequence[KeptItem]) -> dict[str, int]:
    """The place in the order's chain of each item, by its digest: how findings name it."""
    return {item.sha256: item.receipt.seq for item in items if item.receipt is not None}


async def collect(visit: Visit) -> web.StreamResponse:
    """Collect the order, again or for the first time."""
    ref = ref_of(visit)
    fields = await visit.request.post()
    defect = {
        name: said for name in ("kind", "noticed_at") if (said := str(fields.get(name, "")).strip())
    }
    account = await visit.request.app[EVIDENCE].account(whose(visit), ref)
    before = account.manifest.defect if account and account.manifest else None
    await visit.request.app[EVIDENCE].request_collection(
        ref,
        whose=whose(visit),
        store=str(fields.get("store", "")) or None,
        policy=str(fields.get("policy", "")) or None,
        sources=None,
        defect=defect if "kind" in defect else before,
        idempotency_key=None,
    )
    return visit.goes(order_page(ref))


async def bundle(visit: Visit) -> web.StreamResponse:
    ref, request = ref_of(visit), visit.request
    profile = request.query.get("profile", PROFILES[0])
    if profile not in PROFILES or (visit.may("auditor") and profile != REVIEWER):
        raise not_found("bundle", "Choose one on the order's page.")
    return await bundles.send_bundle(request, whose(visit), ref, by_of(request), profile, [], [])


async def share(visit: Visit) -> web.StreamResponse:
    """Make a link. Its secret is on this answer's page and nowhere else."""
    ref = ref_of(visit)
    fields = await visit.request.post()
    profile, days = str(fields.get("profile", "")), str(fields.get("days", ""))
    if profile not in PROFILES or days not in map(str, _DAYS):
        raise not_found("link", "Choose one on the order's page.")
    account = await account_of(visit, ref)
    if account.manifest is None:
        raise not_sealed()
    made = await visit.request.app[EVIDENCE].add_share(
        whose(visit),
        ref,
        profile=profile,
        show=[],
        copies=[],
        lasts=timedelta(days=int(days)),
        by=by_of(visit.request),
    )
    if made is None:
        raise no_order()
    return await _shown(visit, ref, account, made=f"/v1/shared/{made[1]}")


async def unshare(visit: Visit) -> web.StreamResponse:
    ref = ref_of(visit)
    id = visit.request.match_info["share_id"]
    evidence = visit.request.app[EVIDENCE]
    if await evidence.revoke_share(whose(visit), ref, id, by=by_of(visit.request)) is None:
        raise not_found("link", "The order's page lists those it has.")
    return visit.goes(order_page(ref))


async def events(visit: Visit) -> web.StreamResponse:
    """The collection each time it changes, as the API sends it."""
    id = visit.request.match_info["collection_id"]
    return await collections.watch_collection(visit.request, Given({"collection_id": id}, {}, {}))
