"""A mail's body against the hash its sender signed, and its clocks against each other."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.facts import Fact
from evidence.items import Role
from tests.verifiers.documents import received
from verifiers.readers.traces.registry import traces_of

# RFC 6376, 3.4.5: this body, and what is hashed of it in each form.
BODY = b" C \r\nD \t E\r\n\r\n\r\n"
RELAXED, SIMPLE = b" C\r\nD E\r\n", b" C \r\nD \t E\r\n"


def mail(
    body: bytes = BODY,
    *,
    signed: bytes = RELAXED,
    form: str = "relaxed/relaxed",
    date: str = "Thu, 5 Nov 2026 14:32:10 -0800",
    more: str = "",
) -> bytes:
    stated = base64.b64encode(hashlib.sha256(signed).digest()).decode()
    head = (
        "Received: by mx.buyer.example; Thu, 5 Nov 2026 22:32:14 +0000\r\n"
        "Received: from app by mail.carrier.example; Thu, 5 Nov 2026 22:32:11 +0000\r\n"
        f"{more}"
        f"DKIM-Signature: v=1; a=rsa-sha256; c={form}; d=carrier.example; s=k;\r\n"
        f" h=from:date; bh={stated};\r\n b=AAAA\r\n"
        f"From: carrier@carrier.example\r\nDate: {date}\r\n\r\n"
    )
    return head.encode() + body


def traces(data: bytes) -> dict[str, Fact]:
    item = received(data, role=Role.MESSAGE_MAIL, media_type="message/rfc822")
    return {fact.name: fact for fact in traces_of(item)}


@pytest.mark.parametrize(
    ("form", "kept"), [("relaxed/relaxed", RELAXED), ("simple/simple", SIMPLE)]
)
def test_the_standards_own_example_fits_in_both_forms(form: str, kept: bytes) -> None:
    assert list(traces(mail(form=form, signed=kept))) == ["trace.mail.body_holds"]


def test_line_ends_that_a_file_system_changed_do_not_alarm() -> None:
    assert "trace.mail.body_holds" in traces(mail().replace(b"\r\n", b"\n"))


def test_a_changed_body_is_told_and_more_surely_if_the_receiver_had_seen_it_fit() -> None:
    alone = traces(mail(BODY.replace(b"D", b"X")))["trace.mail.body_changed"]
    seen = "Authentication-Results: mx.buyer.example; dkim=pass header.d=carrier.example\r\n"
    sure = traces(mail(BODY.replace(b"D", b"X"), more=seen))["trace.mail.body_changed"]
    assert sure.confidence > alone.confidence
    assert "when the receiving server checked it" in sure.text


SEEN = "Authentication-Results: mx.buyer.example; dkim=pass header.d=carrier.example\r\n"
LETTER = b"Delivered on November 5\r\nhttps://carrier.example/t\r\n"


@pytest.mark.parametrize(
    ("body", "more"),
    [
        pytest.param(b"Nur intern\r\n\r\n" + LETTER, "", id="lines over it"),
        pytest.param(LETTER + b"--\r\nSeller Ltd.\r\n", "", id="lines under it"),
        pytest.param(
            LETTER.replace(b"https://", b"https://urldefense.com/v3/__https://"), "", id="its links"
        ),
        pytest.param(b"<b>[EXTERNAL]</b> " + LETTER, "", id="a banner in its first line"),
        pytest.param(
            LETTER + b"Virus-free\r\n" * 20, "", id="a scanner's name, and many more lines"
        ),
        pytest.param(
            b"--_000_AM0PR04_\r\n" + LETTER.replace(b"on ", b"on  <br>"),
            "X-MS-Exchange-Organization-SCL: 1\r\n",
            id="parts made anew",
        ),
        pytest.param(LETTER.replace(b"5", b"6"), "List-Id: <l.example>\r\n", id="a list"),
    ],
)
def test_what_gateways_do_to_a_body_leaves_it_open(body: bytes, more: str) -> None:
    """They change it after the server saw that it fits."""
    found = traces(mail(body, signed=LETTER, more=SEEN + more))["trace.mail.body_changed"]
    assert found.confidence <= 0.5
    assert "gateways" in found.text


@pytest.mark.parametrize(
    "body",
    [
        LETTER.replace(b"5", b"3"),
        LETTER + b"more\r\n" * 20,
        b"--_000_AM0PR04_\r\n" + LETTER.replace(b"5", b"3"),  # no Exchange's headers
    ],
)
def test_a_changed_body_without_a_gateways_mark_is_told(body: bytes) -> None:
    found = traces(mail(body, signed=LETTER, more=SEEN))["trace.mail.body_changed"]
    assert found.confidence > 0.9 and "gateways" not in found.text


def test_a_mailing_lists_footer_is_a_weak_trace() -> None:
    found = traces(mail(BODY + b"-- \r\nlist footer\r\n", more="List-Id: <l.example>\r\n"))
    assert found["trace.mail.body_changed"].confidence <= 0.5


@pytest.mark.parametrize(
    ("date", "told"),
    [
        pytest.param("Thu, 5 Nov 2026 14:32:10 -0800", False, id="as it was"),
        pytest.param("Thu, 5 Nov 2026 20:00:00 +0000", False, id="written hours before"),
        pytest.param("Sat, 7 Nov 2026 14:32:10 -0800", True, id="after it had come"),
        pytest.param("Sun, 1 Nov 2026 14:32:10 -0800", True, id="days before the first server"),
        pytest.param("Wed, 5 Nov 2026 14:32:10 -0800", True, id="a wrong weekday"),
    ],
)
def test_the_date_is_held_against_the_servers_clocks(date: str, *, told: bool) -> None:
    assert ("trace.mail.clocks" in traces(mail(date=date))) is told


@given(st.binary(max_size=400))
def test_bytes_that_are_no_mail_never_raise(data: bytes) -> None:
    traces(data)
    traces(mail() + data)
    traces(b"DKIM-Signature: " + data + b"\r\nDate: " + data + b"\r\n\r\n" + data)
