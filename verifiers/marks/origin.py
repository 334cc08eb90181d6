"""Is each item an original, or what kind of copy?

Platforms ask for the carrier's own export or a capture of its page; what went through a chat or was
photographed from a screen loses marks, dates and sharpness, and is doubted.

Reads     what the file is made of and, for a picture, its measures (verifiers/marks/kind.py).
Assumes   nothing of who made it: a kind is no proof of origin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.facts import Facts
from evidence.manifest import SealedItem
from evidence.verdicts import Answer, Finding, Verdict
from verifiers.marks.kind import FileKind, kind_of

_EXPORT = Finding.good("kind-original-export")
_PORTAL = Finding.good("kind-portal-screenshot")
_PHOTO = Finding.note(
    "kind-photo", do="Send the original file, or a capture of the page, instead of a photo of it."
)
_CHAT = Finding.note(
    "kind-chat-copy", do="Send the file itself: a chat's copy is made smaller and loses its data."
)
_SCAN = Finding.note("kind-scan", do="Send the original file if there is one; else keep the paper.")
_UNKNOWN = Finding.note("kind-open", do="Say where the file is from, and send its original.")

_FINDING = {
    FileKind.ORIGINAL_EXPORT: _EXPORT,
    FileKind.PORTAL_SCREENSHOT: _PORTAL,
    FileKind.PHOTO: _PHOTO,
    FileKind.CHAT_SCREENSHOT: _CHAT,
    FileKind.SCAN: _SCAN,
    FileKind.UNKNOWN: _UNKNOWN,
}
_WORDS = {
    FileKind.ORIGINAL_EXPORT: "an original export",
    FileKind.PORTAL_SCREENSHOT: "a capture of a page",
    FileKind.PHOTO: "a photo",
    FileKind.CHAT_SCREENSHOT: "a chat, or a copy that went through one",
    FileKind.SCAN: "a scan of paper",
    FileKind.UNKNOWN: "of a kind that nothing tells",
}


def verify(*, items: Sequence[SealedItem], facts: Facts, **_: object) -> Answer:
    """Say of each document and picture what kind of file it is.

    pass            each is an export or a capture of a page
    inconclusive    one is a photo, a scan, a chat's copy, or of a kind that nothing tells
    not_applicable  there is no document or picture among the items

    It never fails: a copy proves nothing false, and a policy says what it accepts.
    """
    findings = list(_findings(items, facts))
    if not findings:
        return Verdict.NOT_APPLICABLE, []
    good = {_EXPORT.code, _PORTAL.code}
    if all(finding.code in good for finding in findings):
        return Verdict.PASS, findings
    return Verdict.INCONCLUSIVE, findings


def _findings(items: Sequence[SealedItem], facts: Facts) -> Iterator[Finding]:
    for sha256 in dict.fromkeys(item.sha256 for item in items):
        own = facts.of_item(sha256)
        if not any(fact.name.startswith(("document.", "picture.")) for fact in own):
            continue
        kind = kind_of(own)
        said = f"It is {_WORDS[kind.kind]}: {kind.why}."
        yield _FINDING[kind.kind].saying(said, *kind.facts)
