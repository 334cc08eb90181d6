"""Ask the configured witnesses to cosign the newest published head, and keep what they answer.

A witness that is down or says no stops nothing: it is said, and asked again at the next seal.
What it answers is believed only if the signature holds under the key that the operator configured.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import structlog

from evidence.checkpoint import Checkpoint, parse_decimal
from evidence.errors import EvidenceError, FormatError, OutageError, ProofError, RequestError
from evidence.merkle import consistency_path
from evidence.notes import (
    COSIGNATURE,
    NoteSignature,
    NoteVerifier,
    cosignature_time,
    parse_signatures,
    split_note,
)
from evidence.tiles import tile_reader
from evidence.witness import AddCheckpoint
from service.settings import WitnessSettings
from storage.ledger.ledger import Ledger
from storage.log.log import Log
from storage.log.sequencer import Sequencer

log = structlog.get_logger()

ANSWER_S = 5.0
# After it could not be reached, so that a seal waits for it once and not each time.
REST_S = 30.0
_MAX_ANSWER_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking one witness for the head of `size`; `why` is "" if it cosigned."""

    witness: str
    size: int
    why: str = ""

    def __str__(self) -> str:
        if not self.why:
            return f"{self.witness} cosigned the head of {self.size} receipts"
        return f"{self.witness} did not cosign the head of {self.size} receipts: {self.why}"


@dataclass(frozen=True, slots=True)
class _Head:
    """A published head as the log signed it, with the files that prove it."""

    tenant: str
    checkpoint: Checkpoint
    note: bytes
    files: Log

    def proof_from(self, old: int) -> tuple[bytes, ...]:
        size = self.checkpoint.size
        if old in (0, size):
            return ()
        reader = tile_reader(self.files.read_tile, size=size)
        return tuple(consistency_path(reader, old_size=old, new_size=size))


class Witnesses:
    """All configured witnesses, for the logs of all tenants."""

    def __init__(
        self,
        configured: Sequence[WitnessSettings],
        *,
        ledger: Ledger,
        sequencer: Sequencer,
        files_for: Callable[[str], Log],
    ) -> None:
        self._witnesses = [(each, key_of(each)) for each in configured]
        self._ledger = ledger
        self._sequencer = sequencer
        self._files_for = files_for
        self._turns: dict[str, asyncio.Lock] = {}
        self._resting: dict[str, float] = {}

    @property
    def keys(self) -> list[NoteVerifier]:
        return [key for _, key in self._witnesses]

    async def cosign(self, tenant: str) -> list[Outcome]:
        """Have the newest published head cosigned by whoever has not; who answered what.

        Never raises for what a witness does, nor for what is wrong with reaching it.
        """
        if not self._witnesses:
            return []
        async with self._turns.setdefault(tenant, asyncio.Lock()):
            head = await self._newest(tenant)
            if head is None:
                return []
            size = head.checkpoint.size
            there = {c.signature.key_id for c in await self._ledger.cosignatures(tenant, size)}
            asking = [w for w in self._witnesses if w[1].key_id not in there]
            timeout = aiohttp.ClientTimeout(total=ANSWER_S)
            async with aiohttp.ClientSession(timeout=timeout) as session:
                outcomes = await asyncio.gather(*(self._ask(session, w, head) for w in asking))
            await self._show(tenant, size)
        return list(outcomes)

    async def standing(self, tenant: str) -> list[tuple[str, int, int]]:
        """Each witness with the size it cosigned last and the size that is published."""
        head = await self._newest(tenant)
        size = head.checkpoint.size if head is not None else 0
        return [
            (settings.name, await self._ledger.last_cosigned(tenant, key), size)
            for settings, key in self._witnesses
        ]

    async def _newest(self, tenant: str) -> _Head | None:
        files = self._files_for(tenant)
        pointer = await asyncio.to_thread(files.checkpoint)
        if pointer is None:
            return None
        checkpoint = Checkpoint.parse(split_note(pointer)[0])
        note = await self._ledger.checkpoint_at(tenant, checkpoint.size)
        if note is None or checkpoint.size == 0:
            return None
        return _Head(tenant, checkpoint, note, files)

    async def _ask(
        self,
        session: aiohttp.ClientSession,
        witness: tuple[WitnessSettings, NoteVerifier],
        head: _Head,
    ) -> Outcome:
        settings, key = witness
        size = head.checkpoint.size
        if self._resting.get(key.vkey, 0.0) > time.monotonic():
            return Outcome(settings.name, size, "it did not answer a moment ago")
        try:
            signature = await _cosigned(
                session, settings, key, head, old=await self._ledger.last_cosigned(head.tenant, key)
            )
            at = datetime.fromtimestamp(cosignature_time(signature.signature), UTC)
            await self._ledger.keep_cosignature(head.tenant, size, key, signature, at)
        except OutageError as error:
            self._resting[key.vkey] = time.monotonic() + REST_S
            outcome = Outcome(settings.name, size, error.why)
        except EvidenceError as error:
            why = getattr(error, "why", type(error).__name__)
            outcome = Outcome(settings.name, size, why)
        except (OverflowError, OSError, ValueError) as error:  # a time no calendar has
            why = f"its answer cannot be used ({type(error).__name__})"
            outcome = Outcome(settings.name, size, why)
        else:
            return Outcome(settings.name, size)
        log.warning("witness did not cosign", witness=settings.name, size=size, why=outcome.why)
        return outcome

    async def _show(self, tenant: str, size: int) -> None:
        kept = await self._ledger.cosignatures(tenant, size)
        if kept:
            lines = "".join(c.signature.line for c in kept).encode()
            await self._sequencer.cosign(tenant, size, lines)


