"""Is everything the policy asks for there? And are the policies what they claim to be?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.orders import Platform
from evidence.policy import Level, Policy, parse_policy
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import NOW, NUMBER, ORDER, facts_of, item, said
from verifiers.coverage import cover, verify
from verifiers.registry import VERIFIERS
from verifiers.rulebook import GENERIC, policies, policy_for

A2Z = policy_for(Platform.AMAZON, "A-to-Z")
ODR = policy_for(Platform.TIKTOK, "odr")

RECORD = item("record", Role.ORDER_RECORD, origin="amazon")
TRACKING = item("tracking", Role.TRACKING_HISTORY)
POD = item("pod", Role.POD_DOCUMENT, provenance=Provenance.CARRIER_DOCUMENT)
FACTS = (
    said("shipment.tracking_number", NUMBER, by="amazon", item="record"),
    said("scan.delivered.at", "2026-11-05T14:32:00Z", by="ups", item="tracking"),
)


def state(
    requirement: str, items: tuple[SealedItem, ...], *facts: Fact, policy: Policy = A2Z
) -> tuple[str, str]:
    lines = {line.requirement: line for line in cover(items, facts_of(*facts), policy, NOW)}
    return lines[requirement].state, lines[requirement].why


def verdict(items: tuple[SealedItem, ...], *facts: Fact, policy: Policy = A2Z) -> Verdict:
    answer, _ = verify(items=items, facts=facts_of(*facts), policy=policy, at=NOW)
    return answer


def test_everything_required_is_there() -> None:
    items = (RECORD, TRACKING, POD)
    assert verdict(items, *FACTS) is Verdict.PASS
    assert state("AMZ-A2Z-05.signature", items, *FACTS)[0] == "missing"


def test_a_missing_proof_fails_and_says_where_to_get_it() -> None:
    items = (RECORD, TRACKING)
    assert verdict(items, *FACTS) is Verdict.FAIL
    kind, why = state("AMZ-A2Z-05.pod", items, *FACTS)
    assert kind == "missing"
    assert "carrier's proof-of-delivery page" in why


@pytest.mark.parametrize("grade", [Provenance.UPLOAD, Provenance.SCREENSHOT, Provenance.UNKNOWN])
def test_a_screenshot_of_a_proof_is_not_the_carriers_original(grade: Provenance) -> None:
    """S0-20. Forgery: a picture of the page stands in for the page."""
    shot = item("pod", Role.POD_DOCUMENT, provenance=grade)
    kind, why = state("AMZ-A2Z-05.pod", (RECORD, TRACKING, shot), *FACTS)
    assert kind == "weak"
    assert str(grade) in why


def test_a_history_without_a_delivery_is_weak() -> None:
    """S1-12: a number and scans, but nothing says that it was delivered."""
    kind, why = state("AMZ-A2Z-04.tracking", (TRACKING,))
    assert (kind, "scan.delivered.at" in why) == ("weak", True)


def test_a_delivery_of_the_numbers_earlier_use_meets_no_requirement() -> None:
    """Forgery: the number was delivered last year; this order's parcel was only accepted."""
    facts = facts_of(
        said("order.id", ORDER.id, by="amazon", item="record"),
        said("order.placed.at", "2026-11-01T08:00:00Z", by="amazon", item="record"),
        *FACTS[:1],
        said("shipment.tracking_number", NUMBER, by="ups", item="tracking"),
        said("scan.delivered.at", "2025-11-05T14:32:00Z", by="ups", item="tracking", group="a"),
        said("scan.accepted.at", "2026-11-02T14:32:00Z", by="ups", item="tracking", group="b"),
    )
    lines = {line.requirement: line for line in cover((RECORD, TRACKING), facts, A2Z, NOW, ORDER)}
    assert lines["AMZ-A2Z-04.tracking"].state == "weak"


def test_what_nobody_could_read_is_open_and_not_failed() -> None:
    why = "its text needs OCR, which is not built in"
    unread = said("reading.failed", why, by="amazon", item="record")
    answer, findings = verify(
        items=(RECORD, TRACKING, POD), facts=facts_of(unread, FACTS[1]), policy=A2Z, at=NOW
    )
    assert answer is Verdict.INCONCLUSIVE
    assert "requirement-unread" in {finding.code for finding in findings}
    assert "OCR" in state("AMZ-A2Z-04.dispatch", (RECORD,), unread)[1]


def test_a_missing_proof_is_not_excused_by_something_unread() -> None:
    unread = said("reading.failed", "its text needs OCR", by="amazon", item="record")
    assert verdict((RECORD, TRACKING), unread, FACTS[1]) is Verdict.FAIL


def test_an_empty_file_covers_nothing() -> None:
    """Forgery: a file of the right name with nothing in it."""
    assert state("AMZ-A2Z-05.pod", (replace(POD, size=0),))[0] == "weak"


