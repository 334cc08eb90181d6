"""A page that a browser saved whole (MHTML): its visible lines, its address, when it was saved.

The parts beside the page (style sheets, pictures) are what drew it and are not read. Date is the
clock of the computer that saved it, with its zone.

Source: RFC 2557; headers as Chromium writes them (`Snapshot-Content-Location`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from evidence.errors import EvidenceError
from evidence.facts import Fact
from evidence.items import Item
from evidence.locators import header, mail_part
from evidence.mail import MAX_MAIL, Mail, Part, parse_mail
from evidence.mail_times import mail_time
from verifiers.readers.html_lines import laid_out
from verifiers.readers.lines import Line
from verifiers.readers.reader import MAX_TEXT, fact, failed
from verifiers.readers.said.facts import facts_of_lines

MAX_FRAMES = 10
_SURE = 0.9


def read(item: Item) -> list[Fact]:
    """Address, title, time of saving, and the lines of the page and its frames."""
    try:
        mail = parse_mail(item.content.read(MAX_MAIL))
    except EvidenceError as problem:
        return [failed(item, f"{problem}")]
    facts = list(_head(item, mail.head))
    lines = list(_lines(item, mail, facts))
    if not any(line.text for line in lines):
        facts.append(failed(item, "there is no page with visible text in it"))
    return facts + facts_of_lines(item, lines)


def text_of(item: Item) -> str:
    try:
        mail = parse_mail(item.content.read(MAX_MAIL))
        return "\n".join(line.text for line in _lines(item, mail, []))[:MAX_TEXT]
    except Exception:  # as for read, whose failure says why
        return ""


def _head(item: Item, head: Part) -> Iterator[Fact]:
    if address := head.header("Snapshot-Content-Location") or head.header("Content-Location"):
        place = header("Snapshot-Content-Location")
        yield fact(item, "document.address", address[:500], place)
    for said in head.raw_headers("Date")[:1]:
        try:
            moment = mail_time(said)
        except EvidenceError as problem:
            yield failed(item, f"{problem}", header("Date"))
        else:
            name = "document.captured.at"
            yield fact(item, name, moment, header("Date"), confidence=_SURE)


def _lines(item: Item, mail: Mail, facts: list[Fact]) -> Iterator[Line]:
    if title := mail.head.header("Subject"):
        yield Line(title, header("Subject"))
    frames = (part for part in mail.parts if part.media_type == "text/html")
    for page, part in enumerate(islice(frames, MAX_FRAMES), start=1):
        try:
            said = laid_out(mail.written_in(part))
        except EvidenceError as problem:
            facts.append(failed(item, f"{problem}", mail_part(part.number)))
            continue
        except Exception as problem:  # the parser's corners on hostile input
            why = f"part {part.number} is not HTML that can be read ({type(problem).__name__})"
            facts.append(failed(item, why, mail_part(part.number)))
            continue
        for number, line in enumerate(said, start=1):
            place = mail_part(part.number, line=number)
            yield Line(line.text, place, line.box, page)
