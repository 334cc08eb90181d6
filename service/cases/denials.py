"""What a refusal asks for: order numbers, clauses, codes and materials become gaps.

A gap quotes the sentence it was read from. A code that no playbook knows is kept as it stands and
flagged; a refusal that names nothing says so, and nothing is read into it.
Source: scenarios S0-08, S0-19, S1-20, S3-16; policy facts TTS-ODR-12, PP-API-03.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from evidence.cases import Case
from evidence.playbook import Denial, Playbook
from service.cases.named import mentions, near, number_of, sentence_at

# ODR-07; not a piece of an order number, nor PDF-1 of a file's name.
_CODE = re.compile(r"(?<![\w-])([A-Z]{2,6}-\d{1,3})(?![\w-])")
_WORD_CODE = re.compile(r"(?<!\w)([A-Z]{3,}(?:_[A-Z]+){1,6})(?!\w)")
_CLAUSE = re.compile(
    r"(?:section|clause|article|paragraph|§)\s*([A-Z]?\d+(?:\.\d+)*)|第\s*([一二三四五六七八九十\d]+)\s*[条款]",
    re.IGNORECASE,
)


def gaps_of(text: str, *, case: Case, book: Playbook) -> list[dict[str, Any]]:
    """Every gap that the text names, by kind and place."""
    return [
        *_orders(text, case),
        *_codes(text, book),
        *_clauses(text, book),
        *_materials(text, book),
    ]


def _orders(text: str, case: Case) -> Iterator[dict[str, Any]]:
    known = [number_of(order) for order in case.orders]
    for id, found in _first(mentions(text, platform=case.platform, known=known)):
        if id in known:
            yield gap("order", id, found.sentence, "It names this order of the case.")
        elif (other := near(id, known)) is not None:
            said = f"It is not of the case, and nearly {other}: ask the platform which it means."
            yield gap("near_order", id, found.sentence, said)
        else:
            yield gap("foreign_order", id, found.sentence, "It is no order of the case.")


def _first(found: Sequence[Any]) -> list[tuple[str, Any]]:
    return list({each.id: each for each in reversed(found)}.items())[::-1]


def _codes(text: str, book: Playbook) -> Iterator[dict[str, Any]]:
    known = {denial.code: denial for denial in book.denials}
    seen: set[str] = set()
    for match in [*_CODE.finditer(text), *_WORD_CODE.finditer(text)]:
        code = match[1]
        if code in seen:
            continue
        seen.add(code)
        sentence = sentence_at(text, match.start())
        if (denial := known.get(code)) is not None:
            yield gap("code", code, sentence, denial.text, denial)
        elif "_" not in code:
            yield gap("unknown_code", code, sentence, "No playbook knows this code; look it up.")


def _clauses(text: str, book: Playbook) -> Iterator[dict[str, Any]]:
    for match in _CLAUSE.finditer(text):
        said = match[1] or match[2]
        yield gap("clause", said, sentence_at(text, match.start()), "It refers to this clause.")
    folded = text.casefold()
    for clause in book.clauses:
        for word in clause.words:
            if (at := folded.find(word.casefold())) >= 0:
                yield gap("clause", clause.id, sentence_at(text, at), clause.text)
                break


def _materials(text: str, book: Playbook) -> Iterator[dict[str, Any]]:
    folded = text.casefold()
    for denial in book.denials:
        for word in denial.words:
            if (at := folded.find(word.casefold())) >= 0:
                yield gap("material", denial.code, sentence_at(text, at), denial.text, denial)
                break


def gap(
    kind: str, named: str, sentence: str, text: str, denial: Denial | None = None
) -> dict[str, Any]:
    return {
        "kind": kind,
        "named": named,
        "sentence": sentence,
        "text": text,
        "gap": "" if denial is None else denial.gap,
        "roles": [] if denial is None else [str(role) for role in denial.roles],
    }
