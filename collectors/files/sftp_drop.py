"""A drop over SFTP: exports that an ERP puts onto a server.

Needs the extra `sftp`. The server's key is pinned: a server with another key is not spoken to.
Links are not followed; only regular files are listed and read.
"""

from __future__ import annotations

import base64
import binascii
import io
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import paramiko

from collectors.collector import FileEntry
from collectors.files.drop import CHUNK, bounded, in_order, not_too_many, shown, spooled
from collectors.secrets import Secret
from evidence.errors import AccessError, ConfigError, EvidenceError, OutageError, RequestError
from evidence.items import Content, Spool

CONNECT_S = 15.0
_READ_AHEAD = CHUNK


class SftpDrop:
    """Implements collectors.collector.Files over a folder of an SFTP server. Close it after use.

    host_key      the server's public key as `ssh-keyscan` prints it: "ssh-ed25519 AAAA…"
    password, private_key   one of them; the key as OpenSSH writes it
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        user: str,
        folder: str,
        host_key: str,
        spool: Spool,
        password: Secret | None = None,
        private_key: Secret | None = None,
    ) -> None:
        self._address = (host, port)
        self._user = user
        self._folder = folder or "."
        self._host_key = _host_key(host_key)
        self._spool = spool
        self._password = password
        self._private_key = private_key
        self._paths: dict[str, str] = {}
        self._connected: tuple[paramiko.Transport, paramiko.SFTPClient] | None = None

    def close(self) -> None:
        if self._connected is not None:
            self._connected[0].close()
            self._connected = None

    def entries(self, *, suffixes: Collection[str] = ()) -> Iterator[FileEntry]:
        """Every regular file below the folder, sorted by path; errors as a local folder's."""
        found: list[FileEntry] = []
        seen = 0
        with _told():
            sftp = self._sftp()
            folders = [""]
            while folders:
                below = folders.pop()
                for one in sftp.listdir_attr(f"{self._folder}/{below}".rstrip("/")):
                    seen += 1
                    not_too_many(seen)
                    if one.filename in (".", "..") or "/" in one.filename:
                        continue
                    path = f"{below}/{one.filename}".lstrip("/")
                    kind = stat.S_IFMT(one.st_mode or 0)
                    if kind == stat.S_IFDIR:
                        shown(path)  # not too deep
                        folders.append(path)
                    elif kind == stat.S_IFREG:
                        self._paths[shown(path)] = f"{self._folder}/{path}"
                        seconds = min(max(one.st_mtime or 0, 0), 253402300799)
                        at = datetime.fromtimestamp(seconds, UTC)
                        found.append(FileEntry(shown(path), one.st_size or 0, at))
        return in_order(found, suffixes)

    def open(self, entry: FileEntry, *, limit: int) -> Content:
        return spooled(self, entry, spool=self._spool, limit=limit)

    def stream(self, entry: FileEntry, *, limit: int, start: int = 0) -> Iterator[bytes]:
        """The file's bytes from `start`; OutageError if it changes meanwhile."""
        if entry.path not in self._paths:
            raise RequestError(what=f"opening {entry.path[:80]!r}", why="it was not listed")
        path = self._paths[entry.path]
        with _told():
            sftp = self._sftp()
            before = sftp.lstat(path)
            if not stat.S_ISREG(before.st_mode or 0):
                raise RequestError(what=f"opening {entry.path}", why="it is not a regular file")
            with sftp.open(path, "rb", bufsize=_READ_AHEAD) as file:
                file.seek(start)
                pieces = iter(lambda: file.read(CHUNK), b"")
                yield from bounded(pieces, path=entry.path, limit=limit)
            after = sftp.lstat(path)
            if (before.st_size, before.st_mtime) != (after.st_size, after.st_mtime):
                raise OutageError(
                    source="the drop over SFTP", why=f"{entry.path} was being written"
                )

    def _sftp(self) -> paramiko.SFTPClient:
        if self._connected is not None and self._connected[0].is_active():
            return self._connected[1]
        transport = paramiko.Transport(self._address)
        try:
            transport.banner_timeout = transport.auth_timeout = CONNECT_S
            transport.start_client(timeout=CONNECT_S)
            if transport.get_remote_server_key() != self._host_key:
                raise AccessError(
                    source="the drop over SFTP", why="its key is not the one that is configured"
                )
            if self._private_key is not None:
                transport.auth_publickey(self._user, _private_key(self._private_key))
            else:
                password = self._password.reveal() if self._password else ""
                transport.auth_password(self._user, password)
            client = paramiko.SFTPClient.from_transport(transport)
            if client is None:
                raise OutageError(source="the drop over SFTP", why="it opened no channel")
        except BaseException:
            transport.close()
            raise
        self._connected = transport, client
        return client


def _host_key(text: str) -> paramiko.PKey:
    words = text.split()
    try:
        kind, data = words[:2]
        return paramiko.PKey.from_type_string(kind, base64.b64decode(data, validate=True))
    except (ValueError, binascii.Error, paramiko.SSHException) as problem:
        raise ConfigError(
            what="the setting host_key", why="it is not of the form ssh-ed25519 AAAA…"
        ) from problem


def _private_key(secret: Secret) -> paramiko.PKey:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(secret.reveal()))
        except (paramiko.SSHException, ValueError):
            continue
    raise ConfigError(what=f"the secret {secret.name}", why="it is no private key of OpenSSH")


@contextmanager
def _told() -> Iterator[None]:
    """Other people's exceptions end here."""
    try:
        yield
    except EvidenceError:
        raise
    except paramiko.AuthenticationException:
        raise AccessError(source="the drop over SFTP", why="it refused our login") from None
    except PermissionError:
        raise AccessError(source="the drop over SFTP", why="a file may not be read") from None
    except FileNotFoundError:
        raise RequestError(what="the drop over SFTP", why="there is no such folder") from None
    except (paramiko.SSHException, OSError, EOFError) as problem:
        why = f"the connection failed ({type(problem).__name__})"
        raise OutageError(source="the drop over SFTP", why=why) from None
