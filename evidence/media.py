"""What bytes are, by the signature they begin with; a name or a header is never asked.

An allow-list: what is not on it is `application/octet-stream`. A signature says how the bytes
begin, not that the rest is sound; a picture or a document is decoded before anyone relies on it.

Sources: ISO 32000-1, 7.5.2 (PDF); ITU-T T.81, B.1.1 (JPEG); ISO/IEC 15948, 5.2 (PNG); GIF89a, 17;
RFC 9649, 2.3 (WebP); TIFF 6.0, section 2; ISO/IEC 14496-12, 4.3 (ftyp); APPNOTE.TXT, 4.3.7 (ZIP);
RFC 1952, 2.3.1 (gzip); RFC 5322, 3.6 (mail); RFC 2557 (saved pages); RFC 8259, 2 (JSON).
"""

from __future__ import annotations

import codecs
import re

UNKNOWN = "application/octet-stream"

# As many bytes as `sniff` ever looks at.
HEAD = 4096

_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),  # an archive without members
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)

_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
    b"isom": "video/mp4",
    b"iso2": "video/mp4",
    b"mp41": "video/mp4",
    b"mp42": "video/mp4",
    b"qt  ": "video/quicktime",
}

_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def sniff(head: bytes) -> str:
    """The media type of a file that begins with `head`; HEAD bytes are enough.

    Text is `text/html` if it begins like HTML, `text/xml` if like XML or SVG, `application/json` if
    like JSON, else `text/plain`; it has to be UTF-8, or UTF-16 with a byte order mark, and free of
    control characters. A mail begins with its headers, whatever bytes follow; a page that was saved
    as MHTML is `multipart/related`. An Office file is the ZIP archive that it is.
    """
    head = head[:HEAD]
    for signature, media_type in _SIGNATURES:
        if head.startswith(signature):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], UNKNOWN)
    return _mail_type(head) or _text_type(head)


# A line of a mailbox file may stand before the headers; white space continues the one before.
_HEADER = re.compile(rb"[!-9;-~]{1,80}:[ \t\r\n]")
_FIELD = re.compile(
    rb"(?:\A|\n)(received|return-path|delivered-to|date|from|to|subject|message-id|mime-version|"
    rb"content-type|dkim-signature|snapshot-content-location):",
    re.IGNORECASE,
)


def _mail_type(head: bytes) -> str | None:
    """A mail or a saved page, if the head is header lines of one; None for what is neither.

    Three different fields of a mail, two of which no other kind of text begins with: a form or a
    note may well begin with "Date:" and "Subject:".
    """
    if head.startswith(b"From ") and b"\n" in head:  # an mbox's line
        head = head.partition(b"\n")[2]
    if not _HEADER.match(head):
        return None
    block, ended, _ = head.replace(b"\r\n", b"\n").partition(b"\n\n")
    lines = block.split(b"\n")
    if not ended:
        lines = lines[:-1]
    if any(line[:1] not in b" \t" and not _HEADER.match(line + b"\n") for line in lines if line):
        return None
    fields = {name.lower() for name in _FIELD.findall(block)}
    saved = b"snapshot-content-location" in fields or b"<Saved by " in block
    if saved and b"multipart/related" in block.lower():
        return "multipart/related"
    own = fields & {b"received", b"return-path", b"delivered-to", b"message-id", b"mime-version",
                    b"dkim-signature"}  # fmt: skip
    strong = len(fields) >= 3 and b"from" in fields and bool(own or b"content-type" in fields)
    # A long chain of relays may fill the head before its From.
    return "message/rfc822" if strong or len(own) >= 2 else None


# Those of ASCII that no text has; tab, line ends, form feed and escape are not among them.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
# Programs that save pages say so before the page begins (monolith, "Mark of the Web").
_COMMENTS = re.compile(r"\A(?:<!--(?:[^-]|-(?!->))*-->\s*)+")
_JSON = re.compile(r"\{\s*[\"}]|\[\s*[\"{\[\]]")


def _text_type(head: bytes) -> str:
    encoding = "utf-16" if head.startswith(_BOMS) else "utf-8-sig"
    try:
        # Not final: the head may end in the middle of a character.
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeError:
        return UNKNOWN
    if not text.strip() or _CONTROL.search(text):
        return UNKNOWN
    start = _COMMENTS.sub("", text.lstrip())[:15].lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        return "text/html"
    if start.startswith(("<?xml", "<svg")):
        return "text/xml"
    return "application/json" if _JSON.match(text.lstrip()[:200]) else "text/plain"
