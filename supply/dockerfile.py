"""Reads a Dockerfile, so that its steps can be done where there is no Docker (see supply/image.py).

It knows the instructions that ours uses and no others: what it would have to guess, it refuses.
Source: the Dockerfile reference of Docker Engine 28.
"""

from __future__ import annotations

import fnmatch
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

INSTRUCTIONS = frozenset({
    "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "USER", "VOLUME",
    "WORKDIR",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction: its flags (`--from=build`), and the rest of its line as it stands."""

    instruction: str
    flags: Mapping[str, str]
    rest: str

    def words(self) -> list[str]:
        """The arguments, of the JSON form or the plain one."""
        if self.rest.startswith("["):
            return [str(word) for word in json.loads(self.rest)]
        return shlex.split(self.rest)


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    base: str
    steps: list[Step] = field(default_factory=list)


def read(text: str) -> list[Stage]:
    """The stages in order; raises ValueError, naming the line, at an unknown instruction."""
    stages: list[Stage] = []
    for line in _lines(text):
        instruction, _, rest = line.partition(" ")
        instruction = instruction.upper()
        if instruction not in INSTRUCTIONS:
            raise ValueError(f"Cannot do {instruction} as Docker would: {line}")
        flags: dict[str, str] = {}
        while match := re.match(r"--([a-z-]+)=(\S+)\s+", rest.lstrip()):
            flags[match[1]] = match[2]
            rest = rest.lstrip()[match.end() :]
        step = Step(instruction, flags, rest.strip())
        if instruction == "FROM":
            base, *named = step.words()
            name = named[1] if named else str(len(stages))
            stages.append(Stage(name, base))
        elif not stages:
            raise ValueError(f"Before the first FROM: {line}")
        else:
            stages[-1].steps.append(step)
    return stages


def _lines(text: str) -> Iterator[str]:
    """Instructions with their continuations joined, comments and empty lines left out."""
    kept = ""
    for line in text.splitlines():
        if line.lstrip().startswith("#") or not line.strip():
            continue
        kept += line.strip() if not kept else " " + line.strip()
        if kept.endswith("\\"):
            kept = kept[:-1].rstrip()
            continue
        yield kept
        kept = ""
    if kept:
        raise ValueError(f"The last line does not end: {kept}")


def expanded(text: str, environment: Mapping[str, str]) -> str:
    """With `$NAME` and `${NAME}` replaced; an unknown name is nothing, as in Docker."""
    return re.sub(
        r"\$(?:\{(\w+)\}|(\w+))", lambda name: environment.get(name[1] or name[2], ""), text
    )


def environment_of(step: Step, before: Mapping[str, str]) -> dict[str, str]:
    """What `ENV A=1 B=$A` adds; all its values see the environment before it."""
    pairs = (word.partition("=") for word in step.words())
    return {name: expanded(value, before) for name, _, value in pairs}


def context(folder: Path) -> Iterator[Path]:
    """The files that `COPY . …` brings, by the .dockerignore there; not all of its forms."""
    rules: list[tuple[bool, str]] = []
    for line in (folder / ".dockerignore").read_text("utf-8").splitlines():
        line = line.strip()
        if line and not line.startswith("#"):
            rules.append((not line.startswith("!"), line.removeprefix("!").rstrip("/")))
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _ignored(path.relative_to(folder), rules):
            yield path


def _ignored(path: Path, rules: list[tuple[bool, str]]) -> bool:
    ignored = False
    for ignores, pattern in rules:
        if _matches(path, pattern):
            ignored = ignores
    return ignored


def _matches(path: Path, pattern: str) -> bool:
    """Does it mean the path or a folder around it? `*` stops at a slash, `**/` is any depth."""
    wanted = pattern.removeprefix("**/").split("/")
    starts = range(len(path.parts)) if pattern.startswith("**/") else range(1)
    return any(_begins(path.parts[start:], wanted) for start in starts)


def _begins(parts: Sequence[str], wanted: Sequence[str]) -> bool:
    return len(parts) >= len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))
