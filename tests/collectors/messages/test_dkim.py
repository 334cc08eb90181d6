"""Signatures that dkimpy made hold here, and what was changed since, or proves less, does not."""

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.messages.dkim import State, letter_of, tags_of
from collectors.messages.proof import Proof, answers_in, hints_of, keys_asked, prove
from evidence.mail import parse_mail
from tests.collectors.messages.signing import (
    HEADERS,
    SELECTOR,
    answered,
    name_of,
    pem,
    record_of,
    rsa_key,
    sign,
)
from tests.vectors import rfc8463

DOMAIN = "shop.example"
MAIL = b"""From: "Ann" <ann@shop.example>
To: seller@exhibit.test
Subject: Order  114-9876543-1234560
\tis not here
Date: Wed, 17 Jun 2026 09:15:30 +0000
Message-ID: <1@shop.example>
Content-Type: text/plain; charset=utf-8

Hello,

it is  not here. \t

From me
Ann


"""


def proof(
    mail: bytes,
    texts: Mapping[str, list[str]] | None = None,
    *,
    at: datetime | None = None,
    said: str = "NOERROR",
) -> Proof:
    known = texts if texts is not None else {name_of(DOMAIN): [record_of(rsa_key())]}
    answers = {name: answered(name, found, said=said) for name, found in known.items()}
    return prove(parse_mail(mail), answers, at or datetime.now(UTC))


def only(found: Proof) -> tuple[State, str]:
    (one,) = found.signatures
    return one.state, one.why


def test_the_published_mail_holds_under_both_published_keys() -> None:
    answers = {name: answered(name, [text]) for name, text in rfc8463.KEYS.items()}
    assert keys_asked(rfc8463.MAIL) == list(rfc8463.KEYS)
    at = datetime(2018, 6, 13, 13, 40, tzinfo=UTC)
    found = prove(parse_mail(rfc8463.MAIL), answers, at)
    assert found.proven
    for one in found.signatures:
        assert (one.state, one.domain, one.whole_body) == ("pass", "football.example.com", True)
        assert one.covers == ("from", "to", "subject", "date", "message-id")
    changed = rfc8463.MAIL.replace(b"lost", b"won!")
    assert {one.state for one in prove(parse_mail(changed), answers, at).signatures} == {State.FAIL}


@pytest.mark.parametrize("heads", ["relaxed", "simple"])
@pytest.mark.parametrize("bodies", ["relaxed", "simple"])
@pytest.mark.parametrize("ends", [b"\r\n", b"\n"], ids=["CRLF", "LF"])
def test_a_mail_signed_by_another_program_is_proven(heads: str, bodies: str, ends: bytes) -> None:
    signed = sign(MAIL, DOMAIN, canonical=f"{heads}/{bodies}").replace(b"\r\n", ends)
    assert proof(signed).proven


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"not here. ", b"here. ", "the body is not the one that was signed"),
        (b"Ann\r\n\r\n\r\n", b"Ann\r\nP.S.\r\n", "the body is not the one that was signed"),
        (b'"Ann" <ann@', b'"Ann" <bob@', "the headers are not those that were signed"),
        (b"114-9876543-1234560", b"114-9876543-1234561", "the headers are not those"),
        (b"09:15:30 +0000", b"09:15:30 +0800", "the headers are not those"),
        (b"s=s1", b"s=s2", "no answer of the DNS"),
    ],
)
def test_what_was_changed_is_not_signed(old: bytes, new: bytes, why: str) -> None:
    signed = sign(MAIL, DOMAIN)
    assert old in signed
    found = proof(signed.replace(old, new))
    assert not found.proven
    assert why in only(found)[1]


def test_what_relaxed_signers_let_pass_holds() -> None:
    signed = sign(MAIL, DOMAIN)
    changed = signed.replace(b"it is  not here. \t\r\n", b"it is not   here.\r\n")
    changed = changed.replace(b"Subject: Order  1", b"SUBJECT:\r\n Order 1") + b"\r\n\r\n"
    assert changed != signed and proof(changed).proven


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ([], "its key is not there"),
        (["v=DKIM1; k=rsa; p="], "its key was revoked"),
        (["v=spf1 -all"], "its key's record is malformed"),
        (["v=DKIM1; p=AAAA"], "its key cannot be read"),
        ([record_of(rsa_key(), "t=y; ")], "its domain only tries out signing"),
        ([record_of(rsa_key(), "s=tlsrpt; ")], "its key is not for mail"),
        ([record_of(rsa_key(), "h=sha1; ")], "its key is for other hashes"),
        ([record_of(rsa_key()).replace("k=rsa", "k=ed25519")], "its key is of another kind"),
    ],
)
def test_a_key_that_does_not_serve_leaves_it_unchecked(texts: list[str], why: str) -> None:
    found = proof(sign(MAIL, DOMAIN), {name_of(DOMAIN): texts})
    assert only(found)[0] is State.UNCHECKED and why in only(found)[1]
    assert not found.proven


