"""Long lists cut out of a document by pattern: read as JSON is, and nothing else is accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from evidence.canonical import canonical
from evidence.errors import FormatError
from evidence.fields import Fields
from evidence.lines import (
    NUMBER,
    TEXT,
    TEXT_OR_NULL,
    TIME,
    WORD,
    Cut,
    consists_of,
    cut,
    line_pattern,
)


@dataclass(frozen=True)
class Pair:
    key: str
    size: int

    def to_json(self) -> dict[str, Any]:
        return {"key": self.key, "size": self.size}

    @classmethod
    def from_json(cls, value: object) -> Pair:
        read = Fields(value, ("key", "size"), what="a pair")
        return cls(read.text("key"), read.number("size"))


PATTERN = line_pattern({"size": NUMBER, "key": TEXT})
quickly: list[str] = []


def quick(groups: tuple[Any, ...]) -> Pair | None:
    key, size = groups
    if key == "slow":
        return None
    quickly.append(key)
    return Pair(key, int(size))


def cut_pairs(text: str, *, after: int = 0) -> Cut[Pair] | None:
    quickly.clear()
    return cut(text, "pairs", Pair, PATTERN, quick, after=after)


def document(*pairs: Pair, behind: str = "") -> str:
    value = {"a": 1, "pairs": [pair.to_json() for pair in pairs], "z": "end"}
    return canonical(value).decode() + behind


@pytest.mark.parametrize(
    ("keys", "by_pattern"),
    [
        ([], []),
        (["x"], ["x"]),
        (["x", "y"], ["x", "y"]),
        (["slow", "y"], ["y"]),
        (['"', "\\", "\u0001", "订"], ["订"]),
    ],
)
def test_a_list_is_cut_out_whole_and_its_brackets_are_known(
    keys: list[str], by_pattern: list[str]
) -> None:
    pairs = [Pair(key, number) for number, key in enumerate(keys)]
    text = document(*pairs)
    found = cut_pairs(text)
    assert found is not None and found.lines == pairs
    assert quickly == by_pattern
    assert text[: found.begin] == '{"a":1,"pairs":' and text[found.end :] == ',"z":"end"}'


@pytest.mark.parametrize(
    "broken",
    [
        '{"pairs": []}',  # white space is not canonical
        '{"pair":[]}',
        '{"pairs":[{"key":"x","size":1}',
        '{"pairs":[{"key":"x","size":1};{"key":"x","size":1}]}',
        '{"pairs":[{"key":"x","size":01}]}',
        '{"pairs":[{"size":1,"key":"x"}]}',
        '{"pairs":[{"key":"\\u0078","size":1}]}',
        '{"pairs":[{"key":"x","size":1,"more":2}]}',
        '{"pairs":[{"key":"x","size":"1"}]}',
        '{"pairs":[1]}',
        '{"pairs":[,]}',
        '{"pairs":[{"key":"x","size":1},]}',
        '{"pairs":[' + "[" * 100_000,
    ],
    ids=lambda text: text[:40],
)
def test_what_is_not_written_canonically_is_not_cut(broken: str) -> None:
    assert cut_pairs(broken) is None


def test_the_first_list_behind_a_place_is_cut() -> None:
    text = document(Pair("one", 1)) + document(Pair("two", 2))
    first = cut_pairs(text)
    assert first is not None and first.lines == [Pair("one", 1)]
    second = cut_pairs(text, after=first.end)
    assert second is not None and second.lines == [Pair("two", 2)]
    assert cut_pairs(text, after=second.end) is None


def test_a_document_consists_of_its_pieces_and_of_nothing_else() -> None:
    text = document(Pair("x", 1))
    found = cut_pairs(text)
    assert found is not None
    before, behind = text[: found.begin], text[found.end :]
    assert consists_of(text, [before, found, behind])
    assert consists_of(text, [before[:3], before[3:], found, behind])
    assert not consists_of(text, [before, found])
    assert not consists_of(text, [before, found, behind, "x"])
    assert not consists_of(text, [before[:-1], found, behind])
    assert not consists_of(text, [before, "", behind])
    assert not consists_of(text, [found, before, behind])
    assert not consists_of(" " + text, [before, found, behind])
    assert consists_of("", []) and not consists_of("x", [])


def test_a_pattern_has_its_fields_in_canonical_order() -> None:
    pattern = line_pattern({"b": WORD, "a": TEXT_OR_NULL, "c": TIME})
    line = '{"a":null,"b":"x.y_z","c":"2026-01-02T03:04:05.000006Z"}'
    found = pattern.fullmatch(line)
    assert found is not None
    assert found.groups() == (None, "x.y_z", "2026-01-02T03:04:05.000006Z")
    assert pattern.fullmatch(line.replace("null", '""')) is not None
    for broken in (line.replace("x.y_z", "X"), line.replace("000006", "6"), line + " ", line[:-1]):
        assert pattern.fullmatch(broken) is None
    with pytest.raises(FormatError):
        Pair.from_json({"key": 1, "size": 1})
