"""What kind of file an item is: an original, a capture of a page, a photo, a chat's copy, a scan.

Judged by what it is made of (format, producer, metadata) and, for a picture, by its pixels and by
where its text stands: `picture.trait` facts. `unknown` is an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evidence.facts import Fact, Facts


class FileKind(StrEnum):
    ORIGINAL_EXPORT = "original_export"
    PORTAL_SCREENSHOT = "portal_screenshot"
    PHOTO = "photo"
    CHAT_SCREENSHOT = "chat_screenshot"
    SCAN = "scan"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind, how sure it is (0 to 1), why in a phrase, and the facts it rests on."""

    kind: FileKind
    confidence: float
    why: str
    facts: tuple[Fact, ...] = ()


def kind_of(facts: Facts) -> Kind:
    """The kind of one item by its own facts."""
    size = facts.first("picture.size")
    if size is None:
        pages = facts.first("document.pages")
        text = facts.first("document.text")
        if text is None:
            return Kind(FileKind.UNKNOWN, 0.5, "nothing of it could be read")
        return Kind(
            FileKind.ORIGINAL_EXPORT, 0.8, "it is text as a program wrote it", (pages or text,)
        )
    if camera := facts.first("picture.camera"):
        return Kind(FileKind.PHOTO, 0.9, f"its metadata names the camera {camera.text}", (camera,))
    return Kind(FileKind.PORTAL_SCREENSHOT, 0.5, "it is a picture without a camera", (size,))
