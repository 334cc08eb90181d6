"""A mail as a file: every clock in it, what its signatures claim, and what is attached."""

from __future__ import annotations

import email.policy
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage

import pytest

from evidence.facts import Fact
from evidence.items import Item
from evidence.times import Instant, LocalTime
from tests.verifiers.documents import pdf, received
from tests.verifiers.evidence_of import NUMBER, ORDER
from verifiers.readers import mail as mail_reader
from verifiers.readers.inside import MAX_COSTLY, MAX_DEPTH, MAX_FILES
from verifiers.readers.registry import read, reader_of
from verifiers.readers.said.context import local_day

SENT = "Thu, 05 Nov 2026 14:32:10 -0800"


def named(facts: list[Fact], name: str) -> list[Fact]:
    return [fact for fact in facts if fact.name == name]


def message(*, body: str = "Your parcel came.", subject: str = "Delivered") -> EmailMessage:
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["Return-Path"] = "<post@ups.example>"
    mail["Received"] = "from b.example by c.example; Thu, 05 Nov 2026 22:32:20 +0000"
    mail["Received"] = "from a.example by b.example; Thu, 05 Nov 2026 14:32:15"
    mail["Date"] = SENT
    mail["From"] = "UPS <post@ups.example>"
    mail["To"] = "shop@seller.example"
    mail["Subject"] = subject
    mail["Message-ID"] = "<1@ups.example>"
    mail.set_content(body)
    return mail


def read_mail(mail: EmailMessage) -> tuple[Item, list[Fact]]:
    item = received(mail.as_bytes(), media_type="message/rfc822")
    reader = reader_of(item)
    assert reader is not None and reader.name == "mail"
    facts = read(item)
    assert facts is not None
    return item, facts


def test_each_clock_in_the_headers_keeps_the_zone_it_states_and_no_other() -> None:
    _, facts = read_mail(message())
    (sent,) = named(facts, "message.sent.at")
    assert isinstance(sent.value, Instant) and sent.value.at.hour == 22
    assert str(sent.locator) == "header:Date"
    (last,) = named(facts, "message.received.at")
    assert isinstance(last.value, Instant) and last.value.at.second == 20
    (hop,) = named(facts, "message.passed.at")
    assert isinstance(hop.value, LocalTime)


def test_subject_and_body_are_searched_and_point_at_their_place() -> None:
    body = f"Order {ORDER.id}\nDelivered on: 2026-11-05 14:32 UTC-8\nReceived by: MCARTER\n"
    _, facts = read_mail(message(subject=f"Tracking number {NUMBER}", body=body))
    (number,) = named(facts, "shipment.tracking_number")
    assert (number.text, str(number.locator)) == (NUMBER, "header:Subject")
    (order,) = named(facts, "order.id")
    assert (order.text, str(order.locator)) == (ORDER.id, "part:1/line:1")
    assert [str(fact.locator) for fact in named(facts, "delivery.at")] == ["part:1/line:2"]
    assert {fact.group for fact in facts} == {"message/<1@ups.example>"}


def test_html_that_says_otherwise_than_the_plain_text_is_read_too() -> None:
    mail = message(body=f"Order {ORDER.id}")
    mail.add_alternative("<p>Order 112-7654321-7654321</p><p hidden>x</p>", subtype="html")
    _, facts = read_mail(mail)
    assert {fact.text for fact in named(facts, "order.id")} == {ORDER.id, "112-7654321-7654321"}


def test_a_signature_is_told_as_a_claim_and_never_as_checked() -> None:
    mail = message()
    mail["DKIM-Signature"] = "v=1; a=rsa-sha256; d=ups.example; s=k; h=From:Date; bh=eA==; b=eA=="
    mail["ARC-Seal"] = "i=1; a=rsa-sha256; d=list.example; s=k; cv=none; b=eA=="
    mail["Authentication-Results"] = "c.example; dkim=pass header.d=ups.example"
    _, facts = read_mail(mail)
    (state,) = named(facts, "message.dkim")
    assert state.text.startswith("unchecked")
    assert [fact.text for fact in named(facts, "message.dkim.domain")] == ["ups.example"]
    assert [fact.text for fact in named(facts, "message.dkim.covers")] == ["from date body"]
    (chain,) = named(facts, "message.arc")
    assert chain.text.startswith("unchecked") and "list.example" in chain.text
    assert "dkim=pass" in named(facts, "message.results")[0].text
    assert not named(facts, "message.proven")


def test_an_attached_document_is_read_through_the_mail_and_lends_it_none_of_its_traits() -> None:
    mail = message()
    letter = pdf(("Delivery", f"Tracking Number: {NUMBER}"), info={"Producer": "iText"})
    mail.add_attachment(letter, maintype="application", subtype="octet-stream", filename="p.bin")
    item, facts = read_mail(mail)
    (number,) = named(facts, "shipment.tracking_number")
    assert str(number.locator).startswith("part:2/page:1/box:")
    assert number.item == item.sha256
    (inside,) = named(facts, "file.inside")
    assert inside.text.startswith("p.bin: application/pdf, ") and "SHA-256" in inside.text
    assert not named(facts, "document.producer") and not named(facts, "document.pages")


def nested(depth: int) -> EmailMessage:
    mail = message(body=f"level {depth}: order {ORDER.id}")
    if depth:
        mail.add_attachment(nested(depth - 1))
    return mail


def test_a_mail_in_a_mail_is_read_until_it_lies_too_deep() -> None:
    _, facts = read_mail(nested(MAX_DEPTH + 2))
    places = [str(fact.locator) for fact in named(facts, "order.id")]
    assert places[1] == "part:2/part:1/line:1"
    assert len(places) == MAX_DEPTH + 1
    (why,) = named(facts, "reading.failed")
    assert f"more than {MAX_DEPTH} files deep" in why.text
    assert str(why.locator) == "/".join(["part:2"] * (MAX_DEPTH + 1))


