"""Who is meant: an order of a platform, and the other names it goes by.

Order numbers have a known shape on some platforms (Amazon: `\\d{3}-\\d{7}-\\d{7}`, eBay:
`\\d{2}-\\d{5}-\\d{5}`; vendors' order descriptions). A number that breaks its platform's shape is
refused before anything is asked of anyone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from evidence.canonical import canonical
from evidence.errors import RequestError


class Platform(StrEnum):
    AMAZON = "amazon"
    TIKTOK = "tiktok"
    EBAY = "ebay"
    SHOPIFY = "shopify"
    WALMART = "walmart"
    ETSY = "etsy"
    OTHER = "other"


_SHAPES = {
    Platform.AMAZON: (re.compile(r"[0-9]{3}-[0-9]{7}-[0-9]{7}"), "123-1234567-1234567"),
    Platform.EBAY: (re.compile(r"[0-9]{2}-[0-9]{5}-[0-9]{5}"), "12-12345-12345"),
    Platform.TIKTOK: (re.compile(r"[0-9]{6,24}"), "576461413038785752"),
    Platform.SHOPIFY: (re.compile(r"#?[0-9A-Za-z._-]{1,40}"), "#1001 or a numeric id"),
    Platform.WALMART: (re.compile(r"[0-9]{6,20}"), "2577000000000"),
    Platform.ETSY: (re.compile(r"[0-9]{6,20}"), "2912345678"),
}
_ANY = re.compile(r"[^\s/\\][^/\\]{0,99}")
_SITE = re.compile(r"[A-Za-z]{2}")
_GLOBAL_ID = "gid://shopify/Order/"


@dataclass(frozen=True, slots=True)
class OrderRef:
    """One order of one platform; `site` is the marketplace's country, ISO 3166-1 alpha-2."""

    platform: Platform
    id: str
    site: str = "US"

    def canonical(self) -> bytes:
        """The bytes the order commitment is made over."""
        return canonical({"platform": str(self.platform), "site": self.site, "id": self.id})

    def __str__(self) -> str:
        return f"{self.platform}:{self.id} ({self.site})"


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name an order goes by: an ERP number, a tracking number, a shop's own number.

    kind  the fact name that brought it, such as `shipment.tracking_number`
    """

    kind: str
    value: str


def order_ref(platform: str, order_id: str, site: str = "US") -> OrderRef:
    """Check what a caller sent and make an OrderRef of it.

    Shopify's `gid://shopify/Order/450789469` is its numeric id under another name and becomes that.
    Raises RequestError naming the field, never echoing more than 60 characters of it.
    """
    try:
        known = Platform(platform.strip().lower())
    except ValueError as problem:
        names = ", ".join(Platform)
        raise RequestError(
            what="the platform", why=f"{platform[:60]!r} is not one of {names}"
        ) from problem
    country = site.strip()
    if not _SITE.fullmatch(country):  # before upper(), which makes SS of one German letter
        raise RequestError(
            what="the site", why=f"{site[:60]!r} is not a two-letter country code such as US"
        )
    number = order_id.strip()
    if known is Platform.SHOPIFY:
        number = number.removeprefix(_GLOBAL_ID)
    shape, example = _SHAPES.get(known, (_ANY, "any text without slashes"))
    if not shape.fullmatch(number) or not number.strip("."):
        raise RequestError(
            what="the order id",
            why=f"{order_id[:60]!r} is not shaped like an order of {known} ({example})",
        )
    # Controls, marks that turn the direction of writing, zero-width characters, spaces that are not
    # the space: two ids that look alike must be alike.
    if not number.isprintable():
        raise RequestError(
            what="the order id", why=f"{order_id[:60]!a} has characters that cannot be seen"
        )
    return OrderRef(known, number, country.upper())


def has_shape(platform: Platform, order_id: str) -> bool:
    """Whether a number could be one of the platform's; True of a platform without a known shape."""
    shape, _ = _SHAPES.get(platform, (_ANY, ""))
    return shape.fullmatch(order_id.strip()) is not None


def platform_of(order_id: str) -> Platform | None:
    """The one platform whose numbers look unmistakably like this, or None."""
    for platform in (Platform.AMAZON, Platform.EBAY):
        if _SHAPES[platform][0].fullmatch(order_id.strip()):
            return platform
    return None
