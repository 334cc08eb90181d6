"""UPS, and Mail Innovations.

Sources: ups.com, "What is a tracking number?" (formats); UPS, Guide to Labeling, appendix on the
1Z number and its check digit; service levels as they are printed there.
The check digit of a waybill number (J, K, V) is 1Z's over its nine digits: not published, but true
of every number seen. Of the other letters too few are known to say.
"""

from evidence.tracking_numbers.checks import ups
from evidence.tracking_numbers.kind import Form, kind

# What most 1Z numbers have. One account may use others; those are left without words.
_SERVICES = {
    "01": "Next Day Air",
    "02": "2nd Day Air",
    "03": "Ground",
    "12": "3 Day Select",
    "13": "Next Day Air Saver",
    "15": "Next Day Air Early",
    "20": "Standard to Canada",
    "22": "Ground, returns plus one pickup attempt",
    "32": "Next Day Air Early, collect on delivery",
    "33": "Next Day Air Early, Saturday delivery, collect on delivery",
    "41": "Next Day Air Early, Saturday delivery",
    "42": "Ground, signature required",
    "44": "Next Day Air, Saturday delivery",
    "54": "Worldwide Express Plus",
    "59": "2nd Day Air A.M.",
    "66": "Worldwide Express",
    "67": "Worldwide Expedited",
    "68": "Standard",
    "72": "Ground, collect on delivery",
    "78": "Ground, returns plus three pickup attempts",
    "90": "Ground, return label",
    "A8": "Ground, collect on delivery",
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
    kind("ups", "letter", "UPS, one letter and ten digits", r"[AHTW]\d{10}", Form.SHARED),
    kind("ups", "info-notice", "UPS, twelve digits", r"\d{12}", Form.BARE),
    kind("ups", "freight", "UPS freight", r"\d{9}", Form.BARE),
    kind("ups", "mail-sequence", "UPS Mail Innovations sequence number", r"\d{18}", Form.BARE),
)
