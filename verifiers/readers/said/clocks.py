"""Times of day as they are written: 14:15, 2:15 P.M., 14h15, 14.15 Uhr, 下午2:15, 午後2時15分."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import time

# A recognition loses the blank behind it: "3:19 PMPackage was delivered". Towns begin with "am".
_GLUED_TO = (
    "package|parcel|item|ship|deliver|out|arriv|depart|left|pick|label|order|carrier|process|receiv"
    "|accept|sort|your"
)
_HALF = (
    r"(?P<half>[ap])\s?\.?\s?m(?:\.|(?![a-z])|(?=(?:e|c|m|p)[sd]?t\b|utc|gmt|cest|cet)"
    rf"|(?={_GLUED_TO}))"
)
_AFTER = {"下午": 12, "晚上": 12, "午後": 12, "오후": 12, "中午": 12,
          "上午": 0, "凌晨": 0, "早上": 0, "午前": 0, "오전": 0}  # fmt: skip
_CJK_HALF = "(?P<cjk>" + "|".join(_AFTER) + ")"
# Arabic has a letter for each half of the day, or the word that begins with it.
_AFTER |= {"م": 12, "ص": 0}
_AFTER |= {"petang": 12, "ptg": 12, "malam": 12, "tengah hari": 12, "pagi": 0}
_ARABIC_HALF = "(?:م|ص)(?=(?:ساء|باح\u064b?ا)?\u064b?(?![\u0621-\u064a]))"
_TAIL = r"(?![\d]|:\d|[.,]\d{1,2}(?!\d))"

_SHAPES = (
    # 下午 2:15, 午後2時15分, 14时15分20秒
    re.compile(
        rf"{_CJK_HALF}?\s?(?<!\d)(?P<h>\d{{1,2}})\s?[時时点點시]\s?(?:(?P<m>\d{{1,2}})\s?[分분]\s?)?"
        r"(?:(?P<s>\d{1,2})\s?[秒초])?"
    ),
    re.compile(rf"{_CJK_HALF}\s?(?P<h>\d{{1,2}}):(?P<m>\d{{2}})(?::(?P<s>\d{{2}}))?(?!\d)"),
    # 2:15 下午, as programs put it that were translated; 2:15 م
    re.compile(
        r"(?<![\d.,:/-])(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2}))?\s?"
        rf"(?P<cjk>上午|下午|午前|午後|오전|오후|{_ARABIC_HALF}"
        r"|(?:petang|ptg|malam|tengah hari|pagi)(?![a-z]))(?!\s?\d)"
    ),
    # 2:15P, as carriers' terminals print it
    re.compile(r"(?<![\d.,:/-])(?P<h>\d{1,2}):(?P<m>\d{2})(?P<half>[ap])(?![a-z\d.]|\sm)"),
    # 14:15:22, 2:15 pm, 2.15 pm, 2 pm
    re.compile(
        r"(?<![\d.:/+-])(?<!\d,)(?P<h>\d{1,2})\s?:\s?(?P<m>\d{2})(?:\s?:\s?(?P<s>\d{2})(?:[.,]\d{1,9})?)?"
        rf"(?!\d|:\d)(?:\s?{_HALF}|\s?(?:uhr|uur|hrs?|h)(?![a-z\d]))?"
    ),
    re.compile(rf"(?<![\d.,:/-])(?P<h>\d{{1,2}})\.(?P<m>\d{{2}})\s?{_HALF}"),
    re.compile(rf"(?<![\d.,:/-])(?P<h>\d{{1,2}})\s?{_HALF}"),
    # 14h15, 14 h 15, 14u15; 14.15 Uhr, 14 Uhr, kl. 14.15
    re.compile(r"(?<![\d.,:/-])(?P<h>\d{1,2})\s?[hu]\s?(?P<m>\d{2})(?:\s?m(?:in)?\.?)?(?![\da-z])"),
    re.compile(r"(?<![\d.,:/-])(?P<h>\d{1,2})(?:\.(?P<m>\d{2}))?\s?(?:uhr|uur|น\.)(?![a-z])"),
    # One of Indonesia's zones tells a time whose sign is a point.
    re.compile(r"(?<![\d.,:/-])(?P<h>\d{1,2})\.(?P<m>\d{2})(?=\s?wi(?:b|t|ta)(?![a-z]))"),
    re.compile(
        r"(?<![a-z])(?:kl\.?|klo|kello|pukul|jam|ore|alle|a\slas|as|h\.?|godz\.?)\s?(?P<h>\d{1,2})\.(?P<m>\d{2})(?!\d)"
    ),
    # The T of ISO 8601's basic form
    re.compile(r"(?<=\d)t(?P<h>\d{2})(?P<m>\d{2})(?P<s>\d{2})?(?!\d)"),
    # Right behind a day that lost its space, or behind its T
    re.compile(r"(?<=\dt)(?P<h>\d{2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,]\d{1,9})?)?(?!\d)"),
)
_GLUED = re.compile(
    r"(?P<h>\d{2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,]\d{1,9})?)?(?!\d)" rf"(?:\s?{_HALF})?"
)
# Behind a day whose comma or last point lost its space: 2026-03-27,1:32 pm, 2026.3.27.13:32
_BEHIND_COMMA = re.compile(
    rf"[,.](?P<h>\d{{1,2}}):(?P<m>\d{{2}})(?::(?P<s>\d{{2}}))?(?!\d|:\d)(?:\s?{_HALF})?"
)


@dataclass(frozen=True, slots=True)
class WrittenClock:
    """A time of day between two positions of a line; `unit_s` is 1, 60 or 3600 as it is written."""

    start: int
    end: int
    at: time
    unit_s: float


def clocks_in(text: str, glued: tuple[int, ...] = ()) -> list[WrittenClock]:
    """Every time of day in a folded line; `glued` are where a day ended before a digit or comma."""
    if not any(character.isdigit() for character in text):
        return []
    found: list[WrittenClock] = []
    for one in _all(text, glued):
        if not any(one.start < other.end and other.start < one.end for other in found):
            found.append(one)
    return sorted(found, key=lambda one: one.start)


def _all(text: str, glued: tuple[int, ...]) -> Iterator[WrittenClock]:
    for place in glued:
        shape = _GLUED if text[place : place + 1].isdigit() else _BEHIND_COMMA
        if (match := shape.match(text, place)) and (clock := _clock(match)):
            yield replace(clock, start=match.start("h"))
    for shape in _SHAPES:
        for match in shape.finditer(text):
            if clock := _clock(match):
                yield clock


def _clock(match: re.Match[str]) -> WrittenClock | None:
    said = match.groupdict()
    hour, minute, second = int(said["h"]), said.get("m"), said.get("s")
    half, cjk = said.get("half"), said.get("cjk")
    if half:
        if not 1 <= hour <= 12:
            # "14:15 PM" is said by some programs, and means what it says without PM.
            if half == "a" or hour > 23 or minute is None:
                return None
        else:
            hour = hour % 12 + (12 if half == "p" else 0)
    elif cjk and hour <= 12:
        hour = 12 if cjk == "中午" and hour == 12 else hour % 12 + _AFTER[cjk]
        hour = 11 if cjk == "中午" and hour == 23 else hour
    try:
        at = time(hour, int(minute or 0), min(int(second or 0), 59))
    except ValueError:
        return None
    unit_s = 1.0 if second else 60.0 if minute else 3600.0
    return WrittenClock(match.start(), match.end(), at, unit_s)
