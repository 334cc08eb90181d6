"""A vault that is a folder of key files, mode 0600 in a folder of mode 0700.

    <tenant>/wrapping.json      32 bytes, AES-256-GCM: wraps the orders' keys
    <tenant>/lookup.json        32 bytes, HMAC-SHA-256: look-up of personal values
    <tenant>/manifest.json      ECDSA P-256: signs manifests and statements
    <tenant>/log-<hash>.json    Ed25519: signs the log with the origin of that hash

A key is made the first time it is asked for. Several processes may ask at once: one of them makes
the key, and all of them use it. The two that sign can be replaced and revoked (see ring.py); the
manifest key may be one that AWS KMS holds (see kms.py). A log's key is replaced with an overlap:
until it ends both sign every head, so whoever pinned the old key has time to pin the new one.

Losing the folder loses what the ledger and the objects say; copying it gives both away.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

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

from evidence.dsse import EcdsaSigner, Signer, keyid_of, public_key_from_pem
from evidence.errors import AccessError, CorruptionError, FormatError, RequestError
from evidence.key_records import Ed25519Signer, KeyEvent, KeyKind, KeyRecord
from evidence.notes import Ed25519NoteSigner, NoteSigner, NoteVerifier
from evidence.times import parse_rfc3339, rfc3339
from storage.files import make_folder
from storage.vault.kms import KmsSigner, public_pem
from storage.vault.ring import KeyFile, KeyRing

KEY_BYTES = 32
_NONCE_BYTES = 12
_WRAPPED = b"\x01"
_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


# How long an old log key goes on signing beside the new one.
OVERLAP = timedelta(days=30)
_KMS = "kms:"


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """A key record with those who must sign it, and a name that is the same after a crash."""

    name: str
    record: KeyRecord
    signers: tuple[Signer, ...]


class Vault:
    """Keys of all tenants; `Vault.open` makes one."""

    def __init__(
        self, folder: Path, clock: Callable[[], datetime], manifest: str, endpoint: str | None
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._manifest = manifest
        self._endpoint = endpoint
        self._rings: dict[tuple[str, str], KeyRing] = {}

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        clock: Callable[[], datetime] | None = None,
        manifest: str = "file",
        kms_endpoint: str | None = None,
    ) -> "Vault":
        """The vault in `folder`, which is made if it is not there.

        clock         UTC, says since when a new key is valid
        manifest      where manifests are signed: "file", or "kms:" and the key's ARN
        kms_endpoint  another address of KMS than AWS's own

        Raises AccessError if others than the owner may enter the folder.
        """
        make_folder(folder.parent)
        make_folder(folder, mode=0o700)
        if folder.stat().st_mode & 0o077:
            why = "others may enter the folder; take that away with chmod 700"
            raise AccessError(source="The vault", why=why)
        if manifest != "file" and not manifest.removeprefix(_KMS).strip():
            raise RequestError(what="The signing key", why="no KMS key is named after kms:")
        if manifest != "file" and not manifest.startswith(_KMS):
            raise RequestError(what="The signing key", why='it is neither "file" nor "kms:ARN"')
        return cls(folder, clock or (lambda: datetime.now(UTC)), manifest, kms_endpoint)

    def manifest_signer(self, tenant: str) -> Signer:
        """ECDSA P-256, for manifests and statements.

        Raises RequestError if another key is configured than is in use: that takes a rotation.
        """
        key = self._manifest_keys(tenant)[-1]
        if key.kms != self._configured_kms():
            why = (
                "the configuration names another key than the one in use; replace that with "
                "`orderproof keys rotate manifest`"
            )
            raise RequestError(what="The manifest key", why=why)
        return self._envelope_signer(key)

    def log_signer(self, tenant: str, origin: str) -> NoteSigner:
        """Ed25519 under the key name `origin`: the key in use for the heads of that log."""
        return _log_signer(self._log_keys(tenant, origin)[-1], origin)

    def log_signers(self, tenant: str, origin: str) -> list[NoteSigner]:
        """All that are to sign a head now: the key in use, and during an overlap the old one."""
        keys = self._log_keys(tenant, origin)
        now = rfc3339(self._clock())
        signers: list[NoteSigner] = [_log_signer(keys[-1], origin)]
        for old, new in zip(keys[-2::-1], keys[:0:-1], strict=True):
            if old.revoked_since or new.overlap_until <= now:
                break  # and all before it are out of use too
            signers.append(_log_signer(old, origin))
        return signers

    def log_verifiers(self, tenant: str, origin: str) -> list[NoteVerifier]:
        """Every key that ever signed heads of that log, oldest first."""
        return [_log_signer(key, origin).verifier for key in self._log_keys(tenant, origin)]

    def public_keys(self, tenant: str, origin: str) -> dict[str, list[dict[str, str]]]:
        """What a verifier needs, newest first: `manifest` keys as PEM, `log` keys as vkey.

        Each has `valid_from`, one that was replaced `valid_to`, and one that was revoked
        `revoked_since`. All of them are by our clock.
        """
        manifest, log = self._manifest_keys(tenant), self._log_keys(tenant, origin)
        public = _public(origin, tuple(manifest), tuple(log))
        return {kind: [dict(key) for key in keys] for kind, keys in public.items()}

    def rotate(
        self, tenant: str, kind: KeyKind, origin: str, *, overlap: timedelta = OVERLAP
    ) -> None:
        """Begin a new key. An old log key signs beside it for `overlap`; a manifest key stops.

        The new manifest key is the configured one, or a new file. Record it afterwards.
        Raises RequestError if the configured KMS key is in use already.
        """
        now = self._clock()
        if kind is KeyKind.MANIFEST:
            keys = self._manifest_keys(tenant)
            if any(key.kms and key.kms == self._configured_kms() for key in keys):
                why = "the configured KMS key was used before; name a new one in [signing] first"
                raise RequestError(what="The rotation", why=why)
            self._ring(tenant, "manifest").add(len(keys) + 1, self._new_manifest_key())
            return
        keys = self._log_keys(tenant, origin)
        until = rfc3339(now + overlap) if overlap > timedelta(0) else ""
        new = KeyFile(secret=_random_bytes(), valid_from=rfc3339(now), overlap_until=until)
        self._ring(tenant, _log_name(origin)).add(len(keys) + 1, new)

    def revoke(self, tenant: str, origin: str, id: str, *, since: datetime) -> KeyKind:
        """A key is not to be believed for what it signed at `since` or later; it signs no more.

        id   its keyid or vkey, or at least 8 digits of its keyid or key ID

        One that is in use is replaced first, without overlap. Record it afterwards.
        Raises RequestError if no key, or more than one, is called this.
        """
        kind, number, current = self._find(tenant, origin, id)
        if current:
            self.rotate(tenant, kind, origin, overlap=timedelta(0))
        name = "manifest" if kind is KeyKind.MANIFEST else _log_name(origin)
        self._ring(tenant, name).revoke(number, rfc3339(since))
        return kind

    def records(self, tenant: str, origin: str) -> list[SignedRecord]:
        """Every rotation and revocation there was, to be put into the log; the same each time."""
        manifest = self._manifest_keys(tenant)
        ids = [keyid_of(public_key_from_pem(_pem(key).encode())) for key in manifest]
        signers = [self._envelope_signer(key) for key in manifest]
        found = _records(KeyKind.MANIFEST, origin, manifest, ids, signers)
        log = self._log_keys(tenant, origin)
        ids = [_log_signer(key, origin).verifier.vkey for key in log]
        signers = [Ed25519Signer(_log_signer(key, origin).key) for key in log]
        return [*found, *_records(KeyKind.LOG, origin, log, ids, signers)]

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
        key = self._only(tenant, "lookup").secret
        # The length keeps ("ab", "c") apart from ("a", "bc").
        message = b"%d:%b%b" % (len(kind.encode()), kind.encode(), value.encode())
        return hmac.digest(key, message, "sha256").hex()

    def _wrapping(self, tenant: str) -> AESGCM:
        return AESGCM(self._only(tenant, "wrapping").secret)

    def _only(self, tenant: str, name: str) -> KeyFile:
        return self._ring(tenant, name).keys(lambda: self._file(_random_bytes()))[0]

    def _manifest_keys(self, tenant: str) -> list[KeyFile]:
        return self._ring(tenant, "manifest").keys(self._new_manifest_key)

    def _log_keys(self, tenant: str, origin: str) -> list[KeyFile]:
        return self._ring(tenant, _log_name(origin)).keys(lambda: self._file(_random_bytes()))

    def _ring(self, tenant: str, name: str) -> KeyRing:
        if not _TENANT.fullmatch(tenant):
            why = "a tenant's name is 1 to 63 of a-z, 0-9, - and _, and begins with one of a-z, 0-9"
            raise RequestError(what="The tenant", why=why)
        return self._rings.setdefault((tenant, name), KeyRing(self._folder / tenant, name))

    def _file(self, secret: bytes) -> KeyFile:
        return KeyFile(secret=secret, valid_from=rfc3339(self._clock()))

    def _new_manifest_key(self) -> KeyFile:
        arn = self._configured_kms()
        if not arn:
            return self._file(_new_p256())
        pem = public_pem(arn, endpoint=self._endpoint)
        return KeyFile(kms=arn, pem=pem, valid_from=rfc3339(self._clock()))

    def _configured_kms(self) -> str:
        return "" if self._manifest == "file" else self._manifest.removeprefix(_KMS)

    def _envelope_signer(self, key: KeyFile) -> Signer:
        if key.kms:
            return KmsSigner(key.kms, key.pem, endpoint=self._endpoint)
        return EcdsaSigner(_p256(key))

    def _find(self, tenant: str, origin: str, id: str) -> tuple[KeyKind, int, bool]:
        """Kind and number of the key that is called this, and whether it is in use."""
        public = self.public_keys(tenant, origin)
        found: list[tuple[KeyKind, int, bool]] = []
        for kind in KeyKind:
            lines = public[str(kind)][::-1]
            for number, line in enumerate(lines, start=1):
                full = line.get("keyid") or line["vkey"]
                short = full if kind is KeyKind.MANIFEST else full.split("+", 2)[1]
                if id == full or (len(id) >= 8 and short.startswith(id)):
                    found.append((kind, number, number == len(lines)))
        if len(found) != 1:
            why = f"{len(found)} keys are called {id[:80]!r}; `orderproof keys list` names them"
            raise RequestError(what="The key", why=why)
        return found[0]


def _records(
    kind: KeyKind, origin: str, keys: list[KeyFile], ids: list[str], signers: list[Signer]
) -> list[SignedRecord]:
    found: list[SignedRecord] = []
    for at in range(1, len(keys)):
        record = KeyRecord(
            event=KeyEvent.ROTATED,
            kind=kind,
            origin=origin,
            old=ids[at - 1],
            new=ids[at],
            at=parse_rfc3339(keys[at].valid_from),
        )
        name = f"{kind}/{at + 1}/rotated"
        found.append(SignedRecord(name, record, (signers[at - 1], signers[at])))
    for at, key in enumerate(keys):
        if key.revoked_since and at + 1 < len(keys):  # else its replacement is being made now
            record = KeyRecord(
                event=KeyEvent.REVOKED,
                kind=kind,
                origin=origin,
                old=ids[at],
                new=ids[at + 1],
                at=parse_rfc3339(key.revoked_since),
            )
            name = f"{kind}/{at + 1}/revoked/{key.revoked_since}"
            found.append(SignedRecord(name, record, (signers[at + 1],)))
    return found


def _windows(keys: Sequence[KeyFile]) -> list[dict[str, str]]:
    windows = []
    for key, follower in zip(keys, [*keys[1:], None], strict=True):
        window = {"valid_from": key.valid_from}
        if follower is not None:
            window["valid_to"] = follower.overlap_until or follower.valid_from
        if key.revoked_since:
            window["revoked_since"] = key.revoked_since
        windows.append(window)
    return windows


def _log_name(origin: str) -> str:
    return f"log-{hashlib.sha256(origin.encode()).hexdigest()[:32]}"


@lru_cache(maxsize=64)  # asked for at each head
def _public(
    origin: str, manifest: tuple[KeyFile, ...], log: tuple[KeyFile, ...]
) -> dict[str, list[dict[str, str]]]:
    return {
        "manifest": [
            {"keyid": keyid_of(public_key_from_pem(pem.encode())), "pem": pem} | window
            for pem, window in zip(map(_pem, manifest), _windows(manifest), strict=True)
        ][::-1],
        "log": [
            {"vkey": _log_signer(key, origin).verifier.vkey} | window
            for key, window in zip(log, _windows(log), strict=True)
        ][::-1],
    }


@lru_cache(maxsize=64)
def _log_signer(key: KeyFile, origin: str) -> Ed25519NoteSigner:
    return Ed25519NoteSigner(origin, ed25519.Ed25519PrivateKey.from_private_bytes(key.secret))


def _pem(key: KeyFile) -> str:
    if key.kms:
        return key.pem
    public = _p256(key).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _random_bytes() -> bytes:
    return os.urandom(KEY_BYTES)


def _new_p256() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _p256(key: KeyFile) -> ec.EllipticCurvePrivateKey:
    loaded = load_der_private_key(key.secret, password=None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise FormatError(what="The manifest key", why="it is not on P-256")
    return loaded
