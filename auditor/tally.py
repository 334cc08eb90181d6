"""What an audit has found so far, and how far it has come: kept in a file, so that it can go on.

The file is written beside and renamed, so it is whole or absent, and holds its own SHA-256, so a
half-written or edited one is refused. That guards against accidents: whoever can write the file
and compute a hash can put findings into it, so it belongs where only the auditor writes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditor.report import Checks
from evidence.canonical import canonical, digest, parse_canonical
from evidence.errors import FormatError, RequestError

MAX_STATE_BYTES = 64 << 20

Watch = Callable[[str, int, int], None]
"""(phase, how many are done, how many there are, 0 if that is not known)"""


def unwatched(phase: str, done: int, total: int) -> None:
    """The default watcher looks away."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """Findings, honest totals, and a cursor for each phase that began.

    asked    what was asked for; only an audit that asks the same may go on with this one's state
    counts   what was looked at
    unseen   what was not, and is there
    """

    asked: Mapping[str, Any]
    file: Path | None = None
    watch: Watch = unwatched
    every_s: float = 2.0
    checks: Checks = field(default_factory=Checks)
    counts: dict[str, int] = field(default_factory=dict)
    unseen: dict[str, int] = field(default_factory=dict)
    cursors: dict[str, Any] = field(default_factory=dict)
    resumed: bool = False
    _saved_at: float = field(default_factory=time.monotonic)

    def count(self, name: str, number: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + number

    def skip(self, name: str, number: int = 1) -> None:
        if number:
            self.unseen[name] = self.unseen.get(name, 0) + number

    def add(self, part: Tally) -> None:
        """Take over what was found, counted and left out in a part that is done."""
        self.checks.add(part.checks)
        for name, number in part.counts.items():
            self.count(name, number)
        for name, number in part.unseen.items():
            self.skip(name, number)

    def mark(self, phase: str, cursor: Any) -> None:
        """All up to `cursor` is in the tally: an audit that dies after this goes on from here."""
        self.cursors[phase] = cursor
        if self.file is not None and time.monotonic() - self._saved_at >= self.every_s:
            self.save()

    def done(self, phase: str) -> None:
        self.mark(phase, {"done": True})

    def is_done(self, phase: str) -> bool:
        return bool(self.cursors.get(phase, {}).get("done"))

    def save(self) -> None:
        if self.file is None:
            return
        body = {
            "v": 1,
            "asked": dict(self.asked),
            "counts": self.counts,
            "unseen": self.unseen,
            "cursors": self.cursors,
            "checks": self.checks.to_json(),
        }
        data = canonical({"audit": body, "sha256": digest(canonical(body))})
        beside = self.file.with_name(f".{self.file.name}.part")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "wb", closefd=False) as out:
                out.write(data)
            os.fsync(handle)
        finally:
            os.close(handle)
        beside.replace(self.file)
        self._saved_at = time.monotonic()

    def finish(self) -> None:
        """The audit is complete: there is nothing to go on with."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)

    @classmethod
    def open(
        cls, file: Path | None, asked: Mapping[str, Any], *, watch: Watch, every_s: float = 2.0
    ) -> Tally:
        """A new tally, or the one that `file` holds.

        Raises RequestError if the file belongs to another audit, FormatError if it is not whole.
        """
        tally = cls(asked=asked, file=file, watch=watch, every_s=every_s)
        if file is None or not file.exists():
            return tally
        what = f"The state file {file.name}"
        with file.open("rb") as source:
            value = parse_canonical(
                source.read(MAX_STATE_BYTES + 1), limit=MAX_STATE_BYTES, what=what
            )
        try:
            body, said = value["audit"], value["sha256"]
            if digest(canonical(body)) != said:
                raise FormatError(what=what, why="it was changed since it was written")
            if body["v"] != 1 or body["asked"] != dict(asked):
                why = "it is of another audit: ask as you did then, or name another file"
                raise RequestError(what=what, why=why)
            tally.counts, tally.unseen = body["counts"], body["unseen"]
            tally.cursors = body["cursors"]
            tally.checks = Checks.from_json(body["checks"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(what=what, why="it is not the state of an audit") from error
        tally.resumed = True
        return tally
