"""DHL: Express, Parcel (Germany and others), eCommerce.

Sources: dhl.com, "Tracking ID" help (formats a division); DHL Express, waybill number (the tenth
digit is the first nine modulo 7); ISO/IEC 15459 licence plates (J, then the agency JD or VGL: no
check digit); Deutsche Post, "Identcode" (weights 4 and 9) and NVE/SSCC (GS1) on DHL Paket labels.
"""

from evidence.tracking_numbers.checks import gs1, identcode, mod7
from evidence.tracking_numbers.kind import Form, kind

# An item of a post is the post's; those of Germany's are DHL's too (posts.py).
_S10 = r"[A-Z]{2}\d{9}[A-Z]{2}"

_YODEL = r"JJD0\d{15}"  # which Yodel prints too

KINDS = (
    kind("dhl", "piece", "DHL piece", r"J(?:JD|VGL)\d{9,20}", Form.OWN, unless=_YODEL),
    kind(
        "dhl",
        "piece-16",
        "DHL piece, of a shape that Yodel has too",
        _YODEL,
        Form.SHARED,
        published=False,
    ),
    kind(
        "dhl", "piece-jd", "DHL piece, its J left out", r"JD\d{16,18}", Form.SHARED, published=False
    ),
    kind(
        "dhl",
        "piece-other",
        "DHL piece",
        r"J[A-Z]{2,3}\d{9,10}",
        Form.SHARED,
        unless=r"J(?:JD|VGL).*",
    ),
    kind(
        "dhl",
        "parcel-nl",
        "DHL Parcel Benelux",
        r"3S[A-Z]{2,4}\d{6,13}",
        Form.SHARED,
    ),
    kind(
        "dhl",
        "parcel-de-20",
        "DHL Paket",
        r"(?P<body>0034043\d{12})(?P<check>\d)",
        Form.OWN,
        check=gs1,
        country="DE",
    ),
    kind(
        "dhl",
        "sscc",
        "DHL, SSCC-18",
        r"00(?P<body>\d{17})(?P<check>\d)",
        Form.BARE,
        check=gs1,
    ),
    kind(
        "dhl",
        "parcel-de-12",
        "DHL Paket, Identcode",
        r"(?P<body>\d{11})(?P<check>\d)",
        Form.BARE,
        check=identcode,
        country="DE",
    ),
    kind(
        "dhl", "express-10", "DHL Express", r"(?P<body>\d{9})(?P<check>\d)", Form.BARE, check=mod7
    ),
    kind(
        "dhl",
        "express-11",
        "DHL Express, eleven digits",
        r"(?P<body>\d{10})(?P<check>\d)",
        Form.BARE,
        check=mod7,
        published=False,
    ),
    kind("dhl", "ecommerce-gm", "DHL eCommerce", r"GM\d[0-9A-Z]{9,38}", Form.OWN),
    kind(
        "dhl",
        "ecommerce",
        "DHL eCommerce",
        r"(?:LX|RX|UV|CN|SG|TH|IN|HK|MY)\d[0-9A-Z]{9,38}",
        Form.SHARED,
        unless=_S10,
    ),
    kind("dhl", "ecommerce-14", "DHL eCommerce or Freight", r"\d{14}", Form.BARE),
    kind(
        "dhl",
        "forwarding",
        "DHL Global Forwarding",
        r"\d{7}|\d[A-Z]{2}\d{4,6}|[A-Z]{3,4}\d{6}",
        Form.BARE,
    ),
    kind("dhl", "freight", "DHL Freight", r"[A-Z]{2,3}[A-Z]{2,3}\d{7}|\d{9}", Form.BARE),
)
