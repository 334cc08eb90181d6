"""A checkpoint's lines are lines: none is empty, none holds what would make it two."""

from __future__ import annotations

import pytest

from evidence.checkpoint import Checkpoint
from evidence.errors import FormatError


@pytest.mark.parametrize("line", ["", "two\nlines", "a\x00b", "\x1f"])
@pytest.mark.parametrize("where", ["origin", "extension"])
def test_a_line_that_is_empty_or_holds_a_control_character_is_refused(
    line: str, where: str
) -> None:
    origin, more = (line, ()) if where == "origin" else ("log.example", (line,))
    with pytest.raises(FormatError, match="checkpoint") as refused:
        Checkpoint(origin=origin, size=1, root=bytes(32), extensions=more)
    assert "control character" in str(refused.value)
