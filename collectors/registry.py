"""Every collector, by hand: one entry each, so that one search finds them all.

A collector is imported when it is first asked for: reading one item needs one of them.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from collectors.collector import Collector
from evidence.errors import NotFoundError

# In the order in which README lists them.
_WHERE = {
    "ups": "collectors.carriers.ups:Ups",
    "fedex": "collectors.carriers.fedex:Fedex",
    "dhl_express": "collectors.carriers.dhl_express:DhlExpress",
    "dhl": "collectors.carriers.dhl:Dhl",
    "usps": "collectors.carriers.usps:Usps",
    "royal_mail": "collectors.carriers.royal_mail:RoyalMail",
    "canada_post": "collectors.carriers.canada_post:CanadaPost",
    "17track": "collectors.carriers.seventeen_track:SeventeenTrack",
    "aftership": "collectors.carriers.aftership:Aftership",
    "easypost": "collectors.carriers.easypost:Easypost",
    "amazon": "collectors.orders.amazon:Amazon",
    "amazon_fba": "collectors.orders.amazon_fba:AmazonFba",
    "amazon_health": "collectors.orders.amazon_health:AmazonHealth",
    "shopify": "collectors.orders.shopify:Shopify",
    "shopify_payments": "collectors.payments.shopify_payments:ShopifyPayments",
    "tiktok": "collectors.orders.tiktok:TikTok",
    "ebay": "collectors.orders.ebay:Ebay",
    "ebay_disputes": "collectors.payments.ebay_disputes:EbayDisputes",
    "stripe": "collectors.payments.stripe:Stripe",
    "paypal": "collectors.payments.paypal:PayPal",
    "mailbox": "collectors.messages.mailbox:Mailbox",
    "imap": "collectors.messages.imap:ImapSource",
    "zendesk": "collectors.messages.zendesk:Zendesk",
    "gorgias": "collectors.messages.gorgias:Gorgias",
    "freshdesk": "collectors.messages.freshdesk:Freshdesk",
    "tiktok_messages": "collectors.messages.tiktok_messages:TikTokMessages",
    "ebay_messages": "collectors.messages.ebay_messages:EbayMessages",
    "table": "collectors.orders.table:Table",
    "tryton": "collectors.orders.tryton:Tryton",
    "mabang": "collectors.orders.mabang:Mabang",
    "magento": "collectors.orders.magento:Magento",
    "odoo": "collectors.orders.odoo:Odoo",
    "rest": "collectors.orders.rest:Rest",
    "folder": "collectors.files.folder:Folder",
    "capture": "collectors.capture.page:Capture",
}


def collector_named(name: str) -> Collector:
    """The collector called `name`; NotFoundError if there is none."""
    if name not in _WHERE:
        names = ", ".join(sorted(_WHERE))
        raise NotFoundError(
            what=f"the collector {name[:60]!r}", why=f"there is none of this name, but {names}"
        )
    return _made(name)


def all_collectors() -> tuple[Collector, ...]:
    """Every one of them; the first time it takes a good part of a second."""
    return tuple(map(_made, _WHERE))


@cache
def _made(name: str) -> Collector:
    module, _, class_name = _WHERE[name].partition(":")
    made: Collector = getattr(import_module(module), class_name)()
    if made.name != name:
        raise AssertionError(f"{_WHERE[name]} calls itself {made.name}")
    return made
