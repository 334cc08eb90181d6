"""Labels: words of labels.toml that say what happened at a moment, where they stand in a line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from verifiers.readers.said.moments import MAX_LINE
from verifiers.readers.said.words import moment_words
from verifiers.readers.said.zones_said import WrittenZone, zone_in_brackets


class Told(StrEnum):
    """What a moment is of."""

    PROMISED = "promised"
    EXCEPTION = "exception"
    OUT = "out_for_delivery"
    ORDERED = "ordered"
    PAID = "paid"
    LABEL = "label"
    SHIPPED = "shipped"
    ACCEPTED = "accepted"
    TRANSIT = "in_transit"
    CAPTURED = "captured"
    UPDATED = "updated"
    DELIVERED = "delivered"
    # Of the order, and of nothing that is asked: when it can be returned, when money came back.
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Label:
    """Words between two positions of a line.

    firm   with a colon behind them: "Delivered on:"
    field  they name a date or a time, "Ship date": what they are of does not stand before them
    zone   that stands in brackets behind them: "Delivered (UTC+8)"
    """

    start: int
    end: int
    told: Told
    firm: bool
    field: bool = False
    zone: WrittenZone | None = None


# A column or a field that names no event: its value's own words decide.
_COLON = re.compile(r"\s?[:|]")
_FIELD = re.compile(
    r"(?:date|time|datum|zeit|tag|fecha|hora|data|heure|日期?|时间|時間|日時)$|^(?:date|fecha|data|heure|hora|ngay|tanggal|tarikh|waktu|تاريخ|وقت)\s"
    r"|\s(?:on|am|le|el|il|em|op|den|dnia|vom)$|^(?:วันที่|เวลา)|เมื่อ$"
)
_ASKED = re.compile(r"\s?[?？]")
# Words that say the opposite of what follows, or speak of somebody else's act.
_NOT = re.compile(
    r"(?:\bnot?|noch nicht|nicht|\bnon|\bno|\bnao|\bniet|\bnie|未|没有|尚未|待|等待"
    r"|ยังไม่(?:ได้)?|ไม่|لم|لا|\bchua|\bkhong|\bbelum|\btidak|\btak)\s?"
    r"(?:yet\s|been\s)*$"
)
# The same, but for words that are the end of another field's value: "Insured: No Shipped: 12 Nov".
_NOT_YET = re.compile(
    r"(?:\bnot|nicht|\bniet|\bnon ancora|\baun no|\btodavia no|\bainda nao|未|没有|尚未|等待"
    r"|ยังไม่(?:ได้)?|\bchua|\bbelum)\s?(?:yet\s|been\s)*$"
)
# What comes, is sent and is brought as well as a parcel: "Claim received on 12 Nov".
_OF_NO_PARCEL = re.compile(
    r"(?<![a-z])(?:claim|return|enquiry|inquiry|case|message|sms|text|notification|e-?mail|review|comment"
    r"|feedback|ticket|complaint|dispute|appeal|refund|request|response|reply|invoice|report|rating)s?"
    r"\s(?:(?:was|were|has\sbeen|have\sbeen|is)\s)?$"
)
_STEPS = frozenset({Told.PAID, Told.LABEL, Told.SHIPPED, Told.ACCEPTED, Told.TRANSIT, Told.OUT})


def labels_in(folded: str) -> list[Label]:
    """Every label of a folded line, from left to right; none overlaps another.

    Programs write "out_for_delivery".
    """
    return list(_labels_in(folded[:MAX_LINE].replace("_", " ")))


# Who puts wrapped lines together asks for each line first.
@lru_cache(maxsize=2048)
def _labels_in(text: str) -> tuple[Label, ...]:
    found: list[Label] = []
    for name, shape in moment_words():
        for match in shape.finditer(text):
            if any(match.start() < one.end and one.start < match.end() for one in found):
                continue
            told = Told(name)
            if _ASKED.match(text, match.end()):
                continue  # "was this delivered?" says of nothing when it was
            before = text[: match.start()]
            if told is Told.DELIVERED and _NOT.search(before):
                told = Told.EXCEPTION
            elif told in _STEPS and _NOT_YET.search(before):
                told = Told.OTHER
            if told in _STEPS | {Told.DELIVERED} and _OF_NO_PARCEL.search(before):
                told = Told.OTHER
            zone = zone_in_brackets(text, match.end())
            end = zone.end if zone else match.end()
            firm = bool(_COLON.match(text, end))
            field = _FIELD.search(match[0].strip()) is not None
            found.append(Label(match.start(), end, told, firm, field, zone))
    return tuple(sorted(found, key=lambda one: one.start))
