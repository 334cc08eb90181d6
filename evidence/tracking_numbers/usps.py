"""USPS: the Intelligent Mail package barcode (IMpb), older confirmation numbers, and whose parcels
other carriers hand to USPS under its numbers.

Sources: USPS Publication 199 (IMpb, constructs and check digit), Publication 91 (confirmation
services, 20 digits with AI 91), Publication 109 (extra services); usps.com, "What does a USPS
tracking number look like?". ZIP code and 420 take no part in the check digit.
"""

from collections.abc import Iterator

from evidence.tracking_numbers.checks import gs1
from evidence.tracking_numbers.kind import Form, Kind, kind

_ZIP = r"(?:420(?P<zip>\d{5}(?:\d{4})?))?"
# Under 92 and 93 a mailer's id follows the service: nine digits if it begins with 9, else six.
_MAILER = (
    rf"{_ZIP}(?P<core>(?P<body>(?P<channel>9[23])(?P<service>\d{{3}})"
    r"(?P<shipper>(?P<_nine>9)\d{8}|[0-8]\d{5})(?P<serial>(?(_nine)%s)))(?P<check>\d))"
)
_22 = rf"{_ZIP}(?P<core>(?P<body>(?P<channel>9[45])(?P<service>\d{{3}})\d{{16}})(?P<check>\d))"
_22_MAILER = _MAILER % r"\d{7}|\d{10}"
_26_MAILER = _MAILER % r"\d{11}|\d{14}"

# The commonest service type codes of Publication 199, appendix; others are left without words.
_SERVICES = {
    "001": "Priority Mail",
    "055": "Priority Mail, USPS Tracking",
    "612": "Parcel Select Lightweight",
}


def _under_91(body: str) -> str:
    """The digit of a number that was printed without the AI 91 it was made with."""
    return gs1("91" + body)


def _under_92(body: str) -> str:
    return gs1("92" + body)


def _handed_over(carrier: str, title: str) -> Iterator[Kind]:
    """Numbers of USPS's under which `carrier` brings parcels that USPS delivers."""
    for digits, shape in ((22, _22_MAILER), (26, _26_MAILER)):
        yield kind(carrier, f"usps-{digits}", title, shape, Form.SHARED, check=gs1, country="US")


KINDS = (
    *(
        kind("usps", name, title, shape, Form.OWN, check=gs1, services=_SERVICES, country="US")
        for name, title, shape in (
            ("impb", "USPS package", _22),
            ("impb-mailer", "USPS package of a commercial mailer", _22_MAILER),
            ("impb-mailer-26", "USPS package of a commercial mailer", _26_MAILER),
        )
    ),
    kind(
        "usps",
        "confirmation",
        "USPS confirmation number under AI 91",
        rf"{_ZIP}(?P<core>(?P<body>91(?P<service>\d\d)(?P<shipper>\d{{9}})(?P<serial>\d{{8}}))"
        r"(?P<check>\d))",
        Form.OWN,
        check=gs1,
        country="US",
    ),
    kind(
        "usps",
        "pic",
        "USPS package identification code",
        r"(?P<body>(?P<service>\d\d)(?P<shipper>\d{9})(?P<serial>\d{8}))(?P<check>\d)",
        Form.BARE,
        check=gs1,
        country="US",
    ),
    kind(
        "usps",
        "pic-91",
        "USPS confirmation number, its AI 91 left out",
        r"(?P<body>(?P<service>\d\d)(?P<shipper>\d{9})(?P<serial>\d{8}))(?P<check>\d)",
        Form.BARE,
        check=_under_91,
        country="US",
    ),
    kind("usps", "gxg", "USPS Global Express Guaranteed", r"82\d{8}", Form.BARE, country="US"),
    *_handed_over("ups", "UPS SurePost or Mail Innovations, delivered by USPS"),
    *_handed_over("fedex", "FedEx Ground Economy, delivered by USPS"),
    *_handed_over("dhl", "DHL eCommerce, delivered by USPS"),
    kind(
        "fedex",
        "ground-economy-20",
        "FedEx Ground Economy, its AI 92 left out",
        r"(?P<body>(?P<service>\d{3})\d{16})(?P<check>\d)",
        Form.BARE,
        check=_under_92,
        country="US",
    ),
)
