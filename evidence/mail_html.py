"""The words of an HTML mail, in linear time, without running, fetching or trusting anything in it.

For matching and for reading by people, not for display: marks, scripts and styles go, and a block
ends a line.
"""

from __future__ import annotations

import html
import re

_BLOCKS = frozenset(
    "address article blockquote br dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre section table td "
    "th title tr ul".split()
)
_SILENT = frozenset({"script", "style", "head", "template"})
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)")
_BLANKS = re.compile(r"[^\S\n]+")


def text_of_html(markup: str) -> str:
    """The text between the marks; what an unclosed comment or script hides stays hidden."""
    lower = markup.lower()
    if len(lower) != len(markup):  # a few letters grow when lowered, and positions must agree
        lower = markup
    pieces: list[str] = []
    at = 0
    while (start := markup.find("<", at)) >= 0:
        pieces.append(markup[at:start])
        if markup.startswith("<!--", start):
            at = _behind(markup, "-->", start + 4)
            continue
        tag = _TAG.match(markup, start)
        if tag is None and not markup.startswith(("<!", "<?"), start):
            pieces.append("<")
            at = start + 1
            continue
        at = _behind(markup, ">", start)
        name = tag[1].lower() if tag else ""
        if name in _SILENT and not markup.startswith("</", start):
            at = _behind(markup, ">", _behind(lower, f"</{name}", at) - 1)
        if name in _BLOCKS:
            pieces.append("\n")
    pieces.append(markup[at:])
    lines = _BLANKS.sub(" ", html.unescape("".join(pieces))).split("\n")
    return "\n".join(line.strip() for line in lines if line.strip())


def _behind(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return len(text) if found < 0 else found + len(mark)
