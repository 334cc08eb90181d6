"""File names from outside, made harmless to show and impossible to walk out with.

A name on disk or in a mail may hold control characters, bidirectional overrides, slashes of either
kind, a drive letter or `..`. Such characters are percent-escaped, `%` itself too, so that two names
never become one and `spoken` can go back to the exact name on disk.
"""

from __future__ import annotations

import os
import re
import unicodedata
from urllib.parse import unquote_to_bytes

# Format characters (Cf) hold the bidi overrides and zero-width marks, Cs what is not UTF-8.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DRIVE = re.compile(r"[A-Za-z]:")


def harmless(name: str) -> str:
    """One path component, safe to show and to write into a report; never empty, `.` or `..`."""
    shown = "".join(_escaped(c) if _is_risky(c) else c for c in name)
    if _DRIVE.match(shown):
        shown = shown[0] + "%3A" + shown[2:]
    if shown.strip(". ") == "":
        shown = shown.replace(".", "%2E").replace(" ", "%20")
    return shown or "%00"


def spoken(shown: str) -> bytes:
    """The name on disk that `harmless` showed."""
    return unquote_to_bytes(shown)


def _is_risky(c: str) -> bool:
    return c in "/\\%" or unicodedata.category(c) in _HIDDEN


def _escaped(c: str) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(c))
