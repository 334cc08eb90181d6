"""A table of a rule file gives each field as its type, within bounds, or names it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from evidence.errors import FormatError
from evidence.items import Role
from evidence.tables import MAX_BYTES, Table, read_table


def table(text: str) -> Table:
    return read_table(text.encode(), name="rules")


Read = Callable[[Table], Any]


@pytest.mark.parametrize(
    ("read", "written", "value"),
    [
        (lambda t: t.text("f"), '"a"', "a"),
        (lambda t: t.text("g", "b"), '"a"', "b"),
        (lambda t: t.texts("f"), '["a", "b"]', ("a", "b")),
        (lambda t: t.texts("f"), "[]", ()),
        (lambda t: t.texts("g", ("c",)), "1", ("c",)),
        (lambda t: t.amount("f"), "1", 1),
        (lambda t: t.amount("f"), "100000", 100_000),
        (lambda t: t.amount("f", least=0), "0", 0),
        (lambda t: t.amount("g", 7), "1", 7),
        (lambda t: t.flag("f"), "true", True),
        (lambda t: t.flag("g"), "true", False),
        (lambda t: t.flag("g", default=True), "1", True),
        (lambda t: t.day("f"), "2026-01-02", date(2026, 1, 2)),
        (lambda t: t.day("g"), "1", None),
        (lambda t: t.moment("f"), "2026-01-02T03:00:00Z", datetime(2026, 1, 2, 3, tzinfo=UTC)),
        (lambda t: t.moment("g"), "1", None),
        (lambda t: t.choice("f", Role), '"pod.photo"', Role.POD_PHOTO),
        (lambda t: t.choice("g", Role, "exchange"), "1", Role.EXCHANGE),
        (lambda t: t.any("f"), "1", 1),
        (lambda t: t.any("g", 2), "1", 2),
        (lambda t: t.any("g"), "1", None),
        (lambda t: "f" in t, "1", True),
        (lambda t: "g" in t, "1", False),
        (lambda t: t.table("g"), "1", None),
        (lambda t: t.named("f", "order.id").name, "1", "order.id"),
        (lambda t: list(t.tables("g")), "1", []),
    ],
)  # fmt: skip
def test_a_field_is_what_stands_there_or_its_default(read: Read, written: str, value: Any) -> None:
    got = read(table(f"f = {written}"))
    assert got == value and type(got) is type(value)


@pytest.mark.parametrize(
    ("read", "written", "says"),
    [
        (lambda t: t.text("f"), "1", "f is not text in quotes"),
        (lambda t: t.text("g"), "1", "g is not text in quotes"),
        (lambda t: t.texts("f"), '"a"', "f is not a list of texts"),
        (lambda t: t.texts("f"), '["a", 1]', "f is not a list of texts"),
        (lambda t: t.texts("g"), "1", "g is not a list of texts"),
        (lambda t: t.amount("f"), "0", "f is not a whole number from 1 to 100000"),
        (lambda t: t.amount("f"), "100001", "f is not a whole number from 1 to 100000"),
        (lambda t: t.amount("f"), "1.0", "f is not a whole number"),
        (lambda t: t.amount("f"), "true", "f is not a whole number"),
        (lambda t: t.amount("g"), "1", "g is not a whole number"),
        (lambda t: t.amount("f", least=0), "-1", "f is not a whole number from 0"),
        (lambda t: t.flag("f"), "1", "f is not true or false"),
        (lambda t: t.day("f"), "2026-01-02T03:04:05Z", "f is not a TOML date"),
        (lambda t: t.day("f"), '"2026-01-02"', "f is not a TOML date"),
        (lambda t: t.moment("f"), "2026-01-02T03:04:05", "f is not a TOML time with its zone"),
        (lambda t: t.moment("f"), "2026-01-02", "f is not a TOML time with its zone"),
        (lambda t: t.moment("f"), '"2026"', "f is not a TOML time with its zone"),
        (lambda t: t.choice("f", Role), '"photo"', "f is not one of .*: 'photo' is not"),
        (lambda t: t.choice("f", Role), f'"{"x" * 99}"', f"'{'x' * 40}' is not"),
        (lambda t: t.table("f"), "1", "f is not a table"),
        (lambda t: t.named("f", "order.idd"), "1", "f is not a fact name .*: 'order.idd' is not"),
        (lambda t: t.named("f", "x" * 99), "1", f"vocabulary.py: '{'x' * 40}' is not"),
        (lambda t: list(t.tables("f")), "1", r"f is not written as \[\[f\]\]"),
        (lambda t: list(t.tables("f")), "[1]", r"f is not written as \[\[f\]\]"),
        (lambda t: t.has({"f", "b", "a"}, optional=()), "1", "it lacks a, b"),
        (lambda t: t.has((), optional={"g"}), "1", "it has fields nobody reads: f"),
    ],
)  # fmt: skip
def test_another_type_is_refused_naming_table_and_field(
    read: Read, written: str, says: str
) -> None:
    with pytest.raises(FormatError, match=f"rules is malformed: .*{says}"):
        read(table(f"f = {written}"))


def test_fields_that_nobody_reads_are_named_three_at_most_and_cut() -> None:
    text = "".join(f"{letter * 50} = 1\n" for letter in "dcba")
    with pytest.raises(FormatError) as refused:
        table(text).has((), optional=())
    assert refused.value.why == f"it has fields nobody reads: {'a' * 40}, {'b' * 40}, {'c' * 40}"


@pytest.mark.parametrize(
    ("head", "called"),
    [('id = "one"', "'one'"), ('key = "two"', "'two'"), ('name = "three"', "'three'"),
     ("id = 4", "1"), ("x = 1", "1"), (f'id = "{"y" * 50}"', f"'{'y' * 40}'")],
)  # fmt: skip
def test_a_table_of_a_list_is_called_by_its_name_or_its_place(head: str, called: str) -> None:
    (one,) = table(f"[[rule]]\n{head}\n").tables("rule")
    assert one.error("w").what == f"rules, rule {called}"
    inner = table("[rule]\nx = 1\n").table("rule")
    assert inner is not None and inner.wrong("x", "y").what == "rules, rule"


def test_what_is_no_table_at_all_is_told() -> None:
    with pytest.raises(FormatError, match=f"rules.*more than {MAX_BYTES} bytes"):
        read_table(b"#" * (MAX_BYTES + 1), name="rules")
    assert "f" not in read_table(b"#" * MAX_BYTES, name="rules")
    for raw in (b"\xff", b"a = ", b"a = 1\na = 2"):
        with pytest.raises(FormatError, match=r"rules.*it is not TOML in UTF-8: "):
            read_table(raw, name="rules")
    with pytest.raises(FormatError, match=r"rules.*(nested too deeply|not TOML)"):
        read_table(b"a = " + b"[" * 100_000, name="rules")
