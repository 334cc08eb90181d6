"""One believable order, written to a folder as a seller would have it.

A seller in Shenzhen sells on Amazon US from a warehouse in California. UPS delivered the parcel;
two days later the buyer writes that it never came, and opens an A-to-z claim. The seller has an ERP
export in GB18030, a mailbox, and a scan of the proof of delivery that the warehouse saved.

One thing does not hold together, as it often does not: the ERP took UPS's local delivery time for
China time, so by the seller's own record the parcel arrived before it went out for delivery.
"""

from __future__ import annotations

from pathlib import Path

from evidence.orders import OrderRef, Platform
from service.demo.scan import scanned_pod
from service.sandbox.authority import PATH

ORDER = OrderRef(Platform.AMAZON, "112-4832917-2201845", "US")
TRACKING = "1Z84A7V90344127810"
NEIGHBOUR = "112-7719034-5540267"
DEFECT = {"kind": "a-to-z", "noticed_at": "2026-11-06T17:20:00Z"}

_HEADINGS = (
    "平台订单号", "店铺", "站点", "下单时间", "付款时间", "打包时间", "发货时间", "物流商",
    "运单号", "签收时间", "收件人", "地址", "城市", "州", "邮编", "国家", "SKU", "数量", "金额",
)  # fmt: skip
_ROWS = (
    (
        ORDER.id, "BrightLeaf-US", "US", "2026-10-28 03:12:44", "2026-10-28 03:13:02",
        "2026-10-28 23:10:31", "2026-10-29 08:30:00", "UPS", TRACKING, "2026-11-03 14:31:07",
        "Jane Doe", "1420 SE Sample St Apt 5", "Portland", "OR", "97214", "US", "LAMP-OAK-02", "1",
        "48.90",
    ),
    (
        NEIGHBOUR, "BrightLeaf-US", "US", "2026-10-28 05:40:10", "2026-10-28 05:40:31",
        "2026-10-28 23:12:09", "2026-10-29 08:30:00", "UPS", "1Z84A7V90344127838",
        "2026-11-02 11:02:55", "John Doe", "77 Sample Ave", "Fresno", "CA", "93701", "US",
        "LAMP-OAK-01", "2", "71.80",
    ),
)  # fmt: skip

_ASKED = """\
From: "Jane Doe - Amazon Marketplace" <x7k2m9qwerty@marketplace.amazon.com>
To: service@brightleaf.example
Subject: Order information from Amazon seller BrightLeaf-US (Order: {order})
Date: Thu, 05 Nov 2026 10:12:09 -0800
Message-ID: <0101019demo-1@us-west-2.amazonses.com>
X-Space-Notification-Type: BBC_MESSAGE_SENT_TO_MERCHANT
Received: by mail.brightleaf.example; Thu, 05 Nov 2026 18:12:15 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

You have received a message.

Order ID {order}

Tracking says delivered but I never received the lamp. If you do not refund
me I will open an A-to-z claim.
"""
_ANSWERED = """\
From: service@brightleaf.example
To: "Jane Doe - Amazon Marketplace" <x7k2m9qwerty@marketplace.amazon.com>
Subject: Re: Order information from Amazon seller BrightLeaf-US (Order: {order})
Date: Fri, 06 Nov 2026 09:05:40 +0800
Message-ID: <demo-2@brightleaf.example>
In-Reply-To: <0101019demo-1@us-west-2.amazonses.com>
References: <0101019demo-1@us-west-2.amazonses.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Hello Jane,

UPS shows that parcel {tracking} was left at your front door on
November 3. Could you look there once more, and ask your neighbors? We are
asking UPS for the proof of delivery now.

BrightLeaf-US
"""
_UNRELATED = """\
From: newsletter@shop.example
To: service@brightleaf.example
Subject: Packing tape, 20% off
Date: Thu, 05 Nov 2026 12:00:00 +0000
Message-ID: <demo-3@shop.example>
Content-Type: text/plain

Nothing about any order.
"""

