"""Lines of a manifest, read by pattern: what no strict reading takes, the quick one refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from evidence.canonical import canonical
from evidence.errors import FormatError
from evidence.items import Provenance, Role
from evidence.sealed import SealedItem, cut_items
from evidence.times import parse_rfc3339

LINE = SealedItem(
    sha256="a" * 64, role=Role.POD_PHOTO, key="k", media_type="image/png", size=7,
    collector="ups/1", origin="ups", provenance=str(Provenance.API),
    collected_at=parse_rfc3339("2026-11-05T14:32:07.000000Z"), seq=3, receipt="b" * 64,
    salt=b"s" * 32, name="a.png", url="https://a.test/", exchange="c" * 64,
    part_of={"sha256": "d" * 64, "locator": "json:/a", "encoding": "base64"},
    about={"order.id": "1"}, hints={"zone": "Z"},
)  # fmt: skip


def text_of(*lines: Any) -> str:
    return f'{{"items":{canonical([*lines]).decode()}}}'


def bent(bend: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    value = LINE.to_json()
    bend(value)
    return value


def test_each_field_of_a_plain_line_is_read() -> None:
    bare = SealedItem.from_json(
        LINE.to_json()
        | dict.fromkeys(("name", "url", "exchange", "part_of"))
        | {"about": {}, "hints": {}}
    )
    text = text_of(LINE.to_json(), bare.to_json())
    cut = cut_items(text)
    assert cut is not None and cut.lines == [LINE, bare]
    assert (text[cut.begin], text[cut.end - 1 :]) == ("[", "]}")
    assert type(cut.lines[0].role) is Role
    assert cut_items(text, after=20) is None and cut_items("{}") is None


@pytest.mark.parametrize(
    "bend",
    [
        pytest.param(lambda line: line.update(role="pod.phota"), id="a role that is none"),
        pytest.param(lambda line: line.update(provenance="apx"), id="a grade that is none"),
        pytest.param(
            lambda line: line.update(collected_at="2026-13-05T14:32:07.000000Z"), id="no month"
        ),
        pytest.param(lambda line: line["part_of"].update(locator="nowhere"), id="no place"),
        pytest.param(lambda line: line["part_of"].update(sha256="d"), id="no digest"),
        pytest.param(lambda line: line["part_of"].update(more="x"), id="one field more"),
        pytest.param(lambda line: line["part_of"].pop("encoding"), id="one field less"),
        pytest.param(lambda line: line["about"].update(n=1), id="a number in a table of texts"),
        pytest.param(lambda line: line["hints"].update(n=None), id="nothing in a table of texts"),
    ],
)
def test_a_line_that_is_none_is_refused_whether_it_is_read_by_pattern_or_as_json(
    bend: Callable[[dict[str, Any]], Any],
) -> None:
    value = bent(bend)
    with pytest.raises(FormatError):
        SealedItem.from_json(value)
    assert cut_items(text_of(value)) is None
    assert cut_items(text_of(LINE.to_json(), value)) is None


@pytest.mark.parametrize(
    ("canonically", "otherwise"),
    [
        ('"about":{"order.id":"1"}', '"about":{"order.id": "1"}'),
        ('"about":{"order.id":"1"}', '"about":{"order.id":"2","order.id":"1"}'),
        ('"hints":{"zone":"Z"}', '"hints":{"zone":"Z","a":"1"}'),
        ('"hints":{"zone":"Z"}', r'"hints":{"zone":"\u005a"}'),
        ('"locator":"json:/a"', r'"locator":"json:\/a"'),
        ('{"encoding":"base64","locator":"json:/a"', '{"locator":"json:/a","encoding":"base64"'),
        ('"seq":3', '"seq": 3'),
    ],
)
def test_a_line_that_is_written_another_way_is_not_taken_for_the_one_it_means(
    canonically: str, otherwise: str
) -> None:
    text = text_of(LINE.to_json())
    assert text.count(canonically) == 1
    assert cut_items(text.replace(canonically, otherwise)) is None
