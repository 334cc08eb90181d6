"""One signing key and those that follow it: made, replaced, revoked, and never forgotten.

    <name>.json            the first
    <name>.2.json  …       each that replaced the one before
    <name>[.n].revoked     since when a key is not to be believed any more

Key files are written once. A key that was replaced stays: what it signed must stay verifiable, and
its rotation may have to be recorded again after a crash. A key of a KMS is a file as well: it holds
the key's name there and its public half.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.canonical import canonical, from_base64, parse_canonical, to_base64
from evidence.errors import AccessError, FormatError, RequestError
from storage.files import SECRET, create, make_folder, replace

MOST_KEYS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """A key as it lies in the vault.

    secret         what signs, or b"" if a KMS holds it
    kms            the key's name there, or ""
    pem            the public half of a KMS's key, or ""
    valid_from     RFC 3339
    overlap_until  until then the key before signs beside this one, or ""
    revoked_since  or ""
    """

    secret: bytes = field(default=b"", repr=False)
    kms: str = ""
    pem: str = ""
    valid_from: str
    overlap_until: str = ""
    revoked_since: str = ""

    def to_json(self) -> Mapping[str, Any]:
        said: dict[str, Any] = {"v": 1, "valid_from": self.valid_from}
        if self.kms:
            said |= {"kms": self.kms, "pem": self.pem}
        else:
            said["secret"] = to_base64(self.secret)
        if self.overlap_until:
            said["overlap_until"] = self.overlap_until
        return said


class KeyRing:
    """The keys of one purpose, numbered from 1."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._read: dict[int, KeyFile] = {}

    def keys(self, first: Callable[[], KeyFile]) -> list[KeyFile]:
        """All of them, oldest first; makes the first if there is none."""
        if not self._path(1).exists():
            self._create(1, first())
        found = [self._key(1)]
        while len(found) < MOST_KEYS and self._path(len(found) + 1).exists():
            found.append(self._key(len(found) + 1))
        return found

    def add(self, number: int, key: KeyFile) -> KeyFile:
        """Key `number`, which is this one unless another process was first."""
        if number > MOST_KEYS:
            raise RequestError(what="The rotation", why=f"there are {MOST_KEYS} keys already")
        self._create(number, key)
        return self._key(number)

    def revoke(self, number: int, since: str) -> None:
        """Not to be believed since then. An earlier time replaces a later one, never the reverse.

        since   RFC 3339, as evidence.times.rfc3339 writes it, so that times compare as text
        """
        said = self._revoked(number)
        if said and said < since:
            why = f"it is revoked since {said} already, which is earlier"
            raise RequestError(what="The revocation", why=why)
        data = canonical({"v": 1, "since": since})
        replace(self._revocation(number), data, mode=SECRET)

    def _key(self, number: int) -> KeyFile:
        if number not in self._read:
            self._read[number] = read_key(self._path(number))
        key = self._read[number]
        revoked = self._revoked(number)
        if not revoked:
            return key
        return dataclasses.replace(key, revoked_since=revoked)

    def _revoked(self, number: int) -> str:
        path = self._revocation(number)
        try:
            raw = path.read_bytes()
        except FileNotFoundError:
            return ""
        match parse_canonical(raw, limit=10_000, what=f"The revocation {path.name}"):
            case {"v": 1, "since": str(since)}:
                return since
        why = "its fields are not those of a version 1 revocation"
        raise FormatError(what=f"The revocation {path.name}", why=why)

    def _create(self, number: int, key: KeyFile) -> None:
        make_folder(self._folder, mode=0o700)
        create(self._path(number), canonical(key.to_json()), mode=SECRET)

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._stem(number)}.json"

    def _revocation(self, number: int) -> Path:
        return self._folder / f"{self._stem(number)}.revoked"

    def _stem(self, number: int) -> str:
        return self._name if number == 1 else f"{self._name}.{number}"


def read_key(path: Path) -> KeyFile:
    """Raises AccessError if others may read it, FormatError if it is no key file."""
    what = f"The key file {path.parent.name}/{path.name}"
    if path.stat().st_mode & 0o077:
        why = "others than its owner may read it; take that away with chmod 600"
        raise AccessError(source=what, why=why)
    value: Any = parse_canonical(path.read_bytes(), limit=10_000, what=what)
    overlap = ""
    if isinstance(value, dict):
        overlap = value.pop("overlap_until", "")
    match value:
        case {"v": 1, "secret": str(secret), "valid_from": str(valid_from)} if len(value) == 3:
            key = KeyFile(secret=from_base64(secret, what=what), valid_from=valid_from)
        case {"v": 1, "kms": str(kms), "pem": str(pem), "valid_from": str(valid_from)}:
            key = KeyFile(kms=kms, pem=pem, valid_from=valid_from)
        case _:
            raise FormatError(what=what, why="its fields are not those of a version 1 key file")
    if not isinstance(overlap, str):
        raise FormatError(what=what, why="its overlap_until is not a time")
    return dataclasses.replace(key, overlap_until=overlap)
