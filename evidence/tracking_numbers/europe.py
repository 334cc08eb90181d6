"""Carriers of Europe, beside DHL.

Sources: DPD, parcel label specification (ISO/IEC 7064 MOD 37,36). parcelforce.com, "Tracking number
formats". Royal Mail, Tracking API (21 characters, the last ten hexadecimal) and, for sixteen,
Amazon's list of formats. PostNL, Barcode API. Swiss Post, barcode of domestic mail. SSCC and GSIN
are GS1's. That TNT's and Chronopost's check digits are those of UPU S10 and La Poste's are GS1's is
not published, but true of every number seen. Evri, Hermes, Yodel, GLS, bpost, Posti, InPost: as
seen on labels.
"""

from evidence.tracking_numbers.checks import gs1, mod37, s10
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
    r"(?P<body>(?P<postcode>[0-9A-Z]{7})(?P<core>\d{14})(?P<service>\d{3})(?P<country>\d{3}))"
    r"(?P<check>[0-9A-Z])"
)
_COLISSIMO = r"(?P<service>\d[A-Z])(?P<body>\d{10})(?P<check>\d)"
_SSCC = r"(?:00)?(?P<core>(?P<body>%s\d{14})(?P<check>\d))"

KINDS = (
    kind(
        "dpd",
        "barcode",
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
    kind("dpd", "uk-10", "DPD UK", r"\d{10}", Form.BARE, published=False),
    kind(
        "royal_mail",
        "2d",
        "Royal Mail, 2D barcode",
        r"(?P<service>[0-9A-F]{2})(?P<shipper>\d{9})(?P<serial>[0-9A-F]{10})",
        Form.SHARED,
        country="GB",
    ),
    kind(
        "royal_mail",
        "2d-16",
        "Royal Mail, 2D barcode, shorter",
        r"[0-9A-F]{16}",
        Form.SHARED,
        unless=r"\d+",
        country="GB",
        published=False,
    ),
    kind(
        "parcelforce",
        "domestic",
        "Parcelforce, domestic",
        r"[A-Z]{2}\d{7}|[A-Z]{4}\d{10}",
        Form.SHARED,
        country="GB",
    ),
    kind("parcelforce", "export", "Parcelforce, export", r"\d{12}", Form.BARE, country="GB"),
    kind(
        "evri",
        "barcode",
        "Evri",
        r"(?P<service>[A-Z])\d\d[0-9A-Z]{3}\d{10}",
        Form.SHARED,
        country="GB",
        published=False,
    ),
    kind("evri", "digits", "Evri", r"\d{16}", Form.BARE, country="GB", published=False),
    kind(
        "hermes",
        "h",
        "Hermes, Germany",
        r"H\d{19}",
        Form.SHARED,
        country="DE",
        published=False,
    ),
    kind(
        "hermes",
        "digits",
        "Hermes, Germany",
        r"\d{14}",
        Form.BARE,
        country="DE",
        published=False,
    ),
    kind("yodel", "jd", "Yodel", r"J?JD0\d{15}", Form.SHARED, country="GB", published=False),
    kind("gls", "parcel", "GLS", r"\d{11,12}", Form.BARE, published=False),
    kind(
        "gls",
        "track-id",
        "GLS, Track ID",
        r"[0-9A-Z]{8}",
        Form.BARE,
        unless=r"\d+|[A-Z]+",
        published=False,
    ),
    kind(
        "postnl",
        "3s",
        "PostNL",
        r"3S(?:[A-Z]{4}(?:\d{7}|\d{9})|[A-Z]{3}(?:\d{8}|\d{10}))",
        Form.SHARED,
        country="NL",
    ),
    kind("bpost", "barcode", "bpost", r"3232\d{20}", Form.OWN, country="BE", published=False),
    kind(
        "colissimo",
        "parcel",
        "Colissimo",
        _COLISSIMO,
        Form.SHARED,
        check=gs1,
        country="FR",
        published=False,
    ),
    kind(
        "la_poste",
        "letter",
        "La Poste, tracked letter",
        _COLISSIMO,
        Form.SHARED,
        check=gs1,
        country="FR",
        published=False,
    ),
    kind(
        "chronopost",
        "jb",
        "Chronopost",
        r"(?P<service>[A-Z]{2})(?P<body>\d{8})(?P<check>\d)JB",
        Form.OWN,
        check=s10,
        country="FR",
        published=False,
    ),
    kind(
        "tnt",
        "ge",
        "TNT",
        r"GE(?P<body>\d{8})(?P<check>\d)[A-Z]{2}",
        Form.SHARED,
        check=s10,
        published=False,
    ),
    kind(
        "tnt",
        "consignment",
        "TNT consignment",
        r"(?P<body>\d{8})(?P<check>\d)",
        Form.BARE,
        check=s10,
        published=False,
    ),
    kind(
        "posti",
        "jjfi",
        "Posti",
        r"JJFI\d{16,17}",
        Form.OWN,
        country="FI",
        published=False,
    ),
    kind(
        "posten_norge",
        "sscc",
        "Posten Norge, SSCC-18",
        _SSCC % "370",
        Form.SHARED,
        check=gs1,
        country="NO",
    ),
    kind(
        "posten_norge",
        "gsin",
        "Posten Norge, shipment of seventeen digits",
        r"(?P<body>70\d{14})(?P<check>\d)",
        Form.BARE,
        check=gs1,
        country="NO",
        published=False,
    ),
    kind(
        "postnord_sweden",
        "sscc",
        "PostNord, SSCC-18",
        _SSCC % "373",
        Form.SHARED,
        check=gs1,
        country="SE",
    ),
    kind("swiss_post", "domestic", "Swiss Post, domestic", r"9[89]\d{16}", Form.BARE, country="CH"),
    kind("inpost", "parcel", "InPost", r"[56]\d{23}", Form.BARE, country="PL", published=False),
)
