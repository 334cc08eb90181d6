"""Is each capture dated, and young enough to be sent?

A platform that wants a capture wants to see its date on it (TikTok Shop: void after seven days).
The date that counts is printed on the item; what a file's metadata states is not seen by a
reviewer.

Reads     the policy's `stale_after.<role>` limits, `document.captured.at`, and `at`.
Assumes   that exactly the limit is still fresh.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from evidence.facts import Fact, Facts
from evidence.manifest import SealedItem
from evidence.policy import Policy
from evidence.verdicts import Answer, Finding, Verdict

_FRESH = Finding.good("capture-fresh")
_STALE = Finding.grave("capture-stale", do="Capture the page again, and send it within the limit.")
_UNDATED = Finding.grave(
    "capture-undated", do="Capture it again so that the date can be seen, such as in the clock."
)
_OPEN = Finding.note(
    "capture-age-open", do="Capture it again with the time and zone, or send it sooner."
)
_UNREAD = Finding.note("capture-unread", do="Look whether it shows its date; it was not read here.")
_AHEAD = Finding.grave(
    "capture-of-tomorrow", do="Check the clock of the device, and capture it again."
)

# Our clock and a device's may disagree by this much.
_SKEW = timedelta(hours=1)


class Age(StrEnum):
    FRESH = "fresh"
    STALE = "stale"
    UNDATED = "undated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Aged:
    """How old a capture is at a moment, and the stamp that says so."""

    age: Age
    stamp: Fact | None = None
    ahead: bool = False


def stamp_of(facts: Facts) -> Fact | None:
    """The printed capture date that counts: the surest, then the latest."""
    stamps = facts.named("document.captured.at")
    return max(
        stamps, key=lambda one: (round(one.confidence, 1), one.time.span.latest), default=None
    )


def age_of(facts: Facts, at: datetime, limit: timedelta) -> Aged:
    """The age of one item at `at`."""
    stamp = stamp_of(facts)
    if stamp is None:
        opened = [f for f in facts.named("document.date.open") if "captured" in f.text]
        if opened or not facts.named("document.text"):
            return Aged(Age.UNKNOWN)
        return Aged(Age.UNDATED)
    span = stamp.time.span
    if span.earliest > at + _SKEW:
        return Aged(Age.UNKNOWN, stamp, ahead=True)
    if at - span.latest > limit:
        return Aged(Age.STALE, stamp)
    if at - span.earliest > limit:
        return Aged(Age.UNKNOWN, stamp)
    return Aged(Age.FRESH, stamp)


def limit_of(policy: Policy, role: str) -> timedelta | None:
    """How old an item of this role may be by the policy; None where it does not say."""
    for limit in policy.limits:
        found = re.fullmatch(r"(\d{1,5}) (hours|days)", limit.value)
        if limit.key == f"stale_after.{role}" and found:
            return timedelta(**{found[2]: int(found[1])})
    return None


def verify(
    *, items: Sequence[SealedItem], facts: Facts, policy: Policy, at: datetime, **_: object
) -> Answer:
    """Judge the age of each item for which the policy has a limit.

    pass            each shows its date, and is young enough
    fail            one is too old, shows no date, or one that has not come yet
    inconclusive    one could not be read, or its date leaves it open
    not_applicable  the policy limits the age of none of the items
    """
    findings = list(_findings(items, facts, policy, at))
    codes = {finding.code for finding in findings}
    if not findings:
        return Verdict.NOT_APPLICABLE, []
    if codes & {_STALE.code, _UNDATED.code, _AHEAD.code}:
        return Verdict.FAIL, findings
    return (Verdict.PASS if codes == {_FRESH.code} else Verdict.INCONCLUSIVE), findings


def _findings(
    items: Sequence[SealedItem], facts: Facts, policy: Policy, at: datetime
) -> Iterator[Finding]:
    for item in {item.sha256: item for item in items}.values():
        limit = limit_of(policy, str(item.role))
        if limit is None:
            continue
        own = facts.of_item(item.sha256)
        aged = age_of(own, at, limit)
        days = f"{limit.total_seconds() / 86400:g} days"
        match aged.age, aged.stamp:
            case Age.FRESH, Fact() as stamp:
                yield _FRESH.saying(f"It is dated {stamp.value}, at most {days} old.", stamp)
            case Age.STALE, Fact() as stamp:
                yield _STALE.saying(f"It is dated {stamp.value}, more than {days} ago.", stamp)
            case Age.UNDATED, _:
                yield _UNDATED.saying("No date of its capture can be seen on it.", *own[:1])
            case _, Fact() as stamp if aged.ahead:
                yield _AHEAD.saying(f"It is dated {stamp.value}, which has not come yet.", stamp)
            case _, Fact() as stamp:
                said = f"It is dated {stamp.value}, perhaps more than {days} ago."
                yield _OPEN.saying(said, stamp)
            case _:
                yield _UNREAD.saying("Whether it shows its date could not be read.", *own[:1])
