"""What the papers of a case show beside an order: the store's profile, its figures day by day, the
listing as it was, accounts that must be apart, and a sheet of what a reviewer asks for first.

Source: scenarios S0-09, S1-25, S4-13, S4-15, S4-18.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from evidence.canonical import canonical, digest
from evidence.cases import Case, Step
from evidence.errors import FormatError, RequestError
from evidence.items import Role
from evidence.times import parse_rfc3339, rfc3339
from service.cases.desk import Held, Paper
from service.cases.given import text_of
from storage.ledger.records import KeptItem

DIMENSIONS = ("ip", "bank", "logistics", "domain")
MOST_DAYS = 1_000


# -- the store's profile -----------------------------------------------------------------------


def profiled(body: Mapping[str, Any], case: Case, now: datetime) -> tuple[dict[str, Any], Paper]:
    """A snapshot, and in which fields it differs from the one before. Values stand in its paper."""
    given = body.get("profile") or {}
    if not isinstance(given, dict) or not 1 <= len(given) <= 50:
        raise RequestError(what="`profile`", why="it has not 1 to 50 fields")
    fields = {text_of({"k": k}, "k"): text_of({k: v}, k) for k, v in given.items()}
    digests = {name: digest(f"{case.id}\n{name}\n{v}".encode()) for name, v in fields.items()}
    before = case.last(Step.PROFILE)
    changed: list[str] = []
    warnings: list[dict[str, str]] = []
    if before is not None:
        old = before.said["fields"]
        changed = sorted(n for n in {*old, *digests} if old.get(n) != digests.get(n))
    if before is not None and changed:
        text = (
            f"Between {rfc3339(before.at)} and {rfc3339(now)} the profile changed in "
            f"{', '.join(changed)}: a platform may take that for another seller."
        )
        warnings.append({"code": "profile-changed", "text": text})
    paper = _own("profile.json", fields, kind="profile")
    return {"fields": digests, "changed": changed, "warnings": warnings}, paper


# -- a figure, day by day -----------------------------------------------------------------------


def counted(body: Mapping[str, Any]) -> tuple[dict[str, Any], Paper]:
    """A metric's history as it is known now. A day that nobody knows stays a gap."""
    name = text_of(body, "metric", most=100)
    given = body.get("series") or {}
    if not name or not isinstance(given, dict) or not 1 <= len(given) <= MOST_DAYS:
        raise RequestError(what="`series`", why=f"it is not a `metric` with 1 to {MOST_DAYS} days")
    try:
        days = {date.fromisoformat(day).isoformat(): float(value) for day, value in given.items()}
    except (TypeError, ValueError):
        why = "a day is not written as 2026-11-22, or its value is no number"
        raise RequestError(what="`series`", why=why) from None
    series = {day: format(days[day], "g") for day in sorted(days)}
    first, last = min(series), max(series)
    said = {"metric": name, "from": first, "to": last, "days": len(series)}
    return said, _own("metric.json", {"metric": name, "series": series}, kind="metric")


def history(papers: Sequence[Mapping[str, Any]], event: date | None) -> dict[str, Any]:
    """The newest history with its gaps, and a chart in which the event is marked."""
    if not papers:
        return {"metric": "", "series": [], "gaps": [], "event": None, "chart": ""}
    newest = papers[-1]
    known = {date.fromisoformat(day): float(value) for day, value in newest["series"].items()}
    first, last = min(known), max(known)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {
        "metric": newest["metric"],
        "series": [{"day": day.isoformat(), "value": known.get(day)} for day in days],
        "gaps": [day.isoformat() for day in days if day not in known],
        "event": None if event is None else event.isoformat(),
        "chart": _chart(days, known, event),
    }


def _chart(days: Sequence[date], known: Mapping[date, float], event: date | None) -> str:
    """An SVG: a line that breaks where a day is not known."""
    width, height = 800.0, 200.0
    most = max(known.values()) or 1.0
    step = width / max(1, len(days) - 1)
    runs: list[list[str]] = [[]]
    for place, day in enumerate(days):
        if day in known:
            runs[-1].append(f"{place * step:.1f},{height - known[day] / most * height:.1f}")
        elif runs[-1]:
            runs.append([])
    lines = [
        f'<polyline points="{" ".join(run if len(run) > 1 else run * 2)}"/>' for run in runs if run
    ]
    if event is not None and days[0] <= event <= days[-1]:
        x = (event - days[0]).days * step
        lines.append(f'<line class="event" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height:.0f}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -10 {width + 20:.0f} '
        f'{height + 20:.0f}" fill="none" stroke="black">{"".join(lines)}</svg>'
    )


# -- pages as they were ---------------------------------------------------------------------------


