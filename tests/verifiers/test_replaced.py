"""Which parcel took another one's place: whose word counts, and which words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.manifest import SealedItem
from tests.verifiers.evidence_of import NUMBER, ORDER, OTHER_NUMBER, facts_of, item, said
from tests.verifiers.matched import BASE, erp, platform, ups
from verifiers.matching.replaced import Replacement, replacements
from verifiers.matching.ties import ties_of
from verifiers.subjects import Subjects

OLD, NEW = NUMBER, OTHER_NUMBER
MAIL = item("mail", Role.MESSAGE_MAIL, origin="helpdesk")
WRITTEN, DELIVERED = "2026-11-03T10:00:00Z", "2026-11-05T14:32:00Z"
TIED = (platform("order.id", ORDER.id), erp("order.id", ORDER.id),
        erp("shipment.tracking_number", OLD))  # fmt: skip
CARRIER = (
    ups("shipment.tracking_number", NEW),
    said("scan.delivered.at", DELIVERED, by="ups", item="tracking"),
)


def wrote(text: str, at: str = WRITTEN, name: str = "message.body") -> list[Fact]:
    facts = [said(name, text, by="helpdesk", item="mail", group="message/1")]
    if at:
        when = said("message.recorded.at", at, by="helpdesk", item="mail", group="message/1")
        facts.append(when)
    return facts


def found(
    *facts: Fact, mail: SealedItem = MAIL, tied: tuple[Fact, ...] = (*TIED, *CARRIER)
) -> list[Replacement]:
    items = [*BASE, mail]
    every = facts_of(*tied, *facts)
    subjects = Subjects(ORDER, items, every)
    return replacements(items, every, subjects, ties_of(items, every, subjects))


def told(*facts: Fact, mail: SealedItem = MAIL) -> list[tuple[str, str, str]]:
    return [(one.old, one.new, one.doubt) for one in found(*facts, mail=mail)]


SENT_AGAIN = f"Your parcel {OLD} was lost. The replacement is {NEW}."


def test_a_message_that_names_both_says_which_took_the_place_of_which() -> None:
    (one,) = found(*wrote(SENT_AGAIN))
    assert (one.old, one.new, one.doubt) == (OLD, NEW, "")
    assert [fact.name for fact in one.facts] == ["message.body", "message.recorded.at"]
    assert told(*wrote(SENT_AGAIN, name="message.subject")) == [(OLD, NEW, "")]
    # Told again and again, it is told once.
    assert told(*wrote(SENT_AGAIN), *wrote(SENT_AGAIN)) == [(OLD, NEW, "")]


@pytest.mark.parametrize(
    "words",
    [
        "replacement {}", "we replaced it: {}", "reshipped as {}", "re-sent: {}", "we resend {}",
        "sent again, {}", "send it again: {}", "new tracking {}", "new label {}", "new parcel {}",
        "Ersatz: {}", "erneut versandt: {}", "neue Sendungsnummer {}", "renvoyé: {}",
        "nouveau numéro {}", "reenvío {}", "nuevo paquete {}", "rispedito: {}", "nuovo numero {}",
        "已补发 {}", "换单 {}", "新单号 {}", "再送 {}",
    ],
)  # fmt: skip
def test_a_word_for_sending_again_is_known_in_many_languages(words: str) -> None:
    text = f"Order {ORDER.id}: {words.format(NEW)}"
    assert told(*wrote(text)) == [(OLD, NEW, "")]
    assert told(*wrote(f"Order {ORDER.id}: {NEW}")) == []


@pytest.mark.parametrize(
    "number", [NEW.lower(), f"{NEW[:2]} {NEW[2:5]} {NEW[5:]}", f"{NEW[:9]}-{NEW[9:]}"]
)
def test_a_number_is_found_however_it_is_written(number: str) -> None:
    assert told(*wrote(f"Parcel {OLD}: new tracking {number}.")) == [(OLD, NEW, "")]
    assert told(*wrote(f"Parcel {OLD}: new tracking X{number}")) == []
    assert told(*wrote(f"Parcel {OLD}: new tracking {number}9")) == []


@pytest.mark.parametrize(
    ("provenance", "doubt"),
    [
        (Provenance.API, ""), (Provenance.RELAYED, ""), (Provenance.DKIM_MAIL, ""),
        (Provenance.UPLOAD, "but it was only handed in: its sender is not shown"),
        (Provenance.SCREENSHOT, "but it was only handed in: its sender is not shown"),
    ],
)  # fmt: skip
def test_whoever_hands_in_a_message_vouches_for_nothing(provenance: Provenance, doubt: str) -> None:
    """Forgery: a neighbour's proof, and a message written to explain it."""
    mail = replace(MAIL, provenance=str(provenance))
    assert told(*wrote(SENT_AGAIN), mail=mail) == [(OLD, NEW, doubt)]
    (one,) = found(*wrote(SENT_AGAIN), mail=mail)
    assert len(one.facts) == (1 if doubt else 2)


