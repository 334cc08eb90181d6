"""Carriers of the United States, Canada and Mexico."""

from evidence.tracking_numbers.checks import gs1, ups
from evidence.tracking_numbers.kind import Form, kind

KINDS = (
    kind(
        "amazon",
        "tb",
        "Amazon Logistics",
        r"TB(?P<country>[ACM])(?P<serial>\d{12})",
        Form.OWN,
        countries={"A": "US", "C": "CA", "M": "MX"},
    ),
    kind(
        "amazon", "international", "Amazon Logistics", r"[AFC]\d{10}", Form.SHARED, published=False
    ),
    kind(
        "canada_post",
        "pin-16",
        "Canada Post",
        r"(?P<body>(?P<shipper>\d{7})(?P<serial>\d{8}))(?P<check>\d)",
        Form.BARE,
        check=gs1,
        country="CA",
    ),
    kind("canpar", "barcode", "Canpar", r"(?P<service>[CDKLSUXZ])\d{21}", Form.OWN, country="CA"),
    kind("gofo", "us", "GOFO Express", r"GFUS\d{14}", Form.OWN, country="US"),
    kind("landmark", "ltn", "Landmark Global", r"LTN\d{8}N1", Form.OWN),
    kind("lasership", "lx", "LaserShip", r"L[AIEHNX][1-3]\d{7}", Form.SHARED, country="US"),
    kind("lasership", "1ls7-15", "LaserShip", r"1LS7[12]\d{10}", Form.OWN, country="US"),
    kind(
        "lasership", "1ls7-18", "LaserShip", r"1LS7[12]\d{2}01[1-4]\d{6}1", Form.OWN, country="US"
    ),
    kind("lasership", "1lscx", "LaserShip", r"1LSCX[0-9A-Z]{10}", Form.OWN, country="US"),
    kind(
        "ontrac",
        "c-d",
        "OnTrac",
        r"(?P<body>(?P<service>[CD])\d{13})(?P<check>\d)",
        Form.OWN,
        check=ups,
        country="US",
        published=False,
    ),
)
