"""Text as it is compared: small letters without accents, full-width signs as plain ones.

Positions stay: the folded text has as many characters as the text, so that what is found in one is
cut out of the other.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_SAME = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "–": "-", "—": "-", "−": "-",
                       "’": "'", "‘": "'", "´": "'", "`": "'", "“": '"', "”": '"', "•": "·",
                       "：": ":", "\u00a0": " ", "\u2009": " ", "\u202f": " "})  # fmt: skip


def fold(text: str) -> str:
    """The folded text, exactly as long as `text`."""
    return "".join(map(_folded, text))


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    if character.isascii():
        return character.lower()
    if "\u3041" <= character <= "\u30ff" or "\uac00" <= character <= "\ud7a3":
        return character  # a kana's voice and a syllable's letters are no accents
    plain = character.translate(_SAME)
    first = unicodedata.normalize("NFKD", plain)[:1] or plain
    low = first.lower()
    return low if len(low) == 1 else first
