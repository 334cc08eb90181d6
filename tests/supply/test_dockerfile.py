"""Our Dockerfile is read as Docker reads it, and what is not understood is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from supply.dockerfile import Step, context, environment_of, read
from supply.locks import ROOT

SMALL = """\
# a comment
FROM debian:12 AS build
ENV A=1 \\
    B="two words"

RUN one \\
    # a comment between
    && two
FROM debian:12
COPY --from=build /a /b
ENV PATH=/x:$PATH C=${A}
CMD ["serve", "--now"]
"""


def test_continued_lines_flags_and_both_forms_are_read() -> None:
    build, last = read(SMALL)
    assert (build.name, build.base, last.name) == ("build", "debian:12", "1")
    assert [step.instruction for step in build.steps] == ["ENV", "RUN"]
    assert build.steps[1].rest == "one && two"
    copy, environment, command = last.steps
    assert (dict(copy.flags), copy.words()) == ({"from": "build"}, ["/a", "/b"])
    assert environment_of(build.steps[0], {}) == {"A": "1", "B": "two words"}
    assert environment_of(environment, {"PATH": "/bin"}) == {"PATH": "/x:/bin", "C": ""}
    assert command.words() == ["serve", "--now"]


@pytest.mark.parametrize(
    "text",
    ["FROM a\nADD x y\n", "RUN before\nFROM a\n", "FROM a\nRUN one \\\n", "FROM a\nHEREDOC <<E\n"],
)
def test_what_docker_would_do_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read(text)


def test_all_of_our_dockerfile_is_understood() -> None:
    stages = read((ROOT / "Dockerfile").read_text("utf-8"))
    assert [stage.name for stage in stages] == ["build", "1"]
    users = [step for step in stages[-1].steps if step.instruction == "USER"]
    assert users == [Step("USER", {}, "10001:10001")]


def test_the_context_has_what_the_wheel_and_the_lock_need_and_nothing_else() -> None:
    brought = {path.relative_to(ROOT).parts for path in context(ROOT)}
    assert {parts[0] for parts in brought} == {
        "evidence", "collectors", "verifiers", "storage", "auditor", "service", "requirements",
        "openapi.yaml", "pyproject.toml", "README.md", "LICENSE", ".gitignore",
    }  # fmt: skip
    assert not [parts for parts in brought if "__pycache__" in parts]
    assert ("requirements", "image.txt") in brought


def test_a_later_rule_of_dockerignore_wins_and_a_star_stops_at_a_slash(tmp_path: Path) -> None:
    for name in ("a/b.py", "a/c.txt", "d/b.py", "e/deep/skip/f", "skip/f"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    rules = tmp_path / ".dockerignore"
    rules.write_text("*\n!a\n!e\n# no\na/*.txt\n**/skip\n")
    found = [str(path.relative_to(tmp_path)) for path in context(tmp_path)]
    assert found == ["a/b.py"]
    rules.write_text("*.py\n")
    found = [str(path.relative_to(tmp_path)) for path in context(tmp_path)]
    assert found == [".dockerignore", "a/b.py", "a/c.txt", "d/b.py", "e/deep/skip/f", "skip/f"]