def test_another_key_of_the_domain_makes_it_fail_and_the_right_one_beside_it_does() -> None:
    other = record_of(rsa_key(1024))
    assert only(proof(sign(MAIL, DOMAIN), {name_of(DOMAIN): [other]}))[0] is State.FAIL
    assert proof(sign(MAIL, DOMAIN), {name_of(DOMAIN): [other, record_of(rsa_key())]}).proven


def test_a_name_that_there_is_not_and_a_dns_that_fails_are_told_apart() -> None:
    signed = sign(MAIL, DOMAIN)
    assert "NXDOMAIN" in only(proof(signed, {name_of(DOMAIN): []}, said="NXDOMAIN"))[1]
    assert "did not say" in only(proof(signed, {name_of(DOMAIN): []}, said="SERVFAIL"))[1]
    assert "no answer" in only(proof(signed, {}))[1]


def test_an_answer_to_another_question_is_no_answer() -> None:
    wrong = answered("s1._domainkey.evil.example", [record_of(rsa_key())])
    found = prove(parse_mail(sign(MAIL, DOMAIN)), {name_of(DOMAIN): wrong}, datetime.now(UTC))
    assert "no answer" in only(found)[1]
    garbage = prove(
        parse_mail(sign(MAIL, DOMAIN)), {name_of(DOMAIN): b"\0" * 40}, datetime.now(UTC)
    )
    assert "no answer" in only(garbage)[1]


# It holds, and is still no proof of the sender.


@pytest.mark.parametrize(
    ("signer", "sender", "proven"),
    [
        ("shop.example", "shop.example", True),
        ("shop.example", "mail.shop.example", True),
        ("mail.shop.example", "shop.example", False),
        ("shop.example", "evilshop.example", False),
        ("shop.example", "shop.example.evil.test", False),
        ("amazonses.example", "shop.example", False),
    ],
)
def test_only_the_senders_domain_and_those_above_it_vouch(
    signer: str, sender: str, proven: bool
) -> None:
    mail = MAIL.replace(b"ann@shop.example", f"ann@{sender}".encode())
    found = proof(sign(mail, signer), {name_of(signer): [record_of(rsa_key())]})
    assert (only(found)[0], found.proven) == (State.PASS, proven)


def test_part_of_a_body_is_not_the_body() -> None:
    signed = sign(MAIL, DOMAIN, length=True)
    assert proof(signed).proven  # it is as long as it says
    found = proof(signed + b"P.S. I have it.\r\n")
    (one,) = found.signatures
    assert (one.state, one.whole_body, found.proven) == (State.PASS, False, False)


@pytest.mark.parametrize("left_out", [b"subject", b"date"])
def test_a_mail_whose_subject_or_date_anybody_can_write_is_not_proven(left_out: bytes) -> None:
    headers = [name for name in HEADERS if name != left_out]
    found = proof(sign(MAIL, DOMAIN, headers=headers))
    assert only(found)[0] is State.PASS and not found.proven


@pytest.mark.parametrize(
    "smuggled",
    [b"From: eve@evil.test\r\n", b"Subject: Order 1\r\n", b"From : eve@evil.test\r\n"],
)
def test_a_second_line_that_a_reader_could_show_takes_the_proof_away(smuggled: bytes) -> None:
    found = proof(smuggled + sign(MAIL, DOMAIN))
    assert only(found)[0] is State.PASS and not found.proven


def test_a_bare_carriage_return_in_the_head_is_no_line_to_one_and_a_line_to_another() -> None:
    mail = MAIL.replace(b"\n", b"\r\n").replace(b"Subject: ", b"Subject: a\rFrom: eve@evil.test ")
    assert not proof(sign(mail, DOMAIN)).proven


def test_a_signature_whose_time_is_over_is_not_counted_and_one_from_tomorrow_neither() -> None:
    signed = sign(MAIL, DOMAIN)
    early = datetime.now(UTC) - timedelta(days=2)
    assert "later than now" in only(proof(signed, at=early))[1]
    assert "time was over" in only(proof(expiring(signed)))[1]


