"""A vault that is a folder of key files, mode 0600 in a folder of mode 0700.

    <tenant>/wrapping.json      32 bytes, AES-256-GCM: wraps the orders' keys
    <tenant>/lookup.json        32 bytes, HMAC-SHA-256: look-up of personal values
    <tenant>/manifest.json      ECDSA P-256: signs manifests and statements
    <tenant>/log-<hash>.json    Ed25519: signs the log with the origin of that hash

A key is made the first time it is asked for, and never replaced. Several processes may ask at
once: one of them makes the key, and all of them use it. A KMS fits behind the same names.

Losing the folder loses what the ledger and the objects say; copying it gives both away.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from evidence.canonical import canonical, from_base64, parse_canonical, to_base64
from evidence.dsse import EcdsaSigner, Signer
from evidence.errors import AccessError, CorruptionError, FormatError, RequestError
from evidence.notes import Ed25519NoteSigner, NoteSigner
from evidence.times import rfc3339
from storage.files import SECRET, create, make_folder

KEY_BYTES = 32
_NONCE_BYTES = 12
_WRAPPED = b"\x01"
_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class _Key:
    """A secret and since when it is in use."""

    secret: bytes = field(repr=False)
    valid_from: str


class Vault:
    """Keys of all tenants; `Vault.open` makes one."""

    def __init__(self, folder: Path, clock: Callable[[], datetime]) -> None:
        self._folder = folder
        self._clock = clock
        self._keys: dict[Path, _Key] = {}

    @classmethod
    def open(cls, folder: Path, *, clock: Callable[[], datetime] | None = None) -> "Vault":
        """The vault in `folder`, which is made if it is not there.

        clock   UTC, says since when a new key is valid

        Raises AccessError if others than the owner may enter the folder.
        """
        make_folder(folder.parent)
        make_folder(folder, mode=0o700)
        if folder.stat().st_mode & 0o077:
            why = "others may enter the folder; take that away with chmod 700"
            raise AccessError(source="The vault", why=why)
        return cls(folder, clock or (lambda: datetime.now(UTC)))

    def manifest_signer(self, tenant: str) -> Signer:
        """ECDSA P-256, for manifests and statements."""
        return EcdsaSigner(_p256(self._manifest_key(tenant)))

    def log_signer(self, tenant: str, origin: str) -> NoteSigner:
        """Ed25519 under the key name `origin`, for the checkpoints of that log."""
        return self._log_signer(tenant, origin)

    def public_keys(self, tenant: str, origin: str) -> dict[str, list[dict[str, str]]]:
        """What a verifier needs: `manifest` keys as PEM, `log` keys as vkey, each dated."""
        manifest = self._manifest_key(tenant)
        public = _p256(manifest).public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        keyid = self.manifest_signer(tenant).keyid
        vkey = self._log_signer(tenant, origin).verifier.vkey
        log = self._log_key(tenant, origin)
        return {
            "manifest": [{"keyid": keyid, "pem": pem, "valid_from": manifest.valid_from}],
            "log": [{"vkey": vkey, "valid_from": log.valid_from}],
        }

    def wrap(self, tenant: str, secret: bytes, *, context: bytes) -> bytes:
        """`secret` so that only `unwrap` with the same tenant and context gives it back."""
        nonce = os.urandom(_NONCE_BYTES)
        return _WRAPPED + nonce + self._wrapping(tenant).encrypt(nonce, secret, context)

    def unwrap(self, tenant: str, wrapped: bytes, *, context: bytes) -> bytes:
        """The inverse of `wrap`; CorruptionError for any other bytes, tenant or context."""
        nonce, sealed = wrapped[1 : 1 + _NONCE_BYTES], wrapped[1 + _NONCE_BYTES :]
        try:
            if wrapped[:1] != _WRAPPED:
                raise InvalidTag
            return self._wrapping(tenant).decrypt(nonce, sealed, context)
        except (InvalidTag, ValueError) as error:
            why = "this vault cannot open it: it was changed, or wrapped elsewhere"
            raise CorruptionError(what="A wrapped key", why=why) from error

    def lookup(self, tenant: str, kind: str, value: str) -> str:
        """The same 64 hex digits for the same value, and no way back without the vault."""
        key = self._key(tenant, "lookup", _random_bytes).secret
        # The length keeps ("ab", "c") apart from ("a", "bc").
        message = b"%d:%b%b" % (len(kind.encode()), kind.encode(), value.encode())
        return hmac.digest(key, message, "sha256").hex()

    def _wrapping(self, tenant: str) -> AESGCM:
        return AESGCM(self._key(tenant, "wrapping", _random_bytes).secret)

    def _manifest_key(self, tenant: str) -> _Key:
        return self._key(tenant, "manifest", _new_p256)

    def _log_key(self, tenant: str, origin: str) -> _Key:
        hashed = hashlib.sha256(origin.encode()).hexdigest()[:32]
        return self._key(tenant, f"log-{hashed}", _random_bytes)

    def _log_signer(self, tenant: str, origin: str) -> Ed25519NoteSigner:
        secret = self._log_key(tenant, origin).secret
        return Ed25519NoteSigner(origin, ed25519.Ed25519PrivateKey.from_private_bytes(secret))

    def _key(self, tenant: str, name: str, new: Callable[[], bytes]) -> _Key:
        if not _TENANT.fullmatch(tenant):
            why = "a tenant's name is 1 to 63 of a-z, 0-9, - and _, and begins with one of a-z, 0-9"
            raise RequestError(what="The tenant", why=why)
        path = self._folder / tenant / f"{name}.json"
        if path not in self._keys:
            if not path.exists():
                make_folder(path.parent, mode=0o700)
                text = {"v": 1, "secret": to_base64(new()), "valid_from": rfc3339(self._clock())}
                create(path, canonical(text), mode=SECRET)
            # Read back even if just made: another process may have been first.
            self._keys[path] = _read_key(path)
        return self._keys[path]


def _read_key(path: Path) -> _Key:
    what = f"The key file {path.parent.name}/{path.name}"
    if path.stat().st_mode & 0o077:
        why = "others than its owner may read it; take that away with chmod 600"
        raise AccessError(source=what, why=why)
    value: Any = parse_canonical(path.read_bytes(), limit=10_000, what=what)
    match value:
        case {"v": 1, "secret": str(secret), "valid_from": str(valid_from)}:
            return _Key(from_base64(secret, what=what), valid_from)
    raise FormatError(what=what, why="its fields are not those of a version 1 key file")


def _random_bytes() -> bytes:
    return os.urandom(KEY_BYTES)


def _new_p256() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _p256(key: _Key) -> ec.EllipticCurvePrivateKey:
    loaded = load_der_private_key(key.secret, password=None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise FormatError(what="The manifest key", why="it is not on P-256")
    return loaded
