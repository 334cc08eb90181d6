"""Is everything the policy asks for there? And are the policies what they claim to be?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from evidence.orders import OrderRef, Platform
from evidence.policy import Level, Policy, parse_policy
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import NOW, NUMBER, ORDER, facts_of, item, said
from verifiers.coverage import cover, verify
from verifiers.registry import VERIFIERS
from verifiers.rulebook import GENERIC, policies, policy_for
from verifiers.terms.validity import applies

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


# A policy of our own, and each sentence that a line of it may have.

FROM = 'source = "a page"\nsource_date = "n.d."\nconfidence = "seed"\n'
HEAD = 'id = "x.y"\nversion = "1"\nplatform = "amazon"\ndefect_kinds = ["late"]\ntitle = "t"\n'
ELIGIBLE = (
    f'[[eligible]]\nid = "fresh"\ntext = "Sales above 10"\nwhen = ["order.total > 10 USD"]\n{FROM}'
)
DEADLINE = (
    '[[deadline]]\nid = "reply"\nstarts = "defect.noticed.at"\namount = 48\nunit = "hours"\n'
    f'clock = "UTC"\nstep = "reply"\n{FROM}'
)


def asking(more: str = "", *rules: str, level: str = "required") -> Policy:
    rule = (
        f'[[requirement]]\nid = "pod"\ntext = "Proof"\nany_of = ["pod.document", "pod.photo"]\n'
        f'level = "{level}"\n{more}{FROM}'
    )
    return parse_policy((HEAD + rule + "".join(rules)).encode())


def line_of(policy: Policy, *items: SealedItem, facts: tuple[Fact, ...] = ()) -> tuple[str, str]:
    return state("pod", items, *facts, policy=policy)


def total(text: str) -> Fact:
    return said("order.total", text, by="amazon", item="record")


NOTICED = said("defect.noticed.at", "2026-11-19T09:00:00Z", by="amazon", item="record")
WHERE = 'where = "the carrier"\n'
BIG = 'when = ["order.total > 10 USD"]\n'
READ = 'facts = ["scan.delivered.at", "delivery.city"]\n'
CITY = said("delivery.city", "Austin", by="ups", item="pod")
UNREAD = said("reading.failed", "it is locked", by="ups", item="pod")


@pytest.mark.parametrize(
    ("policy", "items", "facts", "expected"),
    [
        (asking(), (POD,), (), ("present", "")),
        (asking(), (), (), ("missing", "no pod.document or pod.photo was collected")),
        (asking(WHERE), (), (),
         ("missing", "no pod.document or pod.photo was collected; get it from the carrier")),
        (asking(WHERE, DEADLINE), (), (NOTICED,),
         ("missing", "no pod.document or pod.photo was collected; get it from the carrier; until"
          " 2026-11-21T09:00:00Z (reply)")),
        (asking("", DEADLINE, level="helpful"), (), (NOTICED,),
         ("missing", "no pod.document or pod.photo was collected")),
        (asking(BIG), (), (total("9 USD"),),
         ("not_applicable", "it applies only if order.total > 10 USD")),
        (asking(BIG), (), (total("11 USD"),),
         ("missing", "no pod.document or pod.photo was collected")),
        (asking(BIG), (), (),
         ("missing", "whether it is asked for is open (nothing says for sure whether"
          " order.total > 10 USD); no pod.document or pod.photo was collected")),
        (asking('asks = "Whose is it?"\n'), (POD,), (),
         ("weak", "it is there, but a person must read it: Whose is it?")),
        (asking(WHERE), (replace(POD, size=0),), (),
         ("weak", "the item is empty; get a better one from the carrier")),
        (asking('least_provenance = "carrier_document"\n'), (POD,), (), ("present", "")),
        (asking('least_provenance = "carrier_document"\n'),
         (replace(POD, provenance="upload"),), (),
         ("weak", "it came as upload; asked for is carrier document or better")),
        (asking('least_provenance = "screenshot"\n'), (replace(POD, provenance="odd"),), (),
         ("weak", "it came as unknown; asked for is screenshot or better")),
        (asking(READ), (POD,), (FACTS[1],), ("weak", "it does not state scan.delivered.at,"
         " delivery.city")),
        (asking(READ), (POD,), (CITY,), ("weak", "it does not state scan.delivered.at")),
        (asking(READ), (POD,), (CITY, UNREAD), ("weak", "it could not be read: it is locked")),
        (asking(READ), (POD,), (CITY, replace(FACTS[1], item=POD.sha256), UNREAD),
         ("present", "")),
        (asking(READ), (replace(POD, size=0), item("other", Role.POD_PHOTO)), (),
         ("weak", "the item is empty; it does not state scan.delivered.at, delivery.city")),
        (asking(), (replace(POD, size=0), item("other", Role.POD_PHOTO)), (), ("present", "")),
    ],
)  # fmt: skip
def test_each_line_says_what_is_there_or_why_it_is_not_enough(
    policy: Policy, items: tuple[SealedItem, ...], facts: tuple[Fact, ...],
    expected: tuple[str, str],
) -> None:  # fmt: skip
    assert line_of(policy, *items, facts=facts) == expected


def test_a_line_names_the_items_that_are_good_enough_or_all_that_are_not() -> None:
    photo = item("other", Role.POD_PHOTO)
    empty = replace(POD, size=0)
    (line,) = cover((empty, photo, RECORD), facts_of(), asking(), NOW)
    assert (line.level, line.items) == ("required", (photo.sha256,))
    (line,) = cover((empty, replace(photo, size=0)), facts_of(), asking(level="helpful"), NOW)
    assert (line.level, line.items) == ("helpful", (empty.sha256, photo.sha256))
    (line,) = cover((photo,), facts_of(), asking('asks = "Whose is it?"\n'), NOW)
    assert (line.state, line.items) == ("weak", (photo.sha256,))


def test_what_is_told_too_few_times_names_its_items_and_where_to_get_more() -> None:
    twice = asking(WHERE, '[requirement.repeated]\nof = "prior.payment.at"\nat_least = 2\n')
    once, again = (
        said("prior.payment.at", "2026-01-02T00:00:00Z", by="a", item="pod", group=group)
        for group in ("1", "2")
    )
    (line,) = cover((POD,), facts_of(once), twice, NOW)
    assert (line.state, line.items) == ("weak", (POD.sha256,))
    assert line.why.endswith("; get it from the carrier")
    assert line_of(twice, POD, facts=(once, again)) == ("present", "")


@pytest.mark.parametrize(
    ("limit", "age", "state_of_it"),
    [
        ("2 hours", timedelta(hours=2), ""),
        ("2 hours", timedelta(hours=2, seconds=1), "it is older than 2 hours"),
        ("7 days", timedelta(days=7, seconds=1), "it is older than 7 days"),
        ("soon", timedelta(), "the policy's stale_after.pod.document is not a number of hours or"
         " days"),
    ],
)  # fmt: skip
def test_an_undated_item_is_as_old_as_our_clock_says(
    limit: str, age: timedelta, state_of_it: str
) -> None:
    rule = f'[[limit]]\nkey = "stale_after.pod.document"\nvalue = "{limit}"\n{FROM}'
    other = f'[[limit]]\nkey = "stale_after.pod.photo"\nvalue = "0 hours"\n{FROM}'
    old = replace(POD, collected_at=NOW - age)
    expected = ("weak", state_of_it) if state_of_it else ("present", "")
    assert line_of(asking("", other, rule), old) == expected


def test_a_printed_date_counts_before_our_clock_and_may_leave_it_open() -> None:
    rule = f'[[limit]]\nkey = "stale_after.pod.document"\nvalue = "7 days"\n{FROM}'
    for day, why in (
        ("2026-11-13", "it may be older than 7 days: its date has no time or zone"),
        ("2026-11-12", "it is older than 7 days"),
        ("2026-11-15", ""),
    ):
        printed = said("document.captured.at", day, by="ups", item="pod")
        expected = ("weak", why) if why else ("present", "")
        assert line_of(asking("", rule), POD, facts=(printed,)) == expected
    elsewhere = said("document.captured.at", "2026-01-01", by="ups", item="other")
    assert line_of(asking("", rule), POD, facts=(elsewhere,)) == ("present", "")


def judged(
    policy: Policy, *items: SealedItem, facts: tuple[Fact, ...] = (), order: OrderRef = ORDER
) -> tuple[Verdict, list[tuple[str, str]]]:
    verdict, findings = verify(
        items=items, facts=facts_of(*facts), policy=policy, at=NOW, order=order
    )
    return verdict, [(finding.code, finding.sentence) for finding in findings]


@pytest.mark.parametrize(
    ("text", "verdict", "code", "says"),
    [
        ("11 USD", Verdict.PASS, "", ""),
        ("10 USD", Verdict.FAIL, "not-eligible",
         "Sales above 10 (fresh, a page, seed): not so here, it applies only if"
         " order.total > 10 USD."),
        ("11 EUR", Verdict.PASS, "eligibility-open",
         "Sales above 10 (fresh, a page, seed): nothing says for sure whether"
         " order.total > 10 USD."),
    ],
)  # fmt: skip
def test_who_may_not_answer_at_all_is_told_first(
    text: str, verdict: Verdict, code: str, says: str
) -> None:
    got, findings = judged(asking("", ELIGIBLE), POD, facts=(total(text),))
    expected = [(code, says)] if code else []
    assert (got, findings) == (
        verdict, [*expected, ("requirement-covered", "Proof (pod) is present.")]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ("valid_from = 2026-12-01", " from 2026-12-01"),
        ("valid_to = 2026-01-31", " to 2026-01-31"),
        ("valid_from = 2025-01-01\nvalid_to = 2026-01-31", " from 2025-01-01 to 2026-01-31"),
    ],
)
def test_a_rule_that_is_not_in_force_says_of_which_orders_it_is(days: str, said: str) -> None:
    rule = asking(f"{days}\n").requirements[0]
    why = f"the rule holds for orders placed{said}"
    assert applies(rule, facts_of(), NOW, None) == (False, why)


def test_a_rule_of_eligibility_that_is_not_in_force_bars_nobody() -> None:
    """Held or not, or open: before its first day it is no rule."""
    later = asking("", ELIGIBLE + "valid_from = 2026-12-01\n")
    for text in ("10 USD", "11 USD", "11 EUR"):
        verdict, findings = judged(later, POD, facts=(total(text),))
        assert (verdict, len(findings)) == (Verdict.PASS, 1)


def test_a_policy_of_another_platform_or_defect_is_told() -> None:
    ebay = OrderRef(Platform.EBAY, "12-12345-12345", "US")
    _, (first, _) = judged(asking(), POD, order=ebay)
    assert first == (
        "policy-of-another-defect", "x.y is of amazon; the order is of ebay.",
    )  # fmt: skip
    for platform in (Platform.OTHER, Platform.AMAZON):
        assert len(judged(asking(), POD, order=OrderRef(platform, "1", "US"))[1]) == 1
    kinds = [said("defect.kind", kind, by="amazon", item="n") for kind in ("lost", "LATE")]
    assert len(judged(asking(), POD, facts=tuple(kinds))[1]) == 1
    _, (first, _) = judged(asking(), POD, facts=(kinds[0], kinds[0]))
    assert first[1] == "x.y does not name the defect lost."


@pytest.mark.parametrize(
    ("level", "items", "facts", "verdict", "finding"),
    [
        ("required", (POD,), (), Verdict.FAIL,
         ("required-weak", "Proof (pod) is weak: it does not state scan.delivered.at,"
          " delivery.city.")),
        ("required", (), (), Verdict.FAIL,
         ("required-missing", "Proof (pod) is missing: no pod.document or pod.photo was"
          " collected.")),
        ("required", (POD,), (UNREAD,), Verdict.INCONCLUSIVE,
         ("requirement-unread", "Proof (pod) is weak: it could not be read: it is locked.")),
        ("helpful", (), (), Verdict.PASS,
         ("helpful-missing", "Proof (pod) is missing: no pod.document or pod.photo was"
          " collected.")),
        ("helpful", (POD,), (UNREAD,), Verdict.PASS,
         ("helpful-missing", "Proof (pod) is weak: it could not be read: it is locked.")),
    ],
)  # fmt: skip
def test_each_line_is_a_finding(
    level: str, items: tuple[SealedItem, ...], facts: tuple[Fact, ...], verdict: Verdict,
    finding: tuple[str, str],
) -> None:  # fmt: skip
    assert judged(asking(READ, level=level), *items, facts=facts) == (verdict, [finding])


def test_a_rule_that_is_not_asked_for_is_told_so_and_an_open_one_leaves_it_open() -> None:
    assert judged(asking(BIG), facts=(total("9 USD"),)) == (
        Verdict.PASS,
        [("requirement-not-asked",
          "Proof (pod) is not asked for: it applies only if order.total > 10 USD.")],
    )  # fmt: skip
    verdict, ((code, _),) = judged(asking(BIG))
    assert (verdict, code) == (Verdict.INCONCLUSIVE, "requirement-unread")
    # Who is barred is not saved by what is open.
    barred = asking(BIG.replace("total > 10", "total > 20"), ELIGIBLE)
    assert judged(barred, facts=(total("9 USD"),))[0] is Verdict.FAIL
