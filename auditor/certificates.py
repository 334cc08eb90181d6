"""Could this authority's certificate stamp anything at that moment?

Asked of certificates that were pinned, and of nothing in the token or on a network:

- the certificate was valid at the token's time, and so was every one above it;
- it is for time-stamping and for nothing else (RFC 3161, 2.3), signs, and is no authority's;
- it leads to a pinned root, each step by a certificate that may issue, as deep as that allows;
- no pinned revocation list takes it back. Of a certificate that was revoked because its use ended,
  earlier tokens stay good; because its key was in doubt, or for a reason not told, none does
  (RFC 3161, 4).

Not asked: OCSP, lists that nobody pinned, policies of certificates, name constraints.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from auditor.keys import Authority
from evidence.times import rfc3339

MOST_STEPS = 8
_WEAK = frozenset({"md5", "sha1"})
_ENDED = frozenset(
    {
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
    }
)
_KEYS = (
    dsa.DSAPublicKey,
    ec.EllipticCurvePublicKey,
    ed25519.Ed25519PublicKey,
    ed448.Ed448PublicKey,
    rsa.RSAPublicKey,
)


def unfit(authority: Authority, at: datetime) -> str:
    """Why a token of this time by this authority does not count, as a phrase; "" if it does."""
    leaf = authority.certificate
    why = misfit(authority) or _window(leaf, at, "its certificate")
    chain = _chain(leaf, authority.roots)
    for below, above in zip([leaf, *chain], chain, strict=False):
        why = (
            why
            or _window(above, at, "a certificate above its own")
            or _revoked(below, above, authority.lists, at)
        )
    return why


def misfit(authority: Authority) -> str:
    """The same, as far as no time matters."""
    leaf = authority.certificate
    try:
        chain = _chain(leaf, authority.roots)
        why = _purpose(leaf)
        if leaf in authority.roots:
            why = why or "its certificate is given as its own root"
        if not chain:
            why = why or "its certificate leads to none of the roots that were pinned"
        for depth, (below, above) in enumerate(zip([leaf, *chain], chain, strict=False)):
            why = why or _may_issue(above, below, depth)
        return why
    except ValueError:  # an extension that cannot be read
        return "a certificate of it is malformed"


def _window(certificate: x509.Certificate, at: datetime, which: str) -> str:
    if certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        return ""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return f"{which} was valid from {_written(start)} to {_written(end)} only"


def _purpose(leaf: x509.Certificate) -> str:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return "its certificate does not say that it is for time-stamping"
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        return "its certificate is not, critically, for time-stamping and for nothing else"
    if _is_authority(leaf):
        return "its certificate is that of a certification authority"
    signing = _usage(leaf)
    if signing is not None and not (signing.digital_signature or signing.content_commitment):
        return "its certificate's key is not for signing"
    if _algorithm(leaf) in _WEAK:
        return "its certificate is signed with a digest that is broken"
    key = leaf.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < 2048:
        return f"its certificate's key has {key.key_size} bits only"
    return ""


def _chain(leaf: x509.Certificate, roots: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """The pinned certificates above it, nearest first, up to one that nothing pinned has issued."""
    chain: list[x509.Certificate] = []
    below = leaf
    while len(chain) < MOST_STEPS:
        above = next((root for root in roots if root != below and _issued(below, root)), None)
        if above is None or above in chain:
            break
        chain.append(above)
        below = above
    return chain


def _issued(below: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _may_issue(above: x509.Certificate, below: x509.Certificate, depth: int) -> str:
    """`depth` counts the certificates of authorities between `above` and the leaf."""
    if not _is_authority(above):
        return "a certificate above its own is not that of a certification authority"
    usage = _usage(above)
    if usage is not None and not usage.key_cert_sign:
        return "a certificate above its own may not issue others"
    basic = above.extensions.get_extension_for_class(x509.BasicConstraints).value
    if basic.path_length is not None and depth > basic.path_length:
        return "a certificate above its own allows fewer steps below it"
    if depth and _algorithm(below) in _WEAK:
        return "a certificate above its own is signed with a digest that is broken"
    return ""


def _revoked(
    below: x509.Certificate,
    above: x509.Certificate,
    lists: Sequence[x509.CertificateRevocationList],
    at: datetime,
) -> str:
    key = above.public_key()
    for each in lists:
        if each.issuer != below.issuer or not isinstance(key, _KEYS):
            continue
        if not each.is_signature_valid(key):
            return "a revocation list that was pinned does not bear its issuer's signature"
        line = each.get_revoked_certificate_by_serial_number(below.serial_number)
        if line is None:
            continue
        since, reason = line.revocation_date_utc, _reason(line)
        if reason is x509.ReasonFlags.remove_from_crl:
            continue
        if reason not in _ENDED:
            told = "for no reason told" if reason is None else f"({reason.value})"
            return f"a certificate of it was revoked {told}: none of its tokens counts"
        if since <= at:
            return f"a certificate of it was revoked from {_written(since)} on"
    return ""


def _reason(line: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    try:
        return line.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return None


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _algorithm(certificate: x509.Certificate) -> str:
    algorithm = certificate.signature_hash_algorithm
    return "" if algorithm is None else algorithm.name  # Ed25519 has a digest of its own


def _written(at: datetime) -> str:
    return rfc3339(at.astimezone(UTC), unit_s=1.0)
