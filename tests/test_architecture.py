"""ARCHITECTURE.md walks an order through files that are there, and its links hit what they name."""

from __future__ import annotations

import pytest

from tests.architecture import PAGE, ROOT, Link, line_of, links, paths

# Code above a symbol may grow so much before `make format` has to write the page's lines again.
NEAR = 30
STEPS = (
    *("trigger", "plan", "collect", "stamp", "store", "sequence", "ask the time"),
    *("read", "verify", "seal", "cosign", "publish"),
)


@pytest.mark.parametrize("link", links(), ids=lambda link: f"{link.path}:{link.symbol}")
def test_a_link_lands_where_its_symbol_is_defined(link: Link) -> None:
    line = line_of(link.path, link.symbol)
    assert line is not None, f"{link.path} defines no {link.symbol}"
    assert abs(line - link.line) <= NEAR, f"{link.symbol} moved to line {line}: run `make format`"


@pytest.mark.parametrize("path", sorted(paths()))
def test_a_path_that_the_page_names_is_there(path: str) -> None:
    assert "<" in path or any(ROOT.glob(path.rstrip("/"))), f"ARCHITECTURE.md names {path}"


@pytest.mark.parametrize("step", STEPS)
def test_each_step_of_an_order_is_linked_to_its_code(step: str) -> None:
    (row,) = (
        line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| {step} |")
    )
    assert "](" in row
