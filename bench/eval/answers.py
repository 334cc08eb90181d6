"""What `orderproof inspect --json` said of a file, brought to one shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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
    "parcels": "parcelsapp",
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
    failed: str = ""


def answers_of(output: str) -> list[tuple[Json, Answer]]:
    """Each object of the output with its answer; lines that are no JSON are passed over."""
    return [(one, _answer(one)) for one in _objects(output)]


def _objects(output: str) -> Iterator[Json]:
    try:
        whole = json.loads(output)
    except ValueError:
        whole = []
        for line in output.splitlines():
            try:
                whole.append(json.loads(line))
            except ValueError:
                continue
    if isinstance(whole, dict):
        whole = whole.get("files", [whole])
    for one in whole:
        if isinstance(one, dict):
            yield one


def _answer(found: Json) -> Answer:
    tamper = found.get("tamper")
    shape = tamper if isinstance(tamper, dict) else {"verdict": tamper}
    answer = Answer(
        kind=str(found.get("kind") or "unknown"),
        carrier=plain(_word(found.get("carrier"))),
        tracking={bare(_word(one)) for one in found.get("tracking_numbers") or []},
        orders={bare(_word(one)) for one in found.get("order_numbers") or []},
        tamper=str(shape.get("verdict") or shape.get("result") or "inconclusive"),
        confidence=shape.get("confidence"),
        boxes=[_box(one) for one in shape.get("boxes") or []],
    )
    for one in found.get("dates") or []:
        name = str(one.get("name") or one.get("role") or one.get("what") or "")
        if "deliver" in name and not any(w in name for w in ("estimat", "expect", "plan", "out")):
            answer.delivered.append(_when(one))
        elif "captur" in name or "print" in name:
            answer.captured.append(_when(one))
    _verdicts(found.get("verdicts"), answer)
    answer.copied |= answer.kind in ("chat_screenshot", "photo")
    return answer


def _verdicts(found: Any, answer: Answer) -> None:
    if isinstance(found, dict):
        found = [
            {"question": name, **(one if isinstance(one, dict) else {"verdict": one})}
            for name, one in found.items()
        ]
    for one in found or []:
        name = str(one.get("question") or one.get("name") or "")
        verdict = str(one.get("verdict") or one.get("answer") or "")
        codes = [
            str(f.get("code", "")) if isinstance(f, dict) else str(f)
            for f in one.get("findings") or []
        ]
        answer.codes += codes
        if re.search("fresh|stale|capture", name):
            answer.stale |= verdict == "fail" or any(
                re.search("stale|undated|no-date|too-old", code) for code in codes
            )
        elif re.search("match|order|site|same", name) and "timestamps" not in name:
            answer.foreign |= verdict == "fail"
        elif re.search("origin|copy|kind|original", name):
            answer.copied |= any(re.search("chat|photo|copy|resave", code) for code in codes)


def _word(found: Any) -> str:
    if isinstance(found, dict):
        found = next(
            (found[k] for k in ("value", "number", "id", "code", "name") if k in found), ""
        )
    return str(found or "")


def _box(found: Any) -> tuple[float, float, float, float]:
    if isinstance(found, dict):
        found = found.get("box") or [found.get(k, 0) for k in ("left", "top", "right", "bottom")]
    left, top, right, bottom = (float(edge) for edge in found)
    return left, top, right, bottom


def _when(found: Json) -> When:
    utc = found.get("utc") or found.get("interval") or [None, None]
    if isinstance(utc, dict):
        utc = [utc.get("earliest") or utc.get("from"), utc.get("latest") or utc.get("to")]
    earliest, latest = (_instant(one) for one in utc)
    known = bool(found.get("zone_known"))
    local = str(found.get("local") or "")[:16]
    if not local and earliest is not None and latest is not None:
        local = _local(earliest, latest, known=known)
    return When(str(found.get("text", "")), local, known, earliest, latest)


def _local(earliest: datetime, latest: datetime, *, known: bool) -> str:
    """The wall clock behind an interval that leaves every zone open (UTC+14 to UTC-12).

    With a zone the wall clock is not in the interval; it is compared as UTC then.
    """
    width = latest - earliest
    if known:
        return earliest.strftime("%Y-%m-%dT%H:%M" if width < timedelta(hours=12) else "%Y-%m-%d")
    day = width > timedelta(hours=40)
    return (earliest + timedelta(hours=14)).strftime("%Y-%m-%d" if day else "%Y-%m-%dT%H:%M")


def _instant(text: Any) -> datetime | None:
    if not text:
        return None
    return datetime.fromisoformat(str(text).replace("Z", "+00:00")).replace(tzinfo=None)
