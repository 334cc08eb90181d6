"""Whose signatures count, and where that knowledge comes from.

A key that only the bundle vouches for shows that the bundle agrees with itself. A key that was
pinned, got by another way than the bundle, shows who made it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.x509 import Certificate, load_pem_x509_certificate

from evidence.canonical import parse_json
from evidence.dsse import PublicKey, public_key_from_pem
from evidence.errors import FormatError, RequestError
from evidence.notes import NoteVerifier

MAX_KEY_FILE_BYTES = 1 << 20
MAX_KEYS = 1_000

_BEGIN = b"-----BEGIN "


@dataclass(frozen=True, slots=True)
class Authority:
    """A time authority: its own certificate, pinned, and the roots it leads to."""

    certificate: Certificate
    roots: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Keys for envelopes, for checkpoints, and of time authorities; any may be empty."""

    manifest: tuple[PublicKey, ...] = ()
    log: tuple[NoteVerifier, ...] = ()
    authorities: tuple[Authority, ...] = ()

    @classmethod
    def parse(cls, raw: bytes, *, what: str = "The key file") -> Keys:
        """Read a key file, in any of three forms.

        JSON   {"manifest": [{"pem"}], "log": [{"vkey"}], "tsa": [{"pem", "roots": [pem]}]}
        PEM    one or more public keys, for envelopes
        vkeys  one C2SP verifier key a line, for checkpoints

        PEM and vkey lines may stand in one file. Raises FormatError; RequestError if no key
        is in it.
        """
        if len(raw) > MAX_KEY_FILE_BYTES:
            raise FormatError(what=what, why=f"it has more than {MAX_KEY_FILE_BYTES} bytes")
        keys = _from_json(raw, what) if raw.lstrip()[:1] == b"{" else _from_text(raw, what)
        if not (keys.manifest or keys.log or keys.authorities):
            raise RequestError(what=what, why="there is no key in it")
        return keys


def _from_json(raw: bytes, what: str) -> Keys:
    value = parse_json(raw, limit=MAX_KEY_FILE_BYTES, what=what)
    return Keys(
        manifest=tuple(
            public_key_from_pem(_text(line, "pem", what).encode())
            for line in _lines(value, "manifest", what)
        ),
        log=tuple(
            NoteVerifier.parse(_text(line, "vkey", what)) for line in _lines(value, "log", what)
        ),
        authorities=tuple(_authority(line, what) for line in _lines(value, "tsa", what)),
    )


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
    return Keys(
        manifest=tuple(public_key_from_pem(pem.encode()) for pem in pems),
        log=tuple(map(NoteVerifier.parse, vkeys)),
    )


def _authority(line: Mapping[str, Any], what: str) -> Authority:
    roots = line.get("roots")
    if not isinstance(roots, list) or not roots:
        raise FormatError(what=what, why="a time authority has no list of roots")
    try:
        return Authority(
            load_pem_x509_certificate(_text(line, "pem", what).encode()),
            tuple(load_pem_x509_certificate(str(root).encode()) for root in roots[:MAX_KEYS]),
        )
    except ValueError as error:
        raise FormatError(what=what, why="a certificate in it cannot be read") from error


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
