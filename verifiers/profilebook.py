"""The profiles that come with the program: one TOML file each, found by being there."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from evidence.errors import FormatError, RequestError
from evidence.profile import Profile, parse_profile
from verifiers.folder import read_folder
from verifiers.forms.limits import fits


def read_profiles(folder: Traversable | Path) -> dict[str, Profile]:
    """A folder's profiles by their ids. FormatError names the file and what is wrong in it."""
    return read_folder(folder, lambda raw, name: read_profile(raw, name=name), called="profile")


def read_profile(raw: bytes, *, name: str = "the profile") -> Profile:
    """A profile whose every limit somebody holds to. Raises FormatError."""
    profile = parse_profile(raw, name=name)
    for limit in profile.limits:
        if not fits(limit):
            why = f"nobody can hold to its limit {limit.key[:40]} = {limit.value[:40]!r}"
            raise FormatError(what=name, why=why)
        readings = {each.value for each in profile.limited(limit.key)}
        if len(readings) > 1 and not limit.conflict:
            why = f"its limit {limit.key} has other readings, and it names no conflict"
            raise FormatError(what=name, why=why)
    return profile


@lru_cache(maxsize=1)
def _read() -> dict[str, Profile]:
    return read_profiles(files("verifiers") / "profiles")


def profiles() -> dict[str, Profile]:
    """Every profile that comes with the program, by its id."""
    return dict(_read())


def profile_named(name: str) -> Profile:
    """RequestError if there is no such profile."""
    known = _read()
    if name not in known:
        raise RequestError(
            what="the profile", why=f"{name[:40]!r} is not one of {', '.join(known)}"
        )
    return known[name]
