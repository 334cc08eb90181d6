"""Which certificates may stamp: chain, purpose, time and revocation, as far as they were pinned."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from auditor.certificates import misfit, unfit
from auditor.keys import Authority, Keys
from auditor.tokens import time_of
from evidence.canonical import canonical
from service.sandbox.authority import SandboxAuthority
from service.timestamping.der import time_query

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
# Made once with `openssl x509 -req -sha1`, since cryptography signs nothing so any more. Its keys
# were thrown away.
SIGNED_WITH_SHA_1 = b"""\
-----BEGIN CERTIFICATE-----
MIIBqTCCAVCgAwIBAgIUWup5/NdBCqjtIPdL+iKGkS86rxEwCQYHKoZIzj0EATAY
MRYwFAYDVQQDDA1pbnZlbnRlZCByb290MCAXDTI2MTEyODA5NDEzOVoYDzIxMjYx
MTA0MDk0MTM5WjAXMRUwEwYDVQQDDAxpbnZlbnRlZCB0c2EwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAATGIUfQlapFEReiViJ6Fpp5fb0vX8XlffgPPf+devlW/exH
Z6lIrCXbOnhGh+AhxHoIZknLD7oKz7ekMpf36bIGo3gwdjAMBgNVHRMBAf8EAjAA
MA4GA1UdDwEB/wQEAwIHgDAWBgNVHSUBAf8EDDAKBggrBgEFBQcDCDAdBgNVHQ4E
FgQU6Tc/9VAUJEz4h2k66y+0zb4ImiwwHwYDVR0jBBgwFoAUuU1Svo+VNtoauxsE
rCnymF//FcYwCQYHKoZIzj0EAQNIADBFAiA1tuhppG74826mSMgwflPVybZvpjBA
L3RhiZGFVoNfyQIhAPoiTmxo0uoYNMJEqXR2TEyDmzNYXZwgFICxO9FM0sgH
-----END CERTIFICATE-----
"""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a certificate is made; each field is what a good one has."""

    ca: bool = False
    path_length: int | None = None
    signing: bool = True
    issuing: bool = True
    purposes: Sequence[x509.ObjectIdentifier] | None = (STAMPING,)
    critical: bool = True
    start: datetime = NOON - 10 * DAY
    end: datetime = NOON + 10 * DAY


@dataclass(frozen=True)
class Party:
    name: str
    key: Any
    certificate: x509.Certificate


def called(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def party(name: str, kind: Kind, *, by: Party | None = None, key: Any = None) -> Party:
    key = key or ec.generate_private_key(ec.SECP256R1())
    signer, issuer = (by.key, by.name) if by else (key, name)
    usage = x509.KeyUsage(
        digital_signature=kind.signing and not kind.ca,
        content_commitment=False,
        key_encipherment=not kind.signing,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=kind.ca and kind.issuing,
        crl_sign=kind.ca,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(called(name))
        .issuer_name(called(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(kind.start)
        .not_valid_after(kind.end)
        .add_extension(x509.BasicConstraints(kind.ca, kind.path_length), critical=True)
        .add_extension(usage, critical=True)
    )
    if kind.purposes is not None and (not kind.ca or kind.purposes != (STAMPING,)):
        purposes = x509.ExtendedKeyUsage(list(kind.purposes))
        builder = builder.add_extension(purposes, critical=kind.critical)
    return Party(name, key, builder.sign(signer, SHA256()))


ROOT = party("root", Kind(ca=True))
BETWEEN = party("between", Kind(ca=True, path_length=0), by=ROOT)


def pinned(kind: Kind | None = None, *, above: Sequence[Party] = (ROOT,), **more: Any) -> Authority:
    leaf = party("tsa", kind or Kind(), by=above[0], key=more.pop("key", None))
    return Authority(leaf.certificate, tuple(each.certificate for each in above), **more)


def revoked(
    authority: Authority,
    at: datetime,
    reason: x509.ReasonFlags | None,
    *,
    by: Party = ROOT,
    key: Any = None,
) -> Authority:
    line = (
        x509.RevokedCertificateBuilder()
        .serial_number(authority.certificate.serial_number)
        .revocation_date(at)
    )
    if reason is not None:
        line = line.add_extension(x509.CRLReason(reason), critical=False)
    listed = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(called(by.name))
        .last_update(NOON)
        .next_update(NOON + 30 * DAY)
        .add_revoked_certificate(line.build())
        .sign(key or by.key, SHA256())
    )
    return replace(authority, lists=(listed,))


def test_a_good_chain_may_stamp_with_or_without_a_certificate_between() -> None:
    assert unfit(pinned(), NOON) == ""
    assert unfit(pinned(above=(BETWEEN, ROOT)), NOON) == ""
    # Whoever pinned only the one between trusts that one.
    assert unfit(pinned(above=(BETWEEN,)), NOON) == ""
    assert unfit(pinned(key=rsa.generate_private_key(65537, 2048)), NOON) == ""


@pytest.mark.parametrize("offset", [-11 * DAY, 11 * DAY])
def test_it_counts_what_was_valid_then_and_not_what_is_valid_now(offset: timedelta) -> None:
    assert "valid from" in unfit(pinned(), NOON + offset)
    short = party("short", Kind(ca=True, end=NOON - DAY))
    assert "above its own was valid" in unfit(pinned(above=(short,)), NOON)
    assert unfit(pinned(above=(short,)), NOON - 2 * DAY) == ""


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Kind(purposes=None), "does not say"),
        (Kind(critical=False), "critically"),
        (Kind(purposes=(STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)), "nothing else"),
        (Kind(purposes=(ExtendedKeyUsageOID.CODE_SIGNING,)), "nothing else"),
        (Kind(purposes=(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)), "nothing else"),
        (Kind(signing=False), "not for signing"),
    ],
)
def test_a_certificate_for_something_else_may_not_stamp(kind: Kind, told: str) -> None:
    authority = pinned(kind)
    assert told in unfit(authority, NOON)
    assert told in misfit(authority)


