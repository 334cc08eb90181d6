"""Text as it is compared: small letters without accents, plain signs and figures.

Positions stay: the folded text has as many characters as the text, so that what is found in one is
cut out of the other.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SAME = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "–": "-", "—": "-", "−": "-",
                       "’": "'", "‘": "'", "´": "'", "`": "'", "“": '"', "”": '"', "•": "·",
                       "：": ":", "،": ",", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
                       # They turn the direction of writing, between the figures of a date as well.
                       "\u200e": " ", "\u200f": " ", "\u061c": " "})  # fmt: skip
# A kana's voice, a syllable's letters and a Thai vowel are no accents.
_WHOLE = re.compile("[\u0e00-\u0e4f\u3041-\u30ff\uac00-\ud7a3]")


def fold(text: str) -> str:
    """The folded text, exactly as long as `text`."""
    return "".join(map(_folded, text))


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    if character.isascii():
        return character.lower()
    if _WHOLE.match(character):
        return character
    if (figure := unicodedata.decimal(character, -1)) >= 0:
        return str(figure)
    plain = character.lower().translate(_SAME)
    first = unicodedata.normalize("NFKD", plain)[:1] or plain
    low = first.lower()
    return low if len(low) == 1 else first
