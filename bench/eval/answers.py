"""What `orderproof inspect --json` said of a file, brought to one shape."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]

# Names under which a carrier may be answered, beside the code itself.
_ALIASES = {
    "dhlexpress": "dhl", "dhlparcel": "dhl", "dhlparcelde": "dhl", "dhlpaket": "dhl",
    "dhlecommerce": "dhl", "deutschepost": "dhl", "dhlunified": "dhl",
    "unitedparcelservice": "ups", "unitedstatespostalservice": "usps", "federalexpress": "fedex",
    "colissimo": "laposte", "chronopost": "laposte", "postescanada": "canadapost",
    "amazon": "amazonlogistics", "amzl": "amazonlogistics", "swiship": "amazonlogistics",
    "sfexpress": "sf", "shunfeng": "sf", "chinaems": "ems", "chinapostems": "ems",
    "kuronekoyamato": "yamato", "yamatotransport": "yamato", "auspost": "australiapost",
    "fourpx": "4px", "yun": "yunexpress", "yunexpressyuntrack": "yunexpress",
    "parcels": "parcelsapp", "postnordsweden": "postnord", "dpdgroup": "dpd",
    "posteitaliane": "posteitaliane", "poste": "posteitaliane", "hermes": "evri",
}  # fmt: skip
# Carriers whose marks are one house's: either name is a right answer.
HOUSES = (frozenset({"chinapost", "ems"}),)


def plain(name: str) -> str:
    """A carrier's name without case and punctuation, aliases followed."""
    short = re.sub(r"[^a-z0-9]", "", name.lower())
    return _ALIASES.get(short, short)


def bare(number: str) -> str:
    """A number without the spaces and signs that are print, not number."""
    return re.sub(r"[\s#]", "", number).upper()


@dataclass(frozen=True)
class When:
    """A time that was read. `local` is "2026-03-04T14:05" or "2026-03-04"."""

    text: str
    local: str
    zone_known: bool
    earliest: datetime | None
    latest: datetime | None


@dataclass
class Answer:
    """One file's answers."""

    kind: str = "unknown"
    carrier: str = ""
    delivered: list[When] = field(default_factory=list)
    captured: list[When] = field(default_factory=list)
    tracking: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    stale: bool = False
    foreign: bool = False
    copied: bool = False
    tamper: str = "inconclusive"
    confidence: float | None = None
    boxes: list[tuple[float, float, float, float]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    failed: str = ""


def answers_of(output: str) -> list[tuple[str, Answer]]:
    """(file, answer) of each line; lines that are no JSON objects are passed over."""
    found = []
    for line in output.splitlines():
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict):
            found.append((str(one.get("file", "")), _answer(one)))
    return found


def _answer(found: Json) -> Answer:
    tamper: Json = found.get("tamper") or {}
    answer = Answer(
        kind=found.get("kind") or "unknown",
        carrier=plain(found.get("carrier") or ""),
        tracking={bare(number) for number in found.get("tracking_numbers") or ()},
        orders={bare(number) for number in found.get("order_numbers") or ()},
        tamper=tamper.get("verdict") or "inconclusive",
        confidence=tamper.get("confidence"),
        unread=list(found.get("unread") or ()),
        boxes=[box for one in tamper.get("boxes") or () if (box := _box(one["locator"]))],
    )
    for date in found.get("dates") or ():
        if date["role"] == "delivered":
            answer.delivered.append(_when(date))
        elif date["role"] == "captured":
            answer.captured.append(_when(date))
    for judged in found.get("verdicts") or ():
        codes = {finding["code"] for finding in judged["findings"]}
        failed = judged["verdict"] == "fail"
        match judged["verifier"].split("/")[0]:
            case "marks.freshness":
                answer.stale = failed
            case "matching.asked":
                answer.foreign = failed
            case "marks.origin":
                answer.copied = bool(codes & {"kind-photo", "kind-chat-copy"})
            case "authenticity.items":
                answer.codes = sorted(
                    {one["code"] for one in judged["findings"] if one.get("severity") != "good"}
                )
    answer.copied |= answer.kind in ("chat_screenshot", "photo")
    return answer


def _box(locator: str) -> tuple[float, float, float, float] | None:
    """(left, top, right, bottom) of a locator such as "pixel:10,20,30,5" or "page:1/box:…"."""
    numbers = re.search(r"(?:pixel|box):([\d.]+),([\d.]+),([\d.]+),([\d.]+)$", locator)
    if numbers is None:
        return None
    left, top, width, height = (float(number) for number in numbers.groups())
    return left, top, left + width, top + height


def _when(found: Json) -> When:
    day, time = found.get("day") or "", found.get("time")
    return When(
        text=found["text"],
        local=f"{day}T{time[:5]}" if day and time else day,
        zone_known=bool(found.get("zone_known")),
        earliest=_instant(found.get("earliest")),
        latest=_instant(found.get("latest")),
    )


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
