"""Signatures in a PDF: whether each fits the bytes it covers, and what came after it.

Who signed is not judged: no root is trusted here, and a certificate from the file proves nothing of
its holder. What is judged is whether the signed bytes are those that are there. pyHanko's `intact`
stays true when pages are painted over in a later revision, so what later revisions did to the pages
is compared by ourselves (pdf_revisions.py), and its own judgement is only told.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from typing import Any

# Its comparison logs objects of the file, as long as the file's author likes.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)

MAX_SIGNATURES = 8


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature.

    intact  True, False, or None where it could not be checked (`why` says the reason)
    end     how many bytes of the file it speaks for
    whole   whether it leaves out nothing before `end` but itself
    moved   whether it stands elsewhere than where it says that it was put: the file was written
            anew since, which says nothing of its content
    """

    field: str
    signer: str
    intact: bool | None
    end: int
    whole: bool = True
    timestamp: bool = False
    why: str = ""
    moved: bool = False


def signatures_of(data: bytes) -> list[Signature]:
    """Every filled signature field, in the order of the bytes they cover; [] if there is none."""
    if b"/ByteRange" not in data:
        return []
    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(io.BytesIO(data), strict=False)
    if reader.encrypted:
        reader.decrypt("")
    found = [_signature(one, data) for one in list(reader.embedded_signatures)[:MAX_SIGNATURES]]
    return sorted(found, key=lambda one: one.end)


_CHECKED = frozenset({"/adbe.pkcs7.detached", "/ETSI.CAdES.detached", "/ETSI.RFC3161"})


def _signature(embedded: Any, data: bytes) -> Signature:
    name = str(embedded.field_name or "")[:60]
    kind = str(embedded.sig_object.get("/SubFilter", ""))
    timestamp = kind == "/ETSI.RFC3161"
    signer, end, whole = "", len(data), True
    try:
        start, length, after, rest = (int(n) for n in embedded.byte_range)
        end = after + rest
        hole = data[start + length : after]
        fits = hole[:1] == b"<" and hole[-1:] == b">"
        whole = start == 0 and fits and end <= len(data)
        cert = embedded.signer_cert
        signer = str(cert.subject.human_friendly)[:120]
        if kind not in _CHECKED:
            return Signature(name, signer, None, end, whole, why=f"its form {kind[:40]} is old")
        intact = _intact(embedded, timestamp=timestamp)
    except Exception as problem:  # an algorithm it does not know, a damaged certificate
        why = f"it cannot be read ({type(problem).__name__})"
        return Signature(name, signer, None, end, whole, timestamp, why)
    return Signature(name, signer, intact, end, whole, timestamp, moved=not fits)


def _intact(embedded: Any, *, timestamp: bool) -> bool:
    """Whether the digest of the covered bytes is the signed one, and the signature fits the key."""
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity

    digest = embedded.compute_digest()
    content = embedded.signed_data["encap_content_info"]
    if timestamp:
        stamped = content["content"].parsed["message_imprint"]["hashed_message"].native
        return bool(stamped == digest)
    intact, valid = validate_sig_integrity(
        embedded.signer_info,
        cert=embedded.signer_cert,
        expected_content_type=content["content_type"].native,
        actual_digest=digest,
    )
    return bool(intact and valid)
