"""Where a tenant's log is published, whichever kind of place it is.

    tile/…               write-once; a partial tile goes once the full one and a head are there
    checkpoints/<size>   write-once: every head that was ever published
    checkpoint           the newest of them, replaced; witnesses' cosignatures are added to it
    log.vkey             the key that signs them, or signed the first of them
    log.2.vkey  …        each key that replaced the one before
    keys.json            all public keys of the tenant, with their times; replaced

Source: C2SP tlog-tiles v0.1.0; `checkpoints/` and the keys are ours.
"""

import re
from collections.abc import Sequence
from typing import Protocol

from evidence.errors import CorruptionError, FormatError
from evidence.merkle import Frontier
from evidence.notes import NoteSignature, split_note
from evidence.tiles import WIDTH, ReadTile, Tile, tile_reader

NOTES = re.compile(
    r"checkpoint|log(\.[1-9][0-9]{0,3})?\.vkey|keys\.json|checkpoints/(0|[1-9][0-9]{0,18})",
    re.ASCII,
)


class Log(Protocol):
    """All of it blocks. Errors of the place come through: OSError, OutageError, AccessError."""

    def read(self, path: str) -> bytes | None:
        """Any published file, by its path in the log; None for every other path."""
        ...

    def read_tile(self, path: str) -> bytes | None:
        """A tile or a bundle of entries, or None if there is none."""
        ...

    def checkpoint(self) -> bytes | None:
        """The newest published note, or None before the first."""
        ...

    def head_sizes(self) -> list[int]:
        """The size of every head that was ever published, smallest first."""
        ...

    def drop_uncovered(self, size: int) -> None:
        """Take away tiles and entries beyond the newest head, which is of `size` leaves.

        A sequencer that died before its head was published left them. No signature is over them,
        and a ledger that lost what they were made of may put others in their place.
        """
        ...

    def publish_keys(self, vkeys: Sequence[str], keys: bytes) -> None:
        """Every key that signs or signed this log, oldest first, and the bytes of `keys.json`.

        CorruptionError if the log there is one with another key.
        """
        ...

    def cosign(self, size: int, signatures: Sequence[NoteSignature]) -> None:
        """Add signature lines to the pointer, if it still is the head of this size.

        A newer signature by the same key takes the place of the older. Nothing is verified here.
        """
        ...

    def publish(
        self,
        note: bytes,
        *,
        size: int,
        root: bytes,
        old_size: int,
        entries: Sequence[bytes],
        again: bool = False,
    ) -> None:
        """Entries, tiles, the head of `size` leaves, and last the pointer to it.

        entries   the leaves from `old_size` on, those before being published
        again     write what is missing of a head that was published before

        After a crash at any place the same call again completes it. The pointer never goes back.
        Raises CorruptionError, and writes nothing, if the entries do not lead to this root.
        """
        ...


def is_published(path: str) -> bool:
    """Whether a log may have a file of this path."""
    if NOTES.fullmatch(path):
        return True
    try:
        Tile.parse(path)
    except FormatError:
        return False
    return True


def is_covered(path: str, size: int) -> bool:
    """Whether a head of `size` leaves covers the whole of this tile; True for what is no tile."""
    try:
        tile = Tile.parse(path)
    except FormatError:
        return True
    return tile.index * WIDTH + tile.width <= size >> (8 * (tile.level or 0))


def cosigned(note: bytes, signatures: Sequence[NoteSignature]) -> bytes:
    """The note with these signatures below it, each in place of an older one by its key."""
    text, present = split_note(note)
    new = {(s.name, s.key_id) for s in signatures}
    kept = [s for s in present if (s.name, s.key_id) not in new]
    return text + b"\n" + "".join(s.line for s in (*kept, *signatures)).encode()


def check_root(read_tile: ReadTile, root: bytes, old_size: int, leaves: Sequence[bytes]) -> None:
    """CorruptionError unless `leaves`, after the first `old_size`, lead to this root.

    What is written is written once: a wrong tile could not be taken back.
    """
    frontier = Frontier.of_nodes(tile_reader(read_tile, size=old_size), size=old_size)
    frontier.extend(leaves)
    if frontier.root() != root:
        size = old_size + len(leaves)
        why = f"its receipts do not lead to the root that was committed for size {size}"
        raise CorruptionError(what="The log", why=why)
