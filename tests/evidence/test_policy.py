"""A policy is refused where it is mistyped: a rule that nobody reads would never apply."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.conditions import parse_condition
from evidence.errors import FormatError
from evidence.items import Provenance, Role
from evidence.orders import Platform
from evidence.policy import (
    MAX_POLICY_BYTES,
    Confidence,
    Deadline,
    Eligibility,
    Level,
    Limit,
    Phrase,
    Requirement,
    Unit,
    parse_policy,
)
from tests.evidence.strategies import POLICY

HEAD = POLICY.decode().partition("[[")[0]
RULE = "[[" + POLICY.decode().partition("[[")[2]
DEADLINE = """
[[deadline]]
id = "reply"
starts = "defect.noticed.at"
amount = 48
unit = "hours"
clock = "UTC"
source = "a page"
source_date = "n.d."
confidence = "seed"
conflict = "CG-04"
"""
LIMIT = """
[[limit]]
key = "zip.total_bytes"
value = "10000000"
source = "a page"
source_date = "n.d."
confidence = "documented-3p"
"""


def test_a_whole_policy_is_read_with_every_rule_and_its_source() -> None:
    raw = (HEAD + "effective_from = 2026-01-01\n" + RULE + DEADLINE + LIMIT).encode()
    policy = parse_policy(raw)
    assert (policy.id, policy.platform, policy.defect_kinds) == (
        "amazon.a2z.delivery", Platform.AMAZON, ("a-to-z",),
    )  # fmt: skip
    assert policy.raw == raw and policy.effective_from == date(2026, 1, 1)
    (pod,) = policy.requirements
    assert pod.any_of == (Role.POD_DOCUMENT, Role.POD_SIGNATURE)
    assert (pod.level, pod.least_provenance) == (Level.REQUIRED, Provenance.UNKNOWN)
    assert pod.facts == ("scan.delivered.at",)
    assert policy.deadlines == (
        Deadline(
            id="reply", starts="defect.noticed.at", amount=48, unit=Unit.HOURS, clock="UTC",
            source="a page", source_date="n.d.", confidence=Confidence.SEED, conflict="CG-04",
        ),
    )  # fmt: skip
    assert policy.limits == (
        Limit(
            key="zip.total_bytes", value="10000000", source="a page", source_date="n.d.",
            confidence=Confidence.DOCUMENTED_3P,
        ),
    )  # fmt: skip
    assert policy.roles() == [Role.POD_DOCUMENT, Role.POD_SIGNATURE]
    assert policy.roles(Level.HELPFUL) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('title = "', 'titel = "', "the policy is malformed: it lacks title"),
        ("[[requirement]]", "frist = 3\n[[requirement]]", "fields nobody reads: frist"),
        ("[[requirement]]", "[[requirements]]", "fields nobody reads: requirements"),
        ("[[requirement]]", "[requirement]", r"requirement is not written as \[\[requirement\]\]"),
        ('level = "required"', 'level = "required"\nlevle = "x"', "requirement 'pod'.*: levle"),
        ('level = "required"', "", "requirement 'pod' is malformed: it lacks level"),
        ('level = "required"', 'level = "must"', "level is not one of required, helpful"),
        ('"pod.signature"]', '"pod.signatur"]', "any_of is not one of .*'pod.signatur' is not"),
        ('["pod.document", "pod.signature"]', '"pod.document"', "any_of is not a list of texts"),
        ('["pod.document", "pod.signature"]', "[]", "any_of is not a list of at least one role"),
        ('["scan.delivered.at"]', '["scan.deliverd.at"]', "facts is not a fact name"),
        ('["scan.delivered.at"]', '"scan.delivered.at"', "facts is not a list of texts"),
        ('["scan.delivered.at"]', "[1]", "facts is not a list of texts"),
        ('["a-to-z"]', '"a-to-z"', "defect_kinds is not a list of texts"),
        ('platform = "amazon"', 'platform = "amazone"', "platform is not one of amazon"),
        ('version = "2026-11-22"', "version = 2026-11-22", "version is not text in quotes"),
        ('text = "Proof', 'where = 5\ntext = "Proof', "where is not text in quotes"),
        ("amount = 48", 'amount = "48"', "deadline 'reply'.*amount is not a whole number"),
        ("amount = 48", "amount = true", "amount is not a whole number"),
        ("amount = 48", "amount = 48.0", "amount is not a whole number"),
        ("amount = 48", "amount = -48", "amount is not a whole number"),
        ('"defect.noticed.at"', '"defect.kind"', "starts is not the name of a time"),
        ('"defect.noticed.at"', '"defect.noticed"', "starts is not a fact name"),
        ('unit = "hours"', 'unit = "days"', "unit is not one of hours"),
        ('value = "10000000"', "value = 10000000", "limit 'zip.total_bytes'.*value is not text"),
        ('confidence = "seed"', 'confidence = "sure"', "confidence is not one of documented"),
        ("[[requirement]]", "effective_from = 2026-01-01T00:00:00Z\n[[requirement]]", "TOML date"),
        ("[[requirement]]", 'effective_from = "2026-01-01"\n[[requirement]]', "TOML date"),
        (
            "[[requirement]]",
            "effective_from = 2026-01-02\neffective_to = 2026-01-01\n[[requirement]]",
            "effective_to is not after effective_from",
        ),
    ],
)
def test_a_mistake_is_refused_naming_rule_and_field(old: str, new: str, says: str) -> None:
    text = HEAD + RULE + DEADLINE + LIMIT
    assert text.count(old) >= 1
    with pytest.raises(FormatError, match=says) as refused:
        parse_policy(text.replace(old, new, 1).encode())
    assert len(str(refused.value)) < 700


def test_two_requirements_cannot_have_one_name() -> None:
    with pytest.raises(FormatError, match="two requirements are called 'pod'"):
        parse_policy((HEAD + RULE + RULE).encode())


def test_readings_that_contradict_each_other_stand_side_by_side() -> None:
    text = HEAD + DEADLINE + DEADLINE.replace("48", "72").replace("a page", "another page")
    assert [deadline.amount for deadline in parse_policy(text.encode()).deadlines] == [48, 72]


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe",
        b"\xef\xbb\xbf" + POLICY,
        b"id = ",
        b"a = " + b"[" * 100_000,
        b"a = " + b"{b=" * 50_000,
        b"[" + b"a." * 20_000 + b"a]\n",
        b"id = " + b"9" * 10_000,
        b"x" * (MAX_POLICY_BYTES + 1),
        POLICY + b"\n" + POLICY,
        b"requirement = 5\n" + POLICY.partition(b"[[")[0],
        b"requirement = [5]\n" + POLICY.partition(b"[[")[0],
    ],
    ids=lambda raw: repr(raw)[:30],
)
def test_what_is_not_toml_or_is_a_bomb_is_a_format_error(raw: bytes) -> None:
    with pytest.raises(FormatError) as refused:
        parse_policy(raw)
    assert len(str(refused.value)) < 700


@given(st.data())
def test_any_change_of_a_policy_s_bytes_is_read_or_is_a_format_error(data: st.DataObject) -> None:
    raw = bytearray((HEAD + RULE + DEADLINE + LIMIT).encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] = data.draw(st.integers(0, 255))
    try:
        policy = parse_policy(bytes(raw))
    except FormatError:
        return
    assert policy.raw == bytes(raw)


ELIGIBLE = """
[[eligible]]
id = "large"
text = "Sales above 10"
when = ["order.total > 10 USD"]
source = "p. 1"
source_date = "2026"
confidence = "documented"
conflict = "E-1"
valid_from = 2026-01-01
valid_to = 2026-02-01
"""
PHRASE = """
[[phrase]]
id = "promise"
language = "en"
words = ["always", "never"]
why = "nobody can promise that"
unless = "order.record"
source = "p. 2"
source_date = "2025"
confidence = "general"
valid_from = 2026-03-01
"""
LONG = (
    RULE.rstrip()
    + """
