"""Read back into a restored, older ledger what its log has published since the backup.

    1  every published head is signed by the log, and the newest covers all others
    2  the ledger is what the log was at an earlier size, leaf for leaf     else nothing is touched
    3  entries up to the next head, and the head: one transaction, then the next

So no index is used twice, and no head of another root is ever signed. Running it again after a
crash goes on where it ended. Nobody can sequence meanwhile: the sequencer refuses a ledger that is
behind its published log.
"""

import asyncio
from collections.abc import Sequence

from evidence.checkpoint import open_checkpoint
from evidence.errors import CorruptionError
from evidence.merkle import Frontier
from evidence.notes import NoteVerifier
from evidence.tiles import WIDTH, new_bundles, read_bundle, tile_reader
from storage.ledger.ledger import Ledger
from storage.ledger.records import Head
from storage.ledger.recovery import Replayed
from storage.log.log import Log


async def recover(
    ledger: Ledger,
    files: Log,
    verifiers: Sequence[NoteVerifier],
    *,
    tenant: str,
    origin: str,
) -> Replayed:
    """Bring the ledger up to the published log; what that came to, nothing if it was there.

    verifiers   every key that ever signed the log

    Raises CorruptionError, and changes nothing, if the ledger is no earlier state of the log.
    """
    what = f"The log {origin}"
    heads = await asyncio.to_thread(_heads, files, verifiers, origin)
    size, hashes = await ledger.log_state(tenant)
    newest = heads[-1].size if heads else 0
    if newest >= size:
        nodes = tile_reader(files.read_tile, size=newest)
        before = await asyncio.to_thread(lambda: Frontier.of_nodes(nodes, size=size).hashes)
        if before != list(hashes):
            why = f"its first {size} entries are not the ledger's: that is no older copy of it"
            raise CorruptionError(what=what, why=why)
    adopted = []
    for head in heads:
        if head.size > size:
            break
        committed = await ledger.head_at(tenant, head.size)
        if committed is None or committed.root != head.root:
            why = f"it has published a head of {head.size} that the ledger never committed to"
            raise CorruptionError(what=what, why=why)
        if committed.note is None:
            adopted.append(head)
    for head in adopted:
        await ledger.adopt_note(tenant, head)
    done = Replayed()
    if newest < size:
        return done
    for head in heads:
        if head.size > size:
            entries = await asyncio.to_thread(_entries, files, size, head.size)
            done += await ledger.replay(tenant, start=size, entries=entries, head=head)
            size = head.size
    await asyncio.to_thread(files.drop_uncovered, size)
    return done


def _heads(files: Log, verifiers: Sequence[NoteVerifier], origin: str) -> list[Head]:
    """Every head that was ever published, smallest first; its pointer may be behind."""
    found = []
    for size in files.head_sizes():
        note = files.read(f"checkpoints/{size}")
        if note is None:
            continue
        checkpoint, _ = open_checkpoint(note, verifiers)
        if (checkpoint.size, checkpoint.origin) != (size, origin):
            what = f"The file checkpoints/{size}"
            raise CorruptionError(what=what, why="it is a head of another size, or of another log")
        found.append(Head(size, checkpoint.root, note))
    return found


def _entries(files: Log, start: int, stop: int) -> list[bytes]:
    found: list[bytes] = []
    for bundle in new_bundles(old_size=start, new_size=stop):
        first = bundle.index * WIDTH
        found.extend(read_bundle(files.read_tile, bundle)[max(0, start - first) :])
    return found
