"""Text from outside, made so that what is seen is what is there.

Marks that turn the direction of writing, zero-width characters, controls and halves of surrogate
pairs are written out as ⟨U+202E⟩; none of them can then disguise a name or a time.
"""

from __future__ import annotations

import unicodedata

# Cc controls, Cf formats (direction, zero width), Cs surrogates, Co private use, Cn not assigned,
# Zl and Zp line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, *, most: int | None = None, keep: str = "") -> str:
    """The text with each character that cannot be seen written out; cut to `most` characters.

    keep   such characters that stay, as "\\n" where lines are wanted
    """
    cut = most is not None and len(text) > most
    shown = text[:most] if cut else text
    if not shown.isprintable():
        shown = "".join(_shown(character, keep) for character in shown)
    return f"{shown}…" if cut else shown


def _shown(character: str, keep: str) -> str:
    if character in keep:
        return character
    if unicodedata.category(character) in _UNSEEN:
        return written_out(character)
    return " " if character.isspace() else character


def written_out(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"
