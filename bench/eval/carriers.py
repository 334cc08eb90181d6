"""The carriers and portals of the made-up pages: names, colours, numbers, where they deliver.

A carrier with `unseen` appears in hold-out sets only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Carrier:
    """A carrier as a page shows it.

    code      the name that truth and scorer use
    wordmark  what stands in the page's head; the local name where a page is in that language
    colours   background and foreground of the head
    rules     how its tracking numbers are made (numbers.made)
    checked   every change of one digit shows in the number itself
    lands     countries it delivers in
    host      what an address bar shows; never opened
    """

    code: str
    wordmark: str
    colours: tuple[str, str]
    rules: tuple[str, ...]
    lands: tuple[str, ...]
    host: str
    checked: bool = False
    local: tuple[tuple[str, str], ...] = ()
    services: tuple[str, ...] = ("Standard",)
    unseen: bool = False
    slogan: str = ""

    def named(self, language: str) -> str:
        return dict(self.local).get(language, self.wordmark)


_EUROPE = ("DE", "FR", "ES", "IT", "GB", "AT", "NL")
_ANYWHERE = ("US", "GB", "DE", "FR", "ES", "IT", "CA", "JP", "AU")

CARRIERS: tuple[Carrier, ...] = (
    Carrier(
        "ups", "UPS", ("#351c15", "#ffb500"), ("ups",), _ANYWHERE, "www.ups.com/track?loc=en_US",
        checked=True, services=("UPS Ground", "UPS 2nd Day Air", "UPS Worldwide Saver"),
        slogan="United Parcel Service",
    ),
    Carrier(
        "fedex", "FedEx", ("#4d148c", "#ff6200"), ("fedex", "fedex-ground"), _ANYWHERE,
        "www.fedex.com/fedextrack/?trknbr=",
        services=("FedEx Ground", "FedEx 2Day", "FedEx International Priority"),
        slogan="Federal Express Corporation",
    ),
    Carrier(
        "usps", "USPS", ("#ffffff", "#333366"), ("usps", "s10:LZ:US"), ("US",),
        "tools.usps.com/go/TrackConfirmAction", checked=True,
        services=("USPS Ground Advantage", "Priority Mail", "First-Class Package"),
        slogan="United States Postal Service",
    ),
    Carrier(
        "dhl", "DHL", ("#ffcc00", "#d40511"), ("mod7:10", "dhl-parcel"), _ANYWHERE,
        "www.dhl.com/global-en/home/tracking.html",
        services=("DHL Paket", "EXPRESS WORLDWIDE", "DHL Parcel Connect"),
        slogan="DHL Express",
    ),
    Carrier(
        "royal_mail", "Royal Mail", ("#da202a", "#ffd600"), ("s10:TT:GB", "s10:KY:GB"), ("GB",),
        "www.royalmail.com/track-your-item", checked=True,
        services=("Tracked 48", "Tracked 24", "Special Delivery Guaranteed by 1pm"),
    ),
    Carrier(
        "canada_post", "Canada Post", ("#ffffff", "#e31837"), ("canada-post", "s10:LM:CA"),
        ("CA",), "www.canadapost-postescanada.ca/track-reperage", checked=True,
        local=(("fr", "Postes Canada"),), services=("Expedited Parcel", "Xpresspost"),
    ),
    Carrier(
        "china_post", "China Post", ("#007f3e", "#ffffff"), ("s10:LX:CN", "s10:RB:CN"), _ANYWHERE,
        "yjcx.chinapost.com.cn/qps/english/yjcx", checked=True, local=(("zh", "中国邮政"),),
        services=("ePacket", "Registered Air Mail"),
    ),
    Carrier(
        "ems", "EMS", ("#ffffff", "#0a4f9e"), ("s10:EE:CN", "s10:EA:CN"), _ANYWHERE,
        "www.ems.com.cn/qps/yjcx", checked=True,
        local=(("zh", "中国邮政速递物流 EMS"), ("ja", "国際スピード郵便 EMS")), services=("EMS",),
        slogan="Express Mail Service",
    ),
    Carrier(
        "yunexpress", "YunExpress", ("#0a7cff", "#ffffff"), ("text:YT:16:",), _ANYWHERE,
        "www.yuntrack.com/parcelTracking", local=(("zh", "云途物流"),),
        services=("YunExpress Standard",),
    ),
    Carrier(
        "4px", "4PX", ("#ff7a00", "#ffffff"), ("text:4PX:13:CN",), _ANYWHERE,
        "track.4px.com/#/result/0/", local=(("zh", "递四方 4PX"),), services=("4PX Link-Fulfil",),
    ),
    Carrier(
        "yanwen", "Yanwen", ("#f5a300", "#1b1b1b"), ("text:UF:9:YP", "text:YW:12:"), _ANYWHERE,
        "track.yw56.com.cn/en/querydel", local=(("zh", "燕文物流"),), services=("Yanwen Special",),
    ),
    Carrier(
        "sf", "SF Express", ("#1b1b1b", "#e60012"), ("text:SF:13:",), ("CN", "US", "JP", "AU"),
        "www.sf-express.com/chn/sc/waybill/waybill-detail/", local=(("zh", "顺丰速运"),),
        services=("SF International Express",),
    ),
    Carrier(
        "cainiao", "Cainiao", ("#ffffff", "#0091ff"), ("text:LP00:14:", "text:CNG:14:"), _ANYWHERE,
        "global.cainiao.com/newDetail.htm?mailNoList=", local=(("zh", "菜鸟"),),
        services=("AliExpress Standard Shipping",),
    ),
    Carrier(
        "amazon_logistics", "Amazon Logistics", ("#232f3e", "#ff9900"), ("text:TBA:12:",), ("US",),
        "track.amazon.com/tracking/", services=("AMZN_US Premium",),
    ),
    Carrier(
        "la_poste", "Colissimo", ("#ffd500", "#1b3a8a"), ("s10:LA:FR", "s10:CB:FR"), ("FR",),
        "www.laposte.fr/outils/suivre-vos-envois?code=", checked=True,
        services=("Colissimo Domicile",), slogan="La Poste",
    ),
    Carrier(
        "correos", "Correos", ("#ffcd00", "#002e6d"), ("s10:RF:ES", "s10:CX:ES"), ("ES",),
        "www.correos.es/es/es/herramientas/localizador/envios", checked=True,
        services=("Paq Estándar",),
    ),
    Carrier(
        "poste_italiane", "Poste Italiane", ("#ffffff", "#0047bb"), ("s10:RR:IT", "s10:CP:IT"),
        ("IT",), "www.poste.it/cerca/index.html#/risultati-spedizioni/", checked=True,
        services=("Crono",),
    ),
    Carrier(
        "japan_post", "Japan Post", ("#cc0000", "#ffffff"), ("s10:RN:JP", "mod7:12"), ("JP",),
        "trackings.post.japanpost.jp/services/srv/search/", local=(("ja", "日本郵便"),),
        services=("ゆうパック",),
    ),
    Carrier(
        "dpd", "DPD", ("#ffffff", "#dc0032"), ("text::14:",), ("DE", "FR", "GB", "PL", "NL"),
        "tracking.dpd.de/status/de_DE/parcel/", services=("DPD CLASSIC", "DPD Home"),
    ),
    Carrier(
        "inpost", "InPost", ("#ffcd00", "#1d1d1b"), ("text:6:23:",), ("PL",),
        "inpost.pl/sledzenie-przesylek?number=", services=("Kurier InPost",), unseen=True,
    ),
    Carrier(
        "postnord", "PostNord", ("#00a0d6", "#ffffff"), ("s10:CE:SE", "s10:RR:SE"), ("SE",),
        "tracking.postnord.com/se/tracking?id=", checked=True, services=("Varubrev", "MyPack Home"),
        unseen=True,
    ),
    Carrier(
        "gls", "GLS", ("#061ab1", "#ffd100"), ("text::11:",), _EUROPE,
        "gls-group.com/DE/de/paketverfolgung", services=("BusinessParcel",), unseen=True,
    ),
    Carrier(
        "evri", "Evri", ("#007bc4", "#ffffff"), ("evri",), ("GB",), "www.evri.com/track/parcel/",
        services=("Standard",), unseen=True,
    ),
    Carrier(
        "postnl", "PostNL", ("#ed8c00", "#001a70"), ("s10:LS:NL", "s10:RS:NL"), _EUROPE,
        "jouw.postnl.nl/track-and-trace/", checked=True, services=("Pakket",), unseen=True,
    ),
    Carrier(
        "australia_post", "Australia Post", ("#dc1928", "#ffffff"), ("s10:LB:AU", "s10:CV:AU"),
        ("AU",), "auspost.com.au/mypost/track/#/details/", checked=True,
        services=("Parcel Post",), unseen=True,
    ),
    Carrier(
        "yamato", "Yamato Transport", ("#ffe600", "#1b1b1b"), ("mod7:12",), ("JP",),
        "toi.kuronekoyamato.co.jp/cgi-bin/tneko", local=(("ja", "クロネコヤマト ヤマト運輸"),),
        services=("宅急便",), unseen=True,
    ),
)  # fmt: skip

# Portals that show other carriers' parcels: their name, colours, host.
AGGREGATORS: tuple[tuple[str, str, tuple[str, str], str], ...] = (
    ("17track", "17TRACK", ("#1f2a44", "#f6b73c"), "t.17track.net/en#nums="),
    ("aftership", "AfterShip", ("#ffffff", "#ff6b2b"), "www.aftership.com/track/"),
    ("parcelsapp", "Parcels", ("#2e7d32", "#ffffff"), "parcelsapp.com/en/tracking/"),
)

PLATFORMS: tuple[tuple[str, str, tuple[str, str]], ...] = (
    ("amazon", "Seller Central", ("#002e36", "#ffffff")),
    ("tiktok", "TikTok Shop Seller Center", ("#111111", "#ffffff")),
    ("ebay", "eBay Seller Hub", ("#ffffff", "#3665f3")),
    ("shopify", "Shopify", ("#1a1a1a", "#95bf47")),
)
_AMAZON = {
    "US": ".amazon.com",
    "CA": ".amazon.ca",
    "JP": "-japan.amazon.com",
    "AU": ".amazon.com.au",
}
_EBAY = {"US": "com", "GB": "co.uk", "AU": "com.au", "JP": "com", "SE": "com"}


def portal_host(platform: str, site: str) -> str:
    """What the address bar of a seller's portal shows for a marketplace's site."""
    match platform:
        case "amazon":
            return f"sellercentral{_AMAZON.get(site, '-europe.amazon.com')}/orders-v3/order/"
        case "tiktok":
            return f"seller-{site.lower()}.tiktok.com/order/detail?order_no="
        case "ebay":
            return f"www.ebay.{_EBAY.get(site, site.lower())}/mesh/ord/details?orderid="
        case _:
            return "admin.shopify.com/store/orders/"


def carriers(*, holdout: bool) -> tuple[Carrier, ...]:
    return tuple(carrier for carrier in CARRIERS if holdout or not carrier.unseen)