def test_a_part_is_covered_by_what_its_whole_says() -> None:
    part = item("part", Role.TRACKING_HISTORY, part_of="tracking")
    whole = replace(TRACKING, role=Role.EXCHANGE)
    assert state("AMZ-A2Z-04.tracking", (whole, part), *FACTS)[0] == "present"


@pytest.mark.parametrize(
    ("age", "expected"),
    [(timedelta(days=7), "present"), (timedelta(days=7, seconds=1), "weak")],
    ids=["seven days", "and a second"],
)
def test_a_capture_is_void_after_seven_days(age: timedelta, expected: str) -> None:
    """S3-21."""
    capture = item("capture", Role.CAPTURE_PAGE, provenance=Provenance.CAPTURE)
    shown = said("document.captured.at", (NOW - age).isoformat(), by="ups", item="capture")
    assert state("TTS-ODR-07.capture", (capture,), shown, policy=ODR)[0] == expected


def test_a_capture_taken_today_that_shows_an_old_date_is_stale() -> None:
    """Forgery: an old page is captured again."""
    capture = item("capture", Role.CAPTURE_PAGE, provenance=Provenance.CAPTURE)
    shown = said("document.captured.at", "2026-10-01", by="ups", item="capture")
    kind, why = state("TTS-ODR-07.capture", (capture,), shown, policy=ODR)
    assert (kind, "older than 7 days" in why) == ("weak", True)


def test_a_capture_without_a_date_is_weak() -> None:
    """S3-24."""
    capture = item("capture", Role.CAPTURE_PAGE, provenance=Provenance.CAPTURE)
    kind, why = state("TTS-ODR-07.capture", (capture,), policy=ODR)
    assert (kind, "document.captured.at" in why) == ("weak", True)


def test_a_missing_pick_up_fails_although_the_delivery_is_there() -> None:
    """S3-11."""
    number = said("shipment.tracking_number", NUMBER, by="ups", item="tracking")
    kind, why = state("TTS-ODR-07.carrier", (TRACKING,), number, FACTS[1], policy=ODR)
    assert (kind, "scan.accepted.at" in why) == ("weak", True)


def test_a_policy_without_rules_asks_nothing() -> None:
    raw = b'id="x"\nversion="1"\nplatform="other"\ndefect_kinds=[]\ntitle="t"\n'
    assert verdict((POD,), policy=parse_policy(raw)) is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("policy", policies().values(), ids=policies().keys())
def test_each_rule_of_a_policy_says_who_says_so(policy: Policy) -> None:
    assert policy.requirements
    for requirement in policy.requirements:
        assert requirement.source and requirement.source_date and requirement.confidence
    for deadline in policy.deadlines:
        assert deadline.source and deadline.source_date and deadline.confidence
    for limit in policy.limits:
        assert limit.source and limit.source_date and limit.confidence
    ids = [rule.id for rule in policy.requirements] + [rule.id for rule in policy.deadlines]
    assert len(ids) == len(set(ids))
    assert any(rule.level is Level.REQUIRED for rule in policy.requirements)
    assert all(rule.where for rule in policy.requirements)


def test_readings_that_contradict_each_other_stand_side_by_side() -> None:
    groups: dict[str, set[tuple[int, str]]] = {}
    for deadline in A2Z.deadlines:
        if deadline.conflict:
            amount = (deadline.amount, str(deadline.unit))
            groups.setdefault(deadline.conflict, set()).add(amount)
    assert all(len(readings) > 1 for readings in groups.values())
    assert groups["CG-04"] == {(48, "hours"), (3, "calendar_days"), (7, "calendar_days")}


def test_a_defect_nobody_wrote_rules_for_gets_the_generic_ones() -> None:
    assert policy_for("other").id == GENERIC
    assert policy_for("amazon", "a new defect").id == GENERIC
    assert policy_for("amazon").platform is Platform.AMAZON


def test_each_verifier_has_a_name_of_its_own_and_answers_about_nothing_at_all() -> None:
    assert len({verifier.name for verifier in VERIFIERS}) == len(VERIFIERS)
    for verifier in VERIFIERS:
        judged = verifier.judge(order=ORDER, items=(), facts=facts_of(), policy=A2Z, at=NOW)
        assert judged.verdict is not Verdict.PASS
        assert judged.question.endswith("?")
        assert all(finding.sentence for finding in judged.findings)


def test_the_same_evidence_gets_the_same_answer_byte_for_byte() -> None:
    items, facts = (RECORD, TRACKING, POD), facts_of(*FACTS)
    for verifier in VERIFIERS:
        judged = [
            verifier.judge(order=ORDER, items=items, facts=facts, policy=A2Z, at=NOW).to_json()
            for _ in range(2)
        ]
        assert judged[0] == judged[1]
