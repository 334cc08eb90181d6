"""In which of its two shapes the service is tested: ORDERPROOF_SHAPE is `embedded` or `scaled`.

Scaled is PostgreSQL for the ledger. A test that looks into SQLite's own files, or into the folder
that objects lie in, is about the other shape, and is marked `embedded`.
"""

import os
from contextlib import ExitStack
from pathlib import Path

from tests.postgres import Postgres, name_of, postgres

SCALED = os.environ.get("ORDERPROOF_SHAPE", "embedded") == "scaled"

_PORT = "ORDERPROOF_TEST_POSTGRES"
_ends = ExitStack()
_server: Postgres | None = None


def server() -> Postgres:
    """This test process's PostgreSQL, started when it is first asked for; skips where absent."""
    global _server
    if _server is None:
        _server = _ends.enter_context(postgres())
        os.environ[_PORT] = str(_server.port)  # for the processes that tests start
    return _server


def ledger_url(folder: Path) -> str:
    """The ledger that belongs to a test's folder, in this process and in those it starts."""
    if not SCALED:
        return f"sqlite:///{folder}/ledger.db"
    name = name_of(folder)
    if _server is None and (port := os.environ.get(_PORT)):
        return f"postgresql+asyncpg://orderproof@127.0.0.1:{port}/{name}"
    if name not in server().made:
        server().create(name)
    return server().url(name)


def forget() -> None:
    """Drop the databases of a test that is over. The one that others are copies of stays."""
    if _server is not None:
        _server.start()
        _server.drop([name for name in _server.made if name.startswith("f")])


def end() -> None:
    _ends.close()
