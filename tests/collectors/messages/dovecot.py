"""A real Dovecot on loopback, over TLS, with one user and his mails."""

from __future__ import annotations

import contextlib
import getpass
import imaplib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.collectors.test_peers import certificate
from tests.ports import free_port

USER, PASSWORD = "seller", "open-sesame-7"
PROGRAM = shutil.which("dovecot") or "/usr/sbin/dovecot"


@dataclass(frozen=True)
class Server:
    url: str
    starttls_url: str
    port: int
    ca: Path

    def client(self) -> imaplib.IMAP4_SSL:
        """Signed in as the user, to put mails there and to look at their flags."""
        context = ssl.create_default_context(cafile=str(self.ca))
        client = imaplib.IMAP4_SSL("127.0.0.1", self.port, ssl_context=context, timeout=60)
        client.login(USER, PASSWORD)
        return client

    def append(self, folder: str, data: bytes, *, at: str = '"20-Jun-2026 10:00:00 +0200"') -> None:
        client = self.client()
        client.create(folder)
        status, said = client.append(folder, "", at, data)
        assert status == "OK", said
        client.logout()

    def flags(self, folder: str = "INBOX") -> list[bytes]:
        client = self.client()
        client.select(folder, readonly=True)
        _, said = client.fetch("1:*", "(FLAGS)")
        client.logout()
        return [line for line in said if isinstance(line, bytes)]


def there_is_one() -> bool:
    return Path(PROGRAM).exists()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Serve until the block ends. As root it keeps mails as nobody: uid 0 is refused."""
    folder.chmod(0o755)
    cert, key, _ = certificate(folder)
    port, plain = free_port(), free_port()
    root = os.getuid() == 0
    owner = "nobody" if root else getpass.getuser()
    entry = pwd.getpwnam(owner)
    home = folder / "home"
    home.mkdir()
    if root:
        os.chown(home, entry.pw_uid, entry.pw_gid)
        for parent in folder.parents:
            if str(parent).startswith("/tmp/pytest"):
                parent.chmod(0o755)
    login = "" if root else f"default_login_user = {owner}\ndefault_internal_user = {owner}\n"
    config = folder / "dovecot.conf"
    config.write_text(
        f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
instance_name = {folder.name}
protocols = imap
listen = 127.0.0.1
{login}
ssl = required
ssl_cert = <{cert}
ssl_key = <{key}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={entry.pw_uid} gid={entry.pw_gid} home={home}
}}
first_valid_uid = {entry.pw_uid}
mail_location = maildir:{home}/mail
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""
    )
    process = subprocess.Popen([PROGRAM, "-F", "-c", str(config)], stderr=subprocess.PIPE)
    try:
        _await(port, process, folder / "log")
        yield Server(f"imaps://127.0.0.1:{port}", f"imap://127.0.0.1:{plain}", port, cert)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            said = process.stderr.read() if process.stderr else b""
            raise AssertionError(said.decode() + (log.read_text() if log.exists() else ""))
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("Dovecot does not listen")
