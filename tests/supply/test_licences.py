"""Nothing is installed whose terms do not fit beside code under MIT, and the page says so truly."""

from __future__ import annotations

import tomllib

import pytest

from supply.licences import INSTALLED, PAGE, TESTED, allowed, names, page, refused
from supply.locks import FILES, ROOT


def test_the_terms_of_all_that_is_installed_fit() -> None:
    assert not list(refused())


def test_the_page_is_what_the_libraries_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make licences`"


def test_every_extra_of_users_is_locked_with_the_extras() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    listed = {part.removeprefix("--extra=") for part in FILES["extras.txt"][0]}
    assert listed == set(extras["optional-dependencies"]) - {"test"}
    assert set(names("image.txt")) <= set(names("extras.txt"))
    assert set(names("base.txt")) <= set(names("image.txt"))


@pytest.mark.parametrize(
    ("expression", "installed", "tested"),
    [
        ("MIT", True, True),
        ("EPL-2.0 OR GPL-2.0-or-later", False, True),
        ("GPL-3.0-or-later OR MIT", True, True),
        ("MIT AND GPL-3.0-only", False, False),
        ("AGPL-3.0-or-later", False, False),
    ],
)
def test_of_a_choice_one_licence_must_fit_and_of_a_sum_all(
    expression: str, installed: bool, tested: bool
) -> None:
    assert allowed(expression, INSTALLED) is installed
    assert allowed(expression, TESTED) is tested
