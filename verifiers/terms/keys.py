"""Every limit that a policy can set: what its value looks like, and who reads it.

A key that is not here is refused by `orderproof policy lint`: nobody would hold to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from evidence.items import Role
from evidence.policy import Limit

_COUNT = r"\d{1,12}"
_TYPES = r"[a-z0-9+.-]+/[a-z0-9+.-]+(, [a-z0-9+.-]+/[a-z0-9+.-]+)*"
_SPAN = r"\d{1,5} (hours|days)"
_ANY = r".{1,500}"
_ALLOWS = r"[ -~]{1,60}"


@dataclass(frozen=True, slots=True)
class Key:
    """`value` is the pattern of a value, `expected` says it; `read_by` says who holds to it.

    Of several readings the smallest is held to where `strictest` is "least", the largest where it
    is "most"; "" where readings are told and not compared.
    """

    value: str
    expected: str
    read_by: str
    strictest: str = ""


_BYTES = "a whole number of bytes"
KEYS: dict[str, Key] = {
    "files.count": Key(_COUNT, "a whole number", "coverage.form", "least"),
    "files.each_bytes": Key(_COUNT, _BYTES, "coverage.form", "least"),
    "files.total_bytes": Key(_COUNT, _BYTES, "coverage.form", "least"),
    "files.types": Key(_TYPES, "media types, such as image/jpeg, image/png", "coverage.form"),
    "files.name_characters": Key(_COUNT, "a whole number", "coverage.form", "least"),
    "files.name_allows": Key(
        _ALLOWS, "characters and ranges, such as A-Za-z0-9._-", "coverage.form"
    ),
    "pdf.pages": Key(_COUNT, "a whole number: the most that is accepted", "coverage.form", "least"),
    "text.characters": Key(_COUNT, "a whole number", "orderproof policy text", "least"),
    "text.total_characters": Key(_COUNT, "a whole number", "orderproof policy explain", "least"),
    "text.words_of": Key(_ANY, "what the form lets one choose", "orderproof policy explain"),
    "odr.window": Key(r"\d{1,4} days", "a number of days", "coverage.deadlines", "most"),
    "odr.counts": Key(_ANY, "what counts as a defect", "orderproof policy explain"),
    "odr.rate": Key(_ANY, "a share and what comes of it", "orderproof defects"),
    "odr.warning": Key(
        r"over \d{1,2}(\.\d{1,3})?%.{0,100}", "such as over 0.8%", "orderproof defects"
    ),
    "odr.anomaly": Key(_ANY, "what counts as an anomaly", "orderproof policy explain"),
    "attempts": Key(_ANY, "how often one may try", "orderproof policy explain"),
    "retention.days": Key(_COUNT, "a whole number of days", "orderproof policy explain", "most"),
    "zip.total_bytes": Key(_COUNT, _BYTES, "orderproof policy explain", "least"),
    "zip.names": Key(_ANY, "how an archive or its files are named", "orderproof policy explain"),
    "attachments.reply": Key(_ANY, "how files go in", "orderproof policy explain"),
    "attachments.appeal": Key(_ANY, "how files go in", "orderproof policy explain"),
    "links": Key(_ANY, "what links are good for", "orderproof policy explain"),
    "links.refused": Key(_ANY, "hosts that are refused", "orderproof policy explain"),
    "eligible": Key(_ANY, "who or what may be answered at all", "orderproof policy explain"),
    "follow_up": Key(_SPAN, "a number of hours or days", "orderproof policy explain", "least"),
    "effect": Key(_ANY, "what an answer changes", "orderproof policy explain"),
    "age": Key(_ANY, "a reading of how old something may be", "orderproof policy explain"),
    "outcomes": Key(_ANY, "what the platform answers", "orderproof policy explain"),
    "review": Key(
        _ANY, "how long the platform takes; never a promise", "orderproof policy explain"
    ),
    "advice": Key(_ANY, "what is advised and not required", "orderproof policy explain"),
    "pictures": Key(_ANY, "what pictures must be like", "orderproof policy explain"),
    "carrier.keeps": Key(_ANY, "how long a carrier has something", "orderproof policy explain"),
    "carrier.proof": Key(_ANY, "what a carrier gives as proof", "orderproof policy explain"),
    "clock": Key(_ANY, "whose clock times are told by", "orderproof policy explain"),
}
_STALE = Key(_SPAN, "a number of hours or days", "coverage.policy, marks.freshness", "least")


def key_of(name: str) -> Key | None:
    """The key called `name`, `stale_after.<role>` for every role among them; None if unknown."""
    if name.startswith("stale_after.") and name.partition(".")[2] in set(Role):
        return _STALE
    return KEYS.get(name)


def allowed(value: str, text: str) -> bool:
    """Whether `text` has only characters of `value`, such as "A-Za-z0-9._-"; a last - is itself."""
    ranges = re.findall(r"(.)-(.)|(.)", value)
    return all(
        any(begin <= char <= end if begin else char == one for begin, end, one in ranges)
        for char in text
    )


def fits(limit: Limit) -> bool:
    key = key_of(limit.key)
    return key is not None and re.fullmatch(key.value, limit.value) is not None


def strictest(limits: list[Limit]) -> Limit | None:
    """The reading that is held to: the smallest or the largest number, as its key has it."""
    numbered = [(int(found[0]), limit) for limit in limits if (found := _number(limit))]
    key = key_of(limits[0].key) if limits else None
    if key is None or not key.strictest or not numbered:
        return limits[0] if limits else None
    pick = min if key.strictest == "least" else max
    return pick(numbered, key=lambda pair: pair[0])[1]


def _number(limit: Limit) -> re.Match[str] | None:
    return re.match(r"\d{1,12}", limit.value) if fits(limit) else None
