"""What was said of a delivery before it was one, and papers and mails of another day."""

from __future__ import annotations

import pytest

from evidence.facts import Fact
from evidence.items import Provenance, Role
from evidence.verdicts import Verdict
from tests.verifiers.evidence_of import NUMBER, OTHER_NUMBER, item, said
from tests.verifiers.timed import codes, judge, scan

ACCEPTED = scan("scan.accepted.at", "2026-11-02T09:00:00Z")
DELIVERED = scan("scan.delivered.at", "2026-11-05T14:00:00Z")


def test_a_review_before_the_delivery_needs_a_statement_of_the_carrier() -> None:
    """S1-14."""
    facts = (
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        said("review.posted.at", "2026-11-05T12:00:00Z", by="amazon", item="review"),
    )
    verdict, findings = judge(*facts)
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"delivered-after-complaint"})
    letter = item("letter", Role.DOCUMENT, provenance=Provenance.CARRIER_DOCUMENT)
    verdict, findings = judge(*facts, items=(letter,))
    assert verdict is Verdict.PASS
    assert "delivered-after-complaint-explained" in codes(findings)


@pytest.mark.parametrize(
    ("domain", "verdict"),
    [("ups.com", Verdict.PASS), ("mail.ups.com", Verdict.PASS), ("ups.com.example", Verdict.FAIL),
     ("notups.com", Verdict.FAIL), ("fedex.com", Verdict.FAIL)],
)  # fmt: skip
def test_a_mail_that_the_carriers_own_domain_signed_is_its_statement(
    domain: str, verdict: Verdict
) -> None:
    mail = item("mail", Role.MESSAGE_MAIL, origin="mail", provenance=Provenance.DKIM_MAIL)
    found, _ = judge(
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        said("review.posted.at", "2026-11-05T12:00:00Z", by="amazon", item="review"),
        said("message.dkim.domain", domain, by="mail_server", item="mail"),
        items=(mail,),
    )
    assert found is verdict


def test_a_mail_of_another_countrys_post_is_no_statement_of_this_one() -> None:
    mail = item("mail", Role.MESSAGE_MAIL, origin="mail", provenance=Provenance.DKIM_MAIL)
    for carrier, told in (("correos", Verdict.PASS), ("correos_de_cuba", Verdict.FAIL)):
        found, _ = judge(
            said("scan.accepted.at", "2026-11-02T09:00:00Z", by=carrier, item="tracking"),
            said("scan.delivered.at", "2026-11-05T14:00:00Z", by=carrier, item="tracking"),
            said("review.posted.at", "2026-11-05T12:00:00Z", by="amazon", item="review"),
            said("message.dkim.domain", "correos.es", by="mail_server", item="mail"),
            items=(item("history", Role.TRACKING_HISTORY, origin=carrier), mail),
        )
        assert found is told


@pytest.mark.parametrize(
    ("received", "codes_"),
    [
        ("2026-11-02T12:00:00Z", {"receipt-before-delivery"}),
        ("2026-11-05T13:00:00", {"times-hold"}),  # no zone: it can have been later
        ("2026-11-06T12:00:00Z", {"times-hold"}),  # the platform learnt of it late
    ],
)
def test_a_platforms_receipt_before_the_carriers_delivery_is_told(
    received: str, codes_: set[str]
) -> None:
    _, findings = judge(
        scan("scan.accepted.at", "2026-11-01T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        said("order.delivered.at", received, by="tiktok", item="platform"),
    )
    assert codes(findings) == codes_


@pytest.mark.parametrize(
    ("role", "grade"),
    [(Role.MESSAGE_MAIL, Provenance.UPLOAD), (Role.MESSAGE_THREAD, Provenance.DKIM_MAIL)],
)
def test_a_mail_that_only_says_whose_domain_signed_it_is_no_statement(
    role: Role, grade: Provenance
) -> None:
    """Forgery: a mail typed in, with the carrier's signature pasted into its head."""
    mail = item("mail", role, origin="mail", provenance=grade)
    found, findings = judge(
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        said("review.posted.at", "2026-11-05T12:00:00Z", by="amazon", item="review"),
        said("message.dkim.domain", "ups.com", by="mail_server", item="mail"),
        items=(mail,),
    )
    assert (found, codes(findings)) == (Verdict.FAIL, {"delivered-after-complaint"})


def test_a_letter_the_seller_uploaded_is_not_the_carriers_statement() -> None:
    """Forgery: the seller writes the carrier's letter."""
    letter = item("letter", Role.DOCUMENT, provenance=Provenance.UPLOAD)
    verdict, _ = judge(
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        said("review.posted.at", "2026-11-05T12:00:00Z", by="amazon", item="review"),
        items=(letter,),
    )
    assert verdict is Verdict.FAIL


def test_a_proof_printed_before_the_delivery_it_proves_is_caught() -> None:
    """Forgery: an older letter with another parcel's delivery day."""
    verdict, findings = judge(
        scan("scan.accepted.at", "2026-11-02T09:00:00Z"),
        scan("scan.delivered.at", "2026-11-05T14:00:00Z"),
        said("document.printed.at", "2026-10-20", by="ups", item="pod"),
    )
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"printed-before-delivery"})


