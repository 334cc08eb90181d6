"""A signing key that never leaves AWS KMS: ECC_NIST_P256, used with ECDSA_SHA_256.

KMS draws a random nonce for each signature, so unlike a key in a file it does not sign the same
message the same way twice; what was stored first is kept, so nothing rests on that.

boto3 is imported when a key is used: it is in the extra `s3`.
"""

from __future__ import annotations

import hashlib
import importlib.util
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from evidence.dsse import keyid_of
from evidence.errors import AccessError, CorruptionError, OutageError, RequestError

_ALGORITHM = "ECDSA_SHA_256"
_TIMEOUT_S = 10
# What AWS says when it knows us and says no; everything else may pass.
_DENIED = frozenset(
    {
        "AccessDeniedException",
        "DisabledException",
        "InvalidKeyUsageException",
        "KMSInvalidStateException",
        "NotFoundException",
        "UnrecognizedClientException",
    }
)


class KmsSigner:
    """Signs envelopes with the KMS key `arn`; `pem` is its public half, as the vault keeps it."""

    def __init__(self, arn: str, pem: str, *, endpoint: str | None = None) -> None:
        key = load_pem_public_key(pem.encode())
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise RequestError(what=f"The KMS key {arn}", why="it is not on P-256")
        self._arn = arn
        self._key = key
        self._endpoint = endpoint
        self._client: Any = None

    @property
    def keyid(self) -> str:
        return keyid_of(self._key)

    def sign(self, message: bytes, /) -> bytes:
        """DER. Raises OutageError, AccessError, or CorruptionError for a signature of another key.

        Blocks on the network; a caller on an event loop uses a thread.
        """
        if self._client is None:
            self._client = _client(self._arn, self._endpoint)
        answer = _asked(
            self._client.sign,
            KeyId=self._arn,
            Message=hashlib.sha256(message).digest(),  # KMS takes no more than 4 KiB itself
            MessageType="DIGEST",
            SigningAlgorithm=_ALGORITHM,
        )
        signature = bytes(answer["Signature"])
        try:
            self._key.verify(signature, message, ec.ECDSA(SHA256()))
        except InvalidSignature as error:
            # An alias that was pointed at another key: sealed, it would verify under no key.
            why = "its signature does not verify under the public key kept for it"
            raise CorruptionError(what=f"The KMS key {self._arn}", why=why) from error
        return signature


def public_pem(arn: str, *, endpoint: str | None = None) -> str:
    """The key's public half. Raises RequestError unless it is P-256 and for signing."""
    what = f"The KMS key {arn}"
    answer = _asked(_client(arn, endpoint).get_public_key, KeyId=arn)
    if _ALGORITHM not in answer.get("SigningAlgorithms", []):
        raise RequestError(what=what, why=f"it cannot sign with {_ALGORITHM}")
    key = load_der_public_key(answer["PublicKey"])
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise RequestError(what=what, why="it is not on P-256 (ECC_NIST_P256)")
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _client(arn: str, endpoint: str | None) -> Any:
    if importlib.util.find_spec("boto3") is None:
        raise RequestError(what="signing with a KMS", why="boto3 is absent: install orderproof[s3]")
    import boto3
    from botocore.config import Config

    # arn:aws:kms:REGION:ACCOUNT:key/ID; an id or alias alone leaves the region to the environment
    parts = arn.split(":")
    config = Config(
        connect_timeout=_TIMEOUT_S, read_timeout=_TIMEOUT_S, retries={"max_attempts": 3}
    )
    return boto3.client(
        "kms",
        region_name=parts[3] if arn.startswith("arn:") and len(parts) > 5 else None,
        endpoint_url=endpoint,
        config=config,
    )


def _asked(call: Any, **words: Any) -> Any:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(**words)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _DENIED:
            raise AccessError(source="AWS KMS", why=code) from error
        raise OutageError(source="AWS KMS", why=code or "it answered with an error") from error
    except BotoCoreError as error:
        why = f"the connection failed ({type(error).__name__})"
        raise OutageError(source="AWS KMS", why=why) from error
