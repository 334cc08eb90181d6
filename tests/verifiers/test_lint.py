"""What lint finds in a policy that can be read, by rule and sentence; and what it leaves alone."""

from __future__ import annotations

import pytest

from evidence.policy import Policy, parse_policy
from verifiers.terms.lint import faults

FROM = 'source = "a page"\nsource_date = "n.d."\nconfidence = "seed"\n'
HEAD = """id = "x.y"
version = "1"
platform = "amazon"
defect_kinds = ["late", "a-to-z"]
title = "t"
"""
RULE = f"""[[requirement]]
id = "pod"
text = "Proof"
any_of = ["pod.document"]
level = "required"
where = "the carrier"
{FROM}"""
DEADLINE = f"""[[deadline]]
id = "reply"
starts = "defect.noticed.at"
amount = 48
unit = "hours"
clock = "UTC"
step = "reply"
{FROM}"""
LIMIT = f'[[limit]]\nkey = "files.total_bytes"\nvalue = "10"\n{FROM}'
ELIGIBLE = f'[[eligible]]\nid = "paid"\ntext = "t"\nwhen = ["order.total > 1 USD"]\n{FROM}'
WHOLE = HEAD + RULE + DEADLINE + LIMIT + ELIGIBLE


def policy(text: str = WHOLE) -> Policy:
    return parse_policy(text.encode())


def found(text: str, *others: Policy) -> list[str]:
    return [str(fault) for fault in faults(policy(text), {str(n): o for n, o in enumerate(others)})]


def test_a_whole_policy_has_no_faults() -> None:
    assert found(WHOLE) == []
    assert faults(policy()) == []


def again(block: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in block
        block = block.replace(old, new)
    return block


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('id = "x.y"', 'id = "xy"', ["fault: xy: its id is not lower-case words joined by dots"]),
        ('id = "x.y"', 'id = "X.y"', ["fault: X.y: its id is not lower-case words joined by dots"]),
        ('version = "1"', 'version = " "', ["fault: x.y: it has no version"]),
        (RULE, "", ["fault: x.y: it asks for nothing"]),
        ('level = "required"', 'level = "helpful"', ["advice: x.y: nothing in it is required"]),
        ('id = "paid"', 'id = "pod"', ["fault: pod: two rules have this id"]),
        ('where = "the carrier"\n', "",
         ["fault: pod: it does not say where a seller gets it (where)"]),
        ('where = "the', 'asks = "Look"\nwhere = "the', ["fault: pod: asks is not a question"]),
        ('where = "the', 'asks = "Is it?"\nwhere = "the', []),
        ('clock = "UTC"', 'clock = "noon"',
         ["fault: reply: its clock 'noon' is not the name of a time zone"]),
        ("amount = 48\nunit = \"hours\"", "amount = 0\nunit = \"calendar_days\"",
         ["fault: reply: a deadline that is stated as it is has the unit hours"]),
        ("amount = 48", "amount = 0", []),
        ('step = "reply"\n', "", ["advice: reply: it does not say of which step it is (step)"]),
        ('step = "reply"', 'step = "reply"\nconflict = "G"',
         ["advice: reply: G has no other reading in this policy"]),
        ('key = "files.total_bytes"', 'key = "nobody.reads"',
         ["fault: nobody.reads: nobody reads a limit of this name"]),
        ('value = "10"', 'value = "ten"',
         ["fault: files.total_bytes: 'ten' is not a whole number of bytes"]),
    ],
)  # fmt: skip
def test_each_fault_names_its_rule(old: str, new: str, expected: list[str]) -> None:
    assert found(again(WHOLE, (old, new))) == expected


@pytest.mark.parametrize(
    ("block", "called"),
    [(RULE, "pod"), (DEADLINE, "reply"), (LIMIT, "files.total_bytes"), (ELIGIBLE, "paid")],
)
def test_whoever_does_not_say_where_it_is_from_is_told_and_general_knowledge_too(
    block: str, called: str
) -> None:
    from_nowhere = 'it does not say where it is from: source, source_date ("n.d.")'
    for old, new in (('source = "a page"', 'source = " "'), ('"n.d."', '" "')):
        text = WHOLE.replace(block, again(block, (old, new)))
        assert found(text) == [f"fault: {called}: {from_nowhere}"]
    general = again(block, ('"seed"', '"general"'))
    said = [f"advice: {called}: only general knowledge says so"]
    assert found(WHOLE.replace(block, general)) == said
    looked = again(general, ("a page", "a page, not found"))
    assert found(WHOLE.replace(block, looked)) == []


