"""Content credentials (C2PA): whether the signed manifest in a file fits the file.

No anchor is trusted here, so "fits" says that nothing was changed since somebody signed, and
not who that was. Programs that re-encode a picture drop the manifest; that is no trace.
"""

from __future__ import annotations

import io
import json
from typing import Any

from evidence.locators import meta
from evidence.media import sniff
from verifiers.readers.traces.trace import Trace, shortened

_AT = meta("C2PA")
# What says that the content is another than was signed (C2PA 2.1, 15.2); the rest is about trust.
_CHANGED = ("mismatch", "hash", "signature.mismatch", "claimSignature.mismatch")


def traces_in(data: bytes) -> list[Trace]:
    """One trace for a file with a manifest, none for one without."""
    if b"c2pa" not in data and b"jumb" not in data:
        return []
    import c2pa

    # A file may name an address to fetch its manifest from, or ask a certificate's status of.
    offline = c2pa.Settings.from_dict(
        {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
    )
    try:
        with (
            c2pa.Context(settings=offline) as context,
            c2pa.Reader(sniff(data[:4096]), io.BytesIO(data), context=context) as reader,
        ):
            said = json.loads(reader.json())
    except c2pa.C2paError.ManifestNotFound:
        return []
    except c2pa.C2paError as problem:
        why = f"its content credentials cannot be read ({type(problem).__name__})"
        return [Trace("trace.unchecked", why)]
    return [_judged(said)]


def _judged(said: dict[str, Any]) -> Trace:
    codes = [
        str(status.get("code", ""))
        for status in said.get("validation_status") or []
        if isinstance(status, dict)
    ]
    changed = [code for code in codes if any(word in code for word in _CHANGED)]
    who = shortened(_issuer(said))
    if changed:
        text = f"the content is not what {who} signed ({', '.join(changed[:3])[:120]})"
        return Trace("trace.credential.broken", text, _AT, 0.97)
    if said.get("validation_state") in {"Valid", "Trusted"}:
        text = f"the content is what {who} signed; who that is was not checked"
        return Trace("trace.credential.holds", text, _AT)
    reasons = ", ".join(codes[:3])[:120]
    return Trace("trace.unchecked", f"its content credentials do not verify ({reasons})", _AT)


def _issuer(said: dict[str, Any]) -> str:
    manifest = (said.get("manifests") or {}).get(said.get("active_manifest")) or {}
    signature = manifest.get("signature_info") or {}
    return str(signature.get("common_name") or signature.get("issuer") or "an unnamed signer")
