"""Every message that a user can get, read as a set: what happened, to what, and what to do.

Errors say it in the form of `evidence/errors.py`: `what` or `source` names the thing, `why` is a
phrase that goes on after a colon, the class adds the full stop and what to do. Problems of the API
are whole sentences. Both are read out of the code, so a new message is held to it as well.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from evidence import errors
from evidence.errors import EvidenceError, RequestError
from service.cli import COMMANDS
from service.http.problems import problem_of

ROOT = Path(__file__).parents[1]
FOLDERS = ("evidence", "collectors", "verifiers", "storage", "auditor", "service")
PHRASES = ("why", "what", "source")
CLASSES = {
    name: each
    for name, each in vars(errors).items()
    if isinstance(each, type) and issubclass(each, EvidenceError)
}
# Names that a phrase may begin with.
PROPER = re.compile(r"[A-Z0-9_\[]+\b|Amazon|Valkey|AWS|Reading")
PROMISES = re.compile(
    r"\b(guarantee\w*|certainly|definitely|we promise|will (win|succeed|be (accepted|won)))\b",
    re.IGNORECASE,
)


class Phrase(NamedTuple):
    """`text` has {…} where a value stands; `value` is the expression, `at` its file and line."""

    kind: str
    field: str
    text: str
    value: ast.expr
    at: str


def _called() -> Iterator[tuple[str, ast.Call, str]]:
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            code = file.read_text("utf-8")
            if not re.search(r"(Error|Problem|not_found|note)\(", code):
                continue
            for node in ast.walk(ast.parse(code)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    yield node.func.id, node, f"{file.relative_to(ROOT)}:{node.lineno}"


def _text(value: ast.expr) -> str | None:
    match value:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(p) or "{…}" for p in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return f"{_text(left) or '{…}'}{_text(right) or '{…}'}"
    return None


CALLS = list(_called())
SAID = [
    Phrase(name, word.arg, _text(word.value) or "", word.value, at)
    for name, call, at in CALLS
    if name in CLASSES
    for word in call.keywords
    if word.arg in PHRASES
]
PROBLEMS = [
    (text, at)
    for name, call, at in CALLS
    if name in ("Problem", "not_found") and call.args and (text := _text(call.args[-1]))
]
NOTES = [
    (text, at)
    for name, call, at in CALLS
    if name == "note" and len(call.args) == 1 and (text := _text(call.args[0]))
]


def _wrong(phrases: list[str]) -> str:
    return "\n".join(phrases)


def test_there_are_messages_to_read() -> None:
    assert len(SAID) > 1_000 and len(PROBLEMS) > 10
    assert {each.kind for each in SAID} >= set(CLASSES) - {"EvidenceError"}


@pytest.mark.parametrize("name", sorted(set(CLASSES) - {"EvidenceError"}))
def test_every_kind_of_error_says_what_happened_to_what_and_what_to_do(name: str) -> None:
    kind = CLASSES[name]
    assert re.match(r"\{(what|source)\} ", kind.says) and kind.says.endswith(".")
    assert re.fullmatch(r"[A-Z].*\.", kind.remedy) and "{" not in kind.remedy


def test_a_reason_is_a_phrase_that_goes_on_after_a_colon() -> None:
    whys = [each for each in SAID if each.field == "why" and each.text]
    found = [
        f"{each.at}: {each.text}"
        for each in whys
        if each.text.rstrip() != each.text
        or each.text.endswith((".", "!", "?"))
        or (each.text[0].isupper() and not PROPER.match(each.text))
    ]
    assert not found, _wrong(found)


def test_no_name_of_an_exception_stands_for_a_reason() -> None:
    """`ClientConnectorError` tells a user nothing; behind words, in brackets, it helps us."""
    named = re.compile(r"type\(\w+\)\.__name__|repr\(\w+\)")
    found = [
        f"{each.at}: {ast.unparse(each.value)}"
        for each in SAID
        if named.fullmatch(ast.unparse(each.value)) or re.match(r"\{type\(", each.text)
    ]
    assert not found, _wrong(found)


def test_what_is_sealed_names_no_folder_of_this_machine() -> None:
    """What a source fails with is kept in the manifest, and whoever gets the bundle reads it."""
    private = re.compile(r"\.(folder|data|keys|path\.parent)\b|gethostname|getcwd|Path\.home")
    found = [
        f"{each.at}: {ast.unparse(each.value)}"
        for each in SAID
        if each.at.startswith(("collectors/", "service/sources/", "verifiers/"))
        and private.search(ast.unparse(each.value))
    ]
    assert not found, _wrong(found)


def test_no_message_shows_a_pattern_for_a_reason() -> None:
    """`[A-Z]{2}` is for who reads code; words say what is taken."""
    of_code = re.compile(r"\[[A-Za-z0-9^\\][^\]]*-[^\]]*\]|\(\?:|\\[dwsx]|must match")
    found = [f"{each.at}: {each.text}" for each in SAID if of_code.search(each.text)]
    assert not found, _wrong(found)


def test_what_is_refused_is_one_thing() -> None:
    """`what` is one thing, or a list of many: "the items was refused" is no sentence."""
    many = re.compile(r"(?i)^(the |an? )?(?!address|dns)[a-z]+(?<![su])s$|^(?!the search).* and ")
    found = [f"{e.at}: {e.text}" for e in SAID if e.field == "what" and many.match(e.text)]
    assert not found, _wrong(found)


def test_no_message_promises_anything() -> None:
    said = [(each.text, each.at) for each in SAID] + PROBLEMS
    said += [
        (kind.says + kind.remedy, name) for name, kind in CLASSES.items() if name != "EvidenceError"
    ]
    found = [f"{at}: {text}" for text, at in said if PROMISES.search(text)]
    assert not found, _wrong(found)


def test_a_note_of_a_command_is_a_sentence_or_a_short_line() -> None:
    """A sentence ends with a full stop, or with the very thing to run or to read."""
    sentence = re.compile(r"[A-Z].*(\.|: (orderproof .*|\{…\})|\.md|\{…\})", re.DOTALL)
    line = re.compile(r"[a-z{].*([^.!?]|\.\.\.)|orderproof: .*", re.DOTALL)
    found = [
        f"{at}: {text}"
        for text, at in NOTES
        if not (sentence if text[0].isupper() else line).fullmatch(text)
    ]
    assert len(NOTES) > 30 and not found, _wrong(found)


def test_every_command_that_a_message_names_is_there() -> None:
    said = [(each.text, each.at) for each in SAID] + PROBLEMS + NOTES
    named = [
        (word, at)
        for text, at in said
        for word in re.findall(r"(?:`|: )orderproof ([a-z][a-z-]*)", text)
    ]
    found = [f"{at}: orderproof {word}" for word, at in named if word not in COMMANDS]
    assert len(named) > 10 and not found, _wrong(found)


def test_a_problem_of_the_api_is_made_of_sentences() -> None:
    found = [f"{at}: {text}" for text, at in PROBLEMS if not re.match(r"[A-Z`{].*[.}]$", text)]
    assert not found, _wrong(found)


def test_a_problem_begins_as_a_sentence_whatever_the_error_begins_with() -> None:
    said = problem_of(
        RequestError(what="the site", why="'USA' is not a country code"), sent=["USA"]
    )
    assert said.detail.startswith("The site was refused: what was sent is not")