_CONFIG = """\
data = {data!r}
keys = {keys!r}
log_origin = "orderproof.demo"

[sources.erp]
collector = "table"
folder = "erp"
encoding = "gb18030"
zone = "Asia/Shanghai"          # the ERP's clock, declared: its export does not say
currency = "USD"

[sources.erp.columns]
{columns}

[sources.ups]
base_url = {ups!r}
client_id = "demo-client"
client_secret_env = "ORDERPROOF_DEMO_UPS_SECRET"

[sources.mailbox]
folder = "mail"

[sources.folder]
folder = "pod"
"""
_AUTHORITY = """
[[authority]]
name = "sandbox"
url = "{url}"
certificate_file = "{trust}/tsa.pem"
roots_file = "{trust}/root.pem"
"""
_COLUMNS = {
    "平台订单号": "order.id",
    "店铺": "order.store",
    "站点": "order.site",
    "下单时间": "order.placed.at",
    "付款时间": "order.paid.at",
    "打包时间": "order.packed.at",
    "发货时间": "shipment.shipped.at",
    "物流商": "shipment.carrier",
    "运单号": "shipment.tracking_number",
    "签收时间": "delivery.recorded.at",
    "收件人": "shipment.recipient.name",
    "地址": "shipment.recipient.street",
    "城市": "shipment.recipient.city",
    "州": "shipment.recipient.region",
    "邮编": "shipment.recipient.postal_code",
    "国家": "shipment.recipient.country",
    "SKU": "order.item.sku",
    "数量": "order.item.quantity",
    "金额": "order.total",
}


def write_story(
    folder: Path, *, sandbox_url: str, data: Path, keys: Path, trust: Path | None = None
) -> Path:
    """Write the seller's files under `folder`; returns the configuration's path.

    sandbox_url   where the sandbox plays
    trust   the folder with the certificates of the sandbox's time authority, which plays beside
            UPS; None for a seller without one
    """
    for name in ("erp", "mail", "pod"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    table = "\r\n".join(",".join(row) for row in (_HEADINGS, *_ROWS)) + "\r\n"
    (folder / "erp" / "订单导出-20261107.csv").write_bytes(table.encode("gb18030"))
    for name, text in (("1", _ASKED), ("2", _ANSWERED), ("3", _UNRELATED)):
        mail = text.format(order=ORDER.id, tracking=TRACKING).replace("\n", "\r\n")
        (folder / "mail" / f"{name}.eml").write_bytes(mail.encode())
    (folder / "pod" / f"POD-{TRACKING}.pdf").write_bytes(scanned_pod(TRACKING, ORDER.id))
    columns = "\n".join(f'"{heading}" = "{name}"' for heading, name in _COLUMNS.items())
    config = folder / "orderproof.toml"
    config.write_text(
        _CONFIG.format(data=str(data), keys=str(keys), ups=f"{sandbox_url}/ups", columns=columns)
        + (_AUTHORITY.format(url=sandbox_url + PATH, trust=trust) if trust else ""),
        encoding="utf-8",
    )
    return config


# What the sandbox's UPS knows of the parcel (service/sandbox/scenario.py reads it).
SCENARIO = f"""\
[account.ups]
client_id = "demo-client"
client_secret = "demo-secret"

[[parcel]]
tracking_number = "{TRACKING}"
references = ["{ORDER.id}"]
carrier = "ups"
service = "UPS Ground"
weight = "3.20"
weight_unit = "LBS"
received_by = "DOE"
left_at = "Front Door"
recipient_city = "PORTLAND"
recipient_state = "OR"
recipient_postal_code = "97214"
recipient_country = "US"
pod_letter = true
signature = true

[[parcel.event]]
at = "2026-11-03T14:31:07-08:00"
kind = "delivered"
code = "011"
type = "D"
description = "DELIVERED"
city = "PORTLAND"
state = "OR"
country = "US"

[[parcel.event]]
at = "2026-11-03T08:15:22-08:00"
kind = "out_for_delivery"
code = "006"
type = "I"
description = "Out For Delivery Today"
city = "PORTLAND"
state = "OR"
country = "US"

[[parcel.event]]
at = "2026-11-02T03:48:00-08:00"
code = "005"
type = "I"
description = "Arrived at Facility"
city = "PORTLAND"
state = "OR"
country = "US"

[[parcel.event]]
at = "2026-10-28T19:02:10-07:00"
code = "005"
type = "P"
description = "Origin Scan"
city = "ONTARIO"
state = "CA"
country = "US"

[[parcel.event]]
at = "2026-10-28T08:22:41-07:00"
kind = "label"
code = "003"
type = "M"
description = "Shipper created a label, UPS has not received the package yet."
city = ""
state = ""
country = "US"
"""
