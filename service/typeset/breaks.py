"""Where a word that is too long for its line may be broken."""

from __future__ import annotations

import re

# The templates turn it into nothing.
BREAK = "\u200b"
# Chinese breaks anywhere by itself.
_LONG = re.compile(r"[!-~]{20,}")
_AFTER = re.compile(r"([/_.@=:;,?&+-])(?=[^/_.@=:;,?&+-])")


def breakable(text: str) -> str:
    """Marks where words that are too long for a line may be broken."""
    return _LONG.sub(lambda found: _broken(found[0]), text)


def _broken(word: str) -> str:
    parts = _AFTER.sub(rf"\1{BREAK}", word).split(BREAK)
    return BREAK.join(
        BREAK.join(part[at : at + 16] for at in range(0, len(part), 16)) for part in parts
    )
