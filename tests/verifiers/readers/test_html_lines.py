"""Pages as carriers and shops build them: which words stand beside which time."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.verifiers.documents import received
from verifiers.readers.html_lines import MAX_PAGE_BYTES, laid_out, lines_of
from verifiers.readers.registry import read

HISTORY = (
    ("2026-11-10 14:34", "Delivered, In/At Mailbox", "delivery.at"),
    ("2026-11-10 07:20", "Out for Delivery", "scan.out_for_delivery.at"),
    ("2026-11-03 18:00", "Picked up", "scan.accepted.at"),
)
TOLD = [(name, when) for when, _, name in HISTORY]


def told(page: str) -> list[tuple[str, str]]:
    """The events of a page: the fact's name, and the moment as it is written."""
    facts = read(received(f"<!doctype html><html><body>{page}</body></html>".encode())) or []
    kinds = {name for _, _, name in HISTORY} | {"document.printed.at", "document.captured.at"}
    return [(each.name, re.sub(r"\s+", " ", each.text)) for each in facts if each.name in kinds]


def rows(row: str) -> str:
    return "".join(row.format(when=when, what=what) for when, what, _ in HISTORY)


SHAPES = {
    "table, moment first": f"<table>{rows('<tr><td>{when}</td><td>{what}</td></tr>')}</table>",
    "table, moment last": f"<table>{rows('<tr><td>{what}</td><td>{when}</td></tr>')}</table>",
    "table whose ends are not written": f"<table>{rows('<tr><td>{when}<td>{what}')}</table>",
    "table of three": "<table>"
    + rows("<tr><td>{when}</td><td>AUSTIN, TX</td><td>{what}</td></tr>")
    + "</table>",
    "list, moment first": f"<ul>{rows('<li><div>{when}</div><div>{what}</div></li>')}</ul>",
    "list, moment last": f"<ul>{rows('<li><p>{what}</p><p>AUSTIN</p><p>{when}</p></li>')}</ul>",
    "words that touch": rows("<div><span>{when}</span><span>{what}</span></div>"),
    "a day and its time in a cell": "<table>"
    + rows("<tr><td>{when}</td><td>{what}</td></tr>").replace(" 14:34", "<br>14:34")
    + "</table>",
    "laid out by tables": "<table><tr><td><table>"
    + rows("<tr><td>{when}</td><td>{what}</td></tr>")
    + "</table></td><td><p>Help</p><p>Contact us</p></td></tr></table>",
}


@pytest.mark.parametrize("heading", ["", "<h1>Delivered</h1>", "<p>Package status</p>"])
@pytest.mark.parametrize("page", SHAPES.values(), ids=SHAPES.keys())
def test_a_history_is_read_row_by_row(page: str, heading: str) -> None:
    assert told(f"{heading}{page}") == TOLD


def test_a_heading_that_the_history_says_again_is_of_no_other_moment() -> None:
    flat = "<p>Delivered</p>" + rows("<p>{when}</p><p>{what}</p>")
    assert told(flat) == TOLD


def test_a_column_of_days_and_one_of_times_are_moments_together() -> None:
    page = "<p>BRT Corriere</p><table><tr><td>10.11.2026<td>14.34<td>ROMA<td>Consegnata</table>"
    assert told(page) == [("delivery.at", "10.11.2026 14:34")]
    page = "<p>ヤマト運輸</p><table><tr><td>配達完了<td>11/10<td>14:34<td>新宿支店</table>"
    assert told(page) == [("delivery.at", "11/10 14:34")]


def test_what_stands_in_one_element_is_nearer_than_what_does_not() -> None:
    page = laid_out("<div><p>a</p><p>b</p></div><div><div><p>c</p></div></div>")
    first, second = (lower.box[1] - upper.box[1] for upper, lower in pairwise(page))
    assert first < second


def test_signs_that_touch_are_one_word_and_words_are_two() -> None:
    assert lines_of("<p><b>1</b><b>2</b>:<span>34</span></p>") == ["12:34"]
    assert lines_of("<p><i>D</i><i>e</i><i>livered</i></p>") == ["Delivered"]
    assert lines_of("<p><span>$</span><span>12</span><sup>.50</sup></p>") == ["$12.50"]
    assert lines_of("<p><span>Nov 10</span><span>Delivered</span></p>") == ["Nov 10 Delivered"]


def test_an_inline_element_that_its_style_sets_apart_is_another_word() -> None:
    assert lines_of("<div>Evri<span style='float:right'>Help</span></div>") == ["Evri Help"]
    assert lines_of("<div>Evri<span style='color:red'>s</span></div>") == ["Evris"]


@given(
    st.lists(
        st.sampled_from(
            ["<table>", "</table>", "<tr>", "</tr>", "<td>", "</td>", "<li>", "</li>", "<p>",
             "</p>", "<ul>", "</ul>", "<b>", "</b>", "<br>", "<div hidden>",
             "</div>", "one", "two", "3"]
        ),
        max_size=60,
    )
)  # fmt: skip
def test_no_nesting_loses_a_line_or_sets_two_on_one_place(tags: list[str]) -> None:
    page = laid_out("".join(tags))
    assert len({one.box[:2] for one in page}) == len(page)
    shown = "".join(tags).split("<div hidden>")[0]
    words = re.sub(r"<[^>]+>", "", shown)
    assert "".join("".join(one.text.split()) for one in page).startswith(words)


def test_a_page_nested_without_end_is_read_in_its_bounds() -> None:
    deep = "<table><tr><td>" * 20_000 + "Delivered 2026-11-10 14:34"
    assert lines_of(deep) == ["Delivered 2026-11-10 14:34"]
    joints = "<b></b>" * (MAX_PAGE_BYTES // 7)
    assert lines_of(joints) == []
    (words,) = lines_of("<b>aa</b>" * 100_000)
    assert words.split() == ["aa"] * 100_000
