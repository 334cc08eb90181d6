"""What is sealed of a case's orders, and what its papers say: what reports are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evidence.errors import EvidenceError
from evidence.facts import Facts
from evidence.items import Role
from evidence.manifest import Coverage, Manifest
from evidence.orders import OrderRef, order_ref
from evidence.policy import Policy
from service.access.callers import Whose
from service.cases.coverage import ANSWERED, INCOMPLETE, MISSING, Evidenced, Notice
from service.cases.desk import Held
from service.cases.named import mentions, number_of
from service.defects.export import read_export
from service.steps.read import opened
from storage.ledger.records import KeptItem
from verifiers.coverage import cover

if TYPE_CHECKING:
    from service.runtime import Runtime

MOST_READ = 8 << 20
_TEXTS = ("text/", "application/json", "message/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An order of a case with its newest sealed account; None if there is none."""

    evidenced: Evidenced
    coverage: tuple[Coverage, ...]
    manifest: Manifest | None = field(repr=False)


def ref_of(order: str) -> OrderRef:
    """The order out of `platform:number (SITE)`, as events name it."""
    platform, _, rest = order.partition(":")
    number, _, site = rest.rpartition(" (")
    return order_ref(platform, number, site.removesuffix(")"))


async def sealed_of(runtime: Runtime, whose: Whose, held: Held) -> list[Sealed]:
    """Each order of the case, by the case's policy, whichever it was collected under.

    One of a store that is not theirs is as if nothing were there.
    """
    rules = runtime.policies.get(held.case.rules)
    return [await _sealed(runtime, whose, ref_of(order), rules) for order in held.case.orders]


async def _sealed(runtime: Runtime, whose: Whose, ref: OrderRef, rules: Policy | None) -> Sealed:
    order = await runtime.ledger.find_order(whose.tenant, ref)
    if order is None or not whose.covers(order.store):
        return Sealed(evidenced=Evidenced(ref=ref, state=MISSING), manifest=None, coverage=())
    account = await runtime.account(whose.tenant, ref)
    manifest = account.manifest
    if manifest is None:
        return Sealed(evidenced=Evidenced(ref=ref, state=MISSING), manifest=None, coverage=())
    found = await asyncio.to_thread(_coverage, manifest, rules)
    lacking = tuple(each.requirement for each in found if each.level == "required" and not each.met)
    parcels = {fact.text for fact in manifest.facts if fact.name == "shipment.tracking_number"}
    state = INCOMPLETE if lacking else ANSWERED
    return Sealed(
        evidenced=Evidenced(ref=ref, state=state, parcels=frozenset(parcels), missing=lacking),
        manifest=manifest,
        coverage=found,
    )


def _coverage(manifest: Manifest, rules: Policy | None) -> tuple[Coverage, ...]:
    """As it was sealed if by these rules; else judged by them from what was sealed."""
    if rules is None or rules.sha256 == manifest.policy.sha256:
        return manifest.coverage
    facts = Facts(manifest.facts)
    return cover(manifest.items, facts, rules, manifest.at, manifest.order)


async def text_of(runtime: Runtime, held: Held, line: KeptItem) -> str:
    """A paper's text; "" where nothing here can read it. Hostile bytes meet no parser of ours."""
    item = opened(line, held.order, runtime.objects)
    if item.media_type.startswith(_TEXTS):
        data = await asyncio.to_thread(item.content.read, MOST_READ)
        return data.decode("utf-8", "replace")
    return await runtime.reading.text_of(item)


async def texts_of(runtime: Runtime, held: Held, *roles: Role) -> list[tuple[KeptItem, str]]:
    """The texts of every paper of these roles, as they came."""
    lines = {line.sha256: line for line in held.lines if line.role in roles}
    return [(line, await text_of(runtime, held, line)) for line in lines.values()]


async def notice_of(runtime: Runtime, held: Held) -> Notice:
    """Every order that the platform's notices name: mails, pages, exports of defects."""
    case = held.case
    known = [number_of(order) for order in case.orders]
    orders: dict[str, None] = {}
    foreign: dict[str, str] = {}
    read = False
    for _, text in await texts_of(runtime, held, Role.CASE_NOTICE, Role.CASE_EXPORT):
        read = read or bool(text.strip())
        listed, others = _listed(text, platform=case.platform, site=case.site)
        orders |= dict.fromkeys(listed)
        foreign |= others
        if not listed and not others:
            found = mentions(text, platform=case.platform, known=known)
            orders |= {each.id: None for each in found}
    return Notice(orders=tuple(orders), foreign=foreign, read=read)


def _listed(text: str, *, platform: str, site: str) -> tuple[Sequence[str], dict[str, str]]:
    """The lines of an export of defects; nothing if it is none."""
    try:
        export = read_export(
            text.encode(), platform=platform, site=site, kinds=True, what="the notice"
        )
    except EvidenceError:
        return [], {}
    own, foreign = [], {}
    for row in export.rows:
        if row.platform != platform:
            foreign[row.number] = f"Line {row.line} says that it is an order of {row.platform}."
        elif row.ref is None:
            foreign[row.number] = f"Line {row.line}: its number is not one of {platform}."
        else:
            own.append(row.ref.id)
    return own, foreign
