"""DHL: Express, Parcel (Germany and others), eCommerce.

Sources: dhl.com, "Tracking ID" help (formats a division); DHL Express, waybill number (the tenth
digit is the first nine modulo 7); ISO/IEC 15459 licence plates (J, then the agency JD or VGL: no
check digit); Deutsche Post, "Identcode" (weights 4 and 9) and NVE/SSCC (GS1) on DHL Paket labels.
"""

from evidence.tracking_numbers.checks import gs1, identcode, mod7
from evidence.tracking_numbers.kind import Form, kind

# Thirteen characters of the post's form are not taken for DHL's; Germany's are in posts.py.
_NOT_S10 = r"(?![A-Z]{2}\d{9}[A-Z]{2}$)"

KINDS = (
    kind("dhl", "piece", "DHL piece", r"J(?:JD|VGL)\d{9,20}", Form.OWN),
    kind("dhl", "piece-jd", "DHL piece, its J left out", r"JD\d{16,18}", Form.SHARED),
    kind("dhl", "piece-other", "DHL piece", r"J(?!JD|VGL)[A-Z]{2,3}\d{9,10}", Form.SHARED),
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
        rf"{_NOT_S10}(?:LX|RX|UV|CN|SG|TH|IN|HK|MY)\d[0-9A-Z]{{9,38}}",
        Form.SHARED,
    ),
    kind("dhl", "ecommerce-14", "DHL eCommerce", r"\d{14}", Form.BARE),
)