def captures(lines: Sequence[KeptItem], placed: date) -> dict[str, Any]:
    """Of each kind of page the newest capture that is not later than the order.

    A capture is a paper whose hints say `kind` (listing, returns-policy, notice) and `captured_at`.
    """
    kinds: dict[str, list[tuple[datetime, KeptItem]]] = {}
    for line in lines:
        said = line.hints.get("captured_at")
        if said and (at := _moment(said)) is not None:
            kinds.setdefault(line.hints.get("kind", "page"), []).append((at, line))
    found = [
        _capture(kind, sorted(each, key=lambda e: e[0]), placed) for kind, each in kinds.items()
    ]
    return {
        "placed_on": placed.isoformat(),
        "captures": found,
        "mismatches": _mismatches(lines, found),
    }


def _capture(kind: str, each: Sequence[tuple[datetime, KeptItem]], placed: date) -> dict[str, Any]:
    before = [(at, line) for at, line in each if at.date() <= placed]
    at, line = before[-1] if before else each[0]
    return {
        "kind": kind,
        "sha256": line.sha256,
        "captured_at": rfc3339(at),
        "verdict": "pass" if before else "inconclusive",
        "why": "It is how the page was when the order was placed."
        if before
        else "Every capture is later than the order: it may have said something else then.",
        "returns_days": line.hints.get("returns_days"),
    }


def _mismatches(lines: Sequence[KeptItem], found: Sequence[Mapping[str, Any]]) -> list[str]:
    """A return that the page of that day promised and that was refused all the same."""
    promised = [int(d) for each in found if (d := each["returns_days"]) and str(d).isdigit()]
    told = []
    for line in lines:
        days = line.hints.get("days", "")
        if line.hints.get("kind") == "return-refused" and days.isdigit():
            told += [
                f"The page promised {most} days for a return, and it was refused after {days}."
                for most in promised
                if int(days) <= most
            ]
    return told


# -- accounts apart, and the cover sheet -----------------------------------------------------------


def separation(lines: Sequence[KeptItem]) -> dict[str, Any]:
    """Are two accounts apart? Each dimension is a paper with hashes of both sides in its hints.

    `fail` where a hash is the same, `incomplete` where a dimension has no paper.
    """
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        name = line.hints.get("dimension", "")
        if line.hints.get("kind") == "separation" and name in DIMENSIONS:
            same = line.hints.get("ours", "") == line.hints.get("theirs", "")
            found[name] = {
                "dimension": name,
                "sha256": line.sha256,
                "source": line.hints.get("source", ""),
                "date": line.hints.get("date", ""),
                "verdict": "fail" if same else "pass",
            }
    missing = [name for name in DIMENSIONS if name not in found]
    shared = [name for name, each in found.items() if each["verdict"] == "fail"]
    verdict = "fail" if shared else f"incomplete({', '.join(missing)})" if missing else "pass"
    return {"verdict": verdict, "dimensions": list(found.values()), "missing": missing}


def cover(held: Held) -> dict[str, Any]:
    """What a reviewer asks for first: five rows, each with its digests or said to be missing."""
    case = held.case
    number = str(case.events[0].said.get("number") or "")
    notices = [line.sha256 for line in held.lines if line.role is Role.CASE_NOTICE]
    boards = [line.sha256 for line in held.lines if line.hints.get("kind") == "dashboard"]
    steps = [event.sha256 for event in case.events]
    rows = (
        ("notification", number or "no number is known", notices),
        ("dashboard of 30 days", f"{len(boards)} captures", boards),
        ("orders", ", ".join(case.orders), _list(case.orders)),
        ("ASINs", ", ".join(case.asins), _list(case.asins)),
        ("actions taken", f"{len(steps)} steps", steps),
    )
    return {
        "rows": [
            {
                "row": row,
                "text": text,
                "sha256": digests,
                "state": "present" if digests else "missing",
            }
            for row, text, digests in rows
        ]
    }


def _list(named: Sequence[str]) -> list[str]:
    """One digest for a list: SHA-256 over its entries, a line each."""
    return [digest("".join(f"{each}\n" for each in named).encode())] if named else []


def _own(name: str, value: Mapping[str, Any], *, kind: str) -> Paper:
    return Paper(
        role=Role.CASE_EXPORT,
        data=canonical(value),
        media_type="application/json",
        name=name,
        hints={"kind": kind},
    )


def _moment(said: str) -> datetime | None:
    try:
        return parse_rfc3339(said)
    except FormatError:  # a hint is somebody's word, and may be no time
        return None


def series_in(data: bytes) -> dict[str, Any]:
    """What `counted` wrote."""
    found: dict[str, Any] = json.loads(data)
    return found
