"""A tracking number as people and scanners write it, made plain: capitals and digits."""

from __future__ import annotations

import re
from string import ascii_lowercase, ascii_uppercase

# Longer than any number, label and barcode prefix together; what is longer is no number.
LONGEST = 120

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_CAPITALS = str.maketrans(ascii_lowercase, ascii_uppercase)  # upper() makes SS of ß
# GS1 application identifiers are printed in brackets.
_BRACKETS = re.compile(r"\(([0-9]{2,4})\)")
_PREFIXES = (
    re.compile(  # "Tracking no.: ", "运单号 ", "Royal Mail: "
        r"""(?: (?:track(?:ing)?|shipment|parcel|package|consignment|way-?bill|awb|item|pro)
                (?:\ ?(?:number|nummer|no|nr|num|id|code|\#))? \.?
              | (?:运单|運單|运|運|物流|快递|快遞|追踪|追蹤|跟踪|货运|包裹|面单)?
                (?:单号|單號|号码|號碼|编号)
            ) (?: \s*[:=\#]+\s* | \s+ )
          | (?:ups|usps|fedex|dhl|dpd|gls|royal\ mail|canada\ post|yunexpress|amazon|顺丰|云途|邮政)
            \s*[:=\#]+\s*
          # followed by a space only: names with which no number of any carrier begins
          | (?:ups|usps|fedex|dhl|yunexpress|顺丰|云途|邮政)\s+""",
        re.VERBOSE | re.IGNORECASE,
    ),
    # A symbology identifier (ISO/IEC 15424): a scanner puts ]C1 in front of GS1-128.
    re.compile(r"\][A-Za-z][0-9A-Za-z]"),
)
# Spaces, hyphens and dashes of every width, what has no width, FNC1 as a scanner sends it, the
# percent sign before a DPD barcode, the stars around Code 39.
_BETWEEN = re.compile(
    r"[\s\u00ad\u180e\u200b-\u200f\u2060\ufeff\x1d%*\-\u2010-\u2015\u2212\u00b7]+"
)


def normalize(text: str) -> str:
    """`text` without what people and scanners put around and between: "1z 999-aa1" -> "1Z999AA1".

    Full-width signs become plain ones, a label ("Tracking no.:", "运单号：", "UPS:") and brackets
    around application identifiers go. Whatever else is no capital or digit stays, so that it is not
    taken for a number.
    """
    plain = text[: LONGEST + 1].translate(_FULL_WIDTH).strip()
    while found := next(filter(None, (prefix.match(plain) for prefix in _PREFIXES)), None):
        plain = plain[found.end() :]
    return _BETWEEN.sub("", _BRACKETS.sub(r"\1", plain)).translate(_CAPITALS)
