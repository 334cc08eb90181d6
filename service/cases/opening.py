"""How a case begins: what it is about, under which rules, until when it can be answered.

Source: scenarios S0-23, S0-25, S0-28, S0-29, S3-09, S4-01, S4-04, S4-11.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from evidence.canonical import canonical
from evidence.errors import RequestError
from evidence.orders import OrderRef, Platform
from evidence.playbook import Playbook
from evidence.policy import Policy
from evidence.times import rfc3339
from service.cases.gaps import eligibility
from service.cases.given import day_of, needed, orders_of, text_of, texts_of, time_of
from verifiers.rulebook import policy_for
from verifiers.terms.due import later

NO_RULES = "a kind without rules"
_STARTS = "defect.noticed.at"


@dataclass(kw_only=True, eq=False)
class KindsError(RequestError):
    """Several kinds in one case. `policies` are those that answer them, in words of our own."""

    what: str = field(init=False, default="`kinds`")
    why: str = field(init=False)
    policies: tuple[str, ...]

    def __post_init__(self) -> None:
        self.why = (
            f"a case is of one kind, and these are {len(self.policies)}: "
            f"{' and '.join(self.policies)}; open one for each, and link them"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What `Desk.open` takes. `about` is one text for what two open cases cannot both be about."""

    store: str
    about: str
    number: str
    named: tuple[OrderRef, ...]
    said: Mapping[str, Any]


def opening(
    body: Mapping[str, Any],
    *,
    store: str,
    now: datetime,
    among: Mapping[str, Policy],
    book_of: Callable[[str], Playbook],
) -> Opening:
    """Raises RequestError, naming the field that keeps it from being a case."""
    platform = needed(body, "platform").lower()
    if platform not in set(Platform):
        raise RequestError(what="`platform`", why=f"it is none of {', '.join(Platform)}")
    account = body.get("account") is True
    ids = texts_of(body, "orders", most=1_000)
    refs = orders_of(platform, text_of(body, "site", most=2) or "US", ids)
    site = (text_of(body, "site", most=2) or "US").upper()
    if not account and len(refs) != 1:
        why = "a case is about one order, or with `account` about a whole account"
        raise RequestError(what="`orders`", why=why)
    on = day_of(body, "placed_on") or now.date()
    kinds = list(dict.fromkeys(_plain(kind) for kind in texts_of(body, "kinds", most=10)))
    rules = [_rules(platform, kind, on, among) for kind in kinds]
    if len(kinds) != 1:
        raise KindsError(policies=tuple(each.id if each else NO_RULES for each in rules))
    policy, book = rules[0], book_of(platform)
    noticed = time_of(body, "noticed_at")
    number = text_of(body, "platform_case_id", most=100)
    deadlines = _deadlines(policy, noticed, on)
    subject = "account" if account else refs[0].id
    return Opening(
        store=store,
        about=canonical([platform, site, store if account else "", subject, kinds[0]]).decode(),
        number=f"{platform}/{number}" if number else "",
        named=tuple(refs),
        said={
            "platform": platform,
            "site": site,
            "kind": kinds[0],
            "account": account,
            "orders": [str(ref) for ref in refs],
            "asins": list(dict.fromkeys(texts_of(body, "asins", most=1_000))),
            "rules": policy.id if policy else "",
            "links": texts_of(body, "links"),
            "more": {
                "store": store,
                "number": number,
                "noticed_at": None if noticed is None else rfc3339(noticed),
                "placed_on": on.isoformat(),
                "policy": _policy(policy),
                "playbook": {"id": book.id, "version": book.version, "sha256": book.sha256},
                "deadlines": deadlines,
                "eligibility": eligibility(
                    policy,
                    book,
                    ref=refs[0] if refs else OrderRef(Platform(platform), "account", site),
                    store_opened=day_of(body, "store_opened_on"),
                    today=now.date(),
                ),
                "closes_at": _closes(deadlines, book),
            },
        },
    )


def _plain(kind: str) -> str:
    return " ".join(kind.casefold().replace("_", " ").split())


def _rules(platform: str, kind: str, on: date, among: Mapping[str, Policy]) -> Policy | None:
    """The policy that names this kind; the generic one answers no kind by its name."""
    found = policy_for(platform, kind, on=on, among=among)
    return found if found.answers(kind) else None


def _policy(policy: Policy | None) -> dict[str, str] | None:
    if policy is None:
        return None
    return {"id": policy.id, "version": policy.version, "sha256": policy.sha256}


def _deadlines(policy: Policy | None, noticed: datetime | None, on: date) -> list[dict[str, str]]:
    """Every reading of every step that counts from the notice, earliest first."""
    if policy is None or noticed is None:
        return []
    found = [
        {
            "step": rule.step,
            "rule": rule.id,
            "at": rfc3339(later(noticed, rule)),
            "source": f"{rule.source}; {rule.source_date}; {rule.confidence}",
        }
        for rule in policy.deadlines
        if rule.starts == _STARTS
        and rule.amount > 0
        and (rule.valid_from is None or rule.valid_from <= on)
        and (rule.valid_to is None or on <= rule.valid_to)
    ]
    return sorted(found, key=lambda each: (each["at"], each["rule"]))


def _closes(deadlines: list[dict[str, str]], book: Playbook) -> str | None:
    """The moment after which this platform takes nothing more; None where none is known."""
    if not book.term("window.closes") or not deadlines:
        return None
    return deadlines[0]["at"]
