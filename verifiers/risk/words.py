"""Does a buyer's message speak of what becomes a claim: words, by language, unless negated?

Word lists are TOML files beside this one, a language each; an operator's own folder may replace or
add some. A message is looked at in every language, because buyers write in theirs. What is found is
a reason to fetch evidence early, and says nothing about the buyer.

    language = "en"
    spaces = true                 words stand between spaces; false for Chinese and Japanese
    negations = ["not", "never"]  before a word, in the same clause, at most `reach` words away
    negations_after = []          right behind it (Japanese)
    needs, refuses = "[ぁ-ヿ]"     signs without which, or with which, it is not of this language
    reach = 4
    but = ["but", "however"]      begin another clause
    threats = ["don't want to"]   negations that negate nothing: what follows is a warning
    harmless = ["baggage claim"]  taken out before anything is looked for

    [[risk]]
    id = "claim"                  claim, chargeback, damaged, lost, wrong_item
    words = ["file a claim"]      a last * stands for any ending

Tiers are minutes within which somebody should have answered (tiers.toml; S2-02 to S2-05).
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from evidence.errors import FormatError

MAX_TEXT = 16_000
_CLAUSE = re.compile(r"[.!?;:,\n。！？；，、：]+")
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Risk:
    """What was found: of which kind, in which language, and the list's own word for it."""

    id: str
    language: str
    word: str


@dataclass(frozen=True, slots=True)
class Words:
    """A language's list, ready to look with."""

    language: str
    spaces: bool
    reach: int
    risks: tuple[tuple[str, str, re.Pattern[str]], ...]
    before: re.Pattern[str] | None
    after: re.Pattern[str] | None
    but: re.Pattern[str] | None
    threats: re.Pattern[str] | None
    harmless: re.Pattern[str] | None
    needs: re.Pattern[str] | None
    refuses: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Tiers:
    """Minutes: by kind of risk; by platform, for any message; and what platforms themselves ask."""

    risks: Mapping[str, int]
    platforms: Mapping[str, int]
    official: int


def risks_in(text: str, lists: Sequence[Words] | None = None) -> list[Risk]:
    """Each kind once, in the order of the lists. Lines that quote a mail are passed over."""
    plain = normal(text)
    found: dict[str, Risk] = {}
    every = lists if lists is not None else built_in_words()
    # Buyers mix languages: whichever language negates, it is negated.
    negations = tuple(words for words in every if words.spaces)
    for words in every:
        if words.needs is not None and not words.needs.search(plain):
            continue
        if words.refuses is not None and words.refuses.search(plain):
            continue
        others = negations if words.spaces else (words,)
        cleaned = words.harmless.sub(" ", plain) if words.harmless else plain
        for clause in _clauses(cleaned, words):
            for id, word, pattern in words.risks:
                if id not in found and any(
                    not _is_negated(clause, match, words, others)
                    for match in pattern.finditer(clause)
                ):
                    found[id] = Risk(id, words.language, word)
    return list(found.values())


def normal(text: str) -> str:
    """One form for letters that look alike; no quoted lines."""
    lines = [line for line in text[:MAX_TEXT].splitlines() if not line.lstrip().startswith(">")]
    folded = unicodedata.normalize("NFKC", "\n".join(lines)).casefold()
    return folded.replace("’", "'").replace("‘", "'").replace("ʼ", "'")


def _clauses(text: str, words: Words) -> Iterator[str]:
    for sentence in _CLAUSE.split(text):
        yield from words.but.split(sentence) if words.but else (sentence,)


def _is_negated(clause: str, match: re.Match[str], words: Words, others: Sequence[Words]) -> bool:
    before, after = clause[: match.start()], clause[match.end() :]
    if any(each.threats is not None and each.threats.search(before) for each in others):
        return False
    last = _last(before, words)
    if any(each.before is not None and each.before.search(last) for each in others):
        return True
    return words.after is not None and bool(words.after.match(after))


def _last(before: str, words: Words) -> str:
    """The last few words, or signs where there are no spaces."""
    if not words.spaces:
        return before[-words.reach :]
    found = _WORD.findall(before)[-words.reach :]
    return f" {' '.join(found)} "


def read_words(raw: bytes, *, name: str) -> Words:
    """FormatError names what is wrong with the list."""
    try:
        said: dict[str, Any] = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FormatError(what=name, why=f"it is no TOML ({error})") from error
    spaces = said.get("spaces", True)
    lists = ("negations", "negations_after", "but", "threats", "harmless")
    risks = said.get("risk", [])
    if not isinstance(said.get("language"), str) or not isinstance(spaces, bool):
        raise FormatError(what=name, why="it has no language, or spaces is neither true nor false")
    for key in lists:
        if not _are_words(said.get(key, [])):
            raise FormatError(what=name, why=f"{key} is not a list of words")
    if not isinstance(risks, list) or not all(
        isinstance(risk, dict) and isinstance(risk.get("id"), str) and _are_words(risk.get("words"))
        for risk in risks
    ):
        raise FormatError(what=name, why="a [[risk]] has an id and words")
    if unknown := set(said) - {"language", "spaces", "reach", "risk", "needs", "refuses", *lists}:
        raise FormatError(what=name, why=f"nobody reads {', '.join(sorted(unknown))}")
    compiled = {key: _any(said.get(key, []), spaces) for key in lists}
    return Words(
        language=said["language"],
        spaces=spaces,
        reach=int(said.get("reach", 4)),
        risks=tuple(
            (risk["id"], word, _compiled([word], spaces))
            for risk in risks
            for word in risk["words"]
        ),
        before=compiled["negations"],
        after=compiled["negations_after"],
        but=compiled["but"],
        threats=compiled["threats"],
        harmless=compiled["harmless"],
        needs=_form(said, "needs", name),
        refuses=_form(said, "refuses", name),
    )


def _form(said: Mapping[str, Any], key: str, name: str) -> re.Pattern[str] | None:
    try:
        return re.compile(said[key]) if key in said else None
    except (re.error, TypeError) as error:
        raise FormatError(what=name, why=f"{key} is no pattern") from error


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and each for each in value)


def _any(words: Iterable[str], spaces: bool) -> re.Pattern[str] | None:
    listed = list(words)
    return _compiled(listed, spaces) if listed else None


def _compiled(words: Iterable[str], spaces: bool) -> re.Pattern[str]:
    forms = []
    for word in words:
        plain = unicodedata.normalize("NFKC", word).casefold()
        form = re.escape(plain.removesuffix("*")).replace(r"\ ", r"[\s-]+")
        if plain.endswith("*"):
            form += r"\w*"
        forms.append(rf"(?<!\w){form}(?!\w)" if spaces else form)
    return re.compile("|".join(forms))


@lru_cache(maxsize=1)
def built_in_words() -> tuple[Words, ...]:
    return read_folder(files("verifiers") / "risk")


def read_folder(folder: Traversable | Path) -> tuple[Words, ...]:
    """Every list of a folder, by its name."""
    named = sorted((each for each in folder.iterdir()), key=lambda each: each.name)
    return tuple(
        read_words(each.read_bytes(), name=each.name)
        for each in named
        if each.name.endswith(".toml") and each.name != "tiers.toml"
    )


@lru_cache(maxsize=1)
def tiers() -> Tiers:
    raw = (files("verifiers") / "risk" / "tiers.toml").read_bytes()
    said = tomllib.loads(raw.decode("utf-8"))
    return Tiers(said["risk"], said["platform"], int(said["official"]))