def expiring(signed: bytes) -> bytes:
    """The signature with an x= of 2001: it is looked at before anything else."""
    return signed.replace(b"; t=", b"; x=1000000000; t=")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"a=rsa-sha256", b"a=rsa-sha1", "SHA-1"),
        (b"a=rsa-sha256", b"a=rsa-md5", "algorithm"),
        (b"v=1;", b"v=2;", "version"),
        (b"v=1;", b"", "no v="),
        (b"v=1;", b"v=1; v=1;", "malformed"),
        (b"c=relaxed/relaxed", b"c=nofws", "canonicalization"),
        (b"s=s1", b"s=../..", "selector"),
        (b"d=shop.example", b"d=", "no d="),
        (b"d=shop.example", b"d=localhost", "domain"),
        (b"i=@shop.example", b"i=@evil.example", "i="),
        (b"h=from", b"h=fro", "From"),
    ],
)
def test_a_signature_that_is_not_as_documented_says_nothing(
    old: bytes, new: bytes, why: str
) -> None:
    signed = re.sub(rb"\r\n +", b" ", sign(MAIL, DOMAIN, identity=b"@shop.example"), count=9)
    assert old in signed
    found = proof(signed.replace(old, new, 1))
    assert only(found)[0] is State.UNCHECKED and why in only(found)[1]


def test_a_short_key_proves_nothing() -> None:
    weak = rsa_key_of_512()
    found = proof(sign(MAIL, DOMAIN, key=weak), {name_of(DOMAIN): [record_of(weak)]})
    assert only(found)[0] is State.UNCHECKED and not found.proven


