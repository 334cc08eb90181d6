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


def _of(channel: str) -> str:
    """The beginning of a number: ZIP code, then who prints it, and the service."""
    return rf"{_ZIP}(?P<core>(?P<body>(?P<channel>{channel})(?P<service>\d{{3}})"


def _made_by(shipper: str, serial: str) -> str:
    """A number of a commercial mailer: 92 or 93, service, the mailer's id, serial, check digit."""
    return _of("9[23]") + rf"(?P<shipper>{shipper})(?P<serial>{serial}))(?P<check>\d))"


# A mailer's id has nine digits if it begins with 9, else six. Both lengths of number are in use.
_SHAPES = {
    "impb": _of("9[45]") + r"\d{16})(?P<check>\d))",
    "impb-22-9": _made_by(r"9\d{8}", r"\d{7}"),
    "impb-22-6": _made_by(r"[0-8]\d{5}", r"\d{10}"),
    "impb-26-9": _made_by(r"9\d{8}", r"\d{11}"),
    "impb-26-6": _made_by(r"[0-8]\d{5}", r"\d{14}"),
}

# As in the examples that usps.com gives for each service; Publication 199 has hundreds more.
_SERVICES = {
    "001": "USPS Tracking",
    "021": "Signature Confirmation",
    "033": "Collect on Delivery",
    "055": "Priority Mail",
    "073": "Certified Mail",
    "088": "Registered Mail",
    "701": "Priority Mail Express",
    # of twenty digits
    "03": "Delivery Confirmation",
    "23": "Signature Confirmation",
    "70": "Certified Mail",
}


def _under_91(body: str) -> str:
    """The digit of a number that was printed without the AI 91 it was made with."""
    return gs1("91" + body)


def _under_92(body: str) -> str:
    return gs1("92" + body)


def _handed_over(carrier: str, title: str, *, published: bool = True) -> Iterator[Kind]:
    """Numbers of USPS's under which `carrier` brings parcels that USPS delivers."""
    for length in (22, 26):
        yield kind(
            carrier,
            f"usps-{length}",
            title,
            _of("9[23]") + rf"\d{{{length - 6}}})(?P<check>\d))",
            Form.SHARED,
            check=gs1,
            country="US",
            published=published,
        )


KINDS = (
    *(
        kind(
            "usps",
            name,
            "USPS package",
            shape,
            Form.OWN,
            check=gs1,
            services=_SERVICES,
            country="US",
        )
        for name, shape in _SHAPES.items()
    ),
    kind(
        "usps",
        "impb-26",
        "USPS package, longer than Publication 199 has it",
        _of("9[145]") + r"\d{20})(?P<check>\d))",
        Form.SHARED,
        check=gs1,
        country="US",
        published=False,
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
        services=_SERVICES,
        country="US",
    ),
    kind(
        "usps",
        "pic-91",
        "USPS confirmation number, its AI 91 left out",
        rf"{_ZIP}(?P<core>(?P<body>(?P<service>\d\d)(?P<shipper>\d{{9}})(?P<serial>\d{{8}}))"
        r"(?P<check>\d))",
        Form.BARE,
        check=_under_91,
        country="US",
    ),
    kind("usps", "gxg", "USPS Global Express Guaranteed", r"82\d{8}", Form.BARE, country="US"),
    *_handed_over("ups", "UPS SurePost or Mail Innovations, delivered by USPS"),
    *_handed_over("fedex", "FedEx Ground Economy, delivered by USPS"),
    *_handed_over("dhl", "DHL eCommerce, delivered by USPS", published=False),
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
