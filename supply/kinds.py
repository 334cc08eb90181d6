"""What kind of change a mutant is: most that no test notices are of few kinds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_ERROR = re.compile(r'\braise |\b(what|why|got|expected)=|\b_?[Rr]efuse|Error\(|\bFault\(|\bf"')
_NUMBER = re.compile(r"\d[\d.e_]*")

WORDS = "letters of a text"
ERROR = "what an error says"
BOUND = "at a bound itself"
BY_ONE = "a number by one"
NONE = "None, or what is so without saying, for a value"
AND_OR = "and for or"
ALWAYS = "a branch taken always or never"
BREAK = "break for continue"
OTHER = "other"


def kind_of(change: Sequence[str]) -> str:
    """One of the above, of lines `- …` and `+ …`."""
    before, after = ([line[2:] for line in change if line[:1] == sign] for sign in "-+")
    if len(before) != 1 or len(after) != 1:
        return OTHER
    old, new = _changed(before[0], after[0])
    if "XX" in new or (old != new and old.lower() == new.lower()):
        return WORDS
    if " and False" in after[0] or " or True" in after[0]:
        return ALWAYS
    if {old, new} <= {"<", "<=", ">", ">=", "=", " ", ""}:
        return BOUND
    if {old, new} == {"and", "or"}:
        return AND_OR
    if old in {"break", "continue"}:
        return BREAK
    if _NUMBER.fullmatch(old) and _NUMBER.fullmatch(new):
        return BY_ONE
    if new in {"", "None"}:
        return ERROR if _ERROR.search(before[0]) else NONE
    return OTHER


def _changed(before: str, after: str) -> tuple[str, str]:
    """From the first word that differs to the last, in both."""
    a, b = _TOKEN.findall(before), _TOKEN.findall(after)
    parts = [
        part for part in SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
        if part[0] != "equal"
    ]  # fmt: skip
    if not parts:
        return "", ""
    (_, i, _, j, _), (_, _, k, _, n) = parts[0], parts[-1]
    return "".join(a[i:k]), "".join(b[j:n])
