"""Turns stamps into receipts, signs the head, and publishes the log.

    1  read the head that is published         a ledger behind it is an old backup: 2 stops there
    2  receipts, head, signature: committed    one transaction, up to 1,000 stamps
    3  publish entries, tiles, head, pointer   each file once, forced to the disk

Any process may do it, one at a time for each log: on PostgreSQL whoever has the log's lock, which a
holder that dies lets go of. It may die between any two instructions: 2 is a transaction, and 3
starts again from the pointer, which moves last. A holder that was cut off and goes on has lost the
compare-and-set of 2, or writes in 3 what the ledger committed, and the pointer does not go back.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from evidence.canonical import canonical
from evidence.checkpoint import Checkpoint, open_checkpoint
from evidence.errors import CorruptionError, OutageError, RequestError
from evidence.merkle import inclusion_path
from evidence.notes import parse_signatures, sign_note
from evidence.proofs import LogProof
from evidence.tiles import tile_reader
from storage.ledger.database import Held, LockLostError
from storage.ledger.heads import BATCH
from storage.ledger.ledger import Ledger
from storage.ledger.records import Head
from storage.ledger.recovery import Replayed
from storage.log.log import Log
from storage.log.recovery import recover
from storage.vault.vault import Vault

_Answer = TypeVar("_Answer")

_TRIES = 8
# Where so many share a head, the next is twice as far off: each waits a little, heads cost half.
_MANY = 8


@dataclass(slots=True)
class _Turn:
    """One run at a time. `done` is the number of the last that ended well, with `head`."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: int = 0
    done: int = 0
    head: Checkpoint | None = None
    waiting: int = 0
    shared: int = 0  # how many waited when the last run began
    began_at: float = -math.inf  # when the last run did, by the event loop's clock


