"""Fonts of the pages. Development and hold-out sets have none in common, CJK included.

All are Debian's, and all are needed: a set made without one of them would be another set.
"""

from __future__ import annotations

import functools
import random
import shutil
import subprocess

SEEN = (
    "Liberation Sans",
    "DejaVu Sans",
    "Roboto",
    "Lato",
    "Liberation Sans Narrow",
    "Liberation Serif",
)
UNSEEN = ("Open Sans", "Inter", "Carlito", "Cantarell", "Karla", "DejaVu Serif")
SEEN_CJK = "Noto Sans CJK SC"
UNSEEN_CJK = "WenQuanYi Zen Hei"
SEEN_JAPANESE = "Noto Sans CJK JP"
UNSEEN_JAPANESE = "Noto Serif CJK JP"
PACKAGES = (
    "fonts-liberation fonts-dejavu fonts-roboto fonts-lato fonts-noto-cjk fonts-open-sans "
    "fonts-inter fonts-crosextra-carlito fonts-cantarell fonts-karla fonts-wqy-zenhei"
)


class FontAbsentError(RuntimeError):
    """A page cannot be drawn without that font."""


def require_fonts() -> None:
    """Raises FontAbsentError where one is missing: what stands in for it would change the set."""
    if shutil.which("fc-list") is None:
        raise FontAbsentError("fc-list was not found: apt install fontconfig")
    out = subprocess.run(["fc-list", ":", "family"], check=True, capture_output=True, text=True)
    there = {name.strip() for line in out.stdout.splitlines() for name in line.split(",")}
    wanted = (*SEEN, *UNSEEN, SEEN_CJK, UNSEEN_CJK, SEEN_JAPANESE, UNSEEN_JAPANESE)
    if missing := [family for family in wanted if family not in there]:
        raise FontAbsentError(
            f"The pages need fonts that are not here: {', '.join(missing)}. "
            f"On Debian: apt install {PACKAGES}"
        )


def stack_for(language: str, dice: random.Random, *, holdout: bool) -> str:
    """A CSS font-family for a page."""
    latin = dice.choice(UNSEEN if holdout else SEEN)
    match language:
        case "zh":
            east = UNSEEN_CJK if holdout else SEEN_CJK
        case "ja":
            east = UNSEEN_JAPANESE if holdout else SEEN_JAPANESE
        case _:
            return f"'{latin}', sans-serif"
    # Such pages often take their digits from the Chinese font too.
    return f"'{east}'" if dice.random() < 0.5 else f"'{latin}', '{east}'"


@functools.cache
def font_file(family: str, *, bold: bool = False) -> str:
    """The file of a family, for text that is drawn over a picture."""
    style = "Bold" if bold else "Regular"
    return subprocess.run(
        ["fc-match", "-f", "%{file}", f"{family}:style={style}"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
