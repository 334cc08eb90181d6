"""Does a case answer every order that the platform names, and none that it does not?

Both directions: an order of the notice that is not answered, and an order in the case that the
platform never named. An order of another platform, of another site, a number that is nearly one of
the notice, and a parcel that two orders claim are named, and spoil no other line.
Source: scenarios S0-33, S1-10, S3-23; issue "Batch coverage".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence.orders import OrderRef
from service.cases.named import near

ANSWERED, INCOMPLETE, MISSING = "answered", "incomplete", "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidenced:
    """What is sealed of an order. `parcels` are its tracking numbers, `missing` requirements."""

    ref: OrderRef
    state: str
    parcels: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the platform names: its own numbers, and lines that are another's.

    read   whether any of it could be read
    """

    orders: tuple[str, ...] = ()
    foreign: Mapping[str, str] = field(default_factory=dict)
    read: bool = True


def coverage(
    notice: Notice, case: Sequence[Evidenced], *, platform: str, site: str
) -> dict[str, Any]:
    """One line an order, and a verdict over all: `fail` if one is not answered, or does not belong.

    `inconclusive` where nobody could read what the platform names.
    """
    answered = {each.ref.id: each for each in case}
    lines = [_named(id, answered, platform, site) for id in notice.orders]
    for id, why in notice.foreign.items():
        lines.append(_line(id, "foreign_order", why, in_notice=True, in_case=id in answered))
    told = {line["order"] for line in lines}
    for id, each in answered.items():
        if id not in told:
            lines.append(_extra(id, each, notice, platform, site))
    lines = _parcels(lines, case)
    return {
        "verdict": _verdict(notice, lines),
        "orders": lines,
        "counts": {
            "in_notice": sum(line["in_notice"] for line in lines),
            "in_case": sum(line["in_case"] for line in lines),
            "answered": sum(line["state"] == ANSWERED for line in lines),
        },
    }


def _named(id: str, answered: Mapping[str, Evidenced], platform: str, site: str) -> dict[str, Any]:
    each = answered.get(id)
    if each is None:
        other = near(id, list(answered))
        why = "The platform names it and the case does not."
        if other is not None:
            why += f" The case has {other}, which is nearly the same: it is another order."
        return _line(id, MISSING, why, in_notice=True, in_case=False)
    if (wrong := _elsewhere(each, platform, site)) is not None:
        return _line(id, *wrong, in_notice=True, in_case=True)
    why = {
        ANSWERED: "Its evidence is sealed, and lacks nothing that is required.",
        INCOMPLETE: f"Its sealed evidence lacks {', '.join(each.missing) or 'something'}.",
        MISSING: "Nothing is sealed for it yet.",
    }[each.state]
    return _line(id, each.state, why, in_notice=True, in_case=True)


def _extra(id: str, each: Evidenced, notice: Notice, platform: str, site: str) -> dict[str, Any]:
    if (wrong := _elsewhere(each, platform, site)) is not None:
        return _line(id, *wrong, in_notice=False, in_case=True)
    if not notice.read:
        return _line(id, each.state, "What the platform names is not known.", in_notice=False)
    other = near(id, notice.orders)
    if other is not None:
        why = f"The platform names {other}, which is nearly the same: this one does not belong."
        return _line(id, "near_match", why, in_notice=False)
    return _line(id, "not_named", "The platform does not name it.", in_notice=False)


def _elsewhere(each: Evidenced, platform: str, site: str) -> tuple[str, str] | None:
    if str(each.ref.platform) != platform:
        return "foreign_order", f"It is an order of {each.ref.platform}, not of {platform}."
    if each.ref.site != site:
        return "other_site", f"It is of the site {each.ref.site}, and the case of {site}."
    return None


def _parcels(lines: list[dict[str, Any]], case: Sequence[Evidenced]) -> list[dict[str, Any]]:
    """A parcel that two orders claim is proof of neither until somebody has looked."""
    owners: dict[str, list[str]] = {}
    for each in case:
        for parcel in each.parcels:
            owners.setdefault(parcel, []).append(each.ref.id)
    shared = {id for ids in owners.values() if len(ids) > 1 for id in ids}
    return [
        line
        | {"state": "shared_shipment", "why": "Another order of the case claims the same parcel."}
        if line["order"] in shared and line["state"] in (ANSWERED, INCOMPLETE)
        else line
        for line in lines
    ]


def _verdict(notice: Notice, lines: Sequence[Mapping[str, Any]]) -> str:
    if not notice.read:
        return "inconclusive"
    # An order too many is a warning; one that is another's, or not answered, fails.
    return "pass" if all(line["state"] in (ANSWERED, "not_named") for line in lines) else "fail"


def _line(
    id: str, state: str, why: str, *, in_notice: bool, in_case: bool = True
) -> dict[str, Any]:
    return {"order": id, "state": state, "why": why, "in_notice": in_notice, "in_case": in_case}
