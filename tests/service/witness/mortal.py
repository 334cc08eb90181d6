"""A witness that is killed at a chosen moment of its first request; run as a program."""

import os
import signal
import sys
import time
from pathlib import Path

from aiohttp import web

from evidence.notes import NoteVerifier
from evidence.witness import Refusal
from service.witness.server import Witness, make_witness_app


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Mortal(Witness):
    """Dies once the head is remembered, before it answers."""

    def add(self, raw: bytes) -> str | Refusal:
        answer = super().add(raw)
        if isinstance(answer, str):
            _die()
        return answer


def _dying_clock() -> float:
    """The clock is read after the checks and before anything is remembered."""
    _die()
    return 0.0


def main(folder: str, vkey: str, moment: str, port: str) -> None:
    logs = [NoteVerifier.parse(vkey)]
    kind = Mortal if moment == "remembered" else Witness
    clock = _dying_clock if moment == "checked" else time.time
    witness = kind(Path(folder), name="w.example", logs=logs, clock=clock)
    print("ready", flush=True)
    web.run_app(make_witness_app(witness), host="127.0.0.1", port=int(port), print=None)


if __name__ == "__main__":
    main(*sys.argv[1:])
