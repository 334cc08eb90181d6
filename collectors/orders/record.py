"""What every platform's answer about an order is made of: money, moments, people, parcels.

Facts of the order itself have no group; those of its lines share `item/<n>`, of a parcel
`parcel/<number>`, of a payment `payment/<id>` and so on. A field in another form than the
documented one becomes `field.unread`, in its own words: it is neither guessed nor passed over, and
the rest of the answer is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from collectors.collector import Context
from evidence.errors import ConfigError, FormatError
from evidence.facts import Fact
from evidence.orders import OrderRef, Platform
from evidence.pages import Node
from evidence.times import from_epoch, parse_iso, zone_of

_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_COUNT = re.compile(r"\d{1,12}(\.\d{1,6})?")
_NAME = re.compile(r"[0-9A-Za-z._:-]{1,60}")
# Seconds and milliseconds since 1970 in this century: another count of digits is another unit.
_EPOCHS = {1.0: re.compile(r"\d{9,10}"), 0.001: re.compile(r"\d{12,13}")}


def said(name: str, nodes: Iterable[Node], *, group: str = "") -> Iterator[Fact]:
    """`name` for each of the nodes that holds text."""
    for node in nodes:
        yield from node.facts(name, group=group)


def unread(node: Node, *, group: str = "") -> Fact:
    """A field in a form that nobody documented, as it stands."""
    return node.fact("field.unread", group=group)


def amount(name: str, value: Node, currency: str | None, *, at: Node | None = None,
           group: str = "") -> Iterator[Fact]:  # fmt: skip
    """An amount of money, "48.90 USD". `at` is the object that holds both, where there is one."""
    number = value.text_or_none()
    if number is None:
        return
    if _DECIMAL.fullmatch(number) and currency is not None and _CURRENCY.fullmatch(currency):
        yield (at or value).fact(name, f"{number} {currency}", group=group)
    else:
        yield unread(value, group=group)


def count(name: str, node: Node, *, group: str = "") -> Iterator[Fact]:
    """A number of things, as its digits."""
    number = node.text_or_none()
    if number is not None:
        yield node.fact(name if _COUNT.fullmatch(number) else "field.unread", group=group)


def moment(name: str, node: Node, *, group: str = "", zone: str | None = None) -> Iterator[Fact]:
    """An ISO 8601 time, as wide as it is written; `zone` only where the operator declared one."""
    text = node.text_or_none()
    if text is None:
        return
    try:
        yield node.fact(name, parse_iso(text, zone=zone), group=group)
    except FormatError:
        yield unread(node, group=group)


def epoch(name: str, node: Node, *, group: str = "", unit_s: float = 1.0) -> Iterator[Fact]:
    """A time as a count of `unit_s` (1.0 or 0.001) since 1970; 0 is how vendors say "never"."""
    text = node.text_or_none()
    if text is None or text == "0":
        return
    if _EPOCHS[unit_s].fullmatch(text):
        yield node.fact(name, from_epoch(int(text) * unit_s, text, unit_s=unit_s), group=group)
    else:
        yield unread(node, group=group)


def country(name: str, node: Node, *, group: str = "") -> Iterator[Fact]:
    """An ISO 3166-1 alpha-2 code; a country's name, or another code, is `field.unread`."""
    code = node.text_or_none()
    if code is not None:
        yield node.fact(name if _COUNTRY.fullmatch(code) else "field.unread", group=group)


def recipient(
    address: Node, fields: Mapping[str, Iterable[str]], *, group: str = ""
) -> Iterator[Fact]:
    """`shipment.recipient.*`: `fields` says under which keys name, street, city … stand."""
    for field, keys in fields.items():
        for key in keys:
            if field == "country":
                yield from country("shipment.recipient.country", address[key], group=group)
            else:
                yield from address[key].facts(f"shipment.recipient.{field}", group=group)


def label(kind: str, number: Node, place: int) -> str:
    """A group: `kind/<number>`, or `kind/#<place>` where the number is none to name a group by."""
    name = number.text_or_none() or ""
    return f"{kind}/{name}" if _NAME.fullmatch(name) else f"{kind}/#{place}"


def numbers(
    order: OrderRef, context: Context, *, platform: Platform, shape: re.Pattern[str]
) -> list[str]:
    """What the platform may know the order by: its own number, and aliases of the platform's shape.

    Empty where the operator's `sites` leave the order's site out: several stores of one platform
    are several sources, and each need only be asked for its own.
    """
    if not _of_site(order, context.settings):
        return []
    return numbers_in(order, context.facts, platform=platform, shape=shape)


def numbers_in(
    order: OrderRef,
    facts: Mapping[str, tuple[str, ...]],
    *,
    platform: Platform,
    shape: re.Pattern[str],
) -> list[str]:
    """The same, whatever the site."""
    own = [order.id] if order.platform is platform else []
    others = [name for name in facts.get("order.alias", ()) if shape.fullmatch(name)]
    return list(dict.fromkeys([*own, *others]))


def zone_in(settings: Mapping[str, Any]) -> str:
    """The zone that the operator declared for a source's naive times; "" if none.

    FormatError for a zone that there is not.
    """
    zone = settings.get("zone", "")
    if not isinstance(zone, str):
        raise ConfigError(what="the setting zone", why="it is not text such as Asia/Shanghai")
    if zone:
        zone_of(zone)
    return zone


def _of_site(order: OrderRef, settings: Mapping[str, Any]) -> bool:
    sites = settings.get("sites")
    if sites is None:
        return True
    if not isinstance(sites, list) or not all(isinstance(site, str) for site in sites):
        raise ConfigError(what="the setting sites", why='it is not a list such as ["US", "CA"]')
    return order.site in sites
