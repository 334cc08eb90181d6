"""A policy is refused where it is mistyped: a rule that nobody reads would never apply."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import FormatError
from evidence.items import Provenance, Role
from evidence.orders import Platform
from evidence.policy import (
    MAX_POLICY_BYTES,
    Confidence,
    Deadline,
    Level,
    Limit,
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
