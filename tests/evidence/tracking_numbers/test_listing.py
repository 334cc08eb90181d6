"""The tables of kinds as a page shows them."""

from __future__ import annotations

import pytest

from evidence.tracking_numbers.answers import KINDS
from evidence.tracking_numbers.listing import BEGIN, END, as_markdown, within
from evidence.tracking_numbers.posts import POSTS, SIDE_BY_SIDE


def rows() -> list[list[str]]:
    table, _, _ = as_markdown().partition("\n\n")
    return [
        [cell.strip() for cell in line.replace("\\|", "¦").strip("|").split("|")]
        for line in table.splitlines()
    ]


def test_each_kind_has_a_row_of_six_cells_after_the_posts() -> None:
    head, rule, posts, *kinds = rows()
    assert head == ["carrier", "kind", "pattern", "check digit", "whose", "known from"]
    assert set(rule) == {"---"}
    assert posts == [
        "each post", "`s10`", "`[A-Z]{2}\\d{9}[A-Z]{2}`", "S10, modulo 11", "own", "UPU S10",
    ]  # fmt: skip
    assert {len(row) for row in rows()} == {6}
    told = {(row[0].strip("`"), row[1].strip("`")) for row in kinds}
    assert told == {(kind.carrier, kind.name) for kind in KINDS} and len(kinds) == len(KINDS)


@pytest.mark.parametrize(
    ("carrier", "kind", "cells"),
    [
        ("ups", "1z",
         ["`1Z[0-9A-Z]{6}[0-9A-Z]{2}[0-9A-Z]{7}\\d`", "UPS, modulo 10", "own", "the carrier"]),
        ("usps", "gxg", ["`82\\d{8}`", "–", "bare", "the carrier"]),
        ("usps", "pic-91",
         ["`(420(\\d{5}(\\d{4})?))?\\d\\d\\d{9}\\d{8}\\d`", "GS1 with 91 in front", "bare",
          "the carrier"]),
        ("usps", "impb-26",
         ["`(420(\\d{5}(\\d{4})?))?9[145]\\d{3}\\d{20}\\d`", "GS1, modulo 10", "shared", "use"]),
    ],
)  # fmt: skip
def test_a_row_says_the_pattern_without_the_names_of_its_parts(
    carrier: str, kind: str, cells: list[str]
) -> None:
    (row,) = [row for row in rows() if row[:2] == [f"`{carrier}`", f"`{kind}`"]]
    assert row[2:] == cells


def test_a_choice_is_escaped_so_that_it_ends_no_cell_and_what_is_left_out_is_said() -> None:
    either = [kind for kind in KINDS if "|" in kind.shape.pattern]
    assert either and as_markdown().count("\\|") >= len(either)
    assert "XX" not in as_markdown() and all(len(row) == 6 for row in rows())
    left_out = [kind for kind in KINDS if kind.unless is not None]
    assert len([row for row in rows() if "`, not `" in row[2]]) == len(left_out) > 0


def test_carriers_stand_in_the_order_of_their_names_and_posts_of_their_codes() -> None:
    names = [row[0] for row in rows()[3:]]
    assert names.index("`dhl`") < names.index("`fedex`") < names.index("`ups`")
    assert as_markdown().endswith("`.")
    posts = as_markdown().rpartition("The posts: ")[2].rstrip(".").split(", ")
    assert [post.split()[0] for post in posts] == sorted(POSTS)
    code = next(iter(SIDE_BY_SIDE))
    (beside,) = [post for post in posts if post.startswith(f"{code} ")]
    names = [f"`{POSTS[code][0]}`", *(f"`{slug}`" for slug, _, _ in SIDE_BY_SIDE[code])]
    assert beside == f"{code} {' and '.join(names)}"


def test_a_page_is_made_new_between_its_markers_and_nowhere_else() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert within(page) == f"before\n{BEGIN}\n{as_markdown()}\n{END}\nafter\n"
    assert within(within(page)) == within(page)
    twice = f"{BEGIN}a{END}b{BEGIN}c{END}"
    assert within(twice) == f"{BEGIN}\n{as_markdown()}\n{END}b{BEGIN}c{END}"
    for broken in ("", BEGIN, f"{END}{BEGIN}", f"before {END}"):
        with pytest.raises(ValueError, match="markers"):
            within(broken)
