"""A witness over HTTP: C2SP tlog-witness, for the logs that its operator names.

    POST /add-checkpoint                    200 with a cosignature, or why not
    GET  /<sha256 of the origin>/checkpoint the last head it cosigned
    GET  /                                  its own verifier key

Its folder holds one secret and, for each origin, the last head:

    key.json             Ed25519; mode 0600
    <sha256>/checkpoint  with the cosignature; replaced whole, forced to the disk before the answer
    .lock                held while a head is checked and remembered, against a second process

A witness that forgets may cosign a fork: restore its folder from a backup only with a new key.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.canonical import canonical, from_base64, parse_canonical, to_base64
from evidence.checkpoint import Checkpoint
from evidence.errors import AccessError, CorruptionError, FormatError, RequestError
from evidence.notes import COSIGNATURE, CosignatureSigner, NoteVerifier, open_note
from evidence.witness import MAX_REQUEST_BYTES, Accepted, Refusal, judge, monitoring_name
from storage.files import REPLACED, SECRET, create, make_folder, replace

# From the head of a request until its last byte is in: it is 64 KiB at most.
BODY_S = 20.0
_NOTE_TYPE = "text/plain; charset=utf-8"
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}


class Witness:
    """Decides and remembers. `add` returns only what is on stable storage already."""

    def __init__(
        self, folder: Path, *, name: str, logs: Sequence[NoteVerifier], clock: Callable[[], float]
    ) -> None:
        """Open or make the folder.

        name    of its key, as it stands in cosignatures: a URL without its scheme
        logs    keys that may sign; several of one origin are all believed
        clock   POSIX seconds

        Raises RequestError for a witness's key among the logs', AccessError if others may read the
        secret, CorruptionError if a head in the folder is not one that this key cosigned.
        """
        self._folder = folder
        self._clock = clock
        self._logs: dict[str, list[NoteVerifier]] = {}
        for log in logs:
            if log.kind == COSIGNATURE:
                raise RequestError(what="A log's key", why="it is a witness's (type 04)")
            self._logs.setdefault(log.name, []).append(log)
        make_folder(folder, mode=0o700)
        self._secret = _secret(folder / "key.json")
        self._name = name
        for origin in self._logs:
            self._latest(origin)

    @property
    def verifier(self) -> NoteVerifier:
        return CosignatureSigner(self._name, self._secret, 0).verifier

    def add(self, raw: bytes) -> str | Refusal:
        """Cosign if it may: the signature's line. Blocks on the disk."""
        with self._alone():
            answer = judge(raw, logs=self._logs, latest=self._latest)
            if isinstance(answer, Refusal):
                return answer
            return self._remember(answer)

    def checkpoint(self, name: str) -> bytes | None:
        """The last head cosigned for the origin of this hash, or None."""
        for origin in self._logs:
            if monitoring_name(origin) == name:
                return self._note(origin)
        return None

    def _remember(self, accepted: Accepted) -> str:
        signer = CosignatureSigner(self._name, self._secret, int(self._clock()))
        note, signature = accepted.cosigned(signer)
        replace(self._path(accepted.checkpoint.origin), note, mode=REPLACED)
        return signature.line

    def _latest(self, origin: str) -> Checkpoint | None:
        """What was cosigned last. Our own signature says so; that of a log whose key was taken
        off the list since does not make it less true."""
        note = self._note(origin)
        if note is None:
            return None
        try:
            found = Checkpoint.parse(open_note(note, [self.verifier]).text)
        except CorruptionError as error:
            why = f"its head of {origin} is not one that this key cosigned"
            raise CorruptionError(what="The witness's folder", why=why) from error
        if found.origin != origin:
            why = f"the head of {origin} is of another log"
            raise CorruptionError(what="The witness's folder", why=why)
        return found

    def _note(self, origin: str) -> bytes | None:
        try:
            return self._path(origin).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, origin: str) -> Path:
        return self._folder / monitoring_name(origin) / "checkpoint"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One request at a time, whatever the process or thread. The lock goes with the process."""
        handle = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def make_witness_app(witness: Witness) -> web.Application:
    """The HTTP face of a witness."""

    async def add(request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(BODY_S):
                raw = await request.read()
        except TimeoutError:
            return web.Response(status=408, text="the request did not come in time\n")
        answer = await asyncio.to_thread(witness.add, raw)
        if isinstance(answer, str):
            return web.Response(text=answer, headers=_HEADERS)
        kind = "text/x.tlog.size" if answer.status == 409 else "text/plain; charset=utf-8"
        return web.Response(
            status=answer.status,
            body=f"{answer.text}\n".encode(),
            headers={**_HEADERS, "Content-Type": kind},
        )

    async def latest(request: web.Request) -> web.Response:
        note = await asyncio.to_thread(witness.checkpoint, request.match_info["name"])
        if note is None:
            return web.Response(status=404, text="no head of this log was cosigned here\n")
        return web.Response(body=note, headers={**_HEADERS, "Content-Type": _NOTE_TYPE})

    async def key(_: web.Request) -> web.Response:
        return web.Response(text=f"{witness.verifier.vkey}\n", headers=_HEADERS)

    app = web.Application(client_max_size=MAX_REQUEST_BYTES)
    app.router.add_post("/add-checkpoint", add)
    app.router.add_get("/{name:[0-9a-f]{64}}/checkpoint", latest)
    app.router.add_get("/", key)
    return app


def _secret(path: Path) -> Ed25519PrivateKey:
    what = "The witness's key"
    if not path.exists():
        made = to_base64(Ed25519PrivateKey.generate().private_bytes_raw())
        create(path, canonical({"v": 1, "secret": made}), mode=SECRET)
    if path.stat().st_mode & 0o077:
        why = "others than its owner may read it; take that away with chmod 600"
        raise AccessError(source=what, why=why)
    match parse_canonical(path.read_bytes(), limit=10_000, what=what):
        case {"v": 1, "secret": str(secret)}:
            return Ed25519PrivateKey.from_private_bytes(from_base64(secret, what=what))
    raise FormatError(what=what, why="its fields are not those of a version 1 key file")
