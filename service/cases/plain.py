"""A draft as plain text: without markup, with a line for each item that it rests on.

Some forms take pasted text and nothing else. Source: scenario S4-08.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_MARKUP = (
    (re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+", re.MULTILINE), ""),
    (re.compile(r"^[ \t]{0,3}(?:[-*_][ \t]*){3,}$", re.MULTILINE), ""),
    (re.compile(r"!?\[([^\]\n]{0,500})\]\(([^)\n]{0,2000})\)"), r"\1 (\2)"),
    (re.compile(r"(\*\*|__)(?=\S)(.{1,2000}?)(?<=\S)\1", re.DOTALL), r"\2"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,500})(?<=\S)\*(?![\w*])"), r"\1"),
    (re.compile(r"`{1,3}([^`]{0,2000})`{1,3}"), r"\1"),
    (re.compile(r"<(?:/?[A-Za-z][^<>]{0,300}|!--.{0,2000}?--)>", re.DOTALL), ""),
    (re.compile(r"^[ \t]{0,3}[*+][ \t]+", re.MULTILINE), "- "),
)
_MANY_LINES = re.compile(r"\n{3,}")


def plain_text(draft: str, evidence: Sequence[tuple[str, str]] = ()) -> str:
    """The text, and below it `role: SHA-256` of each item it rests on."""
    text = draft.replace("\r\n", "\n")
    for pattern, put in _MARKUP:
        text = pattern.sub(put, text)
    text = _MANY_LINES.sub("\n\n", text).strip()
    lines = [f"{role}: SHA-256 {sha256}" for role, sha256 in evidence]
    return "\n".join([text, "", "Evidence:", *lines]) if lines else text