def test_a_proof_is_as_new_as_its_latest_date() -> None:
    dates = [
        said("document.printed.at", day, by="ups", item="pod")
        for day in ("2026-11-06", "2026-10-20")
    ]
    delivered = scan("scan.delivered.at", "2026-11-05T14:00:00Z")
    for both in (dates, dates[::-1]):
        assert "printed-before-delivery" not in codes(judge(delivered, *both)[1])


def test_a_mail_dated_after_it_arrived_has_a_wrong_clock() -> None:
    mail = item("mail", Role.MESSAGE_MAIL, origin="buyer")
    sent = said("message.sent.at", "2026-11-05T20:00:00+00:00", by="buyer", item="mail")
    came = said("message.received.at", "2026-11-05T12:00:03Z", by="seller", item="mail")
    verdict, findings = judge(sent, came, items=(mail,))
    assert (verdict, codes(findings)) == (Verdict.FAIL, {"mail-clock-differs"})


@pytest.mark.parametrize(
    ("sent", "wrong"), [("2026-11-05T12:15:03Z", False), ("2026-11-05T12:15:04Z", True)]
)
def test_a_mails_clock_may_be_a_quarter_of_an_hour_off(sent: str, wrong: bool) -> None:
    mail = item("mail", Role.MESSAGE_MAIL, origin="buyer")
    came = said("message.received.at", "2026-11-05T12:00:03.000000Z", by="seller", item="mail")
    other = said("message.sent.at", "2027-01-01T00:00:00Z", by="buyer", item="lost")
    _, findings = judge(said("message.sent.at", sent, by="buyer", item="mail"), came, items=(mail,))
    assert ("mail-clock-differs" in codes(findings)) == wrong
    assert "mail-clock-differs" not in codes(judge(other, items=(mail,))[1])  # nobody had it


@pytest.mark.parametrize("name", ["review.posted.at", "claim.opened.at"])
def test_what_a_buyer_said_before_the_delivery_is_quoted_with_it(name: str) -> None:
    complaint = said(name, "2026-11-05T12:00:00Z", by="amazon", item="case")
    _, (late,) = judge(ACCEPTED, DELIVERED, complaint)
    assert late.code == "delivered-after-complaint"
    assert late.sentence.count("2026-11-05T12:00:00Z") == 2  # as written, and in UTC
    assert "(2026-11-05T12:00:00Z) [amazon], before it was delivered 2026-11-05T14" in late.sentence
    letter = item("letter", Role.DOCUMENT, provenance=Provenance.CARRIER_DOCUMENT)
    _, findings = judge(ACCEPTED, DELIVERED, complaint, items=(letter,))
    (told,) = [f for f in findings if f.code == "delivered-after-complaint-explained"]
    assert told.sentence == (
        f"{late.sentence} A statement of the carrier (document) is among the items."
    )


def test_a_complaint_without_a_zone_leaves_open_which_came_first() -> None:
    open_ = said("claim.opened.at", "2026-11-05T12:00:00", by="amazon", item="case")
    verdict, (found,) = judge(ACCEPTED, DELIVERED, open_)
    assert (verdict, found.code) == (Verdict.INCONCLUSIVE, "complaint-order-open")
    assert found.sentence.startswith("Whether ") and found.sentence.endswith(" is open.")
    assert (
        "2026-11-05T12:00:00 (local, zone unknown) [amazon] came before it was delivered 2026-11-05"
    ) in found.sentence
    after = said("claim.opened.at", "2026-11-07T12:00:00", by="amazon", item="case")
    assert codes(judge(ACCEPTED, DELIVERED, after)[1]) == {"times-hold"}


