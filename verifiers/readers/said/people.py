"""Who took the parcel and where it was left, as far as a line says."""

from __future__ import annotations

import re

from verifiers.readers.said.fold import fold
from verifiers.readers.said.moments import MAX_LINE

_TAKEN_BY = re.compile(
    r"(?:(?<![a-z])(?:signed|received|accepted)(?:\sfor)?\sby|(?<![a-z])(?:empfangen|unterschrieben|entgegengenommen)\svon"
    r"|(?<![a-z])(?:recu|signe)e?\spar|(?<![a-z])(?:recibido|firmado)\spor|(?<![a-z])(?:ricevuto|firmato)\sda"
    r"|(?<![a-z])(?:recebido|assinado)\spor|(?<![a-z])(?:ontvangen|getekend)\sdoor|签收人|簽收人|受取人|(?:ผู้(?:เซ็น)?รับ|เซ็นรับโดย|ผู้ลงนาม)(?:พัสดุ|สินค้า)?"
    r"|(?:استلمها|استلم|اسم\sالمستلم|التوقيع|موقع)\s?(?:بواسطة|من)?)\s*[:]\s*(\S.{0,78})"
)
_LEFT_AT = re.compile(
    r"^\s*(?:left\sat|delivery\slocation|location\sof\sdelivery|abgelegt|ablageort|lieu\sde\slivraison"
    r"|lugar\sde\sentrega|luogo\sdi\sconsegna|投递地点|签收地点)\s*[:]\s*(\S.{0,78})"
)


def taken_by(line: str) -> str | None:
    """Who signed or received: "Signed for by: M CARTER"."""
    return _value(_TAKEN_BY, line)


def left_at(line: str) -> str | None:
    """Where it was left: "Left at: Front door"."""
    return _value(_LEFT_AT, line)


def _value(shape: re.Pattern[str], line: str) -> str | None:
    match = shape.search(fold(line[:MAX_LINE]))
    if match is None:
        return None
    value = re.split(r"\s{3,}|\t", line[match.start(1) : match.end(1)])[0].strip(" .;,:：")
    return value or None
