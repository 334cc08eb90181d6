"""Every collector, by hand: one import and one entry each, so that one search finds them all."""

from __future__ import annotations

from collectors.capture.page import Capture
from collectors.carriers.aftership import Aftership
from collectors.carriers.canada_post import CanadaPost
from collectors.carriers.dhl import Dhl
from collectors.carriers.dhl_express import DhlExpress
from collectors.carriers.easypost import Easypost
from collectors.carriers.fedex import Fedex
from collectors.carriers.royal_mail import RoyalMail
from collectors.carriers.seventeen_track import SeventeenTrack
from collectors.carriers.ups import Ups
from collectors.carriers.usps import Usps
from collectors.collector import Collector
from collectors.files.folder import Folder
from collectors.messages.ebay_messages import EbayMessages
from collectors.messages.freshdesk import Freshdesk
from collectors.messages.gorgias import Gorgias
from collectors.messages.imap import ImapSource
from collectors.messages.mailbox import Mailbox
from collectors.messages.tiktok_messages import TikTokMessages
from collectors.messages.zendesk import Zendesk
from collectors.orders.amazon import Amazon
from collectors.orders.amazon_fba import AmazonFba
from collectors.orders.amazon_health import AmazonHealth
from collectors.orders.ebay import Ebay
from collectors.orders.mabang import Mabang
from collectors.orders.magento import Magento
from collectors.orders.odoo import Odoo
from collectors.orders.rest import Rest
from collectors.orders.shopify import Shopify
from collectors.orders.table import Table
from collectors.orders.tiktok import TikTok
from collectors.orders.tryton import Tryton
from collectors.payments.ebay_disputes import EbayDisputes
from collectors.payments.paypal import PayPal
from collectors.payments.shopify_payments import ShopifyPayments
from collectors.payments.stripe import Stripe
from evidence.errors import NotFoundError

COLLECTORS: tuple[Collector, ...] = (
    Ups(),
    Fedex(),
    DhlExpress(),
    Dhl(),
    Usps(),
    RoyalMail(),
    CanadaPost(),
    SeventeenTrack(),
    Aftership(),
    Easypost(),
    Amazon(),
    AmazonFba(),
    AmazonHealth(),
    Shopify(),
    ShopifyPayments(),
    TikTok(),
    Ebay(),
    EbayDisputes(),
    Stripe(),
    PayPal(),
    Mailbox(),
    ImapSource(),
    Zendesk(),
    Gorgias(),
    Freshdesk(),
    TikTokMessages(),
    EbayMessages(),
    Table(),
    Tryton(),
    Mabang(),
    Magento(),
    Odoo(),
    Rest(),
    Folder(),
    Capture(),
)


def collector_named(name: str) -> Collector:
    """The collector called `name`; NotFoundError if there is none."""
    for collector in COLLECTORS:
        if collector.name == name:
            return collector
    names = ", ".join(sorted(collector.name for collector in COLLECTORS))
    raise NotFoundError(what=f"the collector {name[:60]!r}", why=f"there are {names}")
