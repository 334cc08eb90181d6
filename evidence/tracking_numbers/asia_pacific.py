"""Carriers of Japan, Australia and the Gulf, beside their posts' international items.

Sources: Yamato, Sagawa and Japan Post print the remainder by 7 as the twelfth digit (Codabar
labels). Australia Post, eParcel article: the merchant's location, consignment, article, product,
service and a check digit, how it is made is not published; StarTrack, consignment.
"""

from evidence.tracking_numbers.checks import mod7
from evidence.tracking_numbers.kind import Form, kind

_SEVEN = r"(?P<body>\d{11})(?P<check>\d)"
_DIGITS = r"\d+"  # these have a letter: digits alone would be anybody's

KINDS = (
    kind("aramex", "digits", "Aramex", r"\d{11}", Form.BARE, published=False),
    kind(
        "yamato", "digits", "Yamato", _SEVEN, Form.BARE, check=mod7, country="JP", published=False
    ),
    kind(
        "sagawa", "digits", "Sagawa", _SEVEN, Form.BARE, check=mod7, country="JP", published=False
    ),
    kind(
        "japan_post",
        "digits",
        "Japan Post, domestic",
        _SEVEN,
        Form.BARE,
        check=mod7,
        country="JP",
        published=False,
    ),
    kind(
        "australia_post",
        "article",
        "Australia Post article",
        r"(?:0199312650999998(?:91)?)?"
        r"(?P<core>(?P<shipper>33[0-9A-Z]{3})(?P<consignment>\d{7})(?P<article>\d\d)\d{9})",
        Form.OWN,
        country="AU",
        published=False,
    ),
    kind(
        "australia_post",
        "article-short",
        "Australia Post article, three characters of location",
        r"(?:0199312650999998(?:91)?)?"
        r"(?P<core>(?P<shipper>[0-9A-Z]{3})(?P<consignment>\d{7})(?P<article>\d\d)(?:\d{9}|\d{4}))",
        Form.SHARED,
        unless=r"\d+|LP\d{14}",
        country="AU",
        published=False,
    ),
    kind(
        "australia_post",
        "article-997",
        "Australia Post article barcode, older",
        r"997(?:001|016)\d\d(?P<core>[0-9A-Z]{3}\d{13})",
        Form.OWN,
        country="AU",
    ),
    kind(
        "australia_post",
        "consignment",
        "Australia Post consignment",
        r"(?:33[0-9A-Z]{3}|[0-9A-Z]{3})\d{7}",
        Form.SHARED,
        unless=_DIGITS,
        country="AU",
        published=False,
    ),
    kind(
        "startrack",
        "consignment",
        "StarTrack consignment",
        r"[0-9A-Z]{4}\d{8}",
        Form.SHARED,
        unless=_DIGITS,
        country="AU",
        published=False,
    ),
)