least_provenance = "carrier_document"
where = "the carrier"
asks = "Whose signature is it?"
when = ["order.total > 10 USD", "order.site is US"]
conflict = "R-1"
valid_from = 2026-01-01
valid_to = 2026-01-01

[requirement.repeated]
of = "prior.payment.at"
at_least = 2
"""
)


def test_every_field_of_every_rule_is_read() -> None:
    step = DEADLINE + 'step = "reply"\nvalid_to = 2026-12-31\n'
    conflict = LIMIT + 'conflict = "L-1"\nvalid_from = 2026-05-01\n'
    head = HEAD + "default = true\neffective_to = 2026-12-31\n"
    policy = parse_policy((head + LONG + step + conflict + ELIGIBLE + PHRASE).encode())
    assert policy.default and policy.effective_to == date(2026, 12, 31)
    (rule,) = policy.requirements
    assert (rule.where, rule.asks, rule.conflict) == (
        "the carrier", "Whose signature is it?", "R-1",
    )  # fmt: skip
    assert rule.least_provenance is Provenance.CARRIER_DOCUMENT
    assert [str(each) for each in rule.when] == ["order.total > 10 USD", "order.site is US"]
    assert (rule.valid_from, rule.valid_to) == (date(2026, 1, 1), date(2026, 1, 1))
    assert rule.repeated is not None and rule.repeated.at_least == 2
    assert (policy.deadlines[0].step, policy.deadlines[0].valid_to) == ("reply", date(2026, 12, 31))
    assert (policy.limits[0].conflict, policy.limits[0].valid_from) == ("L-1", date(2026, 5, 1))
    assert policy.eligibility == (
        Eligibility(
            id="large", text="Sales above 10", when=(parse_condition("order.total > 10 USD"),),
            source="p. 1", source_date="2026", confidence=Confidence.DOCUMENTED, conflict="E-1",
            valid_from=date(2026, 1, 1), valid_to=date(2026, 2, 1),
        ),
    )  # fmt: skip
    assert policy.phrases == (
        Phrase(
            id="promise", language="en", words=("always", "never"), why="nobody can promise that",
            unless=Role.ORDER_RECORD, source="p. 2", source_date="2025",
            confidence=Confidence.GENERAL, valid_from=date(2026, 3, 1),
        ),
    )  # fmt: skip
    assert policy.rules == (
        *policy.requirements, *policy.deadlines, *policy.eligibility, *policy.limits,
        *policy.phrases,
    )  # fmt: skip
    groups = {name: [type(rule) for rule in rules] for name, rules in policy.conflicts().items()}
    assert groups == {
        "R-1": [Requirement], "CG-04": [Deadline], "E-1": [Eligibility], "L-1": [Limit],
    }  # fmt: skip


def test_what_a_policy_leaves_out_is_as_docs_say() -> None:
    short = DEADLINE.replace('conflict = "CG-04"\n', "")
    policy = parse_policy((HEAD + RULE + short + LIMIT + ELIGIBLE + PHRASE).encode())
    assert not policy.default and policy.effective_from is policy.effective_to is None
    (rule,) = policy.requirements
    assert (rule.where, rule.asks, rule.conflict, rule.when, rule.repeated) == (
        "",
        "",
        "",
        (),
        None,
    )
    assert (rule.valid_from, rule.valid_to) == (None, None)
    assert (policy.deadlines[0].conflict, policy.deadlines[0].step) == ("", "")
    assert (policy.limits[0].conflict, policy.limits[0].valid_from) == ("", None)
    bare = HEAD + RULE + ELIGIBLE.replace('conflict = "E-1"\n', "")
    assert parse_policy(bare.encode()).eligibility[0].conflict == ""
    plain = PHRASE.replace('unless = "order.record"\n', "")
    assert parse_policy((HEAD + RULE + plain).encode()).phrases[0].unless is None
    assert list(policy.conflicts()) == ["E-1"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('words = ["always", "never"]', "words = []", "phrase 'promise'.*words is not a list of"),
        ('words = ["always", "never"]', 'words = ["a", " "]', "words is not a list of words"),
        ('unless = "order.record"', 'unless = "order"', "unless is not one of"),
        ('why = "nobody can promise that"\n', "", "phrase 'promise' is malformed: it lacks why"),
        ('when = ["order.total > 10 USD"]\n', "", "eligible 'large' is malformed: it lacks when"),
        ("> 10 USD", "over 10 USD", "eligible 'large'.*when: the condition"),
        ("valid_to = 2026-02-01", "valid_to = 2025-12-31", "valid_to is not after valid_from"),
        ('text = "Sales above 10"', "text = 10", "eligible 'large'.*text is not text"),
        ("valid_from = 2026-03-01", "valid_from = 1", "phrase 'promise'.*valid_from is not a TOML"),
    ],
)  # fmt: skip
def test_a_mistake_in_who_may_answer_or_in_a_phrase_is_refused(
    old: str, new: str, says: str
) -> None:
    text = HEAD + RULE + ELIGIBLE + PHRASE
    assert old in text
    with pytest.raises(FormatError, match=says):
        parse_policy(text.replace(old, new, 1).encode())


@pytest.mark.parametrize(
    ("kind", "answered"),
    [("a-to-z", True), ("A_TO Z", True), ("  a to  z ", True), ("a to y", False), ("", False)],
)
def test_a_kind_of_defect_is_the_same_in_any_spelling(kind: str, *, answered: bool) -> None:
    assert parse_policy(POLICY).answers(kind) is answered


def test_roles_and_limits_are_found() -> None:
    second = RULE.replace('"pod"', '"other"').replace('"required"', '"helpful"')
    second = second.replace('"pod.signature"]', '"pod.photo"]')
    other = LIMIT.replace("10000000", "9").replace("zip.total_bytes", "files.count")
    policy = parse_policy((HEAD + RULE + second + LIMIT + other + LIMIT).encode())
    assert policy.roles() == [Role.POD_DOCUMENT, Role.POD_SIGNATURE, Role.POD_PHOTO]
    assert policy.roles(Level.HELPFUL) == [Role.POD_DOCUMENT, Role.POD_PHOTO]
    assert [limit.value for limit in policy.limited("zip.total_bytes")] == ["10000000"] * 2
    assert policy.limited("zip.names") == []
