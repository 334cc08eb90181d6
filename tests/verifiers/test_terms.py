"""Until when, in which form, in which words; and what lint finds in a policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.conditions import parse_condition
from evidence.errors import FormatError
from evidence.facts import Fact
from evidence.items import Role
from evidence.orders import OrderRef, Platform
from evidence.policy import Confidence, Deadline, Policy, Unit, parse_policy
from evidence.verdicts import Finding, Severity, Verdict
from evidence.wording import slips
from tests.verifiers.evidence_of import NOW, facts_of, item, said
from verifiers.rulebook import policies
from verifiers.terms import deadlines, form
from verifiers.terms.due import later
from verifiers.terms.examples import run
from verifiers.terms.lint import faults

HEAD = 'id = "x.y"\nversion = "1"\nplatform = "other"\ndefect_kinds = ["x"]\ntitle = "t"\n'
FROM = 'source = "a page"\nsource_date = "n.d."\nconfidence = "seed"\n'
RULE = f"""[[requirement]]
id = "pod"
text = "Proof"
any_of = ["pod.document"]
level = "required"
where = "the carrier"
{FROM}"""


def policy(*rules: str) -> Policy:
    return parse_policy((HEAD + RULE + "".join(rules)).encode())


def deadline(
    name: str, amount: int, unit: str = "hours", *, more: str = "", clock: str = "UTC"
) -> str:
    return (
        f'[[deadline]]\nid = "{name}"\nstarts = "defect.noticed.at"\namount = {amount}\n'
        f'unit = "{unit}"\nclock = "{clock}"\n{FROM}{more}\n'
    )


def limit(key: str, value: str, more: str = "") -> str:
    return f'[[limit]]\nkey = "{key}"\nvalue = "{value}"\n{FROM}{more}\n'


def noticed(text: str) -> Fact:
    return said("defect.noticed.at", text, by="amazon", item="notice")


# -- conditions -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "value", "expected"),
    [
        ("order.total >= 750 USD", "750.00 USD", True),
        ("order.total >= 750 USD", "749.99 USD", False),
        ("order.total > 750 USD", "750.00 USD", False),
        ("order.total > 750 USD", "750.01 usd", True),
        ("order.total < 250 USD", "250 USD", False),
        ("order.total <= 250 USD", "250 USD", True),
        ("order.total >= 750 USD", "900 EUR", None),
        ("order.total >= 750 USD", "900", None),
        ("order.total >= 750 USD", "a lot", None),
        ("order.total >= 750 USD", "NaN USD", None),
    ],
)
def test_a_boundary_is_on_the_side_that_is_written(
    line: str, value: str, *, expected: bool | None
) -> None:
    facts = facts_of(said("order.total", value, by="amazon", item="record"))
    assert parse_condition(line).holds(facts) is expected


def test_what_nobody_says_or_two_say_differently_is_open() -> None:
    condition = parse_condition("order.total >= 750 USD")
    assert condition.holds(facts_of()) is None
    two = [said("order.total", f"{n} USD", by=str(n), item="record") for n in (700, 800)]
    assert condition.holds(facts_of(*two)) is None


def test_the_orders_own_site_decides_and_not_what_an_item_says_of_it() -> None:
    facts = facts_of(said("order.site", "GB", by="seller", item="record"))
    condition = parse_condition("order.site is one of GB, UK")
    assert condition.holds(facts, OrderRef(Platform.AMAZON, "1", "US")) is False
    assert condition.holds(facts) is True


@pytest.mark.parametrize(
    "line", ["order.total", "order.total >= much", "order.status >= 5", "no.such.name is x", "a is"]
)
def test_a_condition_that_means_nothing_is_refused(line: str) -> None:
    with pytest.raises(FormatError):
        parse_condition(line)


# -- deadlines --------------------------------------------------------------------------------


def rule(amount: int, unit: Unit, clock: str = "UTC") -> Deadline:
    return Deadline(
        id="d", starts="defect.noticed.at", amount=amount, unit=unit, clock=clock,
        source="s", source_date="n.d.", confidence=Confidence.SEED,
    )  # fmt: skip


def test_a_calendar_day_over_a_change_of_clocks_keeps_the_wall_time() -> None:
    """S0-19: New York leaves summer time on 1 November 2026."""
    begun = datetime(2026, 10, 31, 16, tzinfo=UTC)  # noon in New York
    ends = later(begun, rule(2, Unit.CALENDAR_DAYS, "America/New_York"))
    assert ends == datetime(2026, 11, 2, 17, tzinfo=UTC)
    assert later(begun, rule(48, Unit.HOURS)) == datetime(2026, 11, 2, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "expected"), [(20, 25), (21, 25), (22, 25), (23, 26)], ids=["Fri", "Sat", "Sun", "Mon"]
)
def test_three_business_days_leave_out_the_weekend(day: int, expected: int) -> None:
    begun = datetime(2026, 11, day, 9, tzinfo=UTC)
    assert later(begun, rule(3, Unit.BUSINESS_DAYS)).day == expected


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    st.integers(0, 90),
    st.sampled_from(list(Unit)),
    st.sampled_from(["UTC", "America/Los_Angeles", "Asia/Shanghai", "Australia/Lord_Howe"]),
)
def test_more_is_never_earlier_and_calendar_days_keep_the_clock(
    begun: datetime, amount: int, unit: Unit, clock: str
) -> None:
    ends = later(begun, rule(amount, unit, clock))
    assert begun <= ends <= later(begun, rule(amount + 1, unit, clock))
    if unit is Unit.BUSINESS_DAYS:
        assert ends >= later(begun, rule(amount, Unit.CALENDAR_DAYS, clock))
    if unit is not Unit.HOURS:
        zone = ZoneInfo(clock)
        apart = abs(
            ends.astimezone(zone).replace(tzinfo=None).hour * 60
            + ends.astimezone(zone).minute
            - begun.astimezone(zone).hour * 60
            - begun.astimezone(zone).minute
        )
        assert apart % (24 * 60) in (0, 30, 60, 24 * 60 - 60, 24 * 60 - 30)


def judge(of: Policy, *facts: Fact, at: datetime = NOW) -> tuple[Verdict, list[Finding]]:
    verdict, findings = deadlines.verify(facts=facts_of(*facts), policy=of, at=at)
    return verdict, list(findings)


TWO = policy(
    deadline("two-days", 48, more='step = "reply"\nconflict = "C"'),
    deadline("week", 7, "calendar_days", more='step = "reply"\nconflict = "C"'),
    deadline("month", 30, "calendar_days", more='step = "appeal"'),
)


@pytest.mark.parametrize(
    ("hours", "verdict", "code"),
    [
        (48, Verdict.PASS, "deadline-ahead"),
        (49, Verdict.INCONCLUSIVE, "deadline-contested"),
        (7 * 24, Verdict.INCONCLUSIVE, "deadline-contested"),
        (7 * 24 + 1, Verdict.INCONCLUSIVE, "deadline-step-over"),
        (30 * 24 + 1, Verdict.FAIL, "deadline-over"),
    ],
)
def test_readings_of_one_step_are_told_together_and_the_strictest_is_held_to(
    hours: int, verdict: Verdict, code: str
) -> None:
    start = (NOW - timedelta(hours=hours)).isoformat()
    answer, findings = judge(TWO, noticed(start))
    assert (answer, code in {finding.code for finding in findings}) == (verdict, True)
    told = next(finding.sentence for finding in findings if "two-days" in finding.sentence)
    assert "week" in told and "seed" in told


@pytest.mark.parametrize(
    ("hours", "when", "counts"), [(1, "is", "counts"), (1000, "was", "counted")]
)
def test_what_is_due_is_told_with_its_rule_and_its_start(
    hours: int, when: str, counts: str
) -> None:
    start = NOW - timedelta(hours=hours)
    of = policy(
        deadline("work", 2, "business_days", more='step = "reply"\nconflict = "C"'),
        deadline("days", 48, more='step = "reply"\nconflict = "C"'),
        deadline("any", 30),
        limit("odr.window", "30 days"),
    )
    placed = said("order.placed.at", start.isoformat(), by="amazon", item="record")
    _, (answer, reply, window) = judge(of, noticed(start.isoformat()), placed)
    first, last = start + timedelta(hours=48), later(start, rule(2, Unit.BUSINESS_DAYS))
    assert reply.sentence == (
        f"The reply {when} due {first:%Y-%m-%dT%H:%M:%SZ} (days: 48 hours by UTC, seed); other"
        f" readings: {last:%Y-%m-%dT%H:%M:%SZ} (work: 2 business days by UTC, seed)."
    )
    assert answer.sentence.startswith(f"An answer {when} due ")
    ends = start + timedelta(days=30)
    assert window.sentence == f"The order {counts} until {ends.date()} by 30 days (a page, seed)."


def test_a_start_without_a_time_is_as_wide_as_it_is() -> None:
    day = (NOW - timedelta(hours=48)).date().isoformat()
    answer, (reply, _) = judge(TWO, noticed(day))
    assert answer is Verdict.INCONCLUSIVE
    assert "start is not exact" in reply.sentence


def test_the_moment_that_the_processor_states_comes_before_what_others_say() -> None:
    stated = (
        f'[[deadline]]\nid = "due"\nstep = "reply"\nstarts = "dispute.due.at"\namount = 0\n'
        f'unit = "hours"\nclock = "UTC"\n{FROM}'
    )
    both = policy(stated, deadline("two-days", 48, more='step = "reply"'))
    due = said("dispute.due.at", (NOW + timedelta(days=9)).isoformat(), by="stripe", item="charge")
    old = noticed((NOW - timedelta(days=9)).isoformat())
    assert judge(both, due, old)[0] is Verdict.PASS
    assert judge(both, old)[0] is Verdict.FAIL


def test_without_a_start_nothing_is_computed() -> None:
    answer, (unknown,) = judge(TWO)
    assert (answer, unknown.code) == (Verdict.INCONCLUSIVE, "deadline-start-unknown")
    assert unknown.sentence == (
        "No item states defect.noticed.at, from which x.y counts its deadlines."
    )
    other = deadline("other", 9, more='step = "appeal"').replace("defect.noticed", "dispute.due")
    _, (two,) = judge(policy(deadline("one", 5), deadline("again", 7), other))
    assert two.sentence.startswith("No item states defect.noticed.at, dispute.due.at, from which")


def test_a_step_that_is_over_is_grave_and_says_where_it_started() -> None:
    start = noticed((NOW - timedelta(days=40)).isoformat())
    answer, over = judge(
        policy(deadline("month", 30, "calendar_days", more='step = "appeal"')), start
    )
    (found,) = over
    assert (answer, found.code, found.severity) == (Verdict.FAIL, "deadline-over", Severity.GRAVE)
    assert found.do == "Ask the platform whether it accepts a late answer."
    assert found.rests == ((start.item, str(start.locator)),)
    due = f"{NOW - timedelta(days=10):%Y-%m-%dT%H:%M:%SZ}"
    assert found.sentence == f"The appeal was due {due} (month: 30 calendar days by UTC, seed)."


def test_an_end_that_is_a_span_is_told_from_end_to_end_and_readings_in_a_row() -> None:
    rules = [
        deadline(name, hours, more='step = "reply"\nconflict = "C"')
        for name, hours in (("a", 24), ("b", 48), ("c", 72))
    ]
    _, (reply,) = judge(policy(*rules), noticed("2026-11-18"))
    spans = [
        f"2026-11-{day}T10:00:00Z to 2026-11-{day + 2}T11:59:59Z, as its start is not exact"
        f" ({name}: {hours} hours by UTC, seed)"
        for day, name, hours in ((18, "a", 24), (19, "b", 48), (20, "c", 72))
    ]
    first, second, third = spans
    assert reply.sentence == (f"The reply was due {first}; other readings: {second}; {third}.")


def test_the_last_moment_of_a_deadline_and_of_a_window_is_within_it() -> None:
    start = "2026-11-18T12:00:00.000000Z"  # 48 hours before
    _, (ahead,) = judge(policy(deadline("d", 48)), noticed(start))
    assert (ahead.code, ahead.sentence[:17]) == ("deadline-ahead", "An answer is due ")
    placed = said("order.placed.at", "2026-10-21T12:00:00.000000Z", by="amazon", item="record")
    _, (window,) = judge(policy(limit("odr.window", "30 days")), placed)
    assert (window.code, window.sentence[:17]) == ("defect-counts-until", "The order counts ")


def test_an_order_counts_until_the_longest_reading_has_passed() -> None:
    """CG-01: 30, 60 or 90 days."""
    a2z = policies()["amazon.a2z.delivery"]
    for days, code in ((45, "defect-counts-until"), (91, "defect-left-window")):
        placed = said(
            "order.placed.at", (NOW - timedelta(days=days)).isoformat(), by="amazon", item="record"
        )
        _, findings = judge(a2z, placed)
        (told,) = [finding for finding in findings if finding.code == code]
        assert all(f"by {window} days" in told.sentence for window in (30, 60, 90))


# -- form -------------------------------------------------------------------------------------


def test_bytes_are_counted_to_the_last_one() -> None:
    of = policy(limit("files.total_bytes", "10"))
    pod = replace(item("pod", Role.POD_DOCUMENT), media_type="application/pdf")
    for size, verdict in ((10, Verdict.PASS), (11, Verdict.INCONCLUSIVE)):
        one = replace(pod, size=size)
        answer, _ = form.verify(items=(one, one), facts=facts_of(), policy=of, at=NOW)
        assert answer is verdict


def test_a_type_is_what_the_bytes_are_and_not_what_the_source_called_it() -> None:
    """Forgery: a PDF that its sender calls a JPEG."""
    of = policy(limit("files.types", "image/jpeg"))
    pod = replace(item("pod", Role.POD_DOCUMENT), media_type="image/jpeg")
    sniffed = said("file.media_type", "application/pdf", by="ups", item="pod")
    _, findings = form.verify(items=(pod,), facts=facts_of(sniffed), policy=of, at=NOW)
    assert [finding.code for finding in findings] == ["form-type-refused"]


# -- wording ----------------------------------------------------------------------------------

ODR = policies()["tiktok.odr"]


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        ("Maybe the parcel was late.", ["Maybe"]),
        ("The buyer wrote “maybe it is lost”.", []),
        ("> maybe it is lost\nDelivered on 5 November.", []),
        ("A mayberry jam.", []),
        ("The buyer is a  bad\nfaith buyer.", ["bad\nfaith"]),
        ("我们可能是晚了", ["可能是"]),
        ("Delivered at 14:32 UTC.", []),
    ],
)
def test_words_that_do_not_belong_are_found_outside_of_quotations(
    draft: str, expected: list[str]
) -> None:
    """S0-22, S3-15."""
    assert [slip.words for slip in slips(ODR, draft)] == expected
    assert all(draft[slip.begin : slip.end] == slip.words for slip in slips(ODR, draft))


def test_an_accusation_may_stand_with_the_platforms_ruling() -> None:
    """S1-11."""
    draft = "The buyer acted in bad faith."
    assert slips(ODR, draft)
    assert not slips(ODR, draft, roles={Role.DEFECT_NOTICE})


# -- lint and test ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (limit("files.eachbytes", "5"), "nobody reads"),
        (limit("files.each_bytes", "5 MB"), "is not a whole number"),
        (limit("stale_after.no.role", "7 days"), "nobody reads"),
        (limit("odr.window", "30 days") + limit("odr.window", "60 days"), "names a conflict"),
        (deadline("a", 2) + deadline("b", 3), "names no conflict"),
        (deadline("a", 2, clock="Mars/Olympus"), "time zone"),
        (deadline("pod", 2), "two rules have this id"),
        (RULE.replace('"pod"', '"pod2"').replace('"the carrier"', '""'), "where"),
    ],
)
def test_lint_finds_rules_that_nobody_would_hold_to(rules: str, says: str) -> None:
    found = [str(fault) for fault in faults(policy(rules)) if fault.grave]
    assert len(found) >= 1
    assert any(says in fault for fault in found)


def test_lint_finds_two_policies_for_one_defect() -> None:
    one = parse_policy((HEAD + RULE).encode())
    two = parse_policy((HEAD + RULE).replace("x.y", "x.z").encode())
    assert any("answers x as well" in str(fault) for fault in faults(one, {two.id: two}))


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        ('verdict = "pass"', "verdict is fail, not pass"),
        ('present = ["pod"]', "pod is missing, not present"),
        ('missing = ["nothing"]', "no requirement of this policy"),
        ('says = ["elsewhere"]', "no line of coverage says"),
        ('findings = ["form-fits"]', "no finding is form-fits"),
        ("due = { none = 2026-01-01T00:00:00Z }", "no deadline of this policy"),
        ('verdict = "fine"', "not one of"),
        ("sizes = 3", "nobody reads"),
    ],
)
def test_an_example_that_is_not_so_is_told(expect: str, says: str) -> None:
    head = 'policy = "x.y"\nat = 2026-11-20T12:00:00Z\n[[example]]\nname = "n"\n'
    raw = f"{head}[example.expect]\n{expect}\n"
    ((_, told),) = run(raw.encode(), policy(), name="examples")
    assert any(says in sentence for sentence in told)
