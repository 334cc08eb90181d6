"""The policies that come with the program: sourced, chosen rightly, true to their examples."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from evidence.policy import Limit, Phrase, Policy, parse_policy
from verifiers.rulebook import GENERIC, built_in, policies, policy_for
from verifiers.terms.examples import read_examples, run
from verifiers.terms.lint import faults

ALL = policies()
each_policy = pytest.mark.parametrize("policy", ALL.values(), ids=ALL.keys())


def examples_of(policy: Policy) -> bytes:
    return (built_in() / "examples" / f"{policy.id}.toml").read_bytes()


@each_policy
def test_no_policy_has_a_fault(policy: Policy) -> None:
    assert [str(fault) for fault in faults(policy, ALL) if fault.grave] == []


@each_policy
def test_each_example_is_judged_as_it_is_written(policy: Policy) -> None:
    wrong = {name: said for name, said in run(examples_of(policy), policy, name="x") if said}
    assert wrong == {}


@each_policy
def test_each_policy_shows_what_is_ready_and_what_is_not(policy: Policy) -> None:
    examples = read_examples(examples_of(policy), policy, name="x")
    verdicts = {each.expect.text("verdict", "") for each in examples}
    assert verdicts & {"pass", "inconclusive"} and "fail" in verdicts
    assert any(
        each.expect.texts("missing", ()) + each.expect.texts("weak", ()) for each in examples
    )


def test_every_file_of_examples_is_some_policys() -> None:
    names = {entry.name for entry in (built_in() / "examples").iterdir()}
    assert names == {f"{policy}.toml" for policy in ALL}


@pytest.mark.parametrize(
    ("platform", "kind", "expected"),
    [
        ("amazon", "A-to-Z", "amazon.a2z.delivery"),
        ("amazon", "a_to_z", "amazon.a2z.delivery"),
        ("amazon", "A-to-z return", "amazon.a2z.return"),
        ("amazon", "Chargeback", "amazon.chargeback"),
        ("amazon", "negative feedback", "amazon.feedback"),
        ("amazon", "late shipment", "amazon.late_shipment"),
        ("amazon", "invalid tracking", "amazon.valid_tracking"),
        ("tiktok", "odr", "tiktok.odr"),
        ("tiktok", "chargeback", "tiktok.chargeback"),
        ("ebay", "INR", "ebay.inr"),
        ("ebay", "payment dispute", "ebay.payment_dispute"),
        ("shopify", "product_not_received", "shopify.product_not_received"),
        ("shopify", "stripe fraudulent", "stripe.fraudulent"),
        ("shopify", "Visa 10.4", "visa.ce3"),
        ("other", "paypal not received", "paypal.not_received"),
        ("shopify", "Mastercard 4853", "mastercard.4853"),
        ("shopify", "mastercard 4837", "mastercard.4837"),
        ("shopify", "American Express", "amex.dispute"),
        ("shopify", "diners", "discover.dispute"),
        ("shopify", "Revolut", "revolut.dispute"),
        ("shopify", "Amazon Pay chargeback", "amazonpay.chargeback"),
        ("other", "wish refund", "wish.refund"),
        ("amazon", "account suspension", "amazon.account"),
        ("tiktok", "negative-review-rate", "tiktok.negative_review"),
        ("walmart", "customer-care refund", "walmart.customer_care"),
        ("etsy", "not received", "etsy.case"),
        ("etsy", "something new", GENERIC),
        ("other", "", GENERIC),
        ("amazon", None, "amazon.a2z.delivery"),
        ("tiktok", None, "tiktok.odr"),
        ("other", None, GENERIC),
    ],
)
def test_the_policy_is_chosen_by_platform_and_defect(
    platform: str, kind: str | None, expected: str
) -> None:
    assert policy_for(platform, kind).id == expected


def test_the_day_chooses_between_versions() -> None:
    """S0-25."""
    text = (
        'id = "{0}"\nversion = "{0}"\nplatform = "ebay"\ndefect_kinds = ["x"]\ntitle = "t"\n{1}\n'
    )
    old = parse_policy(text.format("a.old", "effective_to = 2026-06-30").encode())
    new = parse_policy(text.format("a.new", "effective_from = 2026-07-01").encode())
    among = {old.id: old, new.id: new, GENERIC: ALL[GENERIC]}
    assert policy_for("ebay", "x", on=date(2026, 6, 30), among=among) is old
    assert policy_for("ebay", "x", on=date(2026, 7, 1), among=among) is new


ROW = re.compile(r"\| ([A-Z]+[A-Z0-9]*-[A-Z0-9-]+) \| (.*) \|$")


@pytest.mark.needs_shared
def test_no_rule_is_surer_than_the_fact_it_is_from(shared: Path) -> None:
    """A fact that is marked uncertain stays marked: confidence is never raised on the way here."""
    order = ("general", "seed", "documented-3p", "documented")
    known: dict[str, str] = {}
    for line in (shared / "mission" / "POLICY_FACTS.md").read_text("utf-8").splitlines():
        if (row := ROW.fullmatch(line)) and not row[1].startswith("CG-"):
            known[row[1]] = row[2].split(" | ")[-1].strip()
    assert len(known) > 100
    seen = 0
    for policy in ALL.values():
        for rule in policy.rules:
            if isinstance(rule, Phrase):
                continue
            name = rule.source.partition(":")[0] if isinstance(rule, Limit) else rule.id
            if name.startswith("EBY-TDR-"):  # read since, in eBay's own help
                continue
            # What one row says with a part of it from elsewhere is named as such.
            fact = known[name.partition(".")[0]]
            if name == "PP-TIME-01.stated":
                continue
            seen += 1
            assert order.index(rule.confidence) <= order.index(fact), (policy.id, name)
    assert seen > 300


# Told where they are held to: in profiles and playbooks, or about what is asked of nobody.
ELSEWHERE = {"TTS-ODR-02"}


@pytest.mark.needs_shared
def test_every_fact_is_told_by_some_policy(shared: Path) -> None:
    """A fact that nobody wrote down is a rule that nobody holds to."""
    known = [
        row[1]
        for line in (shared / "mission" / "POLICY_FACTS.md").read_text("utf-8").splitlines()
        if (row := ROW.fullmatch(line))
    ]
    told = "\n".join(policy.raw.decode() for policy in ALL.values())
    groups = {name for name in known if name.startswith("CG-")}
    lacking = [n for n in known if n not in groups and not re.search(rf"\b{n}\b", told)]
    assert set(lacking) <= ELSEWHERE
    assert {n for n in groups if not re.search(rf"\b{n}\b", told)} <= {"CG-16"}
