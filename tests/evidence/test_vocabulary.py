"""One vocabulary: whoever says a fact name says one that is listed."""

import ast
import re
from pathlib import Path

import pytest

from evidence import vocabulary
from evidence.errors import FormatError
from evidence.items import Role
from evidence.vocabulary import VOCABULARY, Kind, name_of
from service.derivatives.transforms import KINDS

ROOT = Path(__file__).resolve().parents[2]
_SHAPE = re.compile(r"[a-z_]+(\.[a-z_]+){1,3}")


def test_no_name_is_listed_twice() -> None:
    names = [name.name for name in vocabulary._NAMES]
    assert len(names) == len(set(names)) == len(VOCABULARY)


def test_times_and_only_times_end_in_at() -> None:
    for name in VOCABULARY.values():
        assert (name.kind is Kind.TIME) == name.name.endswith(".at"), name.name
        assert _SHAPE.fullmatch(name.name), name.name
        assert name.meaning


def test_only_times_have_a_place_in_the_order_of_events() -> None:
    assert all(name.kind is Kind.TIME for name in VOCABULARY.values() if name.step is not None)
    steps = ["order.placed.at", "shipment.label.at", "scan.accepted.at", "scan.delivered.at"]
    placed = [VOCABULARY[name].step or 0 for name in steps]
    assert placed == sorted(set(placed)) and 0 not in placed


@pytest.mark.parametrize(
    "name", ["", "order", "order.ID", "order.id ", "scan.deliverd", "x" * 9999]
)
def test_a_name_that_is_not_listed_is_refused_in_a_short_sentence(name: str) -> None:
    with pytest.raises(FormatError, match="does not list it") as refused:
        name_of(name)
    assert len(str(refused.value)) < 300


def literals(path: Path) -> list[tuple[int, str]]:
    """Texts of the shape `first.word` whose first word begins a fact name, with their lines."""
    firsts = {name.partition(".")[0] for name in VOCABULARY}
    return [
        (node.lineno, node.value)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _SHAPE.fullmatch(node.value)
        and node.value.partition(".")[0] in firsts
        and not node.value.endswith(".html")  # the name of a page
    ]


@pytest.mark.parametrize("package", ["collectors", "verifiers", "service"])
def test_every_fact_name_that_the_code_says_is_listed(package: str) -> None:
    said = [
        (path.relative_to(ROOT).as_posix(), line, text)
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, text in literals(path)
    ]
    assert said, "no fact name was found, so this test looks in the wrong place"
    # Beginnings too: a reader of addresses says "shipment.recipient" and adds the rest.
    beginnings = {name.rpartition(".")[0] for name in VOCABULARY}
    known = VOCABULARY.keys() | set(Role) | beginnings | KINDS.keys()  # of transforms
    known |= {"defect.created", "message.risk"}  # events that others tell us, or we them
    assert [where for where in said if where[2] not in known] == []


def test_the_search_finds_a_misspelt_name(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("x = page['a'].fact('scan.deliverd.at')\n", encoding="utf-8")
    assert literals(bad) == [(1, "scan.deliverd.at")]
    assert "scan.deliverd.at" not in VOCABULARY
