"""Is each capture dated, and young enough? At the very limit, and where the date leaves it open."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.facts import Fact
from evidence.items import Role
from evidence.manifest import SealedItem
from evidence.policy import Policy
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import NOW, facts_of, item, said
from verifiers.marks.freshness import Age, age_of, limit_of, stamp_of, verify
from verifiers.rulebook import policies

POLICY = policies()["tiktok.odr"]
DAYS = limit_of(POLICY, "capture.page") or timedelta()
PAGE = item("page", Role.CAPTURE_PAGE)
TEXT = said("document.text", "delivered", by="seller", item="page")


def captured(age: timedelta, *, item: str = "page", local: bool = False) -> Fact:
    """A stamp of so long before NOW, in UTC or as a wall clock of no known zone."""
    at = (NOW - age).replace(tzinfo=None).isoformat() + ("" if local else "Z")
    return said("document.captured.at", at, by="seller", item=item)


def judged(
    *facts: Fact, items: tuple[SealedItem, ...] = (PAGE,), policy: Policy = POLICY
) -> tuple[Verdict, list[str]]:
    verdict, findings = verify(items=items, facts=facts_of(*facts), policy=policy, at=NOW)
    return verdict, sorted(finding.code for finding in findings)


def test_the_limit_is_the_policys_own() -> None:
    assert DAYS == timedelta(days=7)
    assert limit_of(POLICY, "pod.photo") is None
    hours = tuple(
        replace(limit, value="36 hours") if limit.key == "stale_after.capture.page" else limit
        for limit in POLICY.limits
    )
    assert limit_of(replace(POLICY, limits=hours), "capture.page") == timedelta(hours=36)


@pytest.mark.parametrize(
    ("age", "verdict", "code"),
    [
        (timedelta(), Verdict.PASS, "capture-fresh"),
        (DAYS, Verdict.PASS, "capture-fresh"),
        (DAYS + timedelta(seconds=1), Verdict.FAIL, "capture-stale"),
        (-timedelta(hours=1), Verdict.PASS, "capture-fresh"),
        (-timedelta(hours=1, seconds=1), Verdict.FAIL, "capture-of-tomorrow"),
    ],
    ids=["now", "at the limit", "a second over", "an hour ahead", "more than an hour ahead"],
)
def test_an_instant_is_judged_to_the_second(age: timedelta, verdict: Verdict, code: str) -> None:
    assert judged(TEXT, captured(age)) == (verdict, [code])


def test_a_stamp_of_seconds_is_stale_only_if_it_is_in_all_of_its_second() -> None:
    own = facts_of(TEXT, captured(DAYS))
    last = NOW + timedelta(microseconds=999_999)
    assert age_of(own, last, DAYS).age is Age.UNKNOWN
    assert age_of(own, last + timedelta.resolution, DAYS).age is Age.STALE


@pytest.mark.parametrize(
    ("age", "verdict", "code"),
    [
        (DAYS - timedelta(hours=15), Verdict.PASS, "capture-fresh"),
        (DAYS, Verdict.INCONCLUSIVE, "capture-age-open"),
        (DAYS + timedelta(hours=15), Verdict.FAIL, "capture-stale"),
    ],
    ids=["fresh in every zone", "fresh in some", "stale in every zone"],
)
def test_a_clock_without_a_zone_is_judged_in_all_of_them(
    age: timedelta, verdict: Verdict, code: str
) -> None:
    assert judged(TEXT, captured(age, local=True)) == (verdict, [code])


def test_a_page_that_was_read_and_shows_no_date_fails_and_one_that_was_not_read_is_open() -> None:
    assert judged(TEXT) == (Verdict.FAIL, ["capture-undated"])
    assert judged() == (Verdict.INCONCLUSIVE, ["capture-unread"])
    unclear = said("document.date.open", "captured 03/04/26", by="seller", item="page")
    assert judged(TEXT, unclear) == (Verdict.INCONCLUSIVE, ["capture-unread"])
    other = said("document.date.open", "printed 03/04/26", by="seller", item="page")
    assert judged(TEXT, other) == (Verdict.FAIL, ["capture-undated"])


def test_the_surest_stamp_counts_and_of_equally_sure_ones_the_latest() -> None:
    old, new = captured(2 * DAYS), captured(timedelta(hours=1))
    assert stamp_of(facts_of(new, old)) == stamp_of(facts_of(old, new)) == new
    unsure = replace(new, confidence=0.5)
    assert stamp_of(facts_of(unsure, old)) == old
    assert judged(TEXT, unsure, old) == (Verdict.FAIL, ["capture-stale"])
    assert age_of(facts_of(new), NOW, DAYS).age is Age.FRESH
    assert age_of(facts_of(old), NOW, DAYS).age is Age.STALE
    assert age_of(facts_of(captured(DAYS, local=True)), NOW, DAYS).age is Age.UNKNOWN
    assert age_of(facts_of(TEXT), NOW, DAYS).age is Age.UNDATED
    assert age_of(facts_of(), NOW, DAYS).age is Age.UNKNOWN


def test_each_item_answers_by_its_own_stamp_and_once() -> None:
    second = item("second", Role.CAPTURE_PAGE)
    facts = captured(timedelta(hours=1)), captured(2 * DAYS, item="second")
    verdict, codes = judged(*facts, items=(PAGE, second, PAGE))
    assert (verdict, codes) == (Verdict.FAIL, ["capture-fresh", "capture-stale"])
    open_too = judged(captured(timedelta(hours=1)), items=(PAGE, second))
    assert open_too == (Verdict.INCONCLUSIVE, ["capture-fresh", "capture-unread"])


def test_what_the_policy_has_no_limit_for_is_not_asked_about() -> None:
    photo = item("photo", Role.POD_PHOTO)
    old = captured(10 * DAYS, item="photo")
    assert judged(old, items=(photo,)) == (Verdict.NOT_APPLICABLE, [])
    assert judged(old, policy=replace(POLICY, limits=())) == (Verdict.NOT_APPLICABLE, [])
