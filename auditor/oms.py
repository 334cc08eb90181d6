"""Is the OMS signature beside the files over these very files, and whose is it?

It says nothing of the evidence that statement and manifest do not say better. It is the only one
that covers the files for people too: README, report, page, keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from auditor.bag import Bag
from auditor.keys import Keys, Standing
from auditor.seal import why
from evidence.archive import shown
from evidence.bundle import STATEMENT, folder_name
from evidence.canonical import parse_json
from evidence.dsse import IN_TOTO, Envelope, PublicKey, keyid_of, pem_of, verify
from evidence.errors import EvidenceError
from evidence.oms import MODEL_SIG, folder_payload, key_hint, read_folder_signature

_NAME = "model-signature"


def check_folder_signature(bag: Bag, *, own: Keys, pinned: Keys | None) -> None:
    """Compare it with every file that is here; name those that differ."""
    checks = bag.checks
    raw = bag.optional(MODEL_SIG, _NAME)
    if raw is None:
        return  # `files` has said so
    try:
        envelope, hint = read_folder_signature(raw)
    except EvidenceError as error:
        checks.failed(_NAME, f"{MODEL_SIG} cannot be read: {why(error)}.", MODEL_SIG)
        return
    keys = pinned.manifest if pinned and pinned.manifest else own.manifest
    key = _signer(envelope, hint, keys) or _signer(envelope, hint, own.manifest)
    if key is None:
        what = f"{MODEL_SIG} does not bear a signature by a key that is known."
        checks.failed(_NAME, what, MODEL_SIG)
        return
    _compare(bag, envelope)
    if checks.has_failed(_NAME):
        return
    said = f"{MODEL_SIG} is over these very files, signed by "
    if _revoked(keyid_of(key), own, pinned):
        checks.unsure(_NAME, f"{said}a key that was revoked, and no one shows when.", MODEL_SIG)
    elif pinned is None:
        checks.passed(_NAME, f"{said}a key that only the bundle vouches for.", MODEL_SIG)
    elif key in pinned.manifest:
        checks.passed(_NAME, f"{said}the pinned key.", MODEL_SIG)
    else:
        checks.unsure(_NAME, f"{said}a key that only the bundle vouches for: pin it.", MODEL_SIG)


def _signer(envelope: Envelope, hint: str, keys: Iterable[PublicKey]) -> PublicKey | None:
    """The one of these keys that has signed, under its own names; OMS has no Ed25519."""
    names = [signature.keyid for signature in envelope.signatures]
    for key in keys:
        if isinstance(key, Ed25519PublicKey):
            continue
        if names == [keyid_of(key)] and hint == key_hint(pem_of(key)):
            try:
                verify(envelope, [key])
            except EvidenceError:
                continue
            return key
    return None


def _compare(bag: Bag, envelope: Envelope) -> None:
    statement = bag.optional(STATEMENT, _NAME)
    folder = "" if statement is None else folder_name(statement)
    if envelope.payload_type == IN_TOTO and envelope.payload == _right(bag, folder):
        return
    signed = _signed(envelope)
    for path in sorted({*signed, *bag.found} - {MODEL_SIG}):
        if signed.get(path) != bag.found.get(path):
            what = f"{MODEL_SIG} was not made for {shown(path)} as it is here."
            bag.checks.failed(_NAME, what, path)
    if not bag.checks.has_failed(_NAME):
        what = f"{MODEL_SIG} is not the signature that these files call for."
        bag.checks.failed(_NAME, what, MODEL_SIG)


def _right(bag: Bag, folder: str) -> bytes:
    try:
        return folder_payload(folder, bag.found)
    except (EvidenceError, ValueError):  # a file that could not be read has no digest
        return b""


def _signed(envelope: Envelope) -> Mapping[str, str]:
    """The digests that it says, by path; none if it says them in some other shape."""
    found: dict[str, str] = {}
    try:
        match parse_json(envelope.payload):
            case {"predicate": {"resources": [*resources]}}:
                for line in resources:
                    match line:
                        case {"name": str(name), "digest": str(sha256)}:
                            found[name] = sha256
                        case _:
                            return {}
    except EvidenceError:
        return {}
    return found


def _revoked(keyid: str, own: Keys, pinned: Keys | None) -> bool:
    told = [keys.standing.get(keyid, Standing()) for keys in (own, pinned) if keys]
    return any(standing.revoked_since for standing in told)