OTHER_READING = again(DEADLINE, ('"reply"\nstarts', '"reply-2"\nstarts'), ("48", "72"))
FIRST, SECOND = (
    again(block, ('step = "reply"', 'step = "reply"\nconflict = "G"'))
    for block in (DEADLINE, OTHER_READING)
)


@pytest.mark.parametrize(
    ("deadlines", "expected"),
    [
        (FIRST + SECOND, []),
        (
            DEADLINE + OTHER_READING,
            [f"fault: {name}: the step 'reply' has other readings, and it names no conflict"
             for name in ("reply", "reply-2")],
        ),
        (
            FIRST + OTHER_READING,
            ["fault: reply-2: the step 'reply' has other readings, and it names no conflict",
             "advice: reply: G has no other reading in this policy"],
        ),
        (DEADLINE + again(OTHER_READING, ("defect.noticed.at", "claim.opened.at")), []),
        (DEADLINE + again(OTHER_READING, ('step = "reply"', 'step = "appeal"')), []),
        (FIRST + again(SECOND, ("72", "48")), ["advice: G: its readings are all the same"]),
        (FIRST + again(SECOND, ("72", "48"), ("hours", "calendar_days")), []),
    ],
    ids=["both name it", "neither", "one", "another start", "another step", "the same", "units"],
)  # fmt: skip
def test_other_readings_of_a_deadline_name_their_conflict(
    deadlines: str, expected: list[str]
) -> None:
    assert found(HEAD + RULE + deadlines) == expected


def test_several_values_of_a_strict_limit_name_their_conflict() -> None:
    other = again(LIMIT, ('"10"', '"20"'))
    both = [again(each, ("[[limit]]", '[[limit]]\nconflict = "G"')) for each in (LIMIT, other)]
    said = "fault: files.total_bytes: it has several values, and not each names a conflict"
    assert found(HEAD + RULE + LIMIT + other) == [said]
    assert found(HEAD + RULE + both[0] + other) == [said]
    assert found(HEAD + RULE + "".join(both)) == []
    assert found(HEAD + RULE + LIMIT + LIMIT) == []


def beside(**fields: str) -> Policy:
    text = again(HEAD, ("x.y", "x.z"))
    for name, value in fields.items():
        lines = [line for line in text.splitlines() if not line.startswith(f"{name} =")]
        text = "\n".join([*lines, f"{name} = {value}\n"])
    return policy(text + RULE)


DAYS = "effective_from = 2026-01-01\neffective_to = 2026-06-30\n"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["fault: x.y: x.z answers late, a-to-z as well"]),
        ({"defect_kinds": '["LATE"]'}, ["fault: x.y: x.z answers late as well"]),
        ({"defect_kinds": '["lost"]'}, []),
        ({"platform": '"ebay"'}, []),
        ({"id": '"x.y"'}, []),
        ({"effective_from": "2026-07-01"}, []),
        ({"effective_from": "2026-06-30"}, ["fault: x.y: x.z answers late, a-to-z as well"]),
        ({"effective_to": "2025-12-31"}, []),
        ({"effective_to": "2026-01-01"}, ["fault: x.y: x.z answers late, a-to-z as well"]),
        (
            {"default": "true", "defect_kinds": '["lost"]'},
            ["fault: x.y: x.z is the default of amazon as well"],
        ),
    ],
)
def test_one_policy_answers_a_kind_of_defect_at_a_time(
    fields: dict[str, str], expected: list[str]
) -> None:
    assert found(HEAD + DAYS + "default = true\n" + RULE, beside(**fields)) == expected
    assert found(HEAD + DAYS + RULE, beside(default="true", defect_kinds='["lost"]')) == []
