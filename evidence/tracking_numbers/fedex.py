"""FedEx Express and Ground.

Sources: FedEx, "Barcode and label specifications" (ASTRA 32 and 34 digits; Ground 96, SSCC-18);
fedex.com, "How do I find my tracking number?" (12, 15, 20, 22 digits, door tags). Express's check
digit covers the eleven or thirteen digits before it, Ground's the fourteen.
"""

from evidence.tracking_numbers.checks import fedex, gs1
from evidence.tracking_numbers.kind import Form, kind

KINDS = (
    kind(
        "fedex",
        "express-34",
        "FedEx barcode",
        r"[0-8]\d{14}(?P<zip>\d{5})(?:00)?(?P<core>(?P<body>\d{11}|\d{13})(?P<check>\d))",
        Form.OWN,
        check=fedex,
    ),
    kind(
        "fedex",
        "ground-34",
        "FedEx Ground barcode",
        r"96\d{7}(?P<shipper>\d{10})\d(?:00)?(?P<core>(?P<body>\d{11}|\d{13})(?P<check>\d))",
        Form.OWN,
        check=fedex,
    ),
    kind(
        "fedex",
        "astra-32",
        "FedEx Express barcode, older",
        r"3\d{15}(?P<core>(?P<body>\d{11})(?P<check>\d))\d{4}",
        Form.OWN,
        check=fedex,
    ),
    kind(
        "fedex",
        "ground-96",
        "FedEx Ground, 96",
        r"96\d{2}(?P<service>\d{3})(?P<body>(?P<shipper>\d{7})(?P<serial>\d{7}))(?P<check>\d)",
        Form.OWN,
        check=gs1,
    ),
    kind("fedex", "door-tag", "FedEx door tag", r"DT\d{12}", Form.OWN),
    kind("fedex", "freight", "FedEx Freight", r"\d{9,10}", Form.BARE, published=False),
    kind("fedex", "express-12", "FedEx", r"(?P<body>\d{11})(?P<check>\d)", Form.BARE, check=fedex),
    kind(
        "fedex",
        "ground-15",
        "FedEx Ground",
        r"(?P<body>(?P<shipper>\d{7})(?P<serial>\d{7}))(?P<check>\d)",
        Form.BARE,
        check=gs1,
    ),
    kind(
        "fedex",
        "ground-sscc",
        "FedEx Ground, SSCC-18",
        r"(?P<body>(?P<container>0[0124])\d{15})(?P<check>\d)",
        Form.BARE,
        check=gs1,
    ),
)