def test_only_so_many_attachments_are_recognised_and_each_other_is_named() -> None:
    mail = message()
    for number in range(MAX_COSTLY + 3):
        mail.add_attachment(
            pdf((f"page {number}",)), maintype="application", subtype="pdf", filename=f"{number}"
        )
    _, facts = read_mail(mail)
    assert len(named(facts, "file.inside")) == MAX_COSTLY + 3
    unread = [fact.text for fact in named(facts, "reading.failed")]
    assert len(unread) == 3 and all("pictures and documents" in why for why in unread)


def test_an_attachment_of_an_unknown_type_is_named_and_said_to_be_unread() -> None:
    mail = message()
    mail.add_attachment(bytes(range(9)), maintype="image", subtype="png", filename="fake.png")
    _, facts = read_mail(mail)
    (why,) = named(facts, "reading.failed")
    assert "fake.png" in why.text and "application/octet-stream" in why.text


def test_a_saved_mailbox_line_before_the_headers_does_not_hide_the_mail() -> None:
    data = b"From post@ups.example Thu Nov  5 22:32:20 2026\n" + message().as_bytes()
    facts = read(received(data))
    assert facts is not None and named(facts, "message.sent.at")


def test_a_broken_date_and_a_broken_encoding_cost_only_themselves() -> None:
    data = message().as_bytes().replace(SENT.encode(), b"yesterday")
    facts = mail_reader.read(received(data))
    assert [str(fact.locator) for fact in named(facts, "reading.failed")] == ["header:Date"]
    assert named(facts, "message.received.at")


POSTMARK = b"From post@ups.example Thu Nov  5 22:32:20 2026\n"


def test_a_mailbox_file_is_a_collection_of_its_mails() -> None:
    first, second = (message(subject=said).as_bytes() for said in ("Shipped", "Delivered"))
    facts = read(received(POSTMARK + first + b"\r\n" + POSTMARK + second)) or []
    assert [one.text for one in named(facts, "message.subject")] == ["Shipped", "Delivered"]
    assert [str(one.locator) for one in named(facts, "message.subject")] == [
        "attached:1/header:Subject", "attached:2/header:Subject"
    ]  # fmt: skip
    # One mail is itself, and a sender's "From " is no postmark.
    said = message(body="Hello\n\nFrom here it went on to you at last.")
    facts = read(received(POSTMARK + said.as_bytes())) or []
    assert [str(one.locator) for one in named(facts, "message.subject")] == ["header:Subject"]


def test_a_mailbox_of_many_mails_is_read_as_far_as_files_inside_are() -> None:
    subjects = [f"Order 112-0000{number:03}-1234567" for number in range(MAX_FILES + 40)]
    many = b"\r\n".join(POSTMARK + message(subject=said).as_bytes() for said in subjects)
    facts = read(received(many)) or []
    assert [one.text for one in named(facts, "message.subject")] == subjects[:MAX_FILES]
    told = named(facts, "reading.failed")[-1].text
    assert told == f"only {MAX_FILES} of the {len(subjects)} mails in it were read"
    # What was asked for is found behind these.
    asked = replace(received(many), about={"order.id": "112-0000090-1234567"})
    found = {one.text: str(one.locator) for one in named(read(asked) or [], "message.subject")}
    assert found["Order 112-0000090-1234567"] == "attached:91/header:Subject"
    assert len(found) == MAX_FILES


def test_a_mail_bears_the_mark_of_whose_address_it_is_from() -> None:
    mail = message()
    mail.replace_header("From", "Tracking Updates <TrackingUpdates@fedex.com>")
    (mark,) = named(read_mail(mail)[1], "document.mark")
    assert (mark.value, str(mark.locator)) == ("fedex", "header:From")
    mail.replace_header("From", "Amazon <order-update@marketplace.amazon.co.uk>")
    assert named(read_mail(mail)[1], "document.portal")[0].value == "amazon"
    mail.replace_header("From", "fedex.com <x@fedex.com.example>")
    assert not [
        one for one in named(read_mail(mail)[1], "document.mark") if "From" in str(one.locator)
    ]


@pytest.mark.parametrize(
    ("said", "name", "day"),
    [
        ("Your parcel was delivered today at 14:30.", "delivery.at", date(2026, 11, 5)),
        ("Ihre Sendung wurde gestern zugestellt.", "delivery.at", date(2026, 11, 4)),
        # A day without a year is one near the mail, on whatever day the file came in.
        ("Delivered: Nov 4", "delivery.at", date(2026, 11, 4)),
        ("Delivered: Nov 6", "delivery.at", date(2026, 11, 6)),
        ("Delivered: Dec 29", "delivery.at", date(2025, 12, 29)),
        ("Estimated delivery: Nov 9", "delivery.promised.at", date(2026, 11, 9)),
        ("Estimated delivery: Jan 3", "delivery.promised.at", date(2027, 1, 3)),
    ],
)
def test_a_mail_says_today_of_the_day_on_which_it_was_sent(said: str, name: str, day: date) -> None:
    item = received(message(body=said).as_bytes(), media_type="message/rfc822")
    late = replace(item, collected_at=datetime(2027, 12, 1, tzinfo=UTC))
    (found,) = named(read(late) or [], name)
    assert local_day(found.time) == day
    assert found.confidence < 0.9  # it was concluded
    quoted = message(body=f"See below\n> {said}")
    assert not [one for one in named(read_mail(quoted)[1], name) if "day" in one.text]
