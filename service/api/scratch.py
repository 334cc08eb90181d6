"""Where uploads and bundles lie while they are on their way; nothing stays.

What lies here is not encrypted, so it goes as soon as the answer is out.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from service.own_folder import OwnFolder


class Scratch:
    """A folder of this process's own below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._own = OwnFolder(folder)

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder for one request, mode 0700, gone with all that is in it afterwards."""
        with tempfile.TemporaryDirectory(dir=self._own.path, ignore_cleanup_errors=True) as name:
            yield Path(name)

    def close(self) -> None:
        self._own.close()


SCRATCH = web.AppKey("scratch", Scratch)
