"""Which language a draft is written in, as far as its letters and its commonest words tell.

Only what decides between the sites' languages is told apart; a text too short or too mixed is "".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_COMMON: Mapping[str, frozenset[str]] = {
    "en": frozenset("the and of to was is were we our on with that this for not by has".split()),
    "de": frozenset("der die das und wir ist nicht mit wurde den von zu ein für auf sind".split()),
    "fr": frozenset("le la les des est nous une dans pas avec été pour que sur et du".split()),
    "es": frozenset("el la los las que fue con para una por del se nuestro pedido no en".split()),
    "it": frozenset("il lo la gli che è stato con per una del non sono nostro e di".split()),
    "nl": frozenset("de het een van is niet met wij voor zijn werd op dat deze en om".split()),
}
_WORD = re.compile(r"[^\W\d_]+")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_LEAST_WORDS = 8


def language_of(text: str) -> str:
    """`zh`, `ja`, `en`, `de`, `fr`, `es`, `it`, `nl`, or "" where it is not clear."""
    letters = sum(character.isalpha() for character in text)
    if not letters:
        return ""
    if len(_KANA.findall(text)) / letters > 0.05:
        return "ja"
    if len(_HAN.findall(text)) / letters > 0.3:
        return "zh"
    words = [word.casefold() for word in _WORD.findall(text)]
    if len(words) < _LEAST_WORDS:
        return ""
    score = {name: sum(word in common for word in words) for name, common in _COMMON.items()}
    best, second = sorted(score, key=lambda name: score[name], reverse=True)[:2]
    return best if score[best] > score[second] else ""