@pytest.mark.parametrize(
    ("at", "doubt"),
    [
        ("", "but no clock says when it was written"),
        ("2026-11-05T14:31:00Z", ""),
        (DELIVERED, "but not surely before its delivery (the platform's or help desk's clock when"
         " it had it 2026-11-05T14:32:00Z)"),
        ("2026-11-05", "but not surely before its delivery (the platform's or help desk's clock"
         " when it had it 2026-11-05)"),
        ("2026-11-04", ""),
    ],
)  # fmt: skip
def test_what_is_written_after_the_delivery_explains_nothing(at: str, doubt: str) -> None:
    assert told(*wrote(SENT_AGAIN, at)) == [(OLD, NEW, doubt)]


def test_whose_clock_wrote_it_counts_before_the_senders() -> None:
    body = wrote(SENT_AGAIN, "")[0]
    sent = said("message.sent.at", WRITTEN, by="helpdesk", item="mail", group="message/1")
    stored = said("message.stored.at", "2026-11-09T10:00:00Z", by="helpdesk", item="mail",
                  group="message/1")  # fmt: skip
    assert told(body, sent) == [(OLD, NEW, "")]
    assert "not surely before" in told(body, sent, stored)[0][2]
    elsewhere = replace(sent, group="message/2")
    assert told(body, elsewhere)[0][2] == "but no clock says when it was written"


def test_before_a_delivery_is_known_any_time_will_do() -> None:
    tied = (*TIED, CARRIER[0])
    assert [one.doubt for one in found(*wrote(SENT_AGAIN, "2026-12-01"), tied=tied)] == [""]


def test_a_message_is_about_the_order_if_it_says_so_or_lies_in_its_thread() -> None:
    text = f"Here is the new tracking number: {NEW}"
    assert told(*wrote(text)) == []
    assert told(*wrote(f"{text} ({ORDER.id})")) == [(OLD, NEW, "")]
    thread = replace(MAIL, about={"order.id": ORDER.id})
    assert told(*wrote(text), mail=thread) == [(OLD, NEW, "")]
    other = replace(MAIL, about={"order.id": "123-7654321-7654321"})
    assert told(*wrote(text), mail=other) == []
    handed_in = replace(thread, provenance=str(Provenance.UPLOAD))
    assert told(*wrote(text), mail=handed_in) == []


def test_a_message_of_another_order_says_nothing() -> None:
    foreign = said("order.id", "123-7654321-7654321", by="helpdesk", item="mail", group="message/1")
    assert told(*wrote(SENT_AGAIN), foreign) == []


BOTH = (erp("order.id", ORDER.id, "row/2"), erp("shipment.tracking_number", NEW, "row/2"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{OLD} was lost; the new tracking number is {NEW}.", [(OLD, NEW, "")]),
        (f"The new tracking number is {NEW}; {OLD} was lost.", [(OLD, NEW, "")]),
        (f"Replacement of {NEW}: new tracking {OLD}", []),  # a word for new before both
        (f"We replaced it. {OLD}, {NEW}", []),
        (f"Der neue Aufkleber ist {NEW}; {OLD} wurde ersetzt: neue Sendung.", [(OLD, NEW, "")]),
    ],
)
def test_of_two_on_record_the_one_that_is_called_new_is(
    text: str, expected: list[tuple[str, str, str]]
) -> None:
    assert told(*BOTH, *wrote(text)) == expected


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("VOIDED", True), ("label void", True), ("cancelled", True), ("Canceled", True),
        ("replaced", True), ("superseded", True), ("re-shipped", True), ("Relabelled", True),
        ("已换单", True), ("作廢", True), ("delivered", False), ("avoided", False),
    ],
)  # fmt: skip
def test_a_record_that_gives_one_shipment_up_points_at_the_only_other(
    status: str, *, counts: bool
) -> None:
    gone = erp("shipment.status", status)
    expected = [(OLD, NEW, "")] * counts
    assert told(*BOTH, gone) == expected
    if counts:
        (one,) = found(*BOTH, gone)
        assert [fact.text for fact in one.facts] == [status, NEW]
    assert told(gone) == []  # no other one is on record


def test_of_several_others_nobody_says_which_it_is() -> None:
    third = (erp("order.id", ORDER.id, "row/3"),
             erp("shipment.tracking_number", "1Z999AA10123456793", "row/3"))  # fmt: skip
    assert told(*BOTH, *third, erp("shipment.status", "voided")) == []


def test_a_carriers_own_status_gives_nothing_up() -> None:
    assert told(*BOTH, ups("shipment.status", "voided")) == []


def test_what_counts_comes_before_what_does_not() -> None:
    late = said("message.body", f"Resent {OLD} as {NEW}", by="helpdesk", item="mail")
    assert [bool(one.doubt) for one in found(late)] == [True]
    gone = erp("shipment.status", "voided")
    assert [bool(one.doubt) for one in found(*BOTH, late, gone)] in ([False, True], [False])
