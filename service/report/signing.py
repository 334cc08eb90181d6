"""Sign a report as a PDF (PAdES), by the key that signs the tenant's manifests.

The certificate is the key's own: self-issued, for as long as the key is, and the same each time. It
shows in any reader of PDF that the file was not changed; who signed is told by the key, which must
be had from elsewhere, as for a bundle.

Three things keep a signed PDF/A what it is (ISO 19005-1, 6.9, 6.7.3, 6.1.8): the field has an
appearance without fonts, Info is left as it was, and the added part begins on a line of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from datetime import UTC, datetime
from typing import Any

from evidence.dsse import Signer
from evidence.errors import RequestError
from service.typeset.typeset import lacking

FIELD = "Seal"
# On the first page, in points from its lower left corner; report.typ leaves the place free.
BOX = (48, 62, 108, 92)
# A frame and a stroke, as a pen makes it: no text, since every font of the file is embedded.
_MARK = (
    b"q 0.12 0.37 0.60 RG 0.8 w 0.5 0.5 49 19 re S 1.2 w "
    b"7 6 m 13 17 18 16 17 8 c 16 4 22 6 25 11 c 27 15 30 13 30 9 c 31 6 36 7 42 8 c S Q"
)
# RFC 5280, 4.1.2.5: no well-defined end.
_NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def signed(pdf: bytes, *, signer: Signer, pem: str, since: datetime) -> bytes:
    """The PDF with a signature added to it. Blocks; a KMS is asked over the network.

    signer   of the tenant's manifests
    pem      its public key; `since` when it came into use

    Raises ConfigError without the extra `report`, RequestError if it cannot be signed.
    """
    try:
        from pyhanko.pdf_utils.content import RawContent
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import PdfSignatureMetadata, PdfSigner
        from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
        from pyhanko.stamp import StaticStampStyle
    except ImportError as problem:
        raise lacking("The report", "pyhanko") from problem

    class Writer(IncrementalPdfFileWriter):
        def _update_meta(self) -> None:
            """Leave Info as it is: it must go on saying what the XMP says."""

    certificate = certificate_of(signer, pem=pem, since=since)
    out = io.BytesIO()
    begun = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    try:
        PdfSigner(
            PdfSignatureMetadata(
                field_name=FIELD,
                md_algorithm="sha256",
                subfilter=SigSeedSubFilter.PADES,
                name=f"orderproof {signer.keyid[:16]}",
            ),
            signer=_signer(signer, certificate),
            stamp_style=StaticStampStyle(
                background=RawContent(_MARK), background_opacity=1.0, border_width=0
            ),
            new_field_spec=SigFieldSpec(FIELD, on_page=0, box=BOX),
        ).sign_pdf(Writer(io.BytesIO(begun)), output=out)
    except Exception as problem:  # the file is ours, so whatever it stumbles over is a mistake
        why = f"it could not be signed ({type(problem).__name__}: {problem})"
        raise RequestError(what="The report", why=why[:300]) from problem
    return out.getvalue()


def certificate_of(signer: Signer, *, pem: str, since: datetime) -> Any:
    """A certificate of the key for itself, as asn1crypto has it. RFC 5280, sections 4.1 and 4.2."""
    from asn1crypto import keys, x509
    from asn1crypto import pem as armour

    _, _, der = armour.unarmor(pem.encode())
    name = x509.Name.build({"common_name": f"orderproof manifest key {signer.keyid[:16]}"})
    algorithm = {"algorithm": "sha256_ecdsa"}
    body = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": int.from_bytes(hashlib.sha256(der).digest()[:15], "big"),
            "signature": algorithm,
            "issuer": name,
            "subject": name,
            "validity": {
                "not_before": x509.Time(name="utc_time", value=since.replace(microsecond=0)),
                "not_after": x509.Time(name="general_time", value=_NEVER),
            },
            "subject_public_key_info": keys.PublicKeyInfo.load(der),
            "extensions": [
                {
                    "extn_id": "basic_constraints",
                    "critical": True,
                    "extn_value": x509.BasicConstraints({"ca": False}),
                },
                {
                    "extn_id": "key_usage",
                    "critical": True,
                    "extn_value": x509.KeyUsage({"digital_signature", "non_repudiation"}),
                },
            ],
        }
    )
    return x509.Certificate(
        {
            "tbs_certificate": body,
            "signature_algorithm": algorithm,
            "signature_value": signer.sign(body.dump()),
        }
    )


def _signer(key: Signer, certificate: Any) -> Any:
    """pyHanko's view of our key, which may lie in a KMS."""
    from asn1crypto.algos import SignedDigestAlgorithm
    from pyhanko.sign.signers import Signer as PdfKey
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register(certificate)

    class Key(PdfKey):
        async def async_sign_raw(
            self, data: bytes, digest_algorithm: str, dry_run: bool = False
        ) -> bytes:
            if dry_run:  # as long as the longest that P-256 gives, in DER
                return bytes(72)
            return await asyncio.to_thread(key.sign, data)

    return Key(
        signing_cert=certificate,
        cert_registry=store,
        signature_mechanism=SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
    )
