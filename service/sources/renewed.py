"""Secrets that a vendor renews while we use them, kept for whoever starts next.

TikTok may answer a refresh token with another one. Every process that was configured with the same
first one shares what it became: it lies beside the keys, wrapped by the vault, under a name that
tells nothing of it. Configure another, and what the old one became is left alone.
"""

from __future__ import annotations

from pathlib import Path

import structlog

from collectors.secrets import Secret
from evidence.errors import CorruptionError
from storage.files import SECRET, make_folder, replace
from storage.vault.vault import Vault

log = structlog.get_logger("orderproof")

FOLDER = "renewed"


class Renewed:
    """What a configured secret became. Both methods touch the disk."""

    def __init__(self, vault: Vault, keys: Path, tenant: str, first: Secret) -> None:
        self._vault = vault
        self._folder = keys / FOLDER
        self._tenant = tenant
        self._first = first

    def kept(self) -> Secret:
        """The newest that was kept; the first if none was, or if it cannot be read."""
        name = self._name()
        try:
            wrapped = (self._folder / name).read_bytes()
            said = self._vault.unwrap(self._tenant, wrapped, context=name.encode())
        except FileNotFoundError:
            return self._first
        except (OSError, CorruptionError) as problem:
            log.error(
                "a renewed secret cannot be read; the configured one is used",
                secret=self._first.name,
                kind=type(problem).__name__,
            )
            return self._first
        return Secret(self._first.name, said.decode())

    def keep(self, newest: Secret) -> None:
        """It is there for the next process once this returns; where it cannot be, the log says so,
        and what needs doing then."""
        name = self._name()
        said = newest.reveal().encode()
        try:
            make_folder(self._folder, mode=0o700)
            wrapped = self._vault.wrap(self._tenant, said, context=name.encode())
            replace(self._folder / name, wrapped, mode=SECRET)
        except OSError as problem:
            log.error(
                "a renewed secret could not be kept: it is lost when this process ends, so make "
                "the keys' folder writable, or configure a new one before then",
                secret=self._first.name,
                kind=type(problem).__name__,
            )

    def _name(self) -> str:
        return self._vault.lookup(self._tenant, FOLDER, self._first.reveal())
