"""A time authority of our own (RFC 3161), for the demo, the sandbox and the tests.

Its keys are made anew for each run and kept nowhere, so that nobody can take its tokens for those
of an authority that somebody trusts. It stamps whatever it is asked to, with the clock it is given.
"""

from __future__ import annotations

import hashlib
import secrets as dice
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from service.clock import machine
from service.timestamping.der import SHA256 as SHA256_OID
from service.timestamping.der import (
    generalized_time,
    integer,
    octets,
    oid,
    sequence,
    set_of,
    sha256_algorithm,
    wrapped,
)

PATH = "/tsa"
POLICY = "1.3.6.1.4.1.99999.1.1"
MAX_QUERY_BYTES = 16 << 10

_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"  # RFC 5816
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_ECDSA_SHA256 = "1.2.840.10045.4.3.2"
_GRANTED, _REJECTION = 0, 2
_BAD_REQUEST = wrapped(0x03, b"\x05\x20")  # PKIFailureInfo: badDataFormat, bit 2


@dataclass(frozen=True)
class SandboxAuthority:
    """Made by `SandboxAuthority.make`; `reply` is all it does.

    certificate, root   what is pinned to believe it
    """

    certificate: x509.Certificate
    root: x509.Certificate
    clock: Callable[[], datetime] = machine
    _key: ec.EllipticCurvePrivateKey = field(kw_only=True, repr=False)

    @classmethod
    def make(
        cls, name: str = "Sandbox time authority", *, clock: Callable[[], datetime] = machine
    ) -> SandboxAuthority:
        """With fresh keys; the certificates are valid for a year around the clock it is given."""
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        above = f"{name}, root"
        return cls(
            certificate=_certificate(name, key, by=above, signer=root_key, at=clock()),
            root=_certificate(above, root_key, by=above, signer=root_key, at=clock()),
            clock=clock,
            _key=key,
        )

    def reply(self, query: bytes) -> bytes:
        """A TimeStampResp to a TimeStampReq; a rejection where it cannot be read."""
        from rfc3161_client._rust import parse_timestamp_request

        try:
            asked = parse_timestamp_request(query)
            digest = bytes(asked.message_imprint.message)
            policy = asked.policy.dotted_string if asked.policy else POLICY
            sha256 = asked.message_imprint.hash_algorithm.dotted_string == SHA256_OID
        except ValueError:
            return _rejection()
        if not sha256 or len(digest) != 32 or policy != POLICY:
            return _rejection()
        return self.token(digest, nonce=asked.nonce, with_certificate=asked.cert_req)

    def token(self, digest: bytes, *, nonce: int | None, with_certificate: bool) -> bytes:
        """A granted TimeStampResp over this SHA-256 digest, whoever asked."""
        info = sequence(
            integer(1),
            oid(POLICY),
            sequence(sha256_algorithm(), octets(digest)),
            integer(dice.randbits(63)),
            generalized_time(self.clock()),
            b"" if nonce is None else integer(nonce),
        )
        certificate = self.certificate.public_bytes(Encoding.DER)
        signed = (
            sequence(oid(_CONTENT_TYPE), set_of(oid(_TST_INFO))),
            sequence(oid(_MESSAGE_DIGEST), set_of(octets(hashlib.sha256(info).digest()))),
            sequence(oid(_SIGNING_CERTIFICATE_V2), set_of(_certificate_id(certificate))),
        )
        signer = sequence(
            integer(1),
            sequence(
                self.certificate.issuer.public_bytes(),
                integer(self.certificate.serial_number),
            ),
            sha256_algorithm(),
            # The same attributes, under a context tag here and as a SET where they are signed.
            b"\xa0" + set_of(*signed)[1:],
            sequence(oid(_ECDSA_SHA256)),
            octets(self._key.sign(set_of(*signed), ec.ECDSA(SHA256()))),
        )
        content = sequence(
            integer(3),
            set_of(sha256_algorithm()),
            sequence(oid(_TST_INFO), wrapped(0xA0, octets(info))),
            wrapped(0xA0, certificate) if with_certificate else b"",
            set_of(signer),
        )
        token = sequence(oid(_SIGNED_DATA), wrapped(0xA0, content))
        return sequence(sequence(integer(_GRANTED)), token)

    def routes(self) -> list[web.RouteDef]:
        async def stamp(request: web.Request) -> web.Response:
            query = await request.content.read(MAX_QUERY_BYTES)
            return web.Response(body=self.reply(query), content_type="application/timestamp-reply")

        return [web.post(PATH, stamp)]

    def leave(self, folder: Path) -> tuple[Path, Path]:
        """Write `tsa.pem` and `root.pem`, nothing secret, into `folder`; their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, certificate in (("tsa.pem", self.certificate), ("root.pem", self.root)):
            (folder / name).write_bytes(certificate.public_bytes(Encoding.PEM))
            written.append(folder / name)
        return written[0], written[1]

    @property
    def pin(self) -> dict[str, Any]:
        """Its line in a key file, under `tsa`."""
        pem, root = (
            each.public_bytes(Encoding.PEM).decode() for each in (self.certificate, self.root)
        )
        return {"pem": pem, "roots": [root]}


def _rejection() -> bytes:
    return sequence(sequence(integer(_REJECTION), _BAD_REQUEST))


def _certificate_id(certificate: bytes) -> bytes:
    """SigningCertificateV2 of the one certificate; SHA-256 is its default and left out."""
    return sequence(sequence(sequence(octets(hashlib.sha256(certificate).digest()))))


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    by: str,
    signer: ec.EllipticCurvePrivateKey,
    at: datetime,
) -> x509.Certificate:
    is_root = key is signer
    usage = x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(_called(name))
        .issuer_name(_called(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if not is_root:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(purpose, critical=True)
    return builder.sign(signer, SHA256())


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
