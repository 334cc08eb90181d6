"""Files that lie elsewhere: what a drop over S3 or SFTP shares with a folder on this machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol

from collectors.collector import FileEntry
from collectors.files.names import harmless
from evidence.errors import ConfigError, RequestError, TooLargeError
from evidence.items import Content, Spool

MAX_ENTRIES = 100_000
MAX_DEPTH = 16
CHUNK = 1 << 20


class Streaming(Protocol):
    def stream(self, entry: FileEntry, *, limit: int, start: int = 0) -> Iterator[bytes]: ...


def spooled(files: Streaming, entry: FileEntry, *, spool: Spool, limit: int) -> Content:
    """The file's bytes, copied into the spool while they are hashed; nothing if that fails."""
    writer = spool.open(limit=limit)
    try:
        for chunk in files.stream(entry, limit=limit):
            writer.write(chunk)
        return writer.close()
    except BaseException:
        writer.discard()
        raise


def bounded(pieces: Iterable[bytes], *, path: str, limit: int) -> Iterator[bytes]:
    """The pieces, until there are more than `limit` bytes: TooLargeError."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise TooLargeError(what=f"the file {path}", size=size, limit=limit)
        yield piece


def shown(path: str) -> str:
    """A path as it is told and sealed: each component harmless, none leading anywhere."""
    steps = [step for step in path.split("/") if step]
    if len(steps) > MAX_DEPTH:
        raise RequestError(
            what="listing the drop", why=f"its folders lie more than {MAX_DEPTH} deep"
        )
    return "/".join(harmless(step) for step in steps)


def in_order(found: Iterable[FileEntry], suffixes: Collection[str]) -> Iterator[FileEntry]:
    """Sorted by path; `suffixes` (".csv") in lower case narrow them."""
    wanted = tuple(suffixes)
    for entry in sorted(found, key=lambda entry: entry.path):
        if not wanted or entry.path.lower().endswith(wanted):
            yield entry


def not_too_many(seen: int) -> None:
    if seen > MAX_ENTRIES:
        raise TooLargeError(what="the number of files in the drop", size=seen, limit=MAX_ENTRIES)


def in_part(troubles: Sequence[str]) -> ConfigError:
    """What to raise after the rest was brought: the first three of what was not, and how many."""
    more = f" (and {len(troubles) - 3} more)" if len(troubles) > 3 else ""
    return ConfigError(
        what="part of the folder (the rest was brought)",
        why="; ".join(each.rstrip(".") for each in troubles[:3]) + more,
    )
