"""A playbook is refused where it is mistyped, and read whole where it is not."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from evidence.canonical import digest
from evidence.errors import FormatError
from evidence.items import Role
from evidence.playbook import (
    Channel,
    Clause,
    Denial,
    MeasureKind,
    Playbook,
    Reason,
    Response,
    Section,
    SiteRule,
    Term,
    Trigger,
    Untracked,
    parse_playbook,
)
from evidence.policy import Confidence, Phrase

HEAD = 'id = "a"\nversion = "7"\n'
FROM = 'source = "p. 3"\nsource_date = "2026-11"\nconfidence = "seed"\n'
TABLES = {
    "term": 'key = "watch.days"\nvalue = 30\n',
    "channel": 'id = "desk"\ntext = "the desk"\nofficial = true\n',
    "reason": 'id = "vague"\ntext = "no reason"\nwords = ["because", "so"]\n',
    "denial": 'code = "D1"\ntext = "no proof"\ngap = "proof"\nroles = ["pod.photo"]\n'
    'words = ["p"]\n',
    "clause": 'id = "c"\ntext = "t"\nversion = "2"\nwords = ["w"]\nvalid_from = 2026-01-02\n'
    'valid_to = 2026-02-03\nreplaced_by = "d"\n',
    "measure": 'id = "m"\ntext = "t"\nwords = ["w"]\nproofs = ["photo"]\n',
    "phrase": 'id = "p"\nlanguage = "en"\nwords = ["always"]\nwhy = "a promise"\n'
    'unless = "order.record"\n',
    "section": 'id = "root-cause"\nlanguage = "en"\nwords = ["cause"]\n',
    "site": 'site = "JP"\nlanguages = ["ja"]\nneeds = ["seal"]\ntext = "t"\n',
    "response": 'id = "r"\nminutes = 1440\ncounts = "any"\ntext = "t"\nafter = "review"\n',
    "untracked": 'carrier = "usps"\nwords = ["letter"]\ntext = "t"\n',
    "trigger": 'id = "t"\nmetric = "odr"\nlevel = "red"\ntext = "t"\nover = "0.8"\ndays = 3\n'
    'rises_times = "1.5"\nbaseline_days = 14\nact_from = 2\nact_to = 9\n',
}
SAID: Any = {"source": "p. 3", "source_date": "2026-11", "confidence": Confidence.SEED}


def written(**tables: str) -> str:
    return HEAD + "".join(f"[[{name}]]\n{body}{FROM}" for name, body in tables.items())


def book(**tables: str) -> Playbook:
    return parse_playbook(written(**tables).encode())


def test_a_whole_playbook_is_read_with_every_field_of_every_rule() -> None:
    raw = written(**TABLES).encode()
    assert parse_playbook(raw) == Playbook(
        id="a",
        version="7",
        sha256=digest(raw),
        terms=(Term(key="watch.days", value=30, **SAID),),
        channels=(Channel(id="desk", text="the desk", official=True, **SAID),),
        reasons=(Reason(id="vague", text="no reason", words=("because", "so"), **SAID),),
        denials=(
            Denial(
                code="D1", text="no proof", gap="proof", roles=(Role.POD_PHOTO,), words=("p",),
                **SAID,
            ),
        ),
        clauses=(
            Clause(
                id="c", text="t", version="2", words=("w",), valid_from=date(2026, 1, 2),
                valid_to=date(2026, 2, 3), replaced_by="d", **SAID,
            ),
        ),
        measures=(MeasureKind(id="m", text="t", words=("w",), proofs=("photo",), **SAID),),
        phrases=(
            Phrase(
                id="p", language="en", words=("always",), why="a promise",
                unless=Role.ORDER_RECORD, **SAID,
            ),
        ),
        sections=(Section(id="root-cause", language="en", words=("cause",), **SAID),),
        sites=(SiteRule(site="JP", languages=("ja",), needs=("seal",), text="t", **SAID),),
        responses=(Response(id="r", minutes=1440, counts="any", text="t", after="review", **SAID),),
        untracked=(Untracked(carrier="usps", words=("letter",), text="t", **SAID),),
        triggers=(
            Trigger(
                id="t", metric="odr", level="red", text="t", over=Fraction(4, 5), days=3,
                rises_times=Fraction(3, 2), baseline_days=14, act_from=2, act_to=9, **SAID,
            ),
        ),
    )  # fmt: skip


def test_what_a_rule_leaves_out_is_as_docs_say() -> None:
    short = {
        "clause": TABLES["clause"].partition("valid_from")[0],
        "phrase": TABLES["phrase"].partition("unless")[0],
        "response": TABLES["response"].partition("after")[0],
        "trigger": 'id = "t"\nmetric = "odr"\nlevel = "yellow"\ntext = "t"\nrises_by = "2"\n',
    }
    read = book(**short)
    assert (read.clauses[0].valid_from, read.clauses[0].valid_to) == (None, None)
    assert (read.clauses[0].replaced_by, read.phrases[0].unless) == ("", None)
    assert read.responses[0].after == "message"
    trigger = read.triggers[0]
    assert (trigger.is_jump, trigger.rises_by) == (True, Fraction(2))
    assert (trigger.over, trigger.under, trigger.days) == (None, None, 1)
    assert (trigger.rises_times, trigger.baseline_days) == (Fraction(1), 28)
    assert (trigger.act_from, trigger.act_to) == (7, 14)
    assert not book(trigger=TABLES["trigger"]).triggers[0].is_jump
    assert book() == Playbook(
        id="a", version="7", sha256=digest(HEAD.encode()),
        terms=(), channels=(), reasons=(), denials=(), clauses=(), measures=(), phrases=(),
        sections=(), sites=(), responses=(), untracked=(), triggers=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('version = "7"\n', "", "the playbook is malformed: it lacks version"),
        ("[[term]]", "[[terms]]", "fields nobody reads: terms"),
        ("value = 30", 'value = "30"', "term 'watch.days'.*value is not a whole number from 0"),
        ("value = 30", "value = -1", "value is not a whole number from 0"),
        ("official = true", 'official = "yes"', "channel 'desk'.*official is not true or false"),
        ('words = ["because", "so"]', 'words = ["because", " "]', "words is not a list of words"),
        ('roles = ["pod.photo"]', 'roles = ["pod.foto"]', "roles is not one of"),
        ("valid_from = 2026-01-02", 'valid_from = "2026-01-02"', "valid_from is not a TOML date"),
        ('unless = "order.record"', 'unless = "order"', "phrase 'p'.*unless is not one of"),
        ('confidence = "seed"', 'confidence = "sure"', "confidence is not one of documented"),
        ("minutes = 1440", "", "response 'r' is malformed: it lacks minutes"),
        ('level = "red"', 'level = "green"', "trigger 't'.*level is not one of yellow, red"),
        ('over = "0.8"', "over = 0.8", "over is not text in quotes"),
        ('over = "0.8"', 'over = "4/5"', "over is not a decimal number in quotes"),
        ('over = "0.8"', 'over = "1234"', "over is not a decimal number in quotes"),
        ('over = "0.8"', "", "it has not one of over, under and rises_by"),
        ('over = "0.8"', 'over = "0.8"\nunder = "1"', "it has not one of over, under and rises_by"),
        ("days = 3", 'days = "3"', "days is not a whole number"),
        ('source = "p. 3"', 'quelle = "p. 3"', "it lacks source"),
    ],
)
def test_a_mistake_is_refused_naming_rule_and_field(old: str, new: str, says: str) -> None:
    text = written(**TABLES)
    assert old in text
    with pytest.raises(FormatError, match=says):
        parse_playbook(text.replace(old, new, 1).encode())


def test_an_error_names_the_file() -> None:
    with pytest.raises(FormatError, match=r"house\.toml"):
        parse_playbook(b"x = ", name="house.toml")
    with pytest.raises(FormatError, match=r"house\.toml, term"):
        parse_playbook((HEAD + "[[term]]\n").encode(), name="house.toml")


def test_a_number_of_none_is_one_too() -> None:
    assert book(term=TABLES["term"].replace("30", "0")).term("watch.days") == 0


def test_a_platforms_own_rules_come_before_the_houses() -> None:
    own, house = book(**TABLES), book(**{**TABLES, "term": TABLES["term"].replace("30", "5")})
    both = own.above(house)
    assert (both.id, both.version) == ("a", "7")
    assert both.sha256 == digest(f"{own.sha256}\n{house.sha256}\n".encode())
    assert both.term("watch.days") == 30 and [term.value for term in both.terms] == [30, 5]
    for name in Playbook.__annotations__.keys() - {"id", "version", "sha256"}:
        assert getattr(both, name) == getattr(own, name) + getattr(house, name), name


def test_a_term_is_found_by_its_key_and_a_channel_by_its_name() -> None:
    more = written(**TABLES) + f'[[term]]\nkey = "quiet.hours"\nvalue = 2\n{FROM}'
    read = parse_playbook(more.encode())
    assert (read.term("quiet.hours"), read.term("watch.days")) == (2, 30)
    with pytest.raises(FormatError, match=r"playbook a is malformed: it has no term draft.words"):
        read.term("draft.words")
    assert read.channel("desk") == read.channels[0]
    assert read.channel("fax") is None


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [(2, 5, "2345"), (None, 5, "12345"), (2, None, "23456"), (None, None, "123456")],
)
def test_a_clause_holds_on_both_of_its_days(start: int | None, end: int | None, days: str) -> None:
    first = date(2026, 3, 1)
    clause = Clause(
        id="c", text="", version="", words=(), source="", source_date="",
        confidence=Confidence.SEED,
        valid_from=None if start is None else date(2026, 3, start),
        valid_to=None if end is None else date(2026, 3, end),
    )  # fmt: skip
    held = [n + 1 for n in range(6) if clause.holds(first + timedelta(days=n))]
    assert held == [int(day) for day in days]
