"""Every stand-in, by hand: one import and one entry each."""

from __future__ import annotations

from service.sandbox.aftership import AftershipSandbox
from service.sandbox.amazon import AmazonSandbox
from service.sandbox.amazon_more import AmazonFbaSandbox, AmazonHealthSandbox
from service.sandbox.canada_post import CanadaPostSandbox
from service.sandbox.dhl import DhlSandbox
from service.sandbox.dhl_express import DhlExpressSandbox
from service.sandbox.easypost import EasypostSandbox
from service.sandbox.ebay import EbayDisputesSandbox, EbaySandbox
from service.sandbox.ebay_messages import EbayMessagesSandbox
from service.sandbox.fedex import FedexSandbox
from service.sandbox.helpdesks import FreshdeskSandbox, GorgiasSandbox, ZendeskSandbox
from service.sandbox.mabang import MabangSandbox
from service.sandbox.magento import MagentoSandbox
from service.sandbox.odoo import OdooSandbox
from service.sandbox.paypal import PayPalSandbox
from service.sandbox.rest import RestSandbox
from service.sandbox.royal_mail import RoyalMailSandbox
from service.sandbox.seventeen_track import SeventeenTrackSandbox
from service.sandbox.shopify import ShopifyPaymentsSandbox, ShopifySandbox
from service.sandbox.standin import StandIn
from service.sandbox.stripe import StripeSandbox
from service.sandbox.tiktok import TikTokSandbox
from service.sandbox.tiktok_messages import TikTokMessagesSandbox
from service.sandbox.ups import UpsSandbox
from service.sandbox.usps import UspsSandbox

VENDORS: tuple[type[StandIn], ...] = (
    ZendeskSandbox,
    GorgiasSandbox,
    FreshdeskSandbox,
    TikTokMessagesSandbox,
    EbayMessagesSandbox,
    AmazonSandbox,
    AmazonFbaSandbox,
    AmazonHealthSandbox,
    EbaySandbox,
    EbayDisputesSandbox,
    MabangSandbox,
    MagentoSandbox,
    OdooSandbox,
    DhlExpressSandbox,
    DhlSandbox,
    FedexSandbox,
    RestSandbox,
    ShopifySandbox,
    ShopifyPaymentsSandbox,
    StripeSandbox,
    PayPalSandbox,
    TikTokSandbox,
    RoyalMailSandbox,
    CanadaPostSandbox,
    SeventeenTrackSandbox,
    AftershipSandbox,
    EasypostSandbox,
    UpsSandbox,
    UspsSandbox,
)
