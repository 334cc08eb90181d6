"""A part that fails waits until the others were tried."""

import pytest

from collectors.troubles import Troubles
from evidence.errors import AccessError, CorruptionError, EvidenceError, OutageError


def fail(problem: EvidenceError) -> None:
    raise problem


def test_the_first_error_is_raised_once_every_part_was_tried() -> None:
    troubles, tried = Troubles(), []
    for number in range(4):
        with troubles.held():
            tried.append(number)
            if number in (1, 3):
                raise AccessError(source="x", why=f"part {number}")
    assert tried == [0, 1, 2, 3]
    with pytest.raises(AccessError, match="part 1"):
        troubles.raise_first()


def test_without_an_error_there_is_nothing_to_raise() -> None:
    troubles = Troubles()
    with troubles.held():
        pass
    troubles.raise_first()


@pytest.mark.parametrize(
    "problem",
    [
        OutageError(source="x", why="429", retry_after_s=600.0),
        CorruptionError(what="a file", why="its digest is another"),
    ],
    ids=["asked to wait", "not the part's own"],
)
def test_what_concerns_the_whole_source_goes_through(problem: EvidenceError) -> None:
    with pytest.raises(type(problem)), Troubles().held():
        fail(problem)


def test_an_outage_of_one_part_waits() -> None:
    troubles = Troubles()
    with troubles.held():
        fail(OutageError(source="x", why="500"))
    with pytest.raises(OutageError):
        troubles.raise_first()