def key_of(settings: WitnessSettings) -> NoteVerifier:
    """The witness's key. Raises RequestError or FormatError for any other."""
    key = NoteVerifier.parse(settings.vkey)
    if key.kind != COSIGNATURE:
        why = "its vkey is not of type 04: that is a log's key"
        raise RequestError(what=f"The witness {settings.name}", why=why)
    return key


async def _cosigned(
    session: aiohttp.ClientSession,
    settings: WitnessSettings,
    key: NoteVerifier,
    head: _Head,
    *,
    old: int,
) -> NoteSignature:
    """Ask, and once more from where the witness says it stands."""
    status, body = await _posted(session, settings, head, old)
    if status == 409:
        old = parse_decimal(body.decode("ascii", "replace").strip(), what="The witness's size")
        if old > head.checkpoint.size:
            why = (
                f"it cosigned a head of {old} receipts, more than are published here: either this "
                "ledger is an old backup, or somebody else signs with the log's key"
            )
            raise ProofError(what="The log", why=why)
        status, body = await _posted(session, settings, head, old)
    if status == 422:
        why = f"it remembers another history of this log at {old} receipts"
        raise ProofError(what="The log", why=why)
    if status >= 500:
        raise OutageError(source=settings.name, why=f"it answered {status}")
    if status != 200:
        raise RequestError(what="The head", why=f"it answered {status}")
    for signature in parse_signatures(body):
        if (signature.name, signature.key_id) == (key.name, key.key_id):
            if not key.verifies(head.checkpoint.text, signature.signature):
                raise ProofError(what="The cosignature", why="its signature is wrong")
            return signature
    raise FormatError(what="The answer", why="no signature in it is by the configured key")


async def _posted(
    session: aiohttp.ClientSession, settings: WitnessSettings, head: _Head, old: int
) -> tuple[int, bytes]:
    proof = await asyncio.to_thread(head.proof_from, old)
    raw = AddCheckpoint(old=old, proof=proof, checkpoint=head.note).to_bytes()
    url = f"{settings.url.rstrip('/')}/add-checkpoint"
    body = b""
    try:
        async with session.post(url, data=raw, allow_redirects=False) as reply:
            async for chunk in reply.content.iter_chunked(8 << 10):
                body += chunk
                if len(body) > _MAX_ANSWER_BYTES:
                    raise FormatError(what="The answer", why="it is longer than any cosignature")
            return reply.status, body
    except TimeoutError as error:
        why = f"it did not answer within {ANSWER_S:g} s"
        raise OutageError(source=settings.name, why=why) from error
    except (aiohttp.ClientError, ValueError, OSError) as error:
        why = f"the connection failed ({type(error).__name__})"
        raise OutageError(source=settings.name, why=why) from error