def rsa_key_of_512() -> RSAPrivateKey:
    """A key of 512 bits. It was made for this test and opens nothing."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    p = 0xF1B8B1D1C4A3B6F1A5E0C7D9F3B2A18D93C5A1B7E4D2F6A8C9B3E5D7F1A2B3A5
    p, q = _prime_from(p), _prime_from(p ^ 0x5555_0000_1234)
    d = pow(65537, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(65537, p * q)
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _prime_from(start: int) -> int:
    number = start | 1
    while not all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7, 11, 13)):
        number += 2
    return number


def test_what_a_mailbox_file_put_before_from_does_not_take_the_proof_away() -> None:
    quoted = sign(MAIL, DOMAIN).replace(b"\r\nFrom me", b"\r\n>From me").replace(b"\r\n", b"\n")
    found = proof(quoted)
    assert found.proven and "mailbox file" in only(found)[1]
    assert not proof(quoted.replace(b">From me", b">>>From me")).proven


def test_the_answers_go_into_hints_and_come_out_the_same() -> None:
    answers = {name_of(DOMAIN): answered(name_of(DOMAIN), ["v=DKIM1; p="])}
    assert answers_in(hints_of(answers)) == answers
    assert hints_of({}) == {} and answers_in({}) == {}
    for garbage in ("[]", "{", '{"a":1}', '{"a":"é"}'):
        assert answers_in({"dns": garbage}) == {}


def test_only_names_that_can_be_asked_for_are() -> None:
    many = "".join(
        f"DKIM-Signature: v=1; a=rsa-sha256; d=d{n}.example; s=s; h=from; bh=AA==; b=AA==\n"
        for n in range(50)
    )
    assert len(keys_asked(many.encode() + MAIL)) == 10
    for domain in ("", "localhost", "a..example", "x y.example", "é.example", "a" * 300):
        head = f"DKIM-Signature: v=1; d={domain}; s=s; h=from; bh=; b=\n".encode()
        assert keys_asked(head + MAIL) == [], domain


@pytest.mark.parametrize("text", ["a=1;b", "a=1;a=2", "=1", "1a=2", "a b=2"])
def test_what_is_no_tag_list_is_none(text: str) -> None:
    assert tags_of(text.encode()) is None


def test_a_body_of_nothing_but_line_ends_or_blanks_is_cut_in_one_pass() -> None:
    """Each of these takes a careless expression minutes."""
    for body in (b"\r\n" * 400_000, b" " * 800_000, b" \r\n" * 300_000, b"\r" * 400_000 + b"x"):
        letter = letter_of(b"From: a@b.example\r\n\r\n" + body)
        assert len(letter.body_as("relaxed")) <= len(body) + 2
        assert letter.body_as("simple").endswith(b"\r\n")


# dkimpy as a judge of the same mails.

_piece = st.sampled_from(
    [" ", "  ", "\t", "\r\n", "\n", "a", "From ", ".", "é", "=", ":", "x" * 70, "\r\n ", ";"]
)
_body = st.lists(_piece, max_size=25).map("".join)
_subject = st.text("ab \t:;=", max_size=20).map(lambda text: "x" + text)
_canonical = st.sampled_from(
    ["relaxed/relaxed", "simple/simple", "relaxed/simple", "simple/relaxed"]
)


def judged(mail: bytes) -> bool:
    record = record_of(rsa_key()).encode()
    try:
        said: bool = dkim.verify(mail, minkey=1024, dnsfunc=lambda *_, **__: record)
    except dkim.MessageFormatError:
        return False
    return said


@settings(max_examples=150)
@given(_body, _subject, _canonical, st.booleans(), st.data())
def test_it_holds_here_exactly_where_dkimpy_says_that_it_holds(
    body: str, subject: str, canonical: str, length: bool, data: st.DataObject
) -> None:
    mail = MAIL.partition(b"\n\n")[0].replace(b"is not here", subject.encode())
    written = mail + b"\n\n" + body.encode() + b"\r\n"  # as every mail that was sent ends
    signed = sign(written, DOMAIN, canonical=canonical, length=length)
    assert judged(signed)
    assert only(proof(signed))[0] is State.PASS
    at = data.draw(st.integers(signed.index(b"From:"), len(signed)))
    cut = data.draw(st.integers(0, 2))
    put = data.draw(st.sampled_from([b"", b" ", b"\r\n", b"a", b"\t "]))
    changed = signed[:at] + put + signed[at + cut :]
    if re.search(rb"\r(?!\n)|(?<!\r)\n|[^\n]\Z", changed):  # programs differ at half a line end
        return
    if not letter_of(changed).odd:
        assert (only(proof(changed))[0] is State.PASS) is judged(changed)


# ARC: what those who passed it on saw.


def sealed(mail: bytes, domain: str, *, results: str = "dkim=pass header.d=shop.example") -> bytes:
    """The mail passed on once more, by a server of `domain`."""
    head = f"Authentication-Results: {domain}; {results}\r\n".encode()
    lines = dkim.arc_sign(
        head + mail,
        SELECTOR.encode(),
        domain.encode(),
        pem(rsa_key()),
        domain.encode(),
        include_headers=[b"from", b"to", b"subject", b"date"],
    )
    return b"".join(lines) + head + mail


ARC_KEYS = {
    name_of(name): [record_of(rsa_key())] for name in (DOMAIN, "one.example", "two.example")
}


def passed_on() -> bytes:
    listed = sign(MAIL, DOMAIN).replace(b"Ann\r\n", b"Ann\r\n-- a list\r\n")
    once = sealed(listed, "one.example")
    return sealed(once, "two.example", results="arc=pass; dkim=fail")


def verified_by_dkimpy(mail: bytes) -> bool:
    record = record_of(rsa_key()).encode()
    state, _, _ = dkim.arc_verify(mail, minkey=1024, dnsfunc=lambda *_, **__: record)
    return bool(state == b"pass")


def test_a_chain_of_two_seals_holds_and_makes_no_mail_proven() -> None:
    mail = passed_on()
    assert verified_by_dkimpy(mail)
    found = proof(mail, ARC_KEYS)
    assert found.chain is not None
    assert (found.chain.state, found.chain.why) == (State.PASS, "")
    assert found.chain.sealers == ("two.example", "one.example")
    assert only(found)[0] is State.FAIL and not found.proven
    assert set(keys_asked(mail)) == set(ARC_KEYS)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"dkim=pass header.d=shop.example\r\n", b"dkim=pass header.d=evil.example\r\n"),
        (b"-- a list", b"-- a liszt"),
        (b"cv=pass", b"cv=fail"),
        (b"cv=none", b"cv=pass"),
        (b"i=2", b"i=3"),
        (b"ARC-Seal: i=1", b"X-Seal: i=1"),
    ],
)
def test_a_chain_that_was_changed_does_not_hold(old: bytes, new: bytes) -> None:
    mail = passed_on()
    assert old in mail
    changed = mail.replace(old, new)
    found = proof(changed, ARC_KEYS)
    assert found.chain is not None and found.chain.state is State.FAIL
    assert not verified_by_dkimpy(changed)


def test_a_chain_whose_key_is_gone_is_unchecked_and_a_mail_without_seals_has_none() -> None:
    keys = {name: texts for name, texts in ARC_KEYS.items() if "two" not in name}
    found = proof(passed_on(), keys)
    assert found.chain is not None and found.chain.state is State.UNCHECKED
    assert proof(MAIL).chain is None


def test_a_letter_may_be_replaced_and_keeps_no_other_body() -> None:
    letter = letter_of(MAIL)
    assert letter.body_as("simple") != replace(letter, body=b"x", _bodies={}).body_as("simple")
    assert base64.b64encode(letter.body_as("relaxed"))
