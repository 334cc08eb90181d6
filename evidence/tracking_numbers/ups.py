"""UPS, and Mail Innovations.

Sources: ups.com, "What is a tracking number?" (formats); the check digit as UPS printed it for
whoever makes labels. The words for service codes were collected by users, not published by UPS.
The check digit of a waybill number (J, K, V) is 1Z's over its nine digits: not published either,
but true of every number seen. Of the other letters too few are known to say.
"""

from evidence.tracking_numbers.checks import ups
from evidence.tracking_numbers.kind import Form, kind

# Of 1Z numbers made in the United States; other codes are left without words.
_SERVICES = {
    "01": "Next Day Air",
    "02": "2nd Day Air",
    "03": "Ground",
    "12": "3 Day Select",
    "13": "Next Day Air Saver",
    "15": "Next Day Air Early",
    "22": "Ground, returns with three pickup attempts",
    "32": "Next Day Air Early, collect on delivery",
    "33": "Next Day Air Early, Saturday delivery, collect on delivery",
    "41": "Next Day Air Early, Saturday delivery",
    "42": "Ground, signature required",
    "44": "Next Day Air, Saturday delivery",
    "66": "Worldwide Express",
    "72": "Ground, collect on delivery",
    "78": "Ground, returns with one pickup attempt",
    "90": "Ground, return label printed and mailed by UPS",
    "A0": "Next Day Air Early, adult signature required",
    "A1": "Next Day Air Early, Saturday delivery, adult signature required",
    "A2": "Next Day Air, adult signature required",
    "A8": "Ground, adult signature required",
    "A9": "Next Day Air Early, adult signature required, collect on delivery",
    "YW": "SurePost",
}

KINDS = (
    kind(
        "ups",
        "1z",
        "UPS, 1Z",
        r"1Z(?P<body>(?P<shipper>[0-9A-Z]{6})(?P<service>[0-9A-Z]{2})(?P<serial>[0-9A-Z]{7}))(?P<check>\d)",
        Form.OWN,
        check=ups,
        services=_SERVICES,
    ),
    kind(
        "ups",
        "mail-innovations",
        "UPS Mail Innovations package",
        r"MI(?P<shipper>\d{6})(?P<serial>[0-9A-Z]{1,22})",
        Form.SHARED,
    ),
    kind(
        "ups",
        "waybill",
        "UPS waybill",
        r"(?P<service>[JKV])(?P<body>\d{9})(?P<check>\d)",
        Form.SHARED,
        check=ups,
        published=False,
    ),
    kind("ups", "t", "UPS, T and ten digits", r"T\d{10}", Form.SHARED),
    kind(
        "ups",
        "letter",
        "UPS waybill, of another letter",
        r"[AHW]\d{10}",
        Form.SHARED,
        published=False,
    ),
    kind("ups", "info-notice", "UPS, twelve digits", r"\d{12}", Form.BARE),
    kind("ups", "freight", "UPS freight", r"\d{9}", Form.BARE),
    kind("ups", "i-parcel", "UPS i-parcel", r"80\d{16}", Form.BARE, published=False),
    kind("ups", "mail-sequence", "UPS Mail Innovations sequence number", r"\d{18}", Form.BARE),
)
