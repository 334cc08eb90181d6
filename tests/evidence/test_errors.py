"""Every error prints what happened and what to do, and survives the queue."""

import pickle
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

import evidence.errors as errors
from evidence.errors import EvidenceError, OutageError, ProofError, TooLargeError


def kinds(base: type[EvidenceError] = EvidenceError) -> Iterator[type[EvidenceError]]:
    for kind in base.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from kinds(kind)


def an_error(kind: type[EvidenceError]) -> EvidenceError:
    facts: dict[str, Any] = {}
    for field in fields(kind):
        if field.init:
            facts[field.name] = 7 if field.type in (int, "int") else f"the {{{field.name}}}"
    return kind(**facts)


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_an_error_comes_out_of_the_queue_as_it_went_in(kind: type[EvidenceError]) -> None:
    error = an_error(kind)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert vars(again) == vars(error)
    assert str(again) == str(error)


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_an_error_is_one_sentence_and_a_remedy(kind: type[EvidenceError]) -> None:
    said = str(an_error(kind))
    assert said.endswith(kind.remedy)
    assert ". " in said
    assert "the {" in said  # braces in a fact are not taken for a field


def test_too_large_says_how_much_and_how_much_is_allowed() -> None:
    assert "12 is over the limit of 10" in str(TooLargeError(what="A note", size=12, limit=10))


def test_facts_cannot_change_places() -> None:
    with pytest.raises(TypeError):
        ProofError("a", "b")  # type: ignore[call-arg]


def test_an_outage_may_know_when_to_come_back() -> None:
    assert OutageError(source="Norrpost", why="503").retry_after_s is None
    assert OutageError(source="Norrpost", why="503", retry_after_s=2.5).retry_after_s == 2.5
