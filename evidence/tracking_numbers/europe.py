"""Carriers of Europe."""

from evidence.tracking_numbers.checks import mod37
from evidence.tracking_numbers.countries import NUMERIC
from evidence.tracking_numbers.kind import Form, kind

# Service codes of a DPD label; others are left without words.
_DPD = {
    "101": "normal parcel",
    "102": "normal parcel, hazardous goods",
    "105": "normal parcel, ex works",
    "106": "normal parcel, ex works, hazardous goods",
    "109": "normal parcel, collect on delivery",
    "110": "normal parcel, collect on delivery, hazardous goods",
    "113": "normal parcel, exchange",
    "136": "small parcel",
    "154": "parcel letter",
    "155": "guaranteed",
    "161": "guaranteed, collect on delivery",
    "179": "by 10:00",
    "191": "by 10:00, collect on delivery",
    "225": "by 12:00",
    "237": "by 12:00, collect on delivery",
    "350": "by 8:30",
}
_DPD_28 = (
    r"(?P<body>(?P<postcode>[0-9A-Z]{7})(?P<core>\d{14})(?P<service>\d{3})"
    rf"(?P<country>{'|'.join(sorted(NUMERIC))}))(?P<check>[0-9A-Z])"
)

KINDS = (
    kind(
        "dpd",
        "barcode-28",
        "DPD barcode",
        _DPD_28,
        Form.OWN,
        check=mod37,
        services=_DPD,
        countries=NUMERIC,
    ),
    kind(
        "dpd",
        "parcel-15",
        "DPD",
        r"(?P<body>(?P<core>\d{14}))(?P<check>[0-9A-Z])",
        Form.BARE,
        check=mod37,
    ),
    kind("dpd", "parcel-14", "DPD, without its check character", r"\d{14}", Form.BARE),
)
