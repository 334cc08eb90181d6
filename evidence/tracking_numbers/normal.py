"""A tracking number as people and scanners write it, made plain: capitals and digits."""

from __future__ import annotations

import re

# Longer than any number, label and barcode prefix together; what is longer is no number.
LONGEST = 120

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
# A symbology identifier (ISO/IEC 15424), such as ]C1 before GS1-128, which a scanner puts in front.
_SCANNED = re.compile(r"\][A-Za-z][0-9A-Za-z]")
# GS1 application identifiers are printed in brackets.
_BRACKETS = re.compile(r"\(([0-9]{2,4})\)")
_LABEL = re.compile(
    r"""(?: (?:track(?:ing)?|shipment|parcel|package|consignment|waybill|air\ waybill|awb|item|pro)
            (?:\ ?(?:number|nummer|no|nr|num|id|code|\#))? \.?
          | (?:运单|運單|运|運|物流|快递|快遞|追踪|追蹤|跟踪|货运|包裹|面单)?
            (?:单号|單號|号码|號碼|编号)
          | (?:ups|usps|fedex|dhl|dpd|gls|royal\ mail|canada\ post|yunexpress|amazon|顺丰|云途|邮政)
        )\s*[:=\#：]+\s*""",
    re.VERBOSE | re.IGNORECASE,
)
# A carrier's name and a space, where no number of any carrier begins with the name's letters.
_NAMED = re.compile(r"(?:ups|usps|fedex|dhl|yunexpress|顺丰|云途|邮政)\s+", re.IGNORECASE)
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
    for prefix in (_LABEL, _NAMED, _SCANNED):
        if found := prefix.match(plain):
            plain = plain[found.end() :]
    return _BETWEEN.sub("", _BRACKETS.sub(r"\1", plain)).upper()
