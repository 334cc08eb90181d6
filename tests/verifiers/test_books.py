"""The books of rules that come with the program, those of an operator, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.errors import FormatError, RequestError
from verifiers.changes import CHANGES, changes
from verifiers.playbook import HOUSE, playbook_for, playbooks, read_playbooks
from verifiers.profilebook import profile_named, profiles, read_profile

OURS = b"""\
id = "etsy"
version = "2026-11-28"

[[term]]
key = "quiet.hours"
value = 7
source = "a page"
source_date = "n.d."
confidence = "seed"
"""


def test_a_platforms_playbook_stands_above_the_houses_and_others_follow_the_house() -> None:
    house = playbooks()[HOUSE]
    assert playbook_for("walmart") is house is playbook_for(HOUSE)
    amazon = playbook_for("amazon")
    assert amazon.id == "amazon"
    assert amazon.clauses[: len(playbooks()["amazon"].clauses)] == playbooks()["amazon"].clauses
    assert playbooks()["amazon"].clauses and set(house.clauses) <= set(amazon.clauses)
    assert [amazon.term(term.key) for term in house.terms] == [one.value for one in house.terms]


def test_an_operators_playbooks_add_to_ours_and_replace_those_of_the_same_name(
    tmp_path: Path,
) -> None:
    (tmp_path / "etsy.toml").write_bytes(OURS)
    (tmp_path / "notes.txt").write_text("not read")
    found = playbooks(tmp_path)
    assert found.keys() == playbooks().keys() | {"etsy"}
    assert playbook_for("etsy", found).term("quiet.hours") == 7
    assert playbooks()[HOUSE].term("quiet.hours") != 7
    assert playbook_for("etsy") is playbooks()[HOUSE]
    (tmp_path / "amazon.toml").write_bytes(OURS.replace(b'"etsy"', b'"amazon"'))
    assert playbooks(tmp_path)["amazon"].version == "2026-11-28"
    (tmp_path / "other.toml").write_bytes(OURS)
    with pytest.raises(FormatError, match=r"other\.toml.*holds the playbook etsy"):
        read_playbooks(tmp_path)


def test_a_profile_is_had_by_its_name_and_an_unknown_one_names_those_there_are() -> None:
    assert profile_named("stripe") is profiles()["stripe"]
    with pytest.raises(RequestError, match="'fax' is not one of amazon"):
        profile_named("fax")


def test_a_limit_that_nobody_can_hold_to_is_refused() -> None:
    raw = profile_named("stripe").raw
    assert raw.count(b'value = "4500000"') == 1
    with pytest.raises(FormatError, match=r"nobody can hold to its limit .* = 'small'"):
        read_profile(raw.replace(b'value = "4500000"', b'value = "small"'))


def test_other_readings_of_a_limit_name_what_they_contradict() -> None:
    raw = profile_named("stripe").raw
    lines = [line for line in raw.splitlines() if not line.startswith(b"conflict")]
    assert len(lines) < len(raw.splitlines())
    with pytest.raises(FormatError, match="has other readings, and it names no conflict"):
        read_profile(b"\n".join(lines))


def test_what_a_verifiers_versions_changed_is_told_oldest_first() -> None:
    name = max(CHANGES, key=lambda one: len(CHANGES[one]))
    last = max(CHANGES[name])
    told = changes(name, since=1, until=last)
    assert [one.partition(": ")[0] for one in told] == [str(n) for n in range(2, last + 1)]
    assert changes(name, since=last, until=last) == changes("nobody", since=0, until=9) == []
    assert changes(name, since=1, until=2) == told[:1]
