"""Examples of a policy: each expectation that is not met is told in a sentence."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from evidence.errors import FormatError
from evidence.items import Role
from evidence.orders import OrderRef, Platform
from evidence.policy import Policy, parse_policy
from evidence.times import LocalDate
from verifiers.terms.examples import differences, read_examples, run

FROM = 'source = "a page"\nsource_date = "n.d."\nconfidence = "seed"\n'
POLICY = f"""id = "x.y"
version = "1"
platform = "ebay"
defect_kinds = []
title = "t"
[[requirement]]
id = "pod"
text = "Proof"
any_of = ["pod.document"]
level = "required"
where = "the carrier"
facts = ["scan.delivered.at"]
{FROM}[[requirement]]
id = "chat"
text = "Messages"
any_of = ["message.thread"]
level = "helpful"
{FROM}[[deadline]]
id = "reply"
starts = "defect.noticed.at"
amount = 48
unit = "hours"
clock = "UTC"
{FROM}[[deadline]]
id = "appeal"
starts = "claim.opened.at"
amount = 48
unit = "hours"
clock = "UTC"
{FROM}[[limit]]
key = "files.each_bytes"
value = "1000"
{FROM}[[phrase]]
id = "promise"
language = "en"
words = ["always"]
why = "a promise"
unless = "order.record"
{FROM}"""
HEAD = 'policy = "x.y"\nat = 2026-11-20T12:00:00Z\n'
ITEM = """[[example.item]]
role = "pod.document"
provenance = "carrier_document"
origin = "ups"
media_type = "application/pdf"
size = 900
name = "pod.pdf"
collected = 2026-11-19T13:00:00+01:00
facts = { "scan.delivered.at" = "2026-11-05", "defect.noticed.at" = "2026-11-19T09:00:00Z" }
groups = [{ "order.id" = "one" }, { "order.id" = "two" }]
"""
EXPECT = """[example.expect]
verdict = "pass"
present = ["pod"]
missing = ["chat"]
says = ["no message.thread was collected"]
due = { reply = 2026-11-21T09:00:00Z }
time = "pass"
form = "pass"
findings = ["requirement-covered", "helpful-missing"]
phrases = ["always"]
"""
EXAMPLE = (
    '[[example]]\nname = "one"\norder = "12-12345-12345"\nsite = "DE"\ndraft = "I always do"\n'
)
WHOLE = HEAD + EXAMPLE + ITEM + EXPECT


def policy() -> Policy:
    return parse_policy(POLICY.encode())


def told(text: str = WHOLE) -> list[str]:
    ((_, found),) = run(text.encode(), policy(), name="examples")
    return found


def again(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


def test_an_example_that_comes_out_as_written_tells_of_no_difference() -> None:
    assert told() == []


def test_an_example_is_read_as_it_is_written() -> None:
    (one,) = read_examples(WHOLE.encode(), policy(), name="examples")
    assert (one.name, one.draft) == ("one", "I always do")
    assert one.order == OrderRef(Platform.EBAY, "12-12345-12345", "DE")
    assert one.at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    (item,) = one.items
    assert (item.role, item.provenance, item.origin) == (
        Role.POD_DOCUMENT, "carrier_document", "ups",
    )  # fmt: skip
    assert (item.media_type, item.size, item.name) == ("application/pdf", 900, "pod.pdf")
    assert item.collected_at == datetime(2026, 11, 19, 12, tzinfo=UTC)
    assert (item.sha256, item.key) == (hashlib.sha256(b"one/0").hexdigest(), "one/0")
    assert [(fact.name, fact.group, str(fact.locator)) for fact in one.facts] == [
        ("scan.delivered.at", "", "json:/0/scan.delivered.at"),
        ("defect.noticed.at", "", "json:/0/defect.noticed.at"),
        ("order.id", "group/1", "json:/1/order.id"),
        ("order.id", "group/2", "json:/2/order.id"),
    ]
    assert isinstance(one.facts[0].value, LocalDate) and one.facts[2].value == "one"
    assert {(fact.item, fact.origin) for fact in one.facts} == {(item.sha256, "ups")}
    assert differences(one, policy()) == []


def test_what_an_example_leaves_out_is_as_docs_say() -> None:
    text = HEAD + '[[example]]\nname = "n"\n[[example.item]]\nrole = "pod.document"\n'
    more = '[[example.item]]\nrole = "pod.photo"\n[example.expect]\n'
    (one,) = read_examples((text + more).encode(), policy(), name="examples")
    assert (one.order, one.draft) == (OrderRef(Platform.EBAY, "1", "US"), "")
    first, second = one.items
    assert (first.provenance, first.origin, first.media_type) == (
        "api", "example", "application/json",
    )  # fmt: skip
    assert (first.size, first.name, first.collected_at) == (1, None, one.at)
    assert (first.key, second.key) == ("n/0", "n/1") and len(one.facts) == 0
    own = text.replace('name = "n"', 'name = "n"\nat = 2026-11-22T01:00:00+01:00') + more
    (later,) = read_examples(own.encode(), policy(), name="examples")
    assert later.at == later.items[0].collected_at == datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('verdict = "pass"', 'verdict = "fail"', "verdict is pass, not fail"),
        ('time = "pass"', 'time = "fail"', "time is pass, not fail"),
        ('form = "pass"', 'form = "inconclusive"', "form is pass, not inconclusive"),
        ("size = 900", "size = 1001", "form is inconclusive, not pass"),
        ('present = ["pod"]', 'weak = ["pod"]', "pod is present, not weak"),
        ('present = ["pod"]', 'missing_ = ["pod"]', ""),
        ('present = ["pod"]', 'not_applicable = ["pod"]', "pod is present, not not_applicable"),
        ('present = ["pod"]', 'present = ["pot"]',
         "pot is no requirement of this policy, not present"),
        ('missing = ["chat"]', 'present = ["chat"]', ""),
        ('"no message.thread was collected"', '"no chat was"',
         "no line of coverage says 'no chat was'; said is no message.thread was collected"),
        ("2026-11-21T09:00:00Z", "2026-11-21T10:00:00Z",
         "reply ends 2026-11-21T09:00:00Z, not 2026-11-21 10:00:00+00:00"),
        ("due = { reply", "due = { appeal = 2026-11-21T09:00:00Z, reply",
         "appeal ends not known, not 2026-11-21 09:00:00+00:00"),
        ("due = { reply", "due = { none = 2026-11-21T09:00:00Z, reply",
         "none is no deadline of this policy"),
        ('"helpful-missing"]', '"form-too-large"]', "no finding is form-too-large"),
        ('phrases = ["always"]', "phrases = []", "in the draft is found ['always'], not []"),
        ('phrases = ["always"]', 'phrases = ["never"]',
         "in the draft is found ['always'], not ['never']"),
        ('role = "pod.document"', 'role = "order.record"',
         "in the draft is found [], not ['always']"),
        ('"scan.delivered.at" = "2026-11-05", ', "", "pod is weak, not present"),
    ],
)  # fmt: skip
def test_what_comes_out_otherwise_is_told(old: str, new: str, sentence: str) -> None:
    found = told(again(old, new))
    if sentence:
        assert sentence in found
        assert len(found) == 1 or old.startswith(("role", '"scan'))
    else:  # written twice, or under a name that nobody reads
        assert len(found) == 1 and "examples" in found[0]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('policy = "x.y"', 'policy = "x.z"', "examples is malformed: policy is not x.y"),
        ("at = 2026-11-20T12:00:00Z\n", "", "examples is malformed: it lacks at"),
        ("12:00:00Z", "12:00:00", "at is not a TOML time with its zone"),
        ("[[example]]", "more = 1\n[[example]]", "fields nobody reads: more"),
        ("[[example]]\n", "[[example]]\nmore = 1\n", "example 'one'.* fields nobody reads: more"),
        ("[example.expect]", "[example.expected]", "it lacks expect"),
        ('verdict = "pass"', 'verdikt = "pass"', "expect is malformed.*nobody reads: verdikt"),
        ('role = "pod.document"', 'role = "pod"', "item 'pod.pdf'.*role is not one of"),
        ('role = "pod.document"\n', "", "item 'pod.pdf' is malformed: it lacks role"),
        ('origin = "ups"', "origin = 1", "origin is not text"),
        ('"carrier_document"', '"carrier"', "provenance is not one of"),
        ("size = 900", "size = -1", "size is not a whole number of bytes"),
        ("size = 900", "size = 1.5", "size is not a whole number of bytes"),
        ("size = 900", f"size = {(1 << 40) + 1}", "size is not a whole number of bytes"),
        ("2026-11-19T13:00:00+01:00", "2026-11-19", "collected is not a TOML time"),
        ('"2026-11-05"', "2026-11-05", "facts is not texts in quotes: 'scan.delivered.at' is not"),
        ('"2026-11-05"', '"soon"', "the time 'soon'"),
        ('"scan.delivered.at"', '"scan.gone"', "facts is not a fact name"),
        ('groups = [{ "order.id" = "one" }', "groups = [1", "groups is not a list of tables"),
        ("groups = [", "groups = 1\nhints = [", "fields nobody reads: hints"),
        ('groups = [{ "order.id" = "one" }, { "order.id" = "two" }]', "groups = 1",
         "facts is not a table of texts, or groups a list of such"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_a_difference_that_names_it(old: str, new: str, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        read_examples(again(old, new).encode(), policy(), name="examples")
    ((name, (sentence,)),) = run(again(old, new).encode(), policy(), name="examples")
    assert name == "examples" and sentence


def test_a_verdict_that_there_is_not_is_told() -> None:
    (sentence,) = told(again('verdict = "pass"', 'verdict = "good"'))
    assert "verdict is not one of pass" in sentence


def test_the_largest_file_an_example_may_have_is_read() -> None:
    text = again("size = 900", f"size = {1 << 40}")
    (one,) = read_examples(text.encode(), policy(), name="examples")
    assert one.items[0].size == 1 << 40
    (empty,) = read_examples(again("size = 900", "size = 0").encode(), policy(), name="examples")
    assert empty.items[0].size == 0
