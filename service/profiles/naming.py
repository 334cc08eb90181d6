"""Names of files that a platform takes: made of what it asks for, and of nothing from outside."""

from __future__ import annotations

import re

from evidence.orders import OrderRef
from verifiers.forms.limits import Limits

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
_EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


def plain(text: str, *, most: int = 60) -> str:
    """Letters, digits and single hyphens: safe anywhere, whatever the text was."""
    return _NOT_PLAIN.sub("-", text).strip("-")[:most].strip("-")


def order_folder(number: int, ref: OrderRef) -> str:
    """A folder for one order of an appeal: its place keeps two that look alike apart."""
    return f"{number:05d}-{plain(ref.id) or 'order'}"


def file_name(what: str, number: int, media_type: str, limits: Limits, *, before: str = "") -> str:
    """A name that keeps the limits: `before` and `what` as far as they fit, a number if above 0.

    The extension counts into the length, the stricter reading.
    """
    extension = _EXTENSIONS[media_type]
    allows = limits.firm("files.name_allows")
    bare = allows is not None and not any(mark in allows.limit.value for mark in "_-")
    most = limits.number("files.name_characters") or 120
    room = most - len(extension) - 1
    counted = f"{number:02d}" if number else ""
    joint = "" if bare else "_"
    stem = joint.join(part for part in (before, plain(what), counted) if part)
    if bare:
        stem = _NOT_PLAIN.sub("", stem)
    if len(stem) > room:
        stem = stem[: room - len(counted)] + counted
    return f"{stem}.{extension}"