def test_a_certificate_signed_with_sha_1_may_not_stamp() -> None:
    leaf = x509.load_pem_x509_certificate(SIGNED_WITH_SHA_1)
    assert "broken" in misfit(Authority(leaf, (ROOT.certificate,)))


def test_an_authority_of_certificates_is_no_authority_of_time() -> None:
    ca = party("tsa", Kind(ca=True, purposes=(STAMPING, STAMPING)), by=ROOT)
    assert unfit(Authority(ca.certificate, (ROOT.certificate,)), NOON) != ""
    own = party("own", Kind())
    assert "its own root" in unfit(Authority(own.certificate, (own.certificate,)), NOON)
    weak = pinned(key=rsa.generate_private_key(65537, 1024))
    assert "1024 bits" in unfit(weak, NOON)


def _stranger() -> Authority:
    return Authority(pinned().certificate, (party("root", Kind(ca=True)).certificate,))


def _no_ca() -> Authority:
    return pinned(above=(party("no ca", Kind(), by=ROOT), ROOT))


def _not_issuing() -> Authority:
    return pinned(above=(party("mute", Kind(ca=True, issuing=False), by=ROOT), ROOT))


def _too_deep() -> Authority:
    low = party("low", Kind(ca=True), by=BETWEEN)  # BETWEEN allows nothing below it but leaves
    return pinned(above=(low, BETWEEN, ROOT))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (_stranger, "none of the roots"),
        (_no_ca, "not that of a certification authority"),
        (_not_issuing, "may not issue"),
        (_too_deep, "fewer steps"),
    ],
)
def test_a_chain_that_does_not_hold_leads_nowhere(make: Callable[[], Authority], told: str) -> None:
    assert told in unfit(make(), NOON)


@pytest.mark.parametrize(
    "reason",
    [
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
    ],
)
def test_a_certificate_whose_use_ended_keeps_its_earlier_tokens(reason: x509.ReasonFlags) -> None:
    authority = revoked(pinned(), NOON, reason)
    assert unfit(authority, NOON - timedelta(seconds=1)) == ""
    assert "revoked from 2026-11-01" in unfit(authority, NOON)


@pytest.mark.parametrize(
    "reason", [None, x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise]
)
def test_a_certificate_whose_key_is_in_doubt_keeps_none(
    reason: x509.ReasonFlags | None,
) -> None:
    authority = revoked(pinned(), NOON, reason)
    assert "none of its tokens counts" in unfit(authority, NOON - 5 * DAY)


def test_a_list_counts_where_it_is_from_and_of_whom_it_speaks() -> None:
    authority = pinned()
    forged = revoked(authority, NOON, None, key=ec.generate_private_key(ec.SECP256R1()))
    assert "issuer's signature" in unfit(forged, NOON)
    # Another issuer's list, and one that names another certificate, say nothing of this one.
    assert unfit(revoked(authority, NOON, None, by=BETWEEN), NOON) == ""
    other = revoked(pinned(), NOON, None)
    assert unfit(replace(authority, lists=other.lists), NOON) == ""
    # A certificate between is revoked: what it issued falls with it.
    deep = pinned(above=(BETWEEN, ROOT))
    taken = revoked(Authority(BETWEEN.certificate, ()), NOON - DAY, None)
    assert "revoked" in unfit(replace(deep, lists=taken.lists), NOON)
    back = revoked(authority, NOON, x509.ReasonFlags.remove_from_crl)
    assert unfit(back, NOON) == ""


def test_the_key_file_brings_lists_and_tokens_are_judged_by_them() -> None:
    tsa = SandboxAuthority.make()
    message = b"a checkpoint"
    query = time_query(hashlib.sha256(message).digest(), nonce=7)
    token = tsa.reply(query)
    authority = Authority(tsa.certificate, (tsa.root,))
    assert isinstance(time_of(token, query=query, message=message, pinned=authority), datetime)
    line = tsa.pin | {"crls": []}
    (parsed,) = Keys.parse(canonical({"tsa": [line]})).authorities
    assert parsed == authority
    # An expired list of nobody's is read, and tells nothing of this authority.
    listed = revoked(pinned(), NOON, None).lists[0].public_bytes(Encoding.PEM).decode()
    (parsed,) = Keys.parse(canonical({"tsa": [tsa.pin | {"crls": [listed]}]})).authorities
    assert isinstance(time_of(token, query=query, message=message, pinned=parsed), datetime)
    for bad in ({"crls": "x"}, {"crls": ["x"]}, {"crls": [7]}):
        with pytest.raises(Exception, match=r"crls|revocation"):
            Keys.parse(canonical({"tsa": [tsa.pin | bad]}))


def test_a_token_from_before_the_certificate_was_valid_is_not_believed() -> None:
    early = SandboxAuthority.make(clock=lambda: datetime.now(UTC) - timedelta(days=30))
    late = SandboxAuthority.make()
    message = b"a checkpoint"
    query = time_query(hashlib.sha256(message).digest(), nonce=7)
    # The keys and certificates of now, the clock of thirty days ago.
    backdated = replace(late, clock=early.clock)
    token = backdated.reply(query)
    pin = Authority(late.certificate, (late.root,))
    said = time_of(token, query=query, message=message, pinned=pin)
    assert isinstance(said, str)
