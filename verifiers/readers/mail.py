"""A mail as a file: its headers, every time in them, its text, and what is attached.

What a source of mails brings is read by its collector, which asked for the signers' keys; a file
that somebody saved is read here, and of its signatures is told what they claim. Nothing in it is
fetched or shown. A mailbox file (mbox) of several mails is a collection: each of them is read as a
file inside it.

Sources: RFC 4155 (mbox), RFC 5322 (headers), RFC 6376 (DKIM-Signature), RFC 8617 (ARC), RFC 8601
(results).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from email.utils import parseaddr
from itertools import islice

from evidence.errors import EvidenceError
from evidence.facts import MAX_TEXT, Fact
from evidence.items import Item
from evidence.locators import Locator, header, mail_part
from evidence.mail import MAX_MAIL, Mail, Part, parse_mail
from evidence.mail_times import mail_time
from verifiers.readers.html_lines import Laid, laid_out
from verifiers.readers.inside import MAX_FILES, facts_inside
from verifiers.readers.lines import Line
from verifiers.readers.reader import CUT, MAX_TOLD_CHARS, fact, failed
from verifiers.readers.rows import asked_for
from verifiers.readers.said.context import local_day
from verifiers.readers.said.facts import facts_of_lines
from verifiers.readers.said.marks import of_address

MAX_HOPS = 50
MAX_SIGNATURES = 10
_UNCHECKED = "unchecked: the signer's key is not asked for when a file is read by itself"
_ONE_LINE = (
    ("message.id", "Message-ID"),
    ("message.reply_to", "In-Reply-To"),
    ("message.from", "From"),
    ("message.to", "To"),
    ("message.subject", "Subject"),
)


def read(item: Item) -> list[Fact]:
    """Headers, times, signatures' claims, the lines of its text, and every attachment's facts."""
    try:
        data = item.content.read(MAX_MAIL)
        if len(mails := _mails_in(data)) > 1:
            return _collection(item, mails)
        mail = parse_mail(_without_mbox_line(data))
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]
    head = mail.head
    facts = [fact(item, name, said, header(field)) for name, field in _ONE_LINE
             if (said := head.header(field))]  # fmt: skip
    facts += _sender(item, head)
    facts += _times(item, head)
    facts += _signatures(item, head)
    facts += _body(item, mail)
    lines = list(lines_in(mail))
    facts += facts_of_lines(item, lines, written=_written(facts, lines))
    message = next((one.text for one in facts if one.name == "message.id"), item.sha256[:16])
    facts = [replace(one, group=f"message/{message[:200]}") for one in facts]
    for part in mail.attachments():
        facts += _attachment(item, mail, part)
    return facts


# Another mail in its text, in which "today" is another day.
_QUOTED = re.compile(
    r"\s*>|-{3,}|_{8,}|(?:from|von|de|da|van|od|fra|发件人|差出人)\s?[:：]", re.IGNORECASE
)


def _written(facts: Sequence[Fact], lines: Sequence[Line]) -> date | None:
    """The day that "today" is in its text, on the clock of its sender; None where it quotes."""
    if any(_QUOTED.match(line.text) for line in lines[1:]):
        return None
    return next((local_day(one.time) for one in facts if one.name == "message.sent.at"), None)


# Mails of a mailbox file that are looked at.
_MOST_MAILS = 5_000
# A line between two mails: an empty one before it, a day and a clock in it (RFC 4155, appendix A).
_POSTMARK = re.compile(
    rb"(?:\A|\r?\n\r?\n)From [^\r\n]{1,400}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[^\r\n]{1,40}?"
    rb"\d{1,2}:\d{2}[^\r\n]{1,40}?\d{4}[^\r\n]{0,40}\r?\n"
)


def _mails_in(data: bytes) -> list[bytes]:
    """The mails of a mailbox file, each without its postmark; [] for what begins with none."""
    if not data.startswith(b"From "):
        return []
    marks = list(islice(_POSTMARK.finditer(data), _MOST_MAILS + 1))
    ends = [*(mark.start() for mark in marks[1:]), len(data)]
    return [data[mark.end() : end] for mark, end in zip(marks, ends, strict=True)]


def _collection(item: Item, mails: Sequence[bytes]) -> list[Fact]:
    """Each mail of a mailbox file as a file inside it, counted from 1; if there are too many, first
    those that name what was asked for."""
    asked = [said.encode() for said in asked_for(item)]
    by_need = sorted(range(len(mails)), key=lambda n: not any(one in mails[n] for one in asked))
    facts = []
    for number in sorted(by_need[:MAX_FILES]):
        at = Locator("attached", f"{number + 1}")
        facts += facts_inside(item, mails[number], name=f"mail {number + 1} of the mailbox", at=at)
    if len(mails) > MAX_FILES:
        why = f"{CUT} {MAX_FILES} of the {len(mails):,} mails in it were read"
        facts.append(failed(item, why))
    return facts


def text_of(item: Item) -> str:
    """Subject and text, a line each; attachments are files of their own."""
    try:
        mail = parse_mail(_without_mbox_line(item.content.read(MAX_MAIL)))
        return "\n".join(line.text for line in lines_in(mail))
    except EvidenceError:
        return ""


def _without_mbox_line(data: bytes) -> bytes:
    return data.partition(b"\n")[2] if data.startswith(b"From ") else data


def _sender(item: Item, head: Part) -> Iterator[Fact]:
    """Whose mail it says it is: a carrier's or portal's own address. Anyone can write one."""
    address = parseaddr(head.header("From"))[1]
    if sender := of_address(address[:MAX_TOLD_CHARS]):
        whose, is_portal = sender
        name = "document.portal" if is_portal else "document.mark"
        yield fact(item, name, whose, header("From"), confidence=0.85)


def _times(item: Item, head: Part) -> Iterator[Fact]:
    """The sender's clock, and that of each server on the way: the topmost was the last."""
    stamps = [("message.sent.at", "Date", said) for said in head.raw_headers("Date")[:1]]
    hops = head.raw_headers("Received")
    for number, said in enumerate(hops[:MAX_HOPS]):
        name = "message.passed.at" if number else "message.received.at"
        stamps.append((name, "Received", said.rpartition(";")[2]))
    for name, field, said in stamps:
        try:
            yield fact(item, name, mail_time(said.strip()), header(field))
        except EvidenceError as problem:
            yield failed(item, f"{problem}", header(field))
    if len(hops) > MAX_HOPS:
        yield failed(item, f"{CUT} {MAX_HOPS} of its {len(hops)} Received lines were read")


