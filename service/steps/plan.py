"""Which sources can know this order, and which of them can be asked now.

A source waits for the facts it `needs`; for those it only `wants` it waits as long as another
source, still to be asked, could bring them. What never becomes known is said in the manifest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from evidence.errors import RequestError
from evidence.facts import Fact
from evidence.items import Role
from evidence.orders import Alias, OrderRef
from service.sources.sources import Source

# Facts that name the order, a parcel or a payment of it. Only records and carrier answers are
# believed here: a document that lies in the wrong folder must not lead the collection to somebody
# else's parcel.
ALIASES = frozenset({"shipment.tracking_number", "order.alias", "order.shop_id", "payment.id"})
BELIEVED = frozenset(
    {Role.ORDER_RECORD, Role.SHIPMENT_RECORD, Role.TRACKING_HISTORY, Role.PAYMENT_RECORD}
)
Known = dict[str, tuple[str, ...]]


def allowed(configured: Iterable[Source], *, tenant: str, store: str, house: str) -> list[Source]:
    """Those that may be asked for orders of this store.

    A source signs in as somebody: without `tenants` it is asked for the service's own tenant
    (`house`) alone, so that no tenant reads with another's credentials.
    """
    return [
        source
        for source in configured
        if tenant in (source.settings.tenants or (house,))
        and (not source.settings.stores or store in source.settings.stores)
    ]


def choose(configured: Iterable[Source], asked: Sequence[str] | None) -> list[Source]:
    """The sources to ask: those named, or every configured one. RequestError for a name unknown."""
    by_name = {source.name: source for source in configured}
    if asked is None:
        return list(by_name.values())
    for name in asked:
        if name not in by_name:
            names = ", ".join(by_name) or "none"
            raise RequestError(
                what="the source", why=f"{name[:60]!r} is not configured (configured: {names})"
            )
    return [by_name[name] for name in dict.fromkeys(asked)]


def known_facts(order: OrderRef, aliases: Iterable[Alias]) -> Known:
    """What a source may be told: the order's number and every alias, by fact name."""
    known: dict[str, list[str]] = {"order.id": [order.id], "order.site": [order.site]}
    for alias in aliases:
        known.setdefault(alias.kind, []).append(alias.value)
    return {name: tuple(dict.fromkeys(values)) for name, values in known.items()}


def askable(
    order: OrderRef, known: Known, waiting: Sequence[Source], running: Collection[Source]
) -> list[Source]:
    """Those of the `waiting` sources that can be asked now.

    A source of the order's own platform does not wait for what it only wants; one of another
    platform waits, while somebody could still bring it, for a number that it recognises. Of sources
    that wait for nothing but each other none would ever begin, so then those are asked that can
    teach us something, first the ones that have something to ask with; the others go on waiting.
    """
    able = [source for source in waiting if source.collector.needs <= set(known)]
    unfinished = [*waiting, *running]
    with_enough = [
        source
        for source in able
        if source.serves(order)
        or (source.collector.wants <= set(known) and source.recognises(order, known))
        or not any(other.leads for other in unfinished if other is not source)
    ]
    if with_enough or running:
        return with_enough
    leading = [source for source in able if source.leads]
    return [source for source in leading if source.recognises(order, known)] or leading or able


def hopes(source: Source) -> bool:
    """Whether another source may bring what this one is asked with."""
    return bool(_asked_with(source))


def news(source: Source, order: OrderRef, known: Known, told: Known) -> Known | None:
    """What to ask a source again with: only what it was not told, and can be asked with.

    told   what it was asked with so far
    None if there is nothing new for it. What the order's own platform wants to know beside its own
    number is no reason to ask it once more.
    """
    names = _asked_with(source)
    if source.serves(order):
        names &= source.collector.needs
    new = {
        name: values
        for name in names
        if (values := tuple(v for v in known.get(name, ()) if v not in told.get(name, ())))
    }
    if not new:
        return None
    others = {name: values for name, values in known.items() if name not in names}
    needed = {name: known[name] for name in source.collector.needs - set(new) if name in known}
    again = {**others, **needed, **new}
    able = source.collector.needs <= set(again) and source.recognises(order, again)
    return again if able else None


def joined(one: Known, other: Known) -> Known:
    """Everything of both."""
    names = dict.fromkeys([*one, *other])
    return {n: tuple(dict.fromkeys([*one.get(n, ()), *other.get(n, ())])) for n in names}


def _asked_with(source: Source) -> frozenset[str]:
    return (source.collector.needs | source.collector.wants) & ALIASES


def missing(source: Source, known: Known) -> str:
    """Why a source was never asked."""
    names = ", ".join(sorted(source.collector.needs - set(known)))
    return f"No {names} became known, so it could not be asked; another source has to bring it."


def aliases_in(facts: Iterable[Fact], role: Role) -> list[Alias]:
    """The aliases that an item of this role may teach us."""
    if role not in BELIEVED:
        return []
    found = (Alias(fact.name, fact.text) for fact in facts if fact.name in ALIASES)
    return list(dict.fromkeys(alias for alias in found if 3 <= len(alias.value) <= 100))
