"""A signed report says by itself that it is ours and unaltered, to whoever has the key."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.keys import Keys
from auditor.pdf_seal import seal_of
from auditor.rendered import verify_report
from auditor.report import Report, State
from evidence.dsse import EcdsaSigner, pem_of, verifies
from evidence.errors import ConfigError, EvidenceError
from service.report.render import render
from service.report.signing import signed
from tests.service.report.accounts import report

pytest.importorskip("pyhanko", reason="pyhanko is not installed: pip install 'orderproof[report]'")

KEY = ec.derive_private_key(0x5EED, ec.SECP256R1())
OTHER = ec.derive_private_key(0xBAD, ec.SECP256R1())
SINCE = datetime(2026, 1, 2, tzinfo=UTC)


def keys(*private: ec.EllipticCurvePrivateKey) -> Keys:
    return Keys.parse("".join(pem_of(each.public_key()) for each in private).encode())


@pytest.fixture(scope="module")
def pdf() -> bytes:
    try:
        from service.typeset.fonts import find_fonts

        plain = render(report(), find_fonts()).pdf
    except ConfigError as lacking:
        pytest.skip(str(lacking))
    return signed(plain, signer=EcdsaSigner(KEY), pem=pem_of(KEY.public_key()), since=SINCE)


def asked(pdf: bytes, folder: Path, *private: ec.EllipticCurvePrivateKey) -> Report:
    path = folder / "report.pdf"
    path.write_bytes(pdf)
    return verify_report(path, bundle=None, key=keys(*private) if private else None)


def test_it_is_ours_and_unaltered_and_nobody_can_know_whether_it_is_current(
    pdf: bytes, tmp_path: Path
) -> None:
    told = asked(pdf, tmp_path, OTHER, KEY)
    assert told.ok and told.trust == "pinned"
    assert [(c.name, c.state) for c in told.checks] == [
        ("signature", State.PASS),
        ("current", State.INCONCLUSIVE),
    ]


def test_with_another_key_it_is_not_ours_and_without_one_nobody_knows(
    pdf: bytes, tmp_path: Path
) -> None:
    assert not asked(pdf, tmp_path, OTHER).ok
    told = asked(pdf, tmp_path)
    assert not told.ok and "give one with --key" in told.checks[0].what


def test_every_flipped_bit_of_what_is_signed_is_found(pdf: bytes, tmp_path: Path) -> None:
    """And of the brackets and zeros around the signature, which could hide something."""
    hole = re.search(rb"<30[0-9A-F]{200,}>", pdf)
    assert hole is not None
    begin, end = hole.span()
    places = [at for at in range(0, len(pdf), len(pdf) // 60) if not begin <= at < end]
    for at in [*places, begin, end - 1, end - 9]:
        bent = bytearray(pdf)
        bent[at] ^= 1
        told = asked(bytes(bent), tmp_path, KEY)
        assert not told.ok, at


def test_what_is_added_behind_the_signature_is_found(pdf: bytes, tmp_path: Path) -> None:
    for more in (b"\n", b"\n1 0 obj<<>>endobj\n%%EOF\n"):
        told = asked(pdf + more, tmp_path, KEY)
        assert not told.ok and "was added" in told.checks[0].what


def test_the_place_of_the_signature_holds_nothing_else(pdf: bytes, tmp_path: Path) -> None:
    found = re.search(rb"/ByteRange\s*\[\s*0 (\d+) (\d+) ", pdf)
    assert found is not None
    begin, end = int(found[1]), int(found[2])
    hidden = pdf[:begin] + b"<" + b"(hidden)".ljust(end - begin - 2) + b">" + pdf[end:]
    assert not asked(hidden, tmp_path, KEY).ok


def test_a_second_signature_is_not_ours(pdf: bytes) -> None:
    with pytest.raises(EvidenceError, match="several"):
        seal_of(pdf + b"/ByteRange [0 1 2 3]")


def test_a_file_without_one_has_none() -> None:
    assert seal_of(b"%PDF-1.4 nothing") is None


@settings(max_examples=60)
@given(at=st.integers(0, 700), bits=st.integers(1, 255))
def test_no_bent_signature_makes_it_raise_or_hold(pdf: bytes, at: int, bits: int) -> None:
    found = re.search(rb"/ByteRange\s*\[\s*0 (\d+) (\d+) ", pdf)
    assert found is not None
    begin, end = int(found[1]) + 1, int(found[2]) - 1
    raw = bytearray.fromhex(pdf[begin:end].decode())
    raw[at] ^= bits
    bent = pdf[:begin] + raw.hex().upper().encode() + pdf[end:]
    try:
        seal = seal_of(bent)
    except EvidenceError:
        return
    assert seal is not None
    held = seal.unaltered and verifies(KEY.public_key(), seal.signature, seal.attributes)
    whole = seal_of(pdf)
    assert whole is not None
    assert not held or (seal.signature, seal.attributes) == (whole.signature, whole.attributes)
