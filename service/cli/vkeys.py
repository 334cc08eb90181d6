"""Verifier keys as a person gives them: the key itself, or a file with one a line."""

from __future__ import annotations

from pathlib import Path

from evidence.errors import FormatError, RequestError
from evidence.notes import NoteVerifier

_MAX_BYTES = 1 << 20


def vkeys_in(word: str) -> list[NoteVerifier]:
    """The key that `word` is, or those in the file of this name. Raises RequestError."""
    if "+" in word and not Path(word).is_file():
        return [NoteVerifier.parse(word)]
    try:
        with Path(word).open("rb") as file:
            text = file.read(_MAX_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = "it is neither a key (name+id+base64) nor a file of keys"
        raise RequestError(what=f"The key {word[:80]!r}", why=why) from error
    lines = [line.strip() for line in text.splitlines()]
    found = [NoteVerifier.parse(line) for line in lines if line and not line.startswith("#")]
    if not found:
        raise FormatError(what=f"The key file {word[:80]!r}", why="there is no key in it")
    return found
