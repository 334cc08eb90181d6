"""What requirements/ locks is what pyproject.toml asks for, and nothing in it names a server."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from supply.locks import FILES, FOLDER, ROOT, digests, joined

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
# Where a lock must hold: each Python that CI or a user has, on each system.
PLACES = [
    {"python_version": version, "python_full_version": f"{version}.7", "sys_platform": system,
     "platform_system": {"linux": "Linux", "darwin": "Darwin"}[system], "platform_machine": machine}
    for version in ("3.11", "3.12", "3.13")
    for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
]  # fmt: skip


def asked(parts: Iterable[str]) -> list[Requirement]:
    """What pyproject.toml asks for in a file of the lock."""
    project, groups = PROJECT["project"], PROJECT["dependency-groups"]
    lines: list[str] = []
    alone = any(part.startswith("--only-group=") for part in parts)
    if not alone:
        lines += project["dependencies"]
    for part in parts:
        kind, _, name = part.partition("=")
        lines += groups[name] if kind == "--only-group" else project["optional-dependencies"][name]
    return [Requirement(line) for line in lines]


def locked(name: str) -> list[Requirement]:
    text = (FOLDER / name).read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return [Requirement(re.sub(r"\s+--hash=\S+", "", line)) for line in lines]


def pins(name: str, place: dict[str, str]) -> dict[str, str]:
    """Name -> version, of one file, at one place."""
    found: dict[str, str] = {}
    for pin in locked(name):
        if _holds(pin, place):
            ((specifier),) = pin.specifier
            assert specifier.operator == "==", pin
            assert canonicalize_name(pin.name) not in found, f"{pin} stands twice"
            found[canonicalize_name(pin.name)] = specifier.version
    return found


def _holds(pin: Requirement, place: dict[str, str], extra: str = "") -> bool:
    return pin.marker is None or pin.marker.evaluate({**place, "extra": extra})


def _name(place: dict[str, str]) -> str:
    return "-".join((place["python_version"], place["sys_platform"], place["platform_machine"]))


@pytest.mark.parametrize("place", PLACES, ids=_name)
@pytest.mark.parametrize("name", list(FILES))
def test_a_lock_has_all_that_is_asked_for_in_a_version_that_is_allowed(
    name: str, place: dict[str, str]
) -> None:
    found = pins(name, place)
    wanted = [each for each in asked(FILES[name][0]) if _holds(each, place)]
    assert wanted
    for each in wanted:
        version = found.get(canonicalize_name(each.name))
        assert version is not None, f"{each} is not locked: run `make lock`"
        assert each.specifier.contains(version), f"{each}: {version} is locked; run `make lock`"


@pytest.mark.parametrize("name", list(FILES))
def test_a_lock_has_what_its_libraries_ask_for_in_turn(name: str) -> None:
    found = {pin.name: pin for pin in locked(name) if _holds(pin, {})}
    here = 0
    for library, each in _asked_in_turn(found):
        here += 1
        pin = found.get(canonicalize_name(each.name))
        assert pin is not None, f"{library} asks for {each}, which {name} does not lock"
        ((specifier),) = pin.specifier
        assert each.specifier.contains(specifier.version, prereleases=True), f"{library}: {each}"
    if name in {"base.txt", "test.txt"}:
        assert here > 25, "hardly a library of the lock is installed here"


def _asked_in_turn(found: dict[str, Requirement]) -> Iterator[tuple[str, Requirement]]:
    """Of each library that is installed in the version locked, what it asks for at this place."""
    extras: dict[str, set[str]] = {}
    for each in chain(*(asked(parts) for parts, _ in FILES.values())):
        extras.setdefault(canonicalize_name(each.name), set()).update(each.extras)
    for library, pin in found.items():
        try:
            installed = distribution(library)
        except PackageNotFoundError:
            continue
        if not pin.specifier.contains(installed.version, prereleases=True):
            continue
        for line in installed.requires or ():
            each = Requirement(line)
            if any(_holds(each, {}, extra) for extra in ("", *extras.get(library, ()))):
                yield library, each


def test_every_library_has_a_digest_and_one_version_wherever_it_is_locked() -> None:
    versions: dict[tuple[str, str], str] = {}
    for name in FILES:
        for entry in re.split(r"\n(?=\w)", (FOLDER / name).read_text("utf-8")):
            if not entry.startswith("#"):
                assert re.search(r"--hash=sha256:[0-9a-f]{64}$", entry.strip()), entry[:60]
        for pin in locked(name):
            marker = str(pin.marker)
            assert versions.setdefault((pin.name, marker), str(pin.specifier)) == str(pin.specifier)


def test_no_lock_names_a_server_and_all_are_small() -> None:
    files = list(FOLDER.iterdir())
    assert {file.name for file in files} == set(FILES)
    assert not [file for file in files if "//" in file.read_text("utf-8")]
    assert sum(file.stat().st_size for file in files) < 1_000_000


def test_of_a_library_with_wheels_only_those_that_a_python_of_ours_takes_are_kept() -> None:
    names = {
        "x-1-cp311-cp311-manylinux_2_17_x86_64.whl": True,
        "x-1-cp39-abi3-macosx_11_0_arm64.whl": True,
        "x-1-py2.py3-none-any.whl": True,
        "x-1-cp310-cp310-win_amd64.whl": False,
        "x-1-pp311-pypy311_pp73-win_amd64.whl": False,
        "x-1-cp313-cp313t-win_amd64.whl": False,
    }
    source = {"url": "https://files.example/x-1.tar.gz", "hash": "sha256:source"}
    wheels = [{"url": f"https://files.example/{name}", "hash": name} for name in names]
    assert list(digests({"wheels": wheels, "sdist": source})) == [
        n for n, kept in names.items() if kept
    ]
    assert list(digests({"wheels": wheels[3:], "sdist": source})) == ["sha256:source"]


def test_a_line_goes_on_only_where_another_follows() -> None:
    lines = ["a==1 \\", "    --hash=sha256:0 \\", "b==2 \\", "    --hash=sha256:1"]
    assert joined(iter(lines)) == [
        "a==1 \\", "    --hash=sha256:0", "b==2 \\", "    --hash=sha256:1",
    ]  # fmt: skip
