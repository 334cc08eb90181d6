"""What a mail says: the facts in its headers, its text and the names of what is attached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from collectors.collector import fact_at
from collectors.files.names import harmless
from collectors.mentions import Mentions
from collectors.messages.dns_answers import read_answer
from collectors.messages.proof import proof_facts
from evidence.errors import EvidenceError
from evidence.facts import MAX_TEXT, Fact, Value
from evidence.items import Item, Role
from evidence.locators import FILE_NAME, WHOLE, Locator, header, mail_part, meta
from evidence.mail import MAX_MAIL, Mail, Part, parse_mail
from evidence.mail_times import mail_time

MAX_NAMED = 100
# Other numbers of the platform that stand in the mail: a reader must see that there are two.
MAX_OTHERS = 20


class _Page:
    """Facts of one mail, gathered in its group."""

    def __init__(self, item: Item, group: str) -> None:
        self.item = item
        self.group = group
        self.facts: list[Fact] = []

    def add(self, name: str, value: Value, at: Locator) -> None:
        self.facts.append(fact_at(self.item, name, value, at, group=self.group))

    def fail(self, why: str, at: Locator) -> None:
        self.add("reading.failed", why, at)


def read_brought(item: Item) -> list[Fact]:
    """The facts of whatever a source of mails brings: mail, attachment, DNS answer."""
    match item.role:
        case Role.DNS_ANSWER:
            return read_answer(item)
        case Role.MESSAGE_ATTACHMENT:
            return read_attachment(item)
    return read_mail(item)


def read_mail(item: Item) -> list[Fact]:
    """The facts of a mail; what cannot be read becomes `reading.failed`, beside all that can."""
    mentions = Mentions.from_hints(item.about, item.hints)
    try:
        data = item.content.read(MAX_MAIL)
        mail = parse_mail(data)
    except EvidenceError as problem:
        page = _Page(item, _group(item, ""))
        page.fail(str(problem), WHOLE)
        if item.content.size <= MAX_MAIL and mentions.in_bytes(item.content.read(MAX_MAIL)):
            page.add("order.id", item.about.get("order.id", ""), WHOLE)
        return page.facts
    head = mail.head
    page = _Page(item, _group(item, _one(head, "Message-ID")))
    _add_headers(page, head)
    _add_times(page, head, zone=item.hints.get("received_zone"))
    _add_stored(page, item.hints.get("stored_at", ""))
    _add_body(page, mail)
    _add_numbers(page, mail, mentions)
    _add_names(page, mail)
    _add_automatic(page, head)
    page.facts += proof_facts(item, mail, page.group)
    return page.facts


def read_attachment(item: Item) -> list[Fact]:
    """The name an attachment came under; of a nested mail, in its sender's origin, all it says.

    A nested mail is what whoever attached it says it is, so the origin stays theirs.
    """
    facts = [] if item.name is None else [fact_at(item, "file.name", item.name, FILE_NAME)]
    if item.media_type == "message/rfc822":
        facts += read_mail(item)
    return facts


def _group(item: Item, message_id: str) -> str:
    return f"message/{message_id[:200] or item.sha256[:16]}"


def _one(head: Part, name: str) -> str:
    """A header as written, for ids and dates, where encoded words have no place."""
    value = next(iter(head.raw_headers(name)), "")
    return value.encode("utf-8", "replace").decode("utf-8")


def _add_headers(page: _Page, head: Part) -> None:
    for name, field in (("message.id", "Message-ID"), ("message.reply_to", "In-Reply-To")):
        if said := _one(head, field):
            page.add(name, said, header(field))
    for name, field in (
        ("message.from", "From"),
        ("message.to", "To"),
        ("message.subject", "Subject"),
    ):
        if said := head.header(field):
            page.add(name, said, header(field))


def _add_times(page: _Page, head: Part, *, zone: str | None) -> None:
    if said := _one(head, "Date"):
        _add_time(page, "message.sent.at", said, header("Date"))
    if received := _one(head, "Received"):  # the top one is the last server's: ours
        stamp = received.rpartition(";")[2]
        _add_time(page, "message.received.at", stamp.strip(), header("Received"), zone=zone)


def _add_time(page: _Page, name: str, said: str, at: Locator, *, zone: str | None = None) -> None:
    try:
        page.add(name, mail_time(said, zone=zone), at)
    except EvidenceError as problem:
        page.fail(str(problem), at)


def _add_stored(page: _Page, said: str) -> None:
    """INTERNALDATE, which the server keeps beside the mail: another clock, another witness."""
    if said:
        _add_time(page, "message.stored.at", said, meta("INTERNALDATE"))
        page.facts[-1] = replace(page.facts[-1], origin="mail_server")


def _add_body(page: _Page, mail: Mail) -> None:
    words = mail.words()
    if words is None:
        return
    try:
        text = mail.text_of(words).strip()
    except EvidenceError as problem:
        page.fail(str(problem), mail_part(words.number))
        return
    if text:
        page.add("message.body", text[:MAX_TEXT], mail_part(words.number))


def _add_numbers(page: _Page, mail: Mail, mentions: Mentions) -> None:
    """Each number of the order where it first stands, and other orders' numbers beside them."""
    seen: set[tuple[str, str]] = set()
    others = 0
    for text, at in _places(mail):
        found = mentions.found_in(text)
        strange = [("order.id", number) for number in mentions.others_in(text)]
        for name, number in found + strange:
            if (name, number) in seen or (others >= MAX_OTHERS and (name, number) in strange):
                continue
            others += (name, number) in strange
            seen.add((name, number))
            page.add(name, number, at)


def _places(mail: Mail) -> Iterator[tuple[str, Locator]]:
    """Every text of the mail in which a number can stand: subject, other headers, lines."""
    head = mail.head
    yield head.header("Subject"), header("Subject")
    yield from ((value, header(name)) for name, value in islice(head.raw_items(), 300))
    for part in mail.texts():
        try:
            text = mail.text_of(part)
        except EvidenceError:
            text = mail.body_of(part)[0][:MAX_MAIL].decode("latin-1")
        for number, line in enumerate(text.split("\n")[:20_000], 1):
            yield line, mail_part(part.number, line=number)


def _add_automatic(page: _Page, head: Part) -> None:
    """RFC 3834, 5: `no` is a person's word, anything else a program's."""
    if said := _one(head, "Auto-Submitted").partition(";")[0].strip().lower():
        page.add("message.automatic", "no" if said == "no" else "yes", header("Auto-Submitted"))


def _add_names(page: _Page, mail: Mail) -> None:
    attached = list(mail.attachments())
    for part in attached[:MAX_NAMED]:
        name = part.file_name
        shown = part.media_type if name is None else harmless(name[:200])
        page.add("message.attachment", shown, mail_part(part.number))
    if len(attached) > MAX_NAMED:
        page.fail(f"It has {len(attached)} attachments; {MAX_NAMED} were taken.", WHOLE)
