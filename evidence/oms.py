"""The bundle's OMS signature: one over the whole folder, which `model_signing verify key` accepts.

OpenSSF Model Signing 1.0 puts the SHA-256 of every file of a folder into an in-toto Statement, that
into a DSSE envelope, and that into a Sigstore bundle. It is made last, over every file but itself:
so it covers the files for people too, and stands in no BagIt manifest. Nothing else rests on it.

Sources: ossf/model-signing-spec v1.0; sigstore protobuf-specs, bundle v0.3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from evidence.canonical import canonical, parse_json
from evidence.dsse import IN_TOTO, Envelope, Signer, sign, statement
from evidence.errors import FormatError

MODEL_SIG = "model.sig"
OMS_TYPE = "https://model_signing/signature/v1.0"
SIGSTORE_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"

_quoted = json.encoder.encode_basestring
_WHAT = "The OMS signature"
_SERIALIZATION = {
    "method": "files",
    "hash_type": "sha256",
    "allow_symlinks": False,
    "ignore_paths": [MODEL_SIG],
}


def folder_payload(folder: str, files: Mapping[str, str]) -> bytes:
    """What is signed of a folder with this name: SHA-256 in hex of every file, by path.

    The subject's digest is over the files' digests, in the order of their paths.
    """
    ordered = sorted((path, sha256) for path, sha256 in files.items() if path != MODEL_SIG)
    whole = hashlib.sha256(b"".join(bytes.fromhex(sha256) for _, sha256 in ordered)).hexdigest()
    predicate = {"resources": [], "serialization": _SERIALIZATION}
    value = statement([{"name": folder, "digest": {"sha256": whole}}], OMS_TYPE, predicate)
    # What `canonical` would write, in a tenth of its time: there is one of these a file. Paths are
    # quoted by the encoder that it uses.
    resources = ",".join(
        f'{{"algorithm":"sha256","digest":"{sha256}","name":{_quoted(path)}}}'
        for path, sha256 in ordered
    )
    before, after = canonical(value).split(b'"resources":[]')
    return b'%b"resources":[%b]%b' % (before, resources.encode("ascii"), after)


def sign_folder(folder: str, files: Mapping[str, str], *, signer: Signer, pem: str) -> bytes:
    """The bytes of `model.sig`. `pem` is the signer's public key, as `keys.json` gives it."""
    return _written(sign(folder_payload(folder, files), IN_TOTO, [signer]), key_hint(pem))


def key_hint(pem: str) -> str:
    """How a Sigstore bundle names a plain key: the SHA-256 of its PEM."""
    return hashlib.sha256(pem.encode("ascii")).hexdigest()


def read_folder_signature(raw: bytes) -> tuple[Envelope, str]:
    """The envelope and the key's hint of a `model.sig`, which must be written the one way.

    Raises FormatError. Neither its signature nor what it says of the files is checked.
    """
    value = parse_json(raw, what=_WHAT)
    match value:
        case {
            "dsseEnvelope": inside,
            "verificationMaterial": {"publicKey": {"hint": str(hint)}},
        }:
            envelope = Envelope.from_value(inside)
        case _:
            raise FormatError(what=_WHAT, why="it is not a Sigstore bundle with a plain key")
    if _written(envelope, hint) != raw:
        raise FormatError(what=_WHAT, why="it is not written the one way we write it")
    return envelope, hint


def _written(envelope: Envelope, hint: str) -> bytes:
    value: dict[str, Any] = {
        "mediaType": SIGSTORE_BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": hint}, "tlogEntries": []},
        "dsseEnvelope": envelope.to_value(),
    }
    return canonical(value)