class Sequencer:
    """The logs of all tenants. `files_for` gives a tenant's folder."""

    def __init__(
        self,
        ledger: Ledger,
        files_for: Callable[[str], Log],
        vault: Vault,
        clock: Callable[[], datetime],
        *,
        apart_s: float = 0.0,
    ) -> None:
        """apart_s   between the beginnings of two runs for one log: who comes meanwhile shares the
        next. For places where a head costs more than waiting a little; twice that under load."""
        self._apart_s = apart_s
        self._ledger = ledger
        self._files_for = files_for
        self._vault = vault
        self._clock = clock
        self._turns: dict[str, _Turn] = {}
        self._origins: dict[str, str] = {}
        self._heads: dict[str, tuple[bytes, Checkpoint]] = {}  # the last that is known to be ours
        self._keys_published: dict[str, bytes] = {}

    async def sequence(self, tenant: str) -> Checkpoint:
        """Every stamp kept before this call is in the log it returns the head of, published.

        Calls that wait for their turn together are answered by one run.
        Raises CorruptionError, and changes nothing, if the published log and the ledger differ.
        """
        origin = await self._origin(tenant)
        turn = self._turns.setdefault(tenant, _Turn())
        came_after = turn.begun
        turn.waiting += 1
        try:
            async with turn.lock:
                # A run that began after this call came has taken what this call is about.
                if turn.head is not None and turn.done > came_after:
                    return turn.head
                await self._apart(turn)
                turn.begun += 1
                turn.shared = turn.waiting
                head = await self._holding(tenant, lambda held: self._all(tenant, origin, held))
                turn.head = Checkpoint(origin=origin, size=head.size, root=head.root)
                turn.done = turn.begun
                return turn.head
        finally:
            turn.waiting -= 1

    async def _apart(self, turn: _Turn) -> None:
        """Wait until the next run may begin; the first after a while does at once."""
        loop = asyncio.get_running_loop()
        apart_s = self._apart_s * (2 if turn.shared >= _MANY else 1)
        if (wait_s := turn.began_at + apart_s - loop.time()) > 0:
            await asyncio.sleep(wait_s)
        turn.began_at = loop.time()

    async def _all(self, tenant: str, origin: str, held: Held) -> Head:
        """Take what waits, a batch at a time; the head that is published last."""
        while True:
            published = await self._published(tenant, origin)
            step = await self._ledger.grow(
                tenant, sign=self._signing(tenant, origin), published=published, limit=BATCH
            )
            head = await self._publish(
                tenant, origin, step.heads, published, held, fresh=step.entries
            )
            if step.taken < BATCH:
                return head

    async def _holding(self, tenant: str, run: Callable[[Held], Awaitable[_Answer]]) -> _Answer:
        """Run it as the one that sequences; again, from the start, if the lock was lost in it."""
        for _ in range(_TRIES):
            try:
                async with self._ledger.sequencing(tenant) as held:
                    return await run(held)
            except LockLostError:
                continue
        raise OutageError(source="The log", why="its lock in the ledger was lost again and again")

    async def republish(self, tenant: str) -> None:
        """Write every file of the log that is missing, from the ledger; compare the others."""
        origin = await self._origin(tenant)
        async with self._turns.setdefault(tenant, _Turn()).lock:
            await self._holding(tenant, lambda held: self._again(tenant, origin, held))

    async def _again(self, tenant: str, origin: str, held: Held) -> None:
        published = await self._published(tenant, origin)
        sign = self._signing(tenant, origin)
        await self._ledger.grow(tenant, sign=sign, published=published, limit=0)
        heads = await self._ledger.heads(tenant, from_size=0)
        await self._publish(tenant, origin, heads, None, held)

    async def recover(self, tenant: str) -> Replayed:
        """Bring a ledger that was restored from a backup up to its published log.

        Raises CorruptionError, and changes nothing, if it is no earlier state of that log.
        """
        origin = await self._origin(tenant)
        turn = self._turns.setdefault(tenant, _Turn())
        async with turn.lock:
            turn.head = None
            async with self._ledger.sequencing(tenant):
                return await recover(
                    self._ledger,
                    self._files_for(tenant),
                    self._vault.log_verifiers(tenant, origin),
                    tenant=tenant,
                    origin=origin,
                )

    async def is_behind(self, tenant: str) -> bool:
        """Whether the ledger lacks what its log has published: then nothing can be sequenced."""
        origin = await self._origin(tenant)
        note = await asyncio.to_thread(self._files_for(tenant).checkpoint)
        if note is None:
            return False
        checkpoint, _ = open_checkpoint(note, self._vault.log_verifiers(tenant, origin))
        return await self._ledger.head_at(tenant, checkpoint.size) is None

    async def publish_keys(self, tenant: str, *, again: bool = False) -> None:
        """Every key of the log lies beside it, and `keys.json` says which were valid when.

        again   write them even if this process did so before
        """
        origin = await self._origin(tenant)
        keys = canonical(self._vault.public_keys(tenant, origin))
        if again or self._keys_published.get(tenant) != keys:
            vkeys = [key.vkey for key in self._vault.log_verifiers(tenant, origin)]
            await asyncio.to_thread(self._files_for(tenant).publish_keys, vkeys, keys)
            self._keys_published[tenant] = keys

    async def cosign(self, tenant: str, size: int, lines: bytes) -> None:
        """Add verified cosignatures to the pointer, if it is still the head of this size."""
        origin = await self._origin(tenant)
        files = self._files_for(tenant)
        signatures = parse_signatures(lines)
        verifiers = self._vault.log_verifiers(tenant, origin)
        note = await asyncio.to_thread(files.checkpoint)
        if note is not None and open_checkpoint(note, verifiers)[0].size == size:
            await asyncio.to_thread(files.cosign, size, signatures)

    async def note(self, tenant: str) -> bytes:
        """The newest published checkpoint, as its signed note; makes the first if there is none."""
        files = self._files_for(tenant)
        note = await asyncio.to_thread(files.checkpoint)
        if note is None:
            await self.sequence(tenant)
            note = await asyncio.to_thread(files.checkpoint)
        if note is None:
            raise CorruptionError(what="The log", why="its checkpoint vanished")
        return note

    async def proof(self, tenant: str, log_index: int, size: int) -> list[bytes]:
        """The hashes that tie the leaf at `log_index` to the published head of `size` leaves."""
        files = self._files_for(tenant)
        note = await asyncio.to_thread(files.read, f"checkpoints/{size}")
        if note is None:
            raise RequestError(what="A proof", why=f"no head of {size} leaves was published")
        reader = tile_reader(files.read_tile, size=size)
        return await asyncio.to_thread(inclusion_path, reader, index=log_index, size=size)

    async def tlog_proof(self, tenant: str, log_index: int, checkpoint_note: bytes) -> bytes:
        """A C2SP tlog-proof file under this checkpoint of the tenant's log."""
        origin = await self._origin(tenant)
        checkpoint, _ = open_checkpoint(checkpoint_note, self._vault.log_verifiers(tenant, origin))
        path = await self.proof(tenant, log_index, checkpoint.size)
        return LogProof(index=log_index, path=tuple(path), checkpoint=checkpoint_note).to_bytes()

    async def _origin(self, tenant: str) -> str:
        """Asked for once: a tenant's origin never changes."""
        if tenant not in self._origins:
            self._origins[tenant] = await self._ledger.origin(tenant)
        return self._origins[tenant]

    async def _published(self, tenant: str, origin: str) -> Checkpoint | None:
        """The published head. The ledger is asked about it later: another process may move both
        in between, and it moves the ledger first."""
        note = await asyncio.to_thread(self._files_for(tenant).checkpoint)
        if note is None:
            return None
        known = self._heads.get(tenant)
        if known is None or known[0] != note:
            verifiers = self._vault.log_verifiers(tenant, origin)
            known = self._heads[tenant] = (note, open_checkpoint(note, verifiers)[0])
        return known[1]

    def _signing(self, tenant: str, origin: str) -> Callable[[Head], bytes]:
        def sign(head: Head) -> bytes:
            checkpoint = Checkpoint(origin=origin, size=head.size, root=head.root)
            return sign_note(checkpoint.text, self._vault.log_signers(tenant, origin))

        return sign

    async def _publish(
        self,
        tenant: str,
        origin: str,
        heads: Sequence[Head],
        published: Checkpoint | None,
        held: Held,
        *,
        fresh: Sequence[bytes] = (),
    ) -> Head:
        """Publish the heads after `published`, one by one; the newest of them.

        fresh   the entries that the last of them adds, for whoever has just committed them
        """
        files = self._files_for(tenant)
        await self.publish_keys(tenant, again=published is None)
        old_size = 0
        for head in heads:
            if published is None or head.size > published.size:
                if head.note is None:
                    raise CorruptionError(what="The log", why="a head to publish is not signed")
                entries = fresh
                if head is not heads[-1] or len(fresh) != head.size - old_size:
                    entries = await self._ledger.entries(tenant, start=old_size, stop=head.size)
                await held.check()
                await asyncio.to_thread(
                    files.publish,
                    head.note,
                    size=head.size,
                    root=head.root,
                    old_size=old_size,
                    entries=entries,
                    again=published is None,
                )
                # What we have signed and written ourselves need not be verified when it is read.
                known = Checkpoint(origin=origin, size=head.size, root=head.root)
                self._heads[tenant] = (head.note, known)
            old_size = head.size
        return heads[-1]
