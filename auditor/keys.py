"""Whose signatures count, and where that knowledge comes from.

A key that only the bundle vouches for shows that the bundle agrees with itself. A key that was
pinned, got by another way than the bundle, shows who made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.x509 import (
    Certificate,
    CertificateRevocationList,
    load_pem_x509_certificate,
    load_pem_x509_crl,
)

from evidence.canonical import parse_json
from evidence.dsse import PublicKey, keyid_of, public_key_from_pem
from evidence.errors import FormatError, RequestError
from evidence.notes import COSIGNATURE, NoteVerifier
from evidence.times import parse_rfc3339

MAX_KEY_FILE_BYTES = 1 << 20
MAX_KEYS = 1_000

_BEGIN = b"-----BEGIN "


@dataclass(frozen=True, slots=True)
class Authority:
    """A time authority: its own certificate, pinned, the roots it leads to, and those between.

    lists   revocation lists of whoever issued them, as far as somebody brought any
    """

    certificate: Certificate
    roots: tuple[Certificate, ...]
    lists: tuple[CertificateRevocationList, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """When a key was in use, and since when it is not to be believed; each None if not told.

    Use that ended (`valid_to`) takes nothing from what was signed: only `revoked_since` does.
    """

    valid_from: datetime | None = None
    valid_to: datetime | None = None
    revoked_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Keys for envelopes, for checkpoints, of witnesses and of time authorities; any may be empty.

    standing   by keyid or vkey, for those keys of which the file tells more than the key
    """

    manifest: tuple[PublicKey, ...] = ()
    log: tuple[NoteVerifier, ...] = ()
    witnesses: tuple[NoteVerifier, ...] = ()
    authorities: tuple[Authority, ...] = ()
    standing: Mapping[str, Standing] = field(default_factory=dict)

    @classmethod
    def parse(cls, raw: bytes, *, what: str = "The key file") -> Keys:
        """Read a key file, in any of three forms.

        JSON   {"manifest": [{"pem"}], "log": [{"vkey"}], "witness": [{"vkey"}],
                "tsa": [{"pem", "roots": [pem], "crls": [pem]}]}; a line of the first two may also
                have "valid_from", "valid_to" and "revoked_since", and "crls" may be left out
        PEM    one or more public keys, for envelopes
        vkeys  one C2SP verifier key a line, for checkpoints or of witnesses

        PEM and vkey lines may stand in one file. Raises FormatError; RequestError if no key
        is in it.
        """
        if len(raw) > MAX_KEY_FILE_BYTES:
            raise FormatError(what=what, why=f"it has more than {MAX_KEY_FILE_BYTES} bytes")
        try:
            keys = _from_json(raw, what) if raw.lstrip()[:1] == b"{" else _from_text(raw, what)
        except FormatError as error:
            if error.what == what:
                raise
            raise FormatError(what=what, why=f"a key in it cannot be read, {error.why}") from error
        if not (keys.manifest or keys.log or keys.witnesses or keys.authorities):
            raise RequestError(what=what, why="there is no key in it")
        return keys


def _from_json(raw: bytes, what: str) -> Keys:
    value = parse_json(raw, limit=MAX_KEY_FILE_BYTES, what=what)
    standing: dict[str, Standing] = {}
    manifest: list[PublicKey] = []
    for line in _lines(value, "manifest", what):
        key = public_key_from_pem(_text(line, "pem", what).encode())
        manifest.append(key)
        standing[keyid_of(key)] = _standing(line, what)
    log = []
    for line in _lines(value, "log", what):
        log.append(_vkey(line, what, witness=False))
        standing[log[-1].vkey] = _standing(line, what)
    return Keys(
        manifest=tuple(manifest),
        log=tuple(log),
        witnesses=tuple(_vkey(line, what, witness=True) for line in _lines(value, "witness", what)),
        authorities=tuple(_authority(line, what) for line in _lines(value, "tsa", what)),
        standing=standing,
    )


def _vkey(line: Mapping[str, Any], what: str, *, witness: bool) -> NoteVerifier:
    key = NoteVerifier.parse(_text(line, "vkey", what))
    if (key.kind == COSIGNATURE) != witness:
        why = "a key of type 04 is a witness's, of any other type a log's; one is in the wrong list"
        raise FormatError(what=what, why=why)
    return key


def _standing(line: Mapping[str, Any], what: str) -> Standing:
    times: dict[str, datetime] = {}
    for name in ("valid_from", "valid_to", "revoked_since"):
        if name in line:
            times[name] = parse_rfc3339(_text(line, name, what))
    return Standing(**times)


def _from_text(raw: bytes, what: str) -> Keys:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(what=what, why="it is neither JSON, nor PEM, nor vkeys") from error
    pems: list[str] = []
    vkeys: list[str] = []
    block: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if block or line.startswith("-----BEGIN "):
            block.append(line)
            if line.startswith("-----END "):
                pems.append("\n".join(block) + "\n")
                block = []
        elif not line.startswith("#"):
            vkeys.append(line)
    if block or len(pems) + len(vkeys) > MAX_KEYS:
        raise FormatError(what=what, why="a PEM block in it has no end, or it holds too many keys")
    notes = tuple(map(NoteVerifier.parse, vkeys))
    return Keys(
        manifest=tuple(public_key_from_pem(pem.encode()) for pem in pems),
        log=tuple(key for key in notes if key.kind != COSIGNATURE),
        witnesses=tuple(key for key in notes if key.kind == COSIGNATURE),
    )


def _authority(line: Mapping[str, Any], what: str) -> Authority:
    roots = line.get("roots")
    if not isinstance(roots, list) or not roots:
        raise FormatError(what=what, why="a time authority has no list of roots")
    crls = line.get("crls", [])
    if not isinstance(crls, list):
        raise FormatError(what=what, why="crls of a time authority is not a list")
    try:
        return Authority(
            load_pem_x509_certificate(_text(line, "pem", what).encode()),
            tuple(load_pem_x509_certificate(str(root).encode()) for root in roots[:MAX_KEYS]),
            tuple(load_pem_x509_crl(str(each).encode()) for each in crls[:MAX_KEYS]),
        )
    except ValueError as error:
        raise FormatError(
            what=what, why="a certificate or revocation list in it cannot be read"
        ) from error


def _lines(value: Any, name: str, what: str) -> list[Mapping[str, Any]]:
    found = value.get(name, [])
    if not isinstance(found, list) or len(found) > MAX_KEYS:
        raise FormatError(what=what, why=f"{name} is not a list of at most {MAX_KEYS} keys")
    if not all(isinstance(line, dict) for line in found):
        raise FormatError(what=what, why=f"a line of {name} is not an object")
    return found


def _text(line: Mapping[str, Any], name: str, what: str) -> str:
    found = line.get(name)
    if not isinstance(found, str) or not found.isascii():
        raise FormatError(what=what, why=f"a key in it has no {name}")
    return found
