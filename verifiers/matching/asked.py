"""Does each item speak of what it was asked for: that order, that parcel, that site?

Reads     what an item says it was asked for (`about`), the numbers and countries it shows.
Assumes   that a platform's order number has one shape, so that another number of that shape is
          another order; a number of another shape may be another name of the same. That who lives
          in a country with a marketplace of its own buys there: that is why another country of the
          EU fails here, and only leaves `matching.order` open, which has more to go by. An item
          that names order and parcel as asked, side by side, is this order's all the same: within
          the single market it was sold across a border, and that is told. That a row of an export,
          or a record of an answer, speaks of the order and the parcel that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from evidence.facts import Fact, Facts
from evidence.manifest import SealedItem
from evidence.orders import platform_of
from evidence.tracking_numbers import identify
from evidence.verdicts import Answer, Finding, Severity, Verdict
from verifiers.matching.places import country_of, may_ship_to
from verifiers.readers.reader import CUT
from verifiers.subjects import number_key, order_key

_ORDER = Finding.good("asked-order-named")
_OTHER_ORDER = Finding.grave(
    "asked-order-differs", do="Do not send it for this order: it names another one."
)
_NO_ORDER = Finding.note(
    "asked-order-absent", do="Add the record that ties this item to the order."
)
_PARCEL = Finding.good("asked-number-named")
_OTHER_PARCEL = Finding.grave(
    "asked-number-differs", do="Do not send it: it is another parcel's. Get the right one."
)
_NO_PARCEL = Finding.note(
    "asked-number-absent", do="Send a copy on which the tracking number can be read."
)
_SITE = Finding.good("asked-site-agrees")
_OTHER_SITE = Finding.grave(
    "asked-site-differs", do="Check whether it is this order's: it is of another country."
)
_SITE_ABROAD = Finding.note(
    "asked-site-abroad", do="Say in the appeal that the order was shipped within the single market."
)
_NO_SITE = Finding.note("asked-site-open", do="Add an item that shows where the parcel went.")

ORDER, PARCEL, SITE = "order.id", "shipment.tracking_number", "order.site"
_ORDER_NAMES = ("order.id", "order.alias", "shipment.reference")
# Members of the EU with marketplaces of their own (Amazon's and eBay's sites of 2026).
_OWN_SITES = frozenset({"BE", "DE", "ES", "FR", "IE", "IT", "NL", "PL", "SE"})
# Signs that recognition mistakes for each other, as they are compared.
_LIKE = str.maketrans({"o": "0", "q": "0", "i": "1", "l": "1", "s": "5", "b": "8", "z": "2"})
# Where goods are mostly sent from: alone on an item, it says nothing of where they went.
_ORIGINS = frozenset({"CN", "HK"})


def verify(*, items: Sequence[SealedItem], facts: Facts, **_: object) -> Answer:
    """Compare what each item was asked for with what it shows.

    pass            each names what it was asked for
    fail            one names another order, parcel or country instead
    inconclusive    one names none, or what it names may be another name of the same
    not_applicable  nothing was asked for
    """
    findings = [
        finding
        for item in {item.sha256: item for item in items}.values()
        for finding in _of_item(item, rows_of_asked(facts.of_item(item.sha256), item.about))
    ]
    if not findings:
        return Verdict.NOT_APPLICABLE, []
    if any(finding.severity is Severity.GRAVE for finding in findings):
        return Verdict.FAIL, findings
    if all(finding.severity is Severity.GOOD for finding in findings):
        return Verdict.PASS, findings
    return Verdict.INCONCLUSIVE, findings


def rows_of_asked(facts: Facts, about: Mapping[str, str]) -> Facts:
    """Of one item's facts, those that are not said of another order or parcel than asked for, as a
    neighbour's row of an export is. All of them where nothing asked for is named.

    about  as a sealed item's: what it was asked for
    """
    asked = list(_asked(facts, about))
    others: set[str] = set()
    named = False
    for (_, group), inside in facts.groups().items():
        # The order's number decides before the parcel's.
        own = next(
            (any(map(is_it, said)) for names, is_it in asked if (said := inside.named(*names))),
            None,
        )  # fmt: skip
        named |= own is True
        if group and own is False:
            others.add(group)
    if not named or not others:
        return facts
    return Facts(fact for fact in facts if others.isdisjoint(_up_from(fact.group)))


def _asked(
    facts: Facts, about: Mapping[str, str]
) -> Iterator[tuple[Sequence[str], Callable[[Fact], bool]]]:
    """Under which names a number that was asked for stands, and whether a fact is it."""
    recognised = facts.first("reading.engine") is not None
    if order := about.get(ORDER):
        yield _ORDER_NAMES, lambda one: _reads_as(one.text, order, recognised=recognised)
    if parcel := about.get(PARCEL):
        names = _names(parcel)
        yield (PARCEL,), lambda one: not names.isdisjoint(_names(one.text))


def _up_from(group: str) -> Iterator[str]:
    while group:
        yield group
        group = group.rpartition("/")[0]


def _of_item(item: SealedItem, facts: Facts) -> Iterator[Finding]:
    tied = []
    if asked := item.about.get(ORDER):
        tied.append(_order(asked, facts))
    if asked := item.about.get(PARCEL):
        tied.append(_parcel(asked, facts))
    yield from tied
    if asked := item.about.get(SITE):
        both = len(tied) == 2 and all(one.severity is Severity.GOOD for one in tied)
        yield _site(asked, facts, tied=both)


def _order(asked: str, facts: Facts) -> Finding:
    said = facts.named(*_ORDER_NAMES)
    recognised = facts.first("reading.engine") is not None
    same = [fact for fact in said if _reads_as(fact.text, asked, recognised=recognised)]
    if same:
        return _ORDER.saying(f"It names the order {same[0].text}.", same[0])
    platform = platform_of(asked)
    others = [fact for fact in said if fact.name == "order.id" or platform is None]
    rivals = [fact for fact in others if platform_of(fact.text) == platform]
    clear = [fact for fact in rivals if not _nearly(fact, asked)]
    if clear and (part := _read_in_part(facts)):
        return _NO_ORDER.saying(f"It names the order {clear[0].text}; {part}.", clear[0])
    if clear:
        return _OTHER_ORDER.saying(f"It names the order {clear[0].text}, not {asked}.", clear[0])
    if said:
        other = f"It names {said[0].text}, which may be another name of {asked}, or a misreading."
        return _NO_ORDER.saying(other, said[0])
    return _NO_ORDER.saying(f"It names no order, so not {asked} either.")


def _read_in_part(facts: Facts) -> str:
    """Why what was not found may stand in the rest of it; "" where all was read."""
    return next((said for said in facts.values("reading.failed") if said.startswith(CUT)), "")


def _nearly(fact: Fact, asked: str) -> bool:
    """Whether an uncertain recognition is one character off."""
    a, b = _plain(fact.text), _plain(asked)
    if len(a) >= 8 and b.startswith(a):
        return True  # the rest was cut off or not read
    off = sum(x != y for x, y in zip(a, b, strict=False)) + abs(len(a) - len(b))
    return fact.confidence < 0.75 and off <= 1


def _reads_as(said: str, asked: str, *, recognised: bool) -> bool:
    """Whether it is the same; of recognised text, whether it is but for letters like digits."""
    a, b = _plain(said), _plain(asked)
    return a == b or (recognised and a.translate(_LIKE) == b.translate(_LIKE))


def _plain(text: str) -> str:
    return order_key(text).replace(" ", "").replace("-", "")


def _parcel(asked: str, facts: Facts) -> Finding:
    said = facts.named(PARCEL)
    names = _names(asked)
    same = [fact for fact in said if _names(fact.text) & names]
    if same:
        return _PARCEL.saying(f"It shows the number {same[0].text}.", same[0])
    clear = [fact for fact in said if not _nearly(fact, asked)]
    if clear and (part := _read_in_part(facts)):
        return _NO_PARCEL.saying(f"It shows {clear[0].text}; {part}.", clear[0])
    if clear:
        return _OTHER_PARCEL.saying(f"It shows {clear[0].text}, not {asked}.", clear[0])
    return _NO_PARCEL.saying(f"No number that can be {asked} could be read on it.", *said[:1])


def _names(number: str) -> set[str]:
    """Every form a carrier goes by for the number."""
    return {number_key(number), *(one.number for one in identify(number).candidates)}


def _of_site(asked: str, country: str) -> bool | None:
    """Whether it is the site's; in the single market, whoever has a site of their own uses it."""
    may = may_ship_to(asked, country)
    return False if may is None and country_of(country) in _OWN_SITES else may


