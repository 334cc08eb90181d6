"""Who may import whom, read from the source: the lines that import-linter cannot draw.

Its contracts name what is forbidden; a library added tomorrow is on no such list. Here the
third-party modules that `evidence` and `auditor` may use are named instead.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("evidence", "collectors", "verifiers", "storage", "auditor", "service")


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("evidence", {"evidence", "cryptography", "rfc8785"}),
        ("auditor", {"auditor", "evidence", "cryptography", "rfc3161_client"}),
    ],
)
def test_a_package_a_stranger_relies_on_imports_only_what_is_named_here(
    package: str, allowed: set[str]
) -> None:
    found = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in _sources(package)
        for name in _imported(file)
        if name not in allowed and name not in sys.stdlib_module_names
    }
    assert not found


def test_every_package_is_built_linted_and_typed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    assert project["hatch"]["build"]["targets"]["wheel"]["packages"] == list(PACKAGES)
    assert project["importlinter"]["root_packages"] == list(PACKAGES)
    assert set(PACKAGES) < set(project["mypy"]["files"])
    assert all((ROOT / package / "py.typed").is_file() for package in PACKAGES)


def _sources(package: str) -> list[Path]:
    sources = sorted((ROOT / package).rglob("*.py"))
    assert sources, f"{package} has no source: the test would prove nothing"
    return sources


def _imported(file: Path) -> Iterator[str]:
    """First part of each module that `file` imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]
