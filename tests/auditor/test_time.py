"""What is believed of a token: other people's, and what a statement says of its own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import load_pem_x509_certificate

from auditor.keys import Authority, Keys
from auditor.report import Report, State
from auditor.tokens import time_of
from evidence.bundle import Anchor
from evidence.canonical import canonical
from evidence.trusted_time import Stamped, missing
from service.sandbox.authority import SandboxAuthority
from service.timestamping.der import time_query
from tests.auditor.bundles import NOON, Made, failures, make, verified

TSA = "contracts/tlog/rfc3161"


def test_every_token_of_the_contracts_is_judged_right(shared: Path) -> None:
    folder = shared / TSA
    index = json.loads((folder / "index.json").read_text())
    tsa, ca, rogue = (
        load_pem_x509_certificate((folder / name).read_bytes())
        for name in ("tsa.pem", "ca.pem", "rogue.pem")
    )
    message = (folder / index["message"]).read_bytes()
    queries = [(folder / name).read_bytes() for name in ("with-cert.tsq", "no-cert.tsq")]

    def believed(file: str, pinned: Authority) -> list[datetime]:
        token = (folder / file).read_bytes()
        said = [time_of(token, query=query, message=message, pinned=pinned) for query in queries]
        return [at for at in said if isinstance(at, datetime)]

    assert len(index["must_accept"]) == 4
    for row in index["rows"]:
        file = row["file"]
        found = believed(file, Authority(tsa, (ca,)))
        if file in index["must_accept"]:
            assert [at.isoformat() for at in found] == [row["gen_time"]], file
        else:
            # openssl-two-certs.tsr too: not in DER, so it is unreadable here, and never valid.
            assert found == [], file
        # The rogue's own certificate is believed by nobody who pinned another, root or not.
        assert believed(file, Authority(rogue, (ca,))) == [], file
        assert believed(file, Authority(ca, (ca,))) == [], file


@pytest.fixture(scope="module")
def authority() -> SandboxAuthority:
    return SandboxAuthority.make()


def stamp(authority: SandboxAuthority, message: bytes) -> Anchor:
    query = time_query(hashlib.sha256(message).digest(), nonce=5)
    return Anchor(checkpoint=message, token=authority.reply(query), query=query)


def sealed(
    authority: SandboxAuthority, *, off_s: float = 0.0, at: datetime | None = None
) -> tuple[Made, Keys]:
    """A bundle with both tokens; its statement names the first.

    off_s   how far our clock was ahead when the token came
    at      a time that the statement claims of the token, if not the token's own
    """
    anchors: list[Anchor] = []
    pinned = Authority(authority.certificate, (authority.root,))

    def say(checkpoint: bytes) -> str:
        anchor = stamp(authority, checkpoint)
        assert anchor.token is not None and anchor.query is not None
        really = time_of(anchor.token, query=anchor.query, message=checkpoint, pinned=pinned)
        assert isinstance(really, datetime)
        anchors.append(anchor)
        said = Stamped(
            authority="here",
            size=3,
            at=at or really,
            ours=really + timedelta(seconds=off_s),
            token=hashlib.sha256(anchor.token).hexdigest(),
        )
        return str(said)

    made = make(2, trusted_time=say)
    keys = Keys.parse(canonical(made.house.keys_json | {"tsa": [authority.pin]}))
    sealed = stamp(authority, made.sealed.checkpoint)
    return replace(made, before_read=anchors[0], sealed=sealed), keys


def times(report: Report) -> list[tuple[State, str]]:
    return [(check.state, check.what) for check in report.checks if check.name == "time"]


def test_a_token_that_the_statement_names_is_believed(
    authority: SandboxAuthority, tmp_path: Path
) -> None:
    made, keys = sealed(authority)
    report = verified(tmp_path, made.zip(), key=keys)
    assert failures(report) == []
    assert [state for state, _ in times(report)] == [State.PASS, State.PASS]


def test_a_named_token_can_be_neither_left_out_nor_replaced(
    authority: SandboxAuthority, tmp_path: Path
) -> None:
    made, keys = sealed(authority)
    gone = replace(made, before_read=Anchor(checkpoint=made.before_read.checkpoint))
    for pinned in (keys, None):  # nobody needs a certificate to see this
        report = verified(tmp_path, gone.zip(), key=pinned)
        assert [what for state, what in times(report) if state is State.FAIL] == [
            "The statement names a token of here over proof/before-read; it is gone."
        ]
    other = replace(made, before_read=stamp(authority, made.before_read.checkpoint))
    report = verified(tmp_path, other.zip(), key=keys)
    assert failures(report) == [
        "time: proof/before-read/token.tsr is not the token that the statement names."
    ]


def test_a_statement_that_claims_another_time_than_its_token_fails(
    authority: SandboxAuthority, tmp_path: Path
) -> None:
    made, keys = sealed(authority, at=NOON)
    report = verified(tmp_path, made.zip(), key=keys)
    assert failures(report) == [
        "time: proof/before-read/token.tsr has another time than the statement says."
    ]


def test_a_sealers_clock_that_was_off_is_told_and_is_no_forgery(
    authority: SandboxAuthority, tmp_path: Path
) -> None:
    made, keys = sealed(authority, off_s=600.0)
    report = verified(tmp_path, made.zip(), key=keys)
    assert report.ok
    (said,) = [what for state, what in times(report) if state is State.INCONCLUSIVE]
    assert "its times are off by as much" in said


def test_receipts_that_claim_a_time_after_their_token_are_told(tmp_path: Path) -> None:
    early = SandboxAuthority.make(clock=lambda: NOON - timedelta(hours=2))
    made, keys = sealed(early)
    report = verified(tmp_path, made.zip(), key=keys)
    said = [what for state, what in times(report) if state is State.INCONCLUSIVE]
    assert said and said[0].startswith("Receipt 0 claims a time after 2026-11-01T10:00:00Z")


@pytest.mark.parametrize(
    "say",
    ["rfc3161: here stamped it yesterday", missing("here: it took more than 10 s")],
    ids=["a claim without a token", "honest words"],
)
def test_words_alone_are_never_a_token(say: str, tmp_path: Path) -> None:
    made = make(2, trusted_time=lambda _: say)
    report = verified(tmp_path, made.zip(), key=made.house.keys)
    assert State.PASS not in {state for state, _ in times(report)}
    assert report.ok is say.startswith("missing")


def test_no_flipped_byte_of_a_query_is_accepted_and_none_of_a_token_raises(
    authority: SandboxAuthority,
) -> None:
    anchor = stamp(authority, b"note")
    assert anchor.token is not None and anchor.query is not None
    pinned = Authority(authority.certificate, (authority.root,))

    def judged(token: bytes, query: bytes) -> datetime | str:
        return time_of(token, query=query, message=b"note", pinned=pinned)

    true = judged(anchor.token, anchor.query)
    assert isinstance(true, datetime)
    asks_for_certificate = len(anchor.query) - 1  # the one byte that changes no meaning
    for at, byte in enumerate(anchor.query[:asks_for_certificate]):
        for other in {byte ^ 1, byte ^ 2, byte ^ 0x80, byte ^ 0xFF}:
            bent = anchor.query[:at] + bytes([other]) + anchor.query[at + 1 :]
            assert isinstance(judged(anchor.token, bent), str), at
    for at, byte in enumerate(anchor.token):
        for other in {byte ^ 1, byte ^ 0x80}:
            # CMS leaves some bytes unsigned (versions, names of algorithms), so that a bent token
            # may hold; it then says what the true one says. In a bundle its digest is listed.
            said = judged(anchor.token[:at] + bytes([other]) + anchor.token[at + 1 :], anchor.query)
            assert isinstance(said, str) or said == true, at