def _site(asked: str, facts: Facts, *, tied: bool) -> Finding:
    """tied: whether the item names both the order and the parcel that were asked for."""
    toward = facts.named("delivery.country", "shipment.recipient.country")
    sites = facts.named(SITE)
    open_ones = facts.named("document.country")
    if len({country_of(f.text) for f in open_ones} - _ORIGINS) > 1 or toward:
        open_ones = []
    # Where it went says more than the site whose page it is: many sites share a page.
    for group, what in ((toward, "went to"), (sites, "is of the site"), (open_ones, "shows")):
        told = [fact for fact in group if group is not open_ones or fact.text not in _ORIGINS]
        verdicts = {fact: _of_site(asked, fact.text) for fact in told}
        if any(verdict is True for verdict in verdicts.values()):
            fact = next(fact for fact, verdict in verdicts.items() if verdict)
            return _SITE.saying(f"It {what} {country_of(fact.text)}, as the order.", fact)
        if told and all(verdict is False for verdict in verdicts.values()):
            said = f"It {what} {country_of(told[0].text)}; the order is of the site {asked}."
            if tied and any(may_ship_to(asked, fact.text) is None for fact in told):
                return _SITE_ABROAD.saying(said, told[0])
            return _OTHER_SITE.saying(said, told[0])
    return _NO_SITE.saying(f"Nothing on it says whether it belongs to the site {asked}.")