def _signatures(item: Item, head: Part) -> Iterator[Fact]:
    for said in head.raw_headers("DKIM-Signature")[:MAX_SIGNATURES]:
        place = header("DKIM-Signature")
        yield fact(item, "message.dkim", _UNCHECKED, place)
        if domain := _tag(said, "d"):
            yield fact(item, "message.dkim.domain", domain.lower()[:253], place)
        if covers := _tag(said, "h").lower().replace(":", " "):
            body = "part of the body" if _tag(said, "l") else "body"
            yield fact(item, "message.dkim.covers", f"{covers[:1_000]} {body}", place)
    sealers = [_tag(said, "d") for said in head.raw_headers("ARC-Seal")[:MAX_SIGNATURES]]
    if sealers:
        said = f"{_UNCHECKED} (sealed by {', '.join(filter(None, sealers))[:500]})"
        yield fact(item, "message.arc", said, header("ARC-Seal"))
    for name in ("Authentication-Results", "ARC-Authentication-Results"):
        for said in head.raw_headers(name)[:MAX_SIGNATURES]:
            yield fact(item, "message.results", said, header(name))
    if said := head.header("Auto-Submitted").partition(";")[0].strip().lower():
        automatic = "no" if said == "no" else "yes"  # RFC 3834, 5
        yield fact(item, "message.automatic", automatic, header("Auto-Submitted"))


def _tag(signature: str, name: str) -> str:
    """A tag of a signature (RFC 6376, 3.2) without white space; "" if it is not there."""
    for part in signature.split(";"):
        key, _, said = part.partition("=")
        if key.strip() == name:
            return "".join(said.split())
    return ""


def _body(item: Item, mail: Mail) -> Iterator[Fact]:
    if (words := mail.words()) is None:
        return
    try:
        if text := mail.text_of(words).strip():
            yield fact(item, "message.body", text[:MAX_TEXT], mail_part(words.number))
    except EvidenceError as problem:
        yield failed(item, f"{problem}", mail_part(words.number))


def lines_in(mail: Mail) -> Iterator[Line]:
    """The subject, the plain text, and of HTML beside it the lines that the plain text has not.

    Two readers may be shown two texts; both are what the mail says.
    """
    seen: set[str] = set()  # in the parts before
    if subject := mail.head.header("Subject"):
        yield Line(subject, header("Subject"))
    texts = [part for part in mail.texts() if not part.is_attachment]
    for part in sorted(texts, key=lambda part: part.media_type == "text/html"):
        own: set[str] = set()
        for number, said in _numbered(mail, part):
            text, box = (said, None) if isinstance(said, str) else (said.text, said.box)
            key = "".join(text.split())
            own.add(key)
            if key not in seen:
                yield Line(text, mail_part(part.number, line=number), box, 1 if box else 0)
        seen |= own - {""}


def _numbered(mail: Mail, part: Part) -> Iterator[tuple[int, str | Laid]]:
    try:
        written = mail.written_in(part)
    except EvidenceError:  # said of the words' part; of another it is an attachment's matter
        return
    lines: Sequence[str | Laid] = written.splitlines()
    if part.media_type == "text/html":
        with suppress(Exception):  # the parser's corners on hostile input: then its source is read
            lines = laid_out(written)
    yield from islice(enumerate(lines, start=1), 20_000)


def _attachment(item: Item, mail: Mail, part: Part) -> Iterator[Fact]:
    name = part.file_name or part.media_type
    at: Locator = mail_part(part.number)
    yield fact(item, "message.attachment", " ".join(name.split())[:200], at)
    data, encoding = mail.body_of(part)
    if encoding == "undecoded":
        why = f"the transfer encoding of part {part.number} is broken or unknown"
        yield failed(item, why, at)
        return
    yield from facts_inside(item, data, name=name, at=at)
