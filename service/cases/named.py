"""The orders that a text names: a notice, a refusal, a draft; and how near they are to others.

Numbers have a known shape on some platforms. Where any digits could be one, a number counts only
if it is the case's own or stands behind a word such as "order". Two numbers of one length that
differ in one place, or in two neighbours that changed places, are near: a mistyped one is told, and
never taken for the other. Source: scenarios S0-33, S1-10, S1-20, S4-19.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evidence.orders import OrderRef

_SHAPES = {
    "amazon": r"\d{3}-\d{7}-\d{7}",
    "ebay": r"\d{2}-\d{5}-\d{5}",
}
_BEHIND = r"(?:order(?:\s+(?:id|number|no\.?))?|订单(?:号|编号)?)\s*[:：#]?\s*#?"
_LOOSE = {
    "tiktok": r"\d{6,24}",
    "walmart": r"\d{6,20}",
    "etsy": r"\d{6,20}",
    "shopify": r"#?[0-9A-Za-z][0-9A-Za-z._-]{0,38}[0-9A-Za-z]",
    "other": r"[0-9A-Za-z][0-9A-Za-z._-]{0,38}[0-9A-Za-z]",
}
_ASIN = re.compile(r"(?<![0-9A-Za-z])B0[0-9A-Z]{8}(?![0-9A-Za-z])")
_END = re.compile(r"(?<=[.!?])\s+|[。！？；\n]")
MOST_TEXT = 2_000_000


@dataclass(frozen=True, slots=True)
class Mention:
    """A number as it stands in the text, and the sentence it stands in."""

    id: str
    begin: int
    sentence: str


def mentions(text: str, *, platform: str, known: Iterable[str]) -> list[Mention]:
    """Every order number of the platform, in the order of the text, each place once.

    known  numbers that count wherever they stand
    """
    text = text[:MOST_TEXT]
    places: dict[int, str] = {}
    for id in known:
        for match in re.finditer(rf"(?<![\w-]){re.escape(id)}(?![\w-])", text):
            places[match.start()] = id
    for match in _numbers(text, platform):
        places.setdefault(match.start(1), match[1])
    return [Mention(places[at], at, sentence_at(text, at)) for at in sorted(places)]


def asins_in(text: str) -> list[str]:
    return list(dict.fromkeys(_ASIN.findall(text[:MOST_TEXT])))


def sentence_at(text: str, at: int) -> str:
    """The sentence around a place, at most 400 characters of it."""
    begin = max((m.end() for m in _END.finditer(text, max(0, at - 400), at)), default=None)
    end = _END.search(text, at)
    start = max(0, at - 400) if begin is None else begin
    return text[start : min(len(text), at + 400) if end is None else end.start()].strip()[:400]


def near(id: str, others: Sequence[str]) -> str | None:
    """The one of the others that differs from it in one place, or in two that changed places."""
    return next((other for other in others if other != id and _is_near(id, other)), None)


def number_of(order: str) -> str:
    """The number out of `platform:number (SITE)`."""
    return order.partition(":")[2].rpartition(" (")[0]


def names_of(refs: Iterable[OrderRef]) -> list[str]:
    return [ref.id for ref in refs]


def _numbers(text: str, platform: str) -> Iterator[re.Match[str]]:
    if platform in _SHAPES:
        yield from re.finditer(rf"(?<![\d-])({_SHAPES[platform]})(?![\d-])", text)
        return
    loose = _LOOSE.get(platform, _LOOSE["other"])
    for match in re.finditer(rf"{_BEHIND}({loose})(?![\w-])", text, re.IGNORECASE):
        if any(c.isdigit() for c in match[1]):  # "order was" names none
            yield match


def _is_near(a: str, b: str) -> bool:
    if len(a) != len(b):
        return False
    wrong = [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
    if len(wrong) == 1:
        return True
    return (
        len(wrong) == 2
        and wrong[1] == wrong[0] + 1
        and (a[wrong[0]], a[wrong[1]]) == (b[wrong[1]], b[wrong[0]])
    )