def test_a_receipt_before_the_delivery_is_quoted_with_it() -> None:
    received = said("order.delivered.at", "2026-11-04T12:00:00Z", by="tiktok", item="platform")
    _, findings = judge(ACCEPTED, DELIVERED, received)
    (told,) = [f for f in findings if f.code == "receipt-before-delivery"]
    assert "delivered 2026-11-04T12:00:00Z (2026-11-04T12:00:00Z) [tiktok], before" in told.sentence
    assert told.sentence.endswith("2026-11-05T14:00:00Z (2026-11-05T14:00:00Z) [ups].")


PRINTED = said("document.printed.at", "2026-10-20", by="ups", item="pod")


@pytest.mark.parametrize(
    ("name", "at"),
    [("document.captured.at", "2026-11-06"), ("delivery.at", "2026-11-05T14:00:00Z")],
)
def test_any_date_of_a_proof_that_is_late_enough_makes_it_so(name: str, at: str) -> None:
    later = said(name, at, by="ups", item="pod")
    assert "printed-before-delivery" not in codes(judge(ACCEPTED, DELIVERED, PRINTED, later)[1])
    elsewhere = said(name, at, by="ups", item="tracking")
    found = codes(judge(ACCEPTED, DELIVERED, PRINTED, elsewhere)[1])
    assert "printed-before-delivery" in found


def test_each_proof_is_held_against_the_delivery_of_its_own_parcel() -> None:
    def of(number: str, name: str) -> Fact:
        return said("shipment.tracking_number", number, by="ups", item=name, group="p")

    second = item("second", Role.POD_DOCUMENT, provenance=Provenance.CARRIER_DOCUMENT)
    facts = (
        said("shipment.tracking_number", OTHER_NUMBER, by="ups", item="tracking", group="b"),
        scan("scan.delivered.at", "2026-11-15T14:00:00Z", group="b"),
        said("shipment.tracking_number", NUMBER, by="ups", item="tracking", group="a"),
        scan("scan.delivered.at", "2026-11-05T14:00:00Z", group="a"),
        of(NUMBER, "pod"),
        said("document.printed.at", "2026-11-08", by="ups", item="pod", group="p"),
        of(OTHER_NUMBER, "second"),
    )
    good = said("document.printed.at", "2026-11-18", by="ups", item="second", group="p")
    assert codes(judge(*facts, good, items=(second,))[1]) == {"times-hold"}
    older = [
        said("document.printed.at", "2026-11-03", by="ups", item="pod", group="p")
        if one.name == "document.printed.at"
        else one
        for one in facts
    ]
    assert [one.code for one in judge(*older, good, items=(second,))[1]] == [
        "printed-before-delivery"
    ]
    # Forgery: the first parcel's letter with the second's number typed in.
    early = said("document.printed.at", "2026-11-09", by="ups", item="second", group="p")
    _, (told,) = judge(*facts, early, items=(second,))
    assert told.sentence == (
        "The last date on the document is 2026-11-09 (a day, zone unknown), before it was delivered"
        " 2026-11-15T14:00:00Z (2026-11-15T14:00:00Z) [ups]."
    )


def test_a_mail_that_nobody_received_does_not_hide_the_one_behind_it() -> None:
    mails = tuple(item(name, Role.MESSAGE_MAIL, origin="buyer") for name in ("lost", "mail"))
    _, (told,) = judge(
        said("message.sent.at", "2026-11-01T00:00:00Z", by="buyer", item="lost"),
        said("message.sent.at", "2026-11-05T20:00:00+00:00", by="buyer", item="mail"),
        said("message.received.at", "2026-11-05T12:00:03Z", by="seller", item="mail"),
        items=mails,
    )
    assert told.code == "mail-clock-differs"
    assert "20:00:00Z) [buyer], after our mail server's clock when it came 2026" in told.sentence
